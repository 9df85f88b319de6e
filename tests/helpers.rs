//! Each record against what libvirt 9.0.0's own helpers wrote.
//!
//! `tests/golden/helpers.jsonl` holds records of a real libvirtd (made by
//! tests/system/96-libvirtd.py): each is read, and written again to the same bytes. Single calls of
//! the helpers are in corpora of their own (tests/support/helper_calls.rs); tests/capi makes the same
//! calls through the C functions.
#![allow(clippy::print_stdout, reason = "the figures are a part of the result")]

#[path = "support/helper_calls.rs"]
mod helper_calls;

use helper_calls::{Expected, HelperCall, corpora, lines};
use std::path::Path;
use viraudit::internal::message::ParsedMessage;
use viraudit::record::RecordType;

#[test]
fn typed_records_have_the_bytes_of_libvirts_helpers() {
    for corpus in corpora() {
        let cases = lines(&corpus);
        for case in &cases {
            let call = HelperCall(case);
            let records = call.records().unwrap_or_else(|| panic!("no record for {case}"));
            let ours: Vec<_> = (records.iter())
                .filter(|record| record.is_worth_sending())
                .map(|record| Expected {
                    kind: record.record_type().name().to_owned(),
                    success: record.success,
                    body: record.body(),
                })
                .collect();
            assert_eq!(ours, call.expected(), "{}", call.arguments());
        }
        println!("{} calls of {}", cases.len(), corpus.display());
        assert!(cases.len() > 200);
    }
}

#[test]
fn records_of_a_real_libvirtd_are_read_and_written_again() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/helpers.jsonl");
    let cases = lines(&path);
    for case in &cases {
        let kind: RecordType = case["type"].as_str().unwrap().parse().unwrap();
        let text = case["text"].as_str().unwrap();
        let parsed =
            ParsedMessage::parse(kind, text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"));
        let body = String::from_utf8(parsed.record.body()).unwrap();
        let rest = text.strip_prefix(&body).unwrap_or_else(|| panic!("{body}\n{text}"));
        assert!(rest.starts_with(" exe=\"/usr/sbin/libvirtd\" hostname=? "), "{text}");
        assert_eq!(rest.ends_with(" res=success"), parsed.record.success, "{text}");
    }
    println!("{} records of a real libvirtd", cases.len());
    assert!(cases.len() > 100);
}
