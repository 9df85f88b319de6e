//! Any bytes as a domain XML: an error, or records that are whole and read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use viraudit::{DomainDef, Record};

fuzz_target!(|input: &[u8]| {
    match DomainDef::parse(input) {
        Ok(def) => {
            for record in def.start_records("booted", 1, true) {
                let body = record.body();
                assert!(body.iter().all(|byte| (b' '..=b'~').contains(byte)));
                if record.is_worth_sending() {
                    Record::parse(record.record_type(), &body, record.success).expect("reads back");
                }
            }
        }
        Err(error) => assert!(error.line > 0 && error.column > 0, "{error}"),
    }
});
