//! An element of the XML, with the few ways in which a domain's values are written.

use super::fault::Fault;
use super::number;
use crate::value::Value;
use std::borrow::Cow;

/// How many characters of a wrong value a message shows.
const SHOWN: usize = 60;

/// An element. Elements and attributes in a namespace are passed over, as libvirt does.
#[derive(Clone, Copy)]
pub(super) struct Element<'d>(roxmltree::Node<'d, 'd>);

impl<'d> Element<'d> {
    pub(super) fn new(node: roxmltree::Node<'d, 'd>) -> Self {
        Self(node)
    }

    /// Its name.
    #[inline(never)]
    pub(super) fn name(self) -> &'d str {
        self.0.tag_name().name()
    }

    /// The children of that name.
    pub(super) fn children<'n>(self, name: &'n str) -> Children<'d, 'n> {
        Children { next: self.0.first_child(), name }
    }

    /// The first child of that name.
    #[inline(never)]
    pub(super) fn child(self, name: &str) -> Option<Self> {
        self.children(name).next()
    }

    /// The devices of that kind, in the XML's order.
    pub(super) fn devices<'n>(self, kind: &'n str) -> Devices<'d, 'n> {
        let none = Children { next: None, name: kind };
        Devices { groups: self.children("devices"), group: none }
    }

    /// All child elements, except those in a namespace.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> {
        let elements = self.0.children().filter(|node| node.is_element());
        elements.filter(|node| node.tag_name().namespace().is_none()).map(Self)
    }

    /// An attribute, also an empty one.
    #[inline(never)]
    pub(super) fn attribute(self, name: &str) -> Option<&'d str> {
        self.0.attribute(name)
    }

    /// An attribute as a record's value.
    pub(super) fn value(self, name: &str) -> Option<Value<'static>> {
        self.attribute(name).map(owned)
    }

    /// An attribute that must be there.
    pub(super) fn required(self, name: &str) -> Result<&'d str, Fault> {
        self.attribute(name)
            .ok_or_else(|| self.error(format!("<{}> has no attribute '{name}'", self.name())))
    }

    /// All its text, that of elements inside it included; comments are not text, nor are blanks
    /// that only set elements apart.
    #[inline(never)]
    pub(super) fn text(self) -> Cow<'d, str> {
        let texts = self.0.descendants().filter(|node| node.is_text() && !is_layout(*node));
        let mut parts = texts.filter_map(|node| node.text());
        let first = parts.next().unwrap_or_default();
        match parts.next() {
            None => Cow::Borrowed(first),
            Some(second) => Cow::Owned([first, second].into_iter().chain(parts).collect()),
        }
    }

    /// Its text, unless there is none.
    pub(super) fn some_text(self) -> Option<Cow<'d, str>> {
        Some(self.text()).filter(|text| !text.is_empty())
    }

    /// The text of the first child of that name, unless there is none.
    pub(super) fn child_text(self, name: &str) -> Option<Cow<'d, str>> {
        self.child(name).and_then(Self::some_text)
    }

    /// A whole number in an attribute, decimal.
    pub(super) fn decimal(self, name: &str) -> Result<Option<u32>, Fault> {
        self.number(name, 10, "a whole number from 0 to 4294967295")
    }

    /// A whole number in an attribute: decimal, hex after 0x, or octal after 0.
    pub(super) fn any_base<T: TryFrom<u64>>(self, name: &str) -> Result<Option<T>, Fault> {
        self.number(name, 0, "a whole number, decimal or hex after 0x")
    }

    /// The same, when it must be there.
    pub(super) fn required_any_base<T: TryFrom<u64>>(self, name: &str) -> Result<T, Fault> {
        self.required(name)?;
        self.any_base(name).and_then(|number| number.ok_or_else(|| self.bad(name, "a number")))
    }

    fn number<T: TryFrom<u64>>(
        self,
        name: &str,
        base: u32,
        expected: &str,
    ) -> Result<Option<T>, Fault> {
        let Some(text) = self.attribute(name) else { return Ok(None) };
        let number = number::parse(text, base).and_then(|number| T::try_from(number).ok());
        number.map(Some).ok_or_else(|| self.bad(name, expected))
    }

    /// An attribute out of a list of words; `None` when it isn't there.
    pub(super) fn one_of<'w>(
        self,
        name: &str,
        words: &[&'w str],
    ) -> Result<Option<&'w str>, Fault> {
        let Some(text) = self.attribute(name) else { return Ok(None) };
        let word = words.iter().find(|word| **word == text);
        word.map(|word| Some(*word))
            .ok_or_else(|| self.bad(name, &format!("one of: {}", words.join(", "))))
    }

    /// An attribute that is yes or no.
    pub(super) fn yes_no(self, name: &str) -> Result<Option<bool>, Fault> {
        Ok(self.one_of(name, &["yes", "no"])?.map(|word| word == "yes"))
    }

    /// Where it begins in the text, in bytes.
    pub(super) fn position(self) -> usize {
        self.0.range().start
    }

    /// An error at this element.
    pub(super) fn error(self, message: impl Into<String>) -> Fault {
        Fault { at: self.position(), message: message.into() }
    }

    /// An error at an attribute's value, with what was expected.
    pub(super) fn bad(self, name: &str, expected: &str) -> Fault {
        let (at, text) = match self.0.attribute_node(name) {
            Some(attribute) => (attribute.range_value().start, attribute.value()),
            None => (self.0.range().start, ""),
        };
        let message =
            format!("<{} {name}='{}'>: expected {expected}", self.name(), shorten(text, SHOWN));
        Fault { at, message }
    }

    /// An error at this element's text, with what was expected.
    pub(super) fn bad_text(self, expected: &str) -> Fault {
        let text = self.text();
        self.error(format!(
            "<{0}>{1}</{0}>: expected {expected}",
            self.name(),
            shorten(&text, SHOWN)
        ))
    }
}

