//! Damaged and hostile domain XML: never a panic, never a forged field, an error that has a place,
//! and no more time than the size asks for.
#![cfg(feature = "xml")]
#![allow(clippy::print_stdout, reason = "the figures are a part of the result")]

use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use viraudit::DomainDef;
use viraudit::domain::NotRecorded;
use viraudit::guest::VIRT_NAMES;

static DOMAINS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/start.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            case["xml"].as_str().unwrap().as_bytes().to_vec()
        })
        .collect()
});

/// Pieces that matter to the reader, put where they don't belong.
const PIECES: [&[u8]; 16] = [
    b"<disk type='file'><source file='/x'/>",
    b"</devices>",
    b"<devices>",
    b"-1",
    b"18446744073709551616",
    b" unit='E'",
    b"&#10;",
    b"&amp;",
    b"<!--",
    b"]]>",
    b"<![CDATA[",
    b"'",
    b"\"",
    b"\xFF",
    b" res=failed",
    b"\xE2\x80\xA8",
];

#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Cut(usize, usize),
    Repeat(usize, usize),
    Insert(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (any::<usize>(), 1..200usize).prop_map(|(at, len)| Damage::Cut(at, len)),
        (any::<usize>(), 1..200usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
    ]
}

fn apply(xml: &mut Vec<u8>, damage: &Damage) {
    let place = |at: usize| at % xml.len().max(1);
    match *damage {
        _ if xml.is_empty() => {}
        Damage::Flip(at, byte) => {
            let at = place(at);
            xml[at] ^= byte;
        }
        Damage::Cut(at, len) => {
            let at = place(at);
            xml.drain(at..(at + len).min(xml.len()));
        }
        Damage::Repeat(at, len) => {
            let at = place(at);
            let piece = xml[at..(at + len).min(xml.len())].to_vec();
            xml.splice(at..at, piece);
        }
        Damage::Insert(at, piece) => {
            let at = place(at);
            xml.splice(at..at, PIECES[piece].iter().copied());
        }
    }
}

/// Whatever came out of it is sound.
fn check(xml: &[u8]) {
    match DomainDef::parse(xml) {
        Ok(def) => {
            for record in def.start_records("booted", 1, true) {
                let body = record.body();
                assert!(body.iter().all(|byte| (b' '..=b'~').contains(byte)), "{body:?}");
                assert!(
                    body.split(|&byte| byte == b' ').all(|field| field.contains(&b'=')),
                    "{}",
                    body.escape_ascii()
                );
            }
            for left_out in def.not_recorded() {
                let NotRecorded { line, column, message, .. } = left_out.clone();
                sound(xml, line, column, &message);
            }
            assert_eq!(DomainDef::parse_strict(xml).is_ok(), is_complete(&def), "{def:?}");
        }
        Err(error) => {
            sound(xml, error.line, error.column, &error.message);
            assert!(DomainDef::parse_strict(xml).is_err());
        }
    }
}

/// Whether strict reading accepts it. It also refuses the driver of a later libvirt.
fn is_complete(def: &DomainDef) -> bool {
    let known = VIRT_NAMES.iter().any(|name| name.as_bytes() == &*def.guest().virt);
    known && def.not_recorded_count() == 0
}

