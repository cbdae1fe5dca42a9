//! Names of countries, sectors and actors in scripts other than Latin: in text without spaces, with endings and articles.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind, Span};

use super::rows;

/// Automaton over the names, and what each names.
struct Names {
    /// `None` if it could not be built, which would take far more names than there are.
    automaton: Option<AhoCorasick>,
    named: Vec<(Kind, &'static str)>,
    scripts: Vec<Script>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    /// Words with endings, apart from each other.
    Cyrillic,
    /// Words with articles and conjunctions grown on.
    Arabic,
    /// No spaces between words, or endings without number.
    EastAsian,
}

/// The names of countries and of sectors that stand in the data files, whatever the script: what is named, and how.
pub(super) fn table() -> impl Iterator<Item = (Kind, &'static str, &'static str)> {
    let of = |kind, table| {
        rows(table)
            .filter_map(|line| line.split_once('\t'))
            .flat_map(move |(of, names)| names.split('|').map(move |name| (kind, of, name)))
    };
    let places = of(Kind::Location, include_str!("../../data/places.tsv"));
    places.chain(of(Kind::Sector, include_str!("../../data/sectors.tsv")))
}

/// Names that Chinese, Japanese and Korean reports give to actors, each by itself: no everyday words.
fn actors() -> impl Iterator<Item = (Kind, &'static str, &'static str)> {
    let names = Knowledge::builtin().names().iter();
    let of_actor = names.filter(|n| n.entity.kind == Kind::ThreatActor && !n.ambiguous);
    of_actor
        .map(|n| (Kind::ThreatActor, n.surface.as_str(), n.surface.as_str()))
        .filter(|(.., name)| name.chars().count() > 2 && script(name) == Some(Script::EastAsian))
}

/// Whether a name is written in Latin letters, which the tables of names hold.
pub(super) fn is_latin(name: &str) -> bool {
    name.chars().all(|c| c < '\u{250}' || c == '\u{2019}')
}

fn script(name: &str) -> Option<Script> {
    name.chars().find_map(|c| match c {
        '\u{400}'..='\u{4ff}' => Some(Script::Cyrillic),
        '\u{600}'..='\u{6ff}' => Some(Script::Arabic),
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => {
            Some(Script::EastAsian)
        }
        _ => None,
    })
}

fn names() -> &'static Names {
    static NAMES: LazyLock<Names> = LazyLock::new(|| {
        let (mut patterns, mut named, mut scripts) = (Vec::new(), Vec::new(), Vec::new());
        for (kind, of, name) in table().chain(actors()).filter(|(.., name)| !is_latin(name)) {
            let Some(script) = script(name) else { continue };
            // Both cases of the first letter: adjectives are written small.
            let shouted = name.chars().all(char::is_uppercase);
            let small = (script == Script::Cyrillic && !shouted).then(|| name.to_lowercase());
            for name in [Some(name.to_owned()), small].into_iter().flatten() {
                let whole = script != Script::Cyrillic || kind == Kind::Sector;
                patterns.push(if whole { name } else { stem(&name) });
                named.push((kind, of));
                scripts.push(script);
            }
        }
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns).ok();
        Names { automaton, named, scripts }
    });
    &NAMES
}

/// `Росси` of `Россия`: the ending goes, where enough is left; abbreviations stay.
fn stem(name: &str) -> String {
    let last = name.chars().next_back().unwrap_or(' ');
    let shouted = name.chars().all(char::is_uppercase);
    if !shouted && name.chars().count() > 4 && matches!(last, 'я' | 'а' | 'й' | 'ь' | 'ы') {
        name.chars().take(name.chars().count() - 1).collect()
    } else {
        name.to_owned()
    }
}

/// Longest ending behind a stem, and longest article before a name, in letters.
const ENDING: usize = 5;
const ARTICLE: usize = 3;
/// Longest ending behind the stem of a sector, which is one of an adjective.
const SECTOR_ENDING: usize = 3;

/// Countries, sectors and actors named in `text`; nothing is looked for in a text of Latin letters.
pub(crate) fn entities(text: &str) -> Vec<(Span, Entity)> {
    // The first byte of these scripts in UTF-8 is 0xd0 or above.
    if !text.bytes().any(|b| b >= 0xd0) {
        return Vec::new();
    }
    let names = names();
    let mut found = Vec::new();
    for m in names.automaton.iter().flat_map(|a| a.find_iter(text)) {
        let at = m.pattern().as_usize();
        let (Some((kind, of)), Some(script)) = (names.named.get(at), names.scripts.get(at)) else {
            continue;
        };
        let before = text.get(..m.start()).unwrap_or_default();
        let behind = text.get(m.end()..).unwrap_or_default();
        let letters_before =
            before.chars().rev().take(ARTICLE + 1).take_while(|c| c.is_alphabetic());
        let letters_behind = behind.chars().take(ENDING + 1).take_while(|c| c.is_alphabetic());
        let ending: usize = letters_behind.clone().map(char::len_utf8).sum();
        let (fits, end) = match script {
            Script::Cyrillic => {
                let shouted =
                    text.get(m.range()).is_some_and(|s| s.chars().all(char::is_uppercase));
                let rest = letters_behind.clone().count();
                // Adjectives: "российскими", "украинского".
                let long = behind.starts_with("йск") || behind.starts_with("ск");
                let most = if *kind == Kind::Sector {
                    SECTOR_ENDING
                } else if shouted {
                    0
                } else if long {
                    ENDING + 1
                } else {
                    2
                };
                (letters_before.count() == 0 && rest <= most, m.end() + whole(behind))
            }
            Script::Arabic => {
                (letters_before.count() <= ARTICLE && letters_behind.count() <= 3, m.end() + ending)
            }
            Script::EastAsian => (true, m.end()),
        };
        if fits {
            found.push((Span::new(m.start(), end), Entity::new(*kind, *of)));
        }
    }
    found
}

/// Bytes of letters that go on.
fn whole(rest: &str) -> usize {
    rest.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_in_other_scripts() {
        for (text, want) in [
            ("中国の攻撃グループが米国を狙った", "CN US"),
            ("來自中國的駭客", "CN"),
            ("из России и Китая, российские хакеры", "RU CN RU"),
            ("атаки на Украину", "UA"),
            ("قراصنة من الصين وإيران", "CN IR"),
            ("북한 해커", "KP"),
            ("Иранский", "IR"),
            ("Россиянка", ""),
            ("плитка", ""),
            ("nothing here, café", ""),
        ] {
            let codes: Vec<String> = entities(text).into_iter().map(|(_, e)| e.value).collect();
            assert_eq!(codes.join(" "), want, "{text}");
        }
        for (text, want) in [
            ("国内の製造業および学術機関を狙った", "manufacturing education"),
            ("针对我国国防、科研机构", "defense research"),
            ("оборонные и энергетические предприятия", "defense energy"),
            ("ضد شركات الاتصالات", "telecommunications"),
        ] {
            let named = entities(text);
            assert!(named.iter().all(|(_, e)| e.kind == Kind::Sector), "{text}");
            let sectors: Vec<String> = named.into_iter().map(|(_, e)| e.value).collect();
            assert_eq!(sectors.join(" "), want, "{text}");
        }
        let named = entities("针对毒云藤组织和海莲花的分析");
        assert!(named.iter().all(|(_, e)| e.kind == Kind::ThreatActor));
        let actors: Vec<&str> = named.iter().map(|(_, e)| e.value.as_str()).collect();
        assert_eq!(actors, ["毒云藤", "海莲花"]);
        let text = "удары по России.";
        assert_eq!(entities(text)[0].0.slice(text), Some("России"));
    }
}
