//! Logs that don't name their host: if their records are of the same time, they may be of different
//! hosts, whose guests must not be mixed.

/// The time and the serial number of a record.
pub(crate) type RecordStamp = (i64, u64);

/// The distance from the ends of a log, in milliseconds, within which its neighbour may reach: a
/// rotation doesn't cut exactly.
const MARGIN: i64 = 1000;

/// The first two logs, by their indexes, of which one has records between those of the other that
/// the other doesn't have, and whose serial numbers don't go on from log to log. `ranges` are the logs
/// with the times of their first and last records, and `stamps` gets the stamps of a log in the order
/// of its lines.
pub(crate) fn overlapping(
    mut ranges: Vec<(usize, i64, i64)>,
    mut stamps: impl FnMut(usize) -> Vec<RecordStamp>,
) -> Option<(usize, usize)> {
    let mut logs: Vec<usize> = ranges.iter().map(|range| range.0).collect();
    logs.sort_unstable();
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
                let between = logs.iter().filter(|log| (one..=other).contains(log));
                if !go_on(between.map(|&log| stamps(log))) {
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

/// Whether each log's serial numbers go on where those of the log before it end: then they are of
/// one host, whose clock was set back.
fn go_on(mut logs: impl Iterator<Item = Vec<RecordStamp>>) -> bool {
    let Some(mut before) = logs.next() else { return true };
    logs.all(|log| {
        let goes_on = match (before.first(), before.last(), log.first()) {
            (Some(first), Some(last), Some(next)) => {
                let usual = last.1.saturating_sub(first.1) / before.len() as u64;
                next.1
                    .checked_sub(last.1)
                    .is_some_and(|step| (1..=usual * 8 + 1000).contains(&step))
            }
            _ => true,
        };
        before = log;
        goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(logs: &[&[RecordStamp]]) -> Option<(usize, usize)> {
        let range = |(at, log): (usize, &&[RecordStamp])| {
            let times = || log.iter().map(|stamp| stamp.0);
            (at, times().min().unwrap(), times().max().unwrap())
        };
        overlapping(logs.iter().enumerate().map(range).collect(), |log| logs[log].to_vec())
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
        let set_back: &[RecordStamp] = &[(5_000, 4), (25_000, 5)];
        let later: &[RecordStamp] = &[(2_000, 6), (29_000, 7)];
        let far: &[RecordStamp] = &[(5_000, 90_004), (25_000, 90_005)];
        assert_eq!(found(&[log, set_back, later]), None, "one host's, whose clock was set back");
        assert_eq!(found(&[set_back, log]), Some((0, 1)));
        assert_eq!(found(&[log, far]), Some((0, 1)));
    }
}
