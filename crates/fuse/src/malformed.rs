//! Values that are mistyped or cut: nobody sees them on a wire, so who has the same has copied.

use std::collections::BTreeSet;

use crate::sketch::{hash, hash_run};

/// At most so many are kept of a document.
pub(crate) const LIMIT: usize = 32;
/// Longer tokens are no values.
const LONGEST: usize = 140;
/// Lengths of the digests that there are, and of identifiers.
const DIGESTS: [usize; 6] = [32, 40, 48, 56, 64, 128];

/// The malformed values of a text, as hashes in order, at most [`LIMIT`]: digests that lack a digit or
/// have one too many, or one that is no hexadecimal digit, and addresses with a part that cannot be.
pub(crate) fn malformed(text: &str) -> Vec<u32> {
    let mut found = BTreeSet::new();
    for token in text.split(|c: char| c.is_whitespace() || matches!(c, '|' | ',' | ';' | '"' | '`'))
    {
        let token = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if token.len() < 7 || token.len() > LONGEST {
            continue;
        }
        if is_cut_digest(token) || is_impossible_address(token) {
            let lower = refanged(token);
            found.insert(hash_run(&[hash(lower.as_bytes())]));
            if found.len() > LIMIT {
                found.pop_last();
            }
        }
    }
    found.into_iter().collect()
}

fn refanged(token: &str) -> String {
    token.chars().filter(|c| !matches!(c, '[' | ']' | '(' | ')')).collect::<String>().to_lowercase()
}

/// One digit beside a digest's length, or of the length with one letter or two that are no digits.
fn is_cut_digest(token: &str) -> bool {
    if !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let hex = token.bytes().filter(u8::is_ascii_hexdigit).count();
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    // A run of letters alone, or of digits alone, is something else.
    if digits * 5 < token.len() || digits == token.len() {
        return false;
    }
    let strange = token.len() - hex;
    let near = |length: &usize| token.len().abs_diff(*length) == 1;
    let whole = DIGESTS.contains(&token.len());
    (strange == 0 && DIGESTS.iter().any(near)) || (whole && (1..=2).contains(&strange))
}

/// Four numbers of which one is above 255 and the others make an address likely; no version has that.
fn is_impossible_address(token: &str) -> bool {
    if !token.starts_with(|c: char| c.is_ascii_digit()) || !token.contains('.') {
        return false;
    }
    let plain = refanged(token);
    let plain = plain.split([':', '/']).next().unwrap_or("");
    let parts: Vec<&str> = plain.split('.').collect();
    if parts.len() != 4 {
        return false;
    }
    let numbers: Vec<u32> = parts
        .iter()
        .filter(|part| (1..=4).contains(&part.len()))
        .filter_map(|part| part.parse().ok())
        .collect();
    let large = numbers.iter().filter(|n| **n > 255).count();
    let plausible = numbers.iter().filter(|n| (20..=255).contains(*n)).count();
    numbers.len() == 4 && large == 1 && plausible >= 2 && numbers.iter().all(|n| *n < 3000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_values_are_found_and_right_ones_are_not() {
        let digest = "0f0259f288141edbe4ab2b8032911c69e03817d2";
        let cut = &digest[1..];
        let strange = digest.replacen('b', "O", 1);
        let text =
            format!("{digest}\n{cut} | {strange},185.220[.]300.41 10.0.0.1 4.3.2.1900 v1.2.300.4");
        let found = malformed(&text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(malformed(&text.replace("[.]", ".")), found);
        assert!(malformed("the quick brown fox 1234567890123456789012345678901").is_empty());
        assert!(malformed("").is_empty());
    }

    #[test]
    fn what_is_kept_does_not_grow_and_order_makes_no_difference() {
        let value = |n: u32| format!("185.{}.300.{}", 20 + n % 200, 20 + n / 200);
        let text: Vec<String> = (0..400).map(value).collect();
        let back: Vec<String> = text.iter().rev().cloned().collect();
        assert_eq!(malformed(&text.join(" ")).len(), LIMIT);
        assert_eq!(malformed(&text.join(" ")), malformed(&back.join("\n")));
    }
}
