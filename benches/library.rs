//! What the library itself costs: `cargo bench --bench library`.

#[path = "../tests/support/nowhere.rs"]
mod nowhere;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use nowhere::Nowhere;
use viraudit::client::ClientIdentity;
use viraudit::internal::message::{Suffix, TEXT_ROOM, TextBody, compose};
use viraudit::log::Caller;
use viraudit::record::MachineId;
use viraudit::{
    Auditor, Change, Client, DomainDef, Event, Guest, Options, Origin, Record, RecordType,
    Resource, Uuid,
};

fn main() {
    divan::main();
}

fn guest() -> Guest<'static> {
    Guest::new("kvm", "guest1", Uuid([7; 16]))
}

fn disk(path: &'static str) -> Record<'static> {
    let change = Change { old: None, new: Some(path.into()) };
    Record::resource(guest(), "start", Resource::Disk(change), true)
}

fn suffix() -> Suffix {
    Origin { exe: Some(b"/usr/sbin/libvirtd".to_vec()), ..Origin::default() }.into()
}

fn records() -> [(&'static str, Record<'static>); 4] {
    let labels = MachineId {
        vm_ctx: Some("system_u:system_r:svirt_t:s0:c1,c2".into()),
        img_ctx: Some("system_u:object_r:svirt_image_t:s0:c1,c2".into()),
        model: Some("selinux".into()),
    };
    [
        ("disk", disk("/var/lib/images/disk01.qcow2")),
        ("disk, hex", disk("/var/lib/images/disk 01.qcow2")),
        ("start", Record::start(guest(), "booted", 4242, true)),
        ("label", Record { guest: guest(), event: Event::MachineId(labels), success: true }),
    ]
}

#[divan::bench(args = [0, 1, 2, 3])]
fn format_record(bencher: Bencher, which: usize) {
    let suffix = suffix();
    let (_, record) = &records()[which];
    let mut out = [0; 1000];
    bencher.bench_local(|| {
        compose(black_box(record), &suffix, None, true, &mut out).map(|text| text.len)
    });
}

#[divan::bench]
fn format_record_that_is_too_long(bencher: Bencher) {
    let suffix = suffix();
    let path = "x".repeat(9000);
    let change = Change { old: Some(path.as_str().into()), new: Some(path.as_str().into()) };
    let record = Record::resource(guest(), "start", Resource::Disk(change), true);
    let mut out = [0; TEXT_ROOM];
    bencher.bench_local(|| {
        compose(black_box(&record), &suffix, None, true, &mut out).map(|text| text.len)
    });
}

#[divan::bench]
fn pass_on_a_text(bencher: Bencher) {
    let suffix = suffix();
    let text = disk("/var/lib/images/disk01.qcow2").body();
    let body = TextBody { kind: RecordType::VirtResource, text: &text };
    let mut out = [0; 1000];
    bencher.bench_local(|| {
        compose(black_box(&body), &suffix, None, true, &mut out).map(|text| text.len)
    });
}

#[divan::bench]
fn parse_record(bencher: Bencher) {
    let body = disk("/var/lib/images/disk01.qcow2").body();
    bencher.bench_local(|| Record::parse(RecordType::VirtResource, black_box(&body), true).is_ok());
}

#[divan::bench]
fn emit_without_the_kernel(bencher: Bencher) {
    let auditor = Auditor::open(Nowhere, Options::new()).expect("opens");
    let record = disk("/var/lib/images/disk01.qcow2");
    bencher.bench_local(|| auditor.emit(black_box(&record)));
}

/// In comparison with [`emit_without_the_kernel`], the cost of the client's fields.
#[divan::bench]
fn emit_for_a_client_without_the_kernel(bencher: Bencher) {
    let auditor = Auditor::open(Nowhere, Options::new()).expect("opens");
    let record = disk("/var/lib/images/disk01.qcow2");
    let mut alice = ClientIdentity::new();
    alice.account = Some("alice".into());
    (alice.uid, alice.gid, alice.pid) = (Some(1000), Some(1000), Some(4711));
    (alice.login_uid, alice.session) = (Some(1000), Some(7));
    let _request = alice.scope();
    bencher.bench_local(|| auditor.emit(black_box(&record)));
}

#[divan::bench(threads = [1, 2])]
fn send_text_without_the_kernel(bencher: Bencher) {
    let auditor = Auditor::open(Nowhere, Options::new()).expect("opens");
    let text = disk("/var/lib/images/disk01.qcow2").body();
    bencher.bench(|| {
        let kind = RecordType::VirtResource;
        auditor.send_text(kind, black_box(&text), true, Client::default(), Caller::default())
    });
}

#[divan::bench]
fn start_from_xml_without_the_kernel(bencher: Bencher) {
    let xml = include_bytes!("../examples/guest.xml");
    let def = DomainDef::parse(xml).expect("parses");
    let count = def.start_records("booted", 1, true).count();
    let auditor = Auditor::open(Nowhere, Options::new()).expect("opens");
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| auditor.emit_all(black_box(&def).start_records("booted", 1, true)));
}

#[divan::bench]
fn parse_xml(bencher: Bencher) {
    let xml = include_bytes!("../examples/guest.xml");
    bencher.bench_local(|| DomainDef::parse(black_box(xml)).is_ok());
}
