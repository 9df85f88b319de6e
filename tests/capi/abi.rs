//! Header, code and shared library say the same.

use crate::cc::{self, Linkage, library_dir, root};
use crate::header::{self, Function, Param};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::process::Command;

fn names(functions: &[Function]) -> BTreeSet<String> {
    functions.iter().map(|function| function.name.clone()).collect()
}

/// The symbols that a shared library gives to others, without their versions.
fn exports(library: &str) -> BTreeSet<String> {
    let output = Command::new("nm").args(["-D", "--defined-only", library]).output().unwrap();
    assert!(output.status.success(), "nm {library}");
    let symbol = |line: &str| {
        let name = line.split_whitespace().nth(2)?;
        Some(name.split('@').next()?.to_owned())
    };
    String::from_utf8(output.stdout).unwrap().lines().filter_map(symbol).collect()
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let declared = names(&header::functions());
    assert!(declared.len() > 50, "the header's reader finds them");
    assert_eq!(exports(library_dir().join("libviraudit.so").to_str().unwrap()), declared);
}

/// Otherwise the Debian packages can't be built.
#[test]
fn the_debian_symbols_file_has_every_function() {
    let file = fs::read_to_string(root().join("debian/libviraudit0.symbols")).unwrap();
    let listed = file.lines().filter_map(|line| line.strip_prefix(' ')?.split('@').next());
    let listed: BTreeSet<_> = listed.map(str::to_string).collect();
    assert_eq!(listed, names(&header::functions()));
}

#[test]
fn only_libvirts_five_names_are_libvirts() {
    let known =
        ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let found = known.map(|dir| format!("{dir}/libvirt.so.0"));
    let Some(libvirt) = found.iter().find(|path| fs::exists(path).is_ok_and(|found| found)) else {
        cc::skip("libvirt.so.0 isn't installed");
        return;
    };
    let theirs = exports(libvirt);
    let both: Vec<_> = names(&header::functions()).intersection(&theirs).cloned().collect();
    let five = ["virAuditClose", "virAuditEncode", "virAuditLog", "virAuditOpen", "virAuditSend"];
    assert_eq!(both, five);
}

/// A Rust function for C: its parameters' names and types, and its result.
type Signature = (Vec<(String, String)>, String);

fn rust_signatures() -> BTreeMap<String, Signature> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("src/capi")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("extern \"C-unwind\" fn vir").skip(1) {
            let (name, rest) = part.split_once('(').unwrap();
            let (params, rest) = rest.split_once(")").unwrap();
            let result = rest.split('{').next().unwrap().trim().trim_start_matches("->").trim();
            let params = params.lines().flat_map(|line| {
                line.split("//").next().unwrap_or_default().split(',').map(str::trim)
            });
            let params = params.filter(|param| !param.is_empty()).map(|param| {
                let (name, kind) = param.split_once(':').unwrap();
                (name.trim().to_owned(), kind.trim().to_owned())
            });
            found.insert(format!("vir{name}"), (params.collect(), result.to_owned()));
        }
    }
    found
}

/// What C's type may be in Rust.
fn rust_types(c: &str) -> &'static [&'static str] {
    match c {
        "void" => &[""],
        "bool" => &["bool"],
        "int" | "virAuditRecordType" => &["c_int"],
        "unsigned int" | "virAuditTPMType" => &["c_uint"],
        "long long" => &["c_longlong"],
        "unsigned long long" => &["c_ulonglong"],
        "size_t" => &["usize"],
        "ssize_t" => &["isize"],
        "char *" => &["*mut c_char"],
        "const char *" => &["Text<'_>", "MaybeText<'_>", "*const c_char"],
        "const unsigned char [6]" => &["Option<&[u8; 6]>"],
        "const unsigned char [16]" => &["Option<&[u8; 16]>"],
        "const char *const *" => &["Texts<'_>"],
        "virAuditDomain *" => &["Option<&Domain>", "*mut Domain"],
        "const virAuditDomain *" => &["Option<&Domain>"],
        "virAuditStats *" => &["*mut CStats"],
        "virAuditClient *" => &["*mut CClient<'_>"],
        "const virAuditClient *" => &["*const CClient<'_>"],
        "virAuditDelivery" => &["c_int"],
        "virAuditLogFunc" => &["Option<LogFunc>"],
        "virLogSource *" => &["*mut VirLogSource"],
        "void *" => &["*mut c_void"],
        _ => &[],
    }
}

#[test]
fn types_in_header_and_code_agree() {
    let rust = rust_signatures();
    let functions = header::functions();
    assert_eq!(rust.keys().cloned().collect::<BTreeSet<_>>(), names(&functions));
    for Function { name, result, params, .. } in functions {
        let (rust_params, rust_result) = &rust[&name];
        assert!(rust_types(&result).contains(&rust_result.as_str()), "{name}: {result}");
        assert_eq!(params.len(), rust_params.len(), "{name}");
        for (c, (rust_name, rust_kind)) in params.iter().zip(rust_params) {
            assert!(rust_types(&c.kind).contains(&rust_kind.as_str()), "{name}: {c:?} {rust_kind}");
            // libvirt names virAuditSend's.
            let same = rust_name.trim_end_matches('_') == c.name;
            assert!(same || name == "virAuditSend", "{name}: {c:?} {rust_name}");
        }
    }
}

#[test]
fn every_function_has_a_comment_of_its_own() {
    for Function { name, comment, .. } in header::functions() {
        assert!(!comment.is_empty(), "{name} has no comment");
    }
}

