//! Compares records with expectations.

use super::verdict::{Nearest, Unmet, Verdict};
use super::{Expectation, HeardRecord};
use viraudit::internal::record::wanted::Likeness;

/// Whether more records are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More records are needed, or no further one may come.
    Waiting,
    /// All expectations are met, whatever follows.
    Met,
    /// A record came that must not come.
    Failed,
}

/// Expectations, and the records so far.
///
/// The expectations are in groups. Those of a group may be met in any order; a group begins when the
/// expectations of the groups before it are met. A record counts for each expectation of its group
/// that it fits. Records that fit none are ignored.
///
/// An absent expectation holds from the beginning of its group until the next group is met, and in the
/// last group until the end.
#[derive(Debug)]
pub struct Matcher {
    groups: Vec<Vec<State>>,
    /// The first group that isn't met.
    current: usize,
    heard: u64,
    unwanted: Option<(usize, usize, HeardRecord)>,
}

#[derive(Debug)]
struct State {
    expectation: Expectation,
    found: Vec<HeardRecord>,
    /// The nearest record that didn't count.
    nearest: Option<(Likeness, Nearest)>,
    /// The number of records that fit in what is there of them, and were cut.
    cut: u64,
}

impl State {
    fn is_met(&self) -> bool {
        self.expectation.absent || self.found.len() as u64 >= self.expectation.count
    }

    fn may_fit(&self, record: &HeardRecord) -> bool {
        let differences = || self.expectation.selection.differences(record);
        record.is_cut() && differences().iter().all(|difference| record.is_open(&difference.key))
    }
}

impl Matcher {
    /// A matcher of groups, the first first.
    ///
    /// # Errors
    ///
    /// If there is no expectation, or a group without one.
    pub fn new(groups: Vec<Vec<Expectation>>) -> Result<Self, String> {
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            return Err("no record is expected".into());
        }
        let state = |expectation| State { expectation, found: Vec::new(), nearest: None, cut: 0 };
        let groups = groups.into_iter().map(|group| group.into_iter().map(state).collect());
        let mut matcher = Self { groups: groups.collect(), current: 0, heard: 0, unwanted: None };
        matcher.skip_met();
        Ok(matcher)
    }

    /// The number of records so far.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Whether more records are needed.
    pub fn progress(&self) -> Progress {
        match &self.unwanted {
            Some(_) => Progress::Failed,
            None if self.current < self.groups.len() || self.waits() => Progress::Waiting,
            None => Progress::Met,
        }
    }

    /// Whether a record must not come until the end, so that only the end shows that all is met.
    pub fn waits(&self) -> bool {
        self.groups.last().is_some_and(|last| last.iter().any(|state| state.expectation.absent))
    }

    /// Whether the expectation with this number, from 0, is met, if no further record comes.
    pub fn is_met(&self, number: usize) -> bool {
        let place = self
            .unwanted
            .as_ref()
            .map(|(group, at, _)| self.groups[..*group].iter().map(Vec::len).sum::<usize>() + at);
        let state = self.groups.iter().flatten().nth(number);
        place != Some(number) && state.is_some_and(State::is_met)
    }

    /// The number of records that were cut, and may be ones that are missing or must not come.
    pub fn cut(&self) -> u64 {
        let open = |state: &&State| state.expectation.absent || !state.is_met();
        self.groups.iter().flatten().filter(open).map(|state| state.cut).sum()
    }

    /// A line about these records; `None` if there is none, or if the verdict is certain all the same.
    pub fn doubt(&self) -> Option<String> {
        let records = match self.cut() {
            _ if self.unwanted.is_some() => return None,
            0 => return None,
            1 => "1 record was cut and may be one of these".to_owned(),
            cut => format!("{cut} records were cut and may be some of these"),
        };
        Some(records + "; the verdict is uncertain")
    }

    /// Counts a record that is compared with no expectation.
    pub fn skip(&mut self) {
        self.heard += 1;
    }

    /// Adds a record.
    pub fn feed(&mut self, record: HeardRecord) -> Progress {
        if self.unwanted.is_some() {
            return Progress::Failed;
        }
        self.heard += 1;
        let last = self.groups.len() - 1;
        let (current, heard) = (self.current, self.heard);
        for (at, group) in self.groups.iter_mut().enumerate() {
            // Until the next group is met.
            let holds = at <= current && (at == last || current <= at + 1);
            for (number, state) in group.iter_mut().enumerate() {
                let fits = state.expectation.selection.fits(&record);
                let counts = if state.expectation.absent { holds } else { at == current };
                state.cut += u64::from(counts && !fits && state.may_fit(&record));
                if state.expectation.absent {
                    if fits && holds {
                        self.unwanted = Some((at, number, record));
                        return Progress::Failed;
                    }
                } else if fits && at == current && !state.is_met() {
                    state.found.push(record.clone());
                } else if at >= current && !state.is_met() {
                    let likeness = state.expectation.selection.likeness(&record, heard);
                    if state.nearest.as_ref().is_none_or(|(nearest, _)| *nearest < likeness) {
                        let differences = state.expectation.selection.differences(&record);
                        let nearest =
                            Nearest { number: heard, record: record.clone(), differences };
                        state.nearest = Some((likeness, nearest));
                    }
                }
            }
        }
        self.skip_met();
        self.progress()
    }

    fn skip_met(&mut self) {
        while self.groups.get(self.current).is_some_and(|group| group.iter().all(State::is_met)) {
            self.current += 1;
        }
    }

    /// The verdict if no further record comes.
    pub fn verdict(&self) -> Verdict<'_> {
        if let Some((group, number, record)) = &self.unwanted {
            let expectation = &self.groups[*group][*number].expectation;
            return Verdict::Unwanted { expectation, record, number: self.heard };
        }
        let states = self.groups.iter().flatten().enumerate();
        let unmet: Vec<Unmet<'_>> = states
            .filter(|(_, state)| !state.is_met())
            .map(|(number, state)| Unmet {
                number: number + 1,
                expectation: &state.expectation,
                came: state.found.len() as u64,
                nearest: state.nearest.as_ref().map(|(_, nearest)| nearest),
            })
            .collect();
        if unmet.is_empty() {
            return Verdict::Met;
        }
        Verdict::Unmet { of: self.groups.iter().flatten().count(), unmet }
    }

    /// For each expectation the records that met it.
    pub fn found(&self) -> impl Iterator<Item = (&Expectation, &[HeardRecord])> {
        self.groups.iter().flatten().map(|state| (&state.expectation, state.found.as_slice()))
    }
}
