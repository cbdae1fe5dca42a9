//! Pages of indicators: along an index where much is wanted, sorted where little is.
//!
//! A page goes along the list in its order and takes what fits. Where nearly nothing fits that would
//! lead through all of it; so first an index tells, for each condition that has one, whether few
//! rows meet it, and after a while the rows that fit are counted: where they are few, they are
//! fetched and sorted instead. Both ways give the same page.

use crate::sql::types::Value;
use crate::sql::{Connection, OptionalExtension, params_from_iter};
use foldhash::{HashSet, HashSetExt as _};
use jiff::civil::Date;
use lapwing_model::{Object, Relation, Role, Status};

use crate::aging::{self, Aging};
use crate::by_status::rows_of;
use crate::codec::date_number;
use crate::error::Fault;
use crate::listing::{IndicatorOrder, IndicatorPlace, IndicatorQuery, ListedIndicator};
use crate::names::Names;
use crate::names_server;
use crate::{documents, facts, spelling};

/// When to go which way.
#[derive(Clone, Copy)]
struct Limits {
    /// So many are fetched and sorted at most.
    few: usize,
    /// Rows that are looked at along the list before the rows that fit are counted.
    patience: usize,
    /// Rows that are fetched at once.
    batch: usize,
    /// So many of a status are fetched and sorted before anything is looked at along the list.
    rare: usize,
}

const LIMITS: Limits = Limits { few: 20_000, patience: 10_000, batch: 2_000, rare: 1_000 };

/// A row of the list: what it is ordered by, and its number.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    kind: i64,
    value: String,
    key: f64,
    n: i64,
}

/// A condition that an index tells, by kind.
struct Told {
    /// The column that the index goes by.
    column: &'static str,
    condition: String,
}

/// What a page is asked for, as conditions on `standing s`.
struct Page<'q> {
    conn: &'q Connection,
    order: IndicatorOrder,
    /// Number of the kind.
    kind: Option<i64>,
    /// All conditions but that on the kind, and those below.
    fits: String,
    /// Conditions each of which an index tells.
    told: Vec<Told>,
    /// The statuses that are asked for, on a day.
    statuses: Option<(&'q [Status], Date)>,
    /// What the value holds, in lower case.
    holds: Option<String>,
    /// Only these.
    among: Option<HashSet<i64>>,
    after: Option<Entry>,
    limit: usize,
    limits: Limits,
}

