//! Texts and paths: bytes here, `str` in Python. Bytes that are not UTF-8 are surrogates there
//! (PEP 383), as in Python's own paths.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A text from Python: `str`, `bytes` or a path.
#[derive(Clone, Debug)]
pub(crate) struct Text(pub(crate) Vec<u8>);

impl<'a, 'py> FromPyObject<'a, 'py> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self(bytes.as_bytes().to_vec()));
        }
        if let Ok(text) = object.cast::<PyString>() {
            let bytes = text.call_method1("encode", ("utf-8", "surrogateescape"))?;
            return Ok(Self(bytes.cast::<PyBytes>()?.as_bytes().to_vec()));
        }
        Ok(Self(object.extract::<PathBuf>()?.into_os_string().into_vec()))
    }
}

impl Text {
    /// The file at this path.
    pub(crate) fn into_path(self) -> PathBuf {
        OsString::from_vec(self.0).into()
    }

    /// A text that must be UTF-8, without surrogates.
    pub(crate) fn into_utf8(self) -> PyResult<String> {
        String::from_utf8(self.0)
            .map_err(|_| pyo3::exceptions::PyValueError::new_err("the text is not UTF-8"))
    }
}

impl From<Text> for viraudit::Value<'_> {
    fn from(text: Text) -> Self {
        Self::from(text.0)
    }
}

/// A text for Python.
pub(crate) fn shown<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, text)),
        Err(_) => PyBytes::new(py, bytes)
            .call_method1("decode", ("utf-8", "surrogateescape"))?
            .cast_into::<PyString>()
            .map_err(PyErr::from),
    }
}
