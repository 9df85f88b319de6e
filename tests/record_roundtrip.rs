//! The promise: a record reads back as what was written, and no value in it can add a field, end
//! a line or lose the verdict.

mod support;

use proptest::prelude::*;
use support::{bytes, client, record};
use viraudit::internal::message::{ParsedMessage, Suffix, TEXT_ROOM, TextBody, compose};
use viraudit::internal::record::{FieldSink, Fields, Style};
use viraudit::{ClientIdentity, Origin, Record, RecordType};

fn suffix() -> Suffix {
    Origin { exe: Some(b"/usr/sbin/libvirtd".to_vec()), host: None, terminal: None }.into()
}

fn text_of(body: &impl Fields, suffix: &Suffix, success: bool) -> (Vec<u8>, bool) {
    let mut out = vec![0; TEXT_ROOM];
    let composed = compose(body, suffix, None, success, &mut out).expect("fits");
    out.truncate(composed.len);
    (out, composed.truncated)
}

/// The keys of a record's fields, as its own definition lists them.
struct Keys(Vec<Vec<u8>>);

impl FieldSink for Keys {
    fn field(&mut self, key: &[u8], _: Style, _: &[&[u8]]) {
        self.0.push(key.to_vec());
    }
}

fn keys(fields: &impl Fields) -> Vec<Vec<u8>> {
    let mut keys = Keys(Vec::new());
    fields.visit(&mut keys);
    keys.0
}

/// Checks each field's style against what readers take it for.
struct Styles<'r>(Option<&'r [u8]>);

impl FieldSink for Styles<'_> {
    fn field(&mut self, key: &[u8], style: Style, _: &[&[u8]]) {
        assert_eq!(
            viraudit::internal::record::style_of(key, self.0),
            style,
            "{}",
            key.escape_ascii()
        );
    }
}

