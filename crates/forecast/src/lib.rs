//! Decay, next techniques, activity, attribution: forecasts with their back-tests.
//!
//! Pure functions: no clock, no I/O, the same input gives the same numbers, and the order of the
//! input makes no difference. Each model stands beside the baseline that it has to beat;
//! [`backtest`] says by how much it did, and `lapwing evaluate forecast` counts it again.
//!
//! - [`Completion`]: which techniques likely belong to a half-seen intrusion; [`next`](mod@next): with which
//!   an actor will be reported.
//! - [`DecayModel`]: how likely an indicator is still in use, read when it is shown; [`Listings`]
//!   back-tests it.
//! - [`Recurrence`]: whether there will be a further report; [`counts`]: how many.
//! - [`activity`]: which names rise against their own past.
//! - [`Attribution`]: whose report it is, or nobody's.
//!
//! ```
//! use lapwing_forecast::{Clocks, DecayModel, Recurrence, recurrence};
//! use lapwing_model::Kind;
//!
//! // An address of a Sliver server, first seen 60 days and last seen 10 days ago.
//! let clocks = Clocks { kind: Kind::Ipv4Addr, family: Some("Sliver"), age: 50, unseen: 10 };
//! let life = DecayModel::Fitted.read(&clocks);
//! assert!(life.probability > 0.4 && life.scored);
//!
//! // A campaign reported on three days, the last of them three weeks ago.
//! let row = recurrence::features(&[0, 30, 100], 121).expect("there are reports");
//! let within = |days| Recurrence::builtin().probability(&row, days);
//! assert!(within(30) < within(180));
//! ```
#![deny(missing_docs)]

pub mod activity;
mod attribution;
pub mod backtest;
mod completion;
pub mod counts;
mod decay;
mod hazard;
mod lifetimes;
mod linear;
mod logistic;
mod newton;
pub mod next;
mod pace;
pub mod recurrence;
pub mod score;
mod sets;
mod shares;
mod trend;

pub use attribution::{Attribution, Candidate};
pub use completion::{Completion, Reason, Similar, Suggestion};
pub use decay::{ACTIVE, AGES, Clocks, DecayModel, EXPIRED, HORIZONS, Life, families};
pub use lifetimes::{GRACE, LifeForecast, Listings, MispDecay};
pub use logistic::Logistic;
pub use pace::{Listed, Pace, pace};
pub use recurrence::{Recurrence, Watched};
pub use sets::Sets;
pub use shares::{Case, Shares, with_software};
pub use trend::Trend;
