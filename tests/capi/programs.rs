//! The C programs of tests/c and the example: as they are, under AddressSanitizer, and under
//! valgrind, with either compiler, with the shared and the static library.

use crate::cc::{self, Linkage, root};
use std::path::{Path, PathBuf};
use std::process::Command;

const PLAIN: &[&str] = &["-std=gnu11"];
const SANITIZED: &[&str] = &["-std=gnu11", "-fsanitize=address,undefined"];

/// Programs whose children are made while other threads run.
const CHILDREN: [&str; 3] = ["forks", "clones", "counting"];

fn source(name: &str) -> PathBuf {
    root().join("tests/c").join(name).with_extension("c")
}

fn built(dir: &Path, compiler: &str, flags: &[&str], name: &str, linkage: Linkage) -> Command {
    let program = dir.join(name);
    cc::compile(compiler, flags, &source(name), linkage, &program);
    Command::new(program)
}

/// A test program in every way; each gets a directory that it may write to.
fn in_every_way(name: &str, slow: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    cc::run(built(dir, "gcc", PLAIN, name, Linkage::Shared).arg(dir));
    cc::run(built(dir, "gcc", PLAIN, name, Linkage::Static).arg(dir));
    if cc::has("valgrind") {
        let _ = built(dir, "gcc", PLAIN, name, Linkage::Shared);
        // What the threads that a child doesn't have were busy with is lost there.
        let leaks = if CHILDREN.contains(&name) { "no" } else { "full" };
        cc::run(cc::valgrind(&dir.join(name), leaks).arg(dir).args(slow));
    }
    // Older AddressSanitizers have locks of their own that a fork's child may wait for forever.
    // Nor does one know which part of its stack a cancelled thread has left.
    if !CHILDREN.contains(&name) && name != "cancel" {
        cc::run(built(dir, "gcc", SANITIZED, name, Linkage::Shared).arg(dir).args(slow));
    }
    if cc::has("clang") {
        cc::run(built(dir, "clang", PLAIN, name, Linkage::Shared).arg(dir));
    }
}

#[test]
fn records() {
    in_every_way("records", &[]);
}

#[test]
fn records_are_of_every_kind() {
    use viraudit::internal::record::{Kind, Style};
    let text = std::fs::read_to_string(source("records")).unwrap();
    for kind in Kind::ALL {
        assert!(text.contains(&format!("\"{}\"", kind.name)), "records.c has no {}", kind.name);
        for field in kind.fields().filter(|field| field.style == Style::Plain) {
            let Some(word) = field.word else { continue };
            let shown = format!("{}={word}", field.key);
            assert!(text.contains(&shown), "records.c has no {} with {shown}", kind.name);
        }
    }
}

#[test]
fn state() {
    in_every_way("state", &[]);
}

#[test]
fn mock() {
    in_every_way("mock", &[]);
}

#[test]
fn mock_in_cxx() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("mock");
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| cc::has(compiler)) {
        for standard in ["-std=c++11", "-std=c++20"] {
            let source = root().join("tests/c/mock.cc");
            cc::compile(compiler, &[standard], &source, Linkage::Shared, &program);
            cc::run(&mut Command::new(&program));
        }
    }
}

#[test]
fn delivery() {
    in_every_way("delivery", &[]);
}

#[test]
fn file() {
    in_every_way("file", &[]);
}

#[test]
fn formats() {
    in_every_way("formats", &[]);
}

#[test]
fn counting() {
    in_every_way("counting", &["1"]);
    let dir = tempfile::tempdir().unwrap();
    let mut program = built(dir.path(), "gcc", PLAIN, "counting", Linkage::Shared);
    cc::run(program.arg(dir.path()).env("VIRAUDIT_COUNTING_MOCK", "1"));
}

#[test]
fn reopen() {
    in_every_way("reopen", &["300"]);
}

#[test]
fn threads() {
    in_every_way("threads", &["30"]);
}

#[test]
fn forks() {
    in_every_way("forks", &["5"]);
}

#[test]
fn cancel() {
    in_every_way("cancel", &["20"]);
}

#[test]
fn clones() {
    in_every_way("clones", &["5"]);
}

