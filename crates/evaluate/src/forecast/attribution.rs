//! Whose report is this?

use std::collections::BTreeMap;
use std::path::Path;

use lapwing_engine::reference::Knowledge;
use lapwing_forecast::Attribution;
use lapwing_forecast::score::Rankings;

use super::{file_ending, row, text};
use crate::{EvaluateError, Scores};

/// Pieces of evidence that a report needs to be asked about.
pub const LEAST: usize = 3;

/// A report: actor and evidence (`T…`, `S…`).
pub type Report = (String, Vec<String>);

pub fn read(path: &Path) -> Result<(Vec<Report>, BTreeMap<String, String>), EvaluateError> {
    let text = text(path)?;
    let mut names = BTreeMap::new();
    let mut reports = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, name, _, evidence] = cells[..] else { continue };
        if id == "group_id" {
            continue;
        }
        names.insert(name.to_owned(), id.to_owned());
        let bare = |piece: &str| piece.split_once(':').map_or(piece, |(_, id)| id).to_owned();
        reports.push((id.to_owned(), evidence.split_whitespace().map(bare).collect()));
    }
    Ok((reports, names))
}

fn fit<'a>(reports: impl Iterator<Item = &'a Report>) -> Attribution {
    Attribution::fit(
        reports.map(|(actor, evidence)| {
            (actor.as_str(), evidence.iter().map(String::as_str).collect())
        }),
    )
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(path) = file_ending(&folder.join("attribution"), ".tsv") else { return Ok(()) };
    let (reports, names) = read(&path)?;
    let mut ours = Rankings::default();
    let mut most = Rankings::default();
    let mut margins: Vec<(f64, bool)> = Vec::new();
    for (at, (actor, evidence)) in reports.iter().enumerate() {
        let others = || reports.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, r)| r);
        if !others().any(|(other, _)| other == actor) {
            continue;
        }
        let known = |piece: &&String| others().any(|(_, other)| other.contains(piece));
        let asked: Vec<&str> = evidence.iter().filter(known).map(String::as_str).collect();
        if asked.len() < LEAST {
            continue;
        }
        let ranked = fit(others()).rank(&asked);
        let place = ranked.iter().position(|candidate| candidate.actor == *actor);
        let Some(place) = place else { continue };
        ours.add(vec![place]);
        margins.push((ranked[0].score - ranked[1].score, place == 0));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (other, _) in others() {
            *counts.entry(other).or_default() += 1;
        }
        let own = counts[actor.as_str()];
        let before =
            |(name, n): &(&&str, &usize)| **n > own || (**n == own && **name < actor.as_str());
        most.add(vec![counts.iter().filter(before).count()]);
    }
    for (by, rankings) in [("most documented actor", &most), ("lapwing", &ours)] {
        row(
            scores,
            ["attribution", "reports held back", by],
            rankings.queries() as usize,
            &figures(rankings),
        );
    }
    let told: Vec<&(f64, bool)> =
        margins.iter().filter(|(margin, _)| *margin >= Attribution::least_margin()).collect();
    let right = told.iter().filter(|(_, right)| *right).count() as f64;
    let figures_told = [
        ("coverage", told.len() as f64 / margins.len().max(1) as f64),
        ("precision", right / told.len().max(1) as f64),
    ];
    row(
        scores,
        ["attribution", "reports, where it does not abstain", "lapwing"],
        told.len(),
        &figures_told,
    );
    campaigns(&reports, &names, scores);
    Ok(())
}

fn figures(rankings: &Rankings) -> [(&'static str, f64); 3] {
    [
        ("top-1", rankings.top_1()),
        ("top-5", rankings.top_5()),
        ("MRR", rankings.mean_reciprocal_rank()),
    ]
}

/// ATT&CK's campaigns that are attributed to one group, whose uses are recorded apart from it.
fn campaigns(reports: &[Report], names: &BTreeMap<String, String>, scores: &mut Scores) {
    let knowledge = Knowledge::builtin();
    let model = fit(reports.iter());
    let mut rankings = Rankings::default();
    for campaign in knowledge.campaigns() {
        let [actor] = &campaign.attributed_to[..] else { continue };
        let Some(actor) = knowledge.actor(actor) else { continue };
        let Some(id) = names.get(&actor.name) else { continue };
        let evidence: Vec<&str> = knowledge.uses(&campaign.id).iter().map(String::as_str).collect();
        if evidence.len() < LEAST {
            continue;
        }
        let ranked = model.rank(&evidence);
        if let Some(place) = ranked.iter().position(|candidate| candidate.actor == *id) {
            rankings.add(vec![place]);
        }
    }
    row(
        scores,
        ["attribution", "campaigns", "lapwing"],
        rankings.queries() as usize,
        &figures(&rankings),
    );
}
