//! How long infrastructure stays in use: rolling tables by family, age and how long unseen.

use std::collections::BTreeMap;

use lapwing_model::Kind;

use crate::decay::{Clocks, DecayModel};
use crate::logistic::{Logistic, log_odds, sigmoid};
use crate::pace::{Listed, pace};

/// Days without a sighting after which a value is no longer in use.
pub const GRACE: usize = 7;
/// First day of each band of age.
const AGES: [usize; 14] = [0, 3, 7, 14, 21, 27, 31, 38, 60, 90, 120, 180, 240, 360];
/// Missed lists that are told apart: none, one, two, more.
const MISSES: usize = 4;
/// Days of labelled history that a table is made of.
const WINDOW: usize = 180;
/// Every so many days of history make an example.
const STRIDE: usize = 3;
/// Days after which an example counts half.
const HALF_LIFE: f64 = 30.0;
/// Days of the newest history, from which a family without labels yet is judged.
const NEWEST: usize = 30;
/// Pseudo-counts: a band of age beside its family, a family beside all, a cell beside its margins.
const AGE_PRIOR: f64 = 20.0;
const FAMILY_PRIOR: f64 = 100.0;
const CELL_PRIOR: f64 = 60.0;
/// From this horizon on (days) labels are so old that forecasts are corrected by how earlier ones did.
const CORRECTED_FROM: usize = 60;
/// Strength of the correction's pull to none, in shares of the weight of all earlier forecasts.
const SHIFT_PRIOR: f64 = 0.02;
const SLOPE_PRIOR: f64 = 0.05;

/// On which days values of some families were listed, and on which days there was a list at all.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    families: Vec<String>,
    values: Vec<Value>,
    /// By family: number of lists published before each day.
    lists: Vec<Vec<u32>>,
    days: usize,
}

#[derive(Clone, Debug)]
struct Value {
    family: usize,
    first: usize,
    /// The last day up to each day on which it was listed.
    last: Vec<Option<u32>>,
}

/// One forecast: a value in use on a day, and whether it still is at the horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifeForecast {
    /// Probability to be in use at the horizon, 0 to 1.
    pub probability: f64,
    /// By the plain table of family and age, the best known before.
    pub family_by_age: f64,
    /// The share of all values that stayed in use, whatever their family.
    pub base_rate: f64,
    /// By MISP's formula from the last sighting.
    pub misp: f64,
    /// By MISP's formula on age.
    pub misp_on_age: f64,
    /// By the law of the binary, the same for all families.
    pub law: f64,
    /// By that law at the pace that the lists of its family have shown so far.
    pub at_pace: f64,
    /// What happened.
    pub in_use: bool,
}

/// MISP's decay: `1 - (t / lifetime)^(1 / speed)`, 0 after the lifetime.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MispDecay {
    /// Days until the score is 0.
    pub lifetime: f64,
    /// Decay speed; above 1 falls fast at first.
    pub speed: f64,
}

impl MispDecay {
    /// The model `NIDS simple decaying model` that MISP ships with.
    pub const NIDS: Self = Self { lifetime: 120.0, speed: 2.0 };
    /// The model `Phishing model` that MISP ships with.
    pub const PHISHING: Self = Self { lifetime: 3.0, speed: 2.3 };

    /// The score, 0 to 1, `days` after the last sighting.
    pub fn score(self, days: f64) -> f64 {
        (1.0 - (days.max(0.0) / self.lifetime).min(1.0).powf(1.0 / self.speed)).max(0.0)
    }
}

/// Sum of outcomes and of weights.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    alive: f64,
    all: f64,
}

impl Count {
    fn add(&mut self, weight: f64, alive: bool) {
        self.alive += weight * f64::from(u8::from(alive));
        self.all += weight;
    }

    fn shrunk(self, prior: f64, strength: f64) -> f64 {
        (self.alive + strength * prior) / (self.all + strength)
    }
}

/// Counts of a window, by all that is known of a value on the day of the forecast.
struct Tables {
    all: Count,
    family: Vec<Count>,
    age: Vec<Count>,
    miss: Vec<Count>,
    family_miss: Vec<Count>,
    cell: Vec<Count>,
    /// Survival of a week, over the newest days: all, and by family.
    newest: Count,
    newest_family: Vec<Count>,
}

