//! Which of several actors a name means, told by what is mentioned with it.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_knowledge::{Actor, Knowledge};
use lapwing_model::{Entity, Kind};
use serde::Serialize;

use crate::address::publisher_key;
use crate::name::Candidate;

/// What stands around a name in the documents that use it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// Malware, tools, techniques, countries, sectors and other actors that the documents speak of.
    pub mentioned: BTreeSet<Entity>,
    /// Who published the documents.
    pub publishers: BTreeSet<String>,
}

/// A candidate with how probable it is that it is meant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Meant {
    /// What the name may mean.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// How probable, 0 to 1.
    pub probability: f64,
    /// What speaks for it and against it, the weightiest first.
    pub because: Vec<String>,
}

/// Weight of the answer that the name means none of the candidates.
const NONE: f64 = 1.0;
/// That answer never has less: context is no proof.
const LEFT_OPEN: f64 = 0.05;
/// Weight of the name's being the one by which the candidate itself goes, and not an alias of it.
const OWN: f64 = 3.0;
/// A mention tells less than an observation: its weight is this part of its rarity.
const TRUST: f64 = 0.6;
/// Techniques are common to many, and a large profile has most of them.
const TRUST_IN_TECHNIQUES: f64 = 0.2;
/// Who is named beside it may be the same, its parent or its rival.
const TRUST_IN_NAMES: f64 = 0.35;
/// Weight of a vendor's having another name for the candidate already.
const NAMED_OTHERWISE: f64 = 2.0;
/// Reasons that are named.
const REASONS: usize = 5;

/// How vendors form their names: the vendor's key and what its names end or begin with.
const SCHEMES: &[(&str, &[&str])] = &[
    (
        "crowdstrike",
        &[
            " spider",
            " panda",
            " bear",
            " kitten",
            " chollima",
            " jackal",
            " buffalo",
            " leopard",
            " tiger",
            " wolf",
            " lynx",
            " crane",
            " hawk",
            " ocelot",
            " sphinx",
            " saiga",
        ],
    ),
    (
        "microsoft",
        &[
            " typhoon",
            " blizzard",
            " sleet",
            " sandstorm",
            " tempest",
            " tsunami",
            " storm",
            " flood",
            " cyclone",
            " dust",
            " hail",
            " rain",
        ],
    ),
    ("mandiant", &["apt", "unc", "fin", "temp."]),
    (
        "secureworks",
        &["bronze ", "gold ", "iron ", "cobalt ", "nickel ", "aluminum ", "tungsten ", "zinc "],
    ),
    (
        "paloaltonetworks",
        &[" libra", " taurus", " ursa", " serpens", " pisces", " scorpius", " gemini", " draco"],
    ),
    ("proofpoint", &["ta"]),
    ("trendmicro", &["earth ", "water ", "void "]),
];

/// The vendor whose way of naming a name follows.
#[must_use]
pub fn naming_vendor(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let follows = |form: &&str| match form.strip_prefix(' ') {
        Some(_) => lower.ends_with(*form),
        None if form.ends_with([' ', '.']) => lower.starts_with(*form),
        // `APT28`, `TA505`: letters, then nothing but a number.
        None => lower.strip_prefix(*form).is_some_and(|rest| {
            let rest = rest.trim_start_matches(['-', ' ']);
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
        }),
    };
    SCHEMES.iter().find(|(_, forms)| forms.iter().any(follows)).map(|(vendor, _)| *vendor)
}

