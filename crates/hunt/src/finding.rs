//! What a check says of a record as a finding, and by which names findings are folded.

use jiff::Timestamp;
use lapwing_model::{Confidence, Finding, FindingKind, Proof, Severity};

use crate::check::Outcome;
use crate::record::{Record, shorten};

/// Findings with the same key are folded together beyond the cap: a rule's failed attempts do not
/// crowd out its successes.
pub(crate) fn cap_key(finding: &Finding) -> (&str, Proof, Severity) {
    (fold_name(finding), finding.proof, finding.severity)
}

/// The rule, or the indicator, under which folded findings are counted.
pub(crate) fn fold_name(finding: &Finding) -> &str {
    finding.rule.as_deref().unwrap_or(&finding.finding)
}

/// The finding of a check.
pub(crate) fn finding_of(
    outcome: &Outcome<'_>,
    record: &Record<'_>,
    file: &str,
    time: Option<Timestamp>,
) -> Finding {
    let check = outcome.check;
    let matched = check.matched.iter().find_map(|name| record.get(name));
    let mut why = outcome.proves.to_owned();
    // `core_of` takes off what is added here.
    let shown: Vec<String> = check
        .show
        .iter()
        .filter_map(|name| record.get(name).map(|value| format!("{name} {}", shorten(value, 160))))
        .collect();
    if !shown.is_empty() {
        why = format!("{why} [{}]", shown.join(", "));
    }
    why = format!("{why} (as defined by {})", check.reference);
    Finding {
        finding: outcome.title.to_owned(),
        rule: Some(check.id.clone()),
        file: file.to_owned(),
        place: record.place,
        offset: record.offset,
        time,
        matched: shorten(matched.unwrap_or(&record.raw), 300),
        kind: FindingKind::Check,
        technique: check.technique.clone(),
        severity: outcome.severity,
        confidence: Confidence::percent(outcome.confidence),
        proof: outcome.proof,
        why,
        evidence: shorten(&record.raw, 600),
    }
}

/// A finding's why without the fields and the reference: they stand with the finding itself.
pub(crate) fn core_of(why: &str) -> &str {
    let why = why.rfind(" (as defined by ").map_or(why, |at| &why[..at]);
    if why.ends_with(']') { why.find(" [").map_or(why, |at| &why[..at]) } else { why }
}
