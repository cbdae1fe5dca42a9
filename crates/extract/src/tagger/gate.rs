//! Which sentences are worth tagging: those with a capitalised word that no table knows and that is no everyday
//! one, nor one that opens the sentence and stands in lower case elsewhere. In the others the tagger could only
//! say again what is known.

use std::sync::LazyLock;

use foldhash::HashSet;
use lapwing_model::Span;

use crate::gazetteer::{Token, lower_hash};

/// Words that open sentences, and short forms of technique: capitalised, and no names that the tagger is asked for.
const EVERYDAY: &str = "a about above according additionally after all also although among an and another any are \
as at based be because been before below both but by can could did do does due during each either even \
every few figure finally first following for from further furthermore given had has have he her here his how \
however i if in indeed instead interestingly into is it its later like many meanwhile more moreover most much \
my next no not note now of often on once one only or other our over overall previously recently second \
several she similarly since so some still such table than that the their then there therefore these they third this \
those though through thus to today two under unlike until upon us using was we well were what when where \
whether which while who why will with within without would yet you your \
january february march april may june july august september october november december jan feb mar apr jun \
jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday \
http https dns tcp udp ip ips url urls api apis pdf html xml json csv dll exe gb mb kb utc gmt tls ssl ssh ftp smb \
rdp vpn http2 cpu gpu ram id ids os vm ioc iocs ttp ttps cve cves cvss c2 cnc mitre yara";

/// Longest of them.
const LONGEST: usize = 13;

/// The words that stand in lower case in a text: what opens a sentence is such a word, if it is one of them.
pub(crate) struct Smalls(HashSet<u64>);

impl Smalls {
    pub(crate) fn of(text: &str, tokens: &[Token]) -> Self {
        let is_small = |token: &&Token| {
            text.as_bytes().get(token.start as usize).is_some_and(u8::is_ascii_lowercase)
        };
        Self(tokens.iter().filter(is_small).map(Token::lower).collect())
    }

    /// Whether a word with one capital stands in lower case elsewhere.
    fn hold(&self, word: &[u8]) -> bool {
        word.iter().skip(1).all(u8::is_ascii_lowercase) && self.0.contains(&lower_hash(word))
    }
}

/// Whether the sentence holds what only the tagger can tell.
pub(crate) fn asks(
    text: &str,
    sentence: Span,
    smalls: &Smalls,
    known: &[Span],
    doubtful: &[Span],
) -> bool {
    let after = doubtful.partition_point(|span| span.end <= sentence.start);
    if doubtful.get(after).is_some_and(|span| span.start < sentence.end) {
        return true;
    }
    let Some(shown) = sentence.slice(text) else { return false };
    let bytes = shown.as_bytes();
    let mut next = known.partition_point(|span| span.end <= sentence.start);
    let opening = bytes.iter().position(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    let mut at = 0;
    while let Some(ahead) =
        bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_uppercase))
    {
        let mut from = at + ahead;
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80;
        let to = from + bytes[from..].iter().take_while(|b| is_word(b)).count();
        from -= bytes[at..from].iter().rev().take_while(|b| is_word(b)).count();
        at = to;
        let place = sentence.start + from as u32;
        while known.get(next).is_some_and(|span| span.end <= place) {
            next += 1;
        }
        let is_known = known.get(next).is_some_and(|span| span.start <= place);
        let word = &bytes[from..to];
        let opens = opening == Some(from) && smalls.hold(word);
        if !is_known && !opens && !is_everyday(word) {
            return true;
        }
    }
    false
}

fn is_everyday(word: &[u8]) -> bool {
    static WORDS: LazyLock<HashSet<&[u8]>> =
        LazyLock::new(|| EVERYDAY.split_ascii_whitespace().map(str::as_bytes).collect());
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    WORDS.contains(&*lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gazetteer::tokenise;

    fn asks_of(text: &str, known: &[&str], doubtful: &[&str]) -> bool {
        let places = |names: &[&str]| -> Vec<Span> {
            names
                .iter()
                .map(|n| text.find(n).map(|at| Span::new(at, at + n.len())).unwrap())
                .collect()
        };
        let smalls = Smalls::of(text, &tokenise(text));
        asks(text, Span::new(0, text.len()), &smalls, &places(known), &places(doubtful))
    }

    #[test]
    fn a_name_that_no_table_knows_asks() {
        assert!(asks_of("In May, the Gobbledock loader came over HTTPS.", &[], &[]));
        assert!(asks_of("Gobbledock came.", &[], &[]));
        assert!(asks_of("The eGobbler came.", &[], &[]));
    }

    #[test]
    fn what_is_known_or_everyday_does_not() {
        assert!(!asks_of("In May, the Emotet loader came over HTTPS.", &["Emotet"], &[]));
        assert!(!asks_of("we saw nothing of it", &[], &[]));
        assert!(!asks_of("Attackers were other attackers.", &[], &[]));
        assert!(asks_of("we saw how attackers were Attackers.", &[], &[]));
    }

    #[test]
    fn what_only_the_context_tells_asks() {
        assert!(asks_of("the operators of play moved on", &[], &["play"]));
    }
}
