//! Guests from domain XML.

use super::args::Text;
use super::boundary::{Problem, guard};
#[cfg(feature = "xml")]
use super::current;
use super::domain::Domain;
#[cfg(feature = "xml")]
use super::domain::Subject;
#[cfg(feature = "xml")]
use super::log::CapiLog;
#[cfg(feature = "xml")]
use crate::DomainDef;
#[cfg(feature = "xml")]
use crate::log::{LogLevel, LogSink};
#[cfg(feature = "xml")]
use crate::memory;
use std::ffi::c_uint;
use std::ptr;

/// Whether an element that can't be read is an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Faults {
    Listed,
    Refused,
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainNewXML(xml: Text<'_>) -> *mut Domain {
    guard(ptr::null_mut(), || {
        described("virAuditDomainNewXML", xml.named("xml")?.to_bytes(), Faults::Listed)
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainNewXMLFlags(xml: Text<'_>, flags: c_uint) -> *mut Domain {
    guard(ptr::null_mut(), || {
        let xml = xml.named("xml")?.to_bytes();
        let faults = match flags {
            0 => Faults::Listed,
            1 => Faults::Refused,
            _ => return Err(Problem::Argument("flags is not a virAuditXMLFlags")),
        };
        described("virAuditDomainNewXMLFlags", xml, faults)
    })
}

/// A definition and what its reading needs at once take less than so many times the XML's length.
#[cfg(feature = "xml")]
const XML_FACTOR: usize = 32;

/// Reads the XML, and logs what isn't recorded.
#[cfg(feature = "xml")]
fn described(function: &'static str, xml: &[u8], faults: Faults) -> Result<*mut Domain, Problem> {
    memory::ensure(memory::OPENING + xml.len().saturating_mul(XML_FACTOR))?;
    let def = match faults {
        Faults::Listed => DomainDef::parse(xml),
        Faults::Refused => DomainDef::parse_strict(xml),
    };
    let def = def.map_err(crate::Error::from)?;
    let log = |message: &str| CapiLog.log(LogLevel::Warning, current::caller(function), message);
    let left_out = def.not_recorded();
    left_out.iter().for_each(|one| log(&one.to_string()));
    let rest = def.not_recorded_count() - left_out.len();
    if rest > 0 {
        log(&format!("not recorded: {rest} more elements"));
    }
    Domain::handle(Subject::Described(def))
}

#[cfg(not(feature = "xml"))]
fn described(
    _function: &'static str,
    _xml: &[u8],
    _faults: Faults,
) -> Result<*mut Domain, Problem> {
    Err(Problem::LeftOut("this build of viraudit can't read domain XML"))
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditDomainNotRecorded(dom: Option<&Domain>) -> isize {
    guard(-1, || Ok(dom.ok_or(Problem::Null("dom"))?.not_recorded() as isize))
}
