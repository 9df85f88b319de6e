//! Any bytes as a record: what is read is written and read the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use viraudit::internal::message::ParsedMessage;
use viraudit::{Record, RecordType};

fuzz_target!(|input: &[u8]| {
    let Some((which, text)) = input.split_first() else { return };
    let kind = RecordType::ALL[usize::from(*which) % RecordType::ALL.len()];
    if let Ok(record) = Record::parse(kind, text, true) {
        let body = record.body();
        assert!(body.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_eq!(Record::parse(kind, &body, true).as_ref(), Ok(&record));
    }
    let _ = ParsedMessage::parse(kind, text);
});
