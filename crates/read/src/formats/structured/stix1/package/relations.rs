//! What the constructs of a package say of each other, told once all of them are known.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Claim, Confidence, Entity, Relation, Role};

use super::super::super::sheet::DECLARED;
use super::super::super::value;
use super::{MOST_PAIRS, Package, Part};

impl Package {
    /// What stands for a construct, each thing once; an indicator stands for what its observables name.
    fn end(&self, id: &str, depth: usize) -> Vec<Entity> {
        let mut found = Vec::new();
        self.gather(id, depth, &mut BTreeSet::new(), &mut found);
        // A construct that is told many times over names the same thing as often.
        let mut told = BTreeSet::new();
        found.retain(|entity| told.insert((*entity).clone()));
        found
    }

    /// As [`Self::end`], without the constructs that were `seen`.
    fn gather<'p>(
        &'p self,
        id: &'p str,
        depth: usize,
        seen: &mut BTreeSet<&'p str>,
        found: &mut Vec<Entity>,
    ) {
        if !seen.insert(id) {
            return;
        }
        let before = found.len();
        found.extend(self.ends.get(id).into_iter().flatten().map(|(entity, _)| entity.clone()));
        let is_pattern = |id: &str| {
            self.parts.get(id).is_none_or(|p| matches!(p, Part::Indicator | Part::Observable))
        };
        if found.len() == before && depth < 4 && is_pattern(id) {
            let inner = self.links.iter().filter(|(owner, ..)| owner == id).take(64);
            for (_, _, target, _) in inner.filter(|(_, _, target, _)| is_pattern(target)) {
                self.gather(target, depth + 1, seen, found);
            }
        }
        if found.len() == before
            && let (Some((title, _)), Some(part)) = (self.titles.get(id), self.parts.get(id))
        {
            found.push(value::other(part.noun(), title));
        }
    }

    /// Who targets what a TTP names: its malware or technique, else the campaigns and actors that
    /// use the TTP, else the TTP by its title.
    fn targeting_ends(&self, id: &str, owners: &BTreeMap<String, Vec<String>>) -> Vec<Entity> {
        if self.ends.contains_key(id) {
            return self.end(id, 0);
        }
        let above = owners.get(id).into_iter().flatten().filter(|owner| {
            matches!(self.parts.get(*owner), Some(Part::Campaign | Part::Actor | Part::Incident))
        });
        let found: Vec<Entity> = above.take(64).flat_map(|owner| self.end(owner, 0)).collect();
        if found.is_empty() { self.end(id, 0) } else { found }
    }

    /// Tells the relations, when everything that they join is known.
    pub(super) fn resolve(&mut self) {
        // Per owner, what an indicator or observable leads to; looked up many times.
        let mut known: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
        let ids: Vec<String> =
            self.links.iter().flat_map(|(from, _, to, _)| [from.clone(), to.clone()]).collect();
        let many = self.links.len() > 2_000;
        for id in ids {
            if !known.contains_key(&id) {
                // The search for nested indicators walks all links; huge packages are read flat.
                let depth = if many { usize::MAX } else { 0 };
                let found = self.end(&id, depth);
                known.insert(id, found);
            }
        }
        // A TTP that only says whom it targets speaks of those who use it.
        let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (from, _, to, _) in &self.links {
            if self.targets.contains_key(to) {
                owners.entry(to.clone()).or_default().push(from.clone());
            }
        }
        let mut pairs = 0usize;
        for (from, word, to, span) in std::mem::take(&mut self.links) {
            if self.targets.contains_key(&to) && !self.ends.contains_key(&to) {
                continue;
            }
            let parts = (self.parts.get(&from).copied(), self.parts.get(&to).copied());
            let Some((relation, turned)) = relation(parts.0, parts.1, word.as_deref()) else {
                continue;
            };
            let (subject, object) = if turned { (&to, &from) } else { (&from, &to) };
            let none = Vec::new();
            let subjects = known.get(subject).unwrap_or(&none);
            let objects = known.get(object).unwrap_or(&none);
            for subject in subjects {
                for object in objects.iter().filter(|object| *object != subject) {
                    pairs += 1;
                    if pairs > MOST_PAIRS {
                        let gap = lapwing_model::Gap {
                            kind: lapwing_model::GapKind::Unread,
                            what: "relation".into(),
                            entity_kind: None,
                            count: None,
                            shown: Some(MOST_PAIRS as u64),
                            span,
                        };
                        self.sheet.gaps.push(gap);
                        return;
                    }
                    let claim = Claim::new(subject.clone(), relation, object.clone(), span);
                    let mut claim = claim.by("stix1:relation", Confidence::percent(DECLARED));
                    claim.context.clone_from(&word);
                    self.sheet.claim(claim);
                }
            }
            // An observable that an indicator refers to is an indicator.
            if parts.0 == Some(Part::Indicator) && parts.1 == Some(Part::Observable) {
                for (entity, span) in self.ends.get(&to).cloned().unwrap_or_default() {
                    self.sheet.mention("stix1:observable", entity, Role::Indicator, span);
                }
            }
        }
        for (id, found) in std::mem::take(&mut self.targets) {
            for subject in self.targeting_ends(&id, &owners) {
                for (entity, span) in &found {
                    self.sheet.tell(
                        "stix1:victim",
                        subject.clone(),
                        Relation::Targets,
                        entity.clone(),
                        *span,
                    );
                }
            }
        }
    }
}

/// What one construct says of another, and whether the second is the subject.
fn relation(from: Option<Part>, to: Option<Part>, word: Option<&str>) -> Option<(Relation, bool)> {
    let (Some(from), Some(to)) = (from, to) else {
        // Two CybOX objects.
        return word.map(|word| (value::relation(word), false));
    };
    Some(match (from, to) {
        (Part::Package, _)
        | (_, Part::Package)
        | (Part::Indicator | Part::Observable, Part::Observable) => return None,
        (Part::Observable, _) => return None,
        // Parts of one pattern; an incident's observables are those of the document.
        (Part::Indicator, Part::Indicator) if word.is_none() => return None,
        (Part::Incident, Part::Observable) => return None,
        (Part::Indicator, Part::Action) => (Relation::RelatedTo, true),
        (Part::Indicator, Part::Ttp | Part::Campaign | Part::Actor) => (Relation::Indicates, false),
        (Part::Ttp | Part::Campaign | Part::Actor, Part::Indicator) => (Relation::Indicates, true),
        (Part::Campaign | Part::Actor | Part::Incident, Part::Ttp) => (Relation::Uses, false),
        (Part::Campaign | Part::Incident, Part::Actor) => (Relation::AttributedTo, false),
        (Part::Actor | Part::Incident, Part::Campaign) => (Relation::PartOf, false),
        (Part::Ttp, Part::Target) => (Relation::Exploits, false),
        _ => (Relation::RelatedTo, false),
    })
}
