use std::collections::BTreeMap;
use std::sync::OnceLock;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind};
use serde::Serialize;

/// Names to canonical entities, through the aliases of the reference data.
///
/// The answer depends on the name alone, so that the order of arrival never matters.
#[derive(Debug)]
pub struct Resolver<'k> {
    knowledge: &'k Knowledge,
    gazetteer: OnceLock<BTreeMap<(Kind, String), Option<&'k str>>>,
    /// What people decided: a name and what it means.
    judged: BTreeMap<Entity, Entity>,
}

/// One of several things that a name may mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Candidate {
    /// What it may mean, by its preferred name.
    pub entity: Entity,
    /// Identifier in the reference data (`G0125`).
    pub id: String,
    /// Why it is a candidate, in words.
    pub why: String,
}

impl<'k> Resolver<'k> {
    /// Makes a resolver over the reference data.
    #[must_use]
    pub fn new(knowledge: &'k Knowledge) -> Self {
        Self { knowledge, gazetteer: OnceLock::new(), judged: BTreeMap::new() }
    }

    /// Goes by what people decided, before the reference data: a name as written, and what it means;
    /// a name that means itself stands alone.
    #[must_use]
    pub fn with_judged(mut self, judged: BTreeMap<Entity, Entity>) -> Self {
        self.judged = judged;
        self
    }

    /// A name in one spelling, not resolved to another.
    #[must_use]
    pub fn spelled(&self, entity: &Entity) -> Entity {
        let value = entity.value.split_whitespace().collect::<Vec<_>>().join(" ");
        match entity.kind {
            Kind::ThreatActor | Kind::Cluster if is_cluster_name(&value) => {
                Entity::new(Kind::Cluster, cluster_spelling(&value))
            }
            Kind::ThreatActor
            | Kind::Cluster
            | Kind::Malware
            | Kind::Tool
            | Kind::Campaign
            | Kind::Identity
            | Kind::Software => Entity::new(entity.kind, one_spelling(&value)),
            _ => self.by_reference(entity),
        }
    }

    /// The canonical entity: the preferred name of an unambiguous alias; else the name itself
    /// in one spelling, whatever its case and spaces.
    #[must_use]
    pub fn canonical(&self, entity: &Entity) -> Entity {
        if self.judged.is_empty() || entity.kind.is_observable() {
            return self.by_reference(entity);
        }
        let mut name = self.spelled(entity);
        // A decision on the name as written goes before the reference data; then from name to name,
        // which ends even where decisions go in a circle.
        let mut seen: Vec<Entity> = Vec::new();
        loop {
            if let Some(start) = seen.iter().position(|earlier| *earlier == name) {
                return seen.split_off(start).into_iter().min().unwrap_or(name);
            }
            seen.push(name.clone());
            let known = if let Some(means) = self.judged.get(&name) {
                means.clone()
            } else {
                let known = self.by_reference(&name);
                match self.judged.get(&known) {
                    Some(means) => means.clone(),
                    None => return known,
                }
            };
            if known == name {
                return name;
            }
            name = known;
        }
    }

    /// What the reference data says that a name means.
    fn by_reference(&self, entity: &Entity) -> Entity {
        let value = entity.value.split_whitespace().collect::<Vec<_>>().join(" ");
        let of = |value: String| Entity::new(entity.kind, value);
        match entity.kind {
            Kind::ThreatActor | Kind::Cluster => self.actor(&value),
            Kind::Malware | Kind::Tool => self.software(entity.kind, &value),
            Kind::AttackPattern => of(self.technique(&value)),
            Kind::Vulnerability => of(identifier(&value)),
            Kind::Weakness => {
                let bare = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                of(if bare { format!("CWE-{value}") } else { identifier(&value) })
            }
            Kind::Location => of(self
                .knowledge
                .place(&value)
                .map_or_else(|| one_spelling(&value), |place| place.code.clone())),
            Kind::Sector => of(self
                .knowledge
                .sector(&value)
                .map_or_else(|| value.to_lowercase(), |sector| sector.name.clone())),
            Kind::Identity | Kind::Software => {
                let known = self.known(entity.kind, &value);
                of(known.map_or_else(|| one_spelling(&value), str::to_owned))
            }
            Kind::Campaign => of(one_spelling(&value)),
            Kind::DomainName => of(value.trim_end_matches(['.', ' ']).to_lowercase()),
            Kind::EmailAddr => of(value.to_lowercase()),
            kind if kind.is_file_hash() => of(value.to_ascii_lowercase()),
            // Paths, keys, agents, patterns: spaces and case belong to the value.
            _ => of(entity.value.trim().to_owned()),
        }
    }

