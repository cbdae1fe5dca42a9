//! A vendor's own forecast (the technique lists of VulDB's pages) against popularity and against ours.
//!
//! Pages show the first rows of a longer list in order of identifier, so all lists are cut the same
//! way: as many as the vendor has in all, in order of identifier, as many as the page shows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_engine::reference::Knowledge;
use lapwing_forecast::next;

use super::versions::{self, Version, Window};
use super::{file_ending, row, text};
use crate::{EvaluateError, Scores};

/// What a page forecasts.
struct Page {
    actor: String,
    date: String,
    /// Techniques shown, in order of identifier.
    shown: Vec<String>,
    /// Length of the list with the rows that are not shown.
    all: usize,
}

fn read(path: &Path) -> Result<Option<Page>, EvaluateError> {
    let text = text(path)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let date = name.split("__").find(|part| part.len() == 10 && part.as_bytes()[4] == b'-');
    let title = text.lines().find_map(|line| line.strip_prefix("# "));
    let (Some(date), Some(title)) = (date, title) else { return Ok(None) };
    let actor = title.split(" - Cyber").next().unwrap_or(title).trim().to_owned();
    let section = text.split("\n## ").find(|section| section.starts_with("TTP"));
    let Some(section) = section else { return Ok(None) };
    let mut shown = Vec::new();
    let mut more = 0;
    for line in section.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, technique, ..] = cells[..]
            && technique.starts_with('T')
            && technique[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            shown.push(technique.to_owned());
        } else if let Some((_, rest)) = line.split_once("There are ") {
            more = rest.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        }
    }
    shown.sort();
    shown.dedup();
    let all = shown.len() + more;
    Ok((!shown.is_empty()).then(|| Page { actor, date: date.to_owned(), shown, all }))
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let pages = folder.join("../indicators/vuldb/pages");
    let Some(path) = file_ending(&folder.join("attack-versions"), ".json") else { return Ok(()) };
    let Ok(entries) = std::fs::read_dir(&pages) else { return Ok(()) };
    let versions = versions::read(&path)?;
    let Some(last) = versions.last() else { return Ok(()) };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    // Of an actor the last page speaks.
    let mut latest: BTreeMap<String, (Page, String)> = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let Some(page) = read(file)? else { continue };
        let known = Knowledge::builtin().actors_named(&page.actor);
        let Some(id) = known.iter().map(|actor| &actor.id).find(|id| last.groups.contains_key(*id))
        else {
            continue;
        };
        latest.insert(id.clone(), (page, id.clone()));
    }
    // By question and list: techniques named, and those of them that are right.
    let mut sums: BTreeMap<(&str, &str), [f64; 2]> = BTreeMap::new();
    let mut actors = 0;
    let windows = versions::windows(&versions);
    for (page, id) in latest.values() {
        let Some(at) = versions.iter().rposition(|version| version.date <= page.date) else {
            continue;
        };
        let then = &versions[at];
        let Some(now) = last.groups.get(id).filter(|set| !set.is_empty()) else { continue };
        actors += 1;
        let none = BTreeSet::new();
        let had = then.groups.get(id).unwrap_or(&none);
        let mut count = |question, by, list: &[String]| {
            let sum: &mut [f64; 2] = sums.entry((question, by)).or_default();
            sum[0] += list.len() as f64;
            sum[1] += list.iter().filter(|technique| now.contains(*technique)).count() as f64;
        };
        let common = popular(then, id);
        count(PROFILE, VENDOR, &page.shown);
        count(PROFILE, POPULAR, &cut(&common, page));
        count(PROFILE, OURS, &cut(&ours(then, id, &common), page));
        // What everybody could look up on the day of the page stands first.
        let further = if at < versions::AHEAD {
            common.clone()
        } else {
            next_of(&versions, &windows, at, id)
        };
        count(LOOKED_UP, POPULAR, &cut(&known_first(had, &common), page));
        count(LOOKED_UP, OURS, &cut(&known_first(had, &further), page));
        // What was not in the profile at the time: was it added since?
        if had.is_empty() || at < versions::AHEAD {
            continue;
        }
        let open = |list: &[String]| -> Vec<String> {
            list.iter().filter(|technique| !had.contains(*technique)).cloned().collect()
        };
        count(ADDED, VENDOR, &open(&page.shown));
        count(ADDED, POPULAR, &cut(&open(&common), page));
        count(ADDED, OURS, &cut(&next_of(&versions, &windows, at, id), page));
    }
    for question in [PROFILE, LOOKED_UP, ADDED] {
        for by in [VENDOR, POPULAR, OURS] {
            let Some([named, right]) = sums.get(&(question, by)).copied() else { continue };
            let figures = [("precision", right / named.max(1.0)), ("actors", f64::from(actors))];
            row(scores, ["vuldb pages", question, by], named as usize, &figures);
        }
    }
    Ok(())
}

