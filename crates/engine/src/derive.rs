//! What follows from a change: origins and standings of the documents that it concerns, and the facts
//! of the statements that it touched.
//!
//! One document more concerns few: those that its markers and links lead to. Where many come at once, or
//! where the rules are others, all is derived at once; both ways end at the same bytes.

use lapwing_fuse::{
    Agreement, Fusing, Fusion, Reliabilities, Standing, Trace, copies, depth_of, origins,
    origins_with, sampled_from, standings,
};
use lapwing_knowledge::Knowledge;
use lapwing_model::DocumentId;
use lapwing_store::{
    Change, Fused, Gathered, StandingRecord, Store, StoreError, StoredClaim, Voiced,
};
use rayon::prelude::*;

use crate::EngineError;
use crate::add::{evidence, read_traces};
use crate::shelf::{Kept, link_rows, marker_rows, record_of};

/// Names the rules by which facts are derived; another name has all facts of a store derived anew.
const RULES: &str =
    "odds of roots, learnt reliability of a sample by classes, markers, likeness beyond chance";
/// The same for a view that is thrown away: nothing leads from one of its documents to others.
const RULES_OF_A_VIEW: &str = "as in a view";
/// When more than one in so many documents come or go, it is quicker to look at all at once.
const MANY: usize = 8;
/// So few are always followed one by one.
const FEW: usize = 16;
/// Standings that are held in memory while facts are derived.
const HELD: usize = 200_000;
/// Rows that are sorted in memory before they are written.
const SLICES: i64 = 16;

/// Derives origins, and the facts of every statement that the change touched.
pub(crate) fn derive(change: &mut Change<'_>, knowledge: &Knowledge) -> Result<u64, EngineError> {
    let anew = change.derive_by(RULES)?;
    let (came, went) = (change.came(), change.went());
    let moved = came.len() + went.len();
    if anew {
        place_all(change, Leads::All)?;
    } else if moved > FEW && moved * MANY > change.store().count_documents()? {
        let gone = read_traces(went)?;
        place_all(change, Leads::Of { came: &came, gone: &gone })?;
    } else if moved > 0 {
        follow(change, &came, &read_traces(went)?)?;
    }
    judge(change, knowledge, if anew { Known::Nothing } else { Known::Kept })
}

/// As [`derive`], for a copy that is thrown away: all is derived, and nothing kept for a next time.
pub(crate) fn derive_view(
    change: &mut Change<'_>,
    knowledge: &Knowledge,
) -> Result<u64, EngineError> {
    change.derive_by(RULES_OF_A_VIEW)?;
    place_all(change, Leads::None)?;
    judge(change, knowledge, Known::Nothing)
}

/// As [`derive`], with everything looked at again; what is right already is not written. How many facts
/// were not.
pub(crate) fn derive_anew(
    change: &mut Change<'_>,
    knowledge: &Knowledge,
) -> Result<u64, EngineError> {
    if !change.derive_by(RULES)? {
        change.touch_all()?;
    }
    place_all(change, Leads::All)?;
    // With what was learnt before: if that is right, so are the facts; if not, it is learnt anew.
    judge(change, knowledge, Known::Doubted)
}

/// Of which documents the markers and links are written when all are looked at.
#[derive(Clone, Copy)]
enum Leads<'t> {
    All,
    Of { came: &'t [DocumentId], gone: &'t [Trace] },
    None,
}

/// Finds origins and standings of all documents.
fn place_all(change: &mut Change<'_>, leads: Leads<'_>) -> Result<(), EngineError> {
    let traces = read_traces(change.traces()?)?;
    match leads {
        Leads::All => {
            change.clear_shelf()?;
            put_leads(change, &traces.iter().collect::<Vec<_>>())?;
        }
        Leads::Of { came, gone } => {
            for trace in gone {
                change.take_markers(&marker_rows(trace))?;
                change.take_links(trace.document(), &link_rows(trace))?;
            }
            let new = traces.iter().filter(|trace| came.binary_search(&trace.document()).is_ok());
            put_leads(change, &new.collect::<Vec<_>>())?;
        }
        Leads::None => {
            let origins = origins(&traces);
            change.put_all_origins(&origins)?;
            return put_standings(change, &standings(&traces, &origins), true);
        }
    }
    let touched = matches!(leads, Leads::All);
    let copies = copies(&traces);
    change.put_copies(&copies.iter().map(record_of).collect::<Vec<_>>())?;
    let origins = origins_with(&traces, &copies);
    change.put_all_origins(&origins)?;
    change.remove_hidden_standings()?;
    put_standings(change, &standings(&traces, &origins), touched)
}

