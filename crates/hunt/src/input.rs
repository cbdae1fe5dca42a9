//! From a path to its logs: folders, archives, compressed streams; each kind told by its content.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use lapwing_model::{Problem, ProblemKind};

use crate::Limits;
use crate::archive::{un7z, untar, unzip};
use crate::carve;
use crate::cells::csv_delimiter;
use crate::context::Context;
use crate::event_log;
use crate::event_table;
use crate::event_text;
use crate::file;
use crate::journal;
use crate::lines::{self, Returns, Utf16};
use crate::parquet_log;
use crate::report::Report;
use crate::rewritten::{self, Rewritten};
use crate::rotation;
use crate::scan::Scan;
use crate::table_log::{self, Shape};
use crate::transcript;
use crate::unpack::{self, Stream};
use crate::web_tree;
use crate::{baseline, content};

/// What stands in folders and is no file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Symbolic links.
    pub links: u64,
    /// Pipes, sockets and devices.
    pub others: u64,
}

/// All files under the given paths, each once, by folder and log, the oldest part of a log first. Links are not followed: what they lead to is read where it
/// lies, and a circle of links has no end.
pub(crate) fn walk(
    paths: &[PathBuf],
    passed: &mut Passed,
    problems: &mut Vec<Problem>,
) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
                // A link to a folder that was asked for by name is walked; the link itself is nothing.
                Ok(entry) if entry.depth() == 0 && entry.path().is_dir() => {}
                // A pipe is read when it was asked for by name.
                Ok(entry) if entry.depth() == 0 && !entry.file_type().is_dir() => {
                    files.push(entry.into_path());
                }
                Ok(entry) if entry.file_type().is_symlink() => passed.links += 1,
                Ok(entry) if !entry.file_type().is_dir() => passed.others += 1,
                Ok(_) => {}
                Err(error) => {
                    let name = error.path().unwrap_or(path).display().to_string();
                    let message =
                        error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    problems.push(Problem::fatal(name, ProblemKind::Unreadable, message));
                }
            }
        }
    }
    files.sort_by(|a, b| rotation::order(a, b).then_with(|| a.cmp(b)));
    files.dedup();
    files
}

/// What is known of a file or archive member besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub name: &'a str,
    pub modified: Option<Timestamp>,
    pub depth: usize,
    /// The file whose bytes it is as they are, when that may be read at any place.
    pub file: Option<&'a File>,
}

/// Hunts in one file of the file system.
pub(crate) fn hunt_file(ctx: &Context<'_>, path: &Path, report: &mut Report) {
    let name = path.display().to_string();
    ctx.progress.file(&name);
    let opened = File::open(path).and_then(|file| file.metadata().map(|meta| (file, meta)));
    let (file, meta) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let problem = Problem::fatal(name, ProblemKind::Unreadable, error.to_string());
            report.problems.push(problem);
            return;
        }
    };
    let modified = meta.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    let about = About { name: &name, modified, depth: 0, file: None };
    let mut reader = Counted { inner: file, ctx };
    let mut magic = [0u8; 6];
    let (filled, packed) = match fill(&mut reader.inner, &mut magic) {
        Ok(filled) => (filled, packed(&magic)),
        Err(error) => return failed(&name, &error, report),
    };
    if is_device(&meta) {
        // It may have no end.
        let most = ctx.options.limits.whole_file;
        let mut some = Cursor::new(magic[..filled].to_vec()).chain(reader).take(most);
        open(ctx, &mut some, about, report);
        if some.limit() == 0 {
            let message = format!("a device: only its first {most} bytes were read");
            report.problems.push(Problem::partial(name, ProblemKind::Limit, message));
        }
        return;
    }
    if reader.inner.rewind().is_err() {
        // A pipe: what was taken from it stands before the rest.
        let mut whole = Cursor::new(magic[..filled].to_vec()).chain(reader);
        return open(ctx, &mut whole, about, report);
    }
    match packed {
        // These are read from their end, so they need the file itself.
        Some(Packed::Zip) => {
            ctx.progress.bytes(meta.len());
            unzip(ctx, BufReader::new(reader.inner), about, report);
        }
        Some(Packed::SevenZip) => {
            ctx.progress.bytes(meta.len());
            un7z(ctx, BufReader::new(reader.inner), meta.len(), about, report);
        }
        None if parquet_log::is_parquet(&magic) => {
            ctx.progress.bytes(meta.len());
            let mut scan = Scan::new(ctx, &name, report);
            parquet_log::read_file(&mut scan, reader.inner);
            scan.finish();
        }
        _ => {
            let file = reader.inner.try_clone().ok();
            open(ctx, &mut reader, About { file: file.as_ref(), ..about }, report);
        }
    }
}

