#![allow(unused, missing_docs, clippy::todo, clippy::unused_self, clippy::needless_pass_by_ref_mut)]
use crate::*;
use lapwing_model::*;
use std::path::Path;

/// A store.
pub struct Store;

impl Store {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        todo!()
    }
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        todo!()
    }
    pub fn in_memory() -> Result<Self, StoreError> {
        todo!()
    }
    pub fn begin(&mut self, command: &str, at: jiff::Timestamp) -> Result<Change<'_>, StoreError> {
        todo!()
    }
    pub fn set_patience(&mut self, patience: std::time::Duration) -> Result<(), StoreError> {
        todo!()
    }
    pub fn history(&self) -> Result<Vec<ChangeRecord>, StoreError> {
        todo!()
    }
    pub fn documents(&self) -> Result<Vec<DocumentRecord>, StoreError> {
        todo!()
    }
    pub fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        todo!()
    }
    pub fn document_record(&self, id: DocumentId) -> Result<Option<DocumentRecord>, StoreError> {
        todo!()
    }
    pub fn find_documents(
        &self,
        id_prefix_or_name: &str,
    ) -> Result<Vec<DocumentRecord>, StoreError> {
        todo!()
    }
    pub fn raw(&self, id: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        todo!()
    }
    pub fn regions(&self, id: DocumentId) -> Result<Vec<Region>, StoreError> {
        todo!()
    }
    pub fn claims_of(&self, id: DocumentId) -> Result<Vec<StoredClaim>, StoreError> {
        todo!()
    }
    pub fn claim(&self, id: ClaimId) -> Result<Option<StoredClaim>, StoreError> {
        todo!()
    }
    pub fn claims_for(
        &self,
        subject: &Entity,
        relation: Relation,
        object: &Object,
    ) -> Result<Vec<StoredClaim>, StoreError> {
        todo!()
    }
    pub fn gaps(&self) -> Result<Vec<(DocumentId, Gap)>, StoreError> {
        todo!()
    }
    pub fn facts(&self, query: &FactQuery) -> Result<Vec<Fact>, StoreError> {
        todo!()
    }
    pub fn each_fact(
        &self,
        query: &FactQuery,
        each: &mut dyn FnMut(Fact) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        todo!()
    }
    pub fn entities(&self, kind: Option<Kind>) -> Result<Vec<EntityRecord>, StoreError> {
        todo!()
    }
    pub fn find_entities(&self, text: &str) -> Result<Vec<Entity>, StoreError> {
        todo!()
    }
    pub fn origins(&self) -> Result<Vec<Origin>, StoreError> {
        todo!()
    }
    pub fn origin_of(&self, id: DocumentId) -> Result<Option<Origin>, StoreError> {
        todo!()
    }
    pub fn search(&self, words: &str, limit: usize) -> Result<Vec<SearchHit>, StoreError> {
        todo!()
    }
    pub fn traces(&self) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        todo!()
    }
    pub fn blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        todo!()
    }
    pub fn blobs(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        todo!()
    }
    pub fn as_of(&self, date: jiff::civil::Date) -> Result<Self, StoreError> {
        todo!()
    }
    pub fn digest(&self) -> Result<String, StoreError> {
        todo!()
    }
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        todo!()
    }
}
