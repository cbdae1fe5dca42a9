//! The whole path on documents in the shapes of a vendor's page, a shared event and a news
//! article: what each must give, and what none may.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod common;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lapwing_engine::read::Options;
use lapwing_engine::store::FactQuery;
use lapwing_engine::{AddOptions, Engine, Input, ShowOptions, Silent};
use lapwing_model::{
    Basis, ChangeId, Entity, Fact, GapKind, Kind, Marking, Object, Relation, Role,
};

const NOW: &str = "2021-04-01T00:00:00Z";

fn report(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange-2021/reports").join(name)
}

fn article() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/article.txt")
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn add(engine: &mut Engine, path: &Path, published: Option<&str>) -> ChangeId {
    let options = AddOptions {
        read: Options { published: published.map(|d| d.parse().unwrap()), ..Options::default() },
        command: format!("add {}", path.display()),
    };
    let input = Input::Path(path.to_owned());
    let added = engine.add(&[input], &options, now(), &Silent).unwrap();
    assert!(added.problems.is_empty(), "{:?}", added.problems);
    added.change.unwrap()
}

/// Three documents, as a user would add them.
fn three() -> Engine {
    let mut engine = common::engine();
    add(&mut engine, &report("campaign-page.md"), None);
    add(&mut engine, &report("misp-event.md"), None);
    add(&mut engine, &article(), Some("2021-03-04"));
    engine
}

fn facts(engine: &Engine, relation: Relation) -> Vec<Fact> {
    let query = FactQuery { relation: Some(relation), ..FactQuery::default() };
    engine.store().facts(&query).unwrap()
}

fn about(facts: &[Fact], subject: &str) -> Vec<String> {
    facts.iter().filter(|f| f.subject.value == subject).map(|f| f.object.key()).collect()
}

#[test]
fn three_documents_are_three_origins_and_the_rewrite_is_graded_below() {
    let engine = three();
    let origins = engine.store().origins().unwrap();
    assert_eq!(origins.len(), 3, "{origins:#?}");
    let rewrite = origins.iter().find(|o| o.label.contains("Mandiant")).expect("the article");
    assert!(!rewrite.root_seen);
    let grade = |o: &lapwing_model::Origin| o.members[0].grade.reliability;
    for other in origins.iter().filter(|o| o.id != rewrite.id) {
        assert!(grade(other) < grade(rewrite), "{} is not below {}", rewrite.label, other.label);
    }
}

#[test]
fn the_vendors_page_gives_its_rows_and_nothing_else() {
    let mut engine = common::engine();
    add(&mut engine, &report("campaign-page.md"), None);
    let query = FactQuery {
        relation: Some(Relation::Role),
        role: Some(Role::Indicator),
        ..FactQuery::default()
    };
    let mut kinds: Vec<Kind> =
        engine.store().facts(&query).unwrap().iter().map(|f| f.subject.kind).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [Kind::Ipv4Addr, Kind::Ipv4Addr, Kind::Ipv4Addr, Kind::DomainName, Kind::DomainName]
    );
    let actors = engine.store().entities(Some(Kind::ThreatActor)).unwrap();
    assert_eq!(actors.len(), 1, "`Unknown` is no actor: {actors:?}");
    assert_eq!(actors[0].entity.value, "Tortilla");
    let uses = facts(&engine, Relation::Uses);
    let technique = uses.iter().find(|f| f.object.key() == "attack-pattern:T1068").unwrap();
    assert_eq!(technique.basis, Basis::Predicted);
    assert!(technique.probability < 0.5, "a prediction is no observation");
    assert_eq!(about(&facts(&engine, Relation::HasWeakness), "T1068"), ["weakness:CWE-269"]);
    assert_eq!(facts(&engine, Relation::LocatedAt)[0].object.key(), "location:IT");
    let gaps = engine.store().gaps().unwrap();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].1.kind, gaps[0].1.count), (GapKind::Hidden, Some(1)));
    assert_eq!(facts(&engine, Relation::References).len(), 2);
}

