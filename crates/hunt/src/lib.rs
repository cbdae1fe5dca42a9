//! The matcher, log and event readers, campaign checks and the verdict.
//!
//! Indicators are compiled once into a [`Matcher`]; campaign [`Checks`] are data files. [`hunt()`]
//! walks files, folders and archives, recognises each log by its content, and answers "were we
//! hit?" with a [`Hunt`]: findings in order of time, and a verdict that says what was and what was
//! not looked at.
//!
//! ```
//! use lapwing_hunt::{hunt, Checks, Indicator, Matcher, Options, Silent};
//! use lapwing_model::{Entity, Kind, VerdictKind};
//!
//! let listed = Indicator::new(Entity::new(Kind::Ipv4Addr, "192.0.2.7"), 0.9, "a public alert");
//! let matcher = Matcher::compile([listed]);
//! let result = hunt(&[], &matcher, Checks::builtin(), &Options::default(), &Silent);
//! assert_eq!(result.verdict.verdict, VerdictKind::NothingFound);
//! ```
#![deny(missing_docs)]

mod activity;
mod api;
mod archive;
mod around;
mod baseline;
mod carve;
mod cell_log;
mod cells;
mod check;
mod condition;
mod content;
mod context;
mod event;
mod event_log;
mod event_table;
mod event_text;
mod exposure;
mod file;
mod finding;
mod fold;
mod follow;
pub mod given;
mod hit;
mod hunt;
mod input;
mod journal;
mod json_stream;
mod kind;
mod leaf;
mod learn;
mod line;
mod line_order;
mod lines;
mod many;
mod matcher;
mod message;
mod other_forms;
mod own_record;
mod packing;
mod parquet_log;
mod pattern;
mod pipeline;
mod rarity;
mod raw;
mod record;
mod records;
mod report;
mod rewritten;
mod rotation;
mod rows;
mod scan;
mod served;
mod sigma;
mod source;
mod story;
mod table_log;
mod time;
mod together;
mod transcript;
mod unpack;
mod verdict;
mod web_tree;

pub use activity::{Activity, Step};
pub use api::{Hunt, HuntError, Indicator, Limits, Options, Progress, Silent};
pub use baseline::Baseline;
pub use check::{Campaign, Check, Checks};
pub use content::{Content, ContentMatch, ContentRules, ContentString};
pub use follow::{Follower, follow};
pub use hunt::hunt;
pub use learn::{Learnt, NotLearnt};
pub use matcher::{Compiler, Matcher, SourceId};
pub use records::{LogRecord, records};
pub use report::Sighted;
pub use sigma::{Rules, RulesOptions, Waiting};
pub use together::{Asked, Together};
