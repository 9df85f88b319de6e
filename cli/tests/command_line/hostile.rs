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
