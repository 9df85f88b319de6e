//! `viraudit emit start` with elements that no libvirt had when this version was written.

use crate::program::{UUID, records, stderr, viraudit};
use std::fs;

#[test]
fn an_unknown_device_costs_only_its_own_record() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("guest.xml");
    let xml = format!(
        "<domain type='kvm' id='1'><name>web1</name><uuid>{UUID}</uuid><memory>1024</memory>\n\
         <os><type>hvm</type></os><devices><disk type='cloud'/>\n<teleporter/>\n\
         <disk><source file='/a'/></disk></devices></domain>"
    );
    fs::write(&file, xml).unwrap();
    let emit = |options: &[&str]| {
        let mut command = viraudit(["emit", "start", "--to", "stdout", "--xml"]);
        command.arg(&file).args(options).output().unwrap()
    };
    let output = emit(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(records(&output.stdout).len(), 4);
    assert_eq!(
        stderr(&output),
        "viraudit: not recorded: <disk> at line 2: <disk type='cloud'>: expected one of: file, \
         block, dir, network, volume, nvme, vhostuser, vhostvdpa, ctl\n\
         viraudit: not recorded: <teleporter> at line 3: an unknown device\n"
    );

    let output = emit(&["--strict"]);
    assert_eq!((output.status.code(), records(&output.stdout).len()), (Some(2), 0));
    let place = format!("viraudit: {}:2:47: <disk type='cloud'>: ", file.display());
    assert!(stderr(&output).starts_with(&place), "{}", stderr(&output));

    // The record of one resource doesn't depend on the others.
    let output = viraudit(["emit", "vcpu", "--new", "2", "--to", "stdout", "--xml"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn a_text_that_is_no_domain_xml_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("guest.xml");
    for (text, expected) in [
        (
            "<domain>\n</domain>\n<domain/>",
            "3:1: a second document begins at line 3; expected one <domain>",
        ),
        (
            "error: failed to get domain 'web1'\n",
            "1:1: an error message of virsh, not XML: error: failed to get domain 'web1'",
        ),
        ("name: web1\n", "1:1: YAML, not XML; expected <domain>"),
    ] {
        fs::write(&file, text).unwrap();
        let output =
            viraudit(["emit", "start", "--to", "stdout", "--xml"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(stderr(&output), format!("viraudit: {}:{expected}\n", file.display()));
    }
}
