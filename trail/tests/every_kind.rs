//! Every kind of resource, from a record's bytes to `verify` and to a report.

mod support;

use support::{Log, clock, uuid, value};
use viraudit::internal::record::{FieldSink, Fields, Role, Style, form_of};
use viraudit::{Guest, Record, Resource};
use viraudit_trail::verify::verify_text;

/// The values of a record's fields.
struct Values(Vec<String>);

impl FieldSink for Values {
    fn field(&mut self, _: &[u8], _: Style, parts: &[&[u8]]) {
        self.0.push(String::from_utf8(parts.concat()).unwrap());
    }
}

fn record(resource: &Resource<'static>, reason: &'static str) -> Record<'static> {
    let guest = Guest::new("kvm", "g1", uuid(1).parse().unwrap());
    Record::resource(guest, reason, resource.clone(), true)
}

fn log_of(record: &Record<'_>) -> Log {
    let body = String::from_utf8(record.body()).unwrap();
    let mut log = Log::default();
    log.start(1, 1);
    log.virt(2, "VIRT_RESOURCE", body.strip_prefix("virt=kvm ").unwrap(), true);
    log
}

#[test]
fn verify_finds_nothing_in_any_kind() {
    for resource in Resource::every_kind() {
        let log = log_of(&record(&resource, "start"));
        let mut found = Vec::new();
        let counts = verify_text(&log.text, &clock(), |finding| found.push(finding));
        assert!(found.is_empty(), "{resource:?}: {found:?}");
        assert_eq!(counts.records, 2);
    }
}

/// What an event shows of a value: of a missing one nothing, where a side or the identity is.
fn shown(value: &str, role: Role) -> String {
    match value {
        "?" if role != Role::Other => "-".into(),
        _ => value.into(),
    }
}

#[test]
fn a_report_shows_every_field_of_every_kind() {
    for resource in Resource::every_kind() {
        for (reason, side) in [("attach", "new"), ("detach", "old")] {
            let record = record(&resource, reason);
            let mut values = Values(Vec::new());
            record.visit(&mut values);
            let report = log_of(&record).details();
            let session = report.sessions().next().unwrap();
            let events: Vec<_> =
                report.events(&session).filter(|event| event.kind == "resource").collect();
            let [event] = &events[..] else { panic!("{resource:?}: {} events", events.len()) };
            assert_eq!(value(event, "resource"), resource.kind());
            assert_eq!(value(event, "reason"), reason);
            let mut sides = 0;
            // virt, resrc, reason, vm and uuid come first.
            for (field, wrote) in form_of(&resource).iter().zip(&values.0[5..]) {
                let key = match field.role {
                    Role::Old => "old",
                    Role::New => "new",
                    Role::Identity => side,
                    Role::Other => field.key,
                };
                sides += usize::from(field.role != Role::Other);
                assert_eq!(value(event, key), shown(wrote, field.role), "{resource:?}: {key}");
            }
            assert!(sides > 0, "{resource:?} has neither sides nor an identity");
        }
    }
}
