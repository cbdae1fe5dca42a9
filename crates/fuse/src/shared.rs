//! Who shares what: of all features of the evidence only those that more than one origin has, and not too many.
//!
//! The evidence is gone through twice for each slice of the features: once to see which may be shared, and once to
//! take these. What is in memory at a time does not grow with the evidence that nobody shares.

use std::collections::BTreeSet;

use foldhash::HashSet;

use crate::features::Mark;

/// A feature of the evidence of one activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose: the place of the activity in their order.
    pub at: u32,
    /// The feature.
    pub mark: Mark,
    /// Whether it was seen, and is no name or technique: [`crate::is_seen`].
    pub seen: bool,
    /// The number of a piece of evidence that has it, by which the caller finds its name.
    pub example: i64,
}

/// What takes evidence, piece by piece.
pub type Taking<'t> = dyn FnMut(Held) + 't;

/// Origins from which on what they have is everybody's: it weighs nothing, and just below next to nothing.
const EVERYBODY: usize = 200;
/// Features of one slice, about.
const SLICE: u64 = 4 << 20;
/// Marks of the table that tells what may be shared: at least and at most.
const SLOTS: (usize, usize) = (1 << 10, 1 << 22);
/// A slot of more than one activity.
const SEVERAL: u32 = u32::MAX;

/// A feature that several activities share.
#[derive(Clone, Copy, Debug)]
struct Feature {
    hash: u64,
    seen: bool,
    example: i64,
    /// Where its holders begin.
    first: u32,
}

/// One of those that have a feature.
#[derive(Clone, Copy, Debug)]
struct Holder {
    at: u32,
    tells: u16,
}

/// The features that several activities share, by feature and by activity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    features: Vec<Feature>,
    holders: Vec<Holder>,
    /// Where the features of each activity begin in `held`.
    starts: Vec<u32>,
    held: Vec<u32>,
}

/// How much it tells that two origins share what so many have.
///
/// It does not depend on how many origins there are. In a larger store it is less likely that two which have
/// nothing to do with each other share a value, but it is as much less likely that any two speak of one
/// activity: what is left is by how many the value is had. So reports of other things neither bind nor part two.
fn rarity(holders: usize) -> f64 {
    (EVERYBODY as f64 / holders as f64).ln().max(0.0)
}

/// A feature that two activities share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub weight: f64,
    pub seen: bool,
    pub hash: u64,
    pub example: i64,
}