/// Writes markers and links in the order in which they are kept, a slice at a time.
fn put_leads(change: &mut Change<'_>, traces: &[&Trace]) -> Result<(), EngineError> {
    let slices = if traces.len() > 1000 { SLICES } else { 1 };
    for slice in 0..slices {
        let mut rows = Vec::new();
        for trace in traces {
            // The hash is the lower half of a marker: of even spread, so that its upper bits tell slices.
            let of_slice = |(marker, ..): &(i64, i64, i64)| {
                (marker & 0xffff_ffff) * slices / (1 << 32) == slice
            };
            rows.extend(marker_rows(trace).into_iter().filter(of_slice));
        }
        rows.sort_unstable();
        change.put_markers(&rows)?;
    }
    for trace in traces {
        change.put_links(trace.document(), &link_rows(trace))?;
    }
    Ok(())
}

/// Finds origins and standings of the documents that hang together with those that came and went.
fn follow(change: &mut Change<'_>, came: &[DocumentId], gone: &[Trace]) -> Result<(), EngineError> {
    let mut come = Vec::new();
    for document in came {
        let trace = change.shelf().trace(*document)?;
        come.extend(trace.map(|bytes| crate::add::read_trace(*document, &bytes)).transpose()?);
    }
    let followed = lapwing_fuse::follow(&mut Kept::of_change(change), gone, &come)?;
    let left: Vec<DocumentId> = gone.iter().map(Trace::document).collect();
    let concerned = [left.as_slice(), followed.documents.as_slice()].concat();
    change.put_origins_of(&concerned, &followed.origins)?;
    let out: Vec<DocumentId> =
        left.into_iter().filter(|id| followed.documents.binary_search(id).is_err()).collect();
    change.remove_standings(&out)?;
    put_standings(change, &followed.standings, false)
}

/// Keeps standings; `touched` when all statements are touched already.
fn put_standings(
    change: &mut Change<'_>,
    standings: &[Standing],
    touched: bool,
) -> Result<(), EngineError> {
    let record = |standing: &Standing| StandingRecord {
        document: standing.document(),
        source: standing.source(),
        body: standing.to_text(),
    };
    Ok(change.put_standings(&standings.iter().map(record).collect::<Vec<_>>(), touched)?)
}

/// What is made of that which was learnt of the sources before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It was learnt by other rules.
    Nothing,
    /// It holds until others agree on what it was learnt from.
    Kept,
    /// It is learnt again all the same.
    Doubted,
}

/// Derives the facts of all touched statements, and what is learnt from them.
fn judge(change: &mut Change<'_>, knowledge: &Knowledge, known: Known) -> Result<u64, EngineError> {
    let facts = facts_of(change, knowledge, known)?;
    crate::aging::keep(change)?;
    Ok(facts)
}

fn facts_of(
    change: &mut Change<'_>,
    knowledge: &Knowledge,
    known: Known,
) -> Result<u64, EngineError> {
    let again = known == Known::Doubted;
    let known = if known == Known::Nothing { None } else { change.store().learnt()? };
    let (before_depth, before) = match known {
        Some((depth, text)) => (Some(depth), read_learnt(&text)?),
        None => (None, Reliabilities::default()),
    };
    let mut fusion = Fusion::without_documents(knowledge).with_reliabilities(before.clone());
    let mut facts = fuse(change, &mut fusion)?;
    // Who agrees with whom does not depend on what is learnt from it: one more pass, over the
    // documents of the sources that are graded otherwise now, and all is as if made at once.
    let depth = sampled_from(&change.store().agreement_depths()?);
    let stirred = change.deepest_agreement_changed().is_some_and(|deepest| deepest >= depth);
    if before_depth == Some(depth) && !stirred && !again {
        return Ok(facts);
    }
    let text = learn(change.store(), depth)?.to_text();
    change.put_learnt(depth, &text)?;
    // As it is read back: the last bit of a number may be lost on the way, and facts that are fused with
    // one are to be those that are fused with the other.
    let now = read_learnt(&text)?;
    let moved = now.moved(&before);
    if !moved.is_empty() {
        for source in &moved {
            change.touch_source(source)?;
        }
        fusion = fusion.with_reliabilities(now);
        facts += fuse(change, &mut fusion)?;
    }
    Ok(facts)
}

