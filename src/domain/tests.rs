use super::*;
use crate::record::Kind;
use std::collections::BTreeSet;
use std::fs;

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

/// A guest with these devices, which begin in line 3.
fn guest(devices: &str) -> String {
    format!(
        "<domain type='kvm'><name>g</name><uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>\n\
         <memory>1024</memory><os><type>hvm</type></os><devices>\n{devices}</devices></domain>"
    )
}

/// The tails of the records of devices, and what was left out.
fn read(devices: &str, usb: &Path) -> (Vec<String>, Vec<String>) {
    let def = DomainDef::read(guest(devices).as_bytes(), false, usb).unwrap();
    let tail = |record: Record<'_>| {
        let body = String::from_utf8(record.body()).unwrap();
        body.split_once("0123456789ab ").unwrap().1.to_owned()
    };
    let mut tails: Vec<_> = def.start_records("booted", 1, true).map(tail).collect();
    assert_eq!(
        tails.split_off(tails.len() - 3),
        ["old-mem=0 new-mem=1024", "old-vcpu=0 new-vcpu=1", "vm-pid=1"]
    );
    assert_eq!(def.not_recorded().len(), def.not_recorded_count());
    (tails, def.not_recorded().iter().map(ToString::to_string).collect())
}

#[test]
fn an_unknown_thing_costs_only_its_own_record() {
    const RNG: &str = "<rng><backend model='random'/></rng>";
    const OWN: &str = "old-rng=\"?\" new-rng=\"/dev/random\"";
    for (element, device) in [
        ("teleporter", "<teleporter type='x'/>"),
        ("disk", "<disk type='cloud'><source cloud='a'/></disk>"),
        ("filesystem", "<filesystem type='cloud'/>"),
        ("filesystem", "<filesystem type='mount'><source cloud='a'/></filesystem>"),
        ("hostdev", "<hostdev mode='subsystem' type='thunderbolt'><source/></hostdev>"),
        ("hostdev", "<hostdev mode='cloud' type='usb'><source/></hostdev>"),
        ("hostdev", "<hostdev type='usb'><source><address lane='1'/></source></hostdev>"),
        ("hostdev", "<hostdev type='usb'><source><vendor id='1'/></source></hostdev>"),
        ("redirdev", "<redirdev bus='thunderbolt' type='spicevmc'/>"),
        ("serial", "<serial type='telepathy'/>"),
        ("console", "<console type='telepathy'/>"),
        ("channel", "<channel type='telepathy'/>"),
        ("parallel", "<parallel type='telepathy'/>"),
        ("smartcard", "<smartcard mode='cloud'/>"),
        ("rng", "<rng><backend model='dice'/></rng>"),
        ("tpm", "<tpm><backend type='cloud'/></tpm>"),
        ("shmem", "<shmem name='s'><size unit='cubits'>1</size></shmem>"),
        ("input", "<input type='glove'/>"),
        ("interface", "<interface type='user'/>"),
        ("interface", "<interface type='user'><mac address='00:00:00:00:00:00'/></interface>"),
    ] {
        let (records, left_out) = read(&format!("{device}\n{RNG}"), Path::new("/"));
        assert_eq!(records, [OWN], "{device}");
        let expected = format!("not recorded: <{element}> at line 3: ");
        assert!(left_out.len() == 1 && left_out[0].starts_with(&expected), "{left_out:?}");
        let error = DomainDef::parse_strict(guest(device).as_bytes()).unwrap_err();
        assert_eq!(error.line, 3, "{device}: {error}");
    }
}

#[test]
fn an_interface_of_an_unknown_type_keeps_its_address() {
    let net = "\n<interface type='cloud'><mac address='52:54:00:00:00:01'/></interface>";
    let (records, left_out) = read(net, Path::new("/"));
    assert_eq!(records, ["old-net=\"?\" new-net=\"52:54:00:00:00:01\""]);
    assert!(left_out[0].starts_with("not recorded: <interface> at line 4: "), "{left_out:?}");
    assert_eq!(read("<interface type='cloud'/>", Path::new("/")).1.len(), 1);
}

#[test]
fn devices_without_records_are_known() {
    let devices = WITHOUT_RECORDS.map(|name| format!("<{name}/>")).concat();
    assert_eq!(read(&devices, Path::new("/")), (vec![], vec![]));
    let foreign = "<x:teleporter xmlns:x='urn:x'/>";
    assert_eq!(read(foreign, Path::new("/")), (vec![], vec![]));
}

