//! All that is known as STIX objects in the order in which it came, page by page: each page is made of its own rows,
//! in time and memory that do not depend on how many there are.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lapwing_model::{Kind, Marking, Pap, Relation};
use lapwing_publish::stix::StixObject;
use lapwing_publish::stix::pieces;
use lapwing_store::{
    Came, SharedQuery, SharedRecord, SpecMatch, TURN, Turn, TurnQuery, VersionMatch,
};

use super::pieces::{OfDocument, Page};
use crate::{Engine, EngineError};

/// Bytes of a page after which it ends, however few its objects are.
const BYTES: usize = 512 << 10;
/// What came that is looked at for one page: filters that let little pass give a short page, and where to go on.
const LOOKED_AT: usize = 20_000;
/// What is looked at in one go.
const CHUNK: usize = 128;
/// Facts that are made together at least.
const FEW: usize = 8;
/// Bytes of reports after which a page ends: each is made of all that its document says, so that a page of a hundred
/// took as long as some ten thousand facts.
const OF_REPORTS: usize = 48 << 10;
/// The version of STIX.
const SPEC: &str = "2.1";
/// Numbers before the first change, of which the objects of the frame have the first.
const FRAME: i64 = 64;

/// A page of objects.
#[derive(Clone, Debug, Default)]
pub struct Coming {
    /// The objects, in the order in which they came.
    pub records: Vec<SharedRecord>,
    /// The number behind which the next page begins; none: that was all.
    pub next: Option<i64>,
}

