//! Memory, virtual CPUs and I/O threads: the totals that the guest starts with.

use super::element::Element;
use super::fault::{Fault, Reading};
use super::number;
use crate::record::Resource;
use std::collections::{HashMap, HashSet};

/// The greatest amount of memory in bytes that libvirt takes.
const MAX_MEMORY: u64 = i64::MAX as u64;

pub(super) fn read(
    domain: Element<'_>,
    reading: &mut Reading<'_>,
    resources: &mut Vec<Resource<'static>>,
) -> Result<(), Fault> {
    let at = |name| domain.child(name).unwrap_or(domain);
    let memory = reading.accept(at("memory"), memory(domain))?;
    resources.extend(memory.map(|new| Resource::Memory { old: 0, new }));
    let vcpus = reading.accept(at("vcpu"), vcpus(domain))?;
    resources.extend(vcpus.map(|new| Resource::Vcpu { old: 0, new }));
    let threads = reading.accept(at("iothreads"), iothreads(domain))?.filter(|&new| new > 0);
    resources.extend(threads.map(|new| Resource::IoThread { old: 0, new }));
    Ok(())
}

/// The total in KiB.
///
/// In the XML of a running guest, which has an `id`, it is the value of `<memory>`. In one that was
/// written to define or create a guest, libvirt replaces that by the sum of the NUMA cells and the
/// memory devices, if there are cells.
fn memory(domain: Element<'_>) -> Result<u64, Fault> {
    let runs = domain.attribute("id").is_some();
    let given = domain.child("memory").map(kibibytes).transpose()?.flatten().unwrap_or(0);
    let mut cells = 0u64;
    let numa = domain.children("cpu").filter_map(|cpu| cpu.child("numa"));
    for cell in numa.flat_map(|numa| numa.children("cell")) {
        cells = cells.saturating_add(amount_kib(cell, cell.required("memory")?)?);
    }
    let mut hotplug = 0u64;
    for device in domain.devices("memory") {
        let size = device.child("target").and_then(|target| target.child("size"));
        let Some(size) = size.map(kibibytes).transpose()?.flatten() else {
            return Err(device.error("<memory> has no <target> with a <size>"));
        };
        hotplug = hotplug.saturating_add(size);
    }
    if cells != 0 && (given == 0 || !runs) {
        return Ok(cells.saturating_add(hotplug));
    }
    if hotplug >= given {
        let what = domain.child("memory").unwrap_or(domain);
        let message = "the guest has no memory besides its memory devices; expected <memory>, or \
                       cells in <cpu><numa>";
        return Err(what.error(message));
    }
    Ok(given)
}

/// An element's amount in KiB, rounded up; `None` for an empty element.
fn kibibytes(element: Element<'_>) -> Result<Option<u64>, Fault> {
    let bytes = bytes(element, 1024, MAX_MEMORY)?;
    Ok(bytes.map(|bytes| bytes.div_ceil(1024)))
}

fn amount_kib(element: Element<'_>, text: &str) -> Result<u64, Fault> {
    Ok(amount(element, text, 1024, MAX_MEMORY)?.div_ceil(1024))
}

/// An element's amount in bytes: its text times its unit, `scale` bytes when it names none.
/// `None` for an empty element.
pub(super) fn bytes(element: Element<'_>, scale: u64, max: u64) -> Result<Option<u64>, Fault> {
    element.some_text().map(|text| amount(element, &text, scale, max)).transpose()
}

fn amount(element: Element<'_>, text: &str, scale: u64, max: u64) -> Result<u64, Fault> {
    let scale = match element.attribute("unit") {
        None | Some("") => scale,
        Some(unit) => number::unit(unit).ok_or_else(|| {
            element.bad("unit", "b, bytes, or a letter of KMGTPE alone or before B or iB")
        })?,
    };
    let Some(number) = number::parse(text, 10) else {
        return Err(match element.attribute("memory") {
            Some(_) => element.bad("memory", "a whole number"),
            None => element.bad_text("a whole number"),
        });
    };
    number.checked_mul(scale).filter(|bytes| *bytes <= max).ok_or_else(|| {
        element.error(format!("{number} times {scale} bytes is more than {max} bytes"))
    })
}

/// The number of online CPUs: the enabled ones in `<vcpus>` if it has any, else the current count,
/// which is the maximum unless specified.
fn vcpus(domain: Element<'_>) -> Result<u32, Fault> {
    let (mut max, mut current) = (1, 1);
    if let Some(vcpu) = domain.child("vcpu") {
        max = decimal_text(vcpu)?;
        if max == 0 {
            return Err(vcpu.bad_text("at least 1"));
        }
        current = vcpu.decimal("current")?.unwrap_or(max);
    }
    let mut online = HashMap::new();
    for vcpu in domain.children("vcpus").flat_map(|vcpus| vcpus.children("vcpu")) {
        vcpu.required("id")?;
        vcpu.required("enabled")?;
        let id = vcpu.decimal("id")?.filter(|id| *id < max);
        let id = id.ok_or_else(|| vcpu.bad("id", &format!("less than {max}")))?;
        online.insert(id, vcpu.yes_no("enabled")?.unwrap_or_default());
    }
    match domain.child("vcpu") {
        _ if !online.is_empty() => Ok(online.values().filter(|on| **on).count() as u32),
        Some(vcpu) if current > max => Err(vcpu.bad("current", &format!("at most {max}"))),
        _ => Ok(current),
    }
}

/// The number of I/O threads: that in `<iothreads>` or of those in `<iothreadids>`, whichever is more.
fn iothreads(domain: Element<'_>) -> Result<u32, Fault> {
    let count = domain.child("iothreads").filter(|element| element.some_text().is_some());
    let count = count.map(decimal_text).transpose()?.unwrap_or(0);
    let mut ids = HashSet::new();
    for thread in domain.children("iothreadids").flat_map(|ids| ids.children("iothread")) {
        thread.required("id")?;
        let id = thread.decimal("id")?.filter(|id| *id > 0 && ids.insert(*id));
        id.ok_or_else(|| thread.bad("id", "a number above 0 that no other I/O thread has"))?;
    }
    Ok(count.max(ids.len() as u32))
}

fn decimal_text(element: Element<'_>) -> Result<u32, Fault> {
    let number = number::parse(&element.text(), 10).and_then(|number| number.try_into().ok());
    number.ok_or_else(|| element.bad_text("a whole number from 0 to 4294967295"))
}
