//! How many findings are kept: so many of one rule, and so many in all, the most telling first. The others are counted, so
//! that memory does not grow with what a log holds.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

use lapwing_model::{Finding, Place, Severity};

use crate::Options;
use crate::finding::{cap_key, fold_name};
use crate::many;
use crate::report::Report;

impl Report {
    /// Folds what was found so far when it is more than is kept, by a quarter: each time takes a while.
    pub(crate) fn fold_when_crowded(&mut self, options: &Options) {
        if self.findings.len() > options.max_findings.saturating_add(options.max_findings / 4) {
            self.fold(options);
        }
    }

    /// Brings findings into their order and keeps as many as are wanted.
    pub(crate) fn fold(&mut self, options: &Options) {
        sort(&mut self.findings);
        if self.findings.len() <= options.max_findings {
            return;
        }
        self.cap(options);
        self.bound(options.max_findings);
        self.forget();
    }

    /// Leaves out records of which only many tell something, when there are more than are needed.
    pub(crate) fn thin(&mut self) {
        let before = self.counted.len();
        self.uncounted += many::thin(&mut self.counted);
        if self.counted.len() < before {
            self.forget();
        }
    }

    /// Forgets who stands in records that are no findings any more.
    fn forget(&mut self) {
        let counted = self.counted.iter().map(|one| &one.finding);
        self.cast.keep_of(self.findings.iter().chain(counted));
    }

    /// Keeps the first findings of each rule and outcome.
    pub(crate) fn cap(&mut self, options: &Options) {
        let mut seen: HashMap<_, usize> = HashMap::new();
        let is_kept: Vec<bool> = self
            .findings
            .iter()
            .map(|finding| {
                let count = seen.entry(cap_key(finding)).or_default();
                *count += 1;
                *count <= options.max_findings_per_rule
            })
            .collect();
        drop(seen);
        let mut is_kept = is_kept.into_iter();
        let mut folded = Vec::new();
        self.findings.retain(|finding| {
            let keep = is_kept.next().unwrap_or(true);
            if !keep {
                folded.push((fold_name(finding).to_owned(), finding.severity));
            }
            keep
        });
        for (name, severity) in folded {
            self.count_folded(&name, severity, 1, options.max_findings);
        }
    }

    /// Counts findings that were folded under their name, or under their severity alone when there are too many names.
    pub(crate) fn count_folded(&mut self, name: &str, severity: Severity, more: u64, most: usize) {
        if let Some(count) = self.folded.get_mut(name) {
            *count += more;
        } else if self.folded.len() < most {
            self.folded.insert(name.to_owned(), more);
        } else {
            *self.beyond.entry(severity).or_default() += more;
        }
    }

    /// Keeps the most telling findings: the gravest, of these what proves most, of these the first of each rule or value.
    fn bound(&mut self, most: usize) {
        let left = self.findings.len().saturating_sub(most);
        if left == 0 {
            return;
        }
        let mut seen: HashMap<_, u32> = HashMap::new();
        let mut order: Vec<_> = self
            .findings
            .iter()
            .enumerate()
            .map(|(at, finding)| {
                let count = seen.entry(cap_key(finding)).or_default();
                *count += 1;
                let grave = Reverse((finding.severity, finding.proof));
                (grave, *count, Reverse(finding.confidence), at)
            })
            .collect();
        drop(seen);
        order.select_nth_unstable(most);
        let mut is_kept = vec![true; self.findings.len()];
        for (Reverse((severity, _)), _, _, at) in &order[most..] {
            is_kept[*at] = false;
            *self.beyond.entry(*severity).or_default() += 1;
        }
        let mut is_kept = is_kept.into_iter();
        self.findings.retain(|_| is_kept.next().unwrap_or(true));
    }

    /// What was not kept, in words.
    pub(crate) fn not_kept(&self, options: &Options) -> Option<String> {
        let most = options.max_findings;
        let all: u64 = self.beyond.values().sum();
        let by_severity: Vec<String> = self
            .beyond
            .iter()
            .rev()
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        let mut values = if self.sightings_left_out > 0 {
            format!(
                "; {} more sightings are of listed values beyond the first {most} and are in no bundle",
                self.sightings_left_out
            )
        } else {
            String::new()
        };
        if self.uncounted > 0 {
            let _ = write!(
                values,
                "; {} records of which only many tell something were left out",
                self.uncounted
            );
        }
        match (all, values.is_empty()) {
            (0, true) => None,
            (0, false) => Some(format!("More was seen than is kept{values}.")),
            _ => Some(format!(
                "{all} more findings are only counted ({}): the {most} most telling are kept (--max-findings){values}.",
                by_severity.join(", ")
            )),
        }
    }
}

/// In order of time, then file and place; those without a time last; each once.
pub(crate) fn sort(findings: &mut Vec<Finding>) {
    let place = |finding: &Finding| match finding.place {
        None => 0,
        Some(Place::Line(n) | Place::Record(n)) => n,
    };
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&findings[*a], &findings[*b]);
        (a.time.is_none(), a.time, &a.file, place(a), a.offset, &a.rule, &a.finding, &a.matched)
            .cmp(&(
                b.time.is_none(),
                b.time,
                &b.file,
                place(b),
                b.offset,
                &b.rule,
                &b.finding,
                &b.matched,
            ))
    });
    arrange(findings, order);
    findings.dedup();
}

