//! The promise: lines for the `log` crate obey its maximum level.

use log::LevelFilter;
use std::sync::Mutex;
use viraudit::{Auditor, Guest, MockBackend, Options, Record, Uuid};

static LINES: Mutex<Vec<(log::Level, String, u32)>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        assert_eq!((record.target(), record.file()), ("viraudit", Some(file!())));
        let line = (record.level(), record.args().to_string(), record.line().unwrap());
        LINES.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

#[test]
fn the_maximum_level_holds() {
    log::set_logger(&Lines).unwrap();
    let auditor = Auditor::open(MockBackend::new(), Options::new().logging(true)).unwrap();
    let guest = Guest::new("kvm", "web1", Uuid::default());
    let expected = [
        (LevelFilter::Off, 0),
        (LevelFilter::Error, 0),
        (LevelFilter::Warn, 1),
        (LevelFilter::Info, 2),
    ];
    for (level, lines) in expected {
        log::set_max_level(level);
        for success in [true, false] {
            auditor.emit(Record::start(&guest, "booted", 1, success)).unwrap();
        }
        let logged = std::mem::take(&mut *LINES.lock().unwrap());
        assert_eq!(logged.len(), lines, "{level}: {logged:?}");
    }
}
