//! What the user of the binary sees: output, messages and exit codes.

mod arming;
mod collecting;
mod common;
mod database;
mod exports;
mod following;
mod forecast;
mod hunting;
mod messages;
mod reports;
mod robust;
mod story;
