//! Values inside a Sigma rule: free of wildcards, and quoted for YAML.

/// Takes the meaning from `*`, `?` and `\` where Sigma gives them one.
#[must_use]
pub fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 4);
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' | '?' => out.extend(['\\', c]),
            // A backslash stands for itself unless one of these follows (or it ends the value).
            '\\' if rest.peek().is_none_or(|next| matches!(next, '\\' | '*' | '?')) => {
                out.push_str("\\\\");
            }
            _ => out.push(c),
        }
    }
    out
}

/// A scalar of YAML that means exactly this text.
#[must_use]
pub fn quoted(text: &str) -> String {
    if text.chars().all(|c| {
        !c.is_control() && c != '\u{feff}' && c != '\u{2028}' && c != '\u{2029}' && c != '\u{85}'
    }) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if (c as u32) < 0x7f && !c.is_control() => out.push(c),
            c if (c as u32) <= 0xffff => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_meaning_is_escaped() {
        assert_eq!(escape(r"C:\Temp\a.exe"), r"C:\Temp\a.exe");
        assert_eq!(escape(r"\\server\share"), r"\\\server\share");
        assert_eq!(escape(r"http://x/a?b=*"), r"http://x/a\?b=\*");
        assert_eq!(escape(r"C:\*"), r"C:\\\*");
        assert_eq!(escape(r"C:\"), r"C:\\");
    }

    #[test]
    fn scalars_of_yaml_mean_their_text() {
        assert_eq!(quoted("it's: # [x]"), "'it''s: # [x]'");
        assert_eq!(quoted("a\nb\"\\"), "\"a\\u000ab\\\"\\\\\"");
    }
}
