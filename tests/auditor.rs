//! The promise: every record is counted, every state change is logged once, and nothing else is
//! logged.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use viraudit::backend::{Frames, Notice, Sink};
use viraudit::log::{Caller, LogLevel, LogSink};
use viraudit::{
    Auditor, Backend, Change, Client, Error, Failure, Guest, MockBackend, Options, Origin, Record,
    RecordType, Resource, Stats, Uuid,
};

/// Level, file, line and text.
type Line = (LogLevel, String, usize, String);

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

impl Lines {
    fn take(&self) -> Vec<(LogLevel, String)> {
        std::mem::take(&mut *self.0.lock().unwrap())
            .into_iter()
            .map(|(level, _, _, text)| (level, text))
            .collect()
    }
}

impl LogSink for Lines {
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str) {
        let line = (level, caller.file.to_owned(), caller.line, message.to_owned());
        self.0.lock().unwrap().push(line);
    }
}

fn options(level: u32, logging: bool, lines: &Lines) -> Options {
    let origin = Origin { exe: Some(b"/usr/bin/daemon".to_vec()), host: None, terminal: None };
    Options::new().level(level).logging(logging).log(lines.clone()).origin(origin)
}

fn guest() -> Guest<'static> {
    Guest::new("kvm", "web1", Uuid::parse(b"8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab").unwrap())
}

fn disk(path: &str, success: bool) -> Record<'_> {
    let change = Change { old: None, new: Some(path.into()) };
    Record::resource(guest(), "attach", Resource::Disk(change), success)
}

fn open(level: u32, logging: bool) -> (Auditor, MockBackend, Lines) {
    let (mock, lines) = (MockBackend::new(), Lines::default());
    let auditor = Auditor::open(mock.clone(), options(level, logging, &lines)).unwrap();
    (auditor, mock, lines)
}

#[test]
fn a_record_is_what_libvirt_writes() {
    let (auditor, mock, lines) = open(1, false);
    auditor.emit(disk("/images/a b", false)).unwrap();
    let expected: &[u8] = b"virt=kvm resrc=disk reason=attach vm=\"web1\" \
        uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab old-disk=\"?\" new-disk=2F696D616765732F612062 \
        exe=\"/usr/bin/daemon\" hostname=? addr=? terminal=? res=failed";
    assert_eq!(mock.records()[0].kind, RecordType::VirtResource);
    assert_eq!(mock.records()[0].text, expected);
    assert_eq!(lines.take(), []);
}

#[test]
fn the_suffix_names_the_client_and_a_real_terminals_host() {
    type Text = Option<&'static [u8]>;
    let table: &[(Text, Text, Text, &str)] = &[
        (None, None, None, "hostname=? addr=? terminal=?"),
        (Some(b"pts/3"), None, None, "hostname=node1 addr=? terminal=pts/3"),
        (Some(b"/dev/tty1"), None, None, "hostname=node1 addr=? terminal=/dev/tty1"),
        (Some(b"console"), None, None, "hostname=? addr=? terminal=console"),
        (Some(b"pts/3"), Some(b""), None, "hostname=? addr=? terminal=?"),
        (Some(b"pts/3"), Some(b"/dev/pts/9"), None, "hostname=node1 addr=? terminal=/dev/pts/9"),
        (None, Some(b"tty2"), Some(b"10.1.2.3"), "hostname=node1 addr=10.1.2.3 terminal=tty2"),
        (None, None, Some(b"x res=failed"), "hostname=? addr=78207265733D6661696C6564 terminal=?"),
        (None, Some(b"a'b"), Some(b""), "hostname=? addr=? terminal=612762"),
    ];
    for (own, tty, addr, expected) in table {
        let mock = MockBackend::new();
        let origin = Origin {
            exe: Some(b"/usr/bin/daemon".to_vec()),
            host: Some(b"node1".to_vec()),
            terminal: own.map(<[u8]>::to_vec),
        };
        let auditor = Auditor::open(mock.clone(), Options::new().origin(origin)).unwrap();
        let client = Client { tty: *tty, addr: *addr };
        let kind = RecordType::VirtControl;
        auditor.send_text(kind, b"virt=kvm op=x", true, client, Caller::default()).unwrap();
        let text = String::from_utf8(mock.records()[0].text.clone()).unwrap();
        let suffix = format!("virt=kvm op=x exe=\"/usr/bin/daemon\" {expected} res=success");
        assert_eq!(text, suffix);
    }
}

