//! Who was named when: mentions of names in posts and entries of feeds.

use crate::sql::params;
use jiff::civil::Date;
use lapwing_model::{Document, DocumentId, Entity, Kind, Object, Relation};

use crate::codec::date_number;
use crate::documents;
use crate::error::{Fault, StoreError};
use crate::store::Store;

/// Kinds that are counted over time.
pub const COUNTED: [Kind; 7] = [
    Kind::Vulnerability,
    Kind::ThreatActor,
    Kind::Cluster,
    Kind::Malware,
    Kind::Tool,
    Kind::Software,
    Kind::AttackPattern,
];

/// A post, or an entry of a feed, with the names that it mentions.
#[derive(Clone, Debug)]
pub struct Post {
    /// The document, its text included.
    pub document: Document,
    /// The day that it is counted on.
    pub day: Date,
    /// Resolved names of the [`COUNTED`] kinds, each once, in order.
    pub names: Vec<Entity>,
}

impl Store {
    /// The posts, and entries of feeds, of the days from `first` to `last`, one after the other, by
    /// day and identifier. What has no day is left out.
    pub fn each_post(
        &self,
        first: Date,
        last: Date,
        each: &mut dyn FnMut(Post) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let found: Vec<(i64, DocumentId)> = self.with(|conn, _| {
            let mut statement = conn.prepare_cached(
                "SELECT n, id FROM document WHERE header ->> 'format' IN ('post', 'feed') \
                 AND visible = 1 AND published BETWEEN ?1 AND ?2 AND published % 100 > 0 \
                 ORDER BY published, id",
            )?;
            let bounds = (date_number(first.into()), date_number(last.into()));
            let rows =
                statement.query_map(bounds, |row| Ok((row.get(0)?, DocumentId(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        for (n, id) in found {
            let post = self.with(|conn, names| {
                let Some(document) = documents::document(conn, id)? else { return Ok(None) };
                let Some(role) = names.find_word(conn, Relation::Role.as_str())? else {
                    return Ok(None);
                };
                let mut statement = conn.prepare_cached(
                    "SELECT DISTINCT resolved_subject FROM claim \
                     WHERE document = ?1 AND relation = ?2",
                )?;
                let mut rows = statement.query(params![n, role])?;
                let mut mentioned = Vec::new();
                while let Some(row) = rows.next()? {
                    let entity = names.entity_of(conn, row.get(0)?)?;
                    if COUNTED.contains(&entity.kind) {
                        mentioned.push(entity);
                    }
                }
                mentioned.sort_unstable();
                let day = document.published.map(lapwing_model::PartialDate::first_day);
                Ok::<_, Fault>(day.map(|day| Post { document, day, names: mentioned }))
            })?;
            if let Some(post) = post {
                each(post)?;
            }
        }
        Ok(())
    }

    /// The first day on which a visible document that was published before `day` speaks of a name
    /// in any way.
    pub fn spoken_of_before(&self, entity: &Entity, day: Date) -> Result<bool, StoreError> {
        self.with(|conn, names| {
            let Some(found) = names.find(conn, &Object::Entity(entity.clone()))? else {
                return Ok(false);
            };
            Ok(conn
                .prepare_cached(
                    "SELECT 1 FROM claim c JOIN document d ON d.n = c.document AND d.visible = 1 \
                     WHERE c.resolved_subject = ?1 AND d.published > 0 AND d.published < ?2 LIMIT 1",
                )?
                .exists((found.resolved, date_number(day.into())))?)
        })
    }
}
