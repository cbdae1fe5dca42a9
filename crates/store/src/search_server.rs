//! Full-text search in a database of PostgreSQL, with the answers of SQLite's.
//!
//! The words of each document are found by SQLite's own tokenizer, in a table that is thrown away,
//! and kept with their places. PostgreSQL finds the documents by them; the score is computed here
//! by the same formula, and the snippets of those that are shown are SQLite's again.

use std::collections::BTreeMap;

use lapwing_model::DocumentId;
use rusqlite::params;

use crate::documents;
use crate::error::Fault;
use crate::records::SearchHit;
use crate::search::{CLOSE, OPEN, SNIPPET_WORDS, label, marked};
use crate::sql::Connection;
use crate::sql::types::Value;

/// A word's places that are kept: PostgreSQL keeps no more.
const PLACES: usize = 255;

/// The last place that PostgreSQL knows.
const LAST: i64 = 16_383;

/// Bytes of words that are kept of one document: PostgreSQL takes a mebibyte.
const BYTES: usize = 800_000;

/// The longest word that PostgreSQL takes.
const WORD: usize = 2000;

/// Documents that are scored: more match only words that tell little.
const SCORED: usize = 5000;

/// The weight of a match in the title, and the two constants of BM25, as SQLite has them.
const TITLE: f64 = 4.0;
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// SQLite's tokenizer and snippets, in memory.
struct Words(rusqlite::Connection);

impl Words {
    fn new() -> Result<Self, Fault> {
        let conn = rusqlite::Connection::open_in_memory()?;
        conn.execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5 (title, text, tokenize = 'porter unicode61');
             CREATE VIRTUAL TABLE v USING fts5vocab (t, instance);",
        )?;
        Ok(Self(conn))
    }

    fn put(&self, n: i64, title: Option<&str>, text: &str) -> Result<(), Fault> {
        self.0.execute(
            "INSERT INTO t (rowid, title, text) VALUES (?1, ?2, ?3)",
            params![n, title, text],
        )?;
        Ok(())
    }

    /// Each word with whether it is in the title, and its place there or in the text.
    fn all(&self) -> Result<Vec<(String, bool, i64)>, Fault> {
        let mut statement =
            self.0.prepare("SELECT term, col, \"offset\" FROM v ORDER BY 1, 2, 3")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)? == "title", row.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The words of a query's phrase in their order.
    fn of(phrase: &str) -> Result<Vec<String>, Fault> {
        let words = Self::new()?;
        words.put(1, None, phrase)?;
        let mut all = words.all()?;
        all.sort_by_key(|(_, _, place)| *place);
        Ok(all.into_iter().map(|(word, ..)| word).collect())
    }
}

/// Keeps the words of a document.
pub(crate) fn index(
    conn: &Connection,
    n: i64,
    title: Option<&str>,
    text: &str,
) -> Result<(), Fault> {
    let words = Words::new()?;
    words.put(n, title, text)?;
    let all = words.all()?;
    let in_title = all.iter().filter(|(_, title, _)| *title).count() as i64;
    let mut vector = String::new();
    let mut held = 0;
    for found in all.chunk_by(|a, b| a.0 == b.0) {
        let word = found.first().map_or("", |(word, ..)| word);
        if word.len() > WORD || held > BYTES {
            continue;
        }
        let places: Vec<String> = found
            .iter()
            // No phrase goes from the title on into the text.
            .map(|(_, title, at)| if *title { (at + 1, "A") } else { (in_title + at + 2, "") })
            .filter(|(place, _)| *place < LAST)
            .take(PLACES)
            .map(|(place, weight)| format!("{place}{weight}"))
            .collect();
        held += word.len() + 2 * places.len() + 8;
        vector.push_str(&quoted(word));
        if !places.is_empty() {
            vector.push(':');
            vector.push_str(&places.join(","));
        }
        vector.push(' ');
    }
    // A conflict of types: the text is made a vector by the server.
    conn.prepare_cached(
        "INSERT INTO document_search (rowid, size, words) \
         VALUES (?1, ?2, CAST(CAST(?3 AS TEXT) AS tsvector))",
    )?
    .execute((n, all.len() as i64, vector))?;
    Ok(())
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
}

