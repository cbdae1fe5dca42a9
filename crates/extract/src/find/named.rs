//! Values that only the words beside them make known: services, scheduled tasks, user agents.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use lapwing_model::Kind;

use super::{Found, Shape, tongues};

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
    tongues::search(text, stretch.clone(), found);
    let Some(search) = &*SEARCH else { return };
    let bytes = &text.as_bytes()[stretch.clone()];
    for hit in search.find_iter(bytes) {
        let Some((_, kind, manner)) = WORDS.get(hit.pattern().as_usize()) else { continue };
        let (at, end) = (stretch.start + hit.start(), stretch.start + hit.end());
        let range = match manner {
            Manner::Noun if text[end..].starts_with('s') => {
                for range in after_nouns(text, at, end + 1, *kind) {
                    let value = text[range.clone()].to_owned();
                    found.push(Found { kind: *kind, value, range, shape: Shape::Plain });
                }
                after_noun(text, at, end, *kind)
            }
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
    let Some(open) = near.find(opens) else { return bare_noun(text, at, end, kind) };
    let after = window(text, end..(end + 440).min(text.len()))?.split('\n').next()?;
    let before = window(text, at.saturating_sub(48)..at)?;
    let before = before.rsplit(['\n', '.']).next()?.to_ascii_lowercase();
    let between = &after[..open];
    let agent = kind == Kind::UserAgent;
    let plain = between
        .bytes()
        .all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b':' | b'(' | b'-' | b','));
    // "task execution with `create`": what stands there says more than that a name comes.
    let leads_to_name = |word: &str| LEADS.contains(&word);
    let leads =
        between.split(|c: char| !c.is_alphabetic()).all(|w| w.is_empty() || leads_to_name(w));
    if !plain || (!agent && (between.starts_with('s') || !leads)) {
        return None;
    }
    if kind == Kind::WindowsService && is_offered(&before) {
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
    // "The service is called “Marsh Management”" may be anybody's offer.
    if kind == Kind::WindowsService
        && !made.iter().any(|word| before.contains(word))
        && !is_marked(value)
    {
        return None;
    }
    let fits = (3..=most).contains(&value.len())
        && !value.starts_with(' ')
        && !value.ends_with(['.', ',']);
    fits.then(|| end + from..end + from + len)
}

/// Words between a noun and its name.
const LEADS: &[&str] = &[
    "named", "called", "name", "dubbed", "titled", "entitled", "labeled", "labelled", "with",
    "the", "a", "an", "is", "was", "as", "under", "of", "display", "known", "e", "g", "i", "eg",
    "like", "such",
];

/// What may stand before "service" where a system runs it, in lower case; anything else ("streaming", "hosting",
/// "VPN") makes an offer of it. `before` ends with the noun's first letter.
fn is_offered(before: &str) -> bool {
    const RUN: &[&str] = &[
        "windows",
        "a",
        "an",
        "the",
        "new",
        "malicious",
        "system",
        "fake",
        "following",
        "persistent",
        "legitimate",
        "background",
        "this",
        "its",
        "their",
        "own",
        "rogue",
        "hidden",
        "nt",
        "kernel",
        "driver",
        "local",
        "existing",
        "installed",
        "registered",
        "auto-start",
        "autostart",
        "stopped",
        "running",
        "win32",
        "rdp",
        "second",
        "first",
        "another",
        "corresponding",
        "respective",
        "of",
        "as",
        "and",
        "or",
        "by",
        "via",
        "for",
        "os",
    ];
    let words = before.strip_suffix('s').unwrap_or(before).trim_end();
    let last = words.rsplit([' ', '(', '"', ',', ':', '*', '`']).next().unwrap_or_default();
    !last.is_empty() && !RUN.contains(&last)
}

/// Whether a value is written as no word is: with a digit, an underscore, a backslash or a capital inside.
pub(crate) fn is_marked(value: &str) -> bool {
    let inner = |(a, b): (u8, u8)| a.is_ascii_lowercase() && b.is_ascii_uppercase();
    value.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'\\' | b'{' | b'$'))
        || value.bytes().zip(value.bytes().skip(1)).any(inner)
}

