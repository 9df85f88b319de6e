//! The faults of auvirt that a report must not have. Each test is named after its number in
//! docs/auvirt.md.

mod support;

use support::{EPOCH, LEVEL, Log, clock, events, report, sessions, uuid};
use viraudit_trail::events::Wants;
use viraudit_trail::report::{Filter, NamePattern};
use viraudit_trail::time::{Edge, duration, local, parse, utc};

const GUEST: &str = "system_u:system_r:svirt_t:s0:c107,c434";
const IMAGE: &str = "system_u:object_r:svirt_image_t:s0:c107,c434";
const AVC: &[&str] = &["avc"];

#[test]
fn fault_01_durations_are_whole() {
    assert_eq!(duration(86_400_000 + 3_600_000 + 60_000), "1d 01h 01m");
    assert_eq!(duration(59_000), "59s");
}

#[test]
fn fault_02_anomalies_are_found_whatever_came_before() {
    let abend = "auid=4294967295 uid=107 gid=107 ses=1 subj=svirt pid=1001 \
                 comm=\"qemu-system-x86\" exe=\"/usr/bin/qemu\" sig=11 res=1";
    let by_label = "auid=1 uid=107 gid=107 ses=1 subj=system_u:system_r:svirt_t:s0:c107,c434 \
                    pid=5 comm=\"helper\" sig=6 res=1";
    let mut log = Log::default();
    log.label(0, 1, LEVEL).start(1, 1).start(2, 2).disk(3, 2, "attach", "?", "/b");
    log.raw(4, "ANOM_ABEND", abend).raw(5, "ANOM_ABEND", by_label).stop(6, 1);
    let found = events(&log.details(), &["anomaly"], &["type", "signal_name", "comm"]);
    let expected =
        ["g1 anomaly ANOM_ABEND SIGSEGV qemu-system-x86", "g1 anomaly ANOM_ABEND SIGABRT helper"];
    assert_eq!(found, expected);
}

#[test]
fn fault_03_denials_of_others_on_an_image_are_found() {
    let other = "system_u:system_r:httpd_t:s0";
    let mut log = Log::default();
    log.label(0, 1, LEVEL).disk(0, 1, "start", "?", "/images/a").start(1, 1);
    log.denial(2, other, IMAGE, "name=\"a\"");
    log.denial(3, other, "system_u:object_r:virt_image_t:s0", "path=\"/images/a\"");
    log.denial(4, other, "system_u:object_r:virt_image_t:s0", "name=\"a\"");
    log.same(4, "CWD", "cwd=\"/images\"").same(4, "PATH", "item=0 name=\"/images/a\" inode=1");
    log.denial(5, other, "system_u:object_r:virt_image_t:s0", "path=\"/images/b\"");
    let found = events(&log.details(), AVC, &["operation", "target"]);
    assert_eq!(found, ["g1 avc read a", "g1 avc read /images/a", "g1 avc read /images/a"]);
}

#[test]
fn fault_04_denials_without_a_system_call_are_shown() {
    let mut log = Log::default();
    log.label(0, 1, LEVEL).start(1, 1).denial(2, GUEST, "system_u:object_r:etc_t:s0", "");
    assert_eq!(events(&log.details(), AVC, &["user", "comm"]), ["g1 avc - x"]);
}

#[test]
fn fault_05_labels_count_only_while_their_session_lives_and_for_guests() {
    let etc = "system_u:object_r:etc_t:s0";
    let mut log = Log::default();
    log.label(0, 1, LEVEL).start(1, 1).stop(2, 1);
    log.denial(3, GUEST, etc, "name=\"nobody\"");
    log.label(4, 2, LEVEL).start(5, 2);
    log.denial(6, GUEST, etc, "name=\"g2\"");
    log.denial(7, "system_u:system_r:container_t:s0:c107,c434", etc, "name=\"foreign\"");
    assert_eq!(events(&log.details(), AVC, &["target"]), ["g2 avc g2"]);
}

