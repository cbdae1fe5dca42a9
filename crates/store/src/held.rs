//! What a change brings that was not in the store: held while facts are made of it, so that it need not be read
//! back.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;
use lapwing_model::{Claim, ClaimId, DocumentId, Entity, Fact, Object, Relation, Role};

use crate::codec::date_number;
use crate::error::Fault;
use crate::names::Names;
use crate::records::StoredClaim;
use crate::sql::Connection;
use crate::standing::{Age, Row};

/// Subject, relation and object by number.
type Statement = (i64, i64, i64);

/// Claims on statements that were not there before the change, all of each.
#[derive(Default)]
pub(crate) struct Held {
    /// The last entity that was there when the change began; none: nothing is held.
    last_entity: Option<i64>,
    /// The documents that make them, with all that they claim.
    sources: Vec<(DocumentId, Arc<[Claim]>)>,
    claims: HashMap<Statement, Vec<Place>>,
    /// Claims of the sources, and of how many at most they may be.
    count: usize,
    most: usize,
    /// Whether a document was left out: then no other is taken in, lest a part of a statement is held.
    full: bool,
}

/// Where a claim is, and its names where they resolve to others.
struct Place {
    id: ClaimId,
    source: u32,
    at: u32,
    subject: Option<Box<Entity>>,
    object: Option<Box<Object>>,
}

/// A document whose claims are held.
#[derive(Clone, Copy)]
pub(crate) struct Source(u32);

impl Held {
    /// Documents are held until they make so many claims: some twenty megabytes.
    const MOST: usize = 20_000;

    pub(crate) fn since(last_entity: i64) -> Self {
        Self { last_entity: Some(last_entity), most: Self::MOST, ..Self::default() }
    }

    /// Allows for more claims, where none was left out before: as many as fit in so many KiB.
    pub(crate) fn make_room(&mut self, kib: u64) {
        // With its names, its place and what is shared badly a claim takes about as much.
        self.most = self.most.max(usize::try_from(kib).unwrap_or(usize::MAX));
    }

    /// Takes a document in, so that its claims can be put; none when there is no room for it.
    pub(crate) fn source(&mut self, document: DocumentId, claims: &Arc<[Claim]>) -> Option<Source> {
        self.full |= self.count.saturating_add(claims.len()) > self.most;
        let at = u32::try_from(self.sources.len()).ok().filter(|_| !self.full)?;
        self.last_entity?;
        self.count += claims.len();
        self.sources.push((document, Arc::clone(claims)));
        Some(Source(at))
    }

    /// Whether claims on a statement are to be put, or left out.
    pub(crate) fn is_new(&self, (subject, _, object): Statement) -> bool {
        self.last_entity.is_some_and(|last| subject.max(object) > last)
    }

    /// Holds a claim on a new statement; all of its claims must be handed over, each once. `subject` and `object`
    /// where they resolve to others than the claim names.
    pub(crate) fn put(
        &mut self,
        statement: Statement,
        (Source(source), at, id): (Source, usize, ClaimId),
        (subject, object): (Option<Entity>, Option<Object>),
    ) {
        let Ok(at) = u32::try_from(at) else { return self.leave(statement) };
        let (subject, object) = (subject.map(Box::new), object.map(Box::new));
        // Most statements have one claim.
        let places = self.claims.entry(statement).or_insert_with(|| Vec::with_capacity(1));
        places.push(Place { id, source, at, subject, object });
    }

    /// Holds nothing of a statement, for a document has a claim on it that is not held.
    pub(crate) fn leave(&mut self, statement: Statement) {
        self.claims.remove(&statement);
    }

    /// Gives the claims on a statement, in order of identifier, where they are held.
    pub(crate) fn take(&mut self, statement: Statement) -> Option<Vec<StoredClaim>> {
        let mut places = self.claims.remove(&statement)?;
        places.sort_unstable_by_key(|place| place.id);
        places.into_iter().map(|place| self.stored(place)).collect()
    }

    fn stored(&self, Place { id, source, at, subject, object }: Place) -> Option<StoredClaim> {
        let (document, claims) = self.sources.get(source as usize)?;
        let claim = claims.get(at as usize)?.clone();
        let subject = subject.map_or_else(|| claim.subject.clone(), |subject| *subject);
        let object = object.map_or_else(|| claim.object.clone(), |object| *object);
        Some(StoredClaim { id, document: *document, claim, subject, object })
    }

