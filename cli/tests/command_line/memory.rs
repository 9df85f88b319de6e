//! Memory doesn't follow the input, whatever is in it.

use crate::program::viraudit;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// The most memory that a run may take, in KiB; an unoptimized program takes about a third of it.
const LIMIT: u64 = 150 * 1024;

/// Runs a command, and returns the most memory that it took, in KiB, and what it printed.
fn peak(command: &str, log: &Path) -> (u64, String) {
    let mut child = viraudit([command]).arg(log).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = size.unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (peak, String::from_utf8(printed).unwrap())
}

/// A compressed file of the text, a unit at a time.
fn compressed(front: &str, unit: &str, count: usize, end: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut gz = GzEncoder::new(&mut file, Compression::fast());
    gz.write_all(front.as_bytes()).unwrap();
    let many = unit.repeat(10_000);
    (0..count.div_ceil(10_000)).for_each(|_| gz.write_all(many.as_bytes()).unwrap());
    gz.write_all(end.as_bytes()).unwrap();
    gz.finish().unwrap();
    file
}

#[test]
fn memory_does_not_follow_a_line() {
    let entry = "{\"_TRANSPORT\":\"audit\",\"MESSAGE\":[";
    for (what, log) in [
        ("an array", compressed(entry, "1,", 7_000_000, "1]}\n")),
        ("a line", compressed("", "xxxxxxxxxxxxxxxx", 12_000_000, "\n")),
        ("a line without an end", compressed("", "xxxxxxxxxxxxxxxx", 4_000_000, "")),
    ] {
        for command in ["report", "verify"] {
            let (peak, printed) = peak(command, log.path());
            assert!(peak > 0 && peak < LIMIT, "{what}: {command} took {peak} KiB: {printed}");
            let expected = match command {
                "report" => "1 of 1 lines can't be used (1 malformed, 0 cut)",
                _ => ":1: malformed: longer than 1048576 bytes\n",
            };
            assert!(printed.contains(expected), "{what}: {printed}");
        }
    }
}
