//! Copies the access to a file: owner, mode, and extended attributes (ACL, security label, ...).

use rustix::buffer::spare_capacity;
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

/// Attributes that the kernel computes from the content and the other attributes.
const COMPUTED: [&str; 2] = ["security.ima", "security.evm"];

/// The size limit of the kernel for a value and for a list of names.
const XATTR_MAX: usize = 65536;

/// Makes a new file as accessible as the old one; without an old one it gets `mode`.
pub(super) fn copy_attributes(old: Option<&File>, new: &File, mode: u32) -> io::Result<()> {
    let Some(old) = old else { return new.set_permissions(Permissions::from_mode(mode)) };
    let (was, is) = (old.metadata()?, new.metadata()?);
    // Changing an owner needs privileges, so it is done only if it differs.
    let owner = (was.uid() != is.uid()).then_some(was.uid());
    let group = (was.gid() != is.gid()).then_some(was.gid());
    if owner.is_some() || group.is_some() {
        fchown(new, owner, group)?;
    }
    copy_xattrs(old, new)?;
    // After the owner, because a new owner clears set-id bits, and after the ACL, whose mask is the
    // group's bits of the mode.
    new.set_permissions(Permissions::from_mode(was.mode() & 0o7777))
}

fn copy_xattrs(old: &File, new: &File) -> io::Result<()> {
    let (wanted, inherited) = (names(old)?, names(new)?);
    // A new file inherits attributes from its directory, such as a default ACL.
    for name in inherited.difference(&wanted) {
        fremovexattr(new, name).map_err(|error| not_kept("remove", name, error))?;
    }
    for name in &wanted {
        let value = value(old, name).map_err(|error| not_kept("read", name, error))?;
        // Setting a security label needs privileges, even if the new file has the same one.
        if self::value(new, name) == Ok(value.clone()) {
            continue;
        }
        if let Some(value) = value {
            fsetxattr(new, name, &value, XattrFlags::empty())
                .map_err(|error| not_kept("keep", name, error))?;
        }
    }
    Ok(())
}

fn not_kept(what: &str, name: &CString, error: Errno) -> io::Error {
    let (name, error) = (name.to_string_lossy(), io::Error::from(error));
    let reason = crate::console::reason(&error);
    io::Error::new(error.kind(), format!("can't {what} its attribute {name}: {reason}"))
}

/// The names of a file's extended attributes; none if the file system has no such attributes.
fn names(file: &File) -> io::Result<BTreeSet<CString>> {
    let mut list = Vec::with_capacity(XATTR_MAX);
    match flistxattr(file, spare_capacity(&mut list)) {
        Ok(_) => {}
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(BTreeSet::new()),
        Err(error) => return Err(error.into()),
    }
    let names = list.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    let names = names.filter(|name| !COMPUTED.iter().any(|computed| computed.as_bytes() == *name));
    Ok(names.filter_map(|name| CString::new(name).ok()).collect())
}

/// The value of an extended attribute; `None` if it is gone.
fn value(file: &File, name: &CString) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = Vec::with_capacity(XATTR_MAX);
    match fgetxattr(file, name, spare_capacity(&mut value)) {
        Ok(_) => Ok(Some(value)),
        Err(Errno::NODATA) => Ok(None),
        Err(error) => Err(error),
    }
}