#[test]
fn levels_and_logging_are_independent() {
    for (level, logging) in [(0, false), (0, true), (1, false), (1, true), (2, true)] {
        let (auditor, mock, lines) = open(level, logging);
        assert_eq!(auditor.is_open(), level > 0);
        let line = line!() + 1;
        auditor.emit(disk("/a", true)).unwrap();
        auditor.emit_all([disk("/b", false), disk("/c", true)]).unwrap();
        let sent = if level > 0 { 3 } else { 0 };
        assert_eq!(mock.records().len(), sent, "level {level}");
        assert_eq!(auditor.stats().offered, sent as u64);
        if logging {
            assert_eq!(lines.0.lock().unwrap()[0].1, file!());
            assert_eq!(lines.0.lock().unwrap()[0].2, line as usize);
        }
        let logged = lines.take();
        let body = |path| String::from_utf8(disk(path, true).body()).unwrap();
        let expected = [
            (LogLevel::Info, format!("success=yes {}", body("/a"))),
            (LogLevel::Warning, format!("success=no {}", body("/b"))),
            (LogLevel::Info, format!("success=yes {}", body("/c"))),
        ];
        assert_eq!(logged, if logging { &expected[..] } else { &[] });
    }
}

#[test]
fn each_state_change_is_logged_once_and_every_record_counted() {
    let (auditor, mock, lines) = open(1, false);
    // (errno from now on, records, failed, what is logged)
    let steps: &[(i32, usize, usize, Option<&str>)] = &[
        (0, 3, 0, None),
        (libc::EPERM, 5, 5, Some("lost (errno 1): this process may not write audit records")),
        (libc::EPERM, 5, 5, None),
        (libc::ECONNREFUSED, 2, 2, Some("lost (errno 111): the kernel refuses audit records from")),
        (libc::EPERM, 1, 1, Some("lost (errno 1): ")),
        (0, 2, 0, Some("get through again; 13 were lost")),
        (0, 2, 0, None),
        (libc::ENOBUFS, 1, 1, Some("lost (errno 105): ")),
    ];
    let (mut offered, mut failed) = (0, 0);
    for (errno, records, failing, logged) in steps {
        mock.fail_with(*errno);
        // One by one, but for the last two, which are a burst.
        for _ in 2..*records {
            let result = auditor.emit(disk("/a", true));
            assert_eq!(result.is_err(), *errno != 0);
        }
        let burst = (0..*records.min(&2)).map(|_| disk("/a", true));
        assert_eq!(auditor.emit_all(burst).is_err(), *errno != 0);
        offered += records;
        failed += failing;
        let stats = auditor.stats();
        assert_eq!((stats.offered, stats.failed), (offered as u64, failed as u64));
        assert_eq!(stats.delivered, stats.offered - stats.failed);
        assert_eq!((stats.queued, stats.dropped), (0, 0));
        let lines = lines.take();
        assert_eq!(lines.len(), usize::from(logged.is_some()), "{lines:?}");
        if let (Some(logged), Some((level, line))) = (logged, lines.first()) {
            assert!(line.contains(logged), "{line}");
            assert_eq!(*level, LogLevel::Warning);
        }
    }
    assert_eq!(auditor.stats().last_errno, libc::ENOBUFS);
}

