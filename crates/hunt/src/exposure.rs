//! What attempts came to, and whether the logs reach back as far as the campaign.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use lapwing_model::{Finding, FindingKind, Proof, VerdictKind};

use crate::report::Report;
use crate::{Campaign, Checks};

/// Attempts that were turned away are no success, and those of which no log shows the end may be one.
pub(crate) fn outcome(report: &Report, kind: VerdictKind) -> Vec<String> {
    if kind == VerdictKind::NothingFound {
        return Vec::new();
    }
    let tries = |f: &&Finding| {
        f.kind == FindingKind::Check && matches!(f.proof, Proof::Probe | Proof::Attempt)
    };
    let (mut failed, mut answered, mut open) = (0, 0, 0);
    let mut exposed = None;
    for finding in report.findings.iter().filter(tries) {
        match report.cast.get(finding).and_then(|actors| actors.status) {
            Some(200..300) => {
                answered += 1;
                if finding.proof == Proof::Probe && exposed.is_none() {
                    exposed = Some(finding);
                }
            }
            Some(_) => failed += 1,
            None => open += 1,
        }
    }
    let all = failed + answered + open;
    let mut reasons = Vec::new();
    if let Some(probe) = exposed {
        let when = probe.time.map(|t| t.strftime(" at %Y-%m-%dT%H:%M:%SZ").to_string());
        reasons.push(format!(
            "Exposed: a probe was answered{}, so the weakness was open then.",
            when.unwrap_or_default()
        ));
    }
    if kind == VerdictKind::Attempted && all > 0 {
        reasons.push(if failed == all {
            let them = if all == 1 { "the one attempt".to_owned() } else { format!("all {all} attempts and probes") };
            format!("Attempted and failed: {them} in these logs were turned away.")
        } else {
            format!(
                "Of {all} attempts and probes {failed} were turned away, {answered} were answered, and of {open} no log shows the end."
            )
        });
    }
    reasons
}

/// Whether the logs cover the time in which the campaigns concerned were active.
pub(crate) fn window(report: &Report, checks: &Checks, kind: VerdictKind) -> Vec<String> {
    let mut reasons = Vec::new();
    let concerned: BTreeSet<&str> = match kind {
        VerdictKind::NothingFound => BTreeSet::new(),
        _ => campaigns_hit(report, checks),
    };
    for campaign in checks.campaigns().iter().filter(|c| concerned.contains(c.id.as_str())) {
        let Some((since, (from, until))) = campaign.since.zip(covered(report, checks, campaign))
        else {
            continue;
        };
        if until < since {
            reasons.push(format!(
                "The logs end on {until}, before {} began ({since}).",
                campaign.title
            ));
        } else if from > since {
            reasons.push(format!(
                "The logs begin on {from}; {} began on {since}: what happened before is not answered here.",
                campaign.title
            ));
        }
    }
    reasons
}

/// Whether a log was read in which a campaign would show.
pub(crate) fn was_looked_for(report: &Report, checks: &Checks, campaign: &str) -> bool {
    checks
        .list()
        .iter()
        .filter(|check| check.campaign.as_deref() == Some(campaign))
        .any(|check| check.sources.iter().any(|source| report.sources.contains(source)))
}

fn campaigns_hit<'c>(report: &Report, checks: &'c Checks) -> BTreeSet<&'c str> {
    let told: BTreeSet<&str> = report.findings.iter().filter_map(|f| f.rule.as_deref()).collect();
    let hit = checks.list().iter().filter(|check| told.contains(check.id.as_str()));
    hit.filter_map(|check| check.campaign.as_deref()).collect()
}

/// The first and last day of the logs in which a campaign would show.
fn covered(report: &Report, checks: &Checks, campaign: &Campaign) -> Option<(Date, Date)> {
    let wanted: BTreeSet<&str> = checks
        .list()
        .iter()
        .filter(|check| check.campaign.as_deref() == Some(campaign.id.as_str()))
        .flat_map(|check| check.sources.iter().map(String::as_str))
        .collect();
    let titles: BTreeSet<&str> = checks
        .sources()
        .iter()
        .filter(|source| wanted.contains(source.id.as_str()))
        .map(|source| source.title.as_str())
        .collect();
    let coverage = || report.coverage.values().filter(|c| titles.contains(c.source.as_str()));
    let day = |time: jiff::Timestamp| time.to_zoned(TimeZone::UTC).date();
    let from = coverage().filter_map(|c| c.from).min().map(day)?;
    let until = coverage().filter_map(|c| c.until).max().map(day)?;
    Some((from, until))
}
