//! The tests. Each opens a page, and nothing may be logged or requested meanwhile.

use crate::Scene;
use crate::browser::{Browser, Kind, report};
use crate::{lists, scenes};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const RIGHT: &str = "\u{E014}";
const DOWN: &str = "\u{E015}";

/// Runs all tests.
pub async fn run(kind: Kind) {
    let one = Scene::new(&scenes::one_host(), &[]);
    let three = Scene::new(&scenes::three_hosts(), &[]);
    let browser = Browser::start(kind, 1440, 1000).await;
    for scene in [&one, &three] {
        opened(&browser, scene).await;
        counts(&browser, scene).await;
        table(&browser, scene).await;
        legend(&browser, scene).await;
        quiet(&browser, scene).await;
    }
    opened(&browser, &one).await;
    search(&browser, &one).await;
    keys(&browser).await;
    click(&browser).await;
    brush(&browser).await;
    themes(&browser).await;
    tiles(&browser, &one).await;
    quiet(&browser, &one).await;
    paper(&browser, &one).await;
    lists::guests(&browser).await;
    lists::second_page(&browser).await;
    lists::operations(&browser).await;
    lists::counts(&browser).await;
    hostile(&browser).await;
    unusual(&browser).await;
    browser.end().await;
    println!("the page in {kind:?}: ok");
}

/// Opens a page, and forgets what was logged before.
pub(crate) async fn opened(browser: &Browser, scene: &Scene) {
    browser.console().await;
    browser.requests().await;
    browser.open(&scene.page()).await;
}

/// Nothing was logged, and nothing but the page was requested.
pub(crate) async fn quiet(browser: &Browser, scene: &Scene) {
    let script = "const ids = [...document.querySelectorAll('[id]')].map((element) => element.id); \
                  return ids.filter((id, at) => ids.indexOf(id) !== at)";
    assert_eq!(browser.run(script).await, json!([]), "IDs that are there twice");
    assert_eq!(browser.console().await, [] as [&str; 0], "the console");
    let page = format!("file://{}", scene.page().display());
    assert_eq!(browser.requests().await, [page], "requests");
}

