//! The pages of `--guests`, `--operations` and `--summary`: their data equals the other formats'.

use crate::page::{LOGS, between, data, numbers, page, run, sums};
use crate::program::{UUID, root, text};
use serde_json::{Value, json};
use std::fs;

const THREE_HOSTS: &str = "examples/three-hosts.log";

fn objects(log: &str, options: &[&str]) -> Vec<Value> {
    let json = text(&run(&[&["--format", "json", log], options].concat()).stdout);
    json.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A column of texts.
fn texts(data: &Value, column: &Value) -> Vec<String> {
    let word = |id: i64| data["words"][id as usize].as_str().unwrap().to_owned();
    numbers(column).into_iter().map(word).collect()
}

/// The records of each row, as in JSON.
fn proofs(column: &Value) -> Vec<Value> {
    let stamps = sums(&column["time"]).into_iter().zip(sums(&column["serial"]));
    let mut stamps = stamps
        .map(|(ms, serial)| json!(format!("{}.{:03}:{serial}", ms / 1000, ms.rem_euclid(1000))));
    let counts = numbers(&column["count"]);
    let rows = counts.into_iter().map(|count| stamps.by_ref().take(count as usize).collect());
    let rows: Vec<Value> = rows.map(Value::Array).collect();
    assert_eq!(stamps.next(), None);
    rows
}

/// A time of JSON in milliseconds.
fn ms(time: &Value) -> Value {
    let ms = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    json!(time.as_str().map(ms))
}

/// A text of JSON, without `null`.
fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether the page shows this user, maybe in parentheses.
fn is_user(shown: &str, user: &Value) -> bool {
    let user = plain(user);
    shown == user || shown == format!("({user})")
}

#[test]
fn what_a_policy_granted_is_no_denial() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let log = fs::read_to_string(root().join(THREE_HOSTS)).unwrap();
    for (from, to, denials) in [
        ("", "", 2),
        ("avc:  denied", "avc:  granted", 0),
        // Denied by the policy, though not by the kernel.
        ("permissive=0", "permissive=1", 2),
    ] {
        assert!(log.contains(from));
        fs::write(&path, log.replace(from, to)).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(objects(path, &["--summary"])[0]["avcs"], denials, "{to}");
        let of_guests: u64 =
            objects(path, &["--guests"]).iter().filter_map(|guest| guest["denials"].as_u64()).sum();
        assert_eq!(of_guests, denials, "{to}");
        let page = page(path, &[]);
        let tile = page.split_once("class=\"tile\" data-tile=\"denials\"").expect("the tile").1;
        assert_eq!(between(tile, "<b>", "</b>"), denials.to_string());
        let of_sessions: i64 = numbers(&data(&page)["sessions"]["denials"]).iter().sum();
        assert_eq!(of_sessions as u64, denials, "{to}");
    }
}

#[test]
fn the_guests_equal_the_other_formats() {
    for log in LOGS.into_iter().chain([THREE_HOSTS]) {
        for options in [&["--guests"][..], &["--guests", "--proof"], &["--guests", "--vm", "w*"]] {
            let data = data(&page(log, options));
            let guests = objects(log, options);
            let rows = &data["guests"];
            let states = ["running", "stopped", "failed", "lost", "down", "seen"];
            assert_eq!(numbers(&rows["vm"]).len(), guests.len(), "{log}");
            assert!(!guests.is_empty());
            for column in ["vm", "uuid", "last_start_reason", "last_stop_reason"] {
                let expected: Vec<&str> =
                    guests.iter().map(|guest| plain(&guest[column])).collect();
                assert_eq!(texts(&data, &rows[column]), expected, "{log}: {column}");
            }
            for (column, key) in [
                ("runs", "runs"),
                ("running", "running_ms"),
                ("failed_starts", "failed_starts"),
                ("denials", "denials"),
            ] {
                let expected: Vec<&Value> = guests.iter().map(|guest| &guest[key]).collect();
                assert_eq!(rows[column], json!(expected), "{log}: {column}");
            }
            for column in ["last_start", "last_stop", "idle_since"] {
                let expected: Vec<Value> = guests.iter().map(|guest| ms(&guest[column])).collect();
                assert_eq!(rows[column], json!(expected), "{log}: {column}");
            }
            let hosts = texts(&data, &rows["hosts"]);
            let users = texts(&data, &rows["user"]);
            for (at, guest) in guests.iter().enumerate() {
                assert!(is_user(&users[at], &guest["user"]), "{log}: {} {guest}", users[at]);
                let split: Vec<&str> = hosts[at].split_whitespace().collect();
                assert_eq!(json!(split), guest["hosts"], "{log}");
                assert_eq!(states[numbers(&rows["state"])[at] as usize], guest["state"]);
            }
            if options.contains(&"--proof") {
                let expected: Vec<&Value> = guests.iter().map(|guest| &guest["proof"]).collect();
                assert_eq!(json!(proofs(&rows["proof"])), json!(expected), "{log}");
            } else {
                assert_eq!(rows["proof"], Value::Null);
            }
        }
    }
}

