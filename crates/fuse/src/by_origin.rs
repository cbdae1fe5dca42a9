//! What the claims of a statement come to, origin by origin: all that its fact is made of, to which the
//! claims of one more document can be added, and those of one taken away, without looking at the others again.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{
    Basis, ClaimId, Contribution, Fact, Marking, OriginId, PartialDate, Period, Polarity,
};
use serde::{Deserialize, Serialize};

use crate::FuseError;
use crate::address::publisher_key;
use crate::fusion::{
    Evidence, Fusing, Fusion, Weighed, distinct, own_analyst, precision, vuldb_medium,
};
use crate::origin::origin_of;
use crate::standing::Standing;

/// The claims of one statement, added up by origin and side.
///
/// Whatever the order in which they were added, the sum is the same, but for dates that say the same day in
/// two ways: there the first by identifier counts, which is noted, and nothing can be added later.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ByOrigin {
    pub(crate) groups: BTreeMap<(OriginId, bool), Group>,
    pub(crate) period: Period,
    pub(crate) reported: Period,
    pub(crate) marking: Marking,
    pub(crate) vuldb_medium: bool,
    pub(crate) depends_on_order: bool,
}

/// Who speaks for an origin: what is the same of all its documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Speaker {
    pub voice: String,
    pub root: char,
    pub named: bool,
}

/// Whom all claims of a group quote.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Quoted {
    /// There is no claim yet.
    #[default]
    Unheard,
    /// All of them one, by key, or nobody: an empty key.
    One { key: String, name: String },
    /// Several, or one and nobody.
    Several,
}

/// The claims of one origin on one side.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub contribution: Contribution,
    pub speaker: Option<Speaker>,
    pub quoted: Quoted,
    pub basis: Basis,
    pub firmness: f64,
    pub own_analyst: bool,
    /// The first day on which a document with one of the claims was published, and the last.
    pub since: Option<PartialDate>,
    pub latest: Option<PartialDate>,
    /// What these claims alone add to period, marking and notes of the fact.
    pub period: Period,
    pub marking: Marking,
    pub vuldb_medium: bool,
}

impl ByOrigin {
    /// How many claims were added.
    pub(crate) fn claims(&self) -> usize {
        self.groups.values().map(|group| group.contribution.claims.len()).sum()
    }

    /// Takes claims away, where all that an origin says on a side is among them: what is left is as if they had
    /// never been. Tells whether it could; where not, all claims that are left have to be looked at.
    fn take_away(&mut self, gone: &[Evidence<'_>]) -> bool {
        let gone: BTreeSet<ClaimId> = gone.iter().map(|evidence| evidence.id).collect();
        let before = self.claims();
        self.groups
            .retain(|_, group| !group.contribution.claims.iter().all(|id| gone.contains(id)));
        if self.claims() + gone.len() != before {
            return false;
        }
        let Self { groups, depends_on_order, .. } = self;
        let (mut period, mut reported) = (Period::default(), Period::default());
        let mut marking = Marking::default();
        for group in groups.values() {
            let published = Period { first: group.since, last: group.latest };
            period = hull(period, group.period, depends_on_order);
            reported = hull(reported, published, depends_on_order);
            marking = marking.join(group.marking);
        }
        self.vuldb_medium = groups.values().any(|group| group.vuldb_medium);
        (self.period, self.reported, self.marking) = (period, reported, marking);
        !self.depends_on_order && !self.groups.is_empty()
    }

    /// What each origin adds: supporters first, then by falling weight.
    pub(crate) fn weighed(&self) -> Vec<Weighed> {
        let mut weighed: Vec<Weighed> = self.groups.values().map(Group::weighed).collect();
        weighed.sort_by(|a, b| in_order(&a.contribution, &b.contribution));
        weighed
    }

    /// Whether the denial came after the last statement of the same voice.
    pub(crate) fn took_back(&self, voice: &str) -> bool {
        let latest = |denied: bool| {
            let of_voice = |group: &&Group| {
                group.contribution.supports != denied
                    && group.speaker.as_ref().is_some_and(|speaker| speaker.voice == voice)
            };
            let days = self.groups.values().filter(of_voice).filter_map(|group| group.latest);
            days.map(PartialDate::last_day).max()
        };
        latest(true).zip(latest(false)).is_some_and(|(denied, stated)| denied > stated)
    }
}

/// The period that holds both; of two dates that begin, or end, on one day the first given, which is noted.
fn hull(one: Period, other: Period, depends_on_order: &mut bool) -> Period {
    let unlike = |a: Option<PartialDate>, b: Option<PartialDate>| match (a, b) {
        (Some(a), Some(b)) => (a != b).then_some((a, b)),
        _ => None,
    };
    let begin = unlike(one.first, other.first);
    let end = unlike(one.last, other.last);
    *depends_on_order |= begin.is_some_and(|(a, b)| a.first_day() == b.first_day())
        || end.is_some_and(|(a, b)| a.last_day() == b.last_day());
    one.hull(other)
}

/// In which order contributions stand in a fact.
pub(crate) fn in_order(a: &Contribution, b: &Contribution) -> std::cmp::Ordering {
    b.supports.cmp(&a.supports).then(b.weight.total_cmp(&a.weight)).then(a.origin.cmp(&b.origin))
}

impl Group {
    fn weighed(&self) -> Weighed {
        let mut contribution = self.contribution.clone();
        contribution.claims.sort_unstable();
        let quoted = match &self.quoted {
            Quoted::One { key, name } if !key.is_empty() => Some((key, name)),
            _ => None,
        };
        let voice = match (quoted, &self.speaker) {
            (Some((key, _)), _) => key.clone(),
            (None, Some(speaker)) => speaker.voice.clone(),
            (None, None) => contribution.origin.to_string(),
        };
        Weighed {
            contribution,
            voice,
            quoted: quoted.map(|(_, name)| name.clone()),
            speaker: self.speaker.clone(),
            basis: self.basis,
            firmness: self.firmness,
            own_analyst: self.own_analyst,
            since: self.since,
        }
    }

