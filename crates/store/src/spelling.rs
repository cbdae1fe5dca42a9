//! Finding a part of a name or value among all of them: the spellings lie one after the other in
//! long texts, which are looked through at the speed of memory.

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::{ControlFlow, Range};

use crate::sql::Connection;
use lapwing_model::Kind;

use crate::error::Fault;
use crate::names::{Names, TEXT};

/// Entities whose numbers share a row.
const BLOCK: i64 = 1024;
/// Bytes of a spelling that are looked through; values are shorter, and one row stays small.
pub(crate) const LONGEST: usize = 16 << 10;
/// Bytes of a place in a row: number within the block (2), kind (4), end of the spelling (4).
const PLACE: usize = 10;
/// Stands between spellings, so that the end of one and the beginning of the next are no match.
const BETWEEN: char = '\n';

/// An entity whose spelling holds what is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    /// Whether it does not begin with it: those that do come first.
    pub(crate) inside: bool,
    /// Its length in characters.
    pub(crate) length: usize,
    /// As it is spelled.
    pub(crate) value: String,
    /// Number of its kind.
    pub(crate) kind: i64,
    /// Its number.
    pub(crate) n: i64,
}

/// Takes the entities in that were added since it was last called.
pub(crate) fn extend(conn: &Connection, names: &Names) -> Result<(), Fault> {
    let newest: Option<i64> =
        conn.prepare_cached("SELECT max(n) FROM entity")?.query_row([], |row| row.get(0))?;
    let upto = covered(conn)?;
    let Some(newest) = newest.filter(|newest| upto.is_none_or(|upto| *newest > upto)) else {
        return Ok(());
    };
    // The last row is made again as far as it was not full.
    let mut block = upto.map_or(0, |upto| upto / BLOCK);
    let mut names_of = Folding::new(upto.unwrap_or(i64::MIN));
    while block * BLOCK <= newest {
        if let Some(row) = block_of(conn, names, block, &mut names_of)? {
            conn.prepare_cached(
                "INSERT INTO spelling (block, upto, places, spelled) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (block) DO UPDATE SET upto = excluded.upto,
                   places = excluded.places, spelled = excluded.spelled",
            )?
            .execute((block, row.upto, row.places, row.spelled))?;
            block += 1;
        } else {
            // Numbers may leave gaps in a copy of a part of a store.
            let next: Option<i64> = conn
                .prepare_cached("SELECT min(n) FROM entity WHERE n >= ?1")?
                .query_row([block * BLOCK], |row| row.get(0))?;
            let Some(next) = next else { break };
            block = next / BLOCK;
        }
    }
    Ok(())
}