#[test]
fn fault_06_apparmor_denials_are_one_row_each() {
    let uuid = uuid(1);
    let denial = |word: &str, profile: &str, name: &str| {
        format!(
            "apparmor=\"{word}\" operation=\"open\" profile=\"{profile}\" name=\"{name}\" \
             pid=9 comm=\"c\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0"
        )
    };
    let mut log = Log::default();
    log.disk(0, 1, "start", "?", "/images/a").start(1, 1);
    log.resource(1, 1, "net", "attach", "old-net=\"?\" new-net=\"52:54:00:00:00:01\"");
    log.raw(2, "AVC", &denial("DENIED", &format!("libvirt-{uuid}"), "/images/a"));
    log.raw(3, "AVC", &denial("DENIED", &format!("libvirt-{uuid}//passt"), "/etc/x"));
    log.raw(4, "AVC", &denial("DENIED", &format!("libvirt-{}", uuid.to_uppercase()), "/etc/y"));
    log.raw(5, "AVC", &denial("STATUS", "unconfined", &format!("libvirt-{uuid}")));
    log.raw(6, "AVC", &denial("DENIED", "/usr/sbin/foo", "/images/a"));
    log.raw(7, "AVC", &denial("DENIED", "/usr/sbin/foo", "52:54:00:00:00:01"));
    let found = events(&log.details(), AVC, &["result", "target"]);
    let expected = [
        "g1 avc denied /images/a",
        "g1 avc denied /etc/x",
        "g1 avc denied /etc/y",
        "g1 avc denied /images/a",
    ];
    assert_eq!(found, expected);
}

#[test]
fn fault_07_the_hosts_end_ends_sessions() {
    let mut log = Log::default();
    log.start(1, 1).raw(5, "SYSTEM_SHUTDOWN", "pid=1 uid=0 msg=' res=success'");
    log.raw(9, "SYSTEM_BOOT", "pid=1 uid=0 msg=' res=success'").start(10, 2);
    log.raw(20, "SYSTEM_BOOT", "pid=1 uid=0 msg=' res=success'").start(21, 3);
    let report = log.details();
    assert_eq!(sessions(&report), ["g1 down 1-5", "g2 down 10-20", "g3 running 21-?"]);
    let why: Vec<_> = report.sessions().map(|session| session.stop_reason).collect();
    assert_eq!(why, [Some("host-shutdown".into()), Some("host-crash".into()), None]);
    assert_eq!(events(&report, &["down", "boot"], &[]), ["g1 down", "g2 boot"]);
}

#[test]
fn what_a_guest_gets_while_its_host_goes_down_marks_nobody() {
    let mut log = Log::default();
    log.start(1, 1).raw(2, "SYSTEM_SHUTDOWN", "pid=1 uid=0").disk(3, 1, "attach", "?", "/a");
    log.denial(4, "system_u:system_r:httpd_t:s0", IMAGE, "path=\"/a\"");
    let report = log.details();
    assert_eq!(sessions(&report), ["g1 down 1-2"]);
    assert_eq!(events(&report, AVC, &[]), [""; 0]);
}

#[test]
fn fault_08_a_lost_stop_ends_with_the_next_start() {
    let mut log = Log::default();
    log.start(1, 1).start(10, 1).stop(20, 1);
    assert_eq!(sessions(&log.details()), ["g1 lost 1-10", "g1 stopped 10-20"]);
}

#[test]
fn fault_09_sessions_that_began_before_the_log_or_the_range_are_shown() {
    let mut log = Log::default();
    log.stop(5, 1).start(10, 2).stop(50, 2);
    assert_eq!(sessions(&log.details()), ["g1 stopped ?-5", "g2 stopped 10-50"]);
    let at = |seconds: u64| Some(((EPOCH + seconds) * 1000) as i64);
    let inside = log.report(Filter { start: at(20), end: at(30), ..Filter::default() });
    assert_eq!(sessions(&inside), ["g2 stopped 10-50"]);
    let session = inside.sessions().next().unwrap();
    assert!(session.begins_before && session.ends_after);
    let after = log.report(Filter { start: at(60), ..Filter::default() });
    assert!(after.is_empty());
}

#[test]
fn fault_10_the_end_of_a_range_is_the_end_of_its_day() {
    let end = parse("2026-03-20", Edge::End, &clock()).unwrap();
    assert_eq!(utc(end), "2026-03-20T23:59:59.999Z");
    assert!(parse("10:00:00", Edge::Start, &clock()).is_ok(), "a time alone is today's");
}

