//! A guest described by libvirt's domain XML: its identity, its security labels, and its resources
//! on the host, in the order of libvirt's records at a start.
//!
//! The XML is read as libvirt 9.0.0 reads that of a *running* guest: the output of `virsh dumpxml`,
//! or the input of a hook. Values that libvirt fills in when it parses an XML are filled in here too.
//! Values that a driver generates when it defines a guest are not: libvirt would make a missing UUID
//! or MAC address up, so here it is an error.
//!
//! Only what appears in records is read. So an XML that libvirt rejects for another reason is
//! accepted, and so are devices and attributes of later versions of libvirt.

mod chardev;
mod devices;
mod disk;
mod document;
mod element;
mod hostdev;
mod identity;
mod limits;
mod machine;
mod net;
mod number;
mod seclabel;

use crate::error::XmlError;
use crate::guest::Guest;
use crate::record::{Event, MachineId, Record, Resource};
use crate::value::Value;
use document::Document;

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
}

impl DomainDef {
    /// Reads a domain XML: UTF-8 (a byte order mark and an XML declaration are allowed), at most
    /// 16 MiB, a million elements, 256 of them deep, and 10,000 disks, without a document type
    /// declaration. Time and memory are linear in its size.
    ///
    /// # Errors
    ///
    /// The place and what was expected there: if the XML is malformed, rejected by libvirt for
    /// something that appears in records, or incomplete for a running guest.
    pub fn parse(xml: &[u8]) -> Result<Self, XmlError> {
        let text = document::decode(xml)?;
        let document = Document::parse(text)?;
        let domain = document.domain()?;
        let (guest, os) = identity::read(domain)?;
        let labels = seclabel::read(domain)?;
        let mut resources = Vec::new();
        disk::read(domain, &mut resources)?;
        devices::read_filesystems(domain, &mut resources)?;
        net::read(domain, &mut resources)?;
        hostdev::read(domain, &mut resources)?;
        devices::read_redirdevs(domain, &mut resources)?;
        chardev::read(domain, os, &mut resources)?;
        devices::read_smartcards(domain, &mut resources)?;
        devices::read_rngs(domain, &mut resources)?;
        devices::read_tpms(domain, &mut resources)?;
        devices::read_shmems(domain, &mut resources)?;
        devices::read_inputs(domain, &mut resources)?;
        machine::read(domain, &mut resources)?;
        Ok(Self { guest, labels, resources })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;
    use std::collections::BTreeSet;

    /// The kinds that no domain XML has: libvirt makes these records while it sets a guest up.
    const NOT_IN_XML: [&str; 1] = ["cgroup"];
    /// Domains with a device of which libvirt makes no record, so that its golden file can't have
    /// it.
    const NOT_LIBVIRTS: [&str; 0] = [];

    #[test]
    fn every_kind_is_read_from_xml() {
        let golden = include_str!("../../tests/golden/start.jsonl");
        let domains = golden.lines().map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            case["xml"].as_str().unwrap().to_owned()
        });
        let mut seen = BTreeSet::from(NOT_IN_XML);
        for xml in domains.chain(NOT_LIBVIRTS.map(str::to_owned)) {
            let definition = DomainDef::parse(xml.as_bytes());
            let resources = definition.iter().flat_map(DomainDef::resources);
            seen.extend(resources.map(Resource::kind));
        }
        assert_eq!(seen, Kind::ALL.iter().map(|kind| kind.name).collect());
    }
}
