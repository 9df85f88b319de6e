//! `viraudit status`, whatever this host's state is.

use crate::program::{stderr, text, viraudit};
use serde_json::Value;

#[test]
fn json_holds_the_answer_and_what_it_rests_on() {
    let output = viraudit(["status", "--json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(text(&output.stdout).lines().count(), 1);
    assert_eq!(stderr(&output), "");
    let delivered = found["delivered"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(if delivered { 0 } else { 3 }));
    let words =
        ["ok", "no-auditd", "excluded", "off", "level-0", "refused", "unsupported", "error"]
            .map(Value::from);
    assert!(words.contains(&found["verdict"]), "{found}");
    assert!(found["reason"].is_string());
    assert!(delivered || found["cure"].is_string());
    for part in ["kernel", "process", "config"] {
        assert!(found[part].is_object(), "{part}");
    }
    assert!(found["notes"].is_array() && found["daemons"].is_array(), "{found}");
}

#[test]
fn text_starts_with_the_answer() {
    let output = viraudit(["status"]).output().unwrap();
    let found = text(&output.stdout);
    let answer = if output.status.success() { "yes: " } else { "no: " };
    assert!(found.starts_with(answer), "{found}");
    for row in ["auditing", "privileges", "user namespace", "settings"] {
        assert!(found.lines().any(|line| line.starts_with(row)), "{row}: {found}");
    }
}

#[test]
fn without_an_auditd_that_is_required_the_answer_is_no() {
    let output = viraudit(["status", "--require-auditd", "--json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let delivered = found["delivered"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(if delivered { 0 } else { 3 }));
    assert_eq!(delivered, found["verdict"] == "ok", "{found}");
    assert!(!delivered || found["kernel"]["auditd"]["alive"] == true, "{found}");
}
