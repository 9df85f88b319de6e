//! The promise: with queued delivery a caller never waits for the kernel, the order stays, and
//! every record is delivered, failed, dropped or still queued: never forgotten.

use proptest::prelude::*;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use viraudit::backend::Frames;
use viraudit::backend::{Backend, Sink};
use viraudit::log::{Caller, LogLevel, LogSink};
use viraudit::{Auditor, Delivery, Failure, Guest, Options, Record, Stats, Uuid};

const LONG: Duration = Duration::from_secs(30);

/// A kernel that can be frozen, and refuses records on demand.
#[derive(Clone, Debug, Default)]
struct Kernel {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    frozen: bool,
    /// Freezes once it has seen so many records.
    freezes_at: Option<usize>,
    /// Panics once, when it has seen so many records.
    panics_at: Option<usize>,
    /// Whether a caller waits for the thaw.
    waits: bool,
    /// Bit i: refuses the i-th record out of 16.
    refuses: u16,
    seen: usize,
    names: Vec<Vec<u8>>,
    /// What the records' reader hasn't read, and by how much less that gets with each look.
    unread: u64,
    reads: u64,
    looks: usize,
}

impl Kernel {
    fn wait_for_looks(&self, least: usize) {
        let state = self.state.0.lock().unwrap();
        drop(self.state.1.wait_while(state, |state| state.looks < least).unwrap());
    }

    fn reader(&self, unread: u64, reads: u64) {
        let mut state = self.state.0.lock().unwrap();
        (state.unread, state.reads) = (unread, reads);
    }

    fn freeze(&self, frozen: bool) {
        let mut state = self.state.0.lock().unwrap();
        state.frozen = frozen;
        state.freezes_at = None;
        drop(state);
        self.state.1.notify_all();
    }

    fn wait_for_a_caller(&self) {
        let state = self.state.0.lock().unwrap();
        drop(self.state.1.wait_while(state, |state| !state.waits).unwrap());
    }

    fn names(&self) -> Vec<Vec<u8>> {
        self.state.0.lock().unwrap().names.clone()
    }
}

impl Backend for Kernel {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Ok(Box::new(self.clone()))
    }
}

impl Sink for Kernel {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        let mut state = self.state.0.lock().unwrap();
        state.frozen |= state.freezes_at.is_some_and(|at| state.seen >= at);
        state.waits = state.frozen;
        self.state.1.notify_all();
        if state.panics_at.is_some_and(|at| state.seen >= at) {
            state.panics_at = None;
            drop(state);
            panic!("a backend that panics");
        }
        let mut state = self.state.1.wait_while(state, |state| state.frozen).unwrap();
        for (i, (_, text)) in frames.iter().enumerate() {
            let refused = state.refuses >> (state.seen % 16) & 1 == 1;
            state.seen += 1;
            if !refused {
                let name = text.split(|&byte| byte == b'"').nth(1).unwrap().to_vec();
                state.names.push(name);
            }
            outcome(i, if refused { Err(Failure::NotPermitted) } else { Ok(()) });
        }
    }

    fn unread(&mut self) -> Option<u64> {
        let mut state = self.state.0.lock().unwrap();
        state.looks += 1;
        state.unread -= state.reads.min(state.unread);
        self.state.1.notify_all();
        Some(state.unread)
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl LogSink for Lines {
    fn log(&self, _: LogLevel, _: Caller<'_>, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

fn open(kernel: &Kernel, level: u32, limit: usize) -> (Auditor, Lines) {
    let lines = Lines::default();
    let delivery = Delivery::Queued { limit };
    let options = Options::new().level(level).delivery(delivery).log(lines.clone());
    (Auditor::open(kernel.clone(), options).unwrap(), lines)
}

fn record(name: String) -> Record<'static> {
    Record::start(Guest::new("kvm", name, Uuid::default()), "booted", 1, true)
}

fn emit(auditor: &Auditor, names: std::ops::Range<usize>) -> Vec<Result<(), Failure>> {
    names.map(|i| auditor.emit(record(format!("g{i}")))).collect()
}

fn balanced(stats: Stats) -> bool {
    stats.offered == stats.delivered + stats.failed + stats.dropped + stats.queued
}

fn texts(names: impl Iterator<Item = usize>) -> Vec<Vec<u8>> {
    names.map(|i| format!("g{i}").into_bytes()).collect()
}

#[test]
fn a_frozen_kernel_costs_the_caller_nothing_and_a_full_queue_is_counted() {
    let kernel = Kernel::default();
    let (auditor, lines) = open(&kernel, 1, 10);
    kernel.freeze(true);
    emit(&auditor, 0..1);
    kernel.wait_for_a_caller();
    let results = emit(&auditor, 1..15);
    assert_eq!(results[..9], [Ok(()); 9]);
    assert_eq!(results[9..], [Err(Failure::QueueFull); 5]);
    let stats = auditor.stats();
    assert_eq!((stats.offered, stats.queued, stats.dropped), (15, 10, 5));
    assert!(!auditor.flush(Duration::from_millis(1)), "nothing moves while it is frozen");
    kernel.freeze(false);
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.names(), texts(0..10));
    let stats = auditor.stats();
    assert_eq!((stats.delivered, stats.queued, stats.last_errno), (10, 0, libc::EAGAIN));
    let lines = lines.0.lock().unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the queue of records is full"), "{lines:?}");
}

#[test]
fn what_is_delivered_makes_room_at_once() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 1, 100);
    kernel.state.0.lock().unwrap().freezes_at = Some(64);
    emit(&auditor, 0..100);
    kernel.wait_for_a_caller();
    let room = kernel.names().len();
    assert!(room >= 64);
    assert_eq!(emit(&auditor, 100..100 + room), vec![Ok(()); room]);
    assert_eq!(emit(&auditor, 0..1), [Err(Failure::QueueFull)]);
    kernel.freeze(false);
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.names(), texts(0..100 + room));
}

