//! The words of a document around a claim, as one reads them: what Markdown and AsciiDoc add for
//! their renderers (links' targets, table bars, emphasis) is left out, unless it is what the claim rests on.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use lapwing_model::{Document, DocumentId};
use lapwing_publish::Quote;
use lapwing_store::{Store, StoredClaim};

use crate::EngineError;

/// Bytes of context at each side of a claim's span.
const CONTEXT: usize = 120;
/// Texts that are held to quote from, in bytes: beyond these all are read anew.
const HELD: usize = 64 << 20;

/// Documents with their texts, each unpacked once for all that is quoted from it.
#[derive(Default)]
pub(crate) struct Texts {
    held: BTreeMap<DocumentId, Option<Document>>,
    bytes: usize,
}

impl Texts {
    /// The document of an identifier.
    pub(crate) fn of(
        &mut self,
        store: &Store,
        id: DocumentId,
    ) -> Result<Option<&Document>, EngineError> {
        if self.bytes > HELD {
            self.held.clear();
            self.bytes = 0;
        }
        let document = match self.held.entry(id) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(new) => {
                let document = store.document(id)?;
                self.bytes += document.as_ref().map_or(0, |document| document.text.len());
                new.insert(document)
            }
        };
        Ok(document.as_ref())
    }
}

/// The evidence of a claim with a little of the text around it.
pub(crate) fn quote(stored: &StoredClaim, text: &str) -> Quote {
    let claim = &stored.claim;
    Quote {
        document: stored.document,
        span: claim.span,
        text: around(text, claim.span.start as usize, claim.span.end as usize),
        said_by: claim.said_by.clone(),
        stated_word: claim.stated_word.clone(),
        polarity: claim.polarity,
        basis: claim.basis,
    }
}

