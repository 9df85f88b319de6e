//! Facts about the process and its host.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

/// The target of /proc/self/exe.
pub fn executable() -> Option<Vec<u8>> {
    fs::read_link("/proc/self/exe").ok().map(|path| path.as_os_str().as_bytes().to_vec())
}

/// The host's name, as `uname -n` prints it.
pub fn host_name() -> Option<Vec<u8>> {
    let mut buffer = [0u8; 256];
    // SAFETY: gethostname writes at most the given length; the last byte stays NUL.
    let result = unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) };
    let name = CStr::from_bytes_until_nul(&buffer).ok()?.to_bytes();
    (result == 0 && !name.is_empty()).then(|| name.to_vec())
}

/// The name of the user with this number, from the sources in nsswitch.conf.
pub fn user_name(uid: u32) -> Option<Vec<u8>> {
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut found = ptr::null_mut();
    // Enough for common entries. For a longer one, callers fall back to the number.
    let mut buffer = [0u8; 4096];
    // SAFETY: all pointers are to live values; at most the given length is written to the buffer.
    let result = unsafe {
        libc::getpwuid_r(
            uid,
            entry.as_mut_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut found,
        )
    };
    if result != 0 || found.is_null() {
        return None;
    }
    // SAFETY: getpwuid_r gave 0 and found the user, so it has filled the entry.
    let name = unsafe { entry.assume_init_ref() }.pw_name;
    // SAFETY: the name is NUL-terminated, in the buffer.
    Some(unsafe { CStr::from_ptr(name) }.to_bytes().to_vec())
}

/// The path of the first of the file descriptors 0, 1 and 2 that is a terminal, without `/dev/`.
pub fn terminal() -> Option<Vec<u8>> {
    let mut buffer = [0u8; 128];
    (0..3).find_map(|fd| {
        // SAFETY: ttyname_r writes at most the given length, with a NUL, when it gives 0.
        let result = unsafe { libc::ttyname_r(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        let path = CStr::from_bytes_until_nul(&buffer).ok().filter(|_| result == 0)?.to_bytes();
        Some(path.strip_prefix(b"/dev/").unwrap_or(path).to_vec())
    })
}

/// The major and minor number of the character or block device at `path`.
pub fn device_number(path: &Path) -> Option<(u32, u32)> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the path is NUL-terminated, and stat fills the struct when it gives 0.
    if unsafe { libc::stat(path.as_ptr(), stat.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: stat gave 0.
    let stat = unsafe { stat.assume_init() };
    matches!(stat.st_mode & libc::S_IFMT, libc::S_IFCHR | libc::S_IFBLK)
        .then(|| (libc::major(stat.st_rdev), libc::minor(stat.st_rdev)))
}

/// The sender of a record, which the kernel prepends to its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Process id.
    pub pid: u32,
    /// Real user id.
    pub uid: u32,
    /// Login user id; 4294967295 when unset.
    pub auid: u32,
    /// Login session; 4294967295 when unset.
    pub ses: u32,
    /// The label of the security module; `None` without one.
    pub subj: Option<Vec<u8>>,
}

impl Sender {
    /// This process.
    pub fn current() -> Self {
        let number = |path: &str| {
            fs::read_to_string(path)
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(u32::MAX)
        };
        Self {
            pid: std::process::id(),
            // SAFETY: getuid has no preconditions and can't fail.
            uid: unsafe { libc::getuid() },
            auid: number("/proc/self/loginuid"),
            ses: number("/proc/self/sessionid"),
            subj: label(Path::new("/proc/self/attr/current")),
        }
    }
}

fn label(path: &Path) -> Option<Vec<u8>> {
    let mut text = fs::read(path).ok()?;
    while matches!(text.last(), Some(b'\n' | 0)) {
        text.pop();
    }
    (!text.is_empty()).then_some(text)
}
