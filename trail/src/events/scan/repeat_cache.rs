//! What is remembered of the lines before, so that what they repeat isn't read again: most records
//! about a guest come in a row, from one daemon, and tell a report only that the guest was there.

use crate::line::fields::word;
use crate::line::{Defect, Envelope, Line, Op, Stamp, Stamps, VirtLine, without_cr};
use memchr::memchr;

/// What is remembered.
#[derive(Default)]
pub(super) struct RepeatCache<'t> {
    /// What stood around the last BODY.
    frame: Envelope<'t>,
    /// How the last record about a resource began, if its frame was this one.
    front: Option<ResourceFront<'t>>,
    /// Whom the last fact is about, if nothing of it is shown but that it was there.
    run: Option<GuestRun<'t>>,
    /// Reads the lines' stamps.
    pub(super) stamps: Stamps,
}

/// A record that only tells that a guest was there.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct GuestRun<'t> {
    node: Option<&'t [u8]>,
    /// From the blank in front of the guest on.
    guest: &'t [u8],
    uid: Option<u32>,
    auid: Option<u32>,
}

/// The beginning of a resource's record in libvirt's order.
#[derive(Clone, Copy)]
struct ResourceFront<'t> {
    node: Option<&'t [u8]>,
    /// Its line through `audit(`.
    start: &'t [u8],
    /// Its record from behind the stamp through `resrc=`.
    record: &'t [u8],
}

impl<'t> RepeatCache<'t> {
    /// The BODY of a record, whose frame then is the last one.
    #[inline]
    pub(super) fn body(&mut self, record: &'t [u8]) -> Result<&'t [u8], Defect> {
        if let Some(body) = self.frame.body(record) {
            return Ok(body);
        }
        self.front = None;
        let (frame, body) = Envelope::read(record)?;
        self.frame = frame;
        Ok(body)
    }

    /// What stood around the last BODY.
    pub(super) fn frame(&self) -> &Envelope<'t> {
        &self.frame
    }

    /// What a line with the last frame tells about its guest.
    #[inline]
    pub(super) fn run_of(&self, line: &Line<'t>, virt: &VirtLine<'t>) -> Option<GuestRun<'t>> {
        let Envelope { usual: true, uid, auid, .. } = self.frame else { return None };
        Some(GuestRun { node: line.node, guest: virt.guest?, uid, auid })
    }

    /// The last fact is only about this, by that line; `None` if there is more to it.
    #[inline]
    pub(super) fn set_run(
        &mut self,
        run: Option<GuestRun<'t>>,
        line: &Line<'t>,
        virt: &VirtLine<'t>,
    ) {
        self.run = run;
        if run.is_some() && virt.op == Op::Resource {
            let resource = b"virt= resrc=".len() + virt.virt.len();
            let record = self.frame.through(line.body, resource);
            self.front = Some(ResourceFront { node: line.node, start: line.start, record });
        } else if self.front.is_some_and(|front| front.node != line.node) {
            self.front = None;
        }
    }

    /// What the last fact is only about, if it is; what comes now is something else.
    #[inline]
    pub(super) fn take_run(&mut self) -> Option<GuestRun<'t>> {
        self.run.take()
    }

    /// Whether the next line tells what the last one did, and differs only in what it says of
    /// which resource: when it was written then, and how long it is.
    #[inline]
    pub(super) fn repeated_by(&mut self, text: &[u8]) -> Option<(Stamp, usize)> {
        let (run, front) = (self.run.as_ref()?, self.front.as_ref()?);
        let (stamp, record) = self.stamps.read(text.strip_prefix(front.start)?)?;
        let resource = record.strip_prefix(front.record)?;
        let end = memchr(b'\n', resource).unwrap_or(resource.len());
        let body = self.frame.in_front(without_cr(&resource[..end]))?;
        let (_, rest) = word(body);
        let (_, rest) = word(rest.strip_prefix(b" reason=")?);
        let tail = rest.strip_prefix(run.guest)?;
        let ends = tail.first().is_none_or(|&byte| byte == b' ');
        ends.then_some((stamp, text.len() - resource.len() + end))
    }
}
