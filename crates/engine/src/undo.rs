use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use lapwing_fuse::Resolver;
use lapwing_model::{ChangeId, DocumentId};

use crate::knowledge::{PREFIX, knowledge_with};
use crate::{Engine, EngineError};

/// What an undo did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoReport {
    /// The change that the undo itself is; undoing it brings everything back.
    pub change: ChangeId,
    /// Documents that went out of sight.
    pub hidden: Vec<DocumentId>,
    /// Documents that came back into sight.
    pub shown: Vec<DocumentId>,
}

impl Engine {
    /// Takes a change back and derives origins and facts as if it had never been.
    ///
    /// # Errors
    /// When there is no such change, or it is undone already; nothing is changed then.
    pub fn undo(&mut self, change: ChangeId, now: Timestamp) -> Result<UndoReport, EngineError> {
        self.undo_as(change, &format!("undo {change}"), now)
    }

    /// As [`Engine::undo_as`], for good: what the change had itself replaced does not come back.
    ///
    /// # Errors
    /// As [`Engine::undo`].
    pub fn withdraw(
        &mut self,
        change: ChangeId,
        command: &str,
        now: Timestamp,
    ) -> Result<UndoReport, EngineError> {
        let knowledge = self.knowledge.clone();
        let mut withdrawing = self.store.begin(command, now)?;
        let undone = withdrawing.withdraw(change)?;
        crate::derive::derive(&mut withdrawing, &knowledge)?;
        let id = withdrawing.commit()?;
        Ok(UndoReport { change: id, hidden: undone.hidden, shown: undone.shown })
    }

    /// As [`Engine::undo`], with the words for the history.
    ///
    /// # Errors
    /// As [`Engine::undo`].
    pub fn undo_as(
        &mut self,
        change: ChangeId,
        command: &str,
        now: Timestamp,
    ) -> Result<UndoReport, EngineError> {
        let mut names: BTreeSet<String> = self.store.blobs(PREFIX)?.into_iter().collect();
        let mut knowledge = self.knowledge.clone();
        let mut undo = self.store.begin(command, now)?;
        let undone = undo.undo(change)?;
        let other_knowledge = undone.blobs.iter().any(|name| name.starts_with(PREFIX));
        if other_knowledge {
            names.extend(undone.blobs.into_iter().filter(|name| name.starts_with(PREFIX)));
            knowledge = Arc::new(knowledge_with(&names, &|name| undo.blob(name))?);
            undo.touch_all()?;
        }
        if other_knowledge || undone.judgements {
            let judged = crate::names::judged(undo.store())?;
            let resolver = Resolver::new(&knowledge).with_judged(judged);
            undo.resolve_again(&|entity| resolver.canonical(entity))?;
        }
        crate::derive::derive(&mut undo, &knowledge)?;
        let id = undo.commit()?;
        self.knowledge = knowledge;
        Ok(UndoReport { change: id, hidden: undone.hidden, shown: undone.shown })
    }
}
