//! The promise: the table of kinds is whole, and every kind of record reads back.

use std::collections::BTreeSet;
use viraudit::internal::record::{Field, Kind, Role, form_of};
use viraudit::internal::record::{FieldSink, Fields, Style, style_of};
use viraudit::record::{ControlOp, Lifecycle, MachineId};
use viraudit::{Event, Guest, Record, Resource, Uuid, Value};

fn guest() -> Guest<'static> {
    Guest::new("kvm", "web1", Uuid([7; 16]))
}

fn record(resource: Resource<'static>) -> Record<'static> {
    Record::resource(guest(), "start", resource, true)
}

/// A record's fields: key, style and value.
struct Listed(Vec<(String, Style, Vec<u8>)>);

impl FieldSink for Listed {
    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]) {
        self.0.push((String::from_utf8(key.to_vec()).unwrap(), style, parts.concat()));
    }
}

#[test]
fn every_kind_is_written_as_the_table_has_it_and_read_again() {
    let examples = Resource::every_kind();
    let names: BTreeSet<_> = examples.iter().map(Resource::kind).collect();
    assert_eq!(names, Kind::ALL.iter().map(|kind| kind.name).collect());
    let forms: usize = Kind::ALL.iter().map(|kind| kind.forms.len()).sum();
    assert!(forms >= 27 && examples.len() > forms, "{forms} {}", examples.len());
    let mut bodies = BTreeSet::new();
    for resource in examples {
        let kind = Kind::find(resource.kind().as_bytes()).unwrap();
        assert!(kind.forms.contains(&form_of(&resource)), "{resource:?}");
        let record = record(resource.clone());
        let mut listed = Listed(Vec::new());
        record.visit(&mut listed);
        // virt, resrc, reason, vm and uuid come first.
        let tail = &listed.0[5..];
        assert_eq!(tail.len(), form_of(&resource).len());
        for (Field { key, style, word, .. }, (wrote, as_style, value)) in
            form_of(&resource).iter().zip(tail)
        {
            assert_eq!((key, style), (&&**wrote, as_style));
            assert_eq!(style_of(key.as_bytes(), Some(kind.name.as_bytes())), *style, "{key}");
            assert!(word.is_none_or(|word| word.as_bytes() == value), "{key}");
        }
        let body = record.body();
        let read = Record::parse(record.record_type(), &body, true);
        assert_eq!(read.as_ref(), Ok(&record), "{}", body.escape_ascii());
        assert!(bodies.insert(body), "two examples are the same");
        assert_eq!(record.borrowed(), record);
        assert_eq!(record.clone().into_owned(), record);
        let sides: Vec<_> = form_of(&resource).iter().map(|field| field.role).collect();
        assert!(sides.contains(&Role::Identity) != sides.contains(&Role::New), "{resource:?}");
    }
}

#[test]
fn only_a_change_can_be_void() {
    let void: BTreeSet<_> = Resource::every_kind()
        .into_iter()
        .filter(|resource| !record(resource.clone()).is_worth_sending())
        .map(|resource| resource.kind())
        .collect();
    assert_eq!(void, ["chardev", "disk", "fs", "net", "rng", "smartcard"].into());
}

#[test]
fn an_error_is_that_of_the_form_that_fits_furthest() {
    let error = |kind: &str, tail: &str| {
        let body =
            format!("virt=kvm resrc={kind} reason=start vm=\"a\" uuid={} {tail}", guest().uuid);
        let parsed = Record::parse(viraudit::RecordType::VirtResource, body.as_bytes(), true);
        parsed.unwrap_err().to_string()
    };
    for (kind, tail, expected) in [
        ("vsocks", "cid=3", "the value of resrc= can't be read"),
        ("net", "x=1", "the field net= is missing"),
        ("net", "old-net=\"?\"", "the field new-net= is missing"),
        ("net", "net=52:54:00:00:00:01 path=\"/x\" rdev=1", "the value of rdev= can't be read"),
        ("cgroup", "cgroup=\"/c\" class=some", "the value of class= can't be read"),
        ("cgroup", "cgroup=\"/c\" class=path path=\"/x\"", "the field rdev= is missing"),
        ("cgroup", "cgroup=\"/c\" class=major category=a maj=x", "the value of maj= can't be read"),
        ("dev", "bus=isa device=\"1\"", "the value of bus= can't be read"),
        ("dev", "bus=pci device=\"3\"", "the value of device= can't be read"),
        ("dev", "bus=usb device=\"3\"", "the value of device= can't be read"),
        ("hostdev", "", "the field chardev= is missing"),
    ] {
        assert_eq!(error(kind, tail), expected, "{kind} {tail}");
    }
}