#[test]
fn late() {
    in_every_way("late", &[]);
    // The boundary would stop a panic, but not its message.
    let dir = tempfile::tempdir().unwrap();
    let mut command = built(dir.path(), "gcc", PLAIN, "late", Linkage::Shared);
    let output = command.env("LD_LIBRARY_PATH", cc::library_dir()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// The sanitizers need more stack of their own.
#[test]
fn stack() {
    let dir = tempfile::tempdir().unwrap();
    cc::run(built(dir.path(), "gcc", PLAIN, "stack", Linkage::Shared).arg(dir.path()));
}

#[test]
fn exits() {
    let dir = tempfile::tempdir().unwrap();
    cc::run(built(dir.path(), "gcc", PLAIN, "exits", Linkage::Shared).arg(dir.path()));
}

/// Valgrind and AddressSanitizer have formatting functions of their own.
#[test]
fn width() {
    let dir = tempfile::tempdir().unwrap();
    cc::run(&mut built(dir.path(), "gcc", PLAIN, "width", Linkage::Shared));
}

#[test]
fn helgrind_finds_no_race_but_those_that_are_there() {
    if !cc::has("valgrind") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for name in ["threads", "delivery"] {
        let _ = built(dir, "gcc", PLAIN, name, Linkage::Shared);
        cc::run(cc::helgrind(&dir.join(name)).arg(dir).arg("10"));
    }
    // One in the program, one in the library.
    for (name, place) in [("race", "count (race.c"), ("released", "virAuditDomainFree")] {
        let _ = built(dir, "gcc", PLAIN, name, Linkage::Shared);
        let output = cc::helgrind(&dir.join(name)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(9), "{said}");
        assert!(said.contains("data race") && said.contains(place), "{said}");
    }
}

#[test]
fn log_lines_go_to_libvirt_when_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let flags = ["-std=gnu11", "-rdynamic"];
    cc::run(&mut built(dir.path(), "gcc", &flags, "libvirt_log", Linkage::Shared));
}

#[test]
fn log_lines_go_to_a_libvirt_that_was_loaded_locally() {
    let dir = tempfile::tempdir().unwrap();
    let libvirt = fake_libvirt(dir.path(), "libvirt_fake");
    let other = dir.path().join("libother.so");
    let mut command = Command::new("gcc");
    command.args(["-shared", "-fPIC", "-xc", "/dev/null", "-o"]).arg(&other);
    cc::run(&mut command);
    let mut program = built(dir.path(), "gcc", PLAIN, "libvirt_local", Linkage::Shared);
    cc::run(program.arg(&libvirt).arg(&other));
}

/// A stand-in for libvirt, from this source.
fn fake_libvirt(dir: &Path, name: &str) -> PathBuf {
    let libvirt = dir.join("libvirt.so.0");
    let mut command = Command::new("gcc");
    command.args(["-shared", "-fPIC", "-Wl,-soname,libvirt.so.0"]).arg(source(name));
    cc::run(command.arg("-o").arg(&libvirt));
    libvirt
}

#[test]
fn records_name_the_client_whose_call_libvirt_handles() {
    let dir = tempfile::tempdir().unwrap();
    let libvirt = fake_libvirt(dir.path(), "libvirt_identity");
    let conf = dir.path().join("viraudit.conf");
    std::fs::write(&conf, "record_client = 1\n").unwrap();
    for what in ["known", "older", "newer"] {
        let mut program = built(dir.path(), "gcc", PLAIN, "libvirt_client", Linkage::Shared);
        cc::run(program.arg(&libvirt).arg(what).env("VIRAUDIT_CONF", &conf));
    }
}

#[test]
fn client() {
    in_every_way("client", &[]);
}

/// What every language's example prints: a guest's life.
fn check_life(command: &mut Command) {
    let text = cc::run(command);
    let lines: Vec<&str> = text.lines().collect();
    let kinds = ["resrc=net ", "resrc=mem ", "resrc=vcpu ", "op=start ", "resrc=disk ", "op=stop "];
    assert_eq!(lines.len(), kinds.len() + 1, "{text}");
    for (line, kind) in lines.iter().zip(kinds) {
        assert!(line.starts_with("VIRT_") && line.contains(kind), "{line}");
    }
    assert_eq!(lines[kinds.len()], "6 records, 6 delivered");
}

/// The example of that name, with each compiler, and without leaks.
fn compiled_example(source: &str, compilers: &[(&str, &[&str])]) {
    let dir = tempfile::tempdir().unwrap();
    let source = root().join("examples").join(source);
    let program = dir.path().join("guest");
    for (compiler, flags) in compilers {
        if cc::has(compiler) {
            cc::compile(compiler, flags, &source, Linkage::Shared, &program);
            check_life(&mut Command::new(&program));
        }
    }
    let (compiler, flags) = compilers[0];
    if cc::has("valgrind") && cc::has(compiler) {
        cc::compile(compiler, flags, &source, Linkage::Shared, &program);
        check_life(&mut cc::valgrind(&program, "full"));
    }
}

#[test]
fn the_example_in_c_shows_a_guests_life() {
    compiled_example(
        "c/guest.c",
        &[
            ("gcc", &["-std=c99"]),
            ("gcc", &["-std=c99", "-fsanitize=address,undefined"]),
            ("clang", &["-std=c99"]),
        ],
    );
}

#[test]
fn the_example_in_cxx_shows_a_guests_life() {
    compiled_example(
        "cpp/guest.cpp",
        &[("g++", &["-std=c++17"]), ("g++", &["-std=c++20", "-fsanitize=address,undefined"])],
    );
}

#[test]
fn the_example_in_rust_shows_a_guests_life() {
    // Beside the tests, when cargo was asked for all of them.
    let program = cc::library_dir().join("../examples/guest");
    if program.exists() {
        check_life(&mut Command::new(program));
    } else {
        cc::skip("cargo didn't build the examples");
    }
}

/// Its own malloc stands in for the C library's, so only as it is.
#[test]
fn no_memory() {
    let dir = tempfile::tempdir().unwrap();
    cc::run(&mut built(dir.path(), "gcc", PLAIN, "no_memory", Linkage::Shared));
}

/// As above.
#[test]
fn little_memory() {
    let dir = tempfile::tempdir().unwrap();
    cc::run(built(dir.path(), "gcc", PLAIN, "little_memory", Linkage::Shared).arg(dir.path()));
}

#[test]
fn loaded_and_unloaded() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let library = cc::library_dir().join("libviraudit.so");
    // It must not be linked with what it loads.
    let mut command = built(
        dir,
        "gcc",
        &["-std=gnu11", "-Wno-pedantic", "-Wl,--as-needed"],
        "reload",
        Linkage::Shared,
    );
    cc::run(command.arg(dir).env("LIBVIRAUDIT", &library));
    if cc::has("valgrind") {
        let mut command = cc::valgrind(&dir.join("reload"), "full");
        cc::run(command.arg(dir).arg("60").env("LIBVIRAUDIT", &library));
    }
}
