//! The page as HTML: everything that is there without a script, and the data for it.

use super::findings::Finding;
use super::policy::policy;
use super::verdict::Verdict;
use super::{Facts, Options, Rows, zone};
use crate::report::counts;
use crate::terminal::escape;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use viraudit_trail::report::{SessionView, Summary};
use viraudit_trail::session::State;
use viraudit_trail::time::local;

const PAGE: &str = include_str!("page.html");
const TABLE: &str = include_str!("table.html");
pub(super) const STYLE: &str = include_str!("page.css");

/// The script. A function encloses its parts, so they share names that aren't global.
pub(super) const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("js/data.js"),
    include_str!("js/time.js"),
    include_str!("js/dom.js"),
    include_str!("js/view.js"),
    include_str!("js/search.js"),
    include_str!("js/rows.js"),
    include_str!("js/paint.js"),
    include_str!("js/marks.js"),
    include_str!("js/lanes.js"),
    include_str!("js/axis.js"),
    include_str!("js/overview.js"),
    include_str!("js/pointer.js"),
    include_str!("js/keys.js"),
    include_str!("js/details.js"),
    include_str!("js/table.js"),
    include_str!("js/tables.js"),
    include_str!("js/controls.js"),
    include_str!("js/paper.js"),
    include_str!("js/main.js"),
    "})();\n"
);

/// The guests that a finding names without a script.
const NAMED: usize = 8;

/// The hosts that are named.
const HOSTS: usize = 6;

/// Writes the page with its encoded data.
pub(super) fn write(
    facts: &Facts,
    sessions: &[SessionView<'_>],
    options: &Options,
    data: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        rest = after;
        out.write_all(before.as_bytes())?;
        let part: Cow<'_, str> = match name {
            "policy" => policy(SCRIPT, STYLE).into(),
            "style" => STYLE.into(),
            "script" => SCRIPT.into(),
            "data" => data.into(),
            "version" => env!("CARGO_PKG_VERSION").into(),
            "title" => html(&facts.title).into(),
            "about" => about(facts, options).into(),
            "verdict" => verdict(&options.verdict).into(),
            "tiles" => tiles(facts).into(),
            "skip" => skip_links(options.rows).into(),
            "tables" => tables(facts, options.rows).into(),
            "findings" => findings(&facts.findings, sessions).into(),
            "footer" => footer(facts, options).into(),
            _ => "".into(),
        };
        out.write_all(part.as_bytes())?;
    }
    out.write_all(rest.as_bytes())
}

/// A text from outside as HTML, with everything escaped that isn't plain.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun.
fn many(number: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { several })
}

/// A time in the page's zone, whose name is beside it.
fn time(ms: i64, options: &Options) -> String {
    local(ms, &options.zone).chars().take("2026-11-21 21:21:57".len()).collect()
}

fn about(facts: &Facts, options: &Options) -> String {
    let mut parts = Vec::new();
    if facts.summary.sessions == 0 && facts.events == 0 {
        parts.push("No sessions of guests were found".to_owned());
    } else {
        let (first, last) = facts.range;
        parts.push(format!("{} to {}", time(first, options), time(last, options)));
    }
    match facts.hosts.as_slice() {
        [] => {}
        hosts if hosts.len() <= HOSTS => {
            parts.push(hosts.iter().map(|host| html(host)).collect::<Vec<_>>().join(", "));
        }
        hosts => parts.push(many(hosts.len() as u64, "host", "hosts")),
    }
    if let Some((ms, count)) = facts.peak {
        let guests = many(count.into(), "guest", "guests");
        parts.push(format!("at most {guests} at once, first at {}", time(ms, options)));
    }
    parts.push(format!("times in {}", html(&zone::name(&options.zone))));
    parts.join("<span class=\"dot\"> · </span>")
}

fn verdict(verdict: &Verdict) -> String {
    let Verdict::Checked { counts, kinds, first } = verdict else {
        return "<p class=\"verdict unknown\"><strong>Not verified.</strong> The log came through a \
                pipe, which can be read only once: run <code>viraudit verify</code> on it.</p>"
            .to_owned();
    };
    let lines = many(counts.lines, "line", "lines");
    let records = many(counts.records, "record", "records");
    let read = format!("{lines}, {records} about guests");
    let filtered = if counts.filtered {
        " The log was filtered, so missing records can’t be found."
    } else {
        ""
    };
    if counts.findings == 0 {
        return format!(
            "<p class=\"verdict good\"><strong>Verified: no damage found.</strong> {read}.{filtered}</p>"
        );
    }
    let kinds: Vec<String> =
        kinds.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count))).collect();
    let mut text = format!(
        "<details class=\"verdict bad\"><summary><strong>Verified: {}</strong> ({}). {read}.{filtered}\
         </summary><ul>",
        many(counts.findings, "finding", "findings"),
        kinds.join(", ")
    );
    for line in first {
        let _ = write!(text, "<li>{}</li>", html(line));
    }
    if counts.findings > first.len() as u64 {
        let more = grouped(counts.findings - first.len() as u64);
        let _ = write!(text, "<li>and {more} more: see <code>viraudit verify</code></li>");
    }
    text + "</ul></details>"
}

