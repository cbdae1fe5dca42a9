//! Lists: one value a line, with comments, headings, labels and a few words around.

use std::ops::Range;

use lapwing_model::{
    Claim, Confidence, Document, Entity, Format, Kind, Reading, Region, RegionKind, Relation, Role,
    Span,
};

use super::kind_words::TypeWord;
use crate::Input;
use crate::value::{classify, classify_as};

/// Lines of the head of a file that decide whether it is a list.
const SAMPLE: usize = 500;
/// How often a value on a line of its own is an indicator of the list.
const PRECISION: u8 = 95;

/// How many values a list has for each sentence in it, at least.
const SENTENCE: usize = 4;
/// A line of more words that ends in a file's name may be a sentence about it.
const NAME_WORDS: usize = 3;

/// What one line of a list holds; ranges are of the line.
enum Line {
    Blank,
    Comment(Range<usize>),
    Heading(Range<usize>),
    /// Values, and the words after them.
    Values(Vec<(Entity, Range<usize>)>, Option<Range<usize>>),
    Words(Range<usize>),
}

/// Whether the head of a text is a list: at least half of its lines hold a value and little else,
/// and sentences are few beside them (an introduction, a warning). Short prose that names a few
/// values below is a report.
pub(crate) fn looks_like(head: &str) -> bool {
    let (mut values, mut value_bytes, mut words, mut word_bytes, mut labelled, mut sentences) =
        (0, 0, 0, 0, 0usize, 0);
    for line in head.lines().take(SAMPLE) {
        match parse(line, None) {
            Line::Values(found, rest) if says(line, &found, rest.as_ref()) => {
                words += 1;
                sentences += 1;
                word_bytes += line.len();
            }
            Line::Values(found, rest) => {
                values += 1;
                value_bytes += found.iter().map(|(_, r)| r.len()).sum::<usize>();
                labelled += usize::from(found.first().is_some_and(|(_, r)| r.start > 8));
                word_bytes += rest.map_or(0, |r| r.len()) / 2;
            }
            Line::Heading(range) if !is_sentence(&line[range.clone()]) => {}
            Line::Words(range) | Line::Heading(range) => {
                words += 1;
                sentences += usize::from(is_sentence(&line[range.clone()]));
                word_bytes += range.len();
            }
            Line::Blank | Line::Comment(_) => {}
        }
    }
    values > 0
        && values >= words
        && values >= sentences * SENTENCE
        && value_bytes >= word_bytes / 2
        && (labelled * 2 <= values || values > words * 3)
}

/// Whether a whole text is one line with one value.
pub(crate) fn single_value(text: &str) -> bool {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let is_value = |line: &str| classify(line).is_some_and(|e| !may_be_sentence(&e, line));
    matches!((lines.next(), lines.next()), (Some(line), None) if is_value(line))
}

/// Whether a line that ends in a file's name may be a sentence about it, not a name with blanks.
fn may_be_sentence(entity: &Entity, line: &str) -> bool {
    entity.kind == Kind::FileName && line.split_whitespace().count() > NAME_WORDS
}

/// Whether words read like a sentence: several, nearly all in plain letters, up to a full stop; or
/// so many that no heading or label has them.
fn is_sentence(words: &str) -> bool {
    let (mut all, mut plain) = (0, 0);
    for word in words.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        all += 1;
        plain += usize::from(!word.is_empty() && word.chars().all(char::is_alphabetic));
    }
    let closed = words.trim_end().ends_with(['.', '!', '?', '\u{3002}']);
    let letters = plain * 3 >= all * 2;
    letters && all >= if closed { 4 } else { 9 }
        // Scripts without blanks between words.
        || words.contains('\u{3002}')
}

/// Whether a line that begins with a value goes on as a sentence (`192.0.2.7 scanned us in May.`)
/// and not as a comment, which a mark sets off.
fn says(line: &str, found: &[(Entity, Range<usize>)], rest: Option<&Range<usize>>) -> bool {
    if let [(entity, _)] = found
        && may_be_sentence(entity, line)
    {
        return true;
    }
    let (Some((_, value)), Some(rest)) = (found.last(), rest) else { return false };
    let (Some(between), Some(words)) = (line.get(value.end..rest.start), line.get(rest.clone()))
    else {
        return false;
    };
    between == " "
        && words.starts_with(char::is_lowercase)
        && words.trim_end().ends_with('.')
        && is_sentence(words)
}

