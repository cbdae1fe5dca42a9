//! What binds the origins of a store together: gathered from the marks that are kept of each document.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use lapwing_fuse::{
    Activity, Bonds, Cluster, Held, Mark, Naming, Taking, activities_in_order, feature_names,
    is_registrant, marks,
};
use lapwing_knowledge::Knowledge;
use lapwing_model::{
    Basis, Claim, DocumentId, Entity, Kind, OriginId, PartialDate, Polarity, Reading, Relation,
    Role,
};
use lapwing_store::{FactQuery, MarkRecord, PlacedDocument, Store};

use crate::{Engine, EngineError};

/// Names the rules by which marks are made; under another name they are made anew.
const RULES: &str = "values, networks, sites, paths, registrants, 2";

/// Names that evidence of an activity may be: they weigh little, and hold nothing together alone.
const NAMES: [Kind; 3] = [Kind::Malware, Kind::Tool, Kind::AttackPattern];

/// The clusters of a store at one state of it, with what they were found by.
pub struct Clusters {
    pub(crate) bonds: Bonds,
    found: Vec<Cluster>,
    pub(crate) told: Told,
}

/// Whose evidence there is, and what counts of it.
pub(crate) struct Told {
    pub documents: Vec<PlacedDocument>,
    /// Malware, tools and techniques, with the origins that name them.
    pub names: Vec<(Entity, BTreeSet<OriginId>)>,
    /// The numbers of the entities that are no evidence.
    pub aside: HashSet<i64>,
}

impl Told {
    /// The origins, in the order of activities.
    pub fn activities(&self) -> Vec<Activity> {
        let mut first: BTreeMap<OriginId, Option<PartialDate>> = BTreeMap::new();
        for document in &self.documents {
            let known = first.entry(document.origin).or_default();
            let days = known.iter().copied().chain(document.published);
            *known = days.min_by_key(|day| day.first_day());
        }
        let activities =
            first.into_iter().map(|(origin, published)| Activity { origin, published });
        activities_in_order(activities.collect())
    }
}

impl Clusters {
    /// All of them, by name.
    #[must_use]
    pub fn all(&self) -> &[Cluster] {
        &self.found
    }

    /// The cluster of a name, or of the name of one that it has taken in.
    pub(crate) fn named(&self, name: &str) -> Result<&Cluster, EngineError> {
        let asked = name.trim();
        let is = |c: &&Cluster| {
            c.name.eq_ignore_ascii_case(asked)
                || c.also.iter().any(|n| n.eq_ignore_ascii_case(asked))
        };
        self.found.iter().find(is).ok_or_else(|| {
            let near = self.found.iter().take(6).map(|cluster| cluster.name.clone()).collect();
            EngineError::Unknown { asked: asked.to_owned(), near }
        })
    }

    /// Documents of some origins.
    pub(crate) fn documents_of(&self, origins: &[OriginId]) -> Vec<PlacedDocument> {
        let wanted: BTreeSet<OriginId> = origins.iter().copied().collect();
        let of = |document: &&PlacedDocument| wanted.contains(&document.origin);
        self.told.documents.iter().filter(of).copied().collect()
    }

    /// Malware, tools and techniques that some origins name.
    pub(crate) fn names_of(&self, origins: &[OriginId]) -> BTreeSet<Entity> {
        let wanted: BTreeSet<OriginId> = origins.iter().copied().collect();
        let given = self.told.names.iter().filter(|(_, by)| by.iter().any(|o| wanted.contains(o)));
        given.map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn naming<'c>(&'c self, engine: &'c Engine) -> Named<'c> {
        Named { found: self, engine, labels: BTreeMap::new() }
    }
}

/// Names of features and origins, as the store has them.
pub(crate) struct Named<'c> {
    found: &'c Clusters,
    engine: &'c Engine,
    labels: BTreeMap<OriginId, String>,
}

impl Named<'_> {
    /// The name of an origin.
    pub(crate) fn label_of(&mut self, origin: OriginId) -> Result<String, EngineError> {
        if let Some(label) = self.labels.get(&origin) {
            return Ok(label.clone());
        }
        let label = self.engine.store.origin(origin)?.map(|o| o.label).unwrap_or_default();
        self.labels.insert(origin, label.clone());
        Ok(label)
    }
}

