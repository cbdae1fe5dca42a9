//! The built-in tables, with updates laid over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt as _};
use lapwing_model::{Entity, Kind};

use crate::named::{Named, Record, name_key};
use crate::table::{list, rows, unpack_text};
use crate::update::{AttackRelease, Content};
use crate::{
    Actor, Campaign, KnowledgeSource, Matrix, Name, Place, Sector, Software, Targets, Technique,
    Update, Weakness,
};

macro_rules! packed {
    ($file:literal) => {
        unpack_text(include_bytes!(concat!("../data/", $file, ".tsv.zst")))
    };
}

/// Actors, and whom each of them aims at.
#[derive(Debug)]
pub(crate) struct Actors {
    pub(crate) named: Named<Actor>,
    pub(crate) targets: HashMap<String, Targets>,
}

/// Who uses what. A row is split into identifiers when it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    rows: HashMap<String, (String, OnceLock<Vec<String>>)>,
    used_by: OnceLock<HashMap<String, Vec<String>>>,
}

impl Uses {
    pub(crate) fn uses(&self, user: &str) -> &[String] {
        self.rows.get(user).map_or(&[], |(row, ids)| ids.get_or_init(|| list(row, ';')))
    }

    pub(crate) fn used_by(&self, used: &str) -> &[String] {
        let index = self.used_by.get_or_init(|| {
            let mut users: Vec<&String> = self.rows.keys().collect();
            users.sort_unstable();
            let mut index: HashMap<String, Vec<String>> = HashMap::new();
            for user in users {
                for used in self.uses(user) {
                    index.entry(used.clone()).or_default().push(user.clone());
                }
            }
            index
        });
        index.get(used).map_or(&[], Vec::as_slice)
    }
}

fn releases(updates: &[Update]) -> impl Iterator<Item = &AttackRelease> {
    updates.iter().filter_map(|update| match &update.content {
        Content::Attack(release) => Some(&**release),
        _ => None,
    })
}

pub(crate) fn techniques(updates: &[Update]) -> Vec<Technique> {
    let builtin = packed!("techniques");
    let mut all: Vec<Technique> = rows(&builtin)
        .map(|[id, name, tactics, revoked_by, gone, matrix]| Technique {
            id: id.into(),
            name: name.into(),
            tactics: list(tactics, ';'),
            revoked_by: (!revoked_by.is_empty()).then(|| revoked_by.into()),
            deprecated: gone == "1",
            matrix: match matrix {
                "mobile" => Matrix::Mobile,
                "ics" => Matrix::Ics,
                _ => Matrix::Enterprise,
            },
        })
        .collect();
    for fresh in releases(updates).flat_map(|release| &release.techniques) {
        match all.binary_search_by(|known| known.id.cmp(&fresh.id)) {
            Ok(at) => all[at] = fresh.clone(),
            Err(at) => all.insert(at, fresh.clone()),
        }
    }
    all
}

pub(crate) fn actors(updates: &[Update]) -> Actors {
    let builtin = packed!("actors");
    let (mut records, mut other_ids, mut targets) = (Vec::new(), Vec::new(), HashMap::new());
    for (at, [id, name, aliases, countries, ids, places, sectors]) in rows(&builtin).enumerate() {
        other_ids.extend(list(ids, ';').into_iter().map(|uuid| (format!("misp:{uuid}"), at)));
        let aimed_at = Targets { places: list(places, ';'), sectors: list(sectors, ';') };
        if aimed_at != Targets::default() {
            targets.insert(id.to_owned(), aimed_at);
        }
        records.push(Actor {
            id: id.into(),
            name: name.into(),
            aliases: list(aliases, '|'),
            countries: list(countries, ';'),
        });
    }
    let mut named = Named::new(records, other_ids);
    for update in updates {
        named = match &update.content {
            Content::Attack(release) => layered(named, &release.actors, join_actor),
            Content::Actors(fresh) => layered(named, fresh, join_actor),
            _ => named,
        };
    }
    Actors { named, targets }
}

fn join_actor(known: &mut Actor, fresh: &Actor) {
    if !fresh.countries.is_empty() {
        known.countries.clone_from(&fresh.countries);
    }
    join_names(&known.id, &mut known.name, &mut known.aliases, fresh);
}

