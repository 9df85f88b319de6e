//! Any text of a C caller: one line, within the kernel's limit, with its verdict and origin whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use viraudit::RecordType;
use viraudit::message::{Client, Origin, Suffix, TEXT_ROOM, TextBody, compose};

fuzz_target!(|input: &[u8]| {
    let [which, times, text @ ..] = input else { return };
    let kind = RecordType::ALL[usize::from(*which) % RecordType::ALL.len()];
    // Long texts are hard to come by for a fuzzer.
    let text = text.repeat(1 + usize::from(*times));
    let origin = Origin { exe: Some(b"/usr/sbin/daemon".to_vec()), host: None, terminal: None };
    let suffix = Suffix::new(origin);
    let client = Client { tty: Some(&text), addr: Some(b"10.0.0.1 res=x") };
    let mut out = vec![0; TEXT_ROOM];
    for client in [Client::default(), client] {
        let body = TextBody { kind, text: &text };
        let composed = compose(&body, &suffix, client, *which < 128, &mut out).expect("it fits");
        let whole = &out[..composed.len];
        assert!(whole.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert!(whole.ends_with(if *which < 128 { b" res=success" } else { b" res=failed" }));
    }
});