#[test]
fn what_a_close_gives_up_is_counted_and_logged() {
    let kernel = Kernel::default();
    let (auditor, lines) = open(&kernel, 1, 1000);
    kernel.state.0.lock().unwrap().freezes_at = Some(1);
    emit(&auditor, 0..1000);
    kernel.wait_for_a_caller();
    auditor.shut();
    let stats = auditor.stats();
    let sending = 1000 - stats.delivered - stats.dropped;
    assert!((1..=32).contains(&sending) && stats.queued == sending, "{stats:?}");
    assert_eq!(stats.last_errno, libc::ECANCELED);
    kernel.freeze(false);
    assert!(auditor.flush(LONG));
    let stats = auditor.stats();
    assert_eq!((stats.queued, stats.delivered + stats.dropped), (0, 1000));
    assert_eq!(kernel.names().len() as u64, stats.delivered);
    let lines = lines.0.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains("still queued when auditing was closed")));
}

#[test]
fn after_a_backend_that_panics_records_are_delivered_directly() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 2, 10);
    kernel.state.0.lock().unwrap().panics_at = Some(5);
    for i in 0..200 {
        let _ = auditor.emit(record(format!("g{i}")));
    }
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.state.0.lock().unwrap().panics_at, None, "it panicked");
    let names = kernel.names();
    assert_eq!(names.last(), Some(&b"g199".to_vec()));
    assert!(names.len() > 100, "{}", names.len());
}

/// A log of a program's own, that uses the auditor whose lines it gets.
#[derive(Default)]
struct Busybody {
    auditor: std::sync::OnceLock<std::sync::Weak<Auditor>>,
    closes: bool,
}

impl LogSink for Busybody {
    fn log(&self, _: LogLevel, _: Caller<'_>, _: &str) {
        if let Some(auditor) = self.auditor.get().and_then(std::sync::Weak::upgrade) {
            let _ = auditor.emit(record("logged".into()));
            assert!(auditor.stats().offered > 0);
            let _ = auditor.flush(LONG);
            if self.closes {
                auditor.shut();
            }
        }
    }
}

#[test]
fn a_log_function_may_send_wait_and_close_in_the_queues_thread() {
    for (level, closes) in [(1, false), (1, true), (2, false), (2, true)] {
        let kernel = Kernel::default();
        let log = Arc::new(Busybody { closes, ..Busybody::default() });
        let delivery = Delivery::Queued { limit: 4 };
        let options = Options::new().level(level).delivery(delivery).log(Arc::clone(&log));
        let auditor = Arc::new(Auditor::open(kernel.clone(), options).unwrap());
        log.auditor.set(Arc::downgrade(&auditor)).unwrap();
        kernel.state.0.lock().unwrap().refuses = 1;
        kernel.freeze(true);
        emit(&auditor, 0..1);
        kernel.wait_for_a_caller();
        emit(&auditor, 1..4);
        kernel.freeze(false);
        assert!(auditor.flush(LONG));
        // What the log function sends meanwhile is queued later.
        while auditor.stats().queued > 0 {
            assert!(auditor.flush(LONG));
        }
        let stats = auditor.stats();
        assert_eq!(stats.dropped, 0, "{level} {closes} {stats:?}");
        assert!(stats.offered >= 5 && stats.failed >= 1 && balanced(stats), "{stats:?}");
    }
}

#[test]
fn on_the_way_back_to_direct_delivery_nothing_overtakes_the_queue() {
    // The queue's thread waits in the kernel, or for the reader: nothing is locked then.
    for frozen in [true, false] {
        let kernel = Kernel::default();
        let (auditor, _) = open(&kernel, 1, 1000);
        let stop = |stopped| {
            if frozen {
                kernel.freeze(stopped);
            } else {
                kernel.reader(if stopped { 1 << 20 } else { 0 }, 0);
            }
        };
        stop(true);
        emit(&auditor, 0..100);
        if frozen {
            kernel.wait_for_a_caller();
        } else {
            kernel.wait_for_looks(4);
        }
        std::thread::scope(|scope| {
            scope.spawn(|| auditor.set_delivery(Delivery::Direct));
            let direct = scope.spawn(|| {
                // Once the other thread has set it, and waits.
                std::thread::sleep(Duration::from_millis(50));
                emit(&auditor, 100..102)
            });
            std::thread::sleep(Duration::from_millis(100));
            stop(false);
            assert_eq!(direct.join().unwrap(), [Ok(()); 2]);
        });
        assert_eq!(kernel.names(), texts(0..102));
    }
}

