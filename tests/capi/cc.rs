//! Compiling C programs against the library that cargo has just built, and running them.

pub(crate) use crate::skip::skip;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// Fails on any of these warnings.
pub(crate) const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// How a program gets the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    Shared,
    Static,
}

/// The root of the source tree.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo puts the library: beside this test.
pub(crate) fn library_dir() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let dir = test.parent().expect("it is in a directory").to_owned();
    for file in ["libviraudit.so", "libviraudit.a"] {
        assert!(
            dir.join(file).exists(),
            "cargo builds {file} with the tests, in {}",
            dir.display()
        );
    }
    dir
}

/// Whether a tool is there. Where it isn't, what needs it is skipped.
pub(crate) fn has(tool: &str) -> bool {
    let version = Command::new(tool).arg("--version").output();
    let found = version.is_ok_and(|output| output.status.success());
    if !found {
        skip(&format!("{tool} isn't installed"));
    }
    found
}

/// Whether a program with AddressSanitizer runs. Not under qemu's user mode, where programs are
/// compiled without it.
static SANITIZERS_WORK: LazyLock<bool> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory for the program");
    let (source, program) = (dir.path().join("empty.c"), dir.path().join("empty"));
    std::fs::write(&source, "int main(void) { return 0; }\n").expect("the source can be written");
    let mut compiler = Command::new("gcc");
    succeed(compiler.args(["-fsanitize=address,undefined", "-o"]).arg(&program).arg(&source));
    let works = Command::new(&program).output().is_ok_and(|output| output.status.success());
    if !works {
        skip("AddressSanitizer doesn't work here");
    }
    works
});

/// Compiles `source` with `flags` into `program`.
pub(crate) fn compile(
    compiler: &str,
    flags: &[&str],
    source: &Path,
    linkage: Linkage,
    program: &Path,
) {
    let dir = library_dir();
    let mut command = Command::new(compiler);
    let sanitizes = |flag: &&&str| flag.starts_with("-fsanitize");
    let flags = flags.iter().filter(|flag| !sanitizes(flag) || *SANITIZERS_WORK);
    command.args(WARNINGS).args(flags).arg("-g");
    command.arg("-I").arg(root().join("include")).arg("-I").arg(root().join("tests/c"));
    command.arg(source).arg("-o").arg(program);
    match linkage {
        Linkage::Shared => command.arg("-L").arg(&dir).arg("-lviraudit"),
        Linkage::Static => {
            command.arg(dir.join("libviraudit.a")).args(["-ldl", "-lm", "-lgcc_s", "-lutil"])
        }
    };
    command.arg("-lpthread");
    succeed(&mut command);
}

/// Runs a program, with the library in reach, no terminal, and a leak of memory as an error.
pub(crate) fn run(command: &mut Command) -> String {
    command.env("LD_LIBRARY_PATH", library_dir()).stdin(Stdio::null());
    command.env("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0");
    let output = succeed(command);
    String::from_utf8(output.stdout).expect("programs print UTF-8")
}

/// Valgrind around a program, with this kind of leak check.
pub(crate) fn valgrind(program: &Path, leaks: &str) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["-q", "--error-exitcode=9", "--fair-sched=try"]);
    command.arg(format!("--leak-check={leaks}"));
    command.arg(program);
    command
}

/// The program under helgrind, which exits with 9 when it finds a race.
pub(crate) fn helgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args([
        "-q",
        "--tool=helgrind",
        "--history-level=approx",
        "--free-is-write=yes",
        // Suppressions look for functions far up.
        "--num-callers=40",
        "--error-exitcode=9",
        "--fair-sched=try",
    ]);
    let known = root().join("tests/capi/helgrind.supp");
    command.arg(format!("--suppressions={}", known.display()));
    command.arg(program).env("LD_LIBRARY_PATH", library_dir());
    command
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
