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
    return VIR_AUDIT_MOCK_EXPECT(0, \"VIRT_RESOURCE\", \"a=1\", \"res=success\") < 0
           || VIR_AUDIT_MOCK_EXPECT(1, NULL, \"a=1\") < 0;
}
";

/// The compiler finds a format that doesn't fit its arguments.
const WRONG: &str = "#include <viraudit.h>
int main(void) { VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, \"a=%s\", 1); return 0; }
";

/// Each line ignores a result that must not be lost.
const LOST: [&str; 8] = [
    "virAuditOpen(2)",
    "virAuditOpenConfig(NULL)",
    "virAuditOpenFile(text)",
    "virAuditOpenMock()",
    "virAuditEncode(text, text)",
    "virAuditDomainNewXML(text)",
    "virAuditMockFind(text, text, 0)",
    "virAuditMockExpect(0, text, NULL)",
];

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

/// What a compiler reports about a function with this body; it must refuse it.
fn complaint(compiler: &str, body: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (source, object) = (dir.path().join("body.c"), dir.path().join("body.o"));
    let text = "#include <viraudit.h>\nvoid f(const char *text);\nvoid f(const char *text)";
    fs::write(&source, format!("{text}\n{{\n    (void)text;\n    {body};\n}}\n")).unwrap();
    let language = if compiler.ends_with("++") { "c++" } else { "c" };
    // Not only its syntax: gcc sees these while it generates code.
    let output = Command::new(compiler)
        .args(WARNINGS)
        .args(["-x", language, "-c", "-I"])
        .arg(root().join("include"))
        .arg(source)
        .arg("-o")
        .arg(object)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{compiler} accepts {body}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn lost_results_are_found() {
    for compiler in ["gcc", "clang", "g++", "clang++"].into_iter().filter(|name| cc::has(name)) {
        for call in LOST {
            let said = complaint(compiler, call);
            assert!(said.contains("unused-"), "{compiler}, {call}: {said}");
        }
    }
}

#[test]
fn the_wrong_way_to_release_is_found() {
    for compiler in ["gcc", "g++"].into_iter().filter(|name| cc::has(name)) {
        let version = Command::new(compiler).arg("-dumpversion").output().unwrap().stdout;
        let version = String::from_utf8(version).unwrap();
        if version.trim().split('.').next().and_then(|major| major.parse().ok()) < Some(11) {
            cc::skip("gcc before 11 doesn't know how a result is released");
            continue;
        }
        for call in [
            "free(virAuditDomainNewXML(text))",
            "virAuditDomainFree((virAuditDomain *)virAuditEncode(text, text))",
        ] {
            let said = complaint(compiler, call);
            assert!(said.contains("mismatched-dealloc"), "{compiler}, {call}: {said}");
        }
    }
}
