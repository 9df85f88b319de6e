//! Records from a source, and whether all of them were heard.

use super::{HeardRecord, Matcher, RecordReader, Verdict};
use crate::listen::{Heard, Loss, Source, Wake, silence};
use crate::time::Clock;
use std::io;
use std::time::Duration;

/// The most lines that [`Hearing::drain`] reads, if more and more come.
const LATE: u32 = 1_000_000;

/// The result of one wait for a record.
#[derive(Clone, Debug)]
pub enum Next {
    /// A record about a guest.
    Record(Box<HeardRecord>),
    /// Something else was heard: another record, another line, or a loss.
    Other,
    /// Nothing was heard in time, or a signal came.
    Nothing,
    /// The descriptor that may end the wait did so.
    Woken,
    /// Nothing will follow.
    End,
}

/// A source of which each record is read, and each loss is noted.
#[derive(Debug)]
pub struct Hearing {
    source: Source,
    reader: RecordReader,
    heard: u64,
    lost_before: Option<u32>,
    overrun: bool,
}

/// The answer to expectations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They are met.
    Met,
    /// A record didn't come.
    Unmet,
    /// A record came that must not come.
    Unwanted,
    /// Uncertain: records were lost or cut, and what was heard doesn't decide it.
    Lost,
    /// Uncertain: no record can be heard, see [`silence`].
    Deaf,
}

impl Answer {
    /// Its name in `viraudit expect --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unmet => "unmet",
            Self::Unwanted => "unwanted",
            Self::Lost => "lost",
            Self::Deaf => "deaf",
        }
    }
}

impl Hearing {
    /// Hears a source from now on.
    pub fn new(source: Source) -> Self {
        let lost_before = source.lost();
        let reader = RecordReader::new(Clock::system());
        Self { source, reader, heard: 0, lost_before, overrun: false }
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Waits for the next record, as [`Source::next`] does.
    pub fn next(&mut self, wait: Duration, wake: Option<Wake<'_>>) -> io::Result<Next> {
        Ok(match self.source.next(wait, wake)? {
            Heard::Line(line) => match self.reader.read(&line) {
                Some(record) => {
                    self.heard += 1;
                    Next::Record(Box::new(record))
                }
                None => Next::Other,
            },
            Heard::Lost => {
                self.overrun = true;
                Next::Other
            }
            Heard::Nothing => Next::Nothing,
            Heard::Woken => Next::Woken,
            Heard::End => Next::End,
        })
    }

    /// Passes on the records that are there already, until `take` returns false. Returns false at the
    /// end of the source.
    pub fn drain(&mut self, mut take: impl FnMut(HeardRecord) -> bool) -> io::Result<bool> {
        for _ in 0..LATE {
            match self.next(Duration::ZERO, None)? {
                Next::Record(record) => {
                    if !take(*record) {
                        break;
                    }
                }
                Next::Other => {}
                Next::Nothing | Next::Woken => break,
                Next::End => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The number of records that were lost; 0 if it is unknown. `None` if none was.
    pub fn lost(&self) -> Option<u32> {
        let lost = |before| self.source.lost().map(|now| now.wrapping_sub(before));
        let lost = self.lost_before.and_then(lost).unwrap_or(0);
        (lost > 0 || self.overrun).then_some(lost)
    }

    /// Forgets losses, for expectations about what follows.
    pub fn forget_losses(&mut self) {
        self.lost_before = self.source.lost();
        self.overrun = false;
    }

    /// The number of records that are not about guests.
    pub fn others(&self) -> u64 {
        self.reader.others()
    }

    /// The answer, if no further record comes. Neither that a record didn't come nor that none came
    /// is certain after a loss, or if a record was cut that may be the one.
    pub fn answer(&self, matcher: &Matcher) -> Answer {
        let certain = match matcher.verdict() {
            Verdict::Unwanted { .. } => return Answer::Unwanted,
            Verdict::Unmet { .. } => Answer::Unmet,
            Verdict::Met if matcher.waits() => Answer::Met,
            Verdict::Met => return Answer::Met,
        };
        if self.lost().is_some() || matcher.cut() > 0 {
            return Answer::Lost;
        }
        if self.source.is_kernel() && silence().is_some() { Answer::Deaf } else { certain }
    }

    /// A line about the records that were lost; `None` if none was.
    pub fn loss(&self, answer: Answer) -> Option<String> {
        let what = match u64::from(self.lost()?) {
            0 => "records were lost".to_owned(),
            lost => format!("{} lost", counted(lost, "record was", "records were")),
        };
        Some(match (answer, self.source.loss()) {
            (Answer::Met, _) => format!("{what}, but not those that were expected"),
            (_, Loss::Overrun) => {
                format!("{what}: they arrived faster than they were read; the verdict is uncertain")
            }
            (_, loss) => format!("{loss}, and the verdict is uncertain"),
        })
    }

    /// A line with the number of records that were heard.
    pub fn count(&self) -> String {
        let heard = match self.heard {
            0 => "no record about a guest was heard".to_owned(),
            heard => {
                let what = counted(heard, "record about guests was", "records about guests were");
                format!("{what} heard")
            }
        };
        match self.others() {
            0 => heard,
            others => format!("{heard}, and {}", counted(others, "other record", "other records")),
        }
    }
}

fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_there_already_is_drained_until_enough_came() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut hearing = Hearing::new(Source::stream(reader));
        let mut drained = |enough: usize| {
            let mut came = 0;
            let more = hearing.drain(|_| {
                came += 1;
                came < enough
            });
            (came, more.unwrap())
        };
        assert_eq!(drained(9), (0, true));
        for serial in 0..5 {
            let head =
                format!("type=VIRT_CONTROL msg=audit(1.0:{serial}): pid=1 uid=0 auid=0 ses=0");
            let body =
                "virt=kvm op=stop reason=x vm=\"a\" uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab";
            writeln!(
                writer,
                "{head} msg='{body} exe=\"/x\" res=success'\ntype=CWD msg=audit(1.0:9): "
            )
            .unwrap();
        }
        assert_eq!(drained(2), (2, true));
        assert_eq!(drained(9), (3, true));
        drop(writer);
        assert_eq!(drained(9), (0, false));
    }
}
