use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use lapwing_model::{Format, Problem, ProblemKind};
use walkdir::WalkDir;

use crate::decode::{decode, encoding};
use crate::detect::{HEAD, Magic, magic, text_format};
use crate::formats::{self, docx, list, mail, pdf, rtf, table, workbook};
use crate::meter::{Counted, LimitReached, Metered, RATIO_FROM};
use crate::{Input, Item, Limits, Options};

/// Bytes that one part of a DOCX may unpack to: 64 MiB.
const DOCX_PART: u64 = 64 << 20;

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

    fn tar(&self, name: &str, reader: &mut dyn Read, depth: u32, out: &mut dyn FnMut(Item)) {
        let mut archive = tar::Archive::new(reader);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return out(Item::Problem(Self::broken(name, &error, true))),
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return out(Item::Problem(Self::broken(name, &error, false))),
            };
            if !entry.header().entry_type().is_file() {
                continue;
            }
            if !self.count_member(name, out) {
                return;
            }
            let member = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            self.stream(&format!("{name}!{member}"), &mut entry, depth + 1, out);
        }
    }

    fn zip<R: Read + Seek>(
        &self,
        name: &str,
        mut reader: R,
        depth: u32,
        out: &mut dyn FnMut(Item),
    ) {
        if depth >= self.limits().depth {
            let message = format!("is an archive inside {depth} others");
            return out(Item::Problem(limit(name, message, "depth", true)));
        }
        let (size, entries) = zip_end(&mut reader);
        let mut archive = match zip::ZipArchive::new(reader) {
            Ok(archive) => archive,
            Err(error) => {
                let message = format!("cannot be read as a ZIP archive: {error}");
                return out(Item::Problem(
                    Problem::fatal(name, ProblemKind::Malformed, message)
                        .hint("fetch it again, or unpack what is left of it first"),
                ));
            }
        };
        if docx::is_docx(&archive) {
            return self.docx(name, archive, out);
        }
        if workbook::is_workbook(&archive) {
            return self.workbook(name, &mut archive, depth, out);
        }
        if archive.file_names().any(
            |n| matches!(n, Ok(n) if n == "[Content_Types].xml" || n == "META-INF/manifest.xml"),
        ) {
            let problem = Problem::fatal(
                name,
                ProblemKind::Unsupported,
                "is an Office document other than DOCX and XLSX, which is not read",
            )
            .hint("save it as DOCX, XLSX, PDF, HTML, CSV or text");
            return out(Item::Problem(problem));
        }
        if entries > archive.len() {
            let message = format!(
                "declares {entries} members, of which {} have a name of their own; of those that share one, the last was read",
                archive.len()
            );
            out(Item::Problem(
                Problem::partial(name, ProblemKind::Malformed, message).hint("unpack it first"),
            ));
        }
        let before = self.unpacked.get();
        for at in 0..archive.len() {
            if !self.count_member(name, out) {
                return;
            }
            // Members may share their packed bytes: the whole must keep to the ratio as well.
            let here = self.unpacked.get() - before;
            if here > RATIO_FROM && here / size.max(1) > self.limits().ratio {
                let reached = LimitReached::Ratio(self.limits().ratio);
                let problem = limit(name, reached.to_string(), reached.option(), false);
                return out(Item::Problem(problem.at(format!("member {}", at + 1))));
            }
            let member = match archive.by_index_raw(at) {
                Ok(entry) if entry.is_dir() => continue,
                Ok(entry) => {
                    let member = String::from_utf8_lossy(entry.name_raw()).into_owned();
                    if entry.encrypted() {
                        let problem = Problem::fatal(
                            format!("{name}!{member}"),
                            ProblemKind::Encrypted,
                            "is protected by a password",
                        )
                        .hint("unpack it first");
                        out(Item::Problem(problem));
                        continue;
                    }
                    (member, entry.compressed_size())
                }
                Err(error) => {
                    let problem = Problem::partial(
                        name,
                        ProblemKind::Malformed,
                        format!("a member cannot be read: {error}"),
                    );
                    out(Item::Problem(problem.at(format!("member {}", at + 1))));
                    continue;
                }
            };
            let path = format!("{name}!{}", member.0);
            match archive.by_index(at) {
                Ok(entry) => {
                    let packed = Rc::new(Cell::new(member.1));
                    self.stream(&path, &mut self.metered(entry, packed), depth + 1, out);
                }
                Err(error) => {
                    let problem = Problem::fatal(
                        path,
                        ProblemKind::Unsupported,
                        format!("cannot be unpacked: {error}"),
                    );
                    out(Item::Problem(problem));
                }
            }
        }
    }

    /// Reads the text of a message, and its attachments as members.
    fn mail(&self, name: &str, raw: &[u8], depth: u32, out: &mut dyn FnMut(Item)) {
        if depth >= self.limits().depth {
            let message = format!("is a message inside {depth} others");
            return out(Item::Problem(limit(name, message, "depth", true)));
        }
        let (envelope, mut parts) = mail::parts(raw);
        parts.retain(|part| !part.bytes.trim_ascii().is_empty());
        if parts.is_empty() {
            let problem = Problem::fatal(name, ProblemKind::Malformed, "is a message without text");
            return out(Item::Problem(problem));
        }
        for part in parts {
            if !self.count_member(name, out) {
                return;
            }
            let mut bytes = part.bytes.as_slice();
            match part.name {
                Some(member) => {
                    self.stream(&format!("{name}!{member}"), &mut bytes, depth + 1, out);
                }
                None => self.stream(name, &mut bytes, depth + 1, &mut |mut item| {
                    if let Item::Reading(reading) = &mut item {
                        envelope.describe(&mut reading.document);
                    }
                    out(item);
                }),
            }
        }
    }

    /// Reads each sheet of a workbook as a member of its own.
    fn workbook<R: Read + Seek>(
        &self,
        name: &str,
        archive: &mut zip::ZipArchive<R>,
        depth: u32,
        out: &mut dyn FnMut(Item),
    ) {
        let most = self.limits().document_bytes.min(DOCX_PART);
        let (sheets, problems) = workbook::sheets(name, archive, most);
        for problem in problems {
            out(Item::Problem(problem));
        }
        for sheet in sheets {
            if !self.count_member(name, out) {
                return;
            }
            let path = format!("{name}!{}", sheet.name);
            self.stream(&path, &mut sheet.csv.as_bytes(), depth + 1, out);
        }
    }

    /// Reads a DOCX as one document: its bytes are those of the archive.
    fn docx<R: Read + Seek>(
        &self,
        name: &str,
        archive: zip::ZipArchive<R>,
        out: &mut dyn FnMut(Item),
    ) {
        let mut reader = archive.into_inner();
        if let Err(error) = reader.seek(SeekFrom::Start(0)) {
            return out(Item::Problem(unreadable(name, &error)));
        }
        let Some(raw) = self.document_bytes(name, &mut reader, out) else { return };
        match zip::ZipArchive::new(Cursor::new(raw.as_slice())) {
            Ok(mut archive) => {
                let most = self.limits().document_bytes.min(DOCX_PART);
                docx::read(name, &raw, &mut archive, most, out);
            }
            Err(error) => {
                let message = format!("cannot be read as a ZIP archive: {error}");
                out(Item::Problem(Problem::fatal(name, ProblemKind::Malformed, message)));
            }
        }
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

/// The size of a ZIP archive in bytes and the number of members that its end declares (0 where
/// there is no end, or where ZIP64 counts elsewhere).
fn zip_end<R: Read + Seek>(reader: &mut R) -> (u64, usize) {
    // The end record is 22 bytes and a comment of at most 65,535 (APPNOTE 4.3.16).
    let mut look = || -> io::Result<(u64, usize)> {
        let size = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(size.saturating_sub(22 + 65_535)))?;
        let mut tail = Vec::new();
        reader.read_to_end(&mut tail)?;
        reader.seek(SeekFrom::Start(0))?;
        let declared = memchr::memmem::rfind(&tail, b"PK\x05\x06")
            .and_then(|at| tail.get(at + 10..at + 12))
            .map_or(0, |count| u16::from_le_bytes([count[0], count[1]]));
        Ok((size, if declared == u16::MAX { 0 } else { usize::from(declared) }))
    };
    // What cannot be read is named when the archive is opened.
    look().unwrap_or((0, 0))
}