fn parse(line: &str, hint: Option<Kind>) -> Line {
    let start = line.len() - line.trim_start().len();
    let body = line.trim();
    let whole = start..start + body.len();
    if body.is_empty() {
        return Line::Blank;
    }
    if body.starts_with(['#', ';', '!']) || body.starts_with("//") || body.starts_with("--") {
        return Line::Comment(whole);
    }
    if body.len() > 8192 {
        return many(line, start, body).unwrap_or(Line::Words(whole));
    }
    let (start, body) = without_bullet(start, body);
    let (body, comment) = inline_comment(start, body);
    if let Some(entity) = classify(body) {
        return Line::Values(vec![(entity, start..start + body.len())], comment);
    }
    if let Some(found) = many(line, start, body) {
        return found;
    }
    if let Some(found) = labelled(start, body) {
        return found;
    }
    if let Some(found) = value_and_words(start, body) {
        return found;
    }
    // What only a heading or the file's name can tell: user agents, mutexes, names of files.
    if let Some(kind) = hint
        && matches!(
            kind,
            Kind::UserAgent
                | Kind::Mutex
                | Kind::FileName
                | Kind::FilePath
                | Kind::WindowsRegistryKey
                | Kind::NamedPipe
        )
        && let Some(entity) = classify_as(body, Some(kind))
    {
        return Line::Values(vec![(entity, start..start + body.len())], comment);
    }
    let short = body.len() <= 80 && body.split_whitespace().count() <= 8;
    let labels = body.ends_with(':')
        && body.len() <= 160
        && body.split_whitespace().count() <= 20
        && !body.contains(". ");
    let marked = || {
        body.ends_with(':')
            || body.starts_with(['[', '='])
            || heading_kind(body).is_some()
            || is_shouted(body)
    };
    if labels || short && marked() {
        return Line::Heading(whole);
    }
    Line::Words(whole)
}

/// Words in capitals only, as titles of sections are set in plain text: "SUPPORTING EVIDENCE".
fn is_shouted(words: &str) -> bool {
    let letters = words.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 6 && letters * 2 > words.len() && !words.chars().any(char::is_lowercase)
}

/// Words of headings below which stands where the values are from.
const CITING: &[&str] = &[
    "reference",
    "references",
    "source",
    "sources",
    "evidence",
    "credit",
    "credits",
    "report",
    "reports",
    "links",
    "analysis",
    "analyses",
    "reading",
];

/// Whether a heading tells where the values are from; "report" beside a sort of value is of values.
fn cites(heading: &str) -> bool {
    heading_kind(heading).is_none()
        && heading
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| CITING.iter().any(|c| word.eq_ignore_ascii_case(c)))
}

/// Sites that show what somebody found out about a file or an address: a link there is no indicator.
const ANALYSES: &[&str] = &[
    "any.run",
    "bazaar.abuse.ch",
    "hybrid-analysis.com",
    "joesandbox.com",
    "otx.alienvault.com",
    "threatfox.abuse.ch",
    "tria.ge",
    "urlhaus.abuse.ch",
    "urlscan.io",
    "virustotal.com",
];

/// Whether a link, written as it can be followed, leads to such a site.
fn is_analysis(value: &Entity, shown: &str) -> bool {
    let Some(rest) = value.value.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    value.kind == Kind::Url
        && shown.starts_with("https://")
        && !shown.contains('[')
        && rest.len() > host.len() + 1
        && ANALYSES
            .iter()
            .any(|site| host.strip_suffix(site).is_some_and(|h| h.is_empty() || h.ends_with('.')))
}

fn without_bullet(start: usize, body: &str) -> (usize, &str) {
    let number = body.bytes().take_while(u8::is_ascii_digit).count();
    let skip = if body.starts_with("- ") || body.starts_with("* ") || body.starts_with("+ ") {
        2
    } else if let Some(rest) = body.strip_prefix(['•', '·', '▪', '–']) {
        body.len() - rest.len()
    } else if (1..=4).contains(&number)
        && (body[number..].starts_with(". ") || body[number..].starts_with(") "))
    {
        number + 2
    } else {
        return (start, body);
    };
    let rest = &body[skip..];
    (start + skip + rest.len() - rest.trim_start().len(), rest.trim_start())
}

/// Cuts off ` # …`, ` // …`, ` ; …` and a last ` (…)`.
fn inline_comment(start: usize, body: &str) -> (&str, Option<Range<usize>>) {
    let mark = [" #", "\t#", " //", "\t//", " ;", "\t;", " <--", " <-", " --"]
        .iter()
        .filter_map(|m| body.find(m))
        .min();
    let bracket = body.ends_with(')').then(|| body.rfind(" (")).flatten();
    let Some(at) = mark.or(bracket).filter(|at| *at > 0) else { return (body, None) };
    let kept = body[..at].trim_end();
    (kept, Some(start + at + 1..start + body.len()))
}

