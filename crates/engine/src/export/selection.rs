//! Which facts and documents go out.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lapwing_model::{
    Admiralty, ClaimId, DocumentId, Entity, Fact, Gap, Kind, Object, Origin, OriginId, PartialDate,
    Relation, Role, Status,
};
use lapwing_publish::export::{Loss, SelectedClaim, SelectedDocument, SelectedFact, Selection};
use lapwing_store::{DocumentRecord, FactQuery, StoredClaim};

use super::ExportOptions;
use crate::{Engine, EngineError, Statuses};

/// What the names asked for lead to.
#[derive(Default)]
struct Wanted {
    subjects: Vec<Entity>,
    documents: BTreeSet<DocumentId>,
    facts: Vec<Fact>,
}

/// Of so many documents the gaps are asked for one by one; of more, those of the whole store at once.
const FEW: usize = 64;

/// Facts by their statement.
pub(super) type Statement = (Entity, Relation, Object);

impl Engine {
    /// Gathers what the options ask for. The store must hold nothing above the ceiling: see
    /// [`Engine::at_most`].
    pub(crate) fn selection(&self, options: &ExportOptions) -> Result<Selection, EngineError> {
        let wanted = self.wanted(&options.names)?;
        let today = PartialDate::from(options.day());
        let mut left_out = Vec::new();
        let statuses = self.statuses(options.day())?;
        let home = BTreeSet::new();
        let facts = chosen(wanted.facts, options, (&statuses, &home), &mut left_out);
        let (documents, origins) =
            self.chosen_documents(&wanted.documents, Some(&facts), options)?;
        let mut selection = Selection {
            asked: options.names.clone(),
            subjects: wanted.subjects,
            ceiling: options.ceiling,
            today,
            documents,
            facts,
            origins,
            left_out,
        };
        let stated = self.stated(&selection, options)?;
        join(&mut selection, &|claim| stated.place(claim));
        date(&mut selection, options, &statuses);
        Ok(selection)
    }

    fn wanted(&self, names: &[String]) -> Result<Wanted, EngineError> {
        let mut wanted = Wanted::default();
        if names.is_empty() {
            wanted.facts = self.store.facts(&FactQuery::default())?;
            wanted.documents = self.store.documents()?.iter().map(|r| r.document.id).collect();
            return Ok(wanted);
        }
        for name in names {
            if let Some(documents) = self.named_documents(name)? {
                let query =
                    FactQuery { documents: Some(documents.clone()), ..FactQuery::default() };
                wanted.facts.extend(self.store.facts(&query)?);
                wanted.documents.extend(documents);
                continue;
            }
            let topic = self.topic(name)?;
            let documents: Vec<DocumentId> = topic.documents.iter().map(|(id, _)| *id).collect();
            wanted.facts.extend(self.facts_for(&topic, &documents)?);
            wanted.documents.extend(documents);
            wanted.subjects.push(topic.subject);
        }
        let statement = |f: &Fact| (f.subject.clone(), f.relation, f.object.clone());
        wanted.facts.sort_by_key(statement);
        wanted.facts.dedup_by(|a, b| statement(a) == statement(b));
        Ok(wanted)
    }

    /// The documents that a name means: one by eight or more digits of its identifier, or those
    /// of that very title, name or address where no entity has that name.
    fn named_documents(&self, name: &str) -> Result<Option<Vec<DocumentId>>, EngineError> {
        let name = name.trim();
        let digits = name.len() >= 8 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let found = self.store.find_documents(name)?;
        let by_id: Vec<DocumentId> = found
            .iter()
            .map(|record| record.document.id)
            .filter(|id| digits && id.to_string().starts_with(&name.to_ascii_lowercase()))
            .collect();
        if let [one] = by_id[..] {
            return Ok(Some(vec![one]));
        }
        let is_titled = |record: &DocumentRecord| {
            let document = &record.document;
            document.label() == name
                || document.name == name
                || document.url.as_deref() == Some(name)
        };
        let titled: Vec<DocumentId> =
            found.iter().filter(|r| is_titled(r)).map(|r| r.document.id).collect();
        if titled.is_empty()
            || self.topic(name).is_ok_and(|topic| topic.subject.kind != Kind::Report)
        {
            return Ok(None);
        }
        Ok(Some(titled))
    }

