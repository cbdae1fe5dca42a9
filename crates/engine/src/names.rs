//! Which names mean the same: proposals with their evidence, and decisions of people, which can be
//! taken back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_fuse::{Context, Resolver, decide, naming_vendor};
use lapwing_model::{ChangeId, DocumentId, Entity, Fact, Kind, Marking, PartialDate, Relation};
use lapwing_store::{FactQuery, JudgementRecord, Store};
use serde::{Deserialize, Serialize};

use crate::{Engine, EngineError};

/// Decisions on names are kept under this topic.
const TOPIC: &str = "name/";
/// A proposal below this probability is not worth a look.
const LEAST: f64 = 0.3;
/// Origins that are named of an alias.
const SOURCES: usize = 5;

/// A decision: which entity a name means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameJudgement {
    /// The name.
    pub name: Entity,
    /// What it means; the name itself where it is to stand alone.
    pub means: Entity,
    /// Why, in the words of who decided.
    #[serde(default)]
    pub because: String,
    /// The strictest marking of what it is about; who may see less does not see the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marking: Option<Marking>,
}

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    /// Nobody decided.
    Open,
    /// Decided: they are one.
    Merged,
    /// Decided: they are not.
    Apart,
}

/// Two names that may mean the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The name.
    pub name: Entity,
    /// What it may mean.
    pub means: Entity,
    /// How probable, 0 to 1.
    pub probability: f64,
    /// The evidence, in words.
    pub because: Vec<String>,
    /// When it was first said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<PartialDate>,
    /// When it was last said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<PartialDate>,
    /// How it stands.
    pub state: ProposalState,
}

/// One entry of the history of names.
#[derive(Clone, Debug, Serialize)]
pub struct NameChange {
    /// The change, which `undo` takes back.
    pub change: ChangeId,
    /// When.
    pub at: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub judgement: NameJudgement,
    /// The undo that took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<ChangeId>,
}

/// The decisions on names in force, for a [`Resolver`].
pub(crate) fn judged(store: &Store) -> Result<BTreeMap<Entity, Entity>, EngineError> {
    let mut judged = BTreeMap::new();
    for record in store.judgements(TOPIC)? {
        let judgement = read(&record)?;
        judged.insert(judgement.name, judgement.means);
    }
    Ok(judged)
}

fn read(record: &JudgementRecord) -> Result<NameJudgement, EngineError> {
    serde_json::from_str(&record.body).map_err(|error| {
        EngineError::Corrupt(format!("the decision of change {} on a name: {error}", record.change))
    })
}