/// A phrase of a query: words that follow each other, the last of which may go on.
struct Phrase {
    words: Vec<String>,
    goes_on: bool,
}

impl Phrase {
    /// Of an FTS5 string, as `"web shell" *`.
    fn of(quoted: &str) -> Result<Self, Fault> {
        let goes_on = quoted.ends_with('*') && !quoted.ends_with('"');
        let inner = quoted.trim_end_matches(" *").trim_matches('"');
        Ok(Self { words: Words::of(inner)?, goes_on })
    }

    fn query(&self) -> String {
        let last = self.words.len().saturating_sub(1);
        let word = |(at, word): (usize, &String)| {
            let end = if self.goes_on && at == last { ":*" } else { "" };
            format!("{}{end}", quoted(word))
        };
        let words: Vec<String> = self.words.iter().enumerate().map(word).collect();
        format!("({})", words.join(" <-> "))
    }

    /// How often it occurs, in the title and elsewhere.
    fn count(&self, places: &BTreeMap<String, Vec<(i64, bool)>>) -> (usize, usize) {
        let Some((last, before)) = self.words.split_last() else { return (0, 0) };
        let ends: Vec<(i64, bool)> = places
            .iter()
            .filter(|(word, _)| *word == last || self.goes_on && word.starts_with(last.as_str()))
            .flat_map(|(_, places)| places.iter().copied())
            .collect();
        let follows = |end: i64| {
            before.iter().rev().zip(1..).all(|(word, back)| {
                places
                    .get(word)
                    .is_some_and(|places| places.iter().any(|(place, _)| *place == end - back))
            })
        };
        let found = ends.iter().copied().filter(|(end, _)| follows(*end));
        let (title, text): (Vec<_>, Vec<_>) = found.partition(|(_, title): &(i64, bool)| *title);
        (title.len(), text.len())
    }
}

/// The documents that hold all of the phrases, or any; the best first.
pub(crate) fn matches(
    conn: &Connection,
    quoted: &[String],
    all: bool,
    limit: usize,
) -> Result<Vec<SearchHit>, Fault> {
    let phrases = quoted.iter().map(|phrase| Phrase::of(phrase)).collect::<Result<Vec<_>, _>>()?;
    // Signs alone are no words; of all phrases none can be found then.
    let phrases: Vec<Phrase> =
        phrases.into_iter().filter(|phrase| !phrase.words.is_empty()).collect();
    if phrases.is_empty() {
        return Ok(Vec::new());
    }
    let queries: Vec<String> = phrases.iter().map(Phrase::query).collect();
    let query = queries.join(if all { " & " } else { " | " });
    let found = candidates(conn, &query, &phrases)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let (count, size): (i64, i64) = conn
        .prepare_cached("SELECT count(*), coalesce(sum(size), 0) FROM document_search")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let count = count.max(1) as f64;
    let average = (size as f64 / count).max(1.0);
    let mut rarity = Vec::new();
    for query in &queries {
        let holding: i64 = conn
            .prepare_cached(
                "SELECT count(*) FROM document_search WHERE words @@ CAST(CAST(?1 AS TEXT) AS tsquery)",
            )?
            .query_row([query], |row| row.get(0))?;
        let holding = holding as f64;
        rarity.push(((count - holding + 0.5) / (holding + 0.5)).ln().max(1e-6));
    }
    let mut hits = Vec::new();
    for document in found {
        let length = K1 * (1.0 - B + B * document.size as f64 / average);
        let score: f64 = phrases
            .iter()
            .zip(&rarity)
            .map(|(phrase, rarity)| {
                let (title, text) = phrase.count(&document.places);
                let often = title as f64 * TITLE + text as f64;
                rarity * (often * (K1 + 1.0)) / (often + length)
            })
            .sum();
        hits.push((score, document.id, document.title, document.name));
    }
    hits.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    hits.truncate(limit);
    let snippets = snippets(conn, &hits.iter().map(|hit| hit.1).collect::<Vec<_>>(), quoted, all)?;
    Ok(hits
        .into_iter()
        .zip(snippets)
        .map(|((rank, id, title, name), snippet)| SearchHit::Document {
            id,
            label: label(title, &name),
            snippet: marked(&snippet),
            rank,
            name,
        })
        .collect())
}

