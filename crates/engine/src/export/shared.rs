//! Objects that are served to TAXII clients: made of facts, or kept as clients sent them.

use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_model::Marking;
use lapwing_publish::export::ExportFormat;
use lapwing_publish::stix::{self, StixOptions, StixVersion};
use lapwing_store::{SharedObject, SharedQuery, Synced};

use super::ExportOptions;
use crate::{Engine, EngineError};

impl Engine {
    /// Everything that this engine holds as STIX 2.1 objects. Cut it to the ceiling before, with
    /// [`Engine::at_most`]: the ceiling here is the second lock.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shared_objects(
        &self,
        ceiling: Marking,
        today: Date,
    ) -> Result<Vec<SharedObject>, EngineError> {
        let options = ExportOptions {
            ceiling,
            benign: true,
            ..ExportOptions::new(ExportFormat::Stix, today)
        };
        let selection = self.selection(&options)?;
        let mut objects = Vec::new();
        let version = StixOptions { version: StixVersion::V21, tlp1: false };
        stix::objects(&selection, &self.knowledge, version, &mut |object| {
            let text = |key: &str| object.json[key].as_str();
            let refs = object.json["object_marking_refs"].as_array().into_iter().flatten();
            let marking = refs.filter_map(|id| stix::marking(id.as_str()?)).max();
            objects.push(SharedObject {
                modified: text("modified").or(text("created")).and_then(|time| time.parse().ok()),
                spec: "2.1".to_owned(),
                marking: marking.unwrap_or_default() as u8,
                body: object.json.to_string().into_bytes(),
                id: object.id,
            });
        });
        Ok(objects)
    }

    /// Makes a derived collection hold just these objects: see [`lapwing_store::Store::sync_shared`].
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sync_shared(
        &mut self,
        collection: &str,
        objects: &[SharedObject],
        change: i64,
        now: Timestamp,
    ) -> Result<Synced, EngineError> {
        Ok(self.store.sync_shared(collection, objects, change, now)?)
    }

    /// Keeps objects that a client sent; tells the version of each.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_shared(
        &mut self,
        collection: &str,
        objects: &[SharedObject],
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, EngineError> {
        Ok(self.store.add_shared(collection, objects, now)?)
    }

    /// Takes away objects that a client sent; tells how many versions there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_shared(
        &mut self,
        collection: &str,
        query: &SharedQuery,
    ) -> Result<usize, EngineError> {
        Ok(self.store.remove_shared(collection, query)?)
    }

    /// Keeps what became of a client's request.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_shared_status(
        &mut self,
        id: &str,
        account: &str,
        body: &str,
    ) -> Result<(), EngineError> {
        Ok(self.store.put_shared_status(id, account, body)?)
    }
}
