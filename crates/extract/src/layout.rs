//! Where something stands: under which heading, in which column, in which kind of region.

mod heading;
mod signature;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lapwing_model::{Claim, Format, Kind, Reading, Region, RegionKind, Span};

pub(crate) use heading::{Head, Sort, Topic, head};

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
    /// Number of the section of which it is a part.
    within: Option<usize>,
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
    /// What the head of the column tells of hosts and files.
    pub(crate) column_sort: Sort,
    pub(crate) furniture: bool,
    pub(crate) references: bool,
    /// Below "Regards," and the like: who wrote a letter.
    pub(crate) signature: bool,
    /// Target of the link of which this is the visible text.
    pub(crate) link: Option<&'r str>,
    pub(crate) in_heading: bool,
    /// In a block of code that the text shows.
    pub(crate) code: bool,
}

/// The structure of a reading's text.
pub(crate) struct Layout<'r> {
    text: &'r str,
    sections: Vec<Section>,
    declared: Vec<Span>,
    furniture: Vec<Span>,
    references: Vec<Span>,
    code: Vec<Span>,
    signatures: Vec<Span>,
    headings: Vec<Span>,
    links: Vec<(Span, &'r str)>,
    cells: Vec<Cell<'r>>,
}

/// A cell of a table.
#[derive(Clone, Copy, Debug)]
struct Cell<'r> {
    span: Span,
    row: u32,
    /// Text of the column's head, and what it tells.
    head: Option<(&'r str, Head)>,
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
            signatures: signature::signatures(text),
            headings: Vec::new(),
            links: Vec::new(),
            cells: Vec::new(),
        };
        let mut heads: Vec<(Span, u8)> = Vec::new();
        // A table has few columns and many cells: each head is read once.
        let mut columns: HashMap<&str, Head, FixedState> = HashMap::default();
        for region in &reading.regions {
            match &region.kind {
                RegionKind::Heading { level } => heads.push((region.span, *level)),
                RegionKind::Link { target } => layout.links.push((region.span, target)),
                RegionKind::Cell { row, header, .. } => {
                    let head = header
                        .as_deref()
                        .map(|h| (h, *columns.entry(h).or_insert_with(|| head(h))));
                    layout.cells.push(Cell { span: region.span, row: *row, head });
                }
                _ => {}
            }
        }
        layout.links.sort();
        layout.cells.sort_by_key(|c| (c.span, c.row));
        layout.headings = heads.iter().map(|(span, _)| *span).collect();
        layout.headings.sort();
        // Heads of columns are told in texts, too, that mark no heading.
        let marked = heads.iter().any(|(_, level)| *level != 6);
        let data = reading.document.format == Format::Data;
        layout.heads_of_lines(data, marked, &mut heads);
        heads.sort();
        heads.dedup_by_key(|(span, _)| span.start);
        // The head of a column speaks for its cells, not for what follows the table.
        heads.retain(|(span, level)| {
            let title = span.slice(text).unwrap_or_default().trim_matches('*');
            *level != 6 || !columns.contains_key(title)
        });
        layout.nest(&heads);
        layout
    }

    /// Lines that are headings by their look: `== Hashes`, `# Hashes`, `Domains:`.
    fn heads_of_lines(&self, data: bool, marked: bool, heads: &mut Vec<(Span, u8)>) {
        // What a key of YAML or JSON heads are the values of its own: its cells know it.
        if data {
            return;
        }
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
            } else if (shown.ends_with([':', '\u{ff1a}']) && shown.len() <= 80)
                || shown.ends_with(":**")
            {
                let title = shown.trim_start_matches(['-', '*', ' ']);
                let told = head(title);
                if told.topic != Topic::Neutral || told.sort != Sort::Any {
                    heads.push((span, 7));
                }
            } else if !marked
                && shown.len() <= 80
                && !heading::numbered(shown).contains(['.', '|', '/', '@', ','])
                && !heading::numbered(shown).trim_end_matches(':').contains([':', '='])
                && marks == 0
            {
                let title = heading::numbered(shown);
                let words = title.split_whitespace().count();
                let title = title.trim_matches(['*', '_', '-', '=', ' ']);
                if words <= 6
                    && title.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
                    && head(title).topic != Topic::Neutral
                {
                    heads.push((span, 2));
                }
            }
        }
    }

    fn nest(&mut self, heads: &[(Span, u8)]) {
        let mut above: Vec<(usize, Section)> = Vec::new();
        let highest = heads.iter().map(|(_, level)| *level).min();
        for (at, (title, level)) in heads.iter().enumerate() {
            let words = title.slice(self.text).unwrap_or_default();
            while above.last().is_some_and(|(_, s)| s.level >= *level) {
                above.pop();
            }
            let mut told = head(words);
            // The title of a document says what happened, in words that elsewhere head a list: "How a
            // shop's victims paid", "Patches for …". Only "Indicators of …" speaks for all below.
            let titles = at == 0
                && heads.len() > 1
                && Some(*level) == highest
                && heads.get(1).is_some_and(|(_, next)| next > level)
                && words.split_whitespace().count() > 3;
            if titles && told.topic < Topic::Mutexes {
                told.topic = Topic::Neutral;
            }
            let mut section = Section {
                start: title.start as usize,
                title: *title,
                level: *level,
                topic: told.topic,
                sort: told.sort,
                decided_by: *title,
                within: None,
            };
            if let Some((number, parent)) = above.last() {
                section.within = Some(*number);
                if section.topic == Topic::Neutral {
                    section.topic = parent.topic;
                    section.decided_by = parent.decided_by;
                }
                if section.sort == Sort::Any && section.level == 7 {
                    section.sort = parent.sort;
                }
            }
            above.push((self.sections.len(), section));
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

    /// Whether the span touches a heading.
    pub(crate) fn is_heading(&self, span: Span) -> bool {
        let before = self.sections.partition_point(|s| s.title.start < span.end);
        before
            .checked_sub(1)
            .and_then(|i| self.sections.get(i))
            .is_some_and(|s| s.title.end > span.start)
    }

    /// The headings under which the span stands, the nearest first, without the one that opens the text.
    pub(crate) fn above(&self, span: Span) -> impl Iterator<Item = Span> {
        let after = self.sections.partition_point(|s| s.start <= span.start as usize);
        let mut next = after.checked_sub(1);
        std::iter::from_fn(move || {
            let number = next.filter(|number| *number > 0)?;
            let section = self.sections.get(number)?;
            next = section.within;
            Some(section.title)
        })
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
        self.cell(span).map(|(_, cell)| cell.row)
    }

    /// Head of the column in which the span stands.
    pub(crate) fn column(&self, span: Span) -> Option<(&'r str, Head)> {
        self.cell(span).and_then(|(_, cell)| cell.head)
    }

    /// The cells of the row in which the span stands, from first to last.
    pub(crate) fn row_span(&self, span: Span) -> Option<Span> {
        const WIDEST: usize = 64;
        let (at, cell) = self.cell(span)?;
        let same = |c: &&Cell<'_>| c.row == cell.row;
        let before = self.cells[..at].iter().rev().take(WIDEST).take_while(same).last();
        let after = self.cells[at..].iter().take(WIDEST).take_while(same).last();
        Some(Span {
            start: before.map_or(cell.span.start, |c| c.span.start),
            end: after.map_or(cell.span.end, |c| c.span.end),
        })
    }

    /// The cells of the row in which the span stands, with their column heads.
    pub(crate) fn row_cells(&self, span: Span) -> impl Iterator<Item = (Span, Option<&'r str>)> {
        let row = self.row_span(span);
        let from = row.map_or(0, |row| self.cells.partition_point(|c| c.span.start < row.start));
        self.cells[from..]
            .iter()
            .take_while(move |c| row.is_some_and(|row| c.span.end <= row.end))
            .map(|c| (c.span, c.head.map(|(title, _)| title)))
    }

    /// Each cell of a table and the next one of its row.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = (Span, Span)> {
        self.cells.windows(2).filter_map(|pair| match pair {
            [one, next] if one.row == next.row && one.span.end <= next.span.start => {
                Some((one.span, next.span))
            }
            _ => None,
        })
    }

    /// What stands in the row of the span, as far as 400 bytes on either side.
    pub(crate) fn row_text(&self, span: Span) -> Option<&'r str> {
        const REACH: usize = 400;
        let row = self.row_span(span)?;
        let mut from = (row.start as usize).max((span.start as usize).saturating_sub(REACH));
        let mut to = (row.end as usize).min(span.end as usize + REACH);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        while !self.text.is_char_boundary(to) {
            to -= 1;
        }
        self.text.get(from..to)
    }

    /// The whole of a file's name with blanks in it, where it fills its cell: "May list.docx".
    pub(crate) fn whole_name(&self, claim: &Claim) -> Option<(String, Span)> {
        const MOST_WORDS: usize = 10;
        if claim.subject.kind != Kind::FileName {
            return None;
        }
        let (_, cell) = self.cell(claim.span)?;
        let text = cell.span.slice(self.text)?;
        let bare = text.trim_matches(['`', '*', '"', '\'', '“', '”', ' ']);
        let words = bare.split(' ').count();
        let fills = bare.ends_with(&claim.subject.value)
            && (2..=MOST_WORDS).contains(&words)
            && !bare.contains([':', ',', ';', '/', '\\', '|', '<', '>', '\n', '(', '[', '='])
            && bare.matches('.').count() == claim.subject.value.matches('.').count();
        // In a column of descriptions the words before the name are words.
        let titled = cell
            .head
            .is_some_and(|(_, head)| head.topic == Topic::Indicators || head.sort == Sort::File);
        let said = ["the", "a", "an", "file", "named", "called", "drops"];
        let words_only = !bare.split(' ').any(|w| said.contains(&w));
        let at = cell.span.start as usize + (bare.as_ptr() as usize - text.as_ptr() as usize);
        (fills && titled && words_only).then(|| (bare.to_owned(), Span::new(at, at + bare.len())))
    }

    fn cell(&self, span: Span) -> Option<(usize, &Cell<'r>)> {
        let after = self.cells.partition_point(|c| c.span.start <= span.start);
        let at = after.checked_sub(1)?;
        self.cells.get(at).filter(|c| c.span.contains(span)).map(|c| (at, c))
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
                .filter(|cell| cell.head.is_some_and(|(_, h)| h.topic == topic))
                .map(|cell| cell.span),
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
            column_sort: Sort::Any,
            furniture: overlaps(&self.furniture, span),
            references: overlaps(&self.references, span),
            signature: overlaps(&self.signatures, span),
            link: None,
            in_heading: overlaps(&self.headings, span),
            code: overlaps(&self.code, span),
        };
        if let Some((title, told)) = self.column(span) {
            place.column = Some(title);
            place.column_sort = told.sort;
            if told.sort != Sort::Any {
                place.sort = told.sort;
            }
            // A column "SHA-1" below "Clean files" or "Certificates" accuses nothing.
            let kept = matches!(place.topic, Topic::Benign | Topic::Certificates)
                && told.topic == Topic::Indicators;
            if told.topic != Topic::Neutral && !kept {
                place.topic = told.topic;
                place.decided_by = title;
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

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::Document;

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