/// Takes the entities in of a store that an older program wrote.
pub(crate) fn complete(conn: &Connection, names: &Names) -> Result<(), Fault> {
    let newest: Option<i64> =
        conn.prepare_cached("SELECT max(n) FROM entity")?.query_row([], |row| row.get(0))?;
    if newest <= covered(conn)? {
        return Ok(());
    }
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let extended = extend(conn, names);
    conn.execute_batch(if extended.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    extended
}

/// The last entity that the rows hold.
fn covered(conn: &Connection) -> Result<Option<i64>, Fault> {
    let upto =
        conn.prepare_cached("SELECT max(upto) FROM spelling")?.query_row([], |row| row.get(0))?;
    Ok(upto)
}

struct Block {
    upto: i64,
    places: Vec<u8>,
    spelled: String,
}

/// Keeps names in lower case as the rows are made.
struct Folding {
    after: i64,
    /// Whether entities of a kind, by its number, are names.
    is_name: Vec<(i64, bool)>,
}

impl Folding {
    fn new(after: i64) -> Self {
        Self { after, is_name: Vec::new() }
    }

    fn is_name(&mut self, conn: &Connection, names: &Names, kind: i64) -> Result<bool, Fault> {
        if let Some((_, is)) = self.is_name.iter().find(|(of, _)| *of == kind) {
            return Ok(*is);
        }
        let word: Kind =
            names.text(conn, kind)?.parse().map_err(|e| Fault::damaged(format!("{e}")))?;
        self.is_name.push((kind, !word.is_observable()));
        Ok(!word.is_observable())
    }
}

fn block_of(
    conn: &Connection,
    names: &Names,
    block: i64,
    folding: &mut Folding,
) -> Result<Option<Block>, Fault> {
    let mut statement = conn
        .prepare_cached("SELECT n, kind, value FROM entity WHERE n >= ?1 AND n < ?2 ORDER BY n")?;
    let mut rows = statement.query((block * BLOCK, (block + 1) * BLOCK))?;
    let mut made: Option<Block> = None;
    while let Some(row) = rows.next()? {
        let (n, kind): (i64, i64) = (row.get(0)?, row.get(1)?);
        let row_of = || Block { upto: n, places: Vec::new(), spelled: String::new() };
        let made = made.get_or_insert_with(row_of);
        made.upto = n;
        if kind == TEXT {
            continue;
        }
        let value = row.get_ref(2)?.as_str().map_err(|e| Fault::damaged(e.to_string()))?;
        if n > folding.after && folding.is_name(conn, names, kind)? {
            conn.prepare_cached(
                "INSERT INTO folded (name, n) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute((value.to_lowercase(), n))?;
        }
        made.spelled.push_str(clipped(value));
        made.places.extend_from_slice(&((n - block * BLOCK) as u16).to_le_bytes());
        made.places.extend_from_slice(&(kind as u32).to_le_bytes());
        made.places.extend_from_slice(&(made.spelled.len() as u32).to_le_bytes());
        made.spelled.push(BETWEEN);
    }
    Ok(made)
}

fn clipped(value: &str) -> &str {
    value.get(..LONGEST.min(value.len())).unwrap_or_else(|| {
        let end = (0..LONGEST).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
        &value[..end]
    })
}

/// Reads the places of a row.
fn places(packed: &[u8]) -> impl Iterator<Item = (i64, i64, usize)> + '_ {
    packed.chunks_exact(PLACE).map(|place| {
        let number = |range: Range<usize>| {
            let bytes = place.get(range).unwrap_or_default().iter().rev();
            bytes.fold(0_u64, |all, byte| (all << 8) | u64::from(*byte))
        };
        (number(0..2) as i64, number(2..6) as i64, number(6..10) as usize)
    })
}

/// Gives each entity, of one kind or all, whose spelling holds a text in any case, until it is told
/// to stop. The text is in lower case.
pub(crate) fn each(
    conn: &Connection,
    folded: &str,
    kind: Option<i64>,
    tell: &mut dyn FnMut(&Place<'_>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    if conn.is_postgres() {
        return each_on_server(conn, folded, kind, tell);
    }
    let upto = covered(conn)?.unwrap_or(i64::MIN);
    let mut rows_of =
        conn.prepare_cached("SELECT block, places, spelled FROM spelling ORDER BY block")?;
    let mut rows = rows_of.query([])?;
    let damaged = |e: crate::sql::types::FromSqlError| Fault::damaged(e.to_string());
    let mut lower = String::new();
    while let Some(row) = rows.next()? {
        let block: i64 = row.get(0)?;
        let spelled = row.get_ref(2)?.as_str().map_err(damaged)?;
        let plain = spelled.is_ascii() && !folded.contains(BETWEEN);
        if plain {
            lower.clear();
            lower.push_str(spelled);
            lower.make_ascii_lowercase();
            // Most rows hold it nowhere, which is told fastest of the whole.
            if find(&lower, folded).next().is_none() {
                continue;
            }
        }
        let packed = row.get_ref(1)?.as_blob().map_err(damaged)?;
        let told = if plain {
            in_plain(&lower, spelled, block, packed, folded, kind, tell)
        } else {
            in_any(spelled, block, packed, folded, kind, tell)
        };
        if told.is_break() {
            return Ok(());
        }
    }
    // What was added and not yet taken in.
    let mut after =
        conn.prepare_cached("SELECT n, kind, value FROM entity WHERE n > ?1 AND kind > 0")?;
    let mut rows = after.query([upto])?;
    while let Some(row) = rows.next()? {
        let of: i64 = row.get(1)?;
        if kind.is_some_and(|kind| kind != of) {
            continue;
        }
        let value = row.get_ref(2)?.as_str().map_err(damaged)?;
        let Some(at) = value.to_lowercase().find(folded) else { continue };
        if tell(&Place { n: row.get(0)?, kind: of, value, starts: at == 0 }).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// As [`each`], where the server looks through the values: only what holds the text is sent.
fn each_on_server(
    conn: &Connection,
    folded: &str,
    kind: Option<i64>,
    tell: &mut dyn FnMut(&Place<'_>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let of_kind = kind.map_or("kind > 0".to_owned(), |kind| format!("kind = {kind}"));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT n, kind, value, lapwing_starts(value, ?1) FROM entity
         WHERE {of_kind} AND lapwing_holds(value, ?1) ORDER BY n"
    ))?;
    let mut rows = statement.stream([folded])?;
    while let Some(row) = rows.next()? {
        let value: String = row.get(2)?;
        let place = Place {
            n: row.get(0)?,
            kind: row.get(1)?,
            value: clipped(&value),
            starts: row.get(3)?,
        };
        if tell(&place).is_break() {
            break;
        }
    }
    Ok(())
}

/// Where a text was found.
pub(crate) struct Place<'v> {
    /// Number of the entity.
    pub(crate) n: i64,
    /// Number of its kind.
    pub(crate) kind: i64,
    /// As it is spelled, the first [`LONGEST`] bytes.
    pub(crate) value: &'v str,
    /// Whether it begins with the text.
    pub(crate) starts: bool,
}

/// Signs of values, the most frequent first.
const FREQUENT: &[u8] = b"0123456789abcdef.omntirslhpug/:-_ xyzvkwjq";

/// The places of a text in another, both of ASCII. The rarest of its signs is looked for, at the speed
/// of memory, and only where that stands is the text compared.
fn find<'t>(text: &'t str, wanted: &'t str) -> impl Iterator<Item = usize> + 't {
    let rarity = |byte: &u8| FREQUENT.iter().position(|known| known == byte).unwrap_or(usize::MAX);
    let rarest = wanted.bytes().enumerate().max_by_key(|(_, byte)| rarity(byte));
    let (offset, sign) = rarest.map_or((0, '\0'), |(at, byte)| (at, char::from(byte)));
    let mut from = 0;
    std::iter::from_fn(move || {
        if wanted.is_empty() {
            from += 1;
            return (from <= text.len()).then(|| from - 1);
        }
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(sign)) {
            from += at + 1;
            let Some(begin) = (from - 1).checked_sub(offset) else { continue };
            if text.as_bytes()[begin..].starts_with(wanted.as_bytes()) {
                return Some(begin);
            }
        }
        None
    })
}

