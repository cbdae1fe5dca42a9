//! Lists and tables of values, pages and posts at one address: taken anew when they change.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lapwing_engine::Input;
use lapwing_engine::read::Options;
use lapwing_model::{DocumentId, Format};
use serde::{Deserialize, Serialize};

use crate::FeedError;
use crate::pull::Pull;

/// A list is taken whole once a day; between, only its new lines are.
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What was taken of a list since it was last taken whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Taken {
    /// When it was taken whole.
    whole_at: Option<Timestamp>,
    /// The document of the whole, and those of new lines after it.
    documents: Vec<DocumentId>,
}

/// Takes a list or table, or a page as it is.
pub(crate) fn pull(pull: &mut Pull<'_>, format: Option<Format>) -> Result<(), FeedError> {
    let Some((address, body)) = fetch(pull)? else { return Ok(()) };
    let mut options = Options { format, ..pull.options() };
    if format.is_none() {
        return pull.take(address, body, options, None);
    }
    refuse_page(pull, &address, &body)?;
    // A list tells no date: what stands in it was so on the day on which it was fetched.
    options.published = Some(pull.today());
    let mut taken: Taken = pull
        .state
        .cursor
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let is_fresh = taken.whole_at.is_some_and(|at| {
        let age = pull.now.duration_since(at);
        !age.is_negative() && age < WHOLE_EVERY
    });
    let known = is_fresh.then(|| known_lines(pull, &taken)).transpose()?.flatten();
    refuse_empty(pull, &address, &body, &options)?;
    let bytes = if let Some(known) = known {
        let Some(lines) = new_lines(&body, &known, format == Some(Format::Table)) else {
            return Ok(());
        };
        lines
    } else {
        taken = Taken { whole_at: Some(pull.now), documents: Vec::new() };
        body
    };
    taken.documents.push(DocumentId::of(&bytes));
    pull.state.cursor = serde_json::to_string(&taken).ok();
    pull.take(address, bytes, options, None)
}

/// Takes posts: each is a document of its own, and those that are known are not taken again.
pub(crate) fn pull_posts(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let Some((address, body)) = fetch(pull)? else { return Ok(()) };
    refuse_page(pull, &address, &body)?;
    let options = Options { format: Some(Format::Post), ..pull.options() };
    let problems = pull.pulled.problems.len();
    let items = pull.pulled.items;
    pull.take(address.clone(), body, options, None)?;
    pull.commit()?;
    // A few broken lines are told and left; where every line is one, these are no posts.
    if pull.read == 0 && pull.pulled.problems.len() > problems {
        forget_tags(pull);
        let first = pull.pulled.problems.drain(problems..).next();
        let why = first.map_or_else(String::new, |problem| format!(": {}", problem.message));
        return Err(malformed(pull, &address, format!("none of {items} lines is a post{why}")));
    }
    Ok(())
}

/// A log-in, a captive portal, a page that says that the list has moved: whatever stands in it, it is
/// not the list, and a feed that brings it is not well.
fn refuse_page(pull: &mut Pull<'_>, address: &str, body: &[u8]) -> Result<(), FeedError> {
    let head = body[..body.len().min(512)].trim_ascii_start().to_ascii_lowercase();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    if [&b"<!doctype html"[..], b"<html", b"<head"].iter().any(|mark| head.starts_with(mark)) {
        forget_tags(pull);
        return Err(malformed(pull, address, "a web page came, perhaps one to log in".to_owned()));
    }
    Ok(())
}

/// A list in which no line holds anything that can be read as a value: an error in words or JSON, or
/// a table that is read as another one.
fn refuse_empty(
    pull: &mut Pull<'_>,
    address: &str,
    body: &[u8],
    options: &Options,
) -> Result<(), FeedError> {
    if !body.split(|byte| *byte == b'\n').any(|line| !is_remark(line.trim_ascii())) {
        // Nothing but remarks: nothing is listed today.
        return Ok(());
    }
    // The head tells as a rule; a long list is read twice only where it does not.
    for end in [body.len().min(HEAD), body.len()] {
        let input = Input::Fetched {
            name: address.to_owned(),
            bytes: body[..end].to_vec(),
            options: Box::new(options.clone()),
        };
        let mut found = 0;
        let problems =
            lapwing_engine::extract(&input, options, pull.engine.knowledge(), &mut |read| {
                found += read.values.len() + read.relations.len() + read.gaps.len();
                Ok(())
            })?;
        if found > 0 {
            return Ok(());
        }
        if end == body.len() {
            forget_tags(pull);
            let why = problems.first().map_or_else(String::new, |why| format!(": {}", why.message));
            let items = pull.pulled.items;
            let what = format!("no value stands in any of its lines ({items}){why}");
            return Err(malformed(pull, address, what));
        }
    }
    Ok(())
}