impl Listings {
    /// Makes them of `(family, days)` for each value and `(family, days)` on which a list of the family
    /// came out. Days count from 0; a family without days of its own was listed when a value of it was.
    pub fn new(
        values: Vec<(String, Vec<usize>)>,
        published: &BTreeMap<String, Vec<usize>>,
    ) -> Self {
        let days = values.iter().flat_map(|(_, days)| days).max().map_or(0, |last| last + 1);
        let names: std::collections::BTreeSet<&String> = values.iter().map(|(f, _)| f).collect();
        let families: Vec<String> = names.into_iter().cloned().collect();
        let mut listed = vec![vec![false; days]; families.len()];
        let mut made = Vec::with_capacity(values.len());
        for (family, mut seen) in values {
            seen.sort_unstable();
            let (Some(first), Ok(family)) =
                (seen.first().copied(), families.binary_search(&family))
            else {
                continue;
            };
            let mut last = vec![None; days];
            for day in seen {
                last[day] = Some(day as u32);
                listed[family][day] = true;
            }
            for day in 1..days {
                last[day] = last[day].or(last[day - 1]);
            }
            made.push(Value { family, first, last });
        }
        for (family, name) in families.iter().enumerate() {
            for day in published.get(name).into_iter().flatten().filter(|day| **day < days) {
                listed[family][*day] = true;
            }
        }
        let before = |listed: &Vec<bool>| {
            let mut counts = vec![0; days + 1];
            for (day, is) in listed.iter().enumerate() {
                counts[day + 1] = counts[day] + u32::from(*is);
            }
            counts
        };
        let lists = listed.iter().map(before).collect();
        Self { families, values: made, lists, days }
    }

    /// Number of days.
    pub fn days(&self) -> usize {
        self.days
    }

    /// The families, in order of name.
    pub fn families(&self) -> &[String] {
        &self.families
    }

    fn in_use(value: &Value, day: usize) -> bool {
        value.last[day].is_some_and(|last| day - (last as usize) < GRACE)
    }

    /// Whether a list of the family came out in the days before: else nothing can be told.
    fn told(&self, family: usize, day: usize) -> bool {
        let lists = &self.lists[family];
        lists[day + 1] > lists[(day + 1).saturating_sub(GRACE)]
    }

    /// Lists of its family that came out since the value was last on one.
    fn misses(&self, value: &Value, day: usize) -> usize {
        let last = value.last[day].unwrap_or(0) as usize;
        let lists = &self.lists[value.family];
        ((lists[day + 1] - lists[last + 1]) as usize).min(MISSES - 1)
    }

    /// Whether a value is in use on a day and what comes `horizon` days later can be told.
    fn example(&self, value: &Value, day: usize, horizon: usize) -> Option<bool> {
        (value.first <= day
            && Self::in_use(value, day)
            && self.told(value.family, day)
            && self.told(value.family, day + horizon))
        .then(|| Self::in_use(value, day + horizon))
    }

    fn tables(&self, origin: usize, horizon: usize) -> Tables {
        let (families, ages) = (self.families.len(), AGES.len());
        let mut tables = Tables {
            all: Count::default(),
            family: vec![Count::default(); families],
            age: vec![Count::default(); families * ages],
            miss: vec![Count::default(); MISSES],
            family_miss: vec![Count::default(); families * MISSES],
            cell: vec![Count::default(); families * ages * MISSES],
            newest: Count::default(),
            newest_family: vec![Count::default(); families],
        };
        let oldest = origin.saturating_sub(WINDOW + horizon);
        for value in &self.values {
            let family = value.family;
            let mut day = value.first.max(oldest).next_multiple_of(STRIDE);
            while day + horizon <= origin {
                if let Some(alive) = self.example(value, day, horizon) {
                    let weight = 0.5_f64.powf((origin - horizon - day) as f64 / HALF_LIFE);
                    let (age, miss) = (band(day - value.first), self.misses(value, day));
                    tables.all.add(weight, alive);
                    tables.family[family].add(weight, alive);
                    tables.age[family * ages + age].add(weight, alive);
                    tables.miss[miss].add(weight, alive);
                    tables.family_miss[family * MISSES + miss].add(weight, alive);
                    tables.cell[(family * ages + age) * MISSES + miss].add(weight, alive);
                }
                day += STRIDE;
            }
            let newest = value.first.max(origin.saturating_sub(NEWEST + GRACE));
            for day in newest..(origin + 1).saturating_sub(GRACE) {
                if let Some(alive) = self.example(value, day, GRACE) {
                    tables.newest.add(1.0, alive);
                    tables.newest_family[family].add(1.0, alive);
                }
            }
        }
        tables
    }

