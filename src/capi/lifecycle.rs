//! The record types that libvirt never writes.

use super::args::{MaybeText, Text};
use super::domain::{Domain, emit};
use crate::Event;
use crate::record::Lifecycle;
use std::ffi::c_int;

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainIntegrityCheck(
    dom: Option<&Domain>,
    mechanism: Text<'_>,
    action: Text<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainIntegrityCheck", dom, success, &|_| {
        Ok(Event::Lifecycle(Lifecycle::IntegrityCheck {
            mechanism: mechanism.value("mechanism")?,
            action: action.value("action")?,
        }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainCreate(
    dom: Option<&Domain>,
    image: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainCreate", dom, success, &|_| {
        Ok(Event::Lifecycle(Lifecycle::Create {
            reason: reason.value("reason")?,
            image: image.value(),
        }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainDestroy(
    dom: Option<&Domain>,
    image: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainDestroy", dom, success, &|_| {
        Ok(Event::Lifecycle(Lifecycle::Destroy {
            reason: reason.value("reason")?,
            image: image.value(),
        }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainMigrateIn(
    dom: Option<&Domain>,
    peer: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainMigrateIn", dom, success, &|_| {
        Ok(Event::Lifecycle(Lifecycle::MigrateIn {
            reason: reason.value("reason")?,
            peer: peer.value(),
        }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainMigrateOut(
    dom: Option<&Domain>,
    peer: MaybeText<'_>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainMigrateOut", dom, success, &|_| {
        Ok(Event::Lifecycle(Lifecycle::MigrateOut {
            reason: reason.value("reason")?,
            peer: peer.value(),
        }))
    })
}
