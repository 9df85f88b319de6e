//! Shapes of records that were checked and found clean.
//!
//! Records of one daemon differ in a few values only. A record whose text is that of a clean one, but
//! for values of which any is valid, is clean too. Comparing is much faster than the full check.

use viraudit::RecordType;

/// The number of shapes that are kept. The oldest one is replaced.
const SHAPES: usize = 32;

/// Longer records are rare, and not kept.
const RECORD_MAX: usize = 16 * 1024;

/// A part of a record.
#[derive(Debug)]
enum Part {
    /// This text.
    Exact(Vec<u8>),
    /// A guest: ` vm="NAME" uuid=UUID`
    Guest,
    /// A quoted text.
    Quoted,
    /// A quoted MAC address.
    Mac,
    /// A raw text.
    Raw,
    /// A number of one to nine digits.
    Number,
}

#[derive(Debug)]
struct Shape {
    kind: RecordType,
    parts: Vec<Part>,
    /// The index of the shape of the record that came after one of this shape.
    next: usize,
}

/// The shapes of clean records.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    /// The shape of the last record.
    last: usize,
    oldest: usize,
    /// The last guest, as in its record.
    guest: Vec<u8>,
}

/// Values of which any text, or any short number, is valid.
fn value_part(key: &[u8]) -> Option<Part> {
    match key {
        b"old-disk" | b"new-disk" | b"old-fs" | b"new-fs" | b"old-chardev" | b"new-chardev"
        | b"old-rng" | b"new-rng" | b"cgroup" => Some(Part::Quoted),
        b"old-net" | b"new-net" => Some(Part::Mac),
        b"vm-ctx" | b"img-ctx" => Some(Part::Raw),
        b"vm-pid" => Some(Part::Number),
        _ => None,
    }
}

impl Shapes {
    /// Whether a record has the shape of a clean one.
    #[inline]
    pub(super) fn accepts(&mut self, kind: RecordType, record: &[u8]) -> bool {
        let Some(last) = self.shapes.get(self.last) else { return false };
        let expected = last.next;
        let guest = &mut self.guest;
        let fits = |shape: &Shape, guest: &mut Vec<u8>| {
            shape.kind == kind && fits(&shape.parts, record, guest)
        };
        if self.shapes.get(expected).is_some_and(|shape| fits(shape, guest)) {
            self.last = expected;
            return true;
        }
        let Some(at) = self.shapes.iter().position(|shape| fits(shape, guest)) else {
            return false;
        };
        self.shapes[self.last].next = at;
        self.last = at;
        true
    }

    /// Adds the shape of a clean record.
    pub(super) fn learn(&mut self, kind: RecordType, record: &[u8]) {
        if record.len() > RECORD_MAX {
            return;
        }
        let shape = Shape { kind, parts: parts(record), next: 0 };
        let at = if self.shapes.len() < SHAPES {
            self.shapes.push(shape);
            self.shapes.len() - 1
        } else {
            let at = self.oldest;
            self.shapes[at] = shape;
            self.oldest = (at + 1) % SHAPES;
            at
        };
        self.shapes[self.last].next = at;
        self.last = at;
    }
}

/// Splits a record into its parts.
fn parts(record: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    let mut seen_guest = false;
    while let Some(blank) = memchr::memchr(b' ', &record[at..]) {
        let blank = at + blank;
        let word = &record[blank + 1..];
        let len = memchr::memchr(b' ', word).unwrap_or(word.len());
        let key_len = memchr::memchr(b'=', &word[..len]).unwrap_or(0);
        let (start, part) = if !seen_guest && let Some(len) = guest_len(&record[blank..]) {
            seen_guest = true;
            (blank, Some((Part::Guest, len)))
        } else {
            let start = blank + key_len + b" =".len();
            let part = value_part(&word[..key_len])
                .and_then(|part| Some((value_len(&part, &record[start..])?, part)));
            (start, part.map(|(len, part)| (part, len)))
        };
        at = blank + 1;
        if let Some((part, len)) = part {
            parts.push(Part::Exact(record[from..start].to_vec()));
            parts.push(part);
            from = start + len;
            at = from;
        }
    }
    parts.push(Part::Exact(record[from..].to_vec()));
    parts
}

/// Whether a record consists of these parts.
#[inline]
fn fits(parts: &[Part], record: &[u8], guest: &mut Vec<u8>) -> bool {
    let mut rest = record;
    for part in parts {
        let len = match part {
            Part::Exact(text) if rest.starts_with(text) => text.len(),
            Part::Exact(_) => return false,
            // Most records are about the guest of the one before.
            Part::Guest if !guest.is_empty() && rest.starts_with(guest) => guest.len(),
            Part::Guest => {
                let Some(len) = guest_len(rest) else { return false };
                guest.clear();
                guest.extend_from_slice(&rest[..len]);
                len
            }
            part => match value_len(part, rest) {
                Some(len) => len,
                None => return false,
            },
        };
        rest = &rest[len..];
    }
    rest.is_empty()
}

/// The length of the value at the beginning of a text, if it is one that fits the part.
#[inline]
fn value_len(part: &Part, text: &[u8]) -> Option<usize> {
    match part {
        Part::Quoted => quoted_len(text),
        Part::Mac => mac_len(text),
        Part::Raw => {
            let len = memchr::memchr(b' ', text)?;
            is_harmless(&text[..len]).then_some(len)
        }
        Part::Number => {
            let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let leading_zero = len > 1 && text[0] == b'0';
            ((1..10).contains(&len) && !leading_zero).then_some(len)
        }
        Part::Exact(_) | Part::Guest => None,
    }
}

