use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lapwing_fuse::not_shown_same;
use lapwing_model::{
    Admiralty, ClaimId, DocumentId, Entity, Fact, Gap, Kind, Marking, Object, Origin, OriginId,
    Pap, PartialDate, Relation,
};
use lapwing_publish::{Distinct, DocumentSummary, Page, Picture, Quote};
use lapwing_store::FactQuery;

use crate::quoting::{Texts, quote};
use crate::{Engine, EngineError, Topic};

/// How to show a page.
#[derive(Clone, Copy, Debug)]
pub struct ShowOptions {
    /// The day on which the page is looked at: decay is read at it.
    pub today: Date,
    /// Show what was known by the end of this day.
    pub as_of: Option<Date>,
}

/// Of so many documents the gaps are asked for one by one.
const FEW: usize = 100;

/// Facts whose claims are asked for at once: bounds what is in memory.
const AT_ONCE: usize = 512;

impl Engine {
    /// The page of a name or value.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn show(&self, asked: &str, options: &ShowOptions) -> Result<Page, EngineError> {
        let picture = match options.as_of {
            Some(date) => self.as_of(date)?.picture(asked, options)?,
            None => self.picture(asked, options)?,
        };
        Ok(Page::build(&picture, &self.knowledge))
    }

    /// An engine on what was known by the end of `date`, in memory.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn as_of(&self, date: Date) -> Result<Engine, EngineError> {
        let at = date
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_or(jiff::Timestamp::UNIX_EPOCH, |z| z.timestamp());
        self.on(self.store.as_of(date)?, at)
    }

    /// An engine on the documents whose marking is not above `ceiling`, in memory: every answer
    /// of it, and every probability, is computed from them alone. `None` when no document is
    /// above: this engine itself may be shown as it is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn at_most(&self, ceiling: Marking) -> Result<Option<Engine>, EngineError> {
        self.visible_to(ceiling, Pap::Red)
    }

    /// As [`Engine::at_most`], below a ceiling of the Permissible Actions Protocol too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visible_to(&self, ceiling: Marking, pap: Pap) -> Result<Option<Engine>, EngineError> {
        Ok(self.below(ceiling, pap)?.map(|below| below.engine))
    }

    /// An engine on a copy whose facts are still to be derived.
    pub(crate) fn on(
        &self,
        store: lapwing_store::Store,
        at: jiff::Timestamp,
    ) -> Result<Engine, EngineError> {
        let mut engine = Engine { store, knowledge: self.knowledge.clone(), decay: self.decay };
        let knowledge = engine.knowledge.clone();
        let judged = crate::names::judged(&engine.store)?;
        let resolver = lapwing_fuse::Resolver::new(&knowledge).with_judged(judged);
        let mut change = engine.store.begin("view", at)?;
        // Names may have been resolved by a decision that this part does not hold.
        change.resolve_again(&|entity| resolver.canonical(entity))?;
        crate::derive::derive_view(&mut change, &knowledge)?;
        change.commit_unrecorded()?;
        Ok(engine)
    }

    /// Everything that the page of a name or value is made of.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn picture(&self, asked: &str, options: &ShowOptions) -> Result<Picture, EngineError> {
        let topic = self.topic(asked)?;
        let today = PartialDate::from(options.as_of.unwrap_or(options.today));
        let documents: Vec<DocumentId> = topic.documents.iter().map(|(id, _)| *id).collect();
        let mut facts = self.facts_for(&topic, &documents)?;
        // What is said of a name and another name of it tells nothing, now that the two are one.
        facts.retain(|fact| fact.object.entity() != Some(&fact.subject));
        let quotes = self.quotes(&facts)?;
        let further = further(&quotes, &documents);
        let origins = self.origins_of(documents.iter().chain(further.iter().map(|(id, _)| id)))?;
        let actors = actors_in(&facts);
        let mut candidates = Vec::new();
        for actor in &actors {
            let names = self.candidates_in_context(actor)?;
            if !names.is_empty() {
                candidates.push((actor.clone(), names));
            }
        }
        let distinct = not_shown_same(&actors, &facts, &self.knowledge)
            .into_iter()
            .map(|pair| Distinct { a: pair.a, b: pair.b, why: pair.reason })
            .collect();
        let reader = self.statuses(options.as_of.unwrap_or(options.today))?;
        let statuses = facts.iter().map(|fact| reader.of(fact)).collect();
        let shown: BTreeSet<DocumentId> = documents.iter().copied().collect();
        Ok(Picture {
            subject: topic.subject.clone(),
            asked: topic.asked.clone(),
            today,
            as_of: options.as_of.map(PartialDate::from),
            documents: self.summaries(&topic.documents, &origins)?,
            further: self.summaries(&further, &origins)?,
            gaps: widest_gaps(self.gaps_in(&shown)?, &origins),
            facts,
            origins,
            quotes,
            distinct,
            candidates,
            statuses,
        })
    }

    /// The gaps of some documents.
    fn gaps_in(
        &self,
        documents: &BTreeSet<DocumentId>,
    ) -> Result<Vec<(DocumentId, Gap)>, EngineError> {
        if documents.len() > FEW {
            let all = self.store.gaps()?;
            return Ok(all.into_iter().filter(|(id, _)| documents.contains(id)).collect());
        }
        let mut gaps = Vec::new();
        for id in documents {
            gaps.extend(self.store.gaps_of(*id)?.into_iter().map(|gap| (*id, gap)));
        }
        Ok(gaps)
    }

    /// For a campaign, all that its documents say; for anything else, what is said of it.
    pub(crate) fn facts_for(
        &self,
        topic: &Topic,
        documents: &[DocumentId],
    ) -> Result<Vec<Fact>, EngineError> {
        let whole = matches!(topic.subject.kind, Kind::Campaign | Kind::Software);
        let mut facts = if whole {
            let query = FactQuery { documents: Some(documents.to_vec()), ..FactQuery::default() };
            self.store.facts(&query)?
        } else {
            let mut facts = Vec::new();
            for entity in std::iter::once(&topic.subject).chain(&topic.also) {
                let query = FactQuery { either: Some(entity.clone()), ..FactQuery::default() };
                facts.extend(self.store.facts(&query)?);
            }
            self.add_roles(&mut facts)?;
            facts
        };
        facts.sort_by(|a, b| statement(a).cmp(&statement(b)));
        facts.dedup_by(|a, b| statement(a) == statement(b));
        Ok(facts)
    }

    /// Adds the role of each observable that the facts speak of, so that a page can list it.
    fn add_roles(&self, facts: &mut Vec<Fact>) -> Result<(), EngineError> {
        let mut values: BTreeSet<Entity> = BTreeSet::new();
        for fact in facts.iter() {
            values.insert(fact.subject.clone());
            values.extend(fact.object.entity().cloned());
        }
        let values: Vec<Entity> = values.into_iter().filter(|v| v.kind.is_observable()).collect();
        facts.extend(self.store.roles(&values)?.into_iter().flatten());
        Ok(())
    }

    fn origins_of<'d>(
        &self,
        documents: impl Iterator<Item = &'d DocumentId>,
    ) -> Result<Vec<Origin>, EngineError> {
        Ok(self.store.origins_of(documents)?)
    }

    fn summaries(
        &self,
        documents: &[(DocumentId, String)],
        origins: &[Origin],
    ) -> Result<Vec<DocumentSummary>, EngineError> {
        let places: BTreeMap<DocumentId, (OriginId, Admiralty)> = origins
            .iter()
            .flat_map(|origin| origin.members.iter().map(|m| (m.document, (origin.id, m.grade))))
            .collect();
        let mut summaries = Vec::new();
        for (id, why) in documents {
            let Some(record) = self.store.document_record(*id)? else { continue };
            let document = record.document;
            let Some((origin, grade)) = places.get(id).copied() else {
                return Err(EngineError::Corrupt(format!("document {id} has no origin")));
            };
            summaries.push(DocumentSummary {
                id: *id,
                label: document.label().to_owned(),
                source: document.source,
                format: document.format,
                published: document.published,
                marking: document.marking,
                url: document.url,
                properties: document.properties,
                lineage: document.lineage,
                origin,
                grade,
                why_included: why.clone(),
            });
        }
        summaries.sort_by_key(|s| (s.published.is_none(), s.published, s.id));
        Ok(summaries)
    }

    /// The evidence of every claim under the facts.
    fn quotes(&self, facts: &[Fact]) -> Result<BTreeMap<ClaimId, Quote>, EngineError> {
        let mut texts = Texts::default();
        let mut quotes = BTreeMap::new();
        for facts in facts.chunks(AT_ONCE) {
            for stored in self.store.claims_of_facts(facts)?.into_iter().flatten() {
                if let Some(document) = texts.of(&self.store, stored.document)? {
                    quotes.insert(stored.id, quote(&stored, &document.text));
                }
            }
        }
        Ok(quotes)
    }
}

