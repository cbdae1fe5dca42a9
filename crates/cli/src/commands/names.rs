use lapwing_engine::{Proposal, ProposalState};
use serde_json::json;

use crate::args::{Names, NamesAction};
use crate::failure::{Failure, Outcome};
use crate::output::{one_line, table, unlinked};
use crate::session::Session;

pub fn run(args: &Names, session: &mut Session) -> Result<Outcome, Failure> {
    match &args.action {
        None | Some(NamesAction::List) => list(session),
        Some(NamesAction::Merge { name, means, because }) => {
            let mut engine = session.open()?;
            let change = engine.merge_names(name, means, because, session.now)?;
            done(&format!("{name} means {means} from now on"), change, session)
        }
        Some(NamesAction::Split { name, because }) => {
            let mut engine = session.open()?;
            let change = engine.split_name(name, because, session.now)?;
            done(&format!("{name} stands alone from now on"), change, session)
        }
        Some(NamesAction::History) => history(session),
    }
}

fn done(
    what: &str,
    change: lapwing_model::ChangeId,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    if session.out.json {
        session.out.object(&json!({ "change": change, "done": what }))?;
    } else {
        let text = format!("{}; `lapwing undo {change}` takes this back", unlinked(what));
        session.out.line(&one_line(&text, 200))?;
    }
    Ok(Outcome::Done)
}

fn list(session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let proposals = engine.name_proposals()?;
    for proposal in &proposals {
        if session.out.json {
            session.out.object(proposal)?;
        } else {
            print(proposal, session)?;
        }
    }
    if proposals.is_empty() {
        session.remark("no two names of the store may mean the same, as far as is known")?;
    }
    Ok(Outcome::Done)
}

fn print(proposal: &Proposal, session: &mut Session) -> Result<(), Failure> {
    let state = match proposal.state {
        ProposalState::Open => format!("{:.0} %", proposal.probability * 100.0),
        ProposalState::Merged => "merged".to_owned(),
        ProposalState::Apart => "kept apart".to_owned(),
    };
    let days = match (proposal.first, proposal.last) {
        (Some(first), Some(last)) if first != last => format!(" ({first} … {last})"),
        (Some(day), _) | (None, Some(day)) => format!(" ({day})"),
        (None, None) => String::new(),
    };
    let line = format!("{} = {}: {state}{days}", proposal.name, proposal.means);
    session.out.line(&one_line(&unlinked(&line), 160))?;
    for why in &proposal.because {
        session.out.line(&format!("  {}", one_line(&unlinked(why), 160)))?;
    }
    Ok(())
}

fn history(session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let mut rows = Vec::new();
    for entry in engine.name_history()? {
        if session.out.json {
            session.out.object(&entry)?;
            continue;
        }
        let judgement = &entry.judgement;
        let what = if judgement.name == judgement.means {
            format!("{} stands alone", judgement.name)
        } else {
            format!("{} means {}", judgement.name, judgement.means)
        };
        rows.push(vec![
            entry.change.to_string(),
            entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            one_line(&unlinked(&what), 100),
            entry.undone_by.map(|by| format!("undone by {by}")).unwrap_or_default(),
            one_line(&unlinked(&judgement.because), 80),
        ]);
    }
    session.out.text(&table(&rows))?;
    Ok(Outcome::Done)
}
