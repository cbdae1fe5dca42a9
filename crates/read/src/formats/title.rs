//! Which line can be the title of a document, and which only stands above it.

use crate::dates::month;

/// Marks of handling that stand above or in place of a title, and heads of registers; in lower case without blanks.
const MARKS: &[&str] = &[
    "confidential",
    "strictlyconfidential",
    "internal",
    "internaluseonly",
    "forinternaluseonly",
    "forofficialuseonly",
    "official",
    "official-sensitive",
    "public",
    "publicrelease",
    "restricted",
    "restreint",
    "unclassified",
    "unclassified//fouo",
    "vertraulich",
    "diffusionlimitée",
    "diffusionrestreinte",
    "contents",
    "tableofcontents",
    "inhaltsverzeichnis",
    "sommaire",
    "tabledesmatières",
];

/// Words of which a line may consist that says only what kind of paper it is; with months and numbers, of when.
const KINDS: &[&str] = &[
    "special",
    "technical",
    "threat",
    "intelligence",
    "analysis",
    "malware",
    "security",
    "research",
    "report",
    "reports",
    "bulletin",
    "advisory",
    "alert",
    "white",
    "paper",
    "whitepaper",
    "update",
    "version",
    "english",
    "only",
    "of",
    "the",
    "labs",
    "cyber",
];

/// Most lines that a title is broken into.
const LINES: usize = 4;
/// Most bytes of such a line, and of the whole.
const LINE: usize = 60;
const WHOLE: usize = 160;

/// Whether a line says only what kind of paper this is, or when it is of ("SPECIAL REPORT / JANUARY 2017").
pub(super) fn tells_little(line: &str) -> bool {
    let lower = line.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).all(|word| {
        word.bytes().all(|b| b.is_ascii_digit()) || KINDS.contains(&word) || month(word).is_some()
    })
}

/// How many lines at the top of a paragraph are one title that was broken into lines: all of few short ones that end
/// as no sentence does, or the first and those that go on in small letters. 0 where there is none.
pub(super) fn broken_title(lines: &[&str]) -> usize {
    let short = |line: &&&str| {
        let line = line.trim();
        let value = line.split_whitespace().any(|word| crate::value::classify(word).is_some());
        !value && line.len() <= LINE && !line.contains(['|', '\t']) && !line.contains("://")
    };
    let pair = |line: &&&str| line.split_once(": ").is_some_and(|(key, _)| !key.contains(' '));
    let small = |line: &&&str| line.trim().starts_with(char::is_lowercase);
    let whole = lines.len() <= LINES && lines.iter().filter(pair).count() < 2;
    let count =
        if whole { lines.len() } else { 1 + lines.iter().skip(1).take_while(small).count() };
    let title = &lines[..count.min(lines.len())];
    let ends =
        title.last().is_some_and(|line| !line.trim_end().ends_with(['.', ',', ';', ':', '!']));
    let begins =
        title.first().is_some_and(|line| line.trim().starts_with(|c: char| !c.is_lowercase()));
    let size: usize = title.iter().map(|line| line.len() + 1).sum();
    let fits =
        (2..=LINES).contains(&count) && size <= WHOLE && title.iter().all(|line| short(&line));
    if fits && ends && begins { count } else { 0 }
}

/// Whether a line can name a document: no mark of handling ("TLP:GREEN", "CONFIDENTIAL"), no register of
/// letters ("A B C D"), no word that only says what follows ("Contents").
pub(super) fn entitles(line: &str) -> bool {
    let lower = line.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if lower.is_empty() {
        return false;
    }
    let joined: String = lower.split_whitespace().collect();
    let protocol = ["tlp", "pap"].iter().any(|name| {
        joined.strip_prefix(name).is_some_and(|colour| {
            let colour = colour.trim_start_matches([':', '-', '_', '=']);
            ["red", "amber", "amber+strict", "amber-strict", "green", "clear", "white"]
                .contains(&colour)
        })
    });
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let single = |word: &str| word.chars().nth(1).is_none();
    let register = words.clone().count() > 2 && words.all(single);
    let mut first = lower.split_whitespace();
    // "Page 2 of 16", "Figure 3: …": of a page, not of the paper.
    let numbered =
        matches!(
            first.next(),
            Some("page" | "seite" | "figure" | "fig" | "fig." | "abbildung" | "table" | "tabelle")
        ) && first.next().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let rights = lower.contains("all rights reserved") || line.trim_start().starts_with(['©', '®']);
    !protocol && !register && !numbered && !rights && !MARKS.contains(&joined.as_str())
}

#[cfg(test)]
mod tests {
    use super::{broken_title, entitles, tells_little};

    #[test]
    fn marks_and_registers_are_no_titles() {
        for line in [
            "TLP:GREEN",
            "TLP: AMBER+STRICT",
            "** TLP CLEAR **",
            "PAP:RED",
            "CONFIDENTIAL",
            "Unclassified//FOUO",
            "Table of Contents",
            "A | B | C | D",
            "A B C D E F",
            "---",
        ] {
            assert!(!entitles(line), "{line}");
        }
    }

    #[test]
    fn what_says_what_happened_is_one() {
        for line in [
            "TLP:GREEN Marsh Heron targets banks",
            "Public sector under attack",
            "Plan B",
            "X",
            "Contents of a phishing kit",
            "攻撃の分析",
        ] {
            assert!(entitles(line), "{line}");
        }
    }

    #[test]
    fn what_stands_on_every_page_or_paper_is_no_title() {
        for line in [
            "Page 2 of 16",
            "Figure 3: how it spreads",
            "All Rights Reserved. © 2023 Example",
            "Table 1",
        ] {
            assert!(!entitles(line), "{line}");
        }
        for line in ["Table of targets", "Page views that were bought", "Figures of the year"] {
            assert!(entitles(line), "{line}");
        }
        assert!(tells_little("SPECIAL REPORT / JANUARY 2017") && tells_little("Version 2.1"));
        assert!(!tells_little("Report on Night Heron"));
    }

    #[test]
    fn a_title_broken_into_lines_is_one() {
        assert_eq!(
            broken_title(&["Night Heron: A Group Focused", "on Personal", "Information"]),
            3
        );
        let more = [
            "Night Heron: the slow",
            "growth of a",
            "relentless botnet",
            "The botnet known as Night Heron breaks into",
            "servers in many ways",
        ];
        assert_eq!(broken_title(&more), 3);
        for none in [
            &["Addresses", "192.0.2.7", "198.51.100.3"][..],
            &["Author: One", "Date: 2024-03-05"],
            &["Last week we saw a group that", "writes long mails to its victims."],
            &["One line"],
            &["| a | b |", "| c | d |"],
        ] {
            assert_eq!(broken_title(none), 0, "{none:?}");
        }
    }
}
