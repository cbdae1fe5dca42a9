//! What came, page by page, and the rows that each piece of it is told with.

use jiff::Timestamp;
use lapwing_model::{DocumentId, Entity, Fact, Kind, Object, Relation};

use crate::claims::{self, Which};
use crate::documents;
use crate::error::{Fault, StoreError};
use crate::facts::{self, Contributions};
use crate::names::Names;
use crate::names_server;
use crate::near;
use crate::records::{DocumentRecord, StoredClaim};
use crate::sql::types::Value;
use crate::sql::{Connection, OptionalExtension, params, params_from_iter};
use crate::store::Store;

/// Which of what came is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnQuery {
    /// From this number on.
    pub from: i64,
    /// Before this number.
    pub before: i64,
    /// Facts of these relations; none: of all.
    pub relations: Option<Vec<Relation>>,
    /// Entities of these kinds; none: of all.
    pub kinds: Option<Vec<Kind>>,
    /// Documents, too.
    pub documents: bool,
    /// At most so many.
    pub limit: usize,
}

/// What came, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Its number, and the time at which it came in microseconds; those up to [`TURN`](crate::TURN) behind are free.
    pub n: i64,
    /// What it is.
    pub what: Came,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// A fact, by the numbers of its statement.
    Fact(i64, i64, i64),
    /// An entity that facts speak of, by its number.
    Entity(i64),
    /// A document in sight, by its row.
    Document(i64),
}

/// A statement by the numbers of its subject, relation and object.
pub type Statement = (i64, i64, i64);

/// A fact with claims on it.
pub type ToldFact = (Fact, Vec<StoredClaim>);

impl Store {
    /// What came, in order of its number.
    pub fn turns(&self, query: &TurnQuery) -> Result<Vec<Turn>, StoreError> {
        self.with(|conn, names| turns(conn, names, query))
    }

    /// The facts of statements by number, each with the claims in sight on it: at most `most` of each, the first
    /// in order of document and identifier. Nothing for what is gone. Where no claims are asked for, of the
    /// contributions there is one that supports it and one that denies it, if there is any.
    pub fn facts_that_came(
        &self,
        statements: &[(i64, i64, i64)],
        most: usize,
    ) -> Result<Vec<Option<ToldFact>>, StoreError> {
        self.with(|conn, names| facts_of(conn, names, statements, most))
    }

    /// What a value is said to indicate and when it was seen: the facts of some subjects by number, in their order.
    pub fn facts_beside(
        &self,
        subjects: &[i64],
        relations: &[Relation],
    ) -> Result<Vec<Vec<Fact>>, StoreError> {
        self.with(|conn, names| {
            let mut wanted = Vec::new();
            for relation in relations {
                wanted.extend(names.find_word(conn, relation.as_str())?);
            }
            match conn.postgres() {
                Some(_) => beside_at_once(conn, names, subjects, &wanted),
                None => subjects.iter().map(|n| beside(conn, names, *n, &wanted)).collect(),
            }
        })
    }

