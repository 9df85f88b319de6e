//! Records that were read, and the formatting of records.

use crate::text::{Text, shown};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use std::hash::{DefaultHasher, Hash, Hasher};
use viraudit::RecordType;
use viraudit::internal::encode::{hex_pair, is_harmless};
use viraudit::internal::record::{Style, style_of};
use viraudit_trail::expect::{HeardRecord, RecordReader};
use viraudit_trail::time::Clock;

/// A record about a guest, as it is in a log. Its fields are read like those of a dict.
#[pyclass(module = "viraudit", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct Record(HeardRecord);

impl Record {
    pub(crate) fn new(record: HeardRecord) -> Self {
        Self(record)
    }

    /// A record in a line of a log.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        RecordReader::new(Clock::system()).read(line).map(Self)
    }

    fn key(&self) -> (RecordType, i64, u64, Option<Vec<u8>>, &[u8]) {
        let stamp = self.0.stamp();
        let node = self.0.field("node").map(|node| node.into_owned());
        (self.0.kind(), stamp.ms, stamp.serial, node, self.0.text())
    }
}

#[pymethods]
impl Record {
    /// The type, such as `VIRT_RESOURCE`.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.0.kind().name()
    }

    /// The time, in UTC.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let datetime = py.import("datetime")?;
        let utc = datetime.getattr("timezone")?.getattr("utc")?;
        let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
        let since = PyDict::new(py);
        since.set_item("milliseconds", self.0.stamp().ms)?;
        epoch.add(datetime.getattr("timedelta")?.call((), Some(&since))?)
    }

    /// The serial number; 0 if the log has none.
    #[getter]
    fn serial(&self) -> u64 {
        self.0.stamp().serial
    }

    /// The host that the log names.
    #[getter]
    fn node<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.get_field(py, "node")
    }

    /// The program's text: the record without the kernel's fields.
    #[getter]
    fn text<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        shown(py, self.0.text())
    }

    /// The fields of the program's text, decoded, in their order.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        for (key, _) in self.0.fields() {
            let value = self.get_field(py, &key)?;
            fields.set_item(key, value)?;
        }
        Ok(fields)
    }

    /// Whether the operation succeeded.
    #[getter]
    fn success(&self) -> bool {
        self.0.field("res").is_none_or(|res| matches!(&*res, b"success" | b"1" | b"yes"))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyString>> {
        self.get_field(py, key)?.ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }

    fn __contains__(&self, key: &str) -> bool {
        self.0.field(key).is_some()
    }

    /// The decoded value of a field, or `default`.
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.get_field(py, key)?.map(Bound::into_any).or(default))
    }

    fn __str__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        shown(py, &[self.0.kind().name().as_bytes(), b" ", self.0.text()].concat())
    }

    fn __repr__(&self) -> String {
        let (kind, text) = (self.0.kind(), String::from_utf8_lossy(self.0.text()));
        format!("<viraudit.Record {} {kind} {text}>", self.0.stamp())
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let (kind, ms, serial, node, text) = self.key();
        (kind.number(), ms, serial, node, text).hash(&mut hasher);
        hasher.finish()
    }
}

impl Record {
    fn get_field<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Option<Bound<'py, PyString>>> {
        self.0.field(key).map(|value| shown(py, &value)).transpose()
    }
}

/// The record in a line of any log that `viraudit report` reads; None if it has no record about a
/// guest.
#[pyfunction]
pub(crate) fn parse_record(line: Text) -> Option<Record> {
    let line = line.0.strip_suffix(b"\n").unwrap_or(&line.0);
    Record::read(line)
}

/// A type by its name.
pub(crate) fn record_type(name: &str) -> PyResult<RecordType> {
    name.parse().map_err(|_| {
        let names = RecordType::ALL.map(RecordType::name).join(", ");
        PyValueError::new_err(format!("{name} is not a type of record: {names}"))
    })
}

/// The text of a record with these fields, encoded. The fields must be those of the record's type
/// and kind, in their order.
#[pyfunction]
#[pyo3(signature = (r#type, fields))]
pub(crate) fn format_record<'py>(
    py: Python<'py>,
    r#type: &str,
    fields: Vec<(String, Text)>,
) -> PyResult<Bound<'py, PyString>> {
    shown(py, &body(record_type(r#type)?, &fields)?)
}

/// The encoded fields, checked against the type.
pub(crate) fn body(kind: RecordType, fields: &[(String, Text)]) -> PyResult<Vec<u8>> {
    let resrc = fields.iter().find(|(key, _)| key == "resrc").map(|(_, value)| &value.0[..]);
    let mut body = Vec::new();
    for (key, Text(value)) in fields {
        if !body.is_empty() {
            body.push(b' ');
        }
        body.extend_from_slice(key.as_bytes());
        body.push(b'=');
        match style_of(key.as_bytes(), resrc) {
            Style::Encoded => body.extend(viraudit::encode::encode(Some(value))),
            Style::Raw if !value.iter().copied().all(is_harmless) => {
                body.extend(value.iter().flat_map(|&byte| hex_pair(byte)));
            }
            Style::Raw | Style::Plain | Style::Verbatim => body.extend_from_slice(value),
        }
    }
    viraudit::Record::parse(kind, &body, true)
        .map_err(|why| PyValueError::new_err(format!("{kind}: {why}")))?;
    Ok(body)
}