/// A page of the indicators, with the place and the status of each.
pub(crate) fn page(
    conn: &Connection,
    names: &Names,
    query: &IndicatorQuery,
) -> Result<Vec<ListedIndicator>, Fault> {
    let Some(page) = Page::of(conn, names, query)? else { return Ok(Vec::new()) };
    let role = names.find_word(conn, Relation::Role.as_str())?;
    let word = Object::Text(Role::Indicator.as_str().to_owned());
    let number = names.find(conn, &word)?;
    let Some((role, number)) = role.zip(number) else { return Ok(Vec::new()) };
    if conn.is_postgres() {
        return listed_at_once(conn, names, &page.entries()?, (role, number.n));
    }
    let mut find = conn.prepare_cached(
        "SELECT f.body, s.ages, s.ends FROM fact f JOIN standing s ON s.n = f.subject
         WHERE f.subject = ?1 AND +f.relation = ?2 AND +f.object = ?3",
    )?;
    let mut listed = Vec::new();
    for entry in page.entries()? {
        let mut rows = find.query((entry.n, role, number.n))?;
        let Some(row) = rows.next()? else { continue };
        let body = row.get_ref(0)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        let subject = names.entity_of(conn, entry.n)?;
        let days: (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        listed.push(ListedIndicator {
            fact: facts::decode(body, subject, Relation::Role, word.clone())?,
            place: IndicatorPlace { n: entry.n, key: entry.key },
            aging: days.0.zip(days.1).map(|(ages, ends)| Aging::of_columns(ages, ends)),
        });
    }
    Ok(listed)
}

/// The facts of a page's rows, with one question for all.
fn listed_at_once(
    conn: &Connection,
    names: &Names,
    entries: &[Entry],
    (role, word): (i64, i64),
) -> Result<Vec<ListedIndicator>, Fault> {
    let Some(session) = conn.postgres() else { return Ok(Vec::new()) };
    let numbers = entries.iter().map(|entry| Value::Integer(entry.n)).collect();
    let sql = format!(
        "SELECT t.at, t.n, f.body, s.ages, s.ends
         FROM unnest($1::int8[]) WITH ORDINALITY AS t (n, at)
         JOIN fact f ON f.subject = t.n AND f.relation = {role} AND f.object = {word}
         JOIN standing s ON s.n = t.n ORDER BY t.at"
    );
    let rows = session.query_columns(&sql, vec![numbers])?.all();
    names_server::load_of_rows(conn, names, &rows, &[1])?;
    let mut listed = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(entry) = entries.get(row.get::<i64>(0)? as usize - 1) else { continue };
        let body = row.get_ref(2)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        let subject = names.entity_of(conn, entry.n)?;
        let object = Object::Text(Role::Indicator.as_str().to_owned());
        let days: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        listed.push(ListedIndicator {
            fact: facts::decode(body, subject, Relation::Role, object)?,
            place: IndicatorPlace { n: entry.n, key: entry.key },
            aging: days.0.zip(days.1).map(|(ages, ends)| Aging::of_columns(ages, ends)),
        });
    }
    Ok(listed)
}

impl<'q> Page<'q> {
    fn of(
        conn: &'q Connection,
        names: &Names,
        query: &'q IndicatorQuery,
    ) -> Result<Option<Self>, Fault> {
        let kind = match query.kind {
            None => None,
            Some(kind) => match names.find_word(conn, kind.as_str())? {
                Some(n) => Some(n),
                None => return Ok(None),
            },
        };
        let mut told = Vec::new();
        if let Some(least) = query.least_probability.filter(|least| least.is_finite()) {
            let condition = format!("s.probability >= {least:?}");
            told.push(Told { column: "s.probability", condition });
        }
        if let Some(since) = query.since {
            let condition = format!("s.last >= {}", date_number(since));
            told.push(Told { column: "s.last", condition });
        }
        if let Some((statuses, day)) = &query.status {
            let each: Vec<String> =
                statuses.iter().map(|status| aging::condition(*status, *day)).collect();
            let condition = if each.is_empty() { "0 = 1".to_owned() } else { each.join(" OR ") };
            told.push(Told { column: "s.ages", condition });
        }
        let mut fits = "s.probability IS NOT NULL".to_owned();
        for one in &told {
            fits.push_str(&format!(" AND ({})", one.condition));
        }
        let mut page = Self {
            conn,
            order: query.order,
            kind,
            fits,
            told,
            statuses: query.status.as_ref().map(|(statuses, day)| (statuses.as_slice(), *day)),
            holds: query.holds.as_ref().map(|text| text.to_lowercase()),
            among: None,
            after: None,
            limit: query.limit,
            limits: LIMITS,
        };
        if query.of.is_some() || !query.documents.is_empty() {
            page.among = Some(only_of(conn, names, query)?);
        }
        if let Some(after) = &query.after {
            page.after = page.entry(after.n)?.map(|entry| Entry { key: after.key, ..entry });
        }
        Ok(Some(page))
    }