#[cfg(unix)]
fn is_device(meta: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&meta.file_type())
}

#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Zip,
    SevenZip,
    Tar,
}

impl Packed {
    fn name(self) -> &'static str {
        match self {
            Packed::Gzip => "gzip",
            Packed::Zstd => "zstd",
            Packed::Bzip2 => "bzip2",
            Packed::Xz => "xz",
            Packed::Zip => "zip",
            Packed::SevenZip => "7z",
            Packed::Tar => "tar",
        }
    }
}

/// How a file is packed, by its first bytes.
fn packed(head: &[u8]) -> Option<Packed> {
    match head {
        [0x1f, 0x8b, ..] => Some(Packed::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Some(Packed::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packed::Xz),
        [b'P', b'K', 3, 4, ..] => Some(Packed::Zip),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Packed::SevenZip),
        _ if head.get(257..262) == Some(b"ustar") => Some(Packed::Tar),
        _ => None,
    }
}

/// Tells the progress what was read.
struct Counted<'c, 'h, R> {
    inner: R,
    ctx: &'c Context<'h>,
}

impl<R: Read> Read for Counted<'_, '_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.ctx.progress.bytes(count as u64);
        Ok(count)
    }
}

/// Opens a stream of any kind.
pub(crate) fn open(
    ctx: &Context<'_>,
    reader: &mut dyn Read,
    about: About<'_>,
    report: &mut Report,
) {
    let mut head = vec![0u8; 8192];
    let filled = match fill(reader, &mut head) {
        Ok(filled) => filled,
        Err(error) => return failed(about.name, &error, report),
    };
    head.truncate(filled);
    if head.is_empty() {
        return;
    }
    let mut whole = Cursor::new(head.clone()).chain(reader);
    let Some(packed) = packed(&head) else {
        leaf(ctx, &head, &mut whole, about, report);
        return;
    };
    if about.depth >= ctx.options.limits.depth {
        let message =
            format!("{} nested more than {} deep", packed.name(), ctx.options.limits.depth);
        report.problems.push(Problem::fatal(about.name, ProblemKind::Limit, message));
        return;
    }
    let inner = About { depth: about.depth + 1, file: None, ..about };
    let read = Rc::new(Cell::new(0));
    let mut source = Tally { inner: whole, read: Rc::clone(&read) };
    let limits = ctx.options.limits;
    let stream = match packed {
        Packed::Gzip => Stream::Gzip,
        Packed::Zstd => Stream::Zstd,
        Packed::Bzip2 => Stream::Bzip2,
        Packed::Xz => Stream::Xz,
        Packed::Tar => return untar(ctx, &mut source, inner, report),
        Packed::Zip | Packed::SevenZip => {
            let mut bytes = Vec::new();
            let most = limits.whole_file;
            return match source.take(most + 1).read_to_end(&mut bytes) {
                Ok(_) if bytes.len() as u64 > most => {
                    let message = format!(
                        "a {} inside an archive is larger than {most} bytes",
                        packed.name()
                    );
                    report.problems.push(Problem::fatal(about.name, ProblemKind::Limit, message));
                }
                Ok(size) if packed == Packed::SevenZip => {
                    un7z(ctx, Cursor::new(bytes), size as u64, about, report);
                }
                Ok(_) => unzip(ctx, Cursor::new(bytes), about, report),
                Err(error) => failed(about.name, &error, report),
            };
        }
    };
    match unpack::decoder(stream, source, ctx.jobs) {
        Ok(unpacked) => open(ctx, &mut Guard::new(unpacked, read, limits), inner, report),
        Err(error) => failed(about.name, &error, report),
    }
}

