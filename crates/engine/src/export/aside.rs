//! What waits outside of memory until its turn comes: in files without a name, which go with the process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Bytes that are written or read in one go.
const BUFFER: usize = 1 << 16;

/// Bytes that are written one after the other, and read when all are there.
pub(super) struct Aside {
    out: BufWriter<File>,
    len: u64,
}

impl Aside {
    pub(super) fn new() -> io::Result<Self> {
        let out = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
        Ok(Self { out, len: 0 })
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Ends the writing.
    pub(super) fn written(self) -> io::Result<Written> {
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Written { from: BufReader::with_capacity(BUFFER, file), at: 0, len: self.len })
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What was written aside.
pub(super) struct Written {
    from: BufReader<File>,
    at: u64,
    len: u64,
}

impl Written {
    /// Writes all of it into `out`.
    pub(super) fn copy(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.part(0, self.len, out)
    }

    /// Writes `len` bytes from a place on into `out`.
    pub(super) fn part(&mut self, from: u64, len: u64, out: &mut dyn Write) -> io::Result<()> {
        self.go(from)?;
        let copied = io::copy(&mut self.from.by_ref().take(len), out)?;
        self.at += copied;
        if copied < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// The line that begins at a place, with its end.
    pub(super) fn line(&mut self, from: u64, line: &mut Vec<u8>) -> io::Result<()> {
        self.go(from)?;
        line.clear();
        self.at += self.from.read_until(b'\n', line)? as u64;
        Ok(())
    }

    /// What is near is in the buffer.
    fn go(&mut self, to: u64) -> io::Result<()> {
        let places = i128::from(to) - i128::from(self.at);
        match i64::try_from(places) {
            Ok(places) => self.from.seek_relative(places)?,
            Err(_) => drop(self.from.seek(SeekFrom::Start(to))?),
        }
        self.at = to;
        Ok(())
    }
}

/// Bytes of all piles that are held before they are written.
const HELD: usize = 8 << 20;

/// Piles of records, one an owner: put on them in any order, taken pile by pile.
pub(super) struct Piles {
    open: BTreeMap<u32, Vec<u8>>,
    held: usize,
    most: usize,
    /// Where the parts of each pile are that were written, as place and length.
    parts: BTreeMap<u32, Vec<(u64, u64)>>,
    file: Option<File>,
    end: u64,
}

impl Default for Piles {
    fn default() -> Self {
        Self::holding(HELD)
    }
}

impl Piles {
    /// Piles of which so many bytes are held.
    pub(super) fn holding(most: usize) -> Self {
        Self { open: BTreeMap::new(), held: 0, most, parts: BTreeMap::new(), file: None, end: 0 }
    }

    /// Puts a record on a pile.
    pub(super) fn put(&mut self, owner: u32, record: &[u8]) -> io::Result<()> {
        self.open.entry(owner).or_default().extend_from_slice(record);
        self.held += record.len();
        if self.held > self.most { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.end))?;
        let mut out = BufWriter::with_capacity(BUFFER, file);
        for (owner, records) in std::mem::take(&mut self.open) {
            out.write_all(&records)?;
            let len = records.len() as u64;
            self.parts.entry(owner).or_default().push((self.end, len));
            self.end += len;
        }
        self.held = 0;
        out.flush()
    }

    /// How many bytes a pile has.
    pub(super) fn len(&self, owner: u32) -> u64 {
        let written: u64 = self.parts.get(&owner).into_iter().flatten().map(|(_, len)| len).sum();
        written + self.open.get(&owner).map_or(0, |records| records.len() as u64)
    }

    /// Writes a pile into `out`, in the order in which it was put there.
    pub(super) fn copy(&mut self, owner: u32, out: &mut dyn Write) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            for (from, len) in self.parts.get(&owner).into_iter().flatten() {
                file.seek(SeekFrom::Start(*from))?;
                io::copy(&mut Read::by_ref(file).take(*len), out)?;
            }
        }
        self.open.get(&owner).map_or(Ok(()), |records| out.write_all(records))
    }

    /// Takes a pile.
    pub(super) fn take(&mut self, owner: u32) -> io::Result<Vec<u8>> {
        let mut pile = Vec::new();
        self.copy(owner, &mut pile)?;
        self.parts.remove(&owner);
        if let Some(records) = self.open.remove(&owner) {
            self.held -= records.len();
        }
        Ok(pile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn piles_keep_their_order_whatever_is_held() {
        for most in [0, 5, 1000] {
            let mut piles = Piles::holding(most);
            for round in 0..4 {
                for owner in [7, 3] {
                    piles.put(owner, format!("{owner}.{round};").as_bytes()).unwrap();
                }
            }
            assert_eq!(piles.len(3), 16);
            assert_eq!(piles.take(7).unwrap(), b"7.0;7.1;7.2;7.3;", "{most}");
            assert_eq!(piles.take(3).unwrap(), b"3.0;3.1;3.2;3.3;", "{most}");
            assert_eq!((piles.take(3).unwrap().len(), piles.len(9)), (0, 0));
            piles.put(3, b"again").unwrap();
            assert_eq!(piles.take(3).unwrap(), b"again");
        }
    }

    #[test]
    fn what_waits_aside_is_read_from_any_place() {
        let mut aside = Aside::new().unwrap();
        for line in 0..20_000 {
            aside.write_all(format!("line {line:05}\n").as_bytes()).unwrap();
        }
        assert_eq!(aside.len(), 220_000);
        let mut written = aside.written().unwrap();
        let mut line = Vec::new();
        for at in [19_999, 0, 7, 8, 12_345, 12_344] {
            written.line(at * 11, &mut line).unwrap();
            assert_eq!(line, format!("line {at:05}\n").as_bytes());
        }
        let mut all = Vec::new();
        written.copy(&mut all).unwrap();
        assert_eq!((all.len(), &all[..11]), (220_000, &b"line 00000\n"[..]));
        let mut part = Vec::new();
        written.part(16, 5, &mut part).unwrap();
        assert_eq!(part, b"00001");
        assert!(written.part(219_999, 5, &mut part).is_err());
    }
}
