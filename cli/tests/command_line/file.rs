//! `--to file:PATH`: audit.log lines, whole ones, whoever else writes.

use crate::program::{record, stderr, viraudit};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Child;

#[test]
fn processes_at_once_never_mix_their_lines() {
    const PROCESSES: usize = 8;
    const ROUNDS: usize = 10;
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("audit.log");
    let target = format!("file:{}", log.display());
    let start = |pid: usize| {
        let pid = pid.to_string();
        let args = ["emit", "start", "--xml", "examples/guest.xml", "--pid", &pid, "--to", &target];
        viraudit(args).spawn().unwrap()
    };
    for round in 0..ROUNDS {
        let running: Vec<Child> = (0..PROCESSES).map(|i| start(round * PROCESSES + i)).collect();
        for child in running {
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
        }
    }
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut pids = Vec::new();
    // A burst stays together: each start ends with its control record.
    for burst in lines.chunks(10) {
        let records: Vec<String> = burst.iter().map(|line| record(line)).collect();
        assert!(records[0].starts_with("VIRT_MACHINE_ID "), "{}", records[0]);
        assert!(records[1..9].iter().all(|record| record.starts_with("VIRT_RESOURCE ")));
        assert!(records[9].starts_with("VIRT_CONTROL virt=kvm op=start "), "{}", records[9]);
        let (_, pid) = records[9].split_once("vm-pid=").unwrap();
        pids.push(pid.split(' ').next().unwrap().parse::<usize>().unwrap());
    }
    pids.sort_unstable();
    assert_eq!(pids, (0..PROCESSES * ROUNDS).collect::<Vec<_>>());
    // Readers tell events apart by their serial numbers.
    let serials = lines.iter().map(|line| {
        let stamp = line.split_once("audit(").unwrap().1.split_once(')').unwrap().0;
        stamp.split_once(':').unwrap().1.parse::<usize>().unwrap()
    });
    assert!(serials.eq(1..=lines.len()));
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
}
