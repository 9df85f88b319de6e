//! Random records, for the properties that every record must have.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use viraudit::internal::record::{Field, MAKERS, Source, Style};
use viraudit::record::{Control, ControlOp, Event, Lifecycle, MachineId, Resource};
use viraudit::{ClientIdentity, Guest, Record, Uuid, Value};

/// What somebody might try.
const HOSTILE: &[&[u8]] = &[
    b"a res=failed",
    b"x\ntype=VIRT_CONTROL msg=audit(1.1:1): ",
    b"it's",
    b"' exe=\"/bin/sh\" res=success'",
    b"\x1dUID=\"root\"",
    b"4142",
    b"(null)",
    b" exe=",
    b" truncated=vm",
];

/// Bytes as callers give them: mostly harmless, often hostile, sometimes anything.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z0-9/._-]{1,40}".prop_map(String::into_bytes),
        2 => "[ -~]{0,30}".prop_map(String::into_bytes),
        1 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..40),
        1 => prop::sample::select(HOSTILE).prop_map(<[u8]>::to_vec),
    ]
}

/// An encoded value. `?` is left out: it is what a missing one looks like.
fn value() -> BoxedStrategy<Value<'static>> {
    bytes().prop_filter("a missing value", |bytes| bytes != b"?").prop_map(Value::from).boxed()
}

/// A raw value. Harmless text that looks like the hex of harmful bytes is left out: a reader
/// can't know, and takes it for that.
fn raw() -> BoxedStrategy<Value<'static>> {
    value()
        .prop_filter("looks like hex", |value| *viraudit::encode::decode_raw(value) == **value)
        .boxed()
}

/// Random values for the fields of one resource.
#[derive(Clone, Debug)]
struct Random {
    there: Vec<bool>,
    encoded: Vec<Value<'static>>,
    raw: Vec<Value<'static>>,
    numbers: Vec<u64>,
}

impl Source for Random {
    fn is_there(&mut self) -> bool {
        self.there.pop().expect("enough choices")
    }

    fn text(&mut self, field: &Field) -> Value<'static> {
        let from = if field.style == Style::Raw { &mut self.raw } else { &mut self.encoded };
        from.pop().expect("enough texts")
    }

    fn number(&mut self) -> u64 {
        self.numbers.pop().expect("enough numbers")
    }
}

fn random() -> impl Strategy<Value = Random> {
    let values = (vec(any::<bool>(), 4), vec(value(), 4), vec(raw(), 4), vec(any::<u64>(), 6));
    values.prop_map(|(there, encoded, raw, numbers)| Random { there, encoded, raw, numbers })
}

/// A resource of any kind.
fn resource() -> BoxedStrategy<Resource<'static>> {
    (0..MAKERS.len(), random()).prop_map(|(form, mut values)| MAKERS[form](&mut values)).boxed()
}

fn control() -> BoxedStrategy<Control<'static>> {
    let op = prop_oneof![
        raw().prop_map(|reason| ControlOp::Start { reason }),
        raw().prop_map(|reason| ControlOp::Stop { reason }),
        any::<(i64, u64)>().prop_map(|(init_pid, pid_ns)| ControlOp::Init { init_pid, pid_ns }),
    ];
    (op, any::<i64>()).prop_map(|(op, pid)| Control { op, pid }).boxed()
}

fn lifecycle() -> BoxedStrategy<Lifecycle<'static>> {
    prop_oneof![
        (value(), value())
            .prop_map(|(mechanism, action)| Lifecycle::IntegrityCheck { mechanism, action }),
        (raw(), option::of(value()))
            .prop_map(|(reason, image)| Lifecycle::Create { reason, image }),
        (raw(), option::of(value()))
            .prop_map(|(reason, image)| Lifecycle::Destroy { reason, image }),
        (raw(), option::of(value()))
            .prop_map(|(reason, peer)| Lifecycle::MigrateIn { reason, peer }),
        (raw(), option::of(value()))
            .prop_map(|(reason, peer)| Lifecycle::MigrateOut { reason, peer }),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<Event<'static>> {
    let labels = (option::of(raw()), option::of(raw()), option::of(raw()));
    prop_oneof![
        1 => control().prop_map(Event::Control),
        1 => labels.prop_map(|(vm_ctx, img_ctx, model)| {
            Event::MachineId(MachineId { vm_ctx, img_ctx, model })
        }),
        6 => (raw(), resource())
            .prop_map(|(reason, resource)| Event::Resource { reason, resource }),
        1 => lifecycle().prop_map(Event::Lifecycle),
    ]
    .boxed()
}

/// Any record.
pub(crate) fn record() -> impl Strategy<Value = Record<'static>> {
    (raw(), value(), any::<[u8; 16]>(), event(), any::<bool>()).prop_map(
        |(virt, name, uuid, event, success)| Record {
            guest: Guest::new(virt, name, Uuid(uuid)),
            event,
            success,
        },
    )
}

/// A client: each of its values may be unknown.
pub(crate) fn client() -> impl Strategy<Value = ClientIdentity<'static>> {
    let text = || proptest::option::of(bytes());
    let number = || proptest::option::of(any::<u32>());
    let numbers = (number(), number(), number(), number(), number());
    (text(), text(), text(), numbers).prop_map(|(account, sasl, x509, numbers)| {
        let mut client = ClientIdentity::new();
        client.account = account.map(Into::into);
        client.sasl = sasl.map(Into::into);
        client.x509 = x509.map(Into::into);
        (client.uid, client.gid, client.pid, client.login_uid, client.session) = numbers;
        client
    })
}
