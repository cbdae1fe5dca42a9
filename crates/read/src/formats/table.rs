//! Tables of indicators: CSV, TSV, semicolons or bars, with a head, without one, or with the
//! head in a comment (as abuse.ch writes it).

use std::borrow::Cow;

use lapwing_model::{
    Claim, Confidence, Document, Entity, Format, Gap, GapKind, Kind, Marking, PartialDate, Period,
    Problem, ProblemKind, Reading, Region, RegionKind, Relation, Role, Span,
};

use super::columns::Column;
use super::kind_words::TypeWord;
use super::rows::{Field, Row, Rows};
use crate::value::{classify, classify_as};
use crate::{Input, Item, dates};

/// Rows of the head of a file that decide what its columns hold.
const SAMPLE: usize = 60;
/// Problems reported one by one for a file; the rest is counted.
const PROBLEMS: usize = 20;
/// How often a declared cell of a table is what it looks like.
const PRECISION: u8 = 97;

/// How a table is written: found once on its head, used for all of its parts.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    delimiter: u8,
    columns: Vec<Column>,
    heads: Vec<String>,
    /// Whether the first row of fields is the head.
    headed: bool,
}

/// Finds the layout on the head of a text; `None` when it is no table of indicators.
pub(crate) fn sniff(head: &str) -> Option<Layout> {
    [b',', b'\t', b';', b'|'].into_iter().find_map(|d| with_delimiter(head, d, false))
}

/// As [`sniff`], for a text that the user says is a table, or whose columns the user names.
pub(crate) fn forced(head: &str, names: Option<&[String]>) -> Option<Layout> {
    let found = sniff(head);
    let Some(names) = names else {
        return found.or_else(|| {
            [b',', b'\t', b';', b'|'].into_iter().find_map(|d| with_delimiter(head, d, true))
        });
    };
    let delimiter =
        found.as_ref().map(|l| l.delimiter).or_else(|| most_frequent(head)).unwrap_or(b',');
    let columns: Vec<Column> = names
        .iter()
        .map(|name| match Column::of_head(name) {
            _ if name.trim().is_empty() || name.trim() == "-" => Column::Plain,
            column => column,
        })
        .collect();
    // The first row is a head when no cell of a named value column holds a value.
    let first = sample(head, delimiter).0.into_iter().next();
    let headed = first.is_some_and(|row| {
        !columns.iter().zip(&row).any(|(c, cell)| c.tells() && !values(cell, None).is_empty())
    });
    Some(Layout { delimiter, columns, heads: names.to_vec(), headed })
}

fn most_frequent(head: &str) -> Option<u8> {
    let line = head.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#'))?;
    [b',', b'\t', b';', b'|']
        .into_iter()
        .filter(|d| line.as_bytes().contains(d))
        .max_by_key(|d| line.bytes().filter(|b| b == d).count())
}

/// The first rows' cells, and the last comment before them.
fn sample(head: &str, delimiter: u8) -> (Vec<Vec<String>>, Option<String>) {
    let (mut rows, mut fields) = (Rows::new(head, delimiter, 1), Vec::new());
    let (mut cells, mut comment) = (Vec::new(), None);
    while cells.len() < SAMPLE {
        match rows.next(&mut fields) {
            Some(Row::Fields(_)) => {
                cells.push(fields.iter().map(|f| f.text.trim().to_owned()).collect::<Vec<_>>());
            }
            Some(Row::Comment(range)) if cells.is_empty() => {
                let line = head[range].trim_start_matches('#').trim();
                // abuse.ch closes its head with a line of `####`.
                if !line.is_empty() {
                    comment = Some(line.to_owned());
                }
            }
            Some(_) => {}
            None => break,
        }
    }
    (cells, comment)
}