#[test]
fn what_the_whole_guest_has_costs_only_its_own_record() {
    let whole = guest("");
    for (from, to, element, records) in [
        ("<memory>1024", "<memory>x", "memory", 2),
        ("<memory>1024</memory>", "", "domain", 2),
        ("<os>", "<vcpu>x</vcpu><os>", "vcpu", 2),
        ("<os>", "<iothreads>x</iothreads><os>", "iothreads", 3),
        ("hvm", "unikernel", "type", 3),
        ("<os>", "<seclabel type='x'/><os>", "seclabel", 3),
    ] {
        let xml = whole.replace(from, to);
        let def = DomainDef::parse(xml.as_bytes()).unwrap();
        assert_eq!(def.start_records("booted", 1, true).count(), records, "{xml}");
        let [left_out] = def.not_recorded() else { panic!("{def:?}") };
        assert_eq!(left_out.element, element);
        assert!(DomainDef::parse_strict(xml.as_bytes()).is_err(), "{xml}");
    }
    let later = whole.replace("'kvm'", "'warp9'");
    assert_eq!(*DomainDef::parse(later.as_bytes()).unwrap().guest().virt, b"warp9"[..]);
    for bad in ["''", "'a b'", "'a&#10;b'", "'virt=kvm'"] {
        assert!(DomainDef::parse(whole.replace("'kvm'", bad).as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn what_is_left_out_is_listed_in_order_and_counted() {
    let unknown = "<video/>é<warp/>\n<disk type='cloud'/><warp/>".repeat(80);
    let def = DomainDef::parse(guest(&unknown).as_bytes()).unwrap();
    assert_eq!((def.not_recorded().len(), def.not_recorded_count()), (MAX_NOT_RECORDED, 240));
    let places: Vec<_> = def
        .not_recorded()
        .iter()
        .take(3)
        .map(|one| (&*one.element, one.line, one.column))
        .collect();
    assert_eq!(places, [("warp", 3, 10), ("disk", 4, 1), ("warp", 4, 21)]);
    let sorted = def.not_recorded().is_sorted_by_key(|one| (one.line, one.column));
    assert!(sorted, "{:?}", def.not_recorded());
}

#[test]
fn usb_devices_are_looked_up() {
    let devices = tempfile::tempdir().unwrap();
    for (name, vendor, product, number) in [
        ("1-2.3", "05ac", "8290", "17"),
        ("1-4", "0951", "1625", "5"),
        ("1-5", "0951", "1625", "6"),
    ] {
        let device = devices.path().join(name);
        fs::create_dir(&device).unwrap();
        for (name, value) in
            [("idVendor", vendor), ("idProduct", product), ("busnum", "1"), ("devnum", number)]
        {
            fs::write(device.join(name), format!("{value}\n")).unwrap();
        }
    }
    fs::write(devices.path().join("devnum"), "99\n").unwrap();
    let apple = "<vendor id='0x05ac'/><product id='0x8290'/>";
    let stick = "<vendor id='0x0951'/><product id='0x1625'/>";
    for (source, expected) in [
        ("<address bus='1' port='2.3'/>".into(), "001.017"),
        ("<address bus='0x1' port='02.0x3'/>".into(), "001.017"),
        ("<address bus='2' port='2.3'/>".into(), "002.000"),
        ("<address bus='1' port='2'/>".into(), "001.000"),
        ("<address bus='1' port='2.3/../1-4'/>".into(), "001.000"),
        ("<address bus='1' port='x'/>".into(), "001.000"),
        ("<address bus='1' device='4' port='2.3'/>".into(), "001.004"),
        (apple.to_owned(), "001.017"),
        (format!("{apple}<address bus='1' device='4'/>"), "001.004"),
        (format!("{apple}<address bus='1' port='4'/>"), "001.005"),
        (stick.to_owned(), "000.000"),
        ("<vendor id='1'/><product id='2'/>".into(), "000.000"),
    ] {
        let xml = format!("<hostdev type='usb'><source>{source}</source></hostdev>");
        let (records, left_out) = read(&xml, devices.path());
        assert_eq!(records, [format!("bus=usb device=\"{expected}\"")], "{source}");
        assert_eq!(left_out, [""; 0], "{source}");
    }
}

#[test]
fn memory_of_a_guest_that_does_not_run_is_the_sum_of_its_parts() {
    let dimm = "<memory model='dimm'><target><size unit='KiB'>131072</size></target></memory>";
    for (id, memory, cells, devices, expected) in [
        ("", 65536, "<cell id='0' memory='65536'/>", dimm, 196_608),
        (
            "",
            1_048_576,
            "<cell id='0' memory='65536'/><cell id='1' memory='1' unit='MiB'/>",
            "",
            66_560,
        ),
        ("", 1_048_576, "", dimm, 1_048_576),
        ("", 0, "<cell id='0' memory='65536'/>", "", 65536),
        (" id='7'", 1_048_576, "<cell id='0' memory='65536'/>", dimm, 1_048_576),
        (" id='7'", 0, "<cell id='0' memory='65536'/>", dimm, 196_608),
    ] {
        let xml = guest(devices)
            .replace(" type=", &format!("{id} type="))
            .replace("<memory>1024", &format!("<cpu><numa>{cells}</numa></cpu><memory>{memory}"));
        let def = DomainDef::parse_strict(xml.as_bytes()).unwrap();
        assert_eq!(def.resources()[0], Resource::Memory { old: 0, new: expected }, "{xml}");
    }
}

#[test]
fn the_source_of_a_disk_that_came_after_libvirt_9_is_recorded() {
    let ctl = "<disk type='ctl'><source dev='/dev/cam/ctl0'/></disk>";
    let (records, left_out) = read(ctl, Path::new("/"));
    assert_eq!(records, ["old-disk=\"?\" new-disk=\"/dev/cam/ctl0\""]);
    assert_eq!(left_out, [""; 0]);
}
