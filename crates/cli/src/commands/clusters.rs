//! Clusters of activity that the evidence holds together: looked at, merged and split by people.

use lapwing_engine::{ClusterDecision, ClusterOutline, ClusterPreview, Clusters as Found, Engine};
use lapwing_model::OriginId;
use serde_json::json;

use crate::args::{Clusters, ClustersAction, Decision};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, counted, one_line, table, unlinked};
use crate::session::Session;

/// Origins and bonds of a preview that are shown; the rest is counted.
const SHOWN: usize = 10;

pub fn run(args: &Clusters, session: &mut Session) -> Result<Outcome, Failure> {
    match &args.action {
        None | Some(ClustersAction::List) => list(session),
        Some(ClustersAction::Show { name }) => {
            let page = session.look()?.cluster(name)?;
            super::cluster::show(&page, session)
        }
        Some(ClustersAction::Merge { clusters, how }) => {
            let decision = ClusterDecision::Merge { clusters: clusters.clone() };
            decide(&decision, how, session)
        }
        Some(ClustersAction::Split { cluster, origins, how }) => {
            let engine = session.look()?;
            let found = engine.clusters()?;
            let origins = origins_of(&engine, &found, cluster, origins)?;
            decide(&ClusterDecision::Split { cluster: cluster.clone(), origins }, how, session)
        }
        Some(ClustersAction::History) => history(session),
    }
}

fn list(session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let found = engine.clusters()?;
    let mut rows = Vec::new();
    for cluster in found.all() {
        let held_by = engine.held_by(&found, cluster, 1)?.pop();
        let (first, last) = (cluster.first, cluster.last);
        if session.out.json {
            session.out.object(&json!({
                "name": cluster.name, "also": cluster.also, "origins": cluster.members.len(),
                "bonds": cluster.bonds(), "first": first, "last": last, "held_by": held_by,
            }))?;
            continue;
        }
        let days = match (first, last) {
            (Some(first), Some(last)) if first != last => format!("{first} … {last}"),
            (Some(day), _) | (None, Some(day)) => day.to_string(),
            (None, None) => String::new(),
        };
        rows.push(vec![
            cluster.name.clone(),
            counted(cluster.members.len() as u64, "origin"),
            counted(cluster.bonds() as u64, "bond"),
            days,
            one_line(&unlinked(&held_by.unwrap_or_default()), 80),
        ]);
    }
    session.out.text(&table(&rows))?;
    if found.all().is_empty() {
        session.remark("no two origins of the store share enough that is rare")?;
    }
    Ok(Outcome::Done)
}

/// The origins of a cluster that begin so.
fn origins_of(
    engine: &Engine,
    found: &Found,
    cluster: &str,
    asked: &[String],
) -> Result<Vec<OriginId>, Failure> {
    let page = engine.cluster_of(found, cluster)?;
    let mut origins = Vec::new();
    for wanted in asked {
        let begins = |id: &&OriginId| id.to_string().starts_with(&wanted.to_lowercase());
        let mut of = page.cluster.members.iter().filter(begins);
        match (of.next(), of.next()) {
            (Some(one), None) => origins.push(*one),
            (None, _) => {
                return Err(Failure::usage(format!(
                    "{cluster} has no origin {wanted}: `lapwing clusters show {cluster}` lists them"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(Failure::usage(format!(
                    "{cluster} has several origins that begin with {wanted}: give more digits"
                )));
            }
        }
    }
    Ok(origins)
}

fn decide(
    decision: &ClusterDecision,
    how: &Decision,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    if how.preview {
        let (_, preview) = session.look()?.plan_clusters(decision, &how.because)?;
        if session.out.json {
            session.out.object(&preview)?;
        } else {
            print(&preview, &mut session.out)?;
        }
        return Ok(Outcome::Done);
    }
    let mut engine = session.open()?;
    let (judgement, preview) = engine.plan_clusters(decision, &how.because)?;
    let command = match decision {
        ClusterDecision::Merge { clusters } => format!("clusters merge {}", clusters.join(" ")),
        ClusterDecision::Split { cluster, .. } => format!("clusters split {cluster}"),
    };
    let change = engine.decide_clusters(&judgement, &command, session.now)?;
    if session.out.json {
        session.out.object(&json!({ "change": change, "done": preview.says }))?;
    } else {
        let text = format!("{}; `lapwing undo {change}` takes this back", unlinked(&preview.says));
        session.out.line(&one_line(&text, 200))?;
    }
    Ok(Outcome::Done)
}

fn print(preview: &ClusterPreview, out: &mut Output) -> Result<(), Failure> {
    out.line(&one_line(&unlinked(&preview.says), 200))?;
    for (head, outlines) in [("\nNow", &preview.before), ("\nThen", &preview.after)] {
        out.line(head)?;
        for outline in outlines {
            print_outline(outline, out)?;
        }
    }
    for (head, lines) in
        [("\nIn no cluster any more", &preview.alone), ("\nBonds overruled", &preview.overruled)]
    {
        if !lines.is_empty() {
            out.line(head)?;
        }
        for line in lines.iter().take(SHOWN) {
            out.line(&format!("  {}", one_line(&unlinked(line), 160)))?;
        }
        rest(lines.len(), out)?;
    }
    Ok(())
}

fn print_outline(outline: &ClusterOutline, out: &mut Output) -> Result<(), Failure> {
    let whose = match &outline.likeliest {
        Some(suspect) => format!("{:.2} {}", suspect.probability, suspect.actor),
        None => format!("{:.2} nobody known", outline.none_of_these),
    };
    let bonds = counted(outline.bonds as u64, "bond");
    out.line(&format!("  {} ({bonds}; {})", outline.name, unlinked(&whose)))?;
    for label in outline.labels.iter().take(SHOWN) {
        out.line(&format!("    {}", one_line(&unlinked(label), 140)))?;
    }
    rest(outline.labels.len(), out)
}

fn rest(count: usize, out: &mut Output) -> Result<(), Failure> {
    if count > SHOWN {
        out.line(&format!("    and {} more (--json)", count - SHOWN))?;
    }
    Ok(())
}

fn history(session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let mut rows = Vec::new();
    for entry in engine.cluster_history()? {
        if session.out.json {
            session.out.object(&entry)?;
            continue;
        }
        let what = match &entry.judgement.decision {
            ClusterDecision::Merge { clusters } => format!("{} are one", clusters.join(", ")),
            ClusterDecision::Split { cluster, origins } => {
                format!("{} leave {cluster}", counted(origins.len() as u64, "origin"))
            }
        };
        rows.push(vec![
            entry.change.to_string(),
            entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            one_line(&unlinked(&what), 100),
            entry.undone_by.map(|by| format!("undone by {by}")).unwrap_or_default(),
            one_line(&unlinked(&entry.judgement.because), 80),
        ]);
    }
    session.out.text(&table(&rows))?;
    Ok(Outcome::Done)
}