#[test]
fn records_wait_for_a_reader_that_stopped() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 1, 1000);
    kernel.reader(1 << 20, 0);
    emit(&auditor, 0..500);
    kernel.wait_for_looks(4);
    let sent = kernel.names().len();
    assert!((1..=32).contains(&sent), "a first burst goes out without a look: {sent}");
    assert_eq!(auditor.stats().queued, 500 - sent as u64);
    kernel.reader(0, 0);
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.names(), texts(0..500));
    let looks = kernel.state.0.lock().unwrap().looks;
    emit(&auditor, 500..501);
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.state.0.lock().unwrap().looks, looks, "not for every record");
}

#[test]
fn records_don_t_wait_for_a_reader_that_is_slow_or_for_the_end() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 1, 1000);
    // Far behind at every look, but it reads.
    kernel.reader(1 << 40, 1);
    emit(&auditor, 0..500);
    assert!(auditor.flush(LONG));
    kernel.reader(1 << 40, 0);
    emit(&auditor, 500..1000);
    auditor.shut();
    assert_eq!(kernel.names(), texts(0..1000));
    assert_eq!(auditor.stats().delivered, 1000);
}

#[test]
fn at_level_2_a_full_queue_makes_the_caller_wait_and_nothing_is_dropped() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 2, 2);
    kernel.freeze(true);
    emit(&auditor, 0..2);
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| emit(&auditor, 2..20));
        kernel.wait_for_a_caller();
        assert!(!blocked.is_finished());
        kernel.freeze(false);
        assert_eq!(blocked.join().unwrap(), [Ok(()); 18]);
    });
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.names(), texts(0..20));
    assert_eq!(auditor.stats().delivered, 20);
}

#[test]
fn dropping_the_auditor_delivers_what_is_queued() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 1, 1000);
    kernel.freeze(true);
    emit(&auditor, 0..1);
    kernel.wait_for_a_caller();
    auditor.emit_all((1..500).map(|i| record(format!("g{i}")))).unwrap();
    kernel.freeze(false);
    drop(auditor);
    assert_eq!(kernel.names(), texts(0..500));
}

#[test]
fn going_back_to_direct_delivery_keeps_the_order() {
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 1, 1000);
    for round in 0..20 {
        let first = 10 * round;
        emit(&auditor, first..first + 5);
        auditor.set_delivery(Delivery::Direct);
        emit(&auditor, first + 5..first + 10);
        auditor.set_delivery(Delivery::Queued { limit: 1000 });
    }
    assert!(auditor.flush(LONG));
    assert_eq!(kernel.names(), texts(0..200));
}

#[test]
fn no_thread_runs_before_the_first_queued_record() {
    let threads = || {
        let names = std::fs::read_dir("/proc/self/task").unwrap().map(|task| {
            std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default()
        });
        names.filter(|name| name.trim() == "viraudit").count()
    };
    // Other tests of this program have threads of their own, so this one asks another process.
    if std::env::var_os("VIRAUDIT_TEST_CHILD").is_none() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "no_thread_runs_before_the_first_queued_record"])
            .env("VIRAUDIT_TEST_CHILD", "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        return;
    }
    let kernel = Kernel::default();
    let (auditor, _) = open(&kernel, 1, 10);
    auditor.set_delivery(Delivery::Direct);
    emit(&auditor, 0..1);
    auditor.set_delivery(Delivery::Queued { limit: 10 });
    assert_eq!(threads(), 0);
    emit(&auditor, 1..2);
    assert!(auditor.flush(LONG));
    assert_eq!(threads(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_counts_always_add_up(
        level in 1..3u32,
        limit in 1..20usize,
        refuses in any::<u16>(),
        bursts in proptest::collection::vec((1..8usize, any::<bool>()), 1..20),
    ) {
        let kernel = Kernel::default();
        kernel.state.0.lock().unwrap().refuses = refuses;
        let (auditor, _) = open(&kernel, level, limit);
        let mut offered = 0;
        for (count, queued) in bursts {
            auditor.set_delivery(if queued { Delivery::Queued { limit } } else { Delivery::Direct });
            // How each went is what is counted.
            let _ = auditor.emit_all((0..count).map(|i| record(format!("g{i}"))));
            offered += count as u64;
            let stats = auditor.stats();
            prop_assert!(balanced(stats));
            prop_assert_eq!(stats.offered, offered);
        }
        prop_assert!(auditor.flush(LONG));
        let stats = auditor.stats();
        prop_assert!(balanced(stats));
        prop_assert_eq!(stats.queued, 0);
        prop_assert_eq!(stats.delivered, kernel.names().len() as u64);
        if level > 1 {
            prop_assert_eq!(stats.dropped, 0);
        }
    }
}
