//! Who agrees with whom: what is kept of a statement to learn how reliable its sources are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use lapwing_model::{Basis, Entity, Object, PartialDate, Relation, Role};

use serde::{Deserialize, Serialize};

use crate::fusion::{Evidence, Fusion, Weighed};
use crate::sketch::{hash, hash_run};
use crate::standing::source_of;

/// What a statement is about: a source may be good at values and poor at judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimType {
    /// An observable and what it indicates.
    Values,
    /// Anything else: who uses, targets, exploits what.
    Judgements,
}

/// One voice on a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote {
    /// For or against.
    pub supports: bool,
    /// Admiralty letter of the source's class: the prior.
    pub letter: char,
    /// Key of the source; empty for an observer without a name, of whom nothing is learnt.
    pub source: String,
    /// How long after the first it came, in bands; `None` for the first, and without dates.
    pub late: Option<u8>,
    /// Whether it was the first of several that are dated.
    pub first: bool,
}

/// The voices on one statement, without copies: they vote once, through their root. Many statements
/// have the same; only how often each occurs is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Agreement {
    /// What the statement is about.
    pub about: ClaimType,
    /// Known to be wrong, whoever says it: the value is on a known-benign list.
    pub known_false: bool,
    /// The voices, in order.
    pub votes: Vec<Vote>,
}

/// Bands of [`Vote::late`]: the last day of each, the rest is beyond.
const BANDS: [i32; 4] = [1, 7, 30, 90];
/// A day that stands for each band, for the mean.
pub(crate) const BAND_DAYS: [f64; 5] = [0.0, 4.0, 16.0, 50.0, 150.0];
/// More voices than these say nothing new.
const MOST_VOTES: usize = 24;
/// Statements less firm than this (stated × precision) tell nothing of their source.
const FIRM: f64 = 0.4;

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.about {
            ClaimType::Values => "v",
            ClaimType::Judgements => "j",
        })?;
        if self.known_false {
            f.write_str("!")?;
        }
        for vote in &self.votes {
            let side = if vote.supports { '+' } else { '-' };
            write!(f, "|{side}{}{}", vote.letter, vote.source)?;
            if vote.first {
                f.write_str("^")?;
            } else if let Some(late) = vote.late {
                write!(f, "~{late}")?;
            }
        }
        Ok(())
    }
}

/// How deep a statement lies, from its names: half of all statements lie at 0, a quarter at 1, and so on.
/// Those at a depth and below are a sample of all that depends on nothing but what they say.
#[must_use]
pub fn depth_of(subject: &Entity, relation: Relation, object: &Object) -> u8 {
    let parts =
        [&subject.key(), relation.as_str(), &object.key()].map(|part| hash(part.as_bytes()));
    hash_run(&parts).trailing_zeros().min(DEEPEST.into()) as u8
}

/// The depth at which counting ends.
const DEEPEST: u8 = 31;

/// A text that is no agreement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no record of who agrees")]
pub struct NoAgreement(pub String);

impl FromStr for Agreement {
    type Err = NoAgreement;

    fn from_str(text: &str) -> Result<Self, NoAgreement> {
        let read = || {
            let mut parts = text.split('|');
            let head = parts.next()?;
            let about = match head.trim_end_matches('!') {
                "v" => ClaimType::Values,
                "j" => ClaimType::Judgements,
                _ => return None,
            };
            let votes = parts.map(vote).collect::<Option<Vec<_>>>()?;
            Some(Self { about, known_false: head.ends_with('!'), votes })
        };
        read().ok_or_else(|| NoAgreement(text.to_owned()))
    }
}

fn vote(text: &str) -> Option<Vote> {
    let mut chars = text.chars();
    let supports = match chars.next()? {
        '+' => true,
        '-' => false,
        _ => return None,
    };
    let letter = chars.next().filter(|c| ('A'..='F').contains(c))?;
    let rest = chars.as_str();
    let (source, first, late) = match (rest.strip_suffix('^'), rest.split_once('~')) {
        (Some(source), _) => (source, true, None),
        (None, Some((source, band))) => (source, false, Some(band.parse().ok()?)),
        (None, None) => (rest, false, None),
    };
    let late = late.filter(|band| usize::from(*band) < BAND_DAYS.len());
    Some(Vote { supports, letter, source: source.to_owned(), late, first })
}

