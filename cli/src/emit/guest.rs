//! The guest of a record: its name and UUID on the command line, or its domain XML.

use super::value::{value, word};
use crate::console::{counted, eprint, read, shown};
use crate::failure::Failure;
use clap::{ArgGroup, Args};
use std::ffi::OsString;
use std::path::PathBuf;
use viraudit::{DomainDef, Guest, Uuid, XmlError};

/// The size limit of the library for domain XML.
const XML_MAX: u64 = 16 * 1024 * 1024;

/// The guest.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Guest",
    group(ArgGroup::new("guest").required(true).args(["virt", "xml"])),
)]
pub(crate) struct GuestArgs {
    /// Driver: kvm, qemu, lxc, xen or another name (with --name and --uuid).
    #[arg(long, value_name = "DRIVER", value_parser = word(), requires_all = ["name", "uuid"])]
    virt: Option<OsString>,
    /// Name of the guest.
    #[arg(long, value_name = "NAME", requires = "virt", conflicts_with = "xml")]
    name: Option<OsString>,
    /// UUID of the guest.
    #[arg(long, value_name = "UUID", requires = "virt", conflicts_with = "xml")]
    uuid: Option<Uuid>,
    /// Domain XML of the guest; - is standard input (instead of --virt, --name and --uuid).
    #[arg(long, value_name = "FILE")]
    xml: Option<PathBuf>,
    /// Refuse an XML with an element that can't be recorded, instead of leaving the element out.
    #[arg(long, requires = "xml")]
    strict: bool,
}

impl GuestArgs {
    /// The guest.
    pub(crate) fn guest(&self) -> Result<Guest<'static>, Failure> {
        if let Some(definition) = self.definition()? {
            return Ok(definition.guest().clone());
        }
        match (&self.virt, &self.name, self.uuid) {
            (Some(virt), Some(name), Some(uuid)) => {
                Ok(Guest::new(value(virt.clone()), value(name.clone()), uuid))
            }
            _ => Err(Failure::bad_input("give --virt, --name and --uuid, or --xml")),
        }
    }

    /// The definition in the XML, if there is one.
    pub(crate) fn definition(&self) -> Result<Option<DomainDef>, Failure> {
        let Some(file) = &self.xml else { return Ok(None) };
        let parse = if self.strict { DomainDef::parse_strict } else { DomainDef::parse };
        let definition = parse(&read(file, XML_MAX)?).map_err(
            |XmlError { line, column, message, .. }| {
                Failure::bad_input(format!("{}:{line}:{column}: {message}", shown(file)))
            },
        )?;
        Ok(Some(definition))
    }

    /// Warns about the elements of the XML that have no record.
    pub(crate) fn warn_of_gaps(&self, definition: &DomainDef) {
        let listed = definition.not_recorded();
        listed.iter().for_each(eprint);
        let more = definition.not_recorded_count() - listed.len();
        if more > 0 {
            eprint(format!(
                "not recorded: {}",
                counted(more as u64, "more element", "more elements")
            ));
        }
    }
}
