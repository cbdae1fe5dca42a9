//! What is written of a reading, made ready apart from the store: on any thread, while another one writes.

use std::sync::Arc;

use lapwing_model::{Claim, ClaimId, Reading};

use crate::codec::pack;
use crate::error::{Fault, StoreError};
use crate::{documents, regions};

/// The large parts of a reading, compressed, and its claims with their identifiers.
#[derive(Clone, Debug)]
pub struct Packed {
    pub(crate) header: String,
    pub(crate) raw: Vec<u8>,
    /// Where it differs from the bytes.
    pub(crate) text: Option<Vec<u8>>,
    /// With the number of bytes expanded.
    pub(crate) regions: Option<(usize, Vec<u8>)>,
    /// The claims, in the order of the reading.
    pub(crate) stated: Arc<[Claim]>,
    /// Identifiers of the claims and their places among them, in order of identifier.
    pub(crate) claims: Vec<(ClaimId, usize)>,
}

impl Packed {
    /// Makes a reading ready to be added.
    ///
    /// # Errors
    /// When its parts cannot be written down.
    pub fn of(reading: &Reading) -> Result<Self, StoreError> {
        Self::make(reading, reading.claims.iter().cloned().collect())
    }

    /// As [`Packed::of`], with the claims taken out of the reading: so they are not there twice.
    ///
    /// # Errors
    /// As [`Packed::of`].
    pub fn taking(reading: &mut Reading) -> Result<Self, StoreError> {
        let stated = std::mem::take(&mut reading.claims).into();
        Self::make(reading, stated)
    }

    /// How many claims it has.
    #[must_use]
    pub fn count_claims(&self) -> usize {
        self.stated.len()
    }

    fn make(reading: &Reading, stated: Arc<[Claim]>) -> Result<Self, StoreError> {
        let name = std::path::Path::new(&reading.document.name);
        Self::of_parts(reading, stated).map_err(|fault| fault.at(name))
    }

    fn of_parts(reading: &Reading, stated: Arc<[Claim]>) -> Result<Self, Fault> {
        let document = &reading.document;
        let header = serde_json::to_string(&documents::without_text(document))
            .map_err(|e| Fault::damaged(e.to_string()))?;
        let text = document.text.as_bytes();
        let regions = if reading.regions.is_empty() {
            None
        } else {
            let bytes = regions::encode(&reading.regions);
            Some((bytes.len(), pack(&bytes)?))
        };
        let of_place = |(at, claim): (usize, &Claim)| (claim.id(document.id), at);
        let mut claims: Vec<_> = stated.iter().enumerate().map(of_place).collect();
        claims.sort_unstable();
        Ok(Self {
            header,
            raw: pack(&reading.raw)?,
            text: if text == reading.raw { None } else { Some(pack(text)?) },
            regions,
            stated,
            claims,
        })
    }
}
