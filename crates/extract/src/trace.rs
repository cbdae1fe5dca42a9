//! Traces that only their heading, their column or their shape makes known: mutexes, user agents,
//! named pipes.

mod inside;
mod labelled;

use lapwing_model::{Claim, Confidence, Entity, Kind, Reading, Role, Span};

pub(crate) use inside::parts_of_agents;

use crate::find;
use crate::layout::{Layout, Topic};
use crate::tagger::is_english;

/// The traces of a text, in order of their span, beside the `values` found in it.
pub(crate) fn traces(reading: &Reading, layout: &Layout<'_>, values: &[Claim]) -> Vec<Claim> {
    let text = reading.document.text.as_str();
    let mut spans: Vec<Span> = values.iter().map(|v| v.span).collect();
    spans.sort();
    let taken = Taken { spans };
    let mut claims = agents(text, layout);
    claims.extend(named_objects(text));
    for (topic, kind) in [
        (Topic::Mutexes, Kind::Mutex),
        (Topic::UserAgents, Kind::UserAgent),
        (Topic::Pipes, Kind::NamedPipe),
    ] {
        for stretch in layout.stretches(topic) {
            under_heading(text, layout, kind, stretch, &taken, &mut claims);
        }
    }
    claims.extend(labelled::rows(text, layout, &taken));
    let pipes: Vec<Span> =
        values.iter().filter(|v| v.subject.kind == Kind::NamedPipe).map(|v| v.span).collect();
    claims.retain(|c| {
        !layout.is_declared(c.span) && !layout.is_apart(c.span) && !pipes.contains(&c.span)
    });
    claims.sort_by_key(|a| a.span);
    let mut end = 0;
    claims.retain(|c| {
        let free = c.span.start >= end;
        if free {
            end = c.span.end;
        }
        free
    });
    claims
}

/// The values already found, by their start.
struct Taken {
    spans: Vec<Span>,
}

impl Taken {
    /// Whether values fill most of a span: then the line is a list entry of another kind, to which
    /// the heading above reaches only because the text shows no heading in between.
    fn fill(&self, span: Span) -> bool {
        let from = self.spans.partition_point(|s| s.end <= span.start);
        let covered: usize = self.spans[from..]
            .iter()
            .take_while(|s| s.start < span.end)
            .map(|s| s.end.min(span.end).saturating_sub(s.start.max(span.start)) as usize)
            .sum();
        covered * 3 >= span.len() * 2
    }
}

/// Takes the lines below a heading, or a cell below its column's head, as values of `kind`.
fn under_heading(
    text: &str,
    layout: &Layout<'_>,
    kind: Kind,
    stretch: Span,
    taken: &Taken,
    claims: &mut Vec<Claim>,
) {
    let cell = layout.row(stretch).is_some();
    let mut start = stretch.start as usize;
    for line in stretch.slice(text).unwrap_or_default().split_inclusive('\n').take(2000) {
        let shown = line.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '-' | '*' | '`' | '|' | '"' | '\u{2022}')
        });
        let at = start + line.find(shown).unwrap_or(0);
        let span = Span::new(at, at + shown.len());
        start += line.len();
        let listed = line.trim_start().starts_with(['-', '*', '`', '\u{2022}', '|'])
            || layout.is_code(span)
            || stretch.len() <= shown.len() + 4
            || cell;
        if shown.len() < 3
            || shown.len() > 400
            || !listed
            || shown.ends_with(':')
            || shown.contains('|')
            || !reads_as(kind, shown, layout.is_code(span) || line.trim_start().starts_with('`'))
            || (kind != Kind::NamedPipe && taken.fill(span))
        {
            continue;
        }
        claims.push(trace(kind, shown, span, "stands under a heading that says what it is", 85));
    }
}

/// Whether a line below such a heading is written as what the heading speaks of: the text may have lost the next
/// heading, and then sentences, figures and other names follow.
fn reads_as(kind: Kind, shown: &str, is_code: bool) -> bool {
    let words = shown.split_whitespace().count();
    if kind == Kind::UserAgent {
        return is_agent(shown) || (words <= 4 && shown.split(' ').any(is_agent));
    }
    let path = shown.starts_with('\\');
    path || (is_code && words <= 4)
        || (words == 1 && (find::is_marked(shown) || !is_english(shown)))
}