impl Naming for Named<'_> {
    type Error = EngineError;

    fn feature(&mut self, feature: u64, example: i64) -> Result<String, EngineError> {
        let entity = match usize::try_from(-1 - example) {
            Ok(name) => self.found.told.names.get(name).map(|(name, _)| name.clone()),
            Err(_) => Some(self.engine.store.entity_numbered(example)?),
        };
        let named = entity.map(|entity| feature_names(&entity, &self.engine.knowledge));
        let mut named = named.into_iter().flatten();
        let found = named.find(|(mark, _)| mark.feature == feature);
        Ok(found.map(|(_, name)| name).unwrap_or_default())
    }

    fn label(&mut self, origin: OriginId) -> Result<String, EngineError> {
        self.label_of(origin)
    }
}

/// Whether a claim is evidence of what it is on: seen by who says it, and not denied.
fn is_evidence(claim: &Claim) -> bool {
    // Who registered something detects nothing, and so has no role.
    let seen = match claim.role() {
        Some(Role::Indicator) => claim.subject.kind.is_observable(),
        Some(Role::Unclear) => is_registrant(&claim.subject),
        _ => false,
    };
    claim.relation == Relation::Role
        && seen
        && claim.polarity != Polarity::Denied
        && claim.basis != Basis::Predicted
}

/// The marks of the claims of a reading, as the store keeps them.
pub(crate) fn marks_of(reading: &Reading, knowledge: &Knowledge) -> Vec<(usize, Vec<MarkRecord>)> {
    let claims = reading.claims.iter().enumerate().filter(|(_, claim)| is_evidence(claim));
    claims.map(|(at, claim)| (at, records(&claim.subject, knowledge))).collect()
}

fn records(entity: &Entity, knowledge: &Knowledge) -> Vec<MarkRecord> {
    marks(entity, knowledge).into_iter().map(|mark| (mark.feature, mark.tells)).collect()
}

