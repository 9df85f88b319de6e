//! The counts of `--summary`.

use super::args::Format;
use super::counts::{counts, states};
use super::json;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::io::{self, Write};
use viraudit_trail::report::Report;
use viraudit_trail::time::{local, utc};

/// Writes the counts.
pub(crate) fn write(
    report: &Report,
    format: Format,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let sum = report.summary();
    let (counts, states) = (counts(&sum), states(&sum));
    match format {
        Format::Json => {
            let states: Map<String, Value> =
                states.map(|(state, count)| (state.to_owned(), count.into())).collect();
            let mut object = Map::new();
            object.insert("kind".into(), "summary".into());
            object.insert("first".into(), serde_json::json!(sum.first.map(utc)));
            object.insert("last".into(), serde_json::json!(sum.last.map(utc)));
            object.extend(counts.map(|(key, count)| (key.to_owned(), count.into())));
            object.insert("states".into(), Value::Object(states));
            json::line(&object, out)
        }
        Format::Csv => {
            let mut csv = ::csv::Writer::from_writer(out);
            csv.write_record(["count", "value"])?;
            csv.write_record(["first", &sum.first.map(utc).unwrap_or_default()])?;
            csv.write_record(["last", &sum.last.map(utc).unwrap_or_default()])?;
            for (key, count) in counts.into_iter().chain(states) {
                csv.write_record([key, &count.to_string()])?;
            }
            csv.flush()
        }
        // The page writes them itself.
        Format::Html => Ok(()),
        Format::Table => {
            let time = |ms: Option<i64>| ms.map_or("-".to_owned(), |ms| local(ms, zone));
            writeln!(out, "{:<28}{} to {}", "events", time(sum.first), time(sum.last))?;
            for (key, count) in counts.into_iter().take(2) {
                writeln!(out, "{key:<28}{count:>10}")?;
            }
            for (state, count) in states {
                writeln!(out, "  {state:<26}{count:>10}")?;
            }
            for (key, count) in counts.into_iter().skip(2) {
                writeln!(out, "{:<28}{count:>10}", key.replace('_', " "))?;
            }
            Ok(())
        }
    }
}