impl Engine {
    /// Objects of all that this engine holds, in the order in which they came. Cut it to the ceiling before, with
    /// [`Engine::below`]: the ceiling here is the second lock.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn coming(
        &self,
        query: &SharedQuery,
        ceiling: (Marking, Pap),
    ) -> Result<Coming, EngineError> {
        self.coming_near(query, ceiling, &[])
    }

    /// As [`Engine::coming`], where objects of the identifiers that are asked for had these numbers when they were
    /// told before: if all are still there, nothing else is looked through.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn coming_near(
        &self,
        query: &SharedQuery,
        ceiling: (Marking, Pap),
        near: &[i64],
    ) -> Result<Coming, EngineError> {
        let mut wanted = Wanted::of(query);
        if wanted.nothing {
            return Ok(Coming::default());
        }
        if !query.ids.is_empty() {
            let places = match self.places_near(query, ceiling, near)? {
                Some(places) => places,
                None => self.places_of(query, &wanted, ceiling)?,
            };
            wanted.places = Some(places);
        }
        self.page(query, &wanted, ceiling)
    }

    fn page(
        &self,
        query: &SharedQuery,
        wanted: &Wanted,
        (ceiling, pap): (Marking, Pap),
    ) -> Result<Coming, EngineError> {
        let mut page = Filling::of(query, wanted);
        if self.frame(&mut page, (ceiling, pap))? {
            return Ok(page.coming);
        }
        let maker = Page::new(self, ceiling, pap);
        let mut looked_at = 0;
        let mut from = wanted.after - TURN + 2;
        loop {
            let turns = self.wanted_turns(wanted, from)?;
            let Some(last) = turns.last().map(|turn| turn.n) else { break };
            // One after the other for as long as they are of one sort: these are made together.
            for run in turns.chunk_by(|a, b| sort(a) == sort(b)) {
                if Self::run(run, &mut page, &maker)? {
                    return Ok(page.coming);
                }
            }
            from = last + 1;
            looked_at += turns.len();
            if looked_at >= LOOKED_AT {
                page.coming.next = Some(last + TURN - 1);
                break;
            }
        }
        Ok(page.coming)
    }

    fn wanted_turns(&self, wanted: &Wanted, from: i64) -> Result<Vec<Turn>, EngineError> {
        if let Some(places) = &wanted.places {
            let left = places.iter().filter(|turn| turn.n >= from && turn.n < wanted.before);
            return Ok(left.take(CHUNK).copied().collect());
        }
        Ok(self.store.turns(&TurnQuery {
            from,
            before: wanted.before,
            relations: wanted.relations.clone(),
            kinds: wanted.kinds.clone(),
            documents: wanted.documents,
            limit: CHUNK,
        })?)
    }

    /// What all objects may refer to, as if it had come right before the first change. Whether the page is full.
    fn frame(
        &self,
        page: &mut Filling<'_>,
        (ceiling, pap): (Marking, Pap),
    ) -> Result<bool, EngineError> {
        let Some(first) = self.store.first_change()? else { return Ok(false) };
        let begun = first.as_microsecond().saturating_sub(FRAME);
        for (object, at) in pieces::frame(ceiling, pap).into_iter().zip(begun..) {
            if page.take(object, at) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The objects of what came one after the other and is of one sort. Whether the page is full.
    fn run(run: &[Turn], page: &mut Filling<'_>, maker: &Page<'_>) -> Result<bool, EngineError> {
        match run.first().map(|turn| turn.what) {
            Some(Came::Fact(..)) => {
                let mut left = run;
                while !left.is_empty() {
                    let (part, behind) = left.split_at(page.facts_to_fill_it().min(left.len()));
                    left = behind;
                    for (turn, objects) in part.iter().zip(maker.of_facts(part)?) {
                        page.given = (page.given.0 + 1, page.given.1 + objects.len());
                        if page.take_all(objects, turn.n) {
                            return Ok(true);
                        }
                    }
                }
            }
            Some(Came::Entity(_)) => {
                for part in run.chunks(page.room()) {
                    for (turn, objects) in part.iter().zip(maker.of_entities(part)?) {
                        if page.take_all(objects, turn.n) {
                            return Ok(true);
                        }
                    }
                }
            }
            Some(Came::Document(_)) => {
                let asked = page.asks_of_documents();
                for turn in run {
                    // Before it is made in vain.
                    if page.is_long() {
                        page.end();
                        return Ok(true);
                    }
                    if page.take_all(maker.of_document(turn, asked)?, turn.n) {
                        return Ok(true);
                    }
                }
            }
            None => {}
        }
        Ok(false)
    }

    /// Where the objects of identifiers are, if all are where they were told before, or of the frame.
    fn places_near(
        &self,
        query: &SharedQuery,
        ceiling: (Marking, Pap),
        near: &[i64],
    ) -> Result<Option<Vec<Turn>>, EngineError> {
        let ids: BTreeSet<&str> = query.ids.iter().map(String::as_str).collect();
        let narrowed = Wanted::of(&of_types(&ids));
        let mut places = Vec::new();
        for n in near.iter().copied().collect::<BTreeSet<i64>>() {
            // Numbers are given in steps: there is one at most.
            places.extend(self.store.turns(&TurnQuery {
                from: n.saturating_sub(TURN - 1),
                before: n.saturating_add(1),
                relations: narrowed.relations.clone(),
                kinds: narrowed.kinds.clone(),
                documents: narrowed.documents,
                limit: 1,
            })?);
        }
        places.sort_unstable_by_key(|turn| turn.n);
        places.dedup_by_key(|turn| turn.n);
        // Each is made, whatever else is asked of it: a number may be that of something else by now.
        let all = SharedQuery {
            ids: query.ids.clone(),
            limit: ids.len().saturating_add(1),
            ..SharedQuery::default()
        };
        let wanted = Wanted { places: Some(places), ..Wanted::of(&all) };
        let found = self.page(&all, &wanted, ceiling)?;
        let found: BTreeSet<&str> = found.records.iter().map(|it| it.id.as_str()).collect();
        Ok(if found == ids { wanted.places } else { None })
    }

    /// Where the objects of identifiers are: all that may give one is looked through until each is found.
    fn places_of(
        &self,
        query: &SharedQuery,
        wanted: &Wanted,
        (ceiling, pap): (Marking, Pap),
    ) -> Result<Vec<Turn>, EngineError> {
        let mut ids: BTreeSet<&str> = query.ids.iter().map(String::as_str).collect();
        let asked = of_documents(ids.iter().copied());
        let narrowed = Wanted::of(&of_types(&ids));
        let mut places = Vec::new();
        let mut from = wanted.after - TURN + 2;
        let maker = Page::new(self, ceiling, pap);
        while !ids.is_empty() {
            let turns = self.store.turns(&TurnQuery {
                from,
                before: wanted.before,
                relations: narrowed.relations.clone(),
                kinds: narrowed.kinds.clone(),
                documents: narrowed.documents,
                limit: 4096,
            })?;
            let Some(last) = turns.last().map(|turn| turn.n) else { break };
            for turn in &turns {
                if !ids.is_empty() && maker.may_give(turn, &ids)? {
                    // An object is told once.
                    let mut gives = false;
                    for object in maker.of_turn(turn, asked)? {
                        gives |= ids.remove(object.id.as_str());
                    }
                    places.extend(gives.then_some(*turn));
                }
            }
            from = last + 1;
        }
        Ok(places)
    }
}

/// Which objects of a document may have one of these identifiers.
fn of_documents<'i>(ids: impl Iterator<Item = &'i str>) -> OfDocument {
    let types: BTreeSet<&str> = ids.filter_map(|id| Some(id.split_once("--")?.0)).collect();
    let of = |kind: &str| types.contains(kind);
    OfDocument { report: of("report"), publisher: of("identity"), origin: of("note") }
}

