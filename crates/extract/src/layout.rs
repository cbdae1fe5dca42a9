//! Where something stands: under which heading, in which column, in which kind of region.

use lapwing_model::{Reading, Region, RegionKind, Span};

use crate::sentence::Openings;

/// What a heading or column head says of the values below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// Nothing that helps.
    Neutral,
    /// Hostile values: "Indicators of compromise", "C2 servers", "SHA-256".
    Indicators,
    /// Mutex names.
    Mutexes,
    /// User agents.
    UserAgents,
    /// Named pipes.
    Pipes,
    /// Sources and literature.
    References,
    /// What the defender should do.
    Mitigation,
    /// Those who were hit.
    Victims,
    /// Legitimate things.
    Benign,
}

/// Whether a heading or column head speaks of hosts or of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Any,
    Network,
    File,
}

/// A stretch of text under one heading.
#[derive(Clone, Copy, Debug)]
struct Section {
    start: usize,
    title: Span,
    level: u8,
    topic: Topic,
    sort: Sort,
    /// The heading that decides the topic: its own, or one above.
    decided_by: Span,
}

/// What is known of a place in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'r> {
    /// Topic of the column head, else of the nearest heading that has one.
    pub(crate) topic: Topic,
    pub(crate) sort: Sort,
    /// The heading or column head that decided the topic.
    pub(crate) decided_by: &'r str,
    /// The nearest heading.
    pub(crate) heading: &'r str,
    /// Head of the column, in a table.
    pub(crate) column: Option<&'r str>,
    pub(crate) furniture: bool,
    pub(crate) references: bool,
    /// Target of the link of which this is the visible text.
    pub(crate) link: Option<&'r str>,
    pub(crate) in_heading: bool,
}

