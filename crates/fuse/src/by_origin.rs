//! What the claims of a statement come to, origin by origin: all that its fact is made of, to which the
//! claims of one more document can be added without looking at the others again.

use std::collections::BTreeMap;

use lapwing_model::{Basis, Contribution, Fact, Marking, OriginId, PartialDate, Period, Polarity};
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
    groups: BTreeMap<(OriginId, bool), Group>,
    pub(crate) period: Period,
    pub(crate) reported: Period,
    pub(crate) marking: Marking,
    pub(crate) vuldb_medium: bool,
    depends_on_order: bool,
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
enum Quoted {
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
struct Group {
    contribution: Contribution,
    speaker: Option<Speaker>,
    quoted: Quoted,
    basis: Basis,
    firmness: f64,
    own_analyst: bool,
    since: Option<PartialDate>,
    latest: Option<PartialDate>,
}

impl ByOrigin {
    /// How many claims were added.
    pub(crate) fn claims(&self) -> usize {
        self.groups.values().map(|group| group.contribution.claims.len()).sum()
    }

    /// The period that holds both; of two dates that begin, or end, on one day the first given.
    fn hull(&mut self, one: Period, other: Period) -> Period {
        let unlike = |a: Option<PartialDate>, b: Option<PartialDate>| match (a, b) {
            (Some(a), Some(b)) => (a != b).then_some((a, b)),
            _ => None,
        };
        let begin = unlike(one.first, other.first);
        let end = unlike(one.last, other.last);
        self.depends_on_order |= begin.is_some_and(|(a, b)| a.first_day() == b.first_day())
            || end.is_some_and(|(a, b)| a.last_day() == b.last_day());
        one.hull(other)
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

/// In which order contributions stand in a fact.
fn in_order(a: &Contribution, b: &Contribution) -> std::cmp::Ordering {
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
        if supports {
            sum.period = sum.hull(sum.period, claim.period);
        }
        sum.vuldb_medium |= vuldb_medium(evidence);
        let published = standing.and_then(|standing| standing.published);
        if let Some(standing) = standing {
            sum.reported = sum.hull(sum.reported, Period { first: published, last: published });
            sum.marking = sum.marking.join(standing.marking.unwrap_or_default());
        }
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
        });
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
                Some(known) if known.first_day() == day.first_day() => {
                    sum.depends_on_order |= known != day;
                }
                _ => group.since = Some(day),
            }
            if latest.is_none_or(|known| known.last_day() < day.last_day()) {
                group.latest = Some(day);
            }
        }
    }

    /// The fact of a statement to which claims came, made of its fact before and of what [`Fusing::kept`](crate::Fusing::kept)
    /// gave then; the claims must be of documents that had none on it. `None` where all claims have to be
    /// looked at: the order counts, or the value stands otherwise on the lists of what is known to be benign.
    ///
    /// # Errors
    /// When `kept` is not of this fact.
    pub fn fuse_more(
        &self,
        fact: &Fact,
        kept: &[u8],
        claims: &[Evidence<'_>],
    ) -> Result<Option<Fusing>, FuseError> {
        let claims = distinct(claims);
        let Some(first) = claims.first() else { return Ok(None) };
        let (mut sum, shared) = ByOrigin::restore(fact, kept)?;
        if shared != self.shared(first) {
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

/// What a fact does not tell of the sum that it was made of. Its contributions tell the rest.
#[derive(Serialize, Deserialize)]
struct Rest {
    shared: Option<bool>,
    vuldb_medium: bool,
    /// Speaker, whom it quotes, basis, firmness (its bits) and whether one's own analyst says it: many groups
    /// have the same.
    ways: Vec<Way>,
    /// Of each contribution, in the order of the fact: its way, and since when; until when where that is
    /// another day.
    groups: Vec<(usize, Option<PartialDate>, Option<PartialDate>)>,
}

type Way = (Option<Speaker>, Quoted, Basis, u64, bool);

impl Group {
    fn way(&self) -> Way {
        let (speaker, quoted) = (self.speaker.clone(), self.quoted.clone());
        (speaker, quoted, self.basis, self.firmness.to_bits(), self.own_analyst)
    }
}

impl ByOrigin {
    /// What is to be kept beside the fact that was made of this, so that claims can be added to it later;
    /// `None` where none can. `shared` as [`Fusion::shared`] tells.
    pub(crate) fn keep(&self, shared: Option<bool>) -> Option<Vec<u8>> {
        if self.depends_on_order {
            return None;
        }
        let mut groups: Vec<(&Group, Way)> =
            self.groups.values().map(|group| (group, group.way())).collect();
        groups.sort_by(|(a, _), (b, _)| in_order(&a.contribution, &b.contribution));
        let mut ways: Vec<Way> = groups.iter().map(|(_, way)| way.clone()).collect();
        ways.sort_unstable();
        ways.dedup();
        let groups = groups
            .iter()
            .map(|(group, way)| {
                let latest = group.latest.filter(|latest| Some(*latest) != group.since);
                (ways.binary_search(way).unwrap_or_default(), group.since, latest)
            })
            .collect();
        let vuldb_medium = self.vuldb_medium;
        serde_json::to_vec(&Rest { shared, vuldb_medium, ways, groups }).ok()
    }

    /// The sum of which a fact was made, and how its value stood on the lists of what is benign.
    fn restore(fact: &Fact, kept: &[u8]) -> Result<(Self, Option<bool>), FuseError> {
        let damaged = || FuseError::Damaged("what is kept beside a fact is not of this fact");
        let Rest { shared, vuldb_medium, ways, groups } =
            serde_json::from_slice(kept).map_err(|_| damaged())?;
        if groups.len() != fact.contributions.len() {
            return Err(damaged());
        }
        let mut sum = Self {
            groups: BTreeMap::new(),
            period: fact.period,
            reported: fact.reported,
            marking: fact.marking,
            vuldb_medium,
            depends_on_order: false,
        };
        for (contribution, (way, since, latest)) in fact.contributions.iter().zip(groups) {
            let (speaker, quoted, basis, firmness, own_analyst) =
                ways.get(way).ok_or_else(damaged)?.clone();
            let group = Group {
                contribution: contribution.clone(),
                speaker,
                quoted,
                basis,
                firmness: f64::from_bits(firmness),
                own_analyst,
                since,
                latest: latest.or(since),
            };
            sum.groups.insert((contribution.origin, contribution.supports), group);
        }
        Ok((sum, shared))
    }
}

#[cfg(test)]
mod tests;
