//! Users, their keys, the audit log, webhooks. Not part of the history: no undo brings a revoked
//! key back, and no copy of a store ([`Store::as_of`], [`Store::at_most`]) has any of it.

use crate::sql::types::Value;
use crate::sql::{Connection, Row, params, params_from_iter};
use jiff::Timestamp;
use lapwing_model::Marking;

use crate::error::{Fault, StoreError};
use crate::store::Store;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name to log in with.
    pub name: String,
    /// Argon2id, in PHC form.
    pub password: String,
    /// The word of the role.
    pub role: String,
    /// Nothing above this is shown to the user.
    pub ceiling: Marking,
    /// As `ceiling`, of the Permissible Actions Protocol.
    pub pap: String,
    /// When it was made.
    pub created: Timestamp,
    /// May not log in.
    pub disabled: bool,
}

/// An API key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Finds it: the part of the key that is no secret.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    /// Whose it is.
    pub account: String,
    /// What it is for.
    pub name: String,
    /// The word of the role.
    pub role: String,
    /// Nothing above this is shown to who has the key.
    pub ceiling: Marking,
    /// As `ceiling`, of the Permissible Actions Protocol.
    pub pap: String,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Option<Timestamp>,
    /// Taken back.
    pub revoked: bool,
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; 0 before it is kept.
    pub n: i64,
    /// When.
    pub at: Timestamp,
    /// Who; empty when nobody said who he is.
    pub who: String,
    /// With which key.
    pub key: Option<String>,
    /// From which address.
    pub address: String,
    /// The method of the request, or `CLI`.
    pub method: String,
    /// The route, with its variable parts as variables.
    pub route: String,
    /// What it was about.
    pub what: String,
    /// The status of the answer.
    pub status: u16,
    /// `allowed` or `denied`.
    pub outcome: String,
    /// Up to where the one who asked may see: what he asks for may tell as much.
    pub ceiling: Marking,
}

/// Which lines of the audit log are asked for, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// By this user.
    pub who: Option<String>,
    /// Route or subject holds this; the subject only of lines at or below `ceiling`.
    pub what: Option<String>,
    /// Up to where the one who asks may see.
    pub ceiling: Marking,
    /// With this outcome.
    pub outcome: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Older than this line.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// Who is told of changes, and how it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its identifier.
    pub id: String,
    /// Where to.
    pub url: String,
    /// The key of the signature.
    pub secret: String,
    /// Names of events, separated by commas.
    pub events: String,
    /// Nothing above this is told.
    pub ceiling: Marking,
    /// Who made it.
    pub account: String,
    /// When.
    pub created: Timestamp,
}

/// Markings that some may not see.
const ABOVE: [Marking; 4] = [Marking::Green, Marking::Amber, Marking::AmberStrict, Marking::Red];

