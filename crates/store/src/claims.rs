//! Claims to rows and back.

use std::sync::Arc;

use crate::sql::{CachedStatement, Connection, Params, Row, params};
use lapwing_model::{
    Basis, Claim, ClaimId, Confidence, DocumentId, Entity, Object, Period, Polarity, Relation, Span,
};

use crate::codec::{date_number, date_of};
use crate::error::Fault;
use crate::facts;
use crate::fusing;
use crate::held::Held;
use crate::marks::{self, ClaimMarks};
use crate::names::{Names, Numbered};
use crate::names_server;
use crate::records::StoredClaim;

/// The columns that [`read`] takes, of `claim c` joined with `document d`.
pub(crate) const COLUMNS: &str = "d.id, c.id, c.resolved_subject, c.relation, c.resolved_object, \
    c.subject, c.object, c.start, c.stop, c.polarity, c.basis, c.precision, c.stated, \
    c.stated_word, c.said_by, c.first, c.last, c.method, c.why, c.context";

const INSERT: &str = "INSERT OR IGNORE INTO claim (document, id, resolved_subject, relation, \
    resolved_object, subject, object, start, stop, polarity, basis, precision, stated, \
    stated_word, said_by, first, last, method, why, context) \
    VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)";

/// Writes the claims of document `n`, given in order of identifier and by place; of claims with one identifier, the first is kept.
/// Keeps the marks of those that are evidence, and touches their statements. Returns how many claims there are.
pub(crate) fn insert(
    conn: &Connection,
    names: &Names,
    (n, ordered): (i64, &[(ClaimId, usize)]),
    (Came { document, claims, marked }, held): (Came<'_>, &mut Held),
    resolve: &dyn Fn(&Entity) -> Entity,
) -> Result<u64, Fault> {
    // New names and words get their numbers in the order of the text, …
    let mut numbered = Vec::with_capacity(claims.len());
    for portion in claims.chunks(PORTION) {
        names_server::load_for(conn, names, portion, resolve)?;
        for claim in portion {
            numbered.push(Numbers::of(conn, names, claim, resolve)?);
        }
    }
    let statement = |of: &Numbers| (of.subject.resolved, of.relation, of.object.resolved);
    fusing::touch_new(conn, numbered.iter().map(statement).collect())?;
    // Which names the document gives, so that documents are counted without their claims.
    let mut given = std::collections::BTreeSet::new();
    for (claim, of) in claims.iter().zip(&numbered) {
        given.extend((!claim.subject.kind.is_observable()).then_some(of.subject.n));
        let named = claim.object.entity().filter(|entity| !entity.kind.is_observable());
        given.extend(named.map(|_| of.object.n));
    }
    let mut named =
        conn.bulk("INSERT INTO named_in (n, document) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    for name in given {
        named.push(params![name, n])?;
    }
    named.finish()?;
    if let Some(marked) = marked {
        let mut of_claims = marked.iter().filter_map(|(at, marks)| {
            Some((numbered.get(*at)?.subject.resolved, marks.as_slice()))
        });
        marks::put(conn, n, &mut of_claims)?;
    }
    // … and rows are written in the order of their key, so that pages fill one after the other.
    let mut insert = conn.bulk(INSERT)?;
    let source = held.source(document, claims);
    let mut last = None;
    for (id, at) in ordered {
        let (Some(claim), Some(numbers)) = (claims.get(*at), numbered.get(*at)) else {
            continue;
        };
        let is_first = last.replace(*id) != Some(*id);
        if is_first && held.is_new(statement(numbers)) {
            match source {
                Some(source) => {
                    let others = numbers.others(conn, names)?;
                    held.put(statement(numbers), (source, *at, *id), others);
                }
                None => held.leave(statement(numbers)),
            }
        }
        insert.push(params![
            n,
            id.0,
            numbers.subject.resolved,
            numbers.relation,
            numbers.object.resolved,
            numbers.subject.n,
            numbers.object.n,
            claim.span.start,
            claim.span.end,
            polarity_number(claim.polarity),
            basis_number(claim.basis),
            claim.precision.as_percent(),
            claim.stated.map(Confidence::as_percent),
            numbers.stated_word,
            numbers.said_by,
            claim.period.first.map(date_number),
            claim.period.last.map(date_number),
            numbers.method,
            numbers.why,
            numbers.context,
        ])?;
    }
    Ok(insert.finish()? as u64)
}

/// The claims of a document that came, with the marks of those that are evidence.
pub(crate) struct Came<'c> {
    pub(crate) document: DocumentId,
    pub(crate) claims: &'c Arc<[Claim]>,
    pub(crate) marked: Option<&'c ClaimMarks>,
}

