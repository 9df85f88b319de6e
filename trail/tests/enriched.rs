//! Enriched records whose separator was replaced on the way, and what must not pass for one.

mod support;

use support::{Log, clock, events, report, sessions};
use viraudit_trail::events::Wants;
use viraudit_trail::report::Filter;
use viraudit_trail::verify::{Counts, verify_text};

const NAMES: &str = "UID=\"root\" AUID=\"alice\"";

/// A log of one session, with the text behind each record's closing quote.
fn log_with(behind: &str) -> Vec<u8> {
    let mut log = Log { auid: Some(1000), ..Log::default() };
    log.start(1, 1).disk(2, 1, "attach", "?", "/a").stop(3, 1);
    String::from_utf8(log.text).unwrap().replace("'\n", &format!("'{behind}\n")).into_bytes()
}

fn verified(text: &[u8]) -> (Vec<String>, Counts) {
    let mut found = Vec::new();
    let counts = verify_text(text, &clock(), |finding| {
        found.push(format!("{} {}", finding.damage.name(), finding.message));
    });
    (found, counts)
}

#[test]
fn a_replaced_separator_is_read_and_noted_once() {
    for separator in [" ", "\t", "#035", "^]", "\\u001d", "\\x1d", "\u{241D}", ""] {
        for end in ["", " ", "\t", "\r"] {
            let text = log_with(&format!("{separator}{NAMES}{end}"));
            let (found, counts) = verified(&text);
            assert_eq!(found, [""; 0], "{separator:?} {end:?}");
            let notes: Vec<_> = counts.notes.iter().map(|note| (note.line, note.records)).collect();
            assert_eq!(notes, [(1, 3)], "{separator:?}: {:?}", counts.notes);
            for details in [false, true] {
                let report = report(&text, Wants { details, failed: false }, Filter::default());
                assert_eq!(sessions(&report), ["g1 stopped 1-3"]);
                assert_eq!(report.sessions().next().unwrap().user, Some("alice"), "{separator:?}");
            }
        }
    }
    let (found, counts) = verified(&log_with(&format!("\x1d{NAMES}")));
    assert_eq!((found, counts.notes), (vec![], vec![]));
}

#[test]
fn blanks_behind_a_record_are_no_text() {
    for blanks in [" ", "   ", "\t", " \t", "\r", " \r"] {
        let text = log_with(blanks);
        let (found, counts) = verified(&text);
        assert_eq!((found, counts.notes), (vec![], vec![]), "{blanks:?}");
        let report = report(&text, Wants::default(), Filter::default());
        assert_eq!(sessions(&report), ["g1 stopped 1-3"]);
    }
}

#[test]
fn any_other_text_behind_a_record_is_forged() {
    for behind in [
        " uid=0",
        " res=failed",
        " UID=\"root\" res=failed",
        " res=failed UID=\"root\"",
        " UID=\"root\" AUID",
        " UID=\"ro\"ot\"",
        " {UID=\"root\"}",
        "\x1dUID=\"root\" res=failed",
        "\x1dres=failed",
        "\x1dUID=\"root\" vm-pid=7 AUID=\"alice\"",
    ] {
        let (found, _) = verified(&log_with(behind));
        assert_eq!(found.len(), 3, "{behind:?}: {found:?}");
        for finding in found {
            assert!(finding.starts_with("forged text after the closing quote"), "{finding}");
        }
    }
    assert_eq!(verified(&log_with("\x1dUID=\"ro")).0, ["cut the line's end is missing"; 3]);
}

#[test]
fn a_value_cannot_give_a_record_another_user_or_result() {
    let start = format!("op=start reason=booted vm=\"g1\" uuid={} vm-pid=7", support::uuid(1));
    for value in [
        "/dev/x res=failed' AUID=\"mallory\"",
        "/dev/x res=failed'\x1dAUID=\"mallory\"",
        "/dev/x res=failed'#035AUID=\"mallory\" B=",
    ] {
        for names in [Some(NAMES), None] {
            let mut log = Log { auid: Some(1000), names, ..Log::default() };
            log.virt(1, "VIRT_CONTROL", &start, true);
            log.resource(2, 1, "evdev", "attach", &format!("path={value}"));
            let report = log.details();
            let user = report.sessions().next().unwrap().user.map(str::to_owned);
            assert_ne!(user.as_deref(), Some("mallory"), "{value}");
            assert_eq!(
                events(&report, &["resource"], &["success"]),
                ["g1 resource true"],
                "{value}"
            );
            let (found, _) = verified(&log.text);
            assert!(
                found.iter().any(|finding| finding.starts_with("forged")),
                "{value}: {found:?}"
            );
        }
    }
}

#[test]
fn a_denial_s_user_is_read_without_the_separator() {
    for separator in [" ", "#035", "^]", ""] {
        let mut log = Log::default();
        log.label(0, 1, support::LEVEL).start(1, 1);
        let guest = format!("system_u:system_r:svirt_t:{}", support::LEVEL);
        log.denial(2, &guest, "a:b:c:s0", "name=\"x\"");
        let syscall = "arch=c000003e syscall=2 success=no pid=777 auid=1000 uid=107 comm=\"x\" \
                       exe=\"/x\" subj=a key=(null)";
        let names = "ARCH=x86_64 SYSCALL=open AUID=\"alice\" UID=\"qemu\"";
        log.same(2, "SYSCALL", &format!("{syscall}{separator}{names}"));
        assert_eq!(events(&log.details(), &["avc"], &["user"]), ["g1 avc alice"], "{separator:?}");
    }
}
