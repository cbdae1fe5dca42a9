//! Archives: each member is opened as a file of its own.

use std::cell::Cell;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use jiff::Timestamp;
use lapwing_model::{Problem, ProblemKind};

use crate::context::Context;
use crate::input::{About, failed, open};
use crate::packing::{Guard, Tally};
use crate::report::Report;

/// Dictionaries and models of a 7z or xz decoder may take so many KiB.
pub(crate) const DECODER_MEMORY: u32 = 100 << 10;

pub(crate) fn untar(
    ctx: &Context<'_>,
    reader: &mut dyn Read,
    about: About<'_>,
    report: &mut Report,
) {
    let mut archive = tar::Archive::new(reader);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return failed(about.name, &error, report),
    };
    for (number, entry) in entries.enumerate() {
        if too_many(ctx, number, about.name, report) {
            return;
        }
        match entry {
            Ok(mut entry) if entry.header().entry_type().is_file() => {
                let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let name = format!("{}!{path}", about.name);
                let seconds = entry.header().mtime().ok().and_then(|s| i64::try_from(s).ok());
                let modified = seconds.and_then(|s| Timestamp::from_second(s).ok());
                open(ctx, &mut entry, About { name: &name, modified, file: None, ..about }, report);
            }
            Ok(_) => {}
            Err(error) => return failed(about.name, &error, report),
        }
    }
}

pub(crate) fn unzip<R: Read + Seek>(
    ctx: &Context<'_>,
    mut reader: R,
    about: About<'_>,
    report: &mut Report,
) {
    let mut archive = match zip::ZipArchive::new(&mut reader) {
        Ok(archive) => archive,
        Err(error) => {
            let read = unzip_without_directory(ctx, &mut reader, about, report);
            let problem = if read == 0 {
                Problem::fatal(about.name, ProblemKind::Malformed, error.to_string())
            } else {
                let message = format!(
                    "{error}; what stands before the damage was read by the members' own headers ({read})"
                );
                Problem::partial(about.name, ProblemKind::Malformed, message)
            };
            report.problems.push(problem);
            return;
        }
    };
    for number in 0..archive.len() {
        if too_many(ctx, number, about.name, report) {
            return;
        }
        let shown = archive.name_for_index(number).map_or_else(
            || format!("#{number}"),
            |name| name.map_or_else(|_| format!("#{number}"), std::borrow::Cow::into_owned),
        );
        let name = format!("{}!{shown}", about.name);
        match archive.by_index(number) {
            Ok(member) if member.is_dir() => {}
            Ok(member) => {
                let read = Rc::new(Cell::new(member.compressed_size()));
                let mut guard = Guard::new(member, read, ctx.options.limits);
                // DOS times have no zone, so they are not used.
                let inner = About {
                    name: &name,
                    modified: None,
                    depth: about.depth + 1,
                    file: None,
                    rewrite: None,
                };
                open(ctx, &mut guard, inner, report);
            }
            Err(error) => {
                let mut text = error.to_string();
                let kind = if text.to_ascii_lowercase().contains("password") {
                    "it is encrypted: unpack it with its password and give what comes out"
                        .clone_into(&mut text);
                    ProblemKind::Encrypted
                } else {
                    ProblemKind::Malformed
                };
                report.problems.push(Problem::fatal(name, kind, text));
            }
        }
    }
}

/// Opens the members of an archive whose end, where its directory stands, is damaged or missing; gives their number.
fn unzip_without_directory<R: Read + Seek>(
    ctx: &Context<'_>,
    reader: &mut R,
    about: About<'_>,
    report: &mut Report,
) -> usize {
    if reader.rewind().is_err() {
        return 0;
    }
    let mut number = 0;
    while !too_many(ctx, number, about.name, report) {
        match zip::read::read_zipfile_from_stream(reader) {
            Ok(Some(member)) if member.is_dir() => {}
            Ok(Some(member)) => {
                let shown = member
                    .name()
                    .map_or_else(|_| format!("#{number}"), std::borrow::Cow::into_owned);
                let name = format!("{}!{shown}", about.name);
                let read = Rc::new(Cell::new(member.compressed_size()));
                let inner = About {
                    name: &name,
                    modified: None,
                    depth: about.depth + 1,
                    file: None,
                    rewrite: None,
                };
                open(ctx, &mut Guard::new(member, read, ctx.options.limits), inner, report);
                number += 1;
            }
            Ok(None) | Err(_) => break,
        }
    }
    number
}

