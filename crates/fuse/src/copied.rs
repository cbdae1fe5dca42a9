//! Whether one document is a copy of another, by its words, names and values.

use std::collections::BTreeSet;

use lapwing_model::DocumentId;

use crate::likeness::{COPIED, COPIED_OF_ONE_SOURCE, Likeness};
use crate::trace::Trace;

/// Fewest shared runs of a structured report, so that chance in a small sample is no copy.
const FEWEST_RUNS: usize = 5;
/// Fewest values for a list whose order tells.
const FEWEST_VALUES: usize = 5;
/// Share of a list's values that must stand in the other.
const COPIED_VALUES: f64 = 0.8;
/// Share of a list's neighbours that must be neighbours in the other.
const COPIED_ORDER: f64 = 0.6;
/// The same for a list in which the same values are mistyped.
const SAME_TYPOS_VALUES: f64 = 0.5;
/// So many values mistyped in the same way show a list inside a report to be taken over.
const TYPOS_IN_A_REPORT: usize = 2;

/// A document that shows itself to be a copy of one that stands before it. A document may have several:
/// which of them it goes back to, [`origins`](crate::origins) decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// The copy.
    pub child: DocumentId,
    /// What it was made from.
    pub parent: DocumentId,
    /// How sure, 0 to 1.
    pub probability: f64,
    /// Why, in words.
    pub why: String,
}

impl Copied {
    /// `None` when the texts do not show it.
    pub(crate) fn shown(child: &Trace, parent: &Trace) -> Option<Self> {
        let (probability, why) = copied(child, parent)?;
        Some(Self { child: child.document(), parent: parent.document(), probability, why })
    }
}

/// Whether both come from one publisher, by name or by the site they stand on, or both say that they go
/// back to different pages of one site.
fn one_publisher(a: &Trace, b: &Trace) -> bool {
    let host = |url: &str| url.split(['/', '?']).next().unwrap_or("").to_owned();
    let site = |trace: &Trace| host(trace.head.url.as_deref().unwrap_or(""));
    let same = |a: String, b: String| !a.is_empty() && a == b;
    let pages = |trace: &Trace| -> BTreeSet<String> {
        trace.head.lineage.iter().filter_map(|said| said.url.clone()).collect()
    };
    let (of_a, of_b) = (pages(a), pages(b));
    let sites: BTreeSet<String> = of_a.iter().map(|url| host(url)).collect();
    let other_pages = of_a.is_disjoint(&of_b) && of_b.iter().any(|url| sites.contains(&host(url)));
    same(a.source_key(), b.source_key()) || same(site(a), site(b)) || other_pages
}

/// How sure, and why, `child` is a copy of the earlier `parent`.
fn copied(child: &Trace, parent: &Trace) -> Option<(f64, String)> {
    if let Some(found) = copied_list(child, parent).or_else(|| same_typos(child, parent)) {
        return Some(found);
    }
    let likeness = Likeness::of(child, parent);
    if child.is_list() || parent.is_list() || !(child.is_prose() && parent.is_prose()) {
        // The words of a structured report are its form; only the same words around the same
        // values make a copy.
        let text = child.text.overlap(&parent.text);
        let values = child.values.overlap(&parent.values);
        let other_values = child.values.seen + parent.values.seen > 0
            && values.containment().min(values.reverse()) < COPIED_VALUES;
        let other_words = text.containment().min(text.reverse()) < COPIED_VALUES;
        if text.shared < FEWEST_RUNS || other_words || other_values {
            return None;
        }
        return Some((likeness.sureness(COPIED)?, likeness.why()));
    }
    // Two languages share no phrases, and what a publisher translates is one report.
    let one = one_publisher(child, parent) && !likeness.is_translation();
    let threshold = if one { COPIED_OF_ONE_SOURCE } else { COPIED };
    Some((likeness.sureness(threshold)?, likeness.why()))
}

/// A list copied whole: its values in the same order, or a large list of exactly the same.
fn copied_list(child: &Trace, parent: &Trace) -> Option<(f64, String)> {
    if !child.is_list() || (child.values.seen as usize) < FEWEST_VALUES {
        return None;
    }
    let values = child.values.overlap(&parent.values);
    if values.containment() < COPIED_VALUES {
        return None;
    }
    let order = child.pairs.overlap(&parent.pairs).containment();
    if order >= COPIED_ORDER {
        let why = format!("its list stands there in the same order, {order:.2} of the neighbours");
        return Some((0.9, why));
    }
    let all = values.containment().min(values.reverse());
    let whole = parent.is_list() && child.values.seen as usize >= 2 * FEWEST_VALUES && all >= 0.95;
    whole.then(|| (0.75, format!("the same list in another order, {all:.2} of the values")))
}