    /// The statements that tell the own object of an entity: what its other names are, what it is of and when; and
    /// a few of those that name it, first those of which it is the subject. `is_name`: it is no value.
    pub fn statements_naming(
        &self,
        n: i64,
        is_name: bool,
        most: usize,
    ) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        self.with(|conn, names| naming(conn, names, (n, is_name), most))
    }

    /// The entities of numbers, each with its number, in their order; none for what is gone.
    pub fn entities_that_came(&self, numbers: &[i64]) -> Result<Vec<Entity>, StoreError> {
        self.with(|conn, names| numbers.iter().map(|n| names.entity_of(conn, *n)).collect())
    }

    /// The number of an entity.
    pub fn entity_number(&self, entity: &Entity) -> Result<Option<i64>, StoreError> {
        let object = Object::Entity(entity.clone());
        self.with(|conn, names| Ok(names.find(conn, &object)?.map(|found| found.n)))
    }

    /// Whether an entity that facts speak of, with a smaller number, has the same name in lower case and the same kind.
    pub fn has_namesake_before(&self, n: i64, entity: &Entity) -> Result<bool, StoreError> {
        self.with(|conn, names| {
            let Some(kind) = names.find_word(conn, entity.kind.as_str())? else { return Ok(false) };
            Ok(conn
                .prepare_cached(
                    "SELECT 1 FROM folded f CROSS JOIN standing s ON s.n = f.n
                     WHERE f.name = ?1 AND f.n < ?2 AND s.kind = ?3",
                )?
                .exists(params![entity.value.to_lowercase(), n, kind])?)
        })
    }

    /// Whether an entity is the object of a fact of this relation.
    pub fn is_object_of(&self, n: i64, relation: Relation) -> Result<bool, StoreError> {
        self.with(|conn, names| {
            let Some(relation) = names.find_word(conn, relation.as_str())? else {
                return Ok(false);
            };
            Ok(conn
                .prepare_cached("SELECT 1 FROM fact WHERE object = ?1 AND relation = ?2 LIMIT 1")?
                .exists((n, relation))?)
        })
    }

    /// What else is said to be the same object as an entity, one way or the other, in order of number.
    pub fn same_objects(&self, n: i64) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        self.with(|conn, names| {
            let Some(same) = names.find_word(conn, Relation::SameObject.as_str())? else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            for sql in [
                "SELECT subject, object FROM fact WHERE subject = ?1 AND relation = ?2",
                "SELECT subject, object FROM fact WHERE object = ?1 AND relation = ?2",
            ] {
                let mut statement = conn.prepare_cached(sql)?;
                let mut rows = statement.query((n, same))?;
                while let Some(row) = rows.next()? {
                    found.push((row.get(0)?, same, row.get(1)?));
                }
            }
            found.sort_unstable();
            found.dedup();
            Ok(found)
        })
    }

    /// The document of a row in sight, and the statements of its claims in their order, at most so many.
    pub fn document_that_came(
        &self,
        row: i64,
        most: usize,
    ) -> Result<Option<(DocumentRecord, Vec<Statement>)>, StoreError> {
        self.with(|conn, _| {
            let Some(id) = documents::in_sight(conn, row)? else { return Ok(None) };
            let Some(record) = documents::record(conn, id)? else { return Ok(None) };
            let mut statement = conn.prepare_cached(
                "SELECT resolved_subject, relation, resolved_object FROM claim
                 WHERE document = ?1 LIMIT ?2",
            )?;
            let rows = statement
                .query_map((row, most as i64), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let mut statements = rows.collect::<Result<Vec<(i64, i64, i64)>, _>>()?;
            statements.sort_unstable();
            statements.dedup();
            Ok(Some((record, statements)))
        })
    }

    /// The claims in sight of one document on some statements.
    pub fn claims_on(
        &self,
        row: i64,
        statements: &[(i64, i64, i64)],
    ) -> Result<Vec<Vec<StoredClaim>>, StoreError> {
        self.with(|conn, names| claims::of_statements(conn, names, statements, Which::Of(row)))
    }

    /// The number of a document in sight.
    pub fn turn_of_document(&self, id: DocumentId) -> Result<Option<i64>, StoreError> {
        self.with(|conn, _| {
            let found = conn
                .prepare_cached("SELECT added FROM document WHERE id = ?1 AND visible = 1")?
                .query_row([id.0], |row| row.get(0))
                .optional()?;
            Ok(found)
        })
    }

    /// Whether no document in sight of the same publisher has a smaller row.
    pub fn is_first_of_its_publisher(&self, row: i64) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            let before = conn
                .prepare_cached(
                    "SELECT 1 FROM document d JOIN document b ON b.publisher = d.publisher
                       AND b.n < d.n AND b.visible = 1
                     WHERE d.n = ?1 LIMIT 1",
                )?
                .exists([row])?;
            Ok(!before)
        })
    }

    /// Whether the path of an entity that facts speak of, with a smaller number, lies right in the same folder.
    pub fn is_folder_before(
        &self,
        n: i64,
        entity: &Entity,
        folder: &str,
    ) -> Result<bool, StoreError> {
        self.with(|conn, names| {
            let Some(kind) = names.find_word(conn, entity.kind.as_str())? else { return Ok(false) };
            let mut within = conn.prepare_cached(
                "SELECT e.value FROM entity e CROSS JOIN standing s ON s.n = e.n
                 WHERE e.kind = ?1 AND e.value >= ?2 AND e.value < ?3 AND e.n < ?4",
            )?;
            // No character of a path comes after the last one that there is.
            let end = format!("{folder}\u{10FFFF}");
            let mut rows = within.query(params![kind, folder, end, n])?;
            while let Some(row) = rows.next()? {
                let path: String = row.get(0)?;
                if path.rfind(['/', '\\']) == Some(folder.len()) && path.len() > folder.len() + 1 {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// The relation and the object of numbers.
    pub fn statement_words(
        &self,
        relation: i64,
        object: i64,
    ) -> Result<(Relation, Object), StoreError> {
        self.with(|conn, names| {
            Ok((claims::relation(conn, names, relation)?, names.object_of(conn, object)?))
        })
    }

    /// When the first change was made that the history tells of.
    pub fn first_change(&self) -> Result<Option<Timestamp>, StoreError> {
        self.with(|conn, _| {
            let at: Option<String> = conn
                .prepare_cached("SELECT at FROM change ORDER BY id LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?;
            let time = |text: String| {
                text.parse().map_err(|_| Fault::damaged(format!("`{text}` is no time")))
            };
            at.map(time).transpose()
        })
    }
}

fn turns(conn: &Connection, names: &Names, query: &TurnQuery) -> Result<Vec<Turn>, Fault> {
    let relations = query.relations.as_deref().unwrap_or(Relation::ALL);
    let kinds = query.kinds.as_deref().unwrap_or(Kind::ALL);
    // One question for all, merged as it is read: each part is a piece of an index in the order that is asked for, and
    // of none is more read than the page takes. A limit of its own would have each read to that limit and sorted.
    let mut parts = Vec::new();
    let mut part = |sql: String| parts.push(format!("{sql} added >= ?1 AND added < ?2"));
    for relation in relations {
        if let Some(n) = names.find_word(conn, relation.as_str())? {
            part(format!(
                "SELECT added, 0 AS what, subject AS a, relation AS b, object AS c FROM fact
                 WHERE relation = {n} AND"
            ));
        }
    }
    for kind in kinds {
        if let Some(n) = names.find_word(conn, kind.as_str())? {
            part(format!(
                "SELECT added, 1 AS what, n AS a, 0 AS b, 0 AS c FROM standing
                 WHERE kind = {n} AND"
            ));
        }
    }
    if query.documents {
        part(
            "SELECT added, 2 AS what, n AS a, 0 AS b, 0 AS c FROM document WHERE visible = 1 AND"
                .into(),
        );
    }
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("{} ORDER BY 1 LIMIT ?3", parts.join(" UNION ALL "));
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query((query.from, query.before, query.limit as i64))?;
    let mut turns = Vec::new();
    while let Some(row) = rows.next()? {
        let (a, b, c): (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let what = match row.get::<_, i64>(1)? {
            0 => Came::Fact(a, b, c),
            1 => Came::Entity(a),
            _ => Came::Document(a),
        };
        turns.push(Turn { n: row.get(0)?, what });
    }
    Ok(turns)
}

fn facts_of(
    conn: &Connection,
    names: &Names,
    statements: &[(i64, i64, i64)],
    most: usize,
) -> Result<Vec<Option<ToldFact>>, Fault> {
    let which = if most == 0 { Contributions::Sides } else { Contributions::All };
    let bodies = bodies(conn, names, statements)?;
    let there: Vec<(i64, i64, i64)> = statements
        .iter()
        .zip(&bodies)
        .filter_map(|(statement, body)| body.as_ref().map(|_| *statement))
        .collect();
    let claims = match most {
        0 => vec![Vec::new(); there.len()],
        _ => claims::some_of_statements(conn, names, &there, most)?,
    };
    let mut claims = claims.into_iter();
    let mut found = Vec::with_capacity(statements.len());
    for ((subject, relation, object), body) in statements.iter().zip(bodies) {
        let Some(body) = body else {
            found.push(None);
            continue;
        };
        let statement = (
            names.entity_of(conn, *subject)?,
            claims::relation(conn, names, *relation)?,
            names.object_of(conn, *object)?,
        );
        let fact = facts::decode_part(&body, statement, which)?;
        found.push(Some((fact, claims.next().unwrap_or_default())));
    }
    Ok(found)
}

fn bodies(
    conn: &Connection,
    names: &Names,
    statements: &[(i64, i64, i64)],
) -> Result<Vec<near::Body>, Fault> {
    if let Some(session) = conn.postgres() {
        let mut bodies = vec![None; statements.len()];
        let sql = "SELECT t.at, f.body, f.subject, f.object FROM unnest($1::int8[], $2::int8[], $3::int8[])
              WITH ORDINALITY AS t (s, r, o, at)
            JOIN fact f ON f.subject = t.s AND f.relation = t.r AND f.object = t.o";
        let rows = session.query_columns(sql, facts::columns(statements))?.all();
        names_server::load_of_rows(conn, names, &rows, &[2, 3])?;
        for row in &rows {
            let at = row.get::<i64>(0)? as usize - 1;
            if let Some(body) = bodies.get_mut(at) {
                *body = Some(row.get(1)?);
            }
        }
        return Ok(bodies);
    }
    let (mut bodies, far) = near::bodies(conn, statements)?;
    let mut select = conn.prepare_cached(
        "SELECT body FROM fact WHERE subject = ?1 AND relation = ?2 AND object = ?3",
    )?;
    for at in far {
        if let (Some(statement), Some(body)) = (statements.get(at), bodies.get_mut(at)) {
            *body = select.query_row(*statement, |row| row.get(0)).optional()?;
        }
    }
    Ok(bodies)
}

fn beside(
    conn: &Connection,
    names: &Names,
    subject: i64,
    relations: &[i64],
) -> Result<Vec<Fact>, Fault> {
    let mut all = Vec::new();
    let mut statement = conn.prepare_cached(
        "SELECT object, body FROM fact WHERE subject = ?1 AND relation = ?2 ORDER BY object",
    )?;
    for relation in relations {
        let mut rows = statement.query((subject, *relation))?;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(1)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
            all.push(facts::decode(
                body,
                names.entity_of(conn, subject)?,
                claims::relation(conn, names, *relation)?,
                names.object_of(conn, row.get(0)?)?,
            )?);
        }
    }
    Ok(all)
}

/// As [`beside`], with one question for all subjects.
fn beside_at_once(
    conn: &Connection,
    names: &Names,
    subjects: &[i64],
    relations: &[i64],
) -> Result<Vec<Vec<Fact>>, Fault> {
    let mut all: Vec<Vec<Fact>> = vec![Vec::new(); subjects.len()];
    let Some(session) = conn.postgres() else { return Ok(all) };
    if subjects.is_empty() || relations.is_empty() {
        return Ok(all);
    }
    let column = |numbers: &[i64]| numbers.iter().map(|n| Value::Integer(*n)).collect();
    let sql = "SELECT t.at, f.subject, f.relation, f.object, f.body
        FROM unnest($1::int8[]) WITH ORDINALITY AS t (n, at)
        CROSS JOIN unnest($2::int8[]) WITH ORDINALITY AS r (n, at)
        JOIN fact f ON f.subject = t.n AND f.relation = r.n
        ORDER BY t.at, r.at, f.object";
    let rows = session.query_columns(sql, vec![column(subjects), column(relations)])?.all();
    names_server::load_of_rows(conn, names, &rows, &[1, 3])?;
    for row in &rows {
        let Some(facts) = all.get_mut(row.get::<i64>(0)? as usize - 1) else { continue };
        let body = row.get_ref(4)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        facts.push(facts::decode(
            body,
            names.entity_of(conn, row.get(1)?)?,
            claims::relation(conn, names, row.get(2)?)?,
            names.object_of(conn, row.get(3)?)?,
        )?);
    }
    Ok(all)
}

fn naming(
    conn: &Connection,
    names: &Names,
    (n, is_name): (i64, bool),
    most: usize,
) -> Result<Vec<(i64, i64, i64)>, Fault> {
    let mut found = Vec::new();
    let mut take = |sql: &str, values: Vec<Value>| -> Result<usize, Fault> {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let before = found.len();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
        Ok(found.len() - before)
    };
    let most: Value = (most as i64).into();
    // A value has no other names, nor days of its own.
    let telling: &[Relation] = if is_name {
        &[Relation::HasWeakness, Relation::FirstSeen, Relation::LastSeen]
    } else {
        &[]
    };
    if is_name && let Some(alias) = names.find_word(conn, Relation::AliasOf.as_str())? {
        take(
            "SELECT subject, relation, object FROM fact WHERE relation = ?2 AND object = ?1",
            vec![n.into(), alias.into()],
        )?;
    }
    for relation in telling {
        if let Some(relation) = names.find_word(conn, relation.as_str())? {
            take(
                "SELECT subject, relation, object FROM fact WHERE subject = ?1 AND relation = ?2",
                vec![n.into(), relation.into()],
            )?;
        }
    }
    let own = take(
        "SELECT subject, relation, object FROM fact WHERE subject = ?1
         ORDER BY subject, relation, object LIMIT ?2",
        vec![n.into(), most.clone()],
    )?;
    if own == 0 {
        take(
            "SELECT subject, relation, object FROM fact WHERE object = ?1
             ORDER BY subject, relation, object LIMIT ?2",
            vec![n.into(), most],
        )?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