#[test]
fn a_batch_goes_out_whole_even_when_it_is_only_dropped() {
    let (auditor, mock, _) = open(1, false);
    let mut batch = auditor.batch();
    batch.push(disk("/a", true));
    batch.push(Record::resource(guest(), "x", Resource::Disk(Change::default()), true));
    batch.push(disk("/b", true));
    assert_eq!(batch.len(), 2, "a change without any path is no record");
    assert_eq!(mock.records().len(), 0);
    drop(batch);
    assert_eq!(mock.records().len(), 2);
    mock.fail_with(libc::EACCES);
    assert_eq!(auditor.emit_all([disk("/c", true)]), Err(Failure::Forbidden));
    let Stats { offered, delivered, failed, .. } = auditor.stats();
    assert_eq!((offered, delivered, failed), (3, 2, 1));
}

#[test]
fn long_records_are_counted_as_truncated() {
    let (auditor, mock, _) = open(1, false);
    auditor.emit(disk(&"x".repeat(2000), true)).unwrap();
    auditor.emit(disk(&"x".repeat(9000), true)).unwrap();
    auditor.emit_all([disk(&"x".repeat(9000), true), disk("/a", true)]).unwrap();
    assert_eq!(auditor.stats().truncated, 2);
    let lengths: Vec<_> = mock.records().iter().map(|record| record.text.len()).collect();
    assert_eq!(lengths[1..3], [8560, 8560]);
    let record = mock.records()[1].clone();
    assert_eq!(record.raw_field("truncated"), Some(&b"new-disk"[..]));
    assert_eq!(record.raw_field("res"), Some(&b"success"[..]));
}

#[derive(Debug)]
struct Broken(Failure);

impl Backend for Broken {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Err(self.0)
    }
}

#[test]
fn a_backend_that_cannot_be_opened_fails_above_level_0() {
    for (level, expected) in [(1, LogLevel::Info), (2, LogLevel::Warning)] {
        let lines = Lines::default();
        let failure = Failure::Unsupported(libc::EPROTONOSUPPORT);
        let error = Auditor::open(Broken(failure), options(level, true, &lines)).unwrap_err();
        assert_eq!(error.errno(), libc::EPROTONOSUPPORT);
        assert!(matches!(error, Error::Delivery(Failure::Unsupported(_))));
        let logged = lines.take();
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].0, expected);
        assert!(logged[0].1.contains("no audit support"), "{}", logged[0].1);
    }
    let lines = Lines::default();
    let auditor = Auditor::open(Broken(Failure::NoAnswer), options(0, false, &lines)).unwrap();
    assert_eq!(auditor.emit(disk("/a", true)), Ok(()));
    assert_eq!(lines.take(), []);
}

/// Opens at level 1 only.
#[derive(Debug)]
struct Modest(MockBackend);

impl Backend for Modest {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        self.0.open()
    }

    fn open_at_level(&self, level: u32, _: &mut dyn FnMut(Notice)) -> Result<Box<dyn Sink>, Error> {
        if level > 1 { Err(Failure::Disabled.into()) } else { Ok(self.open()?) }
    }
}

#[test]
fn a_pointer_to_a_backend_is_that_backend() {
    let mock = MockBackend::new();
    let backends: [fn(Modest) -> Box<dyn Backend>; 3] = [
        |modest| Box::new(modest),
        |modest| Box::new(Box::new(modest)),
        |modest| Box::new(Arc::new(modest) as Arc<dyn Backend>),
    ];
    for (i, backend) in backends.into_iter().enumerate() {
        let open =
            |level| Auditor::open(backend(Modest(mock.clone())), Options::new().level(level));
        open(1).unwrap().emit(disk("/a", true)).unwrap();
        assert_eq!(mock.records().len(), i + 1);
        assert!(matches!(open(2), Err(Error::Delivery(Failure::Disabled))));
    }
}

