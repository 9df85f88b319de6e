//! A guest described by libvirt's domain XML: its identity, its security labels, and its resources
//! on the host, in the order of libvirt's records at a start.
//!
//! The XML is read as libvirt 9.0.0 reads that of a *running* guest: the output of `virsh dumpxml`,
//! or the input of a hook. Values that libvirt fills in when it parses an XML are filled in here too.
//! Values that a driver generates when it defines a guest are not: libvirt would make a missing UUID
//! or MAC address up, so here it is an error.
//!
//! Only what appears in records is read. So an XML that libvirt rejects for another reason is
//! accepted, and so are attributes of later versions of libvirt.
//!
//! An element that can't be read, such as a device or a type of disk of a later libvirt, costs only
//! its own records: [`DomainDef::not_recorded`] lists it. [`DomainDef::parse_strict`] refuses it.

mod chardev;
mod devices;
mod disk;
mod document;
mod element;
mod fault;
mod foreign;
mod hostdev;
mod identity;
mod limits;
mod machine;
mod net;
mod number;
mod seclabel;

use crate::audit_sys::usb;
use crate::error::XmlError;
use crate::guest::Guest;
use crate::record::{Event, MachineId, Record, Resource};
use crate::value::Value;
use devices::Kind;
use document::Document;
use element::Element;
use fault::{Fault, Reading};
use std::path::Path;

pub use fault::NotRecorded;

/// The most entries of [`DomainDef::not_recorded`].
pub const MAX_NOT_RECORDED: usize = 100;

/// The devices of which libvirt makes no record.
const WITHOUT_RECORDS: [&str; 17] = [
    "audio",
    "controller",
    "crypto",
    "emulator",
    "graphics",
    "hub",
    "iommu",
    "lease",
    "memballoon",
    "nvram",
    "panic",
    "pstore",
    "redirfilter",
    "sound",
    "video",
    "vsock",
    "watchdog",
];

/// The devices that are read here.
const WITH_RECORDS: [&str; 15] = [
    "channel",
    "console",
    "disk",
    "filesystem",
    "hostdev",
    "input",
    "interface",
    "memory",
    "parallel",
    "redirdev",
    "rng",
    "serial",
    "shmem",
    "smartcard",
    "tpm",
];

/// A guest and its resources, from its domain XML.
///
/// ```
/// use viraudit::domain::DomainDef;
/// let xml = b"<domain type='kvm'>
///   <name>web1</name>
///   <uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>
///   <memory unit='MiB'>512</memory>
///   <os><type>hvm</type></os>
/// </domain>";
/// let def = DomainDef::parse(xml)?;
/// let records: Vec<_> = def.start_records("booted", 4242, true).map(|r| r.body()).collect();
/// assert!(records[0].ends_with(b"old-mem=0 new-mem=524288"));
/// assert_eq!(records.len(), 3);
/// # Ok::<(), viraudit::XmlError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DomainDef {
    guest: Guest<'static>,
    labels: Vec<MachineId<'static>>,
    resources: Vec<Resource<'static>>,
    not_recorded: Vec<NotRecorded>,
    not_recorded_count: usize,
}

impl DomainDef {
    /// Reads a domain XML: UTF-8 (a byte order mark and an XML declaration are allowed), at most
    /// 16 MiB, a million elements, 256 of them deep, and 10,000 disks, without a document type
    /// declaration. Time and memory are linear in its size.
    ///
    /// An element that can't be read, other than the guest's name and UUID, is left out of the
    /// records and listed by [`DomainDef::not_recorded`].
    ///
    /// The number of a USB device that the XML gives by its port, or by vendor and product, is
    /// looked up in /sys/bus/usb/devices. Without such a device, it is 0.
    ///
    /// # Errors
    ///
    /// The place and what was expected there: if the text isn't a domain XML, or has no name, UUID
    /// or type.
    pub fn parse(xml: &[u8]) -> Result<Self, XmlError> {
        Self::read(xml, false, Path::new(usb::DEVICES))
    }

