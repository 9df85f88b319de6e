use std::fs;

use clap::{CommandFactory, Parser};
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: ConfigArgs,
}

/// Standard output, or the failure.
fn viraudit_config(arguments: &[&str]) -> Result<String, Failure> {
    let cli = Cli::try_parse_from([&["config"], arguments].concat()).unwrap();
    output(&cli.args)
}

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, text: &str) -> String {
        let path = self.path("file.conf");
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn the_arguments_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn check_prints_settings_and_their_lines() {
    let directory = Directory::new();
    let file = directory.file("\naudit_level = 2\naudit_level = 3\n");
    assert_eq!(
        viraudit_config(&["check", &file]).unwrap(),
        format!(
            "{file}:\n  audit_level = 2 (line 2): audit records are sent, and a daemon that can't \
             audit refuses to start\n  audit_logging = 0 (default): records are not copied to the \
             daemon's log\n  note: line 3: audit_level has no effect: line 2 sets it first\n"
        )
    );
}

#[test]
fn check_as_json() {
    let directory = Directory::new();
    let file = directory.file("audit_logging = 18446744073709551617\n");
    let report: Value =
        serde_json::from_str(&viraudit_config(&["check", "--json", &file]).unwrap()).unwrap();
    assert_eq!(report["file"], file);
    assert_eq!(report["exists"], true);
    assert_eq!(report["audit_level"], 1);
    assert_eq!(report["audit_logging"], true);
    assert_eq!(report["lines"], json!({"audit_level": null, "audit_logging": 1}));
    assert_eq!(
        report["notes"],
        json!(["line 1: audit_logging exceeds 64 bits; libvirt reads it as 1"])
    );

    let missing = directory.path("missing.conf");
    let report = viraudit_config(&["check", &missing, "--json"]).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["exists"], false);
    assert_eq!(report["audit_level"], 1);
    assert_eq!(report["audit_logging"], false);
}

#[test]
fn check_distinguishes_malformed_from_unreadable_files() {
    let directory = Directory::new();
    let file = directory.file("audit_level = 1\naudit_logging = yes\n");
    let failure = viraudit_config(&["check", &file]).unwrap_err();
    assert_eq!(failure.code, 2);
    assert!(failure.message.starts_with(&format!("{file}:2: expected a value")), "{failure:?}");
    let failure = viraudit_config(&["check", &directory.path("")]).unwrap_err();
    assert_eq!(failure.code, 3);
}

#[test]
fn set_changes_only_the_given_keys() {
    let directory = Directory::new();
    let file = directory.file("# mine\n#audit_logging = 1\naudit_level = 1 # why\n");
    let printed = viraudit_config(&["set", "audit_level=2", "audit_logging=1", &file]).unwrap();
    assert_eq!(printed, "");
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "# mine\n#audit_logging = 1\naudit_logging = 1\naudit_level = 2 # why\n"
    );
    let new = directory.path("a=b.conf");
    viraudit_config(&["set", "audit_level=0", &new]).unwrap();
    assert_eq!(fs::read_to_string(&new).unwrap(), "audit_level = 0\n");
}

#[test]
fn set_rejects_wrong_arguments_and_files() {
    let directory = Directory::new();
    let file = directory.file("a = b\n");
    let missing = directory.path("no/such");
    let table: &[(&[&str], u8, &str)] = &[
        (&["set", &file], 2, "nothing to set"),
        (&["set", "level=2", &file], 2, "'level' is not a setting"),
        (&["set", "audit_level=-1", &file], 2, "audit_level must be a number"),
        (&["set", "audit_level=1", "audit_level=2", &file], 2, "audit_level is given twice"),
        (&["set", "audit_level=1", &file, "audit_logging=1"], 2, "'"),
        (&["set", "audit_level=1", &file, &file], 2, "'"),
        (&["set", "audit_level=1", "-"], 2, "config set can't change standard input"),
        (&["set", "audit_level=1", &file], 2, &file),
        (&["set", "audit_level=1", &missing], 3, "can't replace"),
    ];
    for (arguments, code, message) in table {
        let failure = viraudit_config(arguments).unwrap_err();
        assert_eq!(failure.code, *code, "{arguments:?}");
        assert!(failure.message.starts_with(message), "{failure:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "a = b\n");
}
