//! The native part of the Python package viraudit: records, listening, emitting, reports and
//! settings. `python/viraudit` adds what needs no Rust.

mod config;
mod emit;
mod guest;
mod listen;
mod record;
mod report;
mod text;

use pyo3::prelude::*;

/// The native part of viraudit.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::config::{check_config, read_config};
    #[pymodule_export]
    use crate::emit::{Auditor, DeliveryError, GuestAuditor, Stats};
    #[pymodule_export]
    use crate::guest::{Domain, Guest};
    #[pymodule_export]
    use crate::listen::{NativeListener, Outcome, Unmet};
    #[pymodule_export]
    use crate::record::{Record, format_record, parse_record};
    #[pymodule_export]
    use crate::report::read_report;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", viraudit::VERSION)?;
        let types = viraudit::RecordType::ALL.map(viraudit::RecordType::name);
        module.add("RECORD_TYPES", types)
    }
}

/// Lets pending signals raise their exceptions, as Ctrl-C does. For code that doesn't hold the GIL.
fn check_signals() -> PyResult<()> {
    Python::attach(|py| py.check_signals())
}
