//! Texts as if translated: numbers, identifiers and most names kept; every other word another, the grammar that
//! of the language, months and countries by its names for them, thousands as it parts them.

use crate::forecast::shuffle::Shuffle;

/// How a language sets names and numbers into its text.
pub(super) struct Language {
    /// Commonest words.
    grammar: &'static [&'static str],
    /// Ends of words, by which they look like the language's.
    ends: &'static [&'static str],
    /// What stands between thousands.
    thousands: &'static str,
    /// Share of the words that begin with a capital though they are no names.
    capitals: f64,
    /// Whether words are written without blanks.
    unspaced: bool,
    /// Names of months and countries, in the order of [`NAMED`].
    named: &'static [&'static str],
}

const NAMED: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "China",
    "Russia",
    "Iran",
    "Ukraine",
    "Germany",
    "France",
    "Japan",
    "India",
    "States",
    "Kingdom",
];

pub(super) const GERMAN: Language = Language {
    grammar: &[
        "der", "die", "das", "und", "von", "mit", "den", "dem", "ein", "eine", "ist", "wurde",
        "auf", "für", "als", "nicht", "bei", "nach", "im", "durch",
    ],
    ends: &["ung", "en", "er", "keit", "te", "isch"],
    thousands: ".",
    capitals: 0.4,
    unspaced: false,
    named: &[
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
        "China",
        "Russland",
        "Iran",
        "Ukraine",
        "Deutschland",
        "Frankreich",
        "Japan",
        "Indien",
        "Staaten",
        "Königreich",
    ],
};
pub(super) const FRENCH: Language = Language {
    grammar: &[
        "le", "la", "les", "des", "du", "et", "une", "un", "dans", "par", "pour", "sur", "est",
        "avec", "que", "qui", "cette", "aux", "ses", "plus",
    ],
    ends: &["tion", "eur", "ment", "er", "é", "aire"],
    thousands: "\u{202f}",
    capitals: 0.0,
    unspaced: false,
    named: &[
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
        "Chine",
        "Russie",
        "Iran",
        "Ukraine",
        "Allemagne",
        "France",
        "Japon",
        "Inde",
        "États",
        "Royaume",
    ],
};
pub(super) const SPANISH: Language = Language {
    grammar: &[
        "el", "la", "los", "las", "del", "y", "en", "una", "un", "por", "para", "con", "que", "se",
        "fue", "es", "su", "al", "como", "entre",
    ],
    ends: &["ción", "dad", "mente", "ar", "ado", "ista"],
    thousands: ".",
    capitals: 0.0,
    unspaced: false,
    named: &[
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
        "China",
        "Rusia",
        "Irán",
        "Ucrania",
        "Alemania",
        "Francia",
        "Japón",
        "India",
        "Estados",
        "Reino",
    ],
};
pub(super) const JAPANESE: Language = Language {
    grammar: &["の", "は", "を", "に", "が", "と", "で", "から", "も", "した", "する", "れた"],
    ends: &["攻", "撃", "情", "報", "使", "用", "感", "染", "悪", "者", "ル", "ト"],
    thousands: ",",
    capitals: 0.0,
    unspaced: true,
    named: &[
        "1月",
        "2月",
        "3月",
        "4月",
        "5月",
        "6月",
        "7月",
        "8月",
        "9月",
        "10月",
        "11月",
        "12月",
        "中国",
        "ロシア",
        "イラン",
        "ウクライナ",
        "ドイツ",
        "フランス",
        "日本",
        "インド",
        "合衆国",
        "王国",
    ],
};

/// Share of the names in plain letters that are written in the language's own way.
const NAMES_CHANGED: f64 = 0.15;

impl Language {
    /// A text as if translated; the number tells one text's chance from another's.
    pub fn of(&self, text: &str, is_grammar: impl Fn(&str) -> bool, seed: u64) -> String {
        let mut chance = Shuffle::new(seed ^ 0x6c61_6e67);
        let mut lines = Vec::new();
        for sentence in super::alter::sentences_of(text) {
            let mut words: Vec<String> = Vec::new();
            for word in sentence.split_whitespace() {
                let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                let replacement = if is_grammar(bare) {
                    match chance.unit() {
                        x if x < 0.25 => continue,
                        _ => self.grammar[chance.below(self.grammar.len())].to_owned(),
                    }
                } else {
                    self.word(bare, &mut chance)
                };
                words.push(if bare.is_empty() {
                    word.to_owned()
                } else {
                    word.replace(bare, &replacement)
                });
                if chance.unit() < 0.3 {
                    words.push(self.grammar[chance.below(self.grammar.len())].to_owned());
                }
            }
            // The verb goes to its place, and so do the parts of the sentence.
            let mut at = 0;
            while at + 6 < words.len() {
                if chance.unit() < 0.3 {
                    let (first, second) = (1 + chance.below(3), 1 + chance.below(3));
                    words[at..at + first + second].rotate_left(first);
                    at += first + second;
                } else {
                    at += 2;
                }
            }
            lines.push(if self.unspaced { unspaced(&words) } else { words.join(" ") });
        }
        lines.join("\n")
    }

    fn word(&self, bare: &str, chance: &mut Shuffle) -> String {
        if let Some(at) = NAMED.iter().position(|name| *name == bare) {
            return self.named[at].to_owned();
        }
        if bare.contains(',') && bare.bytes().all(|b| b.is_ascii_digit() || b == b',') {
            return bare.replace(',', self.thousands);
        }
        let plain = bare.chars().all(char::is_lowercase);
        let name = bare.chars().next().is_some_and(char::is_uppercase)
            && bare.chars().skip(1).all(char::is_lowercase);
        if plain || (name && chance.unit() < NAMES_CHANGED) {
            return self.made(name, chance);
        }
        // A word of several parts keeps what is not in small letters.
        bare.to_owned()
    }

    fn made(&self, name: bool, chance: &mut Shuffle) -> String {
        const SYLLABLES: &[&str] =
            &["ba", "ko", "ri", "me", "tu", "la", "se", "do", "ni", "va", "pe", "gu"];
        if self.unspaced {
            return (0..=chance.below(3))
                .map(|_| self.ends[chance.below(self.ends.len())])
                .collect();
        }
        let mut word: String =
            (0..=chance.below(3)).map(|_| SYLLABLES[chance.below(SYLLABLES.len())]).collect();
        word.push_str(self.ends[chance.below(self.ends.len())]);
        if name || chance.unit() < self.capitals {
            word[..1].make_ascii_uppercase();
        }
        word
    }
}

/// Words without blanks, but between two that are written in Latin letters.
fn unspaced(words: &[String]) -> String {
    let mut text = String::new();
    for word in words {
        let latin = |c: char| c.is_ascii_alphanumeric();
        if text.ends_with(latin) && word.starts_with(latin) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}
