//! Names and paths that somebody chose to do harm.

use crate::program::{UUID, emit, records, stderr, text, viraudit};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The record of a disk with this path.
fn disk(path: &[u8]) -> String {
    let output = emit("disk", &["--new".as_ref(), OsStr::from_bytes(path)]).output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let [record] = &records(&output.stdout)[..] else { panic!("{output:?}") };
    record.clone()
}

#[test]
fn no_value_forges_a_field_or_a_line() {
    for (path, expected) in [
        (&b"/a b"[..], "2F612062"),
        (b"", "\"\""),
        (b"/it's", "\"/it's\""),
        (b"/say\"so", "2F73617922736F"),
        (b"/a\ntype=VIRT_CONTROL", "2F610A747970653D564952545F434F4E54524F4C"),
        (b"/a res=failed", "2F61207265733D6661696C6564"),
        ("/gr\u{fc}n".as_bytes(), "2F6772C3BC6E"),
        (b"/\xff\xfe", "2FFFFE"),
        (b"/a\x1b[31m\x7f", "2F611B5B33316D7F"),
    ] {
        let expected = format!(
            "VIRT_RESOURCE virt=kvm resrc=disk reason=attach vm=\"web1\" uuid={UUID} \
             old-disk=\"?\" new-disk={expected} res=success"
        );
        assert_eq!(disk(path), expected);
    }
}

#[test]
fn raw_values_are_made_safe_too() {
    let args = ["emit", "evdev", "--virt", "k v", "--name", "x' y", "--uuid", UUID];
    let output = viraudit(args)
        .args(["--reason", "a\nb", "--path", "/dev/input 1", "--to", "stdout"])
        .output()
        .unwrap();
    assert_eq!(
        records(&output.stdout),
        [format!(
            "VIRT_RESOURCE virt=6B2076 resrc=evdev reason=610A62 vm=78272079 uuid={UUID} \
             path=2F6465762F696E7075742031 res=success"
        )]
    );
}

#[test]
fn long_values_are_shortened_and_said_to_be() {
    let long = [&b"/"[..], &[b'x'; 20_000]].concat();
    let record = disk(&long);
    assert!(record.len() < 8_560, "{}", record.len());
    assert!(record.ends_with("x\" truncated=new-disk res=success"), "{record}");
}

#[test]
fn an_error_is_one_line_whatever_is_quoted_in_it() {
    let name = OsStr::from_bytes(b"/nonexistent/a\nb\x1b[31m\xff");
    let target = [OsStr::new("file:"), name].iter().map(OsString::from).collect::<OsString>();
    for args in [
        [OsStr::new("--xml"), name, OsStr::new("--to"), OsStr::new("stdout")],
        [OsStr::new("--xml"), OsStr::new("examples/guest.xml"), OsStr::new("--to"), &target],
        [OsStr::new("--xml"), OsStr::new("examples/guest.xml"), OsStr::new("--to"), name],
    ] {
        let output = viraudit(["emit", "stop"]).args(args).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("viraudit: ") && !said.contains('\x1b'), "{said}");
        assert!(matches!(output.status.code(), Some(2 | 3)));
    }
}

/// Every character that may drive a terminal or hide text, and a text that a spreadsheet would run.
const NAME: &str = "\u{ff1d}a\u{1b}[31m\u{7}\0\u{7f}\u{9b}31m\n\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}z";

fn is_harmless(text: &str) -> bool {
    let drives = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !text.chars().any(drives)
}

/// A log with a guest of this name, and a disk of it, in a file of this name.
fn hostile_log(directory: &std::path::Path) -> std::path::PathBuf {
    let hex: String = NAME.bytes().map(|byte| format!("{byte:02X}")).collect();
    let record = |kind: &str, serial: u8, fields: &str| {
        format!(
            "type={kind} msg=audit(1795292517.231:{serial}): pid=1 uid=0 auid=0 ses=1 \
             msg='virt=kvm {fields} exe=\"x\" hostname=? addr=? terminal=? res=success'\n"
        )
    };
    let guest = format!("vm={hex} uuid={UUID}");
    let log = [
        record("VIRT_CONTROL", 1, &format!("op=start reason=booted {guest} vm-pid=5")),
        record(
            "VIRT_RESOURCE",
            2,
            &format!("resrc=disk reason=attach {guest} old-disk=\"?\" new-disk={hex}"),
        ),
        "rubbish\n".into(),
    ];
    let file = directory.join(NAME.replace('\0', ""));
    std::fs::write(&file, log.concat()).unwrap();
    file
}

#[test]
fn no_output_drives_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let log = hostile_log(directory.path());
    let missing = directory.path().join("no\u{9b}\u{202e}");
    for args in [
        &["report", "-a"] as &[&str],
        &["report", "-a", "--proof"],
        &["report", "-a", "--format", "json"],
        &["report", "-a", "--format", "csv"],
        &["report", "--summary"],
        &["report", "--summary", "--format", "json"],
        &["verify"],
        &["verify", "--json"],
        &["config", "check"],
        &["config", "set", "audit_level=1"],
        &["status", "--config"],
        &["status", "--json", "--config"],
    ] {
        for file in [&log, &missing] {
            if args.contains(&"set") && file == &missing {
                continue;
            }
            let output = viraudit(args).arg(file).output().unwrap();
            for printed in [&output.stdout, &output.stderr] {
                assert!(is_harmless(&text(printed)), "{args:?}: {:?}", text(printed));
            }
        }
    }
    let json = viraudit(["report", "--format", "json"]).arg(&log).output().unwrap().stdout;
    let session: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(session["vm"], NAME);
    let csv =
        text(&viraudit(["report", "-a", "--format", "csv"]).arg(&log).output().unwrap().stdout);
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.contains(",'\u{ff1d}a\\u{1b}[31m"), "{csv}");
}
