//! What the store promises: adding, undoing, asking.

#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use std::collections::BTreeSet;

use common::{add, at, fuse, reading, resolve, undo};
use lapwing_model::{
    ChangeId, DocumentId, Entity, Format, Kind, Marking, Pap, Reading, Relation, Role,
};
use lapwing_store::{Added, Came, FactQuery, SearchHit, Store, StoreError, TURN, Turn, TurnQuery};
use proptest::prelude::Strategy;

fn store_of(numbers: impl IntoIterator<Item = u32>) -> Store {
    let mut store = common::store();
    for number in numbers {
        add(&mut store, &reading(number), 1 + (number % 20) as u8).unwrap();
    }
    store
}

#[test]
fn what_was_added_comes_back_whole() {
    let store = store_of(0..12);
    let wanted = reading(5);
    let id = wanted.document.id;
    assert_eq!(store.document(id).unwrap().unwrap(), wanted.document);
    assert_eq!(store.raw(id).unwrap().unwrap(), wanted.raw);
    let mut claims: Vec<_> = store.claims_of(id).unwrap();
    assert!(claims.iter().all(|c| c.id == c.claim.id(id) && c.document == id));
    for claim in &claims {
        assert_eq!(store.claim(claim.id).unwrap().as_ref(), Some(claim));
    }
    let mut found: Vec<_> = claims.drain(..).map(|c| c.claim).collect();
    let mut expected = wanted.claims.clone();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(store.gaps().unwrap().len(), 12);
    assert_eq!(store.origins().unwrap().len(), 12);
    assert_eq!(store.origin_of(id).unwrap().unwrap().label, "reports/5.txt");
    let all = store.origins().unwrap();
    let members = |origin: &lapwing_model::Origin| {
        origin.members.iter().map(|m| m.document).collect::<Vec<_>>()
    };
    let asked: Vec<DocumentId> = all.iter().skip(1).flat_map(members).collect();
    assert_eq!(store.origins_of(asked.iter().chain(&asked)).unwrap(), all[1..], "each once");
    assert!(store.origins_of(&[DocumentId([7; 16])]).unwrap().is_empty());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    assert_eq!(store.claim(lapwing_model::ClaimId([7; 16])).unwrap(), None);
    assert_eq!(store.document(DocumentId([7; 16])).unwrap(), None);
}

#[test]
fn claims_come_by_pages_in_order_of_place() {
    let store = store_of(0..4);
    let id = reading(2).document.id;
    let all = store.claims_of(id).unwrap();
    assert!(all.len() > 2, "{}", all.len());
    for limit in [1, 2, 3, all.len(), all.len() + 1] {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = store.claims_page(id, after, limit).unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some((last.claim.span, last.id));
            paged.extend(page);
        }
        assert_eq!(paged, all, "by {limit}");
    }
    assert!(store.claims_page(DocumentId([7; 16]), None, 9).unwrap().is_empty());
}

#[test]
fn adding_the_same_bytes_twice_changes_nothing() {
    let mut store = store_of(0..3);
    let (digest, history) = (store.digest().unwrap(), store.history().unwrap());
    assert_eq!(add(&mut store, &reading(1), 9).unwrap(), Added::Known);
    assert_eq!(store.digest().unwrap(), digest);
    assert_eq!(store.history().unwrap(), history);
}

#[test]
fn a_change_that_is_dropped_leaves_no_trace() {
    let mut store = store_of(0..3);
    let digest = store.digest().unwrap();
    {
        let mut change = store.begin("add and give up", at(9)).unwrap();
        change.add(&reading(50), b"", &resolve).unwrap();
        change.fuse_touched(&mut fuse).unwrap();
    }
    assert_eq!(store.digest().unwrap(), digest);
    assert_eq!(store.history().unwrap().len(), 3);
    assert_eq!(add(&mut store, &reading(50), 9).unwrap(), Added::New);
    assert_eq!(store.digest().unwrap(), store_of([0, 1, 2, 50]).digest().unwrap());
}