/// Claims whose names are numbered in one go.
const PORTION: usize = 2048;

/// The numbers of all names and words of a claim.
struct Numbers {
    subject: Numbered,
    relation: i64,
    object: Numbered,
    stated_word: Option<i64>,
    said_by: Option<i64>,
    method: i64,
    why: Option<i64>,
    context: Option<i64>,
}

impl Numbers {
    fn of(
        conn: &Connection,
        names: &Names,
        claim: &Claim,
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Self, Fault> {
        let word =
            |text: &Option<String>| text.as_deref().map(|text| names.word(conn, text)).transpose();
        Ok(Self {
            subject: names.entity(conn, &claim.subject, resolve)?,
            object: names.object(conn, &claim.object, resolve)?,
            relation: names.word(conn, claim.relation.as_str())?,
            stated_word: word(&claim.stated_word)?,
            said_by: word(&claim.said_by)?,
            method: names.word(conn, &claim.method)?,
            why: word(&claim.why)?,
            context: word(&claim.context)?,
        })
    }
}

impl Numbers {
    /// The names that subject and object resolve to, where these are others.
    fn others(
        &self,
        conn: &Connection,
        names: &Names,
    ) -> Result<(Option<Entity>, Option<Object>), Fault> {
        let other = |of: Numbered| (of.n != of.resolved).then_some(of.resolved);
        let subject = other(self.subject).map(|n| names.entity_of(conn, n)).transpose()?;
        let object = other(self.object).map(|n| names.object_of(conn, n)).transpose()?;
        Ok((subject, object))
    }
}

/// Reads a row of [`COLUMNS`].
pub(crate) fn read(conn: &Connection, names: &Names, row: &Row<'_>) -> Result<StoredClaim, Fault> {
    let word = |at: usize| -> Result<Option<String>, Fault> {
        row.get::<_, Option<i64>>(at)?.map(|n| names.text(conn, n)).transpose()
    };
    let date = |at: usize| row.get::<_, Option<i64>>(at)?.map(date_of).transpose();
    let (subject, object): (i64, i64) = (row.get(5)?, row.get(6)?);
    let written = names.entity_of(conn, subject)?;
    let written_object = names.object_of(conn, object)?;
    let resolved: i64 = row.get(2)?;
    let resolved_object: i64 = row.get(4)?;
    Ok(StoredClaim {
        id: ClaimId(row.get(1)?),
        document: DocumentId(row.get(0)?),
        subject: if resolved == subject {
            written.clone()
        } else {
            names.entity_of(conn, resolved)?
        },
        object: if resolved_object == object {
            written_object.clone()
        } else {
            names.object_of(conn, resolved_object)?
        },
        claim: Claim {
            subject: written,
            relation: relation(conn, names, row.get(3)?)?,
            object: written_object,
            span: Span { start: row.get(7)?, end: row.get(8)? },
            polarity: polarity(row.get(9)?)?,
            basis: basis(row.get(10)?)?,
            stated: row.get::<_, Option<u8>>(12)?.map(Confidence::percent),
            stated_word: word(13)?,
            precision: Confidence::percent(row.get(11)?),
            said_by: word(14)?,
            period: Period { first: date(15)?, last: date(16)? },
            method: names.text(conn, row.get(17)?)?,
            why: word(18)?,
            context: word(19)?,
        },
    })
}

/// Reads the claims of a query whose columns are [`COLUMNS`].
pub(crate) fn select(
    conn: &Connection,
    names: &Names,
    sql: &str,
    params: impl Params,
) -> Result<Vec<StoredClaim>, Fault> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut claims = Vec::new();
    names_server::load_of_claims(conn, names, rows.came())?;
    while let Some(row) = rows.next()? {
        claims.push(read(conn, names, &row)?);
    }
    Ok(claims)
}

