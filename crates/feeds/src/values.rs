//! Lists and tables of values, pages and posts at one address: taken anew when they change.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
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
    let options = Options { format: Some(Format::Post), ..pull.options() };
    pull.take(address, body, options, None)
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
    let is_remark =
        |line: &[u8]| matches!(line.first(), None | Some(b'#' | b';')) || line.starts_with(b"//");
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