    /// The rows of the page, in its order.
    fn entries(&self) -> Result<Vec<Entry>, Fault> {
        if let Some(among) = self.among.as_ref().filter(|among| among.len() <= self.limits.few) {
            let mut few: Vec<i64> = among.iter().copied().collect();
            few.sort_unstable();
            return self.sorted(&few, self.kind);
        }
        // By kind and value: a kind of which nothing fits is not gone through.
        let from = match (self.order, &self.after) {
            (IndicatorOrder::Value, Some(after)) => after.kind,
            _ => 0,
        };
        let mut kinds = Vec::new();
        for kind in self.kinds(from)? {
            if self.any(kind)? {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let spelled = match &self.holds {
            Some(text) => spelling::by_kind(self.conn, text, &kinds, self.limits.few)?,
            None => None,
        };
        if self.order != IndicatorOrder::Value {
            let few = spelled.and_then(|spelled| {
                let all: Option<Vec<_>> = spelled.into_values().collect();
                all.map(|all| all.into_iter().flatten().map(|(n, _)| n).collect::<Vec<i64>>())
            });
            return match few.filter(|few| few.len() <= self.limits.few) {
                Some(few) => self.sorted(&few, self.kind),
                None => self.along(&kinds),
            };
        }
        let mut entries = Vec::new();
        for kind in kinds {
            // Of a kind that is not among them no value holds the text.
            match spelled.as_ref().map(|spelled| spelled.get(&kind)) {
                Some(None) => {}
                Some(Some(Some(few))) => entries.extend(self.spelled(kind, few)?),
                Some(Some(None)) | None => entries.extend(self.along(&[kind])?),
            }
            if entries.len() >= self.limit {
                break;
            }
        }
        entries.truncate(self.limit);
        Ok(entries)
    }

    /// Those of a few of one kind that fit, by value. They are sorted as they were found, and only as
    /// many are looked at as the page needs.
    fn spelled(&self, kind: i64, few: &[(i64, String)]) -> Result<Vec<Entry>, Fault> {
        let is_whole = |value: &str| value.len() < spelling::LONGEST - 4;
        if self.conn.is_postgres() || !few.iter().all(|(_, value)| is_whole(value)) {
            let numbers: Vec<i64> = few.iter().map(|(n, _)| *n).collect();
            return self.sorted(&numbers, Some(kind));
        }
        let mut few: Vec<&(i64, String)> = few.iter().collect();
        few.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let mut entries = Vec::new();
        for (n, value) in few {
            let entry = Entry { kind, value: value.clone(), key: 0.0, n: *n };
            let behind = self.after.as_ref().is_none_or(|after| self.before(after, &entry).is_lt());
            if behind && self.takes(&entry) && self.fits(*n)? {
                entries.push(entry);
                if entries.len() == self.limit {
                    break;
                }
            }
        }
        Ok(entries)
    }

    /// The kinds that are looked at, from one on, in their order.
    fn kinds(&self, from: i64) -> Result<Vec<i64>, Fault> {
        match self.kind {
            Some(kind) => Ok(vec![kind]),
            None => kinds(self.conn, from),
        }
    }

    /// The row of an entity, whether or not it fits.
    fn entry(&self, n: i64) -> Result<Option<Entry>, Fault> {
        let key = self.key();
        let sql = format!(
            "SELECT e.kind, e.value, {key} FROM entity e LEFT JOIN standing s ON s.n = e.n
             WHERE e.n = ?1"
        );
        let entry = |row: &crate::sql::Row<'_>| {
            let key = row.get::<_, Option<f64>>(2)?.unwrap_or_default();
            Ok(Entry { kind: row.get(0)?, value: row.get(1)?, key, n })
        };
        Ok(self.conn.prepare_cached(&sql)?.query_row([n], entry).optional()?)
    }

    fn key(&self) -> &'static str {
        match self.order {
            IndicatorOrder::Value => "0.0",
            IndicatorOrder::Probability => "s.probability",
            IndicatorOrder::Last => "s.last * 1.0",
        }
    }

    /// Whether one row comes before another.
    fn before(&self, a: &Entry, b: &Entry) -> std::cmp::Ordering {
        match self.order {
            IndicatorOrder::Value => (a.kind, &a.value).cmp(&(b.kind, &b.value)),
            IndicatorOrder::Probability | IndicatorOrder::Last => {
                b.key.total_cmp(&a.key).then(a.n.cmp(&b.n))
            }
        }
    }

