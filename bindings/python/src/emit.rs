//! Emitting records.

mod guest_auditor;

pub(crate) use guest_auditor::GuestAuditor;

use crate::guest::{Domain, Guest};
use crate::record::{Record, body, record_type};
use crate::text::Text;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use viraudit::log::{Caller, LogLevel, LogSink};
use viraudit::{Delivery, Error, Failure, FileBackend, KernelBackend, MockBackend, Options};

pyo3::create_exception!(viraudit, DeliveryError, PyOSError, "A record was not delivered.");

/// The exception for a failed record.
pub(crate) fn failed(failure: Failure) -> PyErr {
    DeliveryError::new_err((failure.errno(), failure.to_string()))
}

fn not_opened(error: Error) -> PyErr {
    match error {
        Error::Delivery(failure) => failed(failure),
        error => DeliveryError::new_err((error.errno(), error.to_string())),
    }
}

/// Log lines for Python's logger `viraudit`.
#[derive(Debug)]
struct Logger;

impl LogSink for Logger {
    fn log(&self, level: LogLevel, _: Caller<'_>, message: &str) {
        // None while the interpreter ends.
        Python::try_attach(|py| {
            let number = match level {
                LogLevel::Info => 20,
                LogLevel::Warning => 30,
            };
            let logged = py.import("logging").and_then(|logging| {
                let logger = logging.call_method1("getLogger", ("viraudit",))?;
                logger.call_method1("log", (number, "%s", message))
            });
            if let Err(error) = logged {
                error.write_unraisable(py, None);
            }
        });
    }
}

/// Sends records about guests to the kernel, to a file, or to memory.
#[pyclass(module = "viraudit", frozen)]
pub(crate) struct Auditor {
    auditor: Arc<viraudit::Auditor>,
    mock: Option<MockBackend>,
}

/// The counts of an auditor's records.
#[pyclass(module = "viraudit", frozen, eq, get_all)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stats {
    offered: u64,
    delivered: u64,
    failed: u64,
    dropped: u64,
    truncated: u64,
    queued: u64,
    last_errno: i32,
}

#[pymethods]
impl Stats {
    fn __repr__(&self) -> String {
        let Self { offered, delivered, failed, dropped, truncated, queued, last_errno } = self;
        format!(
            "Stats(offered={offered}, delivered={delivered}, failed={failed}, dropped={dropped}, \
             truncated={truncated}, queued={queued}, last_errno={last_errno})"
        )
    }
}

#[pymethods]
impl Auditor {
    #[new]
    #[pyo3(signature = (target=Text(b"kernel".to_vec()), *, level=1, logging=false, queue=None))]
    fn new(
        py: Python<'_>,
        target: Text,
        level: u32,
        logging: bool,
        queue: Option<usize>,
    ) -> PyResult<Self> {
        let delivery = queue.map_or(Delivery::Direct, |limit| Delivery::Queued { limit });
        let options = Options::new().level(level).logging(logging).log(Logger).delivery(delivery);
        let mut mock = None;
        let opened = match &target.0[..] {
            b"kernel" => py.detach(|| viraudit::Auditor::open(KernelBackend, options)),
            b"mock" => {
                let backend = MockBackend::new();
                mock = Some(backend.clone());
                py.detach(|| viraudit::Auditor::open(backend, options))
            }
            other => {
                let Some(path) = other.strip_prefix(b"file:") else {
                    return Err(PyValueError::new_err("the target is kernel, mock or file:PATH"));
                };
                let path = Text(path.to_vec()).into_path();
                py.detach(|| viraudit::Auditor::open(FileBackend::new(path), options))
            }
        };
        let auditor = opened.map_err(not_opened)?;
        Ok(Self { auditor: Arc::new(auditor), mock })
    }

    /// Sends records about one guest.
    fn guest(&self, guest: &Guest) -> GuestAuditor {
        GuestAuditor::new(Arc::clone(&self.auditor), guest.0.clone())
    }

    /// Sends the records of a guest's start: its labels, its resources, then the start.
    #[pyo3(signature = (domain, reason, pid, success=true))]
    fn start(
        &self,
        py: Python<'_>,
        domain: &Domain,
        reason: Text,
        pid: i64,
        success: bool,
    ) -> PyResult<()> {
        let records = || domain.0.start_records(reason, pid, success);
        py.detach(|| self.auditor.emit_all(records())).map_err(failed)
    }

    /// Sends one record with these fields.
    #[pyo3(signature = (r#type, fields, success=true))]
    fn emit(
        &self,
        py: Python<'_>,
        r#type: &str,
        fields: Vec<(String, Text)>,
        success: bool,
    ) -> PyResult<()> {
        let kind = record_type(r#type)?;
        let body = body(kind, &fields)?;
        let record = viraudit::Record::parse(kind, &body, success)
            .map_err(|why| PyValueError::new_err(why.to_string()))?;
        py.detach(|| self.auditor.emit(&record)).map_err(failed)
    }

    /// The records so far.
    #[getter]
    fn records(&self, py: Python<'_>) -> PyResult<Vec<Record>> {
        let mock = self.mock()?;
        Ok(py.detach(|| {
            let record = |(at, record): (usize, viraudit::backend::MockRecord)| {
                let front =
                    format!("type={} msg=audit(0.000:{}): pid=0 msg='", record.kind, at + 1);
                let bytes = [front.as_bytes(), &record.text, b"'"].concat();
                Record::read(&bytes)
            };
            mock.records().into_iter().enumerate().filter_map(record).collect()
        }))
    }

    /// Forgets the records so far.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        let mock = self.mock()?;
        py.detach(|| mock.clear());
        Ok(())
    }

    /// Makes each record fail with this errno; 0 ends it.
    fn fail_with(&self, errno: i32) -> PyResult<()> {
        self.mock()?.fail_with(errno);
        Ok(())
    }

    /// The counts.
    #[getter]
    fn stats(&self) -> Stats {
        let stats = self.auditor.stats();
        Stats {
            offered: stats.offered,
            delivered: stats.delivered,
            failed: stats.failed,
            dropped: stats.dropped,
            truncated: stats.truncated,
            queued: stats.queued,
            last_errno: stats.last_errno,
        }
    }

    /// Waits until the queue is empty. False if that took longer.
    fn flush(&self, py: Python<'_>, wait: f64) -> PyResult<bool> {
        let wait = Duration::try_from_secs_f64(wait)
            .map_err(|_| PyValueError::new_err("wait is a number of seconds"))?;
        Ok(py.detach(|| self.auditor.flush(wait)))
    }

    /// Delivers the queued records and closes the target.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.auditor.shut());
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) {
        self.close(py);
    }
}

impl Auditor {
    fn mock(&self) -> PyResult<&MockBackend> {
        self.mock
            .as_ref()
            .ok_or_else(|| PyValueError::new_err("only the target mock keeps records"))
    }
}

/// A queue is delivered without the GIL, because its thread may log.
impl Drop for Auditor {
    fn drop(&mut self) {
        Python::attach(|py| py.detach(|| self.auditor.shut()));
    }
}
