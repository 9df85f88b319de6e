//! virAuditSend: a jump into C, which formats the variable arguments, and back into Rust.
//!
//! A cdylib exports only symbols that Rust defines. So the exported function is Rust's: a single
//! jump, which leaves every argument in its place. The way back needs a name that C can call and
//! that isn't visible outside the library: an assembler label with hidden visibility.

use super::args::MaybeText;
use super::batch::add_or_send;
use super::boundary::caught_quietly;
use super::current::deliver;
use super::libvirt_client;
use super::log::{VirLogSource, with_source};
use crate::RecordType;
use crate::client::{self, ClientIdentity};
use crate::log::Caller;
use crate::message::Client;
use std::arch::{global_asm, naked_asm};
use std::ffi::{CStr, c_char, c_int};

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {}"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b {}"
    };
}
#[cfg(target_arch = "riscv64")]
macro_rules! jump {
    () => {
        "tail {}"
    };
}
#[cfg(target_arch = "s390x")]
macro_rules! jump {
    () => {
        "jg {}"
    };
}
#[cfg(all(target_arch = "powerpc64", target_endian = "little"))]
macro_rules! jump {
    () => {
        "b {}"
    };
}
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64",
    target_arch = "s390x",
    all(target_arch = "powerpc64", target_endian = "little")
)))]
compile_error!(
    "viraudit's C interface needs this processor's jump instruction in src/capi/send.rs; \
     build with --no-default-features to leave the C interface out"
);

unsafe extern "C" {
    /// Defined in send.c, with the parameters of virAuditSend.
    fn viraudit_send();
}

/// What an exported function does before its jump: nothing, but on POWER, whose functions find their
/// library's data by a register (r2) that callers from outside have set for theirs. They leave the
/// function's address in r12; callers from inside skip this (`.localentry`).
#[cfg(not(target_arch = "powerpc64"))]
macro_rules! enter {
    () => {
        ""
    };
}
#[cfg(target_arch = "powerpc64")]
macro_rules! enter {
    () => {
        "addis 2, 12, .TOC.-virAuditSend@ha
         addi 2, 2, .TOC.-virAuditSend@l
         .localentry virAuditSend, .-virAuditSend"
    };
}

/// # Safety
///
/// Strings are NULL or valid, and the arguments fit `format`.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C-unwind" fn virAuditSend(
    source: *mut VirLogSource,
    filename: *const c_char,
    linenr: usize,
    funcname: *const c_char,
    clienttty: *const c_char,
    clientaddr: *const c_char,
    record_type: c_int,
    success: bool,
    format: *const c_char,
    // ...
) {
    naked_asm!(enter!(), jump!(), sym viraudit_send)
}

global_asm!(
    ".globl viraudit_send_formatted",
    ".hidden viraudit_send_formatted",
    ".type viraudit_send_formatted, @function",
    "viraudit_send_formatted:",
    jump!(),
    sym send_formatted,
);

/// The argument of send.c's call.
#[repr(C)]
struct Call<'a> {
    source: *mut VirLogSource,
    filename: MaybeText<'a>,
    linenr: usize,
    funcname: MaybeText<'a>,
    clienttty: MaybeText<'a>,
    clientaddr: MaybeText<'a>,
    text: *const u8,
    length: usize,
    record_type: c_int,
    success: bool,
}

extern "C" fn send_formatted(call: &Call<'_>) {
    // send.c has disabled cancellation.
    caught_quietly((), || {
        // SAFETY: send.c gives a text of that length, which lives until this returns.
        let text = unsafe { std::slice::from_raw_parts(call.text, call.length) };
        with_source(call.source, || send(call, text));
    });
}

fn send(call: &Call<'_>, text: &[u8]) {
    // The header's virAuditRecordType. Other numbers are ignored.
    let kind = match call.record_type {
        0 => RecordType::VirtControl,
        1 => RecordType::VirtMachineId,
        2 => RecordType::VirtResource,
        _ => return,
    };
    let (file, function) = (call.filename.shown(), call.funcname.shown());
    let caller = Caller { file: &file, line: call.linenr, function: &function };
    let place = Client {
        tty: call.clienttty.get().map(CStr::to_bytes),
        addr: call.clientaddr.get().map(CStr::to_bytes),
    };
    let send = |client: Option<&ClientIdentity<'_>>| {
        // Already counted; logged on a state change.
        let _ = deliver(|auditor| {
            add_or_send(
                auditor,
                "virAuditSend",
                |batch| batch.push_text_of(kind, text, call.success, client, caller),
                || auditor.send_text_of(kind, text, call.success, client, caller),
            )
        });
    };
    match client::current() {
        Some(client) => place.identified(Some(&client), send),
        None => libvirt_client::with_client(|client| place.identified(client, send)),
    }
}
