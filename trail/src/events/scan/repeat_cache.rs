//! A cache of the last lines, so that repeated text is compared and not parsed again: most records
//! about a guest follow each other, come from one daemon, and only show that the guest is present.

use crate::line::fields::word;
use crate::line::{
    Defect, Envelope, Front, Line, Op, Sign, Stamp, StampReader, VirtLine, without_cr,
};
use memchr::memchr;

/// The cache.
#[derive(Default)]
pub(super) struct RepeatCache<'t> {
    /// The envelope of the last BODY.
    envelope: Envelope<'t>,
    /// The front of the last record about a resource, if its envelope was this one.
    front: Option<ResourceFront<'t>>,
    /// The guest of the last record, if the record is not shown.
    run: Option<GuestRun<'t>>,
    /// The sign of the run's records.
    sign: Sign,
    /// The last line's stamp and host, if it is one of the records that [`is_numbered`] knows.
    ///
    /// [`is_numbered`]: Self::is_numbered
    numbered: Option<(&'t [u8], Option<&'t [u8]>)>,
    pub(super) stamps: StampReader,
}

/// A run of records that only show that a guest is present.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct GuestRun<'t> {
    node: Option<&'t [u8]>,
    /// [`VirtLine::guest`]
    guest: &'t [u8],
    uid: Option<u32>,
    auid: Option<u32>,
}

/// The front of a record about a resource, in libvirt's order.
#[derive(Clone, Copy)]
struct ResourceFront<'t> {
    node: Option<&'t [u8]>,
    /// The line through `audit(`.
    start: &'t [u8],
    /// The record from the end of the stamp through `resrc=`.
    record: &'t [u8],
}

impl<'t> RepeatCache<'t> {
    /// The BODY of a record, whose envelope becomes the last one.
    #[inline]
    pub(super) fn body(&mut self, record: &'t [u8]) -> Result<&'t [u8], Defect> {
        if let Some(body) = self.envelope.body(record) {
            return Ok(body);
        }
        self.front = None;
        let (envelope, body) = Envelope::parse(record)?;
        self.envelope = envelope;
        Ok(body)
    }

    /// The envelope of the last BODY.
    pub(super) fn envelope(&self) -> &Envelope<'t> {
        &self.envelope
    }

    /// The run that a line with the last envelope belongs to.
    #[inline]
    pub(super) fn run_of(&self, line: &Line<'t>, virt: &VirtLine<'t>) -> Option<GuestRun<'t>> {
        let Envelope { usual: true, uid, auid, .. } = self.envelope else { return None };
        Some(GuestRun { node: line.node, guest: virt.guest?, uid, auid })
    }

    /// Starts a run with this line.
    #[inline]
    pub(super) fn start_run(
        &mut self,
        run: Option<GuestRun<'t>>,
        sign: Sign,
        line: &Line<'t>,
        virt: &VirtLine<'t>,
    ) {
        (self.run, self.sign) = (run, sign);
        if run.is_some() && virt.op == Op::Resource {
            let resource = b"virt= resrc=".len() + virt.virt.len();
            let record = self.envelope.up_to(line.body, resource);
            self.front = Some(ResourceFront { node: line.node, start: line.start, record });
        } else if self.front.is_some_and(|front| front.node != line.node) {
            self.front = None;
        }
    }

    /// Whether a record that isn't used follows another one of its event: a system call has five.
    #[inline]
    pub(super) fn is_numbered(&self, front: &Front<'t>) -> bool {
        self.numbered.is_some_and(|(stamp, node)| {
            front.rest.starts_with(stamp) && node == front.node && front.kind.is_unrelated()
        })
    }

    /// Notes that the event of a record that isn't used was counted. `body` is the text after its
    /// stamp.
    #[inline]
    pub(super) fn set_numbered(&mut self, front: &Front<'t>, body: &[u8]) {
        let stamp = &front.rest[..front.rest.len() - body.len()];
        self.numbered = front.kind.is_unrelated().then_some((stamp, front.node));
    }

    /// Notes that the next line may be another event's.
    #[inline]
    pub(super) fn end_event(&mut self) {
        self.numbered = None;
    }

    /// The host of the run.
    pub(super) fn node(&self) -> Option<&'t [u8]> {
        self.run.as_ref()?.node
    }

    /// The sign of the last run.
    pub(super) fn sign(&self) -> Sign {
        self.sign
    }

    /// Ends the run.
    #[inline]
    pub(super) fn take_run(&mut self) -> Option<GuestRun<'t>> {
        self.run.take()
    }

    /// The stamp and the length of the first line of `text`, if it continues the run and differs
    /// from the last record about a resource only in its stamp and the resource.
    #[inline]
    pub(super) fn repeated_by(&mut self, text: &[u8]) -> Option<(Stamp, usize)> {
        let (run, front) = (self.run.as_ref()?, self.front.as_ref()?);
        let (stamp, record) = self.stamps.read(text.strip_prefix(front.start)?)?;
        let resource = record.strip_prefix(front.record)?;
        let end = memchr(b'\n', resource).unwrap_or(resource.len());
        let body = self.envelope.before_tail(without_cr(&resource[..end]))?;
        let (_, rest) = word(body);
        let (reason, rest) = word(rest.strip_prefix(b" reason=")?);
        let tail = rest.strip_prefix(run.guest)?;
        let ends = tail.first().is_none_or(|&byte| byte == b' ');
        let continues = self.sign.continues_with(Sign::of_resource(reason, tail));
        (ends && continues).then_some((stamp, text.len() - resource.len() + end))
    }
}