/// Counts the bytes that go into a decoder.
struct Tally<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Stops a stream that unpacks to far more than it is.
pub(crate) struct Guard<R> {
    inner: R,
    out: u64,
    read: Rc<Cell<u64>>,
    ratio: u64,
    from: u64,
}

impl<R> Guard<R> {
    /// Watches what comes out of `inner`, whose packed bytes are counted in `read`.
    pub(crate) fn new(inner: R, read: Rc<Cell<u64>>, limits: Limits) -> Self {
        Self { inner, out: 0, read, ratio: limits.ratio, from: limits.ratio_from }
    }
}

const BOMB: &str = "it unpacks to far more bytes than any log does";

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.out += count as u64;
        if self.out > self.from && self.out / self.ratio.max(1) > self.read.get() {
            return Err(io::Error::other(BOMB));
        }
        Ok(count)
    }
}

pub(crate) fn failed(name: &str, error: &io::Error, report: &mut Report) {
    let kind = match error.kind() {
        io::ErrorKind::UnexpectedEof => ProblemKind::Truncated,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ProblemKind::Malformed,
        _ if error.to_string() == BOMB => ProblemKind::Limit,
        _ => ProblemKind::Unreadable,
    };
    let why = match error.to_string() {
        // What decoders say when their input ends.
        text if text == "failed to fill whole buffer" => "it ends before it is whole".to_owned(),
        text => text,
    };
    let message = format!("{why}; what stands before was read");
    if report.problems.last().is_some_and(|last| last.path == name && last.message == message) {
        return;
    }
    report.problems.push(Problem::partial(name, kind, message));
}

/// What a file without packing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Evtx,
    Journal,
    Parquet,
    Json,
    Xml,
    W3c,
    EventTable(u8),
    EventText,
    Csv(u8),
    Transcript,
    Text,
    /// Programs, pictures and the like, which are no logs.
    Program,
    /// Other bytes, which may hold logs: images of disks, parts of files.
    Binary,
}

impl Kind {
    /// Whether lines mean something in it.
    fn is_lines(self) -> bool {
        !matches!(
            self,
            Kind::Evtx | Kind::Journal | Kind::Parquet | Kind::Program | Kind::Binary | Kind::Xml
        )
    }
}

/// First bytes of files that hold no logs.
const PROGRAMS: &[&[u8]] = &[
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"%PDF",
    b"wOFF",
    b"wOF2",
    b"\0\0\x01\0",
    b"MSCF",
    b"Rar!",
    b"\0asm",
    b"BM",
];