    /// Everything that an ambiguous name of an actor, malware or tool may mean, in order of
    /// name; empty when it means one thing or nothing known.
    #[must_use]
    pub fn candidates(&self, entity: &Entity) -> Vec<Candidate> {
        let value = entity.value.split_whitespace().collect::<Vec<_>>().join(" ");
        let why = |name: &str, id: &str| {
            if name.eq_ignore_ascii_case(&value) {
                format!("{value} is the preferred name of {id}")
            } else {
                format!("{value} is an alias of {name} ({id})")
            }
        };
        let mut found: Vec<Candidate> = match entity.kind {
            Kind::ThreatActor | Kind::Cluster => {
                let actors = self.knowledge.actors_named(&value);
                let of = |actor: &&lapwing_knowledge::Actor| Candidate {
                    entity: Entity::new(Kind::ThreatActor, actor.name.clone()),
                    id: actor.id.clone(),
                    why: why(&actor.name, &actor.id),
                };
                actors.iter().map(of).collect()
            }
            Kind::Malware | Kind::Tool => {
                let software = self.knowledge.software_named(&value);
                let of = |software: &&lapwing_knowledge::Software| Candidate {
                    entity: Entity::new(software.kind, software.name.clone()),
                    id: software.id.clone(),
                    why: why(&software.name, &software.id),
                };
                software.iter().map(of).collect()
            }
            _ => Vec::new(),
        };
        found.sort();
        found.dedup();
        if found.len() > 1 { found } else { Vec::new() }
    }

    fn actor(&self, value: &str) -> Entity {
        // "G0065": by ATT&CK's number.
        if value.len() == 5
            && value.starts_with(['G', 'g'])
            && let Some(numbered) = self.knowledge.actor(&value.to_ascii_uppercase())
        {
            return Entity::new(Kind::ThreatActor, numbered.name.clone());
        }
        match self.knowledge.actors_named(value).as_slice() {
            // A preferred name that means another one, too, is taken as if it stood there itself.
            [one] if one.name != value && self.knowledge.actors_named(&one.name).len() > 1 => {
                self.actor(&one.name)
            }
            [one] => Entity::new(Kind::ThreatActor, one.name.clone()),
            _ if is_cluster_name(value) => Entity::new(Kind::Cluster, cluster_spelling(value)),
            several => {
                let names = several.iter().map(|actor| actor.name.as_str());
                Entity::new(Kind::ThreatActor, spelling_among(names, value))
            }
        }
    }

    fn software(&self, kind: Kind, value: &str) -> Entity {
        match self.knowledge.software_named(value).as_slice() {
            [one] if one.name != value && self.knowledge.software_named(&one.name).len() > 1 => {
                self.software(one.kind, &one.name)
            }
            [one] => Entity::new(one.kind, one.name.clone()),
            several => {
                let names = several.iter().map(|software| software.name.as_str());
                Entity::new(kind, spelling_among(names, value))
            }
        }
    }

