//! Disks, in the order into which libvirt sorts them.

use super::chardev::assigned;
use super::element::Element;
use super::fault::{Fault, Reading};
use crate::record::Resource;

/// The types of source, and the attribute of `<source>` that holds the path of those that have
/// one. The last two of them came after libvirt 9.0.0.
const TYPES: [(&str, Option<&str>); 9] = [
    ("file", Some("file")),
    ("block", Some("dev")),
    ("dir", Some("dir")),
    ("network", None),
    ("volume", None),
    ("nvme", None),
    ("vhostuser", None),
    ("vhostvdpa", None),
    ("ctl", Some("dev")),
];

/// More disks than any guest can have; finding a disk's place takes time by their number.
const MAX_DISKS: usize = 10_000;

/// What a disk's place in the order depends on.
struct Place<'d> {
    /// The bus that the XML names; libvirt sorts before it derives one from the name.
    bus: Option<&'d str>,
    /// The number in the disk's name, where it has one: without, it is never out of order.
    index: Option<i64>,
}

pub(super) fn read(
    domain: Element<'_>,
    reading: &mut Reading<'_>,
    resources: &mut Vec<Resource<'static>>,
) -> Result<(), Fault> {
    let mut disks: Vec<(Place<'_>, Option<Resource<'static>>)> = Vec::new();
    for disk in domain.devices("disk") {
        if disks.len() == MAX_DISKS {
            return Err(disk.error(format!("more than {MAX_DISKS} disks")));
        }
        let target = disk.child("target");
        let place = Place {
            bus: target.and_then(|target| target.attribute("bus")),
            index: target.and_then(|target| target.attribute("dev")).map(index),
        };
        let at = position(disks.iter().map(|(place, _)| place), disks.len(), &place);
        disks.insert(at, (place, reading.accept(disk, source(disk))?.flatten()));
    }
    resources.extend(disks.into_iter().filter_map(|(_, resource)| resource));
    Ok(())
}

/// A disk comes before the first one of its bus with a greater index; else behind the last one of
/// its bus; else at the end. Disks of one bus so stay together only when the XML had them so.
fn position<'a, 'd: 'a>(
    disks: impl Iterator<Item = &'a Place<'d>>,
    len: usize,
    new: &Place<'_>,
) -> usize {
    let mut behind = len;
    for (i, disk) in disks.enumerate().filter(|(_, disk)| disk.bus == new.bus) {
        if disk.index.zip(new.index).is_some_and(|(old, new)| old > new) {
            return i;
        }
        behind = i + 1;
    }
    behind
}

/// The path of a disk. An empty one is libvirt's way to read an empty drive.
fn source(disk: Element<'_>) -> Result<Option<Resource<'static>>, Fault> {
    let kind = disk.one_of("type", &TYPES.map(|(name, _)| name))?.unwrap_or("file");
    let path = TYPES
        .iter()
        .find(|(name, _)| *name == kind)
        .and_then(|(_, attribute)| disk.child("source")?.attribute((*attribute)?))
        .filter(|path| !path.is_empty());
    Ok(path.map(|path| Resource::Disk(assigned(path))))
}

/// The number in a disk's name: vda is 0, vdz 25, vdaa 26. A partition's number doesn't count. -1
/// for any other name.
fn index(name: &str) -> i64 {
    let prefixes = ["fd", "hd", "vd", "sd", "xvd", "ubd"];
    let Some(rest) = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)) else {
        return -1;
    };
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    if !letters.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return -1;
    }
    letters.bytes().enumerate().fold(0i64, |index, (i, letter)| {
        let next = index.saturating_add(i64::from(i > 0)).saturating_mul(26);
        next.saturating_add(i64::from(letter - b'a'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_of_a_name() {
        for (name, expected) in [
            ("vda", 0),
            ("sdz", 25),
            ("xvdaa", 26),
            ("hdab", 27),
            ("sdzz", 701),
            ("sdaaa", 702),
            ("ubda12", 0),
            ("fdb", 1),
            ("nvme0n1", -1),
            ("vdA", -1),
            ("vda1b", -1),
            ("", -1),
        ] {
            assert_eq!(index(name), expected, "{name}");
        }
        assert_eq!(index(&format!("vd{}", "z".repeat(100))), i64::MAX);
    }

    #[test]
    fn order_of_disks() {
        let order = |names: &[&'static str]| {
            let mut disks: Vec<(Place<'_>, &str)> = Vec::new();
            for name in names {
                let place = Place { bus: Some(&name[..2]), index: Some(index(name)) };
                let at = position(disks.iter().map(|(place, _)| place), disks.len(), &place);
                disks.insert(at, (place, name));
            }
            disks.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(order(&["vdb", "sda", "vda", "sdb"]), "vda vdb sda sdb");
        assert_eq!(order(&["vdc", "vda", "vdb", "hda", "vdd"]), "vda vdb vdc vdd hda");
    }
}
