//! Which guest a record is about: named on the command line, or described by its XML.

use super::value::{value, word};
use crate::console::{read, shown};
use crate::failure::Failure;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;
use viraudit::{DomainDef, Guest, Uuid, XmlError};

/// The longest XML that the library reads.
const XML_MAX: u64 = 16 * 1024 * 1024;

/// The guest.
#[derive(Args, Debug)]
#[command(next_help_heading = "Guest")]
pub(crate) struct GuestArgs {
    /// The driver: kvm, qemu, lxc, xen, ..., or a name of your own.
    #[arg(long, value_name = "DRIVER", value_parser = word(),
        required_unless_present = "xml", conflicts_with = "xml")]
    virt: Option<OsString>,
    /// The guest's name.
    #[arg(long, required_unless_present = "xml", conflicts_with = "xml")]
    name: Option<OsString>,
    /// The guest's UUID.
    #[arg(long, required_unless_present = "xml", conflicts_with = "xml")]
    uuid: Option<Uuid>,
    /// The guest's domain XML instead of the three; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    xml: Option<PathBuf>,
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

    /// What the XML describes, if there is one.
    pub(crate) fn definition(&self) -> Result<Option<DomainDef>, Failure> {
        let Some(file) = &self.xml else { return Ok(None) };
        let definition = DomainDef::parse(&read(file, XML_MAX)?).map_err(
            |XmlError { line, column, message }| {
                Failure::bad_input(format!("{}:{line}:{column}: {message}", shown(file)))
            },
        )?;
        Ok(Some(definition))
    }
}