/// Whether a line is written as a user agent: it begins with a product and its version
/// (RFC 9110, section 10.1.5), as `python-requests/2.25.1`.
fn is_agent(line: &str) -> bool {
    let product = line.split([' ', '+', '(']).next().unwrap_or_default();
    product.split_once('/').is_some_and(|(name, version)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && version.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit())
    })
}

fn trace(kind: Kind, value: &str, span: Span, why: &str, percent: u8) -> Claim {
    let mut claim = Claim::mention(Entity::new(kind, value), Role::Indicator, span)
        .by("extract:trace", Confidence::percent(percent));
    claim.why = Some(why.to_owned());
    claim
}

/// `Mozilla/5.0 (…) …` to the end of its line or quotation.
fn agents(text: &str, layout: &Layout<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut done = 0;
    for at in memchr::memmem::find_iter(text.as_bytes(), b"Mozilla/") {
        if at < done {
            continue;
        }
        let mut end = text.len().min(at + 512);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let rest = &text[at..end];
        let len = agent_end(rest);
        let shown = rest[..len].trim_end_matches([' ', '.', ',', '\r', ')', '<']);
        let shown = if shown.matches('(').count() > shown.matches(')').count()
            && rest[shown.len()..].starts_with(')')
        {
            &rest[..=shown.len()]
        } else {
            shown
        };
        done = at + shown.len().max(1);
        let span = Span::new(at, at + shown.len());
        if shown.len() > 12 && !layout.is_declared(span) {
            claims.push(trace(
                Kind::UserAgent,
                &shown.replace(['\r', '\n'], ""),
                span,
                "shaped like a browser's user agent",
                70,
            ));
        }
    }
    claims
}

/// Where a user agent ends: at its line's end or a quotation mark; a bracket that is open at the end
/// of a line without blanks (as logs write them, cut by a narrow column) goes on in the next line.
fn agent_end(rest: &str) -> usize {
    const MARKS: [char; 7] = ['\n', '"', '`', '|', '\u{201d}', '\t', '\''];
    /// What follows where the ends of lines were lost: the next header of a request.
    const HEADERS: [&str; 7] =
        ["Accept:", "Accept-", "Host:", "Connection:", "Cookie:", "User-Agent", "User-agent"];
    let len = rest.find(MARKS).unwrap_or(rest.len());
    let cut = HEADERS.iter().filter_map(|header| rest.find(header)).min();
    let len = cut.map_or(len, |cut| len.min(cut));
    let (line, below) = rest.split_at(len);
    let open = line.matches('(').count() > line.matches(')').count();
    if !open || line.contains(' ') || !below.starts_with('\n') {
        return len;
    }
    let next = &below[1..];
    let next = &next[..next.find(MARKS).unwrap_or(next.len())];
    if next.contains(')') && !next.contains([' ', '(']) { len + 1 + next.len() } else { len }
}

/// `mutex named "X"`, `the named pipe X`: in quotation or code marks, or written as no word is.
fn named_objects(text: &str) -> Vec<Claim> {
    const NOUNS: [(&[u8], Kind, &str); 3] = [
        (b"utex", Kind::Mutex, "called a mutex"),
        (b"utant", Kind::Mutex, "called a mutant"),
        (b"amed pipe", Kind::NamedPipe, "called a named pipe"),
    ];
    let mut claims = Vec::new();
    for (noun, kind, why) in NOUNS {
        for at in memchr::memmem::find_iter(text.as_bytes(), noun) {
            let behind = at + noun.len();
            let Some(rest) = text.get(behind..) else { continue };
            let mut reach = rest.len().min(160);
            while !rest.is_char_boundary(reach) {
                reach -= 1;
            }
            let rest = &rest[..reach];
            let plural = ["es", "s"].iter().find(|s| rest.starts_with(**s)).map_or(0, |s| s.len());
            let found = quoted(rest).or_else(|| {
                let bare = find::name_behind(&rest[plural..])?;
                let told = bare.marked || (bare.called && kind == Kind::Mutex);
                told.then_some(plural + bare.range.start..plural + bare.range.end)
            });
            let Some(range) = found.filter(|r| (3..=120).contains(&r.len())) else { continue };
            let value = &rest[range.clone()];
            // A pipe by its path is found as one.
            if kind == Kind::NamedPipe && value.starts_with("\\\\") {
                continue;
            }
            let span = Span::new(behind + range.start, behind + range.end);
            claims.push(trace(kind, value, span, why, 85));
        }
    }
    claims
}

