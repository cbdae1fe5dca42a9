//! What a document is told with where it is told whole, and which documents have to be told anew.

use jiff::Timestamp;
use lapwing_model::{ChangeId, DocumentId, Fact, Relation};

use crate::claims;
use crate::documents;
use crate::error::{Fault, StoreError};
use crate::facts::{self, Contributions};
use crate::names::Names;
use crate::names_server;
use crate::sql::{Connection, OptionalExtension, params};
use crate::store::Store;

impl Store {
    /// The facts that the claims of a document in sight are on, in order of number, each with its own (see
    /// [`Store::turns`]): what of it is another since has a larger one. Of the contributions there is one that
    /// supports it and one that denies it, if there is any.
    pub fn facts_told_by(&self, id: DocumentId) -> Result<Vec<(Fact, i64)>, StoreError> {
        self.with(|conn, names| facts_told_by(conn, names, id))
    }

    /// When the change was made that gave a number, where that came after another change; `None` where it did not.
    pub fn later_than(&self, change: ChangeId, turn: i64) -> Result<Option<Timestamp>, StoreError> {
        self.with(|conn, _| later_than(conn, change.0, turn))
    }

    /// When the first change after another was made.
    pub fn change_after(&self, change: ChangeId) -> Result<Option<Timestamp>, StoreError> {
        self.with(|conn, _| Ok(change_after(conn, change.0)?.map(|(_, at)| at)))
    }

    /// The number that is given next; 0 where nothing has one (a file of an older schema, opened for reading only).
    pub fn next_turn(&self) -> Result<i64, StoreError> {
        self.with(|conn, _| {
            if !conn.has_table("turn")? {
                return Ok(0);
            }
            let next: Option<i64> = conn
                .prepare_cached("SELECT max(next) FROM turn")?
                .query_row([], |row| row.get(0))?;
            Ok(next.unwrap_or(0))
        })
    }

    /// The documents in sight that got a number from this one on, or that speak of a fact which did, in order of
    /// identifier; `None` where they are more than `most`, or nothing has a number.
    pub fn documents_told_anew(
        &self,
        from: i64,
        most: usize,
    ) -> Result<Option<Vec<DocumentId>>, StoreError> {
        self.with(|conn, names| told_anew(conn, names, from, most))
    }

    /// Whether all changes after one only added documents or took them back: no decision on names, no reference
    /// data.
    pub fn only_documents_since(&self, change: ChangeId) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            let other = conn
                .prepare_cached(
                    "SELECT 1 FROM change c LEFT JOIN change u ON u.id = c.undoes
                     WHERE c.id > ?1 AND c.documents = 0
                       AND (c.undoes IS NULL OR u.documents = 0) LIMIT 1",
                )?
                .exists([change.0])?;
            Ok(!other)
        })
    }
}

fn facts_told_by(
    conn: &Connection,
    names: &Names,
    id: DocumentId,
) -> Result<Vec<(Fact, i64)>, Fault> {
    let Some(row) = documents::visible(conn, id)? else { return Ok(Vec::new()) };
    let added = if conn.has_table("turn")? { "f.added" } else { "0" };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT f.subject, f.relation, f.object, f.body, {added} FROM
           (SELECT DISTINCT resolved_subject, relation, resolved_object FROM claim
            WHERE document = ?1) c
         CROSS JOIN fact f ON f.subject = c.resolved_subject AND f.relation = c.relation
           AND f.object = c.resolved_object
         ORDER BY f.subject, f.relation, f.object"
    ))?;
    let mut rows = statement.query([row])?;
    names_server::load_of_rows(conn, names, rows.came(), &[0, 2])?;
    let mut told = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(3)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        let said = (
            names.entity_of(conn, row.get(0)?)?,
            claims::relation(conn, names, row.get(1)?)?,
            names.object_of(conn, row.get(2)?)?,
        );
        told.push((facts::decode_part(body, said, Contributions::Sides)?, row.get(4)?));
    }
    Ok(told)
}

fn change_after(conn: &Connection, change: i64) -> Result<Option<(i64, Timestamp)>, Fault> {
    let found: Option<(i64, String)> = conn
        .prepare_cached("SELECT id, at FROM change WHERE id > ?1 ORDER BY id LIMIT 1")?
        .query_row([change], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, text)) = found else { return Ok(None) };
    let at = text.parse().map_err(|_| Fault::damaged(format!("`{text}` is no time")))?;
    Ok(Some((id, at)))
}

fn later_than(conn: &Connection, change: i64, turn: i64) -> Result<Option<Timestamp>, Fault> {
    let gave = |time: Timestamp| time.as_microsecond() <= turn;
    let Some((first, mut found)) = change_after(conn, change)?.filter(|(_, time)| gave(*time))
    else {
        return Ok(None);
    };
    // The changes are in order of time: the last one that had begun by then is between these.
    let last: Option<i64> =
        conn.prepare_cached("SELECT max(id) FROM change")?.query_row([], |row| row.get(0))?;
    let (mut low, mut high) = (first, last.unwrap_or(first));
    while low < high {
        let middle = low + (high - low) / 2;
        match change_after(conn, middle)? {
            Some((id, time)) if gave(time) => (low, found) = (id, time),
            _ => high = middle,
        }
    }
    Ok(Some(found))
}

fn told_anew(
    conn: &Connection,
    names: &Names,
    from: i64,
    most: usize,
) -> Result<Option<Vec<DocumentId>>, Fault> {
    if !conn.has_table("turn")? {
        return Ok(None);
    }
    let mut parts = vec!["SELECT n FROM document WHERE visible = 1 AND added >= ?1".to_owned()];
    for relation in Relation::ALL {
        if let Some(n) = names.find_word(conn, relation.as_str())? {
            parts.push(format!(
                "SELECT c.document AS n FROM fact f
                 CROSS JOIN claim c ON c.resolved_subject = f.subject AND c.relation = f.relation
                   AND c.resolved_object = f.object
                 WHERE f.relation = {n} AND f.added >= ?1"
            ));
        }
    }
    let sql = format!(
        "SELECT d.id FROM ({}) t JOIN document d ON d.n = t.n
         WHERE d.visible = 1 ORDER BY d.id LIMIT ?2",
        parts.join(" UNION ")
    );
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![from, limit], |row| Ok(DocumentId(row.get(0)?)))?;
    let found = rows.collect::<Result<Vec<_>, _>>()?;
    Ok((found.len() <= most).then_some(found))
}
