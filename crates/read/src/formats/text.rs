//! Plain text: headings by their shape, paragraphs, lists, mail headers.

use lapwing_model::{Document, Format, Reading, Region, RegionKind, Span};

use super::title::{broken_title, entitles, tells_little};
use super::{cells, mail, prose};
use crate::{Input, Item, dates};

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let document = Document::new(input.raw, input.name, Format::Text, input.text.to_owned());
    let mut reading = Reading::new(document, input.raw.to_vec());
    let start = mail_head(input.text, &mut reading);
    let blocks = blocks(input.text, start);
    for block in &blocks {
        regions(input.text, block, &mut reading.regions);
    }
    if reading.document.title.is_none() {
        reading.document.title = title(input.text, &blocks, &mut reading.regions);
    }
    prose::complete(&mut reading);
    out(Item::Reading(Box::new(reading)));
}

/// Lines with their places, without their ends.
fn lines(text: &str, start: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut at = start;
    text[start..].split_inclusive(['\n', '\x0c']).map(move |line| {
        let from = at;
        at += line.len();
        (from, line.trim_end_matches(['\n', '\r', '\x0c']))
    })
}

/// Paragraphs: runs of lines that are not blank.
fn blocks(text: &str, start: usize) -> Vec<Vec<(usize, &str)>> {
    let mut all = vec![Vec::new()];
    for (at, line) in lines(text, start) {
        if line.trim().is_empty() {
            all.push(Vec::new());
        } else if let Some(block) = all.last_mut() {
            block.push((at, line));
        }
    }
    all.retain(|block| !block.is_empty());
    all
}

fn trimmed(at: usize, line: &str) -> Span {
    let lead = line.len() - line.trim_start().len();
    Span::new(at + lead, at + lead + line.trim().len())
}

fn regions(text: &str, block: &[(usize, &str)], regions: &mut Vec<Region>) {
    if let Some((first, count, delimiter)) = cells::table_of_lines(block) {
        let (before, rest) = block.split_at(first);
        let (table, after) = rest.split_at(count);
        self::regions(text, before, regions);
        cells::cells_of_lines(table, delimiter, regions);
        return self::regions(text, after, regions);
    }
    if block.is_empty() {
        return;
    }
    let mut push = |span: Span, kind| regions.push(Region { span, kind });
    if let [(at, line)] = block {
        let span = trimmed(*at, line);
        if is_heading(line) {
            return push(span, RegionKind::Heading { level: 2 });
        }
        let words = line.trim();
        if words.contains("://") && !words.contains(char::is_whitespace) {
            push(span, RegionKind::Link { target: words.to_owned() });
        }
    }
    // A title underlined with `====` or `----`.
    if let [(at, line), (_, under)] = block
        && under.trim().len() >= 3
        && under.trim().bytes().all(|b| b == b'=' || b == b'-')
    {
        let level = if under.contains('=') { 1 } else { 2 };
        return push(trimmed(*at, line), RegionKind::Heading { level });
    }
    if block.iter().all(|(_, l)| l.starts_with("    ") || l.starts_with('\t')) && block.len() > 1 {
        let (first, last) = (block[0], block[block.len() - 1]);
        return push(Span::new(first.0, last.0 + last.1.len()), RegionKind::Code);
    }
    if block.iter().all(|(_, l)| l.trim_start().starts_with('>')) {
        let (first, last) = (block[0], block[block.len() - 1]);
        return push(Span::new(first.0, last.0 + last.1.len()), RegionKind::Quote);
    }
    // A run of lines: list items stand alone, the rest is one paragraph.
    let mut open: Option<Span> = None;
    for (at, line) in block {
        let span = trimmed(*at, line);
        let item = is_item(line.trim());
        let label =
            block.len() > 1 && line.trim().ends_with(':') && line.len() < 60 && open.is_none();
        if item || label {
            if let Some(span) = open.take() {
                push(span, RegionKind::Prose);
            }
            push(span, if item { RegionKind::ListItem } else { RegionKind::Heading { level: 3 } });
        } else {
            open = Some(match open {
                Some(before) => Span::new(before.start as usize, span.end as usize),
                None => span,
            });
        }
    }
    if let Some(span) = open.filter(|s| s.slice(text).is_some()) {
        push(span, RegionKind::Prose);
    }
}

fn is_item(line: &str) -> bool {
    let number = line.bytes().take_while(u8::is_ascii_digit).count();
    line.starts_with("- ")
        || line.starts_with("* ")
        || line.starts_with(['•', '·', '▪', '‣'])
        || ((1..=3).contains(&number)
            && (line[number..].starts_with(". ") || line[number..].starts_with(") ")))
}

