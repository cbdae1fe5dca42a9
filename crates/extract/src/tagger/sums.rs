//! What the weights make of each word of a sentence, summed once and kept as far as that goes.
//!
//! What one word says is summed once for its form and the place from which it is seen; what small numbers say, once
//! for these numbers. Sums are of whole numbers, so that they are the same as feature by feature.

use foldhash::HashMap;

use super::features::{self, Around, Beside, Side};
use super::reader::Numbers;
use super::weights::{Steps, Weights};
use super::word::Forms;

/// From where a form is seen.
#[derive(Clone, Copy)]
enum Slot {
    Own,
    Alone,
    Left3,
    Left2,
    Left,
    Right,
    Right2,
    Right3,
    Before,
    Behind,
    /// As `Left` and `Right`, of a word that no table knows.
    LeftOfUnknown,
    RightOfUnknown,
}

const SLOTS: usize = 12;

/// So many sums of small numbers are kept.
const MOST: usize = 1 << 14;

/// Sums for the words that were read, with the same weights; kept from document to document.
#[derive(Default)]
pub(crate) struct Sums {
    /// Those of the words of the sentence that was read last.
    pub(crate) words: Vec<Steps>,
    forms: Vec<Seen>,
    /// Of which round the forms' numbers are.
    round: u32,
    numbers: HashMap<u32, Steps>,
    /// What stands beside a word elsewhere, by its bits.
    memories: HashMap<u32, Steps>,
    /// Features of one word that are looked up for it alone, and such whose sum is kept.
    single: Vec<u32>,
    shared: Vec<u32>,
}

/// Takes a feature.
type Put<'p> = dyn FnMut(u32) + 'p;

/// The sums of a form, and which of them are known.
struct Seen {
    known: u16,
    slots: [Steps; SLOTS],
}

impl Sums {
    /// Begins a sentence of words with such forms.
    pub(crate) fn begin(&mut self, forms: &Forms) {
        self.words.clear();
        if self.round != forms.round() {
            self.forms.clear();
            self.round = forms.round();
        }
        if self.forms.len() < forms.len() {
            self.forms
                .resize_with(forms.len(), || Seen { known: 0, slots: [Steps::default(); SLOTS] });
        }
    }

    /// Adds the sum of one more word.
    pub(crate) fn add(&mut self, weights: &Weights, a: &Around<'_>, numbers: &Numbers) {
        let mut sum = Steps::default();
        let mut single = std::mem::take(&mut self.single);
        single.clear();
        let put = &mut |feature| single.push(feature);
        let [left3, left2, left, w, right, right2, right3] = numbers.forms;
        self.form(weights, &mut sum, w, Slot::Own, |put| features::own(a.forms[3], put));
        if a.memory != 0 {
            let Self { memories, shared, .. } = self;
            kept(memories, shared, weights, &mut sum, a.memory, |put| {
                features::memory(a.memory, put);
            });
        }
        if a.alone {
            self.form(weights, &mut sum, w, Slot::Alone, |put| {
                features::chunk(a.forms[3].chunk(), 0, put);
            });
        } else {
            features::chunk((a.chunk, a.chunk_shape), a.setting.in_chunk, put);
        }
        for (number, slot, place, at) in [
            (left3, Slot::Left3, Beside::Left3, 0),
            (left2, Slot::Left2, Beside::Left2, 1),
            (right2, Slot::Right2, Beside::Right2, 5),
            (right3, Slot::Right3, Beside::Right3, 6),
        ] {
            let form = a.forms[at];
            self.form(weights, &mut sum, number, slot, |put| features::beside(form, place, put));
        }
        let [before, behind] = numbers.nearest;
        for (number, slot, side, at) in
            [(before, Slot::Before, Side::Before, 0), (behind, Slot::Behind, Side::Behind, 1)]
        {
            let form = a.nearest[at];
            self.form(weights, &mut sum, number, slot, |put| features::nearest(form, side, put));
        }
        let known = a.known[2];
        for (number, slot, unknown_slot, place, side, at) in [
            (left, Slot::Left, Slot::LeftOfUnknown, Beside::Left, Side::Before, 2),
            (right, Slot::Right, Slot::RightOfUnknown, Beside::Right, Side::Behind, 4),
        ] {
            let form = a.forms[at];
            if known == 0 {
                self.form(weights, &mut sum, number, unknown_slot, |put| {
                    features::beside(form, place, put);
                    features::known_beside(0, form, side, put);
                });
            } else {
                self.form(weights, &mut sum, number, slot, |put| {
                    features::beside(form, place, put);
                });
                features::known_beside(known, form, side, put);
            }
        }
        let s = a.setting;
        if a.known == [0; 5] {
            self.number(weights, &mut sum, s.class, |put| {
                features::known(&a.known, s.class, put);
            });
        } else {
            features::known(&a.known, s.class, put);
        }
        let number = [s.line, s.code, s.at, s.in_chunk, u32::from(s.in_link)]
            .iter()
            .fold(s.class, |number, next| (number << 3) | next);
        self.number(weights, &mut sum, number | 1 << 20, |put| features::setting(s, put));
        let classes = [1, 2, 3, 4, 5].map(|at| a.forms[at].class as u32);
        let number = classes.iter().fold(0, |number, next| (number << 3) | next);
        self.number(weights, &mut sum, number | 1 << 21, |put| features::classes(classes, put));
        features::joint(a, put);
        weights.add(&single, &mut sum);
        self.single = single;
        self.words.push(sum);
    }

