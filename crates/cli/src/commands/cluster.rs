use lapwing_engine::ClusterPage;

use crate::failure::{Failure, Outcome};
use crate::output::{Output, counted, one_line, unlinked};
use crate::session::Session;

/// Bonds and steps of the history that are shown; the rest is counted.
const SHOWN: usize = 10;

/// Shows a cluster that Lapwing minted.
pub fn show(page: &ClusterPage, session: &mut Session) -> Result<Outcome, Failure> {
    if session.out.json {
        session.out.object(page)?;
    } else {
        print(page, &mut session.out)?;
    }
    Ok(Outcome::Done)
}

fn print(page: &ClusterPage, out: &mut Output) -> Result<(), Failure> {
    let shown = |text: &str, width| one_line(&unlinked(text), width);
    let cluster = &page.cluster;
    let days = match (page.first, page.last) {
        (Some(first), Some(last)) if first != last => format!(", {first} … {last}"),
        (Some(day), _) | (None, Some(day)) => format!(", {day}"),
        (None, None) => String::new(),
    };
    let origins = counted(cluster.members.len() as u64, "origin");
    out.line(&format!("{}: activity of {origins}{days}", cluster.name))?;
    if !cluster.also.is_empty() {
        out.line(&format!("  took in {}", cluster.also.join(", ")))?;
    }
    for (id, label) in cluster.members.iter().zip(&page.labels) {
        out.line(&format!("  {}  {}", id.short(), shown(label, 140)))?;
    }
    out.line("\nWhat holds it together")?;
    for bond in cluster.bonds.iter().take(SHOWN) {
        let because = shown(&bond.because.join(", "), 140);
        out.line(&format!(
            "  {:.1}  {} + {}: {because}",
            bond.weight,
            bond.a.short(),
            bond.b.short()
        ))?;
    }
    rest(cluster.bonds_in_all, out)?;
    out.line("\nWhose it may be")?;
    for suspect in &page.attribution {
        let because = shown(&suspect.because.join(", "), 120);
        out.line(&format!("  {:.2}  {}: {because}", suspect.probability, suspect.actor))?;
    }
    out.line(&format!("  {:.2}  none of these", page.none_of_these))?;
    for change in &page.would_change {
        out.line(&format!("  {}", shown(change, 140)))?;
    }
    out.line("\nHow it came about")?;
    for event in cluster.history.iter().take(SHOWN) {
        let on = event.on.map_or_else(|| "undated".to_owned(), |day| day.to_string());
        out.line(&format!("  {on}  {}", shown(&event.what, 160)))?;
    }
    rest(cluster.history.len(), out)
}

fn rest(count: usize, out: &mut Output) -> Result<(), Failure> {
    if count > SHOWN {
        out.line(&format!("  and {} more (--json)", count - SHOWN))?;
    }
    Ok(())
}
