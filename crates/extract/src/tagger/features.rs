//! What the model reads of each word, as 32-bit hashes.
//!
//! Most of it is said by one word alone, at its place or beside it: these groups are functions of a
//! [`Form`], so that a form's weights can be summed once a document ([`super::sums`]). What takes several
//! words together is in [`joint`]. Training reads the groups one after the other ([`all`]).

use super::cues::{Bits, CLASSES};
use super::lexicon;
use super::word::Form;

/// Mixes two hashes (the finaliser of MurmurHash3, by Austin Appleby).
pub(crate) const fn mix(a: u32, b: u32) -> u32 {
    let mut x = a.wrapping_mul(0x9e37_79b1) ^ b;
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// The feature that every word has.
pub const EVERY_WORD: u32 = mix(1, 0);

/// What the tables know of a place outside of the sentence.
pub(crate) const OUTSIDE: u32 = 1 << 30;

/// A word and what stands around it in its sentence.
pub(crate) struct Around<'f> {
    /// Three words before, the word, three words behind.
    pub(crate) forms: [&'f Form; 7],
    /// The nearest words before and behind that are no marks.
    pub(crate) nearest: [&'f Form; 2],
    /// What the tables know of two words before, the word, two words behind.
    pub(crate) known: [u32; 5],
    pub(crate) setting: Setting,
    pub(crate) chunk: u32,
    pub(crate) chunk_shape: u32,
    /// The word is all of its chunk but for marks.
    pub(crate) alone: bool,
    /// What stands beside the same word anywhere in the document.
    pub(crate) memory: Bits,
}

/// Where the word stands, in small numbers.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) class: u32,
    /// Sort of the line, below 8.
    pub(crate) line: u32,
    /// How much the sentence looks like code, below 4.
    pub(crate) code: u32,
    /// First, second or later word, below 4.
    pub(crate) at: u32,
    /// Place in its chunk, below 8.
    pub(crate) in_chunk: u32,
    pub(crate) in_link: bool,
}

/// Where a word stands as seen from the one that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Left3,
    Left2,
    Left,
    Right,
    Right2,
    Right3,
}

/// Which of the two nearest words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    Behind,
}

/// All features of a word, group by group.
pub(crate) fn all(a: &Around<'_>, put: &mut (impl FnMut(u32) + ?Sized)) {
    use Beside::{Left, Left2, Left3, Right, Right2, Right3};
    own(a.forms[3], put);
    memory(a.memory, put);
    let beside = [(Left3, 0), (Left2, 1), (Left, 2), (Right, 4), (Right2, 5), (Right3, 6)];
    for (place, at) in beside {
        self::beside(a.forms[at], place, put);
    }
    nearest(a.nearest[0], Side::Before, put);
    nearest(a.nearest[1], Side::Behind, put);
    if a.alone {
        chunk(a.forms[3].chunk(), 0, put);
    } else {
        chunk((a.chunk, a.chunk_shape), a.setting.in_chunk, put);
    }
    known(&a.known, a.setting.class, put);
    known_beside(a.known[2], a.forms[2], Side::Before, put);
    known_beside(a.known[2], a.forms[4], Side::Behind, put);
    setting(a.setting, put);
    classes([1, 2, 3, 4, 5].map(|at| a.forms[at].class as u32), put);
    joint(a, put);
}

/// What the word says by itself.
pub(crate) fn own(w: &Form, put: &mut (impl FnMut(u32) + ?Sized)) {
    put(EVERY_WORD);
    put(mix(2, w.lower));
    put(mix(3, w.exact));
    put(mix(4, w.digitless));
    for i in 0..4 {
        put(mix(14 + 2 * i as u32, w.heads[i]));
        put(mix(15 + 2 * i as u32, w.tails[i]));
    }
    put(mix(22, w.shape));
    word_classes(w, 3, put);
    alike(w, 3, put);
    put(mix(190, mix(u32::from(w.alike.middle), w.class as u32)));
}

/// What stands beside the same word elsewhere says.
pub(crate) fn memory(mut memory: Bits, put: &mut (impl FnMut(u32) + ?Sized)) {
    while memory != 0 {
        put(mix(101 + memory.trailing_zeros(), 1));
        memory &= memory - 1;
    }
}

/// Classes of the word at one of the seven places, and of which names it is a part if that is near.
fn word_classes(w: &Form, place: u32, put: &mut (impl FnMut(u32) + ?Sized)) {
    let mut bits = w.classes;
    while bits != 0 {
        put(mix(141 + place, bits.trailing_zeros()));
        bits &= bits - 1;
    }
    if (2..=4).contains(&place) {
        let mut bits = w.parts;
        while bits != 0 {
            put(mix(151 + place, bits.trailing_zeros()));
            bits &= bits - 1;
        }
    }
}
const _: () = assert!(CLASSES.len() <= 32 && lexicon::BITS <= 32);

/// What a word beside the one that is read says.
pub(crate) fn beside(w: &Form, place: Beside, put: &mut (impl FnMut(u32) + ?Sized)) {
    let at = match place {
        Beside::Left3 => 0,
        Beside::Left2 => {
            put(mix(7, w.lower));
            1
        }
        Beside::Left => {
            put(mix(5, w.lower));
            put(mix(23, w.shape));
            put(mix(62, w.tails[1]));
            put(mix(64, w.heads[2]));
            2
        }
        Beside::Right => {
            put(mix(6, w.lower));
            put(mix(24, w.shape));
            put(mix(63, w.tails[1]));
            put(mix(65, w.heads[2]));
            4
        }
        Beside::Right2 => {
            put(mix(8, w.lower));
            5
        }
        Beside::Right3 => 6,
    };
    word_classes(w, at, put);
    alike(w, at, put);
}