/// How probable each candidate is that a name means, by what is mentioned with it; what is left is
/// the probability that it means none of them. In order of falling probability.
#[must_use]
pub fn decide(
    name: &str,
    candidates: &[Candidate],
    context: &Context,
    knowledge: &Knowledge,
) -> Vec<Meant> {
    let items: Vec<(String, String)> = context
        .mentioned
        .iter()
        .filter_map(|entity| Some((item(entity, knowledge)?, entity.value.clone())))
        .collect();
    let spread = spread(items.iter().map(|(key, _)| key.as_str()), knowledge);
    let all = knowledge.actors().len().max(1) as f64;
    let vendor = naming_vendor(name)
        .filter(|vendor| context.publishers.iter().any(|p| publisher_key(p).contains(vendor)));
    let mut scored: Vec<(f64, &Candidate, Vec<String>)> = Vec::new();
    for candidate in candidates {
        let Some(actor) = knowledge.actor(&candidate.id) else {
            scored.push((0.0, candidate, Vec::new()));
            continue;
        };
        let has = items_of(actor, knowledge);
        let mut reasons: Vec<(f64, String)> = Vec::new();
        for (key, shown) in items.iter().filter(|(key, _)| has.contains(key)) {
            let seen = spread.get(key.as_str()).copied().unwrap_or(1.0);
            let trust = match key {
                key if is_technique(key) => TRUST_IN_TECHNIQUES,
                key if key.starts_with("name:") => TRUST_IN_NAMES,
                _ => TRUST,
            };
            reasons.push((trust * (all / seen).ln(), format!("{shown} goes with it")));
        }
        // What is mentioned together is not independent: the second piece counts half, the third a third.
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (rank, (weight, _)) in (1_u32..).zip(&mut reasons) {
            *weight /= f64::from(rank);
        }
        if actor.name.eq_ignore_ascii_case(name) {
            reasons.push((OWN, "it goes by this name itself".to_owned()));
        }
        if let Some(vendor) = vendor {
            let other = std::iter::once(&actor.name).chain(&actor.aliases).find(|alias| {
                naming_vendor(alias) == Some(vendor) && !alias.eq_ignore_ascii_case(name)
            });
            if let Some(other) = other {
                let why = format!("{vendor} calls it {other} already");
                reasons.push((-NAMED_OTHERWISE, why));
            }
        }
        let score = reasons.iter().map(|(weight, _)| weight).sum();
        reasons.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
        let because = reasons.into_iter().take(REASONS).map(|(_, why)| why).collect();
        scored.push((score, candidate, because));
    }
    let top = scored.iter().map(|(score, ..)| *score).fold(NONE, f64::max);
    let named: f64 = scored.iter().map(|(score, ..)| (score - top).exp()).sum();
    let none = (NONE - top).exp();
    let shared_out = (named / (named + none)).min(1.0 - LEFT_OPEN);
    let mut meant: Vec<Meant> = scored
        .into_iter()
        .map(|(score, candidate, because)| Meant {
            candidate: candidate.clone(),
            probability: shared_out * (score - top).exp() / named,
            because,
        })
        .collect();
    meant.sort_by(|a, b| {
        b.probability.total_cmp(&a.probability).then_with(|| a.candidate.cmp(&b.candidate))
    });
    meant
}

/// What a mention is in the reference data: software and techniques by identifier, places by code.
fn item(entity: &Entity, knowledge: &Knowledge) -> Option<String> {
    match entity.kind {
        Kind::Malware | Kind::Tool => {
            let named = knowledge.software_named(&entity.value);
            let [one] = named[..] else { return None };
            Some(one.id.clone())
        }
        Kind::AttackPattern => Some(knowledge.current_technique(&entity.value)?.id.clone()),
        Kind::Location => Some(format!("place:{}", knowledge.place(&entity.value)?.code)),
        Kind::Sector => Some(format!("sector:{}", knowledge.sector(&entity.value)?.name)),
        Kind::ThreatActor | Kind::Cluster => Some(format!("name:{}", entity.value.to_lowercase())),
        _ => None,
    }
}

/// Whether an [`item`] is a technique.
fn is_technique(key: &str) -> bool {
    key.starts_with('T') && key[1..].starts_with(|c: char| c.is_ascii_digit())
}

/// All that the reference data says of an actor, as [`item`]s.
fn items_of(actor: &Actor, knowledge: &Knowledge) -> BTreeSet<String> {
    let mut items: BTreeSet<String> = knowledge.uses(&actor.id).iter().cloned().collect();
    items.extend(actor.countries.iter().map(|code| format!("place:{code}")));
    if let Some(targets) = knowledge.targets(&actor.id) {
        items.extend(targets.places.iter().map(|code| format!("place:{code}")));
        items.extend(targets.sectors.iter().map(|name| format!("sector:{name}")));
    }
    let names = std::iter::once(&actor.name).chain(&actor.aliases);
    items.extend(names.map(|name| format!("name:{}", name.to_lowercase())));
    items
}

