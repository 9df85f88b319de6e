//! The person who asked, where a record names the daemon's client.

mod support;

use support::{Log, clock, events, report, sessions};
use viraudit_trail::events::Wants;
use viraudit_trail::report::{Filter, Report, Value};
use viraudit_trail::verify::verify_text;

const ALICE: &str =
    " acct=\"alice\" client-uid=1000 client-gid=1000 client-pid=4711 sauid=1000 client-ses=7";
/// bob, behind sudo.
const BOB: &str =
    " acct=\"root\" client-uid=0 client-gid=0 client-pid=4712 sauid=1001 client-ses=8";
const FAR: &str = " client-sasl=\"carol@EXAMPLE\" client-x509=434E3D6320726F6C";

/// alice starts two guests. Of the first, bob changes the disks, carol fails to, and qemu is killed.
fn log() -> Log {
    let mut log = Log { client: ALICE, ..Log::default() };
    log.label(0, 1, support::LEVEL).disk(1, 1, "start", "?", "/a").start(2, 1).start(3, 2);
    log.client = BOB;
    log.disk(4, 1, "attach", "?", "/b");
    log.resource(5, 1, "evdev", "attach", "path=/dev/input/event3");
    log.client = FAR;
    log.virt(6, "VIRT_RESOURCE", &format!(
        "resrc=disk reason=detach vm=\"g1\" uuid={} old-disk=\"/b\" new-disk=\"?\" truncated=old-disk",
        support::uuid(1)), false);
    log.client = "";
    log.stop(7, 1);
    log
}

fn by(name: &str) -> Report {
    log().report(Filter { user: Some(name.into()), ..Filter::default() })
}

#[test]
fn the_user_is_the_person_whatever_is_wanted() {
    for details in [false, true] {
        let report = report(&log().text, Wants { details, failed: false }, Filter::default());
        assert_eq!(sessions(&report), ["g1 stopped 2-7", "g2 running 3-?"]);
        for session in report.sessions() {
            assert_eq!(
                (session.user, session.auid, session.by_daemon),
                (Some("alice"), None, false)
            );
            let client = session.client.unwrap();
            assert_eq!((client.uid, client.pid, client.auid), (Some(1000), Some(4711), Some(1000)));
        }
    }
}

#[test]
fn events_name_who_caused_them_and_nothing_else_is_taken_for_it() {
    let kinds = ["label", "resource", "start", "stop"];
    let found = events(&log().details(), &kinds, &["user", "old", "new", "truncated", "acct"]);
    assert_eq!(
        found,
        [
            "g1 label alice - - - -",
            "g1 resource alice - /a - -",
            "g1 start alice - - - -",
            "g1 resource 1001 - /b - -",
            "g1 resource 1001 - /dev/input/event3 - -",
            "g1 resource carol@EXAMPLE /b - old-disk -",
            "g1 stop root - - - -",
            "g2 start alice - - - -",
        ]
    );
}

#[test]
fn all_that_is_known_has_a_key() {
    let report = log().details();
    let session = report.sessions().next().unwrap();
    let keys = |at: usize| -> Vec<(String, Value<'_>)> {
        let event = report.events(&session).nth(at).unwrap();
        let of_client = event.fields.into_iter().filter(|(key, _)| key.starts_with("client"));
        of_client.map(|(key, value)| (key.into_owned(), value)).collect()
    };
    let text = |text: &'static str| Value::Text(text.into());
    let expected = [
        ("client", text("root")),
        ("client_uid", Value::Number(0)),
        ("client_gid", Value::Number(0)),
        ("client_pid", Value::Number(4712)),
        ("client_auid", Value::Number(1001)),
        ("client_ses", Value::Number(8)),
    ];
    assert_eq!(keys(3), expected.map(|(key, value)| (key.to_owned(), value)));
    let expected = [("client_sasl", text("carol@EXAMPLE")), ("client_x509", text("CN=c rol"))];
    assert_eq!(keys(5), expected.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(keys(6), []);
}

#[test]
fn a_user_s_sessions_and_events_are_those_that_they_caused() {
    let kinds = ["label", "resource", "start", "stop"];
    let table: [(&str, &[&str], usize); 8] = [
        ("alice", &["g1 stopped 2-7", "g2 running 3-?"], 4),
        // A login's number, that of a user id, and an account's name.
        ("1001", &["g1 stopped 2-7"], 2),
        ("0", &["g1 stopped 2-7"], 2),
        ("1000", &["g1 stopped 2-7", "g2 running 3-?"], 4),
        // Also what the daemon itself did, which is root's.
        ("root", &["g1 stopped 2-7"], 3),
        ("carol@EXAMPLE", &["g1 stopped 2-7"], 1),
        ("CN=c rol", &["g1 stopped 2-7"], 1),
        ("dave", &[], 0),
    ];
    for (name, expected, count) in table {
        let report = by(name);
        assert_eq!(sessions(&report), expected, "{name}");
        assert_eq!(events(&report, &kinds, &[]).len(), count, "{name}");
    }
}

#[test]
fn the_daemon_is_told_from_people_where_a_log_names_any() {
    let mut log = log();
    log.start(8, 3);
    let report = log.details();
    let last = report.sessions().last().unwrap();
    assert_eq!((last.user, last.by_daemon, last.client), (Some("root"), true, None));

    let mut log = Log::default();
    log.start(1, 1);
    let report = log.details();
    let only = report.sessions().next().unwrap();
    assert_eq!((only.user, only.by_daemon), (Some("root"), false));
}

#[test]
fn names_in_enriched_logs_are_the_hosts() {
    let names = Some("UID=\"root\" AUID=\"unset\" SAUID=\"bob\"");
    let mut log = Log { client: BOB, names, ..Log::default() };
    log.start(1, 1);
    assert_eq!(log.details().sessions().next().unwrap().user, Some("bob"));
}

#[test]
fn no_guest_s_name_passes_for_a_client() {
    let mut log = Log::default();
    let uuid = support::uuid(1);
    for name in ["\"acct=alice\"", "612061636374"] {
        let body = format!("op=start reason=booted vm={name} uuid={uuid} vm-pid=1");
        log.virt(1, "VIRT_CONTROL", &body, true);
    }
    // In front of the guest's own fields it isn't ours.
    let body = format!("op=start reason=booted acct=\"alice\" vm=\"g1\" uuid={uuid} vm-pid=1");
    log.virt(2, "VIRT_CONTROL", &body, true);
    let report = log.details();
    assert!(report.sessions().all(|session| session.client.is_none()));
    assert_eq!(by("alice").sessions().count(), 2, "the other log has her");
}

#[test]
fn verify_knows_the_fields() {
    let mut found = Vec::new();
    let mut log = log();
    verify_text(&log.text, &clock(), |finding| found.push(finding.message.clone()));
    assert_eq!(found, [""; 0]);
    log.client = " acct=\"alice\" acct=\"bob\"";
    log.start(9, 4);
    log.client = " client-uid=x";
    log.start(10, 5);
    verify_text(&log.text, &clock(), |finding| found.push(finding.message.clone()));
    assert_eq!(found, ["the field acct= appears twice", "the value of client-uid= can't be read"]);
}
