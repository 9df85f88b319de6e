//! The promise: a file gets whole audit.log lines, whoever else writes to it, and however full
//! the disk is.

use std::fs;
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex};
use viraudit::{Auditor, FileBackend, Guest, Options, Record, StreamBackend, Uuid};

fn start(name: &str) -> Record<'_> {
    Record::start(Guest::new("kvm", name, Uuid::default()), "booted", 42, true)
}

fn serials(text: &str) -> Vec<u64> {
    let serial = |line: &str| line.split([':', ')']).nth(1).unwrap().parse().unwrap();
    text.lines().map(serial).collect()
}

fn is_whole(line: &str) -> bool {
    line.starts_with("type=VIRT_CONTROL msg=audit(")
        && line.contains(&format!("): pid={} uid=", std::process::id()))
        && line.contains(" msg='virt=kvm op=start reason=booted vm=")
        && line.ends_with(" res=success'")
}

#[test]
fn writers_of_one_file_never_mix_lines_nor_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let auditor = Auditor::open(FileBackend::new(path), Options::new()).unwrap();
                let long = format!("guest{writer}{}", "x".repeat(3000));
                for i in 0..100 {
                    if i % 10 == 0 {
                        auditor.emit_all((0..5).map(|_| start(&long))).unwrap();
                    } else {
                        auditor.emit(start(&long)).unwrap();
                    }
                }
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(serials(&text), (1..=4 * 140).collect::<Vec<_>>());
    assert!(text.lines().all(is_whole));
}

#[test]
fn numbers_go_on_from_what_is_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    fs::write(&path, "type=DAEMON_START msg=audit(1795292517.231:4711): op=start\n").unwrap();
    let auditor = Auditor::open(FileBackend::new(&path), Options::new()).unwrap();
    auditor.emit(start("a")).unwrap();
    let mut other = fs::OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(other, "node=n1 type=X msg=audit(1795292517.231:5000): x").unwrap();
    auditor.emit(start("a")).unwrap();
    assert_eq!(serials(&fs::read_to_string(&path).unwrap()), [4711, 4712, 5000, 5001]);
}

#[test]
fn a_line_that_was_cut_spoils_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let cut = "type=VIRT_CONTROL msg=audit(1795292517.231:7): pid=1 uid=0 auid=0 ses=1 msg='virt=k";
    fs::write(&path, cut).unwrap();
    let auditor = Auditor::open(FileBackend::new(&path), Options::default()).unwrap();
    auditor.emit(start("a")).unwrap();
    auditor.emit(start("b")).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(serials(&text), [7, 8, 9]);
    assert_eq!(text.lines().next(), Some(cut));
    assert!(text.lines().skip(1).all(is_whole) && text.ends_with('\n'), "{text}");
}

#[test]
fn a_full_disk_is_a_failure_with_its_errno() {
    let auditor = Auditor::open(FileBackend::new("/dev/full"), Options::new()).unwrap();
    assert_eq!(auditor.emit(start("a")).unwrap_err().errno(), libc::ENOSPC);
    assert_eq!(auditor.stats().failed, 1);
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    for (path, errno) in [("/nonexistent/audit.log", libc::ENOENT), ("/", libc::EISDIR)] {
        let error = Auditor::open(FileBackend::new(path), Options::new()).unwrap_err();
        assert_eq!(error.errno(), errno, "{path}");
        let why = std::io::Error::from_raw_os_error(errno);
        assert_eq!(error.to_string(), format!("can't open {path}: {why}"));
    }
}

#[test]
fn a_directory_that_takes_no_files_says_why() {
    // Nobody may create files there, root neither; in a container it may be mounted read-only.
    let error = Auditor::open(FileBackend::new("/sys/audit.log"), Options::new()).unwrap_err();
    assert!([libc::EACCES, libc::EPERM, libc::EROFS].contains(&error.errno()), "{error}");
}

#[test]
fn a_stream_gets_a_burst_in_one_piece() {
    struct Pieces(std::sync::mpsc::Sender<Vec<u8>>);
    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (sender, pieces) = std::sync::mpsc::channel();
    let auditor = Auditor::open(StreamBackend::new(Pieces(sender)), Options::new()).unwrap();
    auditor.emit_all([start("a"), start("b")]).unwrap();
    auditor.emit(start("c")).unwrap();
    drop(auditor);
    let pieces: Vec<_> = pieces.iter().map(|piece| String::from_utf8(piece).unwrap()).collect();
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[0].lines().count(), 2);
    assert!(pieces.iter().flat_map(|piece| piece.lines()).all(is_whole));
    assert_eq!(serials(&pieces.concat()), [1, 2, 3]);
}

#[test]
fn what_a_stream_takes_is_delivered_and_the_next_line_begins_anew() {
    /// Takes so many bytes, then none.
    #[derive(Clone)]
    struct Narrow(Arc<Mutex<(usize, Vec<u8>)>>);
    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let (room, taken) = &mut *self.0.lock().unwrap();
            let count = bytes.len().min(*room).min(100);
            *room -= count;
            taken.extend_from_slice(&bytes[..count]);
            if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let stream = Narrow(Arc::new(Mutex::new((usize::MAX, Vec::new()))));
    let auditor = Auditor::open(StreamBackend::new(stream.clone()), Options::new()).unwrap();
    auditor.emit(start("a")).unwrap();
    let line = {
        let mut shared = stream.0.lock().unwrap();
        shared.0 = shared.1.len() * 5 / 2;
        shared.1.len()
    };
    assert!(auditor.emit_all([start("a"), start("a"), start("a"), start("a")]).is_err());
    assert_eq!((auditor.stats().delivered, auditor.stats().failed), (3, 2));
    assert!(auditor.emit(start("a")).is_err());
    stream.0.lock().unwrap().0 = usize::MAX;
    auditor.emit(start("a")).unwrap();
    let text = String::from_utf8(stream.0.lock().unwrap().1.clone()).unwrap();
    let (whole, cut): (Vec<_>, Vec<_>) = text.lines().partition(|line| is_whole(line));
    assert_eq!((whole.len(), cut.len()), (4, 1), "{line} bytes a line: {text}");
    assert_eq!(auditor.stats().delivered, 4);
    assert_eq!(serials(&whole.join("\n")), [1, 2, 3, 7], "no number is used twice");
}

#[test]
fn a_long_burst_is_written_in_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let auditor = Auditor::open(FileBackend::new(&path), Options::new()).unwrap();
    let name = "x".repeat(1000);
    auditor.emit_all((0..300).map(|_| start(&name))).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(serials(&text), (1..=300).collect::<Vec<_>>());
    assert!(text.lines().all(is_whole));
}

#[test]
fn a_pipe_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let error = Auditor::open(FileBackend::new(&path), Options::new()).unwrap_err();
    assert_eq!(error.errno(), libc::ENOTSUP);
    let why = "records can be appended to a regular file or a character device only";
    assert!(error.to_string().contains(why), "{error}");
}
