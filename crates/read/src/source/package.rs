//! Files of files: archives, messages with their attachments, workbooks, DOCX.

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use lapwing_model::{Problem, ProblemKind};

use super::{Session, limit, unreadable};
use crate::Item;
use crate::formats::{docx, mail, workbook};
use crate::meter::{LimitReached, RATIO_FROM};

/// Bytes that one part of a DOCX may unpack to: 64 MiB.
const DOCX_PART: u64 = 64 << 20;

impl Session<'_> {
    pub(super) fn tar(
        &self,
        name: &str,
        reader: &mut dyn Read,
        depth: u32,
        out: &mut dyn FnMut(Item),
    ) {
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

    pub(super) fn zip<R: Read + Seek>(
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
    pub(super) fn mail(&self, name: &str, raw: &[u8], depth: u32, out: &mut dyn FnMut(Item)) {
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
