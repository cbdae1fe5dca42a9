//! Which line can be the title of a document, and which only stands above it.

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
    !protocol && !register && !MARKS.contains(&joined.as_str())
}

#[cfg(test)]
mod tests {
    use super::entitles;

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
}
