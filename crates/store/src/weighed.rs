//! What is kept beside the facts that many claims make, so that those of one more document can be added.

use crate::claims::relation;
use crate::error::Fault;
use crate::facts;
use crate::names::Names;
use crate::names_server;
use crate::records::Kept;
use crate::sql::{Bulk, Connection, Row, params};

/// Subject, relation and object by number.
type Statement = (i64, i64, i64);

/// Writes what is kept beside facts.
pub(crate) struct Weighed<'c> {
    conn: &'c Connection,
    put: Bulk<'c>,
    /// Whether anything was kept when this began.
    any: bool,
    /// Statements whose row, if they have one, is to go.
    gone: Vec<Statement>,
}

/// Rows that are taken away at once.
const AT_ONCE: usize = 1000;

impl<'c> Weighed<'c> {
    pub(crate) fn of(conn: &'c Connection) -> Result<Self, Fault> {
        let put = conn.bulk(
            "INSERT INTO weighed (subject, relation, object, body) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (subject, relation, object) DO UPDATE SET body = excluded.body",
        )?;
        let any = conn.prepare_cached("SELECT 1 FROM weighed LIMIT 1")?.exists([])?;
        Ok(Self { conn, put, any, gone: Vec::new() })
    }

    /// Keeps it for a statement, in place of what was there; `None` takes it away.
    pub(crate) fn put(
        &mut self,
        statement: Statement,
        kept: Option<&[u8]>,
        is_new: bool,
    ) -> Result<(), Fault> {
        let (subject, relation, object) = statement;
        if let Some(kept) = kept {
            self.put.push(params![subject, relation, object, kept])?;
        } else if self.any && !is_new {
            self.gone.push(statement);
            if self.gone.len() >= AT_ONCE {
                self.take_away()?;
            }
        }
        Ok(())
    }

    fn take_away(&mut self) -> Result<(), Fault> {
        let gone = std::mem::take(&mut self.gone);
        if gone.is_empty() {
            return Ok(());
        }
        if let Some(session) = self.conn.postgres() {
            let sql = "DELETE FROM weighed w
                USING unnest($1::int8[], $2::int8[], $3::int8[]) t (s, r, o)
                WHERE w.subject = t.s AND w.relation = t.r AND w.object = t.o";
            session.query_columns(sql, facts::columns(&gone))?;
            return Ok(());
        }
        let mut delete = self.conn.prepare_cached(
            "DELETE FROM weighed WHERE subject = ?1 AND relation = ?2 AND object = ?3",
        )?;
        for statement in gone {
            delete.execute(statement)?;
        }
        Ok(())
    }

    /// What is kept of each of some statements, with the fact that it stands beside.
    pub(crate) fn kept(
        &self,
        names: &Names,
        statements: &[Statement],
    ) -> Result<Vec<Option<Kept>>, Fault> {
        let mut all = vec![None; statements.len()];
        if !self.any || statements.is_empty() {
            return Ok(all);
        }
        if let Some(session) = self.conn.postgres() {
            let sql = "SELECT w.body, f.body, t.at, t.s, t.o FROM
                  unnest($1::int8[], $2::int8[], $3::int8[]) WITH ORDINALITY AS t (s, r, o, at)
                JOIN weighed w ON w.subject = t.s AND w.relation = t.r AND w.object = t.o
                JOIN fact f ON f.subject = t.s AND f.relation = t.r AND f.object = t.o";
            let rows = session.query_columns(sql, facts::columns(statements))?.all();
            names_server::load_of_rows(self.conn, names, &rows, &[3, 4])?;
            for row in &rows {
                let at = row.get::<i64>(2)? as usize - 1;
                if let (Some(of), Some(statement)) = (all.get_mut(at), statements.get(at)) {
                    *of = Some(read(self.conn, names, *statement, &Row::Postgres(row))?);
                }
            }
            return Ok(all);
        }
        let mut select = self.conn.prepare_cached(
            "SELECT w.body, f.body FROM weighed w CROSS JOIN fact f
               ON f.subject = w.subject AND f.relation = w.relation AND f.object = w.object
             WHERE w.subject = ?1 AND w.relation = ?2 AND w.object = ?3",
        )?;
        for (of, statement) in all.iter_mut().zip(statements) {
            let mut rows = select.query(*statement)?;
            if let Some(row) = rows.next()? {
                *of = Some(read(self.conn, names, *statement, &row)?);
            }
        }
        Ok(all)
    }

    /// Sees to it that all is there.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        self.take_away()?;
        self.put.finish()?;
        Ok(())
    }
}

fn read(
    conn: &Connection,
    names: &Names,
    (subject, verb, object): Statement,
    row: &Row<'_>,
) -> Result<Kept, Fault> {
    let body = row.get_ref(1)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
    let fact = facts::decode(
        body,
        names.entity_of(conn, subject)?,
        relation(conn, names, verb)?,
        names.object_of(conn, object)?,
    )?;
    Ok(Kept { fact, bytes: row.get(0)? })
}
