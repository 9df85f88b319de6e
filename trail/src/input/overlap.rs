//! Logs that don't name their host: if their records are of the same time, they may be of different
//! hosts, whose guests must not be mixed.

use super::auditd::rotated_from;

/// The time and the serial number of a record.
pub(crate) type RecordStamp = (i64, u64);

/// The distance from the ends of a log, in milliseconds, within which its neighbour may reach: a
/// rotation doesn't cut exactly.
const MARGIN: i64 = 1000;

/// The first two logs, by their indexes, of which one has records between those of the other that
/// the other doesn't have. `ranges` are the logs with the times of their first and last records,
/// `stamps` gets the stamps of a log, and `name` its name. Rotations of one log are of one host: their
/// records are of the same time if its clock was set back.
pub(crate) fn overlapping(
    mut ranges: Vec<(usize, i64, i64)>,
    mut stamps: impl FnMut(usize) -> Vec<RecordStamp>,
    name: impl Fn(usize) -> String,
) -> Option<(usize, usize)> {
    ranges.sort_by_key(|&(log, first, last)| (first, last, log));
    for (at, &(one, _, end)) in ranges.iter().enumerate() {
        let later = ranges[at + 1..].iter().take_while(|range| range.1 < end - MARGIN);
        let mut of_one: Option<Vec<RecordStamp>> = None;
        for &(other, ..) in later {
            let of_one = of_one.get_or_insert_with(|| {
                let mut all = stamps(one);
                all.sort_unstable();
                all
            });
            let mut of_other = stamps(other);
            of_other.sort_unstable();
            if interleave(of_one, &of_other) && interleave(&of_other, of_one) {
                let (one, other) = (one.min(other), one.max(other));
                if rotated_from(&name(one)) != rotated_from(&name(other)) {
                    return Some((one, other));
                }
            }
        }
    }
    None
}

/// Whether records of `other` that `one` doesn't have are between records of `one`, or before all
/// of them.
fn interleave(one: &[RecordStamp], other: &[RecordStamp]) -> bool {
    let Some(last) = one.last() else { return false };
    other.iter().any(|stamp| stamp.0 < last.0 - MARGIN && one.binary_search(stamp).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(logs: &[&[RecordStamp]], name: impl Fn(usize) -> String) -> Option<(usize, usize)> {
        let range = |(at, log): (usize, &&[RecordStamp])| {
            let times = || log.iter().map(|stamp| stamp.0);
            (at, times().min().unwrap(), times().max().unwrap())
        };
        overlapping(logs.iter().enumerate().map(range).collect(), |log| logs[log].to_vec(), name)
    }

    fn found(logs: &[&[RecordStamp]]) -> Option<(usize, usize)> {
        found_in(logs, |log| format!("host{log}/audit.log"))
    }

    #[test]
    fn logs_of_one_time_overlap_unless_they_are_copies() {
        let log: &[RecordStamp] = &[(0, 1), (10_000, 2), (20_000, 3)];
        let rotated: &[RecordStamp] = &[(19_500, 4), (30_000, 5)];
        let other: &[RecordStamp] = &[(5_000, 1), (25_000, 2)];
        let inside: &[RecordStamp] = &[(5_000, 1), (6_000, 2)];
        assert_eq!(found(&[log]), None);
        assert_eq!(found(&[rotated, log]), None);
        assert_eq!(found(&[log, log]), None, "a copy");
        assert_eq!(found(&[&log[..2], log]), None, "the beginning of a copy");
        assert_eq!(found(&[log, other]), Some((0, 1)));
        assert_eq!(found(&[rotated, other, log]), Some((1, 2)));
        assert_eq!(found(&[log, inside]), Some((0, 1)));
        for (names, expected) in [
            (["x/audit.log.1", "x/audit.log"], None),
            (["x/audit.log.2.gz", "x/audit.log.1.zst"], None),
            (["x/audit.log-20261120.xz", "x/audit.log"], None),
            (["x/audit.log", "y/audit.log"], Some((0, 1))),
            (["x/h1.log", "x/h2.log"], Some((0, 1))),
        ] {
            let found = found_in(&[log, other], |log| names[log].to_owned());
            assert_eq!(found, expected, "{names:?}");
        }
    }
}
