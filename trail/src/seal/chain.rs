//! The chain file: one entry a line, each with the digest of the one before.

use super::content::{digest, hex};
use super::problem::{Problem, ProblemKind};
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What separates an entry from its signature.
const SIGNATURE: &str = ",\"signature\":\"";

/// A sealed range of a log. Digests are SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The number, from 1.
    pub number: u64,
    /// The digest of the line before; zeros in the first one.
    pub previous: String,
    /// The time of the sealing.
    pub time: String,
    /// The host that sealed.
    pub host: String,
    /// The name that the log had.
    pub file: String,
    /// The digest of the log's first line, which identifies the log.
    pub log: String,
    /// The offset of the range in the decompressed log, in bytes.
    pub offset: u64,
    /// The length of the range in bytes.
    pub length: u64,
    /// The number of lines.
    pub lines: u64,
    /// The digest of the range.
    pub sha256: String,
    /// The stamp of the first record.
    pub first: Option<String>,
    /// The stamp of the last record.
    pub last: Option<String>,
}

/// A chain of entries.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The entries, in their order.
    pub entries: Vec<Entry>,
    /// The digest of the last line.
    pub head: String,
    /// The digest of each line.
    pub(super) digests: Vec<String>,
}

/// A text that is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadKey;

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an Ed25519 key in PEM format")
    }
}

impl std::error::Error for BadKey {}

/// The private key in a PEM text, as `openssl genpkey -algorithm ed25519` writes it.
pub fn private_key(pem: &str) -> Result<SigningKey, BadKey> {
    SigningKey::from_pkcs8_pem(pem.trim_ascii_end()).map_err(|_| BadKey)
}

/// The public key in a PEM text, as `openssl pkey -pubout` writes it.
pub fn public_key(pem: &str) -> Result<VerifyingKey, BadKey> {
    VerifyingKey::from_public_key_pem(pem.trim_ascii_end()).map_err(|_| BadKey)
}

impl Default for Chain {
    fn default() -> Self {
        Self { entries: Vec::new(), head: "0".repeat(64), digests: Vec::new() }
    }
}

impl Chain {
    /// Parses a chain file, and checks that its entries follow each other. With a key, the signatures
    /// are checked too. The first problem ends an entry, not the chain.
    pub fn parse(text: &[u8], key: Option<&VerifyingKey>) -> (Self, Vec<Problem>) {
        let mut chain = Self::default();
        let mut problems = Vec::new();
        let mut expected = 1;
        for (at, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let place = at as u64 + 1;
            let mut problem = |kind, message: String| {
                problems.push(Problem {
                    kind,
                    entry: Some(place),
                    file: None,
                    range: None,
                    message,
                });
            };
            let ended = line.strip_suffix(b"\n");
            let line = ended.unwrap_or(line);
            let Some((entry, signed, signature)) = ended.and_then(split) else {
                problem(ProblemKind::Chain, "the entry is malformed".into());
                chain.head = hex(&digest(line));
                expected += 1;
                continue;
            };
            if entry.number != expected || entry.previous != chain.head {
                let message = match entry.number {
                    number if number > expected && expected > 1 => {
                        format!("entries before entry {number} are missing, or one was changed")
                    }
                    number => format!("entry {number} does not follow the entry before"),
                };
                problem(ProblemKind::Chain, message);
            }
            if key.is_some_and(|key| key.verify_strict(signed.as_bytes(), &signature).is_err()) {
                let message = format!("the signature of entry {} is wrong", entry.number);
                problem(ProblemKind::Signature, message);
            }
            if chain.entries.first().is_some_and(|first| first.host != entry.host) {
                let message = format!("entry {} is of another host: {}", entry.number, entry.host);
                problem(ProblemKind::Chain, message);
            }
            expected = entry.number.saturating_add(1);
            chain.add(entry, line);
        }
        (chain, problems)
    }

    /// Signs an entry and adds it. Returns its line.
    pub(super) fn push(&mut self, entry: Entry, key: &SigningKey) -> String {
        let mut line = serde_json::to_string(&entry).unwrap_or_default();
        let signature = hex(&key.sign(line.as_bytes()).to_bytes());
        line.pop();
        line = format!("{line}{SIGNATURE}{signature}\"}}");
        self.add(entry, line.as_bytes());
        line
    }

    fn add(&mut self, entry: Entry, line: &[u8]) {
        self.entries.push(entry);
        self.head = hex(&digest(line));
        self.digests.push(self.head.clone());
    }

    /// The end of what is sealed of a log.
    pub(super) fn sealed_to(&self, log: &str) -> u64 {
        let of_log = self.entries.iter().filter(|entry| entry.log == log);
        of_log.map(|entry| entry.offset.saturating_add(entry.length)).max().unwrap_or(0)
    }
}

/// An entry, the text that is signed, and the signature.
fn split(line: &[u8]) -> Option<(Entry, String, Signature)> {
    let line = std::str::from_utf8(line).ok()?;
    let (signed, signature) = line.rsplit_once(SIGNATURE)?;
    let signature = signature.strip_suffix("\"}")?;
    let bytes: Vec<u8> = (0..signature.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(signature.get(at..at + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    let signature = Signature::from_slice(&bytes).ok()?;
    let signed = format!("{signed}}}");
    Some((serde_json::from_str(&signed).ok()?, signed, signature))
}
