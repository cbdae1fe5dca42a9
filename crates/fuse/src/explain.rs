use std::collections::BTreeSet;
use std::fmt;

use lapwing_model::{ClaimId, Fact, OriginId};
use serde::Serialize;

use crate::fusion::{BOUNDS, Evidence, Fusion, distinct};
use crate::learnt::Record;

/// What one origin adds, with its factors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OriginStep {
    /// The origin.
    pub origin: OriginId,
    /// For or against the statement.
    pub supports: bool,
    /// Reliability of the document, 0 to 1.
    pub reliability: f64,
    /// What is learnt of the source; `None` when nobody else spoke of what it states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// Precision of what read the claim, 0 to 1.
    pub precision: f64,
    /// Confidence with which it is stated, 0 to 1.
    pub stated: f64,
    /// Their product.
    pub weight: f64,
    /// The claim that the weight is of.
    pub strongest: ClaimId,
    /// Number of claims of this origin.
    pub claims: usize,
    /// Whether an analyst of one's own team says it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own_analyst: bool,
    /// Whether it counts in the combination; `false` when the same voice is heard louder
    /// through another origin.
    pub counted: bool,
}

/// The arithmetic of a fact, step by step; `Display` gives it as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The statement.
    pub statement: String,
    /// What each origin adds.
    pub origins: Vec<OriginStep>,
    /// Strength of the supporters that count.
    pub support: f64,
    /// Strength of the deniers that count.
    pub against: f64,
    /// Support less what contradicts.
    pub combined: f64,
    /// After the calibration.
    pub calibrated: f64,
    /// What a known-benign list leaves of it; 1 without one.
    pub factor: f64,
    /// The result, kept within 0.01 and 0.99.
    pub probability: f64,
    /// The ICD-203 word for it.
    pub likelihood: String,
    /// How good the evidence is.
    pub confidence: String,
    /// What it rests on.
    pub basis: String,
    /// Points of doubt.
    pub notes: Vec<String>,
}

/// Explains a fact from the fusion and the claims that it was made of.
#[must_use]
pub fn explain(fact: &Fact, fusion: &Fusion<'_>, claims: &[Evidence<'_>]) -> Explanation {
    let claims = distinct(claims);
    let weighed = fusion.weigh(&claims);
    let benign = claims.first().and_then(|first| fusion.benign(first));
    let sum = fusion.sum(&weighed, benign.as_ref());
    // Weights fall, so the first of a voice is its strongest.
    let mut heard: BTreeSet<(bool, &str)> = BTreeSet::new();
    let origins = weighed
        .iter()
        .map(|w| {
            let c = &w.contribution;
            let strongest = claims.iter().find(|e| e.id == c.strongest);
            OriginStep {
                record: strongest.and_then(|e| fusion.record(e)).cloned(),
                origin: c.origin,
                supports: c.supports,
                reliability: c.reliability,
                precision: c.precision,
                stated: c.stated,
                weight: c.weight,
                strongest: c.strongest,
                claims: c.claims.len(),
                own_analyst: w.own_analyst,
                counted: heard.insert((c.supports, &w.voice)),
            }
        })
        .collect();
    Explanation {
        statement: format!("{} {} {}", fact.subject, fact.relation, fact.object),
        origins,
        support: sum.support,
        against: sum.against,
        combined: sum.combined,
        calibrated: sum.calibrated,
        factor: sum.factor,
        probability: sum.probability,
        likelihood: fact.likelihood().to_string(),
        confidence: fact.confidence.to_string(),
        basis: fact.basis.to_string(),
        notes: fact.notes.clone(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.statement)?;
        for step in &self.origins {
            writeln!(
                f,
                "  {} origin {}: reliability {:.2} × precision {:.2} × stated {:.2} = {:.3} ({} {}){}",
                if step.supports { "for    " } else { "against" },
                &step.origin.short(),
                step.reliability,
                step.precision,
                step.stated,
                step.weight,
                step.claims,
                if step.claims == 1 { "claim" } else { "claims" },
                if step.counted { "" } else { ", the same voice: not counted again" },
            )?;
            if step.own_analyst {
                writeln!(
                    f,
                    "          an analyst of one's own team, who has looked into it: weighs so, whatever his record"
                )?;
            }
            if let Some(record) = &step.record {
                writeln!(f, "          {}", learnt(record))?;
            }
        }
        let sum = |supports: bool| {
            let of = self.origins.iter().filter(|s| s.counted && s.supports == supports);
            let parts: Vec<String> = of.map(|s| format!("{:.3}", s.weight)).collect();
            if parts.is_empty() { "nothing".to_owned() } else { parts.join(" ⊕ ") }
        };
        writeln!(f, "  support {} = {:.3}", sum(true), self.support)?;
        if self.against > 0.0 {
            writeln!(f, "  against {} = {:.3}", sum(false), self.against)?;
        }
        if self.basis == lapwing_model::Basis::Predicted.as_str() {
            writeln!(f, "  only predicted: no more than the support, {:.3}", self.combined)?;
        } else if self.against > 0.0 {
            let balance = 2.0 * self.combined - 1.0;
            writeln!(
                f,
                "  support held to what contradicts: ({:.3} − {:.3}) / (1 − {:.3} × {:.3}) = {balance:+.3}",
                self.support, self.against, self.support, self.against
            )?;
            writeln!(f, "  from even: 0.5 + 0.5 × {balance:+.3} = {:.3}", self.combined)?;
        } else {
            writeln!(f, "  from even: 0.5 + 0.5 × {:.3} = {:.3}", self.support, self.combined)?;
        }
        if (self.calibrated - self.combined).abs() > 1e-9 {
            writeln!(f, "  calibrated {:.3}", self.calibrated)?;
        }
        if self.factor < 1.0 {
            writeln!(f, "  known-benign × {:.2}", self.factor)?;
        }
        let (low, high) = BOUNDS;
        writeln!(
            f,
            "  probability {:.3} (kept within {low} and {high}): {}; confidence in the evidence {}; {}",
            self.probability, self.likelihood, self.confidence, self.basis
        )?;
        self.notes.iter().try_for_each(|note| writeln!(f, "  note: {note}"))
    }
}

/// How the reliability of a source came about, in a line.
fn learnt(record: &Record) -> String {
    let of = |count: f64| format!("{count:.0}");
    let mut text = format!(
        "{}: {} by its class ({:.2}); of {} statements that others speak of, {:.1} right; so {:.2}, {}",
        record.source,
        record.class,
        record.prior,
        of(record.statements),
        record.right,
        record.reliability,
        record.letter
    );
    if record.first + record.later > 0.0 {
        let (first, later) = (of(record.first), of(record.later));
        text.push_str(&format!("; the first to say it {first} times, not the first {later} times"));
    }
    if record.later > 0.0 {
        match record.days_late.round() {
            days if days < 1.0 => text.push_str(", the same day on average"),
            days if days < 2.0 => text.push_str(", a day later on average"),
            days => text.push_str(&format!(", {days:.0} days later on average")),
        }
    }
    text
}