pub(crate) fn un7z<R: Read + Seek>(
    ctx: &Context<'_>,
    mut reader: R,
    size: u64,
    about: About<'_>,
    report: &mut Report,
) {
    let password = sevenz_rust2::Password::empty();
    let opened = sevenz_rust2::ArchiveReader::new_with_memory_limit(
        &mut reader,
        password,
        DECODER_MEMORY as usize,
    );
    let result = opened.and_then(|mut archive| {
        archive.set_thread_count(1);
        let mut number = 0;
        // Blocks hold many files: the whole archive is what so many bytes may come out of.
        let read = Rc::new(Cell::new(size));
        archive.for_each_entries(|entry, member| {
            if too_many(ctx, number, about.name, report) {
                return Ok(false);
            }
            number += 1;
            if !entry.is_directory() {
                let name = format!("{}!{}", about.name, entry.name());
                let mut guard = Guard::new(member, Rc::clone(&read), ctx.options.limits);
                let inner = About {
                    name: &name,
                    modified: None,
                    depth: about.depth + 1,
                    file: None,
                    rewrite: None,
                };
                open(ctx, &mut guard, inner, report);
            }
            Ok(true)
        })
    });
    if let Err(error) = result {
        let mut text = error.to_string();
        let lower = text.to_ascii_lowercase();
        let kind = if lower.contains("password") || lower.contains("aes") {
            "the archive, or the rest of it, is encrypted: unpack it with its password and give what comes out"
                .clone_into(&mut text);
            ProblemKind::Encrypted
        } else if matches!(error, sevenz_rust2::Error::MaxMemLimited { .. }) {
            ProblemKind::Limit
        } else if ["next header", "next_header", "fill whole buffer"]
            .iter()
            .any(|sign| lower.contains(sign))
        {
            let read = un7z_without_end(ctx, &mut reader, about, report);
            let what = if read {
                "what stands before was read as one file"
            } else {
                "nothing of it could be read"
            };
            text = format!(
                "the archive is cut: its end, which tells what lies in it, is missing; {what}; copy it again from where it lies"
            );
            ProblemKind::Truncated
        } else {
            ProblemKind::Malformed
        };
        report.problems.push(Problem::fatal(about.name, kind, text));
    }
}

/// Reads what stands first in a 7z archive whose end is missing, when it is packed as these archives are by default; `false`
/// when it is not.
fn un7z_without_end<R: Read + Seek>(
    ctx: &Context<'_>,
    reader: &mut R,
    about: About<'_>,
    report: &mut Report,
) -> bool {
    /// The header has so many bytes.
    const HEADER: u64 = 32;
    /// The largest window that a common level of packing has.
    const WINDOW: u32 = 64 << 20;
    let mut control = [0];
    let begins = reader.seek(SeekFrom::Start(HEADER)).is_ok()
        && reader.read_exact(&mut control).is_ok()
        && reader.seek(SeekFrom::Start(HEADER)).is_ok()
        // A stream of LZMA2 begins with an empty window.
        && matches!(control[0], 1 | 0xe0..);
    if !begins {
        return false;
    }
    let read = Rc::new(Cell::new(0));
    let source = Tally { inner: BufReader::new(reader), read: Rc::clone(&read) };
    let stream = lzma_rust2::Lzma2Reader::new(source, WINDOW, None);
    let mut stream = Guard::new(stream, read, ctx.options.limits);
    let mut first = [0];
    if !stream.read(&mut first).is_ok_and(|count| count == 1) {
        return false;
    }
    let name = format!("{}!what stands before the cut", about.name);
    let depth = about.depth + 1;
    let inner = About { name: &name, modified: None, depth, file: None, rewrite: None };
    open(ctx, &mut Cursor::new(first).chain(stream), inner, report);
    true
}

fn too_many(ctx: &Context<'_>, number: usize, name: &str, report: &mut Report) -> bool {
    let most = ctx.options.limits.members;
    if number == most {
        let message = format!("the archive has more than {most} members; the rest was not read");
        report.problems.push(Problem::partial(name, ProblemKind::Limit, message));
    }
    number >= most
}
