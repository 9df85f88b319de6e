//! The sessions of guests in logs.

use crate::text::Text;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit_trail::events::Wants;
use viraudit_trail::input::Sources;
use viraudit_trail::report::{EventView, Failed, Filter, NamePattern, Report, SessionView, Value};
use viraudit_trail::time::{Clock, Edge, parse};

/// Reads logs. Returns the sessions, as dicts, and notes about the logs.
#[pyfunction]
#[pyo3(signature = (paths, *, vm=None, uuid=None, host=None, user=None, failed=false, start=None, end=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn read_report<'py>(
    py: Python<'py>,
    paths: Vec<Text>,
    vm: Option<Text>,
    uuid: Option<Bound<'py, PyAny>>,
    host: Option<Text>,
    user: Option<String>,
    failed: bool,
    start: Option<String>,
    end: Option<String>,
) -> PyResult<(Vec<Bound<'py, PyDict>>, Vec<String>)> {
    let clock = Clock::system();
    let time = |text: Option<String>, edge| {
        let parsed = text.map(|text| parse(&text, edge, &clock)).transpose();
        parsed.map_err(|why| PyValueError::new_err(why.to_string()))
    };
    let names = |name: Option<Text>| name.iter().map(|name| NamePattern::from(&name.0)).collect();
    let filter = Filter {
        vms: names(vm),
        uuid: uuid.as_ref().map(crate::guest::uuid).transpose()?,
        hosts: names(host),
        user,
        failed: failed.then_some(Failed::Any),
        start: time(start, Edge::Start)?,
        end: time(end, Edge::End)?,
        ..Filter::default()
    };
    let paths: Vec<_> = paths.into_iter().map(Text::into_path).collect();
    let report = py.detach(|| {
        let sources = Sources::resolve(&paths)?;
        let wants = Wants { details: true, failed };
        let report = Report::read(&sources, wants, &clock, &Arc::new(AtomicU64::new(0)), filter);
        match report.store().errors.first() {
            None => Ok(report),
            Some((source, error)) => {
                let name = sources.list.get(*source).map(|source| source.name());
                let copy = error.raw_os_error().map_or_else(
                    || std::io::Error::new(error.kind(), error.to_string()),
                    std::io::Error::from_raw_os_error,
                );
                Err((name.unwrap_or_default().into(), copy))
            }
        }
    });
    let report = report.map_err(|(path, error)| match error.raw_os_error() {
        Some(errno) => PyOSError::new_err((errno, error.kind().to_string(), path)),
        None => PyOSError::new_err(format!("{}: {error}", path.display())),
    })?;
    let sessions = report.sessions().map(|session| {
        let dict = session_dict(py, &session)?;
        let events = report.events(&session).map(|event| event_dict(py, &event));
        dict.set_item("events", events.collect::<PyResult<Vec<_>>>()?)?;
        Ok(dict)
    });
    let sessions = sessions.collect::<PyResult<_>>()?;
    let counts = &report.store().line_counts;
    let mut notes: Vec<String> = report.store().remarks.iter().map(ToString::to_string).collect();
    if counts.is_damaged() {
        notes.push(format!("{counts}; see viraudit verify"));
    }
    Ok((sessions, notes))
}

fn session_dict<'py>(py: Python<'py>, session: &SessionView<'_>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("host", session.host.as_deref())?;
    dict.set_item("virt", &*session.virt)?;
    dict.set_item("vm", &*session.vm)?;
    dict.set_item("renamed", session.renamed.as_deref())?;
    dict.set_item("uuid", session.uuid.to_string())?;
    dict.set_item("user", session.user)?;
    dict.set_item("auid", session.auid)?;
    dict.set_item("start", session.start)?;
    dict.set_item("end", session.end)?;
    dict.set_item("state", session.state.name())?;
    dict.set_item("reason", session.reason.as_deref())?;
    dict.set_item("stop_reason", session.stop_reason.as_deref())?;
    dict.set_item("pid", session.pid)?;
    dict.set_item("gap", session.gap)?;
    let proof: Vec<String> = session.proof.iter().map(ToString::to_string).collect();
    dict.set_item("proof", proof)?;
    let client = PyDict::new(py);
    for (key, value) in session.client.into_iter().flat_map(|client| client.values()) {
        set(&client, key, &value)?;
    }
    dict.set_item("client", client)?;
    Ok(dict)
}

fn event_dict<'py>(py: Python<'py>, event: &EventView<'_>) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    for (key, value) in &event.fields {
        set(&fields, key, value)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("kind", event.kind)?;
    dict.set_item("time", event.time)?;
    dict.set_item("vm", &*event.vm)?;
    dict.set_item("uuid", event.uuid.to_string())?;
    dict.set_item("fields", fields)?;
    dict.set_item("proof", event.proof.map(|stamp| stamp.to_string()))?;
    Ok(dict)
}

fn set(dict: &Bound<'_, PyDict>, key: &str, value: &Value<'_>) -> PyResult<()> {
    match value {
        Value::Null => dict.set_item(key, None::<u8>),
        Value::Text(text) => dict.set_item(key, &**text),
        Value::Number(number) => dict.set_item(key, number),
        Value::Bool(yes) => dict.set_item(key, yes),
    }
}
