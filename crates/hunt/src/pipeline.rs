//! A log read on one thread, looked through on this and on others, and judged in order on the first: so decoding
//! and scanning overlap, a large file uses every core, and the result is that of one thread.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;

/// Bytes of a chunk: it stays in the second cache while it is looked through.
pub(crate) const CHUNK: usize = 256 << 10;
/// Chunks that one thread reads alone before others are started: most files are small.
const ALONE: u64 = 16;

/// A chunk of whole lines, with what was seen in it.
#[derive(Debug, Default)]
pub(crate) struct Chunk<W> {
    buffer: Vec<u8>,
    filled: usize,
    /// Offset of the chunk in the (unpacked, decoded) file.
    pub offset: u64,
    /// Whether its last line is whole: `false` for a line longer than the limit.
    pub whole: bool,
    /// Whether the file ends here without a line's end.
    pub last: bool,
    /// What was seen.
    pub seen: W,
}

impl<W> Chunk<W> {
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }
}

/// Cuts a stream into chunks that end with a line; the same stream gives the same chunks.
struct Chunks<'r> {
    reader: &'r mut dyn Read,
    longest: usize,
    /// The beginning of a line whose chunk was given out.
    carry: Vec<u8>,
    offset: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl<'r> Chunks<'r> {
    fn new(reader: &'r mut dyn Read, longest: usize) -> Self {
        Self { reader, longest, carry: Vec::new(), offset: 0, ended: false, error: None }
    }

    /// Fills the next chunk; `false` at the end.
    fn next<W>(&mut self, chunk: &mut Chunk<W>) -> bool {
        if self.ended {
            return false;
        }
        let buffer = &mut chunk.buffer;
        if buffer.len() < CHUNK {
            buffer.resize(CHUNK, 0);
        }
        let mut filled = self.carry.len();
        if buffer.len() <= filled {
            buffer.resize(filled + CHUNK, 0);
        }
        buffer[..filled].copy_from_slice(&self.carry);
        let mut searched = 0;
        let (end, whole) = loop {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.error = Some(error);
                    self.ended = true;
                }
            }
            if self.ended {
                break (filled, true);
            }
            if filled < buffer.len() {
                continue;
            }
            match memchr::memrchr(b'\n', &buffer[searched..filled]) {
                Some(at) => break (searched + at + 1, true),
                None if filled < self.longest => {
                    searched = filled;
                    buffer.resize((filled * 2).min(self.longest.max(filled + 1)), 0);
                }
                None => break (filled, false),
            }
        };
        self.carry.clear();
        self.carry.extend_from_slice(&buffer[end..filled]);
        chunk.filled = end;
        chunk.offset = self.offset;
        chunk.whole = whole;
        chunk.last = self.ended && buffer[..end].last() != Some(&b'\n');
        self.offset += end as u64;
        end > 0
    }

    fn finish(self) -> io::Result<()> {
        self.error.map_or(Ok(()), Err)
    }
}

/// Reads to the end; `look` sees every chunk on some thread, `take` gets all of them in order on this
/// one. With `jobs` 1 all of it is done here.
///
/// # Errors
/// What the reader said; what stands before was given out.
pub(crate) fn read<W: Default + Send>(
    reader: &mut dyn Read,
    longest: usize,
    jobs: usize,
    look: impl Fn(&[u8], &mut W) + Sync,
    mut take: impl FnMut(&mut Chunk<W>),
) -> io::Result<()> {
    let mut chunks = Chunks::new(reader, longest);
    let mut chunk = Chunk::default();
    let mut count = 0;
    while jobs <= 1 || count < ALONE {
        if !chunks.next(&mut chunk) {
            return chunks.finish();
        }
        see(&look, &mut chunk);
        take(&mut chunk);
        count += 1;
    }
    in_parallel(&mut chunks, jobs, &look, &mut take);
    chunks.finish()
}

fn see<W>(look: &(impl Fn(&[u8], &mut W) + Sync), chunk: &mut Chunk<W>) {
    let Chunk { buffer, filled, seen, .. } = chunk;
    look(&buffer[..*filled], seen);
}

/// Chunks that wait for each other thread: so that none waits for this one while it looks through a chunk itself.
const AHEAD: u64 = 2;

/// What other threads do, and what comes back from them.
struct Others<W> {
    work: Sender<(u64, Box<Chunk<W>>)>,
    done: Receiver<(u64, Option<Box<Chunk<W>>>)>,
    /// Chunks that are with them.
    out: u64,
}

