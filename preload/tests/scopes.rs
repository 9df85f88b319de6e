//! libvirt's own function is found and called in whatever scope libvirt was loaded.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A replacement for libvirt.
const LIBVIRT: &str = r#"
#include <stdbool.h>
#include <stdio.h>
void virDomainAuditStart(void *vm, const char *reason, bool success)
{ printf("libvirt: %s %s %d\n", (const char *)vm, reason, success); }
"#;

/// A replacement for libviraudit.so.
const VIRAUDIT: &str = r#"
#include <stdio.h>
void virAuditBatchBegin(void) { puts("begin"); }
int virAuditBatchEnd(void) { puts("end"); return 0; }
"#;

/// A module that is linked with libvirt, as Python's is.
const MODULE: &str = r#"
#include <stdbool.h>
void virDomainAuditStart(void *vm, const char *reason, bool success);
void start(void) { virDomainAuditStart("web1", "booted", true); }
"#;

/// Loads the module as `flag` says, or, without one, calls what is there.
const PROGRAM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
    if (argc > 2) {
        int scope = strcmp(argv[2], "local") ? RTLD_GLOBAL : RTLD_LOCAL;
        void *module = dlopen(argv[1], RTLD_NOW | scope);
        void (*start)(void) = module ? (void (*)(void))dlsym(module, "start") : abort;
        start();
        start();
    } else {
        void (*start)(void *, const char *, bool) =
            (void (*)(void *, const char *, bool))dlsym(RTLD_DEFAULT, "virDomainAuditStart");
        start("web1", "booted", true);
        start("web1", "booted", true);
    }
    return 0;
}
"#;

fn compile(dir: &Path, name: &str, text: &str, flags: &[&str]) -> PathBuf {
    let source = dir.join(name).with_extension("c");
    std::fs::write(&source, text).unwrap();
    let output = dir.join(name);
    let status = Command::new("cc")
        .arg(&source)
        .arg("-o")
        .arg(&output)
        .arg("-L")
        .arg(dir)
        .arg(format!("-Wl,-rpath,{}", dir.display()))
        .args(flags)
        .status()
        .expect("a C compiler");
    assert!(status.success(), "{name}");
    output
}

/// The library that cargo has just built, beside this test.
fn preload() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("libviraudit_preload.so")
}

#[test]
fn libvirts_function_is_called_in_every_scope() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let shared = ["-shared", "-fPIC"];
    compile(dir, "libvirt.so.0", LIBVIRT, &["-shared", "-fPIC", "-Wl,-soname,libvirt.so.0"]);
    let viraudit = compile(dir, "libviraudit.so.0", VIRAUDIT, &shared);
    let module = compile(dir, "module.so", MODULE, &["-shared", "-fPIC", "-l:libvirt.so.0"]);
    let program = compile(dir, "program", PROGRAM, &["-ldl"]);

    let direct = "libvirt: web1 booted 1\n";
    let batch = "begin\nlibvirt: web1 booted 1\nend\n";
    let both = format!("{}:{}", viraudit.display(), preload().display());
    let alone = preload().display().to_string();
    for (libraries, scope, expected) in [
        (&both, "local", batch),
        (&both, "global", batch),
        (&alone, "local", direct),
        (&alone, "global", direct),
    ] {
        let output = Command::new(&program)
            .arg(&module)
            .arg(scope)
            .env("LD_PRELOAD", libraries)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text, expected.repeat(2), "{libraries}, {scope}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{libraries}, {scope}");
    }

    let output = Command::new(&program).env("LD_PRELOAD", &both).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "there is nothing to call");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(complaint.lines().count(), 1, "said once: {complaint}");
    assert!(complaint.contains("a guest's start was not recorded"), "{complaint}");
}
