//! Ties between the values of one row, one line or one block of labelled lines: hashes and name
//! of a file, host and address, port, what a file talks to, what a URL serves.

use lapwing_model::{Basis, Claim, Confidence, Kind, Object, Reading, Relation, Role, Span};

use crate::layout::{Head, Layout, Sort, Topic, head};

/// More values than this on one line are a list, no row.
const WIDEST: usize = 12;

/// A longer stretch between two values of a line or row is no tie, in bytes.
const FARTHEST: u32 = 2000;

/// Where the values of a group stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Cells of one row: the columns say what each is.
    Row,
    /// One line of text.
    Line,
    /// Lines of the form `label: value`.
    Labels,
}

/// All ties between the values of a document. `values` are judged mentions.
pub(crate) fn ties(reading: &Reading, layout: &Layout<'_>, values: &[Claim]) -> Vec<Claim> {
    let text = reading.document.text.as_str();
    let mut sorted: Vec<&Claim> = values.iter().filter(|c| takes_part(c)).collect();
    sorted.sort_by_key(|c| c.span);
    let mut tied = Tied { text, layout, claims: Vec::new() };
    let mut from = 0;
    while let Some(first) = sorted.get(from) {
        let place = if layout.row(first.span).is_some() { Place::Row } else { Place::Line };
        let mut to = from + 1;
        while to < sorted.len() && tied.together(sorted[to - 1].span, sorted[to].span) {
            to += 1;
        }
        let group = &sorted[from..to];
        for value in group.iter().filter(|c| is_network(c.subject.kind)) {
            tied.port(value, group.len());
        }
        if (2..=WIDEST).contains(&group.len()) {
            tied.group(group, place);
        }
        from = to;
    }
    tied.labelled(&sorted);
    tied.stacked(&sorted);
    tied.claims
}

/// Whether a mention may be tied: what is cited, or is no value of a file or host, is not.
fn takes_part(claim: &Claim) -> bool {
    claim.relation == Relation::Role
        && match claim.role() {
            Some(Role::Reference | Role::Publisher) | None => false,
            // A key or a commit is no file.
            Some(Role::Unclear) => !claim.subject.kind.is_file_hash(),
            _ => true,
        }
}

fn is_network(kind: Kind) -> bool {
    matches!(kind, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName)
}

struct Tied<'r> {
    text: &'r str,
    layout: &'r Layout<'r>,
    claims: Vec<Claim>,
}

