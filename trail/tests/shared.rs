//! Denials on directories that are shared with guests, and on anything below them.

mod support;

use support::{Log, events};

const OTHER: &str = "system_u:system_r:httpd_t:s0";
const FILE: &str = "system_u:object_r:usr_t:s0";

/// What a denial on `path` concerns, with these directories shared with guest 1, 2, ...
fn concerned(shared: &[&str], record: impl FnOnce(&mut Log)) -> Vec<String> {
    let mut log = Log::default();
    for (n, path) in (1..).zip(shared) {
        let tail = format!("old-fs=\"?\" new-fs=\"{path}\"");
        log.resource(1, n, "fs", "start", &tail).start(2, n);
    }
    record(&mut log);
    let mut found = events(&log.details(), &["avc"], &[]);
    found.sort();
    found.iter().map(|event| event.replace(" avc", "")).collect()
}

#[test]
fn what_lies_below_a_shared_directory_counts() {
    for (shared, path, expected) in [
        (&["/srv/a"][..], "/srv/a", &["g1"][..]),
        (&["/srv/a"], "/srv/a/file", &["g1"]),
        (&["/srv/a"], "/srv/a/b/c/file", &["g1"]),
        (&["/srv/a/"], "/srv/a/file", &["g1"]),
        (&["/srv/a"], "/srv/a/./b/../file", &["g1"]),
        (&["/srv/a"], "/srv/ab", &[]),
        (&["/srv/a"], "/srv", &[]),
        (&["/srv/a"], "/srv/a/../b", &[]),
        (&["/srv/a"], "/else/srv/a/file", &[]),
        // One shared by several, and one below another.
        (&["/srv/a", "/srv/a", "/srv/b"], "/srv/a/file", &["g1", "g2"]),
        (&["/srv", "/srv/a"], "/srv/a/file", &["g1", "g2"]),
        (&["/srv", "/srv/a"], "/srv/b/file", &["g1"]),
        // Everything lies below the root: only itself is meant.
        (&["/"], "/etc/passwd", &[]),
        (&["/"], "/", &["g1"]),
    ] {
        let found = concerned(shared, |log| {
            log.denial(5, OTHER, FILE, &format!("path=\"{path}\""));
        });
        assert_eq!(found, expected, "{shared:?} {path}");
    }
}

#[test]
fn every_path_of_the_event_counts() {
    let relative = concerned(&["/srv/a"], |log| {
        log.denial(5, OTHER, FILE, "name=\"file\"");
        log.same(5, "CWD", "cwd=\"/srv/a/b\"");
        log.same(5, "PATH", "item=0 name=\"file\" inode=1");
    });
    assert_eq!(relative, ["g1"]);
    let outside = concerned(&["/srv/a"], |log| {
        log.denial(5, OTHER, FILE, "name=\"file\"");
        log.same(5, "CWD", "cwd=\"/srv/a\"");
        log.same(5, "PATH", "item=0 name=\"../file\" inode=1");
    });
    assert_eq!(outside, ["g1"; 0], "the PATH record counts, not cwd and name");
    let apparmor = concerned(&["/srv/a"], |log| {
        log.raw(
            5,
            "AVC",
            "apparmor=\"DENIED\" operation=\"open\" profile=\"/usr/sbin/x\" name=\"/srv/a/file\" \
             pid=7 comm=\"x\" requested_mask=\"r\" denied_mask=\"r\"",
        );
    });
    assert_eq!(apparmor, ["g1"]);
}

/// A program that audits denials of its own chooses their text.
#[test]
fn no_text_of_a_record_counts_as_another_record() {
    let found = concerned(&["/srv/a"], |log| {
        let text = "name=\"x\" \x1ePname=\"/srv/a/file\" \x1eSpid=1001";
        log.raw(5, "USER_AVC", &format!("pid=7 msg='avc:  denied  {{ read }} {text}'"));
    });
    assert_eq!(found, ["g1"; 0]);
}

#[test]
fn only_while_it_is_shared_and_only_a_directory() {
    let mut log = Log::default();
    let fs = |log: &mut Log, at, old, new| {
        log.resource(at, 1, "fs", "attach", &format!("old-fs=\"{old}\" new-fs=\"{new}\""));
    };
    let denied = |log: &mut Log, at, path| {
        log.denial(at, OTHER, FILE, &format!("path=\"{path}\""));
    };
    log.disk(1, 1, "start", "?", "/images/disk").start(2, 1);
    denied(&mut log, 3, "/srv/a/early");
    denied(&mut log, 3, "/images/disk/no-directory");
    fs(&mut log, 4, "?", "/srv/a");
    denied(&mut log, 5, "/srv/a/shared");
    fs(&mut log, 6, "/srv/a/", "/srv/b");
    denied(&mut log, 7, "/srv/a/given-back");
    denied(&mut log, 8, "/srv/b/shared");
    log.stop(9, 1);
    denied(&mut log, 10, "/srv/b/late");
    let found = events(&log.details(), &["avc"], &["target"]);
    assert_eq!(found, ["g1 avc /srv/a/shared", "g1 avc /srv/b/shared"]);
}