fn kind_of(head: &[u8]) -> Kind {
    if head.starts_with(b"ElfFile\0") {
        return Kind::Evtx;
    }
    if journal::is_export(head) {
        return Kind::Journal;
    }
    if parquet_log::is_parquet(head) {
        return Kind::Parquet;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    // A server that stopped at once leaves blocks of NUL in its log.
    if memchr::memchr(0, head).is_some() && !is_directive(text) {
        if PROGRAMS.iter().any(|magic| head.starts_with(magic)) {
            return Kind::Program;
        }
        if !begins_with_a_line(text) {
            return Kind::Binary;
        }
    }
    if transcript::is_transcript(head) {
        return Kind::Transcript;
    }
    let line_at = |at: usize| memchr::memchr(b'\n', &text[at..]).map(|next| at + next + 1);
    if is_directive(text) {
        return Kind::W3c;
    }
    match text.first() {
        Some(b'{') => return Kind::Json,
        Some(b'[') if text[1..].trim_ascii_start().starts_with(b"{") => return Kind::Json,
        Some(b'<') if memchr::memmem::find(text, b"<Event").is_some() => return Kind::Xml,
        _ => {}
    }
    // evtx_dump puts `Record 1` before each object.
    if text.starts_with(b"Record ") && line_at(0).is_some_and(|at| text[at..].starts_with(b"{")) {
        return Kind::Json;
    }
    let head = String::from_utf8_lossy(text);
    if let Some(delimiter) = event_table::delimiter(&head) {
        return Kind::EventTable(delimiter);
    }
    if event_text::is_events(&head) {
        return Kind::EventText;
    }
    // A cut or rotated W3C log may have its directives further down; Exchange logs may begin with
    // their header row.
    if text.split(|b| *b == b'\n').take(50).any(|line| line.starts_with(b"#Fields")) {
        return Kind::W3c;
    }
    csv_delimiter(&head).map_or(Kind::Text, Kind::Csv)
}

/// Whether a whole line of readable text stands before the first NUL: a log with damage further down.
fn begins_with_a_line(text: &[u8]) -> bool {
    const SHORTEST: usize = 16;
    let Some(end) = memchr::memchr2(0, b'\n', text) else { return false };
    let line = text[..end].trim_ascii_end();
    text[end] == b'\n'
        && line.len() >= SHORTEST
        && std::str::from_utf8(line)
            .is_ok_and(|line| line.chars().all(|c| !c.is_control() || c == '\t'))
}

/// Whether a text begins with a directive of the W3C's log format.
fn is_directive(text: &[u8]) -> bool {
    [
        &b"#Software"[..],
        b"#Version",
        b"#Date",
        b"#Fields",
        b"#Start-Date",
        b"#separator",
        b"#fields",
        b"#Log-type",
    ]
    .iter()
    .any(|directive| text.starts_with(directive))
}

/// What must stand before later lines of a log so that they can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    None,
    /// Nothing; but records end with a blank line.
    Entries,
    /// The names of the columns.
    FirstLine,
    /// Lines that begin with `#`, the latest of each name.
    Directives,
    /// A block between two rules.
    Block,
}

/// How a log that begins so is read on; `None` when it does not grow by lines.
pub(crate) fn heading(head: &[u8]) -> Option<Heading> {
    if packed(head).is_some() || lines::utf16(head).is_some() {
        return None;
    }
    match kind_of(head) {
        Kind::Evtx | Kind::Parquet | Kind::Program | Kind::Binary | Kind::Xml | Kind::EventText => {
            None
        }
        // An array of objects is no list of lines.
        Kind::Json if !head.trim_ascii_start().starts_with(b"{") => None,
        Kind::Journal => Some(Heading::Entries),
        Kind::Json | Kind::Text => Some(Heading::None),
        Kind::W3c => Some(Heading::Directives),
        Kind::EventTable(_) | Kind::Csv(_) => Some(Heading::FirstLine),
        Kind::Transcript => Some(Heading::Block),
    }
}

