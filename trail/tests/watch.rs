//! Live records: which are kept until the end of their event, and how many.

mod support;

use support::{LEVEL, Log, clock, value};
use viraudit_trail::watch::Watcher;

/// A watcher that knows guest 1, and the events that it has shown.
struct Watched {
    watcher: Watcher,
    shown: Vec<String>,
}

impl Watched {
    fn new() -> Self {
        let mut watched = Self { watcher: Watcher::new(clock()), shown: Vec::new() };
        let mut log = Log::default();
        log.label(0, 1, LEVEL).start(1, 1);
        for line in String::from_utf8(log.text).unwrap().lines() {
            let (kind, text) = line.split_once(" msg=").unwrap();
            let kind = if kind == "type=VIRT_CONTROL" { 2500 } else { 2502 };
            watched.record(kind, text);
        }
        assert_eq!(watched.shown.len(), 2, "{:?}", watched.shown);
        watched.shown.clear();
        watched
    }

    fn record(&mut self, kind: u16, text: &str) {
        let shown = &mut self.shown;
        self.watcher.record(kind, text.as_bytes(), &mut |event| {
            shown.push(format!("{} {} {}", event.vm, event.kind, value(event, "auid")));
        });
    }

    fn denial(&mut self, serial: u64) {
        self.record(
            1400,
            &format!(
                "audit(1767225700.000:{serial}): avc:  denied  {{ read }} for  pid=777 comm=\"x\" \
                 scontext=system_u:system_r:svirt_t:{LEVEL} tcontext=a:b:c:s0 tclass=file permissive=0"
            ),
        );
    }

    fn syscall(&mut self, serial: u64) {
        self.record(
            1300,
            &format!(
                "audit(1767225700.000:{serial}): arch=c000003e syscall=2 success=no exit=-13 \
                 ppid=1 pid=777 auid=1000 uid=107 comm=\"x\" exe=\"/x\""
            ),
        );
    }
}

#[test]
fn records_of_other_events_do_not_pile_up() {
    let mut watched = Watched::new();
    watched.denial(100);
    for serial in 1000..50_000 {
        let text = format!("audit(1767225700.000:{serial}): auid=1000 uid=1000 comm=\"x\" sig=0");
        watched.record(1309, &text);
    }
    watched.syscall(100);
    watched.record(1320, "audit(1767225700.000:100): ");
    assert_eq!(
        (&watched.shown[..], watched.watcher.given_up()),
        (&["g1 avc 1000".to_owned()][..], 0)
    );
}

#[test]
fn the_oldest_open_events_are_completed_first_and_counted() {
    let mut watched = Watched::new();
    watched.denial(100);
    for serial in 1000..6000 {
        let text = format!("audit(1767225700.000:{serial}): pid=9 comm=\"x\" sig=11");
        watched.record(1701, &text);
    }
    // Nothing has ended it.
    assert_eq!(watched.shown.len(), 1, "{:?}", watched.shown);
    let given_up = watched.watcher.given_up();
    assert!((2000..4000).contains(&given_up), "{given_up}");
    // A later one still gets its details.
    watched.denial(7000);
    watched.syscall(7000);
    watched.record(1320, "audit(1767225700.000:7000): ");
    assert_eq!(watched.shown[1..], ["g1 avc 1000"]);
    // Few but long ones are limited, too.
    let before = watched.watcher.given_up();
    for serial in 8000..9000 {
        let text = format!("audit(1767225700.000:{serial}): item=0 name=\"/{}\"", "x".repeat(8000));
        watched.record(1302, &text);
    }
    assert!(watched.watcher.given_up() > before);
}

#[test]
fn a_line_feed_in_a_record_becomes_a_blank() {
    let mut watched = Watched::new();
    let mut log = Log::default();
    log.control(9, "stop", "shut\ntype=2500", 1, true);
    let text = String::from_utf8(log.text).unwrap();
    watched.record(2500, text.strip_prefix("type=VIRT_CONTROL msg=").unwrap().trim_end());
    assert_eq!(watched.shown, ["g1 stop -"]);
}
