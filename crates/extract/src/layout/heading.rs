//! What the words of a heading or column head say of the values below it, in several languages.

use std::sync::LazyLock;

use crate::phrases::{Phrases, Words, rows};

/// What a heading or column head says of the values below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// Nothing that helps.
    Neutral,
    /// Sources and literature.
    References,
    /// Legitimate things.
    Benign,
    /// What the defender should do.
    Mitigation,
    /// Those who were hit, or whom the malware watches for.
    Victims,
    /// Mutex names.
    Mutexes,
    /// User agents.
    UserAgents,
    /// Named pipes.
    Pipes,
    /// Certificates and keys, whose digests are no files'.
    Certificates,
    /// Hostile values: "Indicators of compromise", "C2 servers", "SHA-256".
    Indicators,
}

/// Whether a heading or column head speaks of hosts or of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Any,
    Network,
    File,
}

/// What a heading tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) topic: Topic,
    pub(crate) sort: Sort,
}

/// Words of a heading that is a sentence or a catchy title: in these, "network" or "files" are
/// words like others.
const LONG_TITLE: usize = 6;

#[derive(Clone, Copy)]
struct Word {
    topic: Topic,
    sort: Sort,
    /// A word of the field, which decides in long titles, too.
    strong: bool,
    /// A word that turns a legitimate thing into an abused one.
    abused: bool,
}

static WORDS: LazyLock<Phrases<Word>> = LazyLock::new(|| {
    Phrases::of(rows(include_str!("../../data/headings.tsv")).map(
        |[phrase, _language, topic, sort]| {
            let word = Word {
                topic: match topic {
                    "references" => Topic::References,
                    "benign" => Topic::Benign,
                    "mitigation" => Topic::Mitigation,
                    "victims" => Topic::Victims,
                    "mutexes" => Topic::Mutexes,
                    "user-agents" => Topic::UserAgents,
                    "pipes" => Topic::Pipes,
                    "certificates" => Topic::Certificates,
                    "indicators" | "values" => Topic::Indicators,
                    _ => Topic::Neutral,
                },
                sort: match sort {
                    "network" => Sort::Network,
                    "file" => Sort::File,
                    _ => Sort::Any,
                },
                strong: topic != "values",
                abused: topic == "abused",
            };
            (phrase, word)
        },
    ))
});

/// What the words of a heading or column head tell.
pub(crate) fn head(title: &str) -> Head {
    let words = Words::of(title);
    let long = words.len() > LONG_TITLE;
    let (mut network, mut file, mut abused, mut hostile) = (false, false, false, false);
    let mut topic = Topic::Neutral;
    WORDS.each(&words, |range, phrase, word| {
        abused |= word.abused;
        if long && !word.strong {
            return;
        }
        // "Marsh Heron targets shops": a verb, and the heading of what was found, not of who was hit.
        if phrase == "targets" && range.start > 0 && !names_a_list(&words, range.end) {
            return;
        }
        network |= word.sort == Sort::Network;
        file |= word.sort == Sort::File;
        hostile |= word.topic == Topic::Indicators;
        // The first in the order of topics decides: "Legitimate tools" is no list of samples.
        if word.topic != Topic::Neutral && (topic == Topic::Neutral || word.topic < topic) {
            topic = word.topic;
        }
    });
    if topic == Topic::Benign && abused {
        topic = if hostile || network { Topic::Indicators } else { Topic::Neutral };
    }
    // "These should not be taken as definitive IOCs".
    if topic == Topic::Indicators && is_denial(&words) {
        topic = Topic::Neutral;
    }
    let sort = match (network, file) {
        (true, false) => Sort::Network,
        (false, true) => Sort::File,
        _ => Sort::Any,
    };
    Head { topic, sort }
}

/// Words before the number of a part of a report.
const PARTS: &[&str] = &[
    "appendix",
    "annex",
    "annexe",
    "anhang",
    "anlage",
    "apéndice",
    "anexo",
    "allegato",
    "appendice",
    "section",
    "chapter",
    "part",
    "table",
    "tabelle",
    "tableau",
    "tabla",
    "tabella",
    "приложение",
    "таблица",
    "додаток",
    "附录",
    "附錄",
    "付録",
    "別紙",
    "表",
    "부록",
    "표",
];

