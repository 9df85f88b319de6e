//! Devices of the host that are assigned to a guest.

use super::args::{MaybeText, Text};
use super::domain::{Domain, emit_resource};
use crate::Resource;
use crate::record::HostDevice;
use std::ffi::{c_int, c_uint, c_ulonglong};

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevPCI(
    dom: Option<&Domain>,
    domain: c_uint,
    bus: c_uint,
    slot: c_uint,
    function: c_uint,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevPCI", dom, reason, success, &|| {
        Ok(Resource::Dev(HostDevice::Pci { domain, bus, slot, function }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevUSB(
    dom: Option<&Domain>,
    bus: c_uint,
    device: c_uint,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevUSB", dom, reason, success, &|| {
        Ok(Resource::Dev(HostDevice::Usb { bus, device }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevSCSI(
    dom: Option<&Domain>,
    adapter: Text<'_>,
    bus: c_uint,
    target: c_uint,
    unit: c_ulonglong,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevSCSI", dom, reason, success, &|| {
        let adapter = adapter.value("adapter")?;
        Ok(Resource::Dev(HostDevice::Scsi { adapter, bus, target, unit }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevSCSIHost(
    dom: Option<&Domain>,
    wwpn: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevSCSIHost", dom, reason, success, &|| {
        Ok(Resource::Dev(HostDevice::ScsiHost(wwpn.value())))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevMdev(
    dom: Option<&Domain>,
    uuid: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevMdev", dom, reason, success, &|| {
        Ok(Resource::Dev(HostDevice::Mdev(uuid.value())))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevStorage(
    dom: Option<&Domain>,
    block: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevStorage", dom, reason, success, &|| {
        Ok(Resource::HostdevStorage(block.value()))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainHostdevMisc(
    dom: Option<&Domain>,
    chardev: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainHostdevMisc", dom, reason, success, &|| {
        Ok(Resource::HostdevMisc(chardev.value()))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainRedirdev(
    dom: Option<&Domain>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit_resource("virAuditDomainRedirdev", dom, reason, success, &|| {
        Ok(Resource::Dev(HostDevice::Redirected))
    })
}
