//! The audit records of a guest that starts, gets a disk while it runs, and stops.
//!
//!     cargo run --example guest                              (kept in memory and printed)
//!     cargo run --example guest /etc/libvirt/libvirtd.conf   (sent to the kernel)

#![allow(clippy::print_stdout, reason = "it prints the records")]

use std::env;
use std::error::Error;
use viraudit::{Auditor, Config, DomainDef, KernelBackend, MockBackend, Options};

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
        Some(path) => Auditor::open(KernelBackend, Config::load(path)?.into())?,
        None => Auditor::open(mock.clone(), Options::new())?,
    };

    // The resources in the XML, then the start, as one burst.
    let domain = DomainDef::parse(XML.as_bytes())?;
    auditor.emit_all(domain.start_records("booted", i64::from(std::process::id()), true))?;

    let web1 = auditor.guest(domain.guest());
    web1.disk(None, Some("/images/data.qcow2".into()), "attach", true)?;
    web1.stop("shutdown", 0)?;

    for record in mock.records() {
        println!("{} {}", record.kind, String::from_utf8_lossy(&record.text));
    }
    let stats = auditor.stats();
    println!("{} records, {} delivered", stats.offered, stats.delivered);
    Ok(())
}
