//! The compiled matcher as one run of bytes: what is saved, loaded and looked up is the same.
//!
//! A header (name, version, sum), a list of sections, the sections, each on a multiple of 64 bytes. All
//! numbers little-endian.

use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use lapwing_model::Kind;

use super::mapped::Bytes;
use crate::HuntError;

/// The first bytes of a compiled matcher.
pub(super) const MAGIC: &[u8; 8] = b"LAPWING\x1a";
const VERSION: u32 = 3;
const HEADER: usize = 64;

/// The parts of an image, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// The gate of last bytes.
    Gate,
    Filter,
    Buckets,
    Slots,
    /// Where each value begins, and where the last ends: u64.
    Offsets,
    Values,
    /// One byte a value: the place of its kind in `Kind::ALL`.
    Kinds,
    /// Which record tells more about a value: u32.
    Abouts,
    /// Where each record begins: u64.
    RecordOffsets,
    /// JSON.
    Records,
    /// IPv4 networks: prefix length, network, number of the value; u32 each, sorted.
    Nets4,
    /// IPv6 networks: network (u128), prefix length, number; sorted by length, then network.
    Nets6,
    /// Numbers of the values that are no tokens: u32.
    Literals,
    /// Patterns of several observations: JSON.
    Patterns,
}

const SECTIONS: usize = 14;

/// A compiled matcher's bytes with the places of its sections.
#[derive(Debug)]
pub(super) struct Image {
    bytes: Bytes,
    sections: [Range<usize>; SECTIONS],
}

impl Image {
    /// Puts sections together, in the order of [`Section`].
    pub(super) fn new(parts: [Vec<u8>; SECTIONS]) -> Self {
        let table = HEADER + SECTIONS * 16;
        let size = parts.iter().fold(table, |at, part| at.next_multiple_of(64) + part.len());
        let mut bytes = Vec::with_capacity(size);
        bytes.resize(table, 0);
        let mut sections = std::array::from_fn(|_| 0..0);
        for (number, part) in parts.into_iter().enumerate() {
            bytes.resize(bytes.len().next_multiple_of(64), 0);
            let from = bytes.len();
            bytes.extend_from_slice(&part);
            let at = HEADER + number * 16;
            bytes[at..at + 8].copy_from_slice(&(from as u64).to_le_bytes());
            bytes[at + 8..at + 16].copy_from_slice(&(part.len() as u64).to_le_bytes());
            sections[number] = from..bytes.len();
        }
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&(SECTIONS as u32).to_le_bytes());
        Self { bytes: Bytes::Owned(bytes), sections }
    }

    #[inline(always)]
    pub(super) fn section(&self, section: Section) -> &[u8] {
        self.bytes.get(self.sections[section as usize].clone()).unwrap_or(&[])
    }

    /// Bytes in all.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the image beside `path`, then renames it.
    pub(super) fn save(&self, path: &Path) -> Result<(), HuntError> {
        let failed = |source| HuntError::Io { path: path.to_owned(), source };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let mut header = self.bytes[..HEADER].to_vec();
        let rest = &self.bytes[HEADER..];
        header[16..24].copy_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        header[32..40].copy_from_slice(&kinds().to_le_bytes());
        header[24..32].copy_from_slice(&xxhash_rust::xxh3::xxh3_64(rest).to_le_bytes());
        let write = || {
            let mut file = File::create(&part)?;
            file.write_all(&header)?;
            file.write_all(rest)?;
            file.sync_all()?;
            fs::rename(&part, path)
        };
        write().map_err(|error| {
            // What was begun is of no use; that it cannot be removed is no second error.
            let _ = fs::remove_file(&part);
            failed(error)
        })
    }

    /// Whether a file begins as a compiled matcher does.
    pub(super) fn is_one(path: &Path) -> bool {
        use std::io::Read as _;
        let mut magic = [0; 8];
        File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok())
            && magic == *MAGIC
    }

    /// Maps and checks a file that [`Self::save`] wrote.
    pub(super) fn load(path: &Path) -> Result<Self, HuntError> {
        let failed = |source| HuntError::Io { path: path.to_owned(), source };
        let broken = |message: &str| HuntError::Compiled {
            path: path.to_owned(),
            message: message.to_owned(),
        };
        let file = File::open(path).map_err(failed)?;
        let bytes = Bytes::map(&file).map_err(failed)?;
        let number = |at: usize| bytes.get(at..).and_then(|b| b.first_chunk::<8>()).copied();
        let number = |at: usize| number(at).map_or(0, u64::from_le_bytes);
        if !bytes.starts_with(MAGIC) || bytes.len() < HEADER + SECTIONS * 16 {
            return Err(broken("it is no compiled matcher"));
        }
        let version = number(8);
        if version as u32 != VERSION || version >> 32 != SECTIONS as u64 {
            let message = format!(
                "it has the format {} and this version reads {VERSION}; compile it again",
                version as u32
            );
            return Err(broken(&message));
        }
        if number(32) != kinds() {
            return Err(broken("it was compiled by a version with other kinds; compile it again"));
        }
        if number(16) != bytes.len() as u64 {
            return Err(broken("it was cut short or has something behind its end"));
        }
        if number(24) != xxhash_rust::xxh3::xxh3_64(&bytes[HEADER..]) {
            return Err(broken("its checksum is wrong: it was changed or damaged"));
        }
        let mut sections = std::array::from_fn(|_| 0..0);
        for (at, section) in sections.iter_mut().enumerate() {
            let from = number(HEADER + at * 16) as usize;
            let to = from.checked_add(number(HEADER + at * 16 + 8) as usize);
            *section = to
                .filter(|to| *to <= bytes.len())
                .map(|to| from..to)
                .ok_or_else(|| broken("a section lies outside"))?;
        }
        Ok(Self { bytes, sections })
    }
}

/// A sum of all kinds in their order: values are kept with the place of their kind.
fn kinds() -> u64 {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    xxhash_rust::xxh3::xxh3_64(names.join(",").as_bytes())
}
