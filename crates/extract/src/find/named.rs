//! Values that only the words beside them make known: services, scheduled tasks, user agents.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use lapwing_model::Kind;

use super::{Found, Shape};

/// How a word tells where the name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// In quotation marks behind the noun.
    Noun,
    /// As the argument behind a command's option.
    Command,
}

/// Words after which a name may stand, and what is named. The first letter of a noun is left out,
/// so that both spellings are found.
const WORDS: &[(&str, Kind, Manner)] = &[
    ("ervice", Kind::WindowsService, Manner::Noun),
    ("task", Kind::ScheduledTask, Manner::Noun),
    ("Task", Kind::ScheduledTask, Manner::Noun),
    ("ser-agent", Kind::UserAgent, Manner::Noun),
    ("ser agent", Kind::UserAgent, Manner::Noun),
    ("ser-Agent", Kind::UserAgent, Manner::Noun),
    ("ser Agent", Kind::UserAgent, Manner::Noun),
    ("sc create ", Kind::WindowsService, Manner::Command),
    ("sc.exe create ", Kind::WindowsService, Manner::Command),
    ("New-Service -Name ", Kind::WindowsService, Manner::Command),
    ("/tn ", Kind::ScheduledTask, Manner::Command),
    ("/TN ", Kind::ScheduledTask, Manner::Command),
    ("-TaskName ", Kind::ScheduledTask, Manner::Command),
];

/// All words at once. The table is small and built from constants; without it nothing is found.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(WORDS.iter().map(|(word, ..)| word))
        .ok()
});

/// Quotation marks: how one opens, and how it closes.
const QUOTES: &[(char, char)] =
    &[('"', '"'), ('`', '`'), ('\'', '\''), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];

/// All such values of `text` outside of the stretches that are `passed` over, in order.
pub(super) fn named(text: &str, passed: &[Range<usize>]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut from = 0;
    let ends = passed.iter().map(|stretch| (stretch.start, stretch.end));
    for (to, next) in ends.chain([(text.len(), text.len())]) {
        // Only a line's end stands between the rows of a table.
        if to >= from + 8 {
            search(text, from..to, &mut found);
        }
        from = next;
    }
    found.sort_by_key(|f| (f.range.start, f.range.end));
    let mut end = 0;
    found.retain(|f| {
        let free = f.range.start >= end;
        if free {
            end = f.range.end;
        }
        free
    });
    found
}

fn search(text: &str, stretch: Range<usize>, found: &mut Vec<Found>) {
    let Some(search) = &*SEARCH else { return };
    let bytes = &text.as_bytes()[stretch.clone()];
    for hit in search.find_iter(bytes) {
        let Some((_, kind, manner)) = WORDS.get(hit.pattern().as_usize()) else { continue };
        let (at, end) = (stretch.start + hit.start(), stretch.start + hit.end());
        let range = match manner {
            Manner::Noun => after_noun(text, at, end, *kind),
            Manner::Command => {
                let whole = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
                let sure = *kind != Kind::ScheduledTask || speaks_of_tasks(text, at);
                argument(text, end).filter(|_| whole && sure)
            }
        };
        if let Some(range) = range {
            let value = text[range.clone()].to_owned();
            found.push(Found { kind: *kind, value, range, shape: Shape::Plain });
        }
    }
}