/// Reads a file that is no archive.
fn leaf(
    ctx: &Context<'_>,
    head: &[u8],
    reader: &mut dyn Read,
    about: About<'_>,
    report: &mut Report,
) {
    if !ctx.wants(about.name) {
        return;
    }
    let mut settings;
    let reader: &mut dyn Read = if about.name.contains('!') && !ctx.second && ctx.only.is_none() {
        settings = member(about.name, reader, report);
        &mut settings
    } else {
        reader
    };
    let encoding = lines::utf16(head);
    let decoded;
    let told_by = match encoding {
        Some(encoding) => {
            let even = head.len() / 2 * 2;
            decoded = encoding.decode(&head[..even]).0.into_owned().into_bytes();
            &decoded[..]
        }
        None => head,
    };
    let returns = lines::has_returns_only(told_by);
    let fed;
    let told_by = if returns {
        let mut text = told_by.to_vec();
        lines::returns_to_feeds(&mut text, None);
        fed = text;
        &fed[..]
    } else {
        told_by
    };
    let kind = kind_of(told_by);
    let rewrite = (kind == Kind::Text).then(|| rewritten::rewriting(told_by)).flatten();
    let told;
    let told_by = match rewrite {
        Some(rewrite) => {
            let mut text = told_by.to_vec();
            rewrite(&mut text);
            told = text;
            &told[..]
        }
        None => told_by,
    };
    let returns = returns && kind.is_lines();
    let mut scan = Scan::new(ctx, about.name, report);
    let written = || about.modified.filter(|_| ctx.options.file_times);
    scan.clock.last_day = rotation::day_of(about.name)
        .or_else(|| Some(written()?.to_zoned(jiff::tz::TimeZone::UTC).date()));
    let modified = about.modified.filter(|_| ctx.options.file_times);
    // Files in web roots, and programs when there are hashes to compare, are read whole.
    let on_disk = !ctx.second
        && !matches!(
            kind,
            Kind::Evtx | Kind::W3c | Kind::Journal | Kind::EventTable(_) | Kind::EventText
        );
    if on_disk {
        file::name(&mut scan, about.name, modified);
    }
    let wanted = on_disk
        && file::is_wanted(
            ctx,
            about.name,
            matches!(kind, Kind::Binary | Kind::Program | Kind::Text),
        );
    let has_rules = ctx.content_rules().is_some();
    let mut kept = Cursor::new(Vec::new());
    let mut short;
    let reader: &mut dyn Read = if wanted || has_rules || on_disk && ctx.baseline().is_some() {
        let most = ctx.options.limits.whole_file;
        if let Err(error) = reader.take(most + 1).read_to_end(kept.get_mut()) {
            failed(about.name, &error, scan.report);
        }
        if kept.get_ref().len() as u64 > most {
            let how = if has_rules { "by hash, content or YARA" } else { "by hash or content" };
            let message = format!("larger than {most} bytes, so not compared {how}");
            scan.problem(ProblemKind::Limit, message, None);
        } else {
            if wanted {
                file::content(&mut scan, about.name, kept.get_ref(), modified);
            }
            if on_disk {
                baseline::compare(&mut scan, kept.get_ref(), modified);
            }
            content::scan(&mut scan, kept.get_ref(), is_log(kind, head), modified);
        }
        short = kept.chain(reader);
        &mut short
    } else {
        reader
    };
    if kind == Kind::Program {
        scan.report.binaries += 1;
        return;
    }
    let mut utf8;
    let reader: &mut dyn Read = match encoding {
        Some(encoding) => {
            utf8 = Utf16::new(reader, encoding);
            &mut utf8
        }
        None => reader,
    };
    let file = about.file.filter(|_| encoding.is_none() && !returns && rewrite.is_none());
    let mut feeds;
    let reader: &mut dyn Read = if returns {
        feeds = Returns::new(reader);
        &mut feeds
    } else {
        reader
    };
    let mut as_others;
    let reader: &mut dyn Read = match rewrite {
        Some(rewrite) => {
            as_others = Rewritten::new(reader, rewrite);
            &mut as_others
        }
        None => reader,
    };
    let result = match kind {
        Kind::Evtx => carve::read_evtx(&mut scan, reader),
        Kind::Journal => journal::read(&mut scan, reader),
        Kind::Parquet => parquet_log::read_member(&mut scan, reader),
        Kind::EventTable(delimiter) => event_table::read(&mut scan, reader, delimiter),
        Kind::EventText => event_text::read(&mut scan, reader),
        Kind::Transcript => transcript::read(&mut scan, reader),
        Kind::Binary => carve::read_raw(&mut scan, reader).map(|chunks| {
            scan.report.binaries += u64::from(chunks == 0);
        }),
        Kind::Json => event_log::read_json(&mut scan, reader),
        Kind::Xml => event_log::read_xml(&mut scan, reader),
        Kind::W3c => table_log::read(&mut scan, reader, Shape::W3c, told_by, file),
        Kind::Csv(delimiter) => {
            table_log::read(&mut scan, reader, Shape::Csv { delimiter }, told_by, file)
        }
        Kind::Text | Kind::Program => {
            table_log::read(&mut scan, reader, Shape::Text, told_by, file)
        }
    };
    scan.finish();
    if let Err(error) = result {
        failed(about.name, &error, report);
    }
}