fn tiles(facts: &Facts) -> String {
    let sum = &facts.summary;
    let mut text = String::new();
    let guests = if sum.guests == 1 { "guest" } else { "guests" };
    let _ = write!(
        text,
        "<div class=\"tile\" data-count=\"guests\"><b>{}</b><span>{guests}</span></div>",
        grouped(sum.guests)
    );
    let mut tile = |name: &str, label: &str, count: u64| {
        let _ = write!(
            text,
            "\n<button type=\"button\" class=\"tile\" data-tile=\"{name}\" aria-pressed=\"false\"{}>\
             <b>{}</b><span>{label}</span></button>",
            if count == 0 { " disabled" } else { "" },
            grouped(count)
        );
    };
    tile("all", if sum.sessions == 1 { "session" } else { "sessions" }, sum.sessions);
    for (state, count) in State::ALL.iter().zip(sum.states) {
        tile(state.name(), state.name(), count);
    }
    tile("denials", "denials", sum.avcs);
    tile("anomalies", "anomalies", sum.anomalies);
    tile("failures", "failed operations", sum.failed);
    text
}

fn findings(findings: &[Finding], sessions: &[SessionView<'_>]) -> String {
    if findings.is_empty() {
        return "<p>Nothing: no denials, no failures, no lost guests.</p>".to_owned();
    }
    let mut text = String::from("<ul class=\"finding-list\">");
    for Finding { name, text: what, sessions: found } in findings {
        let what = what[usize::from(found.len() != 1)];
        let _ = write!(
            text,
            "\n<li data-finding=\"{name}\"><button type=\"button\" class=\"count\" \
             data-show=\"{name}\" aria-pressed=\"false\"><b>{}</b> <span>{} {what}</span></button> \
             <span class=\"names\">",
            grouped(found.len() as u64),
            if found.len() == 1 { "session" } else { "sessions" },
        );
        for &at in found.iter().take(NAMED) {
            let Some(session) = sessions.get(at) else { continue };
            let _ = write!(
                text,
                "<button type=\"button\" class=\"link\" data-session=\"{at}\">{}</button> ",
                html(&session.vm)
            );
        }
        text.push_str(if found.len() > NAMED { "…</span></li>" } else { "</span></li>" });
    }
    text + "\n</ul>"
}

/// The names of the tables that the script fills, with their titles.
fn listed(rows: Rows) -> impl Iterator<Item = (&'static str, &'static str)> {
    let other = match rows {
        Rows::Guests => Some(("guests", "Guests")),
        Rows::Operations => Some(("operations", "Operations")),
        Rows::Sessions | Rows::Counts => None,
    };
    other.into_iter().chain([("sessions", "Sessions")])
}

fn skip_links(rows: Rows) -> String {
    let link =
        |(name, _)| format!("<a class=\"skip\" href=\"#{name}\">Skip to the table of {name}</a>\n");
    listed(rows).map(link).collect()
}

fn tables(facts: &Facts, rows: Rows) -> String {
    let mut text = if rows == Rows::Counts { summary(&facts.summary) } else { String::new() };
    for (name, title) in listed(rows) {
        let (shown, all) = facts.operations;
        let note = if name == "operations" && shown < all {
            format!(
                "\n<p class=\"note\">These are the last {} of {}. <code>viraudit report --operations</code> \
                 prints all.</p>",
                grouped(shown as u64),
                many(all as u64, "operation", "operations")
            )
        } else {
            String::new()
        };
        let part = TABLE.replace("{{name}}", name).replace("{{title}}", title);
        text.push_str(&part.replace("{{note}}", &note));
    }
    text
}

/// The counts of `--summary`.
fn summary(sum: &Summary) -> String {
    let mut text = String::from(
        "<section aria-labelledby=\"summary-title\" class=\"listed\">\n<h2 id=\"summary-title\">Summary</h2>\n\
         <table id=\"summary\" aria-labelledby=\"summary-title\">\n",
    );
    let mut row = |name: &str, count: u64| {
        let count = grouped(count);
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\">{name}</th><td class=\"number\">{count}</td></tr>"
        );
    };
    let all = counts::counts(sum);
    let (about, records) = all.split_at(2);
    about.iter().for_each(|(key, count)| row(key, *count));
    counts::states(sum).for_each(|(state, count)| row(state, count));
    records.iter().for_each(|(key, count)| row(&key.replace('_', " "), *count));
    text + "</table>\n</section>\n\n"
}

fn footer(facts: &Facts, options: &Options) -> String {
    let events = if facts.shortened {
        format!(
            "The log has {}. This page has the starts, stops, changes, failures, denials and \
             anomalies; <code>viraudit report --all-events</code> prints the others.",
            many(facts.events as u64, "event", "events")
        )
    } else {
        format!("This page has all {}.", many(facts.events as u64, "event", "events"))
    };
    format!(
        "{events} Written by viraudit {} at {}. It works offline and loads nothing.",
        env!("CARGO_PKG_VERSION"),
        local(options.now, &options.zone)
    )
}
