//! Will a page of an actor or campaign have a new reference within half a year?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lapwing_forecast::score::Outcomes;
use lapwing_forecast::{Logistic, Recurrence, Watched, recurrence};

use super::{bad, day, file_ending, row, text};
use crate::{EvaluateError, Scores};

/// Days ahead.
const HORIZON: i32 = 183;
/// Windows, counted back from the last snapshot.
const WINDOWS: usize = 4;
/// Days after which an example counts half, from the day on which it was watched to its end.
const HALF_LIFE: f64 = 400.0;
/// For so many days a page is watched, and for as many as there are until today.
const WATCHED: [i32; 3] = [30, 90, HORIZON];
/// Days between the snapshots that examples are made of, and for which one is watched at least.
const STRIDE: i32 = 14;
/// A snapshot that adds references to more than this share of the pages is an import of the publisher's,
/// which says nothing of the actors.
const IMPORT: f64 = 0.15;
/// Upper bounds of the baseline's bands of days since the last reference.
const RECENCY: [i32; 6] = [14, 30, 60, 90, 180, 365];

/// Pages by kind and name, with the days of their references.
pub struct Pages {
    /// All references of a page.
    all: BTreeMap<(String, String), Vec<i32>>,
    /// Those that no import brought.
    kept: BTreeMap<(String, String), Vec<i32>>,
    /// Snapshots, and the pages that were there.
    snapshots: BTreeMap<i32, BTreeSet<(String, String)>>,
}

pub fn read(folder: &Path) -> Result<Option<Pages>, EvaluateError> {
    let folder = folder.join("vuldb-refs");
    let (Some(panel), Some(references)) =
        (file_ending(&folder, "panel.csv"), file_ending(&folder, "refs_first_seen.tsv"))
    else {
        return Ok(None);
    };
    let mut all: BTreeMap<(String, String), Vec<i32>> = BTreeMap::new();
    for (line, row) in text(&references)?.lines().enumerate().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [first, kind, name, ..] = cells[..] else {
            return Err(bad(&references, line + 1, "fewer than four columns"));
        };
        let first = day(first).ok_or_else(|| bad(&references, line + 1, "no date"))?;
        all.entry((kind.to_owned(), name.to_owned())).or_default().push(first);
    }
    let mut snapshots: BTreeMap<i32, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(&panel)
        .map_err(|error| bad(&panel, 1, error.to_string()))?;
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|error| bad(&panel, line + 2, error.to_string()))?;
        let at = record.get(1).and_then(day).ok_or_else(|| bad(&panel, line + 2, "no date"))?;
        let (kind, name) = (record.get(2).unwrap_or_default(), record.get(3).unwrap_or_default());
        snapshots.entry(at).or_default().insert((kind.to_owned(), name.to_owned()));
    }
    for days in all.values_mut() {
        days.sort_unstable();
    }
    let mut pages = Pages { kept: all.clone(), all, snapshots };
    pages.leave_out_imports();
    Ok(Some(pages))
}

impl Pages {
    fn leave_out_imports(&mut self) {
        let mut updated: BTreeMap<i32, f64> = BTreeMap::new();
        for days in self.all.values() {
            let later: BTreeSet<i32> = days.iter().copied().filter(|day| *day > days[0]).collect();
            for day in later {
                *updated.entry(day).or_default() += 1.0;
            }
        }
        let import = |day: i32| {
            let there = self.all.values().filter(|days| days[0] < day).count().max(1) as f64;
            updated.get(&day).is_some_and(|n| n / there > IMPORT)
        };
        let imports: BTreeSet<i32> = updated.keys().copied().filter(|day| import(*day)).collect();
        for days in self.kept.values_mut() {
            let first = days[0];
            days.retain(|day| *day == first || !imports.contains(day));
        }
    }

    fn comes(
        from: &BTreeMap<(String, String), Vec<i32>>,
        page: &(String, String),
        today: i32,
        horizon: i32,
    ) -> bool {
        let within = |day: &i32| *day > today && *day <= today + horizon;
        from.get(page).is_some_and(|days| days.iter().any(within))
    }

    fn row(&self, page: &(String, String), today: i32) -> Option<Vec<f64>> {
        recurrence::features(self.kept.get(page)?, today)
    }

    /// Examples of what is known on a day: each page at earlier snapshots, watched for a month, a quarter and
    /// half a year or, where that is not over yet, until today.
    pub fn examples(&self, today: i32) -> Vec<Watched> {
        let mut examples = Vec::new();
        let mut last = i32::MIN;
        for (snapshot, pages) in self.snapshots.range(..=today - STRIDE) {
            if last != i32::MIN && snapshot - last < STRIDE {
                continue;
            }
            last = *snapshot;
            let past = today - snapshot;
            let mut watched: Vec<i32> = WATCHED.into_iter().filter(|days| *days <= past).collect();
            if past < HORIZON && !watched.contains(&past) {
                watched.push(past);
            }
            for days in &watched {
                let fade = 0.5_f64.powf(f64::from(past - days) / HALF_LIFE);
                let weight = fade / watched.len() as f64;
                for page in pages {
                    if let Some(features) = self.row(page, *snapshot) {
                        let came = Self::comes(&self.kept, page, *snapshot, *days);
                        examples.push(Watched { features, days: *days as u32, came, weight });
                    }
                }
            }
        }
        examples
    }