fn with_delimiter(head: &str, delimiter: u8, force: bool) -> Option<Layout> {
    let (cells, comment) = sample(head, delimiter);
    let first = cells.first()?;
    let width = first.len();
    if width < 2 || (delimiter == b'|' && head.trim_start().starts_with('|')) {
        return None;
    }
    let even = cells.iter().filter(|row| row.len() == width).count();
    let head_known = |row: &[String]| row.iter().any(|cell| Column::of_head(cell).tells());
    let valued = |row: &[String]| row.iter().any(|cell| !values(cell, None).is_empty());
    let comment_head = comment.and_then(|line| {
        let mut fields = Vec::new();
        Rows::new(&line, delimiter, 1).next(&mut fields)?;
        let row: Vec<String> = fields.iter().map(|f| f.text.trim().to_owned()).collect();
        (row.len() == width && head_known(&row)).then_some(row)
    });
    let named = !valued(first) && head_known(first) && first.iter().all(|cell| cell.len() <= 60);
    // A known head forgives uneven rows (commas in comments); without one the rows must agree.
    let agreeing = if named || comment_head.is_some() {
        even * 2 >= cells.len()
    } else {
        even * 5 >= cells.len() * 4
    };
    if !agreeing && !force {
        return None;
    }
    let (heads, headed) = match comment_head {
        Some(row) => (row, false),
        None if named => (first.clone(), true),
        None => {
            let headed = !valued(first) && cells.len() > 1 && first.iter().all(|c| c.len() <= 60);
            (if headed { first.clone() } else { Vec::new() }, headed)
        }
    };
    let body = &cells[usize::from(headed)..];
    let mut columns: Vec<Column> = (0..width)
        .map(|at| heads.get(at).map_or(Column::Unknown, |head| Column::of_head(head)))
        .collect();
    by_content(&mut columns, body);
    let told = columns.iter().any(|c| c.tells());
    if !told && !force {
        return None;
    }
    // Without a head one row is no table: `192.0.2.1, 192.0.2.2` is a list.
    if heads.is_empty() && !force {
        let all_values =
            body.iter().all(|row| row.iter().all(|cell| !values(cell, None).is_empty()));
        if all_values && (body.len() < 3 || width > 4) {
            return None;
        }
        let long = body
            .iter()
            .filter(|row| row.first().is_some_and(|c| c.split_whitespace().count() > 8))
            .count();
        if long * 4 > body.len() {
            return None;
        }
    }
    Some(Layout { delimiter, columns, heads, headed })
}

/// Recognises columns whose heads say nothing by what stands in them.
fn by_content(columns: &mut [Column], body: &[Vec<String>]) {
    if body.is_empty() {
        return;
    }
    for (at, column) in columns.iter_mut().enumerate() {
        let cells: Vec<&str> = body
            .iter()
            .filter_map(|row| row.get(at))
            .map(String::as_str)
            .filter(|c| !c.is_empty())
            .collect();
        if cells.is_empty() {
            continue;
        }
        let share = |fits: &dyn Fn(&str) -> bool| {
            cells.iter().filter(|c| fits(c)).count() * 100 / cells.len()
        };
        match *column {
            Column::Unknown => {
                if share(&|c| TypeWord::read(c).is_some()) >= 80 {
                    *column = Column::Type;
                } else if share(&|c| values(c, None).iter().any(|(e, _)| e.kind.is_observable()))
                    >= 60
                {
                    *column = Column::Value(None);
                } else if share(&|c| c.split_whitespace().count() >= 4) >= 50 {
                    *column = Column::Comment;
                }
            }
            // `source`, `link` and `host` are used for both; what stands there decides.
            Column::Source
                if share(&|c| values(c, None).iter().any(|(e, _)| e.kind == Kind::Ipv4Addr))
                    >= 80 =>
            {
                *column = Column::Value(None);
            }
            // "Indicator, Data": the first says of what kind the second is.
            Column::Value(None)
                if share(&|c| TypeWord::read(c).is_some()) >= 60
                    && share(&|c| values(c, None).iter().any(|(e, _)| e.kind.is_observable()))
                        < 20 =>
            {
                *column = Column::Type;
            }
            Column::Type
                if share(&|c| TypeWord::read(c).is_some()) < 20
                    && share(&|c| values(c, None).iter().any(|(e, _)| e.kind.is_observable()))
                        >= 60 =>
            {
                *column = Column::Value(None);
            }
            _ => {}
        }
    }
    // Two columns of values of no stated kind beside a stated one: only named ones count as network values.
    let values_without_link = columns.iter().any(|c| c.tells());
    if !values_without_link {
        for column in columns.iter_mut().filter(|c| **c == Column::Reference) {
            *column = Column::Value(Some(Kind::Url));
        }
    }
}

/// The values of one cell: one, or several where every piece is one (`sha256,sha1,md5`).
fn values(cell: &str, kind: Option<Kind>) -> Vec<(Entity, std::ops::Range<usize>)> {
    let whole = 0..cell.len();
    if cell.is_empty() {
        return Vec::new();
    }
    if let Some(entity) = classify(cell) {
        let entity = match kind {
            Some(kind) if kind != entity.kind => classify_as(cell, Some(kind)).unwrap_or(entity),
            _ => entity,
        };
        return vec![(entity, whole)];
    }
    if cell.len() >= 7 && cell.contains([',', ';', '|', ' ', '\n']) {
        let base = cell.as_ptr() as usize;
        let pieces: Option<Vec<_>> = cell
            .split([',', ';', '|', ' ', '\n', '\r'])
            .filter(|p| !p.is_empty())
            .map(|piece| {
                let at = piece.as_ptr() as usize - base;
                classify(piece).map(|entity| (entity, at..at + piece.len()))
            })
            .collect();
        if let Some(pieces) = pieces {
            return pieces;
        }
    }
    classify_as(cell, kind).map(|entity| (entity, whole)).into_iter().collect()
}

