//! One file a command.

mod activity;
mod add;
mod audit;
mod backup;
mod baseline;
mod checks;
mod cluster;
mod clusters;
mod compile;
mod evaluate;
mod explain;
mod export;
mod extract;
mod feeds;
mod follow;
mod forecast;
mod history;
mod hunt;
mod investigate;
mod keys;
mod knowledge;
mod learn;
mod list;
mod mcp;
mod names;
mod origins;
mod search;
mod serve;
mod show;
mod users;
mod verdict;

use crate::args::Command;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Does what the command says.
pub fn run(command: Command, session: &mut Session) -> Result<Outcome, Failure> {
    let outcome = match command {
        Command::Investigate(args) => investigate::run(&args, session),
        Command::Add(args) => add::run(&args, session),
        Command::Extract(args) => extract::run(&args, session),
        Command::List(args) => list::run(&args, session),
        Command::Show(args) => show::run(&args, session),
        Command::Explain(args) => explain::run(&args, session),
        Command::Origins(args) => origins::run(&args, session),
        Command::Forecast(args) => forecast::run(&args, session),
        Command::Names(args) => names::run(&args, session),
        Command::Clusters(args) => clusters::run(&args, session),
        Command::Search(args) => search::run(&args, session),
        Command::Hunt(args) => hunt::run(&args, session),
        Command::Baseline(args) => baseline::run(&args, session),
        Command::Compile(args) => compile::run(&args, session),
        Command::Export(args) => export::run(&args, session),
        Command::Feeds(args) => feeds::run(args, session),
        Command::Activity(args) => activity::run(&args, session),
        Command::History => history::history(session),
        Command::Undo(args) => history::undo(&args, session),
        Command::Backup(args) => backup::backup(&args, session),
        Command::Restore(args) => backup::restore(&args, session),
        Command::Check(args) => backup::check(&args, session),
        Command::Knowledge(args) => knowledge::run(&args, session),
        Command::Checks(args) => checks::run(&args, session),
        Command::Serve(args) => serve::run(&args, session),
        Command::Users(args) => users::run(args, session),
        Command::Keys(args) => keys::run(args, session),
        Command::Audit(args) => audit::run(&args, session),
        Command::Mcp(args) => mcp::run(&args, session),
        Command::Evaluate(args) => evaluate::run(&args, session),
    }?;
    session.out.flush()?;
    Ok(outcome)
}
