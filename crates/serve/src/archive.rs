//! Several files as one: the `ustar` form of tar, which every system unpacks.

use jiff::Timestamp;

const BLOCK: usize = 512;

/// Files as a tape archive. Names are cut to what the form holds.
pub(crate) fn tar<'f>(files: impl Iterator<Item = (&'f str, &'f [u8])>, at: Timestamp) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in files {
        archive.extend(header(name, bytes.len() as u64, at));
        archive.extend_from_slice(bytes);
        archive.extend_from_slice(padding(bytes.len() as u64));
    }
    archive.extend_from_slice(&END);
    archive
}

/// What stands behind the last file.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What stands behind a file of so many bytes.
pub(crate) fn padding(size: u64) -> &'static [u8] {
    let more = size.next_multiple_of(BLOCK as u64) - size;
    END.get(..usize::try_from(more).unwrap_or_default()).unwrap_or_default()
}

/// What stands before a file.
pub(crate) fn header(name: &str, size: u64, at: Timestamp) -> [u8; BLOCK] {
    let mut block = [0_u8; BLOCK];
    let mut put = |from: usize, text: &[u8]| {
        for (into, byte) in block[from..].iter_mut().zip(text) {
            *into = *byte;
        }
    };
    let short = name.trim_start_matches('/').as_bytes();
    put(0, &short[..short.len().min(99)]);
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", at.as_second().max(0)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    for (into, byte) in block[148..].iter_mut().zip(format!("{sum:06o}\0 ").into_bytes()) {
        *into = byte;
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_whole_blocks_and_its_sums() {
        let archive =
            tar([("a.txt", b"hello".as_slice()), ("b/c", b"")].into_iter(), Timestamp::UNIX_EPOCH);
        assert_eq!(archive.len(), BLOCK * (2 + 1 + 2));
        assert!(archive.starts_with(b"a.txt\0"));
        assert_eq!(&archive[BLOCK..BLOCK + 5], b"hello");
        let mut first = archive[..BLOCK].to_vec();
        let told = u32::from_str_radix(std::str::from_utf8(&first[148..154]).unwrap(), 8).unwrap();
        first[148..156].fill(b' ');
        assert_eq!(first.iter().map(|b| u32::from(*b)).sum::<u32>(), told);
    }
}
