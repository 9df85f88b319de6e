//! The header stands on its own, under every standard of C and C++ that there is a compiler for.

use crate::cc::{self, WARNINGS, root};
use std::fs;
use std::path::Path;
use std::process::Command;

const C: [&str; 7] = ["c89", "gnu89", "c99", "c11", "gnu11", "c17", "c2x"];
const CXX: [&str; 7] = ["c++98", "c++11", "c++14", "gnu++14", "c++17", "c++20", "c++2b"];

const PLAIN: &str = "#include <viraudit.h>
#include <viraudit.h>
int main(void) { virAuditLog(1); return virAuditOpen(0); }
";

/// The macros need variable arguments of macros.
const MACROS: &str = "#define VIR_AUDIT_LOG_SOURCE source
#include <viraudit.h>
static virLogSource *source;
int main(void)
{
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, \"a\");
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, \"a=%s\", VIR_AUDIT_STR(virAuditLastError()));
    VIR_AUDIT_USER(VIR_AUDIT_RECORD_RESOURCE, false, \"pts/0\", NULL, \"a=%d\", 1);
    return 0;
}
";

/// The compiler finds a format that doesn't fit its arguments.
const WRONG: &str = "#include <viraudit.h>
int main(void) { VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, \"a=%s\", 1); return 0; }
";

fn accepts(compiler: &str, standard: &str, source: &Path) -> Result<(), String> {
    let output = Command::new(compiler)
        .arg(format!("-std={standard}"))
        .args(WARNINGS)
        .args(["-fsyntax-only", "-Wshadow", "-I"])
        .arg(root().join("include"))
        .arg(source)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

#[test]
fn the_header_compiles_under_every_standard() {
    let dir = tempfile::tempdir().unwrap();
    for (compilers, standards, extension, old) in [
        (["gcc", "clang"], C, "c", &["c89", "gnu89"][..]),
        (["g++", "clang++"], CXX, "cc", &["c++98"]),
    ] {
        let write = |name: &str, text: &str| {
            let path = dir.path().join(format!("{name}.{extension}"));
            fs::write(&path, text).unwrap();
            path
        };
        let (plain, macros, wrong) =
            (write("plain", PLAIN), write("macros", MACROS), write("wrong", WRONG));
        for compiler in compilers.into_iter().filter(|compiler| cc::has(compiler)) {
            for standard in standards {
                let check = |source| {
                    accepts(compiler, standard, source)
                        .unwrap_or_else(|said| panic!("{compiler} -std={standard}: {said}"));
                };
                check(&plain);
                if !old.contains(&standard) {
                    check(&macros);
                    let said = accepts(compiler, standard, &wrong).unwrap_err();
                    assert!(said.contains("format"), "{compiler} -std={standard}: {said}");
                }
            }
        }
    }
}
