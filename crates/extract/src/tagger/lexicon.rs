//! Of which sorts of known names a word is a part: "Ministry" of organisations, "injection" of techniques.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use foldhash::HashMap;
use lapwing_knowledge::Knowledge;
use lapwing_model::Kind;

use super::cues::Bits;
use super::word::hash_of;

/// Kinds of names, two bits each: in one name at least, in [`MANY`] at least.
const KINDS: [Kind; 8] = [
    Kind::Identity,
    Kind::Sector,
    Kind::Location,
    Kind::AttackPattern,
    Kind::Tool,
    Kind::Software,
    Kind::ThreatActor,
    Kind::Malware,
];

/// A word in so many names of a kind is typical of it.
const MANY: u32 = 5;

/// Number of the bits.
pub(crate) const BITS: u32 = 2 * KINDS.len() as u32;

/// Which kinds have names with the word, by the hash of its lower-case form.
pub(crate) fn parts_of(lower: u32) -> Bits {
    static TABLE: LazyLock<HashMap<u32, Bits>> = LazyLock::new(table);
    TABLE.get(&lower).copied().unwrap_or_default()
}

fn table() -> HashMap<u32, Bits> {
    let mut counts: BTreeMap<(u32, usize), u32> = BTreeMap::new();
    for name in Knowledge::builtin().names() {
        let Some(kind) = KINDS.iter().position(|kind| *kind == name.entity.kind) else { continue };
        let words = name.surface.split(|c: char| !c.is_alphanumeric());
        for word in words.filter(|word| word.chars().count() > 2) {
            *counts.entry((hash_of(&word.to_lowercase()), kind)).or_default() += 1;
        }
    }
    let mut table: HashMap<u32, Bits> = HashMap::default();
    for ((word, kind), count) in counts {
        let bits = if count >= MANY { 3 } else { 1 };
        *table.entry(word).or_default() |= bits << (2 * kind);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_tell_their_kind() {
        let has = |word: &str, kind: Kind| {
            let at = KINDS.iter().position(|k| *k == kind).unwrap();
            parts_of(hash_of(word)) & (1 << (2 * at)) != 0
        };
        assert!(has("injection", Kind::AttackPattern));
        assert!(has("healthcare", Kind::Sector));
        assert!(!has("injection", Kind::Location));
        assert_eq!(parts_of(hash_of("qqqq")), 0);
    }
}