/// The quoted name after a noun (`a service named "X"`, `the scheduled task `X``), where the
/// words around say that it is one of a system, not one that somebody offers.
fn after_noun(text: &str, at: usize, end: usize, kind: Kind) -> Option<Range<usize>> {
    let opens = |c: char| QUOTES.iter().any(|(open, _)| *open == c);
    let near = window(text, end..(end + 36).min(text.len()))?.split('\n').next()?;
    let open = near.find(opens)?;
    let after = window(text, end..(end + 440).min(text.len()))?.split('\n').next()?;
    let before = window(text, at.saturating_sub(48)..at)?;
    let before = before.rsplit(['\n', '.']).next()?.to_ascii_lowercase();
    let between = &after[..open];
    let agent = kind == Kind::UserAgent;
    let plain = between
        .bytes()
        .all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b':' | b'(' | b'-' | b','));
    if !plain || (!agent && between.starts_with('s')) {
        return None;
    }
    let named = ["named", "called", "name", "dubbed"].iter().any(|word| between.contains(word));
    let made = match kind {
        Kind::WindowsService => [
            "windows ",
            "creates",
            "created",
            "installs",
            "installed",
            "registers",
            "registered",
            "malicious",
            "persist",
        ]
        .as_slice(),
        Kind::ScheduledTask => &["scheduled", "creates", "created", "registers", "malicious"],
        _ => &[""],
    };
    if !(named || made.iter().any(|word| before.contains(word)))
        || (kind == Kind::ScheduledTask && !before.ends_with("scheduled ") && !named)
    {
        return None;
    }
    let (quote, close) =
        QUOTES.iter().find(|(open, _)| after[between.len()..].starts_with(*open))?;
    let from = open + quote.len_utf8();
    let len = after[from..].find(*close)?;
    let value = &after[from..from + len];
    let most = if agent { 400 } else { 100 };
    let fits = (3..=most).contains(&value.len())
        && !value.starts_with(' ')
        && !value.ends_with(['.', ',']);
    fits.then(|| end + from..end + from + len)
}

/// Whether a line is a command on scheduled tasks.
fn speaks_of_tasks(text: &str, at: usize) -> bool {
    window(text, at.saturating_sub(160)..(at + 12).min(text.len())).is_some_and(|window| {
        let line = window.rsplit('\n').next().unwrap_or_default();
        line.to_ascii_lowercase().contains("task")
    })
}

/// The argument of a command from `at` on: quoted, or up to the blank.
fn argument(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = window(text, at..(at + 160).min(text.len()))?;
    let rest = rest.split('\n').next()?;
    let (from, len) = match rest.as_bytes().first()? {
        b'"' | b'\'' => (1, rest[1..].find(['"', '\''])?),
        b'<' | b'%' | b'$' | b'{' | b'[' => return None,
        _ => (0, rest.find([' ', '`', '"', '\r', '|', '<', ',', ';']).unwrap_or(rest.len())),
    };
    let value = &rest[from..from + len];
    let fits = (3..=100).contains(&value.len()) && !value.contains(['<', '>']);
    fits.then(|| at + from..at + from + len)
}

/// A stretch of the text, its ends moved inwards to the borders of characters.
fn window(text: &str, range: Range<usize>) -> Option<&str> {
    let (mut from, mut to) = (range.start, range.end);
    while from < to && !text.is_char_boundary(from) {
        from += 1;
    }
    while to > from && !text.is_char_boundary(to) {
        to -= 1;
    }
    text.get(from..to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(Kind, String)> {
        named(text, &[]).into_iter().map(|f| (f.kind, f.value)).collect()
    }

    #[test]
    fn words_beside_a_name_tell_what_it_is() {
        for (text, kind, value) in [
            ("creates a service named \"MarshSvc\" to stay", Kind::WindowsService, "MarshSvc"),
            (
                "It installed the Windows service `Marsh Update`.",
                Kind::WindowsService,
                "Marsh Update",
            ),
            ("runs sc create MarshSvc binPath= c:\\x.exe", Kind::WindowsService, "MarshSvc"),
            ("a scheduled task called 'MarshTask'", Kind::ScheduledTask, "MarshTask"),
            ("the scheduled task \"\\Marsh\\Update\" runs", Kind::ScheduledTask, "\\Marsh\\Update"),
            ("schtasks /create /tn \"Marsh Daily\" /tr x", Kind::ScheduledTask, "Marsh Daily"),
            ("with the User-Agent \"marsh/1.0\"", Kind::UserAgent, "marsh/1.0"),
        ] {
            assert_eq!(shown(text), [(kind, value.to_owned())], "{text}");
        }
        for text in [
            "the streaming service \"Marsh\" was hit",
            "services \"A1\" and \"B2\"",
            "the task \"write tests\" is done",
            "cp /tn /x",
            "a service named Marsh",
        ] {
            assert_eq!(shown(text), [], "{text}");
        }
    }
}
