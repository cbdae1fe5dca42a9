//! Reference data in compact tables inside the binary, replaceable by fresher files at run time.
//!
//! [`Knowledge`] answers all questions; [`Knowledge::builtin`] has the tables that the binary carries
//! (made by `tools/knowledge/build.py`), and [`load_update`] with [`Knowledge::with_updates`] lays
//! fresher official files over them. Each table is unpacked when it is first asked for.
//!
//! ```
//! use lapwing_knowledge::Knowledge;
//! use lapwing_model::{Entity, Kind};
//!
//! let known = Knowledge::builtin();
//! assert_eq!(known.technique("T1505.003").unwrap().name, "Web Shell");
//! assert_eq!(known.actors_named("Hafnium")[0].countries, ["CN"]);
//! let address = Entity::new(Kind::Ipv4Addr, "10.0.0.1");
//! assert!(known.benign(&address).is_some_and(|found| !found.shared));
//! ```
#![deny(missing_docs)]

mod benign;
mod load;
mod named;
mod pace;
mod records;
mod table;
mod update;

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock, OnceLock};

use foldhash::HashMap;
use lapwing_model::Entity;

pub use named::name_key;
pub use pace::{SourcePace, ages_as};
pub use records::{
    Actor, Benign, Campaign, KnowledgeSource, Matrix, Name, Place, Sector, Software, TACTICS,
    Tactic, Targets, Technique, Weakness,
};
pub use update::{KnowledgeError, Update, load_update};

use load::{Actors, Uses};
use named::Named;
use update::{BenignList, Content};

/// Records with an index of their names or identifiers.
type Indexed<T> = (Vec<T>, HashMap<String, usize>);

/// All reference data. Make it once, share it.
#[derive(Debug, Default)]
pub struct Knowledge {
    updates: Vec<Update>,
    techniques: OnceLock<Vec<Technique>>,
    technique_names: OnceLock<HashMap<String, usize>>,
    actors: OnceLock<Actors>,
    campaigns: OnceLock<Named<Campaign>>,
    software: OnceLock<Named<Software>>,
    uses: OnceLock<Uses>,
    weaknesses: OnceLock<Indexed<Weakness>>,
    places: OnceLock<Indexed<Place>>,
    sectors: OnceLock<Indexed<Sector>>,
    names: OnceLock<Vec<Name>>,
    sources: OnceLock<Vec<KnowledgeSource>>,
    kept: AssertUnwindSafe<OnceLock<Arc<dyn Any + Send + Sync>>>,
}

