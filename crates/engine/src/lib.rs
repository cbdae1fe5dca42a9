//! The story: reports in, one picture out, and the answer to "were we hit?".
//!
//! [`Engine`] is the one place that wires the other crates: it reads documents
//! (`lapwing-read`), finds what they say (`lapwing-extract`), keeps every claim
//! (`lapwing-store`), fuses claims to facts (`lapwing-fuse`), shows them (`lapwing-publish`)
//! and hunts with them (`lapwing-hunt`). [`AddReport`] says what an ingest changed,
//! [`Picture`](lapwing_publish::Picture) holds what a page is made of.
//!
//! ```
//! use lapwing_engine::{AddOptions, Engine, Input, Silent};
//!
//! # fn main() -> Result<(), lapwing_engine::EngineError> {
//! let mut engine = Engine::in_memory()?;
//! let report = "Indicators of compromise\n\nC2: 45.77.0[.]1\n";
//! let input = Input::Bytes { name: "note.txt".into(), bytes: report.into() };
//! let now = "2021-03-04T00:00:00Z".parse().expect("a time");
//! let added = engine.add(&[input], &AddOptions::default(), now, &Silent)?;
//! assert_eq!(added.new_documents, 1);
//! # Ok(()) }
//! ```
#![deny(missing_docs)]

mod activity;
mod add;
mod aging;
mod arms;
mod below;
mod binding;
mod check;
mod cluster_decisions;
mod clusters;
mod collect;
mod derive;
mod error;
mod explain;
mod export;
mod extracted;
mod forecast;
mod graph;
mod hunt;
mod indicators;
mod judge;
mod knowledge;
mod learn;
mod list;
mod lookup;
mod name_preview;
mod names;
mod origins;
mod paces;
mod patterns;
mod progress;
mod quoting;
mod rebinding;
mod shelf;
mod show;
mod since;
mod status;
mod topic;
mod undo;
mod yara;

use std::path::Path;
use std::sync::Arc;

use lapwing_knowledge::Knowledge;
use lapwing_store::Store;

pub use activity::{
    Activity, ActivityOptions, ChannelActivity, FirstSighting, Intended, PostRow, Rising, Stage,
};
pub use add::{AddOptions, AddReport, Input};
pub use aging::{IndicatorEntry, IndicatorPage};
pub use arms::load_checks;
pub use below::Below;
pub use binding::Clusters;
pub use check::Checked;
pub use cluster_decisions::{
    ClusterChange, ClusterDecision, ClusterJudgement, ClusterOutline, ClusterPreview,
};
pub use clusters::{ClusterPage, MINTED, Suspect};
pub use collect::Taken;
pub use error::{EngineError, ErrorKind};
pub use explain::{ExplainedClaim, ExplainedFact, ExplainedPart};
pub use export::{Coming, Content, EventNow, ExportOptions, LossKinds, Losses, Made, Sink};
pub use extracted::{Extracted, Extraction, extract};
pub use forecast::{Forecast, ForecastOptions, Outlook, Question};
pub use graph::{Edge, Neighbourhood, Node};
pub use hunt::{HuntOptions, IndicatorSource};
pub use judge::{ACTION, Judged, Judgement, METHOD, OF_CLAIM, OF_DOCUMENT, Statement};
pub use learn::Learning;
pub use list::{ListKind, Row};
pub use lookup::{LookedUp, Part};
pub use name_preview::{MovedStatement, NamePreview};
pub use names::{NameChange, NameJudgement, Proposal, ProposalState};
pub use origins::{Lineages, ShownDerivation, SidedPassage};
pub use paces::SourceLists;
pub use progress::{Progress, Silent};
pub use show::ShowOptions;
pub use since::{MovedFact, NewName, News};
pub use status::{Aged, Statuses};
pub use topic::Topic;
pub use undo::UndoReport;

pub use lapwing_extract::refang;

pub use lapwing_fuse::{ActivityCluster, Cluster};

pub use lapwing_forecast as forecasting;
pub use lapwing_hunt as hunting;
pub use lapwing_knowledge as reference;
pub use lapwing_publish as publish;
pub use lapwing_read as read;
pub use lapwing_store as store;

/// A store with the knowledge that its claims are read with.
pub struct Engine {
    store: Store,
    knowledge: Arc<Knowledge>,
    decay: lapwing_forecast::DecayModel,
}

impl Engine {
    /// Opens the store at `path`, making it where there is none.
    ///
    /// # Errors
    /// When the file cannot be opened, is no store, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let mut store = Store::open(path)?;
        aging::note_all(&mut store)?;
        let mut engine = Self::with_store(store)?;
        engine.mark_all()?;
        Ok(engine)
    }

    /// Opens an existing store to look at it only.
    ///
    /// # Errors
    /// As [`Self::open`], and when there is no store at `path`.
    pub fn open_read_only(path: &Path) -> Result<Self, EngineError> {
        Self::with_store(Store::open_read_only(path)?)
    }

    /// Makes an empty store in memory.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn in_memory() -> Result<Self, EngineError> {
        Self::with_store(Store::in_memory()?)
    }

    /// Sets how long to wait for another writer (10 s at first).
    ///
    /// # Errors
    /// When the store fails.
    pub fn set_patience(&mut self, patience: std::time::Duration) -> Result<(), EngineError> {
        Ok(self.store.set_patience(patience)?)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The reference data, with the updates that the store holds.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }
}
