//! The check of a record about a guest, field by field.

use super::notes::Topic;
use super::{Damage, old};
use crate::line::fields::{Fields, find};
use crate::line::{Defect, Line, VirtLine, other_program, quoted};
use std::borrow::Cow;
use viraudit::RecordType;
use viraudit::client;
use viraudit::internal::message::ParsedMessage;
use viraudit::internal::record::{Field, Kind, Style};
use viraudit::record::ParseError;

/// The kernel's fields, in their order.
const KERNEL: [&[u8]; 5] = [b"pid", b"uid", b"auid", b"ses", b"subj"];

/// Fields of records of all types.
const COMMON: [&[u8]; 9] =
    [b"virt", b"vm", b"uuid", b"exe", b"hostname", b"addr", b"terminal", b"res", b"truncated"];

/// Fields of records of one type. Those of a resource are in the table of kinds.
fn fields_of(kind: RecordType) -> &'static [&'static [u8]] {
    match kind {
        RecordType::VirtControl => &[b"op", b"reason", b"vm-pid", b"init-pid", b"pid-ns"],
        RecordType::VirtMachineId => &[b"vm-ctx", b"img-ctx", b"model"],
        RecordType::VirtResource => &[b"resrc", b"reason"],
        RecordType::VirtIntegrityCheck => &[b"mechanism", b"action"],
        RecordType::VirtCreate | RecordType::VirtDestroy => &[b"reason", b"image"],
        _ => &[b"reason", b"source-host", b"destination-host"],
    }
}

/// The fields of all kinds of resources with this key.
fn resource_fields(key: &[u8]) -> impl Iterator<Item = &'static Field> {
    Kind::ALL.iter().filter_map(move |kind| kind.field(key))
}

/// Whether records of this type have a field with this key.
fn is_known(kind: RecordType, resource: Option<&Kind>, key: &[u8]) -> bool {
    COMMON.contains(&key)
        || client::KEYS.iter().any(|known| known.as_bytes() == key)
        || fields_of(kind).contains(&key)
        || resource.is_some_and(|resource| resource.field(key).is_some())
        || kind == RecordType::VirtResource && resource_fields(key).next().is_some()
}

/// Whether a field is the name of a kind or a form, so that an undefined value is unknown and not
/// malformed.
fn is_a_name(key: &str) -> bool {
    let names_a_form = |field: &Field| field.word.is_some() && field.style == Style::Plain;
    matches!(key, "resrc" | "op") || resource_fields(key.as_bytes()).any(names_a_form)
}

/// A result of a check.
pub(super) enum Checked {
    Damage(Damage, String),
    Note(Topic),
}

/// Passes all defects of a record, and the notes about it, to `report`.
pub(super) fn check(kind: RecordType, line: &Line<'_>, report: &mut impl FnMut(Checked)) {
    let quoted = quoted(line.body);
    let program = quoted.as_ref().ok().and_then(|quoted| other_program(quoted.text));
    let mut damage = |damage, message| report(Checked::Damage(damage, message));
    let (quoted, has_guest) = match (quoted, VirtLine::parse(kind, line)) {
        (Ok(quoted), Err(Defect::Malformed(_))) if program.is_some() => (quoted, false),
        (Err(Defect::Cut), _) | (_, Err(Defect::Cut)) => {
            return damage(Damage::Cut, "the record's end is missing".into());
        }
        (Err(Defect::Malformed(key)), _) | (_, Err(Defect::Malformed(key))) => {
            let message = format!("the field {key}= is missing or malformed");
            return damage(Damage::Malformed, message);
        }
        (Ok(quoted), Ok(_)) => (quoted, true),
    };
    if !quoted.trailing.is_empty() {
        let text = quoted.trailing.escape_ascii();
        damage(Damage::Forged, format!("text after the closing quote: {text}"));
    }
    check_kernel_fields(quoted.head, &mut damage);
    match program.map(Cow::into_owned) {
        Some(program) if !has_guest => report(Checked::Note(Topic::NoGuest(program))),
        program => check_fields(kind, quoted.text, program, report),
    }
}

/// Checks the fields of a record about a guest. Other programs than libvirt may add fields, and write
/// them in another order.
fn check_fields(
    kind: RecordType,
    text: &[u8],
    program: Option<Vec<u8>>,
    report: &mut impl FnMut(Checked),
) {
    let modern = old::modern_suffix(text);
    let mut is_old = matches!(modern, Cow::Owned(_));
    let text = &*modern;
    let has_virt = find(text, b"virt").is_some();
    let (mut clean, mut others) = (true, false);
    let mut damage = |damage, message| {
        clean = false;
        report(Checked::Damage(damage, message));
    };
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut resource = None;
    for field in Fields::new(text) {
        let key = field.key;
        let shown = key.escape_ascii();
        if key.is_empty() {
            let text = field.value.escape_ascii();
            damage(Damage::Forged, format!("a value has broken out of its field: {text}"));
        } else if keys.contains(&key) {
            damage(Damage::Forged, format!("the field {shown}= appears twice"));
        } else if !is_known(kind, resource, key) && (has_virt || !old::KEYS.contains(&key)) {
            if program.is_some() {
                others = true;
            } else {
                damage(Damage::Unknown, format!("not a field of a {kind} record: {shown}="));
            }
        } else if field.value.iter().any(|&byte| !(b' '..=0x7E).contains(&byte)) {
            damage(Damage::Forged, format!("the value of {shown}= has bytes that must be encoded"));
        }
        if key == b"resrc" {
            resource = Kind::find(field.value);
        }
        keys.push(key);
    }
    if clean && let Err(error) = ParsedMessage::parse(kind, text) {
        if !has_virt && program.is_none() || old::explains(text, error) {
            is_old = true;
        } else if program.is_some() {
            others = true;
        } else {
            let kind = match error {
                ParseError::Unexpected(key) if is_a_name(key) => Damage::Unknown,
                _ => Damage::Malformed,
            };
            report(Checked::Damage(kind, error.to_string()));
        }
    }
    match program {
        Some(program) if others => report(Checked::Note(Topic::OtherFields(program))),
        _ if is_old => report(Checked::Note(Topic::Old)),
        _ => {}
    }
}

/// Checks that the kernel's fields are in their order, each once.
fn check_kernel_fields(head: &[u8], report: &mut impl FnMut(Damage, String)) {
    let mut next = 0;
    for field in Fields::new(head) {
        // Old kernels begin with `user pid=`. AppArmor labels have a blank: `NAME (enforce)`.
        if field.key.is_empty() && (field.value == b"user" || field.value.starts_with(b"(")) {
            continue;
        }
        match KERNEL[next..].iter().position(|&key| key == field.key) {
            Some(at) => next += at + 1,
            None => {
                let key = field.key.escape_ascii();
                report(Damage::Forged, format!("not a field of the kernel: {key}="));
            }
        }
    }
}
