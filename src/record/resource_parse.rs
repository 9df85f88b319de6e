//! Reading the tail of a VIRT_RESOURCE record.

use super::parse::{FieldReader, ParseError, parse_number};
use super::resource::{
    Access, Change, Count, HostDevice, Mac, Rdev, Resource, TpmKind, USB_REDIRDEV,
};
use crate::encode::MISSING;
use crate::value::Value;
use std::borrow::Cow;

impl<'a> Resource<'a> {
    pub(super) fn parse(kind: &[u8], reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        Ok(match kind {
            b"disk" => Self::Disk(change(reader, "old-disk", "new-disk")?),
            b"fs" => Self::Fs(change(reader, "old-fs", "new-fs")?),
            b"chardev" => Self::Chardev(change(reader, "old-chardev", "new-chardev")?),
            b"rng" => Self::Rng(change(reader, "old-rng", "new-rng")?),
            b"smartcard" => Self::Smartcard(change(reader, "old-smartcard", "new-smartcard")?),
            b"net" if reader.is_next("net") => Self::NetDevice {
                mac: Mac::parse(reader.take("net")?).ok_or(ParseError::unexpected("net"))?,
                path: reader.encoded_option("path")?,
                rdev: rdev(reader)?,
            },
            b"net" => Self::Net { old: mac(reader, "old-net")?, new: mac(reader, "new-net")? },
            b"dev" => Self::Dev(host_device(reader)?),
            b"hostdev" if reader.is_next("disk") => {
                Self::HostdevStorage(reader.encoded_option("disk")?)
            }
            b"hostdev" => Self::HostdevMisc(reader.encoded_option("chardev")?),
            b"shmem" => {
                let size = reader.number("size")?;
                Self::Shmem { name: shmem_name(reader.raw("path")?)?, size }
            }
            b"ivshmem-socket" => Self::ShmemServer(reader.raw_option("path")?),
            b"evdev" => Self::Evdev(reader.raw_option("path")?),
            b"mem" => {
                Self::Memory { old: reader.number("old-mem")?, new: reader.number("new-mem")? }
            }
            b"vcpu" => Self::Vcpu(Count {
                old: reader.number("old-vcpu")?,
                new: reader.number("new-vcpu")?,
            }),
            b"iothread" => Self::IoThread(Count {
                old: reader.number("old-iothread")?,
                new: reader.number("new-iothread")?,
            }),
            b"cgroup" => {
                Self::Cgroup { path: reader.encoded_option("cgroup")?, access: access(reader)? }
            }
            _ => {
                let found = TpmKind::ALL.into_iter().find(|(_, name)| name.as_bytes() == kind);
                let (kind, _) = found.ok_or(ParseError::unexpected("resrc"))?;
                Self::Tpm { kind, path: reader.encoded_option("device")? }
            }
        })
    }
}

fn change<'a>(
    reader: &mut FieldReader<'a>,
    old: &'static str,
    new: &'static str,
) -> Result<Change<'a>, ParseError> {
    Ok(Change { old: reader.encoded_option(old)?, new: reader.encoded_option(new)? })
}

fn mac(reader: &mut FieldReader<'_>, key: &'static str) -> Result<Option<Mac>, ParseError> {
    let text = reader.encoded_option(key)?;
    text.map(|text| Mac::parse(&text).ok_or(ParseError::unexpected(key))).transpose()
}

impl Mac {
    /// Reads six pairs of hex digits of either case with colons between them.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut groups = text.split(|&byte| byte == b':');
        for byte in &mut bytes {
            *byte = hex_number(groups.next().filter(|group| group.len() <= 2)?)? as u8;
        }
        groups.next().is_none().then_some(Self(bytes))
    }
}

/// A hex number without a sign.
fn hex_number(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.starts_with('+')).then(|| u32::from_str_radix(text, 16).ok())?
}

fn rdev(reader: &mut FieldReader<'_>) -> Result<Option<Rdev>, ParseError> {
    let text = reader.take("rdev")?;
    if text == MISSING {
        return Ok(None);
    }
    let [major, minor] = split(text, b':').ok_or(ParseError::unexpected("rdev"))?;
    let number = |text| hex_number(text).ok_or(ParseError::unexpected("rdev"));
    Ok(Some(Rdev { major: number(major)?, minor: number(minor)? }))
}

/// Exactly `N` parts of `text`.
fn split<const N: usize>(text: &[u8], at: u8) -> Option<[&[u8]; N]> {
    let mut parts = text.split(|&byte| byte == at);
    let mut found = [&text[..0]; N];
    for part in &mut found {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

fn host_device<'a>(reader: &mut FieldReader<'a>) -> Result<HostDevice<'a>, ParseError> {
    let bus = reader.take("bus")?;
    let device = reader.encoded_option("device")?;
    match bus {
        b"scsi_host" => return Ok(HostDevice::ScsiHost(device)),
        b"mdev" => return Ok(HostDevice::Mdev(device)),
        _ => {}
    }
    let unexpected = ParseError::unexpected("device");
    let device = device.ok_or(unexpected)?;
    match bus {
        b"usb" if *device == *USB_REDIRDEV.as_bytes() => Some(HostDevice::Redirected),
        b"usb" => split(&device, b'.').and_then(|[bus, device]| {
            Some(HostDevice::Usb { bus: parse_number(bus)?, device: parse_number(device)? })
        }),
        b"pci" => pci(&device),
        b"scsi" => scsi(device),
        _ => return Err(ParseError::unexpected("bus")),
    }
    .ok_or(unexpected)
}

fn pci<'a>(device: &[u8]) -> Option<HostDevice<'a>> {
    let [domain, bus, rest] = split(device, b':')?;
    let [slot, function] = split(rest, b'.')?;
    Some(HostDevice::Pci {
        domain: hex_number(domain)?,
        bus: hex_number(bus)?,
        slot: hex_number(slot)?,
        function: parse_number(function)?,
    })
}

/// The adapter's name may itself hold colons: the three numbers stand behind the last ones.
fn scsi(device: Value<'_>) -> Option<HostDevice<'_>> {
    let mut parts = device.rsplitn(4, |&byte| byte == b':');
    let unit = parse_number(parts.next()?)?;
    let target = parse_number(parts.next()?)?;
    let bus = parse_number(parts.next()?)?;
    let adapter = parts.next()?.to_vec().into();
    Some(HostDevice::Scsi { adapter, bus, target, unit })
}

fn shmem_name(path: Value<'_>) -> Result<Value<'_>, ParseError> {
    let cut = |bytes: &[u8]| bytes.strip_prefix(b"/dev/shm/").map(<[u8]>::len);
    let len = cut(&path).ok_or(ParseError::unexpected("path"))?;
    Ok(match path.into_cow() {
        Cow::Borrowed(bytes) => Value::new(&bytes[bytes.len() - len..]),
        Cow::Owned(bytes) => bytes[bytes.len() - len..].to_vec().into(),
    })
}

fn access<'a>(reader: &mut FieldReader<'a>) -> Result<Access<'a>, ParseError> {
    Ok(match reader.take("class")? {
        b"all" => Access::All,
        b"path" => Access::Path {
            path: reader.encoded_option("path")?,
            rdev: rdev(reader)?,
            acl: reader.raw("acl")?,
        },
        b"major" => Access::Major {
            category: reader.raw("category")?,
            major: hex_number(reader.take("maj")?).ok_or(ParseError::unexpected("maj"))?,
            acl: reader.raw("acl")?,
        },
        _ => return Err(ParseError::unexpected("class")),
    })
}