    /// Forecasts of every value in use, made every `step` days from day `from` on with nothing but
    /// what was known then; by day of the forecast.
    pub fn rolling(
        &self,
        horizon: usize,
        from: usize,
        step: usize,
    ) -> Vec<(usize, Vec<LifeForecast>)> {
        let mut windows: Vec<(usize, Vec<LifeForecast>)> = Vec::new();
        // Forecasts before correction, from which the correction is learnt once they are due.
        let mut raw: Vec<(usize, f64, bool)> = Vec::new();
        let mut origin = from;
        while origin + horizon < self.days {
            let tables = self.tables(origin, horizon);
            let paces = self.paces(origin);
            let correction = (horizon >= CORRECTED_FROM).then(|| correction(&raw, origin, horizon));
            let mut forecasts = Vec::new();
            for value in &self.values {
                let Some(in_use) = self.example(value, origin, horizon) else { continue };
                let mut forecast = self.forecast(&tables, value, origin, horizon, in_use);
                (forecast.law, forecast.at_pace) =
                    Self::by_law(value, origin, horizon, paces[value.family]);
                raw.push((origin, log_odds(forecast.probability), in_use));
                if let Some((shift, slope)) = correction {
                    forecast.probability = sigmoid(shift + slope * log_odds(forecast.probability));
                }
                forecasts.push(forecast);
            }
            windows.push((origin, forecasts));
            origin += step;
        }
        windows
    }

    fn forecast(
        &self,
        tables: &Tables,
        value: &Value,
        origin: usize,
        horizon: usize,
        in_use: bool,
    ) -> LifeForecast {
        let family = value.family;
        let (days, miss) = (origin - value.first, self.misses(value, origin));
        let age = band(days);
        let base = tables.all.shrunk(0.5, 1.0);
        let at_age = tables.age[family * AGES.len() + age];
        let plain = at_age.shrunk(tables.family[family].shrunk(base, AGE_PRIOR), AGE_PRIOR);

        // A family of which no label is due yet is judged by how its newest weeks went, against all.
        let weeks = horizon as f64 / GRACE as f64;
        let week = tables.newest.shrunk(0.9, 1.0);
        let own_week = tables.newest_family[family].shrunk(week, AGE_PRIOR);
        let lift = log_odds(own_week.powf(weeks)) - log_odds(week.powf(weeks));
        let family_rate =
            tables.family[family].shrunk(sigmoid(log_odds(base) + lift), FAMILY_PRIOR);
        let by_age = at_age.shrunk(family_rate, AGE_PRIOR);
        let unseen = tables.miss[miss].shrunk(base, AGE_PRIOR);
        let by_miss = tables.family_miss[family * MISSES + miss]
            .shrunk(sigmoid(log_odds(family_rate) + log_odds(unseen) - log_odds(base)), CELL_PRIOR);
        let margins = sigmoid(log_odds(by_age) + log_odds(by_miss) - log_odds(family_rate));
        let cell = tables.cell[(family * AGES.len() + age) * MISSES + miss];
        let unseen_days = origin - value.last[origin].unwrap_or(0) as usize;
        LifeForecast {
            probability: cell.shrunk(margins, CELL_PRIOR),
            family_by_age: plain,
            base_rate: base,
            misp: MispDecay::NIDS.score((unseen_days + horizon) as f64),
            misp_on_age: MispDecay::NIDS.score((days + horizon) as f64),
            law: 0.0,
            at_pace: 0.0,
            in_use,
        }
    }

    /// How fast values of each family went off its lists until a day, in percent of the law for all.
    fn paces(&self, until: usize) -> Vec<u32> {
        let of = |family: usize| {
            let lists = &self.lists[family];
            let days: Vec<usize> = (0..=until).filter(|day| lists[day + 1] > lists[*day]).collect();
            let values: Vec<Vec<u32>> = self
                .values
                .iter()
                .filter(|value| value.family == family)
                .map(|value| {
                    let is_on = |day: &usize| value.last[*day] == Some(*day as u32);
                    let on = days.iter().enumerate().filter(|(_, day)| is_on(day));
                    on.map(|(at, _)| at as u32).collect()
                })
                .filter(|places: &Vec<u32>| !places.is_empty())
                .collect();
            let days: Vec<i64> = days.into_iter().map(|day| day as i64).collect();
            let told = pace(&Listed { kind: Kind::Ipv4Addr, days: &days, values: &values });
            told.map_or(100, |pace| pace.percent)
        };
        (0..self.families.len()).map(of).collect()
    }

