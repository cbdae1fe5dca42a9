//! SQLite's SQL in the words of PostgreSQL.
//!
//! It is no general translator: it knows what the statements of this crate use. What it cannot
//! know (`INSERT OR REPLACE`, an aggregate's hidden order) they must not use.

use std::fmt::Write as _;

use super::tokens::{Token, split, tokens};

/// One statement for PostgreSQL.
pub(super) fn translate(sql: &str) -> String {
    of_tokens(&tokens(sql))
}

/// One statement of a batch; none where only SQLite has it.
pub(super) fn of_statement(tokens: &[Token<'_>]) -> Option<String> {
    Some(of_tokens(tokens)).filter(|sql| !sql.is_empty())
}

fn words<'s>(tokens: &[Token<'s>]) -> Vec<&'s str> {
    tokens
        .iter()
        .filter_map(|token| if let Token::Word(word) = token { Some(*word) } else { None })
        .collect()
}

fn of_tokens(tokens: &[Token<'_>]) -> String {
    let words = words(tokens);
    match words.as_slice() {
        // The index of words is another there, and the texts are unpacked here.
        ["CREATE", "VIRTUAL", ..] | ["CREATE", "VIEW", "document_words", ..] => String::new(),
        ["CREATE", "TRIGGER", name, "BEFORE", event, "ON", table, ..] => {
            let told = tokens.iter().rev().find_map(|token| match token {
                Token::Quoted(text) => Some(*text),
                _ => None,
            });
            format!(
                "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW \
                 EXECUTE FUNCTION lapwing_refuse({})",
                told.unwrap_or("''")
            )
        }
        ["CREATE" | "ALTER", "TABLE", ..] | ["CREATE", "TEMP", "TABLE", ..] => table(tokens),
        _ => plain(tokens),
    }
}

/// The next piece that is no white space, with its place.
fn after<'s>(tokens: &[Token<'s>], at: usize) -> Option<(usize, Token<'s>)> {
    tokens.iter().copied().enumerate().skip(at + 1).find(|(_, t)| !matches!(t, Token::Space(_)))
}