/// Reads a table part by part, with what must be known across parts.
pub(crate) struct Reader {
    layout: Layout,
    line: usize,
    row: u32,
    problems: usize,
    first: bool,
}

impl Reader {
    pub fn new(layout: Layout) -> Self {
        Self { layout, line: 1, row: 0, problems: 0, first: true }
    }

    /// Reads one part; its rows go on where the last part's ended.
    pub fn part(&mut self, input: &Input<'_>, out: &mut dyn FnMut(Item)) -> Reading {
        let document = Document::new(input.raw, input.name, Format::Table, input.text.to_owned());
        let mut reading = Reading::new(document, input.raw.to_vec());
        let mut rows = Rows::new(input.text, self.layout.delimiter, self.line);
        let mut fields = Vec::new();
        let mut markings: Vec<Marking> = Vec::new();
        while let Some(row) = rows.next(&mut fields) {
            match row {
                Row::Comment(range) => {
                    let span = Span::new(range.start, range.end);
                    reading.regions.push(Region { span, kind: RegionKind::Furniture });
                }
                Row::Broken(range) => {
                    let span = Span::new(range.start, range.end);
                    reading.regions.push(Region { span, kind: RegionKind::Prose });
                    self.problem(
                        input.name,
                        rows.line,
                        "a quote is not closed within 256 KiB; the line was read as text",
                        out,
                    );
                }
                Row::Fields(range) => {
                    if self.first && self.layout.headed {
                        self.first = false;
                        declare(&mut reading, range.start, range.end);
                        continue;
                    }
                    self.first = false;
                    let row = RowReader {
                        layout: &self.layout,
                        fields: &fields,
                        text: input.text,
                        row: self.row,
                    };
                    if let Some(wrong) = row.read(&mut reading, &mut markings, range) {
                        self.problem(input.name, rows.line, &wrong, out);
                    }
                    self.row += 1;
                }
            }
        }
        // The strictest marking of the rows is that of the whole.
        reading.document.marking = markings.into_iter().max();
        self.line += memchr::memchr_iter(b'\n', input.text.as_bytes()).count();
        reading
    }

    fn problem(&mut self, name: &str, line: usize, message: &str, out: &mut dyn FnMut(Item)) {
        self.problems += 1;
        if self.problems <= PROBLEMS {
            let problem =
                Problem::partial(name, ProblemKind::Malformed, message).at(format!("line {line}"));
            out(Item::Problem(problem));
        }
    }

    /// Says how many problems were not reported one by one.
    pub fn finish(&self, name: &str, out: &mut dyn FnMut(Item)) {
        if self.problems > PROBLEMS {
            let rest = self.problems - PROBLEMS;
            out(Item::Problem(Problem::partial(
                name,
                ProblemKind::Malformed,
                format!("{rest} more rows could not be read in full"),
            )));
        }
    }
}

/// Marks a range as told by claims; ranges that follow each other become one region.
fn declare(reading: &mut Reading, start: usize, end: usize) {
    if let Some(Region { span, kind: RegionKind::Declared }) = reading.regions.last_mut() {
        *span = Span::new(span.start as usize, end);
        return;
    }
    reading.regions.push(Region { span: Span::new(start, end), kind: RegionKind::Declared });
}

/// One row on its way to claims.
struct RowReader<'r, 't> {
    layout: &'r Layout,
    fields: &'r [Field<'t>],
    text: &'t str,
    row: u32,
}

