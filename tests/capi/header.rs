//! A small reader of the header's prototypes. It knows the header's own style, not C.

use crate::cc::root;
use std::fs;

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The type of its result, such as `const char *`.
    pub(crate) result: String,
    pub(crate) params: Vec<Param>,
    pub(crate) variadic: bool,
    /// The comment in front of it, on one line.
    pub(crate) comment: String,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Param {
    pub(crate) name: String,
    /// Its type: `const char *`, or `const unsigned char [16]`.
    pub(crate) kind: String,
}

impl Param {
    pub(crate) fn is_pointer(&self) -> bool {
        self.kind.contains(['*', '[']) || self.kind == "virAuditLogFunc"
    }
}

/// The header's text.
pub(crate) fn text() -> String {
    fs::read_to_string(root().join("include/viraudit.h")).expect("the header is there")
}

/// Its functions, in order.
pub(crate) fn functions() -> Vec<Function> {
    let text = text();
    let mut functions = Vec::new();
    let mut comment = String::new();
    let mut statement = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if statement.is_empty() && line.starts_with("/*") {
            comment = line.to_owned();
            while !comment.contains("*/") {
                comment.push_str(lines.next().expect("a comment ends"));
            }
            let words = comment.split_whitespace().filter(|&word| word != "*");
            comment = words.collect::<Vec<_>>().join(" ");
            continue;
        }
        let starts = line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains('(');
        let code = line.split("/*").next().unwrap_or_default();
        if starts && !line.starts_with("typedef") || !statement.is_empty() {
            statement.push_str(code.trim());
            statement.push(' ');
            if statement.contains(';') {
                functions.push(function(&statement, &comment));
                statement.clear();
                comment.clear();
            }
        }
    }
    functions
}

fn function(statement: &str, comment: &str) -> Function {
    let (head, rest) = statement.split_once('(').expect("a prototype has parameters");
    let (params, _) = rest.split_once(')').expect("a prototype's parameters end");
    let (result, name) = split_name(head);
    let params: Vec<&str> = params.split(',').map(str::trim).filter(|&p| p != "void").collect();
    Function {
        name,
        result,
        variadic: params.last() == Some(&"..."),
        params: params.into_iter().filter(|&p| p != "...").map(param).collect(),
        comment: comment.to_owned(),
    }
}

fn param(text: &str) -> Param {
    let (kind, name) = split_name(text.split('[').next().unwrap_or_default());
    match text.split_once('[') {
        Some((_, size)) => Param { name, kind: format!("{kind} [{size}") },
        None => Param { name, kind },
    }
}

/// `const char *name` as `const char *` and `name`.
fn split_name(text: &str) -> (String, String) {
    let text = text.trim();
    let at = text.rfind([' ', '*']).map_or(0, |at| at + 1);
    (text[..at].trim().to_owned(), text[at..].to_owned())
}
