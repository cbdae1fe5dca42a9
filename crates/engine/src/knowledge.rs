use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use lapwing_fuse::Resolver;
use lapwing_knowledge::{Knowledge, KnowledgeSource, Update, load_update};
use lapwing_store::{Store, StoreError};

use crate::{Engine, EngineError};

/// Under this prefix the store keeps updates of reference data.
pub(crate) const PREFIX: &str = "knowledge/";

impl Engine {
    pub(crate) fn with_store(store: Store) -> Result<Self, EngineError> {
        let names: BTreeSet<String> = store.blobs(PREFIX)?.into_iter().collect();
        let knowledge = Arc::new(knowledge_with(&names, &|name| store.blob(name))?);
        Ok(Self { store, knowledge, decay: lapwing_forecast::DecayModel::default() })
    }

    /// Loads fresher official files (ATT&CK STIX, MISP galaxy, MISP warninglist) into the store
    /// and derives all facts again with them. Returns what was loaded.
    ///
    /// # Errors
    /// When a file cannot be read or is none of the three; nothing is changed then.
    pub fn update_knowledge(
        &mut self,
        files: &[&Path],
        now: Timestamp,
    ) -> Result<Vec<KnowledgeSource>, EngineError> {
        let mut updates = Vec::new();
        for path in files {
            let shown = path.display().to_string();
            let bytes = std::fs::read(path)
                .map_err(|source| EngineError::File { path: shown.clone(), source })?;
            let name = path.file_name().map_or(shown, |name| name.to_string_lossy().into_owned());
            updates.push((name.clone(), load_update(&name, &bytes)?));
        }
        let before = self.knowledge.sources().len();
        let all: Vec<Update> = updates.iter().map(|(_, update)| update.clone()).collect();
        self.knowledge = Arc::new(self.knowledge.with_updates(&all));

        let knowledge = self.knowledge.clone();
        let resolver = Resolver::new(&knowledge).with_judged(crate::names::judged(&self.store)?);
        let mut change = self.store.begin("knowledge update", now)?;
        for (name, update) in &updates {
            let bytes = serde_json::to_vec(update)
                .map_err(|error| EngineError::Corrupt(format!("{name}: {error}")))?;
            change.put_blob(&format!("{PREFIX}{name}"), &bytes)?;
        }
        change.resolve_again(&|entity| resolver.canonical(entity))?;
        change.touch_all()?;
        crate::derive::derive(&mut change, &knowledge)?;
        change.commit()?;
        Ok(self.knowledge.sources().get(before..).unwrap_or_default().to_vec())
    }
}

/// Gives a named blob of the store.
type BlobReader<'s> = dyn Fn(&str) -> Result<Option<Vec<u8>>, StoreError> + 's;

/// The built-in reference data with the updates of these names over it, in order of name.
pub(crate) fn knowledge_with(
    names: &BTreeSet<String>,
    blob: &BlobReader<'_>,
) -> Result<Knowledge, EngineError> {
    let mut updates: Vec<Update> = Vec::new();
    for name in names {
        let Some(bytes) = blob(name)? else { continue };
        let update = serde_json::from_slice(&bytes)
            .map_err(|error| EngineError::Corrupt(format!("{name}: {error}")))?;
        updates.push(update);
    }
    Ok(Knowledge::builtin().with_updates(&updates))
}
