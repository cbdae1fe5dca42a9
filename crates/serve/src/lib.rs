//! HTTP: REST with OpenAPI, TAXII 2.1, MISP, web pages, MCP; users, keys, markings.
//!
//! [`run`] serves one store until it is told to end. [`App`] is what all requests share;
//! [`router`] makes the routes around it, and can be called without a socket. Who may call what
//! stands in one table (`access`); what he may see is decided where the store is read
//! ([`App::read`]): the engine that a handler gets holds nothing above the asker's ceiling.
#![deny(missing_docs)]
#![allow(clippy::unused_async, reason = "handlers are async, whether they have to wait or not")]

mod access;
mod accounts;
mod app;
mod archive;
mod asker;
mod audit;
mod collection;
mod config;
mod error;
mod events;
mod hunts;
mod input;
mod layers;
mod listen;
mod log;
mod mcp;
mod metrics;
mod misp;
mod paging;
mod problem;
mod readers;
mod rooted;
mod router;
mod routes;
mod sessions;
mod spool;
mod taxii;
mod throttle;
mod unread;
mod web;
mod webhooks;
mod writer;

pub use access::Audited;
pub use accounts::{hash_password, new_account, new_key, new_password};
pub use app::App;
pub use asker::{Asker, Ceiling, Permission, Role};
pub use collection::Collection;
pub use config::{Clock, Config, Fetch, Limits, LogForm, Tls};
pub use error::ServeError;
pub use events::Event;
pub use input::{Asked, Body, Form, Named};
pub use listen::run;
pub use mcp::mcp_stdio;
pub use problem::Problem;
pub use readers::Sight;
pub use router::{openapi, router};