impl Tied<'_> {
    /// Whether two neighbouring values stand in one row or on one line.
    fn together(&self, left: Span, right: Span) -> bool {
        let gap = right.start.saturating_sub(left.end);
        match (self.layout.row(left), self.layout.row(right)) {
            (Some(a), Some(b)) => {
                a == b
                    && gap < FARTHEST
                    && self.layout.row_span(left) == self.layout.row_span(right)
            }
            (None, None) => gap < 200 && !self.between(left, right).contains('\n'),
            _ => false,
        }
    }

    fn between(&self, left: Span, right: Span) -> &str {
        self.text.get(left.end as usize..right.start as usize).unwrap_or_default()
    }

    fn add(&mut self, a: &Claim, relation: Relation, b: &Claim, percent: u8, why: &str) {
        let span = Span { start: a.span.start.min(b.span.start), end: a.span.end.max(b.span.end) };
        self.push(a, relation, b.subject.clone().into(), span, percent, why);
    }

    fn push(
        &mut self,
        a: &Claim,
        relation: Relation,
        object: Object,
        span: Span,
        percent: u8,
        why: &str,
    ) {
        let mut claim = Claim::new(a.subject.clone(), relation, object, span)
            .by("extract:row", Confidence::percent(percent));
        claim.why = Some(why.to_owned());
        claim.basis = Basis::Observed;
        self.claims.push(claim);
    }

    fn group(&mut self, group: &[&Claim], place: Place) {
        let of = |wanted: fn(Kind) -> bool| {
            group.iter().filter(|c| wanted(c.subject.kind)).copied().collect::<Vec<_>>()
        };
        let where_ = match place {
            Place::Row => "in one row",
            Place::Line => "on one line",
            Place::Labels => "in one block of labels",
        };
        let hashes = of(|k| {
            k.is_file_hash()
                || matches!(
                    k,
                    Kind::Ssdeep | Kind::Imphash | Kind::Tlsh | Kind::Vhash | Kind::Authentihash
                )
        });
        let one_file = is_one_file(&hashes);
        if let Some(first) = hashes.first().filter(|_| one_file) {
            for other in hashes.iter().skip(1) {
                let why = format!("hashes of different kinds {where_}");
                self.add(first, Relation::SameObject, other, 88, &why);
            }
            if let Some(name) =
                self.file_name(&of(|k| matches!(k, Kind::FileName | Kind::FilePath)))
            {
                let why = format!("a hash and a file name {where_}");
                self.add(first, Relation::SameObject, name, 82, &why);
            }
            if place != Place::Line || group.len() == hashes.len() + 1 {
                for peer in group
                    .iter()
                    .filter(|c| is_network(c.subject.kind) || c.subject.kind == Kind::Url)
                {
                    self.file_and_peer(first, peer, where_);
                }
            }
        }
        let hosts = of(|k| k == Kind::DomainName);
        let addresses = of(|k| matches!(k, Kind::Ipv4Addr | Kind::Ipv6Addr));
        if let ([host], [address]) = (&hosts[..], &addresses[..]) {
            let (left, right) =
                if host.span < address.span { (host, address) } else { (address, host) };
            let words = self
                .between(left.span, right.span)
                .split_whitespace()
                .filter(|w| w.len() > 2 && w.bytes().any(|b| b.is_ascii_alphabetic()))
                .count();
            if place != Place::Line || (group.len() == 2 && words <= 2) {
                let why = format!("a host and an address {where_}");
                self.add(host, Relation::ResolvesTo, address, 70, &why);
            }
        }
    }

    /// The name of the file of a group: the only one, or the only one in a column of file names.
    fn file_name<'c>(&self, names: &[&'c Claim]) -> Option<&'c Claim> {
        if let [name] = names {
            return Some(name);
        }
        let mut named = names.iter().filter(|c| {
            self.layout.column(c.span).is_some_and(|(title, told)| {
                let title = title.to_lowercase();
                told.sort == Sort::File || title.contains("name") || title.contains("nom")
            })
        });
        named.next().filter(|_| named.next().is_none()).copied()
    }

    /// What a file talks to, or where it was served.
    fn file_and_peer(&mut self, file: &Claim, peer: &Claim, where_: &str) {
        let title = self.layout.column(peer.span).map_or("", |(title, _)| title).to_lowercase();
        let speaks = ["c2", "c&c", "cnc", "command", "contact", "callback", "beacon", "exfil"]
            .iter()
            .any(|word| title.contains(word));
        if speaks {
            let why = format!("a file and its server {where_}");
            self.add(file, Relation::CommunicatesWith, peer, 75, &why);
        } else if peer.subject.kind == Kind::Url {
            let why = format!("a URL and the hash of a file {where_}");
            self.add(peer, Relation::RelatedTo, file, 65, &why);
        }
    }

    /// The port beside an address or host: `port 8443`, `443/tcp`, or the column "Port".
    fn port(&mut self, value: &Claim, group: usize) {
        let end = value.span.end as usize;
        let mut stop = self.text.len().min(end + 24);
        while !self.text.is_char_boundary(stop) {
            stop -= 1;
        }
        let after = self.text.get(end..stop).unwrap_or_default();
        let beside = after.split('\n').next().unwrap_or_default();
        // `:8443` is told with the value itself.
        let rest = beside.trim_start_matches([' ', '`', ',', '(', '\t', '|']);
        let direct = ["port ", "on port ", "tcp/", "udp/", "tcp port ", "port: "]
            .iter()
            .find_map(|word| rest.strip_prefix(word))
            .or_else(|| {
                let tail = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                (tail.starts_with("/tcp") || tail.starts_with("/udp")).then_some(rest)
            });
        let told = direct.and_then(|digits| {
            let at = end + beside.len() - digits.len();
            number(digits).map(|(port, len)| (port, Span::new(at, at + len)))
        });
        let told = told.or_else(|| (group <= 2).then(|| self.column_port(value)).flatten());
        if let Some((port, at)) = told {
            let span =
                Span { start: value.span.start.min(at.start), end: value.span.end.max(at.end) };
            let object = Object::Text(format!("port={port}"));
            self.push(value, Relation::Property, object, span, 85, "the port beside it");
        }
    }

    /// A number in the column "Port" of the row of `value`.
    fn column_port(&self, value: &Claim) -> Option<(u16, Span)> {
        self.layout.row_cells(value.span).find_map(|(span, title)| {
            let is_port = title.is_some_and(|t| {
                let t = t.to_lowercase();
                matches!(t.trim(), "port" | "ports" | "tcp port" | "puerto" | "porta" | "порт")
            });
            let cell = span.slice(self.text)?;
            let (port, len) = number(cell.trim_matches(['`', ' ', '+']))?;
            let at = cell.find(|c: char| c.is_ascii_digit())?;
            let start = span.start as usize + at;
            is_port.then_some((port, Span::new(start, start + len)))
        })
    }

    /// Blocks of lines `MD5: …`, `SHA-1: …`, `File name: …` about one thing.
    fn labelled(&mut self, sorted: &[&Claim]) {
        let mut block: Vec<(&str, &Claim)> = Vec::new();
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let first = sorted.partition_point(|c| (c.span.start as usize) < start);
            let inside = sorted
                .get(first..)
                .unwrap_or_default()
                .iter()
                .take_while(|c| (c.span.end as usize) <= at)
                .copied()
                .take(3)
                .collect::<Vec<_>>();
            let label = match inside[..] {
                [value] if self.layout.row(value.span).is_none() => {
                    label(&line[..(value.span.start as usize).saturating_sub(start)])
                }
                _ => None,
            };
            let Some(label) = label else {
                // A label without a value (`Size: 12 KB`) leaves the block open.
                if !(inside.is_empty() && line.contains(':') && line.len() < 120) {
                    self.close(&mut block);
                }
                continue;
            };
            if block.iter().any(|(other, _)| other.eq_ignore_ascii_case(label)) {
                self.close(&mut block);
            }
            block.push((label, inside[0]));
        }
        self.close(&mut block);
    }

    /// Lines that are one value each: the name of a file, and its hashes below it.
    fn stacked(&mut self, sorted: &[&Claim]) {
        let is_name = |c: &Claim| matches!(c.subject.kind, Kind::FileName | Kind::FilePath);
        let stacks = |c: &Claim| {
            (is_name(c) || c.subject.kind.is_file_hash())
                && self.layout.row(c.span).is_none()
                && self.fills_line(c.span)
        };
        let mut from = 0;
        let mut files: Vec<(&Claim, Vec<&Claim>)> = Vec::new();
        while let Some(first) = sorted.get(from) {
            let mut to = from + 1;
            if stacks(first) {
                while to < sorted.len()
                    && stacks(sorted[to])
                    && self.between(sorted[to - 1].span, sorted[to].span).matches('\n').count() == 1
                {
                    to += 1;
                }
                let block = &sorted[from..to];
                // Where a hash comes first, which name is whose is not said.
                if is_name(first) {
                    let each: Vec<&[&Claim]> = block.chunk_by(|_, b| !is_name(b)).collect();
                    let whole = each.iter().all(|file| {
                        file.len() > 1 && file.len() <= WIDEST && is_one_file(&file[1..])
                    });
                    if whole {
                        files.extend(each.iter().map(|file| (file[0], file[1..].to_vec())));
                    }
                }
            }
            from = to;
        }
        for (name, hashes) in files {
            let Some((first, others)) = hashes.split_first() else { continue };
            for other in others {
                let why = "hashes of different kinds below each other";
                self.add(first, Relation::SameObject, other, 85, why);
            }
            self.add(first, Relation::SameObject, name, 80, "a hash below the name of its file");
        }
    }

    /// Whether a value is all of its line, marks of lists and code apart.
    fn fills_line(&self, span: Span) -> bool {
        let (start, end) = (span.start as usize, span.end as usize);
        const REACH: usize = 16;
        let mark = |c: &char| c.is_whitespace() || matches!(c, '*' | '-' | '`' | '•' | '"');
        let before = self.text.get(..start).unwrap_or_default();
        let after = self.text.get(end..).unwrap_or_default();
        let opens = before.chars().rev().take(REACH).find(|c| *c == '\n' || !mark(c));
        let closes = after.chars().take(REACH).find(|c| *c == '\n' || !mark(c));
        opens.is_none_or(|c| c == '\n') && closes.is_none_or(|c| c == '\n')
    }

    fn close(&mut self, block: &mut Vec<(&str, &Claim)>) {
        if (2..=WIDEST).contains(&block.len()) {
            let group: Vec<&Claim> = block.iter().map(|(_, claim)| *claim).collect();
            self.group(&group, Place::Labels);
        }
        block.clear();
    }
}