    /// Those of a few numbers that fit, sorted.
    fn sorted(&self, few: &[i64], kind: Option<i64>) -> Result<Vec<Entry>, Fault> {
        let sql = format!(
            "SELECT e.kind, e.value, {} FROM standing s JOIN entity e ON e.n = s.n
             WHERE s.n = ?1 AND {}",
            self.key(),
            self.fits
        );
        let mut entries = Vec::new();
        let mut take = |entry: Entry| {
            let wanted = kind.is_none_or(|kind| kind == entry.kind)
                && self.takes(&entry)
                && self.after.as_ref().is_none_or(|after| self.before(after, &entry).is_lt());
            if wanted {
                entries.push(entry);
            }
        };
        if let Some(session) = self.conn.postgres() {
            let sql = format!(
                "SELECT e.kind, e.value, {}, s.n FROM unnest($1::int8[]) t (n)
                 JOIN standing s ON s.n = t.n JOIN entity e ON e.n = s.n WHERE {}",
                self.key(),
                self.fits
            );
            let numbers = few.iter().map(|n| Value::Integer(*n)).collect();
            for row in &session.query_columns(&sql, vec![numbers])?.all() {
                take(Entry {
                    kind: row.get(0)?,
                    value: row.get(1)?,
                    key: row.get(2)?,
                    n: row.get(3)?,
                });
            }
        } else {
            let mut statement = self.conn.prepare_cached(&sql)?;
            for &n in few {
                let mut rows = statement.query([n])?;
                let Some(row) = rows.next()? else { continue };
                take(Entry { kind: row.get(0)?, value: row.get(1)?, key: row.get(2)?, n });
            }
        }
        entries.sort_by(|a, b| self.before(a, b));
        entries.truncate(self.limit);
        Ok(entries)
    }

    /// What no condition on a row tells.
    fn takes(&self, entry: &Entry) -> bool {
        self.among.as_ref().is_none_or(|among| among.contains(&entry.n))
            && self
                .holds
                .as_ref()
                .is_none_or(|text| entry.value.to_lowercase().contains(text.as_str()))
    }

    /// The page of some kinds along the list; by value of one.
    fn along(&self, kinds: &[i64]) -> Result<Vec<Entry>, Fault> {
        for told in self.told.iter().filter(|told| told.column != "s.ages") {
            if let Some(few) = self.few(kinds, &told.condition)? {
                return self.sorted(&few, self.kind);
            }
        }
        let first = kinds.first().copied().unwrap_or_default();
        let only = if let [one] = kinds { Some(*one) } else { self.kind };
        if let Some((statuses, day)) = self.statuses
            && let Some(rare) = self.of_statuses(kinds, (statuses, day), self.limits.rare)?
        {
            return self.sorted(&rare, only);
        }
        let mut entries = Vec::new();
        let mut at = self
            .after
            .clone()
            .filter(|after| self.order != IndicatorOrder::Value || after.kind == first);
        // One condition of those above was counted, and that every row fits is known.
        let mut counted =
            self.told.is_empty() || (self.told.len() == 1 && self.told[0].column != "s.ages");
        let mut looked_at = 0;
        loop {
            let batch = match self.order {
                IndicatorOrder::Value => self.by_value(first, at.as_ref())?,
                IndicatorOrder::Probability | IndicatorOrder::Last => {
                    self.by_key(kinds, at.as_ref())?
                }
            };
            let ended = batch.is_empty();
            looked_at += batch.len();
            for (entry, fits) in batch {
                // Whether it fits is asked last: that is a look into another place of the file.
                if fits != Some(false)
                    && self.takes(&entry)
                    && (fits.is_some() || self.fits(entry.n)?)
                {
                    entries.push(entry.clone());
                    if entries.len() == self.limit {
                        return Ok(entries);
                    }
                }
                at = Some(entry);
            }
            if ended {
                return Ok(entries);
            }
            if looked_at >= self.limits.patience && !counted {
                counted = true;
                let few = match self.statuses {
                    Some(of) => self.of_statuses(kinds, of, self.limits.few)?,
                    None => self.few(kinds, &self.fits)?,
                };
                if let Some(few) = few {
                    return self.sorted(&few, only);
                }
            }
        }
    }

