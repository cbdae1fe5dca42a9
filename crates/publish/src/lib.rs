//! Facts to bytes: pages as text, Markdown, HTML and JSON.
//!
//! The engine gathers a [`Picture`]: facts, their origins, documents, gaps and quotes.
//! [`Page::build`] turns it into sections as typed data; the page is then written in four ways.
//! Everything that comes from documents is made harmless before it is shown.
//!
//! ```
//! use lapwing_knowledge::Knowledge;
//! use lapwing_model::{Entity, Kind, PartialDate};
//! use lapwing_publish::{Page, Picture, TextStyle};
//!
//! let today = PartialDate::new(2021, Some(3), Some(9)).unwrap();
//! let subject = Entity::new(Kind::Ipv4Addr, "192.0.2.7");
//! let page = Page::build(&Picture::new(subject, "192.0.2.7", today), Knowledge::builtin());
//! assert!(page.to_text(&TextStyle::default()).contains("192.0.2[.]7"));
//! assert_eq!(page.to_json()["subject"]["value"], "192.0.2.7");
//! ```
#![deny(missing_docs)]
#![expect(
    clippy::format_push_string,
    reason = "writing to a string cannot fail; `write!` would only add results to ignore"
)]

mod comparison;
mod error;
mod evidence;
pub mod export;
mod html;
mod hunt;
mod layout;
mod markdown;
pub mod misp;
mod page;
mod pdf;
mod picture;
pub mod rules;
mod safe;
mod sections;
pub mod stix;
mod text;
mod words;

pub use comparison::{ComparedPage, ComparedPart, ComparedTechnique, Comparison, Share, Side};
pub use error::PublishError;
pub use evidence::{Evidence, Named, QuoteLine};
pub use hunt::{FindingGroup, HuntForm, HuntReport};
pub use page::{Candidate, Page, TextStyle};
pub use pdf::PdfFont;
pub use picture::{Distinct, DocumentSummary, Picture, Quote};
pub use safe::defang;
pub use sections::{
    ActorRow, CountryRole, CountryRow, Counts, Denial, GapLine, IndicatorRow, Judgement, MemberRow,
    Moment, OriginRow, ReferenceRow, Related, SoftwareRow, StatementRow, TechniqueBasis,
    TechniqueRow, Tie, VictimRow, VictimState, VulnerabilityRow,
};
