//! In which language a text is written, told by its script and its commonest words: enough to know that two
//! texts are in different ones.

/// As many bytes of a text are looked at.
const LOOKED_AT: usize = 20_000;
/// Share of the words that must be among the commonest of a language, and how far ahead of the next.
const COMMON_SHARE: f64 = 0.1;
const AHEAD: f64 = 1.4;
/// Fewer words tell no language.
const FEWEST_WORDS: usize = 20;

/// The commonest words of languages that are written with Latin letters.
const COMMON: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "the", "of", "and", "to", "in", "that", "is", "was", "for", "with", "by", "from", "at",
            "this", "which", "are", "were", "has", "have", "it", "its", "on", "as", "been",
            "their", "they", "we", "not",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "das", "und", "von", "zu", "mit", "den", "dem", "des", "ein", "eine",
            "einer", "einen", "ist", "wurde", "wurden", "auf", "für", "als", "auch", "nicht",
            "sich", "bei", "nach", "im", "durch", "sind", "wird",
        ],
    ),
    (
        "fr",
        &[
            "le", "la", "les", "des", "du", "et", "une", "un", "dans", "par", "pour", "sur", "est",
            "ont", "été", "avec", "que", "qui", "cette", "ce", "aux", "au", "ses", "son", "sont",
            "plus", "ces",
        ],
    ),
    (
        "es",
        &[
            "el", "la", "los", "las", "de", "del", "y", "en", "una", "un", "por", "para", "con",
            "que", "se", "fue", "fueron", "es", "su", "sus", "al", "como", "más", "ha", "han",
            "entre", "este", "esta",
        ],
    ),
    (
        "it",
        &[
            "il", "lo", "la", "gli", "le", "di", "del", "della", "dei", "delle", "e", "che", "per",
            "con", "una", "un", "sono", "è", "stato", "nel", "nella", "da", "dal", "si", "come",
            "anche", "questo", "questa",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "as", "de", "do", "da", "dos", "das", "e", "em", "um", "uma", "por", "para",
            "com", "que", "não", "foi", "foram", "são", "no", "na", "nos", "nas", "ao", "mais",
            "como", "seu", "sua",
        ],
    ),
    (
        "nl",
        &[
            "de", "het", "een", "en", "van", "in", "op", "met", "voor", "door", "dat", "die", "is",
            "zijn", "werd", "werden", "niet", "ook", "aan", "bij", "naar", "om", "deze", "wordt",
            "als", "uit", "over",
        ],
    ),
    (
        "pl",
        &[
            "i", "w", "z", "na", "do", "nie", "się", "że", "jest", "od", "przez", "dla", "oraz",
            "po", "to", "są", "który", "które", "jak", "za", "był", "tym", "ich", "ze", "przy",
        ],
    ),
];

/// The language, by its code in ISO 639-1; `None` where it does not show.
pub(crate) fn language_of(text: &str) -> Option<&'static str> {
    let end = (0..=LOOKED_AT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let text = &text[..end.unwrap_or(0)];
    by_script(text).or_else(|| by_words(text))
}

/// Scripts that one language alone uses, or that tell it from those with Latin letters.
fn by_script(text: &str) -> Option<&'static str> {
    let (mut letters, mut kana, mut han, mut hangul, mut cyrillic, mut arabic) = (0, 0, 0, 0, 0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        match u32::from(c) {
            0x3040..=0x30FF => kana += 1,
            0x3400..=0x9FFF => han += 1,
            0xAC00..=0xD7AF => hangul += 1,
            0x0400..=0x04FF => cyrillic += 1,
            0x0600..=0x06FF => arabic += 1,
            _ => {}
        }
    }
    let share = |of: u32| f64::from(of) / f64::from(letters.max(1));
    // Each of these letters stands for more than a Latin one, and names stay in Latin letters.
    match () {
        () if share(kana) > 0.05 => Some("ja"),
        () if share(hangul) > 0.15 => Some("ko"),
        () if share(han) > 0.15 => Some("zh"),
        () if share(cyrillic) > 0.3 => Some("ru"),
        () if share(arabic) > 0.3 => Some("ar"),
        () => None,
    }
}

fn by_words(text: &str) -> Option<&'static str> {
    let mut counts = [0_u32; COMMON.len()];
    let mut all = 0;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        all += 1;
        if word.len() > 8 {
            continue;
        }
        let word = word.to_lowercase();
        for (count, (_, common)) in counts.iter_mut().zip(COMMON) {
            *count += u32::from(common.contains(&word.as_str()));
        }
    }
    let mut order: Vec<(u32, &'static str)> =
        counts.iter().zip(COMMON).map(|(count, (code, _))| (*count, *code)).collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let [(most, code), (next, _), ..] = order[..] else { return None };
    let told = all >= FEWEST_WORDS
        && f64::from(most) >= COMMON_SHARE * all as f64
        && f64::from(most) >= AHEAD * f64::from(next);
    told.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_and_lists_are_none() {
        let german = "Die Gruppe nutzte eine Lücke in Exchange Server 2016 und legte eine Webshell mit dem Namen \
                      discover.aspx ab. Von dort aus wurde LSASS mit ProcDump ausgelesen, sagt der Hersteller.";
        let french = "Le groupe a exploité une faille dans Exchange Server 2016 et déposé une porte dérobée nommée \
                      discover.aspx. Les serveurs ont été visés par une seconde vague dans les jours qui ont suivi.";
        let spanish = "El grupo explotó un fallo en Exchange Server 2016 y dejó una puerta trasera con el nombre \
                       discover.aspx. Los servidores fueron atacados en una segunda oleada por los mismos autores.";
        let english = "The group exploited a flaw in Exchange Server 2016 and left a web shell that was named \
                       discover.aspx. Servers of the victims were hit by a second wave within the same week.";
        let japanese = "同グループはExchange Server 2016の脆弱性を悪用し、discover.aspxというWebシェルを設置した。";
        let russian = "Группа использовала уязвимость в Exchange Server 2016 и оставила веб-шелл discover.aspx.";
        let told = [german, french, spanish, english, japanese, russian].map(language_of);
        assert_eq!(told, ["de", "fr", "es", "en", "ja", "ru"].map(Some));
        assert_eq!(language_of("1.2.3.4 5.6.7.8 evil.example"), None);
        assert_eq!(language_of(""), None);
    }
}