fn fuse(change: &mut Change<'_>, fusion: &mut Fusion<'_>) -> Result<u64, EngineError> {
    let mut lives = crate::aging::Lives::default();
    let mut make = |store: &Store, statements: &[Gathered]| {
        if fusion.documents() > HELD {
            fusion.forget_documents();
        }
        statements.iter().try_for_each(|gathered| know(fusion, store, &gathered.claims))?;
        fused(fusion, store, statements)
    };
    Ok(change.fuse_touched_with(&mut make, &mut |fact, others| lives.of(fact, others))?)
}

/// Adds the standings of the documents that make some claims.
pub(crate) fn know(
    fusion: &mut Fusion<'_>,
    store: &Store,
    claims: &[StoredClaim],
) -> Result<(), StoreError> {
    for document in claims.iter().map(|claim| claim.document) {
        if fusion.knows(document) {
            continue;
        }
        let Some(text) = store.standing(document)? else { continue };
        let standing = Standing::from_text(&text).map_err(|error| StoreError::Damaged {
            path: store.path().to_owned(),
            why: format!("document {document}: {error}"),
        })?;
        fusion.know([standing]);
    }
    Ok(())
}

/// The facts of statements, and who agrees on each.
fn fused(
    fusion: &mut Fusion<'_>,
    store: &Store,
    statements: &[Gathered],
) -> Result<Vec<Option<Fused>>, StoreError> {
    let one = |Gathered { claims, gone, kept }: &Gathered| match kept {
        Some(kept) => {
            let moved = (evidence(gone), evidence(claims));
            fusion.fuse_moved(&kept.fact, &kept.bytes, (&moved.0, &moved.1))
        }
        None => Ok(fusion.fuse_and_agree(&evidence(claims))),
    };
    let made: Vec<_> = statements.par_iter().map(one).collect();
    let mut all = Vec::with_capacity(made.len());
    for (made, gathered) in made.into_iter().zip(statements) {
        let fusing = match (made, &gathered.kept) {
            (Ok(Some(fusing)), _) => Some(fusing),
            // What was kept is of no use: then of all claims.
            (_, Some(lapwing_store::Kept { fact, .. })) => {
                let claims = store.claims_for(&fact.subject, fact.relation, &fact.object)?;
                know(fusion, store, &claims)?;
                fusion.fuse_and_agree(&evidence(&claims))
            }
            (_, None) => None,
        };
        all.push(fusing.map(|Fusing { fact, agreement, kept }| {
            let agreement = agreement.map(|agreement| Voiced {
                body: agreement.to_string(),
                depth: depth_of(&fact.subject, fact.relation, &fact.object),
            });
            Fused { fact, agreement, kept }
        }));
    }
    Ok(all)
}

/// What is learnt of the sources of a store, as its facts were derived with it.
pub(crate) fn reliabilities(store: &Store) -> Result<Reliabilities, EngineError> {
    match store.learnt()? {
        Some((_, text)) => read_learnt(&text),
        None => Ok(Reliabilities::default()),
    }
}

fn read_learnt(text: &str) -> Result<Reliabilities, EngineError> {
    Reliabilities::from_text(text).map_err(|error| EngineError::Corrupt(error.to_string()))
}

fn learn(store: &Store, depth: u8) -> Result<Reliabilities, EngineError> {
    let read = |(body, count): (String, u64)| match body.parse::<Agreement>() {
        Ok(agreement) => Ok((agreement, count)),
        Err(error) => Err(EngineError::Corrupt(error.to_string())),
    };
    let agreements: Vec<(Agreement, u64)> =
        store.agreements(depth)?.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Reliabilities::learn(agreements.iter().map(|(agreement, count)| (agreement, *count))))
}