/// Whether these words come next, and where the last of them is.
fn follow(tokens: &[Token<'_>], from: usize, words: &[&str]) -> Option<usize> {
    let mut at = from;
    for word in words {
        let (next, token) = after(tokens, at)?;
        if !token.is(word) {
            return None;
        }
        at = next;
    }
    Some(at)
}

/// A question or a change of rows.
fn plain(tokens: &[Token<'_>]) -> String {
    let mut sql = String::new();
    let mut ignore = false;
    let mut marks = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at).copied() {
        match token {
            Token::Mark(number) => {
                marks += 1;
                let _ = write!(sql, "${}", number.unwrap_or(marks));
            }
            Token::Word(word) if token.is("INSERT") => {
                sql.push_str(word);
                if let Some(end) = follow(tokens, at, &["OR", "IGNORE"]) {
                    ignore = true;
                    at = end;
                }
            }
            Token::Word(_) if token.is("RETURNING") && ignore => {
                ignore = false;
                sql.push_str("ON CONFLICT DO NOTHING RETURNING");
            }
            // A hint to SQLite's planner.
            Token::Word(_) if token.is("CROSS") && follow(tokens, at, &["JOIN"]).is_some() => {}
            Token::Word(_) if token.is("INDEXED") => {
                if let Some((name, _)) =
                    follow(tokens, at, &["BY"]).and_then(|by| after(tokens, by))
                {
                    at = name;
                }
            }
            Token::Word(_) if token.is("temp") && tokens.get(at + 1) == Some(&Token::Sign(".")) => {
                sql.push_str("pg_temp");
            }
            // Case does not count in SQLite's, and no sign is escaped.
            Token::Word(_) if token.is("LIKE") => {
                sql.push_str("ILIKE");
                if let Some((pattern, found)) = after(tokens, at)
                    && matches!(found, Token::Quoted(_) | Token::Mark(_))
                    && !after(tokens, pattern).is_some_and(|(_, next)| next.is("ESCAPE"))
                {
                    match found {
                        Token::Mark(number) => {
                            marks += 1;
                            let _ = write!(sql, " ${} ESCAPE ''", number.unwrap_or(marks));
                        }
                        Token::Quoted(text) => {
                            let _ = write!(sql, " {text} ESCAPE ''");
                        }
                        _ => {}
                    }
                    at = pattern;
                }
            }
            Token::Word("INTEGER") => sql.push_str("BIGINT"),
            Token::Word("REAL") => sql.push_str("DOUBLE PRECISION"),
            Token::Word("BLOB") => sql.push_str("BYTEA"),
            Token::Word("json_each") => sql.push_str("lapwing_each"),
            Token::Sign("->>") => {
                if let Some((key, Token::Quoted(text))) = after(tokens, at) {
                    let start = path_before(&sql);
                    let path = sql.split_off(start);
                    let _ = write!(sql, "lapwing_json({}, {text})", path.trim_end());
                    at = key;
                } else {
                    sql.push_str("->>");
                }
            }
            Token::Word(text) | Token::Quoted(text) | Token::Space(text) | Token::Sign(text) => {
                sql.push_str(text);
            }
        }
        at += 1;
    }
    if ignore {
        sql.push_str(" ON CONFLICT DO NOTHING");
    }
    sql
}

/// Where the name (with those that it belongs to) at the end of some SQL begins.
fn path_before(sql: &str) -> usize {
    let end = sql.trim_end().len();
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    sql[..end]
        .rfind(|c| !belongs(c))
        .map_or(0, |at| at + sql[at..].chars().next().map_or(1, char::len_utf8))
}

/// Columns of texts of any length: they have no B-tree, whose entries are short.
const LONG: &[(&str, &str)] =
    &[("word", "text"), ("entity", "value"), ("agreement", "body"), ("folded", "name")];

/// A table's columns: types by name, keys that count themselves, no references (rows are written
/// by this crate alone, and `Store::check` follows every reference), texts in order of bytes.
fn table(tokens: &[Token<'_>]) -> String {
    let names = words(tokens);
    let table = names
        .iter()
        .find(|word| {
            !matches!(**word, "CREATE" | "ALTER" | "TEMP" | "TABLE" | "IF" | "NOT" | "EXISTS")
        })
        .copied()
        .unwrap_or_default();
    let mut sql = String::new();
    let mut column = "";
    let mut depth = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at).copied() {
        match token {
            Token::Word("INTEGER") => {
                let key = follow(tokens, at, &["PRIMARY", "KEY"]);
                let counts = key.and_then(|key| follow(tokens, key, &["AUTOINCREMENT"]));
                if let Some(end) = counts {
                    sql.push_str("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY");
                    at = end;
                } else if let Some(end) = key {
                    let _ = write!(
                        sql,
                        "BIGINT PRIMARY KEY DEFAULT lapwing_next('{table}', '{column}')"
                    );
                    at = end;
                } else {
                    sql.push_str("BIGINT");
                }
            }
            Token::Word("TEXT") => sql.push_str("TEXT COLLATE \"C\""),
            Token::Word("BLOB") => sql.push_str("BYTEA"),
            Token::Word("REAL") => sql.push_str("DOUBLE PRECISION"),
            Token::Word("REFERENCES") => {
                // The table and, in brackets, its column.
                let Some((target, _)) = after(tokens, at) else { break };
                at = target;
                if tokens.get(at + 1) == Some(&Token::Sign("(")) {
                    while tokens.get(at).is_some_and(|token| *token != Token::Sign(")")) {
                        at += 1;
                    }
                }
            }
            Token::Word("STRICT") | Token::Mark(_) => {}
            // Found by their hash, see `beyond.sql`.
            Token::Word(key @ ("UNIQUE" | "PRIMARY")) if sql.trim_end().ends_with(',') => {
                let close = (at..tokens.len()).find(|n| tokens[*n] == Token::Sign(")"));
                let end = close.unwrap_or(at);
                let long = |token: &Token<'_>| LONG.iter().any(|(t, c)| *t == table && token.is(c));
                if tokens[at..end].iter().any(long) {
                    sql.truncate(sql.trim_end().len() - 1);
                    at = end;
                } else {
                    sql.push_str(key);
                }
            }
            Token::Word("UNIQUE") if LONG.contains(&(table, column)) => {}
            Token::Word("WITHOUT") if follow(tokens, at, &["ROWID"]).is_some() => {
                at = follow(tokens, at, &["ROWID"]).unwrap_or(at);
            }
            Token::Sign(sign) => {
                depth += match sign {
                    "(" => 1,
                    ")" => -1,
                    _ => 0,
                };
                // What stands between `) STRICT, WITHOUT ROWID`.
                if depth > 0 || sign == ")" {
                    sql.push_str(sign);
                }
            }
            Token::Word(text) => {
                let begins = sql.trim_end().ends_with([',', '(']) && depth == 1;
                if begins || names.first() == Some(&"ALTER") {
                    column = text;
                }
                sql.push_str(text);
            }
            Token::Quoted(text) | Token::Space(text) => sql.push_str(text),
        }
        at += 1;
    }
    sql.trim_end().to_owned()
}

/// A table that a batch makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: String,
    /// Whether its numbers are never given twice.
    pub(crate) counts: bool,
}

/// The tables that a batch makes, in their order; those that SQLite has inside of others are none.
pub(crate) fn tables(ddl: &str) -> Vec<Table> {
    let mut found = Vec::new();
    for tokens in split(ddl) {
        if let ["CREATE", "TABLE", name, rest @ ..] = words(&tokens).as_slice() {
            let counts = rest.contains(&"AUTOINCREMENT");
            found.push(Table { name: (*name).to_owned(), counts });
        }
    }
    found
}

/// A column that holds the key of another table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The table of the column.
    pub(crate) table: String,
    /// The column.
    pub(crate) column: String,
    /// The table that it refers to.
    pub(crate) target: String,
    /// The column there.
    pub(crate) key: String,
}

