//! Words and entities by number, with caches of bounded size in front of their tables.

use std::cell::RefCell;

use crate::sql::{Connection, Error, OptionalExtension};
use foldhash::HashMap;
use lapwing_model::{Entity, Kind, Object};

use crate::error::Fault;

/// Bytes that one cache may hold before it starts anew.
const CACHE_BYTES: usize = 8 << 20;

/// What an entry costs beyond its text: the two maps' slots and the allocation.
const ENTRY_BYTES: usize = 96;

/// The number under which plain text is filed among the entities.
pub(crate) const TEXT: i64 = 0;

/// An entity's number, and that of the entity to which its name resolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) n: i64,
    pub(crate) resolved: i64,
}

/// The caches. Numbers never change once committed; a rolled back change must [`Names::forget`].
#[derive(Default)]
pub(crate) struct Names(RefCell<Caches>);

#[derive(Default)]
struct Caches {
    words: HashMap<String, i64>,
    texts: HashMap<i64, String>,
    word_bytes: usize,
    entities: HashMap<i64, HashMap<String, Numbered>>,
    objects: HashMap<i64, Object>,
    entity_bytes: usize,
}

impl Caches {
    fn keep_word(&mut self, n: i64, text: &str) {
        self.word_bytes += 2 * (text.len() + ENTRY_BYTES);
        if self.word_bytes > CACHE_BYTES {
            self.words.clear();
            self.texts.clear();
            self.word_bytes = 0;
        }
        self.words.insert(text.to_owned(), n);
        self.texts.insert(n, text.to_owned());
    }

    fn make_room(&mut self, value: &str) {
        self.entity_bytes += value.len() + ENTRY_BYTES;
        if self.entity_bytes > CACHE_BYTES {
            self.entities.clear();
            self.objects.clear();
            self.entity_bytes = 0;
        }
    }
}

impl Names {
    /// Forgets everything: numbers given in a change that is taken back are void.
    pub(crate) fn forget(&self) {
        *self.0.borrow_mut() = Caches::default();
    }

    /// The number of a word, if it has one.
    pub(crate) fn find_word(&self, conn: &Connection, text: &str) -> Result<Option<i64>, Fault> {
        if let Some(n) = self.0.borrow().words.get(text) {
            return Ok(Some(*n));
        }
        let found = conn
            .prepare_cached("SELECT n FROM word WHERE text = ?1")?
            .query_row([text], |row| row.get(0))
            .optional()?;
        if let Some(n) = found {
            self.0.borrow_mut().keep_word(n, text);
        }
        Ok(found)
    }

    /// The number of a word, given to it now if it has none.
    pub(crate) fn word(&self, conn: &Connection, text: &str) -> Result<i64, Fault> {
        if let Some(n) = self.find_word(conn, text)? {
            return Ok(n);
        }
        let n = conn.prepare_cached("INSERT INTO word (text) VALUES (?1)")?.insert([text])?;
        self.0.borrow_mut().keep_word(n, text);
        Ok(n)
    }

    /// The word of a number.
    pub(crate) fn text(&self, conn: &Connection, n: i64) -> Result<String, Fault> {
        if let Some(text) = self.0.borrow().texts.get(&n) {
            return Ok(text.clone());
        }
        let text: String = conn
            .prepare_cached("SELECT text FROM word WHERE n = ?1")?
            .query_row([n], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Fault::damaged(format!("there is no word {n}")))?;
        self.0.borrow_mut().keep_word(n, &text);
        Ok(text)
    }

    /// The numbers of an object, if it has any.
    pub(crate) fn find(
        &self,
        conn: &Connection,
        object: &Object,
    ) -> Result<Option<Numbered>, Fault> {
        let (kind, value) = match object {
            Object::Text(text) => (TEXT, text.as_str()),
            Object::Entity(entity) => match self.find_word(conn, entity.kind.as_str())? {
                Some(kind) => (kind, entity.value.as_str()),
                None => return Ok(None),
            },
        };
        self.find_in(conn, kind, value)
    }

    fn remembered(&self, kind: i64, value: &str) -> Option<Numbered> {
        self.0.borrow().entities.get(&kind).and_then(|of| of.get(value)).copied()
    }

