use lapwing_engine::{Lineages, ShownDerivation};

use crate::args::Origins;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, counted, one_line, unlinked};
use crate::session::Session;

pub fn run(args: &Origins, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let lineages = engine.lineages(&args.document.join(" "))?;
    if session.out.json {
        session.out.object(&lineages)?;
    } else {
        print(&lineages, args.passages, &mut session.out)?;
    }
    Ok(Outcome::Done)
}

fn print(lineages: &Lineages, most: usize, out: &mut Output) -> Result<(), Failure> {
    let by = lineages.source.as_deref().map(|s| format!(", {s}")).unwrap_or_default();
    let on = lineages.published.map(|d| format!(", {d}")).unwrap_or_default();
    out.line(&one_line(
        &format!("{} {}{by}{on}", lineages.document.short(), unlinked(&lineages.label)),
        160,
    ))?;
    if let Some(origin) = &lineages.origin {
        let seen = if origin.root_seen { "" } else { ", which is not in the store" };
        let label = origin.label.trim_end_matches("(not in the store)").trim_end();
        out.line(&one_line(&format!("  goes back to: {}{seen}", unlinked(label)), 200))?;
        let own = origin.members.iter().find(|m| m.document == lineages.document);
        let grade = own.map_or_else(String::new, |m| format!("grade {}; ", m.grade));
        let members = counted(origin.members.len() as u64, "document");
        out.line(&format!("  {grade}{members} of this origin, which count once together"))?;
    }
    if lineages.derivations.is_empty() {
        return out.line("  derives from nothing that is known, and nothing known derives from it");
    }
    for shown in &lineages.derivations {
        derivation(shown, most, out)?;
    }
    let more = lineages.derivations_in_all - lineages.derivations.len();
    if more > 0 {
        out.line(&format!("\n… and {}", counted(more as u64, "more derivation")))?;
    }
    Ok(())
}

fn derivation(shown: &ShownDerivation, most: usize, out: &mut Output) -> Result<(), Failure> {
    let d = &shown.derivation;
    let name = |id: Option<lapwing_model::DocumentId>, label: &str| match id {
        Some(id) => format!("{} {}", id.short(), one_line(&unlinked(label), 60)),
        None => one_line(&unlinked(label), 80),
    };
    let counts = if d.counts { "" } else { " (does not count: another parent is surer)" };
    out.line(&format!(
        "\n{} <- {}: {:.2}{counts}",
        name(d.child, &d.child_label),
        name(d.parent, &d.parent_label),
        d.probability
    ))?;
    out.line(&format!("  {}", one_line(&d.why, 160)))?;
    if shown.shared_values > 0 {
        let values: Vec<String> = shown
            .values
            .iter()
            .map(|v| lapwing_engine::publish::defang(v.kind, &v.value))
            .collect();
        let more = shown.shared_values.saturating_sub(values.len());
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let list = one_line(&format!("{}{rest}", values.join(", ")), 160);
        let count = counted(shown.shared_values as u64, "shared indicator");
        out.line(&format!("  {count}: {list}"))?;
    }
    if let Some(share) = shown.share_of_text
        && !shown.passages.is_empty()
    {
        let count = counted(shown.passages.len() as u64, "shared passage");
        out.line(&format!("  {count}, {:.0} % of its text", share * 100.0))?;
    }
    for passage in shown.passages.iter().take(most) {
        out.line(&format!(
            "    [{}..{}] {}",
            passage.child.start,
            passage.child.end,
            one_line(&unlinked(&passage.child_text), 200)
        ))?;
        if passage.child_text == passage.parent_text {
            let at = passage.parent;
            out.line(&format!("      = [{}..{}] word for word", at.start, at.end))?;
        } else {
            out.line(&format!(
                "      ~ [{}..{}] {} ({:.0} %)",
                passage.parent.start,
                passage.parent.end,
                one_line(&unlinked(&passage.parent_text), 200),
                passage.share * 100.0
            ))?;
        }
    }
    if shown.passages.len() > most {
        out.line(&format!("    and {} more (--passages N)", shown.passages.len() - most))?;
    }
    Ok(())
}
