//! `viraudit verify --seal` and `--chain`: each way to change a sealed log or its chain.

use crate::program::{stderr, text, viraudit};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Keys made by `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`, for these tests only.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIBLqy/qWxflC6+SDgwLa3HOV6k6I3sUZxgHubpwd6S7M\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAE4CyHruM7MPpxs8xXDWZHaC1LtqcyRoJcXguNieN7Ns=\n\
    -----END PUBLIC KEY-----\n";
const OTHER: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJx447tB5juB3spsocad21eUyDqts5Ey72kPbqFLSqpn\n\
    -----END PRIVATE KEY-----\n";

/// A directory with logs, keys and a chain.
struct Host {
    dir: TempDir,
    serial: u64,
}

impl Host {
    /// A host whose log was sealed three times, and rotated after the second time.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("logs")).unwrap();
        for (name, text) in [("key", KEY), ("pub", PUBLIC), ("other", OTHER)] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let mut host = Self { dir, serial: 0 };
        host.grow(5);
        host.seal();
        host.grow(5);
        host.seal();
        host.grow(2);
        host.rename("audit.log", "audit.log.1");
        host.grow(5);
        host.seal();
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.path("logs").join(name)
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.log(from), self.log(to)).unwrap();
    }

    fn edit(&self, name: &str, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        fs::write(self.path(name), edit(text)).unwrap();
    }

    /// Appends records to the active log.
    fn grow(&mut self, records: u64) {
        let mut log = fs::OpenOptions::new();
        let mut log = log.create(true).append(true).open(self.log("audit.log")).unwrap();
        for _ in 0..records {
            self.serial += 1;
            let serial = self.serial;
            writeln!(log, "type=USER_LOGIN msg=audit(1700000000.000:{serial}): pid=1").unwrap();
        }
    }

    fn run(&self, args: &[&str]) -> Output {
        let replaced = args.iter().map(|arg| match arg.strip_prefix('@') {
            Some(name) => self.path(name).into_os_string(),
            None => arg.into(),
        });
        let mut command = viraudit(["verify"]);
        command.args(replaced).output().unwrap()
    }

    fn seal(&self) -> String {
        let output = self.run(&["--seal", "@key", "--chain", "@chain", "@logs"]);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
        text(&output.stdout)
    }

    /// The exit status and the findings.
    fn check(&self, more: &[&str]) -> (i32, Vec<String>) {
        let args = [&["--chain", "@chain", "--key", "@pub", "@logs"], more].concat();
        let output = self.run(&args);
        let dir = format!("{}/", self.dir.path().display());
        let shown = text(&output.stdout).replace(&dir, "") + &stderr(&output);
        let findings = shown.lines().filter(|line| line.contains("(entry "));
        (output.status.code().unwrap(), findings.map(str::to_owned).collect())
    }

    /// Asserts one finding, which begins so.
    fn finds(&self, expected: &[&str]) {
        let (code, found) = self.check(&[]);
        assert_eq!(code, 1, "{found:?}");
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}\nexpected: {expected}");
        }
    }
}

