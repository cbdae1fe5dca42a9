//! A file on disk as a record: its path, name, content and hashes, for checks of places and traits.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use lapwing_model::Kind;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::condition::last_part;
use crate::context::Context;
use crate::lines;
use crate::record::Record;
use crate::scan::Scan;
use crate::source::{Reader, Source};

/// Content is shown to checks up to this length; traits stand at the beginning of small scripts.
const CONTENT: usize = 1 << 20;

fn slashes(path: &str) -> String {
    path.replace('\\', "/")
}

fn source<'h>(ctx: &Context<'h>, path: &str) -> Option<&'h Source> {
    let served = if ctx.webs.hold(path) { "yes" } else { "no" };
    let told = [("path", &*slashes(path)), ("name", &*last_part(path)), ("served", served)];
    ctx.source(Reader::File, &told)
}

/// Whether the file is one of a source that checks read.
pub(crate) fn is_page(ctx: &Context<'_>, path: &str) -> bool {
    source(ctx, path).is_some()
}

/// Whether a file is to be read whole.
pub(crate) fn is_wanted(ctx: &Context<'_>, path: &str, may_be_program: bool) -> bool {
    may_be_program && ctx.matcher.has_file_hashes() || ctx.route(source(ctx, path)).is_some()
}

/// The indicators that the path of a file meets.
pub(crate) fn named(scan: &mut Scan<'_, '_>, path: &str) -> Vec<u32> {
    let hits = scan.find(path.as_bytes());
    let is_file =
        |number: &u32| matches!(scan.ctx.matcher.kind_of(*number), Kind::FileName | Kind::FilePath);
    hits.into_iter().map(|hit| hit.indicator).filter(is_file).collect()
}

/// Tells of a file by its path alone, when its content is not to be had.
pub(crate) fn name(
    scan: &mut Scan<'_, '_>,
    path: &str,
    named: &[u32],
    modified: Option<Timestamp>,
) {
    for indicator in named {
        let record = Record {
            fields: vec![("file.path".into(), path.into())],
            raw: format!("file {path}").into(),
            time: modified,
            place: None,
            offset: 0,
        };
        scan.hit(&record, *indicator, path);
    }
}

/// Runs the checks of places over a file, compares its hashes, and tells what its path has met.
pub(crate) fn content(
    scan: &mut Scan<'_, '_>,
    path: &str,
    named: &[u32],
    bytes: &[u8],
    modified: Option<Timestamp>,
) {
    let source = source(scan.ctx, path);
    let hashes = [
        ("file.md5", hex(&md5::Md5::digest(bytes))),
        ("file.sha1", hex(&Sha1::digest(bytes))),
        ("file.sha256", hex(&Sha256::digest(bytes))),
    ];
    let [(_, md5), (_, sha1), (_, sha256)] = &hashes;
    let head = &bytes[..bytes.len().min(CONTENT)];
    let text = match lines::utf16(head) {
        Some(encoding) => encoding.decode(head).0,
        None => String::from_utf8_lossy(head),
    };
    let raw =
        format!("file {path}, {} bytes, md5 {md5}, sha1 {sha1}, sha256 {sha256}", bytes.len());
    let mut record = Record {
        fields: vec![
            ("file.path".into(), slashes(path).into()),
            ("file.name".into(), last_part(path).into()),
            ("file.size".into(), bytes.len().to_string().into()),
            ("file.content".into(), text),
        ],
        raw: Cow::Owned(raw.clone()),
        time: modified,
        place: None,
        offset: 0,
    };
    if let Some(source) = source {
        scan.told_as_file = true;
        scan.cover(Some(source), "", 1, bytes.len() as u64);
        let route = scan.ctx.route(Some(source));
        scan.check(&record, route);
    }
    record.fields.pop();
    for (name, hash) in &hashes {
        record.fields.push(((*name).into(), hash.as_str().into()));
    }
    let found: Vec<(u32, String)> = hashes
        .iter()
        .flat_map(|(_, hash)| {
            scan.find(hash.as_bytes())
                .into_iter()
                .map(|hit| (hit.indicator, hash.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    for (indicator, hash) in found {
        scan.hit(&record, indicator, &hash);
    }
    record.fields[0].1 = Cow::Borrowed(path);
    for indicator in named {
        scan.hit(&record, *indicator, path);
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
