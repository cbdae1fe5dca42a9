use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lapwing_extract::tagger::{Tag, Tagged};
use lapwing_model::Span;

use crate::Tally;

/// Agreement of spans by tag.
#[derive(Clone, Debug, Default)]
pub struct SpanTally {
    /// A tally for each tag.
    pub by_tag: BTreeMap<Tag, Tally>,
}

impl SpanTally {
    /// Adds a document: a span counts when both ends and the tag are those of the gold.
    pub fn add(&mut self, gold: &[(Span, Tag)], found: &[Tagged]) {
        let found: Vec<(Span, Tag)> = found.iter().map(|t| (t.span, t.tag)).collect();
        self.add_spans(gold, &found);
    }

    /// As [`Self::add`], of spans from elsewhere.
    pub fn add_spans(&mut self, gold: &[(Span, Tag)], found: &[(Span, Tag)]) {
        for tag in Tag::ALL {
            let of = |all: &[(Span, Tag)]| -> BTreeSet<Span> {
                all.iter().filter(|(_, t)| t == tag).map(|(span, _)| *span).collect()
            };
            self.by_tag.entry(*tag).or_default().compare(&of(gold), &of(found));
        }
    }

    /// The sum over the tags.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.by_tag.values() {
            total.add(*tally);
        }
        total
    }

    /// Precision, recall and F1 in total.
    pub fn line(&self) -> String {
        let total = self.total();
        format!("P {:.3} R {:.3} F1 {:.3}", total.precision(), total.recall(), total.f1())
    }

    /// A line for each tag and one for all.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for (tag, t) in &self.by_tag {
            let _ = writeln!(
                text,
                "{:<24} gold {:>5} found {:>5} P {:.3} R {:.3} F1 {:.3}",
                tag.as_str(),
                t.hits + t.missed,
                t.hits + t.wrong,
                t.precision(),
                t.recall(),
                t.f1()
            );
        }
        let _ = writeln!(text, "{:<24} {}", "all", self.line());
        text
    }
}