    fn quote(&mut self, said_by: Option<&str>) {
        let name = said_by.unwrap_or("");
        let key = if name.is_empty() { String::new() } else { publisher_key(name) };
        match &mut self.quoted {
            Quoted::Unheard => self.quoted = Quoted::One { key, name: name.to_owned() },
            Quoted::One { key: known, name: least } if *known == key => {
                if name < least.as_str() {
                    name.clone_into(least);
                }
            }
            Quoted::One { .. } => self.quoted = Quoted::Several,
            Quoted::Several => {}
        }
    }
}

impl Fusion<'_> {
    /// Adds up distinct claims of one statement, in order of identifier.
    pub(crate) fn by_origin(&self, claims: &[Evidence<'_>]) -> ByOrigin {
        let mut sum = ByOrigin::default();
        claims.iter().for_each(|evidence| self.add(&mut sum, evidence));
        sum
    }

    fn add(&self, sum: &mut ByOrigin, evidence: &Evidence<'_>) {
        let claim = evidence.claim;
        let standing = self.standing(evidence.document);
        let supports = claim.polarity != Polarity::Denied;
        let vuldb_medium = vuldb_medium(evidence);
        let marking = standing.and_then(|standing| standing.marking).unwrap_or_default();
        let published = standing.and_then(|standing| standing.published);
        let unsure = &mut sum.depends_on_order;
        if supports {
            sum.period = hull(sum.period, claim.period, unsure);
        }
        sum.reported = hull(sum.reported, Period { first: published, last: published }, unsure);
        sum.marking = sum.marking.join(marking);
        sum.vuldb_medium |= vuldb_medium;
        let origin = standing.map_or_else(|| origin_of(evidence.document), |s| s.origin);
        let reliability = self.reliability(evidence);
        let precision = precision(claim);
        let stated = self.stated(evidence);
        let weight = reliability * precision * stated;
        let one = |claims| Contribution {
            origin,
            supports,
            weight,
            reliability,
            precision,
            stated,
            strongest: evidence.id,
            claims,
        };
        let group = sum.groups.entry((origin, supports)).or_insert_with(|| Group {
            contribution: one(Vec::new()),
            speaker: standing.map(speaker),
            quoted: Quoted::Unheard,
            basis: claim.basis,
            firmness: 0.0,
            own_analyst: false,
            since: None,
            latest: None,
            period: Period::default(),
            marking: Marking::default(),
            vuldb_medium: false,
        });
        if supports {
            group.period = hull(group.period, claim.period, unsure);
        }
        group.marking = group.marking.join(marking);
        group.vuldb_medium |= vuldb_medium;
        let best = &group.contribution;
        // Within an origin the strongest claim counts.
        if weight.total_cmp(&best.weight).then(best.strongest.cmp(&evidence.id)).is_gt() {
            group.contribution = one(std::mem::take(&mut group.contribution.claims));
        }
        group.contribution.claims.push(evidence.id);
        group.basis = group.basis.min(claim.basis);
        group.firmness = group.firmness.max(precision * stated);
        group.own_analyst |= own_analyst(claim);
        group.quote(claim.said_by.as_deref());
        let (since, latest) = (group.since, group.latest);
        if let Some(day) = published {
            match since {
                Some(known) if known.first_day() < day.first_day() => {}
                Some(known) if known.first_day() == day.first_day() => *unsure |= known != day,
                _ => group.since = Some(day),
            }
            match latest {
                Some(known) if known.last_day() > day.last_day() => {}
                Some(known) if known.last_day() == day.last_day() => *unsure |= known != day,
                _ => group.latest = Some(day),
            }
        }
    }

    /// The fact of a statement from which claims went and to which others came, made of its fact before and of
    /// what [`Fusing::kept`](crate::Fusing::kept) gave then. What went is all that its documents said on it, and
    /// what came is of documents that had no claim on it. `None` where all claims have to be looked at: the order
    /// counts, an origin loses a part of its claims, none is left, or the value stands otherwise on the lists of
    /// what is known to be benign.
    ///
    /// # Errors
    /// When `kept` is not of this fact.
    pub fn fuse_moved(
        &self,
        fact: &Fact,
        kept: &[u8],
        (gone, came): (&[Evidence<'_>], &[Evidence<'_>]),
    ) -> Result<Option<Fusing>, FuseError> {
        let claims = distinct(came);
        let Some(first) = claims.first().or(gone.first()) else { return Ok(None) };
        let (mut sum, shared) = ByOrigin::restore(fact, kept)?;
        if shared != self.shared(first) || (!gone.is_empty() && !sum.take_away(gone)) {
            return Ok(None);
        }
        claims.iter().for_each(|evidence| self.add(&mut sum, evidence));
        if sum.depends_on_order {
            return Ok(None);
        }
        Ok(Some(self.conclude(first, &sum)))
    }

    /// Whether the value of a statement is known to be benign, or shared.
    pub(crate) fn shared(&self, evidence: &Evidence<'_>) -> Option<bool> {
        self.benign(evidence).map(|benign| benign.shared)
    }
}

fn speaker(standing: &Standing) -> Speaker {
    let Standing { voice, root, named, .. } = standing;
    Speaker { voice: voice.clone(), root: *root, named: *named }
}

#[cfg(test)]
mod tests;