#[test]
fn undo_and_its_undo_lead_back_and_forth() {
    let mut store = store_of(0..4);
    let before = store.digest().unwrap();
    add(&mut store, &reading(10), 9).unwrap();
    let after = store.digest().unwrap();
    assert_ne!(before, after);

    let undone = undo(&mut store, 5).unwrap(); // change 6
    assert_eq!(undone.hidden, [reading(10).document.id]);
    assert_eq!(store.digest().unwrap(), before);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    assert!(matches!(undo(&mut store, 5), Err(StoreError::AlreadyUndone { .. })));
    assert!(matches!(undo(&mut store, 99), Err(StoreError::UnknownChange(ChangeId(99)))));

    let redone = undo(&mut store, 6).unwrap(); // change 7
    assert_eq!(redone.shown, [reading(10).document.id]);
    assert_eq!(store.digest().unwrap(), after);
    undo(&mut store, 7).unwrap(); // change 8: undone again
    assert_eq!(store.digest().unwrap(), before);

    // Added anew beside the undone row; then the old row may come back and go again.
    assert_eq!(add(&mut store, &reading(10), 20).unwrap(), Added::New); // change 9
    assert_eq!(store.digest().unwrap(), after);
    undo(&mut store, 8).unwrap();
    assert_eq!(store.digest().unwrap(), after);
    undo(&mut store, 9).unwrap();
    assert_eq!(store.digest().unwrap(), after, "the first row is in force again");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let history = store.history().unwrap();
    assert_eq!(history[8].undone_by, Some(ChangeId(11)));
    assert_eq!(history[4].undone_by, None);
    assert_eq!((history[5].undoes, history[5].documents), (Some(ChangeId(5)), 1));
}

#[test]
fn facts_answer_by_subject_object_role_kind_and_document() {
    let store = store_of(0..12);
    let actor = Entity::new(Kind::ThreatActor, "Hafnium");
    let count = |query: FactQuery| store.facts(&query).unwrap().len();
    let all = count(FactQuery::default());
    assert_eq!(all, 7 + 12 + 7 + 1);
    assert_eq!(count(FactQuery { subject: Some(actor.clone()), ..Default::default() }), 1);
    assert_eq!(count(FactQuery { object: Some(actor.clone()), ..Default::default() }), 7);
    assert_eq!(count(FactQuery { either: Some(actor.clone()), ..Default::default() }), 8);
    assert_eq!(count(FactQuery { role: Some(Role::Indicator), ..Default::default() }), 19);
    let hosts = FactQuery { subject_kind: Some(Kind::DomainName), ..Default::default() };
    assert_eq!(count(hosts.clone()), 12);
    assert_eq!(count(FactQuery { limit: Some(5), ..hosts.clone() }), 5);
    let of_one = Some(vec![reading(3).document.id]);
    assert_eq!(count(FactQuery { documents: of_one.clone(), ..Default::default() }), 4);
    assert_eq!(count(FactQuery { documents: of_one.clone(), ..hosts }), 1);
    let both = FactQuery { documents: of_one, either: Some(actor.clone()), ..Default::default() };
    assert_eq!(count(both), 2);
    assert_eq!(count(FactQuery { documents: Some(vec![]), ..Default::default() }), 0);
    let sure = FactQuery { least_probability: Some(0.99), ..Default::default() };
    assert_eq!(count(sure), all - 1, "the use of T1505.003 is denied by three");
    let unknown = Entity::new(Kind::Tool, "none");
    assert_eq!(count(FactQuery { either: Some(unknown), ..Default::default() }), 0);

    let uses = FactQuery { relation: Some(Relation::Uses), ..Default::default() };
    let fact = store.facts(&uses).unwrap().remove(0);
    assert_eq!(fact.contributions.len(), 12);
    let claims = store.claims_for(&fact.subject, fact.relation, &fact.object).unwrap();
    assert_eq!(fuse(&claims), Some(fact), "a fact comes back as it was made");

    let actors = store.entities(Some(Kind::ThreatActor)).unwrap();
    assert_eq!(actors.len(), 1);
    assert_eq!((actors[0].documents, actors[0].facts), (12, 8));
    assert_eq!(store.entities(None).unwrap().len(), 1 + 7 + 12 + 1);
}

#[test]
fn entities_are_found_by_any_spelling() {
    let store = store_of(0..12);
    let actor = Entity::new(Kind::ThreatActor, "Hafnium");
    for spelling in ["hafnium", "HAFNIUM", "Hafnium", "haFNium", " hafn"] {
        assert_eq!(
            store.find_entities(spelling).unwrap(),
            std::slice::from_ref(&actor),
            "{spelling}"
        );
    }
    assert_eq!(store.find_entities("c1.example").unwrap()[0].value, "c1.example.test");
    assert_eq!(store.find_entities("192.0.2.").unwrap().len(), 7);
    assert!(store.find_entities("").unwrap().is_empty());
    assert!(store.find_entities("%").unwrap().is_empty());
}