/// A short line of its own that ends as no sentence does and is no value.
fn is_heading(line: &str) -> bool {
    let words = line.trim();
    let count = words.split_whitespace().count();
    // A bar or a tab parts cells: what is left of an uneven table heads nothing.
    let parted = words.contains(['|', '\t']);
    if count == 0
        || count > 14
        || words.len() > 110
        || is_item(words)
        || words.contains("://")
        || parted
    {
        return false;
    }
    let first = words.chars().find(|c| c.is_alphanumeric());
    let open_end = !words.ends_with(['.', '!', ';', ',', '"', '”'])
        || words.ends_with('…')
        || words.ends_with("...");
    open_end
        && first.is_some_and(|c| c.is_uppercase() || c.is_numeric())
        && crate::value::classify(words).is_none()
}

/// Paragraphs among which a title is looked for.
const NEAR: usize = 8;

/// The first heading of four words or more near the top, which may be broken into lines; else the first line.
fn title(text: &str, blocks: &[Vec<(usize, &str)>], regions: &mut Vec<Region>) -> Option<String> {
    let headings: Vec<Span> = blocks.iter().take(NEAR).filter_map(|block| heading(block)).collect();
    let words = |span: &Span| joined(text, *span).split_whitespace().count();
    let can: Vec<Span> =
        headings.into_iter().filter(|span| entitles(&joined(text, *span))).collect();
    let long = || can.iter().filter(|span| words(span) >= 4);
    let first = can.first().filter(|span| text[..span.start as usize].trim().is_empty());
    let chosen =
        long().find(|span| !tells_little(&joined(text, **span))).or(first).or(long().next());
    if let Some(span) = chosen.copied() {
        head_with(text, span, regions);
        return Some(joined(text, span));
    }
    let line = text.lines().find(|l| entitles(l))?.trim();
    (line.len() <= 200).then(|| line.to_owned())
}

/// The heading that a paragraph is, or begins with.
fn heading(block: &[(usize, &str)]) -> Option<Span> {
    let (at, line) = block.first()?;
    let first = trimmed(*at, line);
    if let [_] = block {
        return is_heading(line).then_some(first);
    }
    let under = |line: &str| line.len() >= 3 && line.bytes().all(|b| b == b'=' || b == b'-');
    if block.len() == 2 && under(block[1].1.trim()) {
        return Some(first);
    }
    let lines: Vec<&str> = block.iter().map(|(_, line)| *line).collect();
    let (at, line) = block.get(broken_title(&lines).checked_sub(1)?)?;
    Some(Span::new(first.start as usize, trimmed(*at, line).end as usize))
}

/// What a span says, in one line.
fn joined(text: &str, span: Span) -> String {
    span.slice(text).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes the title a heading of the first level, cut off the paragraph that it begins.
fn head_with(text: &str, span: Span, regions: &mut Vec<Region>) {
    let title = Region { span, kind: RegionKind::Heading { level: 1 } };
    match regions.iter_mut().position(|r| r.span.start == span.start && r.span.end >= span.end) {
        Some(at) if regions[at].span == span => regions[at] = title,
        Some(at) => {
            let rest = Span::new(span.end as usize, regions[at].span.end as usize);
            let shown = rest.slice(text).unwrap_or_default();
            let blank = shown.len() - shown.trim_start().len();
            regions[at].span = Span::new(rest.start as usize + blank, rest.end as usize);
            regions.insert(at, title);
        }
        None => {}
    }
}

/// Reads `From:`, `Subject:`, `Date:` at the top; gives where the body begins.
fn mail_head(text: &str, reading: &mut Reading) -> usize {
    let known = [
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "reply-to",
        "message-id",
        "sent",
        "received",
        "return-path",
        "mime-version",
        "content-type",
    ];
    let (mut hits, mut end) = (0, 0);
    let mut seen: Vec<(String, String)> = Vec::new();
    for (at, line) in lines(text, 0).take(80) {
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((key, value)) if !line.starts_with(' ') && !key.contains(' ') => {
                let key = key.to_ascii_lowercase();
                hits += usize::from(known.contains(&key.as_str()));
                seen.push((key, value.trim().to_owned()));
            }
            _ if line.starts_with([' ', '\t']) && hits > 0 => {}
            _ => return 0,
        }
        end = at + line.len();
    }
    if hits < 2 || !seen.iter().any(|(k, _)| k == "subject" || k == "from") {
        return 0;
    }
    let value = |key: &str| seen.iter().find(|(k, _)| k == key).map(|(_, v)| mail::words(v));
    reading.document.title = value("subject");
    reading.document.published = value("date").or(value("sent")).and_then(|d| dates::parse(&d));
    let from = value("from")
        .map(|f| f.split('<').next().unwrap_or("").trim_matches(['"', ' ']).to_owned());
    reading.document.source = from.filter(|f| !f.is_empty() && !f.contains('@'));
    reading.regions.push(Region { span: Span::new(0, end), kind: RegionKind::Furniture });
    end
}
