//! Scales on which sources say how sure they are, turned to percent.

use crate::Confidence;

/// Words of likelihood (ICD-203; words of estimative probability as STIX 2.1 lists them), the longer
/// before those that they hold, with the middle of their range.
const LIKELIHOODS: &[(&str, u8)] = &[
    ("almost certainly not", 5),
    ("almost no chance", 5),
    ("almost certain", 95),
    ("nearly certain", 95),
    ("very unlikely", 15),
    ("highly unlikely", 15),
    ("highly improbable", 15),
    ("very improbable", 15),
    ("remote", 5),
    ("unlikely", 30),
    ("improbable", 30),
    ("probably not", 30),
    ("roughly even", 50),
    ("even chance", 50),
    ("very likely", 85),
    ("highly likely", 85),
    ("highly probable", 85),
    ("very probable", 85),
    ("likely", 70),
    ("probable", 70),
    ("certain", 99),
    ("impossible", 1),
];

/// Credibility of an item on the Admiralty scale, 1 to 6, in STIX 2.1's percent.
const CREDIBILITY: &[(&str, u8)] = &[
    ("confirmed", 90),
    ("probably true", 70),
    ("possibly true", 50),
    ("doubtful", 30),
    ("improbable", 10),
];

impl Confidence {
    /// Reads how sure a source says it is, on whichever scale: None/Low/Medium/High, words of
    /// likelihood, an Admiralty grade (`B2`, `2 - probably true`), percent or a fraction.
    ///
    /// `None` for what is on no scale, and for grades that say that they cannot be judged.
    ///
    /// ```
    /// use lapwing_model::Confidence;
    ///
    /// let percent = |text| Confidence::from_scale(text).map(Confidence::as_percent);
    /// assert_eq!(percent("High"), Some(85));
    /// assert_eq!(percent("very likely (80-95 %)"), Some(85));
    /// assert_eq!(percent("B2"), Some(70));
    /// assert_eq!(percent("60 %"), Some(60));
    /// assert_eq!(percent("F6"), None);
    /// ```
    #[must_use]
    pub fn from_scale(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase().replace(['-', '_'], " ");
        if let Some(word) = Self::from_word(text.trim_end_matches("confidence")) {
            return Some(word);
        }
        if let Some(grade) = admiralty(&text) {
            return grade;
        }
        let number = text.trim_end_matches('%').trim();
        if let Ok(number) = number.parse::<f64>() {
            let fraction = number.is_finite() && number <= 1.0 && text.contains('.');
            return match number {
                n if fraction && n >= 0.0 => Some(Self::from_probability(n)),
                n if (0.0..=100.0).contains(&n) => Some(Self::percent(n.round() as u8)),
                _ => None,
            };
        }
        let begins = |words: &str| {
            text.strip_prefix(words).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
        };
        LIKELIHOODS
            .iter()
            .find(|(words, _)| begins(words))
            .map(|(_, percent)| Self::percent(*percent))
    }

    /// Reads the credibility of an item on the Admiralty scale, by its number or words.
    #[must_use]
    pub fn from_credibility(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let number = text.chars().next()?.to_digit(10).map(|n| n as usize);
        let by_number = number.and_then(|n| CREDIBILITY.get(n.checked_sub(1)?));
        let by_words = || CREDIBILITY.iter().find(|(words, _)| text.starts_with(words));
        by_number.or_else(by_words).map(|(_, percent)| Self::percent(*percent))
    }
}

/// `b2`: the letter is of the source, the number of what it says. `Some(None)` for one that cannot be
/// judged.
fn admiralty(text: &str) -> Option<Option<Confidence>> {
    let mut chars = text.chars();
    let graded = chars.next().is_some_and(|c| ('a'..='f').contains(&c));
    let number = chars.next().filter(|c| ('1'..='6').contains(c))?;
    let ends = chars.next().is_none_or(|c| !c.is_alphanumeric());
    (graded && ends).then(|| Confidence::from_credibility(number.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scale_is_read_and_other_words_are_not() {
        let percent = |text| Confidence::from_scale(text).map(Confidence::as_percent);
        for (text, expected) in [
            ("moderate", Some(50)),
            ("High confidence", Some(85)),
            ("almost-certain", Some(95)),
            ("Unlikely", Some(30)),
            ("roughly even chance", Some(50)),
            ("0.8", Some(80)),
            ("1", Some(1)),
            ("100", Some(100)),
            ("a1 - confirmed", Some(90)),
            ("e5", Some(10)),
            ("certainly", None),
            ("300", None),
            ("", None),
            ("b7", None),
        ] {
            assert_eq!(percent(text), expected, "{text}");
        }
        assert_eq!(Confidence::from_credibility("6"), None);
        assert_eq!(Confidence::from_credibility("Doubtful").map(Confidence::as_percent), Some(30));
    }
}