/// The first stretch in quotation or code marks, near enough to the noun before.
fn quoted(rest: &str) -> Option<std::ops::Range<usize>> {
    let window = rest.split(['\n', '.']).next().unwrap_or_default();
    let open = window.find(['"', '`', '\u{201c}']).filter(|i| *i < 48)?;
    let from = open + window[open..].chars().next().map_or(1, char::len_utf8);
    let line = rest.split('\n').next().unwrap_or_default();
    let len = line.get(from..)?.find(['"', '`', '\u{201d}'])?;
    Some(from..from + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutexes_and_pipes_are_named_in_any_sentence() {
        let shown = |text: &str| -> Vec<String> {
            named_objects(text).into_iter().map(|c| c.subject.value).collect()
        };
        for (text, value) in [
            ("It creates the mutex Global\\Marsh-1 and waits.", "Global\\Marsh-1"),
            ("a mutex named \"marsh.lock\" stops it", "marsh.lock"),
            ("The mutex is Marsh_77.", "Marsh_77"),
            ("over the named pipe marsh_pipe1, it", "marsh_pipe1"),
            ("Mutex: MarshHeronRun", "MarshHeronRun"),
        ] {
            assert_eq!(shown(text), [value], "{text}");
        }
        for text in
            ["a mutex to run once", "The mutex was left.", "named pipes are used", "a mutex"]
        {
            assert!(shown(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_user_agent_begins_with_a_product_and_its_version() {
        for agent in ["python-requests/2.25.1", "antSword/v2.1", "Mozilla/5.0+(X11;+Linux)"] {
            assert!(is_agent(agent), "{agent}");
        }
        for other in ["POST /owa/auth/x.js", "192.0.2.7", "0123456789abcdef", "/a/1.js", "see a/b"]
        {
            assert!(!is_agent(other), "{other}");
        }
    }

    #[test]
    fn below_a_heading_stand_names_and_no_sentences() {
        for (kind, shown, is_code) in [
            (Kind::NamedPipe, "\\marsh_0dde", false),
            (Kind::NamedPipe, "marsh pipe one", true),
            (Kind::Mutex, "Global\\MarshM1", false),
            (Kind::Mutex, "wkmarshmtx", false),
            (Kind::UserAgent, "Marsh Client/7.8", false),
        ] {
            assert!(reads_as(kind, shown, is_code), "{shown}");
        }
        for (kind, shown) in [
            (Kind::NamedPipe, "Token Impersonation/Theft"),
            (Kind::NamedPipe, "On one host, the actors ran the following."),
            (Kind::Mutex, "Value"),
            (Kind::Mutex, "Configuration Key"),
            (Kind::UserAgent, "Who did it?"),
            (Kind::UserAgent, "198.51.*."),
            (Kind::UserAgent, "What we saw is that this agent, Marsh/1.0, is rare."),
        ] {
            assert!(!reads_as(kind, shown, false), "{shown}");
        }
    }

    #[test]
    fn an_agent_cut_by_a_narrow_column_goes_on_below() {
        let cut = "Mozilla/5.0+(compatible;+Bot/2.0;++http://bot.example\n/spider.html)\nnext";
        assert_eq!(&cut[..agent_end(cut)], cut.strip_suffix("\nnext").unwrap_or_default());
        let lost = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.0)Accept: */*HTTP/1.1 302";
        assert_eq!(&lost[..agent_end(lost)], "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.0)");
        let open = "Mozilla/5.0 (compatible\nA sentence (with brackets)";
        assert_eq!(agent_end(open), open.find('\n').unwrap_or_default());
    }
}