impl Engine {
    /// The clusters of activity of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn clusters(&self) -> Result<Clusters, EngineError> {
        self.clusters_told(self.told()?)
    }

    /// Who tells of an activity, and of what.
    pub(crate) fn told(&self) -> Result<Told, EngineError> {
        Ok(Told {
            documents: self.store.placed_documents()?,
            names: self.names_in_evidence()?,
            aside: self.store.entities_set_aside()?,
        })
    }

    /// The clusters, found among all evidence.
    pub(crate) fn clusters_told(&self, told: Told) -> Result<Clusters, EngineError> {
        let activities = told.activities();
        let mut each = self.all_evidence(&activities, &told);
        let bonds = Bonds::find(activities.clone(), self.store.about_marks()?, &mut each)?;
        drop(each);
        self.clusters_by(bonds, told)
    }

    /// The clusters that bonds and the decisions of people make.
    pub(crate) fn clusters_by(&self, bonds: Bonds, told: Told) -> Result<Clusters, EngineError> {
        let found = bonds.clusters(&self.cluster_decisions()?);
        Ok(Clusters { bonds, found, told })
    }

    /// The clusters of activity of the store in short, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn activity_clusters(&self) -> Result<Vec<Cluster>, EngineError> {
        Ok(self.clusters()?.found)
    }

    /// What holds a cluster together, the strongest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn held_by(
        &self,
        found: &Clusters,
        cluster: &Cluster,
        most: usize,
    ) -> Result<Vec<String>, EngineError> {
        let held = found.bonds.held_by(cluster, (most, &|_, _| true), &mut found.naming(self))?;
        Ok(held.into_iter().map(|(_, _, because)| because).collect())
    }

    /// Hands over all evidence, again and again, as of activities in their order.
    pub(crate) fn all_evidence<'t>(
        &'t self,
        activities: &[Activity],
        told: &'t Told,
    ) -> impl FnMut(&mut Taking<'_>) -> Result<(), EngineError> + use<'t> {
        let places: HashMap<OriginId, u32> =
            activities.iter().zip(0..).map(|(activity, at)| (activity.origin, at)).collect();
        let at_of: Vec<(i64, u32)> = told
            .documents
            .iter()
            .filter_map(|document| Some((document.row, *places.get(&document.origin)?)))
            .collect();
        let place = move |row: i64| {
            let found = at_of.binary_search_by_key(&row, |(row, _)| *row);
            found.ok().map(|at| at_of[at].1)
        };
        // Documents of an older store, or that were added without marks, once for all passes.
        let mut unmarked: Option<Vec<Held>> = None;
        move |take: &mut Taking<'_>| -> Result<(), EngineError> {
            let mut of = (i64::MIN, None);
            let without = self.store.each_mark(&told.aside, &mut |mark| {
                if of.0 != mark.document {
                    of = (mark.document, place(mark.document));
                }
                let Some(at) = of.1 else { return };
                let (feature, tells) = (mark.feature, mark.tells);
                take(Held { at, mark: Mark { feature, tells }, seen: true, example: mark.entity });
            })?;
            if unmarked.is_none() {
                unmarked = Some(self.held_without_marks(&without, told, &place)?);
            }
            unmarked.iter().flatten().for_each(|held| take(*held));
            for (number, (name, origins)) in (0_i64..).zip(&told.names) {
                for mark in marks(name, &self.knowledge) {
                    for at in origins.iter().filter_map(|origin| places.get(origin)) {
                        take(Held { at: *at, mark, seen: false, example: -1 - number });
                    }
                }
            }
            Ok(())
        }
    }

    /// The evidence of documents of which no marks are kept, from their claims.
    fn held_without_marks(
        &self,
        rows: &[i64],
        Told { documents, aside, .. }: &Told,
        place: &dyn Fn(i64) -> Option<u32>,
    ) -> Result<Vec<Held>, EngineError> {
        let mut held = Vec::new();
        for row in rows {
            let found = documents.binary_search_by_key(row, |document| document.row);
            let (Ok(found), Some(at)) = (found, place(*row)) else { continue };
            let marked = marks_of_stored(&self.store, documents[found].id, &self.knowledge)?;
            for (n, records) in marked.into_iter().filter(|(n, _)| !aside.contains(n)) {
                held.extend(records.into_iter().map(|(feature, tells)| Held {
                    at,
                    mark: Mark { feature, tells },
                    seen: true,
                    example: n,
                }));
            }
        }
        Ok(held)
    }

    /// The numbers of the indicators that some documents tell of.
    pub(crate) fn evidence_numbers(
        &self,
        documents: &[PlacedDocument],
    ) -> Result<BTreeSet<i64>, EngineError> {
        let rows: Vec<i64> = documents.iter().map(|document| document.row).collect();
        let (mut numbers, without) = self.store.marked_entities(&rows)?;
        for document in documents.iter().filter(|document| without.contains(&document.row)) {
            let marked = marks_of_stored(&self.store, document.id, &self.knowledge)?;
            let aside = self.store.entities_set_aside()?;
            numbers.extend(marked.into_iter().map(|(n, _)| n).filter(|n| !aside.contains(n)));
        }
        Ok(numbers)
    }

    /// Malware, tools and techniques that are what a report is about, or was used, with who says so.
    fn names_in_evidence(&self) -> Result<Vec<(Entity, BTreeSet<OriginId>)>, EngineError> {
        let mut names: BTreeMap<Entity, BTreeSet<OriginId>> = BTreeMap::new();
        for (kind, role) in
            NAMES.iter().flat_map(|kind| [(kind, Role::Subject), (kind, Role::Tool)])
        {
            let query = FactQuery {
                relation: Some(Relation::Role),
                role: Some(role),
                subject_kind: Some(*kind),
                ..FactQuery::default()
            };
            self.store.each_fact(&query, &mut |fact| {
                // What is only predicted was not seen.
                if fact.basis != Basis::Predicted {
                    let by = fact.contributions.iter().filter(|c| c.supports).map(|c| c.origin);
                    names.entry(fact.subject).or_default().extend(by);
                }
                Ok(())
            })?;
        }
        names.retain(|_, by| !by.is_empty());
        Ok(names.into_iter().collect())
    }

    /// Keeps the marks of all documents of a store that has them not, or by other rules.
    pub(crate) fn mark_all(&mut self) -> Result<(), EngineError> {
        if self.store.marked_by()?.as_deref() == Some(RULES) {
            return Ok(());
        }
        let knowledge = self.knowledge.clone();
        let mut change = self.store.begin("marks", jiff::Timestamp::UNIX_EPOCH)?;
        change.mark_by(RULES)?;
        for (row, id) in change.unmarked()? {
            let marked = marks_of_stored(change.store(), id, &knowledge)?;
            change.put_marks(row, &marked)?;
        }
        Ok(change.commit_unrecorded()?)
    }
}