/// A line on which every token is a value (`md5sum` output, several addresses).
fn many(line: &str, start: usize, body: &str) -> Option<Line> {
    let mut found = Vec::new();
    for token in body.split([' ', '\t', ',', ';', '|']).filter(|t| !t.is_empty()) {
        let at = token.as_ptr() as usize - line.as_ptr() as usize;
        // `hash *name`: the mark of a binary file in checksum lists.
        let name = token.strip_prefix('*').unwrap_or(token);
        found.push((classify(name)?, at + token.len() - name.len()..at + token.len()));
    }
    (start < line.len() && !found.is_empty()).then_some(Line::Values(found, None))
}

/// `MD5: …`, `C2 = …`.
fn labelled(start: usize, body: &str) -> Option<Line> {
    let at = body.find([':', '=']).filter(|at| (2..=40).contains(at))?;
    let label = &body[..at];
    // "It deletes C:\\Program Files": the letter of a drive ends no label.
    let drive = body[at..].starts_with(":\\")
        && label.rsplit(' ').next().is_some_and(|word| word.len() == 1);
    if drive || label.contains(['.', '/', '\\', '[']) || label.split_whitespace().count() > 4 {
        return None;
    }
    let rest = body[at + 1..].trim_start_matches([':', '=', ' ', '\t']);
    let offset = start + body.len() - rest.len();
    let kind = TypeWord::read(label).and_then(TypeWord::kind);
    if let Some(entity) = classify_as(rest, kind) {
        return Some(Line::Values(vec![(entity, offset..offset + rest.len())], None));
    }
    let mut found = Vec::new();
    for token in rest.split([' ', '\t', ',', ';']).filter(|t| !t.is_empty()) {
        let from = offset + (token.as_ptr() as usize - rest.as_ptr() as usize);
        found.push((classify(token)?, from..from + token.len()));
    }
    (!found.is_empty()).then_some(Line::Values(found, None))
}

/// A value first, then words about it; a sentence that begins with a value is none.
fn value_and_words(start: usize, body: &str) -> Option<Line> {
    let end = body.find([' ', '\t', ',', ';', '|'])?;
    let (token, rest) = body.split_at(end);
    let entity = classify(token)?;
    let words = rest.trim_start_matches([' ', '\t', ',', ';', '|', '-', '–', ':']);
    let verbs =
        ["is", "was", "are", "were", "has", "had", "and", "or", "can", "may", "which", "will"];
    if words
        .split_whitespace()
        .next()
        .is_some_and(|w| verbs.contains(&w.to_ascii_lowercase().as_str()))
    {
        return None;
    }
    let from = start + body.len() - words.len();
    let mut found = vec![(entity, start..start + end)];
    let mut rest = (!words.is_empty()).then(|| from..start + body.len());
    if let Some((other, len)) = other_half(&found[0].0, words) {
        found.push((other, from..from + len));
        rest = (words.len() > len + 1).then(|| from + len + 1..start + body.len());
    }
    Some(Line::Values(found, rest))
}

/// The name behind the hash of a file, or the hash behind its name, with its length: "HASH - loader.dll (the
/// loader)", "loader.dll - HASH".
fn other_half(value: &Entity, words: &str) -> Option<(Entity, usize)> {
    let end = [" (", " - ", " – ", "\t", ", "]
        .iter()
        .filter_map(|mark| words.find(mark))
        .min()
        .unwrap_or(words.len());
    let part = words[..end].trim_end();
    let other = classify(part)?;
    let fits = match value.kind {
        kind if kind.is_file_hash() => matches!(other.kind, Kind::FileName | Kind::FilePath),
        Kind::FileName | Kind::FilePath => other.kind.is_file_hash(),
        _ => false,
    };
    fits.then_some((other, part.len()))
}

/// The kind that a heading names: `IP addresses`, `SHA256 hashes:`, `# Domains`.
fn heading_kind(text: &str) -> Option<TypeWord> {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    TypeWord::read(text).or_else(|| {
        let words: Vec<&str> = text.split_whitespace().collect();
        (words.len() <= 5).then(|| words.iter().rev().find_map(|w| TypeWord::read(w))).flatten()
    })
}