/// The name that stands without quotation marks behind a noun: `the scheduled task MarshUpd1`,
/// `installs a service named MarshSvc`.
fn bare_noun(text: &str, at: usize, end: usize, kind: Kind) -> Option<Range<usize>> {
    let before = window(text, at.saturating_sub(48)..at)?;
    let before = before.rsplit(['\n', '.']).next()?.to_ascii_lowercase();
    let fits = match kind {
        // The noun's first letter is left out of the search.
        Kind::WindowsService => before.ends_with('s'),
        Kind::ScheduledTask => before.ends_with("scheduled "),
        _ => false,
    };
    let rest = window(text, end..(end + 160).min(text.len()))?;
    let bare = name_behind(rest)?;
    let made = ["windows ", "creat", "install", "regist", "malicious", "persist", "scheduled"]
        .iter()
        .any(|word| before.contains(word));
    let named = bare.called && (made || bare.marked);
    let told = named || (bare.marked && made && bare.range.start < 2);
    let offered = kind == Kind::WindowsService && is_offered(&before);
    (fits && told && !offered).then(|| end + bare.range.start..end + bare.range.end)
}

/// The names behind a noun in the plural: `scheduled tasks named MarshA, MarshB and "Marsh C"`.
fn after_nouns(text: &str, at: usize, end: usize, kind: Kind) -> Vec<Range<usize>> {
    /// So many names one sentence may list.
    const MOST: usize = 24;
    let mut names = Vec::new();
    let Some(before) = window(text, at.saturating_sub(48)..at) else { return names };
    let before = before.rsplit(['\n', '.']).next().unwrap_or_default().to_ascii_lowercase();
    let made = ["windows ", "creat", "install", "regist", "malicious", "persist", "scheduled"]
        .iter()
        .any(|word| before.contains(word));
    let fits = match kind {
        // The noun's first letter is left out of the search.
        Kind::WindowsService => before.ends_with('s'),
        Kind::ScheduledTask => before.ends_with("scheduled "),
        _ => false,
    };
    let line = window(text, end..(end + 600).min(text.len())).and_then(|w| w.split('\n').next());
    let (true, true, Some(line)) = (fits, made, line) else { return names };
    let Some(mut from) = names_begin(line) else { return names };
    while names.len() < MOST {
        let Some(range) = listed_name(line, from) else { break };
        let quoted = line[range.end..].chars().next().filter(|c| QUOTES.iter().any(|q| q.1 == *c));
        let behind = range.end + quoted.map_or(0, char::len_utf8);
        names.push(end + range.start..end + range.end);
        let rest = &line[behind..];
        let next = rest.trim_start_matches([',', ';', ' ']);
        let next = ["and ", "or ", "as well as "]
            .iter()
            .find_map(|word| next.strip_prefix(word))
            .unwrap_or(next);
        if next.len() == rest.len() || next.is_empty() {
            break;
        }
        from = line.len() - next.len();
    }
    names
}

/// Where behind a plural noun its names begin: behind "named", "called" or a colon.
fn names_begin(line: &str) -> Option<usize> {
    const BETWEEN: &[&str] = &["with", "the", "following", "are", "were", "as", "under"];
    let (mut at, mut called) = (0, false);
    for _ in 0..6 {
        let shown = line[at..].trim_start_matches([' ', ':']);
        called |= line[at..line.len() - shown.len()].contains(':');
        at = line.len() - shown.len();
        let len = shown.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(shown.len());
        match &shown[..len] {
            "named" | "called" | "dubbed" | "names" => called = true,
            word if BETWEEN.contains(&word) => {}
            _ => break,
        }
        at += len;
    }
    called.then_some(at)
}

/// A name of a list, quoted or not, at the begin of `line[from..]`.
fn listed_name(line: &str, from: usize) -> Option<Range<usize>> {
    let shown = line.get(from..)?;
    let first = shown.chars().next()?;
    if let Some((open, close)) = QUOTES.iter().find(|(open, _)| *open == first) {
        let at = from + open.len_utf8();
        let len = line[at..].find(*close)?;
        let value = &line[at..at + len];
        let fits = (3..=100).contains(&value.len()) && !value.starts_with(' ');
        return fits.then_some(at..at + len);
    }
    let bare = name_behind(&format!(" {shown}"))?;
    (bare.range.start == 1).then(|| from..from + bare.range.end - 1)
}

