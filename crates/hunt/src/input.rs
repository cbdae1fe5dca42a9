//! From a path to its logs: folders, archives, compressed streams; each kind told by its content.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use lapwing_model::{Problem, ProblemKind};

use crate::archive::{un7z, untar, unzip};
use crate::context::Context;
use crate::leaf::leaf;
use crate::packing::{BOMB, Guard, Packed, Tally, packed};
use crate::parquet_log;
use crate::report::Report;
use crate::rewritten::Rewrite;
use crate::rotation;
use crate::scan::Scan;
use crate::unpack::{self, Stream};

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
    /// What is to be rewritten in it, when that is known from elsewhere.
    pub rewrite: Option<Rewrite>,
}

impl About<'_> {
    /// What is known of a member of the archive that this is about.
    pub(crate) fn member<'n>(&self, name: &'n str, modified: Option<Timestamp>) -> About<'n> {
        About { name, modified, depth: self.depth + 1, file: None, rewrite: None }
    }
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
    let about = About { name: &name, modified, depth: 0, file: None, rewrite: None };
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

/// What decoders say when their input ends.
const ENDS_EARLY: &[&str] = &[
    "failed to fill whole buffer",
    "incomplete deflate stream",
    "incomplete frame",
    "unexpected EOF",
    "unexpected end of file",
    "EOF reached",
];

pub(crate) fn failed(name: &str, error: &io::Error, report: &mut Report) {
    let text = error.to_string();
    let kind = match error.kind() {
        _ if ENDS_EARLY.iter().any(|words| text.contains(words)) => ProblemKind::Truncated,
        io::ErrorKind::UnexpectedEof => ProblemKind::Truncated,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ProblemKind::Malformed,
        _ if text == BOMB => ProblemKind::Limit,
        _ => ProblemKind::Unreadable,
    };
    let message = if kind == ProblemKind::Truncated {
        "it ends before it is whole; what stands before was read; copy it again from where it lies"
            .to_owned()
    } else {
        format!("{text}; what stands before was read")
    };
    if report.problems.last().is_some_and(|last| last.path == name && last.message == message) {
        return;
    }
    report.problems.push(Problem::partial(name, kind, message));
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