    /// By the law of the binary without families: as it is, and at a pace in percent.
    fn by_law(value: &Value, day: usize, horizon: usize, pace: u32) -> (f64, f64) {
        let last = value.last[day].unwrap_or(0) as usize;
        let (age, unseen) = ((last - value.first) as u32, (day - last + horizon) as u32);
        let read = |unseen: u32| {
            let clocks = Clocks { kind: Kind::Ipv4Addr, family: None, age, unseen };
            DecayModel::Fitted.read(&clocks).probability
        };
        (read(unseen), read(unseen * pace / 100))
    }

    /// Of the values whose last sighting before a gap or the end came at an age in `ages`, by family (all
    /// together under `*`): how many there were on list days, and how many were listed `horizons` days later.
    pub fn survival(
        &self,
        ages: &[usize],
        horizons: &[usize],
    ) -> BTreeMap<(String, usize), Vec<(f64, f64)>> {
        let mut table: BTreeMap<(String, usize), Vec<(f64, f64)>> = BTreeMap::new();
        for value in &self.values {
            for day in (value.first..self.days).step_by(STRIDE) {
                if value.last[day] != Some(day as u32) {
                    continue;
                }
                let at = ages.iter().rposition(|age| day - value.first >= *age).unwrap_or(0);
                for name in [&self.families[value.family], "*"] {
                    let counts = table
                        .entry((name.to_owned(), at))
                        .or_insert_with(|| vec![(0.0, 0.0); horizons.len()]);
                    for (count, horizon) in counts.iter_mut().zip(horizons) {
                        if day + horizon < self.days && self.told(value.family, day + horizon) {
                            count.0 += f64::from(u8::from(Self::in_use(value, day + horizon)));
                            count.1 += 1.0;
                        }
                    }
                }
            }
        }
        table
    }
}

/// Shift and slope of log-odds that would have mended the forecasts that are due by `origin`.
fn correction(raw: &[(usize, f64, bool)], origin: usize, horizon: usize) -> (f64, f64) {
    let due: Vec<(f64, f64, f64)> = raw
        .iter()
        .filter(|(made, _, _)| made + horizon <= origin)
        .map(|(made, odds, in_use)| {
            let weight = 0.5_f64.powf((origin - horizon - made) as f64 / HALF_LIFE);
            (*odds, f64::from(u8::from(*in_use)), weight)
        })
        .collect();
    if due.is_empty() {
        return (0.0, 1.0);
    }
    Logistic::fit_near_identity(&due, SHIFT_PRIOR, SLOPE_PRIOR)
}

fn band(days: usize) -> usize {
    AGES.iter().rposition(|first| days >= *first).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two families: one that stays, one that is gone after ten days.
    fn listings() -> Listings {
        let mut values = Vec::new();
        for start in (0..200).step_by(2) {
            values.push(("stays".to_owned(), (start..300).collect()));
            values.push(("goes".to_owned(), (start..start + 10).collect()));
        }
        Listings::new(values, &BTreeMap::new())
    }

    #[test]
    fn families_that_stay_and_go_are_told_apart() {
        let listings = listings();
        let windows = listings.rolling(30, 120, 30);
        assert!(!windows.is_empty());
        for forecast in windows.iter().flat_map(|(_, forecasts)| forecasts) {
            assert_eq!(forecast.in_use, forecast.probability > 0.5, "{forecast:?}");
            assert!((0.0..=1.0).contains(&forecast.probability));
        }
    }

    #[test]
    fn nothing_after_the_day_of_a_forecast_changes_it() {
        let whole = listings();
        let cut = |(family, days): (&str, std::ops::Range<usize>)| {
            (family.to_owned(), days.filter(|day| *day < 190).collect::<Vec<_>>())
        };
        let mut values = Vec::new();
        for start in (0..200).step_by(2) {
            values.push(cut(("stays", start..300)));
            values.push(cut(("goes", start..start + 10)));
        }
        let past = Listings::new(values, &BTreeMap::new());
        let of = |listings: &Listings| {
            listings.rolling(30, 150, 100)[0].1.iter().map(|f| f.probability).collect::<Vec<_>>()
        };
        assert_eq!(of(&whole), of(&past));
    }

    #[test]
    fn misps_formula_is_theirs() {
        assert!((MispDecay::NIDS.score(0.0) - 1.0).abs() < 1e-12);
        assert!((MispDecay::NIDS.score(30.0) - 0.5).abs() < 1e-12);
        assert!(
            MispDecay::NIDS.score(120.0).abs() < 1e-12
                && MispDecay::NIDS.score(500.0).abs() < 1e-12
        );
    }
}