#[test]
fn the_operations_equal_the_other_formats() {
    for log in LOGS.into_iter().chain([THREE_HOSTS]) {
        for options in [&["--operations"][..], &["--operations", "--failed", "operations"]] {
            let data = data(&page(log, options));
            let operations = objects(log, options);
            let rows = &data["operations"];
            assert_eq!(rows["all"], operations.len());
            for (column, key) in [("vm", "vm"), ("host", "host"), ("text", "text")] {
                let expected: Vec<&str> = operations.iter().map(|one| plain(&one[key])).collect();
                assert_eq!(texts(&data, &rows[column]), expected, "{log}: {column}");
            }
            let expected: Vec<Value> = operations.iter().map(|one| ms(&one["time"])).collect();
            assert_eq!(json!(sums(&rows["time"])), json!(expected), "{log}");
            let expected: Vec<&Value> = operations.iter().map(|one| &one["proof"]).collect();
            assert_eq!(json!(proofs(&rows["proof"])), json!(expected), "{log}");
            // The host, the UUID and the start of the session are those of its name.
            let session = |column: &str| texts(&data, &data["sessions"][column]);
            let (hosts, uuids) = (session("host"), session("uuid"));
            let users = texts(&data, &rows["user"]);
            for (at, operation) in operations.iter().enumerate() {
                let of = numbers(&rows["session"])[at] as usize;
                let name = format!("{}/{}/", hosts[of], uuids[of]);
                let expected = operation["session"].as_str().unwrap();
                assert!(expected.starts_with(&name), "{log}: {name} {expected}");
                let start = sums(&data["sessions"]["from"])[of];
                assert_eq!(json!(start), ms(&json!(expected[name.len()..])), "{log}");
                let result = &texts(&data, &rows["result"])[at];
                assert_eq!(result == "ok", operation["success"] == true);
                assert!(
                    is_user(&users[at], &operation["user"]),
                    "{log}: {} {operation}",
                    users[at]
                );
            }
        }
    }
    // The daemon acts for itself where no client is named.
    for options in [&["--operations"][..], &["--guests", "--vm", "build1", "--state", "down"]] {
        let words = data(&page(THREE_HOSTS, options))["words"].clone();
        assert!(words.as_array().unwrap().contains(&json!("(root)")), "{options:?}");
    }
}

#[test]
fn the_counts_of_the_summary_are_on_its_page() {
    for log in LOGS {
        let page = page(log, &["--summary"]);
        let table = between(&page, "<table id=\"summary\"", "</table>");
        let summary = &objects(log, &["--summary"])[0];
        let count = |name: &str| -> u64 {
            let row = format!(">{name}</th><td class=\"number\">");
            between(table, &row, "</td>").replace(',', "").parse().unwrap()
        };
        for (name, key) in [
            ("guests", "guests"),
            ("sessions", "sessions"),
            ("starts", "starts"),
            ("stops", "stops"),
            ("resources", "resources"),
            ("avcs", "avcs"),
            ("anomalies", "anomalies"),
            ("failed operations", "failed_operations"),
        ] {
            assert_eq!(count(name), summary[key], "{log}: {key}");
        }
        for state in ["running", "stopped", "failed", "lost", "down", "seen"] {
            assert_eq!(count(state), summary["states"][state], "{log}: {state}");
        }
    }
}