impl RowReader<'_, '_> {
    fn cell(&self, wanted: Column) -> Option<&Field<'_>> {
        let at = self.layout.columns.iter().position(|c| *c == wanted)?;
        self.fields.get(at).filter(|f| !f.text.trim().is_empty())
    }

    fn date(&self, wanted: Column) -> Option<PartialDate> {
        dates::parse(&self.cell(wanted)?.text)
    }

    /// Makes the row's claims; says what is wrong with the row.
    fn read(
        &self,
        reading: &mut Reading,
        markings: &mut Vec<Marking>,
        range: std::ops::Range<usize>,
    ) -> Option<String> {
        let seen = self.date(Column::Seen);
        let period = Period {
            first: self.date(Column::First).or(seen),
            last: self.date(Column::Last).or(seen),
        };
        let confidence = self.cell(Column::Confidence).map(|f| f.text.trim().to_owned());
        let stated = confidence.as_deref().and_then(confidence_of);
        let said_by = self.cell(Column::Source).map(|f| f.text.trim().to_owned());
        let detect = self
            .cell(Column::Detect)
            .is_none_or(|f| !matches!(f.text.trim(), "0" | "false" | "False" | "no"));
        if let Some(marking) = self.cell(Column::Marking).and_then(|f| f.text.parse().ok()) {
            markings.push(marking);
        }
        let finish = |mut claim: Claim| {
            claim.period = period;
            claim.stated = stated;
            claim.stated_word.clone_from(&confidence);
            claim.said_by.clone_from(&said_by);
            claim
        };
        let kind_word = self.cell(Column::Type).map(|f| f.text.as_ref());
        let mut found: Vec<(Entity, Span)> = Vec::new();
        let mut systems: Vec<(Entity, Span)> = Vec::new();
        let several = self.layout.columns.iter().filter(|c| c.tells()).count() > 1;
        for (column, field) in self.layout.columns.iter().zip(self.fields) {
            let Column::Value(kind) = *column else { continue };
            let pieces = typed(&field.text, kind, kind_word);
            // A placeholder for a value that the source keeps to itself.
            if pieces.is_empty() && redacted(&field.text) {
                let kind = kind.or(kind_word.and_then(TypeWord::read).and_then(TypeWord::kind));
                reading.gaps.push(Gap {
                    kind: GapKind::Redacted,
                    what: kind.map_or("indicator", Kind::as_str).to_owned(),
                    entity_kind: kind,
                    count: Some(1),
                    shown: None,
                    span: Span::new(field.span.start, field.span.end),
                });
            }
            for (entity, at) in pieces {
                // A field with doubled quotes is not the source's text byte by byte.
                let span = match &field.text {
                    Cow::Borrowed(_) => {
                        Span::new(field.span.start + at.start, field.span.start + at.end)
                    }
                    Cow::Owned(_) => Span::new(field.span.start, field.span.end),
                };
                if several && entity.kind == Kind::AutonomousSystem {
                    systems.push((entity, span));
                } else {
                    found.push((entity, span));
                }
            }
        }
        for (entity, span) in &found {
            let role = match entity.kind {
                kind if !kind.is_observable() => Role::Subject,
                _ if detect => Role::Indicator,
                _ => Role::Unclear,
            };
            let mention = Claim::mention(entity.clone(), role, *span)
                .by("table:row", Confidence::percent(PRECISION));
            reading.claims.push(finish(mention));
        }
        self.relate(reading, &found, &systems, &finish);
        self.regions(reading, range);
        self.complaint(!found.is_empty())
    }

    /// Ties between the values of one row, and to what its other columns name.
    fn relate(
        &self,
        reading: &mut Reading,
        found: &[(Entity, Span)],
        systems: &[(Entity, Span)],
        finish: &dyn Fn(Claim) -> Claim,
    ) {
        let mut push = |subject: &Entity, relation, object: Entity, span| {
            let claim = Claim::new(subject.clone(), relation, object, span)
                .by("table:row", Confidence::percent(PRECISION));
            reading.claims.push(finish(claim));
        };
        let of_file = |kind: Kind| {
            kind.is_file_hash()
                || matches!(kind, Kind::Ssdeep | Kind::Imphash | Kind::FileName | Kind::FilePath)
        };
        let mut parts = found.iter().filter(|(e, _)| of_file(e.kind));
        if let Some((head, _)) = parts.find(|(e, _)| e.kind.is_file_hash()) {
            for (entity, span) in found {
                // Two hashes of one kind are two files.
                if of_file(entity.kind) && entity.kind != head.kind {
                    push(head, Relation::SameObject, entity.clone(), *span);
                }
            }
        }
        let address = |e: &Entity| matches!(e.kind, Kind::Ipv4Addr | Kind::Ipv6Addr);
        let addresses = || found.iter().filter(|(e, _)| address(e));
        for (name, _) in found.iter().filter(|(e, _)| e.kind == Kind::DomainName) {
            for (entity, span) in addresses() {
                push(name, Relation::ResolvesTo, entity.clone(), *span);
            }
        }
        for (system, span) in systems {
            for (entity, _) in addresses() {
                push(entity, Relation::BelongsTo, system.clone(), *span);
            }
        }
        for (column, kind) in [
            (Column::Malware, Kind::Malware),
            (Column::Actor, Kind::ThreatActor),
            (Column::Campaign, Kind::Campaign),
        ] {
            let Some(field) = self.cell(column) else { continue };
            let name = field.text.trim();
            if unknown(name) {
                continue;
            }
            let span = Span::new(field.span.start, field.span.end);
            for (entity, _) in found.iter().filter(|(e, _)| e.kind.is_observable()) {
                push(entity, Relation::Indicates, Entity::new(kind, name), span);
            }
        }
        if let Some(field) = self.cell(Column::Country) {
            let code = field.text.trim();
            if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) {
                let span = Span::new(field.span.start, field.span.end);
                for (entity, _) in addresses() {
                    push(
                        entity,
                        Relation::LocatedAt,
                        Entity::new(Kind::Location, code.to_ascii_uppercase()),
                        span,
                    );
                }
            }
        }
        if let Some(field) = self.cell(Column::Reference)
            && let Some(link) = classify(&field.text).filter(|e| e.kind == Kind::Url)
        {
            let span = Span::new(field.span.start, field.span.end);
            let claim = Claim::mention(link, Role::Reference, span)
                .by("table:row", Confidence::percent(PRECISION));
            reading.claims.push(finish(claim));
        }
    }

    fn regions(&self, reading: &mut Reading, range: std::ops::Range<usize>) {
        let mut from = range.start;
        for (at, field) in self.fields.iter().enumerate() {
            let column = self.layout.columns.get(at).copied().unwrap_or(Column::Comment);
            if field.span.is_empty() || !matches!(column, Column::Comment | Column::Unknown) {
                continue;
            }
            if from < field.span.start {
                declare(reading, from, field.span.start);
            }
            let span = Span::new(field.span.start, field.span.end);
            reading.regions.push(Region {
                span,
                kind: RegionKind::Cell {
                    row: self.row,
                    column: at as u32,
                    header: self.layout.heads.get(at).cloned(),
                },
            });
            if column == Column::Comment {
                reading.regions.push(Region { span, kind: RegionKind::Prose });
            }
            from = field.span.end;
        }
        if from < range.end && self.text.get(from..range.end).is_some() {
            declare(reading, from, range.end);
        }
    }

    fn complaint(&self, found: bool) -> Option<String> {
        let (have, want) = (self.fields.len(), self.layout.columns.len());
        let last_is_text =
            matches!(self.layout.columns.last(), Some(Column::Comment | Column::Unknown));
        if have > want && !last_is_text {
            return Some(format!("the row has {have} fields, the head {want}"));
        }
        if have < want && !found {
            return Some(format!(
                "the row has {have} fields, the head {want}, and no value was found"
            ));
        }
        None
    }
}

