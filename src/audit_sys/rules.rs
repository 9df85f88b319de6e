//! The kernel's rules that may drop a record from user space.
//!
//! A record passes two lists: in `user` the first rule that matches decides, in `exclude` every rule
//! that matches drops, whatever its action. A rule matches when all of its fields do; a rule without
//! fields never matches (kernel/auditfilter.c, `audit_filter`, as of Linux 6.18).

use super::VIRT_TYPES;
use super::bindings::*;
use std::fmt::Write;

/// The most bytes of a rule in a reply: the kernel refuses a longer text in any of the fields.
pub(super) const RULE_LEN: usize =
    rule_layout_RULE_TEXT as usize + AUDIT_MAX_FIELDS as usize * libc::PATH_MAX as usize;

/// A rule of one of the two lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    list: List,
    never: bool,
    fields: Vec<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    User,
    Exclude,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    kind: u32,
    operator: u32,
    value: FieldValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FieldValue {
    Number(u32),
    Text(Vec<u8>),
}

/// A reply that is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedRule;

/// A rule that drops records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Drops {
    /// The rule as `auditctl -l` prints it, but for types that aren't VIRT_*: those are numbers.
    pub rule: String,
    /// The command that removes it.
    pub removal: String,
    /// The names of the record types that it drops.
    pub types: Vec<&'static str>,
    /// Every record of these types is dropped. Otherwise it depends on the sending process.
    pub certain: bool,
}

/// Whether a rule matches a record of a type, from any process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    /// It depends on the sending process.
    Unknown,
}

impl Rule {
    /// Reads the payload of an AUDIT_LIST_RULES reply; `None` for a rule of another list.
    pub fn read(payload: &[u8]) -> Result<Option<Self>, MalformedRule> {
        let number = |at: u32, i: usize| {
            let bytes = payload.get(at as usize + 4 * i..).and_then(<[u8]>::first_chunk::<4>);
            bytes.map(|bytes| u32::from_ne_bytes(*bytes)).ok_or(MalformedRule)
        };
        let list = match number(rule_layout_RULE_LIST, 0)? {
            AUDIT_FILTER_USER => List::User,
            AUDIT_FILTER_EXCLUDE => List::Exclude,
            _ => return Ok(None),
        };
        let never = match number(rule_layout_RULE_ACTION, 0)? {
            AUDIT_NEVER => true,
            AUDIT_ALWAYS => false,
            _ => return Err(MalformedRule),
        };
        let count = number(rule_layout_RULE_FIELD_COUNT, 0)?;
        if count > AUDIT_MAX_FIELDS {
            return Err(MalformedRule);
        }
        let text_len = number(rule_layout_RULE_TEXT_LEN, 0)? as usize;
        let text = payload.get(rule_layout_RULE_TEXT as usize..).unwrap_or_default();
        let mut text = text.get(..text_len).ok_or(MalformedRule)?;
        let field = |i: usize| {
            let kind = number(rule_layout_RULE_FIELDS, i)?;
            let operator = number(rule_layout_RULE_OPERATORS, i)? & AUDIT_OPERATORS;
            let value = number(rule_layout_RULE_VALUES, i)?;
            let value = if has_text(kind) {
                let (own, rest) = text.split_at_checked(value as usize).ok_or(MalformedRule)?;
                text = rest;
                FieldValue::Text(own.to_vec())
            } else {
                FieldValue::Number(value)
            };
            Ok(Field { kind, operator, value })
        };
        let fields = (0..count as usize).map(field).collect::<Result<_, _>>()?;
        Ok(Some(Self { list, never, fields }))
    }

    fn matches(&self, record_type: u16) -> Match {
        let fields = || self.fields.iter().map(|field| field.matches(record_type));
        if self.fields.is_empty() || fields().any(|field| field == Match::No) {
            Match::No
        } else if fields().any(|field| field == Match::Unknown) {
            Match::Unknown
        } else {
            Match::Yes
        }
    }

    fn drops(&self) -> bool {
        self.never || self.list == List::Exclude
    }

    fn text(&self, quote: fn(String) -> String) -> String {
        let action = if self.never { "never" } else { "always" };
        let list = match self.list {
            List::User => "user",
            List::Exclude => "exclude",
        };
        let fields = self.fields.iter().map(|field| format!(" -F {}", quote(field.text())));
        format!("{action},{list}{}", fields.collect::<String>())
    }
}

