//! An exact table with a small filter before it; both are built once and only read.

/// Keys (hashes) to values; equal keys may have several values.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Blocks of a Bloom filter, one word each: a key sets three bits of one block.
    filter: Vec<u64>,
    keys: Vec<u64>,
    values: Vec<u32>,
    /// Where the keys of each bucket (top bits) begin.
    buckets: Vec<u32>,
    shift: u32,
}

impl Table {
    pub(super) fn new(mut pairs: Vec<(u64, u32)>) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        pairs.sort_unstable();
        let bits = (pairs.len() / 2).next_power_of_two().trailing_zeros().max(1);
        let shift = 64 - bits;
        let mut buckets = vec![0u32; (1usize << bits) + 1];
        for (key, _) in &pairs {
            buckets[(key >> shift) as usize + 1] += 1;
        }
        for at in 1..buckets.len() {
            buckets[at] += buckets[at - 1];
        }
        // 16 bits a key: about one probe in 200 passes that should not.
        let blocks = (pairs.len() / 4).next_power_of_two().max(1);
        let mut filter = vec![0u64; blocks];
        for (key, _) in &pairs {
            filter[*key as usize & (blocks - 1)] |= bits_of(*key);
        }
        let (keys, values) = pairs.into_iter().unzip();
        Self { filter, keys, values, buckets, shift }
    }

    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        if self.filter.is_empty() {
            return false;
        }
        let bits = bits_of(key);
        self.filter[key as usize & (self.filter.len() - 1)] & bits == bits
    }

    /// All values of a key.
    pub(super) fn get(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let bucket = (key >> self.shift) as usize;
        let from = self.buckets[bucket] as usize;
        let to = self.buckets[bucket + 1] as usize;
        let found = self.keys[from..to].iter().zip(&self.values[from..to]);
        found.filter(move |(k, _)| **k == key).map(|(_, value)| *value)
    }
}

#[inline]
fn bits_of(key: u64) -> u64 {
    (1 << (key >> 58)) | (1 << ((key >> 52) & 63)) | (1 << ((key >> 46) & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_little_else() {
        let hash = |n: u64| {
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(31)
                .wrapping_mul(0xff51_afd7_ed55_8ccd)
        };
        let table = Table::new((0..10_000u32).map(|n| (hash(u64::from(n)), n)).collect());
        for n in 0..10_000u32 {
            assert!(table.may_hold(hash(u64::from(n))));
            assert!(table.get(hash(u64::from(n))).any(|v| v == n));
        }
        let wrong = (10_000..110_000u64).filter(|n| table.may_hold(hash(*n))).count();
        assert!(wrong < 2_000, "{wrong} of 100000 pass");
    }
}