/// A heading without the number of its part: "Appendix A: Domains", "Table 2: Hashes", "4.1 Domains".
pub(super) fn numbered(title: &str) -> &str {
    const MARKS: [char; 8] = [' ', ':', '-', '–', '—', '.', ')', '\u{ff1a}'];
    let (first, rest) = title.split_once(' ').unwrap_or((title, ""));
    let is_number = |word: &str| {
        let bare = word.trim_end_matches('.');
        let letter = bare.chars().count() == 1 && bare.chars().all(char::is_alphabetic);
        let roman = !bare.is_empty() && bare.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'));
        let digits = bare.starts_with(|c: char| c.is_ascii_digit())
            && bare.chars().all(|c| c.is_ascii_digit() || c == '.');
        letter || roman || digits
    };
    let is_part = PARTS.iter().any(|part| first.to_lowercase() == *part);
    let numbered = if is_part { rest } else { title };
    let end = numbered.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let Some((number, behind)) = end.map(|end| numbered.split_at(end)) else { return title };
    let bare = behind.trim_start_matches(MARKS);
    let plain = is_part || number.starts_with(|c: char| c.is_ascii_digit()) && number.len() <= 6;
    if plain && is_number(number) && behind.starts_with(MARKS) && !bare.is_empty() {
        bare
    } else {
        title
    }
}

/// Whether a heading is a sentence that says what something is not.
fn is_denial(words: &Words) -> bool {
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs.into_iter().any(|pair| {
        matches!(
            pair,
            ("not", "be" | "to") | ("is" | "are" | "was" | "were" | "do" | "does", "not")
        )
    })
}

/// Whether a heading goes on behind a noun as headings of lists do: "Targets and victims",
/// "Known targets".
fn names_a_list(words: &Words, end: usize) -> bool {
    words.iter().nth(end).is_none_or(|next| {
        matches!(next, "of" | "in" | "and" | "by" | "for" | "with" | "from" | "list" | "table")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_tell_their_topic() {
        for (title, topic) in [
            ("Indicators of Compromise (IOCs)", Topic::Indicators),
            ("== C&C servers", Topic::Indicators),
            ("Command & Control", Topic::Indicators),
            ("These should not be taken as definitive IOCs", Topic::Neutral),
            ("Indicators (not exhaustive)", Topic::Indicators),
            ("References", Topic::References),
            ("Mitigations", Topic::Mitigation),
            ("Legitimate third-party tools", Topic::Benign),
            ("Compromised legitimate websites", Topic::Indicators),
            ("Introduction", Topic::Neutral),
            ("Marsh Heron targets shops with a new backdoor", Topic::Neutral),
            ("Known targets", Topic::Victims),
            ("Targets of the campaign", Topic::Victims),
            ("How the marsh birds cross the network of a shop by night", Topic::Neutral),
            ("Mutex", Topic::Mutexes),
            ("Code-signing certificates", Topic::Certificates),
            ("Indicateurs de compromission", Topic::Indicators),
            ("Références", Topic::References),
            ("Kompromittierungsindikatoren:", Topic::Indicators),
            ("Quellen", Topic::References),
            ("Indicadores de compromiso", Topic::Indicators),
            ("Mitigação", Topic::Mitigation),
            ("Indicatori di compromissione", Topic::Indicators),
            ("Riferimenti", Topic::References),
            ("Индикаторы компрометации", Topic::Indicators),
            ("Источники", Topic::References),
            ("侵害の痕跡(IoC)", Topic::Indicators),
            ("参考文献", Topic::References),
            ("附录：失陷指标", Topic::Indicators),
            ("参考链接", Topic::References),
            ("مؤشرات الاختراق", Topic::Indicators),
            ("المراجع", Topic::References),
        ] {
            assert_eq!(head(title).topic, topic, "{title}");
        }
    }

    #[test]
    fn the_number_of_a_part_is_no_word_of_its_heading() {
        for (title, bare) in [
            ("Appendix A: Domains", "Domains"),
            ("Appendix B - Indicators of Compromise", "Indicators of Compromise"),
            ("Anhang 2: Hashwerte", "Hashwerte"),
            ("Table 2: Hashes of the loader", "Hashes of the loader"),
            ("4.1. Domains", "Domains"),
            ("2 Indicators", "Indicators"),
            ("付録 A：通信先", "通信先"),
            ("Annex", "Annex"),
            ("Part of the story", "Part of the story"),
            ("192.0.2.7 scanned us", "192.0.2.7 scanned us"),
        ] {
            assert_eq!(numbered(title), bare);
        }
    }

    #[test]
    fn headings_tell_hosts_from_files() {
        for (title, sort) in [
            ("Domains", Sort::Network),
            ("SHA-256 hashes", Sort::File),
            ("Noms de domaine", Sort::Network),
            ("Dateien", Sort::File),
            ("ファイル名", Sort::File),
            ("域名", Sort::Network),
            ("Details", Sort::Any),
        ] {
            assert_eq!(head(title).sort, sort, "{title}");
        }
    }
}
