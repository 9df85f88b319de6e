//! The records of a block on their way to the store.

use super::interner::Interner;
use super::users::Users;
use crate::events::scan::{AuxRecord, FoundRecord, Sender, SenderId};
use crate::events::{Found, UserId, WordId};

/// The records of a block.
#[derive(Debug)]
pub(crate) struct Batch<'f> {
    /// The index of the log in the list of sources.
    pub(super) source: usize,
    /// The log's host, for lines that have none.
    pub(super) host: WordId,
    pub(super) found: &'f Found,
    /// The block before, the block itself and the block after: an event's records may be spread
    /// over two of them.
    around: [Option<&'f Found>; 3],
    /// The last sender with its host and its user: mostly the next record's, too.
    last: Option<(SenderId, WordId, UserId)>,
}

impl<'f> Batch<'f> {
    /// A block of a log, between two other blocks.
    pub(crate) fn new(
        source: usize,
        host: WordId,
        found: &'f Found,
        [before, after]: [Option<&'f Found>; 2],
    ) -> Self {
        Self { source, host, found, around: [before, Some(found), after], last: None }
    }

    /// The host and the user of a record.
    #[inline]
    pub(super) fn sender(
        &mut self,
        record: &FoundRecord,
        words: &mut Interner,
        users: &mut Users,
    ) -> (WordId, UserId) {
        match self.last {
            Some((last, host, user)) if last == record.sender => (host, user),
            _ => {
                let text = |span| self.found.text(span);
                let Sender { node, uid, auid, names, client } = self.found.sender_of(record);
                let host = node.map_or(self.host, |node| words.intern(text(node)));
                let user = users.intern(uid, auid, text(names), text(client));
                self.last = Some((record.sender, host, user));
                (host, user)
            }
        }
    }

    /// The auxiliary records of a record's event, each with the block that has its texts.
    pub(super) fn aux_of(
        &self,
        record: &FoundRecord,
    ) -> impl Iterator<Item = (&'f Found, &'f AuxRecord)> {
        let (stamp, node) = (record.stamp, self.found.node_of(record));
        // Without a serial number, records with the same time may be of different events.
        let around = self.around.into_iter().flatten().filter(move |_| stamp.serial > 0);
        around.flat_map(move |found| found.aux_of(stamp, node).map(move |aux| (found, aux)))
    }
}
