//! How fast the values of single sources go out of use: learnt from their lists, kept beside the reference
//! data and laid over it as an update is.

use lapwing_model::{Kind, Marking};
use serde::{Deserialize, Serialize};

use crate::update::Content;
use crate::{Knowledge, KnowledgeSource, Update};

/// How fast the values that a source lists go out of use, beside those of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePace {
    /// The source, as `lapwing-fuse` keys it.
    pub source: String,
    /// Of which kinds, see [`ages_as`].
    pub ages: String,
    /// How many times a day without a sighting counts, in percent.
    pub percent: u32,
    /// The strictest marking of the lists that tell it: what is less strict does not show it.
    pub marking: Marking,
}

/// Whose values go out of use by one law: what is learnt of one kind is learnt of all of these.
#[must_use]
pub fn ages_as(kind: Kind) -> &'static str {
    match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => "address",
        Kind::Url => "url",
        Kind::DomainName | Kind::EmailAddr | Kind::Certificate => "name",
        kind if kind.is_file_hash() => "file",
        _ => "other",
    }
}

impl Update {
    /// What was learnt of the lists of sources; it takes the place of what was learnt of them before.
    #[must_use]
    pub fn of_paces(source: KnowledgeSource, mut paces: Vec<SourcePace>) -> Self {
        paces.sort_unstable();
        Self { source, content: Content::Paces(paces) }
    }
}

impl Knowledge {
    /// How many times a day without a sighting counts for values that a source lists, in percent, where that
    /// was learnt from its lists, for who may see what is marked `shown`.
    pub fn pace(&self, source: &str, kind: Kind, shown: Marking) -> Option<u32> {
        let paces = self.updates.iter().rev().find_map(|update| match &update.content {
            Content::Paces(paces) => Some(paces),
            _ => None,
        })?;
        let asked = (source, ages_as(kind));
        let at = paces
            .binary_search_by(|pace| (pace.source.as_str(), pace.ages.as_str()).cmp(&asked))
            .ok()?;
        paces.get(at).filter(|pace| pace.marking <= shown).map(|pace| pace.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_last_counts_for_the_kinds_that_age_alike() {
        let update = |percent: u32| {
            let source = KnowledgeSource {
                name: "lists".into(),
                version: String::new(),
                licence: String::new(),
                from: String::new(),
                entries: 1,
            };
            let pace = |ages: &str| SourcePace {
                source: "feed".into(),
                ages: ages.into(),
                percent,
                marking: Marking::Green,
            };
            Update::of_paces(source, vec![pace("url"), pace("address")])
        };
        let knowledge = Knowledge::builtin().with_updates(&[update(200), update(50)]);
        assert_eq!(knowledge.pace("feed", Kind::Ipv6Addr, Marking::Green), Some(50));
        assert_eq!(knowledge.pace("feed", Kind::Ipv6Addr, Marking::Clear), None);
        assert_eq!(knowledge.pace("feed", Kind::Sha256, Marking::Red), None);
        assert_eq!(knowledge.pace("other", Kind::Url, Marking::Red), None);
        assert_eq!(Knowledge::builtin().pace("feed", Kind::Url, Marking::Red), None);
    }
}
