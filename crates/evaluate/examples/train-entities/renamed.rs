//! Copies of the reports in which names are others of their kind, so that the model learns from what stands
//! around a name and from its shape, not the name itself: seventy reports name few things, and each of them
//! often. Dai and Adel, "An analysis of simple data augmentation for named entity recognition" (2020).

use std::collections::{BTreeMap, BTreeSet};

use lapwing_evaluate::entities::annoctr::Annotated;
use lapwing_extract::tagger::Tag;
use lapwing_knowledge::Knowledge;
use lapwing_model::{Kind, Span};

use crate::crf::Random;

/// A name of the reports themselves stands so often among those to choose from.
const OWN: usize = 2;
/// In a thousand names of a report so many get another.
const SHARE: usize = 800;
/// Ends of the adjectives of countries and peoples.
const ADJECTIVES: &[&str] =
    &["ese", "ish", "ian", "ean", "can", "man", "nch", "li", "qi", "ni", "tch", "zbek"];
/// A place of at most so many letters is written as an abbreviation.
const ABBREVIATION: usize = 4;

/// What may stand for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Name(Tag),
    SectorWithCapital,
    SectorInPlural,
    SectorOfWords,
    Sector,
    Place,
    PlaceAdjective,
    PlaceAbbreviated,
}

impl Sort {
    fn of(tag: Tag, shown: &str) -> Option<Self> {
        let capital = shown.starts_with(char::is_uppercase);
        match tag {
            Tag::Group | Tag::Malware | Tag::Tool | Tag::Organization => {
                capital.then_some(Self::Name(tag))
            }
            Tag::Sector if capital => Some(Self::SectorWithCapital),
            Tag::Sector if shown.ends_with('s') => Some(Self::SectorInPlural),
            Tag::Sector if shown.contains(' ') => Some(Self::SectorOfWords),
            Tag::Sector => Some(Self::Sector),
            Tag::Location if !capital => None,
            Tag::Location if ADJECTIVES.iter().any(|end| shown.ends_with(end)) => {
                Some(Self::PlaceAdjective)
            }
            Tag::Location if shown.len() <= ABBREVIATION || shown.contains('.') => {
                Some(Self::PlaceAbbreviated)
            }
            Tag::Location => Some(Self::Place),
            _ => None,
        }
    }
}

/// Names to choose from.
pub struct Names(BTreeMap<Sort, Vec<String>>);

impl Names {
    /// The names of the tables, and those of `reports`.
    pub fn of(reports: &[&Annotated]) -> Self {
        let mut names = Self(BTreeMap::new());
        for name in Knowledge::builtin().names() {
            let shown = name.surface.as_str();
            // Everyday words that are names too would teach that such a word always is one.
            if name.ambiguous || !shown.is_ascii() || !(3..30).contains(&shown.len()) {
                continue;
            }
            match tag(name.entity.kind) {
                Some(Tag::Sector) => {
                    let (head, rest) = shown.split_at(1);
                    names.add(Tag::Sector, shown);
                    names.add(Tag::Sector, &(head.to_uppercase() + rest));
                }
                Some(tag) if tag == Tag::Location || shown.len() > 3 => names.add(tag, shown),
                _ => {}
            }
        }
        for report in reports {
            let own: BTreeSet<(Tag, &str)> = report
                .gold
                .iter()
                .map(|(span, tag)| (*tag, span.slice(&report.text).unwrap_or_default()))
                .filter(|(tag, shown)| {
                    shown.len() < 40 && (*tag == Tag::Location || shown.len() > 3)
                })
                .filter(|(_, shown)| !shown.contains('\n'))
                .collect();
            for (tag, shown) in own {
                (0..OWN).for_each(|_| names.add(tag, shown));
            }
        }
        names
    }

    fn add(&mut self, tag: Tag, shown: &str) {
        if let Some(sort) = Sort::of(tag, shown) {
            self.0.entry(sort).or_default().push(shown.to_owned());
        }
    }

    /// The report with other names: each name everywhere by the same other one.
    pub fn renamed(&self, report: &Annotated, random: &mut Random) -> Annotated {
        let mut others: BTreeMap<(Tag, &str), &str> = BTreeMap::new();
        let (mut text, mut gold) = (String::new(), Vec::new());
        let mut at = 0;
        for (span, tag) in &report.gold {
            text.push_str(report.text.get(at..span.start as usize).unwrap_or_default());
            at = span.end as usize;
            let shown = span.slice(&report.text).unwrap_or_default();
            let start = text.len();
            let all = Sort::of(*tag, shown).and_then(|sort| self.0.get(&sort));
            text.push_str(match all {
                Some(all) => others.entry((*tag, shown)).or_insert_with(|| {
                    let other = random.below(1000) < SHARE;
                    if other { &all[random.below(all.len())] } else { shown }
                }),
                None => shown,
            });
            gold.push((Span::new(start, text.len()), *tag));
        }
        text.push_str(report.text.get(at..).unwrap_or_default());
        Annotated { name: report.name.clone(), text, gold }
    }
}

fn tag(kind: Kind) -> Option<Tag> {
    Some(match kind {
        Kind::ThreatActor => Tag::Group,
        Kind::Malware => Tag::Malware,
        Kind::Tool => Tag::Tool,
        Kind::Identity => Tag::Organization,
        Kind::Sector => Tag::Sector,
        Kind::Location => Tag::Location,
        _ => return None,
    })
}
