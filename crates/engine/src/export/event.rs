//! One document as an event of MISP's, for those who ask for one at a time.

use std::collections::BTreeSet;

use jiff::civil::Date;
use lapwing_model::{DocumentId, Entity, Marking};
use lapwing_publish::export::ExportFormat;
use lapwing_publish::misp::{self, Event};
use lapwing_store::FactQuery;

use super::ExportOptions;
use crate::{Engine, EngineError};

impl Engine {
    /// The event that a document becomes; `None` where there is no such document, or nothing of it
    /// may be shown. Cut the engine to the ceiling before, with [`Engine::at_most`]: the ceiling
    /// here is the second lock.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn misp_event(
        &self,
        document: DocumentId,
        ceiling: Marking,
        today: Date,
    ) -> Result<Option<Event>, EngineError> {
        let Some(record) = self.store.document_record(document)? else { return Ok(None) };
        if record.document.marking.unwrap_or_default() > ceiling {
            return Ok(None);
        }
        let options = ExportOptions {
            ceiling,
            pap: record.document.pap(),
            benign: true,
            names: vec![document.to_string()],
            ..ExportOptions::new(ExportFormat::Misp, today)
        };
        let selection = self.selection(&options)?;
        let event = misp::events(&selection, &self.knowledge).next();
        Ok(event)
    }

    /// The documents that state something of one of these values, in order of identifier.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn documents_that_state(&self, values: &[String]) -> Result<Vec<DocumentId>, EngineError> {
        let mut entities: BTreeSet<Entity> = BTreeSet::new();
        for value in values {
            let plain = crate::refang(value.trim());
            // A path may be asked for by the value of MISP's: `name|hash`.
            for part in plain.split('|') {
                let found = self.store.find_entities(part)?;
                entities.extend(found.into_iter().filter(|e| e.value.eq_ignore_ascii_case(part)));
            }
        }
        let mut documents = BTreeSet::new();
        for entity in entities {
            let query = FactQuery { either: Some(entity), ..FactQuery::default() };
            for fact in self.store.facts(&query)? {
                let claims = self.store.claims_for(&fact.subject, fact.relation, &fact.object)?;
                documents.extend(claims.iter().map(|stored| stored.document));
            }
        }
        Ok(documents.into_iter().collect())
    }
}
