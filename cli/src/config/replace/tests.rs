use super::*;
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

const ACL: &str = "system.posix_acl_access";
const DEFAULT_ACL: &str = "system.posix_acl_default";

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    Replacement::begin(path, Duration::ZERO)?.commit(text)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn mode_and_links_are_kept_and_no_other_file_remains() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    replace(&file, b"one").unwrap();
    assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"one".to_vec(), 0o644));

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(directory.path().join("sub")).unwrap();
    let link = directory.path().join("sub/link.conf");
    symlink("../file.conf", &link).unwrap();
    replace(&link, b"two").unwrap();
    assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"two".to_vec(), 0o640));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

    let dangling = directory.path().join("dangling.conf");
    symlink("sub/new.conf", &dangling).unwrap();
    replace(&dangling, b"three").unwrap();
    assert_eq!(fs::read(directory.path().join("sub/new.conf")).unwrap(), b"three");

    let count = |path: &Path| fs::read_dir(path).unwrap().count();
    assert_eq!((count(directory.path()), count(&directory.path().join("sub"))), (3, 2));
}

#[test]
fn the_owner_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    fs::write(&file, "one").unwrap();
    // Only root can create a file of another owner.
    if std::os::unix::fs::chown(&file, Some(12345), Some(54321)).is_err() {
        return;
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4750)).unwrap();
    replace(&file, b"two").unwrap();
    let after = fs::metadata(&file).unwrap();
    assert_eq!((after.uid(), after.gid(), mode(&file)), (12345, 54321, 0o4750));
}

#[test]
fn only_regular_files_are_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let turning = directory.path().join("loop");
    symlink("loop", &turning).unwrap();
    let inside = directory.path().join("no/such/directory");
    for path in [directory.path(), &turning, &inside, Path::new("/dev/null"), Path::new("")] {
        assert!(replace(path, b"x").is_err(), "{path:?}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

/// An ACL as the kernel stores it: user::rw, user:1234:r, group::GROUP, mask::r, other::none.
fn acl(group: u16) -> Vec<u8> {
    const NO_ID: u32 = u32::MAX;
    let entries = [(1, 6, NO_ID), (2, 4, 1234), (4, group, NO_ID), (16, 4, NO_ID), (32, 0, NO_ID)];
    let entries = entries.iter().flat_map(|&(tag, permissions, id): &(u16, u16, u32)| {
        [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat()
    });
    2u32.to_le_bytes().into_iter().chain(entries).collect()
}

/// Sets an attribute; `false` if the file system has no such attributes.
fn set_attribute(path: &Path, name: &str, value: &[u8]) -> bool {
    let set = setxattr(path, name, value, XattrFlags::empty());
    if set == Err(Errno::NOTSUP) {
        eprintln_skipped(name);
        return false;
    }
    set.unwrap();
    true
}

#[expect(clippy::print_stderr, reason = "a skipped test must be visible")]
fn eprintln_skipped(name: &str) {
    eprintln!("SKIPPED: this file system has no {name}");
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 1024];
    getxattr(path, name, &mut value).ok().map(|length| value[..length].to_vec())
}

#[test]
fn acl_and_extended_attributes_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    fs::write(&file, "one").unwrap();
    let acl = acl(0);
    if !set_attribute(&file, ACL, &acl) || !set_attribute(&file, "user.note", b"mine") {
        return;
    }
    // The mode shows the mask in place of the group's permissions, which are none.
    assert_eq!(mode(&file), 0o640);
    replace(&file, b"two").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"two");
    assert_eq!(attribute(&file, ACL), Some(acl));
    assert_eq!(attribute(&file, "user.note"), Some(b"mine".to_vec()));
    assert_eq!(mode(&file), 0o640);
}

#[test]
fn no_acl_is_inherited_from_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    fs::write(&file, "one").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    if !set_attribute(directory.path(), DEFAULT_ACL, &acl(4)) {
        return;
    }
    replace(&file, b"two").unwrap();
    assert_eq!((attribute(&file, ACL), mode(&file)), (None, 0o640));
}

#[test]
fn one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    let first = Replacement::begin(&file, Duration::ZERO).unwrap();
    let error = Replacement::begin(&file, Duration::from_millis(50)).unwrap_err();
    assert!(error.to_string().starts_with("another process is changing it"), "{error}");
    let second = thread::spawn({
        let file = file.clone();
        move || Replacement::begin(&file, Duration::from_secs(60))
    });
    first.commit(b"one").unwrap();
    second.join().unwrap().unwrap().commit(b"two").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"two");
    // Without a commit the file is as before.
    drop(Replacement::begin(&file, Duration::ZERO).unwrap());
    assert_eq!(fs::read(&file).unwrap(), b"two");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn what_a_crash_leaves_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    fs::write(directory.path().join(".file.conf.viraudit"), "half").unwrap();
    Replacement::begin(&file, Duration::from_secs(60)).unwrap().commit(b"one").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"one");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_under_the_temporary_name_is_never_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.conf");
    let other = directory.path().join("other");
    fs::write(&other, "theirs").unwrap();
    symlink(&other, directory.path().join(".file.conf.viraudit")).unwrap();
    assert!(replace(&file, b"one").is_err());
    assert_eq!(fs::read(&other).unwrap(), b"theirs");
}

#[test]
fn a_renamed_or_removed_file_is_not_at_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    let file = File::create(&one).unwrap();
    assert!(is_at(&file, &one).unwrap());
    fs::rename(&one, &two).unwrap();
    assert!(!is_at(&file, &one).unwrap());
    fs::write(&one, "").unwrap();
    assert!(!is_at(&file, &one).unwrap());
}