impl Field {
    fn matches(&self, record_type: u16) -> Match {
        let FieldValue::Number(value) = self.value else { return Match::Unknown };
        // All other fields are about the sending process. (At one that the kernel's filter doesn't
        // know it keeps the record, but the filter of a later kernel may know it.)
        if self.kind != AUDIT_MSGTYPE {
            return Match::Unknown;
        }
        let record_type = u32::from(record_type);
        let matches = match self.operator {
            AUDIT_EQUAL => record_type == value,
            AUDIT_NOT_EQUAL => record_type != value,
            AUDIT_LESS_THAN => record_type < value,
            AUDIT_LESS_THAN_OR_EQUAL => record_type <= value,
            AUDIT_GREATER_THAN => record_type > value,
            AUDIT_GREATER_THAN_OR_EQUAL => record_type >= value,
            _ => return Match::Unknown,
        };
        if matches { Match::Yes } else { Match::No }
    }

    fn text(&self) -> String {
        let mut text = match name(self.kind) {
            Some(name) => name.to_owned(),
            None => format!("f{}", self.kind),
        };
        text += match self.operator {
            AUDIT_EQUAL => "=",
            AUDIT_NOT_EQUAL => "!=",
            AUDIT_LESS_THAN => "<",
            AUDIT_LESS_THAN_OR_EQUAL => "<=",
            AUDIT_GREATER_THAN => ">",
            AUDIT_GREATER_THAN_OR_EQUAL => ">=",
            _ => "?",
        };
        match &self.value {
            FieldValue::Text(bytes) => text += &String::from_utf8_lossy(bytes),
            &FieldValue::Number(number) => match virt_type(number) {
                Some(name) if self.kind == AUDIT_MSGTYPE => text += name,
                // Signed, as auditctl prints it: -1 is an unset login.
                _ => write!(text, "{}", number.cast_signed()).expect("a String takes any text"),
            },
        }
        text
    }
}

/// The rules that drop records of the VIRT_* types, in the kernel's order.
///
/// A rule behind another that drops the same records is among them: it does so once the other is
/// removed.
pub fn drops(rules: &[Rule]) -> Vec<Drops> {
    // One entry for each rule and certainty.
    let mut types = vec![[Vec::new(), Vec::new()]; rules.len()];
    for (record_type, name) in VIRT_TYPES {
        for list in [List::User, List::Exclude] {
            let mut certain = true;
            for (rule, types) in rules.iter().zip(&mut types).filter(|(rule, _)| rule.list == list)
            {
                match (rule.matches(record_type), rule.drops()) {
                    (Match::No, _) => {}
                    (Match::Yes, true) => types[usize::from(certain)].push(name),
                    (Match::Unknown, true) => types[0].push(name),
                    // It keeps the record before a later rule can drop it.
                    (Match::Yes, false) => break,
                    (Match::Unknown, false) => certain = false,
                }
            }
        }
    }
    let entries = rules
        .iter()
        .zip(types)
        .flat_map(|(rule, [possible, certain])| [(rule, certain, true), (rule, possible, false)]);
    entries
        .filter(|(_, types, _)| !types.is_empty())
        .map(|(rule, types, certain)| Drops {
            rule: format!("-a {}", rule.text(|field| field)),
            removal: format!("auditctl -d {}", rule.text(quoted)),
            types,
            certain,
        })
        .collect()
}

fn virt_type(number: u32) -> Option<&'static str> {
    VIRT_TYPES.iter().find(|(known, _)| u32::from(*known) == number).map(|(_, name)| *name)
}

fn name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        AUDIT_PID => "pid",
        AUDIT_UID => "uid",
        AUDIT_GID => "gid",
        AUDIT_LOGINUID => "auid",
        AUDIT_MSGTYPE => "msgtype",
        AUDIT_SUBJ_USER => "subj_user",
        AUDIT_SUBJ_ROLE => "subj_role",
        AUDIT_SUBJ_TYPE => "subj_type",
        AUDIT_SUBJ_SEN => "subj_sen",
        AUDIT_SUBJ_CLR => "subj_clr",
        AUDIT_EXE => "exe",
        _ => return None,
    })
}

/// Whether a field's value is the length of a text behind the fields.
fn has_text(kind: u32) -> bool {
    matches!(
        kind,
        AUDIT_SUBJ_USER..=AUDIT_SUBJ_CLR
            | AUDIT_OBJ_USER..=AUDIT_OBJ_LEV_HIGH
            | AUDIT_WATCH
            | AUDIT_DIR
            | AUDIT_EXE
            | AUDIT_FILTERKEY
    )
}

/// A word of a shell's command.
fn quoted(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-=,./:".contains(c);
    if word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests;
