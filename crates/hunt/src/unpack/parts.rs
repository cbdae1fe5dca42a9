//! Streams of many members or frames, which are unpacked on several threads and given out in order.
//!
//! Where a stream can be cut, its form tells (see [`super::members`], [`super::frames`]). Parts are cut while the stream
//! comes in, some of them put together, and unpacked by as many threads as may look through one log. What cannot be cut,
//! or does not unpack alone, goes to the ordinary decoder with all that follows, so that what comes out is the same.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::room::Room;

/// Where the first part of a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// It ends there, and so many bytes come out of it at most.
    Ends { at: usize, size: usize },
    /// More of the stream must be seen.
    More,
    /// It cannot be told.
    Unknown,
}

/// A form of streams that can be cut.
pub(super) trait Form: Copy + Send + 'static {
    /// Where the first part ends of a stream that begins so; `searched` bytes of it were seen before, and `ended` says
    /// whether these are all.
    fn first(self, packed: &[u8], searched: usize, ended: bool) -> First;
    /// All that comes out of parts, each so long and of the size that was told; `None` when they do not unpack alone.
    fn unpack(self, packed: &[u8], parts: &[(usize, usize)]) -> Option<Vec<u8>>;
    /// The ordinary decoder; `begun` says whether parts were unpacked before what is left.
    fn stream<'r>(self, source: Box<dyn Read + 'r>, begun: bool) -> io::Result<Box<dyn Read + 'r>>;
}

/// A part may be so long, and so much may come out of it.
pub(super) const LONGEST: usize = 8 << 20;
pub(super) const LARGEST: usize = 32 << 20;
/// Parts are put together until so much comes out of them, or they are so long.
const WORTH: usize = 1 << 20;
const TOGETHER: usize = 1 << 20;
/// Bytes that are read at once.
const READ: usize = 256 << 10;

/// Some parts that are unpacked together.
struct Unit {
    packed: Arc<Vec<u8>>,
    parts: Vec<(usize, usize)>,
    room: Room,
}

/// What is asked of a worker, and where the answer goes.
type Task = (Arc<Vec<u8>>, Vec<(usize, usize)>, Sender<Option<Vec<u8>>>);

/// Where the text of some parts comes from.
type Answer = Receiver<Option<Vec<u8>>>;

/// Threads that unpack; they end when this is dropped.
struct Workers {
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    fn start<F: Form>(form: F, count: usize) -> Self {
        let (tasks, work) = mpsc::channel::<Task>();
        let work = Arc::new(Mutex::new(work));
        let run = |work: Arc<Mutex<Receiver<Task>>>| {
            move || {
                loop {
                    let next = work.lock().map(|work| work.recv());
                    let Ok(Ok((packed, parts, answer))) = next else { return };
                    // Nobody waits when the reader was dropped.
                    let _ = answer.send(form.unpack(&packed, &parts));
                }
            }
        };
        let threads =
            (0..count).filter_map(|_| thread::Builder::new().spawn(run(Arc::clone(&work))).ok());
        Self { tasks: Some(tasks), threads: threads.collect() }
    }

    fn ask(&self, unit: &Unit) -> Option<Answer> {
        let (answer, answered) = mpsc::channel();
        let task = (Arc::clone(&unit.packed), unit.parts.clone(), answer);
        self.tasks.as_ref().filter(|_| !self.threads.is_empty())?.send(task).ok()?;
        Some(answered)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            // A panic of a decoder was told by the answer that did not come.
            let _ = thread.join();
        }
    }
}

/// A stream that is read in parts.
pub(super) struct Parts<'r, F> {
    form: F,
    source: Box<dyn Read + 'r>,
    /// What was read of the stream and belongs to no part yet.
    packed: Vec<u8>,
    /// So much of it was searched for the end of a part.
    searched: usize,
    ended: bool,
    error: Option<io::Error>,
    /// Whether what follows cannot be cut.
    uncut: bool,
    jobs: usize,
    workers: Option<Workers>,
    waiting: VecDeque<(Unit, Option<Answer>)>,
    text: Cursor<Vec<u8>>,
    /// For what is in `text`.
    room: Option<Room>,
    /// Whether any part was given out.
    begun: bool,
    /// The ordinary decoder, once it has taken over.
    rest: Option<Box<dyn Read + 'r>>,
}

impl<'r, F: Form> Parts<'r, F> {
    /// Reads a stream that begins with `packed` and goes on with `source`, on so many threads.
    pub(super) fn new(form: F, packed: Vec<u8>, source: Box<dyn Read + 'r>, jobs: usize) -> Self {
        Self {
            form,
            source,
            packed,
            searched: 0,
            ended: false,
            error: None,
            uncut: false,
            jobs: jobs.max(1),
            workers: None,
            waiting: VecDeque::new(),
            text: Cursor::default(),
            room: None,
            begun: false,
            rest: None,
        }
    }

