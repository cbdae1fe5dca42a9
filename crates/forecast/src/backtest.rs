//! What each forecast was tested on, and what it beat.

use serde::Serialize;

/// A forecast's credentials. `lapwing evaluate forecast DIR` counts the scores again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Backtest {
    /// How it forecasts.
    pub model: &'static str,
    /// On what it was tested.
    pub data: &'static str,
    /// How well it did; `None`: it was never tested.
    pub score: Option<&'static str>,
    /// What it was compared with, and how well that did.
    pub baseline: Option<&'static str>,
}

/// Techniques that belong to a half-seen intrusion.
pub const COMPLETION: Backtest = Backtest {
    model: "EASE, neighbours, random walk, factors and naive Bayes over the profiles of ATT&CK",
    data: "1,567 reports of the Technique Inference Engine, half of each hidden",
    score: Some("recall in the first 20 .389, probabilities off by .0005 (ECE)"),
    baseline: Some("popularity .276"),
};

/// Techniques with which an actor will be reported.
pub const NEXT: Backtest = Backtest {
    model: "logistic on popularity, neighbours, size and growth of the profile, and recent growth of the technique",
    data: "seven windows of ATT&CK versions, two versions ahead (about a year)",
    score: Some(
        "log loss below popularity's in all seven windows, recall in the first 20 .202: hard for every method",
    ),
    baseline: Some("popularity .209"),
};

/// Further reports.
pub const RECURRENCE: Backtest = Backtest {
    model: "law of hazard on number, recency and rhythm of the reports so far",
    data: "references of 2,300 public pages on actors and campaigns, half-year windows",
    score: Some("Brier .071 to .203 in four half years"),
    baseline: Some("logistic on number, recency and age .082 to .205"),
};

/// Reports a week.
pub const ACTIVITY: Backtest = Backtest {
    model: "pool of naive and count models that learns which does well",
    data: "weekly news of 550 public trails",
    score: Some("CRPS .239 on actors' trails, .141 on malware's"),
    baseline: Some("best naive .246 and .146"),
};

/// Names that rise.
pub const BURSTS: Backtest = Backtest {
    model: "negative binomial around each name's own level and the weekday, calibrated on the last four weeks",
    data: "daily news of 553 public trails, days shuffled, bursts planted",
    score: Some(
        "false alarms .0084 where .01 is stated; found: 91 % of bursts of 3 on a day, 89 % of one a day more for a week",
    ),
    baseline: Some("z-score 94 % and 2 % at as many false alarms"),
};

/// Addresses in use.
pub const LIFETIME: Backtest = Backtest {
    model: "survival by family and age at the last sighting",
    data: "49,531 addresses of command-and-control servers, daily lists of 450 days",
    score: Some("Brier .043, .179, .231 after 7, 30, 90 days (rolling tables)"),
    baseline: Some("MISP's formula .099, .249, .354"),
};

/// Values of other kinds, for which there are no histories.
pub const LIFETIME_RULE: Backtest = Backtest {
    model: "half-life by kind, a rule of thumb",
    data: "none",
    score: None,
    baseline: None,
};

/// Whose activity it is.
pub const ATTRIBUTION: Backtest = Backtest {
    model: "likelihood ratio and nearest profile over techniques and software",
    data: "campaigns of ATT&CK that are attributed to one group",
    score: Some("the first is right in 13 of 22 campaigns"),
    baseline: Some("the most documented actor in 5 % of reports"),
};

/// Statements for which nothing was tested.
pub const RECORDED: Backtest =
    Backtest { model: "recorded by sources, no model", data: "none", score: None, baseline: None };
