//! The settings of libvirt's daemons.

use crate::text::Text;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::path::Path;
use viraudit::internal::config::{Document, daemons, keys, read};
use viraudit::{Config, ConfigError};

fn error(py: Python<'_>, why: &ConfigError) -> PyErr {
    if why.errno == libc::EINVAL {
        return PyValueError::new_err(why.to_string());
    }
    let path = why.path.clone();
    match path.into_pyobject(py) {
        Ok(path) => PyOSError::new_err((why.errno, why.message.clone(), path.unbind())),
        Err(error) => error,
    }
}

/// `audit_level` and `audit_logging` of a file; without a path, of this host's daemon.
#[pyfunction]
#[pyo3(signature = (path=None))]
pub(crate) fn read_config(py: Python<'_>, path: Option<Text>) -> PyResult<(u32, bool)> {
    let path = path.map(Text::into_path);
    let config = py.detach(|| path.map_or_else(Config::load_host, Config::load));
    let config = config.map_err(|why| error(py, &why))?;
    Ok((config.audit_level, config.audit_logging))
}

/// The mistakes in a file for which libvirt refuses it, each with its place.
#[pyfunction]
#[pyo3(signature = (path=None))]
pub(crate) fn check_config(py: Python<'_>, path: Option<Text>) -> PyResult<Vec<String>> {
    let of_host = || {
        let root = Path::new("/");
        let first = daemons::find(root).into_iter().next();
        first.map_or_else(|| daemons::default_file(root, "libvirtd"), |daemon| daemon.file)
    };
    let path = path.map_or_else(of_host, Text::into_path);
    let text = py.detach(|| read(&path)).map_err(|why| error(py, &why))?;
    let text = text.unwrap_or_default();
    Ok(match Document::parse(&path, &text) {
        Ok(document) => keys::mistakes(&document, None).iter().map(ToString::to_string).collect(),
        Err(why) => vec![why.to_string()],
    })
}
