//! The verdict as JSON.

use super::hear::Attempt;
use crate::console::json_line;
use serde::Serialize;
use std::collections::BTreeMap;
use viraudit_trail::expect::{Difference, HeardRecord, Nearest, Verdict};
use viraudit_trail::time::UtcFormatCache;

#[derive(Serialize)]
struct Object<'v> {
    kind: &'static str,
    verdict: &'static str,
    /// The number of records about guests that were heard, and of other records.
    heard: u64,
    others: u64,
    /// The number of lost records; 0 if it is unknown, and null if none was lost.
    lost: Option<u32>,
    /// The number of records that were cut, and may be ones that are missing or must not come.
    cut: u64,
    expectations: Vec<Expected<'v>>,
    /// The record that must not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    unwanted: Option<Record>,
}

#[derive(Serialize)]
struct Expected<'v> {
    expected: String,
    met: bool,
    records: Vec<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Record>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Differing<'v>>,
}

#[derive(Serialize)]
struct Record {
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    proof: String,
    fields: BTreeMap<String, String>,
    text: String,
}

#[derive(Serialize)]
struct Differing<'v> {
    key: &'v str,
    found: Option<String>,
    expected: &'v str,
}

impl Record {
    fn of(record: &HeardRecord) -> Self {
        let stamp = record.stamp();
        let time = UtcFormatCache::default().bytes(stamp.ms).to_vec();
        Self {
            kind: record.kind().name(),
            time: String::from_utf8_lossy(&time).into_owned(),
            proof: stamp.to_string(),
            fields: record.fields().into_iter().collect(),
            text: String::from_utf8_lossy(record.text()).into_owned(),
        }
    }
}

fn differing(difference: &Difference) -> Differing<'_> {
    let Difference { key, found, wanted } = difference;
    let found = found.as_ref().map(|found| String::from_utf8_lossy(found).into_owned());
    Differing { key, found, expected: wanted }
}

/// The line.
pub(super) fn json(word: &'static str, attempt: &Attempt) -> String {
    let Attempt { hearing, matcher } = attempt;
    let verdict = matcher.verdict();
    let (mut unmet, mut unwanted) = (BTreeMap::new(), None);
    match &verdict {
        Verdict::Met => {}
        Verdict::Unmet { unmet: all, .. } => {
            unmet.extend(all.iter().map(|it| (it.number, it.nearest)));
        }
        Verdict::Unwanted { record, .. } => unwanted = Some(Record::of(record)),
    }
    let expected = matcher.found().enumerate().map(|(at, (expectation, records))| {
        let nearest: Option<&Nearest> = unmet.get(&(at + 1)).copied().flatten();
        Expected {
            expected: expectation.to_string(),
            met: matcher.is_met(at),
            records: records.iter().map(Record::of).collect(),
            nearest: nearest.map(|nearest| Record::of(&nearest.record)),
            differences: nearest.iter().flat_map(|it| &it.differences).map(differing).collect(),
        }
    });
    let expectations = expected.collect();
    json_line(&Object {
        kind: "verdict",
        verdict: word,
        heard: matcher.heard(),
        others: hearing.others(),
        lost: hearing.lost(),
        cut: matcher.cut(),
        expectations,
        unwanted,
    })
}
