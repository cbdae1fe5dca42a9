//! The store below a ceiling, and how it follows the store from change to change.

use lapwing_fuse::Resolver;
use lapwing_model::{ChangeId, Marking, Pap};

use crate::{Engine, EngineError};

/// An engine that holds nothing above a ceiling: every answer of it, and every probability, is
/// computed from what is at or below it alone.
pub struct Below {
    /// The engine.
    pub engine: Engine,
    /// The store's latest change that is taken in, whoever may see it.
    pub at: Option<ChangeId>,
    ceiling: Marking,
    pap: Pap,
    /// Whether it can follow the store; a copy of rows is made anew.
    follows: bool,
}

impl Engine {
    /// The store below a ceiling; `None` when nothing is above: this engine itself may be shown.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn below(&self, ceiling: Marking, pap: Pap) -> Result<Option<Below>, EngineError> {
        let (marking, action) = self.store.strictest()?;
        if marking <= ceiling && action <= pap {
            return Ok(None);
        }
        if let Some(store) = self.store.follower()? {
            let knowledge = self.knowledge.clone();
            let engine = Engine { store, knowledge, decay: self.decay };
            let mut below = Below { engine, at: None, ceiling, pap, follows: true };
            if below.take_in()? {
                return Ok(Some(below));
            }
        }
        let at = self.store.latest_change()?;
        let engine = self.in_rows(ceiling, pap)?;
        Ok(engine.map(|engine| Below { engine, at, ceiling, pap, follows: false }))
    }

    /// As [`Engine::below`], copied row by row from the documents that may be seen, with all facts
    /// derived anew: takes long for large stores, and any store can do it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn in_rows(&self, ceiling: Marking, pap: Pap) -> Result<Option<Engine>, EngineError> {
        let Some(store) = self.store.visible_to(ceiling, pap)? else { return Ok(None) };
        let part = self.on(store, jiff::Timestamp::UNIX_EPOCH)?;
        part.store.inherit_turns(&self.store)?;
        Ok(Some(part))
    }
}

impl Below {
    /// Takes in what came to the store since; `false` when it has to be made anew.
    ///
    /// # Errors
    /// When the store cannot be read; the copy is of no use then.
    pub fn follow(&mut self) -> Result<bool, EngineError> {
        Ok(self.follows && self.take_in()?)
    }

    fn take_in(&mut self) -> Result<bool, EngineError> {
        let engine = &mut self.engine;
        let knowledge = engine.knowledge.clone();
        let mut change = engine.store.begin("view", jiff::Timestamp::UNIX_EPOCH)?;
        let Some(followed) = change.follow(self.ceiling, self.pap)? else { return Ok(false) };
        if followed.decisions {
            let judged = crate::names::judged(change.store())?;
            let resolver = Resolver::new(&knowledge).with_judged(judged);
            change.resolve_again(&|entity| resolver.canonical(entity))?;
        }
        crate::derive::derive(&mut change, &knowledge)?;
        change.commit_unrecorded()?;
        self.at = followed.at;
        Ok(true)
    }
}
