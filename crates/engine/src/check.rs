//! Whether a store is sound: the file, its references, and that its facts are what its claims give.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lapwing_model::{Fact, Object, Relation};
use lapwing_store::{FactQuery, Store};

use crate::{Engine, EngineError};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Damage of the file or its references; empty for a sound one.
    pub damage: Vec<String>,
    /// Facts in the store.
    pub facts: u64,
    /// Facts and origins that are not what the claims give now: made by another version of the
    /// program, or changed by hand.
    pub differing: u64,
    /// The first of them, by name.
    pub named: Vec<String>,
    /// Whether the facts were made anew.
    pub rebuilt: bool,
}

/// So many differing facts are named.
const NAMED: usize = 10;

/// A statement, for comparing.
type Statement = (String, Relation, String);

impl Engine {
    /// Looks for damage without changing anything.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn check(&self) -> Result<Checked, EngineError> {
        let damage = self.store.check()?;
        Ok(Checked { damage, ..Checked::default() })
    }

    /// Looks for damage, and compares the facts with those that the claims give when they are
    /// derived anew. Other processes cannot write meanwhile. With `rebuild`, facts that differ are
    /// put right; else nothing is changed.
    ///
    /// # Errors
    /// When the store cannot be read, or cannot be locked.
    pub fn check_facts(&mut self, rebuild: bool, now: Timestamp) -> Result<Checked, EngineError> {
        let mut checked = self.check()?;
        if !checked.damage.is_empty() {
            // What is derived from damaged claims says nothing.
            return Ok(checked);
        }
        let knowledge = self.knowledge.clone();
        let mut change = self.store.begin("check --rebuild", now)?;
        let before = prints(change.store())?;
        let origins = change.origins()?;
        change.touch_all()?;
        crate::add::derive(&mut change, &knowledge)?;
        let mut after = prints(change.store())?;
        checked.facts = after.len() as u64;
        let mut differing = Vec::new();
        for (statement, print) in before {
            if after.remove(&statement) != Some(print) {
                differing.push(name(&statement));
            }
        }
        differing.extend(after.keys().map(name));
        let moved = change.origins()?.into_iter().filter(|origin| !origins.contains(origin));
        differing.extend(moved.map(|origin| format!("origin {}", origin.label)));
        checked.differing = differing.len() as u64;
        differing.truncate(NAMED);
        checked.named = differing;
        if rebuild && checked.differing > 0 {
            change.commit()?;
            checked.rebuilt = true;
        }
        Ok(checked)
    }
}

/// A short print of each fact.
fn prints(store: &Store) -> Result<BTreeMap<Statement, [u8; 16]>, EngineError> {
    let mut prints = BTreeMap::new();
    let mut failed = None;
    store.each_fact(&FactQuery::default(), &mut |fact| {
        match print(&fact) {
            Ok(print) => {
                let Fact { subject, relation, object, .. } = fact;
                prints.insert((subject.key(), relation, key(&object)), print);
            }
            Err(error) => failed = Some(error),
        }
        Ok(())
    })?;
    match failed {
        Some(error) => Err(EngineError::Corrupt(error.to_string())),
        None => Ok(prints),
    }
}

fn print(fact: &Fact) -> Result<[u8; 16], serde_json::Error> {
    let bytes = serde_json::to_vec(fact)?;
    // An identifier is a hash of its parts: that of this text is as good a print as any.
    Ok(lapwing_model::DocumentId::of(&bytes).0)
}

/// As [`Object::key`], with texts told from entities.
fn key(object: &Object) -> String {
    match object {
        Object::Entity(entity) => entity.key(),
        Object::Text(text) => format!("“{text}”"),
    }
}

fn name((subject, relation, object): &Statement) -> String {
    format!("{subject} {relation} {object}")
}