/// So much of a list is looked at to see that it is one.
const HEAD: usize = 64 << 10;

/// The tags stand for what was taken: what was refused is asked for again.
fn forget_tags(pull: &mut Pull<'_>) {
    pull.state.etag.clone_from(&pull.feed.state.etag);
    pull.state.last_modified.clone_from(&pull.feed.state.last_modified);
    pull.committed.etag.clone_from(&pull.feed.state.etag);
    pull.committed.last_modified.clone_from(&pull.feed.state.last_modified);
}

fn malformed(pull: &Pull<'_>, address: &str, what: String) -> FeedError {
    let kind = pull.feed.kind.parse().map_or("", crate::FeedKind::as_str);
    FeedError::Malformed { address: address.to_owned(), kind, what }
}

/// Whether a line says nothing: it is empty or a remark.
fn is_remark(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b'#' | b';')) || line.starts_with(b"//")
}

/// The body at the feed's address, where it is another than last time.
fn fetch(pull: &mut Pull<'_>) -> Result<Option<(String, Vec<u8>)>, FeedError> {
    let address = pull.address()?;
    let (etag, last_modified) = (pull.state.etag.clone(), pull.state.last_modified.clone());
    let request = pull.get(address.clone()).newer_than(etag.as_deref(), last_modified.as_deref());
    let fetched = pull.fetcher.fetch(&request)?;
    let Some(body) = fetched.body else {
        pull.pulled.unchanged = true;
        return Ok(None);
    };
    if body.trim_ascii().is_empty() {
        // Of posts there may be none today; a list that is empty is one that broke.
        if pull.feed.kind == crate::FeedKind::Posts.as_str() {
            return Ok(None);
        }
        return Err(pull.malformed(&address, "is empty"));
    }
    pull.pulled.items = body.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()).count() as u64;
    pull.state.etag = fetched.etag;
    pull.state.last_modified = fetched.last_modified;
    Ok(Some((address.to_string(), body)))
}

/// The lines that were taken since the list was last taken whole; `None` when they are not in the
/// store any more (undone): then it is taken whole again.
fn known_lines(pull: &Pull<'_>, taken: &Taken) -> Result<Option<BTreeSet<Vec<u8>>>, FeedError> {
    let mut lines = BTreeSet::new();
    for id in &taken.documents {
        let Some(raw) = pull.raw(*id)? else { return Ok(None) };
        lines.extend(raw.split(|byte| *byte == b'\n').map(|line| line.trim_ascii().to_vec()));
    }
    Ok(Some(lines))
}

/// The lines of a list that are not known, below the head that tells how to read them; `None` when
/// there is none.
fn new_lines(body: &[u8], known: &BTreeSet<Vec<u8>>, is_table: bool) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut fresh = Vec::new();
    let mut begun = false;
    for line in body.split(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        if !begun && (is_remark(trimmed) || is_table) {
            head.push(line);
            // The first row of a table names its columns.
            begun = !is_remark(trimmed);
            continue;
        }
        begun = true;
        if !is_remark(trimmed) && !known.contains(trimmed) {
            fresh.push(line);
        }
    }
    if fresh.is_empty() {
        return None;
    }
    head.extend(fresh);
    let mut bytes = head.join(&b'\n');
    bytes.push(b'\n');
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> BTreeSet<Vec<u8>> {
        text.lines().map(|line| line.as_bytes().to_vec()).collect()
    }

    #[test]
    fn only_new_lines_are_taken_below_the_head() {
        let body = b"# generated today\nip,first_seen\n192.0.2.1,2026\n192.0.2.2,2026\n";
        let known = lines("# generated yesterday\nip,first_seen\n192.0.2.1,2026");
        assert_eq!(
            new_lines(body, &known, true).unwrap(),
            b"# generated today\nip,first_seen\n192.0.2.2,2026\n"
        );
        assert_eq!(new_lines(b"# x\n192.0.2.1\r\n", &lines("192.0.2.1"), false), None);
    }
}
