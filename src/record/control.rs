//! VIRT_CONTROL: a guest starts, stops, or a container's init starts.

use super::borrow::parts;
use super::fields::FieldSink;
use super::parse::{FieldReader, ParseError};
use crate::value::Value;

/// An operation on the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ControlOp<'a> {
    /// It starts. libvirt's reasons: booted restored migrated from-snapshot reboot.
    Start {
        /// Why.
        reason: Value<'a>,
    },
    /// It stops. libvirt's reasons: shutdown destroyed crashed saved migrated failed
    /// from-snapshot reboot.
    Stop {
        /// Why.
        reason: Value<'a>,
    },
    /// A container's init starts.
    Init {
        /// The host's process id of init.
        init_pid: i64,
        /// The inode number of init's pid namespace.
        pid_ns: u64,
    },
}

/// The tail of a VIRT_CONTROL record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Control<'a> {
    /// The operation.
    pub op: ControlOp<'a>,
    /// The guest's process on the host; 0 or -1 once it is gone.
    pub pid: i64,
}

impl<'a> Control<'a> {
    pub(super) fn visit_head<S: FieldSink>(&self, sink: &mut S) {
        let (op, reason) = match &self.op {
            ControlOp::Start { reason } => ("start", Some(reason)),
            ControlOp::Stop { reason } => ("stop", Some(reason)),
            ControlOp::Init { .. } => ("init", None),
        };
        sink.plain("op", op.as_bytes());
        if let Some(reason) = reason {
            sink.raw("reason", reason);
        }
    }

    pub(super) fn visit_tail<S: FieldSink>(&self, sink: &mut S) {
        sink.number("vm-pid", self.pid);
        if let ControlOp::Init { init_pid, pid_ns } = self.op {
            sink.number("init-pid", init_pid);
            // libvirt prints it as a long long.
            sink.number("pid-ns", pid_ns.cast_signed());
        }
    }

    pub(super) fn parse(
        reader: &mut FieldReader<'a>,
    ) -> Result<(super::parse::Subject<'a>, Self), ParseError> {
        let op = reader.take("op")?;
        let reason = match op {
            b"start" | b"stop" => Some(reader.raw("reason")?),
            b"init" => None,
            _ => return Err(ParseError::unexpected("op")),
        };
        let subject = reader.subject()?;
        let pid = reader.number("vm-pid")?;
        let op = match (op, reason) {
            (b"start", Some(reason)) => ControlOp::Start { reason },
            (_, Some(reason)) => ControlOp::Stop { reason },
            (_, None) => ControlOp::Init {
                init_pid: reader.number("init-pid")?,
                pid_ns: reader.number::<i64>("pid-ns")?.cast_unsigned(),
            },
        };
        Ok((subject, Self { op, pid }))
    }
}

parts! {
    pub(crate) struct Control { op, pid }
}

parts! {
    pub(crate) enum ControlOp {
        Start { reason },
        Stop { reason },
        Init { init_pid, pid_ns },
    }
}
