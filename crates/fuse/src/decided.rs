//! What people decided of clusters: which origins speak of one activity, and which do not.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::OriginId;

use crate::derivation::Sets;

/// The decisions of people on clusters, in the order in which they were taken: of two that
/// contradict each other the later counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterDecisions {
    /// Groups that are one activity, with the reason.
    joined: Vec<(Vec<Vec<OriginId>>, String)>,
    /// Pairs that are not, the lesser first.
    apart: BTreeSet<(OriginId, OriginId)>,
}

impl ClusterDecisions {
    /// Says that groups of origins are one activity.
    pub fn join(&mut self, groups: Vec<Vec<OriginId>>, because: &str) {
        let all: BTreeSet<OriginId> = groups.iter().flatten().copied().collect();
        self.apart.retain(|(a, b)| !(all.contains(a) && all.contains(b)));
        self.joined.push((groups, because.to_owned()));
    }

    /// Says that no origin of one group speaks of the activity of the other.
    pub fn part(&mut self, one: &[OriginId], other: &[OriginId]) {
        for a in one {
            for b in other.iter().filter(|b| *b != a) {
                self.apart.insert((*a.min(b), *a.max(b)));
            }
        }
    }

    /// Whether nothing was decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.apart.is_empty()
    }

    /// The pairs, by place in `origins`, that hold together by decision, each with the reason.
    pub(crate) fn bonds(&self, origins: &[OriginId]) -> Vec<((usize, usize), String)> {
        let places: BTreeMap<OriginId, usize> =
            origins.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let mut bonds = Vec::new();
        for (groups, because) in &self.joined {
            let known = |group: &Vec<OriginId>| -> Vec<usize> {
                let mut known: Vec<usize> =
                    group.iter().filter_map(|id| places.get(id).copied()).collect();
                known.sort_unstable();
                known
            };
            let groups: Vec<Vec<usize>> = groups.iter().map(known).collect();
            for (n, group) in groups.iter().enumerate().skip(1) {
                // The first two that no later decision keeps apart.
                let before = groups[..n].iter().flatten();
                let pair = before
                    .flat_map(|a| group.iter().map(move |b| (*a.min(b), *a.max(b))))
                    .find(|(a, b)| a != b && !self.is_apart(origins[*a], origins[*b]));
                bonds.extend(pair.map(|pair| (pair, because.clone())));
            }
        }
        bonds
    }

    fn is_apart(&self, a: OriginId, b: OriginId) -> bool {
        self.apart.contains(&(a.min(b), a.max(b)))
    }
}

/// Sets that are joined bond by bond, and never so that two who were put apart meet in one.
pub(crate) struct Joining<'d> {
    sets: Sets,
    members: BTreeMap<usize, Vec<usize>>,
    origins: &'d [OriginId],
    decisions: &'d ClusterDecisions,
}

impl<'d> Joining<'d> {
    pub(crate) fn new(origins: &'d [OriginId], decisions: &'d ClusterDecisions) -> Self {
        Self { sets: Sets::new(origins.len()), members: BTreeMap::new(), origins, decisions }
    }

    /// Joins the sets of two, where nothing speaks against it.
    pub(crate) fn join(&mut self, a: usize, b: usize) {
        let (one, other) = (self.sets.find(a), self.sets.find(b));
        if one == other {
            return;
        }
        if !self.decisions.apart.is_empty() {
            let of = |root: usize| self.members.get(&root).cloned().unwrap_or_else(|| vec![root]);
            let (ours, theirs) = (of(one), of(other));
            let apart =
                |a: usize, b: usize| self.decisions.is_apart(self.origins[a], self.origins[b]);
            if ours.iter().any(|a| theirs.iter().any(|b| apart(*a, *b))) {
                return;
            }
            self.members.remove(&one);
            self.members.remove(&other);
            self.members.insert(one.min(other), ours.into_iter().chain(theirs).collect());
        }
        self.sets.join(one, other);
    }

    pub(crate) fn find(&mut self, at: usize) -> usize {
        self.sets.find(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<OriginId> {
        names.iter().map(|name| OriginId::of(name.as_bytes())).collect()
    }

    #[test]
    fn those_put_apart_do_not_meet_over_a_third() {
        let origins = ids(&["a", "b", "c"]);
        let mut decisions = ClusterDecisions::default();
        decisions.part(&origins[..1], &origins[1..2]);
        let mut joining = Joining::new(&origins, &decisions);
        joining.join(0, 2);
        joining.join(1, 2);
        assert_eq!(joining.find(0), joining.find(2));
        assert_ne!(joining.find(1), joining.find(2));
    }

    #[test]
    fn the_later_decision_counts() {
        let origins = ids(&["a", "b", "c"]);
        let mut decisions = ClusterDecisions::default();
        decisions.join(vec![ids(&["a"]), ids(&["b", "c"])], "same tools");
        assert_eq!(decisions.bonds(&origins), [((0, 1), "same tools".to_owned())]);
        decisions.part(&ids(&["a"]), &ids(&["b"]));
        assert_eq!(decisions.bonds(&origins), [((0, 2), "same tools".to_owned())]);
        decisions.part(&ids(&["a"]), &ids(&["c"]));
        assert!(decisions.bonds(&origins).is_empty());
        decisions.join(vec![ids(&["a"]), ids(&["c"])], "after all");
        assert_eq!(decisions.bonds(&origins).len(), 2);
    }
}
