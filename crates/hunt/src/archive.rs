//! Archives: each member is opened as a file of its own.

use std::cell::Cell;
use std::io::{Read, Seek};
use std::rc::Rc;

use jiff::Timestamp;
use lapwing_model::{Problem, ProblemKind};

use crate::context::Context;
use crate::input::{About, failed, open};
use crate::packing::Guard;
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
    reader: R,
    size: u64,
    about: About<'_>,
    report: &mut Report,
) {
    let password = sevenz_rust2::Password::empty();
    let opened = sevenz_rust2::ArchiveReader::new_with_memory_limit(
        reader,
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
        } else {
            ProblemKind::Malformed
        };
        report.problems.push(Problem::fatal(about.name, kind, text));
    }
}

fn too_many(ctx: &Context<'_>, number: usize, name: &str, report: &mut Report) -> bool {
    let most = ctx.options.limits.members;
    if number == most {
        let message = format!("the archive has more than {most} members; the rest was not read");
        report.problems.push(Problem::partial(name, ProblemKind::Limit, message));
    }
    number >= most
}
