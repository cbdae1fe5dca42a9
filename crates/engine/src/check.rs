//! Whether a store is sound: the file, its references, and that its facts are what its claims give.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lapwing_model::{Origin, OriginId};

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
        let origins = change.origins()?;
        let differing = crate::derive::derive_anew(&mut change, &knowledge)?;
        let mut named = change.some_changed_facts();
        let kept: BTreeMap<OriginId, Origin> =
            origins.into_iter().map(|origin| (origin.id, origin)).collect();
        let moved = change.origins()?.into_iter().filter(|o| kept.get(&o.id) != Some(o));
        let moved: Vec<String> = moved.map(|origin| format!("origin {}", origin.label)).collect();
        checked.facts = change.store().count_facts()?;
        checked.differing = differing + moved.len() as u64;
        named.extend(moved);
        named.truncate(NAMED);
        checked.named = named;
        if rebuild && checked.differing > 0 {
            change.commit()?;
            checked.rebuilt = true;
        }
        Ok(checked)
    }
}
