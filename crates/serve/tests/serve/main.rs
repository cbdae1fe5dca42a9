//! The server as its clients see it.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod collecting;
mod common;
mod decisions;
mod exchange;
mod hunts;
mod lists;
mod markings;
mod misp;
mod misp_changes;
mod misp_clients;
mod misp_sync;
mod news;
mod people;
mod robust;
mod several;
mod story;
mod wire;
