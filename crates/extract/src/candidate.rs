//! Names that only their context makes known: unlinked candidates, and everyday words that are names here.
//!
//! The gazetteer goes first: it links a name to an identity. What the tagger finds beyond it is a
//! candidate, with the tagger's own confidence; a candidate never stands where something is known.

use std::collections::BTreeMap;

use foldhash::HashMap;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Confidence, Entity, Kind};

use crate::defined::defined;
use crate::introduced::introduced;
use crate::mention::{Found, Mention, agree, established};
use crate::other_name::{agree as agree_on_other_names, other_names};
use crate::shape;
use crate::tagger::{Tag, Tagged};

/// What claims of candidates carry as their method.
pub(crate) const METHOD: &str = "extract:tagger";

/// Least confidence, in percent, of the best place of a candidate in the document, and of any other.
const BEST: u8 = 70;
const OTHER: u8 = 45;
/// Least confidence with which the tagger lets an everyday word through as a name.
const SUPPORT: u8 = 55;
/// A name that no table knows is never surer than this.
const MOST: u8 = 78;

/// The names of the tables, those that the context supports, and the candidates.
pub(crate) fn with_context(
    text: &str,
    mut found: Found,
    tagged: &[Tagged],
    knowledge: &Knowledge,
) -> Vec<Mention> {
    let (supported, doubtful): (Vec<Mention>, Vec<Mention>) =
        found.doubtful.into_iter().partition(|m| supports(tagged, m));
    found.doubtful = doubtful;
    found.sure.extend(supported.into_iter().map(|mut m| {
        if m.entity.kind == Kind::Malware && is_said_of_actor(tagged, &m, knowledge) {
            m.entity = Entity::new(Kind::ThreatActor, m.entity.value);
        }
        m.why = format!("{}; an everyday word, a name by its context", m.why);
        m.precision = m.precision.min(Confidence::percent(MOST));
        m
    }));
    retold(&mut found.sure, tagged);
    agree(text, &mut found.sure);
    let mut mentions = established(text, found);
    let candidates = candidates(text, &mentions, tagged, knowledge);
    // "Bank of Marshland" is one name, and no place.
    mentions.retain(|m| {
        let after = candidates.partition_point(|c| c.span.end <= m.span.start);
        candidates.get(after).is_none_or(|c| c.span.start >= m.span.end)
    });
    mentions.extend(candidates);
    mentions.sort_by_key(|m| m.span);
    agree_on_other_names(text, &mut mentions, knowledge);
    for find in [introduced, defined, other_names] {
        let found = find(text, &mentions);
        if !found.is_empty() {
            mentions.extend(found);
            mentions.sort_by_key(|m| m.span);
        }
    }
    mentions
}

/// Least confidence with which the tagger says of a known name that it is another's: a gang's, not its malware's.
const OTHER_KIND: u8 = 60;

/// Whether the tagger may know better than the tables what bears a name: gangs and what they deploy share theirs.
pub(crate) fn is_open(mention: &Mention) -> bool {
    mention.method == "extract:gazetteer" && mention.entity.kind == Kind::Malware
}

/// Gives to actors the names of malware that the text means as theirs ("DarkSide claimed …").
fn retold(found: &mut [Mention], tagged: &[Tagged]) {
    for m in found.iter_mut().filter(|m| is_open(m)) {
        let at = tagged.partition_point(|t| t.span.end <= m.span.start);
        let said = tagged.get(at).is_some_and(|t| {
            t.tag == Tag::Group
                && t.span.contains(m.span)
                && t.confidence >= Confidence::percent(OTHER_KIND)
        });
        if said {
            m.entity = Entity::new(Kind::ThreatActor, m.entity.value.clone());
            m.why = format!("{}; an actor by its context", m.why);
            m.precision = m.precision.min(Confidence::percent(MOST));
        }
    }
}

/// Whether the tagger takes the name for what the table says that it is.
fn supports(tagged: &[Tagged], mention: &Mention) -> bool {
    let at = tagged.partition_point(|t| t.span.end <= mention.span.start);
    tagged.get(at).is_some_and(|t| {
        t.span.contains(mention.span)
            && t.confidence >= Confidence::percent(SUPPORT)
            && match mention.entity.kind {
                Kind::ThreatActor | Kind::Cluster => t.tag == Tag::Group,
                // Ransomware gangs and their programs share their names.
                Kind::Malware => matches!(t.tag, Tag::Malware | Tag::Group),
                Kind::Tool => matches!(t.tag, Tag::Tool | Tag::Malware),
                Kind::Location => t.tag == Tag::Location,
                Kind::Identity => t.tag == Tag::Organization,
                _ => false,
            }
    })
}

/// Whether the tagger takes a name of malware for the actor that bears it as well ("Turla has used …").
fn is_said_of_actor(tagged: &[Tagged], mention: &Mention, knowledge: &Knowledge) -> bool {
    let at = tagged.partition_point(|t| t.span.end <= mention.span.start);
    tagged.get(at).is_some_and(|t| t.tag == Tag::Group && t.span.contains(mention.span))
        && knowledge
            .actors_named(&mention.entity.value)
            .iter()
            .any(|a| a.name == mention.entity.value)
}

