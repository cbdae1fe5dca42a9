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
            Ok(member) => open_zipped(ctx, member, &name, about, report),
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

/// Opens a member of a zip archive as a file of its own.
fn open_zipped<R: Read>(
    ctx: &Context<'_>,
    member: zip::read::ZipFile<'_, R>,
    name: &str,
    about: About<'_>,
    report: &mut Report,
) {
    let read = Rc::new(Cell::new(member.compressed_size()));
    let modified = zip_time(&member.extra_data().unwrap_or_default());
    let inner = about.member(name, modified);
    open(ctx, &mut Guard::new(member, read, ctx.options.limits), inner, report);
}

/// When a member was changed, by the fields that state a point in time: Unix' (`UT`) and NTFS'. DOS times have no zone, so
/// they are not used.
fn zip_time(extra: &[u8]) -> Option<Timestamp> {
    const UNIX: u16 = 0x5455;
    const NTFS: u16 = 0x000a;
    /// From 1601 to 1970 in units of 100 ns.
    const EPOCH: i128 = 116_444_736_000_000_000;
    let mut rest = extra;
    let mut found = None;
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        let (kind, size) =
            (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let field = after.get(..usize::from(size))?;
        rest = &after[usize::from(size)..];
        let time = match kind {
            UNIX if field.first().is_some_and(|flags| flags & 1 == 1) => {
                let seconds = field.get(1..5).and_then(|bytes| bytes.try_into().ok());
                seconds.and_then(|b| Timestamp::from_second(i32::from_le_bytes(b).into()).ok())
            }
            // Four bytes that say nothing, then the attribute 1 with its size and three times.
            NTFS if field.get(4..6) == Some(&[1, 0]) => {
                let ticks = field.get(8..16).and_then(|bytes| bytes.try_into().ok());
                let ticks = ticks.map(|b| i128::from(u64::from_le_bytes(b)));
                ticks.and_then(|t| Timestamp::from_nanosecond((t - EPOCH) * 100).ok())
            }
            _ => None,
        };
        found = found.or(time);
    }
    found
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
                open_zipped(ctx, member, &name, about, report);
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
                // The times of this format are points in time.
                let written = entry.has_last_modified_date.then(|| entry.last_modified_date());
                let written = written
                    .and_then(|time| Timestamp::try_from(std::time::SystemTime::from(time)).ok());
                open(ctx, &mut guard, about.member(&name, written), report);
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
    open(ctx, &mut Cursor::new(first).chain(stream), about.member(&name, None), report);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_zip_state_points_in_time() {
        let unix = [&[0x55, 0x54, 5, 0, 3][..], &1_614_733_323i32.to_le_bytes()].concat();
        let ticks = (1_614_733_323u64 * 10_000_000 + 116_444_736_000_000_000).to_le_bytes();
        let ntfs =
            [&[0x0a, 0, 32, 0, 0, 0, 0, 0, 1, 0, 24, 0][..], &ticks, &ticks, &ticks].concat();
        let other = [&[0x75, 0x78, 3, 0, 1, 2, 3][..], &unix].concat();
        for extra in [&unix, &ntfs, &other] {
            let time = zip_time(extra).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Some("2021-03-03T01:02:03Z"), "{extra:x?}");
        }
        for extra in [&[][..], &[0x55, 0x54, 5, 0, 2, 1, 2, 3, 4], &[0x55, 0x54, 9, 0, 3], &[1, 2]]
        {
            assert_eq!(zip_time(extra), None, "{extra:x?}");
        }
    }
}
