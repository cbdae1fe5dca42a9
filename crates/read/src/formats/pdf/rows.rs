use std::collections::BTreeMap;

use super::words::Word;

/// Words on one baseline, from left to right.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub words: Vec<Word>,
    pub x: f64,
    pub end: f64,
    pub y: f64,
    /// The size in which most of its characters are set.
    pub size: f64,
}

/// A gap of this many ems within a row is more than a blank.
pub(super) const WIDE: f64 = 1.5;
/// Words closer than this, in ems, are one, unless a blank was drawn between them.
const CLOSE: f64 = 0.12;

impl Row {
    fn new(mut words: Vec<Word>) -> Option<Self> {
        words.sort_by(|a, b| a.x.total_cmp(&b.x));
        let first = words.first()?;
        let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
        for word in &words {
            *sizes.entry((word.size * 4.0).round() as u64).or_default() += word.text.len();
        }
        let size = sizes.iter().max_by_key(|(size, count)| (**count, **size));
        let size = size.map_or(first.size, |(s, _)| *s as f64 / 4.0).max(0.25);
        let end = words.iter().map(|w| w.end).fold(f64::MIN, f64::max);
        // Raised numbers stand beside the line, not on it.
        let y = words.iter().filter(|w| w.size >= size * 0.9).map(|w| w.y).fold(f64::MAX, f64::min);
        let y = if y < f64::MAX { y } else { first.y };
        let mut row = Self { x: first.x, end, y, size, words };
        row.settle_mono();
        Some(row)
    }

    /// Words that do not tell whether they are set as code go by their neighbours' width.
    fn settle_mono(&mut self) {
        let known = self.words.iter().filter(|w| w.mono == Some(true)).find_map(|w| w.advance);
        for word in &mut self.words {
            if word.mono.is_none() {
                let same = |a: f64| known.is_some_and(|k| (k - a).abs() < 2.0);
                word.mono = Some(word.advance.is_some_and(same));
            }
        }
    }

    /// What stands between a word and the one before it.
    pub fn blank_before(&self, at: usize) -> &'static str {
        let Some([before, word]) = at.checked_sub(1).and_then(|b| self.words.get(b..=at)) else {
            return "";
        };
        let gap = word.x - before.end;
        let raised = word.size < before.size * 0.8 && word.y > before.y + before.size * 0.15;
        if at == 1 && is_marker(&before.text) {
            " "
        } else if gap > self.size * WIDE && !self.is_stretched() {
            "\t"
        } else if word.spaced || raised || gap > word.size.max(before.size) * CLOSE {
            " "
        } else {
            ""
        }
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for (at, word) in self.words.iter().enumerate() {
            text.push_str(self.blank_before(at));
            text.push_str(&word.text);
        }
        text
    }

    fn share(&self, wanted: impl Fn(&Word) -> bool) -> f64 {
        let length = |w: &Word| w.text.len();
        let all: usize = self.words.iter().map(length).sum();
        let some: usize = self.words.iter().filter(|w| wanted(w)).map(length).sum();
        some as f64 / all.max(1) as f64
    }

    pub fn is_mono(&self) -> bool {
        self.share(|w| w.mono == Some(true)) > 0.95
    }

    pub fn is_bold(&self) -> bool {
        self.share(|w| w.bold) > 0.9
    }

    /// Whether it is stretched to the width of its column: all its gaps are wide, and alike.
    pub fn is_stretched(&self) -> bool {
        let gaps = || self.words.windows(2).map(|pair| pair[1].x - pair[0].end);
        let least = gaps().fold(f64::MAX, f64::min);
        let most = gaps().fold(0.0, f64::max);
        self.words.len() >= 3 && least > self.size * 0.3 && most - least < self.size * 0.1
    }

    /// Stretches without a gap of this many ems, as where they begin and end; the mark in front
    /// of a list's item belongs to what stands behind it.
    pub fn runs(&self, gap: f64) -> Vec<(f64, f64)> {
        let mut runs: Vec<(f64, f64)> = Vec::new();
        if self.is_stretched() {
            return vec![(self.x, self.end)];
        }
        for (at, word) in self.words.iter().enumerate() {
            let marked = at == 1 && is_marker(&self.words[0].text);
            match runs.last_mut() {
                Some(run) if marked || word.x - run.1 < gap * self.size => {
                    run.1 = run.1.max(word.end);
                }
                _ => runs.push((word.x, word.end)),
            }
        }
        runs
    }

    /// The words between two places, as a row of their own.
    pub fn between(&self, from: f64, to: f64) -> Option<Self> {
        let inside = |w: &&Word| (from..to).contains(&f64::midpoint(w.x, w.end));
        Self::new(self.words.iter().filter(inside).cloned().collect())
    }

    /// The row without some of its words.
    pub fn without(self, gone: impl Fn(&Word) -> bool) -> Option<Self> {
        Self::new(self.words.into_iter().filter(|w| !gone(w)).collect())
    }
}

/// Puts words on one baseline together, from the top of the page to its foot.
pub(super) fn rows(mut words: Vec<Word>) -> Vec<Row> {
    words.sort_by(|a, b| b.y.total_cmp(&a.y).then(a.x.total_cmp(&b.x)));
    let mut rows = Vec::new();
    let mut open: Vec<Word> = Vec::new();
    // The word that the others are measured by: the largest.
    let (mut y, mut size) = (0.0, 0.0);
    for word in words {
        let (large, small) = (word.size.max(size), word.size.min(size));
        let reach = if large < small * 2.0 { large * 0.45 } else { small * 0.3 };
        if !open.is_empty() && (y - word.y) >= reach {
            rows.extend(Row::new(std::mem::take(&mut open)));
        }
        if open.is_empty() || word.size > size * 1.05 {
            (y, size) = (word.y, word.size);
        }
        open.push(word);
    }
    rows.extend(Row::new(open));
    rows
}

/// Whether a word is the mark of a list's item: a bullet, or a number with a stop.
pub(super) fn is_marker(word: &str) -> bool {
    let number = word.trim_start_matches('(').trim_end_matches(['.', ')']);
    is_bullet(word)
        || (number.len() < word.len()
            && (1..=3).contains(&number.len())
            && (number.bytes().all(|b| b.is_ascii_digit())
                || number.len() == 1 && number.bytes().all(|b| b.is_ascii_alphabetic())
                || number.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'))))
}

/// Whether a word is a bullet (those of the symbol fonts of word processors included).
pub(super) fn is_bullet(word: &str) -> bool {
    let mut letters = word.chars();
    let single = letters.next().filter(|_| letters.next().is_none());
    single.is_some_and(|c| {
        matches!(
            c,
            '•' | '▪'
                | '◦'
                | '●'
                | '‣'
                | '–'
                | '○'
                | '■'
                | '□'
                | '➢'
                | '►'
                | '▶'
                | '·'
                | '*'
                | 'o'
        ) || ('\u{f000}'..='\u{f0ff}').contains(&c)
    })
}