/// Reads, and looks through chunks as all others do when they have enough to do: so `jobs` threads work, and none only
/// waits.
fn in_parallel<W: Default + Send>(
    chunks: &mut Chunks<'_>,
    jobs: usize,
    look: &(impl Fn(&[u8], &mut W) + Sync),
    take: &mut impl FnMut(&mut Chunk<W>),
) {
    let (to_workers, work) = mpsc::channel::<(u64, Box<Chunk<W>>)>();
    let (to_us, done) = mpsc::channel();
    let work = Mutex::new(work);
    thread::scope(|scope| {
        for _ in 1..jobs {
            let (work, to_us) = (&work, to_us.clone());
            scope.spawn(move || {
                loop {
                    let next = work.lock().map(|work| work.recv());
                    let Ok(Ok((number, mut chunk))) = next else { return };
                    let result = catch_unwind(AssertUnwindSafe(|| see(look, &mut chunk)));
                    let sent = to_us.send((number, result.is_ok().then_some(chunk)));
                    if let Err(panic) = result {
                        resume_unwind(panic);
                    }
                    if sent.is_err() {
                        return;
                    }
                }
            });
        }
        drop(to_us);
        let others = Others { work: to_workers, done, out: 0 };
        read_along(chunks, jobs, others, look, take);
    });
}

/// What this thread does; it ends early when another one panicked, which the scope passes on.
fn read_along<W: Default + Send>(
    chunks: &mut Chunks<'_>,
    jobs: usize,
    mut others: Others<W>,
    look: &(impl Fn(&[u8], &mut W) + Sync),
    take: &mut impl FnMut(&mut Chunk<W>),
) {
    let ahead = AHEAD * (jobs as u64 - 1);
    // One that this thread looks through, and some that wait for their turn.
    let mut free: Vec<Box<Chunk<W>>> = (0..=ahead + jobs as u64).map(|_| Box::default()).collect();
    let mut waiting: BTreeMap<u64, Box<Chunk<W>>> = BTreeMap::new();
    let (mut read, mut taken, mut ended) = (0u64, 0u64, false);
    while !ended || taken < read {
        if !ended && let Some(mut chunk) = free.pop() {
            if !chunks.next(&mut chunk) {
                ended = true;
                continue;
            }
            if others.out < ahead {
                if others.work.send((read, chunk)).is_err() {
                    return;
                }
                others.out += 1;
            } else {
                see(look, &mut chunk);
                waiting.insert(read, chunk);
            }
            read += 1;
        }
        // Wait only when there is nothing else to do.
        let is_idle = (ended || free.is_empty()) && !waiting.contains_key(&taken);
        let mut seen = if is_idle && taken < read {
            others.done.recv().map_err(|_| TryRecvError::Disconnected)
        } else {
            others.done.try_recv()
        };
        loop {
            match seen {
                Ok((number, Some(chunk))) => {
                    others.out -= 1;
                    waiting.insert(number, chunk);
                }
                Err(TryRecvError::Empty) => break,
                Ok((_, None)) | Err(TryRecvError::Disconnected) => return,
            }
            seen = others.done.try_recv();
        }
        while let Some(mut chunk) = waiting.remove(&taken) {
            take(&mut chunk);
            free.push(chunk);
            taken += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &[u8], jobs: usize, longest: usize) -> Vec<(u64, usize, bool, bool, usize)> {
        let mut all = Vec::new();
        let mut whole = Vec::new();
        let look = |text: &[u8], seen: &mut usize| {
            *seen = memchr::memchr_iter(b'\n', text).count();
        };
        read(&mut &*text, longest, jobs, look, |chunk| {
            assert_eq!(chunk.offset as usize, whole.len());
            whole.extend_from_slice(chunk.text());
            all.push((chunk.offset, chunk.text().len(), chunk.whole, chunk.last, chunk.seen));
        })
        .unwrap();
        assert_eq!(whole, text);
        all
    }

    #[test]
    fn chunks_are_the_same_whatever_the_number_of_threads() {
        let text: String = "a line of a log of lines\n".repeat(600_000);
        let one = lines_of(text.as_bytes(), 1, 1 << 20);
        assert!(one.len() as u64 > 2 * ALONE);
        assert_eq!(one.iter().map(|c| c.4).sum::<usize>(), 600_000);
        for jobs in [2, 7] {
            assert_eq!(lines_of(text.as_bytes(), jobs, 1 << 20), one);
        }
    }

    #[test]
    fn a_line_longer_than_the_limit_comes_in_pieces() {
        let long = vec![b'x'; 12 << 20];
        let pieces = lines_of(&long, 2, 1 << 20);
        assert!(pieces.iter().rev().skip(1).all(|p| !p.2 && p.1 >= 1 << 20), "{pieces:?}");
        assert_eq!(lines_of(b"", 1, 10), []);
        assert_eq!(lines_of(b"no end", 1, 10).len(), 1);
    }

    #[test]
    fn an_error_comes_after_what_stands_before() {
        struct Breaks(usize);
        impl Read for Breaks {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or_else(|| io::Error::other("gone"))?;
                to.fill(b'\n');
                Ok(to.len())
            }
        }
        for jobs in [1, 2] {
            let mut bytes = 0;
            let result = read(
                &mut Breaks(40),
                1 << 20,
                jobs,
                |_, (): &mut ()| {},
                |chunk| {
                    bytes += chunk.text().len();
                },
            );
            assert!(result.is_err());
            assert_eq!(bytes, 40 * CHUNK, "{jobs}");
        }
    }
}
