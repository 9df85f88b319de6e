//! A record about a guest, field by field.

use super::Damage;
use crate::line::fields::Fields;
use crate::line::{Defect, Line, VirtLine, quoted};
use viraudit::internal::record::{Field, Kind, Style};
use viraudit::record::ParseError;
use viraudit::{ParsedMessage, RecordType};

/// What the kernel puts in front.
const KERNEL: [&[u8]; 5] = [b"pid", b"uid", b"auid", b"ses", b"subj"];

/// What stands in every record.
const COMMON: [&[u8]; 9] =
    [b"virt", b"vm", b"uuid", b"exe", b"hostname", b"addr", b"terminal", b"res", b"truncated"];

/// What stands only in records of a type.
fn own(kind: RecordType) -> &'static [&'static [u8]] {
    match kind {
        RecordType::VirtControl => &[b"op", b"reason", b"vm-pid", b"init-pid", b"pid-ns"],
        RecordType::VirtMachineId => &[b"vm-ctx", b"img-ctx", b"model"],
        RecordType::VirtResource => &[b"resrc", b"reason"],
        RecordType::VirtIntegrityCheck => &[b"mechanism", b"action"],
        RecordType::VirtCreate | RecordType::VirtDestroy => &[b"reason", b"image"],
        _ => &[b"reason", b"source-host", b"destination-host"],
    }
}

/// The field of a resource with this key, of any kind.
fn resource_fields(key: &[u8]) -> impl Iterator<Item = &'static Field> {
    Kind::ALL.iter().filter_map(move |kind| kind.field(key))
}

/// Whether records of this type, or resources, have such a field.
fn is_known(kind: RecordType, resource: Option<&Kind>, key: &[u8]) -> bool {
    COMMON.contains(&key)
        || own(kind).contains(&key)
        || resource.is_some_and(|resource| resource.field(key).is_some())
        || kind == RecordType::VirtResource && resource_fields(key).next().is_some()
}

/// Whether the field names what the record is, so that another value isn't malformed but unknown.
fn is_a_name(key: &str) -> bool {
    let names_a_form = |field: &Field| field.word.is_some() && field.style == Style::Plain;
    matches!(key, "resrc" | "op") || resource_fields(key.as_bytes()).any(names_a_form)
}

/// Hands everything that is wrong with a record to `say`.
pub(super) fn check(kind: RecordType, line: &Line<'_>, say: &mut impl FnMut(Damage, String)) {
    let quoted = match (quoted(line.body), VirtLine::parse(kind, line)) {
        (Err(Defect::Cut), _) | (_, Err(Defect::Cut)) => {
            return say(Damage::Cut, "the record's end is missing".into());
        }
        (Err(Defect::Malformed(key)), _) | (_, Err(Defect::Malformed(key))) => {
            let message = format!("the field {key}= is missing or can't be read");
            return say(Damage::Malformed, message);
        }
        (Ok(quoted), Ok(_)) => quoted,
    };
    let clean = std::cell::Cell::new(true);
    let mut say = |damage, message| {
        clean.set(false);
        say(damage, message);
    };
    if !quoted.trailing.is_empty() {
        let text = quoted.trailing.escape_ascii();
        say(Damage::Forged, format!("text behind the closing quote: {text}"));
    }
    kernel_fields(quoted.head, &mut say);
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut resource = None;
    for field in Fields::new(quoted.text) {
        let key = field.key;
        let shown = key.escape_ascii();
        if key.is_empty() {
            let text = field.value.escape_ascii();
            say(Damage::Forged, format!("a value has broken out of its field: {text}"));
        } else if keys.contains(&key) {
            say(Damage::Forged, format!("the field {shown}= stands there twice"));
        } else if !is_known(kind, resource, key) {
            say(Damage::Unknown, format!("no field of a {kind} record: {shown}="));
        } else if field.value.iter().any(|&byte| !(b' '..=0x7E).contains(&byte)) {
            say(Damage::Forged, format!("the value of {shown}= holds bytes that must be encoded"));
        }
        if key == b"resrc" {
            resource = Kind::find(field.value);
        }
        keys.push(key);
    }
    if clean.get()
        && let Err(error) = ParsedMessage::parse(kind, quoted.text)
    {
        let damage = match error {
            ParseError::Unexpected(key) if is_a_name(key) => Damage::Unknown,
            _ => Damage::Malformed,
        };
        say(damage, error.to_string());
    }
}

/// The kernel's own fields stand in their order, each once.
fn kernel_fields(head: &[u8], say: &mut impl FnMut(Damage, String)) {
    let mut next = 0;
    for field in Fields::new(head) {
        // Old kernels start with `user pid=`; labels of AppArmor have a blank: `NAME (enforce)`.
        if field.key.is_empty() && (field.value == b"user" || field.value.starts_with(b"(")) {
            continue;
        }
        match KERNEL[next..].iter().position(|&key| key == field.key) {
            Some(at) => next += at + 1,
            None => {
                let key = field.key.escape_ascii();
                say(Damage::Forged, format!("not one of the kernel's fields: {key}="));
            }
        }
    }
}