#[test]
fn fault_11_dates_are_iso_8601_whatever_the_locale() {
    for text in ["2026-03-20", "2026-03-20 10:20", "2026-03-20T10:20:00Z", "@1795292517"] {
        assert!(parse(text, Edge::Start, &clock()).is_ok(), "{text}");
    }
    for text in ["03/20/26", "20.03.2026", "02/30"] {
        assert!(parse(text, Edge::Start, &clock()).is_err(), "{text} is no guess");
    }
}

#[test]
fn fault_12_times_are_right_on_the_days_when_clocks_change() {
    use viraudit_trail::time::Clock;
    for (zone, text, expected) in [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z"),
        ("Europe/Berlin", "2026-03-29 12:00", "2026-03-29T10:00:00.000Z"),
        ("Europe/Berlin", "2026-10-25 12:00", "2026-10-25T11:00:00.000Z"),
        ("Europe/Dublin", "2026-01-10", "2026-01-10T00:00:00.000Z"),
        ("America/New_York", "yesterday", "2026-11-20T05:00:00.000Z"),
        ("America/New_York", "this-month", "2026-11-01T04:00:00.000Z"),
    ] {
        let clock = Clock::fixed(&format!("2026-11-21T12:00:00[{zone}]"));
        assert_eq!(utc(parse(text, Edge::Start, &clock).unwrap()), expected, "{zone} {text}");
    }
}

#[test]
fn fault_13_times_have_a_year_seconds_and_a_zone() {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(local(1_795_292_517_231, &zone), "2026-11-21 21:21:57+01:00");
    assert_eq!(utc(1_795_292_517_231), "2026-11-21T20:21:57.231Z");
}

#[test]
fn fault_14_the_user_is_the_person() {
    let mut log = Log { auid: Some(1000), ..Log::default() };
    log.names = Some("UID=\"root\" AUID=\"dom\\a_very_long_user_name\"");
    log.start(1, 1);
    log.names = None;
    log.start(2, 2);
    log.auid = Some(u32::MAX);
    log.start(3, 3);
    log.names = Some("UID=\"unknown(0)\" AUID=\"unset\"");
    log.start(4, 4);
    let report = log.details();
    let users: Vec<_> = report.sessions().map(|s| (s.user.map(str::to_owned), s.auid)).collect();
    let user = |name: &str| Some(name.to_owned());
    let expected = [
        (user("dom\\a_very_long_user_name"), Some(1000)),
        (user("1000"), Some(1000)),
        (user("root"), None),
        (user("root"), None),
    ];
    assert_eq!(users, expected);
}

#[test]
fn fault_15_names_are_decoded_and_whole() {
    let mut log = Log::default();
    let name = "日本語の長い名前のゲスト".to_owned();
    let hex: String = name.bytes().map(|byte| format!("{byte:02X}")).collect();
    let body = format!("op=start reason=booted vm={hex} uuid={} vm-pid=1", uuid(1));
    log.virt(1, "VIRT_CONTROL", &body, true);
    let found = log.report(Filter { vms: vec![NamePattern::from(&name)], ..Filter::default() });
    assert_eq!(found.sessions().next().unwrap().vm, name);
}

#[test]
fn fault_16_carriage_returns_change_nothing() {
    let mut log = Log::default();
    log.start(1, 1).stop(5, 1);
    let crlf = String::from_utf8(log.text).unwrap().replace('\n', "\r\n");
    let found = report(crlf.as_bytes(), Wants::default(), Filter::default());
    assert_eq!(sessions(&found), ["g1 stopped 1-5"]);
}

#[test]
fn fault_17_what_cannot_be_used_is_counted() {
    let mut log = Log::default();
    log.start(1, 1).line("type=VIRT_CONTROL msg=audit(1.000:7): pid=1 uid=0 msg='virt=kvm op=st");
    log.line("rubbish").line("type=USER_LOGIN msg=audit(1.000:8): pid=1");
    let line_counts = log.details().store().line_counts;
    assert_eq!((line_counts.lines, line_counts.used, line_counts.other), (4, 1, 1));
    assert_eq!((line_counts.malformed, line_counts.cut), (1, 1));
}

