//! The page's Content-Security-Policy: its own script and style, and nothing else.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

/// The policy for this script and this style.
pub(super) fn policy(script: &str, style: &str) -> String {
    let hash = |text: &str| Base64::encode_string(&Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(script),
        hash(style)
    )
}
