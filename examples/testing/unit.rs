//! The daemon's records, with a mock.

use viraudit::{
    Auditor, Change, Error, Failure, Guest, MockBackend, Options, Record, Resource, Uuid,
};

/// The daemon's own code.
fn attach_disk(auditor: &Auditor, guest: &Guest<'_>, path: &str) -> Result<(), Failure> {
    let disk = Change { old: None, new: Some(path.into()) };
    auditor.emit(Record::resource(guest, "attach", Resource::Disk(disk), true))
}

#[test]
fn attaching_a_disk_is_audited() -> Result<(), Error> {
    let mock = MockBackend::new();
    let auditor = Auditor::open(mock.clone(), Options::default())?;
    let guest = Guest::new("kvm", "web1", Uuid::default());

    attach_disk(&auditor, &guest, "/images/my data.qcow2")?;

    let disk = Change { old: None, new: Some("/images/my data.qcow2".into()) };
    mock.assert_sent(&Record::resource(&guest, "attach", Resource::Disk(disk), true));
    Ok(())
}