    /// Writes a value that resolves to itself, unless it is there. Most that are not remembered are new: where
    /// asking costs as much as writing, it is not asked first.
    fn insert_new(&self, conn: &Connection, kind: i64, value: &str) -> Result<Option<i64>, Fault> {
        if conn.is_postgres() {
            let found = self.find_in(conn, kind, value)?;
            return if found.is_some() { Ok(None) } else { insert(conn, kind, value).map(Some) };
        }
        let unless_there = "INSERT INTO entity (kind, value, resolved)
            VALUES (?1, ?2, (SELECT coalesce(max(n), 0) + 1 FROM entity))
            ON CONFLICT (kind, value) DO NOTHING";
        match conn.prepare_cached(unless_there)?.insert((kind, value)) {
            Ok(n) => Ok(Some(n)),
            Err(Error::Sqlite(rusqlite::Error::StatementChangedRows(0))) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn find_in(
        &self,
        conn: &Connection,
        kind: i64,
        value: &str,
    ) -> Result<Option<Numbered>, Fault> {
        if let Some(found) = self.remembered(kind, value) {
            return Ok(Some(found));
        }
        let found = conn
            .prepare_cached("SELECT n, resolved FROM entity WHERE kind = ?1 AND value = ?2")?
            .query_row((kind, value), |row| Ok(Numbered { n: row.get(0)?, resolved: row.get(1)? }))
            .optional()?;
        if let Some(found) = found {
            self.keep(kind, value, found);
        }
        Ok(found)
    }

    /// Remembers the numbers of a value.
    pub(crate) fn keep(&self, kind: i64, value: &str, numbered: Numbered) {
        let mut caches = self.0.borrow_mut();
        caches.make_room(value);
        caches.entities.entry(kind).or_default().insert(value.to_owned(), numbered);
    }

    /// The numbers of an entity, given to it and to its resolved name now if it has none.
    pub(crate) fn entity(
        &self,
        conn: &Connection,
        entity: &Entity,
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Numbered, Fault> {
        let kind = self.word(conn, entity.kind.as_str())?;
        if let Some(found) = self.remembered(kind, &entity.value) {
            return Ok(found);
        }
        let Some(n) = self.insert_new(conn, kind, &entity.value)? else {
            let found = self.find_in(conn, kind, &entity.value)?;
            let missing = || Fault::damaged(format!("{entity} is there and is not"));
            return found.ok_or_else(missing);
        };
        let resolved = resolve(entity);
        let resolved = if resolved == *entity { n } else { self.resolved(conn, &resolved)? };
        if resolved != n {
            set_resolved(conn, n, resolved)?;
        }
        let numbered = Numbered { n, resolved };
        self.keep(kind, &entity.value, numbered);
        Ok(numbered)
    }

    /// The number of a resolved name: it stands for itself.
    pub(crate) fn resolved(&self, conn: &Connection, entity: &Entity) -> Result<i64, Fault> {
        Ok(self.entity(conn, entity, &Entity::clone)?.n)
    }

    /// The number of an object, given to it now if it has none.
    pub(crate) fn object(
        &self,
        conn: &Connection,
        object: &Object,
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Numbered, Fault> {
        let text = match object {
            Object::Entity(entity) => return self.entity(conn, entity, resolve),
            Object::Text(text) => text,
        };
        if let Some(found) = self.find_in(conn, TEXT, text)? {
            return Ok(found);
        }
        let n = insert(conn, TEXT, text)?;
        let numbered = Numbered { n, resolved: n };
        self.keep(TEXT, text, numbered);
        Ok(numbered)
    }

    /// The object of a number.
    pub(crate) fn object_of(&self, conn: &Connection, n: i64) -> Result<Object, Fault> {
        if let Some(object) = self.0.borrow().objects.get(&n) {
            return Ok(object.clone());
        }
        let (kind, value): (i64, String) = conn
            .prepare_cached("SELECT kind, value FROM entity WHERE n = ?1")?
            .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or_else(|| Fault::damaged(format!("there is no entity {n}")))?;
        let object = self.object_from(conn, kind, value)?;
        self.keep_object(n, object.clone());
        Ok(object)
    }

    /// Remembers the object of a number.
    pub(crate) fn keep_object(&self, n: i64, object: Object) {
        let mut caches = self.0.borrow_mut();
        caches.make_room(match &object {
            Object::Entity(entity) => &entity.value,
            Object::Text(text) => text,
        });
        caches.objects.insert(n, object);
    }

    /// Remembers the number of a word.
    pub(crate) fn keep_word(&self, n: i64, text: &str) {
        self.0.borrow_mut().keep_word(n, text);
    }

    /// Whether the number of a word is remembered.
    pub(crate) fn knows_word(&self, text: &str) -> bool {
        self.0.borrow().words.contains_key(text)
    }

    /// Whether the word of a number is remembered.
    pub(crate) fn knows_text(&self, n: i64) -> bool {
        self.0.borrow().texts.contains_key(&n)
    }

    /// Whether the numbers of a value are remembered.
    pub(crate) fn knows(&self, kind: i64, value: &str) -> bool {
        self.0.borrow().entities.get(&kind).is_some_and(|of| of.contains_key(value))
    }

    /// Whether the object of a number is remembered.
    pub(crate) fn knows_object(&self, n: i64) -> bool {
        self.0.borrow().objects.contains_key(&n)
    }

    /// The object of a row of the entity table.
    pub(crate) fn object_from(
        &self,
        conn: &Connection,
        kind: i64,
        value: String,
    ) -> Result<Object, Fault> {
        if kind == TEXT {
            return Ok(Object::Text(value));
        }
        let kind: Kind =
            self.text(conn, kind)?.parse().map_err(|e| Fault::damaged(format!("{e}")))?;
        Ok(Object::Entity(Entity { kind, value }))
    }

    /// The entity of a number.
    pub(crate) fn entity_of(&self, conn: &Connection, n: i64) -> Result<Entity, Fault> {
        match self.object_of(conn, n)? {
            Object::Entity(entity) => Ok(entity),
            Object::Text(_) => Err(Fault::damaged(format!("{n} is a text, not an entity"))),
        }
    }
}

/// Writes an entity that resolves to itself.
fn insert(conn: &Connection, kind: i64, value: &str) -> Result<i64, Fault> {
    let n = conn
        .prepare_cached(
            "INSERT INTO entity (kind, value, resolved)
             VALUES (?1, ?2, (SELECT coalesce(max(n), 0) + 1 FROM entity))",
        )
        .and_then(|mut insert| insert.insert((kind, value)))?;
    Ok(n)
}

/// Notes to which entity a name resolves.
pub(crate) fn set_resolved(conn: &Connection, n: i64, resolved: i64) -> Result<(), Fault> {
    conn.prepare_cached("UPDATE entity SET resolved = ?2 WHERE n = ?1")?.execute((n, resolved))?;
    Ok(())
}
