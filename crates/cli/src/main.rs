//! The `lapwing` binary: arguments, wording, progress, exit codes. All work is done by
//! `lapwing-engine`; this crate only talks.

mod args;
mod commands;
mod failure;
mod fault;
mod fetch;
mod interrupt;
mod memory;
mod output;
mod progress;
mod session;
mod whole;
mod zone;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::session::Session;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = fault::caught(|| {
        let mut session = Session::new(&arguments.global);
        commands::run(arguments.command, &mut session)
    });
    match result {
        Ok(outcome) => outcome.into(),
        Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            ExitCode::from(2)
        }
    }
}
