//! Audit records about virtual machines, as libvirt writes them.
//!
//! libvirt writes records about its guests to the Linux audit subsystem: `VIRT_CONTROL` when a guest
//! starts or stops, `VIRT_MACHINE_ID` for its security labels, and `VIRT_RESOURCE` for each disk,
//! network interface, device, cgroup and amount of memory. With this crate, any daemon can write the
//! same records, byte for byte.
//!
//! ```toml
//! [dependencies]
//! viraudit = { version = "0.1", default-features = false }
//! ```
//!
//! # The start of a guest
//!
//! The records of a guest's start are sent as one batch: its security labels, its resources, then
//! the start itself.
//!
//! ```
//! use viraudit::record::{Mac, MachineId};
//! use viraudit::{Auditor, Guest, MockBackend, Options};
//!
//! let mock = MockBackend::new(); // a daemon opens KernelBackend instead
//! let auditor = Auditor::open(mock.clone(), Options::new())?;
//! let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
//!
//! let mut batch = auditor.batch();
//! let starting = batch.guest(&guest);
//! let labels = MachineId { model: Some("dac".into()), ..MachineId::default() };
//! starting.security_label(labels, true);
//! starting.disk(None, Some("/images/web1.qcow2".into()), "start", true);
//! starting.net(None, Some(Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56])), "start", true);
//! starting.memory(0, 2 * 1024 * 1024, "start", true); // KiB
//! starting.vcpu(0, 2, "start", true);
//! starting.start("booted", 4711, true);
//! batch.send()?;
//!
//! let running = auditor.guest(&guest);
//! running.disk(None, Some("/images/data.qcow2".into()), "attach", true)?;
//! running.stop("shutdown", 0)?;
//!
//! let sent = mock.records();
//! assert_eq!(sent.len(), 8);
//! assert_eq!(sent[1].field("new-disk").as_deref(), Some(&b"/images/web1.qcow2"[..]));
//! # Ok::<(), viraudit::Error>(())
//! ```
//!
//! If the guest has a libvirt domain XML, `DomainDef` (feature `xml`) reads its resources from it.
//! [`Auditor::emit`] sends any [`Record`], such as one that was parsed from a log.
//!
//! # Delivery, and async programs
//!
//! By default a call waits for the kernel, as in libvirt. That takes microseconds, but up to a
//! minute for each record while auditd is frozen and the kernel's backlog is full.
//!
//! With [`Delivery::Queued`], a thread of the auditor waits instead. [`Auditor::emit`],
//! [`Batch::send`] and the methods of [`GuestAuditor`](auditor::GuestAuditor) then don't wait for
//! the kernel, so an async task may call them. These calls still block:
//!
//! - [`Auditor::open`] makes system calls.
//! - At level 2 and above (libvirt's `audit_level`), a full queue makes senders wait for room. At
//!   level 1 the record is dropped, counted and logged.
//! - [`Auditor::flush`] waits for up to the time that the caller sets. [`Auditor::shut`], dropping
//!   the auditor and the change to direct delivery wait for at most [`auditor::CLOSE_WAIT`].
//!
//! An async program makes these calls with its runtime's `spawn_blocking`.
//!
//! ```
//! use viraudit::{Auditor, Delivery, MockBackend, Options};
//!
//! let options = Options::new().delivery(Delivery::Queued { limit: 8192 });
//! let auditor = Auditor::open(MockBackend::new(), options)?;
//! # Ok::<(), viraudit::Error>(())
//! ```
//!
//! # Backends
//!
//! [`KernelBackend`] needs CAP_AUDIT_WRITE in the initial user namespace. [`FileBackend`] and
//! [`StreamBackend`] write lines in the format of audit.log. [`MockBackend`] is for tests: it keeps
//! the records in memory and fails on demand. The module [`backend`] shows how to write another one.
//!
//! # Features
//!
//! | feature | default | adds | needs |
//! |---|---|---|---|
//! | `capi` | yes | the C library of `include/viraudit.h` | a C compiler |
//! | `xml` | yes | `DomainDef`: guests described by libvirt's domain XML | |
//! | `serde` | no | `Serialize` for records, guests, settings and counts; `Deserialize` for settings | |
//! | `uuid` | no | conversions between [`Uuid`] and the `uuid` crate's type | |
//! | `bindgen` | no | regenerates the kernel bindings; for viraudit's own development | libclang |
//!
//! A Rust program doesn't need `capi`.
//!
//! # Logging
//!
//! The first of a run of failures, and the recovery after it, are logged to the `log` crate with
//! the target `viraudit`. [`Options::log`] sets another [`LogSink`](log::LogSink).

mod audit_sys;
pub mod auditor;
pub mod backend;
#[cfg(feature = "capi")]
mod capi;
pub mod client;
pub mod config;
#[cfg(feature = "xml")]
pub mod domain;
pub mod encode;
pub mod error;
pub mod guest;
#[doc(hidden)]
pub mod internal;
pub mod log;
mod memory;
mod message;
mod rdev;
pub mod record;
pub mod value;

/// The version of this library, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use auditor::{Auditor, Batch, Delivery, Options, Stats};
pub use backend::{Backend, FileBackend, KernelBackend, MockBackend, StreamBackend};
pub use client::ClientIdentity;
pub use config::Config;
#[cfg(feature = "xml")]
pub use domain::DomainDef;
pub use error::{ConfigError, Error, Failure, XmlError};
pub use guest::{Guest, Uuid};
pub use message::{Client, Origin};
pub use record::{Change, Event, Record, RecordType, Resource};
pub use value::Value;