    /// The documents with their claims, in order of date, and their origins; without their claims where no facts
    /// are given.
    pub(super) fn chosen_documents(
        &self,
        wanted: &BTreeSet<DocumentId>,
        facts: Option<&[SelectedFact]>,
        options: &ExportOptions,
    ) -> Result<(Vec<SelectedDocument>, Vec<Origin>), EngineError> {
        // Only where claims are told: of a million facts it is large.
        let facts = facts.filter(|_| options.format.tells_claims());
        let statements: BTreeSet<Statement> = facts
            .into_iter()
            .flatten()
            .map(|f| (f.fact.subject.clone(), f.fact.relation, f.fact.object.clone()))
            .collect();
        let mut gaps: BTreeMap<DocumentId, Vec<Gap>> = BTreeMap::new();
        if wanted.len() <= FEW {
            for id in wanted {
                gaps.insert(*id, self.store.gaps_of(*id)?);
            }
        } else {
            for (id, gap) in self.store.gaps()? {
                if wanted.contains(&id) {
                    gaps.entry(id).or_default().push(gap);
                }
            }
        }
        let mut documents = Vec::new();
        let origins = self.store.origins_of(wanted)?;
        let mut places: HashMap<DocumentId, (OriginId, Admiralty)> = HashMap::new();
        for origin in &origins {
            let members = origin.members.iter();
            places.extend(members.map(|member| (member.document, (origin.id, member.grade))));
        }
        for id in wanted {
            let Some(record) = self.store.document_record(*id)? else { continue };
            let Some((origin, grade)) = places.get(id).copied() else {
                return Err(EngineError::Corrupt(format!("document {id} has no origin")));
            };
            let claims = match facts {
                Some(_) => self.chosen_claims(*id, &statements)?,
                None => Vec::new(),
            };
            documents.push(SelectedDocument {
                document: record.document,
                added: record.added,
                origin,
                grade,
                claims,
                gaps: gaps.remove(id).unwrap_or_default(),
            });
        }
        documents.sort_by_key(|chosen| {
            let document = &chosen.document;
            (document.published.is_none(), document.published, document.id)
        });
        Ok((documents, origins))
    }

    pub(super) fn chosen_claims(
        &self,
        id: DocumentId,
        statements: &BTreeSet<Statement>,
    ) -> Result<Vec<SelectedClaim>, EngineError> {
        let mut claims = self.quoted_claims(id)?;
        claims.retain(|stored| {
            // A set of owned keys: looked up by clones of names, which are short.
            let statement = (stored.subject.clone(), stored.claim.relation, stored.object.clone());
            statements.contains(&statement)
        });
        Ok(claims)
    }

    /// All claims of a document with their words, in order of place.
    pub(super) fn quoted_claims(&self, id: DocumentId) -> Result<Vec<SelectedClaim>, EngineError> {
        let text = self.store.document(id)?.map(|document| document.text).unwrap_or_default();
        let claims = self.store.claims_of(id)?.into_iter();
        Ok(claims
            .map(|StoredClaim { id, document: _, claim, subject, object }| SelectedClaim {
                id,
                quote: claim.span.slice(&text).unwrap_or_default().to_owned(),
                claim,
                subject,
                object,
            })
            .collect())
    }

    /// Which document of a selection makes which claim.
    pub(super) fn stated(
        &self,
        selection: &Selection,
        options: &ExportOptions,
    ) -> Result<Stated, EngineError> {
        let mut stated = Vec::new();
        for (chosen, at) in selection.documents.iter().zip(0_u32..) {
            if options.format.tells_claims() {
                stated.extend(chosen.claims.iter().map(|claim| (claim.id, at)));
            } else {
                let claims = self.store.claim_ids(chosen.document.id)?;
                stated.extend(claims.into_iter().map(|claim| (claim, at)));
            }
        }
        stated.sort_unstable();
        Ok(Stated(stated))
    }
}

/// Claims, each with the place of its document in a selection; in order.
pub(super) struct Stated(Vec<(ClaimId, u32)>);

impl Stated {
    pub(super) fn place(&self, claim: ClaimId) -> Option<u32> {
        let at = self.0.partition_point(|(id, _)| *id < claim);
        self.0.get(at).filter(|(id, _)| *id == claim).map(|(_, at)| *at)
    }
}

/// Tells each fact which documents of the selection state it.
pub(super) fn join(selection: &mut Selection, stated: &dyn Fn(ClaimId) -> Option<u32>) {
    let Selection { documents, facts, .. } = selection;
    for fact in facts {
        let claims = fact.fact.contributions.iter().flat_map(|c| &c.claims);
        let mut places: Vec<u32> = claims.filter_map(|claim| stated(*claim)).collect();
        places.sort_unstable();
        places.dedup();
        let of = |at: &u32| documents.get(*at as usize).map(|chosen| chosen.document.id);
        fact.documents = places.iter().filter_map(of).collect();
    }
}