fn keys_in(text: &[u8]) -> Vec<Vec<u8>> {
    let key = |word: &[u8]| word.split(|&byte| byte == b'=').next().unwrap_or_default().to_vec();
    text.split(|&byte| byte == b' ').map(key).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parse_gives_back_what_format_wrote(record in record()) {
        let body = record.body();
        let read = Record::parse(record.record_type(), &body, record.success);
        prop_assert_eq!(read.as_ref(), Ok(&record), "{}", body.escape_ascii());
    }

    #[test]
    fn what_is_read_is_written_the_same_again(kind in 0..8usize, text in bytes(), record in record()) {
        // Also for what no record of ours looks like, and for the bytes of another type.
        for (kind, text) in [
            (RecordType::ALL[kind], record.body()),
            (record.record_type(), [record.body(), text.clone()].concat()),
            (record.record_type(), text),
        ] {
            if let Ok(read) = Record::parse(kind, &text, true) {
                let again = read.body();
                prop_assert_eq!(Record::parse(kind, &again, true), Ok(read));
            }
        }
    }

    #[test]
    fn readers_know_how_each_field_is_written(record in record(), client in client()) {
        let resrc = match &record.event {
            viraudit::Event::Resource { resource, .. } => Some(resource.kind().as_bytes()),
            _ => None,
        };
        record.visit(&mut Styles(resrc));
        client.visit(&mut Styles(resrc));
    }

    #[test]
    fn no_value_adds_a_field_or_a_line(record in record()) {
        let body = record.body();
        prop_assert_eq!(keys_in(&body), keys(&record), "{}", body.escape_ascii());
        prop_assert!(body.iter().all(|byte| (b' '..=b'~').contains(byte)));
    }

    #[test]
    fn the_whole_text_reads_back(
        record in record(),
        exe in bytes(),
        tty in bytes(),
        addr in bytes(),
        client in client(),
    ) {
        let suffix =
            Suffix::new(Origin { exe: Some(exe), host: Some(b"host".to_vec()), terminal: None });
        let mut sent = client.clone();
        sent.terminal = Some(tty.clone().into());
        sent.address = Some(addr.clone().into());
        let mut out = vec![0; TEXT_ROOM];
        let composed = compose(&record, &suffix, Some(&sent), record.success, &mut out).unwrap();
        out.truncate(composed.len);
        prop_assert_eq!(&out[..composed.body_len], &record.body()[..]);
        let parsed = ParsedMessage::parse(record.record_type(), &out);
        let parsed = parsed.map(|parsed| (parsed.record, parsed.client));
        prop_assert_eq!(parsed, Ok((record.clone(), client.clone())));
        let mut expected = keys(&record);
        expected.extend(keys(&client));
        expected.extend(["exe", "hostname", "addr", "terminal", "res"].map(|key| key.into()));
        prop_assert_eq!(keys_in(&out), expected);
    }

    #[test]
    fn a_text_body_that_needs_no_care_keeps_its_bytes(record in record()) {
        let body = record.body();
        let text = TextBody { kind: record.record_type(), text: &body };
        let whole = text_of(&text, &suffix(), true).0;
        prop_assert_eq!(&whole[..body.len()], &body[..]);
    }

    #[test]
    fn no_text_body_starts_a_line(kind in 0..8usize, text in bytes(), more in bytes()) {
        let text = [b"virt=kvm resrc=shmem reason=attach size=1 path=", &text[..], b" x=", &more].concat();
        let body = TextBody { kind: RecordType::ALL[kind], text: &text };
        let whole = text_of(&body, &suffix(), false).0;
        prop_assert!(whole.iter().all(|byte| (b' '..=b'~').contains(byte)));
        prop_assert!(whole.ends_with(b" res=failed"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_record_that_is_too_long_keeps_every_field(
        name in bytes(),
        old in 0..12_000usize,
        new in 0..12_000usize,
        exe in 0..9_000usize,
        x509 in 0..9_000usize,
        hex in any::<bool>(),
    ) {
        use viraudit::{Change, Guest, Resource, Uuid};
        let long = |len: usize| vec![if hex { 0xC3 } else { b'a' }; len];
        let guest = Guest::new("kvm", name, Uuid::default());
        let change = Change { old: Some(long(old).into()), new: Some(long(new).into()) };
        let record = Record::resource(guest, "attach", Resource::Disk(change), true);
        let suffix = Suffix::new(Origin { exe: Some(long(exe)), host: None, terminal: None });
        let mut client = ClientIdentity::new();
        client.account = Some("alice".into());
        client.x509 = Some(long(x509).into());
        let mut text = vec![0; TEXT_ROOM];
        let composed = compose(&record, &suffix, Some(&client), true, &mut text).expect("fits");
        text.truncate(composed.len);
        let truncated = composed.truncated;

        prop_assert!(text.len() <= TEXT_ROOM);
        prop_assert!(text.ends_with(b" addr=? terminal=? res=success"));
        let parsed = ParsedMessage::parse(record.record_type(), &text).expect("reads back");
        prop_assert_eq!(truncated, !parsed.truncated.is_empty());
        let mut expected = keys(&record);
        if truncated {
            expected.push(b"truncated".to_vec());
            // Nothing is given up without need: less than one more byte for each value fits.
            prop_assert!(text.len() + 16 > TEXT_ROOM, "only {} bytes", text.len());
        }
        let rest = ["acct", "client-x509", "exe", "hostname", "addr", "terminal", "res"];
        expected.extend(rest.map(|key| key.into()));
        prop_assert_eq!(keys_in(&text), expected);

        let (read, whole) = match (&parsed.record.event, &record.event) {
            (
                viraudit::Event::Resource { resource: Resource::Disk(read), .. },
                viraudit::Event::Resource { resource: Resource::Disk(whole), .. },
            ) => (read, whole),
            other => panic!("{other:?}"),
        };
        for (key, read, whole) in [
            ("old-disk", &read.old, &whole.old),
            ("new-disk", &read.new, &whole.new),
            ("client-x509", &parsed.client.x509, &client.x509),
        ] {
            let listed = parsed.truncated.split(|&byte| byte == b',').any(|name| name == key.as_bytes());
            let (read, whole) = (read.as_ref().unwrap(), whole.as_ref().unwrap());
            prop_assert!(whole.starts_with(read));
            prop_assert_eq!(listed, read.len() < whole.len());
        }
    }
}

#[test]
fn words_without_a_key_are_shortened_too() {
    let text = [b"word", &b"y".repeat(100)[..], b" "].concat().repeat(200);
    let (whole, truncated) =
        text_of(&TextBody { kind: RecordType::VirtControl, text: &text }, &suffix(), true);
    assert!(truncated && whole.len() <= TEXT_ROOM);
    assert!(whole.ends_with(b" res=success"));
}

#[test]
fn more_words_than_fit_never_cost_the_verdict() {
    let words = b"a=b ".repeat(4000);
    let long = b"x=\x01y ".repeat(4000);
    for text in [&words, &long] {
        let body = TextBody { kind: RecordType::VirtResource, text };
        for tty in [&b"pts/1"[..], text] {
            let mut client = ClientIdentity::new();
            client.terminal = Some(tty.into());
            client.address = Some(text[..].into());
            client.account = client.terminal.clone();
            let mut out = vec![0; TEXT_ROOM];
            let composed = compose(&body, &suffix(), Some(&client), false, &mut out).unwrap();
            let whole = &out[..composed.len];
            assert!(composed.truncated && composed.len > 8000);
            assert!(whole.starts_with(b"a=b a=b ") || whole.starts_with(b"x=0179 x=0179 "));
            let mark = b" truncated=* acct=";
            assert!(whole.windows(mark.len()).any(|at| at == mark));
            let mark = b" exe=\"/usr/sbin/libvirtd\" hostname=";
            assert!(whole.windows(mark.len()).any(|at| at == mark));
            assert!(whole.ends_with(b" res=failed"));
            assert_eq!(whole.windows(6).filter(|at| at == b" acct=").count(), 1);
        }
    }
}