/// What a fact states, to put facts in order.
fn statement(fact: &Fact) -> (&Entity, Relation, &Object) {
    (&fact.subject, fact.relation, &fact.object)
}

/// Documents that are quoted and are none of those that a page draws from.
fn further(
    quotes: &BTreeMap<ClaimId, Quote>,
    documents: &[DocumentId],
) -> Vec<(DocumentId, String)> {
    let drawn: BTreeSet<_> = documents.iter().collect();
    let quoted: BTreeSet<_> = quotes.values().map(|quote| quote.document).collect();
    quoted.into_iter().filter(|id| !drawn.contains(id)).map(|id| (id, String::new())).collect()
}

/// Versions of one page each declare what they hide: of one origin the widest gap of a kind
/// counts, not the sum.
fn widest_gaps(gaps: Vec<(DocumentId, Gap)>, origins: &[Origin]) -> Vec<(DocumentId, Gap)> {
    let origin_of = |id: DocumentId| {
        origins.iter().find(|o| o.members.iter().any(|m| m.document == id)).map(|o| o.id)
    };
    let mut widest: BTreeMap<_, (DocumentId, Gap)> = BTreeMap::new();
    for (id, gap) in gaps {
        match widest.entry((origin_of(id), gap.kind, gap.what.clone())) {
            Entry::Vacant(new) => {
                new.insert((id, gap));
            }
            Entry::Occupied(mut known) if known.get().1.count < gap.count => {
                known.insert((id, gap));
            }
            Entry::Occupied(_) => {}
        }
    }
    let mut kept: Vec<_> = widest.into_values().collect();
    kept.sort();
    kept
}