/// Reads a list part by part; the heading in force goes on into the next part.
pub(crate) struct Reader {
    heading: Option<String>,
    hint: Option<Kind>,
}

impl Reader {
    /// `name` may tell the kind (`webshell_names.txt`, `useragents.txt`).
    pub fn new(name: &str) -> Self {
        let file = name.rsplit(['/', '\\', '!']).next().unwrap_or(name);
        let stem = file.split('.').next().unwrap_or(file);
        let hint = TypeWord::read(stem).or_else(|| {
            let words: Vec<&str> = stem.split(['_', '-', ' ']).collect();
            words
                .windows(2)
                .rev()
                .find_map(|w| TypeWord::read(&w.concat()))
                .or_else(|| words.iter().rev().find_map(|w| TypeWord::read(w)))
        });
        Self { heading: None, hint: hint.and_then(TypeWord::kind) }
    }

    /// Reads one part.
    pub fn part(&mut self, input: &Input<'_>) -> Reading {
        let document = Document::new(input.raw, input.name, Format::List, input.text.to_owned());
        let mut reading = Reading::new(document, input.raw.to_vec());
        let mut at = 0;
        for line in input.text.split_inclusive('\n') {
            self.line(line.trim_end_matches(['\n', '\r']), at, &mut reading);
            at += line.len();
        }
        reading
    }

    fn line(&mut self, line: &str, at: usize, reading: &mut Reading) {
        let span = |range: &Range<usize>| Span::new(at + range.start, at + range.end);
        match parse(line, self.hint) {
            Line::Blank => {}
            Line::Comment(range) => {
                let words = line[range.clone()]
                    .trim_start_matches(['#', ';', '/', '!', '-', ' ', '\t'])
                    .trim();
                // A value that is commented out is switched off, not indicated.
                let kind = if classify(words).is_some() {
                    RegionKind::Furniture
                } else {
                    RegionKind::Prose
                };
                // A link in a comment says where the values are from, and nothing of what they are.
                let is_heading = kind == RegionKind::Prose
                    && !words.is_empty()
                    && words.len() <= 80
                    && !words.contains("://");
                reading.regions.push(Region { span: span(&range), kind });
                if is_heading {
                    self.enter(words);
                }
            }
            Line::Heading(range) => {
                reading
                    .regions
                    .push(Region { span: span(&range), kind: RegionKind::Heading { level: 2 } });
                let words = line[range].trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
                self.enter(&words);
            }
            Line::Words(range) => {
                reading.regions.push(Region { span: span(&range), kind: RegionKind::Prose });
            }
            Line::Values(found, rest) => {
                if let (Some((_, first)), Some((_, last))) = (found.first(), found.last()) {
                    let all = Span::new(at + first.start, at + last.end);
                    reading.regions.push(Region { span: all, kind: RegionKind::Declared });
                }
                if let Some(rest) = &rest {
                    reading.regions.push(Region { span: span(rest), kind: RegionKind::Prose });
                }
                self.claims(line, &found, at, reading);
            }
        }
    }

    fn enter(&mut self, heading: &str) {
        if let Some(word) = heading_kind(heading) {
            self.hint = word.kind();
        }
        self.heading = Some(heading.to_owned());
    }