/// Where to cut a buffer: behind the last line end that is in no quoted field.
fn cut(buffer: &[u8], most: usize) -> usize {
    let window = &buffer[..buffer.len().min(most)];
    let mut ends = memchr::memrchr_iter(b'\n', window);
    let Some(last) = ends.next() else { return char_boundary(window) };
    let mut quotes = memchr::memchr_iter(b'"', &window[..last]).count();
    let mut end = last;
    // A few lines back at most: with a stray quote the count is odd all the way.
    for _ in 0..256 {
        if quotes.is_multiple_of(2) {
            return end + 1;
        }
        let Some(before) = ends.next() else { break };
        quotes -= memchr::memchr_iter(b'"', &window[before..end]).count();
        end = before;
    }
    last + 1
}

/// The longest prefix that ends on a whole character of UTF-8.
fn char_boundary(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3).take_while(|b| **b & 0xc0 == 0x80).count();
    match bytes.len().checked_sub(tail + 1) {
        Some(at) if at > 0 && bytes[at] >= 0xc0 => at,
        _ => bytes.len(),
    }
}

/// A list or a table on its way through its parts.
struct Parts<'n> {
    name: &'n str,
    reader: PartReader,
    number: usize,
}

enum PartReader {
    List(list::Reader),
    Table(Box<table::Reader>),
}

impl<'n> Parts<'n> {
    fn new(name: &'n str, format: Format, lines: &str, options: &Options) -> Result<Self, Problem> {
        let reader = if format == Format::List {
            PartReader::List(list::Reader::new(name))
        } else {
            let layout = table::forced(lines, options.columns.as_deref());
            let layout = layout.ok_or_else(|| {
                Problem::fatal(
                    name,
                    ProblemKind::Malformed,
                    "has no columns that can be told apart",
                )
                .hint("name the columns, or read it as text")
            })?;
            PartReader::Table(Box::new(table::Reader::new(layout)))
        };
        Ok(Self { name, reader, number: 0 })
    }

    fn read(&mut self, raw: &[u8], last: bool, out: &mut dyn FnMut(Item)) {
        self.number += 1;
        let decoded = decode(raw);
        let alone = last && self.number == 1;
        let name =
            if alone { self.name.to_owned() } else { format!("{}#{}", self.name, self.number) };
        if let Some(problem) = decoded.problem(&name) {
            out(Item::Problem(problem));
        }
        if decoded.text.trim().is_empty() {
            if alone {
                out(Item::Problem(Problem::fatal(
                    name,
                    ProblemKind::Malformed,
                    "holds nothing but blanks",
                )));
            }
            return;
        }
        let input = Input { name: &name, raw, text: &decoded.text };
        let mut reading = match &mut self.reader {
            PartReader::List(list) => list.part(&input),
            PartReader::Table(table) => table.part(&input, out),
        };
        if !alone {
            reading.document.container = Some(self.name.to_owned());
        }
        out(Item::Reading(Box::new(reading)));
    }

    fn finish(&self, out: &mut dyn FnMut(Item)) {
        if let PartReader::Table(table) = &self.reader {
            table.finish(self.name, out);
        }
    }
}
