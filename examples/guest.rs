//! A guest's life in audit records: it starts, gets a disk while it runs, and stops.
//!
//!     cargo run --example guest                              (kept and shown)
//!     cargo run --example guest /etc/libvirt/libvirtd.conf   (sent to the kernel)

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::env;
use std::error::Error;
use std::path::Path;
use viraudit::{
    Auditor, Change, Config, DomainDef, KernelBackend, MockBackend, Options, Record, Resource,
};

const XML: &str = "
<domain type='kvm'>
  <name>web1</name>
  <uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os><type>hvm</type></os>
  <devices>
    <interface type='network'>
      <mac address='52:54:00:12:34:56'/><source network='default'/>
    </interface>
  </devices>
</domain>";

fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockBackend::new();
    let auditor = match env::args().nth(1) {
        Some(path) => {
            let Config { audit_level, audit_logging } = Config::load(Path::new(&path))?;
            let options =
                Options { level: audit_level, logging: audit_logging, ..Default::default() };
            Auditor::open(KernelBackend, options)?
        }
        None => Auditor::open(mock.clone(), Options::default())?,
    };

    // Everything in the XML, then the start: one burst.
    let domain = DomainDef::parse(XML.as_bytes())?;
    let guest = domain.guest();
    let mut batch = auditor.batch();
    for record in domain.start_records("booted", i64::from(std::process::id()), true) {
        batch.push(&record);
    }
    batch.send()?;

    let disk = Change { old: None, new: Some("/images/data.qcow2".into()) };
    auditor.emit(&Record::resource(guest.borrowed(), "attach", Resource::Disk(disk), true))?;
    auditor.emit(&Record::stop(guest.borrowed(), "shutdown", 0))?;

    for record in mock.records().iter() {
        println!("{} {}", record.kind, String::from_utf8_lossy(&record.text));
    }
    let stats = auditor.stats();
    println!("{} records, {} delivered", stats.offered, stats.delivered);
    Ok(())
}
