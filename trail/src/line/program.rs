//! The program that sent a record. libaudit adds its path as `exe=`, behind everything that the
//! program itself wrote, so the last `exe=` counts.

use super::envelope::last_word;
use super::fields::{decoded_option, word};
use std::borrow::Cow;

/// The program of a record's text, unless it is one of libvirt's or viraudit's, or unknown.
pub(crate) fn other_program(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let from = match last_word(text, b"exe=") {
        Some(at) => at + b" exe=".len(),
        // A program that doesn't use libaudit may write it first.
        None => text.starts_with(b"exe=").then_some(b"exe=".len())?,
    };
    let (value, _) = word(&text[from..]);
    let program = decoded_option(value)?;
    (!is_libvirt(&program)).then_some(program)
}

/// Whether a program writes records in libvirt's format: libvirtd, one of the modular daemons
/// (virtqemud, virtlxcd, ...), the controller of containers, or viraudit.
pub(super) fn is_libvirt(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    // The names of programs that libtool has not installed yet, and of replaced ones.
    let name = name.strip_prefix(b"lt-").unwrap_or(name);
    let name = name.strip_suffix(b" (deleted)").unwrap_or(name);
    matches!(name, b"libvirtd" | b"libvirt_lxc" | b"viraudit")
        || name.starts_with(b"virt") && name.ends_with(b"d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_exe_counts() {
        let other = |text: &'static str| other_program(text.as_bytes()).map(Cow::into_owned);
        let docker = Some(b"/usr/bin/docker".to_vec());
        assert_eq!(other("exe=sleep  exe=\"/usr/bin/docker\" hostname=?"), docker);
        assert_eq!(other("op=x exe=2F7573722F62696E2F646F636B6572 res=success"), docker);
        assert_eq!(other("op=x exe=/usr/bin/docker"), docker);
        assert_eq!(other("exe=/usr/bin/docker op=x"), docker);
        for text in [
            "op=x exe=\"/usr/bin/docker\" exe=\"/usr/sbin/libvirtd\" hostname=?",
            "op=x exe=\"/usr/sbin/virtqemud\" res=success",
            "op=x exe=\"/build/src/.libs/lt-libvirtd\"",
            "op=x exe=2F7573722F7362696E2F6C69627669727464202864656C6574656429",
            "op=x exe=? res=success",
            "op=x notexe=\"/usr/bin/docker\"",
            "",
        ] {
            assert_eq!(other(text), None, "{text}");
        }
    }
}