/// Whether, and as what, a statement tells of its sources.
fn tells(evidence: &Evidence<'_>) -> Option<ClaimType> {
    let observable = evidence.subject.kind.is_observable();
    match evidence.claim.relation {
        // That a report speaks of a technique is no statement that could be wrong.
        Relation::Role => {
            let accuses =
                matches!(evidence.object, Object::Text(word) if word == Role::Indicator.as_str());
            (observable && accuses).then_some(ClaimType::Values)
        }
        Relation::About
        | Relation::References
        | Relation::DerivedFrom
        | Relation::Property
        | Relation::FirstSeen
        | Relation::LastSeen
        | Relation::RelatedTo => None,
        _ if observable => Some(ClaimType::Values),
        _ => Some(ClaimType::Judgements),
    }
}

/// What claims of a relation on this subject are, for the record of their source.
pub(crate) fn claim_type(evidence: &Evidence<'_>) -> ClaimType {
    if evidence.subject.kind.is_observable() { ClaimType::Values } else { ClaimType::Judgements }
}

impl Fusion<'_> {
    /// Who agrees on the statement of these claims; `None` where that says nothing of anybody: one
    /// voice alone, nothing firm, or no statement that could be wrong.
    #[must_use]
    pub fn agreement(&self, claims: &[Evidence<'_>]) -> Option<Agreement> {
        let claims = crate::fusion::distinct(claims);
        self.agreement_of(claims.first()?, &self.weigh(&claims))
    }

    /// The agreement on a statement, of which one claim is given, whose origins are weighed.
    pub(crate) fn agreement_of(
        &self,
        one: &Evidence<'_>,
        weighed: &[Weighed],
    ) -> Option<Agreement> {
        let about = tells(one)?;
        let known_false = self.shared(one) == Some(false);
        let mut votes: BTreeMap<(String, bool), (char, Option<PartialDate>)> = BTreeMap::new();
        for w in weighed.iter().filter(|w| is_firm(w)) {
            let (letter, source) = Self::voice_class(w);
            let since = w.since;
            let entry = votes.entry((source, w.contribution.supports)).or_insert((letter, since));
            entry.0 = entry.0.min(letter);
            entry.1 = [entry.1, since].into_iter().flatten().min();
        }
        if votes.is_empty() || (votes.len() < 2 && !known_false) {
            return None;
        }
        let days = votes
            .iter()
            .filter(|((_, supports), _)| *supports)
            .filter_map(|(_, (_, since))| since.map(PartialDate::first_day));
        let start = days.clone().min();
        let several = days.clone().count() >= 2;
        let alone_first = days.filter(|day| Some(*day) == start).count() == 1;
        let mut list: Vec<Vote> = votes
            .into_iter()
            .map(|((source, supports), (letter, since))| {
                let day = since.map(PartialDate::first_day);
                let dated = supports && several && day.is_some();
                let is_first = dated && alone_first && day == start;
                let lag = start.zip(day).and_then(|(s, d)| Some(d.since(s).ok()?.get_days()));
                let band = lag.map(|lag| BANDS.iter().take_while(|last| lag > **last).count());
                let late = band.filter(|_| dated && !is_first).map(|band| band as u8);
                // One key cannot stand in two spellings of the form.
                let source = source_of(&source);
                Vote { supports, letter, source, late, first: is_first }
            })
            .collect();
        list.sort();
        list.truncate(MOST_VOTES);
        Some(Agreement { about, known_false, votes: list })
    }
}

fn is_firm(weighed: &Weighed) -> bool {
    weighed.basis != Basis::Predicted && weighed.firmness >= FIRM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreement_survives_its_text() {
        for text in ["v|+Acisa^|+Bmandiant~2", "j!|+Cvuldb", "j|+F|-Bmicrosoft"] {
            let agreement: Agreement = text.parse().unwrap();
            assert_eq!(agreement.to_string(), text);
        }
        for text in ["", "x|+Acisa", "v|cisa", "v|+", "v|+Zcisa", "v|+Acisa~x"] {
            assert!(text.parse::<Agreement>().is_err(), "{text}");
        }
    }
}
