//! The records of a guest's start, against those of libvirt 9.0.0 for the same XML.
//!
//! `tests/golden/start.jsonl` is the project's own set (made by tests/system/start_cases.py). A
//! larger corpus is used besides where there is one: `$VIRAUDIT_SHARED/corpus/start.jsonl`, or
//! `../shared/corpus/start.jsonl` next to the repository.
#![cfg(feature = "xml")]
#![allow(clippy::print_stdout, reason = "the figures are a part of the result")]

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use viraudit::DomainDef;

const PID: i64 = 4242;

/// One line of a corpus: the records of libvirt, or that it rejected the XML.
struct Case {
    name: String,
    xml: String,
    records: Option<Vec<(String, bool, String)>>,
}

fn cases(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .map(|line| {
            let case: Json = serde_json::from_str(line).unwrap();
            let text = |json: &Json| json.as_str().unwrap().to_owned();
            let record = |r: &Json| (text(&r[0]), r[1].as_bool().unwrap(), text(&r[2]));
            Case {
                name: text(&case["name"]),
                xml: text(&case["xml"]),
                records: case["records"]
                    .as_array()
                    .map(|records| records.iter().map(record).collect()),
            }
        })
        .collect()
}

/// The XML as that of a running guest, which has an id. The larger corpus has libvirt's answer for
/// a running guest to every XML.
fn as_if_running(xml: &str) -> String {
    let Some(start) = xml.find("<domain ") else { return xml.to_owned() };
    let end = xml[start..].find('>').map_or(xml.len(), |end| start + end);
    let has_id = xml[start..end].split_whitespace().any(|word| word.starts_with("id="));
    let id = if has_id { "" } else { "id='1' " };
    let (before, behind) = xml.split_at(start + "<domain ".len());
    format!("{before}{id}{behind}")
}

/// What is wrong, if anything.
fn difference(case: &Case) -> Option<String> {
    let def = match (DomainDef::parse_strict(case.xml.as_bytes()), &case.records) {
        (Ok(_), None) => return Some("libvirt refuses it".into()),
        (Err(_), None) => return None,
        (Err(error), Some(_)) => return Some(format!("refused: {error}")),
        (Ok(def), Some(_)) => def,
    };
    let ours: Vec<_> = def
        .start_records("booted", PID, true)
        .map(|record| {
            let body = String::from_utf8(record.body()).unwrap();
            (record.record_type().name().to_owned(), record.success, body)
        })
        .collect();
    let theirs = case.records.as_deref().unwrap_or_default();
    let at = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs);
    let at = at.or((ours.len() != theirs.len()).then(|| ours.len().min(theirs.len())))?;
    Some(format!("record {at}:\n  ours    {:?}\n  libvirt {:?}", ours.get(at), theirs.get(at)))
}

fn compare(path: &Path, xml: fn(&str) -> String) {
    let mut cases = cases(path);
    cases.iter_mut().for_each(|case| case.xml = xml(&case.xml));
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| difference(case).map(|what| format!("{}: {what}", case.name)))
        .collect();
    println!("{} of {} agree: {}", cases.len() - wrong.len(), cases.len(), path.display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("VIRAUDIT_SHARED").map(PathBuf::from);
    let path = named.clone().unwrap_or_else(beside).join("corpus/start.jsonl");
    (named.is_some() || path.exists()).then_some(path)
}

#[test]
fn own_domains_give_libvirts_records() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/start.jsonl");
    compare(&own, str::to_owned);
}

#[test]
fn shared_domains_give_libvirts_records() {
    // Besides: the project's own set is always compared.
    if let Some(path) = shared() {
        compare(&path, as_if_running);
    }
}

#[test]
fn only_the_start_itself_can_fail() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/start.jsonl");
    for case in cases(&own).iter().filter(|case| case.records.is_some()) {
        let def = DomainDef::parse(case.xml.as_bytes()).unwrap();
        let results: Vec<bool> =
            def.start_records("migrated", -1, false).map(|r| r.success).collect();
        let (start, others) = results.split_last().unwrap();
        assert!(!start && others.iter().all(|success| *success), "{}", case.name);
        let last = def.start_records("migrated", -1, false).last().unwrap().body();
        let last = String::from_utf8(last).unwrap();
        assert!(last.contains("reason=migrated") && last.ends_with("vm-pid=-1"), "{last}");
        assert!(def.start_records("booted", PID, true).all(|record| record.is_worth_sending()));
    }
}
