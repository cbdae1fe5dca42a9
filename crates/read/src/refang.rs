use std::borrow::Cow;

/// What reports write so that a value cannot be clicked, and what it stands for.
///
/// Longer forms come first: the first that fits at a place is taken.
const DEFANGED: &[(&str, &str)] = &[
    ("[://]", "://"),
    ("[:]//", "://"),
    ("[:\\]", ":"),
    ("[:/]", ":/"),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("<dot>", "."),
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("<.>", "."),
    ("[,]", "."),
    ("[at]", "@"),
    ("(at)", "@"),
    ("{at}", "@"),
    ("[@]", "@"),
    ("(@)", "@"),
    ("[:]", ":"),
    ("(:)", ":"),
    ("[/]", "/"),
    ("[www]", "www"),
    ("[http]", "http"),
    ("[https]", "https"),
    ("[.", "."),
    (".]", "."),
    ("[:", ":"),
    ("\\.", "."),
    ("\\_", "_"),
    ("\\-", "-"),
    ("\\[.\\]", "."),
];

/// Spellings of a scheme that hides it.
const SCHEMES: &[(&str, &str)] = &[
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("hxtps", "https"),
    ("hxtp", "http"),
    ("htxps", "https"),
    ("htxp", "http"),
    ("httxs", "https"),
    ("httx", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("h__ps", "https"),
    ("h__p", "http"),
    ("meows", "https"),
    ("meow", "http"),
    ("fxps", "ftps"),
    ("fxp", "ftp"),
];

/// Undoes what makes a value unclickable: `hxxp[://]a[.]b` becomes `http://a.b`.
pub(crate) fn refang(text: &str) -> Cow<'_, str> {
    let scheme = SCHEMES.iter().find(|(spelt, _)| {
        text.get(..spelt.len()).is_some_and(|head| head.eq_ignore_ascii_case(spelt))
            && text[spelt.len()..].starts_with([':', '[', '('])
    });
    let hidden = |b: u8| matches!(b, b'[' | b'(' | b'{' | b'<' | b']' | b'\\') || b >= 0x80;
    if scheme.is_none() && !text.bytes().any(hidden) {
        return Cow::Borrowed(text);
    }
    // A file path keeps its backslashes: only text that is none loses them.
    let path =
        text.contains(":\\") || text.starts_with(['\\', '%']) || text.matches('\\').count() > 1;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    if let Some((spelt, meant)) = scheme {
        plain.push_str(meant);
        rest = &text[spelt.len()..];
    }
    'text: while let Some(c) = rest.chars().next() {
        if matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}') {
            rest = &rest[c.len_utf8()..];
            continue;
        }
        if matches!(c, '[' | '(' | '{' | '<' | '.')
            || (c == '\\' && (!path || rest.starts_with("\\_")))
        {
            for (spelt, meant) in DEFANGED {
                if rest.get(..spelt.len()).is_some_and(|head| head.eq_ignore_ascii_case(spelt)) {
                    plain.push_str(meant);
                    rest = &rest[spelt.len()..];
                    continue 'text;
                }
            }
        }
        plain.push(match c {
            '\u{ff0e}' | '\u{3002}' => '.',
            c => c,
        });
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::refang;

    #[test]
    fn defanged_spellings_become_plain() {
        for (spelt, plain) in [
            ("hxxps[://]example[.]com/a", "https://example.com/a"),
            ("hXXp://example(.)com", "http://example.com"),
            ("192.0.2[.]7", "192.0.2.7"),
            ("192.0.2[.7", "192.0.2.7"),
            ("192.0.2.]7", "192.0.2.7"),
            ("example[dot]org", "example.org"),
            ("a[at]example{.}org", "a@example.org"),
            ("aspnet\\_client.aspx", "aspnet_client.aspx"),
            ("example\\.com", "example.com"),
            ("C:\\a\\.hidden\\b.exe", "C:\\a\\.hidden\\b.exe"),
            ("plain", "plain"),
        ] {
            assert_eq!(refang(spelt), plain);
        }
    }
}
