//! The events that prove an entry, by their serial numbers.

/// At most four serial numbers: auvirt drops further ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Proof {
    serials: [ShortSerial; 4],
    count: u8,
}

/// A serial number in four bytes, see [`Serials`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ShortSerial(u32);

impl Proof {
    /// Adds an event; returns whether there was space for it.
    pub(crate) fn add(&mut self, serial: ShortSerial) -> bool {
        let slot = self.serials.get_mut(usize::from(self.count));
        let found = slot.is_some();
        if let Some(slot) = slot {
            *slot = serial;
            self.count += 1;
        }
        found
    }

    pub(crate) fn serials(&self) -> &[ShortSerial] {
        &self.serials[..usize::from(self.count)]
    }
}

/// Shortens serial numbers. Those that the kernel never reaches are stored apart.
#[derive(Default)]
pub(crate) struct Serials {
    large: Vec<u64>,
}

impl Serials {
    /// The bit that marks an index of `large`.
    const LARGE: u32 = 1 << 31;

    pub(crate) fn short(&mut self, serial: u64) -> ShortSerial {
        match u32::try_from(serial) {
            Ok(short) if short < Self::LARGE => ShortSerial(short),
            _ => {
                self.large.push(serial);
                ShortSerial(Self::LARGE | (self.large.len() - 1) as u32)
            }
        }
    }

    pub(crate) fn whole(&self, ShortSerial(short): ShortSerial) -> u64 {
        if short < Self::LARGE { short.into() } else { self.large[(short & !Self::LARGE) as usize] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_proofs_are_kept() {
        let mut serials = Serials::default();
        let mut proof = Proof::default();
        let given = [1, u64::from(u32::MAX), u64::MAX, 1 << 31, 5];
        let added: Vec<bool> = given.iter().map(|&s| proof.add(serials.short(s))).collect();
        assert_eq!(added, [true, true, true, true, false]);
        let kept: Vec<u64> = proof.serials().iter().map(|&s| serials.whole(s)).collect();
        assert_eq!(kept, given[..4]);
    }
}