    /// Whether a row meets all conditions on it.
    fn fits(&self, n: i64) -> Result<bool, Fault> {
        let sql = format!("SELECT 1 FROM standing s WHERE s.n = ?1 AND {}", self.fits);
        Ok(self.conn.prepare_cached(&sql)?.exists([n])?)
    }

    /// Whether an index tells that nothing of a kind can fit.
    fn any(&self, kind: i64) -> Result<bool, Fault> {
        let Some((statuses, day)) = self.statuses else { return Ok(true) };
        for status in statuses {
            let sql = format!("{} LIMIT 1", rows_of(kind, *status, day));
            if self.conn.prepare_cached(&sql)?.exists([])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The numbers of all rows of some statuses that fit; `None` when they are more than so many.
    fn of_statuses(
        &self,
        kinds: &[i64],
        (statuses, day): (&[Status], Date),
        most: usize,
    ) -> Result<Option<Vec<i64>>, Fault> {
        let mut found: Vec<i64> = Vec::new();
        for kind in kinds {
            for status in statuses {
                let mut sql = rows_of(*kind, *status, day);
                if self.told.len() > 1 {
                    sql = format!(
                        "SELECT s.n FROM ({sql}) x CROSS JOIN standing s ON s.n = x.n
                         WHERE {}",
                        self.fits
                    );
                }
                let sql = format!("{sql} LIMIT {}", most + 1 - found.len());
                let mut statement = self.conn.prepare_cached(&sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                found.extend(rows.collect::<Result<Vec<i64>, _>>()?);
                if found.len() > most {
                    return Ok(None);
                }
            }
        }
        Ok(Some(found))
    }

    /// The numbers of all rows that meet a condition; `None` when they are more than a few.
    fn few(&self, kinds: &[i64], condition: &str) -> Result<Option<Vec<i64>>, Fault> {
        // Kind by kind, which is how the indexes go.
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        let sql = format!(
            "SELECT s.n FROM standing s WHERE s.probability IS NOT NULL
             AND s.kind IN ({}) AND ({condition}) LIMIT {}",
            kinds.join(","),
            self.limits.few + 1
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let few = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        Ok((few.len() <= self.limits.few).then_some(few))
    }

    /// The next rows by value, each with whether it fits, where that is known.
    fn by_value(
        &self,
        kind: i64,
        after: Option<&Entry>,
    ) -> Result<Vec<(Entry, Option<bool>)>, Fault> {
        let past = if after.is_some() { ">" } else { ">=" };
        let batch = self.limits.batch;
        let sql = if self.conn.is_postgres() {
            // It has an index of the first 400 characters, which sort as the whole does; and one
            // question takes as long as a hundred answers.
            format!(
                "SELECT x.n, x.value, EXISTS (SELECT 1 FROM standing s WHERE s.n = x.n AND {})
                 FROM (SELECT n, value FROM entity WHERE kind = ?1 AND value {past} ?2
                       AND left(value, 400) >= left(?2, 400)
                       ORDER BY left(value, 400), value LIMIT {batch}) x ORDER BY x.value",
                self.fits
            )
        } else {
            format!(
                "SELECT n, value, NULL FROM entity WHERE kind = ?1 AND value {past} ?2
                 ORDER BY value LIMIT {batch}"
            )
        };
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query((kind, after.map_or("", |after| after.value.as_str())))?;
        let mut batch = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = Entry { kind, value: row.get(1)?, key: 0.0, n: row.get(0)? };
            batch.push((entry, row.get(2)?));
        }
        Ok(batch)
    }

    /// The next rows by probability or day, each with whether it fits.
    fn by_key(
        &self,
        kinds: &[i64],
        after: Option<&Entry>,
    ) -> Result<Vec<(Entry, Option<bool>)>, Fault> {
        let column = match self.order {
            IndicatorOrder::Last => "s.last",
            _ => "s.probability",
        };
        let (value, join) = match &self.holds {
            Some(_) => ("e.value", "JOIN entity e ON e.n = s.n"),
            None => ("''", ""),
        };
        // Below the least that is asked for nothing fits any more.
        let mut least = String::new();
        for told in self.told.iter().filter(|told| told.column == column) {
            least.push_str(" AND ");
            least.push_str(&told.condition);
        }
        // What has the same key as the last row, then what comes after it: two ranges of the index.
        let mut batch = Vec::new();
        let ranges = match after {
            None => vec![(format!("{column} < ?1"), vec![Value::from(f64::MAX)])],
            Some(after) => vec![
                (format!("{column} = ?1 AND s.n > ?2"), vec![after.key.into(), after.n.into()]),
                (format!("{column} < ?1"), vec![after.key.into()]),
            ],
        };
        for (range, values) in ranges {
            let left = self.limits.batch - batch.len();
            if left == 0 {
                break;
            }
            // The index goes kind by kind: the kinds are merged as they are read.
            let of_kinds: Vec<String> = kinds
                .iter()
                .map(|kind| {
                    format!(
                        "SELECT s.n AS n, s.kind AS kind, {column} AS key, {value} AS value,
                           ({}) AS fits
                         FROM standing s {join}
                         WHERE s.probability IS NOT NULL AND s.kind = {kind} AND {range}{least}",
                        self.fits
                    )
                })
                .collect();
            let sql = format!(
                "SELECT x.n, x.kind, x.key * 1.0, x.value, x.fits
                 FROM ({} ORDER BY key DESC, n LIMIT {left}) x ORDER BY x.key DESC, x.n",
                of_kinds.join(" UNION ALL ")
            );
            let mut statement = self.conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                let entry = Entry {
                    n: row.get(0)?,
                    kind: row.get(1)?,
                    key: row.get(2)?,
                    value: row.get(3)?,
                };
                batch.push((entry, Some(row.get(4)?)));
            }
        }
        Ok(batch)
    }
}

/// The kinds of which there are indicators, from one on, in their order.
fn kinds(conn: &Connection, from: i64) -> Result<Vec<i64>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT kind FROM tally WHERE indicators > 0 AND kind >= ?1 ORDER BY kind",
    )?;
    let kinds = statement.query_map([from], |row| row.get(0))?;
    Ok(kinds.collect::<Result<_, _>>()?)
}

/// The numbers of all that indicates a topic or stands in one of some documents.
fn only_of(
    conn: &Connection,
    names: &Names,
    query: &IndicatorQuery,
) -> Result<HashSet<i64>, Fault> {
    let mut among = HashSet::new();
    let mut take = |sql: &str, of: (i64, i64)| -> Result<(), Fault> {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(of)?;
        while let Some(row) = rows.next()? {
            among.insert(row.get(0)?);
        }
        Ok(())
    };
    if let Some(of) = &query.of
        && let Some(of) = names.find(conn, &Object::Entity(of.clone()))?
        && let Some(indicates) = names.find_word(conn, Relation::Indicates.as_str())?
    {
        take("SELECT subject FROM fact WHERE object = ?1 AND relation = ?2", (of.n, indicates))?;
    }
    if let Some(role) = names.find_word(conn, Relation::Role.as_str())? {
        for document in &query.documents {
            let Some(n) = documents::visible(conn, *document)? else { continue };
            take(
                "SELECT DISTINCT resolved_subject FROM claim WHERE document = ?1 AND relation = ?2",
                (n, role),
            )?;
        }
    }
    Ok(among)
}

#[cfg(test)]
mod tests;
