//! Transcripts: commands, what they print, and how they exit.

use crate::program::{record, root, stderr, text, viraudit};
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// Runs each command line (words with blanks between them, `'a b'` is one word; behind ` < ` comes
/// the standard input), and compares the transcript with the golden file of that name.
pub(crate) fn check(name: &str, commands: &[&str]) {
    let transcript: String = commands.iter().map(|command| run(command)).collect();
    compare(&format!("cli/tests/golden/{name}.txt"), &transcript);
}

/// Compares with a committed file, or writes it when REFRESH is set.
pub(crate) fn compare(file: &str, found: &str) {
    let path = root().join(file);
    if std::env::var_os("REFRESH").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    for (line, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        assert_eq!(found, expected, "{file}:{}", line + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{file}: number of lines");
}

fn run(command: &str) -> String {
    let (arguments, input) = command.split_once(" < ").unwrap_or((command, ""));
    let mut child = viraudit(words(arguments)).stdin(Stdio::piped()).spawn().unwrap();
    // Who doesn't read its input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let mut transcript = format!("$ viraudit {command}\n");
    for line in text(&output.stdout).lines() {
        transcript += &format!("{}\n", record(line));
    }
    for line in stderr(&output).lines() {
        transcript += &format!("! {line}\n");
    }
    match output.status.code().unwrap() {
        0 => transcript,
        code => transcript + &format!("= {code}\n"),
    }
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split('\'').enumerate();
    parts
        .flat_map(|(i, part)| match i % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}