#[test]
fn fault_18_a_failed_stop_ends_nothing() {
    let mut log = Log::default();
    log.disk(0, 1, "start", "?", "/a").start(1, 1);
    log.control(5, "stop", "shutdown", 1, false).stop(9, 1);
    let report = log.details();
    assert_eq!(sessions(&report), ["g1 stopped 1-9"]);
    assert_eq!(events(&report, &["stop"], &["success"]), ["g1 stop false", "g1 stop true"]);
}

#[test]
fn fault_19_a_failed_start_leaves_a_running_session_alone() {
    let mut log = Log::default();
    log.disk(0, 1, "start", "?", "/a").start(1, 1);
    log.disk(4, 1, "start", "?", "/a").control(5, "start", "booted", 1, false);
    log.denial(6, "system_u:system_r:httpd_t:s0", "x:x:y:s0", "path=\"/a\"").stop(9, 1);
    let report = log.details();
    assert_eq!(sessions(&report), ["g1 stopped 1-9", "g1 failed 5-?"]);
    let first = report.sessions().next().unwrap();
    let kinds: Vec<_> = report.events(&first).map(|event| event.kind).collect();
    assert_eq!(kinds, ["resource", "start", "avc", "stop"], "its disk is still its own");
}

#[test]
fn fault_20_a_detach_belongs_to_the_session_in_which_it_was() {
    let mut log = Log::default();
    log.start(1, 1).disk(2, 1, "attach", "?", "/a").stop(3, 1);
    log.start(5, 1).disk(6, 1, "detach", "/a", "?").stop(7, 1);
    let found = events(&log.details(), &["resource"], &["reason", "old", "new", "time"]);
    let expected = [
        "g1 resource attach - /a 2026-01-01T00:00:02.000Z",
        "g1 resource detach /a - 2026-01-01T00:00:06.000Z",
    ];
    assert_eq!(found, expected);
}

#[test]
fn fault_21_a_label_in_the_middle_of_a_session_is_no_end_of_it() {
    let etc = "system_u:object_r:etc_t:s0";
    let mut log = Log::default();
    log.label(0, 1, LEVEL).start(1, 1).label(3, 1, "s0:c1,c2");
    log.denial(4, "system_u:system_r:svirt_t:s0:c1,c2", etc, "name=\"n\"").stop(5, 1);
    let report = log.details();
    assert_eq!(sessions(&report), ["g1 stopped 1-5"]);
    assert_eq!(events(&report, &["label", "avc"], &[]), ["g1 label", "g1 label", "g1 avc"]);
}

#[test]
fn fault_22_hosts_are_kept_apart() {
    let mut log = Log { node: Some("a"), ..Log::default() };
    log.start(1, 1);
    log.node = Some("b");
    log.start(2, 1);
    log.node = Some("a");
    log.stop(3, 1);
    let report = log.details();
    assert_eq!(sessions(&report), ["g1 stopped 1-3", "g1 running 2-?"]);
    let proofs: Vec<String> =
        report.sessions().flat_map(|s| s.proof.to_vec()).map(|stamp| stamp.to_string()).collect();
    assert_eq!(proofs, ["1767225601.000:1", "1767225603.000:3", "1767225602.000:2"]);
    let only = log.report(Filter { hosts: vec![NamePattern::from("b")], ..Filter::default() });
    assert_eq!(sessions(&only), ["g1 running 2-?"]);
}

#[test]
fn fault_23_a_renamed_guest_is_followed() {
    let mut log = Log::default();
    log.start(1, 1);
    let body = format!("op=stop reason=shutdown vm=\"new\" uuid={} vm-pid=0", uuid(1));
    log.virt(5, "VIRT_CONTROL", &body, true);
    for name in ["g1", "new"] {
        let found = log.report(Filter { vms: vec![NamePattern::from(name)], ..Filter::default() });
        assert_eq!(sessions(&found), ["g1 stopped 1-5"], "--vm {name}");
        assert_eq!(found.sessions().next().unwrap().renamed.as_deref(), Some("new"));
    }
}

