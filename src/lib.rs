//! Audit records for virtual machines.
//!
//! libvirt tells the Linux audit subsystem what happens to guests: VIRT_CONTROL when one starts or
//! stops, VIRT_MACHINE_ID for its security labels, VIRT_RESOURCE for every disk, interface,
//! device, memory or cgroup it gets. This crate is that for any daemon, byte for byte.
//!
//! ```
//! use viraudit::{Auditor, Change, Guest, MockBackend, Options, Record, Resource};
//!
//! let mock = MockBackend::new(); // a daemon opens KernelBackend instead
//! let auditor = Auditor::open(mock.clone(), Options::default())?;
//! let uuid = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?;
//! let guest = Guest::new("kvm", "web1", uuid);
//!
//! let disk = Change { old: None, new: Some("/images/web1.qcow2".into()) };
//! auditor.emit(Record::resource(&guest, "attach", Resource::Disk(disk), true))?;
//!
//! let sent = mock.records();
//! assert_eq!(sent[0].field("new-disk").as_deref(), Some(&b"/images/web1.qcow2"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit_sys;
pub mod auditor;
pub mod backend;
#[cfg(feature = "capi")]
mod capi;
pub mod config;
#[cfg(feature = "xml")]
pub mod domain;
pub mod encode;
pub mod error;
pub mod guest;
#[doc(hidden)]
pub mod internal;
pub mod log;
mod message;
mod rdev;
pub mod record;
pub mod value;

/// The version of this library, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use auditor::{Auditor, Batch, Delivery, Options, Stats};
pub use backend::{Backend, FileBackend, KernelBackend, MockBackend, StreamBackend};
pub use config::Config;
#[cfg(feature = "xml")]
pub use domain::DomainDef;
pub use error::{ConfigError, Error, Failure, XmlError};
pub use guest::{Guest, Uuid};
pub use message::{Client, Origin};
pub use record::{Change, Event, Record, RecordType, Resource};
pub use value::Value;
