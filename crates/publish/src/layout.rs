//! A page as blocks that every rendering understands; all strings in it are safe to show.

use std::collections::BTreeSet;

use crate::evidence::{Evidence, QuoteLine};
use crate::safe::{Safe, clean};

/// How a word is set off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Strong,
    Quiet,
    Good,
    Warn,
    Bad,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Strong => "strong",
            Tone::Quiet => "quiet",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// A value rather than words.
    pub(crate) code: bool,
    /// Probability in percent, shown as a bar.
    pub(crate) meter: Option<u8>,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(crate) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: true, ..Self::default() }
    }

    /// The likelihood word with its probability.
    pub(crate) fn likelihood(evidence: &Evidence) -> Self {
        let percent = (evidence.probability * 100.0).round() as u8;
        Self {
            text: format!("{}, {percent}%", evidence.likelihood_word()),
            meter: Some(percent),
            ..Self::default()
        }
    }

    /// How many origins and documents, and the doubts.
    pub(crate) fn weight(evidence: &Evidence) -> Self {
        let tone = if evidence.against > 0 { Tone::Warn } else { Tone::Plain };
        Self::new(evidence.weight()).tone(tone)
    }

    /// Whether it is one word that a line's end should not break.
    pub(crate) fn is_whole(&self) -> bool {
        self.text.len() <= 44 && !self.text.contains(' ')
    }

    /// Whether it fits a narrow column on one line.
    pub(crate) fn is_short(&self) -> bool {
        self.text.len() <= 22
    }

    pub(crate) fn percent(&self) -> u8 {
        self.meter.unwrap_or(0)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Quoted {
    pub(crate) text: String,
    pub(crate) by: String,
}

impl Quoted {
    /// Most quotes shown below one line; `explain` shows all.
    const MOST: usize = 6;

    pub(crate) fn all(evidence: &Evidence, safe: &Safe) -> Vec<Quoted> {
        Self::lines(&evidence.quotes, safe)
    }

    fn lines(quotes: &[QuoteLine], safe: &Safe) -> Vec<Quoted> {
        // One sentence often carries several claims: it is shown once.
        let mut seen = BTreeSet::new();
        let quotes: Vec<&QuoteLine> =
            quotes.iter().filter(|q| seen.insert((q.document, q.text.as_str()))).collect();
        let mut shown: Vec<Quoted> = quotes
            .iter()
            .take(Self::MOST)
            .map(|q| {
                let mut by = safe.prose(&clean(&q.label, 160));
                if let Some(who) = &q.said_by {
                    by.push_str(&format!(", quoting {}", safe.prose(&clean(who, 80))));
                }
                if let Some(word) = &q.stated_word {
                    by.push_str(&format!(", stated confidence: {}", safe.prose(&clean(word, 80))));
                }
                if q.polarity != lapwing_model::Polarity::Asserted {
                    by.push_str(&format!(", {}", q.polarity));
                }
                if q.basis == lapwing_model::Basis::Predicted {
                    by.push_str(", predicted");
                }
                by.push_str(&format!(", bytes {}–{}", q.span.start, q.span.end));
                Quoted { text: safe.prose(&clean(&q.text, 600)), by }
            })
            .collect();
        if quotes.len() > Self::MOST {
            shown.push(Quoted {
                text: String::new(),
                by: format!("{} more: lapwing explain", quotes.len() - Self::MOST),
            });
        }
        shown
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// What is said of the whole row, below it.
    pub(crate) note: String,
    pub(crate) quotes: Vec<Quoted>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
    /// What the notes are called where they stand in a column.
    pub(crate) notes: &'static str,
    /// The word before a note where it has no column.
    pub(crate) lead: &'static str,
    /// The command that shows what the terminal page leaves out.
    pub(crate) more: &'static str,
    /// Whether Markdown prints the quotes below the table.
    pub(crate) quote: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// A date or a mark that stands before the text.
    pub(crate) lead: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) quotes: Vec<Quoted>,
    pub(crate) below: Vec<String>,
}

impl Item {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Block {
    Prose(String),
    /// A remark on the table or list beside it.
    Remark(String),
    Items(Vec<Item>),
    Timeline(Vec<Item>),
    Table(Table),
}

#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) body: Vec<Block>,
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &'static str, body: Vec<Block>) -> Self {
        Self { id, title, body }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) marking: String,
    pub(crate) dated: String,
    /// Number and what it counts.
    pub(crate) figures: Vec<(usize, &'static str)>,
    pub(crate) sections: Vec<Section>,
    pub(crate) footer: String,
}
