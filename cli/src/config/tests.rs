use std::fs;

use clap::{CommandFactory, Parser};
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: ConfigArgs,
}

/// Standard output, or the failure. No daemon is on this host.
fn viraudit_config(arguments: &[&str]) -> Result<String, Failure> {
    let root = tempfile::tempdir().unwrap();
    config_on(root.path(), arguments).map(|(text, _)| text)
}

/// Standard output and the exit status, or the failure, on a host with this root directory.
fn config_on(root: &Path, arguments: &[&str]) -> Result<(String, u8), Failure> {
    let cli = Cli::try_parse_from([&["config"], arguments].concat()).unwrap();
    output(&cli.args, root)
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
             daemon's log\n  checked: syntax; values of audit_level\n  note: line 3: audit_level has no effect: line 2 sets it first\n"
        )
    );
}

#[test]
fn check_as_json() {
    let directory = Directory::new();
    let file = directory.file("other = 3\naudit_logging = 1\naudit_logging = 0\n");
    let report: Value =
        serde_json::from_str(&viraudit_config(&["check", "--json", &file]).unwrap()).unwrap();
    assert_eq!(report["file"], file);
    assert_eq!(report["exists"], true);
    assert_eq!(report["audit_level"], 1);
    assert_eq!(report["audit_logging"], true);
    assert_eq!(report["lines"], json!({"audit_level": null, "audit_logging": 2}));
    assert_eq!((&report["kind"], &report["daemon"]), (&json!("daemon"), &Value::Null));
    assert_eq!(report["checked"], json!(["audit_logging"]));
    assert_eq!(report["unknown"], json!(["other"]));
    assert_eq!(
        report["notes"],
        json!(["line 3: audit_logging has no effect: line 2 sets it first"])
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
    assert_eq!(
        printed,
        format!("{file}: audit_level: 1 -> 2\n{file}: audit_logging: not set (0) -> 1\n")
    );
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
        (&["set", "audit_level=1", "-"], 2, "config set and unset can't change standard input"),
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

/// A host with these daemons, which are enabled, and their files.
fn host(daemons: &[(&str, &str)]) -> Directory {
    let root = Directory::new();
    for directory in ["etc/libvirt", "etc/systemd/system/sockets.target.wants"] {
        fs::create_dir_all(root.path(directory)).unwrap();
    }
    for (name, text) in daemons {
        let unit = format!("etc/systemd/system/sockets.target.wants/{name}.socket");
        fs::write(root.path(&unit), "").unwrap();
        if !text.is_empty() {
            fs::write(root.conf(name), text).unwrap();
        }
    }
    root
}

impl Directory {
    fn conf(&self, name: &str) -> String {
        self.path(&format!("etc/libvirt/{name}.conf"))
    }

    fn run(&self, arguments: &[&str]) -> Result<(String, u8), Failure> {
        config_on(self.0.path(), arguments)
    }
}

#[test]
fn the_file_is_that_of_the_daemon_that_is_there() {
    let root = host(&[("virtqemud", "audit_level = 0\n")]);
    let file = root.conf("virtqemud");
    let (text, code) = root.run(&["check"]).unwrap();
    let start = format!("{file} (virtqemud is started by systemd):\n  audit_level = 0 (line 1)");
    assert!(text.starts_with(&start) && code == DONE, "{text}");
    let report: Value = serde_json::from_str(&root.run(&["check", "--json"]).unwrap().0).unwrap();
    assert_eq!((&report["file"], &report["daemon"]), (&json!(file), &json!("virtqemud")));
    assert_eq!(root.run(&["get", "audit_level"]).unwrap(), ("0\n".into(), DONE));
    let printed = root.run(&["set", "audit_level=2"]).unwrap();
    assert_eq!(printed, (format!("{file} (virtqemud): audit_level: 0 -> 2\n"), DONE));
    assert_eq!(fs::read_to_string(&file).unwrap(), "audit_level = 2\n");
    assert!(!Path::new(&root.conf("libvirtd")).exists());
    // A daemon that isn't there may be named.
    root.run(&["set", "audit_level=1", "--daemon", "libvirtd"]).unwrap();
    assert_eq!(fs::read_to_string(root.conf("libvirtd")).unwrap(), "audit_level = 1\n");
}

#[test]
fn several_daemons_are_shown_and_must_be_named_for_a_change() {
    let root = host(&[("virtqemud", "audit_level = 0\n"), ("virtlxcd", "")]);
    let (qemu, lxc) = (root.conf("virtqemud"), root.conf("virtlxcd"));
    let (text, _) = root.run(&["check"]).unwrap();
    assert!(text.contains(&format!("{qemu} (")) && text.contains(&format!("{lxc} (")), "{text}");
    assert_eq!(root.run(&["check", "--json"]).unwrap().0.lines().count(), 2);
    let (text, _) = root.run(&["get", "audit_level"]).unwrap();
    assert_eq!(text, format!("{qemu}: 0\n{lxc}: 1\n"));
    for arguments in [&["set", "audit_level=2"][..], &["unset", "audit_level"]] {
        let failure = root.run(arguments).unwrap_err();
        assert_eq!(failure.code, 2);
        let named = ["several daemons", &qemu, &lxc, "--daemon"];
        assert!(named.iter().all(|words| failure.message.contains(words)), "{failure:?}");
    }
    root.run(&["set", "audit_level=2", "--daemon", "virtlxcd"]).unwrap();
    assert_eq!(fs::read_to_string(&lxc).unwrap(), "audit_level = 2\n");
    let (text, _) = root.run(&["set", "audit_level=2", "--daemon", "all"]).unwrap();
    let expected =
        format!("{qemu} (virtqemud): audit_level: 0 -> 2\n{lxc} (virtlxcd): unchanged\n");
    assert_eq!(text, expected);
    let failure = root.run(&["set", "audit_level=2", "--daemon", "all", &qemu]).unwrap_err();
    assert_eq!(failure.message, "give --daemon or a FILE, not both");
}

#[test]
fn a_check_writes_nothing_and_its_status_tells_a_change() {
    let directory = Directory::new();
    let file = directory.file("# a\naudit_level = 1\n");
    let run = |arguments: &[&str]| directory.run(&[arguments, &[&file]].concat()).unwrap();
    let diff = format!(
        "--- {file}\n+++ {file}\n@@ -1,2 +1,2 @@\n # a\n-audit_level = 1\n+audit_level = 2\n"
    );
    let line = format!("{file}: audit_level: 1 -> 2\n");
    assert_eq!(run(&["set", "--check", "audit_level=2"]), (line.clone(), 1));
    assert_eq!(run(&["set", "--check", "--diff", "audit_level=2"]), (line + &diff, 1));
    let json = run(&["set", "--check", "--json", "--diff", "audit_level=2"]);
    assert_eq!(
        serde_json::from_str::<Value>(&json.0).unwrap(),
        json!({"file": file, "daemon": null, "changed": true, "written": false,
               "changes": [{"key": "audit_level", "old": 1, "new": 2}], "diff": diff})
    );
    let unchanged = (format!("{file}: unchanged\n"), DONE);
    assert_eq!(run(&["set", "--check", "audit_level=1"]), unchanged);
    assert_eq!(run(&["set", "audit_level=1"]), unchanged);
    assert_eq!(run(&["unset", "--check", "audit_logging"]), unchanged);
    assert_eq!(fs::read_to_string(&file).unwrap(), "# a\naudit_level = 1\n");
    let line = format!("{file}: audit_level: 1 -> not set (1)\n");
    assert_eq!(run(&["unset", "--check", "audit_level"]), (line.clone(), 1));
    assert_eq!(run(&["unset", "audit_level"]), (line, DONE));
    assert_eq!(fs::read_to_string(&file).unwrap(), "# a\n");
    // A file that isn't there isn't created without a setting in it.
    let missing = directory.path("missing.conf");
    let printed = directory.run(&["unset", "audit_level", &missing]).unwrap();
    assert_eq!(printed, (format!("{missing}: unchanged\n"), DONE));
    assert!(!Path::new(&missing).exists());
}

#[test]
fn get_prints_a_value_as_libvirt_reads_it() {
    let directory = Directory::new();
    let file = directory.file("audit_level = 3\naudit_level = 2\na = 'x y'\nl = [ 'p', -1 ]\n");
    for (key, expected) in [
        ("audit_level", ("3\n", DONE)),
        ("audit_logging", ("0\n", DONE)),
        ("a", ("x y\n", DONE)),
        ("l", ("[\"p\",-1]\n", DONE)),
        ("max_clients", ("", 1)),
    ] {
        let (text, code) = directory.run(&["get", key, &file]).unwrap();
        assert_eq!((&*text, code), expected, "{key}");
    }
    let (text, _) = directory.run(&["get", "audit_logging", "--json", &file]).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({"file": file, "daemon": null, "key": "audit_logging", "value": 0, "line": null,
               "default": true})
    );
}

#[test]
fn check_refuses_what_a_daemon_would_exit_for() {
    let directory = Directory::new();
    for (text, message) in [
        ("tcp_port = 16509\n", ":1: tcp_port must be a string in quotes, not 16509"),
        ("max_clients = -1\n", ":1: max_clients must be a number from 0 to 4294967295, not -1"),
        ("\nlog_level = \"1\"\n", ":2: log_level must be a number from 0 to 4, not a string"),
        (
            "x = 9223372036854775808\n",
            ":1: x: libvirt 11 and 12 refuse a number beyond 2^63-1; \
                                      libvirt 9 reads it modulo 2^64",
        ),
    ] {
        let file = directory.file(text);
        let failure = directory.run(&["check", &file]).unwrap_err();
        assert_eq!((failure.code, failure.message), (2, format!("{file}{message}")));
    }
}

#[test]
fn the_files_of_drivers_hold_no_audit_settings() {
    let directory = Directory::new();
    for (name, text) in [
        ("qemu.conf", "audit_level = 2\nuser = \"root\"\n"),
        ("other.conf", "audit_level = 2\nsecurity_driver = \"apparmor\"\n"),
    ] {
        let file = directory.path(name);
        fs::write(&file, text).unwrap();
        let (text, code) = directory.run(&["check", &file]).unwrap();
        assert!(code == DONE && !text.contains("records are sent"), "{text}");
        assert!(text.contains("line 1: audit_level has no effect in this file"), "{text}");
        assert!(text.contains("this is not the file of a daemon"), "{text}");
        let (text, _) = directory.run(&["check", &file, "--json"]).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&report["kind"], &report["audit_level"]), (&json!("driver"), &Value::Null));
    }
}

#[test]
fn check_knows_viraudits_own_file() {
    let directory = Directory::new();
    let file = directory.path("viraudit.conf");
    fs::write(&file, "delivery = \"queued\"\nqueue_limit = 10\nrecord_client = 1\n").unwrap();
    let (text, _) = directory.run(&["check", &file]).unwrap();
    let checked = "checked: syntax; values of delivery, queue_limit, record_client";
    assert_eq!(text, format!("{file}:\n  {checked}\n"));
    fs::write(&file, "record_client = 2\n").unwrap();
    let failure = directory.run(&["check", &file]).unwrap_err();
    assert_eq!(failure.message, format!("{file}:1: record_client must be 0 or 1, not 2"));
    fs::write(&file, "delivery = \"soon\"\nqueue_limit = -1\nlimit = 1\n").unwrap();
    let failure = directory.run(&["check", &file]).unwrap_err();
    let expected = format!(
        "{file}:3: 'limit' is not a setting of viraudit.conf; those are delivery, queue_limit, \
         record_client and delivery_target"
    );
    assert_eq!((failure.code, failure.message), (2, expected));
}