    /// As [`DomainDef::parse`], but refuses an XML with an element that can't be read.
    ///
    /// # Errors
    ///
    /// The place and what was expected there: if the XML is malformed, rejected by libvirt for
    /// something that appears in records, or incomplete for a running guest, or has a device that
    /// this version doesn't know.
    pub fn parse_strict(xml: &[u8]) -> Result<Self, XmlError> {
        Self::read(xml, true, Path::new(usb::DEVICES))
    }

    fn read(xml: &[u8], strict: bool, usb_devices: &Path) -> Result<Self, XmlError> {
        let text = document::decode(xml)?;
        let document = Document::parse(text)?;
        let domain = document.domain()?;
        let mut reading = Reading::new(strict, usb_devices);
        let (guest, labels, resources) =
            contents(domain, &mut reading).map_err(|fault| fault.in_text(text))?;
        let (not_recorded, not_recorded_count) = reading.finish(text);
        Ok(Self { guest, labels, resources, not_recorded, not_recorded_count })
    }

    /// The guest.
    pub fn guest(&self) -> &Guest<'static> {
        &self.guest
    }

    /// Its security labels, in the XML's order.
    pub fn labels(&self) -> &[MachineId<'static>] {
        &self.labels
    }

    /// Its resources at the start, in libvirt's order. None has an old side.
    pub fn resources(&self) -> &[Resource<'static>] {
        &self.resources
    }

    /// The elements that were left out because this version can't read them, in the XML's order:
    /// the first [`MAX_NOT_RECORDED`] of them.
    pub fn not_recorded(&self) -> &[NotRecorded] {
        &self.not_recorded
    }

    /// The number of all elements that were left out.
    pub fn not_recorded_count(&self) -> usize {
        self.not_recorded_count
    }

    /// The records of its start, in libvirt's order: a VIRT_MACHINE_ID for each label, a
    /// VIRT_RESOURCE with reason `start` for each resource, then the VIRT_CONTROL start.
    ///
    /// `success` is the result of the last record; all others are successes, as in libvirt. `pid`
    /// is the guest's process. The records borrow from this value and allocate nothing.
    pub fn start_records<'a>(
        &'a self,
        reason: impl Into<Value<'a>>,
        pid: i64,
        success: bool,
    ) -> impl Iterator<Item = Record<'a>> + 'a {
        let labels = self.labels.iter().map(|labels| Record {
            guest: self.guest.borrowed(),
            event: Event::MachineId(labels.borrowed()),
            success: true,
        });
        let resources = self
            .resources
            .iter()
            .map(|resource| Record::resource(&self.guest, "start", resource.borrowed(), true));
        let start = Record::start(&self.guest, reason, pid, success);
        labels.chain(resources).chain(std::iter::once(start))
    }
}

type Contents = (Guest<'static>, Vec<MachineId<'static>>, Vec<Resource<'static>>);

/// Reads the guest, its labels, and its resources in libvirt's order.
fn contents(domain: Element<'_>, reading: &mut Reading<'_>) -> Result<Contents, Fault> {
    let (guest, os) = identity::read(domain, reading)?;
    let labels = seclabel::read(domain, reading)?;
    let mut resources = Vec::new();
    disk::read(domain, reading, &mut resources)?;
    devices::read(Kind::Filesystem, domain, reading, &mut resources)?;
    net::read(domain, reading, &mut resources)?;
    hostdev::read(domain, reading, &mut resources)?;
    devices::read(Kind::Redirdev, domain, reading, &mut resources)?;
    chardev::read(domain, os, reading, &mut resources)?;
    for kind in [Kind::Smartcard, Kind::Rng, Kind::Tpm, Kind::Shmem, Kind::Input] {
        devices::read(kind, domain, reading, &mut resources)?;
    }
    machine::read(domain, reading, &mut resources)?;
    unknown_devices(domain, reading)?;
    Ok((guest, labels, resources))
}

/// Devices that no version of libvirt had when this was written.
fn unknown_devices(domain: Element<'_>, reading: &mut Reading<'_>) -> Result<(), Fault> {
    for device in domain.children("devices").flat_map(Element::elements) {
        let name = device.name();
        if !WITH_RECORDS.contains(&name) && !WITHOUT_RECORDS.contains(&name) {
            reading.accept::<()>(device, Err(device.error("an unknown device")))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
