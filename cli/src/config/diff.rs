//! A unified diff of two texts that differ in few lines.

use std::path::Path;

/// How many equal lines are shown around what differs.
const CONTEXT: usize = 3;

/// The diff, with one hunk from the first to the last line that differs; empty without a difference.
pub(super) fn unified(file: &Path, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (lines(old), lines(new));
    let before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - before;
    let behind =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new);
    let behind = behind.count();
    if before == old.len() && before == new.len() {
        return String::new();
    }
    let start = before.saturating_sub(CONTEXT);
    let tail = behind.min(CONTEXT);
    let (old_end, new_end) = (old.len() - behind, new.len() - behind);
    let name = file.display();
    let range = |len: usize| match len {
        0 => format!("{start},0"),
        _ => format!("{},{len}", start + 1),
    };
    let mut diff = format!(
        "--- {name}\n+++ {name}\n@@ -{} +{} @@\n",
        range(old_end + tail - start),
        range(new_end + tail - start)
    );
    let mut add = |sign: char, line: &[u8]| {
        diff.push(sign);
        diff.push_str(&String::from_utf8_lossy(line));
        if !line.ends_with(b"\n") {
            diff.push_str("\n\\ No newline at end of file\n");
        }
    };
    old[start..before].iter().for_each(|line| add(' ', line));
    old[before..old_end].iter().for_each(|line| add('-', line));
    new[before..new_end].iter().for_each(|line| add('+', line));
    old[old_end..old_end + tail].iter().for_each(|line| add(' ', line));
    diff
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hunk_holds_what_differs() {
        let of = |old: &str, new: &str| unified(Path::new("f"), old.as_bytes(), new.as_bytes());
        assert_eq!(of("a\nb\n", "a\nb\n"), "");
        assert_eq!(of("", "a\n"), "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
        assert_eq!(of("a\n", ""), "--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n");
        assert_eq!(
            of("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
            "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"
        );
        assert_eq!(
            of("a", "a\nb\n"),
            "--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n"
        );
        assert_eq!(of("a\na\n", "a\na\na\n"), "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n a\n+a\n");
    }
}
