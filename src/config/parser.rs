//! The grammar: a file is a sequence of statements `name = value` and comments.
//!
//! Its surprising rules, all observed in libvirt 9.0.0:
//!
//! - Statements are separated by line ends or by one `;`. A carriage return alone ends a line, and
//!   a comment; only line feeds are counted as lines.
//! - The last line end may be missing. But a file that is only blank space, or that ends with blank
//!   space instead of a statement, is malformed. An empty file is valid.
//! - No string knows escapes. A string in single or double quotes ends on its line; one in triple
//!   double quotes may span lines, and is only seen as one with seven bytes left in the file.
//! - Any string is cut at its first NUL byte. NULs in comments are skipped.
//! - Numbers are decimal. One beyond 64 bits wraps around silently. `+` makes no difference, but
//!   `-` makes the number a signed one, even `-0`.
//! - Lists may span lines, nest, and end with a comma. They can't hold comments.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::error::ConfigError;

/// A decimal number in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its digits, modulo 2^64.
    pub magnitude: u64,
    /// Whether it has a minus sign. libvirt rejects such a number, even `-0`, for an unsigned key.
    pub negative: bool,
    /// Whether the digits exceed 2^64 - 1, so that `magnitude` isn't the written number.
    pub wrapped: bool,
}

/// An element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A number.
    Number(Number),
    /// A string, without its quotes.
    Text(&'a [u8]),
    /// A list in the list. Only its syntax is checked: no setting has one, and not keeping what is
    /// in it makes lists of any depth harmless.
    List,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<'a> {
    /// A number.
    Number(Number),
    /// A string, without its quotes.
    Text(&'a [u8]),
    /// A list, in the order of the file.
    List(Vec<Item<'a>>),
}

impl fmt::Display for Setting<'_> {
    /// What it is, in words for the end of a message: `a string`, `-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) if number.wrapped => f.write_str("one beyond 64 bits"),
            Self::Number(number) if number.negative => write!(f, "-{}", number.magnitude),
            Self::Number(number) => number.magnitude.fmt(f),
            Self::Text(_) => f.write_str("a string"),
            Self::List(_) => f.write_str("a list"),
        }
    }
}

/// A statement `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key: a letter, then letters, digits and `_`.
    pub key: &'a str,
    /// Its value.
    pub setting: Setting<'a>,
    /// The key's line, from 1.
    pub line: usize,
    /// The position of the value in the text, with its quotes or brackets.
    pub(super) value: Range<usize>,
    /// The position of the statement in the text, without a comment behind it.
    pub(super) place: Range<usize>,
}

/// What a file consists of.
pub(super) enum Piece<'a> {
    /// A statement, with any comment behind it.
    Entry(Entry<'a>),
    /// A comment of its own: from its `#` to the end of its line, without that.
    Comment(Range<usize>),
}

/// Reads a text piece by piece. After an error there is nothing more.
pub(super) struct Parser<'a> {
    path: &'a Path,
    text: &'a [u8],
    at: usize,
    line: usize,
}

const TRIPLE: &[u8] = b"\"\"\"";

impl<'a> Parser<'a> {
    pub(super) fn new(path: &'a Path, text: &'a [u8]) -> Self {
        Self { path, text, at: 0, line: 1 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    /// Goes on to the first byte that isn't `wanted`.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while let Some(byte) = self.peek()
            && wanted(byte)
        {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn skip_blanks(&mut self) {
        self.skip(is_blank);
    }

    fn skip_space(&mut self) {
        self.skip(|byte| is_blank(byte) || is_line_end(byte));
    }

    fn skip_line(&mut self) {
        self.skip(|byte| !is_line_end(byte));
    }

    fn error(&self, message: String) -> ConfigError {
        ConfigError { path: self.path.to_owned(), line: self.line, message, errno: libc::EINVAL }
    }

    fn expected(&self, what: &str) -> ConfigError {
        let found = match self.peek() {
            None => "the end of the file".to_owned(),
            Some(byte) if is_line_end(byte) => "the end of the line".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(byte)),
            Some(byte) => format!("the byte {byte:#04x}"),
        };
        self.error(format!("expected {what}, not {found}"))
    }

    fn piece(&mut self) -> Result<Piece<'a>, ConfigError> {
        self.skip_space();
        let piece = if self.peek() == Some(b'#') {
            let start = self.at;
            self.skip_line();
            Piece::Comment(start..self.at)
        } else {
            Piece::Entry(self.entry()?)
        };
        self.separator()?;
        Ok(piece)
    }

    fn entry(&mut self) -> Result<Entry<'a>, ConfigError> {
        let (at, line) = (self.at, self.line);
        let key = self.key()?;
        self.skip_blanks();
        if self.peek() != Some(b'=') {
            return Err(self.expected("'=' after the name of a setting"));
        }
        self.at += 1;
        self.skip_blanks();
        let start = self.at;
        let setting = if self.peek() == Some(b'[') {
            Setting::List(self.list()?)
        } else {
            match self.scalar()? {
                Scalar::Number(number) => Setting::Number(number),
                Scalar::Text(text) => Setting::Text(text),
            }
        };
        let value = start..self.at;
        self.skip_blanks();
        if self.peek() == Some(b'#') {
            self.skip_line();
        }
        Ok(Entry { key, setting, line, place: at..value.end, value })
    }

