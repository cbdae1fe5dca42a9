//! Sigma: rules compiled once, evaluated together.
//!
//! A file of YAML ([`yaml`]) becomes rules, correlations and filters ([`rule`], [`correlation`]);
//! each selection becomes a tree of small tests ([`item`], [`test`]). Data files ([`mapping`]) tell
//! which rules are for which records and under which names their fields stand in the log. For every
//! record, one automaton over the literals that each rule needs ([`witness`], [`prefilter`]) decides
//! which rules are run at all ([`engine`]); of lines of text it is told before they are parsed ([`gate`]).

mod agent;
mod condition;
mod correlation;
mod derive;
mod engine;
mod finding;
mod gate;
mod item;
mod mapping;
mod missing;
mod pattern;
mod prefilter;
mod rule;
mod rules;
mod scan;
mod test;
mod view;
mod witness;
mod yaml;

pub(crate) use correlation::Event as Correlated;
pub(crate) use engine::Worker;
pub(crate) use finding::correlate;
pub(crate) use gate::Gate;
pub(crate) use mapping::Told;
pub use missing::Waiting;
pub use rules::{Rules, RulesOptions};
