use crate::{Auditor, Change, Guest, MockBackend, Options, Record, RecordType, Resource, Uuid};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn guest() -> Guest<'static> {
    Guest::new("kvm", "web1", Uuid::default())
}

fn disk(path: &'static str) -> Record<'static> {
    let change = Change { old: None, new: Some(path.into()) };
    Record::resource(guest(), "attach", Resource::Disk(change), true)
}

fn memory(new: u64) -> Record<'static> {
    Record::resource(guest(), "update", Resource::Memory { old: 1, new }, true)
}

fn sent(records: &[Record<'_>]) -> MockBackend {
    let mock = MockBackend::new();
    let auditor = Auditor::open(mock.clone(), Options::new()).unwrap();
    for record in records {
        auditor.emit(record).unwrap();
    }
    mock
}

fn message(assertion: impl FnOnce()) -> String {
    let error = catch_unwind(AssertUnwindSafe(assertion)).expect_err("it fails");
    *error.downcast::<String>().expect("a message")
}

const ABOUT: &str = "vm=\"web1\" uuid=00000000-0000-0000-0000-000000000000";

#[test]
fn what_was_sent_passes() {
    let all = [disk("/a b"), memory(2), Record::stop(guest(), "shutdown", 0)];
    let mock = sent(&all);
    all.iter().for_each(|record| mock.assert_sent(record));
    mock.assert_sent_in_order(&all);
    mock.assert_sent_in_order(&[all[0].clone(), all[2].clone()]);
    mock.assert_sent_in_order(&[]);
    mock.assert_sent_only(&all);
    mock.assert_not_sent(&memory(3));
}

#[test]
fn the_nearest_record_and_its_differences_are_shown() {
    let mock = sent(&[memory(2), disk("/a b"), Record::start(guest(), "booted", 1, true)]);
    assert_eq!(
        message(|| mock.assert_sent(&disk("/c"))),
        format!(
            "this record was not sent:\n  \
             VIRT_RESOURCE virt=kvm resrc=disk reason=attach {ABOUT} old-disk=\"?\" \
             new-disk=\"/c\" res=success\n\
             the nearest is number 2 of 3:\n  \
             VIRT_RESOURCE virt=kvm resrc=disk reason=attach {ABOUT} old-disk=\"?\" \
             new-disk=2F612062 res=success\n  \
             its new-disk is \"/a b\", not \"/c\""
        )
    );
    let failed = Record { success: false, ..Record::start(guest(), "booted", 2, true) };
    let text = message(|| mock.assert_sent(&failed));
    assert!(text.contains("number 3 of 3"), "{text}");
    assert!(
        text.ends_with("its vm-pid is \"1\", not \"2\"\n  its res is \"success\", not \"failed\""),
        "{text}"
    );
}

#[test]
fn nothing_sent_is_said() {
    let text = message(|| MockBackend::new().assert_sent(&memory(1)));
    assert!(text.ends_with("\nno record was sent at all"), "{text}");
}

#[test]
fn order_matters() {
    let mock = sent(&[memory(2), disk("/a")]);
    let text = message(|| mock.assert_sent_in_order(&[disk("/a"), memory(2)]));
    assert!(text.starts_with("record 2 of 2 was not sent where it should"), "{text}");
    assert!(text.ends_with("it was sent too early, as number 1 of 2"), "{text}");
    let text = message(|| mock.assert_sent_in_order(&[disk("/a"), memory(3)]));
    assert!(text.ends_with("none was sent after the one before it"), "{text}");
    let text = message(|| mock.assert_sent_in_order(&[memory(2), disk("/b")]));
    assert!(text.contains("number 2 of 2") && text.ends_with("not \"/b\""), "{text}");
}

#[test]
fn the_same_record_twice_has_to_be_sent_twice() {
    let mock = sent(&[memory(2)]);
    message(|| mock.assert_sent_in_order(&[memory(2), memory(2)]));
    sent(&[memory(2), memory(2)]).assert_sent_in_order(&[memory(2), memory(2)]);
}

#[test]
fn only_these_means_no_more_and_no_less() {
    let mock = sent(&[memory(2), disk("/a")]);
    let text = message(|| mock.assert_sent_only(&[memory(2)]));
    assert!(text.starts_with("1 records more than expected"), "{text}");
    let text = message(|| mock.assert_sent_only(&[memory(2), disk("/a"), memory(4)]));
    assert!(text.starts_with("only 2 records were sent; next should be:\n  VIRT_RES"), "{text}");
    let text = message(|| mock.assert_sent_only(&[disk("/a"), memory(2)]));
    assert!(text.contains("record 1 should be") && text.contains("its resrc is"), "{text}");
}

#[test]
fn what_must_not_be_sent_is_found() {
    let text = message(|| sent(&[memory(2)]).assert_not_sent(&memory(2)));
    assert!(text.starts_with("this record was sent, as number 1 of 1:\n"), "{text}");
}

#[test]
fn other_types_and_texts_of_c_callers_are_told_apart() {
    let mock = sent(&[Record::stop(guest(), "shutdown", 0)]);
    mock.with_records(|records| records[0].kind = RecordType::VirtResource);
    let text = message(|| mock.assert_sent(&Record::stop(guest(), "shutdown", 0)));
    assert!(text.ends_with("its type is VIRT_RESOURCE, not VIRT_CONTROL"), "{text}");
    mock.with_records(|records| records[0].text = b"free words res=success".to_vec());
    let text = message(|| mock.assert_sent(&Record::stop(guest(), "shutdown", 0)));
    assert!(text.contains("its op is missing, not \"stop\""), "{text}");
}