/// Of which words it is used as one, at one of the seven places: the finer the nearer.
fn alike(w: &Form, place: u32, put: &mut (impl FnMut(u32) + ?Sized)) {
    let a = w.alike;
    if a.fine == 0 {
        return;
    }
    put(mix(161 + place, u32::from(a.coarse)));
    if (1..=5).contains(&place) {
        put(mix(171 + place, u32::from(a.middle)));
    }
    if (2..=4).contains(&place) {
        put(mix(181 + place, u32::from(a.fine)));
    }
}

/// What the nearest word that is no mark says.
pub(crate) fn nearest(w: &Form, side: Side, put: &mut (impl FnMut(u32) + ?Sized)) {
    let (lower, tail) = match side {
        Side::Before => (35, 39),
        Side::Behind => (36, 40),
    };
    put(mix(lower, w.lower));
    put(mix(tail, w.tails[1]));
}

/// What all between white space around the word says.
pub(crate) fn chunk((hash, shape): (u32, u32), place: u32, put: &mut (impl FnMut(u32) + ?Sized)) {
    put(mix(42, hash));
    put(mix(43, shape));
    put(mix(44, mix(shape, place)));
}

/// What the tables say of the words.
pub(crate) fn known(known: &[u32; 5], class: u32, put: &mut (impl FnMut(u32) + ?Sized)) {
    let [left2, left, w, right, right2] = *known;
    put(mix(28, w));
    put(mix(29, left));
    put(mix(30, right));
    put(mix(31, mix(w, class)));
    put(mix(34, mix(left, mix(w, right))));
    put(mix(51, left2));
    put(mix(52, right2));
    put(mix(53, mix(left, w)));
    put(mix(54, mix(w, right)));
}

/// What the tables say of the word, together with the word beside it.
pub(crate) fn known_beside(
    known: u32,
    beside: &Form,
    side: Side,
    put: &mut (impl FnMut(u32) + ?Sized),
) {
    let template = match side {
        Side::Before => 32,
        Side::Behind => 33,
    };
    put(mix(template, mix(known, beside.lower)));
}

/// What the place of the word says.
pub(crate) fn setting(s: Setting, put: &mut (impl FnMut(u32) + ?Sized)) {
    put(mix(45, mix(s.line, s.class)));
    put(mix(46, mix(s.code, s.class)));
    put(mix(47, mix(u32::from(s.in_link), s.in_chunk)));
    put(mix(48, mix(s.at, s.class)));
}

/// What the sorts of five words say together.
pub(crate) fn classes(
    [left2, left, w, right, right2]: [u32; 5],
    put: &mut (impl FnMut(u32) + ?Sized),
) {
    put(mix(59, mix(left, mix(w, right))));
    put(mix(60, mix(left2, mix(left, mix(w, right)))));
    put(mix(61, mix(left, mix(w, mix(right, right2)))));
}

/// What several words say together.
pub(crate) fn joint(a: &Around<'_>, put: &mut (impl FnMut(u32) + ?Sized)) {
    let [left3, left2, left, w, right, right2, right3] = a.forms;
    let [before, behind] = a.nearest;
    let class = a.setting.class;
    put(mix(9, mix(left.lower, w.lower)));
    put(mix(10, mix(w.lower, right.lower)));
    put(mix(11, mix(left.lower, mix(class, right.lower))));
    put(mix(12, mix(left2.lower, mix(left.lower, class))));
    put(mix(13, mix(right.lower, mix(right2.lower, class))));
    put(mix(25, mix(left.shape, w.shape)));
    put(mix(26, mix(w.shape, right.shape)));
    put(mix(27, mix(left.shape, mix(w.shape, right.shape))));
    put(mix(37, mix(before.lower, class)));
    put(mix(38, mix(behind.lower, class)));
    put(mix(41, mix(before.digitless, mix(w.digitless, behind.digitless))));
    put(mix(49, mix(left3.lower, class)));
    put(mix(50, mix(right3.lower, class)));
    put(mix(55, mix(left.lower, right.lower)));
    put(mix(56, mix(left2.lower, left.lower)));
    put(mix(57, mix(right.lower, right2.lower)));
    put(mix(58, mix(left.lower, mix(w.lower, right.lower))));
    put(mix(66, mix(w.tails[1], right.lower)));
    put(mix(67, mix(left.lower, w.tails[1])));
    put(mix(68, mix(left.classes, w.classes)));
    put(mix(69, mix(w.classes, right.classes)));
    put(mix(70, mix(left.classes, mix(class, right.classes))));
    let middle = |form: &Form| u32::from(form.alike.middle);
    let coarse = |form: &Form| u32::from(form.alike.coarse);
    put(mix(71, mix(middle(left), middle(w))));
    put(mix(72, mix(middle(w), middle(right))));
    put(mix(73, mix(middle(before), mix(class, middle(behind)))));
    put(mix(74, mix(coarse(left), mix(coarse(w), coarse(right)))));
}