/// By how many actors each item is shared.
fn spread<'a>(
    items: impl Iterator<Item = &'a str>,
    knowledge: &Knowledge,
) -> BTreeMap<&'a str, f64> {
    let mut spread: BTreeMap<&str, f64> = items.map(|item| (item, 0.0)).collect();
    if spread.is_empty() {
        return spread;
    }
    for actor in knowledge.actors() {
        let has = items_of(actor, knowledge);
        for (item, count) in &mut spread {
            *count += f64::from(u8::from(has.contains(*item)));
        }
    }
    spread.values_mut().for_each(|count| *count = count.max(1.0));
    spread
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resolver;

    /// A name of the reference data that several actors bear, with them.
    fn ambiguous() -> (String, Vec<Candidate>) {
        let knowledge = Knowledge::builtin();
        let resolver = Resolver::new(knowledge);
        let names = knowledge.actors().iter().flat_map(|actor| &actor.aliases);
        names
            .map(|name| {
                let entity = Entity::new(Kind::ThreatActor, name.clone());
                (name.clone(), resolver.candidates(&entity))
            })
            .filter(|(_, candidates)| {
                let uses = |c: &Candidate| knowledge.uses(&c.id).iter().any(|u| u.starts_with('S'));
                let own = |c: &Candidate| c.why.contains("is the preferred name");
                candidates.iter().any(uses) && !candidates.iter().any(own)
            })
            .min()
            .expect("the reference data has ambiguous names")
    }

    #[test]
    fn what_is_mentioned_decides_and_nothing_mentioned_decides_nothing() {
        let knowledge = Knowledge::builtin();
        let (name, candidates) = ambiguous();
        let none = decide(&name, &candidates, &Context::default(), knowledge);
        assert!(none.iter().all(|m| m.probability < 0.5), "{none:?}");
        let by_software = candidates
            .iter()
            .find(|c| knowledge.uses(&c.id).iter().any(|u| u.starts_with('S')))
            .unwrap();
        let mut context = Context::default();
        for id in knowledge.uses(&by_software.id).iter().filter(|u| u.starts_with('S')).take(4) {
            let software = knowledge.software_by_id(id).unwrap();
            context.mentioned.insert(Entity::new(software.kind, software.name.clone()));
        }
        let told = decide(&name, &candidates, &context, knowledge);
        assert_eq!(told[0].candidate.id, by_software.id);
        assert!(told[0].probability > none[0].probability);
        let all: f64 = told.iter().map(|m| m.probability).sum();
        assert!(all < 1.0);
    }

    #[test]
    fn who_goes_by_a_name_bears_it_before_who_is_called_by_it() {
        let knowledge = Knowledge::builtin();
        let resolver = Resolver::new(knowledge);
        let bearers = |name: &str| resolver.candidates(&Entity::new(Kind::ThreatActor, name));
        // An actor with a name that is an alias of another, whose own name is mentioned as well.
        let (name, other) = knowledge
            .actors()
            .iter()
            .find_map(|actor| {
                let other = bearers(&actor.name).into_iter().find(|c| c.id != actor.id)?;
                Some((actor.name.clone(), other))
            })
            .unwrap();
        let mut context = Context::default();
        context.mentioned.insert(other.entity.clone());
        let told = decide(&name, &bearers(&name), &context, knowledge);
        let own = told.iter().find(|m| m.candidate.entity.value == name).unwrap();
        let lent = told.iter().find(|m| m.candidate.id == other.id).unwrap();
        assert!(own.probability > lent.probability, "{told:?}");
        let all: f64 = told.iter().map(|m| m.probability).sum();
        assert!(all <= 1.0 - LEFT_OPEN + 1e-9, "context is no proof: {told:?}");
    }

    #[test]
    fn names_tell_the_vendor_that_formed_them() {
        for (name, vendor) in [
            ("Wizard Spider", Some("crowdstrike")),
            ("Marsh Typhoon", Some("microsoft")),
            ("APT28", Some("mandiant")),
            ("TA505", Some("proofpoint")),
            ("Tarantula", None),
            ("Tortilla", None),
            ("GOLD SOUTHFIELD", Some("secureworks")),
        ] {
            assert_eq!(naming_vendor(name), vendor, "{name}");
        }
    }
}
