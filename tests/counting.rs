//! The promise: every record is counted once, whatever several threads do to auditors at the same
//! time, and what was delivered is where it belongs.
//!
//! VIRAUDIT_COUNTING_SECONDS sets how long each test runs, VIRAUDIT_SEED repeats a run's choices.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use viraudit::{
    Auditor, Backend, Delivery, FileBackend, Guest, MockBackend, Options, Record, Stats, Uuid,
};

const SENDERS: u64 = 4;

fn from_environment<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// Xorshift.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn send(choices: &mut Choices, current: &RwLock<Arc<Auditor>>, sent: &AtomicU64) {
    let guest = Guest::new("kvm", "web1", Uuid::default());
    let record = Record::start(guest, "booted", 42, true);
    let auditor = Arc::clone(&current.read().unwrap());
    let count = choices.below(20);
    match choices.below(3) {
        0 => {
            let _ = auditor.emit_all((0..count).map(|_| &record));
            sent.fetch_add(count, Ordering::Relaxed);
        }
        1 => {
            let mut batch = auditor.batch();
            // The auditor may be replaced before the batch is sent.
            drop(auditor);
            (0..count).for_each(|_| batch.push(&record));
            std::thread::sleep(Duration::from_micros(choices.below(200)));
            if choices.below(2) == 0 {
                let _ = batch.send();
            }
            sent.fetch_add(count, Ordering::Relaxed);
        }
        _ => {
            for _ in 0..count {
                let _ = auditor.emit(&record);
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Ends the senders, after a panic too: the scope waits for them.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs random calls. Returns how many records the backends must hold.
fn run(open: &dyn Fn(u64) -> Box<dyn Backend>, disturb: &dyn Fn(&mut Choices)) -> u64 {
    let time = Duration::from_secs_f64(from_environment("VIRAUDIT_COUNTING_SECONDS", 1.0));
    let seed = from_environment("VIRAUDIT_SEED", u64::from(std::process::id()));
    let mut choices = Choices(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let open = |number| Arc::new(Auditor::open(open(number), Options::new()).unwrap());
    let mut all = vec![open(0)];
    let current = RwLock::new(Arc::clone(&all[0]));
    let (sent, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            let mut choices = Choices(choices.below(u64::MAX) | 1);
            let (current, sent, stop) = (&current, &sent, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    send(&mut choices, current, sent);
                }
            });
        }
        let _stop = Stop(&stop);
        let end = Instant::now() + time;
        while Instant::now() < end {
            let auditor = Arc::clone(&current.read().unwrap());
            match choices.below(6) {
                0 => auditor.set_delivery(Delivery::Direct),
                1 => auditor.set_delivery(Delivery::Queued { limit: 16 }),
                2 => auditor.set_delivery(Delivery::Queued { limit: 10_000 }),
                3 => assert!(auditor.flush(Duration::from_secs(60))),
                4 => disturb(&mut choices),
                _ => {
                    let new = open(all.len() as u64);
                    all.push(Arc::clone(&new));
                    *current.write().unwrap() = new;
                }
            }
            let Stats { offered, delivered, failed, dropped, queued, .. } = auditor.stats();
            assert_eq!(offered, delivered + failed + dropped + queued, "seed {seed}");
            std::thread::sleep(Duration::from_micros(choices.below(1000)));
        }
    });
    all.iter().for_each(|auditor| auditor.shut());
    let sum = |count: fn(Stats) -> u64| all.iter().map(|auditor| count(auditor.stats())).sum();
    let (offered, delivered): (u64, u64) =
        (sum(|stats| stats.offered), sum(|stats| stats.delivered));
    assert_eq!(offered, sent.into_inner(), "seed {seed}");
    assert_eq!(offered, delivered + sum(|stats| stats.failed + stats.dropped), "seed {seed}");
    assert!(delivered > 0 && all.len() > 1);
    delivered
}

#[test]
fn a_mock_holds_what_was_delivered() {
    let mock = MockBackend::new();
    let delivered = run(&|_| Box::new(mock.clone()), &|choices| {
        mock.fail_with(if choices.below(2) == 0 { 0 } else { libc::EPERM });
    });
    assert_eq!(mock.records().len() as u64, delivered);
}

fn whole_lines(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap();
    let whole = |line: &str| line.starts_with("type=VIRT_") && line.ends_with(" res=success'");
    assert!(text.lines().all(whole) && (text.is_empty() || text.ends_with('\n')));
    text.lines().count() as u64
}

#[test]
fn files_hold_what_was_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let rotations = AtomicU64::new(0);
    let path = |i: u64| dir.path().join(format!("{i}.log"));
    let delivered = run(&|number| Box::new(FileBackend::new(path(number % 3))), &|choices| {
        let old = format!("old.{}", rotations.fetch_add(1, Ordering::Relaxed));
        let _ = fs::rename(path(choices.below(3)), dir.path().join(old));
    });
    let files = fs::read_dir(dir.path()).unwrap();
    let held: u64 = files.map(|file| whole_lines(&file.unwrap().path())).sum();
    assert_eq!(held, delivered);
}
