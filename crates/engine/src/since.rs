//! What changed in what is known since a moment: new names, and statements that further observers
//! confirm or deny.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::{ClaimId, DocumentId, Entity, Fact, Kind, Object, OriginId, Relation, Role};
use lapwing_store::{FactQuery, StoredClaim};
use serde::Serialize;

use crate::{Engine, EngineError};

/// New documents of which the names are looked at, the latest first.
const MOST_NAMING: usize = 5_000;
/// New documents of which the statements are looked at, the latest first, and their claims.
const MOST_DOCUMENTS: usize = 400;
/// See [`MOST_DOCUMENTS`].
const MOST_CLAIMS: u64 = 20_000;
/// A document with more claims is a list: it is counted, and not read again.
const LIST: u64 = 5_000;
/// Statements that are looked at.
const MOST_STATEMENTS: usize = 600;
/// New names and moved statements that are told.
const TOLD: usize = 40;

/// What changed since a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct News {
    /// Documents that were added since and are in sight.
    pub documents: usize,
    /// Of how many of them the statements were looked at.
    pub looked_at: usize,
    /// Names that no earlier document speaks of, those of most new documents first.
    pub names: Vec<NewName>,
    /// Statements of earlier documents that new observers confirm or deny.
    pub moved: Vec<MovedFact>,
    /// Indicators of earlier documents that new observers confirm.
    pub confirmed_indicators: usize,
}

/// A name that is new.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewName {
    /// The name.
    #[serde(flatten)]
    pub entity: Entity,
    /// New documents that speak of it.
    pub documents: usize,
    /// The first of them.
    pub document: DocumentId,
}

/// A statement that stands otherwise than before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovedFact {
    /// Of what.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// How probable it is now.
    pub probability: f64,
    /// Origins that support it now.
    pub origins: usize,
    /// Origins that deny it now.
    pub against: usize,
    /// Whether the new observer denies it.
    pub denied: bool,
    /// The document that did it.
    pub document: DocumentId,
}

/// Names that are news.
fn is_name(kind: Kind) -> bool {
    use Kind::{Campaign, Cluster, Malware, ThreatActor, Tool, Vulnerability};
    matches!(kind, Campaign | Cluster | Malware | ThreatActor | Tool | Vulnerability)
}

type Statement = (Entity, Relation, Object);

impl Engine {
    /// What changed in what is known since a moment. `documents_of` says of how many documents a
    /// name is (as [`lapwing_store::EntityRecord::documents`]).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn news_since(
        &self,
        since: Timestamp,
        documents_of: &dyn Fn(&Entity) -> Option<u64>,
    ) -> Result<News, EngineError> {
        let mut records = self.store.documents()?;
        records.retain(|record| record.added > since);
        records.sort_by_key(|record| (std::cmp::Reverse(record.added), record.document.id));
        let fresh: BTreeSet<DocumentId> = records.iter().map(|r| r.document.id).collect();
        let mut news = News { documents: records.len(), ..News::default() };
        let mut names: BTreeMap<Entity, Vec<DocumentId>> = BTreeMap::new();
        let mut statements: BTreeMap<Statement, DocumentId> = BTreeMap::new();
        for record in records.iter().take(MOST_NAMING) {
            let id = record.document.id;
            for name in self.store.names_in(id)?.into_iter().filter(|name| is_name(name.kind)) {
                names.entry(name).or_default().push(id);
            }
        }
        let mut claims = 0;
        let read = records.iter().filter(|record| record.claims <= LIST).take(MOST_DOCUMENTS);
        for record in read.take_while(|record| {
            claims += record.claims;
            claims <= MOST_CLAIMS
        }) {
            news.looked_at += 1;
            let id = record.document.id;
            for claim in self.store.claims_of(id)?.into_iter().filter(is_telling) {
                let statement = (claim.subject, claim.claim.relation, claim.object);
                statements.entry(statement).or_insert(id);
            }
        }
        for (entity, documents) in names {
            let known = documents_of(&entity).unwrap_or(0);
            if known <= documents.len() as u64
                && let Some(document) = documents.last().copied()
            {
                news.names.push(NewName { entity, documents: documents.len(), document });
            }
        }
        news.names.sort_by(|a, b| (b.documents, &a.entity).cmp(&(a.documents, &b.entity)));
        news.names.truncate(TOLD);
        for (statement, document) in statements.into_iter().take(MOST_STATEMENTS) {
            let Some((fact, denied)) = self.moved(&statement, &fresh)? else { continue };
            if fact.subject.kind.is_observable() && fact.relation == Relation::Role {
                news.confirmed_indicators += usize::from(!denied);
                continue;
            }
            news.moved.push(MovedFact {
                probability: fact.probability,
                origins: fact.origins_for(),
                against: fact.origins_against(),
                subject: fact.subject,
                relation: fact.relation,
                object: fact.object,
                denied,
                document,
            });
        }
        // What is denied first, then what most observers agree on.
        news.moved.sort_by(|a, b| {
            let key = |m: &MovedFact| (!m.denied, std::cmp::Reverse(m.origins), m.subject.clone());
            key(a).cmp(&key(b)).then_with(|| a.object.cmp(&b.object))
        });
        news.moved.truncate(TOLD);
        Ok(news)
    }

    /// The fact of a statement, where earlier documents make it and an observer of only new ones
    /// speaks for it, or (`true`) against it.
    fn moved(
        &self,
        (subject, relation, object): &Statement,
        fresh: &BTreeSet<DocumentId>,
    ) -> Result<Option<(Fact, bool)>, EngineError> {
        let claims = self.store.claims_for(subject, *relation, object)?;
        if claims.iter().all(|claim| fresh.contains(&claim.document)) {
            return Ok(None);
        }
        let earlier: BTreeSet<ClaimId> = claims
            .iter()
            .filter(|claim| !fresh.contains(&claim.document))
            .map(|claim| claim.id)
            .collect();
        let query = FactQuery {
            subject: Some(subject.clone()),
            relation: Some(*relation),
            ..FactQuery::default()
        };
        let found = self.store.facts(&query)?.into_iter().find(|fact| fact.object == *object);
        let Some(fact) = found else { return Ok(None) };
        let old: BTreeSet<OriginId> = fact
            .contributions
            .iter()
            .filter(|c| c.claims.iter().any(|claim| earlier.contains(claim)))
            .map(|c| c.origin)
            .collect();
        let new: Vec<bool> = fact
            .contributions
            .iter()
            .filter(|c| !old.contains(&c.origin))
            .map(|c| c.supports)
            .collect();
        let denied = new.contains(&false);
        Ok((!new.is_empty() && !old.is_empty()).then_some((fact, denied)))
    }
}

/// Whether a claim is one that others may confirm: no mere mention of a name.
fn is_telling(claim: &StoredClaim) -> bool {
    match claim.claim.role() {
        Some(role) => role == Role::Indicator && claim.subject.kind.is_observable(),
        None => claim.object.entity().is_some() && claim.claim.relation != Relation::About,
    }
}
