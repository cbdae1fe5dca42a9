use std::collections::{BTreeMap, BTreeSet};

use lapwing_extract::refang;
use lapwing_fuse::Resolver;
use lapwing_model::{DocumentId, Entity, Kind, Relation};
use lapwing_store::FactQuery;

use crate::{Engine, EngineError};

/// What a name or value given by the user stands for.
#[derive(Clone, Debug)]
pub struct Topic {
    /// As asked.
    pub asked: String,
    /// The entity that a page is about.
    pub subject: Entity,
    /// Other entities that the page takes in (same name of another kind, longer names of it).
    pub also: Vec<Entity>,
    /// Documents that it draws from, each with the reason.
    pub documents: Vec<(DocumentId, String)>,
}

/// When a name fits several kinds, the earlier is the page that people mean.
const PREFERENCE: &[Kind] = &[
    Kind::Campaign,
    Kind::ThreatActor,
    Kind::Cluster,
    Kind::Malware,
    Kind::Tool,
    Kind::Vulnerability,
    Kind::AttackPattern,
    Kind::Weakness,
    Kind::Software,
    Kind::Sector,
    Kind::Location,
    Kind::Identity,
];

/// A document that names a topic, or its vulnerabilities, so often speaks of it.
const KINDRED: usize = 2;

/// At most so many near names are offered when nothing fits.
const NEAR: usize = 6;