/// Whose claims on a statement are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Of all documents in sight, from a row on.
    From(i64),
    /// Of one row, in sight or not.
    Of(i64),
}

impl Which {
    /// The condition, with the row as `row`.
    fn condition(self, row: &str) -> String {
        match self {
            Self::From(_) => format!("c.document >= {row} AND d.visible = 1"),
            Self::Of(_) => format!("c.document = {row}"),
        }
    }

    fn row(self) -> i64 {
        match self {
            Self::From(row) | Self::Of(row) => row,
        }
    }
}

/// Asks for claims of a statement; for [`of_statement`].
pub(crate) fn prepare(conn: &Connection, which: Which) -> Result<CachedStatement<'_>, Fault> {
    // CROSS JOIN holds the planner to the order: the statement's few claims first.
    Ok(conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM claim c INDEXED BY claim_statement
         CROSS JOIN document d ON d.n = c.document
         WHERE c.resolved_subject = ?1 AND c.relation = ?2 AND c.resolved_object = ?3
           AND {}",
        which.condition("?4")
    ))?)
}

/// The claims of a statement, in order of identifier; `prepared` is for the same documents.
pub(crate) fn of_statement(
    conn: &Connection,
    names: &Names,
    prepared: &mut CachedStatement<'_>,
    ((subject, relation, object), which): ((i64, i64, i64), Which),
) -> Result<Vec<StoredClaim>, Fault> {
    let mut rows = prepared.query((subject, relation, object, which.row()))?;
    names_server::load_of_claims(conn, names, rows.came())?;
    let mut claims = Vec::new();
    while let Some(row) = rows.next()? {
        claims.push(read(conn, names, &row)?);
    }
    claims.sort_unstable_by_key(|claim| claim.id);
    Ok(claims)
}

/// As [`of_statement`], for many statements: from PostgreSQL they come in one answer.
pub(crate) fn of_statements(
    conn: &Connection,
    names: &Names,
    statements: &[(i64, i64, i64)],
    which: Which,
) -> Result<Vec<Vec<StoredClaim>>, Fault> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let Some(session) = conn.postgres() else {
        let mut prepared = prepare(conn, which)?;
        return statements
            .iter()
            .map(|statement| of_statement(conn, names, &mut prepared, (*statement, which)))
            .collect();
    };
    let sql = format!(
        "SELECT {COLUMNS}, t.at FROM unnest($1::int8[], $2::int8[], $3::int8[])
           WITH ORDINALITY AS t (s, r, o, at)
         JOIN claim c ON c.resolved_subject = t.s AND c.relation = t.r AND c.resolved_object = t.o
         JOIN document d ON d.n = c.document
         WHERE {} ORDER BY t.at, c.id",
        which.condition(&which.row().to_string())
    );
    let rows = session.query_columns(&sql, facts::columns(statements))?.all();
    names_server::load_of_claims(conn, names, &rows)?;
    let mut claims: Vec<Vec<StoredClaim>> = vec![Vec::new(); statements.len()];
    for row in &rows {
        let at: i64 = row.get(20)?;
        if let Some(of) = claims.get_mut(at as usize - 1) {
            of.push(read(conn, names, &Row::Postgres(row))?);
        }
    }
    Ok(claims)
}

