//! Times what clusters of activity cost over a store: `clusters STORE [ROUNDS [FILE]]`, where FILE gets a
//! line for each cluster, to compare them. Printed are the seconds of finding them
//! (the first time, and the median of the rounds), of what a list of fifty shows, of the page of the largest, of what
//! merging two would do, and of the whole store as a table; and the peak memory after each (Linux).
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use lapwing_engine::publish::export::ExportFormat;
use lapwing_engine::{ClusterDecision, Engine, ExportOptions};
use lapwing_model::Marking;

/// Rows of a list.
const ROWS: usize = 50;

fn told(what: &str, begun: Instant) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    println!("{what}: {:.3} s; peak memory {}", begun.elapsed().as_secs_f64(), peak.trim());
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let store = arguments.first().ok_or("clusters STORE [ROUNDS [FILE]]")?;
    let rounds: usize = arguments.get(1).map_or(Ok(5), |n| n.parse())?;
    let begun = Instant::now();
    let engine = Engine::open(Path::new(store))?;
    told("opened, brought up to date where it was older", begun);
    let begun = Instant::now();
    let found = engine.clusters()?;
    told(&format!("{} clusters found", found.all().len()), begun);
    let mut seconds = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        engine.clusters()?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("again: {:.3} s", seconds.get(rounds / 2).copied().unwrap_or_default());
    let begun = Instant::now();
    for cluster in found.all().iter().take(ROWS) {
        engine.held_by(&found, cluster, 3)?;
    }
    told("a list of fifty", begun);
    if let Some(file) = arguments.get(2) {
        let mut lines = String::new();
        for cluster in found.all() {
            let held = engine.held_by(&found, cluster, 1)?.pop().unwrap_or_default();
            let _ = writeln!(lines, "{} {} {held}", cluster.name, cluster.members.len());
        }
        std::fs::write(file, lines)?;
    }
    if let Some(largest) = found.all().iter().max_by_key(|cluster| cluster.members.len()) {
        let begun = Instant::now();
        let page = engine.cluster_of(&found, &largest.name)?;
        let (origins, bonds) = (page.cluster.members.len(), page.cluster.bonds_in_all);
        told(&format!("the page of {origins} origins with {bonds} bonds"), begun);
    }
    if let [.., one, other] = found.all() {
        let begun = Instant::now();
        let clusters = vec![one.name.clone(), other.name.clone()];
        engine.plan_clusters_of(&found, &ClusterDecision::Merge { clusters }, "to try it")?;
        told("what merging two would do", begun);
    }
    drop(found);
    let begun = Instant::now();
    let today = jiff::civil::date(2021, 4, 1);
    let options =
        ExportOptions { ceiling: Marking::Red, ..ExportOptions::new(ExportFormat::Csv, today) };
    let table = engine.export(&options)?;
    let bytes: usize = table.files.iter().map(|file| file.bytes.len()).sum();
    told(&format!("a table of {} MB", bytes / 1_000_000), begun);
    Ok(())
}
