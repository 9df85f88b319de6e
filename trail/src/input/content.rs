//! What a file is, by its beginning: a log, a log that must be converted, or something else.

use std::ops::Range;

/// The bytes at a file's beginning that are looked at.
pub(super) const FRONT: usize = 4096;

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Lines, as far as can be told.
    Lines,
    /// journald's export format.
    Export,
    /// JSON with objects that span lines.
    Document,
    /// Something that can't be a log, with its name.
    Other(&'static str),
}

/// Files that aren't logs: an offset, the bytes there, and what such a file is.
const OTHERS: [(usize, &[u8], &str); 24] = [
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"\xd4\xc3\xb2\xa1", "a network capture (pcap)"),
    (0, b"\xa1\xb2\xc3\xd4", "a network capture (pcap)"),
    (0, b"\x4d\x3c\xb2\xa1", "a network capture (pcap)"),
    (0, b"\xa1\xb2\x3c\x4d", "a network capture (pcap)"),
    (0, b"\x0a\x0d\x0d\x0a", "a network capture (pcapng)"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"ElfFile\0", "a Windows event log (evtx)"),
    (0, b"LPKSHHRH", "a journal file: use journalctl --file FILE -o json"),
    (0, b"PK\x03\x04", "a zip archive: unpack it"),
    (0, b"BZh", "compressed by bzip2: use bunzip2"),
    (0, b"\x04\x22\x4d\x18", "compressed by lz4: use unlz4"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (0, b"070701", "a cpio archive: unpack it"),
    (0, b"!<arch>\n", "an ar archive"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG", "an image (PNG)"),
    (0, b"QFI\xfb", "a disk image (qcow2)"),
    (0, b"\xff\xfe", "UTF-16 text: use iconv -f UTF-16"),
    (0, b"\xfe\xff", "UTF-16 text: use iconv -f UTF-16"),
    (0, b"\x1f\x8b", "compressed twice: use gunzip"),
    (0, b"\xfd7zXZ\0", "compressed twice: use unxz"),
    (TAR.start, b"ustar", "a tar archive inside a stream: name the file, or unpack it"),
];

/// The place of a tar archive's magic number.
const TAR: Range<usize> = 257..262;

/// Whether a file is a tar archive.
pub(super) fn is_tar(front: &[u8]) -> bool {
    front.get(TAR) == Some(b"ustar")
}

/// The content of a file that begins with `front`.
pub(super) fn content(front: &[u8]) -> Content {
    for (at, magic, name) in OTHERS {
        if front.get(at..).is_some_and(|text| text.starts_with(magic)) {
            return Content::Other(name);
        }
    }
    let text = front.trim_ascii_start();
    if text.starts_with(b"__CURSOR=") || text.starts_with(b"__REALTIME_TIMESTAMP=") {
        return Content::Export;
    }
    let (first, has_end) = match memchr::memchr(b'\n', text) {
        Some(at) => (text[..at].trim_ascii_end(), true),
        None => (text, front.len() < FRONT),
    };
    let nested = |text: &[u8]| {
        memchr::memchr_iter(b'[', text)
            .any(|at| text[at + 1..].trim_ascii_start().starts_with(b"{"))
    };
    let document = match text {
        [b'[', rest @ ..] => rest.trim_ascii_start().starts_with(b"{"),
        [b'{', ..] => has_end && !first.ends_with(b"}") || nested(first),
        _ => false,
    };
    if document { Content::Document } else { Content::Lines }
}

/// What a text is that has no records, if its beginning shows it.
pub(super) fn text_kind(front: &[u8]) -> Option<&'static str> {
    let text = front.trim_ascii_start();
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    if text.is_empty() {
        return Some("empty");
    }
    let upper = text[..text.len().min(15)].to_ascii_uppercase();
    let html = upper.starts_with(b"<!DOCTYPE HTML") || upper.starts_with(b"<HTML");
    let lines = || {
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
        lines.filter(|line| !line.is_empty() && line[0] != b'#').take(20)
    };
    let all = |matches: fn(&[u8]) -> bool| lines().next().is_some() && lines().all(matches);
    let verbose = |line: &[u8]| line.starts_with(b"    ") && line.contains(&b'=');
    Some(match text {
        _ if html => "an HTML page",
        [b'<', b'?' | b'!' | b'a'..=b'z' | b'A'..=b'Z', ..] => "XML",
        _ if text.starts_with(b"#!") => "a script",
        _ if text.starts_with(b"%YAML") || text.starts_with(b"---\n") => "YAML",
        _ if text.starts_with(b"NODE,EVENT,DATE") => {
            "ausearch --format csv output: use ausearch --raw"
        }
        _ if text.starts_with(b"Summary Report") || text.starts_with(b"\nSummary") => {
            "aureport output: use ausearch --raw"
        }
        [b'{', ..] => "JSON",
        [b'[', rest @ ..] if matches!(rest.trim_ascii_start(), [b'{' | b'[' | b'"', ..]) => "JSON",
        _ if all(is_rule) => "audit rules (auditctl)",
        _ if all(is_setting) => "a settings file",
        _ if lines().skip(1).any(verbose)
            && lines().next().is_some_and(|line| line.ends_with(b"]")) =>
        {
            "journalctl -o verbose output: use journalctl -o json"
        }
        _ if all(is_yaml) => "YAML",
        _ if front.contains(&0) => "binary data",
        _ => return None,
    })
}