/// The length of a quoted text that isn't `"?"`.
#[inline]
fn quoted_len(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"\"")?;
    let len = memchr::memchr(b'"', inner)?;
    let value = &inner[..len];
    (!value.is_empty() && value != b"?" && is_harmless(value)).then_some(len + 2)
}

/// The length of a quoted MAC address.
fn mac_len(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"\"")?.get(..18)?;
    let valid = inner.iter().enumerate().all(|(at, byte)| match at {
        17 => *byte == b'"',
        2 | 5 | 8 | 11 | 14 => *byte == b':',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
    });
    valid.then_some(inner.len() + 1)
}

/// Whether a text has only bytes that end neither a value nor a record.
#[inline]
fn is_harmless(text: &[u8]) -> bool {
    // Faster without an early exit.
    !text.is_empty()
        && text.iter().fold(true, |all, &byte| {
            all & (b'!' < byte) & (byte <= b'~') & (byte != b'\'') & (byte != b'"')
        })
}

/// The length of ` vm="NAME" uuid=UUID`.
fn guest_len(text: &[u8]) -> Option<usize> {
    let vm = quoted_len(text.strip_prefix(b" vm=")?)?;
    let uuid = text[b" vm=".len() + vm..].strip_prefix(b" uuid=")?.get(..36)?;
    let valid = uuid.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
    });
    let len = b" vm=".len() + vm + b" uuid=".len() + uuid.len();
    (valid && text.get(len) == Some(&b' ')).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{LineKind, StampReader, front};
    use crate::verify::record;
    use proptest::prelude::*;

    const BODIES: [(&str, &str); 7] = [
        ("VIRT_RESOURCE", "resrc=disk reason=start GUEST old-disk=\"?\" new-disk=\"/a/b.img\""),
        (
            "VIRT_RESOURCE",
            "resrc=net reason=start GUEST old-net=\"?\" new-net=\"52:54:00:00:0a:01\"",
        ),
        ("VIRT_RESOURCE", "resrc=mem reason=start GUEST old-mem=0 new-mem=1048576"),
        (
            "VIRT_RESOURCE",
            "resrc=cgroup reason=deny GUEST cgroup=\"/sys/fs/cgroup/x\" class=path \
             path=\"/dev/null\" rdev=01:03 acl=rw",
        ),
        ("VIRT_CONTROL", "op=start reason=booted GUEST vm-pid=77"),
        ("VIRT_CONTROL", "op=stop reason=shutdown GUEST vm-pid=0"),
        ("VIRT_MACHINE_ID", "GUEST vm-ctx=a:b:c:s0:c1,c2 img-ctx=a:b:d:s0:c1,c2 model=selinux"),
    ];

    fn line(at: usize) -> String {
        let (kind, body) = BODIES[at];
        let guest = "vm=\"g1\" uuid=cd613e30-d8f1-6adf-91b7-584a2265b1f5";
        let body = body.replace("GUEST", guest);
        format!(
            "type={kind} msg=audit(1.000:1): pid=1 uid=0 auid=1 ses=1 subj=a msg='virt=kvm {body} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res=success'"
        )
    }

    /// Whether the full check accepts a line, and whether the shapes do.
    fn both(shapes: &mut Shapes, text: &[u8]) -> Option<(bool, bool)> {
        let line = front(text)?.line_by(&mut StampReader::default())?;
        let LineKind::Virt(kind) = line.kind else { return None };
        let mut clean = true;
        record::check(kind, &line, &mut |_| clean = false);
        Some((clean, shapes.accepts(kind, line.body)))
    }

    fn learned() -> Shapes {
        let mut shapes = Shapes::default();
        for at in 0..BODIES.len() {
            let text = line(at);
            let line =
                front(text.as_bytes()).unwrap().line_by(&mut StampReader::default()).unwrap();
            let LineKind::Virt(kind) = line.kind else { panic!("{text}") };
            assert_eq!(
                both(&mut Shapes::default(), text.as_bytes()),
                Some((true, false)),
                "{text}"
            );
            shapes.learn(kind, line.body);
        }
        shapes
    }

    #[test]
    fn values_may_differ() {
        let mut shapes = learned();
        for (at, from, to) in [
            (0, "/a/b.img", "/c d"),
            (0, "/a/b.img", "/other"),
            (0, "g1", "another-guest"),
            (1, "0a:01", "0b:ff"),
            (4, "=77", "=123456789"),
            (6, "c1,c2", "c1023"),
        ] {
            let text = line(at).replace(from, to);
            let accepted = !to.contains(' ');
            assert_eq!(both(&mut shapes, text.as_bytes()), Some((accepted, accepted)), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn shapes_accept_only_what_the_full_check_accepts(
            at in 0..BODIES.len(),
            other in 0..BODIES.len(),
            cut in 0usize..400,
            to in 0usize..400,
            text in prop_oneof![
                "[ -~]{0,3}",
                prop::sample::select(vec![
                    "\"", "'", " ", "=", "?", "\u{1d}", " exe=", " msg='", "00", "\\", "\t", "é", " uid=0",
                    "\"?\"", "\"\"", "4294967296",
                ]).prop_map(str::to_owned),
            ],
        ) {
            let mut shapes = learned();
            let (one, two) = (line(at).into_bytes(), line(other).into_bytes());
            let cut = cut.min(one.len());
            // The end is of the same line, shifted a little, or of another one.
            let end = if other % 2 == 0 { &one[(cut + to % 4).min(one.len())..] } else {
                &two[to.min(two.len())..]
            };
            let mutated = [&one[..cut], text.as_bytes(), end].concat();
            if let Some((clean, accepted)) = both(&mut shapes, &mutated) {
                prop_assert!(clean || !accepted, "{}", mutated.escape_ascii());
            }
        }
    }
}
