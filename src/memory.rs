//! Allocations that may fail. Stable Rust's own end the process.

use crate::Failure;
use std::fmt::{self, Write};
use std::hint::black_box;

/// What an opening allocates, and more.
pub(crate) const OPENING: usize = 64 * 1024;

/// An empty vector with room for `len` elements.
pub(crate) fn with_room<T>(len: usize) -> Result<Vec<T>, Failure> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(len).map_err(|_| Failure::Os(libc::ENOMEM))?;
    Ok(vec)
}

/// A copy of some bytes.
pub(crate) fn copy(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut copy = with_room(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// Checks that so many bytes can be allocated, before code whose allocations can't fail. Another
/// thread may still take them in between.
pub(crate) fn ensure(bytes: usize) -> Result<(), Failure> {
    // Without the black box the compiler may leave out the allocation.
    with_room::<u8>(bytes).map(|room| drop(black_box(room)))
}

/// A formatted text.
pub(crate) fn format(text: fmt::Arguments<'_>) -> Result<String, Failure> {
    struct Careful(String);
    impl Write for Careful {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0.try_reserve(part.len()).map_err(|_| fmt::Error)?;
            self.0.push_str(part);
            Ok(())
        }
    }
    let mut careful = Careful(String::new());
    careful.write_fmt(text).map_err(|fmt::Error| Failure::Os(libc::ENOMEM))?;
    Ok(careful.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_had_is_an_error() {
        let failure = Failure::Os(libc::ENOMEM);
        assert_eq!(with_room::<u64>(usize::MAX / 4).unwrap_err(), failure);
        assert_eq!(ensure(isize::MAX as usize), Err(failure));
        assert_eq!(ensure(OPENING), Ok(()));
        assert_eq!(copy(b"ab").unwrap(), b"ab");
        assert_eq!(format(format_args!("{}-{:>3}", "a", 7)).unwrap(), "a-  7");
    }
}
