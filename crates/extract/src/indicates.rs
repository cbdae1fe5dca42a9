//! What the indicators of a report point to: the activity that the report is about.
//!
//! A report on a malware or an actor seldom says of each address whose it is; it lists them. That
//! the list belongs to the report's subject is what a reader takes from it, and as sure as that. Under
//! a heading that names another activity, the list is of that one.

use lapwing_model::{Claim, Confidence, Entity, Kind, Reading, Relation, Role, Span};

use crate::layout::Layout;
use crate::mention::Mention;

/// How sure it is where the title names one subject, where it names several, and where only the
/// text speaks of it most.
const TITLED: u8 = 75;
const SEVERAL: u8 = 60;
const SPOKEN_OF: u8 = 55;
/// How sure it is where the heading above names one, and where it names several.
const HEADED: u8 = 72;
const HEADED_SEVERAL: u8 = 58;
/// So often the text has to name it then.
const OFTEN: usize = 3;
/// More subjects than these in one title make it a survey, whose lists are no one's.
const MOST: usize = 3;

/// Claims that each indicator among `values` points to what the report is about: `titled`, the
/// claims made from its title, and what the reader declared; else `topic`, where the `mentions` name it often. What
/// stands under a heading of its own activity points to that.
pub(crate) fn indicates(
    reading: &Reading,
    layout: &Layout<'_>,
    titled: &[Claim],
    topic: Option<&Entity>,
    mentions: &[Mention],
    values: &[Claim],
) -> Vec<Claim> {
    let declared = reading.claims.iter();
    let mut subjects: Vec<&Entity> = declared
        .chain(titled)
        .filter(|c| c.relation == Relation::About)
        .filter_map(|c| c.object.entity())
        .filter(|e| names_activity(e))
        .collect();
    subjects.sort();
    subjects.dedup();
    let (percent, why) = match subjects.len() {
        0 => {
            let often = |e: &Entity| mentions.iter().filter(|m| m.entity == *e).count() >= OFTEN;
            subjects.extend(topic.filter(|e| names_activity(e) && often(e)));
            (SPOKEN_OF, "an indicator of a report that speaks of it most")
        }
        1 => (TITLED, "an indicator of a report about it"),
        2..=MOST => (SEVERAL, "an indicator of a report about it and others"),
        _ => {
            subjects.clear();
            (SEVERAL, "")
        }
    };
    let mut claims = Vec::new();
    for value in values.iter().filter(|v| v.role() == Some(Role::Indicator)) {
        if !value.subject.kind.is_observable() {
            continue;
        }
        // A heading that names again what the title names tells nothing new.
        let headed = layout
            .above(value.span)
            .find_map(|heading| headed(heading, mentions))
            .filter(|named| *named != subjects);
        let (subjects, percent, why) = match &headed {
            Some(one) if one.len() == 1 => {
                (one, HEADED, "an indicator under a heading that names it")
            }
            Some(several) => {
                (several, HEADED_SEVERAL, "an indicator under a heading that names it and others")
            }
            None => (&subjects, percent, why),
        };
        for subject in subjects {
            let object: Entity = (*subject).clone();
            let mut claim =
                Claim::new(value.subject.clone(), Relation::Indicates, object, value.span)
                    .by("extract:report", both(value.precision, percent));
            claim.why = Some(why.into());
            claims.push(claim);
        }
    }
    claims
}

/// The activities that a heading names, if it names any and not too many.
fn headed(heading: Span, mentions: &[Mention]) -> Option<Vec<&Entity>> {
    let first = mentions.partition_point(|m| m.span.start < heading.start);
    let mut named: Vec<&Entity> = mentions
        .get(first..)?
        .iter()
        .take_while(|m| m.span.start < heading.end)
        .map(|m| &m.entity)
        .filter(|e| names_activity(e))
        .collect();
    named.sort();
    named.dedup();
    (1..=MOST).contains(&named.len()).then_some(named)
}

/// It is an indicator, and one of the report's subject.
fn both(indicator: Confidence, percent: u8) -> Confidence {
    Confidence::from_probability(indicator.probability() * f64::from(percent) / 100.0)
}

/// Whether indicators can belong to it: a product or a flaw has none, and the page of a campaign
/// takes in its documents whole.
fn names_activity(entity: &Entity) -> bool {
    entity.kind.is_actor_like() || entity.kind == Kind::Malware
}
