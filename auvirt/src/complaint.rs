//! The message that ends a run with exit status 1.

use errno::Errno;
use std::io;

/// One line for standard error, without its end. It quotes arguments, which may be any bytes.
pub(crate) type Complaint = Vec<u8>;

/// A failed system call.
pub(crate) fn failed(error: &io::Error) -> Complaint {
    format!("Error: {}", strerror(error)).into_bytes()
}

/// The text that C's `strerror` has for an error.
pub(crate) fn strerror(error: &io::Error) -> String {
    // Only a file name with a NUL has no number, and no argument of a process has one.
    Errno(error.raw_os_error().unwrap_or(libc::EINVAL)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_no_number() {
        let error = std::fs::File::open("/none").expect_err("no such file");
        assert_eq!(failed(&error), b"Error: No such file or directory");
        let error = std::fs::File::open("a\0b").expect_err("no file name");
        assert_eq!(failed(&error), b"Error: Invalid argument");
    }
}
