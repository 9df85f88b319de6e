//! The kernel's audit subsystem.

use super::{Backend, Notice, Sink};
use crate::audit_sys::frame::Frames;
use crate::audit_sys::link::{Link, WriteProbe};
use crate::audit_sys::socket::Socket;
use crate::log::LogLevel;
use crate::{Error, Failure};

/// The notice for a kernel that takes records and drops them.
pub const AUDITING_IS_OFF: &str = "auditing is off on this host: the kernel drops records until \
                                   it is turned on (auditctl -e 1, or auditd)";

/// The host's audit subsystem.
///
/// ```no_run
/// use viraudit::{Auditor, Guest, KernelBackend, Options, Record};
///
/// let auditor = Auditor::open(KernelBackend, Options::new())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// auditor.emit(Record::start(&guest, "booted", 4711, true))?;
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Debug)]
pub struct KernelBackend;

impl Backend for KernelBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Ok(Box::new(Link::open()?))
    }

    fn open_at_level(
        &self,
        level: u32,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Box<dyn Sink>, Error> {
        let mut link = Link::open()?;
        let status = link.status();
        if level == 1 {
            if matches!(status, Ok(status) if status.enabled == 0) {
                notice(Notice { level: LogLevel::Info, message: AUDITING_IS_OFF.into() });
            }
            return Ok(Box::new(link));
        }
        if matches!(status, Ok(status) if status.enabled == 0) {
            return Err(Failure::Disabled.into());
        }
        match link.probe_write() {
            WriteProbe::Refused(failure) => return Err(failure.into()),
            // Only without a status: a kernel that reports auditing as on, and still accepts the
            // empty record, is an old one.
            WriteProbe::Off if status.is_err() => return Err(Failure::Disabled.into()),
            WriteProbe::Off | WriteProbe::On => {}
        }
        if let Err(why) = status {
            notice(Notice {
                level: LogLevel::Warning,
                message: format!(
                    "can't ask the kernel whether auditing is on (errno {}; it takes \
                     CAP_AUDIT_CONTROL): going by its answer to an empty record",
                    why.errno()
                ),
            });
        }
        Ok(Box::new(link))
    }
}

impl Sink for Link<Socket> {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        match self.ensure_open() {
            Ok(()) => Link::send(self, frames, outcome),
            Err(failure) => (0..frames.count()).for_each(|i| outcome(i, Err(failure))),
        }
    }

    fn unread(&mut self) -> Option<u64> {
        self.ensure_open().ok()?;
        Link::unread(self)
    }
}
