//! Audit records for virtual machines.
//!
//! libvirt tells the Linux audit subsystem what happens to guests: VIRT_CONTROL when one starts or
//! stops, VIRT_MACHINE_ID for its security labels, VIRT_RESOURCE for every disk, interface,
//! device, memory or cgroup it gets. This crate is that for any daemon, byte for byte.

pub mod audit_sys;
#[cfg(feature = "xml")]
pub mod domain;
pub mod encode;
pub mod error;
pub mod guest;
pub mod record;
pub mod value;

#[cfg(feature = "xml")]
pub use domain::DomainDef;
pub use error::{ConfigError, Error, Failure, XmlError};
pub use guest::{Guest, Uuid};
pub use record::{Event, Record, RecordType, Resource};
pub use value::Value;
