//! Any bytes as a settings file: reading never panics, and what `set` writes is read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use viraudit::Config;
use viraudit::internal::config::edit::{Assignment, set};

fuzz_target!(|input: &[u8]| {
    let path = Path::new("fuzz.conf");
    let _ = Config::parse(path, input);
    let wanted = [Assignment::AuditLevel(2), Assignment::AuditLogging(true)];
    if let Ok(text) = set(path, input, &wanted) {
        let config = Config::parse(path, &text).expect("what was set can be read");
        assert_eq!((config.audit_level, config.audit_logging), (2, true));
    }
});