#[test]
fn records_are_taken_by_value_and_by_reference() {
    let (auditor, mock, _) = open(1, false);
    let record = disk("/a", true);
    auditor.emit(&record).unwrap();
    auditor.emit(disk("/b", true)).unwrap();
    auditor.emit_all([&record, &record]).unwrap();
    auditor.emit_all(vec![record.clone()]).unwrap();
    let mut batch = auditor.batch();
    batch.push(&record);
    batch.push(record.clone());
    batch.extend([&record]);
    batch.extend([record]);
    batch.send().unwrap();
    assert_eq!(mock.records().len(), 9);
}

#[test]
fn a_mocks_records_are_a_copy() {
    let (auditor, mock, _) = open(1, false);
    auditor.emit(disk("/a", true)).unwrap();
    let before = mock.records();
    for record in &before {
        auditor.emit(record.record().unwrap()).unwrap();
    }
    assert_eq!((before.len(), mock.records().len()), (1, 2));
}

#[test]
fn two_auditors_do_not_see_each_other() {
    let (first, first_mock, _) = open(1, false);
    let (second, second_mock, _) = open(1, false);
    second_mock.fail_with(libc::EPERM);
    first.emit(disk("/a", true)).unwrap();
    second.emit(disk("/b", true)).unwrap_err();
    assert_eq!((first_mock.records().len(), second_mock.records().len()), (1, 0));
    assert_eq!((first.stats().failed, second.stats().failed), (0, 1));
}

#[test]
fn threads_lose_nothing_and_keep_their_order() {
    const THREADS: usize = 8;
    const EACH: usize = 500;
    let (auditor, mock, _) = open(1, false);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let auditor = &auditor;
            scope.spawn(move || {
                for i in 0..EACH {
                    auditor.emit(disk(&format!("/{thread}/{i}"), true)).unwrap();
                }
            });
        }
    });
    let mut next = [0; THREADS];
    for record in mock.records().iter() {
        let path = String::from_utf8(record.field("new-disk").unwrap()).unwrap();
        let (thread, i) = path[1..].split_once('/').unwrap();
        let thread: usize = thread.parse().unwrap();
        assert_eq!(i.parse::<usize>().unwrap(), next[thread]);
        next[thread] += 1;
    }
    assert_eq!(next, [EACH; THREADS]);
    assert_eq!(auditor.stats().delivered, (THREADS * EACH) as u64);
}

/// Its sink waits in the middle of a delivery, and counts how many of its kind are open.
#[derive(Clone, Debug, Default)]
struct Gate {
    open: Arc<AtomicUsize>,
    passes: Arc<(Mutex<[bool; 2]>, Condvar)>,
}

impl Gate {
    const BEGAN: usize = 0;
    const MAY_END: usize = 1;

    fn pass(&self, which: usize) {
        self.passes.0.lock().unwrap()[which] = true;
        self.passes.1.notify_all();
    }

    fn wait(&self, which: usize) {
        let passes = self.passes.0.lock().unwrap();
        drop(self.passes.1.wait_while(passes, |passes| !passes[which]).unwrap());
    }
}

impl Backend for Gate {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(OpenGate(self.clone())))
    }
}

struct OpenGate(Gate);

impl Drop for OpenGate {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Sink for OpenGate {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        self.0.pass(Gate::BEGAN);
        self.0.wait(Gate::MAY_END);
        (0..frames.count()).for_each(|i| outcome(i, Ok(())));
    }
}

#[test]
fn a_delivery_that_ends_after_the_close_leaves_nothing_open() {
    let gate = Gate::default();
    let auditor = Auditor::open(gate.clone(), Options::new()).unwrap();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| auditor.emit(disk("/images/a", true)));
        gate.wait(Gate::BEGAN);
        auditor.shut();
        assert_eq!(gate.open.load(Ordering::SeqCst), 1, "it is still delivering");
        gate.pass(Gate::MAY_END);
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
    assert_eq!(gate.open.load(Ordering::SeqCst), 0);
    assert_eq!(auditor.stats().delivered, 1);
    auditor.emit(disk("/images/b", true)).unwrap();
    assert_eq!((gate.open.load(Ordering::SeqCst), auditor.stats().offered), (0, 1));
}
