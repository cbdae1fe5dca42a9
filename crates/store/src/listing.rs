//! Long lists by pages, and single values at once: what a server asks all day.

use crate::sql::types::Value;
use crate::sql::{Connection, params_from_iter};
use lapwing_model::{DocumentId, Entity, Fact, Kind, Object, PartialDate, Relation, Role};

use crate::codec::date_number;
use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::names_server;
use crate::records::DocumentRecord;
use crate::store::Store;
use crate::{documents, entities, facts};

/// The order of a list of indicators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndicatorOrder {
    /// By kind and value.
    #[default]
    Value,
    /// The most probable first.
    Probability,
    /// The latest known first.
    Last,
}

/// Which indicators are asked for: all conditions that are set must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndicatorQuery {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Whose value holds this, in any case.
    pub holds: Option<String>,
    /// At least this probable.
    pub least_probability: Option<f64>,
    /// Known on or after this day.
    pub since: Option<PartialDate>,
    /// Of which it is said that they indicate this, or …
    pub of: Option<Entity>,
    /// … which one of these documents names.
    pub documents: Vec<DocumentId>,
    /// In this order.
    pub order: IndicatorOrder,
    /// After this row of the list.
    pub after: Option<IndicatorPlace>,
    /// At most so many.
    pub limit: usize,
}

/// A row's place in a list of indicators: where the next page goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct IndicatorPlace {
    /// Number of the entity.
    pub n: i64,
    /// What the list is ordered by (a probability, a date's number), where not by value.
    pub key: f64,
}

/// How much the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Documents in sight.
    pub documents: u64,
    /// Origins.
    pub origins: u64,
    /// Facts.
    pub facts: u64,
    /// Values with the role of an indicator.
    pub indicators: u64,
    /// Gaps of the documents in sight.
    pub gaps: u64,
    /// Changes, undone ones included.
    pub changes: u64,
}

impl Store {
    /// A page of the indicators, each with its place.
    pub fn indicators(
        &self,
        query: &IndicatorQuery,
    ) -> Result<Vec<(Fact, IndicatorPlace)>, StoreError> {
        self.with(|conn, names| page(conn, names, query))
    }

    /// How much there is.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        self.with(|conn, names| {
            let count = |sql: &str| {
                conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n.max(0) as u64)
            };
            let indicators = match role(conn, names)? {
                Some((relation, word)) => count(&format!(
                    "SELECT count(*) FROM fact WHERE relation = {relation} AND object = {word}"
                ))?,
                None => 0,
            };
            Ok(Totals {
                documents: count("SELECT count(*) FROM document WHERE visible = 1")?,
                origins: count("SELECT count(*) FROM origin")?,
                facts: count("SELECT count(*) FROM fact")?,
                indicators,
                gaps: count("SELECT coalesce(sum(gaps), 0) FROM document WHERE visible = 1")?,
                changes: count("SELECT count(*) FROM change")?,
            })
        })
    }

    /// How many entities of each kind facts speak of, in order of kind.
    pub fn kinds(&self) -> Result<Vec<(Kind, u64)>, StoreError> {
        self.with(|conn, names| {
            let mut statement = conn.prepare_cached(
                "SELECT e.kind, count(*) FROM entity e WHERE e.kind > 0 AND \
                 (EXISTS (SELECT 1 FROM fact WHERE subject = e.n) \
                  OR EXISTS (SELECT 1 FROM fact WHERE object_entity = e.n)) GROUP BY e.kind",
            )?;
            let mut rows = statement.query([])?;
            let mut kinds = Vec::new();
            while let Some(row) = rows.next()? {
                let kind = names.text(conn, row.get(0)?)?;
                let kind = kind.parse().map_err(|e| Fault::damaged(format!("{e}")))?;
                kinds.push((kind, row.get::<_, i64>(1)?.max(0) as u64));
            }
            kinds.sort_unstable();
            Ok(kinds)
        })
    }

    /// Entities that are spelled exactly so (as it is, in lower or in upper case), by their
    /// resolved names. By index alone: never looks through names.
    pub fn entities_spelled(&self, text: &str) -> Result<Vec<Entity>, StoreError> {
        self.with(|conn, names| entities::spelled(conn, names, text.trim()))
    }

    /// The visible documents that a change added, by name.
    pub fn documents_of_change(
        &self,
        change: lapwing_model::ChangeId,
    ) -> Result<Vec<DocumentRecord>, StoreError> {
        self.with(|conn, _| documents::of_change(conn, change))
    }
}

/// Numbers of `role` and `indicator`; none in a store that has no indicator.
fn role(conn: &Connection, names: &Names) -> Result<Option<(i64, i64)>, Fault> {
    let relation = names.find_word(conn, Relation::Role.as_str())?;
    let word = names.find(conn, &Object::Text(Role::Indicator.as_str().to_owned()))?;
    Ok(relation.zip(word.map(|word| word.n)))
}

