//! Pages of one publisher and layout, each on a subject of its own, of which no source is given: none is a
//! copy of another, whatever heads, pointers and rights they share.

use std::collections::BTreeSet;
use std::path::Path;

use lapwing_engine::read::{Item, Options, read_path};
use lapwing_engine::reference::Knowledge;
use lapwing_extract::Extractor;
use lapwing_fuse::{Trace, copies};
use rayon::prelude::*;

use super::row;
use crate::corpus::files;
use crate::{EvaluateError, Scores};

/// Where the pages are, as seen from the folder of the suite.
const PAGES: &str = "../indicators/eset";

/// Scores how many pages are told as copies of others.
pub(super) fn run(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let paths = files(&folder.join(PAGES), &[".adoc", ".md"])?;
    let extractor = Extractor::new(Knowledge::builtin());
    let of = |path: &std::path::PathBuf| {
        let mut traces = Vec::new();
        read_path(path, &Options::default(), &mut |item| {
            if let Item::Reading(mut reading) = item {
                let found = extractor.extract(&reading);
                reading.claims.extend(found);
                traces.push(Trace::of(&reading));
            }
        });
        traces
    };
    let traces: Vec<Trace> = paths.par_iter().flat_map_iter(of).collect();
    if traces.len() < 2 {
        return Ok(());
    }
    let found = copies(&traces);
    let pairs = traces.len() * (traces.len() - 1) / 2;
    let told: BTreeSet<_> = found.iter().map(|copy| copy.child).collect();
    let figures = [
        ("false alarms in 1,000", 1000.0 * found.len() as f64 / pairs as f64),
        ("pages told as copies", told.len() as f64),
    ];
    row(scores, "pages of one publisher, no source given", "lapwing", pairs, &figures);
    Ok(())
}
