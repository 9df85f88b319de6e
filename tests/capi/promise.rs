//! What programs that were compiled against an older version rely on: docs/abi.md. It may grow, and
//! nothing of it may change. `REFRESH=1 cargo test --test capi promise` takes in what is new.

use crate::cc::{self, Linkage, root};
use crate::header;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

/// The bodies of the header's `typedef KIND {...}`, with their members, without comments.
fn members(kind: &str) -> Vec<(String, Vec<String>)> {
    let text = header::text();
    let start = format!("typedef {kind}");
    let mut found = Vec::new();
    for part in text.split(&start).skip(1) {
        let Some((front, rest)) = part.split_once('{') else { continue };
        if front.contains(';') {
            continue;
        }
        let (body, rest) = rest.split_once('}').expect("a type ends");
        let name = rest.split(';').next().expect("a type has a name").trim().to_owned();
        let lines = body.lines().map(|line| line.split("/*").next().unwrap_or_default());
        let code: String = lines.collect::<Vec<_>>().join(" ");
        let members = code.split([',', ';']).filter_map(|member| member.split_whitespace().last());
        let members = members.map(|member| member.trim_start_matches('*').to_owned());
        found.push((name, members.collect()));
    }
    found
}

/// A program that prints every number of the header's, as the compiler sees it.
fn numbers_program() -> String {
    let mut code = String::from("#include <stddef.h>\n#include <stdio.h>\n#include <viraudit.h>\n");
    code.push_str("int main(void) {\n");
    for (name, members) in members("enum") {
        for member in members {
            let _ = writeln!(code, "printf(\"enum {name} {member} = %d\\n\", (int)({member}));");
        }
        let _ = writeln!(code, "printf(\"size {name} %zu\\n\", sizeof({name}));");
    }
    for (name, members) in members("struct") {
        for member in members {
            let place = format!("(unsigned)offsetof({name}, {member})");
            let size = format!("(unsigned)sizeof((({name} *)0)->{member})");
            let _ = writeln!(
                code,
                "printf(\"struct {name} {member} at %u, %u bytes\\n\", {place}, {size});"
            );
        }
    }
    code.push_str("return 0;\n}\n");
    code
}

fn prototypes() -> impl Iterator<Item = String> {
    header::functions().into_iter().map(|function| {
        // A call stays valid when a function promises to only read the guest.
        let params = function.params.iter();
        let params =
            params.map(|param| param.kind.replace("const virAuditDomain", "virAuditDomain"));
        let dots = function.variadic.then(|| "...".to_owned());
        let params: Vec<String> = params.chain(dots).collect();
        format!("function {} {}({})", function.result, function.name, params.join(", "))
    })
}

/// The types of functions that the caller provides.
fn callbacks() -> impl Iterator<Item = String> {
    let text = header::text();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let typedefs: Vec<String> = words
        .split("typedef ")
        .filter_map(|rest| Some(rest.split_once(';')?.0))
        .filter(|typedef| typedef.contains("(*"))
        .map(|typedef| format!("callback {typedef}"))
        .collect();
    typedefs.into_iter()
}

fn promised() -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let (source, program) = (dir.path().join("numbers.c"), dir.path().join("numbers"));
    fs::write(&source, numbers_program()).unwrap();
    cc::compile("cc", &["-std=c99"], &source, Linkage::Shared, &program);
    let numbers = cc::run(&mut Command::new(program));
    prototypes().chain(callbacks()).chain(numbers.lines().map(str::to_owned)).collect()
}

#[test]
fn the_interface_only_grows() {
    let path = root().join("tests/capi/promised.txt");
    let now = promised();
    for kind in ["function ", "callback ", "enum ", "struct ", "size "] {
        assert!(now.iter().any(|line| line.starts_with(kind)), "{kind}: none found");
    }
    let before = fs::read_to_string(&path).unwrap_or_default();
    let before: BTreeSet<String> = before.lines().map(str::to_owned).collect();
    let gone: Vec<&String> = before.difference(&now).collect();
    assert!(gone.is_empty(), "programs rely on this, which isn't so any more: {gone:#?}");
    if std::env::var_os("REFRESH").is_some() {
        let lines: Vec<&str> = now.iter().map(String::as_str).collect();
        return fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let new: Vec<&String> = now.difference(&before).collect();
    assert!(new.is_empty(), "new; run this with REFRESH=1: {new:#?}");
}

/// Whoever loads the library must get nothing but the C library with it, and nothing of it may run
/// by itself.
#[test]
fn nothing_else_is_loaded_and_nothing_runs_at_load() {
    if !cc::has("readelf") {
        return;
    }
    let library = cc::library_dir().join("libviraudit.so");
    let output = Command::new("readelf").args(["-dW"]).arg(&library).output().unwrap();
    let dynamic = String::from_utf8(output.stdout).unwrap();
    let needed: Vec<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    assert!(needed.contains(&"libc.so.6"), "{dynamic}");
    // The dynamic linker is the C library's too; thread-local storage is its.
    let linker = |name: &str| name.starts_with("ld-linux") || name.starts_with("ld64.so");
    let known = |name: &str| ["libc.so.6", "libgcc_s.so.1"].contains(&name) || linker(name);
    assert!(needed.iter().all(|name| known(name)), "{needed:?}");

    // What the compiler's own startup files put there, and std's note of the arguments: 8 bytes
    // each, and no symbol of ours. On arm64 also the compiler's two that look for the processor's
    // atomic instructions.
    let functions = if cfg!(target_arch = "aarch64") { 4 } else { 2 };
    let size = dynamic.lines().find(|line| line.contains("(INIT_ARRAYSZ)"));
    let size = size.and_then(|line| line.split_whitespace().nth_back(1)).unwrap_or("0");
    assert!(
        size.parse::<usize>().unwrap() <= functions * size_of::<usize>(),
        "INIT_ARRAYSZ {size}"
    );
}
