//! How the sum of a statement's claims is kept beside its fact, in bytes.

use std::collections::BTreeMap;

use lapwing_model::{Basis, Fact, Marking, PartialDate, Period};
use serde::{Deserialize, Serialize};

use crate::FuseError;
use crate::by_origin::{ByOrigin, Group, Quoted, Speaker, in_order};

/// What a fact does not tell of the sum that it was made of. Its contributions tell the rest.
#[derive(Serialize, Deserialize)]
struct Rest {
    shared: Option<bool>,
    /// Many groups have the same.
    ways: Vec<Way>,
    /// Of each contribution, in the order of the fact: its way, and since when; until when where that is
    /// another day.
    groups: Vec<(usize, Option<PartialDate>, Option<PartialDate>)>,
}

/// Speaker, whom it quotes, basis, firmness (its bits), whether one's own analyst says it; period and marking, and
/// whether it is VulDB's "Medium".
type Way = (Option<Speaker>, Quoted, Basis, u64, bool, (Period, Marking, bool));

fn way(group: &Group) -> Way {
    let (speaker, quoted) = (group.speaker.clone(), group.quoted.clone());
    let adds = (group.period, group.marking, group.vuldb_medium);
    (speaker, quoted, group.basis, group.firmness.to_bits(), group.own_analyst, adds)
}

impl ByOrigin {
    /// What is to be kept beside the fact that was made of this, so that claims can be added to it and taken from
    /// it later; `None` where none can. `shared` as [`crate::Fusion::shared`] tells.
    pub(crate) fn keep(&self, shared: Option<bool>) -> Option<Vec<u8>> {
        if self.depends_on_order {
            return None;
        }
        let mut groups: Vec<(&Group, Way)> =
            self.groups.values().map(|group| (group, way(group))).collect();
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
        serde_json::to_vec(&Rest { shared, ways, groups }).ok()
    }

    /// The sum of which a fact was made, and how its value stood on the lists of what is benign.
    pub(crate) fn restore(fact: &Fact, kept: &[u8]) -> Result<(Self, Option<bool>), FuseError> {
        let damaged = || FuseError::Damaged("what is kept beside a fact is not of this fact");
        let Rest { shared, ways, groups } = serde_json::from_slice(kept).map_err(|_| damaged())?;
        if groups.len() != fact.contributions.len() {
            return Err(damaged());
        }
        let mut sum = Self {
            groups: BTreeMap::new(),
            period: fact.period,
            reported: fact.reported,
            marking: fact.marking,
            vuldb_medium: ways.iter().any(|(.., (_, _, medium))| *medium),
            depends_on_order: false,
        };
        for (contribution, (way, since, latest)) in fact.contributions.iter().zip(groups) {
            let (speaker, quoted, basis, firmness, own_analyst, (period, marking, vuldb_medium)) =
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
                period,
                marking,
                vuldb_medium,
            };
            sum.groups.insert((contribution.origin, contribution.supports), group);
        }
        Ok((sum, shared))
    }
}
