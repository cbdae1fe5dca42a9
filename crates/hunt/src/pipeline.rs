//! A log read and looked through on several threads, and judged in order on the first: so decoding and scanning overlap,
//! a large file uses every core, and the result is that of one thread.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;

use crate::lines;

/// Bytes of a chunk: it stays in the second cache while it is looked through.
pub(crate) const CHUNK: usize = 256 << 10;
/// Chunks that one thread reads alone before others are started: most files are small.
const ALONE: u64 = 16;
/// Bytes before the end of a chunk in which its last line's end is looked for first.
const TAIL: usize = 4 << 10;

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
    /// Whether it was read from the file itself, past the reader.
    pub direct: bool,
    /// Bytes that are still to be read, by whoever looks through it.
    planned: usize,
    /// Why fewer bytes could be read than were planned.
    error: Option<io::Error>,
    /// What was seen.
    pub seen: W,
}

impl<W> Chunk<W> {
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Whether the file had less at this place than when the chunk was planned.
    fn is_short(&self) -> bool {
        self.direct && self.filled < self.planned
    }
}

/// Where a chunk ends that begins so.
enum End {
    /// Behind the last line's end of it.
    Line(usize),
    /// Nowhere yet: so many bytes must be seen.
    Widen(usize),
    /// In a line that is longer than the limit.
    Cut(usize),
}

/// Where the chunk ends of which `window` was seen, all but the last `fresh` bytes before.
fn end_of(window: &[u8], fresh: usize, size: usize, longest: usize) -> End {
    let from = window.len() - fresh;
    match memchr::memrchr(b'\n', &window[from..]) {
        Some(at) => End::Line(from + at + 1),
        None if size < longest => End::Widen((size * 2).min(longest.max(size + 1))),
        // Between words, so that no value lies in two pieces.
        None => End::Cut(size - (fresh - lines::cut(&window[from..]))),
    }
}

/// Cuts a stream into chunks that end with a line; the same bytes give the same chunks.
struct Chunks<'r> {
    reader: &'r mut dyn Read,
    longest: usize,
    /// What was read behind the chunk that was given out last.
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
        let buffer = &mut chunk.buffer;
        let mut filled = self.carry.len();
        let mut size = CHUNK;
        if buffer.len() < filled.max(size) {
            buffer.resize(filled.max(size), 0);
        }
        buffer[..filled].copy_from_slice(&self.carry);
        let mut searched = 0;
        let (end, whole) = loop {
            while filled < size && !self.ended {
                match self.reader.read(&mut buffer[filled..size]) {
                    Ok(0) => self.ended = true,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.error = Some(error);
                        self.ended = true;
                    }
                }
            }
            if filled < size {
                break (filled, true);
            }
            match end_of(&buffer[..size], size - searched, size, self.longest) {
                End::Line(end) => break (end, true),
                End::Cut(end) => break (end, false),
                End::Widen(more) => {
                    searched = size;
                    size = more;
                    if buffer.len() < size {
                        buffer.resize(size, 0);
                    }
                }
            }
        };
        self.carry.clear();
        self.carry.extend_from_slice(&buffer[end..filled]);
        chunk.filled = end;
        chunk.offset = self.offset;
        chunk.whole = whole;
        chunk.last = self.ended && end == filled && buffer[..end].last() != Some(&b'\n');
        chunk.direct = false;
        self.offset += end as u64;
        end > 0
    }
}

/// Cuts a file into the same chunks without reading them: only where lines end is looked up, so that each thread reads
/// what it looks through, and no text goes from one core's cache to another's.
struct Plan<'f> {
    file: &'f File,
    longest: usize,
    offset: u64,
    ended: bool,
    error: Option<io::Error>,
    window: Vec<u8>,
}