impl Engine {
    /// Finds what `asked` stands for: a value (defanged or not), a name or an alias.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] with near names when nothing fits.
    pub fn topic(&self, asked: &str) -> Result<Topic, EngineError> {
        if let Some(subject) = self.spelled_with_kind(asked.trim())? {
            // A campaign that is what its name alone means is the same page, with all that it takes in.
            if !subject.kind.is_observable() && !subject.value.contains(':') {
                match self.topic(&subject.value) {
                    Ok(topic) if topic.subject == subject => {
                        return Ok(Topic { asked: asked.to_owned(), ..topic });
                    }
                    Ok(_) | Err(EngineError::Unknown { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            let documents = self.documents_of(&subject, &[])?;
            return Ok(Topic { asked: asked.to_owned(), subject, also: Vec::new(), documents });
        }
        let mut names = vec![asked.trim().to_owned(), refang(asked.trim()).into_owned()];
        names.extend(self.other_names(asked));
        names.dedup();

        let mut exact: Vec<Entity> = Vec::new();
        let mut near: Vec<Entity> = Vec::new();
        for name in &names {
            for entity in self.store.find_entities(name)? {
                if matches!(entity.kind, Kind::Report | Kind::Pattern) {
                    continue;
                }
                let fits =
                    if entity.value.eq_ignore_ascii_case(name) { &mut exact } else { &mut near };
                if !fits.contains(&entity) {
                    fits.push(entity);
                }
            }
        }
        // A campaign is often named after a product, whose full name other reports use.
        for kind in [Kind::Campaign, Kind::Software] {
            for record in self.store.entities(Some(kind))? {
                if extends(&record.entity.value, asked) && !exact.contains(&record.entity) {
                    near.push(record.entity);
                }
            }
        }
        near.sort();
        near.dedup();
        exact.sort_by_key(|entity| (preference(entity.kind), entity.clone()));
        near.sort_by_key(|entity| (preference(entity.kind), entity.value.len(), entity.clone()));

        let subject = match exact.first() {
            Some(entity) => entity.clone(),
            // One name that begins with what was asked is what was meant; several are a question.
            None => {
                match near.iter().filter(|e| extends(&e.value, asked)).collect::<Vec<_>>()[..] {
                    [one] => one.clone(),
                    _ => return Err(unknown(asked, &near)),
                }
            }
        };
        let also: Vec<Entity> = exact
            .into_iter()
            .skip(1)
            .chain(near.into_iter().filter(|e| {
                preference(e.kind) < PREFERENCE.len() && extends(&e.value, &subject.value)
            }))
            .filter(|entity| *entity != subject && !entity.kind.is_observable())
            .collect();
        let documents = self.documents_of(&subject, &also)?;
        Ok(Topic { asked: asked.to_owned(), subject, also, documents })
    }

    /// `kind:value`, as graphs and exports write it: no question which of several is meant.
    fn spelled_with_kind(&self, asked: &str) -> Result<Option<Entity>, EngineError> {
        let kinds = Kind::ALL.iter().filter_map(|kind| {
            let value = asked.strip_prefix(kind.as_str())?.strip_prefix(':')?;
            Some(Entity::new(*kind, refang(value.trim())))
        });
        for wanted in kinds {
            let canonical = Resolver::new(&self.knowledge).canonical(&wanted);
            let mut found = self.store.entities_spelled(&canonical.value)?;
            found.retain(|entity| entity.kind == wanted.kind);
            if let Some(entity) = found.pop() {
                return Ok(Some(entity));
            }
        }
        Ok(None)
    }

    /// Preferred names that `asked` is an alias of, and the word for a place or technique.
    fn other_names(&self, asked: &str) -> Vec<String> {
        let plain = Resolver::new(&self.knowledge);
        // Without the decisions of people an alias leads to its name; a store that cannot be read says
        // so at the next question.
        let resolver = self.resolver().unwrap_or(plain);
        let kinds = [Kind::ThreatActor, Kind::Cluster, Kind::Malware, Kind::Tool];
        let mut names: Vec<String> = kinds
            .iter()
            .map(|kind| resolver.canonical(&Entity::new(*kind, asked.trim())).value)
            .collect();
        names.extend(self.knowledge.place(asked).map(|place| place.code.clone()));
        names.extend(self.knowledge.sector(asked).map(|sector| sector.name.clone()));
        names
    }

    /// Documents about the topic; for what no document is about, those that speak of it.
    fn documents_of(
        &self,
        subject: &Entity,
        also: &[Entity],
    ) -> Result<Vec<(DocumentId, String)>, EngineError> {
        let mut documents: BTreeMap<DocumentId, String> = BTreeMap::new();
        for entity in std::iter::once(subject).chain(also) {
            let query = FactQuery {
                object: Some(entity.clone()),
                relation: Some(Relation::About),
                ..FactQuery::default()
            };
            for fact in self.store.facts(&query)? {
                for stored in self.store.claims_for(&fact.subject, fact.relation, &fact.object)? {
                    documents
                        .entry(stored.document)
                        .or_insert_with(|| format!("is about {}", entity.value));
                }
            }
        }
        if matches!(subject.kind, Kind::Campaign | Kind::Software) {
            self.add_kindred(subject, also, &mut documents)?;
        } else {
            for (document, _) in self.saying(subject)? {
                documents.entry(document).or_insert_with(|| format!("speaks of {}", subject.value));
            }
        }
        Ok(documents.into_iter().collect())
    }

    /// Adds documents that speak of a campaign or product without being titled so: they name it,
    /// or the vulnerabilities that the documents about it name, at least [`KINDRED`] times in all.
    fn add_kindred(
        &self,
        subject: &Entity,
        also: &[Entity],
        documents: &mut BTreeMap<DocumentId, String>,
    ) -> Result<(), EngineError> {
        let mut shared: BTreeSet<Entity> = BTreeSet::new();
        for id in documents.keys() {
            for stored in self.store.claims_of(*id)? {
                if stored.subject.kind == Kind::Vulnerability && stored.claim.role().is_some() {
                    shared.insert(stored.subject);
                }
            }
        }
        let mut counts: BTreeMap<DocumentId, usize> = BTreeMap::new();
        for entity in std::iter::once(subject).chain(also) {
            for (document, times) in self.saying(entity)? {
                *counts.entry(document).or_default() += times;
            }
        }
        for vulnerability in &shared {
            for (document, _) in self.saying(vulnerability)? {
                *counts.entry(document).or_default() += 1;
            }
        }
        for (document, count) in counts {
            if count >= KINDRED {
                documents.entry(document).or_insert_with(|| {
                    format!("speaks of {} or its vulnerabilities", subject.value)
                });
            }
        }
        Ok(())
    }

    /// Documents that state something of an entity, with the number of claims.
    fn saying(&self, entity: &Entity) -> Result<BTreeMap<DocumentId, usize>, EngineError> {
        let said = self.store.documents_stating(entity)?;
        Ok(said.into_iter().map(|(document, times)| (document, times as usize)).collect())
    }
}

fn unknown(asked: &str, near: &[Entity]) -> EngineError {
    let near = near.iter().take(NEAR).map(|e| format!("{} ({})", e.value, e.kind)).collect();
    EngineError::Unknown { asked: asked.to_owned(), near }
}

fn preference(kind: Kind) -> usize {
    PREFERENCE.iter().position(|k| *k == kind).unwrap_or(PREFERENCE.len())
}

/// Whether `name` is `start` and more words.
fn extends(name: &str, start: &str) -> bool {
    let start = start.trim();
    name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
        && name[start.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_name_extends_at_a_word_boundary_only() {
        assert!(extends("Microsoft Exchange Server", "microsoft exchange"));
        assert!(!extends("Microsoft Exchanges", "Microsoft Exchange"));
        assert!(!extends("é", "xx"));
    }
}
