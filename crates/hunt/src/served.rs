//! Scripts that lie in no folder known to be a web server's, and that its logs show being served all the same: they are
//! pages, and so is what lies beside them.

use std::path::PathBuf;

use crate::activity::{Lead, Related};
use crate::around;
use crate::condition::{Artifacts, last_part};
use crate::file;
use crate::hunt::over_files;
use crate::scan::{Context, Report};
use crate::web_tree::{WebTrees, is_script};
use crate::{Checks, Matcher, Options, Silent};

/// Sources whose records are requests to a web server.
const REQUESTS: &[&str] = &["iis", "access-log", "exchange-httpproxy"];
/// With more scripts than this, names alone tell nothing.
const MOST: usize = 2_000;

/// Whether a file holds requests.
pub(crate) fn has_requests(report: &Report) -> bool {
    REQUESTS.iter().any(|source| report.sources.contains(*source))
}

/// Looks in `logs` for answered requests for scripts of `files`, and judges what is served so.
pub(crate) fn look(
    all: &mut Report,
    files: &[PathBuf],
    logs: &[PathBuf],
    mut webs: WebTrees,
    checks: &Checks,
    options: &Options,
) {
    let matcher = Matcher::default();
    let nothing = Artifacts::new();
    // What else the files are was told in the first pass.
    let bare = Options { rules: None, content: None, baseline: None, ..options.clone() };
    let ctx = |webs: &WebTrees| {
        let ctx = Context::new(&matcher, checks, &bare, &Silent, &nothing, false);
        ctx.with_webs(webs.clone())
    };
    let known = ctx(&webs);
    let unknown = |path: &&PathBuf| {
        path.to_str().is_some_and(|path| is_script(path) && !file::is_page(&known, path))
    };
    let scripts: Vec<&PathBuf> = files.iter().filter(unknown).collect();
    if scripts.is_empty() || scripts.len() > MOST || logs.is_empty() {
        return;
    }
    let mut leads: Vec<Lead> =
        scripts.iter().map(|path| Lead::File(last_part(&path.to_string_lossy()))).collect();
    leads.sort();
    leads.dedup();
    let mut related = Related::default();
    around::pivot(&leads, logs, options, &mut related);
    let mut served = false;
    for (lead, row) in related.all() {
        let Lead::File(name) = lead else { continue };
        let url = row.what.split_whitespace().nth(1).filter(|_| row.is_request && !row.turned_away);
        let Some(url) = url else { continue };
        for path in scripts.iter().map(|path| path.to_string_lossy()) {
            if last_part(&path) == *name {
                served |= webs.served(&path, url);
            }
        }
    }
    if !served {
        return;
    }
    let pages: Vec<PathBuf> =
        scripts.into_iter().filter(|path| webs.hold(&path.to_string_lossy())).cloned().collect();
    let titles: Vec<&str> = checks.sources().iter().map(|source| source.title.as_str()).collect();
    for mut report in over_files(&ctx(&webs), &pages) {
        report.coverage.retain(|title, _| titles.contains(&title.as_str()));
        report.problems.clear();
        report.binaries = 0;
        all.add(report);
    }
}