/// Values mistyped or cut in the same way, in a list of which much stands in the other: nobody mistypes
/// as another does. A report with words of its own has taken the list over when several are.
fn same_typos(child: &Trace, parent: &Trace) -> Option<(f64, String)> {
    let theirs = &parent.head.malformed;
    let shared = child.head.malformed.iter().filter(|value| theirs.binary_search(value).is_ok());
    let shared = shared.count();
    if shared == 0 || (child.values.seen as usize) < FEWEST_VALUES {
        return None;
    }
    let values = child.values.overlap(&parent.values).containment();
    let order = child.pairs.overlap(&parent.pairs).containment();
    let list = child.is_list() && values >= SAME_TYPOS_VALUES;
    let taken_over =
        shared >= TYPOS_IN_A_REPORT && values >= COPIED_VALUES && order >= COPIED_ORDER;
    let what = if shared == 1 { "value is" } else { "values are" };
    let why = format!(
        "{shared} {what} mistyped or cut in the same way, and {values:.2} of its values stand there too"
    );
    (list || taken_over).then_some((if list { 0.95 } else { 0.8 }, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Made, prose};
    use proptest::prelude::*;

    fn with_list(name: &str, text: &str, values: impl Iterator<Item = u32>) -> Made {
        let made = Made::new(name, text);
        values.fold(made, |made, n| made.indicator(&format!("198.51.100.{n}")))
    }

    #[test]
    fn a_list_with_the_same_typo_is_a_copy_though_half_of_it_is_new() {
        let typo = "185.220.300.41 ";
        let parent = with_list("first", typo, 1..21).trace();
        // Every second value, turned round, and as many of its own.
        let child = |text: &str| {
            with_list("second", text, (1..21).rev().step_by(2).chain(100..108)).trace()
        };
        let (sure, why) = copied(&child(typo), &parent).unwrap();
        assert!(sure > 0.9 && why.contains("mistyped"), "{why}");
        assert!(copied(&child("185.220.30.41 "), &parent).is_none());
    }

    #[test]
    fn a_report_takes_a_list_over_with_several_typos_only() {
        let typos = ["185.220.300.41 ", "0f0259f288141edbe4ab2b8032911c69e03817d "];
        let report = |name: &str, seed, typos: &[&str]| {
            let text = format!("{} {}", prose(seed, 400), typos.concat());
            with_list(name, &text, 1..11).trace()
        };
        let parent = report("first", 1, &typos);
        assert!(copied(&report("second", 2, &typos), &parent).is_some());
        assert!(copied(&report("second", 2, &typos[..1]), &parent).is_none());
        assert!(copied(&report("second", 2, &[]), &parent).is_none());
    }

    #[test]
    fn short_pages_of_one_layout_are_no_copies() {
        let page = |title: &str, value: &str| {
            let text = format!(
                "{title} - Indicators of Compromise\n\nThe blog post on {title} is available on Lab Blog at \
                 https://blog.example/{}\n\nFiles\n\nSHA-1 | Filename | Detection | Description\n\nNetwork indicators\n",
                title.replace(' ', "-")
            );
            Made::new(title, &text).indicator(value).trace()
        };
        let a = page("Reed loader hunts mail servers of three towns", "192.0.2.1");
        let b = page("Sedge stealer comes with a fake calendar", "192.0.2.77");
        assert!(copied(&a, &b).is_none() && copied(&b, &a).is_none(), "{:?}", Likeness::of(&a, &b));
        assert!(copied(&a, &a).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_everybody_writes_makes_no_copy(
            seeds in (0_u64..500, 500_u64..1000), length in 10_usize..120, from in 0_usize..150,
        ) {
            let lines = include_str!("../data/boilerplate.txt").lines();
            let phrases: Vec<&str> =
                lines.filter(|line| !line.starts_with('#')).skip(from).take(40).collect();
            let page = |name: &str, seed| {
                let text = format!("{}\n{}", prose(seed, length), phrases.join("\n"));
                Made::new(name, &text).trace()
            };
            let (a, b) = (page("a", seeds.0), page("b", seeds.1));
            prop_assert!(copied(&a, &b).is_none(), "{:?}", Likeness::of(&a, &b));
            prop_assert!(copied(&page("c", seeds.0), &a).is_some());
        }
    }
}
