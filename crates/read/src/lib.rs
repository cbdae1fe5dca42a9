//! Bytes to documents: one reader a format, chosen by content.
//!
//! [`read_path`], [`read_stream`] and [`read_bytes`] take [`Options`] and hand over one [`Item`] after
//! another: a [`Reading`](lapwing_model::Reading) with text, regions, declared claims and gaps, or a
//! [`Problem`](lapwing_model::Problem) that names what could not be read. [`detect`] tells the format
//! without reading.
//!
//! ```
//! use lapwing_read::{Item, Options, read_bytes};
//!
//! let mut values = Vec::new();
//! read_bytes("c2.txt", b"192.0.2[.]7\n# old\nhxxp://example[.]com/a\n", &Options::default(), &mut |item| {
//!     if let Item::Reading(reading) = item {
//!         values.extend(reading.claims.into_iter().map(|claim| claim.subject.value));
//!     }
//! });
//! assert_eq!(values, ["192.0.2.7", "http://example.com/a"]);
//! ```
#![deny(missing_docs)]

mod dates;
mod decode;
mod detect;
mod formats;
mod item;
mod lineage;
mod meter;
mod options;
mod refang;
mod source;
mod value;

pub use decode::text;
pub use detect::detect;
pub use formats::feed::{feed_entries, parse_feed};
pub use formats::structured::{Observations, observations as stix_observations};
pub use item::{Input, Item};
pub use options::{Limits, Options};
pub use source::{read_bytes, read_path, read_stream};
pub use value::classify as single_value;
