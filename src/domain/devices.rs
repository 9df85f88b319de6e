//! The kinds of device that need few words: filesystems, redirected devices, smartcards, sources
//! of randomness, TPMs, shared memory, input devices.

use super::chardev::{assigned, path, required_kind};
use super::element::{Element, owned};
use super::fault::{Fault, Reading};
use super::machine::bytes;
use crate::record::{Change, HostDevice, Resource, TpmKind};
use crate::value::Value;

type Resources = Vec<Resource<'static>>;

/// The first source of randomness, for a device that names none.
const RANDOM: &str = "/dev/random";
/// The host's first TPM, for a device that names none.
const TPM: &str = "/dev/tpm0";
/// The certificate database of a smartcard that names none.
const NSS_DATABASE: &str = "/etc/pki/nssdb";
/// The text for the host's own smartcard.
const NSS_SMARTCARD: &str = "nss-smartcard-device";

/// The kinds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Filesystem,
    Redirdev,
    Smartcard,
    Rng,
    Tpm,
    Shmem,
    Input,
}

/// Adds the resources of one device.
type ReadDevice = fn(Element<'_>, &mut Resources) -> Result<(), Fault>;

/// Reads the devices of one kind.
pub(super) fn read(
    kind: Kind,
    domain: Element<'_>,
    reading: &mut Reading<'_>,
    resources: &mut Resources,
) -> Result<(), Fault> {
    let (name, read_one): (_, ReadDevice) = match kind {
        Kind::Filesystem => ("filesystem", filesystem),
        Kind::Redirdev => ("redirdev", redirdev),
        Kind::Smartcard => ("smartcard", smartcard),
        Kind::Rng => ("rng", rng),
        Kind::Tpm => ("tpm", tpm),
        Kind::Shmem => ("shmem", shmem),
        Kind::Input => ("input", input),
    };
    for device in domain.devices(name) {
        let found = read_one(device, resources);
        reading.accept(device, found)?;
    }
    Ok(())
}

/// Filesystems: the path, or a template's name.
fn filesystem(fs: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    const TYPES: [&str; 7] = ["mount", "block", "file", "template", "ram", "bind", "volume"];
    let attribute = match fs.one_of("type", &TYPES)?.unwrap_or("mount") {
        "mount" | "bind" => "dir",
        "file" => "file",
        "block" => "dev",
        "template" => "name",
        _ => return Ok(()),
    };
    let source = fs.child("source");
    match source.and_then(|source| source.attribute(attribute)) {
        Some(path) => out.push(Resource::Fs(assigned(path))),
        // A virtiofsd that libvirt doesn't run: only its socket is known.
        None if source.is_some_and(|source| source.attribute("socket").is_some()) => {}
        None => return Err(fs.error(format!("<filesystem> has no <source {attribute}='...'/>"))),
    }
    Ok(())
}

/// USB devices redirected from a client.
fn redirdev(redirdev: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    redirdev.one_of("bus", &["usb"])?;
    required_kind(redirdev)?;
    out.push(Resource::Dev(HostDevice::Redirected));
    Ok(())
}

/// Smartcards: the host's, three certificates of the host and their database, or a client's.
fn smartcard(card: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    card.required("mode")?;
    match card.one_of("mode", &["host", "host-certificates", "passthrough"])? {
        Some("host") => out.push(Resource::Smartcard(assigned(NSS_SMARTCARD))),
        Some("host-certificates") => {
            let certificates: Vec<_> = card.children("certificate").collect();
            if certificates.len() != 3 {
                return Err(card.error("<smartcard> needs three <certificate>"));
            }
            let database = match card.child("database") {
                None => NSS_DATABASE.into(),
                Some(database) if database.text().starts_with('/') => database.text(),
                Some(database) => return Err(database.bad_text("an absolute path")),
            };
            out.extend(certificates.iter().map(|one| Resource::Smartcard(assigned(one.text()))));
            out.push(Resource::Smartcard(assigned(database)));
        }
        _ => {
            let new = path(card, required_kind(card)?)?;
            out.extend(new.map(|new| Resource::Smartcard(Change { old: None, new: Some(new) })));
        }
    }
    Ok(())
}

/// Sources of randomness: a file, or an entropy gathering daemon.
fn rng(rng: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    let backend = only_backend(rng)?;
    backend.required("model")?;
    let new = match backend.one_of("model", &["random", "egd", "builtin"])? {
        Some("random") => Some(owned(backend.some_text().unwrap_or(RANDOM.into()))),
        Some("egd") => path(backend, required_kind(backend)?)?,
        _ => None,
    };
    out.extend(new.map(|new| Resource::Rng(Change { old: None, new: Some(new) })));
    Ok(())
}

/// TPMs. An emulator that libvirt starts has no path in the XML.
fn tpm(tpm: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    let backend = only_backend(tpm)?;
    backend.required("type")?;
    let resource = match backend.one_of("type", &["passthrough", "emulator", "external"])? {
        Some("passthrough") => {
            let device = backend.child("device").and_then(|device| device.attribute("path"));
            let path = device.filter(|path| !path.is_empty()).unwrap_or(TPM);
            Resource::Tpm { kind: TpmKind::Passthrough, path: Some(owned(path)) }
        }
        Some("emulator") => Resource::Tpm { kind: TpmKind::Emulator, path: None },
        _ => {
            let kind = backend.child("source").map(required_kind).transpose()?;
            let Some(kind) = kind else {
                return Err(backend.error("an external TPM has no <source>"));
            };
            Resource::Tpm { kind: TpmKind::External, path: path(backend, kind)? }
        }
    };
    out.push(resource);
    Ok(())
}

/// The one `<backend>` that a device must have.
fn only_backend(device: Element<'_>) -> Result<Element<'_>, Fault> {
    let mut backends = device.children("backend");
    match (backends.next(), backends.next()) {
        (Some(backend), None) => Ok(backend),
        _ => Err(device.error(format!("<{}> must have one <backend>", device.name()))),
    }
}

/// Shared memory, with or without a server.
fn shmem(shmem: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    let name = shmem.required("name")?;
    let size = shmem.child("size").map(|size| bytes(size, 1, u64::MAX)).transpose()?;
    out.push(match shmem.child("server") {
        Some(server) => Resource::ShmemServer(server.attribute("path").map(clean)),
        None => Resource::Shmem { name: owned(name), size: size.flatten().unwrap_or(0) },
    });
    Ok(())
}

/// Input devices of the host that the guest gets. An emulated mouse, tablet or keyboard is none.
fn input(input: Element<'_>, out: &mut Resources) -> Result<(), Fault> {
    const TYPES: [&str; 5] = ["mouse", "tablet", "keyboard", "passthrough", "evdev"];
    input.required("type")?;
    let attribute = match input.one_of("type", &TYPES)? {
        Some("passthrough") => "evdev",
        Some("evdev") => "dev",
        _ => return Ok(()),
    };
    let source = input.child("source");
    let path = source.map(|source| source.required(attribute)).transpose()?;
    out.push(Resource::Evdev(path.map(clean)));
    Ok(())
}

/// A path as libvirt tidies it up where it does: one slash for several, none at the end. Two at
/// its start, and no more, may mean something, so they stay.
fn clean(path: &str) -> Value<'static> {
    let slashes = path.len() - path.trim_start_matches('/').len();
    let mut clean = if slashes == 2 { "//" } else { &path[..slashes.min(1)] }.to_owned();
    for (i, part) in path.split('/').filter(|part| !part.is_empty()).enumerate() {
        if i > 0 {
            clean.push('/');
        }
        clean.push_str(part);
    }
    owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied_as_libvirt_does() {
        for (path, expected) in [
            ("", ""),
            ("/", "/"),
            ("//", "//"),
            ("///", "/"),
            ("///x", "/x"),
            ("//a//b/", "//a/b"),
            ("/a///b//c", "/a/b/c"),
            ("a//", "a"),
            ("a/./b/../c", "a/./b/../c"),
        ] {
            assert_eq!(&*clean(path), expected.as_bytes(), "{path}");
        }
    }
}