impl Store {
    /// A number that is another after any commit of another connection.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.with(|conn, _| Ok(conn.data_version()?))
    }

    /// All users, by name.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.select(
            "SELECT name, password, role, ceiling, pap, created, disabled FROM account ORDER BY name",
            |row| {
                Ok(Account {
                    name: row.get(0)?,
                    password: row.get(1)?,
                    role: row.get(2)?,
                    ceiling: marking(row, 3)?,
                    pap: row.get(4)?,
                    created: time(row, 5)?,
                    disabled: row.get(6)?,
                })
            },
        )
    }

    /// Keeps a user, in place of one of that name.
    pub fn put_account(&mut self, account: &Account) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached(
                "INSERT INTO account (name, password, role, ceiling, pap, created, disabled) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET \
                 password = excluded.password, role = excluded.role, ceiling = excluded.ceiling, \
                 pap = excluded.pap, disabled = excluded.disabled",
            )?
            .execute(params![
                account.name,
                account.password,
                account.role,
                account.ceiling.as_str(),
                account.pap,
                account.created.to_string(),
                account.disabled,
            ])?;
            Ok(())
        })
    }

    /// Takes a user away with his keys and webhooks; tells whether there was one.
    pub fn remove_account(&mut self, name: &str) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            conn.execute_batch("BEGIN IMMEDIATE")?;
            let removed = || {
                conn.execute("DELETE FROM api_key WHERE account = ?1", [name])?;
                conn.execute("DELETE FROM webhook WHERE account = ?1", [name])?;
                conn.execute("DELETE FROM session WHERE account = ?1", [name])?;
                conn.execute("DELETE FROM account WHERE name = ?1", [name])
            };
            let removed = removed();
            conn.execute_batch(if removed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
            Ok(removed? > 0)
        })
    }

    /// All keys, by user, time and prefix.
    pub fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.select(
            "SELECT prefix, hash, account, name, role, ceiling, pap, created, expires, revoked \
             FROM api_key ORDER BY account, created, prefix",
            |row| {
                let expires: Option<String> = row.get(8)?;
                Ok(ApiKey {
                    prefix: row.get(0)?,
                    hash: row.get(1)?,
                    account: row.get(2)?,
                    name: row.get(3)?,
                    role: row.get(4)?,
                    ceiling: marking(row, 5)?,
                    pap: row.get(6)?,
                    created: time(row, 7)?,
                    expires: expires.as_deref().map(parse_time).transpose()?,
                    revoked: row.get(9)?,
                })
            },
        )
    }

    /// Keeps a key.
    pub fn put_api_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached(
                "INSERT INTO api_key (prefix, hash, account, name, role, ceiling, pap, created, \
                 expires, revoked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                key.prefix,
                key.hash,
                key.account,
                key.name,
                key.role,
                key.ceiling.as_str(),
                key.pap,
                key.created.to_string(),
                key.expires.map(|time| time.to_string()),
                key.revoked,
            ])?;
            Ok(())
        })
    }

    /// Takes a key back for good; tells whether there was one that was good.
    pub fn revoke_api_key(&mut self, prefix: &str) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            let sql = "UPDATE api_key SET revoked = 1 WHERE prefix = ?1 AND revoked = 0";
            Ok(conn.prepare_cached(sql)?.execute([prefix])? > 0)
        })
    }

    /// Adds lines to the audit log in one transaction.
    pub fn add_audit(&mut self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.execute_batch("BEGIN IMMEDIATE")?;
            let added = entries.iter().try_for_each(|entry| add_entry(conn, entry));
            conn.execute_batch(if added.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
            added
        })
    }

    /// Lines of the audit log, the newest first.
    pub fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let mut conditions = vec!["1 = 1".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        let mut condition = |sql: &str, value: Value| {
            values.push(value);
            conditions.push(sql.replace('?', &format!("?{}", values.len())));
        };
        if let Some(who) = &query.who {
            condition("who = ?", who.clone().into());
        }
        if let Some(what) = &query.what {
            let hidden: Vec<String> = ABOVE
                .iter()
                .filter(|marking| **marking > query.ceiling)
                .map(|marking| format!("'{marking}'"))
                .collect();
            // An empty list is none in PostgreSQL's SQL.
            let told = match hidden.join(",") {
                list if list.is_empty() => "what".to_owned(),
                list => format!("CASE WHEN ceiling IN ({list}) THEN '' ELSE what END"),
            };
            let sql = format!("instr(lower(route || ' ' || {told}), lower(?)) > 0");
            condition(&sql, what.clone().into());
        }
        if let Some(outcome) = &query.outcome {
            condition("outcome = ?", outcome.clone().into());
        }
        if let Some(since) = query.since {
            condition("at >= ?", since.to_string().into());
        }
        if let Some(before) = query.before {
            condition("n < ?", before.into());
        }
        let sql = format!(
            "SELECT n, at, who, key, address, method, route, what, status, outcome, ceiling FROM audit \
             WHERE {} ORDER BY n DESC LIMIT {}",
            conditions.join(" AND "),
            query.limit
        );
        if !self.has_accounts()? {
            return Ok(Vec::new());
        }
        self.with(|conn, _| {
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(AuditEntry {
                    n: row.get(0)?,
                    at: time(&row, 1)?,
                    who: row.get(2)?,
                    key: row.get(3)?,
                    address: row.get(4)?,
                    method: row.get(5)?,
                    route: row.get(6)?,
                    what: row.get(7)?,
                    status: row.get(8)?,
                    outcome: row.get(9)?,
                    ceiling: marking(&row, 10)?,
                });
            }
            Ok(entries)
        })
    }

    /// All webhooks, by time and identifier.
    pub fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        self.select(
            "SELECT id, url, secret, events, ceiling, account, created FROM webhook \
             ORDER BY created, id",
            |row| {
                Ok(Webhook {
                    id: row.get(0)?,
                    url: row.get(1)?,
                    secret: row.get(2)?,
                    events: row.get(3)?,
                    ceiling: marking(row, 4)?,
                    account: row.get(5)?,
                    created: time(row, 6)?,
                })
            },
        )
    }

    /// Keeps a webhook.
    pub fn put_webhook(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached(
                "INSERT INTO webhook (id, url, secret, events, ceiling, account, created) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                webhook.id,
                webhook.url,
                webhook.secret,
                webhook.events,
                webhook.ceiling.as_str(),
                webhook.account,
                webhook.created.to_string(),
            ])?;
            Ok(())
        })
    }

    /// Takes a webhook away; tells whether there was one.
    pub fn remove_webhook(&mut self, id: &str) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            Ok(conn.prepare_cached("DELETE FROM webhook WHERE id = ?1")?.execute([id])? > 0)
        })
    }

    /// Whether the file has the tables: one of schema 1 that is only read has not.
    fn has_accounts(&self) -> Result<bool, StoreError> {
        self.with(|conn, _| Ok(conn.has_table("audit")?))
    }

    fn select<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, StoreError> {
        if !self.has_accounts()? {
            return Ok(Vec::new());
        }
        self.with(|conn, _| {
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(read(&row)?);
            }
            Ok(all)
        })
    }
}

