//! How much a file's name tells when it stands on two machines: a name that many would choose (`error.aspx`) may be
//! chance, one that nobody would choose twice is the same hand.

/// About how many bits of choice stand in a file's name (lower case), its ending left out: letters make words, which
/// are few; digits among letters do not.
pub(super) fn bits(name: &str) -> u32 {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = stem.trim_matches(|c: char| !c.is_alphanumeric());
    let chars: Vec<char> = stem.chars().collect();
    let (mut halves, mut vowelless) = (0u32, 0u32);
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after =
            chars.get(at + 1..).is_some_and(|rest| rest.iter().any(char::is_ascii_alphabetic));
        halves += match c {
            // A number at the end counts versions.
            '0'..='9' if !after => 2,
            '0'..='9' => 8,
            _ if before.is_some_and(char::is_ascii_digit) => 6,
            _ => 3,
        };
        if "aeiouy".contains(*c) || !c.is_ascii_alphabetic() {
            vowelless = 0;
        } else {
            vowelless += 1;
            // No word has so many consonants in a row.
            halves += if vowelless > 4 { 5 } else { 0 };
        }
    }
    halves / 2
}

/// So far apart in time, in seconds, records on different machines may lie that name the same file and still be one
/// activity; `machines` have it.
pub(super) fn reach(name: &str, machines: usize) -> i64 {
    let base = match bits(name) {
        0..20 => 3_600,
        20..32 => 86_400,
        _ => 30 * 86_400,
    };
    // What stands on many machines is no one's.
    let others = i64::try_from(machines.saturating_sub(1).max(1)).unwrap_or(i64::MAX);
    base / others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_many_would_choose_tell_little() {
        for (few, many) in [
            ("error.aspx", "8lw7tahf9i1pjnro.aspx"),
            ("shell1.aspx", "x8kq2p0z.aspx"),
            ("update.exe", "redirsuiteserverproxy.aspx"),
            ("supp0rt.aspx", "bzqkdwtxr.dll"),
        ] {
            assert!(bits(few) < 20, "{few} {}", bits(few));
            assert!(bits(many) >= 20, "{many} {}", bits(many));
            assert!(reach(few, 2) < reach(many, 2));
        }
        assert!(bits("8lw7tahf9i1pjnro.aspx") >= 32);
        assert_eq!((bits(""), bits(".aspx"), bits("1.aspx")), (0, 0, 1));
        assert!(reach("error.aspx", 40) < reach("error.aspx", 2));
    }
}