impl Plan<'_> {
    /// Plans the next chunk; `false` at the end.
    fn next<W>(&mut self, chunk: &mut Chunk<W>) -> bool {
        if self.ended {
            return false;
        }
        let (mut from, mut size) = (CHUNK - TAIL, CHUNK);
        let mut is_tail = true;
        let (end, whole) = loop {
            self.window.resize(size - from, 0);
            let (count, error) = read_at(self.file, &mut self.window, self.offset + from as u64);
            self.error = error;
            if count < self.window.len() {
                // It ends here, or before: whoever reads the chunk tells.
                self.ended = true;
                let most = if count == 0 { self.left(from) } else { from + count };
                break (most, true);
            }
            match end_of(&self.window, count, size, self.longest) {
                End::Line(end) => break (from + end, true),
                _ if is_tail => (from, is_tail) = (0, false),
                End::Cut(end) => break (end, false),
                End::Widen(more) => (from, size) = (size, more),
            }
        };
        chunk.offset = self.offset;
        chunk.whole = whole;
        chunk.direct = true;
        chunk.planned = end;
        chunk.last = self.ended;
        self.offset += end as u64;
        end > 0
    }

    /// Bytes of the file from this chunk's beginning on, `most` at most.
    fn left(&self, most: usize) -> usize {
        let length = self.file.metadata().map_or(0, |meta| meta.len());
        usize::try_from(length.saturating_sub(self.offset)).map_or(most, |left| left.min(most))
    }
}

/// Reads at a place until the buffer is full or nothing more comes.
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_some(file, &mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

#[cfg(unix)]
fn read_some(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_some(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Where further chunks come from.
enum Supply<'a, 'r> {
    Stream(&'a mut Chunks<'r>),
    File(Plan<'a>),
}

impl Supply<'_, '_> {
    fn next<W>(&mut self, chunk: &mut Chunk<W>) -> bool {
        match self {
            Self::Stream(chunks) => chunks.next(chunk),
            Self::File(plan) => plan.next(chunk),
        }
    }
}

/// Reads to the end; `look` sees every chunk on some thread, `take` gets all of them in order on this
/// one. With `jobs` 1 all of it is done here. `file` is given when the reader gives the bytes of a file as they are.
///
/// # Errors
/// What the reader said; what stands before was given out.
pub(crate) fn read<W: Default + Send>(
    reader: &mut dyn Read,
    file: Option<&File>,
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
            return chunks.error.map_or(Ok(()), Err);
        }
        see(&look, &mut chunk, None);
        take(&mut chunk);
        count += 1;
    }
    let (offset, window) = (chunks.offset, Vec::new());
    let error = match file {
        Some(file) => {
            let plan = Plan { file, longest, offset, ended: false, error: None, window };
            in_parallel(Supply::File(plan), Some(file), jobs, &look, &mut take)
        }
        None => in_parallel(Supply::Stream(&mut chunks), None, jobs, &look, &mut take),
    };
    error.or(chunks.error).map_or(Ok(()), Err)
}

/// Looks through a chunk, which is read first when it was only planned.
fn see<W>(look: &(impl Fn(&[u8], &mut W) + Sync), chunk: &mut Chunk<W>, file: Option<&File>) {
    if let Some(file) = file.filter(|_| chunk.direct) {
        if chunk.buffer.len() < chunk.planned {
            chunk.buffer.resize(chunk.planned.max(CHUNK), 0);
        }
        let buffer = &mut chunk.buffer[..chunk.planned];
        (chunk.filled, chunk.error) = read_at(file, buffer, chunk.offset);
        let ends_open = chunk.text().last().is_some_and(|byte| *byte != b'\n');
        chunk.last = (chunk.last || chunk.is_short()) && ends_open;
    }
    let Chunk { buffer, filled, seen, .. } = chunk;
    look(&buffer[..*filled], seen);
}

/// Chunks that wait for each other thread: so that none waits for this one while it looks through a chunk itself.
const AHEAD: u64 = 3;

/// What other threads do, and what comes back from them.
struct Others<W> {
    work: Sender<(u64, Box<Chunk<W>>)>,
    done: Receiver<(u64, Option<Box<Chunk<W>>>)>,
    /// Chunks that are with them.
    out: u64,
    /// Chunks that they had, whose room lies in their caches.
    free: Vec<Box<Chunk<W>>>,
}

/// Reads, and looks through chunks as all others do when they have enough to do: so `jobs` threads work, and none only
/// waits. What was wrong with the file is given back.
fn in_parallel<W: Default + Send>(
    from: Supply<'_, '_>,
    file: Option<&File>,
    jobs: usize,
    look: &(impl Fn(&[u8], &mut W) + Sync),
    take: &mut impl FnMut(&mut Chunk<W>),
) -> Option<io::Error> {
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
                    let result = catch_unwind(AssertUnwindSafe(|| see(look, &mut chunk, file)));
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
        let others = Others { work: to_workers, done, out: 0, free: Vec::new() };
        read_along(from, file, jobs, others, look, take)
    })
}

