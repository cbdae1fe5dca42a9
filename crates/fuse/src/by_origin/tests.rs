use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Confidence, DocumentId, Entity, Kind, Marking, Role, Span};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;

const DATES: [&str; 4] = ["2021-03-02", "2021-03-05", "2021-03", "2020-11-30"];

/// One document with one claim on the statement that all tests are about.
#[derive(Clone, Debug)]
struct Said {
    standing: Standing,
    claim: Claim,
}

fn said(value: &str) -> impl Strategy<Value = (u8, Said)> + use<> {
    let claim =
        Claim::mention(Entity::new(Kind::Ipv4Addr, value), Role::Indicator, Span::new(0, 5));
    let parts = (
        (any::<u8>(), 0_u8..12, 0_usize..3),
        (prop::option::of(0_usize..4), prop::option::of(0_u8..100), 0_u8..4),
        (0_usize..6, any::<bool>(), 0_u8..3),
    );
    parts.prop_map(move |((number, origin, letter), (day, stated, polarity), more)| {
        let (said_by, analyst, basis) = more;
        let mut claim = claim.clone().by("test", Confidence::percent(100));
        claim.stated = stated.map(Confidence::percent);
        claim.polarity =
            [Polarity::Asserted, Polarity::Asserted, Polarity::Hedged, Polarity::Denied]
                [usize::from(polarity)];
        claim.basis = [Basis::Observed, Basis::Assessed, Basis::Predicted][usize::from(basis)];
        claim.said_by = ["", "", "", "Microsoft", "microsoft.com", "Mandiant"]
            .get(said_by)
            .and_then(|name| (!name.is_empty()).then(|| (*name).to_owned()));
        if analyst && number < 16 {
            claim.method = "analyst:one".to_owned();
        }
        claim.period.first = day.and_then(|at| DATES[at].parse().ok());
        let standing = Standing {
            document: DocumentId([number; 16]),
            origin: OriginId([origin; 16]),
            letter: ['A', 'B', 'C'][letter],
            root: 'B',
            voice: format!("voice{}", origin % 5),
            named: origin % 2 == 0,
            published: day.and_then(|at| DATES[at].parse().ok()),
            marking: (number % 7 == 0).then_some(Marking::Amber),
        };
        (number, Said { standing, claim })
    })
}

fn evidence(said: &[Said]) -> Vec<Evidence<'_>> {
    said.iter()
        .map(|Said { standing, claim }| Evidence {
            id: claim.id(standing.document),
            document: standing.document,
            claim,
            subject: &claim.subject,
            object: &claim.object,
        })
        .collect()
}

fn fusion(said: &[Said]) -> Fusion<'static> {
    let mut fusion = Fusion::without_documents(Knowledge::builtin());
    fusion.know(said.iter().map(|one| one.standing.clone()));
    fusion
}

/// What is made of some claims, and then of more that come to it.
fn in_two(fusion: &Fusion<'_>, before: &[Evidence<'_>], more: &[Evidence<'_>]) -> Option<Fusing> {
    let before = distinct(before);
    let first = before.first()?;
    let sum = fusion.by_origin(&before);
    let kept = sum.keep(fusion.shared(first))?;
    fusion.fuse_moved(&fusion.conclude(first, &sum).fact, &kept, (&[], more)).unwrap()
}

/// What is made of some claims, of which a part then goes and to which others come.
fn exchanged(
    fusion: &Fusion<'_>,
    before: &[Evidence<'_>],
    moved: (&[Evidence<'_>], &[Evidence<'_>]),
) -> Option<Fusing> {
    let before = distinct(before);
    let first = before.first()?;
    let sum = fusion.by_origin(&before);
    let kept = sum.keep(fusion.shared(first))?;
    fusion.fuse_moved(&fusion.conclude(first, &sum).fact, &kept, moved).unwrap()
}

proptest! {
    #[test]
    fn what_comes_later_gives_the_same_as_all_at_once(
        said in prop::collection::btree_map(0_u8..255, said("11.22.33.44"), 2..40),
        part in 0.0_f64..1.0,
    ) {
        let said: BTreeMap<u8, Said> = said.into_values().collect();
        let said: Vec<Said> = said.into_values().collect();
        let fusion = fusion(&said);
        let evidence = evidence(&said);
        let at = ((said.len() as f64 * part) as usize).max(1);
        let Some(now) = in_two(&fusion, &evidence[..at], &evidence[at..]) else { return Ok(()) };
        let all = fusion.fuse_and_agree(&evidence).unwrap();
        prop_assert_eq!(now, all);
    }

    #[test]
    fn what_went_is_as_if_it_had_never_been(
        said in prop::collection::btree_map(0_u8..255, said("11.22.33.44"), 2..40),
        (first, second) in (0.0_f64..1.0, 0.0_f64..1.0),
    ) {
        let said: BTreeMap<u8, Said> = said.into_values().collect();
        let mut said: Vec<Said> = said.into_values().collect();
        // Those that go are often whole origins.
        said.sort_by_key(|one| one.standing.origin);
        let fusion = fusion(&said);
        let evidence = evidence(&said);
        let place = |part: f64| (said.len() as f64 * part) as usize;
        let (gone, rest) = evidence.split_at(place(first));
        let (stays, comes) = rest.split_at(rest.len() - place(second).min(rest.len()));
        let before = [gone, stays].concat();
        let Some(now) = exchanged(&fusion, &before, (gone, comes)) else { return Ok(()) };
        let all = fusion.fuse_and_agree(&[stays, comes].concat()).unwrap();
        prop_assert_eq!(now, all);
    }
}

/// Eighty documents that say the same, each an origin of its own.
fn eighty() -> Vec<Said> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let one = said("11.22.33.44").new_tree(&mut runner).unwrap().current().1;
    let numbered = |number: u8| {
        let mut said = one.clone();
        said.standing.document = DocumentId([number; 16]);
        said.standing.origin = OriginId([number; 16]);
        said
    };
    (0..80).map(numbered).collect()
}

