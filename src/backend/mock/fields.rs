//! Looking a record up by some of its fields; the message of a failure shows the nearest one.

use super::{MockBackend, MockRecord};
use crate::record::RecordType;
use crate::record::wanted::{self, Exactly, Fields, Wanted};
use std::borrow::Cow;

impl Fields for MockRecord {
    fn kind(&self) -> Option<RecordType> {
        Some(self.kind)
    }

    fn field(&self, key: &str) -> Option<Cow<'_, [u8]>> {
        wanted::field(&self.text, key)
    }
}

impl MockBackend {
    /// The number of the first record, from number `from` on, that has what is wanted.
    ///
    /// # Errors
    ///
    /// The nearest record and how it differs, as text for people.
    pub(crate) fn find_fields(
        &self,
        wanted: &Wanted<&str, Exactly<&[u8]>>,
        from: usize,
    ) -> Result<usize, String> {
        self.with_records(|records| {
            let rest = records.iter().enumerate().skip(from);
            if let Some((at, _)) = rest.clone().find(|(_, record)| wanted.fits(*record)) {
                return Ok(at);
            }
            let nearest = rest.max_by_key(|&(at, record)| wanted.likeness(record, at as u64));
            Err(match nearest {
                None if records.is_empty() => "no record was sent".to_owned(),
                None => format!("only {} records were sent", records.len()),
                Some((at, record)) => {
                    let differences = wanted.differences(record).into_iter();
                    let differences: String =
                        differences.map(|difference| format!("\n  {difference}")).collect();
                    let sent = records.len();
                    let MockRecord { kind, text } = record;
                    let text = String::from_utf8_lossy(text);
                    format!(
                        "the nearest record is number {at} of {sent}:{differences}\n  {kind} {text}"
                    )
                }
            })
        })
    }
}
