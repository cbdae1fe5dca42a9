//! How much memory a change that brings a lot may hold pages of the file in.
//!
//! Values come in no order, so that each lands on another page of their index. While the pages that are written to stay
//! in memory, each is written down once a change; when there is room for too few of them, once a value.

use std::fs;

/// KiB of pages at other times.
pub(crate) const USUAL: u64 = 48_000;
/// KiB of pages of who only reads.
pub(crate) const OF_READERS: u64 = 16_000;
/// KiB at most: the index of ten million values.
const MOST: u64 = 1 << 20;
/// Of the memory that is free one part in so many.
const PART: u64 = 4;
/// Claims of a change from which on it brings a lot.
pub(crate) const A_LOT: u64 = 20_000;

/// KiB of pages for a change that brings a lot.
pub(crate) fn kib() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.as_deref().and_then(available).unwrap_or(USUAL * PART);
    let allowed = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let allowed = allowed.as_deref().and_then(limit).unwrap_or(u64::MAX);
    (machine.min(allowed) / PART).clamp(USUAL, MOST)
}

/// What Linux says could be had without paging anything out.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The limit of a container, in KiB; none where it says `max`.
fn limit(bytes: &str) -> Option<u64> {
    Some(bytes.trim().parse::<u64>().ok()? >> 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_bounded() {
        let told = "MemTotal:       24689180 kB\nMemAvailable:   12345678 kB\nBuffers: 1 kB\n";
        assert_eq!(available(told), Some(12_345_678));
        assert_eq!(available("MemTotal: 5 kB\n"), None);
        assert_eq!(limit("max\n"), None);
        assert_eq!(limit("1073741824\n"), Some(1 << 20));
        assert!((USUAL..=MOST).contains(&kib()));
    }
}
