//! A session: its transaction, its statements, and what becomes of it when the way is cut.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postgres::Row;
use postgres::types::ToSql;
use rusqlite::types::Value;

use super::address::Address;
use super::dialect::{of_columns, translate};
use super::prepared::Prepared;
use super::tokens::{Token, split, tokens};
use super::value::{Column, Sent};
use super::worker::Worker;
use crate::sql::error::{Error, PostgresError};

/// `LPWG`: our advisory locks. This one is the writer's, the next is of all who have the store open.
const LOCK: i32 = 0x4C50_5747;

/// Statements that are kept; more than the store has.
const KEPT: usize = 512;

/// The transaction that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// None: each statement is one.
    No,
    /// One that reads, of one state of the store.
    Read,
    /// One that writes.
    Write,
    /// One in which a statement failed: all that is left is to take it back.
    Failed,
}

/// A statement that the server knows.
pub(super) struct Known {
    pub(super) statement: postgres::Statement,
    writes: bool,
}

/// A connection with its state.
pub(crate) struct Session {
    address: Address,
    read_only: bool,
    worker: RefCell<Worker>,
    known: RefCell<BTreeMap<String, Arc<Known>>>,
    /// The column that counts itself, by table.
    keys: RefCell<BTreeMap<String, String>>,
    open: Cell<Open>,
    /// Streams in a transaction that the first of them began.
    streams: Cell<u32>,
    names: Cell<u64>,
    held: Cell<bool>,
    leading: Cell<bool>,
    patience: Cell<Duration>,
}

impl Session {
    /// Connects; `read_only` refuses every write.
    pub(crate) fn connect(
        address: &Address,
        read_only: bool,
        patience: Duration,
    ) -> Result<Self, Error> {
        let session = Self {
            worker: RefCell::new(Worker::start(address)?),
            address: address.clone(),
            read_only,
            known: RefCell::default(),
            keys: RefCell::default(),
            open: Cell::new(Open::No),
            streams: Cell::new(0),
            names: Cell::new(0),
            held: Cell::new(false),
            leading: Cell::new(false),
            patience: Cell::new(patience),
        };
        session.set_up()?;
        Ok(session)
    }

    fn set_up(&self) -> Result<(), Error> {
        let read_only = if self.read_only { "on" } else { "off" };
        let schema = self.address.schema.as_ref();
        let search = schema.map_or(String::new(), |name| format!("SET search_path = {name};"));
        // A server whose client was killed in the midst of a long statement notices it.
        self.batch(format!(
            "SET client_min_messages = error; SET jit = off; SET TimeZone = 'UTC';
             SET default_transaction_isolation = 'read committed';
             SET default_transaction_read_only = {read_only};
             SET lock_timeout = 0; {search}
             SELECT set_config('client_connection_check_interval', '2000', false)
               WHERE current_setting('server_version_num')::int >= 140000"
        ))
    }

    /// Says to all that the store is open here, until the connection ends: a restore waits for it.
    pub(crate) fn hold(&self) -> Result<(), Error> {
        self.batch(format!(
            "SET lock_timeout = {};
             SELECT pg_advisory_lock_shared({}, hashtext(current_schema()));
             SET lock_timeout = 0",
            self.millis(),
            LOCK + 1
        ))?;
        self.held.set(true);
        Ok(())
    }

    /// Sees to it, until the end of the transaction, that nobody else has the store open.
    pub(crate) fn hold_alone(&self) -> Result<(), Error> {
        self.batch(format!(
            "SET LOCAL lock_timeout = {};
             SELECT pg_advisory_xact_lock({}, hashtext(current_schema()))",
            self.millis(),
            LOCK + 1
        ))
    }

    /// Whether this session has, or gets now, the lock that only one can have.
    pub(crate) fn lead(&self) -> Result<bool, Error> {
        if self.leading.get() && self.batch("SELECT 1".to_owned()).is_ok() {
            return Ok(true);
        }
        let sql = format!("SELECT pg_try_advisory_lock({}, hashtext(current_schema()))", LOCK + 2);
        let mut rows = self.prepare(&sql)?.query(Vec::new())?;
        let led = match rows.next()? {
            Some(row) => row.get::<bool>(0)?,
            None => false,
        };
        self.leading.set(led);
        Ok(led)
    }

    fn millis(&self) -> u128 {
        // Zero would be for ever.
        self.patience.get().as_millis().clamp(1, i32::MAX as u128)
    }