/// A document that matches, with the places of the words that were asked for.
struct Candidate {
    id: DocumentId,
    title: Option<String>,
    name: String,
    size: i64,
    places: BTreeMap<String, Vec<(i64, bool)>>,
}

fn candidates(conn: &Connection, query: &str, phrases: &[Phrase]) -> Result<Vec<Candidate>, Fault> {
    // Words as they are, and the beginnings of words that go on.
    let mut values: Vec<Value> = vec![query.to_owned().into()];
    let mut conditions = Vec::new();
    for phrase in phrases {
        for (at, word) in phrase.words.iter().enumerate() {
            values.push(word.clone().into());
            let mark = values.len();
            conditions.push(if phrase.goes_on && at + 1 == phrase.words.len() {
                format!("starts_with(u.lexeme, ?{mark})")
            } else {
                format!("u.lexeme = ?{mark}")
            });
        }
    }
    let sql = format!(
        "SELECT d.n, d.id, d.title, d.name, m.size, u.lexeme,
           array_to_string(u.positions, ','), array_to_string(u.weights, ',')
         FROM (SELECT s.rowid, s.size, s.words FROM document_search s
               WHERE s.words @@ CAST(CAST(?1 AS TEXT) AS tsquery)
               ORDER BY ts_rank(s.words, CAST(CAST(?1 AS TEXT) AS tsquery)) DESC, s.rowid
               LIMIT {SCORED}) m
         JOIN document d ON d.n = m.rowid AND d.visible = 1,
         unnest(m.words) u WHERE {} ORDER BY d.n",
        conditions.join(" OR ")
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query(crate::sql::params_from_iter(values))?;
    let mut found: Vec<(i64, Candidate)> = Vec::new();
    while let Some(row) = rows.next()? {
        let n: i64 = row.get(0)?;
        if found.last().is_none_or(|(last, _)| *last != n) {
            let candidate = Candidate {
                id: DocumentId(row.get(1)?),
                title: row.get(2)?,
                name: row.get(3)?,
                size: row.get(4)?,
                places: BTreeMap::new(),
            };
            found.push((n, candidate));
        }
        let (places, weights): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
        let (places, weights) = (places.unwrap_or_default(), weights.unwrap_or_default());
        let places = places.split(',').zip(weights.split(','));
        let places =
            places.filter_map(|(place, weight)| Some((place.parse().ok()?, weight == "A")));
        if let Some((_, candidate)) = found.last_mut() {
            candidate.places.insert(row.get(5)?, places.collect());
        }
    }
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// The snippets of documents, as SQLite makes them.
fn snippets(
    conn: &Connection,
    ids: &[DocumentId],
    phrases: &[String],
    all: bool,
) -> Result<Vec<String>, Fault> {
    let words = Words::new()?;
    for (n, id) in ids.iter().enumerate() {
        if let Some(document) = documents::document(conn, *id)? {
            words.put(n as i64, document.title.as_deref(), &document.text)?;
        }
    }
    let query = phrases.join(if all { " AND " } else { " OR " });
    let mut statement = words
        .0
        .prepare("SELECT snippet(t, -1, ?2, ?3, '…', ?4) FROM t WHERE t MATCH ?1 AND rowid = ?5")?;
    let mut made = Vec::with_capacity(ids.len());
    for n in 0..ids.len() {
        let mut rows = statement.query(params![
            query,
            OPEN.to_string(),
            CLOSE.to_string(),
            SNIPPET_WORDS,
            n as i64
        ])?;
        made.push(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or_default());
    }
    Ok(made)
}
