//! PDF: letters with their places, put together to words, rows, columns, tables and paragraphs.
//!
//! A foreign parser works on a thread of its own: its panics and endless loops cost one file.

mod blocks;
mod catalog;
mod flow;
mod furniture;
mod glyphs;
mod layout;
mod rows;
mod streams;
mod tables;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use hayro_syntax::metadata::Metadata;
use hayro_syntax::object::DateTime;
use lapwing_model::{Document, Format, PartialDate, Problem, ProblemKind, Reading};

use super::prose;
use crate::{Item, dates};
use catalog::Catalog;
use glyphs::{Failure, Message, Page};

/// Pages beyond this are a sign of a page tree that runs in circles.
const PAGES: usize = 20_000;

pub(crate) fn read(name: &str, raw: &[u8], seconds: u64, out: &mut dyn FnMut(Item)) {
    let (sender, receiver) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let (bytes, flag) = (raw.to_vec(), Arc::clone(&stop));
    let worker = thread::Builder::new().name("pdf".into()).stack_size(32 << 20);
    let spawned = worker.spawn(move || glyphs::collect(bytes, PAGES, &flag, &sender));
    if let Err(error) = spawned {
        return out(Item::Problem(Problem::fatal(
            name,
            ProblemKind::Unreadable,
            format!("no thread to read it on: {error}"),
        )));
    }
    let gathered = gather(&receiver, Duration::from_secs(seconds));
    // A worker that still runs stops at its next glyph.
    stop.store(true, Ordering::Relaxed);
    finish(name, raw, seconds, gathered, out);
}

/// What came from the worker before it ended or its time was over.
#[derive(Default)]
struct Gathered {
    metadata: Option<(Box<Metadata>, Box<Catalog>)>,
    pages: Vec<Page>,
    failure: Option<Failure>,
    late: bool,
}

fn gather(receiver: &Receiver<Message>, limit: Duration) -> Gathered {
    let mut gathered = Gathered::default();
    // The limit is for the whole file: one clock, not one for each page.
    let deadline = std::time::Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        match receiver.recv_timeout(left) {
            Ok(Message::Metadata(metadata, catalog)) => {
                gathered.metadata = Some((metadata, catalog));
            }
            Ok(Message::Page(page)) => gathered.pages.push(page),
            Ok(Message::Failed(failure)) => {
                gathered.failure = Some(failure);
                return gathered;
            }
            Err(RecvTimeoutError::Timeout) => {
                gathered.late = true;
                return gathered;
            }
            Err(RecvTimeoutError::Disconnected) => return gathered,
        }
    }
}

fn finish(name: &str, raw: &[u8], seconds: u64, gathered: Gathered, out: &mut dyn FnMut(Item)) {
    let Gathered { metadata, mut pages, failure, late } = gathered;
    let glyphs: usize = pages.iter().map(|p| p.glyphs).sum();
    let some = glyphs > 0;
    let mut report = |kind, message: String, hint: &str| {
        let problem = if some {
            Problem::partial(name, kind, message)
        } else {
            Problem::fatal(name, kind, message)
        };
        let problem = problem.at(format!("page {}", pages.len() + 1));
        out(Item::Problem(if hint.is_empty() { problem } else { problem.hint(hint) }));
    };
    match failure {
        Some(Failure::Encrypted) => {
            return out(Item::Problem(
                Problem::fatal(name, ProblemKind::Encrypted, "is protected by a password")
                    .hint("save it without one first"),
            ));
        }
        Some(Failure::Cipher) => {
            return out(Item::Problem(
                Problem::fatal(
                    name,
                    ProblemKind::Encrypted,
                    "is encrypted in a way that is not read, or its encryption is damaged",
                )
                .hint("open it and print it to a new PDF first"),
            ));
        }
        Some(Failure::Invalid) => {
            return out(Item::Problem(Problem::fatal(
                name,
                ProblemKind::Malformed,
                "cannot be read as a PDF",
            )
            .hint("fetch it again, or save it as text")));
        }
        Some(Failure::Bomb(at)) => {
            let message = format!(
                "a stream unpacks to more than {} bytes, as a decompression bomb does",
                streams::MOST
            );
            return out(Item::Problem(
                Problem::fatal(name, ProblemKind::Limit, message)
                    .at(format!("byte {at}"))
                    .hint("save it as text if it is to be trusted"),
            ));
        }
        Some(Failure::Endless) => report(
            ProblemKind::Limit,
            "the page before draws more than a million characters, or the file more than two million shapes"
                .to_owned(),
            "save it as text if it is to be trusted",
        ),
        Some(Failure::Panic) => {
            report(
                ProblemKind::Malformed,
                "a page is damaged and could not be read".to_owned(),
                "",
            );
        }
        Some(Failure::Glyphs) => report(
            ProblemKind::Limit,
            "has more than 20 million characters; the pages behind were not read".to_owned(),
            "split it",
        ),
        Some(Failure::Pages) => {
            report(ProblemKind::Limit, format!("has more than {PAGES} pages"), "");
        }
        None if late => report(
            ProblemKind::Limit,
            format!("took longer than {seconds} seconds"),
            "raise the limit `pdf_seconds`",
        ),
        None => {}
    }
    if !some {
        if failure.is_none() && !late && !ends(raw) {
            let problem = Problem::fatal(
                name,
                ProblemKind::Truncated,
                "has no end mark, so it was cut off, and shows no text",
            )
            .hint("fetch it again");
            out(Item::Problem(problem));
        } else if failure.is_none() && !late {
            let problem = Problem::fatal(
                name,
                ProblemKind::Unsupported,
                "has no text: scanned pages, which need text recognition (OCR), or none",
            )
            .hint("run text recognition (OCR) on it first");
            out(Item::Problem(problem));
        }
        return;
    }
    if !ends(raw) {
        let problem =
            Problem::partial(name, ProblemKind::Truncated, "has no end mark, so it was cut off")
                .hint("what could be found was read");
        out(Item::Problem(problem));
    }
    let unmapped: usize = pages.iter().map(|p| p.unmapped).sum();
    if unmapped * 50 > glyphs {
        let message = format!(
            "{unmapped} of {glyphs} characters have no meaning in the file's fonts and were replaced"
        );
        out(Item::Problem(Problem::partial(name, ProblemKind::Encoding, message)));
    }
    if let Some(problem) = scanned(name, &pages) {
        out(Item::Problem(problem));
    }
    let (metadata, catalog) = metadata.unwrap_or_default();
    let laid = layout::lay_out(&mut pages, &catalog.outline);
    let mut document = Document::new(raw, name, Format::Pdf, laid.text);
    describe(&mut document, &metadata, *catalog);
    document.title = document.title.or(laid.title);
    document.marking = prose::marking(&laid.furniture);
    let mut reading = Reading::new(document, raw.to_vec());
    reading.regions = laid.regions;
    prose::complete(&mut reading);
    if reading.document.published.is_none() {
        // When the file was made: the best that is left.
        let made = reading
            .document
            .properties
            .iter()
            .find(|(k, _)| k == "created")
            .map(|(_, v)| v.clone());
        reading.document.published = made.and_then(|d| d.parse().ok());
    }
    out(Item::Reading(Box::new(reading)));
}

