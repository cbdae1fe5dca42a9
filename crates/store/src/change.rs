#![allow(unused, missing_docs, clippy::todo, clippy::unused_self, clippy::needless_pass_by_ref_mut)]
use crate::*;
use lapwing_model::*;

/// One transaction.
pub struct Change<'s>(&'s mut Store);

impl Change<'_> {
    pub fn id(&self) -> ChangeId {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    pub fn add(
        &mut self,
        reading: &Reading,
        trace: &[u8],
        resolve: &dyn Fn(&Entity) -> Entity,
    ) -> Result<Added, StoreError> {
        todo!()
    }
    pub fn undo(&mut self, change: ChangeId) -> Result<Undone, StoreError> {
        todo!()
    }
    pub fn traces(&self) -> Result<Vec<(DocumentId, Vec<u8>)>, StoreError> {
        todo!()
    }
    pub fn origins(&self) -> Result<Vec<Origin>, StoreError> {
        todo!()
    }
    pub fn put_origins(&mut self, origins: &[Origin]) -> Result<(), StoreError> {
        todo!()
    }
    pub fn touch_all(&mut self) -> Result<(), StoreError> {
        todo!()
    }
    pub fn resolve_again(&mut self, resolve: &dyn Fn(&Entity) -> Entity) -> Result<(), StoreError> {
        todo!()
    }
    pub fn fuse_touched(
        &mut self,
        fuse: &mut dyn FnMut(&[StoredClaim]) -> Option<Fact>,
    ) -> Result<u64, StoreError> {
        todo!()
    }
    pub fn blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        todo!()
    }
    pub fn put_blob(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        todo!()
    }
    pub fn commit(self) -> Result<ChangeId, StoreError> {
        todo!()
    }
}
