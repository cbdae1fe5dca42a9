//! Long lists by pages, and single values at once: what a server asks all day.

use crate::sql::Connection;
use jiff::civil::Date;
use lapwing_model::{
    DocumentId, Entity, Fact, Gap, Kind, Object, PartialDate, Relation, Role, Status,
};

use crate::aging::Aging;
use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::records::{DocumentRecord, EntityRecord, KnownValue};
use crate::store::Store;
use crate::{documents, entities, facts, pages, standing};

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
    /// With one of these statuses on a day, as [`Change::stand`](crate::Change::stand) noted them.
    pub status: Option<(Vec<Status>, Date)>,
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

/// A row of a list of indicators.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedIndicator {
    /// The fact that it is an indicator.
    pub fact: Fact,
    /// Where it stands.
    pub place: IndicatorPlace,
    /// When it loses its worth, as it was noted with [`ruled_by`](Store::ruled_by).
    pub aging: Option<Aging>,
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
    pub fn indicators(&self, query: &IndicatorQuery) -> Result<Vec<ListedIndicator>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            pages::page(conn, names, query)
        })
    }

    /// What is said of one value: asked for by the thousand.
    pub fn known(&self, value: &Entity) -> Result<KnownValue, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            facts::of_value(conn, names, value)
        })
    }

    /// The documents that state something of an entity, other than that it is a reference, each
    /// with the number of claims.
    pub fn documents_stating(&self, entity: &Entity) -> Result<Vec<(DocumentId, u64)>, StoreError> {
        self.with(|conn, names| stating(conn, names, entity))
    }

    /// The visible documents whose name begins so, by name.
    pub fn documents_named(&self, beginning: &str) -> Result<Vec<DocumentRecord>, StoreError> {
        self.with(|conn, _| documents::named(conn, beginning))
    }

    /// The gaps of a document, in order of place.
    pub fn gaps_of(&self, id: DocumentId) -> Result<Vec<Gap>, StoreError> {
        self.with(|conn, _| documents::gaps_of(conn, id))
    }

    /// By which rules it was noted when indicators lose their worth; none when it was not yet.
    pub fn ruled_by(&self) -> Result<Option<String>, StoreError> {
        self.with(|conn, _| standing::ruled_by(conn))
    }

    /// A page of the entities of one kind, in order of value: those that hold a text in any case,
    /// after a value.
    pub fn entities_page(
        &self,
        kind: Kind,
        holds: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<EntityRecord>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            entities::page(conn, names, kind, holds, after, limit)
        })
    }

    /// How much there is.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        self.with(|conn, names| {
            let count = |sql: &str| {
                conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n.max(0) as u64)
            };
            standing::ready(conn, names)?;
            Ok(Totals {
                documents: count("SELECT count(*) FROM document WHERE visible = 1")?,
                origins: count("SELECT count(*) FROM origin")?,
                facts: count("SELECT coalesce(sum(facts), 0) FROM tally")?,
                indicators: count("SELECT coalesce(sum(indicators), 0) FROM tally")?,
                gaps: count("SELECT coalesce(sum(gaps), 0) FROM document WHERE visible = 1")?,
                changes: count("SELECT count(*) FROM change")?,
            })
        })
    }

    /// How many entities of each kind facts speak of, in order of kind.
    pub fn kinds(&self) -> Result<Vec<(Kind, u64)>, StoreError> {
        self.with(|conn, names| {
            standing::ready(conn, names)?;
            let mut statement =
                conn.prepare_cached("SELECT kind, known FROM tally WHERE known > 0")?;
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

    /// The names, no values, that a visible document speaks of, by their resolved names; by index alone.
    pub fn names_in(&self, document: DocumentId) -> Result<Vec<Entity>, StoreError> {
        self.with(|conn, names| entities::named_in(conn, names, document))
    }

    /// The visible documents that a change added, by name.
    pub fn documents_of_change(
        &self,
        change: lapwing_model::ChangeId,
    ) -> Result<Vec<DocumentRecord>, StoreError> {
        self.with(|conn, _| documents::of_change(conn, change))
    }
}

fn stating(
    conn: &Connection,
    names: &Names,
    entity: &Entity,
) -> Result<Vec<(DocumentId, u64)>, Fault> {
    let Some(of) = names.find(conn, &Object::Entity(entity.clone()))? else {
        return Ok(Vec::new());
    };
    let role = names.find_word(conn, Relation::Role.as_str())?.unwrap_or(-1);
    let reference = Object::Text(Role::Reference.as_str().to_owned());
    let reference = names.find(conn, &reference)?.map_or(-1, |found| found.n);
    let statement = "c.resolved_subject = f.subject AND c.relation = f.relation
        AND c.resolved_object = f.object";
    let mut select = conn.prepare_cached(&format!(
        "SELECT d.id, x.times FROM (
           SELECT document, count(*) AS times FROM (
             SELECT c.document FROM fact f
               CROSS JOIN claim c INDEXED BY claim_statement ON {statement}
               WHERE f.subject = ?1 AND NOT (f.relation = ?2 AND f.object = ?3)
             UNION ALL
             SELECT c.document FROM fact f
               CROSS JOIN claim c INDEXED BY claim_statement ON {statement}
               WHERE f.object = ?1 AND f.subject <> ?1) a
           GROUP BY document) x
         JOIN document d ON d.n = x.document AND d.visible = 1 ORDER BY d.id"
    ))?;
    let rows = select.query_map((of.n, role, reference), |row| {
        Ok((DocumentId(row.get(0)?), row.get::<_, i64>(1)?.max(0) as u64))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
