//! The parts of the table of `resrc=` kinds; the table itself is in [`super::kinds`].

use super::fields::Style;

/// The meaning of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The side that is given back.
    Old,
    /// The side that is assigned.
    New,
    /// The resource itself, where a kind has no old and new side.
    Identity,
    /// Anything else.
    Other,
}

/// One field of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key.
    pub key: &'static str,
    /// How its value is written.
    pub style: Style,
    /// Its meaning.
    pub role: Role,
    /// The only value that it has in this form of the kind.
    pub word: Option<&'static str>,
}

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name that `resrc=` gives it.
    pub name: &'static str,
    /// The forms of its records: the fields behind the UUID, in their order.
    pub forms: &'static [&'static [Field]],
}

impl Kind {
    /// The fields of all forms.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.forms.iter().copied().flatten()
    }

    /// The field with this key, in whichever form.
    pub fn field(&self, key: &[u8]) -> Option<&'static Field> {
        self.fields().find(|field| field.key.as_bytes() == key)
    }

    /// The key of a path that ends the record, unencoded: a caller's text may have anything there.
    pub(crate) fn raw_end(&self) -> Option<&'static str> {
        let [form] = self.forms else { return None };
        let last = form.last()?;
        (last.style == Style::Raw && last.role == Role::Identity).then_some(last.key)
    }
}
