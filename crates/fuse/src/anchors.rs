//! What a translation keeps: numbers, identifiers, file names and names written in no language's way, however
//! they are set into the text around them.

/// Longer runs are blobs, no names.
const LONGEST: usize = 96;
/// Numbers of one digit are written in words as often as not.
const SHORTEST_NUMBER: usize = 2;

/// Gives each anchor of a text in its order, in one form for all languages: a run of Latin letters, digits
/// and the signs inside names that has a digit, a capital letter behind its first or a sign between its
/// letters. Capitalised words are none: in German every noun is one.
pub(crate) fn anchors(text: &str, mut each: impl FnMut(&str)) {
    let mut run = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if belongs(c) {
            run.push(c);
            continue;
        }
        // Thousands set apart by a narrow space, or by a comma: one number.
        let between_digits = matches!(c, ',' | '\'' | '’' | '\u{a0}' | '\u{2009}' | '\u{202f}')
            && run.ends_with(|c: char| c.is_ascii_digit())
            && chars.peek().is_some_and(char::is_ascii_digit);
        if between_digits {
            run.push(if c == ',' { ',' } else { '\'' });
            continue;
        }
        give(&run, &mut each);
        run.clear();
    }
    give(&run, &mut each);
}

/// Whether a character may stand in an anchor: other scripts end one, as there is no blank before them.
fn belongs(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '\\' | '/' | ':' | '$' | '&')
}

fn give(run: &str, each: &mut impl FnMut(&str)) {
    let bare = run.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if bare.is_empty() || bare.len() > LONGEST {
        return;
    }
    if let Some(number) = number(bare) {
        if number.len() >= SHORTEST_NUMBER {
            each(&number);
        }
        return;
    }
    // Words joined by a hyphen or stroke are taken apart, but identifiers are not: in German a name is
    // joined to the noun behind it.
    if bare.contains(['-', '/']) && !is_identifier(bare) {
        bare.split(['-', '/']).for_each(|part| give_word(part, each));
    } else {
        give_word(bare, each);
    }
}

fn give_word(word: &str, each: &mut impl FnMut(&str)) {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let digit = word.bytes().any(|b| b.is_ascii_digit());
    let inner = word.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    let sign = word.contains(['.', '_', '@', '\\', '$']);
    if word.len() >= 2 && (digit || inner || sign) {
        match number(word) {
            Some(number) if number.len() < SHORTEST_NUMBER => {}
            Some(number) => each(&number),
            None => each(&word.to_ascii_lowercase()),
        }
    }
}

/// `CVE-2021-26855`, `T1059-001`, `2021-03-02`: parts of which one at least is a number, and none a word in
/// small letters.
fn is_identifier(run: &str) -> bool {
    let mut parts = run.split(['-', '/']);
    let number =
        run.split(['-', '/']).any(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    number && parts.all(|part| !part.bytes().any(|b| b.is_ascii_lowercase()))
}

/// A number without the signs between its thousands: `1,000`, `1.000` and `1 000` are one. Versions and
/// addresses, which have more or other groups, are none.
fn number(run: &str) -> Option<String> {
    let mut groups = run.split([',', '.', '\'']);
    let first = groups.next()?;
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let rest: Vec<&str> = groups.collect();
    if !digits(first) || !rest.iter().all(|group| digits(group)) {
        return None;
    }
    match rest[..] {
        [] => Some(first.trim_start_matches('0').to_owned()),
        _ if first.len() <= 3 && rest.iter().all(|group| group.len() == 3) => {
            Some(format!("{first}{}", rest.concat()))
        }
        [decimals] => Some(format!("{first}.{decimals}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        anchors(text, |anchor| found.push(anchor.to_owned()));
        found
    }

    #[test]
    fn anchors_are_the_same_in_all_languages() {
        let expected = ["cve-2021-26855", "2016", "discover.aspx", "powershell", "lsass", "1240"];
        for text in [
            "The group used CVE-2021-26855 on Exchange Server 2016, left discover.aspx, then PowerShell against LSASS on 1,240 hosts.",
            "Die Gruppe nutzte CVE-2021-26855 in Exchange Server 2016, legte discover.aspx ab und griff per PowerShell-Skript den LSASS-Prozess auf 1.240 Rechnern an.",
            "Le groupe a exploité CVE-2021-26855 dans Exchange Server 2016, déposé « discover.aspx », puis utilisé PowerShell contre LSASS sur 1\u{202f}240 machines.",
            "同グループはExchange Serverの脆弱性CVE-2021-26855を2016で悪用し、discover.aspxを設置、PowerShellでLSASSを1,240台から読み取った。",
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        assert_eq!(of("3.5 % and 3,5 %"), ["3.5", "3.5"]);
        assert_eq!(of("on 7 of 10 days, Heron saw version 10.0.19041"), ["10", "10.0.19041"]);
        assert!(of("").is_empty());
    }
}