    fn read_more(&mut self) {
        let filled = self.packed.len();
        self.packed.resize(filled + READ, 0);
        let count = loop {
            match self.source.read(&mut self.packed[filled..]) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error);
                    break 0;
                }
            }
        };
        self.ended = count == 0;
        self.packed.truncate(filled + count);
    }

    /// Cuts the next parts; `None` at the end, where nothing can be cut, and when there is no room for more.
    fn cut(&mut self) -> Option<Unit> {
        let (mut end, mut size) = (0, 0);
        let mut parts = Vec::new();
        while size < WORTH && end < TOGETHER && !self.uncut {
            if end == self.packed.len() && !self.ended {
                self.read_more();
                continue;
            }
            if end == self.packed.len() {
                break;
            }
            let searched = self.searched.saturating_sub(end);
            match self.form.first(&self.packed[end..], searched, self.ended) {
                First::Ends { at, size: more } if more <= LARGEST && at > 0 => {
                    parts.push((at, more));
                    end += at;
                    size += more;
                    self.searched = end;
                }
                First::More if !self.ended && self.packed.len() - end < LONGEST => {
                    self.searched = self.packed.len();
                    self.read_more();
                }
                // An error of the source comes behind what stands before it, from the decoder.
                _ => self.uncut = true,
            }
        }
        if parts.is_empty() {
            return None;
        }
        let Some(room) = Room::for_bytes(size) else {
            // Cut again when there is some; or, where nothing is held here, never.
            self.uncut = self.waiting.is_empty();
            self.searched = 0;
            return None;
        };
        let rest = self.packed.split_off(end);
        let packed = Arc::new(std::mem::replace(&mut self.packed, rest));
        self.searched = 0;
        Some(Unit { packed, parts, room })
    }

    /// Cuts ahead of what is given out, as far as threads can be kept busy.
    fn cut_ahead(&mut self) {
        let most = if self.jobs > 1 { self.jobs * 2 } else { 1 };
        while self.waiting.len() < most && !self.uncut {
            let Some(unit) = self.cut() else { return };
            if self.jobs > 1 && self.workers.is_none() {
                self.workers = Some(Workers::start(self.form, self.jobs));
            }
            let answer = self.workers.as_ref().and_then(|workers| workers.ask(&unit));
            self.waiting.push_back((unit, answer));
        }
    }

    /// Gets the text of the next parts; `false` when the ordinary decoder must go on, or nothing is left.
    fn next(&mut self) -> io::Result<bool> {
        self.room = None;
        self.text = Cursor::default();
        self.cut_ahead();
        let Some((unit, answer)) = self.waiting.pop_front() else {
            self.go_on(Vec::new())?;
            return Ok(false);
        };
        let text = match answer {
            Some(answer) => answer.recv().ok().flatten(),
            None => self.form.unpack(&unit.packed, &unit.parts),
        };
        let Some(text) = text else {
            self.go_on(vec![unit])?;
            return Ok(false);
        };
        self.begun = true;
        self.text = Cursor::new(text);
        self.room = Some(unit.room);
        Ok(true)
    }

    /// Leaves what was not given out to the ordinary decoder: these parts, those that wait, and all that follows.
    fn go_on(&mut self, first: Vec<Unit>) -> io::Result<()> {
        self.workers = None;
        let waiting = std::mem::take(&mut self.waiting).into_iter().map(|(unit, _)| unit);
        let mut packed = Vec::new();
        for unit in first.into_iter().chain(waiting) {
            packed.extend_from_slice(&unit.packed);
        }
        packed.append(&mut self.packed);
        let failed = Failed(self.error.take());
        // Of a stream without anything the decoder has something to say.
        if packed.is_empty() && self.ended && self.begun {
            self.rest = Some(Box::new(failed));
            return Ok(());
        }
        let source = std::mem::replace(&mut self.source, Box::new(io::empty()));
        let left = Box::new(Cursor::new(packed).chain(failed).chain(source));
        self.rest = Some(self.form.stream(left, self.begun)?);
        Ok(())
    }
}

impl<F: Form> Read for Parts<'_, F> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(rest) = &mut self.rest {
                return rest.read(to);
            }
            let count = self.text.read(to)?;
            if count > 0 || to.is_empty() {
                return Ok(count);
            }
            self.next()?;
        }
    }
}

/// An error that comes once, at its place in a stream.
pub(super) struct Failed(pub Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