/// ASCII is as long in lower case as it was: places are the same. The text holds no line end, so no
/// match goes from one spelling into the next.
fn in_plain(
    lower: &str,
    spelled: &str,
    block: i64,
    packed: &[u8],
    folded: &str,
    kind: Option<i64>,
    tell: &mut dyn FnMut(&Place<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut hits = find(lower, folded).peekable();
    let mut begin = 0;
    for (offset, of, end) in places(packed) {
        while hits.next_if(|at| *at < begin).is_some() {}
        let (start, value) = (begin, spelled.get(begin..end));
        begin = end + BETWEEN.len_utf8();
        let Some(&at) = hits.peek() else { return ControlFlow::Continue(()) };
        let (true, Some(value)) = (at < end && kind.is_none_or(|kind| kind == of), value) else {
            continue;
        };
        tell(&Place { n: block * BLOCK + offset, kind: of, value, starts: at == start })?;
    }
    ControlFlow::Continue(())
}

fn in_any(
    spelled: &str,
    block: i64,
    packed: &[u8],
    folded: &str,
    kind: Option<i64>,
    tell: &mut dyn FnMut(&Place<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut begin = 0;
    for (offset, of, end) in places(packed) {
        let value = spelled.get(begin..end).unwrap_or_default();
        begin = end + BETWEEN.len_utf8();
        if kind.is_some_and(|kind| kind != of) {
            continue;
        }
        let Some(found) = value.to_lowercase().find(folded) else { continue };
        tell(&Place { n: block * BLOCK + offset, kind: of, value, starts: found == 0 })?;
    }
    ControlFlow::Continue(())
}

/// The first `most` entities whose spelling holds a text, in the order of [`Held`]; and whether
/// there are more.
pub(crate) fn first(
    conn: &Connection,
    folded: &str,
    kind: Option<i64>,
    most: usize,
) -> Result<(Vec<Held>, bool), Fault> {
    let mut heap: BinaryHeap<Held> = BinaryHeap::with_capacity(most.min(4096) + 1);
    let mut more = false;
    each(conn, folded, kind, &mut |place| {
        let inside = !place.starts;
        let length = place.value.chars().count();
        if heap.len() >= most {
            more = true;
            let worst = heap.peek().map(|worst| (worst.inside, worst.length, worst.value.as_str()));
            if worst.is_some_and(|worst| worst < (inside, length, place.value)) {
                return ControlFlow::Continue(());
            }
        }
        heap.push(Held {
            inside,
            length,
            value: place.value.to_owned(),
            kind: place.kind,
            n: place.n,
        });
        if heap.len() > most {
            heap.pop();
        }
        ControlFlow::Continue(())
    })?;
    Ok((heap.into_sorted_vec(), more))
}

/// The numbers of all entities, of one kind or all, whose spelling holds a text; `None` when there
/// are more than `most`.
pub(crate) fn numbers(
    conn: &Connection,
    folded: &str,
    kind: Option<i64>,
    most: usize,
) -> Result<Option<Vec<i64>>, Fault> {
    let mut found = Vec::new();
    each(conn, folded, kind, &mut |place| {
        found.push(place.n);
        if found.len() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((found.len() <= most).then_some(found))
}

/// Numbers and spellings of entities by the number of their kind; `None` of a kind of which there are
/// too many.
pub(crate) type ByKind = BTreeMap<i64, Option<Vec<(i64, String)>>>;

/// The entities of some kinds whose spelling holds a text: of each kind that has any,
/// all of them, where they are not more than `most`. `None` when too many hold it to tell by kind.
pub(crate) fn by_kind(
    conn: &Connection,
    folded: &str,
    kinds: &[i64],
    most: usize,
) -> Result<Option<ByKind>, Fault> {
    let mut found = ByKind::new();
    if kinds.is_empty() {
        return Ok(Some(found));
    }
    let one = if let [kind] = kinds { Some(*kind) } else { None };
    // From a server all that is looked at is sent.
    let (mut room, is_server) = (most, conn.is_postgres());
    let mut many = 0;
    each(conn, folded, one, &mut |place| {
        if !kinds.contains(&place.kind) {
            return ControlFlow::Continue(());
        }
        if let Some(held) = found.entry(place.kind).or_insert_with(|| Some(Vec::new())) {
            held.push((place.n, place.value.to_owned()));
            if held.len() > most {
                found.insert(place.kind, None);
                many += 1;
            }
        }
        if is_server && room == 0 {
            many = kinds.len();
        }
        room = room.saturating_sub(1);
        if many == kinds.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((many < kinds.len()).then_some(found))
}

/// What of the rows is not what the entities are; empty for a sound file.
pub(crate) fn check(conn: &Connection) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let upto = covered(conn)?.unwrap_or(i64::MIN);
    let mut rows_of = conn.prepare("SELECT block, places, spelled FROM spelling ORDER BY block")?;
    let mut entities =
        conn.prepare("SELECT n, kind, value FROM entity WHERE kind > 0 AND n <= ?1 ORDER BY n")?;
    let mut entities = entities.query([upto])?;
    let mut rows = rows_of.query([])?;
    'blocks: while let Some(row) = rows.next()? {
        let block: i64 = row.get(0)?;
        let (packed, spelled): (Vec<u8>, String) = (row.get(1)?, row.get(2)?);
        let mut begin = 0;
        for (offset, kind, end) in places(&packed) {
            let value = spelled.get(begin..end);
            begin = end + BETWEEN.len_utf8();
            let entity = match entities.next()? {
                Some(row) => {
                    Some((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
                }
                None => None,
            };
            let same = entity.as_ref().is_some_and(|(n, of, spelled)| {
                (*n, *of) == (block * BLOCK + offset, kind) && value == Some(clipped(spelled))
            });
            if !same {
                found.push(format!("the spellings of row {block} are not those of its entities"));
                break 'blocks;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(values: &[&str]) -> (Connection, Names) {
        let store = crate::Store::in_memory().unwrap();
        let names = Names::default();
        for value in values {
            let entity = lapwing_model::Entity::new(Kind::Malware, *value);
            names.entity(&store.conn, &entity, &Clone::clone).unwrap();
        }
        (store.conn, names)
    }

    fn found(conn: &Connection, text: &str) -> Vec<String> {
        let (held, _) = first(conn, &text.to_lowercase(), None, 10).unwrap();
        held.into_iter().map(|held| held.value).collect()
    }

    #[test]
    fn places_of_a_text_may_overlap_and_reach_the_end() {
        let all = |text, wanted| find(text, wanted).collect::<Vec<_>>();
        assert_eq!(all("aaab", "aa"), [0, 1]);
        assert_eq!(all("x.com\ny.com", ".com"), [1, 7]);
        assert_eq!(all("com", "com."), [0_usize; 0]);
        assert_eq!(all("zz~", "~"), [2]);
        assert_eq!(all("uber", "über"), [0_usize; 0]);
        assert_eq!(all("ab", ""), [0, 1]);
    }

    #[test]
    fn parts_are_found_before_and_after_they_were_taken_in() {
        let values = ["Emotet", "aaab", "ab\nemo", "Ünïcöde Emotet", "motet", "x", "İx"];
        let (conn, names) = store(&values);
        for taken_in in [false, true] {
            if taken_in {
                extend(&conn, &names).unwrap();
                assert!(check(&conn).unwrap().is_empty());
            }
            assert_eq!(found(&conn, "EMOTET"), ["Emotet", "Ünïcöde Emotet"]);
            assert_eq!(found(&conn, "ünï"), ["Ünïcöde Emotet"]);
            assert_eq!(found(&conn, "aab"), ["aaab"], "a match may overlap one before");
            assert_eq!(found(&conn, "b\nemo"), ["ab\nemo"], "a line end is a character as any");
            assert!(found(&conn, "t\na").is_empty(), "two spellings are not one");
            assert_eq!(found(&conn, "motet")[0], "motet");
            assert_eq!(found(&conn, "").len(), values.len(), "all hold nothing");
        }
    }

    #[test]
    fn rows_grow_and_a_long_value_is_clipped_between_characters() {
        let long = "é".repeat(LONGEST);
        let (conn, names) = store(&[&long]);
        extend(&conn, &names).unwrap();
        for n in 0..2 * BLOCK {
            let entity = lapwing_model::Entity::new(Kind::Malware, format!("name {n}"));
            names.entity(&conn, &entity, &Clone::clone).unwrap();
            if n % 700 == 0 {
                extend(&conn, &names).unwrap();
            }
        }
        extend(&conn, &names).unwrap();
        assert!(check(&conn).unwrap().is_empty());
        let all = numbers(&conn, "name", None, usize::MAX).unwrap().unwrap();
        assert_eq!(all.len() as i64, 2 * BLOCK);
        assert!(numbers(&conn, "name", None, 10).unwrap().is_none());
        assert_eq!(numbers(&conn, "name 2047", None, 10).unwrap().unwrap().len(), 1);
        let names_kind = names.find_word(&conn, Kind::Malware.as_str()).unwrap().unwrap();
        let kinds = [names_kind, names_kind + 1];
        let few = by_kind(&conn, "name 204", &kinds, 10).unwrap().unwrap();
        assert_eq!(few[&names_kind].as_ref().unwrap().len(), 9, "204 and 2040 to 2047");
        assert!(!few.contains_key(&(names_kind + 1)), "a kind of which none holds it");
        let many = by_kind(&conn, "name", &kinds, 10).unwrap().unwrap();
        assert_eq!(many[&names_kind], None);
        assert_eq!(by_kind(&conn, "name", &kinds[..1], 10).unwrap(), None);
    }
}