impl Knowledge {
    /// The tables built into the binary.
    pub fn builtin() -> &'static Knowledge {
        static BUILTIN: LazyLock<Knowledge> = LazyLock::new(Knowledge::default);
        &BUILTIN
    }

    /// These tables with fresher data over them; later updates go before earlier ones.
    pub fn with_updates(&self, updates: &[Update]) -> Knowledge {
        let updates = self.updates.iter().chain(updates).cloned().collect();
        Knowledge { updates, ..Knowledge::default() }
    }

    /// What another crate makes of these tables, once for all who ask with them (names compiled for
    /// matching). One thing is kept: what is asked for as another type is made anew each time.
    pub fn kept<T: Send + Sync + 'static>(&self, make: impl FnOnce(&Self) -> T) -> Arc<T> {
        if let Some(kept) = self.kept.get() {
            return Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(make(self)));
        }
        let made = Arc::new(make(self));
        // Whoever was faster keeps it; both are the same.
        let _ = self.kept.set(Arc::clone(&made) as Arc<dyn Any + Send + Sync>);
        made
    }

    fn technique_table(&self) -> &[Technique] {
        self.techniques.get_or_init(|| load::techniques(&self.updates))
    }

    fn actor_table(&self) -> &Actors {
        self.actors.get_or_init(|| load::actors(&self.updates))
    }

    fn campaign_table(&self) -> &Named<Campaign> {
        self.campaigns.get_or_init(|| load::campaigns(&self.updates))
    }

    fn software_table(&self) -> &Named<Software> {
        self.software.get_or_init(|| load::software(&self.updates))
    }

    fn use_table(&self) -> &Uses {
        self.uses.get_or_init(|| load::uses(&self.updates))
    }

    /// A technique by its identifier, revoked ones included.
    pub fn technique(&self, id: &str) -> Option<&Technique> {
        let (id, all) = (id.trim().to_ascii_uppercase(), self.technique_table());
        let at = all.binary_search_by(|technique| technique.id.cmp(&id)).ok()?;
        all.get(at)
    }

    /// As [`Self::technique`], following revocations to what is valid today.
    pub fn current_technique(&self, id: &str) -> Option<&Technique> {
        let mut found = self.technique(id)?;
        let mut passed = BTreeSet::new();
        // A circle of revocations would be an error of the data: it ends where it closes.
        while let Some(next) = &found.revoked_by
            && passed.insert(next)
        {
            let Some(successor) = self.technique(next) else { break };
            found = successor;
        }
        Some(found)
    }

    /// A technique that is valid today, by its whole name (case, spaces and hyphens apart);
    /// that of Enterprise where Mobile or ICS has one of the same name.
    pub fn technique_named(&self, name: &str) -> Option<&Technique> {
        let index = self.technique_names.get_or_init(|| {
            let all = self.technique_table().iter().enumerate();
            let valid = all.filter(|(_, t)| t.revoked_by.is_none() && !t.deprecated);
            let mut valid: Vec<(usize, &Technique)> = valid.collect();
            valid.sort_by_key(|(_, technique)| technique.matrix);
            let mut index = HashMap::default();
            for (at, technique) in valid {
                index.entry(name_key(&technique.name)).or_insert(at);
            }
            index
        });
        self.technique_table().get(*index.get(&name_key(name))?)
    }

    /// All techniques, in order of identifier.
    pub fn techniques(&self) -> &[Technique] {
        self.technique_table()
    }

    /// All actors.
    pub fn actors(&self) -> &[Actor] {
        &self.actor_table().named.records
    }

    /// An actor by its identifier: ATT&CK's, or `misp:` and the galaxy's.
    pub fn actor(&self, id: &str) -> Option<&Actor> {
        self.actor_table().named.by_id(id)
    }

    /// Actors that bear this name or alias (case, spaces, hyphens and `group` apart), those whose own
    /// name it is first. More than one: ambiguous.
    pub fn actors_named(&self, name: &str) -> Vec<&Actor> {
        self.actor_table().named.named(name)
    }

    /// Whom an actor is said to aim at, by the actor's [`Actor::id`].
    pub fn targets(&self, actor_id: &str) -> Option<&Targets> {
        let Actors { named, targets } = self.actor_table();
        targets.get(actor_id).or_else(|| {
            // An update may have given a galaxy's actor its ATT&CK identifier since.
            let at = named.records.iter().position(|actor| actor.id == actor_id)?;
            let former = named.other_ids.iter().filter(|(_, other)| *other == at);
            former.into_iter().find_map(|(id, _)| targets.get(id))
        })
    }

    /// All campaigns of ATT&CK.
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaign_table().records
    }

    /// A campaign by its identifier.
    pub fn campaign(&self, id: &str) -> Option<&Campaign> {
        self.campaign_table().by_id(id)
    }

    /// Campaigns that bear this name or alias.
    pub fn campaigns_named(&self, name: &str) -> Vec<&Campaign> {
        self.campaign_table().named(name)
    }

    /// All malware and tools.
    pub fn software(&self) -> &[Software] {
        &self.software_table().records
    }

    /// Malware or tool by its identifier: ATT&CK's, or `misp:` and the galaxy's.
    pub fn software_by_id(&self, id: &str) -> Option<&Software> {
        self.software_table().by_id(id)
    }

    /// Malware and tools that bear this name or alias, also with a word as `ransomware` behind it.
    pub fn software_named(&self, name: &str) -> Vec<&Software> {
        let found = self.software_table().named(name);
        if !found.is_empty() {
            return found;
        }
        let Some((head, last)) = name.trim().rsplit_once([' ', '-']) else { return found };
        match last.to_lowercase().as_str() {
            "ransomware" | "malware" | "backdoor" | "trojan" | "rat" | "loader" | "stealer"
            | "botnet" | "worm" | "webshell" => self.software_table().named(head),
            _ => found,
        }
    }

    /// Identifiers of the techniques and software that ATT&CK says an actor, campaign or software uses.
    pub fn uses(&self, id: &str) -> &[String] {
        self.use_table().uses(id)
    }

    /// Identifiers of the actors, campaigns and software that ATT&CK says use a technique or software.
    pub fn used_by(&self, id: &str) -> &[String] {
        self.use_table().used_by(id)
    }

    /// A weakness by `CWE-79`.
    pub fn weakness(&self, id: &str) -> Option<&Weakness> {
        let (all, index) = self.weaknesses.get_or_init(load::weaknesses);
        all.get(*index.get(&id.trim().to_ascii_uppercase())?)
    }

    /// All weaknesses above one, the nearest first.
    pub fn weakness_ancestors(&self, id: &str) -> Vec<&Weakness> {
        let mut above: Vec<&Weakness> = Vec::new();
        let mut level: Vec<&Weakness> = self.weakness(id).into_iter().collect();
        while !level.is_empty() {
            let mut next = Vec::new();
            for parent in level.iter().flat_map(|w| &w.parents).filter_map(|p| self.weakness(p)) {
                if parent.id != id && !above.iter().any(|seen| seen.id == parent.id) {
                    above.push(parent);
                    next.push(parent);
                }
            }
            level = next;
        }
        above
    }

    /// A country or region by code (countries: in capitals), name or adjective.
    pub fn place(&self, text: &str) -> Option<&Place> {
        let (all, index) = self.places.get_or_init(load::places);
        let text = text.trim();
        if text.len() == 2
            && let Some(country) = all.iter().find(|place| place.code == text)
        {
            return Some(country);
        }
        all.get(*index.get(&name_key(text))?)
    }

    /// All countries and regions.
    pub fn places(&self) -> &[Place] {
        &self.places.get_or_init(load::places).0
    }

    /// A sector by name or synonym, also with a word as `sector` or `companies` behind it.
    pub fn sector(&self, text: &str) -> Option<&Sector> {
        let (all, index) = self.sectors.get_or_init(load::sectors);
        let mut rest = text.trim();
        loop {
            if let Some(&at) = index.get(&name_key(rest)) {
                return all.get(at);
            }
            let (head, last) = rest.rsplit_once(' ')?;
            match last.to_lowercase().as_str() {
                "sector" | "sectors" | "industry" | "industries" | "company" | "companies"
                | "firm" | "firms" | "organization" | "organizations" | "organisation"
                | "organisations" | "entity" | "entities" | "provider" | "providers"
                | "institution" | "institutions" | "operator" | "operators" | "agency"
                | "agencies" | "vertical" | "verticals" | "services" | "bodies" => {
                    rest = head.trim();
                }
                _ => return None,
            }
        }
    }

    /// All sectors.
    pub fn sectors(&self) -> &[Sector] {
        &self.sectors.get_or_init(load::sectors).0
    }

    /// The gazetteer: every name of actors, campaigns, malware, tools, sectors, places, organisations
    /// (vendors, agencies: `Kind::Identity`), products (`Kind::Software`) and techniques that are
    /// valid today; in order of surface, then kind.
    pub fn names(&self) -> &[Name] {
        self.names.get_or_init(|| load::names(&self.updates))
    }

    /// Whether, and why, a value (address, network, domain, URL, mail address, hash, file name) is
    /// known to be legitimate. The most specific entry speaks; an update goes before what is built in.
    pub fn benign(&self, entity: &Entity) -> Option<Benign> {
        let lists = self.updates.iter().rev().filter_map(|update| match &update.content {
            Content::Benign(list) => Some(&**list),
            _ => None,
        });
        let fresher: Vec<&BenignList> = lists.collect();
        benign::benign(&fresher, entity)
    }

    /// The lists by which values are known to be legitimate, by name, each once.
    pub fn benign_lists(&self) -> Vec<Benign> {
        let updates = self.updates.iter().rev().filter_map(|update| match &update.content {
            Content::Benign(list) => Some(list.benign()),
            _ => None,
        });
        let mut lists: Vec<Benign> = updates.chain(benign::lists()).collect();
        // The sort keeps the order of what is alike: an update goes before what is built in.
        lists.sort_by(|a, b| a.list.cmp(&b.list));
        lists.dedup_by(|a, b| a.list == b.list);
        lists
    }

    /// Whether the domain ends in a suffix of the public suffix list's ICANN part.
    pub fn has_known_suffix(&self, domain: &str) -> bool {
        psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known())
    }

    /// The part of a domain under the public suffix (`evil.co.uk` of `a.evil.co.uk`).
    pub fn registrable_domain<'d>(&self, domain: &'d str) -> Option<&'d str> {
        psl::domain_str(domain)
    }

    /// Where the tables came from.
    pub fn sources(&self) -> &[KnowledgeSource] {
        self.sources.get_or_init(|| load::sources(&self.updates))
    }
}