    fn key(&mut self) -> Result<&'a str, ConfigError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
            return Err(self.expected("the name of a setting, or a comment"));
        }
        let start = self.at;
        self.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // Letters, digits and underscores are UTF-8, so this can't fail.
        std::str::from_utf8(&self.text[start..self.at])
            .map_err(|_| self.error("expected a name in ASCII".to_owned()))
    }

    fn scalar(&mut self) -> Result<Scalar<'a>, ConfigError> {
        match self.peek() {
            Some(b'+' | b'-' | b'0'..=b'9') => self.number().map(Scalar::Number),
            // Exactly libvirt's condition: a `""""""` that ends the file is not such a string.
            Some(b'"') if self.rest().starts_with(TRIPLE) && self.rest().len() > 6 => {
                self.triple_quoted().map(Scalar::Text)
            }
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote).map(Scalar::Text),
            _ => Err(self.expected("a value (a number, a quoted string or a list)")),
        }
    }

    fn number(&mut self) -> Result<Number, ConfigError> {
        let negative = self.peek() == Some(b'-');
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.expected("a digit after the sign of a number"));
        }
        let mut number = Number { magnitude: 0, negative, wrapped: false };
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            let digit = u64::from(byte - b'0');
            let (tens, over) = number.magnitude.overflowing_mul(10);
            let (sum, carry) = tens.overflowing_add(digit);
            number.magnitude = sum;
            number.wrapped |= over | carry;
            self.at += 1;
        }
        Ok(number)
    }

    fn quoted(&mut self, quote: u8) -> Result<&'a [u8], ConfigError> {
        self.at += 1;
        let start = self.at;
        self.skip(|byte| byte != quote && !is_line_end(byte));
        let end = self.at;
        if self.peek() != Some(quote) {
            return Err(self.expected(&format!("{} at the end of a string", char::from(quote))));
        }
        self.at += 1;
        Ok(until_nul(&self.text[start..end]))
    }

    fn triple_quoted(&mut self) -> Result<&'a [u8], ConfigError> {
        self.at += TRIPLE.len();
        let start = self.at;
        let rest = self.rest();
        let found = rest.windows(TRIPLE.len()).position(|window| window == TRIPLE);
        // Without an end, libvirt stops where one would still fit, and reports that line.
        let length = found.unwrap_or(rest.len().saturating_sub(2));
        let inner = &rest[..length];
        self.line += inner.iter().filter(|&&byte| byte == b'\n').count();
        self.at = start + length;
        if found.is_none() {
            return Err(self.error("expected \"\"\" at the end of a string".to_owned()));
        }
        self.at += TRIPLE.len();
        Ok(until_nul(inner))
    }

    /// A list; not recursive, so that the depth of one can't exhaust the stack (libvirt itself
    /// crashes somewhere beyond 100,000 brackets).
    fn list(&mut self) -> Result<Vec<Item<'a>>, ConfigError> {
        let mut items = Vec::new();
        let mut depth = 0usize;
        let mut item_may_follow = true;
        loop {
            match self.peek() {
                Some(b'[') if item_may_follow => {
                    self.at += 1;
                    if depth == 1 {
                        items.push(Item::List);
                    }
                    depth += 1;
                }
                Some(b']') => {
                    self.at += 1;
                    depth -= 1;
                    item_may_follow = false;
                    if depth == 0 {
                        return Ok(items);
                    }
                }
                Some(b',') if !item_may_follow => {
                    self.at += 1;
                    item_may_follow = true;
                }
                Some(_) if item_may_follow => {
                    let item = match self.scalar()? {
                        Scalar::Number(number) => Item::Number(number),
                        Scalar::Text(text) => Item::Text(text),
                    };
                    if depth == 1 {
                        items.push(item);
                    }
                    item_may_follow = false;
                }
                Some(_) => return Err(self.expected("',' or ']' after an item of a list")),
                None => return Err(self.expected("']' at the end of a list")),
            }
            self.skip_space();
        }
    }

    fn separator(&mut self) -> Result<(), ConfigError> {
        self.skip_blanks();
        match self.peek() {
            None => {}
            Some(byte) if is_line_end(byte) => self.skip_space(),
            Some(b';') => {
                self.at += 1;
                self.skip_space();
            }
            Some(_) => return Err(self.expected("the end of the line or ';' after a value")),
        }
        Ok(())
    }
}

impl<'a> Iterator for Parser<'a> {
    type Item = Result<Piece<'a>, ConfigError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.text.len() {
            return None;
        }
        let piece = self.piece();
        if piece.is_err() {
            self.at = self.text.len();
        }
        Some(piece)
    }
}

enum Scalar<'a> {
    Number(Number),
    Text(&'a [u8]),
}

/// Whether a byte is blank within a line.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a byte ends a line.
pub(super) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}
