//! COMMAND, and the sign that it has ended.

use crate::console::{reason, shown};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use viraudit_trail::listen::Wake;

/// A command that runs.
pub(super) struct Child {
    pid: u32,
    waiter: JoinHandle<io::Result<ExitStatus>>,
    /// Its other end is closed when the command has ended.
    sign: UnixStream,
}

impl Child {
    /// Starts the command. The error is a message.
    pub(super) fn start(command: &[OsString], own_stdin: bool) -> Result<Option<Self>, String> {
        let Some((program, args)) = command.split_first() else { return Ok(None) };
        let name = shown(Path::new(program));
        let failed = |error: io::Error| format!("can't run {name}: {}", reason(&error));
        let (sign, ended) = UnixStream::pair().map_err(failed)?;
        let stdin = if own_stdin { Stdio::inherit() } else { Stdio::null() };
        let mut child = Command::new(program).args(args).stdin(stdin).spawn().map_err(failed)?;
        let pid = child.id();
        let waiter = thread::spawn(move || {
            let status = child.wait();
            drop(ended);
            status
        });
        Ok(Some(Self { pid, waiter, sign }))
    }

    /// Its end.
    pub(super) fn wake(&self) -> Wake<'_> {
        Wake { fd: self.sign.as_fd(), readable: true }
    }

    pub(super) fn is_running(&self) -> bool {
        !self.waiter.is_finished()
    }

    /// Ends it.
    pub(super) fn terminate(self) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_running()) {
            // It may have ended just now.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits for its end. The error is how it failed.
    pub(super) fn join(self) -> Result<(), String> {
        match self.waiter.join() {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(match (status.code(), status.signal()) {
                (Some(code), _) => format!("status {code}"),
                (None, Some(signal)) => format!("signal {signal}"),
                (None, None) => "an unknown status".into(),
            }),
            Ok(Err(error)) => Err(reason(&error)),
            Err(_) => Err("an unknown status".into()),
        }
    }
}
