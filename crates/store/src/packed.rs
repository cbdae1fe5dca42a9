//! What is written of a reading, made ready apart from the store: on any thread, while another one writes.

use lapwing_model::{ClaimId, Reading};

use crate::codec::pack;
use crate::error::{Fault, StoreError};
use crate::{documents, regions};

/// The large parts of a reading, compressed, and the identifiers of its claims.
#[derive(Clone, Debug)]
pub struct Packed {
    pub(crate) header: String,
    pub(crate) raw: Vec<u8>,
    /// Where it differs from the bytes.
    pub(crate) text: Option<Vec<u8>>,
    /// With the number of bytes expanded.
    pub(crate) regions: Option<(usize, Vec<u8>)>,
    /// Identifiers of the claims and their places in the reading, in order of identifier.
    pub(crate) claims: Vec<(ClaimId, usize)>,
}

impl Packed {
    /// Makes a reading ready to be added.
    ///
    /// # Errors
    /// When its parts cannot be written down.
    pub fn of(reading: &Reading) -> Result<Self, StoreError> {
        Self::make(reading).map_err(|fault| fault.at(std::path::Path::new(&reading.document.name)))
    }

    pub(crate) fn make(reading: &Reading) -> Result<Self, Fault> {
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
        let of_place = |(at, claim): (usize, &lapwing_model::Claim)| (claim.id(document.id), at);
        let mut claims: Vec<_> = reading.claims.iter().enumerate().map(of_place).collect();
        claims.sort_unstable();
        Ok(Self {
            header,
            raw: pack(&reading.raw)?,
            text: if text == reading.raw { None } else { Some(pack(text)?) },
            regions,
            claims,
        })
    }
}
