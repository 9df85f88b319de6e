//! An expectation: the records that it is about, and how many are expected.

use regex_lite::Regex;
use std::fmt;
use viraudit::internal::record::wanted::{
    Difference, Exactly, Fields, Likeness, Requirement, Wanted,
};
use viraudit::{RecordType, Uuid};

/// What is required of a value.
#[derive(Clone, Debug)]
enum Value {
    Is(Exactly<Vec<u8>>),
    Uuid(Uuid),
    Matches(Regex),
}

impl Requirement for Value {
    fn accepts(&self, value: &[u8]) -> bool {
        match self {
            Self::Is(exactly) => exactly.accepts(value),
            Self::Uuid(uuid) => Uuid::parse(value) == Some(*uuid),
            Self::Matches(regex) => regex.is_match(&String::from_utf8_lossy(value)),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(exactly) => exactly.fmt(f),
            Self::Uuid(uuid) => write!(f, "\"{uuid}\""),
            Self::Matches(regex) => write!(f, "~\"{}\"", regex.as_str()),
        }
    }
}

/// The records with a type and with certain fields.
#[derive(Clone, Debug)]
pub struct Selection {
    wanted: Wanted<String, Value>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { wanted: Wanted { kind: None, fields: Vec::new() } }
    }
}

impl Selection {
    /// All records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only records of this type, such as `VIRT_RESOURCE`.
    ///
    /// # Errors
    ///
    /// If it is not the name of a VIRT_* type.
    pub fn kind(mut self, name: &str) -> Result<Self, String> {
        let known = name.parse::<RecordType>();
        let known = known.map_err(|_| {
            let names = RecordType::ALL.map(RecordType::name).join(", ");
            format!("{name} is not a type of record: {names}")
        })?;
        self.wanted.kind = Some(known);
        Ok(self)
    }

    /// Only records of the guest with this name.
    pub fn vm(self, name: &[u8]) -> Self {
        self.with("vm", Value::Is(Exactly(name.to_vec())))
    }

    /// Only records of the guest with this UUID.
    pub fn uuid(self, uuid: Uuid) -> Self {
        self.with("uuid", Value::Uuid(uuid))
    }

    /// Only records with this field: `KEY=VALUE` with the decoded value, or `KEY~REGEX`, where a
    /// match anywhere in the decoded value is enough.
    ///
    /// # Errors
    ///
    /// If the text has neither form, or if the regular expression is malformed.
    pub fn field(self, text: &str) -> Result<Self, String> {
        let malformed = || format!("{text} is neither KEY=VALUE nor KEY~REGEX");
        let at = text.find(['=', '~']).filter(|&at| at > 0).ok_or_else(malformed)?;
        let (key, value) = (&text[..at], &text[at + 1..]);
        if key.contains(char::is_whitespace) {
            return Err(malformed());
        }
        if text[at..].starts_with('~') {
            let regex = Regex::new(value).map_err(|error| format!("{text}: {error}"))?;
            return Ok(self.with(key, Value::Matches(regex)));
        }
        if key == "type" {
            return self.kind(value);
        }
        let uuid = Uuid::parse(value.as_bytes()).filter(|_| key == "uuid");
        let exactly = || Value::Is(Exactly(value.as_bytes().to_vec()));
        Ok(self.with(key, uuid.map_or_else(exactly, Value::Uuid)))
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.wanted.fields.push((key.to_owned(), value));
        self
    }

    /// Whether a record is selected.
    pub fn fits(&self, record: &impl Fields) -> bool {
        self.wanted.fits(record)
    }

    pub(super) fn likeness(&self, record: &impl Fields, number: u64) -> Likeness {
        self.wanted.likeness(record, number)
    }

    pub(super) fn differences(&self, record: &impl Fields) -> Vec<Difference> {
        self.wanted.differences(record)
    }
}

/// As in the arguments of `viraudit expect`.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.wanted.kind.map(|kind| kind.name().to_owned());
        let fields = self.wanted.fields.iter().map(|(key, value)| match value {
            Value::Matches(_) => format!("{key}{value}"),
            value => format!("{key}={value}"),
        });
        let words: Vec<String> = kind.into_iter().chain(fields).collect();
        f.write_str(if words.is_empty() { "any record" } else { "" })?;
        f.write_str(&words.join(" "))
    }
}

/// An expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub(super) selection: Selection,
    pub(super) count: u64,
    pub(super) absent: bool,
}

impl Default for Expectation {
    fn default() -> Self {
        Self { selection: Selection::default(), count: 1, absent: false }
    }
}

impl Expectation {
    /// One record, whichever.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with [`Selection::kind`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn kind(mut self, name: &str) -> Result<Self, String> {
        self.selection = self.selection.kind(name)?;
        Ok(self)
    }

    /// The same, with [`Selection::vm`].
    pub fn vm(mut self, name: &[u8]) -> Self {
        self.selection = self.selection.vm(name);
        self
    }

    /// The same, with [`Selection::uuid`].
    pub fn uuid(mut self, uuid: Uuid) -> Self {
        self.selection = self.selection.uuid(uuid);
        self
    }

    /// The same, with [`Selection::field`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn field(mut self, text: &str) -> Result<Self, String> {
        self.selection = self.selection.field(text)?;
        Ok(self)
    }

    /// At least this number of records; 1 unless it is set.
    pub fn count(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// No such record at all.
    pub fn absent(self) -> Self {
        Self { absent: true, ..self }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.absent, self.count) {
            (true, _) => f.write_str("no ")?,
            (false, 1) => {}
            (false, count) => write!(f, "{count} times ")?,
        }
        self.selection.fmt(f)
    }
}
