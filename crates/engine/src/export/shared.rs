//! Objects that TAXII clients send: kept as they were sent. Those that are made of facts: see `coming`.

use jiff::Timestamp;
use lapwing_store::{SharedObject, SharedQuery};

use crate::{Engine, EngineError};

impl Engine {
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