    /// The identifier of a technique that is valid today; by identifier or by name.
    fn technique(&self, value: &str) -> String {
        let by_name = || {
            let same = |name: &str| name.eq_ignore_ascii_case(value);
            let mut found = self.knowledge.techniques().iter().filter(|t| same(&t.name));
            let first = found.next()?;
            found.next().is_none().then_some(first)
        };
        let found = self.knowledge.current_technique(value).or_else(by_name);
        found.map_or_else(|| identifier(value), |technique| technique.id.clone())
    }

    /// The gazetteer's name for an organisation or product; `None` when unknown or ambiguous.
    fn known(&self, kind: Kind, value: &str) -> Option<&'k str> {
        let table = self.gazetteer.get_or_init(|| {
            let mut table: BTreeMap<(Kind, String), Option<&'k str>> = BTreeMap::new();
            let names = self.knowledge.names().iter();
            for name in names.filter(|n| matches!(n.entity.kind, Kind::Identity | Kind::Software)) {
                let key = (name.entity.kind, name.surface.to_lowercase());
                let meant = Some(name.entity.value.as_str());
                let entry = table.entry(key).or_insert(meant);
                if *entry != meant {
                    *entry = None;
                }
            }
            table
        });
        table.get(&(kind, value.to_lowercase())).copied().flatten()
    }
}

