//! The security labels of a running guest.

use super::element::{Element, owned};
use super::fault::{Fault, Reading};
use crate::record::MachineId;
use std::collections::HashSet;

/// A model's name has at most this many bytes; libvirt drops a longer one.
const MAX_MODEL: usize = 256;
/// A label has at most this many bytes; libvirt takes a longer one for none.
const MAX_LABEL: usize = 4096;

pub(super) fn read(
    domain: Element<'_>,
    reading: &mut Reading<'_>,
) -> Result<Vec<MachineId<'static>>, Fault> {
    let mut labels = Vec::new();
    let mut models = HashSet::new();
    let several = domain.children("seclabel").nth(1).is_some();
    for seclabel in domain.children("seclabel") {
        let label = read_one(seclabel).and_then(|label| match &label.model {
            None if several => {
                Err(seclabel.error("one of several <seclabel> has no attribute 'model'"))
            }
            model if !models.insert(model.clone()) => {
                Err(seclabel.error("a second <seclabel> of the same model"))
            }
            _ => Ok(label),
        });
        labels.extend(reading.accept(seclabel, label)?);
    }
    Ok(labels)
}

/// Which of the two labels there must be depends on the kind of labelling: none has neither, a
/// dynamic one both, a static one that doesn't relabel images only the guest's.
fn read_one(seclabel: Element<'_>) -> Result<MachineId<'static>, Fault> {
    let model = seclabel.attribute("model").filter(|model| model.len() <= MAX_MODEL);
    let kind = seclabel.one_of("type", &["none", "dynamic", "static"])?.unwrap_or("dynamic");
    let relabel = seclabel.yes_no("relabel")?.unwrap_or(kind == "dynamic");
    match (kind, relabel) {
        ("dynamic", false) => return Err(seclabel.bad("relabel", "yes, as type is dynamic")),
        ("none", true) => return Err(seclabel.bad("relabel", "no, as type is none")),
        _ => {}
    }
    let mut found = MachineId { model: model.map(owned), ..MachineId::default() };
    if kind == "none" {
        return Ok(found);
    }
    if model == Some("none") {
        return Err(seclabel.error("a <seclabel> of model 'none' must have type='none'"));
    }
    found.vm_ctx = Some(owned(label(seclabel, "label")?));
    if relabel {
        found.img_ctx = Some(owned(label(seclabel, "imagelabel")?));
    }
    Ok(found)
}

fn label<'d>(seclabel: Element<'d>, name: &str) -> Result<std::borrow::Cow<'d, str>, Fault> {
    let text = seclabel.child_text(name).filter(|text| text.len() <= MAX_LABEL);
    text.ok_or_else(|| {
        seclabel.error(format!(
            "<seclabel> has no <{name}> of 1 to {MAX_LABEL} bytes; the XML of a running guest has"
        ))
    })
}
