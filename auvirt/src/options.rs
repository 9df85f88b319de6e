//! The command line.
//!
//! Words are processed from left to right: an error ends it there, and `--help` hides what follows.

use crate::complaint::Complaint;
use crate::ctime;
use crate::times::{self, Edge};

/// The options of a run. Times that weren't given are 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) help: bool,
    pub(crate) stdin: bool,
    pub(crate) all_events: bool,
    pub(crate) summary: bool,
    pub(crate) show_uuid: bool,
    pub(crate) proof: bool,
    pub(crate) debug: bool,
    pub(crate) vm: Option<Vec<u8>>,
    pub(crate) uuid: Option<Vec<u8>>,
    pub(crate) file: Option<Vec<u8>>,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Options {
    /// Whether resources, denials and anomalies are printed or counted.
    pub(crate) fn related(&self) -> bool {
        self.all_events || self.summary
    }

    /// Sets the options of a command line; on an error, those before it.
    pub(crate) fn read(&mut self, args: &[Vec<u8>]) -> Result<(), Complaint> {
        let mut words = args.iter().map(Vec::as_slice).peekable();
        while let Some(option) = words.next() {
            let mut value = || {
                words
                    .next_if(|word| !word.starts_with(b"-"))
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| quoted(b"", option, b" option requires an argument."))
            };
            match option {
                b"-v" | b"--vm" => self.vm = Some(value()?),
                b"-u" | b"--uuid" => {
                    let uuid = value()?;
                    if !is_uuid(&uuid) {
                        return Err([b"Invalid uuid: ", &uuid[..]].concat());
                    }
                    self.uuid = Some(uuid);
                }
                b"-f" | b"--file" => self.file = Some(value()?),
                b"-a" | b"--all-events" => self.all_events = true,
                b"-s" | b"--summary" => self.summary = true,
                b"--show-uuid" => self.show_uuid = true,
                b"--stdin" => self.stdin = true,
                b"--proof" => self.proof = true,
                b"--debug" => self.debug = true,
                b"-h" | b"--help" => {
                    self.help = true;
                    return Ok(());
                }
                b"-ts" | b"--start" | b"-te" | b"--end" => {
                    let date = words.next_if(|word| !word.starts_with(b"-")).ok_or_else(|| {
                        quoted(b"", option, b" option requires at least one argument.")
                    })?;
                    let time = words.next_if(|word| !word.starts_with(b"-"));
                    if matches!(option, b"-ts" | b"--start") {
                        self.start = times::read(Edge::Start, date, time)?;
                    } else {
                        self.end = times::read(Edge::End, date, time)?;
                    }
                }
                _ if option.starts_with(b"-") => {
                    return Err(quoted(b"Unknown option ", option, b"."));
                }
                _ => return Err([b"Argument not expected: ", option].concat()),
            }
        }
        if self.stdin && self.file.is_some() {
            let text = "\"--sdtin\" and \"--file\" options must not be specified together.";
            return Err(text.into());
        }
        Ok(())
    }

    /// The options, as `--debug` prints them.
    pub(crate) fn dump(&self) -> Vec<u8> {
        let flag = |name, set: bool| format!("{name}_flag='{}'\n", u8::from(set)).into_bytes();
        let text = |name: &[u8], value: &Option<Vec<u8>>| {
            let value = value.as_deref().unwrap_or(b"(null)");
            [name, b"='", value, b"'\n"].concat()
        };
        let time = |name: &[u8], seconds: i64| {
            let value = if seconds == 0 { Vec::new() } else { ctime::text(seconds) };
            [name, b"='", &value, b"'\n"].concat()
        };
        [
            flag("help", self.help),
            flag("stdin", self.stdin),
            flag("all_events", self.all_events),
            flag("summary", self.summary),
            text(b"uuid", &self.uuid),
            text(b"vm", &self.vm),
            text(b"file", &self.file),
            time(b"start_time", self.start),
            time(b"end_time", self.end),
        ]
        .concat()
    }
}

fn quoted(before: &[u8], word: &[u8], after: &[u8]) -> Complaint {
    [before, b"\"", word, b"\"", after].concat()
}

/// Whether a text is five groups of hexadecimal digits.
fn is_uuid(text: &[u8]) -> bool {
    let mut groups = text.split(|&byte| byte == b'-');
    let right = [8, 4, 4, 4, 12].iter().all(|&length| {
        groups
            .next()
            .is_some_and(|group| group.len() == length && group.iter().all(u8::is_ascii_hexdigit))
    });
    right && groups.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, String> {
        let args: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let mut options = Options::default();
        let result = options.read(&args);
        result.map(|()| options).map_err(|text| String::from_utf8_lossy(&text).into_owned())
    }

    #[test]
    fn options_are_read_from_left_to_right() {
        let options = read("-a -v x -v y --proof --help --nonsense").expect("no error");
        assert!(options.all_events && options.proof && options.help);
        assert_eq!(options.vm.as_deref(), Some(&b"y"[..]));
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let error = |line| read(line).err();
        assert_eq!(error("-v -a").as_deref(), Some("\"-v\" option requires an argument."));
        assert_eq!(error("-ts").as_deref(), Some("\"-ts\" option requires at least one argument."));
        assert_eq!(error("-u 12").as_deref(), Some("Invalid uuid: 12"));
        assert_eq!(error("-av").as_deref(), Some("Unknown option \"-av\"."));
        assert_eq!(error("x").as_deref(), Some("Argument not expected: x"));
    }
}
