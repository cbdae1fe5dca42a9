//! Log-ins that outlive the process that serves them. Only hashes of their tokens are kept.

use jiff::Timestamp;

use crate::error::{Fault, StoreError};
use crate::sql::{OptionalExtension, Row, params};
use crate::store::Store;

/// A log-in, without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Who logged in.
    pub account: String,
    /// When, to the second.
    pub begun: Timestamp,
    /// When it was last used, as far as was written down.
    pub used: Timestamp,
}

impl Store {
    /// The log-in of a token's hash.
    pub fn session(&self, hash: &[u8; 32]) -> Result<Option<StoredSession>, StoreError> {
        if !self.has_sessions()? {
            return Ok(None);
        }
        self.with(|conn, _| {
            let sql = "SELECT account, begun, used FROM session WHERE hash = ?1";
            let found = conn.prepare_cached(sql)?.query_row(params![&hash[..]], |row| {
                Ok((row.get::<_, String>(0)?, time(row, 1), time(row, 2)))
            });
            let Some((account, begun, used)) = found.optional()? else { return Ok(None) };
            Ok(Some(StoredSession { hash: *hash, account, begun: begun?, used: used? }))
        })
    }

    /// Keeps a log-in, or when it was last used; a use that is older than the one known changes
    /// nothing.
    pub fn put_session(&mut self, session: &StoredSession) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached(
                "INSERT INTO session (hash, account, begun, used) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (hash) DO UPDATE SET used = excluded.used \
                 WHERE excluded.used > session.used",
            )?
            .execute(params![
                &session.hash[..],
                session.account,
                session.begun.as_second(),
                session.used.as_second(),
            ])?;
            Ok(())
        })
    }

    /// Ends a log-in.
    pub fn end_session(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached("DELETE FROM session WHERE hash = ?1")?
                .execute(params![&hash[..]])?;
            Ok(())
        })
    }

    /// Ends all log-ins of a user.
    pub fn end_sessions_of(&mut self, account: &str) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached("DELETE FROM session WHERE account = ?1")?.execute([account])?;
            Ok(())
        })
    }

    /// Forgets log-ins that began or were last used before these times.
    pub fn forget_sessions(
        &mut self,
        begun_before: Timestamp,
        used_before: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached("DELETE FROM session WHERE begun < ?1 OR used < ?2")?
                .execute(params![begun_before.as_second(), used_before.as_second()])?;
            Ok(())
        })
    }

    /// Whether the file has the table: one of an older schema that is only read has not.
    fn has_sessions(&self) -> Result<bool, StoreError> {
        self.with(|conn, _| Ok(conn.has_table("session")?))
    }
}

fn time(row: &Row<'_>, at: usize) -> Result<Timestamp, Fault> {
    let seconds: i64 = row.get(at)?;
    Timestamp::from_second(seconds).map_err(|_| Fault::damaged(format!("{seconds} is no time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_log_in_is_kept_used_and_forgotten() {
        let mut store = Store::in_memory().unwrap();
        let of = |n: u8, account: &str| StoredSession {
            hash: [n; 32],
            account: account.into(),
            begun: at(100),
            used: at(100),
        };
        store.put_session(&of(1, "anna")).unwrap();
        store.put_session(&StoredSession { used: at(160), ..of(1, "anna") }).unwrap();
        store.put_session(&StoredSession { used: at(130), ..of(1, "anna") }).unwrap();
        assert_eq!(store.session(&[1; 32]).unwrap().unwrap().used, at(160));
        store.put_session(&of(2, "anna")).unwrap();
        store.put_session(&of(3, "bob")).unwrap();
        store.forget_sessions(at(50), at(101)).unwrap();
        assert!(store.session(&[2; 32]).unwrap().is_none());
        assert!(store.session(&[1; 32]).unwrap().is_some());
        store.put_session(&of(3, "bob")).unwrap();
        store.end_session(&[3; 32]).unwrap();
        store.end_sessions_of("anna").unwrap();
        assert!(store.session(&[1; 32]).unwrap().is_none());
        assert!(store.session(&[3; 32]).unwrap().is_none());
    }
}
