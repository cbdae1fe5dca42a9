use std::path::Path;
use std::str::FromStr;

use crate::{
    EvaluateError, Options, Scores, activity, copies, entities, fidelity, forecast, fusion,
    hunting, indicators, techniques, traps,
};

/// What runs a suite: adds its rows to the scores.
type Run = fn(&Path, &Options, &mut Scores) -> Result<(), EvaluateError>;

/// A set of corpora with one question.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The word on the command line.
    pub name: &'static str,
    /// What it answers.
    pub question: &'static str,
    /// The folders that it looks for; one that is not there is left out.
    pub corpora: &'static [&'static str],
    pub(crate) run: Run,
}

/// All suites. A new one is a line here and a file beside (see the crate's page).
pub const SUITES: &[Suite] = &[
    Suite {
        name: "indicators",
        question: "Which values does a report name as indicators?",
        corpora: &["talos", "eset", "vuldb/pages"],
        run: indicators::run,
    },
    Suite {
        name: "fidelity",
        question: "Is everything read, and is nothing lost on the way?",
        corpora: &[
            "stix1-elevator",
            "misp-stix",
            "misp-events",
            "stix-validator",
            "stix1-samples",
            "stix1-idioms",
            "openioc",
            "volexity-csv",
            "unit42-stix",
        ],
        run: fidelity::run,
    },
    Suite {
        name: "techniques",
        question: "Which ATT&CK techniques does a report describe?",
        corpora: techniques::CORPORA,
        run: techniques::run,
    },
    Suite {
        name: "entities",
        question: "Which names stand in a report, and what do they name?",
        corpora: &["annoctr"],
        run: entities::run,
    },
    Suite {
        name: "traps",
        question: "Is what only looks like an indicator told apart?",
        corpora: &["NAME.txt with NAME.gold.tsv"],
        run: traps::run,
    },
    Suite {
        name: "hunting",
        question: "Do Sigma rules fire where they must, and only there?",
        corpora: &["sigma-regression", "evtx-mitre", "otrf-proxylogon", "evtx-parser-samples"],
        run: hunting::run,
    },
    Suite {
        name: "forecast",
        question: "How good are the forecasts, on time and reports held back?",
        corpora: forecast::CORPORA,
        run: forecast::run,
    },
    Suite {
        name: "activity",
        question: "Are rises found, and is chance told apart?",
        corpora: activity::CORPORA,
        run: activity::run,
    },
    Suite {
        name: "fusion",
        question: "How sure may one be when sources copy each other?",
        corpora: copies::CORPORA,
        run: fusion::run,
    },
    Suite {
        name: "origins",
        question: "Are copies found, and are independent reports kept apart?",
        corpora: copies::CORPORA,
        run: copies::run,
    },
];

/// A word that names no suite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no suite; there are: {}", names())]
pub struct SuiteError {
    /// The word.
    pub word: String,
}

fn names() -> String {
    SUITES.iter().map(|suite| suite.name).collect::<Vec<_>>().join(", ")
}

impl FromStr for Suite {
    type Err = SuiteError;

    fn from_str(text: &str) -> Result<Self, SuiteError> {
        SUITES
            .iter()
            .find(|suite| suite.name == text)
            .copied()
            .ok_or_else(|| SuiteError { word: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_found_by_its_name() {
        assert_eq!("fidelity".parse::<Suite>().unwrap().name, "fidelity");
        let error = "fidelty".parse::<Suite>().unwrap_err();
        assert!(error.to_string().contains("there are: indicators, fidelity"));
    }
}
