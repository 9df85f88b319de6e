//! The program in docs/testing.md: it compiles as it is there, and all its assertions hold.

use crate::cc::{self, Linkage, root};
use std::fs;
use std::process::Command;

#[test]
fn the_program_in_the_page_passes_and_its_failure_looks_as_shown() {
    let page = fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let mut blocks = page.split("\n```c\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let text = blocks.find(|block| block.contains("int main(")).unwrap();
    let failing = text.replacen("new-disk=/images/my data", "new-disk=/images/c", 1);
    let dir = tempfile::tempdir().unwrap();
    let (source, program) = (dir.path().join("test.c"), dir.path().join("test"));
    let build = |text: &str| {
        fs::write(&source, format!("{text}\n")).unwrap();
        cc::compile("cc", &["-std=c99"], &source, Linkage::Shared, &program);
        Command::new(&program)
    };
    let said = cc::run(&mut build(text));
    assert!(said.starts_with("VIRT_RESOURCE virt=kvm resrc=disk reason=attach "), "{said}");

    let output = build(&failing).env("LD_LIBRARY_PATH", cc::library_dir()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let shown = page.split("virAuditLastError shows the nearest one").nth(1).unwrap();
    let shown: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    // The daemon's own lines come first.
    let said: Vec<&str> = said.lines().skip_while(|line| line.starts_with("no auditing")).collect();
    assert_eq!(said[..2], shown[..2]);
    assert!(said[2].starts_with("  VIRT_RESOURCE virt=kvm "), "{said:?}");
}
