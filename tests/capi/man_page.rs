//! The example in the manual page viraudit(3): it compiles as it stands there, and prints what the
//! page says.

use crate::cc::{self, Linkage, root};
use std::fs;
use std::process::Command;

/// The page's blocks of code, with roff's escapes resolved.
fn blocks() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/man/viraudit.3")).unwrap();
    let blocks = page.split("\n.EX\n").skip(1).map(|rest| rest.split("\n.EE\n").next().unwrap());
    let shown = |text: &str| {
        [("\\-", "-"), ("\\(aq", "'"), ("\\e", "\\")]
            .into_iter()
            .fold(text.to_owned(), |text, (escape, shown)| text.replace(escape, shown))
    };
    blocks.map(shown).collect()
}

#[test]
fn the_example_in_the_page_compiles_and_prints_what_the_page_says() {
    let blocks = blocks();
    let at = blocks.iter().position(|block| block.contains("int main(")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (source, program) = (dir.path().join("guest.c"), dir.path().join("guest"));
    fs::write(&source, format!("{}\n", blocks[at])).unwrap();
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| cc::has(compiler)) {
        cc::compile(compiler, &["-std=c99"], &source, Linkage::Shared, &program);
        let said = cc::run(Command::new(&program).arg("--mock"));
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 5, "{said}");
        // The page shows the last lines, and leaves out what differs from run to run.
        let shown: Vec<&str> = blocks[at + 1].lines().collect();
        for (line, shown) in lines.iter().rev().zip(shown.iter().rev()) {
            let mut rest = *line;
            for part in shown.split("...") {
                let part = part.trim();
                let found = rest.find(part).unwrap_or_else(|| panic!("{part:?} isn't in {line}"));
                rest = &rest[found + part.len()..];
            }
        }
    }
}