/// The references that a batch of table definitions tells of.
pub(crate) fn references(ddl: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    for tokens in split(ddl) {
        let names = words(&tokens);
        let ["CREATE", "TABLE", table, ..] = names.as_slice() else { continue };
        let mut column = "";
        let mut fresh = false;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Sign("," | "(") => fresh = true,
                Token::Word("REFERENCES") => {
                    let Some((name, Token::Word(target))) = after(&tokens, at) else { continue };
                    let key = after(&tokens, name)
                        .filter(|(_, sign)| *sign == Token::Sign("("))
                        .and_then(|(open, _)| after(&tokens, open));
                    if let Some((_, Token::Word(key))) = key {
                        found.push(Reference {
                            table: (*table).to_owned(),
                            column: column.to_owned(),
                            target: target.to_owned(),
                            key: key.to_owned(),
                        });
                    }
                }
                Token::Word(word) if fresh => {
                    column = word;
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// An INSERT of one row made one of many: `VALUES ($1, …)` becomes a table of one array a column.
/// `types` are those of the marks. `None` where the values are more than marks in their order.
pub(super) fn of_columns(sql: &str, types: &[String]) -> Option<String> {
    let begin = sql.find("VALUES")?;
    let open = begin + sql[begin..].find('(')?;
    let close = open + sql[open..].find(')')?;
    let marks: Vec<&str> = sql[open + 1..close].split(',').map(str::trim).collect();
    let expected = (1..=types.len()).map(|n| format!("${n}"));
    if !marks.iter().copied().eq(expected) {
        return None;
    }
    let arrays: Vec<String> =
        types.iter().enumerate().map(|(at, of)| format!("${}::{of}[]", at + 1)).collect();
    let (head, tail) = (&sql[..begin], &sql[close + 1..]);
    Some(format!("{head}SELECT * FROM unnest({}){tail}", arrays.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(sql: &str) -> Vec<String> {
        split(sql).iter().filter_map(|tokens| of_statement(tokens)).collect()
    }

    #[test]
    fn statements_are_said_in_the_words_of_postgresql() {
        let cases = [
            ("SELECT a FROM t WHERE b = ?1 AND c = ?2", "SELECT a FROM t WHERE b = $1 AND c = $2"),
            ("INSERT INTO t (a, b) VALUES (?, ?)", "INSERT INTO t (a, b) VALUES ($1, $2)"),
            (
                "INSERT OR IGNORE INTO temp.t SELECT 1",
                "INSERT INTO pg_temp.t SELECT 1 ON CONFLICT DO NOTHING",
            ),
            (
                "SELECT * FROM a x INDEXED BY i CROSS JOIN b ON b.n = x.n",
                "SELECT * FROM a x   JOIN b ON b.n = x.n",
            ),
            (
                "SELECT d.header ->> 'url' FROM d WHERE f(header ->> 'x', '?1')",
                "SELECT lapwing_json(d.header, 'url') FROM d WHERE f(lapwing_json(header, 'x'), '?1')",
            ),
            ("SELECT 1 WHERE a LIKE '%x\\%'", "SELECT 1 WHERE a ILIKE '%x\\%' ESCAPE ''"),
            ("SELECT CAST(a AS INTEGER)", "SELECT CAST(a AS BIGINT)"),
        ];
        for (sqlite, postgres) in cases {
            assert_eq!(translate(sqlite), postgres);
        }
    }

    #[test]
    fn tables_are_made_of_the_same_columns() {
        let ddl = "CREATE TABLE t (\n  n INTEGER PRIMARY KEY, -- first\n  a TEXT NOT NULL, b BLOB REFERENCES x(y),\n  UNIQUE (a, b)\n) STRICT, WITHOUT ROWID;\
                   CREATE TABLE u (k INTEGER PRIMARY KEY AUTOINCREMENT, r REAL) STRICT;\
                   CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT raise(ABORT, 'no'); END;\
                   CREATE VIRTUAL TABLE s USING fts5 (a);";
        assert_eq!(
            statements(ddl),
            [
                "CREATE TABLE t (\n  n BIGINT PRIMARY KEY DEFAULT lapwing_next('t', 'n'), -- first\n  \
                 a TEXT COLLATE \"C\" NOT NULL, b BYTEA ,\n  UNIQUE (a, b)\n)",
                "CREATE TABLE u (k BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, \
                 r DOUBLE PRECISION)",
                "CREATE TRIGGER g BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION \
                 lapwing_refuse('no')",
            ]
        );
        let found = references(ddl);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].column.as_str(), found[0].key.as_str()), ("b", "y"));
    }

    #[test]
    fn one_row_becomes_many() {
        let types = ["int8".to_owned(), "text".to_owned()];
        assert_eq!(
            of_columns("INSERT INTO t (a, b) VALUES ($1,$2) ON CONFLICT DO NOTHING", &types)
                .unwrap(),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::int8[], $2::text[]) ON CONFLICT DO NOTHING"
        );
        assert_eq!(of_columns("INSERT INTO t (a, b) VALUES ($1, 2)", &types), None);
    }
}