/// An error has a place inside the document and a message of one line.
fn sound(xml: &[u8], line: u32, column: u32, message: &str) {
    let lines = xml.iter().filter(|&&byte| byte == b'\n').count() + 1;
    assert!(line >= 1 && line as usize <= lines, "{line} of {lines} lines: {message}");
    assert!(column >= 1 && column as usize <= xml.len() + 1, "{column}: {message}");
    assert!(!message.is_empty() && message.chars().count() < 400, "{message}");
    assert!(!message.contains(char::is_control), "{message:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn damaged_domains(which in any::<usize>(), damages in prop::collection::vec(damage(), 1..8)) {
        let mut xml = DOMAINS[which % DOMAINS.len()].clone();
        for damage in &damages {
            apply(&mut xml, damage);
        }
        check(&xml);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn any_texts(text in "\\PC{0,40}", attribute in "[^<&'\"]{0,40}") {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        check(format!(
            "<domain type='lxc'><name>x{text}</name>\
             <uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid><memory>1</memory>\
             <os><type>exe</type></os><seclabel type='static' model='m{attribute}'>\
             <label>l{text}</label></seclabel><devices><shmem name='{attribute}'/>\
             <disk><source file='{attribute}'/></disk><serial type='dev'><source \
             path='{attribute}'/></serial><input type='evdev'><source dev='{attribute}'/></input>\
             </devices></domain>"
        ).as_bytes());
    }

    #[test]
    fn deep_nesting(depth in 0usize..100_000, closed in any::<bool>()) {
        let close = if closed { "</a>".repeat(depth) } else { String::new() };
        check(format!("<domain>{}{close}</domain>", "<a>".repeat(depth)).as_bytes());
    }
}

/// More with `VIRAUDIT_FUZZ_CASES`.
fn cases() -> u32 {
    std::env::var("VIRAUDIT_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// The time that this thread was on a processor: other programs don't count, and a slow processor
/// or an emulated one passes as well.
fn busy() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
}

/// One large document takes about as long as eight documents of an eighth of its size. It would take
/// eight times as long if the time grew with the square of the size.
#[test]
fn costly_documents_take_time_linear_in_their_size() {
    type Make = fn(usize) -> String;
    fn fill(piece: &str, size: usize) -> String {
        piece.repeat(size / piece.len())
    }
    fn numbered(make: fn(usize) -> String, size: usize) -> String {
        (0..size / 24).map(make).collect()
    }
    fn around(inner: &str) -> String {
        format!("<domain><devices>{inner}</devices></domain>")
    }
    let documents: [(&str, Make); 10] = [
        ("open tags", |size| fill("<a>", size)),
        ("attributes", |size| {
            format!("<domain{}/>", numbered(|i| format!(" attribute{i}='x'"), size))
        }),
        ("attributes without an end", |size| {
            format!("<domain{}", numbered(|i| format!(" a{i}='x'"), size))
        }),
        ("namespaces", |size| around(&numbered(|i| format!("<a xmlns:n{i}='urn:{i}'/>"), size))),
        ("empty elements", |size| around(&fill("<a/>", size))),
        ("disks", |size| around(&fill("<disk/>", size))),
        ("text", |size| around(&fill("&amp;", size))),
        ("brackets", |size| fill("<", size)),
        ("comments", |size| around(&fill("<!---->", size))),
        ("iothreads", |size| around(&numbered(|i| format!("<iothread id='{i}'/>"), size))),
    ];
    let time = |xml: &str, times: usize| {
        let begun = busy();
        (0..times).for_each(|_| check(xml.as_bytes()));
        busy() - begun
    };
    for (name, make) in documents {
        let size = 1 << 20;
        let (small, large) = (time(&make(size / 8), 8), time(&make(size), 1));
        println!("{name}: {large:?}, in eight parts {small:?}");
        // What takes less is too short to compare.
        let least = Duration::from_millis(100);
        assert!(large < 3 * small.max(least), "{name}: {large:?}, in eight parts {small:?}");
    }
}

#[test]
fn errors_say_where_and_what() {
    let whole = "<domain type='kvm'>\n<name>g</name>\n\
                 <uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>\n<memory>1024</memory>\n\
                 <os><type>hvm</type></os>\n<devices>\nDEVICES\n</devices></domain>";
    let table: [(&str, &str, u32, u32, &[&str]); 14] = [
        ("'kvm'", "'kmv'", 1, 15, &["type='kmv'", "kvm", "bhyve"]),
        ("<name>g</name>", "", 1, 1, &["no name", "<name>"]),
        ("<uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>", "", 1, 1, &["no UUID"]),
        ("0123456789ab", "01234567", 3, 1, &["32 hex digits"]),
        ("<memory>1024", "<memory>much", 4, 1, &["<memory>much</memory>", "whole number"]),
        ("<memory>1024", "<memory unit='KX'>1024", 4, 15, &["unit='KX'", "KMGTPE"]),
        ("<memory>1024</memory>", "", 1, 1, &["no memory", "<memory>"]),
        ("hvm", "hmv", 5, 5, &["<type>hmv</type>", "hvm", "exe"]),
        ("DEVICES", "<interface type='user'/>", 7, 1, &["<mac address"]),
        ("DEVICES", "<disk type='tape'/>", 7, 13, &["type='tape'", "file", "nvme"]),
        ("DEVICES", "<serial type='x\u{1f600}'/>", 7, 15, &["expected one of", "unix"]),
        ("DEVICES", "<hostdev type='usb'/>", 7, 1, &["<hostdev> has no <source>"]),
        ("DEVICES", "<seclabel/></x>", 7, 12, &["expected"]),
        ("DEVICES", "\u{1}", 7, 1, &["char"]),
    ];
    for (from, to, line, column, words) in table {
        let xml = whole.replace(from, to);
        let error = DomainDef::parse_strict(xml.as_bytes()).expect_err(to);
        assert_eq!((error.line, error.column), (line, column), "{to}: {error}");
        for word in words {
            assert!(error.message.contains(word), "{to}: {error}");
        }
    }
    assert!(DomainDef::parse_strict(whole.as_bytes()).is_ok());
}

#[test]
fn raw_values_cannot_forge_fields() {
    let xml = "<domain type='kvm'><name>g</name><uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>\
               <memory>1</memory><os><type>hvm</type></os><seclabel type='static' \
               model='m res=failed'><label>x&#10;type=VIRT_CONTROL</label></seclabel><devices>\
               <shmem name='a b'/><shmem name='s'><server path='/a b'/></shmem>\
               <input type='evdev'><source dev='/a&apos;b'/></input></devices></domain>";
    let def = DomainDef::parse(xml.as_bytes()).unwrap();
    let bodies: Vec<String> = def
        .start_records("booted", 1, true)
        .map(|record| String::from_utf8(record.body()).unwrap())
        .collect();
    let tails = [
        "vm-ctx=780A747970653D564952545F434F4E54524F4C img-ctx=? model=6D207265733D6661696C6564",
        "size=0 path=2F6465762F73686D2F612062",
        "path=2F612062",
        "path=2F612762",
    ];
    for (body, tail) in bodies.iter().zip(tails) {
        assert!(body.ends_with(tail), "{body}");
    }
}