/// The structure of a reading's text.
pub(crate) struct Layout<'r> {
    text: &'r str,
    sections: Vec<Section>,
    declared: Vec<Span>,
    furniture: Vec<Span>,
    references: Vec<Span>,
    code: Vec<Span>,
    headings: Vec<Span>,
    links: Vec<(Span, &'r str)>,
    cells: Vec<(Span, u32, Option<&'r str>)>,
}

impl<'r> Layout<'r> {
    pub(crate) fn of(reading: &'r Reading) -> Self {
        let text = reading.document.text.as_str();
        let spans = |wanted: fn(&RegionKind) -> bool| merged(&reading.regions, wanted);
        let mut layout = Self {
            text,
            sections: Vec::new(),
            declared: spans(|k| matches!(k, RegionKind::Declared)),
            furniture: spans(|k| matches!(k, RegionKind::Furniture)),
            references: spans(|k| matches!(k, RegionKind::References)),
            code: spans(|k| matches!(k, RegionKind::Code)),
            headings: Vec::new(),
            links: Vec::new(),
            cells: Vec::new(),
        };
        let mut heads: Vec<(Span, u8)> = Vec::new();
        for region in &reading.regions {
            match &region.kind {
                RegionKind::Heading { level } => heads.push((region.span, *level)),
                RegionKind::Link { target } => layout.links.push((region.span, target)),
                RegionKind::Cell { row, header, .. } => {
                    layout.cells.push((region.span, *row, header.as_deref()));
                }
                _ => {}
            }
        }
        layout.links.sort();
        layout.cells.sort();
        layout.headings = heads.iter().map(|(span, _)| *span).collect();
        layout.headings.sort();
        let marked = !heads.is_empty();
        layout.heads_of_lines(marked, &mut heads);
        heads.sort();
        heads.dedup_by_key(|(span, _)| span.start);
        layout.nest(&heads);
        layout
    }

    /// Lines that are headings by their look: `== Hashes`, `# Hashes`, `Domains:`.
    fn heads_of_lines(&self, marked: bool, heads: &mut Vec<(Span, u8)>) {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let shown = line.trim();
            let from = start + (line.len() - line.trim_start().len());
            start += line.len();
            if shown.len() < 3 || shown.len() > 100 {
                continue;
            }
            let marks = shown.bytes().take_while(|b| matches!(b, b'=' | b'#')).count();
            let span = Span::new(from, from + shown.len());
            if !marked && (1..=6).contains(&marks) && shown.as_bytes().get(marks) == Some(&b' ') {
                heads.push((span, marks as u8));
            } else if (shown.ends_with(':') && shown.len() <= 80) || shown.ends_with(":**") {
                let title = shown.trim_start_matches(['-', '*', ' ']);
                if topic_of(title) != Topic::Neutral || sort_of(title) != Sort::Any {
                    heads.push((span, 7));
                }
            } else if !marked
                && shown.len() <= 60
                && !shown.contains(['.', '|', '/', '@', ','])
                && marks == 0
            {
                let words = shown.split_whitespace().count();
                let title = shown.trim_matches(['*', '_', '-', '=', ' ']);
                if words <= 6
                    && title.starts_with(|c: char| c.is_uppercase())
                    && topic_of(title) != Topic::Neutral
                {
                    heads.push((span, 2));
                }
            }
        }
    }

    fn nest(&mut self, heads: &[(Span, u8)]) {
        let mut above: Vec<Section> = Vec::new();
        for (title, level) in heads {
            let words = title.slice(self.text).unwrap_or_default();
            while above.last().is_some_and(|s| s.level >= *level) {
                above.pop();
            }
            let mut section = Section {
                start: title.start as usize,
                title: *title,
                level: *level,
                topic: topic_of(words),
                sort: sort_of(words),
                decided_by: *title,
            };
            if let Some(parent) = above.last() {
                if section.topic == Topic::Neutral {
                    section.topic = parent.topic;
                    section.decided_by = parent.decided_by;
                }
                if section.sort == Sort::Any && section.level == 7 {
                    section.sort = parent.sort;
                }
            }
            above.push(section);
            self.sections.push(section);
        }
    }

    /// What readers told already, in order.
    pub(crate) fn declared(&self) -> &[Span] {
        &self.declared
    }

    /// Whether a reader told this place already.
    pub(crate) fn is_declared(&self, span: Span) -> bool {
        overlaps(&self.declared, span)
    }

    /// Whether the span belongs to navigation, licence or advertisement.
    pub(crate) fn is_furniture(&self, span: Span) -> bool {
        overlaps(&self.furniture, span)
    }

    /// Whether the span belongs to literature or navigation.
    pub(crate) fn is_apart(&self, span: Span) -> bool {
        let after = self.sections.partition_point(|s| s.start <= span.start as usize);
        let cited = after
            .checked_sub(1)
            .and_then(|i| self.sections.get(i))
            .is_some_and(|s| s.topic == Topic::References && s.start != span.start as usize);
        cited || overlaps(&self.furniture, span) || overlaps(&self.references, span)
    }

    pub(crate) fn is_code(&self, span: Span) -> bool {
        overlaps(&self.code, span)
    }

    /// The row of the table in which the span stands.
    pub(crate) fn row(&self, span: Span) -> Option<u32> {
        self.cell(span).map(|(_, row, _)| row)
    }

    fn cell(&self, span: Span) -> Option<(Span, u32, Option<&'r str>)> {
        let after = self.cells.partition_point(|(s, ..)| s.start <= span.start);
        self.cells.get(after.checked_sub(1)?).filter(|(s, ..)| s.contains(span)).copied()
    }

    /// Stretches whose heading or column head has this topic.
    pub(crate) fn stretches(&self, topic: Topic) -> Vec<Span> {
        let mut spans = Vec::new();
        for (i, section) in self.sections.iter().enumerate() {
            if section.topic == topic {
                let end = self.sections.get(i + 1).map_or(self.text.len(), |s| s.start);
                spans.push(Span::new(section.title.end as usize, end));
            }
        }
        spans.extend(
            self.cells
                .iter()
                .filter(|(_, _, head)| head.is_some_and(|h| topic_of(h) == topic))
                .map(|(span, ..)| *span),
        );
        spans
    }

    /// What is known of the place `span`.
    pub(crate) fn place(&self, span: Span) -> Place<'r> {
        let slice = |span: Span| bare_title(span.slice(self.text).unwrap_or_default());
        let after = self.sections.partition_point(|s| s.start <= span.start as usize);
        let section = after.checked_sub(1).and_then(|i| self.sections.get(i));
        let mut place = Place {
            topic: section.map_or(Topic::Neutral, |s| s.topic),
            sort: section.map_or(Sort::Any, |s| s.sort),
            decided_by: section.map_or("", |s| slice(s.decided_by)),
            heading: section.map_or("", |s| slice(s.title)),
            column: None,
            furniture: overlaps(&self.furniture, span),
            references: overlaps(&self.references, span),
            link: None,
            in_heading: overlaps(&self.headings, span),
        };
        if let Some((_, _, Some(head))) = self.cell(span) {
            place.column = Some(head);
            if sort_of(head) != Sort::Any {
                place.sort = sort_of(head);
            }
            let topic = topic_of(head);
            if topic != Topic::Neutral
                && !(topic == Topic::Indicators && place.topic == Topic::Benign)
            {
                place.topic = topic;
                place.decided_by = head;
            }
        }
        let after = self.links.partition_point(|(s, _)| s.start <= span.start);
        place.link = after
            .checked_sub(1)
            .and_then(|i| self.links.get(i))
            .filter(|(s, _)| s.contains(span))
            .map(|(_, target)| *target);
        place
    }
}