/// The marks of a document, from its claims; those of what is set aside now too, for that may change.
pub(crate) fn marks_of_stored(
    store: &Store,
    id: DocumentId,
    knowledge: &Knowledge,
) -> Result<Vec<(i64, Vec<MarkRecord>)>, EngineError> {
    let mut marked = Vec::new();
    let mut seen = BTreeSet::new();
    store.each_subject(id, &mut |n, stored| {
        if is_evidence(&stored.claim) && seen.insert(n) {
            marked.push((n, records(&stored.claim.subject, knowledge)));
        }
    })?;
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Input, Silent};

    fn engine() -> Engine {
        let mut engine = Engine::in_memory().unwrap();
        let now = "2021-06-01T00:00:00Z".parse().unwrap();
        let (ip, domain, url) = ("ipv4-addr", "domain-name", "url");
        let tables: [(&str, &[(&str, &str)]); 3] = [
            (
                "One",
                &[
                    (ip, "45.77.1.2"),
                    (ip, "91.10.3.4"),
                    (domain, "c2.reed-mere.com"),
                    (url, "http://sedge.com/a/b/7.php"),
                ],
            ),
            (
                "Two",
                &[
                    (ip, "45.77.1.2"),
                    (ip, "91.10.3.4"),
                    (domain, "x.reed-mere.com"),
                    (url, "http://rush.com/a/b/9.php"),
                ],
            ),
            ("Three", &[(ip, "77.1.2.3"), (ip, "62.3.4.5")]),
        ];
        for (name, rows) in tables {
            let head = "type,value,comment".to_owned();
            let rows = rows.iter().map(|(kind, value)| format!("{kind},{value},of {name}"));
            let lines: Vec<String> = std::iter::once(head).chain(rows).collect();
            let bytes = lines.join("\n").into_bytes();
            let input = Input::Bytes { name: format!("{name}.csv"), bytes };
            let read = lapwing_read::Options { source: Some(name.into()), ..Default::default() };
            let options = AddOptions { read, ..AddOptions::default() };
            engine.add(&[input], &options, now, &Silent).unwrap();
        }
        engine
    }

    fn told(engine: &Engine) -> String {
        let found = engine.clusters().unwrap();
        let pages = found.all().iter().map(|cluster| {
            let page = engine.cluster_of(&found, &cluster.name).unwrap();
            serde_json::to_string(&page).unwrap()
        });
        pages.collect()
    }

    #[test]
    fn clusters_are_the_same_with_marks_and_without() {
        let mut engine = engine();
        let before = told(&engine);
        assert!(before.contains("45.77.1.2") && before.contains("reed-mere.com"), "{before}");
        assert!(before.contains("path like"), "{before}");
        let now = "2021-06-01T00:00:00Z".parse().unwrap();
        let mut change = engine.store.begin("other rules", now).unwrap();
        assert!(change.mark_by("other rules").unwrap());
        assert_eq!(change.unmarked().unwrap().len(), 3);
        change.commit_unrecorded().unwrap();
        assert_eq!(engine.store.about_marks().unwrap(), 0);
        assert_eq!(told(&engine), before);
        engine.mark_all().unwrap();
        assert!(engine.store.about_marks().unwrap() > 0);
        assert_eq!(told(&engine), before);
    }
}