fn candidates(
    text: &str,
    mentions: &[Mention],
    tagged: &[Tagged],
    knowledge: &Knowledge,
) -> Vec<Mention> {
    let mut best: HashMap<(Tag, &str), u8> = HashMap::default();
    let named: Vec<(&Tagged, &str)> = tagged
        .iter()
        .filter_map(|t| Some((t, t.span.slice(text)?)))
        .filter(|(t, shown)| may_be_name(t.tag, shown))
        .collect();
    for (t, shown) in &named {
        let most = best.entry((t.tag, *shown)).or_default();
        *most = (*most).max(t.confidence.as_percent());
    }
    let mut found = Vec::new();
    for (t, shown) in named {
        let sure = t.confidence.as_percent();
        let most = best.get(&(t.tag, shown)).copied().unwrap_or(0);
        let after = mentions.partition_point(|m| m.span.end <= t.span.start);
        let inside = |m: &Mention| {
            t.tag == Tag::Organization
                && m.entity.kind == Kind::Location
                && t.span.contains(m.span)
                && t.span.len() > m.span.len()
        };
        let free = mentions[after..].iter().take_while(|m| m.span.start < t.span.end).all(inside);
        if most < BEST || sure < OTHER || !free {
            continue;
        }
        let Some(entity) = entity(t.tag, shown, knowledge) else { continue };
        found.push(Mention {
            entity,
            span: t.span,
            precision: Confidence::percent(sure.min(MOST)),
            method: METHOD,
            why: format!("{} by context; no table knows this name", in_words(t.tag)),
        });
    }
    found
}

fn entity(tag: Tag, shown: &str, knowledge: &Knowledge) -> Option<Entity> {
    let kind = match tag {
        Tag::Group => match shape::shaped(shown, 0) {
            Some((len, kind, _)) if len == shown.len() => kind,
            _ => Kind::ThreatActor,
        },
        Tag::Malware => Kind::Malware,
        Tag::Tool => Kind::Tool,
        Tag::Organization => Kind::Identity,
        Tag::Location => Kind::Location,
        // A sector that no table knows says nothing that can be counted.
        Tag::Sector => {
            return knowledge.sector(shown).map(|s| Entity::new(Kind::Sector, s.name.clone()));
        }
        _ => return None,
    };
    Some(Entity::new(kind, shown))
}

/// Whether the run looks like a name at all: a capital, or letters with digits, and not too long.
fn may_be_name(tag: Tag, shown: &str) -> bool {
    let letters = shown.chars().filter(|c| c.is_alphabetic()).count();
    let name_like = shown.chars().any(char::is_uppercase)
        || shown.chars().any(|c| c.is_ascii_digit())
        || tag == Tag::Sector;
    let lower = shown.to_ascii_lowercase();
    let generic = GENERIC.contains(&lower.as_str());
    // "IRS-themed" tells of a lure, "X-linked" of somebody else.
    let ending = lower.rsplit_once('-').is_some_and(|(_, end)| ENDINGS.contains(&end));
    letters >= 3
        && name_like
        && !generic
        && !ending
        && shown.len() <= 48
        && !shown.contains(['\n', '/', '\\', '=', '@'])
}

/// Nouns that are no names, whatever their case.
const GENERIC: &[&str] = &[
    "gang",
    "group",
    "actor",
    "actors",
    "team",
    "hackers",
    "malware",
    "ransomware",
    "trojan",
    "backdoor",
    "loader",
    "stealer",
    "botnet",
    "wiper",
    "operation",
    "campaign",
    "tool",
];
/// What stands behind a name and makes an adjective of it.
const ENDINGS: &[&str] = &[
    "linked",
    "themed",
    "based",
    "like",
    "affiliated",
    "related",
    "focused",
    "backed",
    "sponsored",
    "aligned",
    "nexus",
    "style",
    "branded",
    "specific",
    "owned",
    "speaking",
    "associated",
    "controlled",
];

fn in_words(tag: Tag) -> &'static str {
    match tag {
        Tag::Group => "an actor",
        Tag::Malware => "malware",
        Tag::Tool => "a tool",
        Tag::Organization => "an organisation",
        Tag::Location => "a place",
        Tag::Sector => "a sector",
        _ => "a name",
    }
}

/// What is said of a candidate is no surer than that it is a name.
pub(crate) fn bound(claims: &mut [Claim], mentions: &[Mention]) {
    let mut most: BTreeMap<&Entity, Confidence> = BTreeMap::new();
    for m in mentions {
        let sure = if m.method == METHOD { m.precision } else { Confidence::FULL };
        let known = most.entry(&m.entity).or_insert(sure);
        *known = (*known).max(sure);
    }
    for claim in claims {
        let bound = std::iter::once(&claim.subject)
            .chain(claim.object.entity())
            .filter_map(|entity| most.get(entity))
            .min()
            .copied();
        claim.precision = claim.precision.min(bound.unwrap_or(Confidence::FULL));
    }
}
