use lapwing_model::{DocumentId, Gap};
use serde::Serialize;

use crate::evidence::Index;
use crate::layout::{Block, Item, Section, Tone};
use crate::safe::{Safe, clean_name};
use crate::words;

/// Something that is declared and not shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GapLine {
    /// The gap as a sentence.
    pub sentence: String,
    /// The document that has it.
    pub document: DocumentId,
    /// The gap.
    #[serde(flatten)]
    pub gap: Gap,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<GapLine> {
    let mut lines: Vec<GapLine> = index
        .picture
        .gaps
        .iter()
        .map(|(id, gap)| {
            let document = index.document(*id);
            let who = document.and_then(|d| d.source.as_deref()).unwrap_or("The document");
            let label = document.map_or("a document", |d| d.label.as_str());
            let sentence = words::gap(gap, &clean_name(who), &clean_name(label));
            GapLine { sentence, document: *id, gap: gap.clone() }
        })
        .collect();
    lines.sort_by(|a, b| (&a.sentence, a.document).cmp(&(&b.sentence, b.document)));
    lines.dedup();
    lines
}

pub(crate) fn section(gaps: &[GapLine], safe: &Safe) -> Option<Section> {
    if gaps.is_empty() {
        return None;
    }
    let items = gaps
        .iter()
        .map(|g| Item { tone: Tone::Warn, ..Item::new(safe.prose(&g.sentence)) })
        .collect();
    Some(Section::new("gaps", "Known to be missing", vec![Block::Items(items)]))
}
