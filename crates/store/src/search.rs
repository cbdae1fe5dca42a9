//! Full-text search: any words a user types, never the syntax of the engine under it.

use lapwing_model::DocumentId;

use crate::entities;
use crate::error::Fault;
use crate::names::Names;
use crate::records::{SearchHit, Snippet};
use crate::search_server;
use crate::sql::Connection;

/// Noncharacters of Unicode stand around a match: no text should hold them, and one that does
/// only gets marks in wrong places.
pub(crate) const OPEN: char = '\u{FDD0}';
pub(crate) const CLOSE: char = '\u{FDD1}';

/// Words taken of a query; more would make the expression too deep for FTS5.
const MOST_WORDS: usize = 48;

/// Words of a document shown around a match.
pub(crate) const SNIPPET_WORDS: i64 = 32;

/// Makes the words of a document findable.
pub(crate) fn index(
    conn: &Connection,
    n: i64,
    title: Option<&str>,
    text: &str,
) -> Result<(), Fault> {
    if conn.is_postgres() {
        return search_server::index(conn, n, title, text);
    }
    conn.prepare_cached("INSERT INTO document_search (rowid, title, text) VALUES (?1, ?2, ?3)")?
        .execute((n, title, text))?;
    Ok(())
}

/// Whether the words of a document are findable.
pub(crate) fn is_indexed(conn: &Connection, n: i64) -> Result<bool, Fault> {
    let sql = if conn.is_postgres() {
        "SELECT 1 FROM document_search WHERE rowid = ?1"
    } else {
        "SELECT 1 FROM document_search_docsize WHERE id = ?1"
    };
    Ok(conn.prepare_cached(sql)?.exists([n])?)
}

/// Entities first (at most half of the hits), then documents, the best first.
pub(crate) fn search(
    conn: &Connection,
    names: &Names,
    words: &str,
    limit: usize,
) -> Result<Vec<SearchHit>, Fault> {
    let found = entities::find(conn, names, words.trim_matches(['"', ' ']))?;
    let mut hits: Vec<SearchHit> =
        found.into_iter().take(limit.div_ceil(2)).map(SearchHit::Entity).collect();
    let phrases = phrases(words);
    let left = limit.saturating_sub(hits.len());
    if phrases.is_empty() || left == 0 {
        return Ok(hits);
    }
    let matches = |all: bool| {
        if conn.is_postgres() {
            search_server::matches(conn, &phrases, all, left)
        } else {
            matches(conn, &phrases.join(if all { " AND " } else { " OR " }), left)
        }
    };
    let mut documents = matches(true)?;
    if documents.is_empty() && phrases.len() > 1 {
        documents = matches(false)?;
    }
    hits.append(&mut documents);
    Ok(hits)
}

/// Each word, or each run between double quotes, as a quoted FTS5 string; the last word may go
/// on (the user may still be typing). Words without a letter or digit say nothing.
fn phrases(words: &str) -> Vec<String> {
    let mut phrases = Vec::new();
    for (at, run) in words.split('"').enumerate() {
        // Between an opening and a closing quote: one phrase.
        let parts: Vec<&str> =
            if at % 2 == 1 { vec![run] } else { run.split_whitespace().collect() };
        phrases.extend(parts.into_iter().filter(|part| part.chars().any(char::is_alphanumeric)));
    }
    phrases.truncate(MOST_WORDS);
    let quoted = |phrase: &&str| format!("\"{}\"", phrase.replace(['"', '\0'], " "));
    let mut quoted: Vec<String> = phrases.iter().map(quoted).collect();
    if let Some(last) = quoted.last_mut()
        && !words.trim_end().ends_with('"')
    {
        last.push_str(" *");
    }
    quoted
}

fn matches(conn: &Connection, query: &str, limit: usize) -> Result<Vec<SearchHit>, Fault> {
    // The best places are cut out of the best documents only: it takes the whole text of each.
    let mut statement = conn.prepare_cached(
        "SELECT d.id, d.title, d.name, snippet(document_search, -1, ?2, ?3, '…', ?4), b.score
         FROM (SELECT m.rowid AS n, bm25(document_search, 4.0, 1.0) AS score
               FROM document_search m JOIN document v ON v.n = m.rowid AND v.visible = 1
               WHERE document_search MATCH ?1 ORDER BY score, v.id LIMIT ?5) b
         JOIN document d ON d.n = b.n
         JOIN document_search ON document_search.rowid = b.n
         WHERE document_search MATCH ?1 ORDER BY b.score, d.id",
    )?;
    let mut rows = statement.query((
        query,
        OPEN.to_string(),
        CLOSE.to_string(),
        SNIPPET_WORDS,
        limit as i64,
    ))?;
    let mut hits = Vec::new();
    while let Some(row) = rows.next()? {
        let title: Option<String> = row.get(1)?;
        let name: String = row.get(2)?;
        let score: f64 = row.get(4)?;
        hits.push(SearchHit::Document {
            id: DocumentId(row.get(0)?),
            label: label(title, &name),
            snippet: marked(&row.get::<_, String>(3)?),
            rank: -score,
            name,
        });
    }
    Ok(hits)
}

/// What a document is called: by its title or, failing that, its file.
pub(crate) fn label(title: Option<String>, name: &str) -> String {
    let last = || name.rsplit(['/', '!']).next().unwrap_or(name).to_owned();
    title.unwrap_or_else(last)
}

/// Turns marks in a text into ranges beside it.
pub(crate) fn marked(text: &str) -> Snippet {
    let mut snippet = Snippet::default();
    let mut start = None;
    for character in text.chars() {
        match character {
            OPEN => start = Some(snippet.text.len()),
            CLOSE => {
                if let Some(start) = start.take() {
                    snippet.marks.push(start..snippet.text.len());
                }
            }
            other => snippet.text.push(other),
        }
    }
    snippet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_quoted_phrases() {
        assert_eq!(phrases("web shell"), ["\"web\"", "\"shell\" *"]);
        assert_eq!(phrases("\"web shell\""), ["\"web shell\""]);
        assert_eq!(
            phrases("a AND (b NEAR c*"),
            ["\"a\"", "\"AND\"", "\"(b\"", "\"NEAR\"", "\"c*\" *"]
        );
        assert!(phrases("\" * () :: -").is_empty());
    }

    #[test]
    fn marks_become_ranges_even_when_the_text_holds_some() {
        let snippet = marked("a \u{FDD0}b\u{FDD1}\u{FDD1} é\u{FDD0}");
        assert_eq!(snippet.text, "a b é");
        assert_eq!(snippet.marks.first(), Some(&(2..3)));
        assert_eq!(snippet.marks.len(), 1);
    }
}