#[test]
fn documents_are_found_by_identifier_name_and_title() {
    let store = store_of(0..12);
    let id = reading(4).document.id;
    let named = |text: &str| store.find_documents(text).unwrap();
    assert_eq!(named(&id.short())[0].document.id, id);
    assert_eq!(named("reports/4.txt")[0].document.id, id);
    assert_eq!(named("NOTE 4 ON")[0].document.id, id);
    assert_eq!(named("web shells").len(), 12);
    assert!(named("100% none").is_empty() && named("").is_empty());
}

#[test]
fn search_finds_words_and_survives_any_query() {
    let mut store = store_of(0..12);
    let mut list = reading(40);
    list.document.format = Format::List;
    list.document.title = None;
    add(&mut store, &list, 1).unwrap();
    let hits = store.search("web shell", 50).unwrap();
    assert_eq!(hits.len(), 12, "the list is not among them");
    let SearchHit::Document { snippet, label, .. } = &hits[0] else { panic!("{hits:?}") };
    assert!(label.starts_with("Note "));
    assert!(
        snippet.marks.iter().any(|mark| snippet.text[mark.clone()].eq_ignore_ascii_case("web"))
    );
    let hits = store.search("hafnium", 4).unwrap();
    assert!(matches!(&hits[0], SearchHit::Entity(entity) if entity.value == "Hafnium"));
    for hostile in [
        "\"",
        "\"web",
        "web\" OR \"",
        "AND",
        "NOT",
        "NEAR(",
        "title:web",
        "*",
        "^web",
        "a-b",
        "'; DROP TABLE fact; --",
        "{",
        "col : x",
        "\0",
        "web\0shell",
        "\u{FDD0}",
        "😀",
        "((((((((((",
        "-web",
        "+",
        "web*",
    ] {
        store.search(hostile, 5).unwrap();
    }
    store.search(&"word ".repeat(5000), 5).unwrap();
    assert!(store.search("web", 0).unwrap().is_empty());
    // What is undone is not found.
    for change in 1..=12 {
        undo(&mut store, change).unwrap();
    }
    assert!(store.search("web shell", 50).unwrap().is_empty());
    assert!(store.find_entities("c3.example.test").unwrap().is_empty());
}

/// Puts a reading in the place of a change.
fn replace(store: &mut Store, number: i64, reading: &Reading) -> Result<(), StoreError> {
    let mut change = store.begin(&format!("replace {number}"), at(27))?;
    change.add(reading, reading.document.name.as_bytes(), &resolve)?;
    change.replace(ChangeId(number))?;
    let origins = common::origins(&change);
    change.put_origins(&origins)?;
    change.fuse_touched(&mut fuse)?;
    change.commit()?;
    Ok(())
}