/// What this thread does; it ends early when another one panicked, which the scope passes on.
fn read_along<W: Default + Send>(
    mut from: Supply<'_, '_>,
    file: Option<&File>,
    jobs: usize,
    mut others: Others<W>,
    look: &(impl Fn(&[u8], &mut W) + Sync),
    take: &mut impl FnMut(&mut Chunk<W>),
) -> Option<io::Error> {
    let ahead = AHEAD * (jobs as u64 - 1);
    // Chunks that this thread looks through, and those that wait for their turn with one that does not come.
    let mut free: Vec<Box<Chunk<W>>> = (0..=jobs).map(|_| Box::default()).collect();
    others.free = (0..ahead + jobs as u64).map(|_| Box::default()).collect();
    let mut waiting: BTreeMap<u64, (Box<Chunk<W>>, bool)> = BTreeMap::new();
    let (mut read, mut taken, mut ended, mut is_over) = (0u64, 0u64, false, false);
    let mut error = None;
    while !ended || taken < read {
        // Each thread keeps its own room, which lies in its core's cache.
        let theirs = others.out < ahead && !others.free.is_empty();
        let next = if theirs { others.free.pop() } else { free.pop() };
        let is_idle = next.is_none();
        if let Some(mut chunk) = next {
            if ended || !from.next(&mut chunk) {
                ended = true;
                if theirs { others.free.push(chunk) } else { free.push(chunk) }
            } else if theirs {
                if others.work.send((read, chunk)).is_err() {
                    return error;
                }
                others.out += 1;
                read += 1;
            } else {
                see(look, &mut chunk, file);
                waiting.insert(read, (chunk, false));
                read += 1;
            }
        }
        // Wait only when there is nothing else to do.
        let is_idle = (ended || is_idle) && !waiting.contains_key(&taken);
        let mut seen = if is_idle && taken < read {
            others.done.recv().map_err(|_| TryRecvError::Disconnected)
        } else {
            others.done.try_recv()
        };
        loop {
            match seen {
                Ok((number, Some(chunk))) => {
                    others.out -= 1;
                    waiting.insert(number, (chunk, true));
                }
                Err(TryRecvError::Empty) => break,
                Ok((_, None)) | Err(TryRecvError::Disconnected) => return error,
            }
            seen = others.done.try_recv();
        }
        while let Some((mut chunk, theirs)) = waiting.remove(&taken) {
            // Nothing comes behind the place where a file was cut while it was read.
            if !is_over && chunk.filled > 0 {
                take(&mut chunk);
            }
            taken += 1;
            if chunk.is_short() && !is_over {
                (is_over, ended) = (true, true);
                error = chunk.error.take();
            }
            if theirs { others.free.push(chunk) } else { free.push(chunk) }
        }
    }
    error.or(match from {
        Supply::File(plan) => plan.error,
        Supply::Stream(_) => None,
    })
}

#[cfg(test)]
mod tests;
