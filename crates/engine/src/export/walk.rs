//! The way through all facts of a store, a portion at a time.

use std::collections::BTreeSet;
use std::mem::take;

use lapwing_model::{ClaimId, Entity, Fact, PartialDate, Relation};
use lapwing_publish::export::{ExportFormat, Selection};
use lapwing_store::FactQuery;

use super::ExportOptions;
use super::detection::Same;
use super::selection::{chosen, date, is_indicator, join, refusal};
use crate::{Engine, EngineError, Statuses};

/// What portions have to know of each other.
#[derive(Default)]
pub(super) struct Others {
    /// Values that the filters leave out.
    pub(super) home: BTreeSet<Entity>,
    /// Which values are of one object, where the format tells so.
    pub(super) same: Same,
    /// What facts are about beside their subjects, where the format asks for it.
    pub(super) objects: BTreeSet<Entity>,
}

/// A value of which facts are told one after the other, and whether one of its parts stays.
type Part = Option<(Entity, bool)>;

/// What is to go out of a whole store.
pub(super) struct Walk<'e> {
    engine: &'e Engine,
    pub(super) options: &'e ExportOptions,
    pub(super) statuses: Statuses,
    pub(super) others: Others,
    /// The documents, without their claims, and the origins; the facts are those of a portion.
    pub(super) selection: Selection,
}

impl<'e> Walk<'e> {
    pub(super) fn new(engine: &'e Engine, options: &'e ExportOptions) -> Result<Self, EngineError> {
        let statuses = engine.statuses(options.day())?;
        let others = engine.others(options, &statuses)?;
        let wanted = engine.store.documents()?.iter().map(|r| r.document.id).collect();
        let (documents, origins) = engine.chosen_documents(&wanted, None, options)?;
        let selection = Selection {
            asked: Vec::new(),
            subjects: Vec::new(),
            ceiling: options.ceiling,
            today: PartialDate::from(options.day()),
            documents,
            facts: Vec::new(),
            origins,
            left_out: Vec::new(),
        };
        Ok(Self { engine, options, statuses, others, selection })
    }

    /// Hands on the facts, in order, some `portion` of them at a time, which ends with a subject. What is left out of
    /// it stands beside: whoever takes it counts it. `stated`: the place of the document that makes a claim.
    pub(super) fn each(
        &mut self,
        portion: usize,
        stated: &dyn Fn(ClaimId) -> Option<u32>,
        each: &mut dyn FnMut(&mut Selection) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let Self { engine, options, statuses, others, selection } = self;
        let mut write = |facts: Vec<Fact>| -> Result<(), EngineError> {
            let known = (&*statuses, &others.home);
            selection.left_out.clear();
            selection.facts = chosen(facts, options, known, &mut selection.left_out);
            join(selection, stated);
            date(selection, options, statuses);
            each(selection)
        };
        let mut facts: Vec<Fact> = Vec::new();
        let mut failed = Ok(());
        let read = engine.store.each_fact(&FactQuery::default(), &mut |fact| {
            let ended = facts.last().is_some_and(|last| last.subject != fact.subject);
            if facts.len() >= portion && ended && failed.is_ok() {
                failed = write(take(&mut facts));
            }
            if failed.is_ok() {
                facts.push(fact);
            }
            Ok(())
        });
        failed?;
        read?;
        write(facts)?;
        self.selection.facts = Vec::new();
        Ok(())
    }
}

impl Engine {
    /// Looks through all facts for what one portion has to know of the others.
    fn others(&self, options: &ExportOptions, statuses: &Statuses) -> Result<Others, EngineError> {
        let mut others = Others::default();
        let shares = matches!(options.format, ExportFormat::Stix | ExportFormat::Stix20);
        let joins = !options.format.tells_claims();
        let mut same: Vec<(Entity, Entity)> = Vec::new();
        let mut part: Part = None;
        self.store.each_fact(&FactQuery::default(), &mut |fact| {
            let stays = refusal(&fact, statuses.of(&fact), options).is_none();
            if is_indicator(&fact) {
                match &mut part {
                    Some((value, kept)) if *value == fact.subject => *kept |= stays,
                    _ => {
                        leave_out(&mut others, part.take());
                        part = Some((fact.subject.clone(), stays));
                    }
                }
            }
            let Some(object) = fact.object.entity().filter(|_| stays) else { return Ok(()) };
            if joins && fact.relation == Relation::SameObject {
                same.push((fact.subject.clone(), object.clone()));
            }
            if shares && !others.objects.contains(object) {
                others.objects.insert(object.clone());
            }
            Ok(())
        })?;
        leave_out(&mut others, part);
        same.retain(|(a, b)| !others.home.contains(a) && !others.home.contains(b));
        for (a, b) in same {
            others.same.entry(a.clone()).or_default().insert(b.clone());
            others.same.entry(b).or_default().insert(a);
        }
        Ok(others)
    }
}

fn leave_out(others: &mut Others, part: Part) {
    if let Some((value, false)) = part {
        others.home.insert(value);
    }
}
