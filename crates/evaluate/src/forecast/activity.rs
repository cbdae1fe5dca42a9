//! How much new activity of a trail next week?

use std::collections::BTreeMap;
use std::path::Path;

use lapwing_forecast::counts::{ClassOfSeries, CountModel, NAIVE, Pool};

use super::{bad, day, file_ending, row, text};
use crate::{EvaluateError, Scores};

/// Weeks before the first forecast that is scored, and before the first that the pool learns from.
const FROM: usize = 12;
const LEARN: usize = 4;
/// Counts above this are taken as this: a bulk import says nothing of the next week.
const MOST: u32 = 100;

/// Series by class and name.
type Classes = BTreeMap<&'static str, BTreeMap<String, Vec<u32>>>;

fn name_of(model: CountModel) -> &'static str {
    match model {
        CountModel::LastValue => "last week",
        CountModel::FourPeriodMean => "mean of four weeks",
        CountModel::Poisson => "Poisson of all weeks",
        CountModel::History => "all weeks alike",
        CountModel::EwmaNegativeBinomial { .. } => "EWMA negative binomial",
        CountModel::Hurdle { .. } => "hurdle",
    }
}

/// What a file of trails tells: trail, day, count.
pub(crate) fn trails(path: &Path) -> Result<Vec<(String, i32, u32)>, EvaluateError> {
    let mut rows = Vec::new();
    for (line, text) in text(path)?.lines().enumerate() {
        if text.starts_with('#') || text.starts_with("trail\t") || text.is_empty() {
            continue;
        }
        let cells: Vec<&str> = text.split('\t').collect();
        let [trail, date, count] = cells[..] else {
            return Err(bad(path, line + 1, "not three columns"));
        };
        let (Some(date), Ok(count)) = (day(date), count.parse::<u32>()) else {
            return Err(bad(path, line + 1, "no date or no count"));
        };
        rows.push((trail.to_owned(), date, count));
    }
    Ok(rows)
}

fn read(path: &Path, by_days: bool) -> Result<Classes, EvaluateError> {
    let rows = trails(path)?;
    let first = rows.iter().map(|row| row.1).min().unwrap_or(0);
    let last = rows.iter().map(|row| row.1).max().unwrap_or(0);
    let weeks = ((last - first + 1) / 7) as usize;
    let mut classes = Classes::new();
    for (trail, date, count) in rows {
        let week = ((date - first) / 7) as usize;
        if week < weeks {
            let class = if trail.starts_with("apt_") { "APT trails" } else { "malware trails" };
            let series = classes.entry(class).or_default().entry(trail);
            let series = series.or_insert_with(|| vec![0; weeks]);
            series[week] = series[week].saturating_add(if by_days { 1 } else { count });
        }
    }
    Ok(classes)
}

pub fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let Some(path) = file_ending(&folder.join("activity-series"), ".tsv") else { return Ok(()) };
    for (what, by_days, most) in
        [("days with news a week", true, 7), ("new indicators a week, capped", false, MOST)]
    {
        for (class, series) in read(&path, by_days)? {
            // Trails that were known when the first forecast was made.
            let known = |series: &&Vec<u32>| series.iter().take(FROM).any(|count| *count > 0);
            let series: Vec<&Vec<u32>> = series.values().filter(known).collect();
            score(&series, most, &format!("{class}, {what}"), scores);
        }
    }
    Ok(())
}

fn score(series: &[&Vec<u32>], most: u32, what: &str, scores: &mut Scores) {
    let weeks = series.first().map_or(0, |series| series.len());
    let ewma = CountModel::EwmaNegativeBinomial { memory: 0.8 };
    let hurdle = CountModel::Hurdle { memory: 0.8 };
    let single: Vec<CountModel> = NAIVE.into_iter().chain([ewma, hurdle]).collect();
    let mut sums = vec![(0.0, 0.0); single.len() + 1];
    let mut pool = Pool::default();
    let mut cases = 0;
    for week in LEARN..weeks {
        let class = ClassOfSeries::of(series.iter().map(|series| &series[..week]), most);
        for series in series.iter().filter(|_| week >= FROM) {
            let (history, happened) = (&series[..week], series[week].min(most));
            let any = f64::from(u8::from(happened > 0));
            let mut add = |at: usize, forecast: lapwing_forecast::counts::Predictive| {
                sums[at].0 += forecast.crps(happened);
                sums[at].1 += (forecast.any() - any).powi(2);
            };
            for (at, model) in single.iter().enumerate() {
                add(at, model.forecast(history, &class, most));
            }
            add(single.len(), pool.forecast(history, &class, most));
            cases += 1;
        }
        pool.learn(series.iter().map(|series| (&series[..week], series[week])), &class, most);
    }
    let names = single.into_iter().map(name_of).chain(["lapwing"]);
    for (by, (crps, brier)) in names.zip(sums) {
        let n = f64::from(cases.max(1));
        row(
            scores,
            ["activity-series", what, by],
            cases as usize,
            &[("CRPS", crps / n), ("Brier, any", brier / n)],
        );
    }
}
