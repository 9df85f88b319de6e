//! Guests, by name or by domain XML.

use crate::text::{Text, shown};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use viraudit::{DomainDef, Uuid};

/// A UUID of any form that libvirt reads, or a `uuid.UUID`.
pub(crate) fn uuid(object: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    let text = object.str()?;
    let text = text.to_cow()?;
    Uuid::parse(text.as_bytes())
        .ok_or_else(|| PyValueError::new_err(format!("'{text}' is not a UUID")))
}

/// A guest: its driver (`kvm`, `lxc`), its name and its UUID.
#[pyclass(module = "viraudit", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guest(pub(crate) viraudit::Guest<'static>);

#[pymethods]
impl Guest {
    #[new]
    fn new(virt: Text, name: Text, uuid: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(viraudit::Guest::new(virt, name, crate::guest::uuid(uuid)?)))
    }

    /// The driver.
    #[getter]
    fn virt<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        shown(py, &self.0.virt)
    }

    /// The name.
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        shown(py, &self.0.name)
    }

    /// The UUID.
    #[getter]
    fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    fn __repr__(&self) -> String {
        let viraudit::Guest { virt, name, uuid } = &self.0;
        format!("Guest({:?}, {:?}, \"{uuid}\")", virt.to_text(), name.to_text())
    }
}

/// A guest and its resources, from libvirt's domain XML.
#[pyclass(module = "viraudit", frozen)]
#[derive(Debug)]
pub(crate) struct Domain(pub(crate) DomainDef);

#[pymethods]
impl Domain {
    #[new]
    fn new(xml: Text) -> PyResult<Self> {
        DomainDef::parse(&xml.0).map(Self).map_err(|why| PyValueError::new_err(why.to_string()))
    }

    /// The guest.
    #[getter]
    fn guest(&self) -> Guest {
        Guest(self.0.guest().clone())
    }

    /// The elements that can't be read and have no record, each with its place.
    #[getter]
    fn not_recorded(&self) -> Vec<String> {
        self.0.not_recorded().iter().map(ToString::to_string).collect()
    }
}