/// Whether hashes may be of one file: no two of one kind.
fn is_one_file(hashes: &[&Claim]) -> bool {
    let mut kinds: Vec<Kind> = hashes.iter().map(|c| c.subject.kind).collect();
    kinds.sort();
    kinds.windows(2).all(|pair| pair[0] != pair[1])
}

/// The label of a line `label: value` that says which value it is, from what stands before it.
fn label(before: &str) -> Option<&str> {
    let before = before.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '-' | '*' | '\u{2022}' | '>' | '|')
    });
    let label = before.trim_end_matches(['`', '"', '*', ' ', '+', '\t', '[', '(']);
    let label = label.strip_suffix([':', '=', '：']).or_else(|| {
        // Aligned with blanks or a tab instead of a colon.
        (before.ends_with('\t') || before.ends_with("  ")).then_some(label)
    })?;
    let label = label.trim_end_matches(['*', ' ']);
    let names = label.chars().count() <= 24 && label.starts_with(char::is_alphanumeric);
    let Head { topic, sort } = head(label);
    let lower = label.to_lowercase();
    (names && (sort != Sort::Any || topic == Topic::Indicators || lower.contains("name")))
        .then_some(label)
}

/// A port number at the start of a text, and its length.
fn number(text: &str) -> Option<(u16, usize)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(len..)?;
    let goes_on = rest.starts_with(char::is_alphanumeric)
        || rest.strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    let port: u16 = text[..len].parse().ok()?;
    (port > 0 && !goes_on).then_some((port, len))
}