#[test]
fn the_event_gives_its_addresses_marking_redactions_and_denial() {
    let mut engine = common::engine();
    add(&mut engine, &report("misp-event.md"), None);
    let query = FactQuery {
        relation: Some(Relation::Role),
        role: Some(Role::Indicator),
        ..FactQuery::default()
    };
    let indicators = engine.store().facts(&query).unwrap();
    assert!(indicators.len() >= 15 && indicators.iter().all(|f| f.subject.kind == Kind::Ipv4Addr));
    assert!(indicators.iter().all(|f| f.marking == Marking::Clear));
    let gaps = engine.store().gaps().unwrap();
    let redacted = gaps.iter().find(|(_, g)| g.kind == GapKind::Redacted).expect("redactions");
    assert_eq!((redacted.1.what.as_str(), redacted.1.count), ("file:sha256", Some(8)));
    let denied: Vec<String> = facts(&engine, Relation::Affects)
        .iter()
        .filter(|f| f.origins_for() == 0 && f.origins_against() > 0)
        .map(|f| f.object.key())
        .collect();
    assert!(denied.contains(&"software:Microsoft Exchange Online".to_owned()), "{denied:?}");
}

#[test]
fn the_article_says_who_says_what_and_how_sure() {
    let mut engine = common::engine();
    add(&mut engine, &article(), Some("2021-03-04"));
    let document = engine.store().documents().unwrap()[0].document.id;
    let claims = engine.store().claims_of(document).unwrap();
    let hafnium = Object::Entity(Entity::new(Kind::ThreatActor, "HAFNIUM"));
    let attribution = claims
        .iter()
        .find(|c| c.claim.relation == Relation::AttributedTo && c.object == hafnium)
        .expect("an attribution");
    assert_eq!(attribution.claim.said_by.as_deref(), Some("Microsoft"));
    assert!(attribution.claim.stated_word.as_deref().is_some_and(|w| w.contains("high")));
    let clusters = engine.store().entities(Some(Kind::Cluster)).unwrap();
    let names: Vec<_> = clusters.iter().map(|c| c.entity.value.as_str()).collect();
    assert_eq!(names, ["UNC2639", "UNC2640", "UNC2643"]);
    for name in names {
        assert_eq!(about(&facts(&engine, Relation::TrackedBy), name), ["identity:Mandiant"]);
    }
    let campaigns = engine.store().entities(Some(Kind::Campaign)).unwrap();
    assert!(campaigns.is_empty(), "the defenders' hunt is no campaign: {campaigns:?}");
    let sponsor = facts(&engine, Relation::SponsoredBy);
    assert_eq!(sponsor[0].object.key(), "location:CN");
    let first = facts(&engine, Relation::FirstSeen);
    assert!(first.iter().any(|f| f.object.key() == "2021-01"), "{first:?}");
    let fixed = facts(&engine, Relation::FixedOn);
    assert!(fixed.iter().any(|f| f.object.key() == "2021-03-02"), "{fixed:?}");
    let uses: Vec<String> = facts(&engine, Relation::Uses).iter().map(|f| f.object.key()).collect();
    assert!(uses.contains(&"attack-pattern:T1505.003".to_owned()), "{uses:?}");
    assert!(uses.contains(&"attack-pattern:T1518.001".to_owned()), "{uses:?}");
    let hit: Vec<String> =
        facts(&engine, Relation::Compromises).iter().map(|f| f.object.key()).collect();
    for sector in ["sector:retail", "sector:education", "sector:engineering", "location:US"] {
        assert!(hit.contains(&sector.to_owned()), "{sector} is not in {hit:?}");
    }
    let possible: Vec<String> =
        facts(&engine, Relation::Targets).iter().map(|f| f.object.key()).collect();
    assert!(possible.contains(&"sector:telecommunications".to_owned()), "{possible:?}");
}

#[test]
fn nobody_is_merged_and_not_all_activity_is_one_actors() {
    let engine = three();
    let options = ShowOptions { today: "2021-04-01".parse().unwrap(), as_of: None };
    let picture = engine.picture("Microsoft Exchange", &options).unwrap();
    assert_eq!(picture.documents.len(), 3);
    let apart = |a: &str, b: &str| {
        picture
            .distinct
            .iter()
            .any(|d| [(&d.a, &d.b), (&d.b, &d.a)].iter().any(|(x, y)| x.value == a && y.value == b))
    };
    assert!(apart("Tortilla", "HAFNIUM"));
    assert!(apart("HAFNIUM", "UNC2639"));
    let to_hafnium: Vec<Fact> = facts(&engine, Relation::AttributedTo);
    assert!(to_hafnium.iter().all(|f| f.subject.kind != Kind::Campaign), "{to_hafnium:#?}");
}

