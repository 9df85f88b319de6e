//! The record types that the audit project's guest lifecycle specification names and libvirt
//! never emits: VIRT_INTEGRITY_CHECK, VIRT_CREATE, VIRT_DESTROY, VIRT_MIGRATE_IN and
//! VIRT_MIGRATE_OUT.
//!
//! The specification describes their content in words and names no fields. These follow libvirt's
//! order (virt, reason, vm, uuid, then the tail), so that every reader of libvirt's records finds
//! the guest in them.

use super::RecordType;
use super::borrow::parts;
use super::fields::FieldSink;
use super::parse::{FieldReader, ParseError, Subject};
use crate::value::Value;

/// An event of the guest or its image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Lifecycle<'a> {
    /// The guest's integrity was checked.
    IntegrityCheck {
        /// How: the mechanism's name, or `none`.
        mechanism: Value<'a>,
        /// The host's reaction to the result: start, refuse, ...
        action: Value<'a>,
    },
    /// An image was created.
    Create {
        /// Why: define, clone, import, ...
        reason: Value<'a>,
        /// The image's path.
        image: Option<Value<'a>>,
    },
    /// An image was destroyed.
    Destroy {
        /// Why: undefine, delete, ...
        reason: Value<'a>,
        /// The image's path.
        image: Option<Value<'a>>,
    },
    /// The guest arrives.
    MigrateIn {
        /// Why: live, offline, ...
        reason: Value<'a>,
        /// The host it comes from.
        peer: Option<Value<'a>>,
    },
    /// The guest leaves.
    MigrateOut {
        /// Why: live, offline, ...
        reason: Value<'a>,
        /// The host it goes to.
        peer: Option<Value<'a>>,
    },
}

impl<'a> Lifecycle<'a> {
    pub(super) fn record_type(&self) -> RecordType {
        match self {
            Self::IntegrityCheck { .. } => RecordType::VirtIntegrityCheck,
            Self::Create { .. } => RecordType::VirtCreate,
            Self::Destroy { .. } => RecordType::VirtDestroy,
            Self::MigrateIn { .. } => RecordType::VirtMigrateIn,
            Self::MigrateOut { .. } => RecordType::VirtMigrateOut,
        }
    }

    pub(super) fn visit_head<S: FieldSink>(&self, sink: &mut S) {
        match self {
            Self::IntegrityCheck { .. } => {}
            Self::Create { reason, .. }
            | Self::Destroy { reason, .. }
            | Self::MigrateIn { reason, .. }
            | Self::MigrateOut { reason, .. } => sink.raw("reason", reason),
        }
    }

    pub(super) fn visit_tail<S: FieldSink>(&self, sink: &mut S) {
        match self {
            Self::IntegrityCheck { mechanism, action } => {
                sink.encoded("mechanism", Some(mechanism));
                sink.encoded("action", Some(action));
            }
            Self::Create { image, .. } | Self::Destroy { image, .. } => {
                sink.encoded("image", image.as_deref());
            }
            Self::MigrateIn { peer, .. } => sink.encoded("source-host", peer.as_deref()),
            Self::MigrateOut { peer, .. } => sink.encoded("destination-host", peer.as_deref()),
        }
    }

    pub(super) fn parse(
        kind: RecordType,
        reader: &mut FieldReader<'a>,
    ) -> Result<(Subject<'a>, Self), ParseError> {
        if kind == RecordType::VirtIntegrityCheck {
            let subject = reader.subject()?;
            let mechanism = reader.encoded("mechanism")?;
            let action = reader.encoded("action")?;
            return Ok((subject, Self::IntegrityCheck { mechanism, action }));
        }
        let reason = reader.raw("reason")?;
        let subject = reader.subject()?;
        let event = match kind {
            RecordType::VirtCreate => {
                Self::Create { reason, image: reader.encoded_option("image")? }
            }
            RecordType::VirtDestroy => {
                Self::Destroy { reason, image: reader.encoded_option("image")? }
            }
            RecordType::VirtMigrateIn => {
                Self::MigrateIn { reason, peer: reader.encoded_option("source-host")? }
            }
            _ => Self::MigrateOut { reason, peer: reader.encoded_option("destination-host")? },
        };
        Ok((subject, event))
    }
}

parts! {
    pub(crate) enum Lifecycle {
        IntegrityCheck { mechanism, action },
        Create { reason, image },
        Destroy { reason, image },
        MigrateIn { reason, peer },
        MigrateOut { reason, peer },
    }
}