/// The text of `[start, end)`, widened to the line or sentence, at most [`CONTEXT`] bytes a side.
fn around(text: &str, start: usize, end: usize) -> String {
    let end = floor(text, end);
    let start = floor(text, start).min(end);
    let line = text[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line_end = text[end..].find(['\n', '\r']).map_or(text.len(), |at| end + at);
    let from = line.max(floor(text, start.saturating_sub(CONTEXT)));
    let to = line_end.min(floor(text, end + CONTEXT));
    let shown = legible(&text[from..to], start - from..end - from, from == line);
    let before = if from > line { "…" } else { "" };
    let after = if to < line_end { "…" } else { "" };
    format!("{before}{shown}{after}")
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// `raw` without its markup; `kept` is what the claim rests on and stays whatever it is.
fn legible(raw: &str, kept: Range<usize>, whole_line: bool) -> String {
    let mut at = if whole_line { lead(raw).min(kept.start) } else { 0 };
    let row = whole_line && raw[at..].trim_start().starts_with('|');
    let mut out = String::with_capacity(raw.len());
    while let Some(next) = raw[at..].chars().next() {
        let rest = &raw[at..];
        if let Some(link) = link(rest) {
            let label = at + link.label.start..at + link.label.end;
            let target = at + link.target.start..at + link.target.end;
            let touched = kept.start < at + link.len && at < kept.end;
            let inside = |part: &Range<usize>| part.start <= kept.start && kept.end <= part.end;
            if touched && !inside(&label) && !inside(&target) {
                out.push_str(&rest[..link.len]);
            } else {
                let from = |at: usize| at.saturating_sub(label.start).min(label.len());
                out.push_str(&legible(
                    &raw[label.clone()],
                    from(kept.start)..from(kept.end),
                    false,
                ));
                if label.is_empty() {
                    out.push_str(&raw[target]);
                } else if touched && inside(&target) {
                    out.push_str(&format!(" ({})", &raw[target]));
                }
            }
            at += link.len;
        } else if rest.starts_with("**") && !rest.starts_with("***") && !kept.contains(&at) {
            at += 2;
        } else if next == '`' && !kept.contains(&at) {
            at += 1;
        } else if row && next == '|' && !kept.contains(&at) {
            let cell = out.trim_end();
            if !cell.is_empty() && !cell.ends_with('·') {
                out.truncate(cell.len());
                out.push_str(" · ");
            }
            at += 1;
            at += rest[1..].len() - rest[1..].trim_start_matches(' ').len();
        } else {
            out.push(next);
            at += next.len_utf8();
        }
    }
    let shown = out.trim();
    if row { shown.trim_end_matches(['·', ' ']).to_owned() } else { shown.to_owned() }
}

/// Bytes of the marks that open a heading, an item or a quotation.
fn lead(line: &str) -> usize {
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let marks = rest.len() - rest.trim_start_matches(['#', '=', '>']).len();
    let marks = if marks == 0 && rest.starts_with(['-', '*', '+']) { 1 } else { marks };
    match rest[marks..].strip_prefix(' ') {
        Some(words) if marks > 0 && marks <= 6 => line.len() - words.len(),
        _ => 0,
    }
}

/// A link at the start of a text: ranges of its label and target, and its length.
struct Link {
    label: Range<usize>,
    target: Range<usize>,
    len: usize,
}

/// A link of Markdown (`[label](target)`, `![label](target)`) or of AsciiDoc (`link:target[label]`, `https://…[label^]`).
fn link(text: &str) -> Option<Link> {
    if text.starts_with('[') || text.starts_with("![") {
        let open = text.find('[')?;
        let close = open + closing(&text[open..], '[', ']')?;
        let target = text[close + 1..].strip_prefix('(')?;
        let end = closing(&text[close + 1..], '(', ')')?;
        let target = &target[..end - 1];
        let like = ["http", "hxxp", "/", "#", "mailto:", "./", "../"]
            .iter()
            .any(|p| target.starts_with(p));
        // A title may follow the target: [label](target "title").
        let bare = target.split_whitespace().next()?.len();
        return like.then(|| Link {
            label: open + 1..close,
            target: close + 2..close + 2 + bare,
            len: close + 1 + end + 1,
        });
    }
    let scheme = ["link:", "https://", "http://"].into_iter().find(|s| text.starts_with(s))?;
    let open = text.find(['[', ' ', '\t', '<', '"'])?;
    if !text[open..].starts_with('[') || open == scheme.len() {
        return None;
    }
    let close = open + closing(&text[open..], '[', ']')?;
    let label = text[open + 1..close].trim_end_matches('^').trim_end_matches(",window=_blank");
    // Square brackets in an address are far more often a defanged dot than a label.
    let is_label = label.contains(' ')
        || label.len() > 4 && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let start = if scheme == "link:" { scheme.len() } else { 0 };
    is_label.then(|| Link {
        label: open + 1..open + 1 + label.len(),
        target: start..open,
        len: close + 1,
    })
}

/// Where the bracket that opens `text` is closed, at most 2,000 bytes on.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < 2000) {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quotation of `what` in `text`.
    fn quoting(text: &str, what: &str) -> String {
        let at = text.find(what).unwrap();
        around(text, at, at + what.len())
    }

    #[test]
    fn evidence_is_widened_to_its_line() {
        let text = "erste Zeile\nzweite Zeile mit ä und 192.0.2.1 darin\ndritte";
        assert_eq!(quoting(text, "192.0.2.1"), "zweite Zeile mit ä und 192.0.2.1 darin");
        let long = "ä".repeat(400);
        assert!(around(&long, 401, 403).starts_with('…'));
        assert_eq!(around("", 5, 9), "");
    }

    #[test]
    fn the_targets_of_links_are_left_out() {
        let text = "As [Example CERT](https://cert.example/a_(b)) and **others** say, `Tortilla` uses [Babuk](/malware \"more\").";
        assert_eq!(
            quoting(text, "Tortilla"),
            "As Example CERT and others say, Tortilla uses Babuk."
        );
        let adoc =
            "See https://cert.example/x[the full report^] on link:a.html[Tortilla,window=_blank].";
        assert_eq!(quoting(adoc, "See"), "See the full report on Tortilla.");
    }

    #[test]
    fn what_the_claim_rests_on_stays() {
        let text = "Get [the loader](hxxp://bad.example/a.exe) now";
        assert_eq!(
            quoting(text, "hxxp://bad.example/a.exe"),
            "Get the loader (hxxp://bad.example/a.exe) now"
        );
        assert_eq!(quoting("run `a` | **b**", "`a` | **b**"), "run `a` | **b**");
    }

    #[test]
    fn defanged_values_are_no_links() {
        for text in [
            "calls http://evil[.]example/a and 192.0.2[.]1",
            "https://evil[dot]example/path",
            "mail a[at]b.example (see [1])",
            "[.](x) [a] (b)",
        ] {
            assert_eq!(quoting(text, text), text);
            assert_eq!(around(text, 0, 0), text);
        }
    }

    #[test]
    fn rows_headings_and_items_read_as_words() {
        assert_eq!(quoting("| `0AA9` | `a`, `b` | Spy | ", "Spy"), "0AA9 · a, b · Spy");
        assert_eq!(quoting("== Indicators of X", "X"), "Indicators of X");
        assert_eq!(quoting("- /tmp/a", "/tmp/a"), "/tmp/a");
        assert_eq!(quoting("-f is a flag", "flag"), "-f is a flag");
        assert_eq!(quoting("a | b", "b"), "a | b");
    }

    proptest::proptest! {
        #[test]
        fn what_is_quoted_is_shown(text in "[\\[\\]()|`*#h:/ .aä1\n-]{0,80}|(\\[a\\]\\(https://b1 c\\)|[ |x`]){0,9}", start in 0usize..90, len in 0usize..90) {
            let shown = around(&text, start, start + len);
            let end = floor(&text, start + len);
            let said = &text[floor(&text, start).min(end)..end];
            let plain = |t: &str| t.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            proptest::prop_assert!(plain(&shown).contains(&plain(said)), "{text:?}: {said:?} in {shown:?}");
        }
    }
}
