//! Which techniques will ATT&CK add to a group, two versions on?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_forecast::score::{Outcomes, Rankings};
use lapwing_forecast::{Completion, Logistic, Sets, Trend, next};

use super::{bad, file_ending, row, text};
use crate::{EvaluateError, Scores};

/// Versions between what is known and what is forecast.
pub const AHEAD: usize = 2;
/// Weight that an example keeps for each version that it is older.
const FADE: f64 = 0.7;

/// One version of ATT&CK.
pub struct Version {
    pub name: String,
    pub date: String,
    /// Techniques by group.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// Software by group.
    pub software: BTreeMap<String, BTreeSet<String>>,
}

pub fn read(path: &Path) -> Result<Vec<Version>, EvaluateError> {
    let text = text(path)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| bad(path, error.line(), error.to_string()))?;
    let strings = |value: &serde_json::Value| -> BTreeSet<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
    };
    let mut versions = Vec::new();
    for (name, version) in value.as_object().ok_or_else(|| bad(path, 1, "no object of versions"))? {
        let groups = version["groups"].as_object().ok_or_else(|| bad(path, 1, "no `groups`"))?;
        versions.push(Version {
            name: name.clone(),
            date: version["date"].as_str().unwrap_or_default().to_owned(),
            groups: groups.iter().map(|(id, g)| (id.clone(), strings(&g["techniques"]))).collect(),
            software: groups.iter().map(|(id, g)| (id.clone(), strings(&g["software"]))).collect(),
        });
    }
    versions.sort_by(|a, b| a.date.cmp(&b.date));
    Ok(versions)
}

/// What was known at a version, and what came of it.
pub struct Window {
    /// By group: for every technique that it lacked, the features and whether it has it two versions on.
    pub groups: Vec<Vec<(Vec<f64>, bool)>>,
}

/// The windows that begin at each version that has one two on.
pub fn windows(versions: &[Version]) -> Vec<Window> {
    (0..versions.len().saturating_sub(AHEAD))
        .map(|at| Window { groups: window(versions, at) })
        .collect()
}

/// The model of a version, with software beside techniques.
pub fn model(version: &Version) -> Completion {
    let none = BTreeSet::new();
    Completion::fit(Sets::new(version.groups.iter().map(|(id, set)| {
        let software = version.software.get(id).unwrap_or(&none);
        (id.as_str(), set.iter().chain(software).map(String::as_str).collect::<Vec<_>>())
    })))
}

/// A group's row in the model of its version, and how many techniques it has gained of late.
pub fn row_of(model: &Completion, versions: &[Version], at: usize, id: &str) -> (Vec<u32>, u32) {
    let (now, none) = (&versions[at], BTreeSet::new());
    let set = now.groups.get(id).unwrap_or(&none);
    let software = now.software.get(id).unwrap_or(&none);
    let mut row: Vec<u32> =
        set.iter().chain(software).filter_map(|item| model.sets().number(item)).collect();
    row.sort_unstable();
    let before = at.checked_sub(AHEAD).map(|at| versions[at].groups.get(id));
    let gained = before.flatten().map_or(0, |before| set.difference(before).count() as u32);
    (row, gained)
}

/// How techniques have fared up to a version.
pub fn trend(versions: &[Version], at: usize) -> Trend {
    let back = |steps: usize| Some(&versions.get(at.checked_sub(steps)?)?.groups);
    Trend::of(&versions[at].groups, back(1), back(AHEAD))
}

/// Techniques that no group uses yet are left out: nothing is known of them.
fn window(versions: &[Version], at: usize) -> Vec<Vec<(Vec<f64>, bool)>> {
    let (now, then) = (&versions[at], &versions[at + AHEAD]);
    let (model, trend) = (model(now), trend(versions, at));
    let known = now.groups.iter().filter(|(_, set)| !set.is_empty());
    known
        .filter_map(|(id, _)| Some((id, then.groups.get(id)?)))
        .map(|(id, later)| {
            let (row, gained) = row_of(&model, versions, at, id);
            let outcome = |cell: next::Cell| {
                let item = &model.sets().items()[cell.item as usize];
                (cell.features, later.contains(item))
            };
            next::cells(&model, &row, gained, &trend).into_iter().map(outcome).collect()
        })
        .collect()
}

/// Examples of the windows up to `last`, the newest with the most weight.
pub fn examples(windows: &[Window], last: usize, features: usize) -> Vec<(Vec<f64>, f64, f64)> {
    let mut rows = Vec::new();
    // The first version known has no sub-techniques: what it says is used only while there is no other.
    let from = usize::from(last > 0);
    for (at, window) in windows.iter().enumerate().take(last + 1).skip(from) {
        let weight = FADE.powi((last - at) as i32);
        for (row, filled) in window.groups.iter().flatten() {
            rows.push((row[..features].to_vec(), f64::from(u8::from(*filled)), weight));
        }
    }
    rows
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(path) = file_ending(&folder.join("attack-versions"), ".json") else { return Ok(()) };
    let versions = read(&path)?;
    let windows = windows(&versions);
    let mut all = [Rankings::default(), Rankings::default()];
    let mut tables = Vec::new();
    for (at, window) in windows.iter().enumerate().skip(AHEAD) {
        let last = at - AHEAD;
        let popular = Logistic::fit(&examples(&windows, last, 1), 1, 1.0);
        let ours = next::fit(&examples(&windows, last, next::FEATURES));
        let what = format!("{} to {}", versions[at].name, versions[at + AHEAD].name);
        for (slot, (by, model)) in
            [("popularity", &popular), ("lapwing", &ours)].into_iter().enumerate()
        {
            let mut outcomes = Outcomes::default();
            for group in &window.groups {
                let said: Vec<f64> = group.iter().map(|(row, _)| model.probability(row)).collect();
                for (said, (_, filled)) in said.iter().zip(group) {
                    outcomes.push(*said, *filled);
                }
                let gained: Vec<u32> =
                    (0..).zip(group).filter(|(_, cell)| cell.1).map(|(at, _)| at).collect();
                all[slot].add_scores(&said, &gained);
            }
            tables.push((what.clone(), by, outcomes));
        }
    }
    for (by, rankings) in ["popularity", "lapwing"].into_iter().zip(&all) {
        let figures = [
            ("R@20", rankings.recall_at_20()),
            ("R@10", rankings.recall_at_10()),
            ("MAP", rankings.mean_average_precision()),
        ];
        let what = ["attack-versions", "all windows", by];
        row(scores, what, rankings.queries() as usize, &figures);
    }
    for (what, by, outcomes) in tables {
        let figures = [
            ("log loss", outcomes.log_loss()),
            ("ECE", outcomes.calibration_error()),
            ("AUC", outcomes.auc()),
        ];
        row(scores, ["attack-versions", &what, by], outcomes.len(), &figures);
    }
    Ok(())
}
