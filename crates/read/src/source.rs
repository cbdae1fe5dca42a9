mod package;
mod parts;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use lapwing_model::{Format, Problem, ProblemKind};
use walkdir::WalkDir;

use crate::decode::{decode, encoding};
use crate::detect::{HEAD, Magic, magic, text_format};
use crate::formats::{self, mail, pdf, rtf};
use crate::meter::{Counted, LimitReached, Metered};
use crate::{Input, Item, Limits, Options};

use self::parts::{Parts, cut};

/// Reads a file, a folder (sorted, recursive) or an archive.
///
/// Folders of version control are passed over; links are followed, loops are named.
pub fn read_path(path: &Path, options: &Options, out: &mut dyn FnMut(Item)) {
    Session::run(options, out, |session, out| session.path(path, out));
}

/// Reads a stream, as standard input.
pub fn read_stream(
    name: &str,
    reader: &mut dyn Read,
    options: &Options,
    out: &mut dyn FnMut(Item),
) {
    Session::run(options, out, |session, out| session.stream(name, reader, 0, out));
}

/// Reads bytes at hand.
pub fn read_bytes(name: &str, bytes: &[u8], options: &Options, out: &mut dyn FnMut(Item)) {
    Session::run(options, out, |session, out| session.seekable(name, Cursor::new(bytes), 0, out));
}

/// One call's options, and what it has spent so far.
struct Session<'o> {
    options: &'o Options,
    unpacked: Cell<u64>,
    members: Cell<u64>,
}

/// The first bytes of a stream.
struct Head {
    bytes: Vec<u8>,
    error: Option<io::Error>,
    ended: bool,
}

impl Head {
    fn take(reader: &mut dyn Read) -> Self {
        let mut bytes = Vec::new();
        match reader.take(HEAD as u64).read_to_end(&mut bytes) {
            Ok(n) => Self { ended: n < HEAD, bytes, error: None },
            Err(error) => Self { ended: true, bytes, error: Some(error) },
        }
    }
}

impl<'o> Session<'o> {
    fn run(
        options: &'o Options,
        out: &mut dyn FnMut(Item),
        work: impl FnOnce(&Self, &mut dyn FnMut(Item)),
    ) {
        let session = Self { options, unpacked: Cell::new(0), members: Cell::new(0) };
        work(&session, &mut |mut item| {
            if let Item::Reading(reading) = &mut item {
                options.apply(&mut reading.document);
                // Readers push regions as they find them; the order of start is promised.
                reading.regions.sort_by_key(|r| (r.span.start, std::cmp::Reverse(r.span.end)));
            }
            out(item);
        });
    }

    fn limits(&self) -> &Limits {
        &self.options.limits
    }