#[test]
fn what_one_document_alone_said_goes_with_it() {
    let mut many = eighty();
    for one in &mut many {
        one.claim.polarity = Polarity::Asserted;
    }
    many[7].standing.marking = Some(Marking::Red);
    many[7].standing.published = "2019-05-06".parse().ok();
    many[7].claim.period.first = "2018-01-02".parse().ok();
    let fusion = fusion(&many);
    let all = evidence(&many);
    let before = fusion.fuse_and_agree(&all).unwrap();
    assert_eq!(before.fact.marking, Marking::Red);
    let without = [&all[..7], &all[8..]].concat();
    let now = exchanged(&fusion, &all, (&all[7..8], &[])).unwrap();
    assert_eq!(now, fusion.fuse_and_agree(&without).unwrap());
    assert!(now.fact.marking < Marking::Red);
    assert_ne!(now.fact.reported, before.fact.reported);
    assert_ne!(now.fact.period, before.fact.period);
}

#[test]
fn an_origin_that_loses_a_part_of_its_claims_is_looked_at_anew() {
    let mut many = eighty();
    many[1].standing.origin = many[0].standing.origin;
    let fusion = fusion(&many);
    let all = evidence(&many);
    assert_eq!(exchanged(&fusion, &all, (&all[..1], &[])), None);
    assert!(exchanged(&fusion, &all, (&all[..2], &[])).is_some());
    // What was never there cannot go, and all cannot.
    assert_eq!(exchanged(&fusion, &all[1..], (&all[..1], &[])), None);
    assert_eq!(exchanged(&fusion, &all, (&all, &[])), None);
}

#[test]
fn many_claims_are_kept_and_few_are_not() {
    let many = eighty();
    let fusion = fusion(&many);
    let evidence = evidence(&many);
    assert_eq!(fusion.fuse_and_agree(&evidence[..10]).unwrap().kept, None);
    let before = fusion.fuse_and_agree(&evidence[..79]).unwrap();
    let kept = before.kept.unwrap();
    let now = fusion.fuse_moved(&before.fact, &kept, (&[], &evidence[79..])).unwrap();
    assert_eq!(now, fusion.fuse_and_agree(&evidence));
    assert_eq!(now.unwrap().fact.contributions.len(), 80);
}

#[test]
fn what_is_kept_of_another_fact_is_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let one = said("11.22.33.44").new_tree(&mut runner).unwrap().current().1;
    let said = [one];
    let fusion = fusion(&said);
    let evidence = evidence(&said);
    let fact = fusion.fuse(&evidence).unwrap();
    let of = |kept: &[u8]| fusion.fuse_moved(&fact, kept, (&[], &evidence));
    for kept in ["", "{}", r#"{"shared":null,"ways":[],"groups":[]}"#] {
        assert!(of(kept.as_bytes()).is_err());
    }
    assert!(of(br#"{"shared":null,"ways":[],"groups":[[3,null,null]]}"#).is_err());
}

#[test]
fn a_value_that_came_on_a_benign_list_is_looked_at_anew() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let said = [said("8.8.8.8").new_tree(&mut runner).unwrap().current().1];
    let fusion = fusion(&said);
    let evidence = evidence(&said);
    assert_eq!(fusion.shared(&evidence[0]), Some(false));
    let sum = fusion.by_origin(&evidence);
    let fact = fusion.fuse(&evidence).unwrap();
    let of = |shared| fusion.fuse_moved(&fact, &sum.keep(shared).unwrap(), (&[], &evidence));
    assert!(of(Some(false)).unwrap().is_some());
    assert!(of(None).unwrap().is_none());
}
