//! A scripted kernel.

use super::*;
use viraudit_trail::line::record_line;

#[derive(Clone, Copy)]
enum Step {
    /// The start of the guest with this number.
    Start(u64),
    /// This number of crashes of a program that is not a guest.
    Crashes(u64),
    /// The kernel signals a loss.
    Lost,
    /// This number is lost, with or without a signal.
    Dropped(u32),
    Nothing,
    Broken(i32),
}

use Step::{Broken, Crashes, Dropped, Lost, Nothing, Start};

struct Script<'s> {
    crashes: u64,
    steps: std::slice::Iter<'s, Step>,
    lost: Option<u32>,
    stop: &'s AtomicBool,
}

impl Records for Script<'_> {
    fn next(&mut self, _: Duration) -> io::Result<Heard> {
        if self.crashes > 0 {
            self.crashes -= 1;
            let text = format!("audit(1795292517.231:{}): pid=9 comm=\"x\" sig=11", self.crashes);
            return Ok(Heard::Line(record_line(1701, text.as_bytes())));
        }
        match self.steps.next() {
            Some(Start(n)) => Ok(Heard::Line(record_line(2500, &start(*n)))),
            Some(Crashes(number)) => {
                self.crashes = *number;
                self.next(PATIENCE)
            }
            Some(Lost) => Ok(Heard::Lost),
            Some(Dropped(more)) => {
                self.lost = self.lost.map(|lost| lost.wrapping_add(*more));
                self.next(PATIENCE)
            }
            Some(Nothing) => Ok(Heard::Nothing),
            Some(Broken(errno)) => Err(io::Error::from_raw_os_error(*errno)),
            None => {
                self.stop.store(true, Ordering::Release);
                Ok(Heard::Nothing)
            }
        }
    }

    fn lost(&self) -> Option<u32> {
        self.lost
    }

    fn loss(&self) -> Loss {
        Loss::Overrun
    }
}

fn start(n: u64) -> Vec<u8> {
    format!(
        "audit(1795292517.231:{n}): pid=1 uid=0 auid=0 ses=1 msg='virt=kvm op=start \
         reason=booted vm=\"g{n}\" uuid={n:08x}-2f8b-4b7a-9d9c-0123456789ab vm-pid=5 exe=\"x\" \
         hostname=? addr=? terminal=? res=success'"
    )
    .into_bytes()
}

/// The names of the guests whose rows were shown, and the warnings.
fn played(steps: &[Step], before: Option<u32>, count: Option<u64>) -> (Vec<String>, Vec<String>) {
    let stop = AtomicBool::new(false);
    let mut script = Script { crashes: 0, steps: steps.iter(), lost: before, stop: &stop };
    let selection = Selection::new();
    let wanted = Wanted { json: true, count, deadline: None, selection: &selection, drain: false };
    let (mut out, mut warnings) = (Vec::new(), Vec::new());
    let result = follow(&mut script, wanted, &stop, &mut out, &mut |line| warnings.push(line));
    let out = String::from_utf8(out).unwrap();
    let names = out.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["vm"].as_str().unwrap().to_owned()
    });
    if let Err(error) = result {
        warnings.push(error.to_string());
    }
    (names.collect(), warnings)
}

const WHY: &str = "they arrived faster than they were read";

#[test]
fn losses_are_reported_and_other_records_are_shown() {
    for (steps, before, shown, warnings) in [
        (&[Start(1), Nothing][..], Some(0), "g1", vec![]),
        (&[Start(1), Nothing], Some(9), "g1", vec![]),
        // The records in the buffer come before the lost ones.
        (
            &[Start(1), Lost, Start(2), Dropped(7), Nothing, Start(10)],
            Some(0),
            "g1 g2 g10",
            vec!["7 records were lost"],
        ),
        (&[Lost, Dropped(1), Nothing, Start(2)], Some(3), "g2", vec!["1 record was lost"]),
        // The counter wraps.
        (&[Lost, Dropped(5), Nothing], Some(u32::MAX - 1), "", vec!["5 records were lost"]),
        (
            &[Lost, Dropped(2), Nothing, Start(1), Lost, Dropped(3), Nothing, Nothing],
            Some(0),
            "g1",
            vec!["2 records were lost", "3 records were lost"],
        ),
        // A loss without a signal.
        (&[Dropped(4), Start(1), Nothing], Some(0), "g1", vec!["4 records were lost"]),
        // A kernel that doesn't count losses.
        (&[Lost, Start(1), Nothing, Start(2)], None, "g1 g2", vec!["records were lost"]),
        (&[Start(1), Nothing], None, "g1", vec![]),
        // Reported at the end at the latest.
        (&[Start(1), Lost, Dropped(4)], Some(0), "g1", vec!["4 records were lost"]),
    ] {
        let (names, lines) = played(steps, before, None);
        let warnings: Vec<String> = warnings.iter().map(|what| format!("{what}: {WHY}")).collect();
        assert_eq!(lines, warnings, "{shown}");
        assert_eq!(names.join(" "), shown);
    }
}

#[test]
fn no_loss_is_reported_twice_while_records_keep_arriving() {
    let burst = [Lost, Dropped(3), Start(1), Dropped(4), Start(2), Start(3), Dropped(5), Nothing];
    let (names, warnings) = played(&burst, Some(0), None);
    assert_eq!(names.len(), 3);
    let number = |line: &String| line.split(' ').next().unwrap().parse::<u32>().unwrap();
    assert_eq!(warnings.iter().map(number).sum::<u32>(), 12, "{warnings:?}");
}

#[test]
fn records_that_are_not_kept_are_reported() {
    let (names, warnings) = played(&[Start(1), Crashes(10_000), Start(2), Nothing], Some(0), None);
    assert_eq!(names.join(" "), "g1 g2");
    let number = |line: &String| line.split(' ').next().unwrap().parse::<u64>().unwrap();
    let sum = warnings.iter().map(number).sum::<u64>();
    assert!((5000..10_000).contains(&sum), "{warnings:?}");
    assert!(warnings[0].contains("were not kept until the end of their events"), "{warnings:?}");
}

#[test]
fn a_loss_is_reported_before_an_error_and_after_the_last_row() {
    let (names, warnings) = played(&[Start(1), Lost, Dropped(2), Broken(5)], Some(0), None);
    assert_eq!((names.len(), warnings.len()), (1, 2), "{warnings:?}");
    assert!(warnings[0].starts_with("2 records were lost"), "{warnings:?}");
    let steps = [Start(1), Lost, Dropped(2), Start(2), Start(3)];
    let (names, warnings) = played(&steps, Some(0), Some(2));
    assert_eq!((names.join(" "), warnings.len()), ("g1 g2".to_owned(), 1), "{warnings:?}");
}