/// `-w /etc/passwd -p wa`, `-a always,exit ...`, `-D`, `-b 8192`
fn is_rule(line: &[u8]) -> bool {
    matches!(line, [b'-', letter, rest @ ..] if letter.is_ascii_alphabetic() && (rest.is_empty() || rest[0] == b' '))
        || line.starts_with(b"--")
}

/// `[section]` or `key = value`
fn is_setting(line: &[u8]) -> bool {
    let key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. \t\"".contains(byte);
    match line {
        [b'[', .., b']'] | [b';', ..] => true,
        // A record without its stamp.
        _ if line.starts_with(b"type=") || line.starts_with(b"node=") => false,
        _ => memchr::memchr(b'=', line).is_some_and(|at| at > 0 && line[..at].iter().all(key)),
    }
}

/// `key: value`, `- item`, or a line that is indented
fn is_yaml(line: &[u8]) -> bool {
    let key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./\"".contains(byte);
    match line {
        [b' ' | b'-', ..] => true,
        _ => match memchr::memchr(b':', line) {
            Some(at) => {
                at > 0
                    && line[..at].iter().all(key)
                    && matches!(line.get(at + 1), None | Some(b' '))
            }
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_by_their_beginning() {
        for (text, expected) in [
            ("type=VIRT_CONTROL msg=audit(1.2:3): a", Content::Lines),
            ("{\"a\":1}\n{\"b\":2}\n", Content::Lines),
            ("[   12.3] audit: a", Content::Lines),
            ("[Sat Nov 21 20:21:57 2026] a", Content::Lines),
            ("{\n\t\"a\" : 1\n}\n", Content::Document),
            ("[{\"a\":1}]", Content::Document),
            ("[\n  {\n", Content::Document),
            ("{\"events\": [ {\"message\":\"a\"}]}\n", Content::Document),
            ("__CURSOR=s\n", Content::Export),
            ("", Content::Lines),
        ] {
            assert_eq!(content(text.as_bytes()), expected, "{text}");
        }
        let mut tar = vec![0; 512];
        tar[TAR].copy_from_slice(b"ustar");
        assert!(
            is_tar(&tar) && matches!(content(&tar), Content::Other(name) if name.contains("tar"))
        );
        for (_, magic, name) in &OTHERS[..23] {
            assert_eq!(content(magic), Content::Other(name));
        }
    }

    #[test]
    fn texts_that_are_no_logs() {
        for (text, kind) in [
            ("", Some("empty")),
            (" \n", Some("empty")),
            ("<?xml version='1.0'?>\n<a/>", Some("XML")),
            ("<domain type='kvm'>", Some("XML")),
            ("<!doctype html>", Some("an HTML page")),
            ("---\na: b\n", Some("YAML")),
            ("# c\napiVersion: v1\nkind: Pod\nspec:\n  a: b\n", Some("YAML")),
            ("## rules\n-D\n-b 8192\n-w /etc/passwd -p wa -k a\n", Some("audit rules (auditctl)")),
            ("[a]\nb = \"c\"\n", Some("a settings file")),
            ("{\"a\":1}", Some("JSON")),
            ("#!/bin/sh\n", Some("a script")),
            ("NODE,EVENT,DATE,TIME\n", Some("ausearch --format csv output: use ausearch --raw")),
            ("a\0b", Some("binary data")),
            ("hello\nworld\n", None),
            ("<13>Nov 21 20:21:57 h1 a: b", None),
        ] {
            assert_eq!(text_kind(text.as_bytes()), kind, "{text}");
        }
        let verbose =
            "Sat 2026-11-21 20:21:57 CET [s=1;i=2]\n    _TRANSPORT=audit\n    MESSAGE=a\n";
        assert!(text_kind(verbose.as_bytes()).is_some_and(|kind| kind.contains("verbose")));
    }
}