    fn path(&self, path: &Path, out: &mut dyn FnMut(Item)) {
        let name = path.display().to_string();
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => self.folder(path, out),
            Ok(_) => self.file(path, &name, out),
            Err(error) => out(Item::Problem(unreadable(&name, &error))),
        }
    }

    fn folder(&self, path: &Path, out: &mut dyn FnMut(Item)) {
        let skipped = |entry: &walkdir::DirEntry| {
            entry.depth() > 0
                && entry.file_type().is_dir()
                && matches!(
                    entry.file_name().to_str(),
                    Some(".git" | ".hg" | ".svn" | ".jj" | "CVS")
                )
        };
        let entries = WalkDir::new(path).follow_links(true).sort_by_file_name();
        for entry in entries.into_iter().filter_entry(|e| !skipped(e)) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => self.file(entry.path(), &entry.path().display().to_string(), out),
                Err(error) => {
                    let name = error.path().unwrap_or(path).display().to_string();
                    let message = if error.loop_ancestor().is_some() {
                        "the link leads back to a folder above it and was not followed".to_owned()
                    } else {
                        format!("cannot be read: {error}")
                    };
                    out(Item::Problem(Problem::partial(name, ProblemKind::Unreadable, message)));
                }
            }
        }
    }

    fn file(&self, path: &Path, name: &str, out: &mut dyn FnMut(Item)) {
        match std::fs::metadata(path) {
            Ok(meta) if !meta.is_file() => {
                let problem = Problem::fatal(
                    name,
                    ProblemKind::Unreadable,
                    "is no regular file (a pipe, socket or device)",
                )
                .hint("pipe its content into standard input");
                return out(Item::Problem(problem));
            }
            Ok(_) => {}
            Err(error) => return out(Item::Problem(unreadable(name, &error))),
        }
        match File::open(path) {
            Ok(file) => self.seekable(name, BufReader::with_capacity(HEAD, file), 0, out),
            Err(error) => out(Item::Problem(unreadable(name, &error))),
        }
    }

    /// Reads what can seek: an archive with its directory at the end needs no copy.
    fn seekable<R: Read + Seek>(
        &self,
        name: &str,
        mut reader: R,
        depth: u32,
        out: &mut dyn FnMut(Item),
    ) {
        let mut first = [0u8; 4];
        let n = reader.read(&mut first).unwrap_or(0);
        if let Err(error) = reader.seek(SeekFrom::Start(0)) {
            return out(Item::Problem(unreadable(name, &error)));
        }
        if magic(&first[..n]) == Magic::Zip {
            return self.zip(name, reader, depth, out);
        }
        self.stream(name, &mut reader, depth, out);
    }

    /// Reads any bytes: an archive member by member, a text or PDF as a document.
    fn stream(&self, name: &str, reader: &mut dyn Read, depth: u32, out: &mut dyn FnMut(Item)) {
        let head = Head::take(reader);
        if head.bytes.is_empty() {
            return out(Item::Problem(match &head.error {
                Some(error) => Self::broken(name, error, true),
                None => Problem::fatal(name, ProblemKind::Malformed, "is empty"),
            }));
        }
        let kind = magic(&head.bytes);
        let container = matches!(kind, Magic::Gzip | Magic::Zstd | Magic::Tar | Magic::Zip);
        if container && depth >= self.limits().depth {
            let message = format!("is an archive inside {depth} others");
            return out(Item::Problem(limit(name, message, "depth", true)));
        }
        let bytes = head.bytes.clone();
        let mut whole = Cursor::new(bytes).chain(&mut *reader);
        match kind {
            Magic::Gzip => {
                let packed = Rc::new(Cell::new(0));
                let counted = Counted { inner: whole, taken: Rc::clone(&packed) };
                let mut inner = self.metered(flate2::read::MultiGzDecoder::new(counted), packed);
                self.stream(name, &mut inner, depth + 1, out);
            }
            Magic::Zstd => {
                let packed = Rc::new(Cell::new(0));
                let counted = Counted { inner: whole, taken: Rc::clone(&packed) };
                match zstd::stream::read::Decoder::new(counted) {
                    Ok(decoder) => {
                        self.stream(name, &mut self.metered(decoder, packed), depth + 1, out);
                    }
                    Err(error) => out(Item::Problem(Self::broken(name, &error, true))),
                }
            }
            Magic::Tar => self.tar(name, &mut whole, depth, out),
            Magic::Zip => {
                let (bytes, error) = self.to_end(&mut whole);
                if let Some(error) = error {
                    out(Item::Problem(Self::broken(name, &error, false)));
                }
                self.zip(name, Cursor::new(bytes), depth, out);
            }
            Magic::Pdf => {
                if let Some(bytes) = self.document_bytes(name, &mut whole, out) {
                    pdf::read(name, &bytes, self.limits().pdf_seconds, out);
                }
            }
            Magic::Rtf => {
                if let Some(bytes) = self.document_bytes(name, &mut whole, out) {
                    rtf::read(name, &bytes, out);
                }
            }
            Magic::Unread(what) => {
                let problem = Problem::fatal(
                    name,
                    ProblemKind::Unsupported,
                    format!("is {what}, which is not read"),
                )
                .hint("unpack or convert it first");
                out(Item::Problem(problem));
            }
            Magic::Binary if self.options.format.is_none() => {
                let problem = Problem::fatal(
                    name,
                    ProblemKind::UnknownFormat,
                    "is a binary file of no format that is read",
                );
                out(Item::Problem(problem));
            }
            Magic::Text if self.options.format.is_none() && mail::looks_like(&head.bytes) => {
                if let Some(bytes) = self.document_bytes(name, &mut whole, out) {
                    self.mail(name, &bytes, depth, out);
                }
            }
            Magic::Binary | Magic::Text => self.text(name, head, reader, out),
        }
    }

    fn metered<R: Read>(&self, inner: R, packed: Rc<Cell<u64>>) -> Metered<'_, R> {
        Metered {
            inner,
            packed,
            here: 0,
            total: &self.unpacked,
            most: self.limits().unpacked_bytes,
            ratio: self.limits().ratio,
        }
    }

    /// Counts a member; `false` when there are too many.
    fn count_member(&self, name: &str, out: &mut dyn FnMut(Item)) -> bool {
        self.members.set(self.members.get() + 1);
        if self.members.get() <= self.limits().members {
            return true;
        }
        let message =
            format!("has more than {} members; the rest was not read", self.limits().members);
        out(Item::Problem(limit(name, message, "members", false)));
        false
    }

    /// Reads to the end, at most the bytes of one document and one more.
    fn to_end(&self, reader: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
        let mut bytes = Vec::new();
        let error = reader.take(self.limits().document_bytes + 1).read_to_end(&mut bytes).err();
        (bytes, error)
    }

    /// The whole bytes of a document; what broke is reported, what came before it is kept.
    fn document_bytes(
        &self,
        name: &str,
        reader: &mut dyn Read,
        out: &mut dyn FnMut(Item),
    ) -> Option<Vec<u8>> {
        let (bytes, error) = self.to_end(reader);
        if bytes.len() as u64 > self.limits().document_bytes {
            let message = format!("is larger than {} bytes", self.limits().document_bytes);
            out(Item::Problem(limit(name, message, "document_bytes", true)));
            return None;
        }
        if let Some(error) = error {
            let fatal = LimitReached::of(&error).is_some() || bytes.is_empty();
            out(Item::Problem(Self::broken(name, &error, fatal)));
            if fatal {
                return None;
            }
        }
        Some(bytes)
    }

    fn text(&self, name: &str, head: Head, reader: &mut dyn Read, out: &mut dyn FnMut(Item)) {
        let decoded = decode(&head.bytes);
        let complete = head.ended;
        let format = match self.options.format {
            Some(format) => format,
            None if self.options.columns.is_some() => Format::Table,
            None => text_format(name, &decoded.text, complete),
        };
        let narrow = encoding(&head.bytes).0.is_ascii_compatible();
        if matches!(format, Format::List | Format::Table) && narrow {
            let lines = crate::detect::whole_lines(&decoded.text, complete).to_owned();
            drop(decoded);
            return self.parts(name, format, &lines, head, reader, out);
        }
        drop(decoded);
        if let Some(error) = &head.error {
            let fatal = LimitReached::of(error).is_some();
            out(Item::Problem(Self::broken(name, error, fatal)));
            if fatal {
                return;
            }
        }
        let rest = if head.error.is_some() { 0 } else { u64::MAX };
        let mut whole = Cursor::new(head.bytes).chain(reader.take(rest));
        let Some(bytes) = self.document_bytes(name, &mut whole, out) else { return };
        if format == Format::Pdf {
            return pdf::read(name, &bytes, self.limits().pdf_seconds, out);
        }
        let decoded = decode(&bytes);
        if let Some(problem) = decoded.problem(name) {
            out(Item::Problem(problem));
        }
        let input = Input { name, raw: &bytes, text: &decoded.text };
        if input.text.trim().is_empty() {
            return out(Item::Problem(Problem::fatal(
                name,
                ProblemKind::Malformed,
                "holds nothing but blanks",
            )));
        }
        formats::read(format, &input, self.options, out);
    }

    /// Reads a list or table part by part: memory does not grow with its size.
    fn parts(
        &self,
        name: &str,
        format: Format,
        lines: &str,
        head: Head,
        reader: &mut dyn Read,
        out: &mut dyn FnMut(Item),
    ) {
        let mut parts = match Parts::new(name, format, lines, self.options) {
            Ok(parts) => parts,
            Err(problem) => return out(Item::Problem(problem)),
        };
        let most = self.limits().part_bytes.max(1024);
        let (mut buffer, mut error, mut ended) = (head.bytes, head.error, head.ended);
        loop {
            if !ended && buffer.len() < most {
                let want = (most - buffer.len()) as u64;
                match reader.take(want).read_to_end(&mut buffer) {
                    Ok(n) => ended = (n as u64) < want,
                    Err(e) => {
                        error = Some(e);
                        ended = true;
                    }
                }
            }
            if ended && error.as_ref().is_some_and(|e| LimitReached::of(e).is_some()) {
                break;
            }
            if ended && buffer.len() <= most {
                parts.read(&buffer, true, out);
                break;
            }
            let cut = cut(&buffer, most);
            parts.read(&buffer[..cut], false, out);
            buffer.drain(..cut);
        }
        parts.finish(out);
        if let Some(error) = error {
            out(Item::Problem(Self::broken(name, &error, LimitReached::of(&error).is_some())));
        }
    }

    /// Says why bytes ended before their time.
    fn broken(name: &str, error: &io::Error, fatal: bool) -> Problem {
        if let Some(reached) = LimitReached::of(error) {
            return limit(name, reached.to_string(), reached.option(), true);
        }
        let (kind, message) = match error.kind() {
            io::ErrorKind::UnexpectedEof => (ProblemKind::Truncated, "ends too early".to_owned()),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                (ProblemKind::Malformed, format!("is damaged: {error}"))
            }
            _ => (ProblemKind::Unreadable, format!("cannot be read: {error}")),
        };
        let problem = if fatal {
            Problem::fatal(name, kind, message)
        } else {
            Problem::partial(name, kind, message)
        };
        if fatal { problem } else { problem.hint("what came before was read") }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Problem {
    Problem::fatal(name, ProblemKind::Unreadable, format!("cannot be opened: {error}"))
}

fn limit(name: &str, message: String, option: &str, fatal: bool) -> Problem {
    let problem = if fatal {
        Problem::fatal(name, ProblemKind::Limit, message)
    } else {
        Problem::partial(name, ProblemKind::Limit, message)
    };
    problem.hint(format!("raise the limit `{option}` if the file is to be trusted"))
}