/// `CVE-2021-26855` of any case and dash.
fn identifier(value: &str) -> String {
    let dashed = value.replace(['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '_'], "-");
    // A nickname (`ProxyShell`) is no number: it keeps its spelling.
    let numbered = dashed.bytes().any(|byte| byte.is_ascii_digit());
    if numbered { dashed.to_uppercase() } else { value.to_owned() }
}

/// Prefixes under which vendors number activity that is not yet attributed.
const CLUSTER_PREFIXES: &[&str] = &["UNC", "DEV", "STORM", "UAC", "CL-STA", "CL-CRI", "TEMP"];

/// Whether a name has the shape of a cluster: `UNC2639`, `DEV-0343`, `Storm-0558`.
pub(crate) fn is_cluster_name(value: &str) -> bool {
    let upper = value.to_uppercase();
    CLUSTER_PREFIXES.iter().any(|prefix| {
        upper.strip_prefix(prefix).is_some_and(|rest| {
            let digits = rest.trim_start_matches(['-', ' ']);
            (2..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

/// `UNC 2639` is `UNC2639`; `STORM-0558` is `Storm-0558`.
fn cluster_spelling(value: &str) -> String {
    let upper = value.to_uppercase().replace(' ', "-");
    if let Some(rest) = upper.strip_prefix("UNC") {
        return format!("UNC{}", rest.trim_start_matches('-'));
    }
    match upper.strip_prefix("STORM") {
        Some(rest) => format!("Storm-{}", rest.trim_start_matches('-')),
        None => upper,
    }
}

/// The spelling of a name that may mean several: that of the one which is called so first of all, so that its other
/// names and this one meet; else as of a name that no table knows.
fn spelling_among<'a>(mut names: impl Iterator<Item = &'a str>, value: &str) -> String {
    names
        .find(|name| name.to_lowercase() == value.to_lowercase())
        .map_or_else(|| one_spelling(value), str::to_owned)
}

/// One spelling for all cases of a name that no table knows: words with digits and words of up
/// to three letters in capitals, the others with a capital first letter.
fn one_spelling(value: &str) -> String {
    let spell = |word: &str| {
        let small =
            matches!(word.to_lowercase().as_str(), "of" | "the" | "and" | "in" | "on" | "for");
        let digits = word.chars().any(|c| c.is_ascii_digit());
        let inner = word.chars().skip(1).any(char::is_uppercase);
        let lower = word.chars().any(char::is_lowercase);
        let code = digits || (inner && !lower && word.chars().count() <= 3);
        if small {
            word.to_lowercase()
        } else if code {
            word.to_uppercase()
        } else if inner && lower {
            // A spelling of its own (`DarkSide`, `VMware`) is no accident of the keyboard.
            word.to_owned()
        } else {
            let lower = word.to_lowercase();
            let mut chars = lower.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            first + chars.as_str()
        }
    };
    value.split(' ').map(spell).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(kind: Kind, value: &str) -> Entity {
        Resolver::new(Knowledge::builtin()).canonical(&Entity::new(kind, value))
    }

    #[test]
    fn spelling_does_not_make_two_of_one() {
        let same = |kind, names: &[&str]| {
            let first = canonical(kind, names[0]);
            for name in names {
                assert_eq!(canonical(kind, name), first, "{name}");
            }
            first
        };
        same(Kind::ThreatActor, &["Hafnium", "HAFNIUM", " hafnium "]);
        same(Kind::Campaign, &["Operation  Night Heron", "operation night heron"]);
        let cluster = same(Kind::ThreatActor, &["UNC2639", "unc2639", "UNC 2639", "UNC-2639"]);
        assert_eq!(cluster, Entity::new(Kind::Cluster, "UNC2639"));
        assert_eq!(canonical(Kind::Vulnerability, "cve-2021-26855").value, "CVE-2021-26855");
        assert_eq!(canonical(Kind::Weakness, "269").value, "CWE-269");
        assert_eq!(canonical(Kind::DomainName, "Mail.Example.COM.").value, "mail.example.com");
        assert_eq!(canonical(Kind::FilePath, r"C:\A  b").value, r"C:\A  b");
        let known = &Knowledge::builtin().actors().iter().find(|a| a.id == "G0016").unwrap().name;
        assert_eq!(canonical(Kind::ThreatActor, "g0016").value, *known);
        assert_eq!(canonical(Kind::ThreatActor, "G9999").value, "G9999");
    }

    #[test]
    fn what_a_name_means_means_itself() {
        let knowledge = Knowledge::builtin();
        let resolver = Resolver::new(knowledge);
        let actors = knowledge.actors().iter().map(|a| (Kind::ThreatActor, &a.name, &a.aliases));
        let software = knowledge.software().iter().map(|s| (s.kind, &s.name, &s.aliases));
        for (kind, name, aliases) in actors.chain(software) {
            for name in std::iter::once(name).chain(aliases) {
                let means = resolver.canonical(&Entity::new(kind, name.as_str()));
                assert_eq!(resolver.canonical(&means), means, "{kind} {name}");
            }
        }
    }

    #[test]
    fn what_people_decide_goes_before_the_reference_data_and_circles_end() {
        let actor = |name: &str| Entity::new(Kind::ThreatActor, name);
        let knowledge = Knowledge::builtin();
        let judged = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(a, b)| (actor(a), actor(b))).collect();
            Resolver::new(knowledge).with_judged(pairs)
        };
        let merged = judged(&[("Tortilla", "HAFNIUM")]);
        assert_eq!(merged.canonical(&actor("tortilla")), actor("HAFNIUM"));
        assert_eq!(merged.canonical(&merged.canonical(&actor("Tortilla"))), actor("HAFNIUM"));
        let circle = judged(&[("One Crew", "Other Crew"), ("Other Crew", "One Crew")]);
        let first = circle.canonical(&actor("One Crew"));
        assert_eq!(circle.canonical(&actor("Other Crew")), first);
        let alias = knowledge.actors().iter().find_map(|a| {
            let unique =
                |n: &&String| knowledge.actors_named(n).len() == 1 && one_spelling(n) == **n;
            Some((a.aliases.iter().find(unique)?.clone(), a.name.clone()))
        });
        let (alias, name) = alias.unwrap();
        assert_eq!(Resolver::new(knowledge).canonical(&actor(&alias)).value, name);
        let alone = judged(&[(&alias, &alias)]);
        assert_eq!(alone.canonical(&actor(&alias)).value, alias);
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent(name in "[A-Za-z0-9 .-]{1,20}", kind in 0..Kind::ALL.len()) {
            let once = canonical(Kind::ALL[kind], &name);
            prop_assert_eq!(&once, &canonical(once.kind, &once.value));
        }
    }
}