    /// Connects anew after the connection was lost, if no transaction was lost with it.
    fn again(&self) -> Result<(), Error> {
        self.known.borrow_mut().clear();
        self.leading.set(false);
        *self.worker.borrow_mut() = Worker::start(&self.address)?;
        self.set_up()?;
        if self.held.get() { self.hold() } else { Ok(()) }
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.open.get() != Open::No
    }

    pub(crate) fn set_patience(&self, patience: Duration) {
        self.patience.set(patience);
    }

    /// Does something with the connection. An error in a transaction spoils it.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut postgres::Client) -> Result<T, postgres::Error> + Send + 'static,
    ) -> Result<T, PostgresError> {
        let done = self.worker.borrow().run(work).and_then(|done| Ok(done?));
        if done.is_err() && self.in_transaction() {
            self.open.set(Open::Failed);
        }
        done
    }

    fn batch(&self, sql: String) -> Result<(), Error> {
        Ok(self.run(move |client| client.batch_execute(&sql))?)
    }

    /// Runs statements of PostgreSQL's own.
    pub(crate) fn run_own(&self, sql: &str) -> Result<(), Error> {
        self.batch(sql.to_owned())
    }

    /// What may be tried again: nothing was done, and nothing is lost but the connection.
    fn may_try_again(&self, error: &PostgresError) -> bool {
        error.lost && self.open.get() == Open::No
    }

    /// Begins a transaction. One that writes waits for the other writers: all of them take the same
    /// lock first, as they do in SQLite, and then tell that there is something new.
    fn begin(&self, write: bool) -> Result<(), Error> {
        if self.in_transaction() {
            return Err(PostgresError::misuse("a transaction within a transaction").into());
        }
        let sql = if write {
            format!(
                "BEGIN ISOLATION LEVEL READ COMMITTED;
                 SET LOCAL lock_timeout = {};
                 SELECT pg_advisory_xact_lock({LOCK}, hashtext(current_schema()));
                 SET LOCAL lock_timeout = 0",
                self.millis()
            )
        } else {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned()
        };
        let mut begun = self.batch(sql.clone());
        if let Err(Error::Postgres(error)) = &begun
            && self.may_try_again(error)
        {
            self.again()?;
            begun = self.batch(sql);
        }
        if let Err(error) = begun {
            let _ = self.batch("ROLLBACK".to_owned());
            return Err(error);
        }
        self.open.set(if write { Open::Write } else { Open::Read });
        Ok(())
    }

    fn commit(&self) -> Result<(), Error> {
        match self.open.get() {
            Open::Failed => {
                self.rollback()?;
                Err(PostgresError::misuse("a statement of this transaction failed").into())
            }
            Open::No => Err(PostgresError::misuse("no transaction is open").into()),
            open => {
                let sql = match open {
                    Open::Write => "UPDATE lapwing_store SET commits = commits + 1; COMMIT",
                    _ => "COMMIT",
                };
                let done = self.batch(sql.to_owned());
                if done.is_err() {
                    let _ = self.batch("ROLLBACK".to_owned());
                }
                self.open.set(Open::No);
                done
            }
        }
    }

    fn rollback(&self) -> Result<(), Error> {
        let done = self.batch("ROLLBACK".to_owned());
        self.open.set(Open::No);
        self.streams.set(0);
        match done {
            // The server took it back when the connection ended.
            Err(Error::Postgres(error)) if error.lost => Ok(()),
            done => done,
        }
    }

    /// Runs something that writes as a transaction of its own.
    fn alone<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        if self.in_transaction() {
            return work();
        }
        self.begin(true)?;
        let done = work();
        match done {
            Ok(done) => self.commit().map(|()| done),
            Err(error) => {
                let _ = self.rollback();
                Err(error)
            }
        }
    }

    /// Runs statements of SQLite one after the other.
    pub(crate) fn execute_batch(&self, sql: &str) -> Result<(), Error> {
        let mut waiting: Vec<String> = Vec::new();
        for statement in split(sql) {
            let words: Vec<String> = statement
                .iter()
                .filter_map(|token| match token {
                    Token::Word(word) => Some(word.to_ascii_uppercase()),
                    _ => None,
                })
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["BEGIN", "IMMEDIATE" | "EXCLUSIVE", ..] => {
                    self.send(&mut waiting)?;
                    self.begin(true)?;
                }
                ["BEGIN", ..] => {
                    self.send(&mut waiting)?;
                    self.begin(false)?;
                }
                ["COMMIT" | "END", ..] => {
                    self.send(&mut waiting)?;
                    self.commit()?;
                }
                ["ROLLBACK"] | ["ROLLBACK", "TRANSACTION"] => {
                    waiting.clear();
                    self.rollback()?;
                }
                _ => waiting.extend(super::dialect::of_statement(&statement)),
            }
        }
        self.send(&mut waiting)
    }

    fn send(&self, waiting: &mut Vec<String>) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let sql = std::mem::take(waiting).join(";\n");
        self.alone(|| self.batch(sql))
    }

    /// A statement of SQLite's SQL.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Prepared<'_>, Error> {
        Ok(Prepared { session: self, sql: sql.to_owned(), known: self.know(sql, &translate)? })
    }

    /// The statement that the server knows for some SQL, made known to it now if it is not.
    fn know(&self, sql: &str, translate: &dyn Fn(&str) -> String) -> Result<Arc<Known>, Error> {
        if let Some(known) = self.known.borrow().get(sql) {
            return Ok(Arc::clone(known));
        }
        let text = translate(sql);
        let asked = text.clone();
        let mut made = self.run(move |client| client.prepare(&asked));
        if let Err(error) = &made
            && self.may_try_again(error)
        {
            self.again()?;
            let asked = text.clone();
            made = self.run(move |client| client.prepare(&asked));
        }
        let statement = made.map_err(|mut error| {
            if error.code.is_some() && !error.lost {
                error.message = format!("{} in `{text}`", error.message);
            }
            error
        })?;
        let first = tokens(&text).into_iter().find(|token| matches!(token, Token::Word(_)));
        let writes = first
            .is_some_and(|word| ["INSERT", "UPDATE", "DELETE"].iter().any(|verb| word.is(verb)));
        let known = Arc::new(Known { statement, writes });
        let mut all = self.known.borrow_mut();
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(sql.to_owned(), Arc::clone(&known));
        Ok(known)
    }

    /// Sends a statement with its values; gives the rows, or how many were changed.
    fn ask(&self, known: &Arc<Known>, values: Vec<Value>) -> (Result<Vec<Row>, Error>, Vec<Value>) {
        let known = Arc::clone(known);
        let sent: Vec<Sent> = values.into_iter().map(Sent).collect();
        let worker = self.worker.borrow();
        let done = worker.run(move |client| {
            let params: Vec<&(dyn ToSql + Sync)> =
                sent.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            let rows = client.query(&known.statement, &params);
            (rows, sent)
        });
        let (rows, values) = match done {
            Ok((rows, sent)) => {
                (rows.map_err(PostgresError::from), sent.into_iter().map(|sent| sent.0).collect())
            }
            Err(error) => (Err(error), Vec::new()),
        };
        if rows.is_err() && self.in_transaction() {
            self.open.set(Open::Failed);
        }
        (rows.map_err(Error::from), values)
    }

    /// The rows of a statement. A question that was cut off is asked once more.
    pub(super) fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        // Looked up again: a connection that was made anew knows none of the old.
        let known = self.know(sql, &translate)?;
        if known.writes {
            return self.alone(|| self.ask(&self.know(sql, &translate)?, values).0);
        }
        let (rows, values) = self.ask(&known, values);
        match rows {
            Err(Error::Postgres(error)) if self.may_try_again(&error) && fits(&known, &values) => {
                self.again()?;
                let known = self.know(sql, &translate)?;
                self.ask(&known, values).0
            }
            rows => rows,
        }
    }

    /// Runs a statement that changes rows; tells how many.
    pub(super) fn execute(&self, sql: &str, values: Vec<Value>) -> Result<usize, Error> {
        let run = || {
            let known = self.know(sql, &translate)?;
            let sent: Vec<Sent> = values.into_iter().map(Sent).collect();
            let changed = self.run(move |client| {
                let params: Vec<&(dyn ToSql + Sync)> =
                    sent.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                client.execute(&known.statement, &params)
            })?;
            Ok(usize::try_from(changed).unwrap_or(usize::MAX))
        };
        self.alone(run)
    }

    /// The rows of a question whose marks stand for whole columns: `$1` is an array.
    pub(crate) fn query_columns(
        &self,
        sql: &str,
        columns: Vec<Vec<Value>>,
    ) -> Result<super::Received<'_>, Error> {
        let known = self.know(sql, &ToOwned::to_owned)?;
        let rows = self.run(move |client| {
            let columns: Vec<Column> = columns.into_iter().map(Column).collect();
            let params: Vec<&(dyn ToSql + Sync)> =
                columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
            client.query(&known.statement, &params)
        })?;
        Ok(super::Received::whole(rows))
    }

    /// Inserts many rows, given by column, with the INSERT of one.
    pub(crate) fn insert_columns(
        &self,
        sql: &str,
        columns: Vec<Vec<Value>>,
    ) -> Result<usize, Error> {
        let one = self.know(sql, &translate)?;
        let types: Vec<String> =
            one.statement.params().iter().map(|of| of.name().to_owned()).collect();
        let many = of_columns(&translate(sql), &types).ok_or_else(|| {
            PostgresError::misuse(format!("`{sql}` is no INSERT of marks in their order"))
        })?;
        let run = || {
            let known = self.know(&many, &ToOwned::to_owned)?;
            let changed = self.run(move |client| {
                let columns: Vec<Column> = columns.into_iter().map(Column).collect();
                let params: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
                client.execute(&known.statement, &params)
            })?;
            Ok(usize::try_from(changed).unwrap_or(usize::MAX))
        };
        self.alone(run)
    }

    /// The column of a table that counts itself.
    pub(super) fn key_of(&self, sql: &str) -> Result<String, Error> {
        let found = tokens(sql);
        let into = found.iter().position(|token| token.is("INTO"));
        let table = into.and_then(|at| {
            found[at + 1..].iter().find_map(|token| match token {
                Token::Word(word) => Some((*word).to_owned()),
                _ => None,
            })
        });
        let table = table.unwrap_or_default();
        if self.keys.borrow().is_empty() {
            let rows = self.run(|client| client.query(KEYS, &[]))?;
            let read =
                |row: &Row, at| row.try_get::<usize, String>(at).map_err(PostgresError::from);
            for row in &rows {
                self.keys.borrow_mut().insert(read(row, 0)?, read(row, 1)?);
            }
        }
        let none = || PostgresError::misuse(format!("{table} has no column that counts itself"));
        Ok(self.keys.borrow().get(&table).cloned().ok_or_else(none)?)
    }

    /// Asks with a cursor: rows come in portions. Gives its name.
    pub(super) fn declare(&self, sql: &str, values: Vec<Value>) -> Result<String, Error> {
        if !self.in_transaction() {
            self.begin(false)?;
            self.streams.set(1);
        } else if self.streams.get() > 0 {
            self.streams.set(self.streams.get() + 1);
        }
        self.names.set(self.names.get() + 1);
        let name = format!("lapwing_{}", self.names.get());
        let sql = format!("DECLARE {name} NO SCROLL CURSOR FOR {}", translate(sql));
        let sent: Vec<Sent> = values.into_iter().map(Sent).collect();
        let declared = self.run(move |client| {
            let statement = client.prepare(&sql)?;
            let params: Vec<&(dyn ToSql + Sync)> =
                sent.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            client.execute(&statement, &params)
        });
        if let Err(error) = declared {
            self.release();
            return Err(error.into());
        }
        Ok(name)
    }

    /// The next portion of a cursor.
    pub(super) fn fetch(&self, name: &str, count: usize) -> Result<Vec<Row>, Error> {
        let sql = format!("FETCH FORWARD {count} FROM {name}");
        Ok(self.run(move |client| client.query(sql.as_str(), &[]))?)
    }

    /// Ends a cursor, and with the last one the transaction that the first began.
    pub(super) fn close(&self, name: &str) {
        if matches!(self.open.get(), Open::Read | Open::Write) {
            let _ = self.batch(format!("CLOSE {name}"));
        }
        self.release();
    }

    fn release(&self) {
        let streams = self.streams.get();
        if streams == 0 {
            return;
        }
        self.streams.set(streams - 1);
        if streams == 1 {
            let _ = self.rollback();
        }
    }
}

/// Whether these are all values of a statement: some are lost with a thread.
fn fits(known: &Known, values: &[Value]) -> bool {
    known.statement.params().len() == values.len()
}

/// Tables whose key is one number.
const KEYS: &str = "SELECT c.relname::text, a.attname::text FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace s ON s.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    WHERE i.indisprimary AND i.indnkeyatts = 1 AND a.atttypid = 'int8'::regtype
      AND s.nspname = current_schema()";
