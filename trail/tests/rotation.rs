//! Logs that are rotated between their listing and their reading.

mod support;

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use support::{Log, clock, sessions};
use viraudit_trail::events::Wants;
use viraudit_trail::input::Sources;
use viraudit_trail::report::{Filter, Report};
use viraudit_trail::verify::verify;

fn log(guest: u32) -> Vec<u8> {
    let mut log = Log { serial: u64::from(guest) * 10, ..Log::default() };
    log.start(guest.into(), guest);
    log.text
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text).unwrap();
    gz.finish().unwrap()
}

#[test]
fn a_rotation_before_reading_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("audit.log.2"), gzip(&log(1))).unwrap();
    fs::write(at("audit.log.1"), log(2)).unwrap();
    fs::write(at("audit.log"), log(3)).unwrap();
    let named = ["audit.log", "audit.log.1", "audit.log.2"].map(at);
    for paths in [&[dir.path().to_owned()][..], &named] {
        let sources = Sources::resolve(paths).unwrap();
        assert_eq!(sources.list.len(), 3);
        // The oldest is removed, and a new one begun.
        fs::rename(at("audit.log.1"), at("audit.log.2")).unwrap();
        fs::rename(at("audit.log"), at("audit.log.1")).unwrap();
        fs::write(at("audit.log"), log(4)).unwrap();
        // Each may be read twice.
        for _ in 0..2 {
            let progress = Arc::new(AtomicU64::new(0));
            let filter = Filter::default();
            let report = Report::read(&sources, Wants::default(), &clock(), &progress, filter);
            let found = sessions(&report);
            assert_eq!(found, ["g1 running 1-?", "g2 running 2-?", "g3 running 3-?"]);
        }
        fs::write(at("audit.log.2"), gzip(&log(1))).unwrap();
        fs::write(at("audit.log.1"), log(2)).unwrap();
        fs::write(at("audit.log"), log(3)).unwrap();
    }
}

#[test]
fn a_file_with_two_names_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "rubbish\n").unwrap();
    fs::hard_link(dir.path().join("a"), dir.path().join("b")).unwrap();
    std::os::unix::fs::symlink("a", dir.path().join("c")).unwrap();
    let sources = Sources::resolve(&[dir.path().to_owned()]).unwrap();
    let progress = Arc::new(AtomicU64::new(0));
    assert_eq!(verify(&sources, &clock(), &progress, |_| {}).0.lines, 1);
}