/// The arguments in front of every "may be NULL": one, or several with commas and "and".
fn may_be_null(comment: &str, params: &[Param]) -> Vec<String> {
    let mut found = Vec::new();
    let parts: Vec<&str> = comment.split(" may be NULL").collect();
    for front in &parts[..parts.len() - 1] {
        for word in front.split_whitespace().rev().map(|word| word.trim_end_matches(',')) {
            if params.iter().any(|param| param.name == word) {
                found.push(word.to_owned());
            } else if word != "and" {
                break;
            }
        }
    }
    found
}

#[test]
fn arguments_that_may_be_null_are_documented_as_such() {
    let rust = rust_signatures();
    for Function { name, params, comment, .. } in header::functions() {
        for ((_, kind), param) in rust[&name].0.iter().zip(&params) {
            let documented = may_be_null(&comment, &params).contains(&param.name);
            match kind.as_str() {
                "MaybeText<'_>" => assert!(documented, "{name}: {param:?} may be NULL"),
                "Text<'_>" | "Texts<'_>" => {
                    assert!(!documented, "{name}: {param:?} may not be NULL");
                }
                _ => {}
            }
        }
    }
}

/// What the contract says about types and values, checked by the C compiler, and each function's
/// address taken with its exact type.
#[test]
fn a_program_links_with_every_function_by_its_exact_type() {
    let mut text = String::from("#include <viraudit.h>\n");
    for value in [
        "VIR_AUDIT_RECORD_MACHINE_CONTROL == 0",
        "VIR_AUDIT_RECORD_MACHINE_ID == 1",
        "VIR_AUDIT_RECORD_RESOURCE == 2",
        "VIR_AUDIT_TPM_PASSTHROUGH == 0",
        "VIR_AUDIT_TPM_EMULATOR == 1",
        "VIR_AUDIT_TPM_EXTERNAL == 2",
        "VIR_AUDIT_LOG_INFO == 0",
        "VIR_AUDIT_LOG_WARNING == 1",
        "sizeof(virAuditStats) == 64",
        "sizeof(virAuditClient) == 88",
        "offsetof(virAuditClient, account) == 48",
        "offsetof(virAuditStats, queued) == 40",
        "offsetof(virAuditStats, last_errno) == 48",
        "offsetof(virAuditStats, longest_us) == 56",
        "sizeof(virAuditTPMType) == sizeof(int)",
    ] {
        writeln!(text, "_Static_assert({value}, \"{value}\");").unwrap();
    }
    let functions = header::functions();
    for Function { name, result, params, variadic, .. } in &functions {
        let kinds = params.iter().map(|param| match param.kind.split_once(" [") {
            Some((kind, _)) => format!("{kind} *"),
            None => param.kind.clone(),
        });
        let mut kinds: Vec<String> = kinds.collect();
        if *variadic {
            kinds.push("...".into());
        }
        if kinds.is_empty() {
            kinds.push("void".into());
        }
        writeln!(text, "static {result} (*const p_{name})({}) = {name};", kinds.join(", "))
            .unwrap();
    }
    text.push_str("int main(void) {\n    int missing = 0;\n");
    for Function { name, .. } in &functions {
        writeln!(text, "    missing += p_{name} == NULL;").unwrap();
    }
    text.push_str("    return missing;\n}\n");
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("types.c");
    fs::write(&source, text).unwrap();
    for linkage in [Linkage::Shared, Linkage::Static] {
        let program = dir.path().join("types");
        // Of course it is not NULL.
        cc::compile("gcc", &["-std=c11", "-Wno-address"], &source, linkage, &program);
        cc::run(&mut Command::new(&program));
    }
}

#[test]
fn versions_agree() {
    let text = header::text();
    let number = |name: &str| {
        let define = format!("#define VIRAUDIT_VERSION_{name} ");
        text.lines().find_map(|line| line.strip_prefix(&define)).unwrap().to_owned()
    };
    let parts = [number("MAJOR"), number("MINOR"), number("PATCH")];
    assert_eq!(parts.join("."), env!("CARGO_PKG_VERSION"));
    let [major, minor, patch] = parts.map(|part| part.parse::<u32>().unwrap());
    assert_eq!(number("NUMBER"), format!("0x{major:02x}{minor:02x}{patch:02x}"));
}

/// Whether `from` imports `to`, by way of other modules too.
fn imports(modules: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(module) = open.pop() {
        let direct = &modules[module];
        if direct.contains(to) {
            return true;
        }
        open.extend(direct.iter().map(String::as_str).filter(|&next| seen.insert(next)));
    }
    false
}

#[test]
fn modules_import_one_way() {
    let mut modules = BTreeMap::new();
    for entry in fs::read_dir(root().join("src/capi")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let end = |c: char| !c.is_alphanumeric() && c != '_';
            let imported = text.split("\nuse super::").skip(1).flat_map(|rest| {
                let (list, _) = rest.split_once(';').unwrap();
                let list =
                    list.strip_prefix('{').map_or(vec![list], |list| list.split(',').collect());
                list.into_iter().map(|path| path.trim().split(end).next().unwrap().to_owned())
            });
            modules.insert(name, imported.filter(|name| name != "super").collect());
        }
    }
    assert!(imports(&modules, "domain", "current"), "the reader finds imports: {modules:?}");
    for module in modules.keys() {
        assert!(!imports(&modules, module, module), "{module} is part of a circle: {modules:?}");
    }
}
