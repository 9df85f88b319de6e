//! Sessions are the same with and without their events.

mod support;

use proptest::prelude::*;
use support::{Log, report, uuid};
use viraudit_trail::events::Wants;
use viraudit_trail::report::{Filter, Report};

/// All values of each session.
fn values(report: &Report) -> Vec<String> {
    let each = report.sessions().map(|s| {
        format!(
            "{:?} {} {} {:?} {} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?} {:?}",
            s.host,
            s.virt,
            s.vm,
            s.renamed,
            s.uuid,
            s.user,
            s.auid,
            s.start,
            s.end,
            s.state.name(),
            s.reason,
            s.stop_reason,
            s.pid,
            s.proof
        )
    });
    each.collect()
}

#[derive(Clone, Debug)]
struct Step {
    guest: u32,
    renamed: bool,
    person: Option<u32>,
    what: usize,
    success: bool,
}

const WHAT: [(&str, &str); 5] = [
    ("VIRT_RESOURCE", "resrc=mem reason=update"),
    ("VIRT_RESOURCE", "resrc=vcpu reason=update"),
    ("VIRT_CONTROL", "op=start reason=booted"),
    ("VIRT_CONTROL", "op=stop reason=shutdown"),
    ("VIRT_CONTROL", "op=init"),
];

fn step() -> impl Strategy<Value = Step> {
    let person = prop_oneof![Just(None), Just(Some(1000)), Just(Some(1001))];
    (0..2u32, any::<bool>(), person, 0..WHAT.len(), prop::bool::weighted(0.8)).prop_map(
        |(guest, renamed, person, what, success)| Step { guest, renamed, person, what, success },
    )
}

proptest! {
    #[test]
    fn details_change_no_session(steps in proptest::collection::vec(step(), 0..12)) {
        let mut log = Log::default();
        for (at, step) in (1..).zip(&steps) {
            let (kind, what) = WHAT[step.what];
            let vm = if step.renamed { "new" } else { "old" };
            let body = format!("{what} vm=\"{vm}\" uuid={} old-mem=1 new-mem=2", uuid(step.guest));
            log.auid = step.person;
            log.virt(at, kind, &body, step.success);
        }
        let depth = |details, failed| {
            values(&report(&log.text, Wants { details, failed }, Filter::default()))
        };
        let plain = depth(false, false);
        prop_assert_eq!(&plain, &depth(true, false));
        prop_assert_eq!(&plain, &depth(false, true));
    }
}
