//! The committed man pages are those of this command line.

use crate::golden::compare;
use crate::program::{root, viraudit};
use std::fs;

const PAGES: &str = "docs/man";

#[test]
fn man_pages_are_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let status = viraudit(["man".as_ref(), directory.path().as_os_str()]).status().unwrap();
    assert!(status.success());
    let names = |directory: &std::path::Path| {
        let entries = fs::read_dir(directory).into_iter().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names.retain(|name| name.ends_with(".1") && name.starts_with("viraudit"));
        names
    };
    let made = names(directory.path());
    for name in &made {
        let page = fs::read_to_string(directory.path().join(name)).unwrap();
        compare(&format!("{PAGES}/{name}"), &page);
    }
    assert_eq!(names(&root().join(PAGES)), made, "pages of commands that are gone");
}
