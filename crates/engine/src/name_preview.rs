//! What a decision on a name would do, before it is taken.

use std::collections::BTreeSet;

use lapwing_model::{DocumentId, Entity, Object, Relation};
use lapwing_store::{FactQuery, StoredClaim};
use serde::Serialize;

use crate::{Engine, EngineError, NameJudgement};

/// Statements that are shown of those that change.
const SHOWN: usize = 20;
/// Facts that are looked at.
const MOST: usize = 5_000;

/// What a decision on a name would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamePreview {
    /// What the name means today.
    pub now: Entity,
    /// What it would mean.
    pub then: Entity,
    /// Claims that are written with the name.
    pub claims: usize,
    /// Documents that make them.
    pub documents: usize,
    /// Statements that would be of another entity, the first of them.
    pub statements: Vec<MovedStatement>,
    /// How many there are.
    pub moved: usize,
    /// How many of them other documents make of the other entity too: there they would add up.
    pub meet: usize,
}

/// A statement that would be of another entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MovedStatement {
    /// Of what.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// How probable it is today.
    pub probability: f64,
    /// Whether the same is said of the other entity.
    pub meets: bool,
}

impl Engine {
    /// What a decision on a name would do; nothing is changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn name_preview(&self, judgement: &NameJudgement) -> Result<NamePreview, EngineError> {
        let (name, then) = (&judgement.name, &judgement.means);
        let now = self.resolver()?.canonical(name);
        let mut preview = NamePreview {
            now: now.clone(),
            then: then.clone(),
            claims: 0,
            documents: 0,
            statements: Vec::new(),
            moved: 0,
            meet: 0,
        };
        let mut documents: BTreeSet<DocumentId> = BTreeSet::new();
        let query =
            FactQuery { either: Some(now.clone()), limit: Some(MOST), ..FactQuery::default() };
        for fact in self.store.facts(&query)? {
            let claims = self.store.claims_for(&fact.subject, fact.relation, &fact.object)?;
            let written: Vec<&StoredClaim> =
                claims.iter().filter(|claim| is_written(claim, name)).collect();
            if written.is_empty() {
                continue;
            }
            preview.claims += written.len();
            documents.extend(written.iter().map(|claim| claim.document));
            preview.moved += 1;
            let other =
                |entity: &Entity| if *entity == now { then.clone() } else { entity.clone() };
            let object = match &fact.object {
                Object::Entity(entity) => Object::Entity(other(entity)),
                Object::Text(text) => Object::Text(text.clone()),
            };
            let same = FactQuery {
                subject: Some(other(&fact.subject)),
                relation: Some(fact.relation),
                ..FactQuery::default()
            };
            let meets =
                *then != now && self.store.facts(&same)?.iter().any(|there| there.object == object);
            preview.meet += usize::from(meets);
            if preview.statements.len() < SHOWN {
                preview.statements.push(MovedStatement {
                    subject: fact.subject,
                    relation: fact.relation,
                    object: fact.object,
                    probability: fact.probability,
                    meets,
                });
            }
        }
        preview.documents = documents.len();
        Ok(preview)
    }
}

/// Whether a claim is written with a name.
fn is_written(claim: &StoredClaim, name: &Entity) -> bool {
    std::iter::once(&claim.claim.subject)
        .chain(claim.claim.object.entity())
        .any(|entity| entity.kind == name.kind && entity.value.eq_ignore_ascii_case(&name.value))
}
