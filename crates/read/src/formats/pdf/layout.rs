use std::collections::BTreeMap;

use lapwing_model::{Region, RegionKind, Span};

use super::glyphs::Page;

/// The text of a file with its structure.
pub(super) struct Laid {
    pub text: String,
    pub regions: Vec<Region>,
    pub title: Option<String>,
}

#[derive(Debug)]
struct Line {
    text: String,
    x: f64,
    y: f64,
    size: f64,
    page: usize,
    /// At the top or foot of its page.
    edge: bool,
    /// Several segments with wide gaps: a row of a table.
    row: bool,
}

/// Puts segments together to lines, lines to paragraphs.
pub(super) fn lay_out(pages: &[Page]) -> Laid {
    let mut lines = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        lines.extend(lines_of(page, at));
    }
    let body = body_size(&lines);
    let repeated = repeated(&lines, pages.len());
    let mut laid = Laid { text: String::new(), regions: Vec::new(), title: None };
    let mut page = 0;
    let mut open: Option<(usize, RegionKind)> = None;
    let mut before: Option<&Line> = None;
    let mut largest = 0.0;
    for line in &lines {
        if line.page != page {
            close(&mut laid, &mut open);
            laid.text.push('\x0c');
            page = line.page;
            before = None;
        }
        let furniture = line.edge && repeated.contains_key(&skeleton(&line.text));
        let kind = if furniture { RegionKind::Furniture } else { kind_of(line, body) };
        let goes_on = before.is_some_and(|b| continues(b, line))
            && open.as_ref().is_some_and(|(_, k)| *k == kind)
            && !furniture
            && !line.row;
        if goes_on {
            if joins(&laid.text, &line.text) {
                laid.text.pop();
            } else {
                laid.text.push('\n');
            }
        } else {
            close(&mut laid, &mut open);
            open = Some((laid.text.len(), kind.clone()));
        }
        let start = laid.text.len();
        laid.text.push_str(&line.text);
        if line.page == 0
            && !furniture
            && line.size > largest * 1.05
            && line.size > body * 1.2
            && line.text.len() > 3
        {
            largest = line.size;
            laid.title = Some(line.text.clone());
        } else if line.page == 0
            && goes_on
            && laid.title.is_some()
            && (line.size - largest).abs() < 0.2
            && matches!(kind, RegionKind::Heading { .. })
        {
            let from = open.as_ref().map_or(start, |(s, _)| *s);
            laid.title = laid.text.get(from..).map(|t| t.replace('\n', " "));
        }
        before = Some(line);
    }
    close(&mut laid, &mut open);
    laid
}

fn close(laid: &mut Laid, open: &mut Option<(usize, RegionKind)>) {
    if let Some((start, kind)) = open.take() {
        let span = Span::new(start, laid.text.len());
        laid.regions.push(Region { span, kind });
        laid.text.push('\n');
        if !matches!(laid.regions.last().map(|r| &r.kind), Some(RegionKind::ListItem)) {
            laid.text.push('\n');
        }
    }
}

fn lines_of(page: &Page, at: usize) -> Vec<Line> {
    let mut lines: Vec<(Line, f64)> = Vec::new();
    for segment in &page.segments {
        let words = segment.text.trim();
        if words.is_empty() {
            continue;
        }
        if let Some((line, end)) = lines.last_mut() {
            let same = (line.y - segment.y).abs() < line.size.max(segment.size) * 0.35
                && segment.x > *end - segment.size;
            if same {
                let wide = segment.x - *end > segment.size * 1.5;
                line.row |= wide;
                line.text.push(if wide { '\t' } else { ' ' });
                line.text.push_str(words);
                line.size = line.size.max(segment.size);
                *end = segment.end;
                continue;
            }
        }
        let line = Line {
            text: words.to_owned(),
            x: segment.x,
            y: segment.y,
            size: segment.size,
            page: at,
            edge: false,
            row: false,
        };
        lines.push((line, segment.end));
    }
    let mut lines: Vec<Line> = lines.into_iter().map(|(line, _)| line).collect();
    // The three lines nearest to either edge may be the page's head and foot.
    let mut heights: Vec<f64> = lines.iter().map(|l| l.y).collect();
    heights.sort_by(f64::total_cmp);
    heights.dedup_by(|a, b| (*a - *b).abs() < 2.0);
    let low = heights.get(2.min(heights.len().saturating_sub(1))).copied().unwrap_or(0.0);
    let high = heights.get(heights.len().saturating_sub(3)).copied().unwrap_or(0.0);
    for line in &mut lines {
        line.edge = line.y <= low + 1.0 || line.y >= high - 1.0;
    }
    lines
}