#[test]
fn growth_and_rotation_are_sealed() {
    let host = Host::new();
    assert_eq!(host.check(&[]), (0, vec![]));
    let chain = fs::read_to_string(host.path("chain")).unwrap();
    let entries: Vec<serde_json::Value> =
        chain.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |key: &str| entries.iter().map(|entry| entry[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("number"), [1, 2, 3, 4]);
    assert_eq!(of("lines"), [5, 5, 2, 5]);
    assert_eq!(of("first")[3], "1700000000.000:13");
    assert_eq!(of("last")[3], "1700000000.000:17");
    assert!(host.seal().starts_with("0 ranges sealed; 4 entries"), "nothing has grown");
}

#[test]
fn only_whole_lines_are_sealed() {
    let mut host = Host::new();
    let half = "type=USER_LOGIN msg=audit(99";
    host.edit("logs/audit.log", |text| text + half);
    assert!(host.seal().starts_with("0 ranges"));
    assert_eq!(host.check(&[]), (0, vec![]));
    host.edit("logs/audit.log", |text| text.replace(half, ""));
    host.grow(1);
    assert!(host.seal().starts_with("1 range "));
    assert_eq!(host.check(&[]), (0, vec![]));
}

#[test]
fn a_changed_byte() {
    let host = Host::new();
    host.edit("logs/audit.log.1", |text| text.replace(":8): pid=1", ":8): pid=2"));
    host.finds(&["logs/audit.log.1: changed: bytes 255 to"]);
    let host = Host::new();
    host.edit("logs/audit.log", |text| text.replacen("pid=1", "pid=2", 1));
    host.finds(&["logs/audit.log: changed: the log with this name has another first line"]);
}

#[test]
fn a_removed_line() {
    let host = Host::new();
    let line = "type=USER_LOGIN msg=audit(1700000000.000:11): pid=1\n";
    host.edit("logs/audit.log.1", |text| text.replace(line, ""));
    host.finds(&["logs/audit.log.1: missing: sealed until byte"]);
    let host = Host::new();
    host.edit("logs/audit.log.1", |text| text.replace(&line.replace(":11", ":7"), ""));
    host.finds(&[
        "logs/audit.log.1: changed: bytes 255",
        "logs/audit.log.1: missing: sealed until",
    ]);
}

#[test]
fn a_removed_log() {
    let host = Host::new();
    fs::remove_file(host.log("audit.log.1")).unwrap();
    host.finds(&["logs/audit.log.1: missing: no log has its first line: 12 lines sealed until"]);
    let host = Host::new();
    fs::remove_file(host.log("audit.log")).unwrap();
    host.finds(&["logs/audit.log: missing: no log has its first line: 5 lines sealed until"]);
}

#[test]
fn a_removed_or_changed_entry() {
    let host = Host::new();
    host.edit("chain", |text| {
        let lines = text.lines().enumerate().filter(|(at, _)| *at != 1);
        lines.map(|(_, line)| format!("{line}\n")).collect()
    });
    host.finds(&["chain: chain: entries before entry 3 are missing, or one was changed"]);
    let host = Host::new();
    host.edit("chain", |text| text.split_inclusive('\n').skip(1).collect());
    host.finds(&["chain: chain: entry 2 does not follow the entry before"]);
    let host = Host::new();
    host.edit("chain", |text| text.replacen("\"lines\":5", "\"lines\":6", 1));
    host.finds(&[
        "chain: signature: the signature of entry 1 is wrong",
        "chain: chain: entry 2 does not follow the entry before",
    ]);
    let host = Host::new();
    host.edit("chain", |text| text[..text.len() - 20].to_owned());
    host.finds(&["chain: chain: the entry is malformed (entry 4)"]);
    let output = host.run(&["--seal", "@key", "--chain", "@chain", "@logs"]);
    assert_eq!(output.status.code(), Some(1), "nothing is added to a damaged chain");
    assert!(text(&output.stdout).ends_with("nothing was sealed\n"));
}

#[test]
fn removed_last_entries_are_found_by_the_head() {
    let host = Host::new();
    let head = host.seal().trim_end().rsplit_once(' ').unwrap().1.to_owned();
    assert_eq!(host.check(&["--head", &head]).0, 0);
    host.edit("chain", |text| text.split_inclusive('\n').take(3).collect());
    assert_eq!(host.check(&[]).0, 0, "the rest of a chain is a chain");
    assert_eq!(host.check(&["--head", &head]).0, 1);
}

#[test]
fn a_rotated_and_compressed_log() {
    let mut host = Host::new();
    let gzip = Command::new("gzip").arg(host.log("audit.log.1")).status().unwrap();
    assert!(gzip.success());
    host.rename("audit.log.1.gz", "audit.log.2.gz");
    host.rename("audit.log", "audit.log.1");
    host.grow(3);
    assert_eq!(host.check(&[]), (0, vec![]));
    assert!(host.seal().starts_with("1 range "));
    assert_eq!(host.check(&[]), (0, vec![]));
}

#[test]
fn a_chain_of_another_host_or_key() {
    let host = Host::new();
    let mut other = Host::new();
    other.serial = 1000;
    fs::remove_dir_all(other.path("logs")).unwrap();
    fs::create_dir(other.path("logs")).unwrap();
    other.grow(3);
    fs::copy(host.path("chain"), other.path("chain")).unwrap();
    let (code, found) = other.check(&[]);
    assert_eq!((code, found.len()), (1, 2), "{found:?}");

    let forged = host.run(&["--seal", "@other", "--chain", "@forged", "@logs"]);
    assert_eq!(forged.status.code(), Some(0));
    fs::copy(host.path("forged"), host.path("chain")).unwrap();
    let (code, found) = host.check(&[]);
    assert_eq!(code, 1);
    assert!(found.iter().all(|line| line.contains("signature: the signature of entry")));
    let unchecked = host.run(&["--chain", "@chain", "@logs"]);
    assert_eq!(unchecked.status.code(), Some(0));
    assert!(text(&unchecked.stdout).contains("signatures were not checked"));
}

#[test]
fn a_chain_has_entries_of_one_host() {
    use viraudit_trail::input::Source;
    use viraudit_trail::seal::{Chain, private_key, seal};
    let host = Host::new();
    let sources = [Source::File(host.log("audit.log")), Source::File(host.log("audit.log.1"))];
    let key = private_key(KEY).unwrap();
    let mut chain = Chain::default();
    let mut lines = Vec::new();
    for (source, name) in sources.iter().zip(["elsewhere", "other"]) {
        lines.extend(seal(&mut chain, std::slice::from_ref(source), &key, name, "now").unwrap());
    }
    fs::write(host.path("chain"), format!("{}\n", lines[0])).unwrap();
    let output = host.run(&["--seal", "@key", "--chain", "@chain", "@logs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).ends_with("the chain is of another host: elsewhere\n"));
    fs::write(host.path("chain"), format!("{}\n", lines.join("\n"))).unwrap();
    host.finds(&["chain: chain: entry 2 is of another host: other"]);
}

#[test]
fn findings_as_json() {
    let host = Host::new();
    host.edit("logs/audit.log.1", |text| text.replace(":8): pid=1", ":8): pid=2"));
    let output = host.run(&["--chain", "@chain", "--key", "@pub", "@logs", "--json"]);
    let finding: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(finding["kind"], "changed");
    assert_eq!((&finding["entry"], &finding["offset"]), (&2.into(), &255.into()));
}

#[test]
fn usage_and_files() {
    let host = Host::new();
    for (args, code) in [
        (&["--seal", "@key", "@logs"][..], 2),
        (&["--head", "00", "@logs"], 2),
        (&["--chain", "@chain", "--key", "@key", "@logs"], 2),
        (&["--chain", "@none", "@logs"], 3),
        (&["--chain", "@chain", "--key", "@none", "@logs"], 3),
        (&["--seal", "@none", "--chain", "@chain", "@logs"], 3),
        (&["--seal", "@key", "--chain", "@none/chain", "@logs"], 3),
    ] {
        let output = host.run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
    }
}
