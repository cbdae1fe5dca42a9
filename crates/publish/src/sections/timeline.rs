use lapwing_model::{Fact, Object, PartialDate, Relation};
use serde::Serialize;

use crate::evidence::{Class, Evidence, Index};
use crate::layout::{Block, Item, Quoted, Section, Tone};
use crate::safe::Safe;
use crate::words;

/// Something that happened on a day, as exactly as known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// When.
    pub date: PartialDate,
    /// `first-seen`, `last-seen`, `fixed-on` or `published`.
    pub what: String,
    /// What happened, as a sentence.
    pub sentence: String,
    /// What stands behind it; `None` for a publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<Moment> {
    // The dates of single values stand with the indicators, or they would drown the story.
    let tells = |f: &Fact| !f.subject.kind.is_observable() || f.subject == index.picture.subject;
    let dated = index.of(Class::Date).filter(|(_, fact)| tells(fact));
    let mut moments: Vec<Moment> = dated.filter_map(|(_, fact)| moment(index, fact)).collect();
    let published = index.picture.documents.iter().filter_map(|d| {
        let who = d.source.as_deref().map_or(String::new(), |s| format!("{s} publishes "));
        let label = words_name(&d.label);
        let sentence = if who.is_empty() {
            format!("“{label}” is published.")
        } else {
            format!("{}“{label}”.", words_name(&who) + " ")
        };
        Some(Moment { date: d.published?, what: "published".to_owned(), sentence, evidence: None })
    });
    moments.extend(published);
    moments.sort_by(|a, b| {
        let key = |m: &Moment| (m.date.first_day(), m.date, m.what == "published");
        key(a).cmp(&key(b)).then_with(|| a.sentence.cmp(&b.sentence))
    });
    moments.dedup_by(|a, b| a.date == b.date && a.sentence == b.sentence);
    moments
}

fn words_name(text: &str) -> String {
    crate::safe::clean(text, 160)
}

fn moment(index: &Index<'_>, fact: &Fact) -> Option<Moment> {
    let Object::Text(text) = &fact.object else { return None };
    let date: PartialDate = text.parse().ok()?;
    let phrase = words::subject_phrase(&fact.subject, fact.relation, index.knowledge);
    let sentence = match fact.relation {
        Relation::FirstSeen => format!("{} is first seen.", words::capital(&phrase)),
        Relation::LastSeen => format!("{} is last seen.", words::capital(&phrase)),
        _ => format!("A fix for {phrase} is out."),
    };
    let evidence = Some(index.evidence(&[fact]));
    Some(Moment { date, what: fact.relation.to_string(), sentence, evidence })
}

pub(crate) fn section(moments: &[Moment], safe: &Safe) -> Option<Section> {
    if moments.is_empty() {
        return None;
    }
    let items = moments
        .iter()
        .map(|m| {
            let text = match &m.evidence {
                Some(e) => {
                    format!("{} {} ({})", m.sentence, said_by(e), e.weight())
                }
                None => m.sentence.clone(),
            };
            Item {
                lead: Some(m.date.to_string()),
                tone: if m.evidence.is_some() { Tone::Plain } else { Tone::Quiet },
                quotes: m.evidence.as_ref().map_or_else(Vec::new, |e| Quoted::all(e, safe)),
                ..Item::new(safe.prose(&text))
            }
        })
        .collect();
    Some(Section::new("timeline", "Timeline", vec![Block::Timeline(items)]))
}

fn said_by(evidence: &Evidence) -> String {
    let who = words::join(&evidence.said_by, 3);
    match (who.is_empty(), evidence.only_predicted()) {
        (true, _) => String::new(),
        (false, true) => format!("Predicted by {who}."),
        (false, false) => format!("Said by {who}."),
    }
}
