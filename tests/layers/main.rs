//! The modules import each other as ARCHITECTURE.md says, and no other way.
//!
//! The page has a table for each crate: a module, what it holds, and the modules that it uses. The
//! tests read the tables and the crates' code, so neither can drift from the other.

mod imports;
mod page;

use imports::Crate;
use page::Table;
use std::collections::BTreeSet;
use std::path::Path;

/// Where the workspace is.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What differs between a table and its crate.
fn differences(table: &Table, found: &Crate) -> Vec<String> {
    let mut differences = Vec::new();
    let name = &table.krate;
    let modules: BTreeSet<_> = table.rows.iter().map(|row| row.module.as_str()).collect();
    for module in found.modules() {
        if !modules.contains(module) {
            differences.push(format!("{name}: the module {module} isn't in the table"));
        }
    }
    let mut above = BTreeSet::new();
    for row in &table.rows {
        let module = &row.module;
        let uses = found.uses(module);
        for used in &row.uses {
            if !uses.contains_key(used) {
                differences.push(format!("{name}: {module} doesn't use {used}: strike it"));
            }
            if modules.contains(used.as_str()) && !above.contains(used.as_str()) {
                differences.push(format!("{name}: {module} uses {used}, which is not above it"));
            }
        }
        for (used, file) in uses {
            if !row.uses.contains(used) {
                differences.push(format!("{name}: {module} may not use {used} ({file})"));
            }
        }
        above.insert(module.as_str());
    }
    differences
}

#[test]
fn modules_import_what_the_page_says() {
    let tables = page::tables(&read("ARCHITECTURE.md"));
    let named: Vec<_> = tables.iter().map(|table| table.krate.as_str()).collect();
    assert_eq!(named, ["viraudit", "viraudit-trail", "viraudit-auvirt", "viraudit-cli"]);
    let differences: Vec<_> = (tables.iter())
        .flat_map(|table| differences(table, &Crate::read(ROOT.as_ref(), &table.directory)))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A crate of three files, and what is wrong with it once something is changed.
fn planted(file: &str, line: &str) -> Vec<String> {
    let page = "### `planted` (`src/`)\n\n\
                | module | what it holds | uses |\n|---|---|---|\n\
                | `low` | the ground | - |\n\
                | `middle` | stairs | `low` |\n\
                | `high` | the roof | `low`, `middle` |\n";
    let mut files = vec![
        ("lib.rs", "mod low; mod middle; mod high; pub use low::Ground;".to_owned()),
        ("low.rs", "pub struct Ground;".to_owned()),
        ("middle/mod.rs", "mod part; use crate::Ground;".to_owned()),
        ("middle/part.rs", "use super::super::low::Ground;".to_owned()),
        ("high.rs", "use crate::{low, middle::{self as stairs}};".to_owned()),
    ];
    if let Some((_, text)) = files.iter_mut().find(|(name, _)| *name == file) {
        text.push_str(line);
    } else {
        files.push((file, line.to_owned()));
    }
    let files = files.iter().map(|(name, text)| (name.as_ref(), text.as_str()));
    differences(&page::tables(page)[0], &Crate::of(files))
}

#[test]
fn a_planted_violation_is_found() {
    assert_eq!(planted("low.rs", ""), [""; 0]);
    for (file, line, expected) in [
        ("low.rs", "use crate::high::Roof;", "planted: low may not use high (low.rs)"),
        ("low.rs", "use super::high;", "planted: low may not use high (low.rs)"),
        ("low.rs", "fn f() { crate::high::up() }", "planted: low may not use high (low.rs)"),
        ("low.rs", "fn f() -> crate::high::Roof {}", "planted: low may not use high (low.rs)"),
        ("low.rs", "fn f() { g!(1, crate::high::X) }", "planted: low may not use high (low.rs)"),
        (
            "low.rs",
            "mod inner { use super::super::high; }",
            "planted: low may not use high (low.rs)",
        ),
        ("middle/part.rs", "use crate::high;", "planted: middle may not use high (middle/part.rs)"),
        ("high.rs", "use viraudit::Uuid;", "planted: high may not use viraudit (high.rs)"),
        ("cellar.rs", "", "planted: the module cellar isn't in the table"),
    ] {
        assert_eq!(planted(file, line), [expected], "{line}");
    }
    let tests = "#[cfg(test)] mod tests { use crate::high; }";
    assert_eq!(planted("low.rs", tests), [""; 0], "tests may use anything");
    let inner = "mod inner { use super::Ground; }";
    assert_eq!(planted("low.rs", inner), [""; 0], "a module may use itself");
}

#[test]
fn a_table_that_says_too_much_is_found() {
    let page = "### `planted` (`src/`)\n\n\
                | module | what it holds | uses |\n|---|---|---|\n\
                | `low` | the ground | `high` |\n\
                | `high` | the roof | `low` |\n";
    let files = [("low.rs", "use crate::high;"), ("high.rs", "")];
    let found = Crate::of(files.map(|(name, text)| (name.as_ref(), text)));
    assert_eq!(
        differences(&page::tables(page)[0], &found),
        [
            "planted: low uses high, which is not above it",
            "planted: high doesn't use low: strike it",
        ]
    );
}