#[test]
fn fault_24_fields_may_stand_in_any_order() {
    let mut log = Log::default();
    let body = format!("op=start reason=booted uuid={} vm-pid=7 vm=\"late\"", uuid(1));
    log.virt(1, "VIRT_CONTROL", &body, true);
    let report = log.details();
    assert_eq!(sessions(&report), ["late running 1-?"]);
    assert_eq!(report.sessions().next().unwrap().pid, Some(7));
}

#[test]
fn fault_25_a_resource_of_an_unknown_kind_is_shown() {
    let mut log = Log::default();
    log.start(1, 1);
    log.resource(2, 1, "not-yet-invented", "attach", "old-x=\"?\" new-x=\"/v\"");
    let found = events(&log.details(), &["resource"], &["resource", "new"]);
    assert_eq!(found, ["g1 resource not-yet-invented /v"]);
}

#[test]
fn a_denial_of_a_container_s_init_is_the_container_s() {
    let mut log = Log::default();
    log.start(1, 1);
    let body = format!("op=init vm=\"g1\" uuid={} vm-pid=7 init-pid=888 pid-ns=4026532", uuid(1));
    log.virt(2, "VIRT_CONTROL", &body, true);
    let denial = "avc:  denied  { read } for  pid=888 comm=\"x\" scontext=a:b:c:s0 tcontext=a:b:d:s0 tclass=file";
    log.raw(3, "AVC", denial);
    assert_eq!(events(&log.details(), &["avc"], &["pid"]), ["g1 avc 888"]);
}

#[test]
fn fault_26_containers_are_shown_with_their_init() {
    let mut log = Log::default();
    log.start(1, 1);
    let body = format!("op=init vm=\"g1\" uuid={} vm-pid=7 init-pid=8 pid-ns=4026532", uuid(1));
    log.virt(2, "VIRT_CONTROL", &body, true);
    log.resource(3, 1, "fs", "start", "old-fs=\"?\" new-fs=\"/rootfs\"");
    let found = events(&log.details(), &["init"], &["init_pid", "pid_ns"]);
    assert_eq!(found, ["g1 init 8 4026532"]);
}

#[test]
fn fault_28_no_time_is_too_far() {
    for seconds in ["67768036191676800", "9223372036854", "253402300800"] {
        let mut log = Log::default();
        log.start(1, 1);
        let far = String::from_utf8(log.text).unwrap().replace(&(EPOCH + 1).to_string(), seconds);
        let found = report(far.as_bytes(), Wants::default(), Filter::default());
        for session in found.sessions() {
            session.start.map(utc);
        }
    }
}

#[test]
fn fault_29_lines_out_of_order_are_put_in_order() {
    let mut log = Log::default();
    log.start(1, 1).stop(100, 1);
    let lines: Vec<&[u8]> = log.text.split_inclusive(|&byte| byte == b'\n').collect();
    let swapped = [lines[1], lines[0]].concat();
    let found = report(&swapped, Wants::default(), Filter::default());
    assert_eq!(sessions(&found), ["g1 stopped 1-100"]);
}

#[test]
fn fault_29_a_clock_that_was_set_back_is_no_disorder() {
    let mut log = Log::default();
    log.start(100, 1).stop(40, 1);
    assert_eq!(sessions(&log.details()), ["g1 stopped 100-40"]);
}

#[test]
fn fault_30_a_denials_records_may_stand_in_any_order() {
    let syscall = "arch=c000003e syscall=257 success=no pid=777 auid=1000 uid=107 comm=\"x\" \
                   exe=\"/usr/bin/x\"";
    let many = format!(
        "avc:  denied  {{ {}}} for  pid=777 comm=\"x\" scontext={GUEST} \
                        tcontext=a:b:c:s0 tclass=file",
        "read ".repeat(80)
    );
    let mut log = Log::default();
    log.label(0, 1, LEVEL).start(1, 1);
    log.raw(2, "SYSCALL", syscall).same(2, "AVC", &many).same(2, "PROCTITLE", "proctitle=78");
    let found = events(&log.details(), AVC, &["user", "exe"]);
    assert_eq!(found, ["g1 avc 1000 /usr/bin/x"]);
}
