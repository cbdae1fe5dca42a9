use lapwing_model::{Confidence, Format, Kind, LineageKind, Span};
use proptest::prelude::*;

use super::*;
use crate::testing::{Made, prose};
use crate::{explain, origins};

/// A document with one claim on the same statement.
fn says(made: Made, change: impl FnOnce(&mut Claim)) -> (Trace, Claim) {
    let subject = Entity::new(Kind::Ipv4Addr, "11.22.33.44");
    let mut claim =
        Claim::mention(subject, Role::Indicator, Span::new(0, 5)).by("test", Confidence::FULL);
    change(&mut claim);
    (made.trace(), claim)
}

fn fused(said: &[(Trace, Claim)]) -> (Fact, crate::Explanation) {
    let traces: Vec<Trace> = said.iter().map(|(trace, _)| trace.clone()).collect();
    let origins = origins(&traces);
    let fusion = Fusion::new(Knowledge::builtin(), &traces, &origins);
    let evidence: Vec<Evidence<'_>> = said
        .iter()
        .map(|(trace, claim)| Evidence {
            id: claim.id(trace.document()),
            document: trace.document(),
            claim,
            subject: &claim.subject,
            object: &claim.object,
        })
        .collect();
    let fact = fusion.fuse(&evidence).unwrap();
    let explanation = explain(&fact, &fusion, &evidence);
    (fact, explanation)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// The probability of a statement with this support and nobody against it.
fn from_even(support: f64) -> f64 {
    Calibration::fitted().apply(0.5 + 0.5 * support)
}

fn alert(seed: u64, source: &str) -> Made {
    Made::new(&format!("{source}{seed}"), &prose(seed, 300)).source(source).published("2021-03-03")
}

#[test]
fn a_copy_adds_nothing_and_an_independent_report_does() {
    let one = says(alert(1, "CISA"), |_| ());
    let copy = says(alert(1, "Some Blog").published("2021-03-05"), |_| ());
    let other = says(alert(2, "Volexity"), |_| ());
    let (alone, _) = fused(std::slice::from_ref(&one));
    assert!(close(alone.probability, from_even(0.95 * 0.9)));
    let (copied, _) = fused(&[one.clone(), copy.clone()]);
    assert!(close(copied.probability, alone.probability));
    assert_eq!(copied.origins_for(), 1);
    let (confirmed, _) = fused(&[one, copy, other]);
    assert!(confirmed.probability > alone.probability);
    assert_eq!(confirmed.origins_for(), 2);
    assert_eq!(confirmed.confidence, AnalyticConfidence::High);
    assert!(confirmed.probability <= BOUNDS.1);
}

#[test]
fn two_pages_of_one_publisher_and_two_quotes_of_one_observer_are_one_voice() {
    let page = |seed| says(alert(seed, "VulDB").format(Format::Vuldb), |_| ());
    let (one, _) = fused(&[page(1)]);
    let (two, explanation) = fused(&[page(1), page(2)]);
    assert_eq!(two.origins_for(), 2);
    assert!(close(one.probability, two.probability));
    assert_eq!(explanation.origins.iter().filter(|s| s.counted).count(), 1);
    let quote =
        |source: &str, seed| says(alert(seed, source), |c| c.said_by = Some("Microsoft".into()));
    let (quoted, _) = fused(&[quote("One Blog", 1), quote("Two Blog", 2)]);
    assert!(close(quoted.probability, from_even(0.55 * 0.9)));
}

#[test]
fn hedges_predictions_and_denials_lower() {
    let with = |change: fn(&mut Claim)| fused(&[says(alert(1, "CISA"), change)]).0;
    let plain = with(|_| ()).probability;
    assert!(with(|c| c.polarity = Polarity::Hedged).probability < plain);
    let predicted = with(|c| c.basis = Basis::Predicted);
    assert!(predicted.probability < plain);
    assert_eq!(predicted.basis, Basis::Predicted);
    assert!(predicted.notes.iter().any(|n| n.starts_with("only predicted")));
    assert_eq!(predicted.confidence, AnalyticConfidence::Low);
    let denied = says(alert(2, "Microsoft"), |c| c.polarity = Polarity::Denied);
    let (disputed, _) = fused(&[says(alert(1, "CISA"), |_| ()), denied.clone()]);
    assert!(disputed.probability < plain && disputed.probability > 0.3);
    assert_eq!((disputed.origins_for(), disputed.origins_against()), (1, 1));
    let (only, _) = fused(&[denied]);
    assert!(only.probability < 0.2, "{}", only.probability);
    let weak = says(alert(3, "Some Blog"), |c| c.polarity = Polarity::Hedged);
    let (open, _) = fused(&[weak]);
    assert!((0.5..0.8).contains(&open.probability), "weak evidence is no evidence of the contrary");
    assert!(predicted.probability < 0.5, "what nobody saw is not likely");
}

#[test]
fn a_source_takes_back_what_it_said() {
    let before = says(alert(1, "CISA"), |_| ());
    let after = says(alert(2, "CISA").published("2021-05-01"), |c| c.polarity = Polarity::Denied);
    let (fact, _) = fused(&[before, after]);
    assert!(fact.notes.iter().any(|n| n.starts_with(NOTE_REVOKED)), "{:?}", fact.notes);
    assert_eq!(crate::set_aside(&fact), Some(lapwing_model::Status::Revoked));
}

#[test]
fn a_rewrite_weighs_less_than_what_it_copies() {
    let rewrite = Made::new("spin", &prose(4, 300)).lineage(
        LineageKind::Rewrites,
        "Dark Reading",
        "https://example.com/threats/1",
    );
    let (fact, _) = fused(&[says(rewrite, |_| ())]);
    let (news, _) = fused(&[says(alert(1, "Dark Reading"), |_| ())]);
    assert!(fact.probability < news.probability);
}

#[test]
fn the_arithmetic_is_shown() {
    let platform = Made::new("event", &prose(3, 300)).format(Format::MispJson);
    let said = [
        says(alert(1, "CISA"), |c| c.period.first = "2021-01".parse().ok()),
        says(platform, |c| c.stated = Some(Confidence::MEDIUM)),
        says(alert(2, "Microsoft"), |c| c.polarity = Polarity::Denied),
    ];
    let (fact, explanation) = fused(&said);
    insta::assert_snapshot!(explanation.to_string());
    assert!(close(explanation.probability, fact.probability));
    assert!(serde_json::to_string(&explanation).is_ok());
}

#[test]
fn calibration_is_monotone_or_refused() {
    let fitted = Calibration::through(&[(0.5, 0.3), (0.8, 0.9)]).unwrap();
    assert!(close(fitted.apply(0.5), 0.3));
    assert!(close(fitted.apply(0.65), 0.6));
    assert!(close(Calibration::default().apply(0.4), 0.4));
    assert_eq!(Calibration::through(&[(0.5, 0.6), (0.8, 0.5)]), None);
}

/// A report of its own by one of a few sources.
fn any_report() -> impl Strategy<Value = (u64, usize, u8, Option<u8>, u8)> {
    (0u64..1000, 0usize..5, 0u8..3, prop::option::of(0u8..=100), 1u8..28)
}

fn report(
    n: usize,
    (seed, source, polarity, stated, day): (u64, usize, u8, Option<u8>, u8),
) -> (Trace, Claim) {
    let source = ["CISA", "VulDB", "Volexity", "Some Blog", "Dark Reading"][source];
    let text = prose(seed * 64 + n as u64 + 1, 120);
    let made = Made::new(&format!("r{n}"), &text).source(source);
    says(made.published(&format!("2021-03-{day:02}")), |claim| {
        claim.polarity =
            [Polarity::Asserted, Polarity::Hedged, Polarity::Denied][polarity as usize];
        claim.stated = stated.map(Confidence::percent);
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_never_matters(reports in prop::collection::vec(any_report(), 1..8), turn in 0usize..8) {
        let mut said: Vec<_> = reports.into_iter().enumerate().map(|(n, r)| report(n, r)).collect();
        let (first, _) = fused(&said);
        said.reverse();
        let middle = turn % said.len();
        said.rotate_left(middle);
        let again = said[0].clone();
        said.push(again);
        let (second, _) = fused(&said);
        prop_assert_eq!(first, second);
    }

    #[test]
    fn a_copy_changes_nothing(reports in prop::collection::vec(any_report(), 1..6), pick in 0usize..6) {
        let said: Vec<_> = reports.into_iter().enumerate().map(|(n, r)| report(n, r)).collect();
        let (before, _) = fused(&said);
        // The same text and claim under another name, by a source of which nothing is known.
        let (trace, claim) = &said[pick % said.len()];
        let mut copy = trace.clone();
        copy.head.document = DocumentId::of(b"copy");
        copy.head.source = None;
        copy.head.published = "2021-04-01".parse().ok();
        let copied = (copy, claim.clone());
        let (after, _) = fused(&[said.as_slice(), &[copied]].concat());
        prop_assert!(close(before.probability, after.probability));
        prop_assert_eq!(before.confidence, after.confidence);
        prop_assert_eq!(before.contributions.len(), after.contributions.len());
    }

    #[test]
    fn a_confirmation_never_lowers(
        reports in prop::collection::vec(any_report(), 1..6),
        one_more in any_report(),
    ) {
        let said: Vec<_> = reports.into_iter().enumerate().map(|(n, r)| report(n, r)).collect();
        let (before, _) = fused(&said);
        let mut confirms = report(99, one_more);
        confirms.1.polarity = Polarity::Asserted;
        let (after, _) = fused(&[said.as_slice(), &[confirms]].concat());
        prop_assert!(after.probability >= before.probability - 1e-12);
        prop_assert!(after.probability < 1.0);
    }
}

#[test]
fn one_s_own_analyst_outweighs_one_source_and_not_several() {
    let denial = || {
        says(alert(9, "analyst anna"), |claim| {
            claim.polarity = Polarity::Denied;
            claim.said_by = Some("anna".into());
            claim.method = "analyst:judgement".into();
        })
    };
    let of = |sources: &[&str]| {
        let mut said = vec![denial()];
        said.extend((1..).zip(sources).map(|(n, source)| says(alert(n, source), |_| ())));
        fused(&said)
    };
    for source in ["Some Blog", "Example Labs", "Mandiant", "CISA"] {
        let (fact, explanation) = of(&[source]);
        assert!(fact.probability < 0.1, "{source} {explanation}");
        assert!(fact.notes.iter().any(|note| note == NOTE_OWN_DENIES));
        assert!(explanation.to_string().contains("an analyst of one's own team"));
    }
    let (two, _) = of(&["Mandiant", "CISA"]);
    let (three, _) = of(&["Mandiant", "CISA", "Volexity"]);
    assert!(two.probability < 0.4 && three.probability > 0.5, "{two:?} {three:?}");
    // Somebody else who calls himself an analyst is one source among others.
    let other = says(alert(9, "analyst anna"), |c| c.polarity = Polarity::Denied);
    let (disputed, _) = fused(&[other, says(alert(1, "Mandiant"), |_| ())]);
    assert!(disputed.probability > 0.5, "{disputed:?}");
}
