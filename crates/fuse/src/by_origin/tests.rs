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
    fusion.fuse_more(&fusion.conclude(first, &sum).fact, &kept, more).unwrap()
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
}

#[test]
fn many_claims_are_kept_and_few_are_not() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let one = said("11.22.33.44").new_tree(&mut runner).unwrap().current().1;
    let many: Vec<Said> = (0..80_u8)
        .map(|number| {
            let mut said = one.clone();
            said.standing.document = DocumentId([number; 16]);
            said.standing.origin = OriginId([number; 16]);
            said
        })
        .collect();
    let fusion = fusion(&many);
    let evidence = evidence(&many);
    assert_eq!(fusion.fuse_and_agree(&evidence[..10]).unwrap().kept, None);
    let before = fusion.fuse_and_agree(&evidence[..79]).unwrap();
    let now = fusion.fuse_more(&before.fact, &before.kept.unwrap(), &evidence[79..]).unwrap();
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
    for kept in [&b""[..], b"{}", br#"{"shared":null,"vuldb_medium":false,"ways":[],"groups":[]}"#]
    {
        assert!(fusion.fuse_more(&fact, kept, &evidence).is_err());
    }
    let of_none = br#"{"shared":null,"vuldb_medium":false,"ways":[],"groups":[[3,null,null]]}"#;
    assert!(fusion.fuse_more(&fact, of_none, &evidence).is_err());
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
    assert!(fusion.fuse_more(&fact, &sum.keep(Some(false)).unwrap(), &evidence).unwrap().is_some());
    assert!(fusion.fuse_more(&fact, &sum.keep(None).unwrap(), &evidence).unwrap().is_none());
}
