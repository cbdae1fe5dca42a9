//! What is collected: feeds with their settings, how each went, and what was taken of it.

use std::collections::BTreeMap;

use crate::sql::{Connection, OptionalExtension, Row};
use jiff::Timestamp;
use lapwing_model::Marking;
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::error::{Fault, StoreError};
use crate::store::Store;

/// Something that is collected again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// The name by which the user speaks of it.
    pub name: String,
    /// An address (http, https) or a folder.
    pub address: String,
    /// What it is, as `rss`, `misp-feed`, `taxii`.
    pub kind: String,
    /// What the user wants of it.
    pub settings: FeedSettings,
    /// How it went so far.
    pub state: FeedState,
}

/// What the user wants of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSettings {
    /// Seconds between two pulls.
    pub every: u64,
    /// Who publishes it, where its documents do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The marking of what comes from it, where its documents do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marking: Option<Marking>,
    /// At most so many new things in one pull; the rest comes with the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// The variable of the environment that holds the key; the key itself is never stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Whether private, loopback and link-local addresses may be fetched for it.
    #[serde(default)]
    pub allow_private: bool,
    /// Whether its own host stood at a private address when the user named it.
    #[serde(default)]
    pub named_private: bool,
    /// Whether the articles that its entries link to are fetched.
    #[serde(default)]
    pub articles: bool,
    /// Whether it is left alone until the user wants it again.
    #[serde(default)]
    pub paused: bool,
}

/// How a feed went so far, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// When it was last pulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<Timestamp>,
    /// When a pull last came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Timestamp>,
    /// When it is due again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Pulls that failed since the last that did not.
    #[serde(default)]
    pub failures: u32,
    /// Why the last pull failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Things that the feed showed in the last pull.
    #[serde(default)]
    pub last_items: u64,
    /// Documents that the last pull added.
    #[serde(default)]
    pub last_new: u64,
    /// Documents that it added in all.
    #[serde(default)]
    pub new: u64,
    /// Pulls so far.
    #[serde(default)]
    pub pulls: u64,
    /// The server's tag of what was last taken whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The server's date of what was last taken whole, in its own spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Where to go on, as the kind of feed writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Store {
    /// All feeds, by name. A store of an older schema has none.
    pub fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        self.with(|conn, _| {
            if !has_table(conn)? {
                return Ok(Vec::new());
            }
            let mut statement = conn.prepare_cached(&format!("{SELECT} ORDER BY name"))?;
            let mut rows = statement.query([])?;
            let mut feeds = Vec::new();
            while let Some(row) = rows.next()? {
                feeds.push(read(&row)?);
            }
            Ok(feeds)
        })
    }

    /// The feed of a name.
    pub fn feed(&self, name: &str) -> Result<Option<Feed>, StoreError> {
        self.with(|conn, _| {
            if !has_table(conn)? {
                return Ok(None);
            }
            let mut statement = conn.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?;
            let mut rows = statement.query([name])?;
            rows.next()?.map(|row| read(&row)).transpose()
        })
    }

    /// Keeps a feed. One of the same name keeps its state and what was taken of it; it gets the
    /// new address, kind and settings.
    pub fn put_feed(&self, feed: &Feed) -> Result<(), StoreError> {
        self.with(|conn, _| {
            conn.prepare_cached(
                "INSERT INTO feed (name, address, kind, settings, state) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET \
                 address = excluded.address, kind = excluded.kind, settings = excluded.settings",
            )?
            .execute((
                &feed.name,
                &feed.address,
                &feed.kind,
                json(&feed.settings)?,
                json(&feed.state)?,
            ))?;
            Ok(())
        })
    }

    /// Forgets a feed and what was taken of it; its documents stay. Tells whether there was one.
    pub fn remove_feed(&self, name: &str) -> Result<bool, StoreError> {
        self.with(|conn, _| {
            at_once(conn, || {
                conn.prepare_cached(
                    "DELETE FROM feed_item WHERE feed IN (SELECT n FROM feed WHERE name = ?1)",
                )?
                .execute([name])?;
                let gone =
                    conn.prepare_cached("DELETE FROM feed WHERE name = ?1")?.execute([name])?;
                Ok(gone > 0)
            })
        })
    }

    /// What was taken of a feed: keys with versions.
    pub fn feed_items(&self, name: &str) -> Result<BTreeMap<String, String>, StoreError> {
        self.with(|conn, _| {
            if !has_table(conn)? {
                return Ok(BTreeMap::new());
            }
            let mut statement = conn.prepare_cached(
                "SELECT i.key, i.version FROM feed_item i JOIN feed f ON f.n = i.feed \
                 WHERE f.name = ?1",
            )?;
            let rows = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps how a feed went and what was taken of it, for when no document came with it.
    pub fn mark_feed(
        &self,
        name: &str,
        state: &FeedState,
        items: &[(String, String)],
    ) -> Result<(), StoreError> {
        self.with(|conn, _| at_once(conn, || mark(conn, name, state, items)))
    }
}

impl Change<'_> {
    /// Keeps how a feed went and what was taken of it together with the documents of this change:
    /// both are kept, or neither. A change without a document keeps nothing (see
    /// [`Store::mark_feed`]).
    pub fn mark_feed(
        &mut self,
        name: &str,
        state: &FeedState,
        items: &[(String, String)],
    ) -> Result<(), StoreError> {
        self.store().with(|conn, _| mark(conn, name, state, items))
    }
}

const SELECT: &str = "SELECT name, address, kind, settings, state FROM feed";

fn read(row: &Row<'_>) -> Result<Feed, Fault> {
    let (settings, state): (String, String) = (row.get(3)?, row.get(4)?);
    let bad = |what: &str, error: &serde_json::Error| Fault::damaged(format!("{what}: {error}"));
    Ok(Feed {
        name: row.get(0)?,
        address: row.get(1)?,
        kind: row.get(2)?,
        settings: serde_json::from_str(&settings).map_err(|e| bad("a feed's settings", &e))?,
        state: serde_json::from_str(&state).map_err(|e| bad("a feed's state", &e))?,
    })
}

fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::damaged(error.to_string()))
}

fn mark(
    conn: &Connection,
    name: &str,
    state: &FeedState,
    items: &[(String, String)],
) -> Result<(), Fault> {
    // A feed that was removed while it was pulled has nothing to remember.
    let Some(n) = conn
        .prepare_cached("SELECT n FROM feed WHERE name = ?1")?
        .query_row([name], |row| row.get::<_, i64>(0))
        .optional()?
    else {
        return Ok(());
    };
    conn.prepare_cached("UPDATE feed SET state = ?2 WHERE n = ?1")?.execute((n, json(state)?))?;
    let mut keep = conn.prepare_cached(
        "INSERT INTO feed_item (feed, key, version) VALUES (?1, ?2, ?3) \
         ON CONFLICT (feed, key) DO UPDATE SET version = excluded.version",
    )?;
    for (key, version) in items {
        keep.execute((n, key, version))?;
    }
    Ok(())
}

/// Whether the store is of a schema that has feeds.
fn has_table(conn: &Connection) -> Result<bool, Fault> {
    Ok(conn.has_table("feed")?)
}

/// Runs `work` as one transaction.
fn at_once<T>(conn: &Connection, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let result = work();
    let ended = conn.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
    let value = result?;
    ended?;
    Ok(value)
}
