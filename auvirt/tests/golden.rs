//! Output of the real auvirt 3.0.9 for random logs and arguments, compared with ours.
//!
//! `tests/system/auvirt_fuzz.py golden auvirt/tests/golden` records it again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::ffi::OsString;
use std::io::Cursor;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Command;

const PAIRS: &str = include_str!("golden/auvirt.jsonl");

/// Set in the process that runs the pairs of one time zone: libc reads TZ only once.
const ZONE: &str = "AUVIRT_GOLDEN_ZONE";

fn bytes(value: &Value) -> Vec<u8> {
    match (value["text"].as_str(), value["base64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(text)) => STANDARD.decode(text).expect("base64"),
        _ => panic!("neither text nor base64"),
    }
}

/// Runs a pair; returns the difference.
fn replay(number: usize, pair: &Value, log: &Path) -> Option<String> {
    let data = bytes(&pair["log"]);
    std::fs::write(log, &data).expect("a log");
    let args = pair["args"].as_array().expect("arguments").iter().map(|word| {
        match word.as_str().expect("a word") {
            "LOG" => log.as_os_str().to_owned(),
            word => OsString::from_vec(word.as_bytes().to_vec()),
        }
    });
    let stdin = if pair["stdin"] == true { data } else { Vec::new() };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = viraudit_auvirt::run(args, &mut Cursor::new(stdin), &mut out, &mut err);
    // Messages about arguments contain the log's name.
    let err = String::from_utf8_lossy(&err).replace(&log.display().to_string(), "LOG");
    let expected = bytes(&pair["stderr"]);
    let same = pair["status"].as_u64() == Some(code.into())
        && out == bytes(&pair["stdout"])
        && err == String::from_utf8_lossy(&expected);
    (!same).then(|| {
        let out = String::from_utf8_lossy(&out).into_owned();
        format!("pair {number} ({}), exit status {code}:\n{out}{err}", pair["args"])
    })
}

/// Runs the pairs of the zone that the environment names.
#[test]
fn pairs_of_a_zone() {
    let Ok(zone) = std::env::var(ZONE) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("log");
    let differing: Vec<String> = PAIRS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .enumerate()
        .filter(|(_, pair)| pair["tz"] == *zone)
        .filter_map(|(number, pair)| replay(number, &pair, &log))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn all_pairs_are_as_recorded() {
    let mut zones: Vec<String> = PAIRS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|pair| pair["tz"].as_str().expect("a zone").to_owned())
        .collect();
    assert!(zones.len() >= 100, "{} pairs", zones.len());
    zones.sort();
    zones.dedup();
    let program = std::env::current_exe().expect("this program");
    for zone in zones {
        let mut test = Command::new(&program);
        test.args(["--exact", "pairs_of_a_zone"]).env("TZ", &zone).env(ZONE, &zone);
        let output = test.output().expect("a run");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{zone}: {printed}");
    }
}