#[test]
fn what_replaces_is_one_change_and_its_undo_restores_what_was_there() {
    let mut store = store_of(0..3); // changes 1 to 3
    let seen = |store: &Store| store.digest().unwrap();
    let with = |other: u32| {
        let mut store = store_of(0..2);
        add(&mut store, &reading(other), 9).unwrap();
        store.digest().unwrap()
    };
    replace(&mut store, 3, &reading(50)).unwrap(); // change 4
    assert_eq!(seen(&store), with(50));
    let history = store.history().unwrap();
    let last = history.last().unwrap();
    assert_eq!((last.id, last.replaces, last.undoes), (ChangeId(4), Some(ChangeId(3)), None));
    assert_eq!(last.documents, 1);
    assert_eq!(history[2].undone_by, Some(ChangeId(4)));

    replace(&mut store, 4, &reading(51)).unwrap(); // change 5
    assert_eq!(seen(&store), with(51));
    assert!(matches!(replace(&mut store, 4, &reading(52)), Err(StoreError::AlreadyUndone { .. })));
    assert_eq!(seen(&store), with(51));

    undo(&mut store, 5).unwrap(); // change 6: the one before is back, and not the first
    assert_eq!(seen(&store), with(50));
    undo(&mut store, 6).unwrap(); // change 7
    assert_eq!(seen(&store), with(51));
    undo(&mut store, 7).unwrap(); // change 8
    undo(&mut store, 4).unwrap(); // change 9: the first is back
    assert_eq!(seen(&store), with(2));
    undo(&mut store, 9).unwrap();
    assert_eq!(seen(&store), with(50));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    // Taken away for good: neither is there.
    let mut change = store.begin("delete", at(27)).unwrap();
    assert_eq!(change.withdraw(ChangeId(4)).unwrap().hidden, [reading(50).document.id]);
    let origins = common::origins(&change);
    change.put_origins(&origins).unwrap();
    change.fuse_touched(&mut fuse).unwrap();
    let withdrawn = change.commit().unwrap();
    assert_eq!(seen(&store), store_of(0..2).digest().unwrap());
    assert_eq!(store.history().unwrap().last().unwrap().undoes, Some(ChangeId(4)));
    undo(&mut store, withdrawn.0).unwrap();
    assert_eq!(seen(&store), with(50));
    // A copy of a day knows what is in force.
    let past = store.as_of("2030-01-01".parse().unwrap()).unwrap();
    assert_eq!(past.documents().unwrap().len(), 3);
    let replaced: Vec<_> = past.history().unwrap().iter().filter_map(|c| c.replaces).collect();
    assert_eq!(replaced, [ChangeId(3)]);
}

#[test]
fn as_of_knows_only_what_was_known() {
    let mut store = store_of(0..10); // published on the 1st to the 10th of March
    let mut undated = reading(60);
    undated.document.published = None;
    add(&mut store, &undated, 5).unwrap(); // added on the 5th
    let mut month = reading(61);
    month.document.published = "2021-03".parse().ok();
    add(&mut store, &month, 1).unwrap();

    let mut past = store.as_of("2021-03-05".parse().unwrap()).unwrap();
    assert_eq!(past.documents().unwrap().len(), 5 + 1);
    assert!(past.facts(&FactQuery::default()).unwrap().is_empty());
    let mut change = past.begin("derive", at(28)).unwrap();
    let origins = common::origins(&change);
    change.put_origins(&origins).unwrap();
    change.touch_all().unwrap();
    change.fuse_touched(&mut fuse).unwrap();
    change.commit().unwrap();
    assert_eq!(past.check().unwrap(), Vec::<String>::new());
    assert!(!past.search("web", 10).unwrap().is_empty());

    let mut same = store_of(0..5);
    add(&mut same, &undated, 9).unwrap();
    assert_eq!(past.digest().unwrap(), same.digest().unwrap());
    assert_eq!(store.as_of("2020-01-01".parse().unwrap()).unwrap().documents().unwrap(), []);
    assert_eq!(store.as_of("2021-03-31".parse().unwrap()).unwrap().documents().unwrap().len(), 12);
}

#[test]
fn names_resolve_again_when_knowledge_changes() {
    let mut store = store_of(0..6);
    let mut change = store.begin("knowledge update", at(9)).unwrap();
    change.put_blob("knowledge/actors", b"newer").unwrap();
    let newer = |entity: &Entity| {
        if entity.value.eq_ignore_ascii_case("hafnium") {
            return Entity::new(entity.kind, "Silk Typhoon");
        }
        entity.clone()
    };
    change.resolve_again(&newer).unwrap();
    change.fuse_touched(&mut fuse).unwrap();
    change.commit().unwrap();
    let found = store.find_entities("hafnium").unwrap();
    assert_eq!(found, [Entity::new(Kind::ThreatActor, "Silk Typhoon")]);
    assert_eq!(store.entities(Some(Kind::ThreatActor)).unwrap()[0].documents, 6);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    assert_eq!(store.blob("knowledge/actors").unwrap().unwrap(), b"newer");
    assert_eq!(store.blobs("knowledge/").unwrap(), ["knowledge/actors"]);

    let mut change = store.begin("undo", at(10)).unwrap();
    assert_eq!(change.undo(ChangeId(7)).unwrap().blobs, ["knowledge/actors"]);
    change.resolve_again(&resolve).unwrap();
    change.fuse_touched(&mut fuse).unwrap();
    change.commit().unwrap();
    assert_eq!(store.blob("knowledge/actors").unwrap(), None);
    assert_eq!(store.digest().unwrap(), store_of(0..6).digest().unwrap());
}

