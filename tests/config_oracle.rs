//! Our reading of configuration files against libvirt's own, as `tests/system/config_oracle.py`
//! took it down.
//!
//! `tests/golden/config.jsonl` is the committed record. With `VIRAUDIT_CONFIG_VERDICTS=FILE` in the
//! environment the verdicts in that file are compared too: `tests/system/config_fuzz.sh` makes
//! fresh ones.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use viraudit::Config;
use viraudit::internal::config::Document;

/// The bytes of a text that was written as one character for each.
fn bytes(text: &Value) -> Vec<u8> {
    let text = text.as_str().expect("a text");
    text.chars().map(|byte| u8::try_from(u32::from(byte)).expect("a byte")).collect()
}

fn characters(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Our verdict, in the words of the oracle.
fn verdict(text: &[u8]) -> Value {
    let document = match Document::parse(Path::new("file"), text) {
        Ok(document) => document,
        Err(error) => {
            return json!({"ok": false, "level": null, "logging": null, "line": error.line,
                          "string": null, "size": null});
        }
    };
    let level = document.uint("audit_level");
    let logging = document.bool("audit_logging");
    let config = Config::parse(Path::new("file"), text);
    let ok = level.is_ok() && logging.is_ok();
    assert_eq!(config.is_ok(), ok, "{text:?}");
    if let (Ok(config), Ok(level), Ok(logging)) = (config, &level, &logging) {
        assert_eq!(config.audit_level, level.unwrap_or(1), "{text:?}");
        assert_eq!(config.audit_logging, logging.unwrap_or(false), "{text:?}");
    }
    let string = match document.string("s") {
        Ok(string) => json!(string.map(characters)),
        Err(_) => json!(false),
    };
    let size = document.size("n").map_or(json!(false), |size| json!(size));
    json!({
        "ok": ok,
        "level": level.ok().flatten().filter(|_| ok),
        "logging": logging.ok().flatten().filter(|_| ok),
        "line": null,
        "string": string,
        "size": size,
    })
}

/// Compares each line of `verdicts`; the number of files, and what differs.
fn compare(verdicts: &str) -> (usize, Vec<String>) {
    let mut differences = Vec::new();
    let mut count = 0;
    for line in verdicts.lines() {
        let mut theirs: Value = serde_json::from_str(line).expect("a JSON object in each line");
        let text = theirs.as_object_mut().and_then(|theirs| theirs.remove("text")).expect("a text");
        // What crashes libvirt has no verdict to agree with; reading it must be harmless to us.
        let ours = verdict(&bytes(&text));
        if theirs.get("signal").is_none() && ours != theirs {
            differences.push(format!("{text}\n  libvirt: {theirs}\n  viraudit: {ours}"));
        }
        count += 1;
    }
    (count, differences)
}

#[test]
fn the_committed_files_read_as_in_libvirt() {
    let (count, differences) = compare(include_str!("golden/config.jsonl"));
    assert!(count >= 600, "only {count} files");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
#[ignore = "tests/system/config_fuzz.sh runs it"]
fn fresh_files_read_as_in_libvirt() {
    let path = std::env::var("VIRAUDIT_CONFIG_VERDICTS").expect("VIRAUDIT_CONFIG_VERDICTS=FILE");
    let verdicts = std::fs::read_to_string(path).expect("the file of verdicts");
    let (count, differences) = compare(&verdicts);
    writeln!(
        std::io::stdout(),
        "{count} files compared with libvirt, {} disagreements",
        differences.len()
    )
    .expect("standard output");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
