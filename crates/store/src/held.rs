//! What a change brings that was not in the store: held while facts are made of it, so that it need not be read
//! back.

use std::collections::BTreeMap;

use foldhash::HashMap;
use lapwing_model::{Fact, Object, Relation, Role};

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
    claims: HashMap<Statement, Vec<StoredClaim>>,
    count: usize,
}

impl Held {
    /// Statements begin to be held until there are so many claims: some twenty megabytes.
    const MOST: usize = 20_000;

    pub(crate) fn since(last_entity: i64) -> Self {
        Self { last_entity: Some(last_entity), ..Self::default() }
    }

    /// Whether claims on a statement are to be handed over.
    pub(crate) fn wants(&self, statement: Statement) -> bool {
        let (subject, _, object) = statement;
        self.last_entity.is_some_and(|last| subject.max(object) > last)
            && (self.count < Self::MOST || self.claims.contains_key(&statement))
    }

    /// Holds a claim on a statement that is wanted; all of its claims must be handed over, each once.
    pub(crate) fn put(&mut self, statement: Statement, claim: StoredClaim) {
        self.claims.entry(statement).or_default().push(claim);
        self.count += 1;
        // Many documents may speak of a few new statements: then all are read back.
        if self.count > 2 * Self::MOST {
            self.forget();
        }
    }

    /// Gives the claims on a statement, in order of identifier, where they are held.
    pub(crate) fn take(&mut self, statement: Statement) -> Option<Vec<StoredClaim>> {
        let mut claims = self.claims.remove(&statement)?;
        claims.sort_unstable_by_key(|claim| claim.id);
        Some(claims)
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