pub(crate) fn objects(log: &Path, args: &[&str]) -> Vec<Value> {
    let json = report(log, &[&["--format", "json"], args].concat());
    json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

async fn counts(browser: &Browser, scene: &Scene) {
    let summary = objects(&scene.log(), &["--summary"]).remove(0);
    let mut expected = vec![("guests".to_owned(), summary["guests"].clone())];
    let states = summary["states"].as_object().expect("states");
    expected
        .extend(states.iter().map(|(name, count)| (format!("[data-tile={name}]"), count.clone())));
    for (tile, key) in [
        ("all", "sessions"),
        ("denials", "avcs"),
        ("anomalies", "anomalies"),
        ("failures", "failed_operations"),
    ] {
        expected.push((format!("[data-tile={tile}]"), summary[key].clone()));
    }
    expected[0].0 = "[data-count=guests]".to_owned();
    for (selector, count) in expected {
        let shown = browser.text(&format!("{selector} b")).await.replace(',', "");
        assert_eq!(shown, count.to_string(), "{selector}");
    }
}

/// The cells of all pages of a table, which shows its first page then.
pub(crate) async fn rows(browser: &Browser, table: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let section = format!("section:has(> * > #{table})");
    for _ in 0..1000 {
        let script = format!(
            "return [...document.querySelectorAll('#{table} tbody tr')].map((row) => \
             [...row.cells].map((cell) => cell.textContent))"
        );
        let page: Vec<Vec<String>> =
            serde_json::from_value(browser.run(&script).await).expect("rows");
        rows.extend(page);
        let is_last = format!("return document.querySelector('{section} .page-after').disabled");
        if browser.run(&is_last).await == true {
            let first = format!("document.querySelector('{section} .page-first').click()");
            browser.run(&first).await;
            return rows;
        }
        browser.click(&format!("{section} .page-after")).await;
    }
    panic!("{table} has no last page: {:?}", browser.console().await);
}

async fn table(browser: &Browser, scene: &Scene) {
    // 2026-05-04T00:24:10.123Z as the page shows it.
    let time = |value: &Value, none: &str| match value.as_str() {
        Some(text) => text[..19].replace('T', " "),
        None => none.to_owned(),
    };
    let expected: Vec<Vec<String>> = objects(&scene.log(), &[])
        .iter()
        .map(|session| {
            let text = |key: &str| session[key].as_str().unwrap_or("–").to_owned();
            let doubt = if session["gap"] == true && text("state") != "stopped" { "?" } else { "" };
            let reasons: Vec<&str> =
                ["reason", "stop_reason"].iter().filter_map(|key| session[*key].as_str()).collect();
            let running = if session["state"] == "running" { "still running" } else { "–" };
            vec![
                text("vm"),
                text("host"),
                text("user"),
                time(&session["start"], "not in the log"),
                time(&session["end"], running),
                text("state") + doubt,
                if reasons.is_empty() { "–".to_owned() } else { reasons.join(", ") },
            ]
        })
        .collect();
    let shown: Vec<Vec<String>> = rows(browser, "sessions")
        .await
        .into_iter()
        .map(|mut row| {
            row.remove(5); // how long it took is not in the JSON
            row.truncate(7);
            row
        })
        .collect();
    assert_eq!(shown.len(), expected.len(), "rows");
    for (shown, expected) in shown.iter().zip(&expected) {
        assert_eq!(shown, expected);
    }
    // Sorted by guest, down.
    for sort in ["ascending", "descending"] {
        browser.click("#sessions th[data-column=guest] button").await;
        let now = browser
            .run("return document.querySelector('#sessions th[data-column=guest]').ariaSort")
            .await;
        assert_eq!(now, sort);
    }
    let last = &rows(browser, "sessions").await[0][0];
    assert_eq!(
        Some(last),
        expected.iter().map(|row| &row[0]).max_by_key(|name| natural(name)),
        "sorted"
    );
    browser.click("#sessions th[data-column=start] button").await;
}

/// A name and its number.
pub(crate) fn natural(name: &str) -> (String, u32) {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (letters.to_owned(), name[letters.len()..].parse().unwrap_or(0))
}

/// The legend has what the lanes show, and nothing else.
async fn legend(browser: &Browser, scene: &Scene) {
    let sessions = objects(&scene.log(), &[]);
    let shown = browser.text("#legend").await;
    for (text, key, value) in [
        ("still running", "state", json!("running")),
        ("lost:", "state", json!("lost")),
        ("ended with its host", "state", json!("down")),
        ("seen,", "state", json!("seen")),
        ("may have ended where records are missing", "gap", json!(true)),
    ] {
        let occurs = sessions.iter().any(|session| session[key] == value);
        assert_eq!(shown.contains(text), occurs, "{text} in the legend: {shown}");
    }
}

async fn search(browser: &Browser, scene: &Scene) {
    browser.keys(&["/"]).await;
    browser.keys(&["w", "e", "b", "1"]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let all = objects(&scene.log(), &[]);
    let found = all.iter().filter(|session| session["vm"] == "web1").count();
    assert_eq!(browser.text("#hits").await, format!("{found} of {} sessions", all.len()));
    assert_eq!(rows(browser, "sessions").await.len(), found);
    browser.click("#clear").await;
    assert_eq!(browser.text("#hits").await, format!("{} sessions", all.len()));
}

async fn keys(browser: &Browser) {
    browser.run("document.getElementById('scroller').focus()").await;
    browser.keys(&[DOWN]).await;
    let first = browser.text("#chosen-title").await;
    assert!(browser.text("#announce").await.contains(&first), "the choice is announced");
    browser.keys(&[DOWN]).await;
    let second = browser.text("#chosen-title").await;
    assert_ne!(first, second, "the lane below is another guest's");
    let before = browser.text("#announce").await;
    browser.keys(&[RIGHT]).await;
    assert_ne!(browser.text("#announce").await, before, "the next session");
    assert_eq!(browser.text("#chosen-title").await, second, "of the same guest");
    let range = browser.text("#shown-range").await;
    browser.keys(&["+"]).await;
    assert_ne!(browser.text("#shown-range").await, range);
    browser.keys(&["0"]).await;
    assert_eq!(browser.text("#shown-range").await, range);
    browser.keys(&[ENTER]).await;
    assert_eq!(browser.run("return document.activeElement.id").await, "chosen-title");
    browser.keys(&[ESCAPE]).await;
    assert_eq!(browser.text("#chosen-title").await, "No session chosen");
}

async fn click(browser: &Browser) {
    let place = browser
        .run(
            "const e = document.getElementById('lanes'); e.scrollIntoView({block: 'center'}); \
             const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]",
        )
        .await;
    let [left, top, width, height] = [0, 1, 2, 3].map(|at| place[at].as_f64().expect("a number"));
    for x in 1..20 {
        browser.click_at(left + width * 0.2 + f64::from(x) * 17.0, top + height / 2.0).await;
        if browser.text("#chosen-title").await != "No session chosen" {
            break;
        }
    }
    let chosen = browser.text("#chosen").await;
    assert!(chosen.contains("ausearch -a ") && chosen.contains("UUID"), "{chosen}");
    browser.keys(&[ESCAPE]).await;
}

async fn brush(browser: &Browser) {
    let all = browser.text("#shown-range").await;
    let place = browser
        .run(
            "const e = document.getElementById('overview'); e.scrollIntoView({block: 'center'}); \
             const b = e.getBoundingClientRect(); return [b.left, b.top, b.width]",
        )
        .await;
    let [left, top, width] = [0, 1, 2].map(|at| place[at].as_f64().expect("a number"));
    browser.drag((left + width * 0.5, top + 40.0), (left + width * 0.6, top + 40.0)).await;
    let some = browser.text("#shown-range").await;
    assert_ne!(some, all, "a part of the time");
    browser.drag((left + width * 0.55, top + 40.0), (left + width * 0.7, top + 40.0)).await;
    assert_ne!(browser.text("#shown-range").await, some, "moved");
    browser.click("#all-time").await;
    assert_eq!(browser.text("#shown-range").await, all);
}

async fn themes(browser: &Browser) {
    let light = "const c = document.getElementById('overview'); \
                 const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true}); \
                 pen.drawImage(c, 0, 0); const [r] = pen.getImageData(2, 2, 1, 1).data; \
                 return [r, getComputedStyle(document.documentElement).backgroundColor]";
    let before = browser.run(light).await;
    assert_eq!(before[1], "rgb(255, 255, 255)");
    assert_eq!(before[0], 255);
    browser.click("#theme").await;
    let after = browser.run(light).await;
    assert!(after[0].as_u64() < Some(40) && after[1] != before[1], "{after}");
    assert_eq!(browser.text("#theme").await, "Light");
    browser.click("#theme").await;
    assert_eq!(browser.run(light).await, before);
}

async fn tiles(browser: &Browser, scene: &Scene) {
    let all = objects(&scene.log(), &[]);
    for state in ["running", "failed", "down"] {
        browser.click(&format!("[data-tile={state}]")).await;
        let expected = all.iter().filter(|session| session["state"] == state).count();
        assert_eq!(browser.text("#hits").await, format!("{expected} of {} sessions", all.len()));
        browser.click(&format!("[data-tile={state}]")).await;
    }
    browser.click("[data-show=failed]").await;
    let failed = all.iter().filter(|session| session["state"] == "failed").count();
    assert_eq!(rows(browser, "sessions").await.len(), failed);
    browser.click("#clear").await;
}

/// The PDF has pages, and the lanes' colours on one of them.
async fn paper(browser: &Browser, scene: &Scene) {
    opened(browser, scene).await;
    // From the dark theme: paper is light.
    browser.click("#theme").await;
    let (pdf, picture) = (scene.file("page.pdf"), scene.file("paper"));
    browser.pdf(&pdf).await;
    let info =
        Command::new("pdfinfo").arg(&pdf).output().expect("pdfinfo (Debian's poppler-utils)");
    let info = String::from_utf8(info.stdout).expect("text");
    let pages = info.lines().find_map(|line| line.strip_prefix("Pages:")).expect("pages").trim();
    let pages: u32 = pages.parse().expect("a number");
    assert!((3..=20).contains(&pages), "{pages} pages");
    let status = Command::new("pdftoppm").args(["-r", "50"]).arg(&pdf).arg(&picture).status();
    assert!(status.expect("pdftoppm").success());
    let mut stopped = 0;
    for page in 1..=pages {
        let digits = pages.to_string().len();
        let file = scene.file(&format!("paper-{page:0digits$}.ppm"));
        let image = std::fs::read(file).expect("a page");
        let close = |pixel: &[u8]| {
            [0x64u8, 0x74, 0x8a].iter().zip(pixel).all(|(one, other)| one.abs_diff(*other) < 12)
        };
        let (points, white) = image[15..].chunks_exact(3).fold((0, 0), |(all, white), pixel| {
            (all + 1, white + usize::from(pixel.iter().all(|part| *part > 240)))
        });
        assert!(white * 2 > points, "page {page} is dark");
        stopped += image[15..].chunks_exact(3).filter(|pixel| close(pixel)).count();
    }
    assert!(stopped > 2000, "the lanes are blank: {stopped} points");
    // All rows, not only those of the screen's page.
    let text =
        Command::new("pdftotext").args(["-layout"]).arg(&pdf).arg("-").output().expect("pdftotext");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let rows = objects(&scene.log(), &[]).len();
    assert!(text.contains(&format!("1 to {rows} of {rows}")), "all rows");
    let has_numbers = text.contains(&format!("page 1 of {pages}"));
    assert_eq!(has_numbers, browser.kind == Kind::Chromium, "page numbers");
    if browser.kind == Kind::Chromium {
        printed(scene, &pdf);
    }
    quiet(browser, scene).await;
}

/// As the documentation prints it, without a driver.
fn printed(scene: &Scene, pdf: &Path) {
    let (printed, page) = (scene.file("printed.pdf"), scene.page());
    let status = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"])
        .arg("--no-pdf-header-footer")
        .arg(format!("--print-to-pdf={}", printed.display()))
        .arg(page)
        .stderr(std::process::Stdio::null())
        .status();
    assert!(status.expect("chromium").success());
    let size = |file: &Path| std::fs::metadata(file).map_or(0, |found| found.len());
    assert!(size(&printed) > size(pdf) / 2, "{} of {} bytes", size(&printed), size(pdf));
}

async fn hostile(browser: &Browser) {
    for text in [
        "</script><script>document.title='taken'</script>",
        "<img src=x onerror=\"document.title='taken'\">",
        "<!--<script>",
        "\u{202e}evil\u{2069}\u{1b}[31m\u{9b}x",
    ] {
        for (rows, table) in
            [("--changes", "sessions"), ("--guests", "guests"), ("--operations", "operations")]
        {
            let scene = Scene::new(&scenes::hostile(text), &[rows, "--proof", "--title", text]);
            opened(browser, &scene).await;
            browser.click(&format!("#{table} tbody td:nth-child(2)")).await;
            let found = browser
            .run(
                "return [document.scripts.length, document.images.length, document.title, \
                 document.body.innerText, document.querySelectorAll('iframe,object,embed,link').length]",
            )
            .await;
            assert_eq!(
                (&found[0], &found[1], &found[4]),
                (&2.into(), &0.into(), &0.into()),
                "{text}"
            );
            assert_ne!(found[2], "taken");
            let shown = found[3].as_str().expect("text");
            let bad = |c: char| {
                c.is_control() && !"\n\t\r".contains(c) || ('\u{202a}'..='\u{2069}').contains(&c)
            };
            assert!(!shown.contains(bad), "{text:?}");
            let visible: String = text
                .chars()
                .map(|c| if bad(c) { c.escape_default().to_string() } else { c.to_string() })
                .collect();
            assert!(shown.contains(&visible), "{visible} in {shown}");
            quiet(browser, &scene).await;
        }
    }
}

/// No session at all, and a single one.
async fn unusual(browser: &Browser) {
    let empty = Scene::new("", &[]);
    opened(browser, &empty).await;
    assert_eq!(browser.text("#hits").await, "0 sessions");
    quiet(browser, &empty).await;
    let one: String =
        scenes::hostile("web1").lines().skip(1).take(2).map(|line| format!("{line}\n")).collect();
    let one = Scene::new(&one, &[]);
    opened(browser, &one).await;
    assert_eq!(browser.text("#hits").await, "1 session");
    quiet(browser, &one).await;
}