#[test]
fn hostile_strings_are_kept_as_they_are() {
    let mut store = common::store();
    let hostile = ["'; DROP TABLE claim; --", "a\0b", "\u{202E}rtl", "", "𝕏\u{FFFF}", "%_\\\"'"];
    let mut odd = reading(1);
    for (at, value) in hostile.iter().enumerate() {
        let entity = Entity::new(Kind::FileName, *value);
        let span = lapwing_model::Span::new(at, at + 1);
        let mut claim = lapwing_model::Claim::mention(entity, Role::Unclear, span);
        claim.context = Some((*value).to_owned());
        odd.claims.push(claim);
    }
    odd.document.title = Some(hostile.join(" "));
    odd.document.name = hostile.concat();
    odd.document.text = hostile.concat();
    add(&mut store, &odd, 1).unwrap();
    let id = odd.document.id;
    assert_eq!(store.document(id).unwrap().unwrap(), odd.document);
    let mut found: Vec<_> = store.claims_of(id).unwrap().into_iter().map(|c| c.claim).collect();
    found.sort();
    odd.claims.sort();
    assert_eq!(found, odd.claims);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    for value in hostile {
        store.find_entities(value).unwrap();
        store.find_documents(value).unwrap();
    }
}

#[test]
fn a_fact_of_another_statement_is_refused() {
    let mut store = common::store();
    let mut change = store.begin("add", at(1)).unwrap();
    change.add(&reading(1), b"", &resolve).unwrap();
    let fused = change.fuse_touched(&mut |claims| {
        fuse(claims).map(|fact| lapwing_model::Fact { relation: Relation::Drops, ..fact })
    });
    assert!(matches!(fused, Err(StoreError::ForeignFact { .. })));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: if common::server().is_some() { 4 } else { 24 }, ..Default::default() })]

    /// Any order of adds, with any of them undone and brought back, gives the same digest.
    #[test]
    fn order_and_detours_do_not_matter(
        order in proptest::prelude::Just((0..8_u32).collect::<Vec<_>>()).prop_shuffle(),
        detours in proptest::collection::vec(0..8_usize, 0..4),
    ) {
        let straight = store_of(0..8).digest().unwrap();
        let mut store = common::store();
        for (step, number) in order.iter().enumerate() {
            add(&mut store, &reading(*number), 3).unwrap();
            if detours.contains(&step) {
                let last = store.history().unwrap().len() as i64;
                undo(&mut store, last).unwrap();
                if step % 2 == 0 {
                    undo(&mut store, last + 1).unwrap();
                } else {
                    add(&mut store, &reading(*number), 4).unwrap();
                }
            }
        }
        proptest::prop_assert_eq!(store.digest().unwrap(), straight);
        proptest::prop_assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

/// All that came behind a number, by pages.
fn came(store: &Store, from: i64, limit: usize) -> Vec<Turn> {
    let mut query =
        TurnQuery { from, before: i64::MAX, documents: true, limit, ..TurnQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = store.turns(&query).unwrap();
        let Some(last) = page.last() else { return all };
        query.from = last.n + 1;
        all.extend(page);
    }
}

#[test]
fn what_comes_has_numbers_that_only_grow_and_change_with_it() {
    let mut store = store_of(0..6);
    let all = came(&store, 0, 1000);
    assert!(all.windows(2).all(|two| two[0].n + TURN <= two[1].n), "each has room behind it");
    for limit in [1, 3, 7] {
        assert_eq!(came(&store, 0, limit), all, "by {limit}");
    }
    let facts = all.iter().filter(|turn| matches!(turn.what, Came::Fact(..))).count();
    let documents = all.iter().filter(|turn| matches!(turn.what, Came::Document(_))).count();
    assert_eq!(facts, store.facts(&FactQuery::default()).unwrap().len());
    assert_eq!(documents, 6);
    let entities = all.iter().filter(|turn| matches!(turn.what, Came::Entity(_))).count();
    assert_eq!(entities, store.entities(None).unwrap().len());
    // One more report: what it does not change stays where it was, and all else is behind.
    let last = all.last().unwrap().n;
    add(&mut store, &reading(13), 2).unwrap();
    let after = came(&store, 0, 1000);
    let (kept, fresh): (Vec<Turn>, Vec<Turn>) = after.into_iter().partition(|it| it.n <= last);
    assert!(kept.iter().all(|turn| all.contains(turn)));
    let moved: Vec<&Turn> = all.iter().filter(|turn| !kept.contains(turn)).collect();
    assert!(!moved.is_empty() && moved.iter().all(|turn| matches!(turn.what, Came::Fact(..))));
    assert!(moved.iter().all(|old| fresh.iter().any(|new| new.what == old.what)));
    // Known bytes change nothing; an undo takes away what only that report said.
    add(&mut store, &reading(13), 3).unwrap();
    assert_eq!(came(&store, last + 1, 9), fresh);
    undo(&mut store, 7).unwrap();
    let gone = fresh.iter().find(|turn| matches!(turn.what, Came::Document(_))).unwrap();
    assert!(!came(&store, 0, 1000).contains(gone));
    // What comes back comes at the end.
    let latest = came(&store, 0, 1000).last().unwrap().n;
    undo(&mut store, 8).unwrap();
    let back = came(&store, latest + 1, 1000);
    assert!(back.iter().any(|turn| turn.what == gone.what), "{back:?}");
}

#[test]
fn facts_come_with_their_claims_and_those_beside_them() {
    let store = store_of([0, 7, 14]);
    let turns = came(&store, 0, 1000);
    let statements: Vec<(i64, i64, i64)> = turns
        .iter()
        .filter_map(|turn| match turn.what {
            Came::Fact(subject, relation, object) => Some((subject, relation, object)),
            _ => None,
        })
        .collect();
    let all = store.facts_that_came(&statements, 100).unwrap();
    for (fact, claims) in all.iter().map(|found| found.as_ref().unwrap()) {
        let whole = store.claims_for(&fact.subject, fact.relation, &fact.object).unwrap();
        assert_eq!(claims.len(), whole.len(), "{fact:?}");
    }
    let few = store.facts_that_came(&statements, 2).unwrap();
    assert!(few.iter().flatten().all(|(_, claims)| (1..=2).contains(&claims.len())));
    assert!(few.iter().flatten().any(|(fact, _)| fact.contributions.len() == 3));
    assert_eq!(store.facts_that_came(&[(-1, -1, -1)], 2).unwrap(), [None]);
    let address = Entity::new(Kind::Ipv4Addr, "192.0.2.0");
    let n = store.entity_number(&address).unwrap().unwrap();
    let beside = store.facts_beside(&[n], &[Relation::Indicates]).unwrap();
    assert_eq!(beside[0][0].object.entity().unwrap().value, "Hafnium");
    assert_eq!(store.entities_that_came(&[n]).unwrap(), [address]);
}

/// What lies side by side is read together, and is the same as what is read one by one.
#[test]
fn facts_of_near_subjects_are_those_of_each() {
    let store = store_of(0..14);
    let query = TurnQuery { before: i64::MAX, limit: 10_000, ..TurnQuery::default() };
    let mut statements: Vec<_> = store
        .turns(&query)
        .unwrap()
        .into_iter()
        .filter_map(|turn| if let Came::Fact(s, r, o) = turn.what { Some((s, r, o)) } else { None })
        .collect();
    statements.sort_unstable();
    assert!(statements.len() > 20);
    let one = |statement| store.facts_that_came(&[statement], 0).unwrap().remove(0).unwrap().0;
    let alone: Vec<_> = statements.iter().map(|statement| (*statement, one(*statement))).collect();
    let together = store.facts_that_came(&statements, 0).unwrap();
    for ((statement, fact), found) in alone.iter().zip(&together) {
        assert_eq!(found.as_ref().unwrap().0, *fact, "{statement:?}");
    }
    // One that is not there stands among those that are, and one far from all of them.
    let (subject, relation, object) = statements[3];
    let asked =
        [statements[2], (subject, relation, object + 10_000), statements[4], (1 << 40, 1, 1)];
    let found: Vec<bool> =
        store.facts_that_came(&asked, 0).unwrap().iter().map(Option::is_some).collect();
    assert_eq!(found, [true, false, true, false]);
    let subjects: BTreeSet<i64> = statements.iter().map(|(subject, ..)| *subject).collect();
    let asked: Vec<i64> = subjects.iter().copied().chain([1 << 40]).collect();
    let near = store.facts_of_near(&asked).unwrap();
    assert!(near.len() > 3 && !near.contains_key(&(1 << 40)));
    for (subject, facts) in near {
        let of_it: Vec<_> = alone.iter().filter(|((of, ..), _)| *of == subject).cloned().collect();
        assert_eq!(facts, of_it, "{subject}");
    }
}

#[test]
fn who_reads_along_sees_a_marking_as_soon_as_it_came() {
    let place = common::Place::new();
    let mut store = place.store();
    add(&mut store, &reading(1), 1).unwrap();
    let reader = Store::open_read_only(&place.path).unwrap();
    assert_eq!(reader.strictest().unwrap(), (Marking::Clear, Pap::Clear));
    let mut given = Marking::Clear;
    for (number, marking) in
        [(2, Marking::Green), (3, Marking::Clear), (4, Marking::Red), (5, Marking::Amber)]
    {
        let mut marked = reading(number);
        marked.document.marking = Some(marking);
        given = given.join(marking);
        add(&mut store, &marked, 2).unwrap();
        assert_eq!(reader.strictest().unwrap(), (given, Pap::Clear), "{number}");
        assert_eq!(reader.strictest().unwrap(), store.strictest().unwrap());
    }
}

#[test]
fn the_strictest_marking_is_known_at_once_and_stays_after_an_undo() {
    let mut store = common::store();
    assert_eq!(store.strictest().unwrap(), (Marking::Clear, Pap::Clear));
    let mut marked = reading(1);
    marked.document.marking = Some(Marking::AmberStrict);
    marked.document.properties.push(("tag".into(), "PAP:AMBER".into()));
    add(&mut store, &marked, 1).unwrap();
    add(&mut store, &reading(2), 2).unwrap();
    assert_eq!(store.strictest().unwrap(), (Marking::AmberStrict, Pap::Amber));
    undo(&mut store, 1).unwrap();
    assert_eq!(store.strictest().unwrap(), (Marking::AmberStrict, Pap::Amber));
}

/// What a document is told with, and what has to be told anew after a change.
#[test]
fn what_changed_is_found_by_its_number() {
    let mut store = common::store();
    let first = reading(1);
    add(&mut store, &first, 1).unwrap();
    let id = first.document.id;
    let before = store.next_turn().unwrap();
    let told = store.facts_told_by(id).unwrap();
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|(fact, turn)| *turn < before && fact.contributions.len() == 1));
    assert_eq!(store.documents_told_anew(before, 9).unwrap(), Some(Vec::new()));

    // It shares an address, an actor and a technique with the first, and has its own host.
    let second = reading(8);
    add(&mut store, &second, 3).unwrap();
    let anew: BTreeSet<_> =
        store.documents_told_anew(before, 9).unwrap().unwrap().into_iter().collect();
    assert_eq!(anew, BTreeSet::from([id, second.document.id]));
    assert_eq!(store.documents_told_anew(before, 1).unwrap(), None);
    let change = store.document_record(id).unwrap().unwrap().change;
    assert_eq!(store.change_after(change).unwrap(), Some(at(3)));
    let mut later = 0;
    for (fact, turn) in store.facts_told_by(id).unwrap() {
        let told = store.later_than(change, turn).unwrap();
        let is_shared = fact.subject.value != "c1.example.test";
        assert_eq!(told, is_shared.then(|| at(3)), "{fact:?}");
        later += usize::from(is_shared);
    }
    assert_eq!(later, 3);
    // Of several changes since it is the one that gave the number.
    for (number, day) in [(3, 5), (4, 7), (11, 9)] {
        add(&mut store, &reading(number), day).unwrap();
    }
    for (fact, turn) in store.facts_told_by(id).unwrap() {
        let day = match fact.subject.kind {
            Kind::DomainName => None,
            Kind::Ipv4Addr => Some(3),
            _ => Some(9),
        };
        assert_eq!(store.later_than(change, turn).unwrap(), day.map(at), "{fact:?}");
    }

    let latest = store.latest_change().unwrap().unwrap();
    undo(&mut store, latest.0).unwrap();
    assert!(store.only_documents_since(latest).unwrap());
    let mut decided = store.begin("decide", at(28)).unwrap();
    decided.put_judgement("topic", "body").unwrap();
    decided.commit().unwrap();
    assert!(!store.only_documents_since(latest).unwrap());
    assert!(store.facts_told_by(reading(11).document.id).unwrap().is_empty());
}