/// Names the pages that are pictures without text, beside others that have text.
fn scanned(name: &str, pages: &[Page]) -> Option<Problem> {
    let scans: Vec<String> = (1..)
        .zip(pages)
        .filter(|(_, page)| page.glyphs == 0 && page.images > 0)
        .map(|(number, _): (usize, _)| number.to_string())
        .collect();
    let (first, rest) = scans.split_at(scans.len().min(20));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    (!scans.is_empty()).then(|| {
        Problem::partial(
            name,
            ProblemKind::Unsupported,
            "has pages without text: scans or pictures",
        )
        .at(format!("page {}{more}", first.join(", ")))
        .hint("run text recognition (OCR) on it first")
    })
}

/// Whether the mark at the end of every PDF is there (PDF 1.7, 7.5.5; what follows it is passed over).
fn ends(raw: &[u8]) -> bool {
    let tail = &raw[raw.len().saturating_sub(1 << 16)..];
    memchr::memmem::find(tail, b"%%EOF").is_some()
}

/// What the file says of itself: its information dictionary first, then its metadata packet.
fn describe(document: &mut Document, metadata: &Metadata, catalog: Catalog) {
    let text = |bytes: &Option<Box<[u8]>>| bytes.as_deref().map(string).filter(|t| !t.is_empty());
    let titles = [text(&metadata.title), catalog.title];
    document.title = titles.into_iter().flatten().find(|t| is_title(t));
    document.source = catalog.publisher;
    document.language = catalog.language.filter(|l| l.bytes().all(|b| b.is_ascii_lowercase()));
    let author = text(&metadata.author).or(catalog.author);
    document.properties.extend(author.map(|a| ("author".to_owned(), a)));
    for keyword in text(&metadata.keywords)
        .unwrap_or_default()
        .split([',', ';'])
        .map(str::trim)
        .filter(|k| !k.is_empty())
    {
        document.properties.push(("tag".to_owned(), keyword.to_owned()));
    }
    let packet = |said: Option<String>| said.and_then(|d| dates::parse(&d));
    let created = metadata.creation_date.as_ref().and_then(date).or(packet(catalog.created));
    document.properties.extend(created.map(|d| ("created".to_owned(), d.to_string())));
    document.modified = metadata
        .modification_date
        .as_ref()
        .and_then(date)
        .or(packet(catalog.modified))
        .filter(|d| Some(*d) != created);
}

/// Word processors and browsers write file names and addresses where a title belongs.
fn is_title(title: &str) -> bool {
    let lower = title.to_lowercase();
    title.split_whitespace().count() > 1
        && !lower.starts_with("microsoft word")
        && !["docx", "doc", "pdf", "indd"].contains(&crate::detect::ending(&lower).as_str())
        && !lower.starts_with("untitled")
}

fn date(date: &DateTime) -> Option<PartialDate> {
    PartialDate::new(i16::try_from(date.year).ok()?, Some(date.month), Some(date.day)).ok()
}

/// A PDF text string: UTF-16 with a mark, UTF-8 with a mark, or close to Latin-1 (PDF 1.7, 7.9.2.2).
fn string(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0xef, 0xbb, 0xbf, ..] => {
            crate::decode::decode(bytes).text.into_owned()
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        },
    };
    text.replace('\0', "").trim().to_owned()
}
