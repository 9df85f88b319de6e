//! Damaged logs: nothing panics, and every line is counted once.

mod support;

use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use support::{LEVEL, Log, clock, report};
use viraudit_trail::events::{Store, Wants};
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::report::{Filter, Report};
use viraudit_trail::verify::verify;

const WANTS: [Wants; 2] =
    [Wants { details: true, failed: false }, Wants { details: false, failed: false }];

fn small() -> Vec<u8> {
    let mut log = Log::default();
    log.label(0, 1, LEVEL).disk(0, 1, "start", "?", "/a").start(1, 1);
    log.denial(2, "system_u:system_r:svirt_t:s0:c107,c434", "a:b:c:s0", "name=\"x\"");
    log.raw(3, "SYSTEM_BOOT", "pid=1 uid=0");
    log.names = Some("UID=\"root\"");
    log.start(4, 1).stop(5, 1);
    log.line("Nov 21 20:21:57 h1 audit[1]: VIRT_CONTROL pid=1 uid=0 msg='virt=kvm res=success'");
    log.text
}

fn lines(text: &[u8]) -> u64 {
    let ends = text.iter().filter(|&&byte| byte == b'\n').count();
    (ends + usize::from(text.last().is_some_and(|&byte| byte != b'\n'))) as u64
}

/// Whether a text may be read as JSON or as an export of the journal, with other lines.
fn spans_lines(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    [&b"{"[..], b"[", b"__"].iter().any(|mark| text.starts_with(mark))
}

/// Looks at everything that is shown.
fn accounted(text: &[u8]) {
    for wants in WANTS {
        let report: Report = report(text, wants, Filter::default());
        for session in report.sessions() {
            report.events(&session).for_each(drop);
        }
        let line_counts = report.store().line_counts;
        assert!(line_counts.lines == lines(text) || spans_lines(text));
        assert_eq!(
            line_counts.used + line_counts.other + line_counts.malformed + line_counts.cut,
            line_counts.lines
        );
    }
}

fn findings(text: &[u8]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let sources = Sources {
        list: vec![Source::File(file.path().into())],
        local: false,
        ..Sources::default()
    };
    let mut found = Vec::new();
    let (counts, errors) = verify(&sources, &clock(), &Arc::new(AtomicU64::new(0)), |finding| {
        found.push(format!("{} {} {}", finding.line, finding.damage.name(), finding.message));
    });
    assert!(errors.is_empty());
    assert!(counts.lines == lines(text) || spans_lines(text));
    assert_eq!(counts.findings, found.len() as u64);
    found
}

#[test]
fn every_byte_flipped_once() {
    let text = small();
    accounted(&text);
    for at in 0..text.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut damaged = text.clone();
            damaged[at] ^= mask;
            // Writing a file for each would be slow.
            let line_counts = Store::of_text(&damaged, WANTS[at % 2], &clock()).line_counts;
            assert_eq!(line_counts.lines, lines(&damaged), "byte {at}");
            let sum =
                line_counts.used + line_counts.other + line_counts.malformed + line_counts.cut;
            assert_eq!(sum, line_counts.lines, "byte {at}: {line_counts:?}");
            if at % 16 == 0 {
                accounted(&damaged);
                findings(&damaged);
            }
        }
    }
}

#[test]
fn every_length() {
    let text = small();
    for len in (0..text.len()).step_by(7) {
        accounted(&text[..len]);
    }
}

#[test]
fn verify_finds_each_kind_of_damage() {
    let guest = "vm=\"g1\" uuid=00000001-c179-4cea-a185-c7abe50520c7";
    let clean = {
        let mut log = Log::default();
        log.label(0, 1, LEVEL).disk(0, 1, "start", "?", "/a").start(1, 1).stop(2, 1);
        log.text
    };
    assert_eq!(findings(&clean), [""; 0]);
    for (body, expected) in [
        (
            "op=start reason=booted GUEST vm-pid=1 vm-pid=2",
            "forged the field vm-pid= appears twice",
        ),
        ("op=start reason=booted GUEST vm-pid=1 res=failed", "forged the field res= appears twice"),
        (
            "op=start reason=booted GUEST vm-pid=1 words",
            "forged a value has broken out of its field: words",
        ),
        (
            "op=start reason=booted GUEST vm-pid=1 colour=red",
            "unknown not a field of a VIRT_CONTROL record: colour=",
        ),
        ("op=dance reason=booted GUEST vm-pid=1", "unknown the value of op= can't be read"),
        ("op=start reason=booted GUEST", "malformed the field vm-pid= is missing"),
        (
            "op=start reason=booted vm=\"g1\" vm-pid=1",
            "malformed the field uuid= is missing or malformed",
        ),
    ] {
        let mut log = Log::default();
        log.virt(1, "VIRT_CONTROL", &body.replace("GUEST", guest), true);
        assert_eq!(findings(&log.text), [format!("1 {expected}")], "{body}");
    }
    let text = String::from_utf8(clean.clone()).unwrap();
    let first = text.lines().next().unwrap();
    let behind = format!("{first} uid=1\n");
    assert!(findings(behind.as_bytes())[0].contains("text after the closing quote:  uid=1"));
    assert_eq!(
        findings(&first.as_bytes()[..first.len() - 3]),
        ["1 cut the record's end is missing"]
    );
    assert_eq!(findings(b"rubbish\n"), ["1 malformed not an audit record"]);
    let twice = first.replace("uid=0 auid", "uid=0 uid=1 auid");
    assert!(findings(twice.as_bytes())[0].contains("not a field of the kernel: uid="));
    let unknown = first.replace("VIRT_MACHINE_ID", "VIRT_SOMETHING");
    assert_eq!(findings(unknown.as_bytes()), ["1 unknown unknown record type: VIRT_SOMETHING"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
        accounted(&text);
        findings(&text);
    }

    #[test]
    fn any_words(
        words in proptest::collection::vec(
            prop_oneof![
                Just("type=VIRT_CONTROL msg=audit(1.000:1): ".to_owned()),
                Just("type=AVC msg=audit(1.000:1): avc: denied { read } ".to_owned()),
                Just("node=h ".to_owned()), Just("pid=1 uid=0 msg='".to_owned()),
                Just("vm=\"a\" uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab ".to_owned()),
                Just("op=start ".to_owned()), Just("op=stop ".to_owned()),
                Just("res=success'".to_owned()), Just("\n".to_owned()), Just("\x1d".to_owned()),
                Just("Nov 21 20:21:57 h audit[1]: VIRT_CONTROL ".to_owned()), Just("{".to_owned()),
                "[ -~]{0,12}",
            ],
            0..60,
        ),
    ) {
        let text = words.concat();
        accounted(text.as_bytes());
        findings(text.as_bytes());
    }
}
