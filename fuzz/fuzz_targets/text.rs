//! Any text of a C caller: one line, within the kernel's limit, with its verdict and origin whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use viraudit::internal::message::{Suffix, TEXT_ROOM, TextBody, compose};
use viraudit::{ClientIdentity, Origin, RecordType};

/// Twice as much in hex, and that twice, is still no long text.
const SHORT: usize = 1024;

fuzz_target!(|input: &[u8]| {
    let [which, times, text @ ..] = input else { return };
    let kind = RecordType::ALL[usize::from(*which) % RecordType::ALL.len()];
    // Long texts are hard to come by for a fuzzer, and slow: one of many inputs is made one. Which
    // one its sum says, so that most of what it becomes by mutation is short again.
    let sum = input.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte));
    let text = if sum.is_multiple_of(128) {
        text.repeat((1 + usize::from(*times)).min(1 + 5 * TEXT_ROOM / 4 / text.len().max(1)))
    } else {
        text[..text.len().min(SHORT)].to_vec()
    };
    let origin = Origin { exe: Some(b"/usr/sbin/daemon".to_vec()), host: None, terminal: None };
    let suffix = Suffix::new(origin);
    let mut client = ClientIdentity::new();
    client.terminal = Some(text[..].into());
    client.address = Some(b"10.0.0.1 res=x"[..].into());
    client.account = client.terminal.clone();
    client.pid = Some(u32::from(*which));
    client.x509 = client.terminal.clone();
    let mut out = vec![0; TEXT_ROOM];
    for client in [None, Some(&client)] {
        let body = TextBody { kind, text: &text };
        let composed = compose(&body, &suffix, client, *which < 128, &mut out).expect("it fits");
        let whole = &out[..composed.len];
        assert!(whole.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert!(whole.ends_with(if *which < 128 { b" res=success" } else { b" res=failed" }));
    }
});