    fn claims(
        &self,
        line: &str,
        found: &[(Entity, Range<usize>)],
        at: usize,
        reading: &mut Reading,
    ) {
        let by = |claim: Claim| claim.by("list:line", Confidence::percent(PRECISION));
        let cited = self.heading.as_deref().is_some_and(cites);
        for (entity, range) in found {
            let shown = line.get(range.clone()).unwrap_or_default();
            let plain =
                entity.kind == Kind::Url && shown.starts_with("http") && !shown.contains('[');
            let role = match entity.kind {
                _ if cited && plain || is_analysis(entity, shown) => Role::Reference,
                kind if kind.is_observable() => Role::Indicator,
                _ => Role::Subject,
            };
            let span = Span::new(at + range.start, at + range.end);
            let mut claim = by(Claim::mention(entity.clone(), role, span));
            claim.context.clone_from(&self.heading);
            reading.claims.push(claim);
        }
        // One hash beside a name, or beside a hash of another kind: one file.
        let (first, rest) = match found {
            [name, hash] if hash.0.kind.is_file_hash() && !name.0.kind.is_file_hash() => {
                (&hash.0, std::slice::from_ref(name))
            }
            [first, rest @ ..] => (&first.0, rest),
            [] => return,
        };
        if first.kind.is_file_hash() && rest.len() <= 4 {
            for (entity, range) in rest {
                let same = matches!(
                    entity.kind,
                    Kind::FileName | Kind::FilePath | Kind::Ssdeep | Kind::Imphash
                ) || (entity.kind.is_file_hash() && entity.kind != first.kind);
                if same {
                    let span = Span::new(at + range.start, at + range.end);
                    reading.claims.push(by(Claim::new(
                        first.clone(),
                        Relation::SameObject,
                        entity.clone(),
                        span,
                    )));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_lists(texts: &[&str], expected: bool) {
        for text in texts {
            assert_eq!(looks_like(text) || single_value(text), expected, "{text}");
        }
    }

    #[test]
    fn values_under_each_other_are_a_list() {
        assert_lists(
            &[
                "192.0.2.7",
                "hxxp://reed[.]example/a\n",
                "Invoice May.pdf",
                "192.0.2.7\nreed.example\n",
                "# Made in May by the marsh team.\n# Use it with care, and tell us.\n192.0.2.7\n",
                "192.0.2.7 # C2 of the second wave, seen in May by two of us.\nreed.example # old\n",
                "192.0.2.7 command and control\n192.0.2.8 drops the second stage\n",
                "192.0.2.7, C2\n192.0.2.8, the panel\n",
                "SHA-256 Hashes\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\nIPs\n192.0.2[.]7\n",
                "IOCs\n\nDomains\nreed[.]example\n\nSecond wave\nhxxp://marsh[.]example/x\n",
                "These are the addresses that we saw in May.\n\n192.0.2.7\n192.0.2.8\n192.0.2.9\n192.0.2.10\n",
                "- 192.0.2.7\n- reed.example\n",
                "C2: reed.example\nC2: marsh.example\n",
            ],
            true,
        );
    }

    #[test]
    fn a_hash_and_the_name_beside_it_are_one_file() {
        let (one, two) = ("0123456789abcdef".repeat(2), "fedcba9876543210".repeat(2));
        let text = format!("Files:\n{one} - marsh heron.dll (the loader)\nreed.exe - {two}\n");
        let input = Input { name: "a.txt", raw: text.as_bytes(), text: &text };
        let reading = Reader::new("a.txt").part(&input);
        let ties: Vec<_> = reading
            .claims
            .iter()
            .filter(|c| c.relation == Relation::SameObject)
            .map(|c| (c.subject.value.as_str(), c.object.entity().unwrap().value.as_str()))
            .collect();
        assert_eq!(ties, [(one.as_str(), "marsh heron.dll"), (two.as_str(), "reed.exe")]);
    }

    #[test]
    fn links_that_tell_where_the_values_are_from_are_no_indicators() {
        let text = "LOADER URL\nhttp://marsh.example/a\n\nSUPPORTING EVIDENCE\nhttps://blog.example/b\nhxxps://reed[.]example/c\n\n\
                    PANELS\nhttps://heron.example/d\nhttps://tria.ge/210101-abcdefghij\n";
        assert!(looks_like(text));
        let input = Input { name: "a.txt", raw: text.as_bytes(), text };
        let reading = Reader::new("a.txt").part(&input);
        let roles: Vec<_> =
            reading.claims.iter().map(|c| (c.subject.value.as_str(), c.role().unwrap())).collect();
        assert_eq!(
            roles,
            [
                ("http://marsh.example/a", Role::Indicator),
                ("https://blog.example/b", Role::Reference),
                ("https://reed.example/c", Role::Indicator),
                ("https://heron.example/d", Role::Indicator),
                ("https://tria.ge/210101-abcdefghij", Role::Reference),
            ]
        );
    }

    #[test]
    fn sentences_are_no_list() {
        assert_lists(
            &[
                "The implant connects to reed.example for its orders.",
                "The dropper writes loader.exe",
                "192.0.2.7 scanned our servers in May.",
                "192.0.2.7 scanned our servers in May.\nreed.example answered to it for days.\n",
                "# Marsh\n\nSee https://marsh.example/a for more on the loader.\n\n- 192.0.2.7\n- reed.example\n",
                "We looked into it for a week, and found little.\nreed.example\n192.0.2.7\n",
                "From: ann@marsh.example\nTo: bob@marsh.example\nSubject: what we saw\n\n\
                 Hello Bob,\nplease block reed.example as soon as you can.\n",
                "[A report](https://marsh.example/a) tells more of this group.\nhttps://marsh.example/b\n",
            ],
            false,
        );
    }
}