pub(crate) fn software(updates: &[Update]) -> Named<Software> {
    let builtin = packed!("software");
    let (mut records, mut other_ids) = (Vec::new(), Vec::new());
    for (at, [id, name, aliases, kind, ids]) in rows(&builtin).enumerate() {
        other_ids.extend(list(ids, ';').into_iter().map(|uuid| (format!("misp:{uuid}"), at)));
        records.push(Software {
            id: id.into(),
            name: name.into(),
            aliases: list(aliases, '|'),
            kind: if kind == "tool" { Kind::Tool } else { Kind::Malware },
        });
    }
    let mut named = Named::new(records, other_ids);
    for update in updates {
        named = match &update.content {
            Content::Attack(release) => layered(named, &release.software, join_software),
            Content::Software(fresh) => layered(named, fresh, join_software),
            _ => named,
        };
    }
    named
}

fn join_software(known: &mut Software, fresh: &Software) {
    join_names(&known.id, &mut known.name, &mut known.aliases, fresh);
}

pub(crate) fn campaigns(updates: &[Update]) -> Named<Campaign> {
    let builtin = packed!("campaigns");
    let records = rows(&builtin)
        .map(|[id, name, aliases, by]| Campaign {
            id: id.into(),
            name: name.into(),
            aliases: list(aliases, '|'),
            attributed_to: list(by, ';'),
        })
        .collect();
    releases(updates).fold(Named::new(records, Vec::new()), |named, release| {
        layered(named, &release.campaigns, Clone::clone_from)
    })
}

/// Lays fresher records over known ones: joined by identifier, else where both bear the same own
/// name and no third does; a shared alias alone joins nothing.
fn layered<T: Record + Clone>(known: Named<T>, fresh: &[T], join: fn(&mut T, &T)) -> Named<T> {
    let mut at_id: HashMap<String, usize> = known.other_ids.iter().cloned().collect();
    let mut at_name: HashMap<String, Option<usize>> = HashMap::new();
    for (at, record) in known.records.iter().enumerate() {
        at_id.insert(record.id().to_owned(), at);
        at_name.entry(name_key(record.name())).and_modify(|seen| *seen = None).or_insert(Some(at));
    }
    let (mut records, mut other_ids) = (known.records, known.other_ids);
    for record in fresh {
        let same_name = || at_name.get(&name_key(record.name())).copied().flatten();
        let at = at_id.get(record.id()).copied().or_else(same_name);
        if let Some((at, old)) = at.and_then(|at| Some((at, records.get_mut(at)?))) {
            if old.id() != record.id() {
                // ATT&CK's identifier leads, for its relations use it.
                let former = if old.id().starts_with("misp:") {
                    old.set_id(record.id())
                } else {
                    record.id().to_owned()
                };
                at_id.insert(record.id().to_owned(), at);
                other_ids.push((former, at));
            }
            join(old, record);
        } else {
            at_id.insert(record.id().to_owned(), records.len());
            records.push(record.clone());
        }
    }
    Named::new(records, other_ids)
}

/// Joins the names; ATT&CK's own name leads where the fresher record has the same identifier.
fn join_names(id: &str, name: &mut String, aliases: &mut Vec<String>, fresh: &dyn Record) {
    let mut all: Vec<String> = std::mem::take(aliases);
    all.extend(fresh.aliases().iter().cloned());
    let other = if id == fresh.id() && !id.starts_with("misp:") {
        std::mem::replace(name, fresh.name().to_owned())
    } else {
        fresh.name().to_owned()
    };
    all.push(other);
    let own = name_key(name);
    let mut seen = BTreeSet::new();
    all.retain(|alias| name_key(alias) != own && seen.insert(name_key(alias)));
    all.sort();
    *aliases = all;
}

pub(crate) fn uses(updates: &[Update]) -> Uses {
    let builtin = packed!("uses");
    let mut all: HashMap<String, (String, OnceLock<Vec<String>>)> = rows(&builtin)
        .map(|[user, used]| (user.to_owned(), (used.to_owned(), OnceLock::new())))
        .collect();
    for (user, used) in releases(updates).flat_map(|release| &release.uses) {
        let (row, _) = all.entry(user.clone()).or_default();
        let known = list(row, ';');
        let together: BTreeSet<&str> = used.iter().chain(&known).map(String::as_str).collect();
        let together: Vec<&str> = together.into_iter().collect();
        *row = together.join(";");
    }
    Uses { rows: all, ..Uses::default() }
}

pub(crate) fn weaknesses() -> (Vec<Weakness>, HashMap<String, usize>) {
    let builtin = packed!("weaknesses");
    let all: Vec<Weakness> = rows(&builtin)
        .map(|[id, name, parents]| Weakness {
            id: id.into(),
            name: name.into(),
            parents: list(parents, ';'),
        })
        .collect();
    let index = all.iter().enumerate().map(|(at, w)| (w.id.clone(), at)).collect();
    (all, index)
}

