//! An exact table with a small filter before it; both are built once and only read, from plain bytes.

/// Keys (hashes) to numbers, as bytes; equal keys may have several numbers.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Blocks of a Bloom filter, one word each: a key sets four bits of one block.
    pub filter: Vec<u8>,
    /// Where the slots of each bucket (top bits of the key) begin.
    pub buckets: Vec<u8>,
    /// The low half of the key, and the number.
    pub slots: Vec<u8>,
}

/// Bits of the filter for a key: one probe in some 200 passes that should not.
const FILTER_BITS: usize = 14;

impl Tables {
    pub(super) fn build(pairs: &[(u64, u32)]) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        let blocks = (pairs.len() * FILTER_BITS / 64).max(1);
        let mut filter = vec![0u64; blocks];
        let bits = (pairs.len() / 2).next_power_of_two().trailing_zeros().max(1);
        let mut starts = vec![0u32; (1usize << bits) + 1];
        for &(key, _) in pairs {
            filter[block_of(key, blocks)] |= bits_of(key);
            starts[(key >> (64 - bits)) as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut free = starts.clone();
        let mut slots = vec![0u64; pairs.len()];
        for &(key, number) in pairs {
            let next = &mut free[(key >> (64 - bits)) as usize];
            slots[*next as usize] = key & 0xffff_ffff | u64::from(number) << 32;
            *next += 1;
        }
        Self {
            filter: filter.iter().flat_map(|word| word.to_le_bytes()).collect(),
            buckets: starts.iter().flat_map(|start| start.to_le_bytes()).collect(),
            slots: slots.iter().flat_map(|slot| slot.to_le_bytes()).collect(),
        }
    }
}

/// The filter, where it lies.
#[derive(Clone, Copy)]
pub(super) struct Filter<'b>(&'b [[u8; 8]]);

impl<'b> Filter<'b> {
    #[inline(always)]
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        Self(bytes.as_chunks::<8>().0)
    }

    /// Whether it is too large for the second cache.
    #[inline(always)]
    pub(super) fn is_large(self) -> bool {
        self.0.len() > 1 << 15
    }

    /// Where the block of a key lies.
    #[inline(always)]
    pub(super) fn block(self, key: u64) -> Option<&'b [u8; 8]> {
        self.0.get(block_of(key, self.0.len()))
    }

    #[inline(always)]
    pub(super) fn may_hold(self, key: u64) -> bool {
        let bits = bits_of(key);
        let block = self.block(key).copied().unwrap_or_default();
        u64::from_le_bytes(block) & bits == bits
    }
}

/// All numbers of a key; a few of other keys may be among them.
pub(super) fn lookup<'b>(
    buckets: &'b [u8],
    slots: &'b [u8],
    key: u64,
) -> impl Iterator<Item = u32> + use<'b> {
    let buckets = buckets.as_chunks::<4>().0;
    let bits = buckets.len().saturating_sub(1).max(1).trailing_zeros();
    let bucket = key.checked_shr(64 - bits).unwrap_or(0) as usize;
    let start = |at: usize| buckets.get(at).map_or(0, |start| u32::from_le_bytes(*start) as usize);
    let slots = slots.as_chunks::<8>().0;
    let found = slots.get(start(bucket)..start(bucket + 1)).unwrap_or(&[]);
    found
        .iter()
        .map(|slot| u64::from_le_bytes(*slot))
        .filter_map(move |slot| (slot as u32 == key as u32).then_some((slot >> 32) as u32))
}

#[inline(always)]
fn block_of(key: u64, blocks: usize) -> usize {
    (((key >> 32) * blocks as u64) >> 32) as usize
}

#[inline(always)]
fn bits_of(key: u64) -> u64 {
    1 << (key & 63) | 1 << (key >> 6 & 63) | 1 << (key >> 12 & 63) | 1 << (key >> 18 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_little_else() {
        let hash = |n: u64| super::super::hash::key(format!("host{n}.example").as_bytes());
        let pairs: Vec<_> = (0..100_000u32).map(|n| (hash(u64::from(n)), n)).collect();
        let tables = Tables::build(&pairs);
        let filter = Filter::of(&tables.filter);
        for &(key, number) in &pairs {
            assert!(filter.may_hold(key));
            assert!(lookup(&tables.buckets, &tables.slots, key).any(|n| n == number));
        }
        let wrong = (100_000..1_100_000u64).filter(|n| filter.may_hold(hash(*n))).count();
        assert!(wrong < 10_000, "{wrong} of 1000000 pass");
        assert_eq!(lookup(&[], &[], 7).count(), 0);
        assert!(!Filter::of(&[]).may_hold(7));
        assert!(tables.filter.len() < 3 * pairs.len());
    }
}