impl Engine {
    /// The resolver with the decisions of people.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn resolver(&self) -> Result<Resolver<'_>, EngineError> {
        Ok(Resolver::new(&self.knowledge).with_judged(judged(&self.store)?))
    }

    /// Decides that one name means another; all facts on it are derived anew.
    ///
    /// # Errors
    /// When one of the two is not known, they are one already, or the store cannot be written.
    pub fn merge_names(
        &mut self,
        name: &str,
        means: &str,
        because: &str,
        now: Timestamp,
    ) -> Result<ChangeId, EngineError> {
        let judgement = self.name_judgement(name, Some(means), because)?;
        self.decide_name(&judgement, None, now)
    }

    /// Decides that a name stands alone, whatever the reference data or an earlier decision says.
    ///
    /// # Errors
    /// When it is not known, or the store cannot be written.
    pub fn split_name(
        &mut self,
        name: &str,
        because: &str,
        now: Timestamp,
    ) -> Result<ChangeId, EngineError> {
        let judgement = self.name_judgement(name, None, because)?;
        self.decide_name(&judgement, None, now)
    }

    /// Works out a decision: that `name` is another name of `means`, or stands alone. Nothing is
    /// changed.
    ///
    /// # Errors
    /// When one of the two is not known, they are one already, or the store cannot be read.
    pub fn name_judgement(
        &self,
        name: &str,
        means: Option<&str>,
        because: &str,
    ) -> Result<NameJudgement, EngineError> {
        let names = [Kind::ThreatActor, Kind::Cluster, Kind::Malware, Kind::Tool];
        let (name, means) = if let Some(means) = means {
            let means = self.topic(means)?.subject;
            let kinds: Vec<Kind> = std::iter::once(means.kind).chain(names).collect();
            let name = self.written(name, &kinds)?;
            if self.resolver()?.canonical(&name) == means {
                let names = vec![format!("{} means {} already", name.value, means)];
                return Err(EngineError::Unknown { asked: name.value, near: names });
            }
            (name, means)
        } else {
            let kinds: Vec<Kind> = names.into_iter().chain([Kind::Campaign]).collect();
            let name = self.written(name, &kinds)?;
            (name.clone(), name)
        };
        let mut marking = Marking::default();
        for entity in [&self.resolver()?.canonical(&name), &means] {
            let query = FactQuery { either: Some(entity.clone()), ..FactQuery::default() };
            self.store.each_fact(&query, &mut |fact| {
                marking = marking.join(fact.marking);
                Ok(())
            })?;
        }
        let because = because.trim().to_owned();
        Ok(NameJudgement { name, means, because, marking: Some(marking) })
    }

    /// Takes a decision that [`Engine::name_judgement`] worked out; `by` names who takes it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn decide_name(
        &mut self,
        judgement: &NameJudgement,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<ChangeId, EngineError> {
        let (name, means) = (&judgement.name.value, &judgement.means.value);
        let by = by.map(|by| format!(" (by {by})")).unwrap_or_default();
        let command = if judgement.name == judgement.means {
            format!("names split {name}{by}")
        } else {
            format!("names merge {name} {means}{by}")
        };
        self.judge_name(judgement, &command, now)
    }

    fn judge_name(
        &mut self,
        judgement: &NameJudgement,
        command: &str,
        now: Timestamp,
    ) -> Result<ChangeId, EngineError> {
        let knowledge = self.knowledge.clone();
        let body = serde_json::to_string(judgement)
            .map_err(|error| EngineError::Corrupt(format!("a decision on a name: {error}")))?;
        let topic = format!("{TOPIC}{}", judgement.name.key().to_lowercase());
        let mut change = self.store.begin(command, now)?;
        change.put_judgement(&topic, &body)?;
        let resolver = Resolver::new(&knowledge).with_judged(judged(change.store())?);
        change.resolve_again(&|entity| resolver.canonical(entity))?;
        crate::derive::derive(&mut change, &knowledge)?;
        Ok(change.commit()?)
    }

    /// The name as reports write it: in the store as written, of one of these kinds.
    fn written(&self, name: &str, kinds: &[Kind]) -> Result<Entity, EngineError> {
        let asked = name.trim();
        let plain = Resolver::new(&self.knowledge);
        let known = self.topic(asked).ok().map(|topic| topic.subject);
        let kind = known.as_ref().map(|entity| entity.kind).filter(|kind| kinds.contains(kind));
        match kind {
            Some(kind) => Ok(plain.spelled(&Entity::new(kind, asked))),
            None => Err(EngineError::Unknown {
                asked: asked.to_owned(),
                near: known.map(|entity| entity.to_string()).into_iter().collect(),
            }),
        }
    }

    /// What may mean the same, the likeliest first: what reports say, and ambiguous names with what
    /// their context tells. Decided ones stand behind the open ones.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn name_proposals(&self) -> Result<Vec<Proposal>, EngineError> {
        let judged = judged(&self.store)?;
        let mut proposals = self.said_aliases()?;
        for known in self.ambiguous_names()? {
            // Which of two names is the other one's makes no second proposal.
            let same = |p: &&mut Proposal| {
                (&p.name, &p.means) == (&known.name, &known.means)
                    || (&p.name, &p.means) == (&known.means, &known.name)
            };
            match proposals.iter_mut().find(same) {
                Some(said) => {
                    let because = std::mem::take(&mut said.because);
                    let (first, last) = (said.first, said.last);
                    let probability = said.probability.max(known.probability);
                    *said = Proposal { probability, first, last, ..known };
                    said.because.extend(because);
                }
                None => proposals.push(known),
            }
        }
        for proposal in &mut proposals {
            proposal.state = match judged.get(&proposal.name) {
                Some(means) if *means == proposal.means => ProposalState::Merged,
                Some(means) if *means == proposal.name => ProposalState::Apart,
                _ => ProposalState::Open,
            };
        }
        // Decisions for which nothing speaks any more are shown, too.
        for (name, means) in &judged {
            if !proposals.iter().any(|p| p.name == *name) {
                let merged = name != means;
                proposals.push(Proposal {
                    name: name.clone(),
                    means: means.clone(),
                    probability: if merged { 1.0 } else { 0.0 },
                    because: vec!["decided by a person".to_owned()],
                    first: None,
                    last: None,
                    state: if merged { ProposalState::Merged } else { ProposalState::Apart },
                });
            }
        }
        proposals.sort_by(|a, b| {
            a.state
                .cmp(&b.state)
                .then(b.probability.total_cmp(&a.probability))
                .then_with(|| (&a.name, &a.means).cmp(&(&b.name, &b.means)))
        });
        Ok(proposals)
    }

    /// The decisions on names, those taken back too, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn name_history(&self) -> Result<Vec<NameChange>, EngineError> {
        let entry = |record: JudgementRecord| {
            Ok(NameChange {
                judgement: read(&record)?,
                change: record.change,
                at: record.at,
                undone_by: record.undone_by,
            })
        };
        self.store.judgement_history(TOPIC)?.into_iter().map(entry).collect()
    }

    /// Names that reports say are one, and that are not resolved to one.
    fn said_aliases(&self) -> Result<Vec<Proposal>, EngineError> {
        let query = FactQuery {
            relation: Some(Relation::AliasOf),
            least_probability: Some(LEAST),
            ..FactQuery::default()
        };
        let origins: BTreeMap<_, _> =
            self.store.origins()?.into_iter().map(|o| (o.id, o.label)).collect();
        let label = |fact: &Fact, supports: bool| -> Vec<String> {
            let of = fact.contributions.iter().filter(|c| c.supports == supports);
            of.filter_map(|c| origins.get(&c.origin).cloned()).take(SOURCES).collect()
        };
        let mut proposals = Vec::new();
        for fact in self.store.facts(&query)? {
            let Some(means) = fact.object.entity().cloned() else { continue };
            if means == fact.subject {
                continue;
            }
            let mut because: Vec<String> =
                label(&fact, true).into_iter().map(|by| format!("said by {by}")).collect();
            because.extend(label(&fact, false).into_iter().map(|by| format!("denied by {by}")));
            if let (Some(a), Some(b)) =
                (naming_vendor(&fact.subject.value), naming_vendor(&means.value))
                && a == b
            {
                because.push(format!("both names have the form that {a} gives"));
            }
            proposals.push(Proposal {
                first: fact.period.first.or(fact.reported.first),
                last: fact.last_known(),
                probability: fact.probability,
                name: fact.subject,
                means,
                because,
                state: ProposalState::Open,
            });
        }
        Ok(proposals)
    }

    /// Names of the reference data that several actors bear, as far as the store uses them.
    fn ambiguous_names(&self) -> Result<Vec<Proposal>, EngineError> {
        let resolver = Resolver::new(&self.knowledge);
        let mut proposals = Vec::new();
        for record in self.store.entities(Some(Kind::ThreatActor))? {
            let name = record.entity;
            let candidates = resolver.candidates(&name);
            if candidates.is_empty() {
                continue;
            }
            let context = self.context_of(&name)?;
            for meant in decide(&name.value, &candidates, &context, &self.knowledge) {
                if meant.probability < LEAST || meant.candidate.entity == name {
                    continue;
                }
                let mut because = vec![meant.candidate.why];
                because.extend(meant.because);
                proposals.push(Proposal {
                    name: name.clone(),
                    means: meant.candidate.entity,
                    probability: meant.probability,
                    because,
                    first: None,
                    last: None,
                    state: ProposalState::Open,
                });
            }
        }
        Ok(proposals)
    }

    /// What stands around a name in the documents that use it.
    pub(crate) fn context_of(&self, name: &Entity) -> Result<Context, EngineError> {
        let query = FactQuery { either: Some(name.clone()), ..FactQuery::default() };
        let mut documents: BTreeSet<DocumentId> = BTreeSet::new();
        for fact in self.store.facts(&query)? {
            for claim in self.store.claims_for(&fact.subject, fact.relation, &fact.object)? {
                documents.insert(claim.document);
            }
        }
        let mut context = Context::default();
        for document in documents {
            let record = self.store.document_record(document)?;
            context.publishers.extend(record.and_then(|record| record.document.source));
            for claim in self.store.claims_of(document)? {
                let named = std::iter::once(&claim.subject).chain(claim.object.entity());
                let telling = named.filter(|e| *e != name && !e.kind.is_observable());
                context.mentioned.extend(telling.cloned());
            }
        }
        Ok(context)
    }

    /// What an ambiguous name may mean, with probabilities, in words for a page.
    pub(crate) fn candidates_in_context(&self, name: &Entity) -> Result<Vec<String>, EngineError> {
        let candidates = Resolver::new(&self.knowledge).candidates(name);
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let context = self.context_of(name)?;
        let meant = decide(&name.value, &candidates, &context, &self.knowledge);
        let shown = meant.into_iter().map(|m| {
            let because = match m.because.first() {
                Some(first) => format!(", for {first}"),
                None => String::new(),
            };
            let percent = m.probability * 100.0;
            format!("{}: {}; {percent:.0} %{because}", m.candidate.entity.value, m.candidate.why)
        });
        Ok(shown.collect())
    }
}
