//! The server as its clients see it.

mod collecting;
mod common;
mod exchange;
mod hunts;
mod lists;
mod markings;
mod people;
mod robust;
mod story;
mod wire;