/// What nobody dates expires by the day on which it became known here, and raises no alarms after.
pub(super) fn date(selection: &mut Selection, options: &ExportOptions, statuses: &Statuses) {
    let added: BTreeMap<DocumentId, Date> = selection
        .documents
        .iter()
        .map(|chosen| (chosen.document.id, chosen.added.to_zoned(TimeZone::UTC).date()))
        .collect();
    let today = options.day();
    let left_out = &mut selection.left_out;
    selection.facts.retain_mut(|selected| {
        if selected.status != Status::Undated || !selected.is_indicator() {
            return true;
        }
        let known = selected.documents.iter().filter_map(|id| added.get(id)).max();
        selected.expires = known.and_then(|day| statuses.expires_if_seen(&selected.fact, *day));
        let over = selected.expires.filter(|expires| expires.last_day() < today);
        let Some(over) = over.filter(|_| options.format.is_detection()) else { return true };
        if options.statuses.contains(&Status::Undated) {
            return true;
        }
        let why = format!("nobody dates it, and by when it was added it expired on {over}");
        left_out.push(Loss::new("fact", statement(&selected.fact), why));
        false
    });
}

/// The facts that pass the filters. What falls out is told, so that nothing is lost unnamed. `home`: values that
/// are known to be left out, of which other facts may tell.
pub(super) fn chosen(
    facts: Vec<Fact>,
    options: &ExportOptions,
    (statuses, home): (&Statuses, &BTreeSet<Entity>),
    left_out: &mut Vec<Loss>,
) -> Vec<SelectedFact> {
    // Values that play a part as indicator, and whether one such part stays.
    let mut parts: BTreeMap<Entity, bool> = BTreeMap::new();
    let mut kept = Vec::new();
    for fact in facts {
        let status = statuses.of(&fact);
        let why = refusal(&fact, status, options);
        if is_indicator(&fact) {
            let stays = parts.entry(fact.subject.clone()).or_default();
            *stays |= why.is_none();
        }
        if let Some(why) = why {
            left_out.push(Loss::new("fact", statement(&fact), why));
        } else {
            let expires = statuses.expires_on(&fact);
            kept.push(SelectedFact { fact, status, expires, documents: Vec::new() });
        }
    }
    // What hangs on a value that stays at home stays with it.
    kept.retain(|selected| {
        let fact = &selected.fact;
        let ends = std::iter::once(&fact.subject).chain(fact.object.entity());
        let Some(left) = ends
            .into_iter()
            .find(|entity| parts.get(entity) == Some(&false) || home.contains(*entity))
        else {
            return true;
        };
        left_out.push(Loss::new(
            "fact",
            statement(fact),
            format!("`{}` was left out by the filters", left.value),
        ));
        false
    });
    kept
}

/// Why a fact does not go out.
pub(super) fn refusal(fact: &Fact, status: Status, options: &ExportOptions) -> Option<String> {
    if fact.marking > options.ceiling {
        // The store was cut to the ceiling before: this is a second lock on the same door.
        return Some(format!("its marking is above {}", options.ceiling));
    }
    if fact.probability < options.least_probability {
        return Some("less probable than asked for".to_owned());
    }
    if let Some(part) = &options.holds
        && fact.relation == Relation::Role
        && fact.subject.kind.is_observable()
        && !fact.subject.value.to_lowercase().contains(&part.to_lowercase())
    {
        return Some(format!("its value does not hold `{part}`"));
    }
    if let Some(only) = &options.only
        && fact.relation == Relation::Role
        && fact.subject.kind.is_observable()
        && !only.contains(&fact.subject)
    {
        return Some("none of the values that were asked for".to_owned());
    }
    if !options.kinds.is_empty()
        && fact.relation == Relation::Role
        && !options.kinds.contains(&fact.subject.kind)
    {
        return Some("of a kind that was not asked for".to_owned());
    }
    if let Some(since) = options.since
        && fact.last_known().is_none_or(|last| last.last_day() < since)
    {
        return Some(format!("not known since {since}"));
    }
    if is_indicator(fact) && !options.takes(status) {
        return Some(format!("its status is {}", status.as_str()));
    }
    if is_role(fact, Role::Benign) && !options.takes(Status::Benign) {
        return Some("named as benign".to_owned());
    }
    None
}

pub(super) fn is_indicator(fact: &Fact) -> bool {
    is_role(fact, Role::Indicator)
}

fn is_role(fact: &Fact, role: Role) -> bool {
    fact.relation == Relation::Role
        && matches!(&fact.object, Object::Text(word) if word == role.as_str())
}

/// `subject relation object`, for people.
fn statement(fact: &Fact) -> String {
    format!("{} {} {}", fact.subject.key(), fact.relation, fact.object.key())
}