/// An element's children of one name. This and what follows is used at many places, where a copy
/// each would make up a good part of the library.
pub(super) struct Children<'d, 'n> {
    next: Option<roxmltree::Node<'d, 'd>>,
    name: &'n str,
}

impl<'d> Iterator for Children<'d, '_> {
    type Item = Element<'d>;

    #[inline(never)]
    fn next(&mut self) -> Option<Element<'d>> {
        loop {
            let node = self.next?;
            self.next = node.next_sibling();
            let tag = node.tag_name();
            if node.is_element() && tag.namespace().is_none() && tag.name() == self.name {
                return Some(Element(node));
            }
        }
    }
}

/// The devices of one kind, of all `<devices>`.
pub(super) struct Devices<'d, 'n> {
    groups: Children<'d, 'static>,
    group: Children<'d, 'n>,
}

impl<'d> Iterator for Devices<'d, '_> {
    type Item = Element<'d>;

    #[inline(never)]
    fn next(&mut self) -> Option<Element<'d>> {
        loop {
            if let Some(device) = self.group.next() {
                return Some(device);
            }
            self.group.next = self.groups.next()?.0.first_child();
        }
    }
}

/// Whether a text is but layout: libvirt has libxml2 drop blank texts, except one that is an
/// element's only content, and those in an element whose content starts with a real text.
fn is_layout(text: roxmltree::Node<'_, '_>) -> bool {
    let is_blank = |node: roxmltree::Node<'_, '_>| {
        node.text().unwrap_or_default().bytes().all(|byte| b" \t\n\r".contains(&byte))
    };
    if !is_blank(text) {
        return false;
    }
    if text.prev_sibling().is_none() {
        return text.next_sibling().is_some();
    }
    let first = text.parent().and_then(|parent| parent.first_child());
    !first.is_some_and(|first| first.is_text() && !is_blank(first))
}

/// A text for a record.
pub(super) fn owned(text: impl Into<String>) -> Value<'static> {
    Value::from(text.into())
}

/// A text for a message: on one line, and not more than `shown` characters of it.
pub(super) fn shorten(text: &str, shown: usize) -> String {
    let mut short: String = text
        .chars()
        .take(shown)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(shown).is_some() {
        short.push_str("...");
    }
    short
}
