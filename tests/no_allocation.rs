//! The promise: once open, sending a record allocates nothing.

#![allow(unsafe_code)]

#[path = "support/nowhere.rs"]
mod nowhere;

use nowhere::Nowhere;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use viraudit::internal::message::{Suffix, TEXT_ROOM, compose};
use viraudit::log::Caller;
use viraudit::record::{Change, Resource};
use viraudit::{
    Auditor, Client, ClientIdentity, Delivery, Guest, Options, Origin, Record, RecordType, Uuid,
};

/// Counts this thread's allocations.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = COUNT.get();
    run();
    COUNT.get() - before
}

fn disk(path: &str) -> Record<'_> {
    let change = Change { old: None, new: Some(path.into()) };
    let guest = Guest::new("kvm", "web 1", Uuid::default());
    Record::resource(guest, "attach", Resource::Disk(change), true)
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))) > 0);
}

#[test]
fn formatting_allocates_nothing() {
    let suffix = Suffix::new(Origin::current());
    let long = "x".repeat(20_000);
    let mut out = vec![0; TEXT_ROOM];
    for path in ["/a", "/a b", &long] {
        let mut client = ClientIdentity::new();
        client.account = Some(path.into());
        client.pid = Some(4711);
        for client in [None, Some(&client)] {
            let made = allocations(|| {
                compose(&disk(path), &suffix, client, true, &mut out).expect("fits");
            });
            assert_eq!(made, 0, "{} bytes, {client:?}", path.len());
        }
    }
}

#[test]
fn sending_allocates_nothing_once_open() {
    let auditor = Auditor::open(Nowhere, Options::new()).unwrap();
    let long = "x".repeat(20_000);
    let send = |auditor: &Auditor| {
        auditor.emit(disk("/a")).unwrap();
        auditor.emit(disk(&long)).unwrap();
        let (kind, client) = (RecordType::VirtResource, Client::default());
        auditor.send_text(kind, b"virt=kvm resrc=x", true, client, Caller::default()).unwrap();
    };
    assert_eq!(allocations(|| send(&auditor)), 0);
    let mut client = ClientIdentity::new();
    client.account = Some("alice".into());
    let _scope = client.scope();
    assert_eq!(allocations(|| send(&auditor)), 0);
}

#[test]
fn batches_and_the_queue_allocate_until_they_have_grown_to_the_load() {
    let auditor = Auditor::open(Nowhere, Options::new()).unwrap();
    let burst = || auditor.emit_all((0..30).map(|_| disk("/a"))).unwrap();
    burst();
    assert_eq!(allocations(burst), 0);

    auditor.set_delivery(Delivery::Queued { limit: 100_000 });
    let burst = || {
        for _ in 0..1000 {
            auditor.emit(disk("/a")).unwrap();
        }
    };
    // Either of its two buffers may be the one that is filled.
    for _ in 0..100 {
        burst();
        assert!(auditor.flush(std::time::Duration::from_secs(30)));
    }
    let made = allocations(burst);
    assert!(made <= 2, "{made} allocations for 1000 records");
}