/// A heading without its marks.
fn bare_title(title: &str) -> &str {
    title.trim_matches(|c: char| matches!(c, '=' | '#' | '*' | ':' | '-' | '_' | ' '))
}

/// Spans of regions of one kind, joined where they touch.
fn merged(regions: &[Region], wanted: fn(&RegionKind) -> bool) -> Vec<Span> {
    let mut spans: Vec<Span> = regions.iter().filter(|r| wanted(&r.kind)).map(|r| r.span).collect();
    spans.sort();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

fn overlaps(spans: &[Span], span: Span) -> bool {
    let after = spans.partition_point(|s| s.start < span.end.max(span.start + 1));
    after.checked_sub(1).and_then(|i| spans.get(i)).is_some_and(|s| s.overlaps(span))
}

/// Words of headings and column heads; the first topic with a word in the heading decides.
const TOPICS: &[(Topic, &[&str])] = &[
    (
        Topic::References,
        &[
            "reference",
            "references",
            "sources",
            "further reading",
            "bibliography",
            "external links",
            "see also",
            "read more",
            "acknowledgement",
            "acknowledgements",
            "acknowledgments",
            "credits",
            "related articles",
            "related posts",
            "additional resources",
            "more information",
            "recommended reading",
            "citations",
            "literature",
        ],
    ),
    (
        Topic::Benign,
        &[
            "legitimate",
            "benign",
            "clean files",
            "false positives",
            "false positive",
            "allowlist",
            "whitelist",
            "non-malicious",
        ],
    ),
    (
        Topic::Mitigation,
        &[
            "mitigation",
            "mitigations",
            "remediation",
            "recommendation",
            "recommendations",
            "workaround",
            "workarounds",
            "how to protect",
            "patches",
            "security updates",
            "solution",
            "solutions",
            "protect yourself",
        ],
    ),
    (
        Topic::Victims,
        &[
            "victim",
            "victims",
            "targeted organizations",
            "targeted organisations",
            "affected organizations",
            "affected organisations",
            "victimology",
        ],
    ),
    (Topic::Mutexes, &["mutex", "mutexes", "mutant", "mutants", "mutexs"]),
    (Topic::UserAgents, &["user agent", "user-agent", "user agents", "user-agents", "useragent"]),
    (Topic::Pipes, &["named pipe", "named pipes", "pipe names"]),
    (
        Topic::Indicators,
        &[
            "indicator",
            "indicators",
            "ioc",
            "iocs",
            "iocs:",
            "i.o.c",
            "observables",
            "c2",
            "c&c",
            "cnc",
            "command and control",
            "command-and-control",
            "infrastructure",
            "network",
            "domains",
            "domain",
            "hostnames",
            "hosts",
            "urls",
            "url",
            "ip",
            "ips",
            "ip address",
            "ip addresses",
            "addresses",
            "hashes",
            "hash",
            "samples",
            "sample",
            "sha1",
            "sha-1",
            "sha256",
            "sha-256",
            "sha512",
            "md5",
            "servers",
            "payload delivery",
            "payload installation",
            "artifacts",
            "artefacts",
            "file names",
            "filenames",
            "file paths",
            "filename",
            "host-based",
            "files",
            "malware files",
            "droppers",
            "payloads",
            "web shells",
            "webshells",
            "email senders",
            "phishing",
            "wallets",
            "registry keys",
            "registry",
            "persistence mechanism",
        ],
    ),
];

/// The topic that a heading's words tell.
pub(crate) fn topic_of(title: &str) -> Topic {
    let words = spaced(title);
    let openings = Openings::of(&words);
    TOPICS
        .iter()
        .find(|(_, list)| list.iter().any(|word| openings.may_hold(word) && holds(&words, word)))
        .map_or(Topic::Neutral, |(topic, _)| *topic)
}

/// Whether a heading's words speak of hosts or of files.
pub(crate) fn sort_of(title: &str) -> Sort {
    const NETWORK: &[&str] = &[
        "domain",
        "domains",
        "url",
        "urls",
        "host",
        "hosts",
        "hostname",
        "hostnames",
        "c2",
        "c&c",
        "cnc",
        "network",
        "server",
        "servers",
        "ip",
        "ips",
        "infrastructure",
        "site",
        "sites",
        "fqdn",
    ];
    const FILE: &[&str] = &[
        "file",
        "files",
        "filename",
        "filenames",
        "path",
        "paths",
        "hash",
        "hashes",
        "sha1",
        "sha-1",
        "sha256",
        "sha-256",
        "md5",
        "sample",
        "samples",
    ];
    let words = spaced(title);
    let openings = Openings::of(&words);
    let has =
        |list: &[&str]| list.iter().any(|word| openings.may_hold(word) && holds(&words, word));
    match (has(NETWORK), has(FILE)) {
        (true, false) => Sort::Network,
        (false, true) => Sort::File,
        _ => Sort::Any,
    }
}

/// Whether a padded title holds a word or phrase.
fn holds(words: &str, word: &str) -> bool {
    words.match_indices(word).any(|(at, _)| {
        words.as_bytes().get(at.wrapping_sub(1)) == Some(&b' ')
            && words.as_bytes().get(at + word.len()) == Some(&b' ')
    })
}

/// Lower case, one blank between words, blanks at both ends, no marks.
fn spaced(title: &str) -> String {
    let mut words = String::with_capacity(title.len() + 2);
    words.push(' ');
    for c in title.chars() {
        let keep = c.is_alphanumeric() || matches!(c, '&' | '-' | '.');
        if keep {
            words.extend(c.to_lowercase());
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::{Document, Format};

    #[test]
    fn headings_tell_their_topic() {
        for (title, topic) in [
            ("Indicators of Compromise (IOCs)", Topic::Indicators),
            ("== C&C servers", Topic::Indicators),
            ("References", Topic::References),
            ("Mitigations", Topic::Mitigation),
            ("Legitimate third-party tools", Topic::Benign),
            ("Introduction", Topic::Neutral),
            ("Mutex", Topic::Mutexes),
        ] {
            assert_eq!(topic_of(title), topic, "{title}");
        }
        assert_eq!(sort_of("Domains"), Sort::Network);
        assert_eq!(sort_of("SHA-256 hashes"), Sort::File);
    }

    #[test]
    fn a_section_takes_its_topic_from_the_heading_above() {
        let text = "# Foo\ntext\n## IOCs\n### Second stage\nvalue\n## References\nlink\n";
        let reading =
            Reading::new(Document::new(b"", "x.md", Format::Markdown, text.into()), Vec::new());
        let layout = Layout::of(&reading);
        let at = |word: &str| {
            let start = text.find(word).unwrap();
            layout.place(Span::new(start, start + word.len()))
        };
        assert_eq!(at("text").topic, Topic::Neutral);
        assert_eq!(at("value").topic, Topic::Indicators);
        assert_eq!(at("value").heading, "Second stage");
        assert_eq!(at("value").decided_by, "IOCs");
        assert_eq!(at("link").topic, Topic::References);
    }
}
