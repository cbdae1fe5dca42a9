//! The server as its clients see it.

mod common;
mod hunts;
mod lists;
mod markings;
mod people;
mod robust;
mod story;
mod wire;