#[test]
fn a_record_prints_as_text() {
    let record = record(Resource::Net { old: None, new: Some([0x52, 0x54, 0, 0, 0, 1].into()) });
    let record = Record { success: false, ..record };
    let uuid = guest().uuid;
    assert_eq!(
        record.to_string(),
        format!(
            "VIRT_RESOURCE virt=kvm resrc=net reason=start vm=\"web1\" uuid={uuid} old-net=\"?\" \
             new-net=\"52:54:00:00:00:01\" res=failed"
        )
    );
    let debug = format!("{record:#?}");
    for shown in ["virt: \"kvm\"", "name: \"web1\"", &format!("{uuid}"), "52:54:00:00:00:01"] {
        assert!(debug.contains(shown), "{shown} in {debug}");
    }
    assert!(!debug.contains("82,"), "no decimal bytes: {debug}");

    let mock = viraudit::MockBackend::new();
    let auditor = viraudit::Auditor::open(mock.clone(), viraudit::Options::default()).unwrap();
    auditor.emit(&record).unwrap();
    let sent = &mock.records()[0];
    let message = viraudit::internal::message::ParsedMessage::parse(sent.kind, &sent.text).unwrap();
    for debug in [format!("{sent:?}"), format!("{message:?}")] {
        assert!(debug.contains("web1") && !debug.contains("118, "), "{debug}");
    }
}

#[test]
fn every_event_can_be_owned() {
    let reason = || Value::new(b"live");
    let peer = || Some(Value::new(b"h1"));
    let control = |op| Event::Control(viraudit::record::Control { op, pid: 1 });
    for event in [
        control(ControlOp::Start { reason: reason() }),
        control(ControlOp::Stop { reason: reason() }),
        control(ControlOp::Init { init_pid: 2, pid_ns: 3 }),
        Event::MachineId(MachineId { vm_ctx: peer(), img_ctx: None, model: peer() }),
        Event::Lifecycle(Lifecycle::IntegrityCheck { mechanism: reason(), action: reason() }),
        Event::Lifecycle(Lifecycle::Create { reason: reason(), image: peer() }),
        Event::Lifecycle(Lifecycle::Destroy { reason: reason(), image: None }),
        Event::Lifecycle(Lifecycle::MigrateIn { reason: reason(), peer: peer() }),
        Event::Lifecycle(Lifecycle::MigrateOut { reason: reason(), peer: peer() }),
    ] {
        let record = Record { guest: guest(), event, success: false };
        assert_eq!(record.borrowed(), record);
        let owned: Record<'static> = {
            let body = record.body();
            Record::parse(record.record_type(), &body, false).unwrap().into_owned()
        };
        assert_eq!(owned, record);
    }
}

#[cfg(feature = "serde")]
#[test]
fn records_are_serialized() {
    let change = viraudit::Change { old: Some(b"/g\xE4st"[..].into()), new: Some("/a".into()) };
    let disk = serde_json::to_value(record(Resource::Disk(change))).unwrap();
    assert_eq!(
        disk,
        serde_json::json!({
            "guest": {
                "virt": "kvm",
                "name": "web1",
                "uuid": "07070707-0707-0707-0707-070707070707",
            },
            "event": {
                "resource": {
                    "reason": "start",
                    // Not UTF-8: its bytes.
                    "resource": { "disk": { "old": [47, 103, 228, 115, 116], "new": "/a" } },
                },
            },
            "success": true,
        })
    );
    let rdev = Some("a:c8".parse().unwrap());
    let mac = [0x52, 0x54, 0, 0, 0, 1].into();
    let net = Resource::NetDevice { mac, path: None, rdev };
    assert_eq!(
        serde_json::to_value(net).unwrap(),
        serde_json::json!({
            "net_device": { "mac": "52:54:00:00:00:01", "path": null, "rdev": "0A:C8" }
        })
    );
    for resource in Resource::every_kind() {
        serde_json::to_string(&record(resource)).unwrap();
    }
}
