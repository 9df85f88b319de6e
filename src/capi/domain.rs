//! The guest as a C handle, its start and stop, and its security labels.

use super::args::{MaybeText, Text};
use super::boundary::{Problem, guard, quietly, status};
use super::emit::send_record;
#[cfg(feature = "xml")]
use super::emit::send_records;
use crate::memory;
use crate::record::{Control, ControlOp, MachineId};
use crate::{Event, Guest, Record, Resource, Uuid};
use std::ffi::{CStr, c_int, c_longlong, c_ulonglong};
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};

/// The header's virAuditDomain.
pub(super) struct Domain {
    subject: Subject,
    /// Any thread may set it while others send.
    pid: AtomicI64,
}

pub(super) enum Subject {
    Named(Guest<'static>),
    #[cfg(feature = "xml")]
    Described(crate::DomainDef),
}

impl Domain {
    /// A handle for C, which must free it.
    pub(super) fn handle(subject: Subject) -> Result<*mut Self, Problem> {
        // A box whose allocation may fail: it is laid out as one of a single element.
        let mut one = memory::with_room(1)?;
        one.push(Self { subject, pid: AtomicI64::new(0) });
        Ok(Box::into_raw(one.into_boxed_slice()).cast())
    }

    /// The guest that records are about.
    pub(super) fn guest(&self) -> Guest<'_> {
        match &self.subject {
            Subject::Named(guest) => guest.borrowed(),
            #[cfg(feature = "xml")]
            Subject::Described(def) => def.guest().borrowed(),
        }
    }

    /// The number of elements of its XML that have no records.
    pub(super) fn not_recorded(&self) -> usize {
        match &self.subject {
            Subject::Named(_) => 0,
            #[cfg(feature = "xml")]
            Subject::Described(def) => def.not_recorded_count(),
        }
    }

    fn pid(&self) -> i64 {
        self.pid.load(Ordering::Relaxed)
    }
}

/// Sends a record about a guest. The event is built only if `dom` isn't NULL.
///
/// Not generic, because all functions about guests share this code.
pub(super) fn emit<'a>(
    function: &'static str,
    dom: Option<&'a Domain>,
    success: bool,
    event: &dyn Fn(&'a Domain) -> Result<Event<'a>, Problem>,
) -> c_int {
    status(|| {
        let dom = dom.ok_or(Problem::Null("dom"))?;
        let record = Record { guest: dom.guest(), event: event(dom)?, success };
        send_record(function, &record)
    })
}

/// Sends a record about a resource.
pub(super) fn emit_resource<'a>(
    function: &'static str,
    dom: Option<&'a Domain>,
    reason: Text<'a>,
    success: bool,
    resource: &dyn Fn() -> Result<Resource<'a>, Problem>,
) -> c_int {
    emit(function, dom, success, &|_| {
        Ok(Event::Resource { resource: resource()?, reason: reason.value("reason")? })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainNew(
    virt: Text<'_>,
    name: Text<'_>,
    uuid: Option<&[u8; 16]>,
) -> *mut Domain {
    guard(ptr::null_mut(), || {
        let uuid = Uuid(*uuid.ok_or(Problem::Null("uuid"))?);
        let (virt, name) = (virt.named("virt")?, name.named("name")?);
        let copy = |text: &CStr| memory::copy(text.to_bytes());
        Domain::handle(Subject::Named(Guest::new(copy(virt)?, copy(name)?, uuid)))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainSetPid(dom: Option<&Domain>, pid: c_longlong) {
    quietly((), || {
        if let Some(dom) = dom {
            dom.pid.store(pid, Ordering::Relaxed);
        }
    });
}

/// # Safety
///
/// `dom` is NULL or came from this library, and isn't used after this call.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn virAuditDomainFree(dom: *mut Domain) {
    quietly((), || {
        if !dom.is_null() {
            // SAFETY: it came from `Domain::handle`, and the caller gives it back.
            drop(unsafe { Box::from_raw(dom) });
        }
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainStart(
    dom: Option<&Domain>,
    reason: Text<'_>,
    success: bool,
) -> c_int {
    const ME: &str = "virAuditDomainStart";
    status(|| {
        let dom = dom.ok_or(Problem::Null("dom"))?;
        let reason = reason.value("reason")?;
        match &dom.subject {
            Subject::Named(guest) => {
                send_record(ME, &Record::start(guest.borrowed(), reason, dom.pid(), success))
            }
            #[cfg(feature = "xml")]
            Subject::Described(def) => {
                send_records(ME, def.start_records(reason, dom.pid(), success))
            }
        }
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainStop(dom: Option<&Domain>, reason: Text<'_>) -> c_int {
    emit("virAuditDomainStop", dom, true, &|dom| {
        let op = ControlOp::Stop { reason: reason.value("reason")? };
        Ok(Event::Control(Control { op, pid: dom.pid() }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainInit(
    dom: Option<&Domain>,
    initpid: c_longlong,
    pidns: c_ulonglong,
) -> c_int {
    emit("virAuditDomainInit", dom, true, &|dom| {
        let op = ControlOp::Init { init_pid: initpid, pid_ns: pidns };
        Ok(Event::Control(Control { op, pid: dom.pid() }))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainSecurityLabel(
    dom: Option<&Domain>,
    vm_ctx: MaybeText<'_>,
    img_ctx: MaybeText<'_>,
    model: MaybeText<'_>,
    success: bool,
) -> c_int {
    emit("virAuditDomainSecurityLabel", dom, success, &|_| {
        Ok(Event::MachineId(MachineId {
            vm_ctx: vm_ctx.value(),
            img_ctx: img_ctx.value(),
            model: model.value(),
        }))
    })
}
