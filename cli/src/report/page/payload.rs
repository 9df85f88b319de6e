//! The data of a page as text: JSON, compressed with gzip, in base64.

use base64ct::{Base64, Encoding};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io;

/// Encodes the data. The result has only letters, digits, `+`, `/` and `=`, so it can't end its element.
pub(super) fn encoded(data: &impl Serialize) -> io::Result<String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let json = serde_json::to_vec(data)?;
    io::Write::write_all(&mut gzip, &json)?;
    Ok(Base64::encode_string(&gzip.finish()?))
}