/// What asks for all objects of the types of identifiers.
fn of_types(ids: &BTreeSet<&str>) -> SharedQuery {
    let types: BTreeSet<&str> = ids.iter().filter_map(|id| Some(id.split_once("--")?.0)).collect();
    SharedQuery {
        types: types.into_iter().map(str::to_owned).collect(),
        limit: 1,
        ..SharedQuery::default()
    }
}

fn sort(turn: &Turn) -> u8 {
    match turn.what {
        Came::Fact(..) => 0,
        Came::Entity(_) => 1,
        Came::Document(_) => 2,
    }
}

/// What a query asks for, in the terms of what came.
struct Wanted {
    nothing: bool,
    /// Behind this number.
    after: i64,
    before: i64,
    relations: Option<Vec<Relation>>,
    kinds: Option<Vec<Kind>>,
    documents: bool,
    /// Just these versions, where they are told by their time.
    at: Option<Vec<Timestamp>>,
    /// Just what came there.
    places: Option<Vec<Turn>>,
}

impl Wanted {
    fn of(query: &SharedQuery) -> Self {
        let specs = match &query.specs {
            SpecMatch::Latest | SpecMatch::All => true,
            SpecMatch::Of(specs) => specs.iter().any(|spec| spec == SPEC),
        };
        let added_after = query.added_after.map_or(i64::MIN, Timestamp::as_microsecond);
        let mut wanted = Self {
            nothing: !specs || query.limit == 0,
            after: query.after.max(added_after).max(0),
            before: i64::MAX,
            relations: None,
            kinds: None,
            documents: true,
            at: None,
            places: None,
        };
        // Of each object one version is here: the first, the last and all are the same.
        let times: Vec<Timestamp> = query
            .versions
            .iter()
            .filter_map(|version| if let VersionMatch::At(at) = version { Some(*at) } else { None })
            .collect();
        if !query.versions.is_empty() && times.len() == query.versions.len() {
            let micros = || times.iter().map(|time| time.as_microsecond());
            let first = micros().min().unwrap_or_default();
            let last = micros().max().unwrap_or_default();
            // A version is cut to the millisecond, and what came has room for a few objects behind its number.
            wanted.after = wanted.after.max(first.saturating_sub(TURN));
            wanted.before = last.saturating_add(1000);
            wanted.at = Some(times);
        }
        if !query.types.is_empty() {
            wanted.only(&query.types);
        }
        wanted
    }

    /// Only what may give objects of these types.
    fn only(&mut self, types: &[String]) {
        let any = |kinds: &[&str]| types.iter().any(|kind| kinds.contains(&kind.as_str()));
        let mut relations = Vec::new();
        if any(&["relationship", "note", "opinion"]) {
            relations = Relation::ALL.to_vec();
        } else {
            if any(&["indicator"]) {
                relations.push(Relation::Role);
            }
            if any(&["sighting"]) {
                relations.push(Relation::LastSeen);
            }
        }
        let kinds = Kind::ALL.iter().filter(|kind| {
            pieces::types_of(**kind).iter().any(|of| types.iter().any(|asked| asked == of))
        });
        self.relations = Some(relations);
        self.kinds = Some(kinds.copied().collect());
        self.documents = any(&["report", "identity", "note"]);
    }

