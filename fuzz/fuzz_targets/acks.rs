//! Any answers of the kernel: each record's outcome is told once, in order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{self, ErrorKind};
use viraudit::internal::audit_sys::frame::{Frames, framed_len, seal};
use viraudit::internal::audit_sys::link::Link;
use viraudit::internal::audit_sys::socket::Wire;

/// Plays the input back: a byte of length, a byte that says from whom or which error, the datagram.
struct Script<'a>(&'a [u8]);

impl Wire for Script<'_> {
    fn send(&mut self, _: &[u8]) -> io::Result<()> {
        match self.0.split_first() {
            Some((&errno, rest)) if errno > 200 => {
                self.0 = rest;
                Err(io::Error::from_raw_os_error(i32::from(errno - 200)))
            }
            _ => Ok(()),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], _: bool) -> io::Result<(usize, u32)> {
        let [len, what, rest @ ..] = self.0 else { return Err(ErrorKind::WouldBlock.into()) };
        let (datagram, rest) = rest.split_at(usize::from(*len).min(rest.len()));
        self.0 = rest;
        if *what > 128 {
            return Err(io::Error::from_raw_os_error(i32::from(what - 128)));
        }
        let len = datagram.len().min(buffer.len());
        buffer[..len].copy_from_slice(&datagram[..len]);
        Ok((len, u32::from(*what % 2)))
    }
}

fn send(link: &mut Link<Script<'_>>, count: usize) {
    let one = framed_len(3);
    let mut bytes = vec![b'x'; one * count];
    bytes.chunks_mut(one).for_each(|message| {
        seal(message, 2501, 3);
    });
    let mut told = 0;
    link.send(Frames::new(&mut bytes, count), &mut |i, _| {
        assert_eq!(i, told);
        told += 1;
    });
    assert_eq!(told, count);
}

fuzz_target!(|input: &[u8]| {
    let Some((counts, input)) = input.split_at_checked(4) else { return };
    let mut link = Link::new(Script(input));
    let _ = link.status();
    let _ = link.probe_write();
    // Single records among bursts: those behind a prompt answer ask for no ack.
    for count in counts {
        send(&mut link, 1 + usize::from(count % 8));
    }
});