fn add_entry(conn: &Connection, entry: &AuditEntry) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO audit (at, who, key, address, method, route, what, status, outcome, \
         ceiling) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        entry.at.to_string(),
        entry.who,
        entry.key,
        entry.address,
        entry.method,
        entry.route,
        entry.what,
        entry.status,
        entry.outcome,
        entry.ceiling.as_str(),
    ])?;
    Ok(())
}

fn marking(row: &Row<'_>, at: usize) -> Result<Marking, Fault> {
    let word: String = row.get(at)?;
    word.parse().map_err(|_| Fault::damaged(format!("`{word}` is no marking")))
}

fn time(row: &Row<'_>, at: usize) -> Result<Timestamp, Fault> {
    parse_time(&row.get::<_, String>(at)?)
}

fn parse_time(text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|_| Fault::damaged(format!("`{text}` is no time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(who: &str, what: &str) -> AuditEntry {
        AuditEntry {
            n: 0,
            at: Timestamp::UNIX_EPOCH,
            who: who.to_owned(),
            key: None,
            address: "127.0.0.1".to_owned(),
            method: "GET".to_owned(),
            route: "/api/v1/page".to_owned(),
            what: what.to_owned(),
            status: 200,
            outcome: "allowed".to_owned(),
            ceiling: Marking::Clear,
        }
    }

    #[test]
    fn the_audit_log_is_only_added_to_and_read_in_pages() {
        let mut store = Store::in_memory().unwrap();
        store
            .add_audit(&[entry("anna", "of=A"), entry("bob", "of=B"), entry("anna", "of=C")])
            .unwrap();
        let query = AuditQuery { who: Some("anna".into()), limit: 1, ..AuditQuery::default() };
        let newest = store.audit(&query).unwrap();
        assert_eq!(newest.iter().map(|e| e.what.as_str()).collect::<Vec<_>>(), ["of=C"]);
        let older = AuditQuery { before: Some(newest[0].n), ..query };
        assert_eq!(store.audit(&older).unwrap()[0].what, "of=A");
        // The subject of a line above one's marking is not searched either.
        let marked = AuditEntry { ceiling: Marking::Red, ..entry("root", "of=B") };
        store.add_audit(&[marked]).unwrap();
        let what = AuditQuery { what: Some("OF=b".into()), limit: 9, ..AuditQuery::default() };
        assert_eq!(store.audit(&what).unwrap().len(), 1);
        assert!(store.conn.execute("DELETE FROM audit", []).is_err());
        assert!(store.conn.execute("UPDATE audit SET who = 'x'", []).is_err());
    }

    #[test]
    fn users_and_keys_are_kept_and_a_revoked_key_stays_so() {
        let mut store = Store::in_memory().unwrap();
        let account = Account {
            name: "anna".into(),
            password: "$argon2id$…".into(),
            role: "analyst".into(),
            ceiling: Marking::Amber,
            pap: "PAP:AMBER".into(),
            created: Timestamp::UNIX_EPOCH,
            disabled: false,
        };
        store.put_account(&account).unwrap();
        store.put_account(&Account { disabled: true, ..account.clone() }).unwrap();
        assert_eq!(store.accounts().unwrap(), [Account { disabled: true, ..account }]);
        let key = ApiKey {
            prefix: "ab12".into(),
            hash: vec![1; 32],
            account: "anna".into(),
            name: "siem".into(),
            role: "reader".into(),
            ceiling: Marking::Green,
            pap: "PAP:GREEN".into(),
            created: Timestamp::UNIX_EPOCH,
            expires: None,
            revoked: false,
        };
        store.put_api_key(&key).unwrap();
        assert!(store.revoke_api_key("ab12").unwrap());
        assert!(!store.revoke_api_key("ab12").unwrap());
        assert!(store.api_keys().unwrap()[0].revoked);
        assert!(store.remove_account("anna").unwrap());
        assert!(store.api_keys().unwrap().is_empty());
    }
}
