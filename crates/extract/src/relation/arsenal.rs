//! What somebody has at hand: "X's toolset includes Y and Z", "among the tools used by X are Y and Z".

use lapwing_model::{Entity, Kind, Relation, Span};

use super::Telling;
use super::act::is_software;

/// What a collection of tools is called.
const COLLECTIONS: &[&str] = &[
    "toolset",
    "tool set",
    "toolkit",
    "toolbox",
    "arsenal",
    "tools",
    "tooling",
    "malware",
    "payloads",
    "implants",
    "utilities",
    "malware families",
];
/// How a sentence goes on to name what belongs to it.
const NAMING: &[&str] = &[
    "include",
    "includes",
    "included",
    "including",
    "comprise",
    "comprises",
    "comprised",
    "consists of",
    "consisted of",
    "contains",
    "contained",
    "features",
    "are",
    "were",
];

impl Telling<'_> {
    /// Actor → malware, tool, where a noun says that they are the actor's.
    pub(super) fn arsenal(&mut self) {
        if self.is_defence() {
            return;
        }
        let words = &self.sentence.words;
        let Some(owner) = self.owner(&words.lower) else { return };
        let (entity, end, collection) = owner;
        let Some((_, from)) = words.first(NAMING, end.max(collection), words.lower.len()) else {
            return;
        };
        let (_, to) = words.clause(from);
        let named: Vec<(Entity, Span, usize)> = self
            .of_kind(is_software)
            .iter()
            .map(|m| (m.entity.clone(), m.span, words.at(m.span)))
            .filter(|(_, _, at)| *at >= from && *at < to.max(from + 1))
            .collect();
        for (tool, span, at) in named {
            if tool == entity || self.is_told(&entity, Relation::Uses, &tool) {
                continue;
            }
            let why = "named among the tools of it";
            self.claim(entity.clone(), Relation::Uses, tool, span, at, 80, why);
        }
    }

    /// Whose tools the sentence speaks of: who, where its name ends, and where the noun ends.
    fn owner(&self, lower: &str) -> Option<(Entity, usize, usize)> {
        let words = self.words();
        self.sentence.mentions.iter().find_map(|mention| {
            let owns = mention.entity.kind.is_actor_like() || mention.entity.kind == Kind::Campaign;
            if !owns {
                return None;
            }
            let (at, end) = (words.at(mention.span), words.end(mention.span));
            // "X's known toolset"
            let behind = lower.get(end..)?;
            let possessed = ["'s ", "\u{2019}s ", "' ", "\u{2019} "].iter().find_map(|mark| {
                let rest = behind.strip_prefix(mark)?;
                let noun =
                    COLLECTIONS.iter().find_map(|noun| Some(rest.find(noun)? + noun.len()))?;
                (noun <= 40).then_some(end + mark.len() + noun)
            });
            if let Some(noun) = possessed {
                return Some((mention.entity.clone(), end, noun));
            }
            // "the tools used by X", "the arsenal of X"
            let head = lower.get(..at)?.trim_end();
            let head = head.strip_suffix(" the").unwrap_or(head);
            let linked = ["used by", "deployed by", "employed by", "of"]
                .iter()
                .find_map(|link| head.strip_suffix(link))?
                .trim_end();
            COLLECTIONS
                .iter()
                .any(|noun| linked.ends_with(noun))
                .then(|| (mention.entity.clone(), end, end))
        })
    }
}
