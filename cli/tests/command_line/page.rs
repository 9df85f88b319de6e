//! `viraudit report --format html`: its data equals the other formats', its policy fits, and nothing that
//! a log says leaves its place.

use crate::golden::compare;
use crate::program::{UUID, stderr, text, viraudit};
use base64ct::{Base64, Encoding};
use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::process::Output;

pub(crate) const LOGS: [&str; 2] = ["trail/tests/golden/day.log", "trail/tests/golden/hosts.log"];

pub(crate) fn run(args: &[&str]) -> Output {
    let mut command = viraudit(["report"].iter().chain(args));
    command.env("TZ", "Europe/Berlin");
    let output = command.output().unwrap();
    assert!(output.status.code() <= Some(1), "{args:?}: {}", stderr(&output));
    output
}

pub(crate) fn page(log: &str, more: &[&str]) -> String {
    text(&run(&[&["--format", "html", log], more].concat()).stdout)
}

/// The text between two others.
pub(crate) fn between<'t>(page: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

pub(crate) fn data(page: &str) -> Value {
    let coded = between(page, "<script type=\"text/plain\" id=\"data\">", "</script>");
    let mut json = Vec::new();
    let gzip = Base64::decode_vec(coded).unwrap();
    GzDecoder::new(&gzip[..]).read_to_end(&mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

pub(crate) fn numbers(column: &Value) -> Vec<i64> {
    column.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

pub(crate) fn sums(column: &Value) -> Vec<i64> {
    let mut sum = 0;
    let add = |delta| {
        sum += delta;
        sum
    };
    numbers(column).into_iter().map(add).collect()
}

/// The page without what differs from run to run, and without its style, its script and its data.
fn skeleton(page: &str) -> String {
    let mut rest = page.to_owned();
    for (start, end) in [
        ("<style>", "</style>"),
        ("id=\"data\">", "</script>"),
        ("<script>", "</script>"),
        ("; script-src ", ";"),
        ("; style-src ", ";"),
        (" at 20", "."),
    ] {
        let found = between(&rest, start, end).to_owned();
        rest = rest.replacen(&format!("{start}{found}"), &format!("{start}..."), 1);
    }
    rest
}

#[test]
fn the_skeleton_is_the_golden_one() {
    for (log, file) in LOGS.into_iter().zip(["page.html", "page-hosts.html"]) {
        // The last time is that of the page itself.
        let shown = skeleton(&page(log, &[]).replace("first at 20", "first at  20"));
        compare(&format!("cli/tests/golden/{file}"), &shown);
    }
}

#[test]
fn the_data_equals_the_other_formats() {
    for log in LOGS {
        let data = data(&page(log, &[]));
        let json = text(&run(&["--format", "json", "--all-events", log]).stdout);
        let lines: Vec<Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_session = |line: &&Value| line["kind"] == "session" || line["kind"] == "unstarted";
        let (sessions, events): (Vec<&Value>, Vec<&Value>) = lines.iter().partition(is_session);
        let rows = &data["sessions"];
        let words: Vec<&str> =
            data["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let word = |column: &str, at: usize| words[numbers(&rows[column])[at] as usize];
        assert_eq!(numbers(&rows["state"]).len(), sessions.len(), "{log}");
        for (at, session) in sessions.iter().enumerate() {
            for (column, key) in [
                ("vm", "vm"),
                ("host", "host"),
                ("uuid", "uuid"),
                ("user", "user"),
                ("driver", "virt"),
                ("reason", "reason"),
                ("stop_reason", "stop_reason"),
            ] {
                let expected = session[key].as_str().unwrap_or_default();
                assert_eq!(word(column, at), expected, "{log}: {key} of {session}");
            }
            let state = session["state"].as_str().unwrap();
            assert_eq!(word("shown", at).trim_end_matches('?'), state);
        }
        let row = &data["events"];
        let times = sums(&row["time"]);
        let kinds = numbers(&row["kind"]);
        assert_eq!(times.len(), events.len(), "{log}");
        for (at, event) in events.iter().enumerate() {
            let Some(proof) = event["proof"][0].as_str() else { continue };
            let seconds = times[at].div_euclid(1000);
            assert!(proof.starts_with(&seconds.to_string()), "{proof} {seconds}");
            assert_eq!(words[kinds[at] as usize], event["kind"].as_str().unwrap());
            assert!(proof.ends_with(&format!(":{}", sums(&row["serial"])[at])), "{proof}");
        }
    }
}

#[test]
fn the_counts_equal_the_summary() {
    for log in LOGS {
        for more in [&[][..], &["--failed"], &["--vm", "web1"], &["--start", "2026-11-22"]] {
            let page = page(log, more);
            let output = run(&[&["--summary", "--format", "json", log], more].concat());
            let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
            let tile = |name: &str| -> u64 {
                let tile = between(
                    &page,
                    &format!("<button type=\"button\" class=\"tile\" data-tile=\"{name}\""),
                    "</b>",
                );
                tile.split_once("<b>").unwrap().1.replace(',', "").parse().unwrap()
            };
            assert_eq!(tile("all"), summary["sessions"], "{log} {more:?}");
            for state in ["running", "stopped", "failed", "lost", "down", "seen"] {
                assert_eq!(tile(state), summary["states"][state], "{log} {more:?}: {state}");
            }
            for (name, key) in
                [("denials", "avcs"), ("anomalies", "anomalies"), ("failures", "failed_operations")]
            {
                assert_eq!(tile(name), summary[key], "{log} {more:?}: {key}");
            }
            if !more.is_empty() {
                continue;
            }
            // The rows add up to the tiles.
            let rows = &data(&page)["sessions"];
            for (column, key) in
                [("denials", "avcs"), ("anomalies", "anomalies"), ("failed", "failed_operations")]
            {
                assert_eq!(
                    numbers(&rows[column]).iter().sum::<i64>(),
                    summary[key],
                    "{log}: {key}"
                );
            }
        }
    }
}

#[test]
fn the_policy_allows_exactly_this_script_and_this_style() {
    let page = page(LOGS[0], &[]);
    let hash = |text: &str| format!("'sha256-{}'", Base64::encode_string(&Sha256::digest(text)));
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
            hash(between(&page, "<script>", "</script>")),
            hash(between(&page, "<style>", "</style>"))
        )
    );
    for forbidden in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http"]
    {
        assert!(!between(&page, "<script>", "</script>").contains(forbidden), "{forbidden}");
    }
}

/// A log with a text in every place that a guest, a client or a process can choose.
fn hostile_log(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    let virt = |serial: u64, kind: &str, body: &str, result: &str| {
        format!(
            "node={hex} type={kind} msg=audit(1795292517.231:{serial}): pid=1 uid=0 auid=1000 ses=1 \
             msg='virt={hex} {body} acct={hex} client-uid=1000 client-sasl={hex} client-x509={hex} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res={result}'\n"
        )
    };
    let guest = format!("vm={hex} uuid={UUID}");
    [
        virt(1, "VIRT_RESOURCE", &format!("resrc={hex} reason={hex} {guest} old-{hex}=? new-{hex}={hex}"), "success"),
        virt(2, "VIRT_MACHINE_ID", &format!("{guest} vm-ctx={hex} img-ctx={hex} model={hex}"), "success"),
        virt(3, "VIRT_CONTROL", &format!("op=start reason={hex} {guest} vm-pid=77"), "success"),
        virt(4, "VIRT_RESOURCE", &format!("resrc=disk reason=attach {guest} old-disk=? new-disk={hex}"), "failed"),
        format!(
            "node={hex} type=AVC msg=audit(1795292518.000:5): avc:  denied  {{ read }} for  pid=77 comm={hex} \
             path={hex} scontext={hex} tcontext={hex} tclass=file permissive=0\n"
        ),
        virt(6, "VIRT_CONTROL", &format!("op=stop reason={hex} {guest} vm-pid=77"), "success"),
    ]
    .concat()
}

/// The tags of a page, in their order.
fn tags(page: &str) -> Vec<String> {
    let tags = skeleton(page);
    tags.split('<').skip(1).map(|tag| tag.split('>').next().unwrap().to_owned()).collect()
}

#[test]
fn no_text_of_a_log_becomes_markup() {
    let directory = tempfile::tempdir().unwrap();
    let made = |text: &str| {
        let file = directory.path().join("audit.log");
        fs::write(&file, hostile_log(text)).unwrap();
        page(file.to_str().unwrap(), &["--title", &text.replace('\0', "")])
    };
    let plain = tags(&made("plain"));
    for hostile in [
        "</script><script>alert(1)</script>",
        "</SCRIPT ><img src=x onerror=alert(1)>",
        "<!--<script>",
        "]]>&lt;b&gt;",
        "\"' onmouseover='alert(1)' x=\"",
        "{{data}}{{script}}",
        "</title></style></textarea><svg/onload=alert(1)>",
        "\u{202e}evil\u{2069}\u{1b}[31m\u{9b}\u{7f}\u{0}",
        "`${alert(1)}`\\u003c\u{2028}\u{2029}",
    ] {
        let page = made(hostile);
        assert_eq!(tags(&page), plain, "{hostile}");
        let bad = |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c);
        assert!(!page.contains(bad), "{hostile:?}");
        let words = data(&page)["words"].to_string();
        assert!(!words.contains(bad), "{hostile:?}");
    }
}

#[test]
fn where_a_page_is_of_no_use() {
    let failed = |args: &[&str], expected: &str| {
        let output = viraudit(["report", LOGS[0]].iter().chain(args)).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
        assert!(stderr(&output).contains(expected), "{output:?}");
    };
    failed(&["--format", "html", "--timezone", "Mars/Base"], "--timezone 'Mars/Base' is not known");
    failed(&["--format", "html", "--guests", "--operations"], "cannot be used with");
}

#[test]
fn a_page_about_nothing_and_one_from_a_pipe() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("empty.log");
    fs::write(&file, "").unwrap();
    let output = run(&["--format", "html", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("No sessions of guests were found"));

    let mut command = viraudit(["report", "--format", "html", "-"]);
    command.stdin(fs::File::open(crate::program::root().join(LOGS[0])).unwrap());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("<strong>Not verified.</strong>"));
}

#[test]
fn a_time_zone_is_read_and_shown() {
    let rows =
        |args: &[&str]| text(&run(&[&[LOGS[0], "--timezone", "Asia/Tokyo"], args].concat()).stdout);
    assert!(rows(&[]).contains("2026-11-22 05:21:59+09:00"), "{}", rows(&[]));
    assert!(rows(&["--summary"]).contains("+09:00"));
    let early = rows(&["--end", "2026-11-22 05:21"]);
    assert!(early.contains("before") && !early.contains("web1"), "{early}");
    let page = page(LOGS[0], &["--timezone", "Asia/Tokyo"]);
    assert!(page.contains("times in Asia/Tokyo") && page.contains("2026-11-22 05:21:57"));
}
