//! Malware that a sentence in another language introduces: "die Schadsoftware namens X", "бэкдор X", "名为 X 的木马".

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::{coined, given_shape, shouted};

/// Nouns of malware; of Russian ones the stem.
const NOUNS: &[&str] = &[
    "schadsoftware",
    "schadprogramm",
    "hintertür",
    "erpressungstrojaner",
    "logiciel malveillant",
    "porte dérobée",
    "rançongiciel",
    "cheval de troie",
    "puerta trasera",
    "programa malicioso",
    "software malicioso",
    "бэкдор",
    "троян",
    "вредонос",
    "шифровальщик",
    "загрузчик",
    "стилер",
    "后门",
    "後門",
    "木马",
    "木馬",
    "恶意软件",
    "惡意軟體",
    "勒索软件",
    "勒索軟體",
    "マルウェア",
    "バックドア",
    "ランサムウェア",
    "악성코드",
    "백도어",
];

/// Words between the noun and the name that it gets.
const NAMING: &[&str] = &[
    "namens",
    "mit dem namen",
    "genannt",
    "appelé",
    "appelée",
    "nommé",
    "nommée",
    "baptisé",
    "baptisée",
    "llamado",
    "llamada",
    "denominado",
    "denominada",
    "под названием",
    "被命名为",
    "被命名為",
    "命名为",
    "名为",
    "名為",
];

/// Most that stands between, in letters: an ending, marks, and one of [`NAMING`].
const BETWEEN: usize = 32;
/// Longest ending of a Russian noun, in letters.
const ENDING: usize = 3;

/// A name that stands behind a noun of malware.
pub(super) struct Given<'t> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) noun: &'t str,
    /// A word of naming stands between.
    pub(super) named: bool,
}

/// The names that sentences of other languages than English give to malware.
pub(super) fn given(text: &str) -> Vec<Given<'_>> {
    static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let mut patterns: Vec<String> = Vec::new();
        for noun in NOUNS {
            patterns.push((*noun).to_owned());
            let mut letters = noun.chars();
            if let Some(first) = letters.next().filter(|c| !c.is_ascii() && c.is_lowercase()) {
                patterns.push(first.to_uppercase().chain(letters).collect());
            }
        }
        AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .ascii_case_insensitive(true)
            .build(&patterns)
            .ok()
    });
    // A text of any length in these languages has letters that English has not.
    if text.is_ascii() {
        return Vec::new();
    }
    let Some(automaton) = AUTOMATON.as_ref() else { return Vec::new() };
    automaton.find_iter(text).filter_map(|m| behind(text, m.start(), m.end())).collect()
}

fn behind(text: &str, start: usize, end: usize) -> Option<Given<'_>> {
    let noun = text.get(start..end)?;
    let mut rest = text.get(end..)?;
    let is_russian = |c: char| ('\u{400}'..='\u{4ff}').contains(&c);
    if noun.chars().next_back().is_some_and(is_russian) {
        let ending: usize =
            rest.chars().take(ENDING + 1).take_while(|c| is_russian(*c)).map(char::len_utf8).sum();
        rest = rest.get(ending..)?;
    }
    let marks = |c: char| c == ' ' || "\"'“”„«»‘’「『《（(,，、".contains(c);
    let open = |rest: &str| rest.len() - rest.trim_start_matches(marks).len();
    let mut gap = open(rest);
    rest = rest.get(gap..)?;
    let lower: String = rest.chars().take(BETWEEN).flat_map(char::to_lowercase).collect();
    let naming = NAMING.iter().filter(|word| lower.starts_with(**word)).max_by_key(|w| w.len());
    if let Some(word) = naming {
        rest = rest.get(word.len()..)?;
        let more = open(rest);
        rest = rest.get(more..)?;
        gap += more;
    }
    let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
    let shown = rest.get(..len)?.trim_end_matches('-');
    let after = rest.get(shown.len()..)?;
    let whole = !after.starts_with(['.', '_', '\\', '/', '@'])
        || after.get(1..).is_none_or(|next| !next.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let fits = if naming.is_some() { given_shape(shown) } else { shouted(shown) || coined(shown) };
    let from = text.len() - rest.len();
    // Of a noun in Latin letters the word has to end there.
    let apart = gap > 0 || !noun.is_ascii();
    (gap <= 8 && apart && whole && fits).then_some(Given {
        from,
        to: from + shown.len(),
        noun,
        named: naming.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_in_other_languages() {
        for text in [
            "Die Schadsoftware namens FENWALKER lief über Nacht.",
            "le rançongiciel baptisé « FENWALKER »",
            "la puerta trasera FENWALKER robó datos",
            "Бэкдор FENWALKER обращается к серверу",
            "нового бэкдора «FENWALKER»",
            "该后门被命名为 FENWALKER。",
            "恶意软件FENWALKER被使用",
            "マルウェア「FENWALKER」を使用した",
        ] {
            let found: Vec<&str> = given(text).iter().map(|g| &text[g.from..g.to]).collect();
            assert_eq!(found, ["FENWALKER"], "{text}");
        }
    }

    #[test]
    fn other_words_are_no_names() {
        for text in [
            "Die Schadsoftware Emotet-ähnlich",
            "Schadsoftware FENWALKER in ASCII",
            "Schadsoftware wird über PowerShell geladen",
            "Für Schadsoftware Emotet lädt",
            "die Hintertür HTTP",
            "бэкдор на PowerShell",
            "木马 DLL 文件",
            "マルウェアは loader.exe です",
            "バックドアFENWALKER.dll",
        ] {
            assert_eq!(given(text).len(), 0, "{text}");
        }
    }
}