    fn takes(&self, query: &SharedQuery, id: &str, version: Timestamp) -> bool {
        let kind = id.split_once("--").map_or(id, |(kind, _)| kind);
        (query.types.is_empty() || query.types.iter().any(|asked| asked == kind))
            && (query.ids.is_empty() || query.ids.iter().any(|asked| asked == id))
            && self.at.as_ref().is_none_or(|times| times.contains(&version))
    }
}

/// A page that is being filled.
struct Filling<'q> {
    query: &'q SharedQuery,
    wanted: &'q Wanted,
    coming: Coming,
    bytes: usize,
    /// Bytes of reports.
    reports: usize,
    /// Facts that were made for it, and the objects that these gave.
    given: (usize, usize),
}

impl<'q> Filling<'q> {
    fn of(query: &'q SharedQuery, wanted: &'q Wanted) -> Self {
        Self { query, wanted, coming: Coming::default(), bytes: 0, reports: 0, given: (0, 0) }
    }

    /// How many more objects it takes, and the one that tells that there are more.
    fn room(&self) -> usize {
        (self.query.limit + 1).saturating_sub(self.coming.records.len()).clamp(FEW, CHUNK)
    }

    /// How many facts are likely to fill it, and to tell that there are more: those that are made in vain took as long
    /// as the others. Most facts of a feed give an indicator and its tie to the value.
    fn facts_to_fill_it(&self) -> usize {
        let room = (self.query.limit + 1).saturating_sub(self.coming.records.len());
        let (facts, objects) = (self.given.0 + 8, self.given.1 + 16);
        (room * facts).div_ceil(objects).clamp(FEW, CHUNK)
    }

    /// Whether it has as much as a page may have, however few its objects are.
    fn is_long(&self) -> bool {
        let much = self.bytes >= BYTES || self.reports >= OF_REPORTS;
        much && !self.coming.records.is_empty()
    }

    /// The next page begins behind the last object.
    fn end(&mut self) {
        self.coming.next = self.coming.records.last().map(|last| last.n);
    }

    /// Which objects of a document may be of those that are asked for.
    fn asks_of_documents(&self) -> OfDocument {
        let of_types = |kind: &str| {
            self.query.types.is_empty() || self.query.types.iter().any(|asked| asked == kind)
        };
        let ids = of_documents(self.query.ids.iter().map(String::as_str));
        let any = self.query.ids.is_empty();
        OfDocument {
            report: of_types("report") && (any || ids.report),
            publisher: of_types("identity") && (any || ids.publisher),
            origin: of_types("note") && (any || ids.origin),
        }
    }

    fn take_all(&mut self, objects: Vec<StixObject>, n: i64) -> bool {
        let last = n + TURN - 1;
        objects.into_iter().zip(n..).any(|(object, at)| self.take(object, at.min(last)))
    }

    /// Takes an object, if it is asked for; whether the page is full, and where the next begins is known.
    fn take(&mut self, object: StixObject, n: i64) -> bool {
        let Ok(added) = Timestamp::from_microsecond(n) else { return false };
        if n <= self.wanted.after {
            return false;
        }
        let text = |key: &str| object.json[key].as_str();
        let version = text("modified").or(text("created")).and_then(|time| time.parse().ok());
        let version = version.unwrap_or(added);
        if !self.wanted.takes(self.query, &object.id, version) {
            return false;
        }
        if self.coming.records.len() >= self.query.limit || self.is_long() {
            self.end();
            return true;
        }
        let body = serde_json::to_vec(&object.json).unwrap_or_default();
        self.bytes += body.len();
        if object.id.starts_with("report--") {
            self.reports += body.len();
        }
        let (id, spec) = (object.id, SPEC.to_owned());
        self.coming.records.push(SharedRecord { n, id, added, version, spec, body });
        false
    }
}