const PROFILE: &str = "lists against the group's profile, cut alike";
const LOOKED_UP: &str = "the same, what was known then put first";
const ADDED: &str = "what was not known then: added since?";
const VENDOR: &str = "vendor's list";
const POPULAR: &str = "popularity";
const OURS: &str = "lapwing";

/// The forecast of what will be added to a group, by weights that knew no later version.
fn next_of(versions: &[Version], windows: &[Window], at: usize, id: &str) -> Vec<String> {
    let weights = next::fit(&versions::examples(windows, at - versions::AHEAD, next::FEATURES));
    let model = versions::model(&versions[at]);
    let (row, gained) = versions::row_of(&model, versions, at, id);
    let mut list: Vec<(f64, String)> =
        next::cells(&model, &row, gained, &versions::trend(versions, at))
            .into_iter()
            .map(|cell| {
                let item = model.sets().items()[cell.item as usize].clone();
                (weights.probability(&cell.features), item)
            })
            .collect();
    list.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    list.into_iter().map(|(_, item)| item).collect()
}

/// What a group was known to use, then what else is listed.
fn known_first(had: &BTreeSet<String>, ranked: &[String]) -> Vec<String> {
    had.iter().chain(ranked.iter().filter(|technique| !had.contains(*technique))).cloned().collect()
}

/// As long as the vendor's list, in order of identifier, cut where the page is.
fn cut(ranked: &[String], page: &Page) -> Vec<String> {
    let mut list: Vec<String> = ranked.iter().take(page.all).cloned().collect();
    list.sort();
    list.truncate(page.shown.len());
    list
}

/// Techniques by the number of other groups that use them.
fn popular(version: &Version, group: &str) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for (_, set) in version.groups.iter().filter(|(id, _)| *id != group) {
        for technique in set {
            *counts.entry(technique).or_default() += 1;
        }
    }
    let mut order: Vec<(&String, usize)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    order.into_iter().map(|(technique, _)| technique.clone()).collect()
}

/// Pseudo-groups that have a technique as often as all groups do, beside those that have a piece of software.
const SMOOTHING: f64 = 10.0;

/// How much of the lift by software is believed, beside how common a technique is. Fitted by the log loss on
/// each version of ATT&CK from 8.2 to 15.1 it is .39 to .47.
const BELIEVED: f64 = 0.4;

/// What is common, lifted by what goes with the software of the group, learnt from all other groups: its own
/// techniques are not looked at, as the vendor's list says what they are. The logarithms of the lifts are
/// summed and divided by the root of their number, as pieces of software of one group go together.
fn ours(version: &Version, group: &str, common: &[String]) -> Vec<String> {
    let none = BTreeSet::new();
    let software = |id: &str| version.software.get(id).unwrap_or(&none);
    let others: Vec<(&BTreeSet<String>, &BTreeSet<String>)> = version
        .groups
        .iter()
        .filter(|(id, _)| *id != group)
        .map(|(id, set)| (set, software(id)))
        .filter(|(set, software)| !set.is_empty() || !software.is_empty())
        .collect();
    let given: Vec<&String> = software(group)
        .iter()
        .filter(|piece| others.iter().any(|(_, software)| software.contains(*piece)))
        .collect();
    let root = (given.len().max(1) as f64).sqrt();
    let mut order: Vec<(f64, &String)> = common
        .iter()
        .map(|technique| {
            let count = |of: &dyn Fn(&BTreeSet<String>) -> bool| {
                let has =
                    others.iter().filter(|(set, software)| set.contains(technique) && of(software));
                has.count() as f64
            };
            let all = count(&|_| true);
            let share = (all + 0.5) / (others.len() as f64 + 1.0);
            let lift = |piece: &&String| {
                let with = others.iter().filter(|(_, software)| software.contains(*piece)).count();
                let both = count(&|software| software.contains(*piece));
                ((both + SMOOTHING * share) / (with as f64 + SMOOTHING) / share).ln()
            };
            ((all + 0.5).ln() + BELIEVED * given.iter().map(lift).sum::<f64>() / root, technique)
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    order.into_iter().map(|(_, technique)| technique.clone()).collect()
}