fn page(
    conn: &Connection,
    names: &Names,
    query: &IndicatorQuery,
) -> Result<Vec<(Fact, IndicatorPlace)>, Fault> {
    let Some((relation, word)) = role(conn, names)? else { return Ok(Vec::new()) };
    let Some(asked) = Asked::of(conn, names, query, (relation, word))? else {
        return Ok(Vec::new());
    };
    // The keys of the page first, so that sorting moves no bodies; then the facts themselves.
    let (key, order) = match query.order {
        IndicatorOrder::Value => ("0.0", "s.kind, s.value"),
        IndicatorOrder::Probability => ("f.probability", "f.probability DESC, f.subject"),
        IndicatorOrder::Last => ("coalesce(f.last, 0)", "coalesce(f.last, 0) DESC, f.subject"),
    };
    let sql = format!(
        "SELECT x.n, x.key, f.body FROM (
           SELECT f.subject AS n, {key} * 1.0 AS key, s.kind AS kind, s.value AS value
           FROM {} WHERE {} ORDER BY {order} LIMIT {}
         ) x CROSS JOIN fact f ON f.subject = x.n AND f.relation = {relation} AND f.object = {word}
         ORDER BY {}",
        asked.from,
        asked.conditions.join(" AND "),
        query.limit,
        match query.order {
            IndicatorOrder::Value => "x.kind, x.value",
            IndicatorOrder::Probability | IndicatorOrder::Last => "x.key DESC, x.n",
        },
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(asked.values))?;
    names_server::load_of_rows(conn, names, rows.came(), &[0])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let place = IndicatorPlace { n: row.get(0)?, key: row.get(1)? };
        let body = row.get_ref(2)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        let subject = names.entity_of(conn, place.n)?;
        let object = Object::Text(Role::Indicator.as_str().to_owned());
        page.push((facts::decode(body, subject, Relation::Role, object)?, place));
    }
    Ok(page)
}

/// A query as SQL.
struct Asked {
    from: String,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Asked {
    fn of(
        conn: &Connection,
        names: &Names,
        query: &IndicatorQuery,
        (relation, word): (i64, i64),
    ) -> Result<Option<Self>, Fault> {
        let by_value = query.order == IndicatorOrder::Value;
        let fact = format!("f.relation = {relation} AND f.object = {word}");
        let mut asked = Self {
            // By value: along the index of names, and stop when the page is full.
            from: if by_value {
                format!("entity s CROSS JOIN fact f ON f.subject = s.n AND {fact}")
            } else {
                "fact f CROSS JOIN entity s ON s.n = f.subject".to_owned()
            },
            conditions: if by_value { vec!["1 = 1".to_owned()] } else { vec![fact] },
            values: Vec::new(),
        };
        if let Some(kind) = query.kind {
            let Some(n) = names.find_word(conn, kind.as_str())? else { return Ok(None) };
            asked.add("s.kind = ?", n);
        }
        if let Some(least) = query.least_probability {
            asked.add("f.probability >= ?", least);
        }
        if let Some(since) = query.since {
            asked.add("f.last >= ?", date_number(since));
        }
        if let Some(holds) = &query.holds {
            asked.add("lapwing_holds(s.value, ?)", holds.to_lowercase());
        }
        if query.of.is_some() || !query.documents.is_empty() {
            asked.only_of(conn, names, query, relation)?;
        }
        if let Some(after) = &query.after {
            if by_value {
                let (kind, value): (i64, String) = conn
                    .prepare_cached("SELECT kind, value FROM entity WHERE n = ?1")?
                    .query_row([after.n], |row| Ok((row.get(0)?, row.get(1)?)))?;
                if query.kind.is_some() {
                    asked.add("s.value > ?", value);
                } else {
                    asked.values.push(kind.into());
                    let at = asked.values.len();
                    asked.add(&format!("(s.kind, s.value) > (?{at}, ?)"), value);
                }
            } else {
                let key = match query.order {
                    IndicatorOrder::Probability => "f.probability",
                    _ => "coalesce(f.last, 0)",
                };
                asked.values.push(after.key.into());
                let at = asked.values.len();
                let condition = format!("({key} < ?{at} OR ({key} = ?{at} AND f.subject > ?))");
                asked.add(&condition, after.n);
            }
        }
        Ok(Some(asked))
    }

    /// Adds a condition whose one bare `?` is `value`.
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let at = self.values.len();
        // The bare mark is the last one: `?1` of those before stand to its left.
        if let Some((before, after)) = condition.rsplit_once('?') {
            self.conditions.push(format!("{before}?{at}{after}"));
        }
    }

    fn only_of(
        &mut self,
        conn: &Connection,
        names: &Names,
        query: &IndicatorQuery,
        role: i64,
    ) -> Result<(), Fault> {
        let mut parts = Vec::new();
        let indicates = names.find_word(conn, Relation::Indicates.as_str())?;
        let of = match &query.of {
            Some(entity) => names.find(conn, &Object::Entity(entity.clone()))?,
            None => None,
        };
        if let (Some(of), Some(indicates)) = (of, indicates) {
            parts.push(format!(
                "SELECT subject FROM fact WHERE object_entity = {} AND relation = {indicates}",
                of.n
            ));
        }
        let mut rows = Vec::new();
        for document in &query.documents {
            rows.extend(documents::visible(conn, *document)?.map(|n| n.to_string()));
        }
        if !rows.is_empty() {
            parts.push(format!(
                "SELECT resolved_subject FROM claim WHERE document IN ({}) AND relation = {role}",
                rows.join(",")
            ));
        }
        if parts.is_empty() {
            parts.push("SELECT 0 WHERE 1 = 0".to_owned());
        }
        self.conditions.push(format!("f.subject IN ({})", parts.join(" UNION ")));
        Ok(())
    }
}