/// Notes what a member of an archive tells of folders that are served; gives the member as it was.
fn member<'r>(
    name: &str,
    reader: &'r mut dyn Read,
    report: &mut Report,
) -> io::Chain<Cursor<Vec<u8>>, &'r mut dyn Read> {
    let mut text = Vec::new();
    if web_tree::is_settings(name)
        && let Err(error) = reader.take(web_tree::LONGEST).read_to_end(&mut text)
    {
        failed(name, &error, report);
    }
    report.members.note(name, || Some(String::from_utf8_lossy(&text).into_owned()));
    Cursor::new(text).chain(reader)
}

/// Whether the lines of a file are records, not parts of one thing.
fn is_log(kind: Kind, head: &[u8]) -> bool {
    match kind {
        Kind::Evtx
        | Kind::Journal
        | Kind::Parquet
        | Kind::W3c
        | Kind::EventTable(_)
        | Kind::EventText
        | Kind::Csv(_)
        | Kind::Transcript => true,
        Kind::Json => head.trim_ascii_start().starts_with(b"{") && head.contains(&b'\n'),
        Kind::Xml => memchr::memmem::find(head, b"<Event").is_some(),
        Kind::Program | Kind::Binary => false,
        Kind::Text => content::begins_like_a_log(head),
    }
}

pub(crate) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if filled == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_kind() {
        for (head, kind) in [
            (&b"#Software: Microsoft Internet Information Services 10.0\r\n"[..], Kind::W3c),
            (b"\xef\xbb\xbf#Fields: date time c-ip\n", Kind::W3c),
            (b"#Version: 1.0\n#Fields: date time c-ip\n\0\0\0\0", Kind::W3c),
            (b"DateTime,RequestId,MajorVersion\n#Software: Microsoft Exchange Server\n#Fields: DateTime,RequestId\n", Kind::W3c),
            (b"ElfFile\0\0\0", Kind::Evtx),
            (b"{\"EventID\": 1}\n", Kind::Json),
            (b"[ {\"EventID\": 1}]", Kind::Json),
            (b"<?xml version='1.0'?><Events><Event xmlns='x'>", Kind::Xml),
            (b"a,b,c\n1,2,3\n", Kind::Csv(b',')),
            (b"Mar  3 01:02:03 host sshd[1]: text\n", Kind::Text),
            (b"MZ\x90\0\x03", Kind::Program),
            (b"\xeb\x52\x90NTFS\0", Kind::Binary),
            (b"Mar  3 01:02:03 host sshd[1]: text\n\0\0\0\0\nMar  3", Kind::Text),
            (b"SQLite format 3\0\x10", Kind::Binary),
            (b"short\n\0\0", Kind::Binary),
            (b"__CURSOR=s=1\n", Kind::Journal),
            (b"PAR1\x15\0", Kind::Parquet),
            (b"\"Message\",\"Id\",\"LogName\"\n", Kind::EventTable(b',')),
            (b"\xef\xbb\xbf**********************\nWindows PowerShell transcript start\n", Kind::Transcript),
        ] {
            assert_eq!(kind_of(head), kind, "{}", String::from_utf8_lossy(head));
        }
    }
}