/// A name behind a noun.
pub(crate) struct Bare {
    /// Where it stands behind the noun.
    pub(crate) range: Range<usize>,
    /// "named", "called" or the like stands between.
    pub(crate) called: bool,
    /// It is written as no word is: `Marsh_1`, `MarshSvc`, `{0123…}`.
    pub(crate) marked: bool,
}

/// The name without quotation marks that `rest`, the text behind a noun, begins with.
pub(crate) fn name_behind(rest: &str) -> Option<Bare> {
    const BETWEEN: &[&str] =
        &["named", "called", "name", "dubbed", "with", "the", "of", "object", "is", "was", "a"];
    let line = rest.split('\n').next()?;
    let mut at = 0;
    let mut called = false;
    for _ in 0..5 {
        let shown = line.get(at..)?;
        let gap = shown.len() - shown.trim_start_matches([' ', ':', '=']).len();
        if gap == 0 || gap > 3 {
            return None;
        }
        called |= shown[..gap].contains([':', '=']);
        at += gap;
        let shown = &line[at..];
        let len = shown
            .find(|c: char| {
                c.is_whitespace() || matches!(c, ',' | ';' | '"' | '`' | '|' | ')' | '<')
            })
            .unwrap_or(shown.len());
        let word = shown[..len].trim_end_matches(['.', ':', '!', '?']);
        if BETWEEN.contains(&word.to_ascii_lowercase().as_str()) {
            called |= matches!(word, "named" | "called" | "name" | "dubbed");
            at += word.len();
            continue;
        }
        let plain = word.bytes().all(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'_' | b'-' | b'\\' | b'{' | b'}' | b'.' | b'$' | b'#' | b'%' | b'~')
        });
        let marked = is_marked(word);
        let capital = word.starts_with(|c: char| c.is_ascii_uppercase());
        let fits = plain
            && (4..=100).contains(&word.len())
            && word.bytes().any(|b| b.is_ascii_alphabetic())
            && (marked || capital);
        return fits.then(|| Bare { range: at..at + word.len(), called, marked });
    }
    None
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
    let fits = (3..=100).contains(&value.len())
        && !value.contains(['<', '>'])
        && value.chars().any(char::is_alphanumeric);
    fits.then(|| at + from..at + from + len)
}

/// A stretch of the text, its ends moved inwards to the borders of characters.
pub(super) fn window(text: &str, range: Range<usize>) -> Option<&str> {
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
            ("It installs a service named MarshSvc.", Kind::WindowsService, "MarshSvc"),
            ("creates the service Marsh_Upd1 to stay", Kind::WindowsService, "Marsh_Upd1"),
            ("It registered the Windows service called Marsh.", Kind::WindowsService, "Marsh"),
            ("the scheduled task MarshDaily runs it", Kind::ScheduledTask, "MarshDaily"),
            ("a scheduled task named Heron, which", Kind::ScheduledTask, "Heron"),
        ] {
            assert_eq!(shown(text), [(kind, value.to_owned())], "{text}");
        }
        for (text, values) in [
            (
                "creates scheduled tasks named MarshDaily, HeronUpd and \"Marsh Weekly\".",
                &["MarshDaily", "HeronUpd", "Marsh Weekly"][..],
            ),
            ("Scheduled tasks: `MarshA1`, `MarshB2`", &["MarshA1", "MarshB2"]),
            ("It installs services called Heron1 or Heron2 to stay", &["Heron1", "Heron2"]),
        ] {
            let values: Vec<&str> = values.to_vec();
            let found: Vec<String> = shown(text).into_iter().map(|(_, value)| value).collect();
            assert_eq!(found, values, "{text}");
        }
        for text in [
            "scheduled tasks and services that run daily",
            "creates scheduled tasks. MarshA1 is",
            "the streaming service \"Marsh\" was hit",
            "services \"A1\" and \"B2\"",
            "the task \"write tests\" is done",
            "cp /tn /x",
            "a service named Marsh",
            "creates a service account and leaves",
            "the service Marsh offers",
            "installed a service. Marsh is",
            "a scheduled task. Then MarshSvc",
            "the scheduled task runs PowerShell",
            "The threat actor created a movie streaming service called MarshMovies",
            "registered with the hosting service: \"1marsh1\"",
            "The service is called \"Marsh Management\".",
            "Scheduled task execution with `create` and `powershell`",
            "schtasks /TN \u{2192} the name of the task",
        ] {
            assert_eq!(shown(text), [], "{text}");
        }
    }
}