/// Puts at each place what stands at the place that `order` names, without room for a second list.
fn arrange<T>(list: &mut [T], mut order: Vec<usize>) {
    for start in 0..list.len() {
        let mut at = start;
        while order[at] != start {
            let from = std::mem::replace(&mut order[at], at);
            list.swap(at, from);
            at = from;
        }
        order[at] = at;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lapwing_model::{Confidence, FindingKind, Proof};
    use proptest::prelude::*;

    use super::*;

    fn finding(rule: u8, second: i64, severity: Severity) -> Finding {
        Finding {
            finding: format!("rule {rule}"),
            rule: None,
            file: "a.log".into(),
            place: Some(Place::Line(second.unsigned_abs())),
            offset: second.unsigned_abs(),
            time: Timestamp::from_second(second).ok(),
            matched: "x".into(),
            kind: FindingKind::Check,
            technique: None,
            severity,
            confidence: Confidence::percent(80),
            proof: Proof::Contact,
            why: String::new(),
            evidence: String::new(),
        }
    }

    fn options(max_findings: usize, max_findings_per_rule: usize) -> Options {
        Options { max_findings_per_rule, max_findings, ..Options::default() }
    }

    #[test]
    fn the_gravest_and_the_first_of_each_rule_are_kept_and_the_rest_is_counted() {
        let mut report = Report::default();
        for second in 0..50 {
            report.findings.push(finding((second % 5) as u8, second, Severity::Medium));
        }
        report.findings.push(finding(9, 1_000, Severity::High));
        let options = options(8, 4);
        report.fold_when_crowded(&options);
        let kept: Vec<(&str, i64)> = report
            .findings
            .iter()
            .map(|f| (f.finding.as_str(), f.time.unwrap().as_second()))
            .collect();
        let first = [0, 1, 2, 3, 4, 5, 6].map(|n| (format!("rule {}", n % 5), n));
        assert_eq!(kept.len(), 8);
        assert_eq!(kept[7], ("rule 9", 1_000));
        assert!(kept.iter().zip(&first).all(|(k, f)| *k == (f.0.as_str(), f.1)), "{kept:?}");
        // Five rules with four of ten each are kept by the cap; of these 20 and one more eight.
        assert_eq!(report.folded.values().sum::<u64>(), 30);
        assert_eq!(report.beyond.values().sum::<u64>(), 13);
        let told = report.not_kept(&options).unwrap();
        assert!(told.starts_with("13 more findings are only counted (13 medium)"), "{told}");
    }

    #[test]
    fn below_the_bound_nothing_is_folded() {
        let mut report = Report::default();
        report.findings.extend((0..8).map(|n| finding(0, 8 - n, Severity::Low)));
        report.fold_when_crowded(&options(8, 4));
        assert_eq!((report.findings.len(), report.findings[0].offset), (8, 8));
        report.fold(&options(8, 4));
        assert_eq!((report.findings.len(), report.findings[0].offset), (8, 1));
        assert!(report.folded.is_empty() && report.not_kept(&options(8, 4)).is_none());
    }

    #[test]
    fn names_of_what_is_folded_are_bounded_too() {
        let mut report = Report::default();
        for name in ["a", "b", "c", "a"] {
            report.count_folded(name, Severity::Low, 2, 2);
        }
        assert_eq!(report.folded.len(), 2);
        assert_eq!((report.folded["a"], report.beyond[&Severity::Low]), (4, 2));
    }

    proptest! {
        #[test]
        fn arranging_in_place_is_sorting(list in proptest::collection::vec(0u8..20, 0..60)) {
            let mut order: Vec<usize> = (0..list.len()).collect();
            order.sort_by_key(|at| list[*at]);
            let mut arranged: Vec<(u8, usize)> = list.iter().copied().zip(0..).collect();
            arrange(&mut arranged, order);
            let mut sorted: Vec<(u8, usize)> = list.iter().copied().zip(0..).collect();
            sorted.sort_by_key(|(value, _)| *value);
            prop_assert_eq!(arranged, sorted);
        }

        #[test]
        fn nothing_is_lost_without_being_counted(
            list in proptest::collection::vec((0u8..6, 0i64..40, 0u8..3), 0..80),
        ) {
            let mut report = Report::default();
            let mut all: Vec<Finding> = Vec::new();
            let options = options(10, 3);
            for (rule, second, grave) in list {
                let severity = [Severity::Low, Severity::Medium, Severity::High][grave as usize];
                let new = finding(rule, second, severity);
                if !all.contains(&new) {
                    all.push(new.clone());
                    report.findings.push(new);
                    report.fold_when_crowded(&options);
                }
            }
            report.fold(&options);
            let counted: u64 = report.folded.values().chain(report.beyond.values()).sum();
            prop_assert_eq!(report.findings.len() as u64 + counted, all.len() as u64);
            let worst = report.findings.iter().map(|f| f.severity).max();
            prop_assert_eq!(worst, all.iter().map(|f| f.severity).max());
        }
    }
}
