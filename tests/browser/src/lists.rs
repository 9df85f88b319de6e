//! The tables of guests and of operations, and the counts.

use crate::Scene;
use crate::browser::Browser;
use crate::checks::{natural, objects, opened, quiet, rows};
use crate::scenes;
use serde_json::Value;
use std::process::Command;

const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";

/// The text of a value, as a cell has it.
fn text(value: &Value) -> String {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or("–").to_owned()
}

/// A time, and the reason behind it.
fn when(time: &Value, reason: &Value) -> String {
    let Some(time) = time.as_str() else { return "–".to_owned() };
    let time = time[..19].replace('T', " ");
    reason.as_str().map_or(time.clone(), |reason| format!("{time} {reason}"))
}

/// A number, with a dash for none.
fn count(value: &Value) -> String {
    if value == 0 { "–".to_owned() } else { value.to_string() }
}

fn proof(object: &Value) -> String {
    let stamps: Vec<&str> =
        object["proof"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    stamps.join(" ")
}

/// Clicks on a header until it sorts that way; returns the cells of all rows.
async fn sorted(browser: &Browser, table: &str, column: &str, sort: &str) -> Vec<Vec<String>> {
    let head = format!("#{table} th[data-column={column}]");
    for _ in 0..2 {
        browser.click(&format!("{head} button")).await;
        if browser.run(&format!("return document.querySelector('{head}').ariaSort")).await == sort {
            return rows(browser, table).await;
        }
    }
    panic!("{table} is never sorted by {column}, {sort}");
}

/// Looks for some words.
async fn find(browser: &Browser, words: &str) {
    browser.run("document.activeElement.blur()").await;
    browser.keys(&["/"]).await;
    let keys: Vec<String> = words.chars().map(String::from).collect();
    browser.keys(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

/// The guests: rows as in JSON, sorted, found, and chosen with the pointer and with keys.
pub async fn guests(browser: &Browser) {
    for args in [&["--guests"][..], &["--guests", "--proof"]] {
        let scene = Scene::new(&scenes::three_hosts(), args);
        opened(browser, &scene).await;
        let all = objects(&scene.log(), args);
        let mut expected: Vec<Vec<String>> = all
            .iter()
            .map(|guest| {
                let hosts: Vec<&str> = guest["hosts"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let mut row = vec![
                    text(&guest["vm"]),
                    hosts.join(" "),
                    text(&guest["state"]),
                    guest["runs"].to_string(),
                    when(&guest["last_start"], &guest["last_start_reason"]),
                    when(&guest["last_stop"], &guest["last_stop_reason"]),
                    when(&guest["idle_since"], &Value::Null),
                    text(&guest["user"]),
                    count(&guest["failed_starts"]),
                    count(&guest["denials"]),
                ];
                row.extend((args.len() > 1).then(|| proof(guest)));
                row
            })
            .collect();
        expected.sort_by_key(|row| natural(&row[0]));
        let without_duration = |mut rows: Vec<Vec<String>>| {
            rows.iter_mut().for_each(|row| drop(row.remove(4)));
            rows
        };
        assert_eq!(without_duration(rows(browser, "guests").await), expected);
        let down = without_duration(sorted(browser, "guests", "runs", "descending").await);
        let runs = |row: &Vec<String>| row[3].parse::<u64>().expect("a number");
        assert!(down.is_sorted_by_key(|row| std::cmp::Reverse(runs(row))), "{down:?}");
        if args.len() == 1 {
            choose_guests(browser, &scene, &all).await;
        }
        quiet(browser, &scene).await;
    }
    let empty = Scene::new("", &["--guests"]);
    opened(browser, &empty).await;
    assert_eq!(browser.text("section:has(#guests) .rows-shown").await, "none");
    quiet(browser, &empty).await;
}

async fn choose_guests(browser: &Browser, scene: &Scene, all: &[Value]) {
    let sessions = objects(&scene.log(), &[]);
    let of = |guest: &Value| sessions.iter().filter(|one| one["uuid"] == guest["uuid"]).count();
    find(browser, "ledger").await;
    assert_eq!(rows(browser, "guests").await.len(), 1);
    browser.click("#clear").await;
    // The row, and again for all sessions; then the same with the keyboard.
    let ledger = all.iter().find(|guest| guest["vm"] == "ledger").expect("the guest");
    sorted(browser, "guests", "guest", "ascending").await;
    let first = all.iter().min_by_key(|guest| natural(guest["vm"].as_str().unwrap_or_default()));
    let first = first.expect("a guest");
    browser.click("#guests tbody td:nth-child(4)").await;
    assert_eq!(rows(browser, "sessions").await.len(), of(first));
    let title = browser.text("#sessions-title").await;
    assert_eq!(title, format!("Sessions of {}", first["vm"].as_str().unwrap_or_default()));
    assert_eq!(rows(browser, "guests").await.len(), all.len(), "the guests stay");
    let selected = "return document.querySelectorAll('#guests [aria-selected=true]').length";
    assert_eq!(browser.run(selected).await, 1);
    browser.click("#guests tbody td:nth-child(4)").await;
    assert_eq!(rows(browser, "sessions").await.len(), sessions.len());
    browser
        .run(
            "[...document.querySelectorAll('#guests tbody button')]\
             .find((button) => button.textContent === 'ledger').focus()",
        )
        .await;
    browser.keys(&[ENTER]).await;
    assert_eq!(rows(browser, "sessions").await.len(), of(ledger));
    browser.keys(&[ESCAPE]).await;
    assert_eq!(rows(browser, "sessions").await.len(), sessions.len());
    assert_eq!(browser.text("#sessions-title").await, "Sessions");
    // A tile shows the guests that have such sessions.
    browser.click("[data-tile=failed]").await;
    let failed = |guest: &&Value| guest["failed_starts"] != 0;
    assert_eq!(rows(browser, "guests").await.len(), all.iter().filter(failed).count());
    browser.click("#clear").await;
}

/// A guest on the second page is chosen with the keyboard: the page and the focus stay.
pub async fn second_page(browser: &Browser) {
    let scene = Scene::new(&scenes::crowded(), &["--guests"]);
    opened(browser, &scene).await;
    let section = "section:has(#guests)";
    browser.click(&format!("{section} .page-after")).await;
    let shown = browser.text(&format!("{section} .rows-shown")).await;
    assert!(shown.starts_with("101 to 200 of "), "{shown}");
    browser.run("document.querySelector('#guests tbody tr:nth-child(7) button').focus()").await;
    for pressed in ["true", "false"] {
        browser.keys(&[ENTER]).await;
        let script = "const chosen = document.activeElement; \
                      return [chosen.textContent, chosen.getAttribute('aria-pressed'), \
                              document.getElementById('sessions-title').textContent]";
        let focus = browser.run(script).await;
        assert_eq!(focus[1], pressed, "{focus}");
        let name = focus[0].as_str().unwrap_or_default();
        let title =
            if pressed == "true" { format!("Sessions of {name}") } else { "Sessions".into() };
        assert_eq!(focus[2], title);
        assert_eq!(browser.text(&format!("{section} .rows-shown")).await, shown);
    }
    quiet(browser, &scene).await;
}

/// The operations: rows as in JSON, sorted, found, chosen, and printed.
pub async fn operations(browser: &Browser) {
    let args = &["--operations", "--proof"];
    let scene = Scene::new(&scenes::three_hosts(), args);
    opened(browser, &scene).await;
    let all = objects(&scene.log(), args);
    let row = |operation: &Value| {
        vec![
            when(&operation["time"], &Value::Null),
            text(&operation["host"]),
            text(&operation["vm"]),
            text(&operation["user"]),
            if operation["success"] == true { "ok" } else { "failed" }.to_owned(),
            text(&operation["text"]),
            proof(operation),
        ]
    };
    let expected: Vec<Vec<String>> = all.iter().map(row).collect();
    assert!(expected.len() > 100, "more than one page");
    assert_eq!(rows(browser, "operations").await, expected);
    let by_guest = sorted(browser, "operations", "guest", "ascending").await;
    assert!(by_guest.is_sorted_by_key(|row| natural(&row[2])));
    let last_first = sorted(browser, "operations", "time", "descending").await;
    assert!(last_first.into_iter().rev().eq(expected.iter().cloned()));

    // Words in the row, and the tile of what failed.
    find(browser, "/srv/backup attached alice").await;
    let has = |operation: &&Value, word: &str| {
        ["text", "user", "vm"]
            .iter()
            .any(|key| operation[*key].as_str().unwrap_or_default().contains(word))
    };
    let found: Vec<&Value> = all
        .iter()
        .filter(|one| ["/srv/backup", "attached", "alice"].iter().all(|word| has(one, word)))
        .collect();
    assert!(!found.is_empty());
    assert_eq!(rows(browser, "operations").await.len(), found.len());
    browser.click("#clear").await;
    browser.click("[data-tile=failures]").await;
    let failed = all.iter().filter(|one| one["success"] == false).count();
    assert_eq!(rows(browser, "operations").await.len(), failed);
    browser.click("#clear").await;

    // An operation chooses its session, and shows its records. With the pointer, and with keys.
    sorted(browser, "operations", "time", "ascending").await;
    browser.click("#operations tbody tr:nth-child(3) td:nth-child(2)").await;
    chosen(browser, &all[2]).await;
    browser.run("document.querySelector('#operations tbody tr:nth-child(7) button').focus()").await;
    browser.keys(&[ENTER]).await;
    chosen(browser, &all[6]).await;
    legible(browser).await;
    browser.click("#theme").await;
    legible(browser).await;
    browser.click("#theme").await;
    browser.keys(&[ESCAPE]).await;
    assert_eq!(browser.text("#chosen-title").await, "No session chosen");

    let pdf = scene.file("page.pdf");
    browser.pdf(&pdf).await;
    let printed = Command::new("pdftotext").arg(&pdf).arg("-").output().expect("pdftotext");
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains(&format!("1 to {0} of {0}", all.len())), "all operations");
    for operation in &expected {
        // The times are on one line; attached disks have theirs in no other table.
        assert!(printed.contains(&operation[0]), "{operation:?} is not printed");
    }
    quiet(browser, &scene).await;

    // A denial alone is no operation.
    let none = Scene::new(&scenes::three_hosts(), &["--operations", "--kind", "avc"]);
    opened(browser, &none).await;
    assert_eq!(browser.text("section:has(#operations) .rows-shown").await, "none");
    assert_ne!(browser.text("#hits").await, "0 sessions");
    quiet(browser, &none).await;
}

/// What is chosen is this operation: its sentence, its session and its records.
async fn chosen(browser: &Browser, operation: &Value) {
    let facts = browser.text("#chosen .operation").await;
    assert!(facts.contains(operation["text"].as_str().expect("a text")), "{facts}");
    for stamp in operation["proof"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let (_, serial) = stamp.split_once(':').expect("a serial number");
        assert!(
            facts.contains(stamp) && facts.contains(&format!("ausearch -a {serial}")),
            "{facts}"
        );
    }
    let session = operation["session"].as_str().expect("a name");
    let all = browser.text("#chosen").await;
    assert!(all.contains(&format!("Session{session}")), "{session} in {all}");
    let row = browser.text("#operations [aria-selected=true]").await;
    assert!(row.contains(operation["text"].as_str().expect("a text")), "{row}");
}

/// All text that is shown has a contrast of at least 4.5 to what is behind it, as WCAG 2 computes it.
async fn legible(browser: &Browser) {
    let script = "
        const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const luminance = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
            .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (element) => {
            const colour = getComputedStyle(element).backgroundColor;
            return parts(colour)[3] === 0 ? behind(element.parentElement) : colour;
        };
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), pale = [];
        let count = 0;
        while (texts.nextNode()) {
            const element = texts.currentNode.parentElement;
            if (!texts.currentNode.data.trim() || !element.getClientRects().length) continue;
            const pair = [getComputedStyle(element).color, behind(element)].map(luminance);
            const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
            count++;
            if (contrast < 4.5) pale.push(`${texts.currentNode.data.trim()}: ${contrast}`);
        }
        return [count, pale]";
    let found = browser.run(script).await;
    assert!(found[0].as_u64() > Some(200), "{found}");
    assert_eq!(found[1], serde_json::json!([]), "too pale");
}

/// The counts are those of `--summary`.
pub async fn counts(browser: &Browser) {
    let scene = Scene::new(&scenes::one_host(), &["--summary"]);
    opened(browser, &scene).await;
    let summary = objects(&scene.log(), &["--summary"]).remove(0);
    let script = "return Object.fromEntries([...document.querySelectorAll('#summary tr')].map((row) => \
                  [...row.cells].map((cell) => cell.textContent)))";
    let shown = browser.run(script).await;
    let states = summary["states"].as_object().expect("states");
    let keys = [
        "guests",
        "sessions",
        "starts",
        "stops",
        "resources",
        "avcs",
        "anomalies",
        "failed_operations",
    ];
    let counts = keys.iter().map(|key| (key.replace('_', " "), &summary[*key]));
    for (name, count) in counts.chain(states.iter().map(|(name, count)| (name.clone(), count))) {
        let shown = shown[&name].as_str().expect("a count").replace(',', "");
        assert_eq!(shown, count.to_string(), "{name}");
    }
    quiet(browser, &scene).await;
}
