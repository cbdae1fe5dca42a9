//! Techniques that a sentence or a table describes without a verb that says who uses them: they are
//! given to whom the sentence, the paragraph or the whole report is about, with reserve.

use std::collections::BTreeSet;

use lapwing_model::{Basis, Claim, Confidence, Entity, Kind, Polarity, Relation};

use super::{Frame, Memory, Telling};

/// What remains of the model's probability, in percent, when the sentence names who acts.
const NAMED: u32 = 85;
/// And when only the paragraph or the report does.
const IMPLIED: u32 = 65;

impl Telling<'_> {
    /// Who uses what the model reads in this sentence.
    pub(super) fn described(&mut self, memory: &Memory) {
        if self.sentence.described.is_empty() || self.is_defence() {
            return;
        }
        if self.events.iter().any(|e| e.foreign) {
            return;
        }
        let acting = self
            .events
            .iter()
            .flat_map(|e| &e.agents)
            .map(|a| a.entity.clone())
            .find(uses_techniques);
        let named = acting.or_else(|| self.subject.clone().filter(uses_techniques));
        let (who, left, why) = if let Some(who) = named {
            (who, NAMED, "the sentence speaks of it and describes the technique".to_owned())
        } else {
            let near = memory.actor_near().cloned();
            let topic =
                self.frame.topic.clone().filter(|t| uses_techniques(t) || t.kind == Kind::Software);
            let Some(who) = near.or(topic) else { return };
            let why = format!(
                "the sentence describes the technique; {} is whom the text is about",
                who.value
            );
            (who, IMPLIED, why)
        };
        for described in self.sentence.described {
            let technique = &described.subject;
            if self.is_told(&who, Relation::Uses, technique) {
                continue;
            }
            let percent = u32::from(described.precision.as_percent()) * left / 100;
            let percent = u8::try_from(percent).unwrap_or(100).max(1);
            let claim = self.claim(
                who.clone(),
                Relation::Uses,
                technique.clone(),
                self.sentence.span,
                0,
                percent,
                why.clone(),
            );
            claim.basis = Basis::Assessed;
            if left == IMPLIED && claim.polarity == Polarity::Asserted {
                claim.polarity = Polarity::Hedged;
            }
        }
    }
}

/// Techniques that stand in a table or list of the report, of which nothing says who uses them:
/// given to what the report is about.
pub(crate) fn listed(cited: &[&Claim], told: &[Claim], frame: &Frame) -> Vec<Claim> {
    let Some(topic) = frame.topic.as_ref().filter(|t| uses_techniques(t)) else {
        return Vec::new();
    };
    let mut used: BTreeSet<&Entity> = told
        .iter()
        .filter(|c| c.relation == Relation::Uses)
        .filter_map(|c| c.object.entity())
        .collect();
    let mut claims = Vec::new();
    for mention in cited {
        if !used.insert(&mention.subject) {
            continue;
        }
        let mut claim =
            Claim::new(topic.clone(), Relation::Uses, mention.subject.clone(), mention.span)
                .by("extract:listed", Confidence::percent(60));
        claim.polarity = Polarity::Hedged;
        claim.basis = Basis::Assessed;
        claim.why = Some(format!("the report lists the technique and is about {}", topic.value));
        claims.push(claim);
    }
    claims
}

fn uses_techniques(entity: &Entity) -> bool {
    entity.kind.is_actor_like() || matches!(entity.kind, Kind::Campaign | Kind::Malware)
}