/// Actors and clusters of which the facts speak.
fn actors_in(facts: &[Fact]) -> Vec<Entity> {
    let mut actors = BTreeSet::new();
    for fact in facts {
        let object = match &fact.object {
            Object::Entity(entity) => Some(entity),
            Object::Text(_) => None,
        };
        actors.extend(
            std::iter::once(&fact.subject)
                .chain(object)
                .filter(|e| e.kind.is_actor_like())
                .cloned(),
        );
    }
    actors.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_page_do_not_add_up_their_gaps() {
        use lapwing_model::{GapKind, OriginMember, Span};
        let ids = [DocumentId::of(b"old"), DocumentId::of(b"new"), DocumentId::of(b"other")];
        let gap = |count| Gap {
            kind: GapKind::Hidden,
            what: "indicator".into(),
            entity_kind: None,
            count: Some(count),
            shown: None,
            span: Span::default(),
        };
        let member = |document| OriginMember {
            document,
            derived_from: None,
            probability: 1.0,
            why: None,
            grade: Admiralty { reliability: 'C', credibility: 3 },
        };
        let origin = |name: &[u8], members: &[DocumentId]| Origin {
            id: OriginId::of(name),
            label: String::new(),
            root_seen: true,
            members: members.iter().copied().map(member).collect(),
        };
        let origins = [origin(b"a", &ids[..2]), origin(b"b", &ids[2..])];
        let gaps = vec![(ids[0], gap(3)), (ids[1], gap(8)), (ids[2], gap(5))];
        let mut counts: Vec<_> = widest_gaps(gaps, &origins).iter().map(|(_, g)| g.count).collect();
        counts.sort();
        assert_eq!(counts, [Some(5), Some(8)]);
    }
}