#[test]
fn a_page_has_the_rows_that_it_was_asked_for_and_no_others() {
    for (options, name, title) in [
        (&[][..], None, "Guests on 3 hosts"),
        (&["--guests"], Some("guests"), "Guests on 3 hosts"),
        (&["--operations"], Some("operations"), "Operations on 3 hosts"),
        (&["--summary"], None, "Guests on 3 hosts"),
    ] {
        let page = page(THREE_HOSTS, options);
        assert_eq!(between(&page, "<h1>", "</h1>"), title, "{options:?}");
        assert_eq!(between(&page, "<title>", "</title>"), title, "{options:?}");
        let links: Vec<&str> = page.split("class=\"skip\" href=\"#").skip(1).collect();
        let expected: Vec<&str> = name.into_iter().chain(["sessions"]).collect();
        assert_eq!(links.len(), expected.len(), "{options:?}");
        for (link, table) in links.iter().zip(expected) {
            assert!(link.starts_with(&format!("{table}\">")), "{options:?}: {link}");
            assert!(page.contains(&format!("<table id=\"{table}\"")), "{options:?}");
        }
        let data = data(&page);
        for key in ["guests", "operations"] {
            assert_eq!(data.get(key).is_some(), name == Some(key), "{options:?}");
        }
        assert_eq!(page.contains("<table id=\"summary\""), options == ["--summary"]);
    }
}

#[test]
fn without_a_row_the_status_is_that_of_the_other_formats() {
    // A denial is no operation, and what was only prepared is no guest.
    for (log, options) in [
        (THREE_HOSTS, &["--operations", "--kind", "avc"][..]),
        (THREE_HOSTS, &["--guests", "--vm", "nobody"]),
        (LOGS[0], &["--guests", "--state", "unstarted"]),
        (LOGS[0], &["--summary", "--vm", "nobody"]),
        (LOGS[0], &["--guests"]),
    ] {
        let status = |format: &str| {
            let output = run(&[&["--format", format, log], options].concat());
            (output.status.code(), text(&output.stderr))
        };
        let table = status("table");
        for format in ["json", "csv", "html"] {
            assert_eq!(status(format), table, "{format} {options:?}");
        }
    }
}

#[test]
fn of_very_many_operations_the_page_has_the_last_ones_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let record = |serial: u64| {
        let ms = 1_795_292_517_231 + serial;
        format!(
            "type=VIRT_RESOURCE msg=audit({}.{:03}:{serial}): pid=1 uid=0 auid=0 ses=1 msg='virt=kvm \
             resrc=mem reason=update vm=\"web1\" uuid={UUID} old-mem={serial} new-mem={} exe=\"/x\" \
             hostname=? addr=? terminal=? res=success'\n",
            ms / 1000,
            ms % 1000,
            serial + 1
        )
    };
    fs::write(&file, (1..=100_002).map(record).collect::<String>()).unwrap();
    let page = page(file.to_str().unwrap(), &["--operations"]);
    let section = between(&page, "id=\"operations-title\"", "<table");
    let note = "These are the last 100,000 of 100,002 operations.";
    assert!(section.contains(note), "{section}");
    let data = data(&page);
    let rows = &data["operations"];
    let sentence = texts(&data, &json!([rows["text"][0]])).remove(0);
    assert_eq!(sentence, "memory of web1 changed from 3 KiB to 4 KiB");
    assert_eq!((rows["text"].as_array().unwrap().len(), &rows["all"]), (100_000, &json!(100_002)));
}
