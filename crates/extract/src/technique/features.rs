//! What the linear model sees of a sentence: hashed words, word pairs and letter n-grams.
//!
//! Two blocks, words with pairs and 3- to 5-grams of letters inside blank-separated pieces, each
//! of length 1 after weighting by rarity. Training and extraction share this file, so a weight
//! means the same on both sides.

/// Number of hashed features, a power of two.
pub const FEATURES: usize = 1 << 18;

/// Of a piece (letters between blanks) longer than this only its head is looked at, in bytes: what
/// is longer is an address or code.
const LONGEST_PIECE: usize = 32;

/// The features of one sentence, reused from sentence to sentence without allocation.
pub struct Features {
    /// Words and pairs of words, each once.
    pub words: Vec<u32>,
    /// Letter n-grams, each once.
    pub grams: Vec<u32>,
    seen_words: Seen,
    seen_grams: Seen,
    lower: Vec<u8>,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            grams: Vec::new(),
            seen_words: Seen::new(),
            seen_grams: Seen::new(),
            lower: Vec::new(),
        }
    }
}

/// Which features were met, a bit each.
#[derive(Default)]
pub(crate) struct Seen(Vec<u64>);

impl Seen {
    pub(crate) fn new() -> Self {
        Self(vec![0; FEATURES / 64])
    }

    /// Whether the feature was not met yet; now it is.
    pub(crate) fn is_new(&mut self, feature: u32) -> bool {
        let (at, bit) = (feature as usize / 64, 1u64 << (feature % 64));
        let is_new = self.0[at] & bit == 0;
        self.0[at] |= bit;
        is_new
    }

    pub(crate) fn forget(&mut self, features: &[u32]) {
        for feature in features {
            self.0[*feature as usize / 64] = 0;
        }
    }
}

impl Features {
    /// Reads `sentence`; what was read before is forgotten.
    pub fn read(&mut self, sentence: &str) {
        let (mut list, mut seen) =
            (std::mem::take(&mut self.grams), std::mem::take(&mut self.seen_grams));
        list.clear();
        self.read_pieces(sentence, |piece| {
            grams(piece, |feature| {
                if seen.is_new(feature) {
                    list.push(feature);
                }
            });
        });
        seen.forget(&list);
        (self.grams, self.seen_grams) = (list, seen);
    }

    /// Reads the words of `sentence` and gives its pieces, folded and with a blank at both ends: what has
    /// [`grams`] of its own, whatever stands beside it.
    pub(crate) fn read_pieces(&mut self, sentence: &str, mut each: impl FnMut(&[u8])) {
        let mut lower = std::mem::take(&mut self.lower);
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        lower.clear();
        lower.push(b' ');
        let mut before: u32 = 0;
        for piece in sentence.split_ascii_whitespace() {
            if is_value(piece) {
                before = 0;
                continue;
            }
            lower.truncate(1);
            fold(bare(piece), &mut lower);
            self.read_words(&lower[1..], &mut before, &mut words);
            lower.push(b' ');
            if lower.len() > 3 {
                each(&lower);
            }
        }
        self.seen_words.forget(&words);
        self.lower = lower;
        self.words = words;
    }

    fn read_words(&mut self, piece: &[u8], before: &mut u32, words: &mut Vec<u32>) {
        for word in piece.split(|b| !(b.is_ascii_alphanumeric() || *b >= 0x80)) {
            if word.len() < 2 {
                continue;
            }
            let mut hash = WORD;
            for b in word {
                hash = mix(hash, *b);
            }
            self.note(hash, words);
            if *before != 0 {
                self.note(mix(hash, b'+') ^ before.wrapping_mul(0x9e37_79b1), words);
            }
            *before = hash;
        }
    }

    fn note(&mut self, hash: u32, list: &mut Vec<u32>) {
        let feature = place(hash);
        if self.seen_words.is_new(feature) {
            list.push(feature);
        }
    }
}

/// The letter n-grams of a folded piece.
pub(crate) fn grams(piece: &[u8], mut put: impl FnMut(u32)) {
    for start in 0..piece.len().saturating_sub(2) {
        let mut hash = GRAM;
        for (i, b) in piece[start..].iter().take(5).enumerate() {
            hash = mix(hash, *b);
            if i >= 2 {
                put(place(hash));
            }
        }
    }
}

/// A piece without the marks of the sentence around it: "server" is one piece with or without its comma.
fn bare(piece: &str) -> &str {
    piece.trim_matches(|c: char| {
        matches!(
            c,
            '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '\'' | '\u{2018}'..='\u{201d}'
        )
    })
}

/// Whether a piece is a value (an address, a hash, an identifier of ATT&CK), which tells nothing
/// of what is done: it stands in one report only, or it is read as such elsewhere.
fn is_value(piece: &str) -> bool {
    let bare = piece.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let bytes = bare.as_bytes();
    if bytes.len() > 15 && bytes.iter().all(u8::is_ascii_hexdigit) {
        return true;
    }
    if piece.contains("://") || piece.contains("[.]") {
        return true;
    }
    matches!(bytes, [b'T', a, b, c, d, ..] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()))
}

/// Lower case, digits of long numbers as 0, curly marks as straight ones.
fn fold(piece: &str, lower: &mut Vec<u8>) {
    for c in piece.chars() {
        if lower.len() > LONGEST_PIECE {
            break;
        }
        match c {
            '\u{2018}' | '\u{2019}' => lower.push(b'\''),
            '\u{201c}' | '\u{201d}' => lower.push(b'"'),
            '\u{2010}'..='\u{2014}' => lower.push(b'-'),
            c if c.is_ascii() => lower.push((c as u8).to_ascii_lowercase()),
            c => {
                let mut buffer = [0; 4];
                lower.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
}

const WORD: u32 = 0x811c_9dc5;
const GRAM: u32 = 0x2f0b_4c47;

/// One step of FNV-1a.
fn mix(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// The feature of a hash: its bits mixed once more, as the low ones of FNV are weak.
fn place(hash: u32) -> u32 {
    let mut h = hash;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h & (FEATURES as u32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<u32>, Vec<u32>) {
        let mut features = Features::default();
        features.read(text);
        (features.words, features.grams)
    }

    #[test]
    fn words_pairs_and_letter_groups() {
        let (words, grams) = read("Dumps LSASS");
        assert_eq!(words.len(), 3, "two words and a pair");
        // " dumps ": five, four, three groups of 3, 4, 5 letters; " lsass " likewise.
        assert_eq!(grams.len(), 24);
    }

    #[test]
    fn case_marks_and_line_breaks_do_not_count() {
        assert_eq!(read("Dumps\n the   LSASS\u{2019}s"), read("dumps the lsass's"));
    }

    #[test]
    fn values_are_not_seen() {
        assert_eq!(read("uses hxxp://a[.]example/x T1003.001"), read("uses"));
        assert_eq!(read("d41d8cd98f00b204e9800998ecf8427e"), (Vec::new(), Vec::new()));
    }

    #[test]
    fn nothing_is_left_of_the_sentence_before() {
        let mut features = Features::default();
        features.read("dumps lsass");
        features.read("lsass");
        let again = (features.words.clone(), features.grams.clone());
        assert_eq!(again, read("lsass"));
        assert!(features.words.iter().all(|f| (*f as usize) < FEATURES));
    }
}