    /// The last snapshot.
    pub fn last(&self) -> Option<i32> {
        self.snapshots.keys().next_back().copied()
    }
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(pages) = read(folder)? else { return Ok(()) };
    let Some(mut end) = pages.last() else { return Ok(()) };
    let mut origins = Vec::new();
    while origins.len() < WINDOWS
        && let Some((origin, _)) = pages.snapshots.range(..=end - HORIZON).next_back()
        && pages.snapshots.range(..=origin - HORIZON).next().is_some()
    {
        origins.push(*origin);
        end = *origin;
    }
    let mut all = Forecasts::default();
    for origin in origins.into_iter().rev() {
        let forecasts = window(&pages, origin);
        forecasts.tell(&format!("new reference within half a year of {}", date(origin)), scores);
        all.add(&forecasts);
    }
    all.tell("new reference within half a year, all windows", scores);
    Ok(())
}

/// The forecasts of the baselines and ours, of the same pages.
#[derive(Default)]
struct Forecasts {
    recency: Outcomes,
    logistic: Outcomes,
    ours: Outcomes,
    /// Ours beside what came of the same pages but for imports.
    without_imports: Outcomes,
}

impl Forecasts {
    fn add(&mut self, other: &Self) {
        self.recency.add(&other.recency);
        self.logistic.add(&other.logistic);
        self.ours.add(&other.ours);
        self.without_imports.add(&other.without_imports);
    }

    fn tell(&self, what: &str, scores: &mut Scores) {
        let moved = self.ours.moved_to_the_rate();
        let rows = [
            ("recency", &self.recency),
            ("logistic", &self.logistic),
            ("lapwing", &self.ours),
            ("lapwing, imports not counted", &self.without_imports),
            ("lapwing, had the rate been known", &moved),
        ];
        for (by, outcomes) in rows {
            let figures = [
                ("Brier", outcomes.brier()),
                ("ECE", outcomes.calibration_error()),
                ("ECE by chance", outcomes.calibration_error_by_chance()),
                ("AUC", outcomes.auc()),
                ("rate", outcomes.rate()),
                ("rate said", outcomes.rate_said()),
            ];
            row(scores, ["vuldb-refs", what, by], outcomes.len(), &figures);
        }
    }
}

fn date(day: i32) -> jiff::civil::Date {
    jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(day))
}

fn window(pages: &Pages, origin: i32) -> Forecasts {
    let ours = Recurrence::fit(&pages.examples(origin));
    // The baselines do not tell imports apart.
    let mut plain: Vec<(Vec<f64>, f64, f64)> = Vec::new();
    let mut bands = [(1.0, 5.0); RECENCY.len() + 1];
    let mut last = i32::MIN;
    for (snapshot, there) in pages.snapshots.range(..=origin - HORIZON) {
        if last != i32::MIN && snapshot - last < STRIDE {
            continue;
        }
        last = *snapshot;
        for page in there {
            let Some(row) =
                pages.all.get(page).and_then(|days| recurrence::features(days, *snapshot))
            else {
                continue;
            };
            let came = f64::from(u8::from(Pages::comes(&pages.all, page, *snapshot, HORIZON)));
            let band = &mut bands[band(&row)];
            band.0 += came;
            band.1 += 1.0;
            plain.push((row[..3].to_vec(), came, 1.0));
        }
    }
    let logistic = Logistic::fit(&plain, 3, 1.0);
    let mut forecasts = Forecasts::default();
    for page in &pages.snapshots[&origin] {
        let all = pages.all.get(page).and_then(|days| recurrence::features(days, origin));
        let (Some(all), Some(kept)) = (all, pages.row(page, origin)) else { continue };
        let came = Pages::comes(&pages.all, page, origin, HORIZON);
        let (hits, cases) = bands[band(&all)];
        forecasts.recency.push(hits / cases, came);
        forecasts.logistic.push(logistic.probability(&all[..3]), came);
        let said = ours.probability(&kept, HORIZON as u32);
        forecasts.ours.push(said, came);
        let came = Pages::comes(&pages.kept, page, origin, HORIZON);
        forecasts.without_imports.push(said, came);
    }
    forecasts
}

fn band(row: &[f64]) -> usize {
    let quiet = row[1].exp_m1();
    RECENCY.iter().position(|bound| quiet < f64::from(*bound)).unwrap_or(RECENCY.len())
}