#[test]
fn order_of_arrival_changes_nothing_and_undo_leaves_no_trace() {
    let one_way = three();
    let mut other_way = common::engine();
    add(&mut other_way, &article(), Some("2021-03-04"));
    let taken_back = add(&mut other_way, &report("indicators.csv"), None);
    add(&mut other_way, &report("misp-event.md"), None);
    other_way.undo(taken_back, now()).unwrap();
    add(&mut other_way, &report("campaign-page.md"), None);
    let shown = |engine: &Engine| {
        let options = ShowOptions { today: "2021-04-01".parse().unwrap(), as_of: None };
        engine.show("Microsoft Exchange", &options).unwrap().to_json().to_string()
    };
    assert_eq!(shown(&one_way), shown(&other_way));
    let facts = |engine: &Engine| engine.store().facts(&FactQuery::default()).unwrap();
    assert_eq!(facts(&one_way), facts(&other_way));
}

#[test]
fn a_copy_adds_no_confidence_and_an_independent_report_does() {
    let mut engine = common::engine();
    let value = || Entity::new(Kind::Ipv4Addr, "11.22.33.44");
    let text = |intro: &str| {
        format!(
            "# {intro}\n\n{intro} The intruders came back to the mail servers of two towns every night of that week, each time from the same place, and left scripts behind.\n\n## Indicators of compromise\n\n- 11.22.33[.]44\n"
        )
    };
    let probability = |engine: &Engine| {
        let query = FactQuery {
            subject: Some(value()),
            role: Some(Role::Indicator),
            ..FactQuery::default()
        };
        engine.store().facts(&query).unwrap()[0].probability
    };
    let add_text = |engine: &mut Engine, name: &str, source: &str, text: String| {
        let options = AddOptions {
            read: Options { source: Some(source.into()), ..Options::default() },
            command: "add".into(),
        };
        let input = Input::Bytes { name: name.into(), bytes: text.into_bytes() };
        engine.add(&[input], &options, now(), &Silent).unwrap();
    };
    let original = text("Night visitors in two town halls");
    add_text(&mut engine, "a.md", "CISA", original.clone());
    let alone = probability(&engine);
    add_text(&mut engine, "b.md", "Some Blog", format!("{original}\nReposted.\n"));
    assert!((probability(&engine) - alone).abs() < 1e-12, "a copy adds nothing");
    let other = "# What our sensors saw\n\nOur own sensors in another country recorded scans for mail servers, answered from one address that we had not met before this spring.\n\n## Indicators of compromise\n\n- 11.22.33[.]44\n";
    add_text(&mut engine, "c.md", "Volexity", other.into());
    assert!(probability(&engine) > alone, "an independent report adds");
}

#[test]
fn names_of_new_documents_are_news_and_known_ones_are_not() {
    let mut engine = common::engine();
    add(&mut engine, &article(), Some("2021-03-04"));
    let between = now();
    let later: Timestamp = "2021-04-02T00:00:00Z".parse().unwrap();
    let counts = |engine: &Engine| {
        let all = engine.store().entities(None).unwrap();
        move |asked: &Entity| {
            all.iter().find(|record| record.entity == *asked).map(|record| record.documents)
        }
    };
    let options = AddOptions { read: Options::default(), command: "add report.txt".into() };
    let text =
        "HAFNIUM deployed China Chopper. The group HAFNIUM then used PsExec on mail servers.";
    let input = Input::Bytes { name: "report.txt".into(), bytes: text.into() };
    engine.add(&[input], &options, later, &Silent).unwrap();
    let all = engine.news_since("2021-01-01T00:00:00Z".parse().unwrap(), &counts(&engine)).unwrap();
    let news = engine.news_since(between, &counts(&engine)).unwrap();
    assert_eq!((all.documents, news.documents), (2, 1));
    let named = |news: &lapwing_engine::News| -> Vec<(String, usize)> {
        news.names.iter().map(|name| (name.entity.value.clone(), name.documents)).collect()
    };
    let (all, fresh) = (named(&all), named(&news));
    let told_by_both: Vec<&String> =
        all.iter().filter(|(_, documents)| *documents == 2).map(|(name, _)| name).collect();
    assert_eq!(told_by_both, ["HAFNIUM"], "{all:?}");
    assert!(fresh.contains(&("China Chopper".to_owned(), 1)), "{fresh:?}");
    assert!(!fresh.iter().any(|(name, _)| name == "HAFNIUM"), "it was known: {fresh:?}");
    assert!(all.is_sorted_by(|a, b| a.1 >= b.1), "those of most documents first: {all:?}");
}