/// As [`of_statements`], at most `most` of each in order of document and identifier: of what thousands of documents
/// say no more is read than is told.
pub(crate) fn some_of_statements(
    conn: &Connection,
    names: &Names,
    statements: &[(i64, i64, i64)],
    most: usize,
) -> Result<Vec<Vec<StoredClaim>>, Fault> {
    if conn.is_postgres() {
        let mut all = of_statements(conn, names, statements, Which::From(0))?;
        all.iter_mut().for_each(|claims| claims.truncate(most));
        return Ok(all);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM claim c INDEXED BY claim_statement
         CROSS JOIN document d ON d.n = c.document
         WHERE c.resolved_subject = ?1 AND c.relation = ?2 AND c.resolved_object = ?3
           AND d.visible = 1 LIMIT ?4"
    );
    let of = |(subject, relation, object): &(i64, i64, i64)| {
        select(conn, names, &sql, (*subject, *relation, *object, most as i64))
    };
    statements.iter().map(of).collect()
}

/// All claims of a visible document, in order of place.
pub(crate) fn of_document(
    conn: &Connection,
    names: &Names,
    document: DocumentId,
) -> Result<Vec<StoredClaim>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM document d JOIN claim c ON c.document = d.n
         WHERE d.id = ?1 AND d.visible = 1"
    );
    let mut claims = select(conn, names, &sql, [document.0])?;
    claims.sort_by_key(|claim| (claim.claim.span, claim.id));
    Ok(claims)
}

/// The claims of a visible document in order of place, those after one of them, at most so many.
pub(crate) fn page_of_document(
    conn: &Connection,
    names: &Names,
    document: DocumentId,
    after: Option<(Span, ClaimId)>,
    limit: usize,
) -> Result<Vec<StoredClaim>, Fault> {
    // All rows of the document are looked at, but only those of the page are kept and read.
    let sql = format!(
        "SELECT {COLUMNS} FROM document d JOIN claim c ON c.document = d.n
         WHERE d.id = ?1 AND d.visible = 1 AND (c.start, c.stop, c.id) > (?2, ?3, ?4)
         ORDER BY c.start, c.stop, c.id LIMIT ?5"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // Without one, after what stands before all.
    let (start, end, id) = after.map_or((-1, -1, ClaimId([0; 16])), |(span, id)| {
        (i64::from(span.start), i64::from(span.end), id)
    });
    select(conn, names, &sql, params![document.0, start, end, id.0, limit])
}

/// The identifiers of the claims of a visible document, in order.
pub(crate) fn ids_of_document(
    conn: &Connection,
    document: DocumentId,
) -> Result<Vec<ClaimId>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT c.id FROM document d JOIN claim c ON c.document = d.n
         WHERE d.id = ?1 AND d.visible = 1 ORDER BY c.id",
    )?;
    let rows = statement.query_map([document.0], |row| Ok(ClaimId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The visible claim of an identifier. One probe a document: an index over all identifiers
/// would cost every writer what only `explain` needs.
pub(crate) fn find(
    conn: &Connection,
    names: &Names,
    id: ClaimId,
) -> Result<Option<StoredClaim>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM document d CROSS JOIN claim c ON c.document = d.n AND c.id = ?1
         WHERE d.visible = 1"
    );
    Ok(select(conn, names, &sql, [id.0])?.pop())
}

pub(crate) fn relation(conn: &Connection, names: &Names, n: i64) -> Result<Relation, Fault> {
    names.text(conn, n)?.parse().map_err(|e| Fault::damaged(format!("{e}")))
}

fn polarity_number(polarity: Polarity) -> u8 {
    match polarity {
        Polarity::Asserted => 0,
        Polarity::Hedged => 1,
        Polarity::Denied => 2,
    }
}

fn polarity(number: u8) -> Result<Polarity, Fault> {
    match number {
        0 => Ok(Polarity::Asserted),
        1 => Ok(Polarity::Hedged),
        2 => Ok(Polarity::Denied),
        _ => Err(Fault::damaged(format!("{number} is no polarity"))),
    }
}

pub(crate) fn basis_number(basis: Basis) -> u8 {
    match basis {
        Basis::Observed => 0,
        Basis::Assessed => 1,
        Basis::Predicted => 2,
    }
}

pub(crate) fn basis(number: u8) -> Result<Basis, Fault> {
    match number {
        0 => Ok(Basis::Observed),
        1 => Ok(Basis::Assessed),
        2 => Ok(Basis::Predicted),
        _ => Err(Fault::damaged(format!("{number} is no basis"))),
    }
}