    /// Adds what a form says from its place, summed of what `read` puts when it is first asked.
    fn form(
        &mut self,
        weights: &Weights,
        sum: &mut Steps,
        number: u32,
        slot: Slot,
        read: impl FnOnce(&mut Put<'_>),
    ) {
        let Some(seen) = self.forms.get_mut(number as usize) else { return };
        let steps = &mut seen.slots[slot as usize];
        if seen.known & (1 << slot as u16) == 0 {
            seen.known |= 1 << slot as u16;
            self.shared.clear();
            read(&mut |feature| self.shared.push(feature));
            weights.add(&self.shared, steps);
        }
        sum.add(steps);
    }

    /// Adds what small numbers say, summed of what `read` puts when they are first seen.
    fn number(
        &mut self,
        weights: &Weights,
        sum: &mut Steps,
        number: u32,
        read: impl FnOnce(&mut Put<'_>),
    ) {
        kept(&mut self.numbers, &mut self.shared, weights, sum, number, read);
    }
}

/// Adds what is kept of a number, or what `read` puts when it is first seen.
fn kept(
    known: &mut HashMap<u32, Steps>,
    features: &mut Vec<u32>,
    weights: &Weights,
    sum: &mut Steps,
    number: u32,
    read: impl FnOnce(&mut Put<'_>),
) {
    if let Some(steps) = known.get(&number) {
        sum.add(steps);
        return;
    }
    let mut steps = Steps::default();
    features.clear();
    read(&mut |feature| features.push(feature));
    weights.add(features, &mut steps);
    sum.add(&steps);
    if known.len() < MOST {
        known.insert(number, steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gazetteer::{Gazetteer, tokenise};
    use crate::sentence;
    use crate::tagger::reader::{Reader, Sequence};

    const TEXT: &str = "The Marsh Heron group (also known as UNC9999) used the HERONRAT backdoor against \
banks in Italy in March 2021. According to Acme Labs, Marsh Heron sent mails to c2[.]example[.]org and \
wrote C:\\Temp\\a.exe. \u{653b}\u{6483} by Marsh Heron: see https://a.example/b?c=d.\n# Marsh Heron and Lazarus Group\n\
- HERONRAT, Emotet and Cobalt Strike in the healthcare sector\n";

    #[test]
    fn sums_are_those_of_all_features_one_by_one() {
        let weights = Weights::from_bytes(include_bytes!("../../data/entities.weights")).unwrap();
        let names = lapwing_knowledge::Knowledge::builtin().names();
        let gazetteer = Gazetteer::from_names(names);
        let tokens = tokenise(TEXT);
        let hits = gazetteer.hits(TEXT, &tokens);
        let mut reader = Reader::new(TEXT, &tokens, &hits, Forms::default());
        let (mut sums, mut spans, mut sequence) =
            (Sums::default(), Vec::new(), Sequence::default());
        let mut words = 0;
        // Twice, so that all that is kept is used again.
        for span in [sentence::sentences(TEXT), sentence::sentences(TEXT)].concat() {
            reader.read(span, &mut sequence);
            reader.score(span, &weights, &mut sums, &mut spans);
            assert_eq!(sequence.spans(), spans);
            for (at, sum) in sums.words.iter().enumerate() {
                let mut single = Steps::default();
                weights.add(sequence.features(at), &mut single);
                assert_eq!(*sum, single, "{}", spans[at].slice(TEXT).unwrap());
                words += 1;
            }
        }
        assert!(words > 100);
    }
}