    /// Holds nothing from now on: names may mean others now.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// How entities stand that were not there before the change, made of their facts as these are written.
#[derive(Default)]
pub(crate) struct Standings {
    /// The last entity that was there, once facts were told of all that came after it.
    since: Option<i64>,
    /// By number, each with its kind.
    rows: BTreeMap<i64, (i64, Row)>,
    current: Option<Current>,
}

/// The entity whose facts are being written.
struct Current {
    n: i64,
    kind: i64,
    facts: i64,
    indicator: Option<Fact>,
    indicates: Vec<Fact>,
    seen: Vec<Fact>,
}

impl Standings {
    /// Takes a fact of an entity that was not there before. All facts of one come one after the other, in their
    /// order.
    pub(crate) fn take(
        &mut self,
        (conn, names, age): (&Connection, &Names, &mut Age<'_>),
        n: i64,
        fact: Fact,
    ) -> Result<(), Fault> {
        let mut current = match self.current.take() {
            Some(current) if current.n == n => current,
            other => {
                self.current = other;
                self.conclude(age);
                let kind = names.word(conn, fact.subject.kind.as_str())?;
                let (indicates, seen) = (Vec::new(), Vec::new());
                Current { n, kind, facts: 0, indicator: None, indicates, seen }
            }
        };
        current.facts += 1;
        match (fact.relation, &fact.object) {
            (Relation::Role, Object::Text(role)) if role == Role::Indicator.as_str() => {
                current.indicator = Some(fact);
            }
            (Relation::Indicates, _) => current.indicates.push(fact),
            (Relation::LastSeen, _) => current.seen.push(fact),
            _ => {}
        }
        self.current = Some(current);
        Ok(())
    }

    /// Makes the row of the entity whose facts are all there.
    pub(crate) fn conclude(&mut self, age: &mut Age<'_>) {
        let Some(Current { n, kind, facts, indicator, indicates, seen }) = self.current.take()
        else {
            return;
        };
        let mut row = Row { facts, ..Row::UNSEEN };
        if let Some(fact) = indicator {
            let others = [indicates, seen].concat();
            row.probability = Some(fact.probability);
            row.last = fact.period.last.map_or(0, date_number);
            row.days = Some(age(&fact, &others).columns());
        }
        self.rows.insert(n, (kind, row));
    }

    /// All facts were told of the entities behind this one.
    pub(crate) fn tell_since(&mut self, last_entity: i64) {
        self.since = self.since.or(Some(last_entity));
    }

    /// The last entity of which it has to be looked up how it stands, when it is looked up of all.
    pub(crate) fn last_untold(&self) -> i64 {
        self.since.unwrap_or(i64::MAX)
    }

    /// Leaves an entity out: how it stands is read from its facts.
    pub(crate) fn leave(&mut self, n: i64) {
        self.rows.remove(&n);
    }

    /// Number, kind and row of each, in order.
    pub(crate) fn rows(self) -> impl Iterator<Item = (i64, i64, Row)> {
        self.rows.into_iter().map(|(n, (kind, row))| (n, kind, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::{Kind, Span};

    const OLD: i64 = 10;

    fn claims(values: &[&str]) -> Arc<[Claim]> {
        let claim = |value: &&str| {
            let subject = Entity::new(Kind::DomainName, *value);
            Claim::mention(subject, Role::Indicator, Span::new(0, 1))
        };
        values.iter().map(claim).collect()
    }

    fn taken(held: &mut Held, n: i64) -> Option<Vec<(DocumentId, String)>> {
        let all = held.take((n, 1, 1))?;
        Some(all.into_iter().map(|one| (one.document, one.subject.value)).collect())
    }

    #[test]
    fn all_claims_of_a_new_statement_are_held_or_none() {
        let mut held = Held::since(OLD);
        held.most = 3;
        let (first, second) = (DocumentId([1; 16]), DocumentId([2; 16]));
        let of_first = claims(&["a.example", "b.example", "c.example"]);
        assert!(!held.is_new((OLD, 1, 1)) && held.is_new((OLD + 1, 1, 1)));
        let source = held.source(first, &of_first).unwrap();
        for (at, n) in [(0, 11), (1, 12), (2, 13)] {
            held.put((n, 1, 1), (source, at, of_first[at].id(first)), (None, None));
        }
        // There is no room for the second, which speaks of two values of the first.
        assert!(held.source(second, &claims(&["a.example"])).is_none());
        held.leave((11, 1, 1));
        assert_eq!(taken(&mut held, 11), None);
        assert_eq!(taken(&mut held, 12), Some(vec![(first, "b.example".to_owned())]));
        // Nor is there any for a third when more would be allowed: a part of a statement might be held.
        held.make_room(1 << 10);
        assert!(held.source(second, &claims(&["d.example"])).is_none());
        held.forget();
        assert_eq!(taken(&mut held, 13), None);
    }

    #[test]
    fn names_that_resolve_to_others_come_back_as_these() {
        let mut held = Held::since(OLD);
        held.make_room(1 << 10);
        let one = DocumentId([1; 16]);
        let all = claims(&["a.example"]);
        let source = held.source(one, &all).unwrap();
        let other = Entity::new(Kind::DomainName, "b.example");
        held.put((11, 1, 1), (source, 0, all[0].id(one)), (Some(other), None));
        assert_eq!(taken(&mut held, 11), Some(vec![(one, "b.example".to_owned())]));
    }
}
