//! Where text may be written in another form: the places of percent signs, of backslashes before what they escape, and
//! of doubled quotes.

use super::simd;

/// Bytes that a backslash escapes.
fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'\\' | b'|' | b'=' | b'"' | b'\'' | b'/' | b'n' | b'r' | b't')
}

/// Tells the places of signs in order; of a doubled quote the second.
pub(crate) fn signs(text: &[u8], mut tell: impl FnMut(usize)) {
    simd::odd_bytes(text, |at| {
        if is_sign(text, at) {
            tell(at);
        }
    });
}

/// Whether an odd byte may stand for something else; a last backslash escapes nothing.
pub(super) fn is_sign(text: &[u8], at: usize) -> bool {
    text[at] != b'\\' || text.get(at + 1).is_some_and(|next| is_escaped(*next))
}

/// Tells every place from `from` on where a percent sign, a backslash or the second of two quotes stands.
pub(super) fn odd_bytes(text: &[u8], from: usize, mut tell: impl FnMut(usize)) {
    for (at, byte) in text.iter().enumerate().skip(from) {
        let doubled = || at > 0 && text[at - 1] == b'"';
        if matches!(byte, b'%' | b'\\') || *byte == b'"' && doubled() {
            tell(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_may_stand_for_something_else_is_told() {
        let mut places = Vec::new();
        signs(b"a%b CORP\\user \\\\ \"x\" \"\" \\", |at| places.push(at));
        assert_eq!(places, [1, 14, 22]);
    }

    proptest! {
        #[test]
        fn the_fast_twin_tells_the_same(parts in proptest::collection::vec("[%\"\\\\]{0,3}|[ -~é]{0,70}", 0..12)) {
            let text = parts.concat();
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            simd::odd_bytes(text.as_bytes(), |at| fast.push(at));
            odd_bytes(text.as_bytes(), 0, |at| slow.push(at));
            prop_assert_eq!(fast, slow);
        }
    }
}
