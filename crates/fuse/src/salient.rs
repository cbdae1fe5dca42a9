//! Words that a rewrite keeps: names, numbers, versions, identifiers.

/// Characters at which a token ends.
fn ends_token(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\''
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '<'
                | '>'
                | ','
                | ';'
                | '!'
                | '?'
                | '|'
        )
        || matches!(c, '“' | '”' | '‘' | '’' | '«' | '»' | '、' | '。' | '，' | '！' | '？' | '：')
}

/// Characters that are cut from both ends of a token.
fn is_edge(c: char) -> bool {
    matches!(c, '.' | ':' | '-' | '–' | '—' | '*' | '•' | '/' | '#' | '_' | '`' | '=' | '…')
}

/// Words that begin with a capital in titles and headings without being names.
const COMMON: &[&str] = &[
    "the", "and", "for", "with", "from", "this", "that", "these", "those", "when", "while",
    "where", "what", "which", "how", "why", "who", "not", "but", "are", "was", "were", "has",
    "have", "had", "its", "our", "your", "their", "his", "her", "you", "they", "she", "can", "may",
    "will", "would", "should", "could", "into", "onto", "over", "under", "after", "before",
    "between", "during", "such", "also", "more", "most", "other", "some", "any", "all", "both",
    "each", "than", "then", "there", "here", "new", "one", "two",
];

/// Heads of tables and names of the trade that stand in any report.
const OF_THE_TRADE: &[&str] = &[
    "sha-1",
    "sha1",
    "sha-256",
    "sha256",
    "md5",
    "ioc",
    "iocs",
    "ttp",
    "ttps",
    "mitre",
    "att&ck",
    "indicators",
    "indicator",
    "compromise",
    "c&c",
    "c2",
    "tactic",
    "technique",
    "techniques",
    "filename",
    "description",
    "detection",
    "url",
    "urls",
    "ip",
    "figure",
    "table",
    "github",
    "twitter",
    "linkedin",
    "facebook",
    "cookie",
    "cookies",
    "copyright",
];

/// Gives each salient token of a text in its order, in small letters, with its byte range: tokens
/// with a digit or an inner capital, and capitalised ones that do not begin a sentence; those of the trade
/// are left out.
pub(crate) fn salient(text: &str, mut each: impl FnMut(&str, std::ops::Range<usize>)) {
    let mut begins = true;
    let mut folded = String::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = rest.find(ends_token).unwrap_or(rest.len());
        if length == 0 {
            let Some(c) = rest.chars().next() else { break };
            begins |= matches!(c, '\n' | '!' | '?' | '。' | '！' | '？');
            at += c.len_utf8();
            continue;
        }
        let raw = &rest[..length];
        let token = raw.trim_matches(is_edge);
        let start = at + (raw.len() - raw.trim_start_matches(is_edge).len());
        at += length;
        if token.is_empty() {
            continue;
        }
        let begun = std::mem::replace(&mut begins, raw.ends_with(['.', ':', '!', '?']));
        // A run without end (a blob) is no name.
        if token.len() <= 96 && is_salient(token, begun) {
            folded.clear();
            folded.extend(token.chars().flat_map(char::to_lowercase));
            let name = folded.as_str();
            if !COMMON.contains(&name) && !OF_THE_TRADE.contains(&name) {
                each(&folded, start..start + token.len());
            }
        }
    }
}

fn is_salient(token: &str, begins: bool) -> bool {
    let mut chars = token.chars();
    let first = chars.next().is_some_and(char::is_uppercase);
    let inner = chars.clone().any(char::is_uppercase);
    let digit = token.chars().any(|c| c.is_ascii_digit());
    digit || inner || (first && !begins && token.chars().nth(1).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        salient(text, |token, range| {
            assert_eq!(text[range].to_lowercase(), token);
            found.push(token.to_owned());
        });
        found
    }

    #[test]
    fn names_and_numbers_are_salient_and_beginnings_of_sentences_are_not() {
        let text = "Researchers at Mandiant saw UNC2639 (since January 2021). They use PowerShell; \
                    CVE-2021-26855 was fixed.\nThe group";
        let expected = ["mandiant", "unc2639", "january", "2021", "powershell", "cve-2021-26855"];
        assert_eq!(of(text), expected);
        assert_eq!(of("Über “Größe” — Straße 7ü"), ["größe", "straße", "7ü"]);
        assert!(of("").is_empty());
    }
}
