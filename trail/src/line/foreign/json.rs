//! A line of JSON: an entry of the journal, or a line of a log with the fields of a shipper around
//! it (filebeat, fluent-bit, vector, logstash, container runtimes).
//!
//! The line is walked, not stored: parsed values take many times the memory of their text. Fields
//! are known by their names without case and leading underscores, because shippers change both.

use super::times::digits;
use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The fields of an entry that matter.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The message. Of several, the first with a record.
    pub(super) message: Option<Vec<u8>>,
    /// How the message came to journald: `audit`, `kernel`, `syslog`, ...
    pub(super) transport: Option<String>,
    /// The program that sent the message.
    pub(super) tag: Option<String>,
    pub(super) host: Option<String>,
    /// The path of the program that sent the message, which journald adds.
    pub(super) exe: Option<String>,
    /// The record type and the serial number.
    pub(super) kind: Option<String>,
    pub(super) serial: Option<String>,
    /// When the kernel made the record, and when journald got it: microseconds since 1970.
    source_time: Option<String>,
    journal_time: Option<String>,
    /// The shipper's time.
    pub(super) time: Option<String>,
    /// The journal's own fields that were seen, a bit for each.
    seen: u16,
}

/// The journal's fields that must not appear twice: the second could be forged.
const ONCE: [&str; 7] = [
    "MESSAGE",
    "_TRANSPORT",
    "_HOSTNAME",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "_AUDIT_TYPE",
    "_AUDIT_ID",
];

impl Entry {
    /// Parses a line.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut entry = Self::default();
        let mut json = serde_json::Deserializer::from_slice(text);
        let walk = Walk { entry: &mut entry, target: Target::None, parent: "", top: true };
        json.deserialize_any(walk).and_then(|()| json.end()).ok()?;
        Some(entry)
    }

    /// The journal's time in milliseconds since 1970.
    pub(super) fn journal_ms(&self) -> Option<i64> {
        let micros = self.source_time.as_ref().or(self.journal_time.as_ref())?;
        i64::try_from(digits(micros.as_bytes())? / 1000).ok()
    }

    fn put(&mut self, target: Target, text: &str) {
        if let Target::Message = target {
            return self.put_message(text.as_bytes());
        }
        let field = match target {
            Target::Transport => &mut self.transport,
            Target::Tag => &mut self.tag,
            Target::Host => &mut self.host,
            Target::Exe => &mut self.exe,
            Target::Kind => &mut self.kind,
            Target::Serial => &mut self.serial,
            Target::SourceTime => &mut self.source_time,
            Target::JournalTime => &mut self.journal_time,
            Target::Time => &mut self.time,
            Target::Message | Target::None => return,
        };
        field.get_or_insert_with(|| text.to_owned());
    }

    fn put_message(&mut self, text: &[u8]) {
        let holds = |text: &[u8]| memchr::memmem::find(text, b"audit(").is_some();
        let better = |old: &Vec<u8>| !holds(old) && holds(text);
        if self.message.as_ref().is_none_or(better) {
            self.message = Some(text.to_owned());
        }
    }
}

/// The meaning of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    None,
    Message,
    Transport,
    Tag,
    Host,
    Exe,
    Kind,
    Serial,
    SourceTime,
    JournalTime,
    Time,
}

impl Target {
    fn of(name: &str, parent: &str) -> Self {
        match name {
            "message" | "log" | "msg" | "line" | "raw" | "event" | "original" | "textpayload"
            | "body" => Self::Message,
            "transport" if parent != "network" => Self::Transport,
            "syslog_identifier" | "appname" | "app_name" | "app-name" | "ident" | "program"
            | "programname" | "syslogtag" | "stream" => Self::Tag,
            "identifier" if parent == "syslog" => Self::Tag,
            "hostname" | "host" => Self::Host,
            "name" if parent == "host" => Self::Host,
            "exe" => Self::Exe,
            "audit_type" => Self::Kind,
            "audit_id" => Self::Serial,
            "source_realtime_timestamp" => Self::SourceTime,
            "realtime_timestamp" => Self::JournalTime,
            "@timestamp" | "timestamp" | "time" | "date" | "ts" => Self::Time,
            _ => Self::None,
        }
    }
}

/// The methods of a visitor for values that don't matter: null, and those that are listed.
macro_rules! ignore {
    ($($method:ident: $value:ty),*) => {
        fn visit_unit<E: Error>(self) -> Result<(), E> {
            Ok(())
        }
        $(fn $method<E: Error>(self, _: $value) -> Result<(), E> {
            Ok(())
        })*
    };
}

/// Walks a value, and stores the texts that matter.
struct Walk<'e, 'p> {
    entry: &'e mut Entry,
    target: Target,
    parent: &'p str,
    /// Whether this is the whole line.
    top: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.entry.put(self.target, text);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        if self.target != Target::None && self.target != Target::Message {
            self.entry.put(self.target, itoa::Buffer::new().format(number));
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if self.target == Target::Time {
            self.entry.put(self.target, &format!("{number:.6}"));
        }
        Ok(())
    }

    ignore!(visit_i64: i64, visit_bool: bool);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.target == Target::Message {
            let mut bytes = Vec::new();
            // journald's notation for text that is not UTF-8; or several messages.
            while let Some(()) =
                seq.next_element_seed(Element { entry: self.entry, bytes: &mut bytes })?
            {
            }
            if !bytes.is_empty() {
                self.entry.put_message(&bytes);
            }
            return Ok(());
        }
        loop {
            let walk =
                Walk { entry: self.entry, target: Target::None, parent: self.parent, top: false };
            if seq.next_element_seed(walk)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.top
                && let Some(at) = ONCE.iter().position(|once| *once == key)
            {
                if self.entry.seen & (1 << at) != 0 {
                    return Err(A::Error::custom("a field appears twice"));
                }
                self.entry.seen |= 1 << at;
            }
            let name = key.trim_start_matches('_').to_ascii_lowercase();
            let target = Target::of(&name, self.parent);
            map.next_value_seed(Walk { entry: self.entry, target, parent: &name, top: false })?;
        }
        Ok(())
    }
}

/// An element of a message that is an array: a byte, or a whole message.
struct Element<'e> {
    entry: &'e mut Entry,
    bytes: &'e mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte or a text")
    }

    fn visit_u64<E: Error>(self, byte: u64) -> Result<(), E> {
        self.bytes.push(u8::try_from(byte).map_err(|_| E::custom("not a byte"))?);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if !self.bytes.is_empty() {
            return Err(E::custom("a text among bytes"));
        }
        self.entry.put_message(text.as_bytes());
        Ok(())
    }

    ignore!(visit_i64: i64, visit_f64: f64, visit_bool: bool);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