/// The size in which most characters are set.
fn body_size(lines: &[Line]) -> f64 {
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    for line in lines {
        *sizes.entry((line.size * 2.0).round() as u64).or_default() += line.text.len();
    }
    let most = sizes.iter().max_by_key(|(size, count)| (**count, std::cmp::Reverse(**size)));
    most.map_or(10.0, |(size, _)| *size as f64 / 2.0)
}

/// A line without its numbers: `Page 3 of 9` and `Page 4 of 9` are one.
fn skeleton(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit() && !c.is_whitespace()).collect()
}

/// Lines at page edges that stand on half of the pages, of three at least.
fn repeated(lines: &[Line], pages: usize) -> BTreeMap<String, usize> {
    let mut seen: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in lines.iter().filter(|l| l.edge) {
        let entry = seen.entry(skeleton(&line.text)).or_insert((0, usize::MAX));
        if entry.1 != line.page {
            *entry = (entry.0 + 1, line.page);
        }
    }
    seen.into_iter()
        .map(|(text, (count, _))| (text, count))
        .filter(|(_, n)| *n >= 3 && *n * 2 >= pages)
        .collect()
}

fn kind_of(line: &Line, body: f64) -> RegionKind {
    let words = line.text.trim();
    if line.size >= body * 1.15 && words.len() < 160 && words.chars().any(char::is_alphabetic) {
        let level = if line.size >= body * 1.7 {
            1
        } else if line.size >= body * 1.35 {
            2
        } else {
            3
        };
        return RegionKind::Heading { level };
    }
    if words.starts_with(['•', '▪', '◦', '●', '\u{f0b7}', '‣', '–']) || words.starts_with("o ")
    {
        return RegionKind::ListItem;
    }
    RegionKind::Prose
}

/// Whether a line goes on in the next: same size, next line down, about the same left edge.
fn continues(before: &Line, line: &Line) -> bool {
    let step = before.y - line.y;
    let size = before.size.max(line.size);
    (before.size - line.size).abs() < size * 0.12
        && step > size * 0.5
        && step < size * 1.75
        && (line.x - before.x).abs() < size * 6.0
        && !before.row
        && !line.text.starts_with(['•', '▪', '◦', '●', '\u{f0b7}', '‣'])
}

/// Whether a word is broken over two lines: letters, a hyphen, small letters; never in a value.
fn joins(text: &str, next: &str) -> bool {
    let Some(head) = text.strip_suffix('-') else { return false };
    let word = head.rsplit(char::is_whitespace).next().unwrap_or("");
    let tail =
        next.split_whitespace().next().unwrap_or("").trim_end_matches(['.', ',', ';', ':', ')']);
    let letters = |w: &str| w.len() >= 2 && w.chars().all(char::is_alphabetic);
    // `end-to-` and `sub-domain.example` keep their hyphens.
    letters(word) && letters(tail) && tail.starts_with(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::joins;

    #[test]
    fn words_are_joined_and_values_are_not() {
        assert!(joins("the infra-", "structure of"));
        assert!(!joins("see example.com/a-", "b"));
        assert!(!joins("CVE-2021-", "26855"));
        assert!(!joins("end-to-", "end"));
        assert!(!joins("my-", "site.example.org"));
    }
}
