//! VIRT_MACHINE_ID: a security label is bound to the guest.

use super::borrow::parts;
use super::fields::FieldSink;
use super::parse::{FieldReader, ParseError};
use crate::value::Value;

/// The tail of a VIRT_MACHINE_ID record. libvirt leaves all three values raw.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MachineId<'a> {
    /// The label of the guest's process.
    pub vm_ctx: Option<Value<'a>>,
    /// The label of the guest's images.
    pub img_ctx: Option<Value<'a>>,
    /// selinux, apparmor, dac, none, ...
    pub model: Option<Value<'a>>,
}

impl<'a> MachineId<'a> {
    pub(super) fn visit_tail<S: FieldSink>(&self, sink: &mut S) {
        sink.raw_or_missing("vm-ctx", self.vm_ctx.as_deref());
        sink.raw_or_missing("img-ctx", self.img_ctx.as_deref());
        sink.raw_or_missing("model", self.model.as_deref());
    }

    pub(super) fn parse(reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        Ok(Self {
            vm_ctx: reader.raw_option("vm-ctx")?,
            img_ctx: reader.raw_option("img-ctx")?,
            model: reader.raw_option("model")?,
        })
    }
}

parts! {
    pub(crate) struct MachineId { vm_ctx, img_ctx, model }
}
