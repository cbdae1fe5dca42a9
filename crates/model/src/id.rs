use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An identifier that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no identifier of 32 hexadecimal digits")]
pub struct IdError(pub String);

/// The digits of identifiers.
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Makes a 128-bit content-derived identifier type, shown as 32 hexadecimal digits.
macro_rules! content_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Derives the identifier from bytes (the first half of their BLAKE3 hash).
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self::of_parts(&[bytes])
            }

            /// Derives the identifier from several byte strings, each counted with its length.
            #[must_use]
            pub fn of_parts(parts: &[&[u8]]) -> Self {
                let mut hasher = blake3::Hasher::new();
                for part in parts {
                    if parts.len() > 1 {
                        hasher.update(&(part.len() as u64).to_le_bytes());
                    }
                    hasher.update(part);
                }
                let mut id = [0; 16];
                id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
                Self(id)
            }

            /// The first twelve digits, for people.
            #[must_use]
            pub fn short(&self) -> String {
                self.to_string()[..12].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 32];
                for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
                    pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
                }
                // Digits are text.
                f.write_str(std::str::from_utf8(&digits).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = || IdError(text.to_owned());
                if text.len() != 32 || !text.is_ascii() {
                    return Err(error());
                }
                let mut id = [0; 16];
                for (byte, at) in id.iter_mut().zip((0..32).step_by(2)) {
                    *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| error())?;
                }
                Ok(Self(id))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

content_id! {
    /// Names a document by the hash of its raw bytes.
    DocumentId
}
content_id! {
    /// Names a claim by its document, statement and span.
    ClaimId
}
content_id! {
    /// Names an origin by its root.
    OriginId
}

/// Numbers a change (one `add`, one `undo` …) of a store, from 1 on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ChangeId(pub i64);

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