/// The values of a cell by its column's head and the row's type (`filename|sha256` is two).
fn typed(
    cell: &str,
    kind: Option<Kind>,
    word: Option<&str>,
) -> Vec<(Entity, std::ops::Range<usize>)> {
    let cell_trimmed = cell.trim();
    if unknown(cell_trimmed) {
        return Vec::new();
    }
    let Some(word) = word.filter(|_| kind.is_none()) else { return values(cell, kind) };
    if let (Some((left, right)), Some((a, b))) = (word.split_once('|'), cell.split_once('|')) {
        let second = a.len() + 1;
        let one =
            |text: &str, word: &str| values(text, TypeWord::read(word).and_then(TypeWord::kind));
        let mut both = one(a, left);
        both.extend(one(b, right).into_iter().map(|(e, r)| (e, r.start + second..r.end + second)));
        return both;
    }
    match TypeWord::read(word) {
        Some(word) => values(cell, word.kind()),
        None => values(cell, None),
    }
}

fn unknown(text: &str) -> bool {
    let word = text.trim().to_ascii_lowercase();
    matches!(
        word.as_str(),
        "" | "-"
            | "n/a"
            | "na"
            | "none"
            | "null"
            | "unknown"
            | "unknown malware"
            | "?"
            | "tbd"
            | "nan"
    )
}

fn redacted(text: &str) -> bool {
    let text = text.trim();
    text.strip_prefix(['<', '[']).and_then(|t| t.strip_suffix(['>', ']'])).is_some_and(|word| {
        let word = word.to_ascii_lowercase();
        TypeWord::read(&word).is_some()
            || matches!(word.as_str(), "redacted" | "removed" | "withheld" | "available on request")
    })
}

/// Confidence as words (`High`), percent (`75`, `75%`) or a probability (`0.75`).
fn confidence_of(text: &str) -> Option<Confidence> {
    Confidence::from_scale(text)
}
