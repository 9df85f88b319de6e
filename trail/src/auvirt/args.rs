//! The command line, word by word.
//!
//! Each word is dealt with as it comes: an error ends it there, `--help` hides what follows it.

use super::times::{self, Edge};

/// What was asked for. Times are 0 when they weren't given.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) help: bool,
    pub(super) stdin: bool,
    pub(super) all_events: bool,
    pub(super) summary: bool,
    pub(super) show_uuid: bool,
    pub(super) proof: bool,
    pub(super) debug: bool,
    pub(super) vm: Option<Vec<u8>>,
    pub(super) uuid: Option<Vec<u8>>,
    pub(super) file: Option<Vec<u8>>,
    pub(super) start: i64,
    pub(super) end: i64,
}

/// One line for standard error.
pub(super) type Complaint = Vec<u8>;

impl Options {
    /// Whether what only relates to guests is shown or counted.
    pub(super) fn related(&self) -> bool {
        self.all_events || self.summary
    }

    /// Takes in the command line. The options before an error are set.
    pub(super) fn read(&mut self, args: &[Vec<u8>]) -> Result<(), Complaint> {
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
}

fn quoted(before: &[u8], word: &[u8], after: &[u8]) -> Complaint {
    [before, b"\"", word, b"\"", after].concat()
}

/// Whether it is five groups of hex digits.
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
