//! Readings of our own making, and the simplest fuse that is a function of the claims alone.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use lapwing_model::{
    Admiralty, AnalyticConfidence, Basis, Claim, Contribution, Document, Entity, Fact, Format, Gap,
    GapKind, Kind, Marking, Object, Origin, OriginId, OriginMember, Period, Polarity, Reading,
    Relation, Role, Span,
};
use lapwing_store::{Added, Change, Store, StoreError, StoredClaim, Undone};

/// The address of a database of PostgreSQL to run the tests on, in place of files.
pub fn server() -> Option<String> {
    std::env::var("LAPWING_TEST_POSTGRES").ok().filter(|address| !address.is_empty())
}

/// A place for a store: a file, or a schema of its own in the database.
pub struct Place {
    pub path: PathBuf,
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = match server() {
            Some(address) => schema(&address).into(),
            None => folder.path().join("store.db"),
        };
        Self { path, folder }
    }

    pub fn store(&self) -> Store {
        Store::open(&self.path).unwrap()
    }
}

/// The address of a schema that nothing else uses.
fn schema(address: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}schema=t{}_{next}", std::process::id())
}

/// A store that is thrown away.
pub fn store() -> Store {
    match server() {
        Some(address) => Store::open(Path::new(&schema(&address))).unwrap(),
        None => Store::in_memory().unwrap(),
    }
}

pub fn at(day: u8) -> jiff::Timestamp {
    format!("2021-03-{day:02}T10:00:00Z").parse().unwrap()
}

/// A report with a few addresses, an actor and a technique, all told by its number.
pub fn reading(number: u32) -> Reading {
    let text = format!(
        "Report {number}: HAFNIUM used T1505.003; C2 at 192.0.2.{} and c{number}.example.test, web shells found.",
        number % 7
    );
    let raw = text.clone().into_bytes();
    let mut document =
        Document::new(&raw, format!("reports/{number}.txt"), Format::Text, text.clone());
    document.title = Some(format!("Note {number} on web shells"));
    document.published = format!("2021-03-{:02}", 1 + number % 28).parse().ok();
    let mut reading = Reading::new(document, raw);
    let actor = Entity::new(
        Kind::ThreatActor,
        if number.is_multiple_of(2) { "HAFNIUM" } else { "Hafnium" },
    );
    let span = Span::new(10, 17);
    let address = Entity::new(Kind::Ipv4Addr, format!("192.0.2.{}", number % 7));
    let host = Entity::new(Kind::DomainName, format!("c{number}.example.test"));
    let technique = Entity::new(Kind::AttackPattern, "T1505.003");
    reading.claims.push(Claim::mention(address.clone(), Role::Indicator, Span::new(37, 47)));
    reading.claims.push(Claim::mention(host.clone(), Role::Indicator, Span::new(50, 60)));
    reading.claims.push(Claim::new(address, Relation::Indicates, actor.clone(), span));
    let mut uses = Claim::new(actor, Relation::Uses, technique, span);
    if number.is_multiple_of(5) {
        uses.polarity = Polarity::Denied;
        uses.stated_word = Some("certain".into());
        uses.period.first = "2021-01".parse().ok();
    }
    reading.claims.push(uses);
    reading.gaps.push(Gap {
        kind: GapKind::Hidden,
        what: "indicator".into(),
        entity_kind: None,
        count: Some(u64::from(number)),
        shown: None,
        span: Span::new(0, 1),
    });
    reading
}

/// One name for the two spellings.
pub fn resolve(entity: &Entity) -> Entity {
    if entity.value == "HAFNIUM" {
        return Entity::new(entity.kind, "Hafnium");
    }
    entity.clone()
}

pub fn fuse(claims: &[StoredClaim]) -> Option<Fact> {
    assert!(claims.is_sorted_by_key(|claim| claim.id), "claims come in order");
    let first = claims.first()?;
    let denied = claims.iter().filter(|c| c.claim.polarity == Polarity::Denied).count();
    let share = 1.0 - denied as f64 / claims.len() as f64;
    Some(Fact {
        subject: first.subject.clone(),
        relation: first.claim.relation,
        object: first.object.clone(),
        probability: share,
        confidence: AnalyticConfidence::Moderate,
        basis: Basis::Observed,
        period: claims.iter().fold(Period::default(), |all, c| all.hull(c.claim.period)),
        reported: Period::default(),
        marking: Marking::Green,
        contributions: claims
            .iter()
            .map(|claim| Contribution {
                origin: OriginId::of(&claim.document.0),
                supports: claim.claim.polarity != Polarity::Denied,
                weight: 0.5,
                reliability: 0.7,
                precision: claim.claim.precision.probability(),
                stated: 1.0,
                strongest: claim.id,
                claims: vec![claim.id],
            })
            .collect(),
        notes: vec![format!("{} claims", claims.len())],
    })
}

/// Every document its own origin.
pub fn origins(change: &Change<'_>) -> Vec<Origin> {
    let traces = change.traces().unwrap();
    traces
        .into_iter()
        .map(|(document, trace)| Origin {
            id: OriginId::of(&document.0),
            label: String::from_utf8(trace).unwrap(),
            root_seen: true,
            members: vec![OriginMember {
                document,
                derived_from: None,
                probability: 1.0,
                why: None,
                grade: Admiralty { reliability: 'B', credibility: 2 },
            }],
        })
        .collect()
}

/// The whole of what an `add` does.
pub fn add(store: &mut Store, reading: &Reading, day: u8) -> Result<Added, StoreError> {
    let mut change = store.begin(&format!("add {}", reading.document.name), at(day))?;
    let added = change.add(reading, reading.document.name.as_bytes(), &resolve)?;
    let origins = origins(&change);
    change.put_origins(&origins)?;
    change.fuse_touched(&mut fuse)?;
    change.commit()?;
    Ok(added)
}

/// The whole of what an `undo` does.
pub fn undo(store: &mut Store, number: i64) -> Result<Undone, StoreError> {
    let mut change = store.begin(&format!("undo {number}"), at(28))?;
    let undone = change.undo(lapwing_model::ChangeId(number))?;
    let origins = origins(&change);
    change.put_origins(&origins)?;
    change.fuse_touched(&mut fuse)?;
    change.commit()?;
    Ok(undone)
}

pub fn text(object: &Object) -> String {
    object.key()
}