pub(crate) fn places() -> (Vec<Place>, HashMap<String, usize>) {
    let builtin = packed!("places");
    let all: Vec<Place> = rows(&builtin)
        .map(|[code, name, names, region]| Place {
            code: code.into(),
            name: name.into(),
            names: list(names, '|'),
            is_region: region == "1",
        })
        .collect();
    let mut index = HashMap::new();
    for (at, place) in all.iter().enumerate() {
        if place.is_region {
            index.entry(name_key(&place.code)).or_insert(at);
        }
        for name in place.names.iter().chain([&place.name]) {
            index.entry(name_key(name)).or_insert(at);
        }
    }
    (all, index)
}

pub(crate) fn sectors() -> (Vec<Sector>, HashMap<String, usize>) {
    let builtin = packed!("sectors");
    let all: Vec<Sector> = rows(&builtin)
        .map(|[name, names]| Sector { name: name.into(), names: list(names, '|') })
        .collect();
    let mut index = HashMap::new();
    // A sector's own name goes before another's synonym.
    for (at, sector) in all.iter().enumerate() {
        index.entry(name_key(&sector.name)).or_insert(at);
    }
    for (at, sector) in all.iter().enumerate() {
        for name in &sector.names {
            index.entry(name_key(name)).or_insert(at);
        }
    }
    (all, index)
}

pub(crate) fn names(updates: &[Update]) -> Vec<Name> {
    let builtin = packed!("names");
    let mut all: Vec<Name> = rows(&builtin)
        .filter_map(|[surface, kind, value, ambiguous]| {
            Some(Name {
                surface: surface.into(),
                entity: Entity::new(kind.parse().ok()?, value),
                ambiguous: ambiguous == "1",
            })
        })
        .collect();
    let mut fresh: BTreeMap<(String, Kind), String> = BTreeMap::new();
    let mut add = |kind: Kind, record: &dyn Record| {
        for surface in record.aliases().iter().chain([&record.name().to_owned()]) {
            if is_a_name(surface) {
                fresh.entry((surface.clone(), kind)).or_insert_with(|| record.name().to_owned());
            }
        }
    };
    for update in updates {
        match &update.content {
            Content::Attack(release) => {
                release.actors.iter().for_each(|r| add(Kind::ThreatActor, r));
                release.software.iter().for_each(|r| add(r.kind, r));
                release.campaigns.iter().for_each(|r| add(Kind::Campaign, r));
            }
            Content::Actors(records) => records.iter().for_each(|r| add(Kind::ThreatActor, r)),
            Content::Software(records) => records.iter().for_each(|r| add(r.kind, r)),
            Content::Benign(_) | Content::Paces(_) => {}
        }
    }
    for technique in releases(updates).flat_map(|release| &release.techniques) {
        if technique.revoked_by.is_none() && !technique.deprecated {
            fresh.insert((technique.name.clone(), Kind::AttackPattern), technique.id.clone());
        }
    }
    if !fresh.is_empty() {
        let known: BTreeSet<(String, Kind)> =
            all.iter().map(|n| (n.surface.clone(), n.entity.kind)).collect();
        fresh.retain(|form, _| !known.contains(form));
        all.extend(fresh.into_iter().map(|((surface, kind), value)| Name {
            ambiguous: may_be_a_word(&surface),
            surface,
            entity: Entity::new(kind, value),
        }));
        all.sort_by(|a, b| {
            (&a.surface, a.entity.kind.as_str()).cmp(&(&b.surface, b.entity.kind.as_str()))
        });
    }
    all
}

/// Whether a form of an update names something by itself.
fn is_a_name(surface: &str) -> bool {
    (3..=60).contains(&surface.len()) && surface.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

/// The word frequencies are not in the binary: a new name of one word, without digits and inner
/// capitals, is taken for an everyday word until a newer build knows better.
fn may_be_a_word(surface: &str) -> bool {
    let inner_capital =
        surface.chars().skip(1).any(char::is_uppercase) && surface.chars().any(char::is_lowercase);
    surface.len() <= 3 || (surface.chars().all(char::is_alphabetic) && !inner_capital)
}

pub(crate) fn sources(updates: &[Update]) -> Vec<KnowledgeSource> {
    let builtin = packed!("sources");
    let builtin = rows(&builtin).map(|[name, version, licence, from, entries]| KnowledgeSource {
        name: name.into(),
        version: version.into(),
        licence: licence.into(),
        from: from.into(),
        entries: entries.parse().unwrap_or_default(),
    });
    builtin.chain(updates.iter().map(|update| update.source.clone())).collect()
}
