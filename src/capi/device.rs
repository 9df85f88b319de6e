//! Resources of a guest with a path or a MAC address.

use super::args::{MaybeText, Text, change, mac};
use super::boundary::Problem;
use super::domain::{Domain, emit, emit_resource};
use crate::record::{Mac, Rdev, TpmKind};
use crate::{Change, Event, Resource};
use std::ffi::{c_int, c_uint, c_ulonglong};

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainDisk(
    dom: Option<&Domain>,
    oldsrc: MaybeText<'_>,
    newsrc: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainDisk", dom, reason, success, &|| {
        Ok(Resource::Disk(change(oldsrc, newsrc)))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainFS(
    dom: Option<&Domain>,
    oldsrc: MaybeText<'_>,
    newsrc: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainFS", dom, reason, success, &|| {
        Ok(Resource::Fs(change(oldsrc, newsrc)))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainChardev(
    dom: Option<&Domain>,
    oldsrc: MaybeText<'_>,
    newsrc: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainChardev", dom, reason, success, &|| {
        Ok(Resource::Chardev(change(oldsrc, newsrc)))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainRNG(
    dom: Option<&Domain>,
    oldsrc: MaybeText<'_>,
    newsrc: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainRNG", dom, reason, success, &|| {
        Ok(Resource::Rng(change(oldsrc, newsrc)))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainNet(
    dom: Option<&Domain>,
    oldmac: Option<&[u8; 6]>,
    newmac: Option<&[u8; 6]>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainNet", dom, reason, success, &|| {
        Ok(Resource::Net { old: mac(oldmac), new: mac(newmac) })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainNetDevice(
    dom: Option<&Domain>,
    mac: Option<&[u8; 6]>,
    device: MaybeText<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainNetDevice", dom, success, &|_| {
        let mac = Mac(*mac.ok_or(Problem::Null("mac"))?);
        let path = device.value();
        let rdev = path.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
        let resource = Resource::NetDevice { mac, path, rdev };
        Ok(Event::Resource { reason: "open".into(), resource })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainSmartcard(
    dom: Option<&Domain>,
    newsrc: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainSmartcard", dom, reason, success, &|| {
        Ok(Resource::Smartcard(Change { old: None, new: newsrc.value() }))
    })
}

/// The header's virAuditTPMType.
fn tpm_kind(number: c_uint) -> Result<TpmKind, Problem> {
    match number {
        0 => Ok(TpmKind::Passthrough),
        1 => Ok(TpmKind::Emulator),
        2 => Ok(TpmKind::External),
        _ => Err(Problem::Argument("type is not a valid virAuditTPMType")),
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainTPM(
    dom: Option<&Domain>,
    type_: c_uint,
    path: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainTPM", dom, reason, success, &|| {
        Ok(Resource::Tpm { kind: tpm_kind(type_)?, path: path.value() })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainShmem(
    dom: Option<&Domain>,
    name: Text<'_>,
    size: c_ulonglong,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainShmem", dom, reason, success, &|| {
        Ok(Resource::Shmem { name: name.value("name")?, size })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainShmemServer(
    dom: Option<&Domain>,
    path: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainShmemServer", dom, reason, success, &|| {
        Ok(Resource::ShmemServer(path.value()))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainInput(
    dom: Option<&Domain>,
    path: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainInput", dom, reason, success, &|| {
        Ok(Resource::Evdev(path.value()))
    })
}