impl Shared {
    /// Gathers what `activities` share; `each` hands over all evidence, and is called several times; `about` is how
    /// much evidence there is.
    pub fn gather<E>(
        activities: usize,
        about: u64,
        each: &mut dyn FnMut(&mut Taking<'_>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let slices = about.div_ceil(SLICE).max(1);
        let slots = ((about / slices).saturating_mul(4) as usize).next_power_of_two();
        let mut slots = vec![0_u32; slots.clamp(SLOTS.0, SLOTS.1)];
        let mask = slots.len() as u64 - 1;
        let mut shared = Self::default();
        for slice in 0..slices {
            // The upper half of a hash tells the slice, the lower one the slot.
            let ours = |feature: u64| (feature >> 32) % slices == slice;
            slots.fill(0);
            each(&mut |held| {
                if ours(held.mark.feature) {
                    let slot = &mut slots[(held.mark.feature & mask) as usize];
                    *slot = match *slot {
                        0 => held.at + 1,
                        one if one == held.at + 1 => one,
                        _ => SEVERAL,
                    };
                }
            })?;
            let mut taken: Vec<Held> = Vec::new();
            each(&mut |held| {
                let feature = held.mark.feature;
                if ours(feature) && slots[(feature & mask) as usize] == SEVERAL {
                    taken.push(held);
                }
            })?;
            shared.take(&mut taken);
        }
        // Slices must leave no trace: what two share is added up in the order of features.
        if slices > 1 {
            shared = shared.in_order();
        }
        shared.turn(activities);
        Ok(shared)
    }

    /// What activities share now, made of what they shared before, when only some `features` are had by others
    /// than then: all evidence is gone through once, to take these. `places` tells for each activity of before
    /// where it is now; their order among themselves is the same, but for those that have one of the features.
    /// Gives also the activities that have one that is shared, now or before.
    pub fn after<E>(
        &self,
        (places, activities): (&[Option<u32>], usize),
        features: &HashSet<u64>,
        example: &dyn Fn(i64) -> i64,
        each: &mut dyn FnMut(&mut Taking<'_>) -> Result<(), E>,
    ) -> Result<(Self, BTreeSet<u32>), E> {
        let mut taken: Vec<Held> = Vec::new();
        if !features.is_empty() {
            each(&mut |held| {
                if features.contains(&held.mark.feature) {
                    taken.push(held);
                }
            })?;
        }
        let mut now = Self::default();
        now.take(&mut taken);
        let mut stirred: BTreeSet<u32> = now.holders.iter().map(|holder| holder.at).collect();
        let mut same = Self::default();
        for (at, feature) in self.features.iter().enumerate() {
            let holders = self.holders_of(at).iter().filter_map(|holder| {
                let at = places.get(holder.at as usize).copied().flatten()?;
                Some(Holder { at, ..*holder })
            });
            if features.contains(&feature.hash) {
                stirred.extend(holders.map(|holder| holder.at));
                continue;
            }
            let first = same.holders.len() as u32;
            same.features.push(Feature { first, example: example(feature.example), ..*feature });
            same.holders.extend(holders);
        }
        let mut shared = Self::merged(&same, &now);
        shared.turn(activities);
        Ok((shared, stirred))
    }

    /// The features of two, both in the order of their hashes, in that order.
    fn merged(one: &Self, other: &Self) -> Self {
        let mut all = Self::default();
        let (mut a, mut b) = (0, 0);
        loop {
            let (from, at) = match (one.features.get(a), other.features.get(b)) {
                (Some(first), Some(second)) if second.hash < first.hash => (other, &mut b),
                (Some(_), _) => (one, &mut a),
                (None, Some(_)) => (other, &mut b),
                (None, None) => return all,
            };
            let first = all.holders.len() as u32;
            all.features.push(Feature { first, ..from.features[*at] });
            all.holders.extend_from_slice(from.holders_of(*at));
            *at += 1;
        }
    }

    /// The same in the order of hashes.
    fn in_order(&self) -> Self {
        let mut order: Vec<usize> = (0..self.features.len()).collect();
        order.sort_unstable_by_key(|at| self.features[*at].hash);
        let mut all = Self::default();
        for at in order {
            let first = all.holders.len() as u32;
            all.features.push(Feature { first, ..self.features[at] });
            all.holders.extend_from_slice(self.holders_of(at));
        }
        all
    }

    fn take(&mut self, taken: &mut [Held]) {
        // What tells most of one activity first.
        taken.sort_unstable_by_key(|held| {
            (held.mark.feature, held.at, std::cmp::Reverse(held.mark.tells), held.example)
        });
        let mut holders: Vec<Holder> = Vec::new();
        for same in taken.chunk_by(|a, b| a.mark.feature == b.mark.feature) {
            holders.clear();
            for held in same {
                if holders.last().is_none_or(|last| last.at != held.at) {
                    holders.push(Holder { at: held.at, tells: held.mark.tells });
                }
            }
            let Some(one) = same.first() else { continue };
            if !(2..EVERYBODY).contains(&holders.len()) {
                continue;
            }
            self.features.push(Feature {
                hash: one.mark.feature,
                seen: same.iter().any(|held| held.seen),
                example: one.example,
                first: self.holders.len() as u32,
            });
            self.holders.extend_from_slice(&holders);
        }
    }

    /// Makes the way from activities to features.
    fn turn(&mut self, activities: usize) {
        let mut starts = vec![0_u32; activities + 1];
        for holder in &self.holders {
            starts[holder.at as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut held = vec![0_u32; self.holders.len()];
        for feature in 0..self.features.len() {
            for holder in self.holders_of(feature) {
                let place = &mut next[holder.at as usize];
                held[*place as usize] = feature as u32;
                *place += 1;
            }
        }
        (self.starts, self.held) = (starts, held);
    }

    fn holders_of(&self, feature: usize) -> &[Holder] {
        let first = self.features[feature].first as usize;
        let end = self.features.get(feature + 1).map_or(self.holders.len(), |f| f.first as usize);
        &self.holders[first..end]
    }

    fn features_of(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.held[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Gives each later activity that shares something with one, in their order, with all that they share.
    pub fn later(&self, at: u32, give: &mut dyn FnMut(u32, &mut [Piece])) {
        let mut found: Vec<(u32, Piece)> = Vec::new();
        for &feature in self.features_of(at) {
            let holders = self.holders_of(feature as usize);
            let rarity = rarity(holders.len());
            let place = holders.partition_point(|holder| holder.at < at);
            let Some((own, later)) = holders[place..].split_first() else { continue };
            found.extend(
                later.iter().map(|other| (other.at, self.piece(feature, rarity, *own, *other))),
            );
        }
        found.sort_by_key(|(other, _)| *other);
        let mut pieces = Vec::new();
        for of_one in found.chunk_by(|a, b| a.0 == b.0) {
            pieces.clear();
            pieces.extend(of_one.iter().map(|(_, piece)| *piece));
            if let Some((other, _)) = of_one.first() {
                give(*other, &mut pieces);
            }
        }
    }

    /// All that two activities share.
    pub fn of_pair(&self, a: u32, b: u32) -> Vec<Piece> {
        let others = self.features_of(b);
        let both = self.features_of(a).iter().filter(|f| others.binary_search(f).is_ok());
        both.filter_map(|&feature| {
            let holders = self.holders_of(feature as usize);
            let of = |at: u32| {
                holders.binary_search_by_key(&at, |holder| holder.at).ok().map(|n| holders[n])
            };
            let rarity = rarity(holders.len());
            Some(self.piece(feature, rarity, of(a)?, of(b)?))
        })
        .collect()
    }

    /// Examples of the features that an activity shares with others.
    pub fn examples_of(&self, at: u32) -> impl Iterator<Item = i64> {
        let seen = self.features_of(at).iter().map(|f| self.features[*f as usize]);
        seen.filter(|feature| feature.seen).map(|feature| feature.example)
    }

    fn piece(&self, feature: u32, rarity: f64, one: Holder, other: Holder) -> Piece {
        let Feature { hash, seen, example, .. } = self.features[feature as usize];
        let tells = Mark { feature: hash, tells: one.tells.min(other.tells) }.share();
        Piece { weight: rarity * tells, seen, hash, example }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(about: u64, all: &[(u32, u64, u16)]) -> Shared {
        let mut each = |take: &mut Taking<'_>| -> Result<(), std::convert::Infallible> {
            for &(at, feature, tells) in all {
                take(Held { at, mark: Mark { feature, tells }, seen: true, example: 1 });
            }
            Ok(())
        };
        let Ok(shared) = Shared::gather(4, about, &mut each);
        shared
    }

    #[test]
    fn what_one_has_alone_is_left_out_and_slices_make_no_difference() {
        let far = 1 << 40;
        let all =
            [(0, 7, 10_000), (0, 7, 3_000), (1, 9, 3_000), (2, 7, 5_000), (3, far, 1), (1, far, 1)];
        for about in [all.len() as u64, 5 * SLICE] {
            let shared = gathered(about, &all);
            assert_eq!(shared.features.len(), 2);
            let mut found = Vec::new();
            for at in 0..4 {
                shared.later(at, &mut |other, pieces| {
                    found.push((at, other, pieces.to_vec()));
                });
            }
            assert_eq!(found.len(), 2);
            assert_eq!((found[0].0, found[0].1), (0, 2));
            assert!((found[0].2[0].weight - 100_f64.ln() * 0.5).abs() < 1e-12);
            assert_eq!(shared.of_pair(0, 2), found[0].2);
            assert_eq!((found[1].0, found[1].1), (1, 3));
        }
    }

    #[test]
    fn what_everybody_has_brings_nobody_together() {
        let all: Vec<(u32, u64, u16)> = (0..EVERYBODY as u32).map(|at| (at, 7, 10_000)).collect();
        let mut each = |take: &mut Taking<'_>| -> Result<(), std::convert::Infallible> {
            for &(at, feature, tells) in &all {
                take(Held { at, mark: Mark { feature, tells }, seen: true, example: 1 });
            }
            Ok(())
        };
        let Ok(shared) = Shared::gather(all.len(), all.len() as u64, &mut each);
        assert!(shared.features.is_empty());
    }

    #[test]
    fn a_value_weighs_the_less_the_more_have_it_without_a_step() {
        let weights: Vec<f64> = (2..3 * EVERYBODY).map(rarity).collect();
        assert!(weights.is_sorted_by(|a, b| a >= b));
        assert!(weights.windows(2).all(|w| w[0] - w[1] < 0.41));
        assert!(rarity(EVERYBODY - 1) < 0.01 && rarity(EVERYBODY).abs() < 1e-12);
    }
}
