//! Scripts that lie in no folder known to be a web server's, and that its logs show being served all the same: they are
//! pages, and so is what lies beside them. The same for members of archives, which are known only when all was read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::activity::{Lead, Related};
use crate::around;
use crate::condition::{Artifacts, last_part};
use crate::context::Context;
use crate::file;
use crate::hunt::over_files;
use crate::report::Report;
use crate::web_tree::{WebTrees, is_script};
use crate::{Checks, Matcher, Options, Silent};

/// Sources whose records are requests to a web server.
const REQUESTS: &[&str] = &["iis", "iis-text", "access-log", "exchange-httpproxy"];
/// With more scripts than this, names alone tell nothing.
const MOST: usize = 2_000;

/// Whether a file holds requests.
pub(crate) fn has_requests(report: &Report) -> bool {
    REQUESTS.iter().any(|source| report.sources.contains(*source))
}

/// Looks for what tells that scripts of `files` and of the archives among them are served, in the archives and in the
/// requests of `logs`, and judges these as pages.
pub(crate) fn look(
    all: &mut Report,
    files: &[PathBuf],
    logs: &[PathBuf],
    webs: &WebTrees,
    checks: &Checks,
    options: &Options,
) {
    let members = std::mem::take(&mut all.members);
    let matcher = Matcher::default();
    let nothing = Artifacts::new();
    // What else the files are was told in the first pass.
    let bare = Options { rules: None, content: None, baseline: None, ..options.clone() };
    let ctx = |webs: &WebTrees| {
        let ctx = Context::new(&matcher, checks, &bare, &Silent, &nothing, false);
        ctx.with_webs(webs.clone())
    };
    let known = ctx(webs);
    let names = files.iter().filter_map(|path| path.to_str().map(str::to_owned));
    let unknown = |name: &String| is_script(name) && !file::is_page(&known, name);
    let scripts: Vec<String> =
        names.chain(members.scripts.iter().cloned()).filter(unknown).collect();
    if scripts.is_empty() {
        return;
    }
    let mut now = webs.clone();
    now.add_members(&members);
    if options.around && scripts.len() <= MOST {
        requested(&mut now, &scripts, logs, options);
    }
    if now == *webs {
        return;
    }
    let pages = scripts.into_iter().filter(|name| now.hold(name));
    let judged = ctx(&now);
    let titles: Vec<&str> = checks.sources().iter().map(|source| source.title.as_str()).collect();
    for (path, only) in by_file(pages, files) {
        over_files(&judged.with_only(only), std::slice::from_ref(path), |mut report, _| {
            report.coverage.retain(|title, _| titles.contains(&title.as_str()));
            report.problems.clear();
            report.binaries = 0;
            all.add(report, options);
        });
    }
}

/// Adds the folders of scripts for which there is an answered request.
fn requested(webs: &mut WebTrees, scripts: &[String], logs: &[PathBuf], options: &Options) {
    if logs.is_empty() {
        return;
    }
    let mut leads: Vec<Lead> = scripts.iter().map(|name| Lead::File(file_name(name))).collect();
    leads.sort();
    leads.dedup();
    let mut related = Related::default();
    around::pivot(&leads, logs, options, &mut related);
    for (lead, row) in related.all() {
        let Lead::File(name) = lead else { continue };
        let url = row.what.split_whitespace().nth(1).filter(|_| row.is_request && !row.turned_away);
        let Some(url) = url else { continue };
        for script in scripts.iter().filter(|script| file_name(script) == *name) {
            webs.served(script, url);
        }
    }
}

/// The name of a file or of an archive's member, without its folders.
fn file_name(path: &str) -> String {
    last_part(path.rsplit('!').next().unwrap_or(path))
}

/// Pages by the file that they are or lie in; of archives only some members are looked at.
fn by_file(
    pages: impl Iterator<Item = String>,
    files: &[PathBuf],
) -> BTreeMap<&PathBuf, Option<BTreeSet<String>>> {
    let named: BTreeMap<&str, &PathBuf> =
        files.iter().filter_map(|path| Some((path.to_str()?, path))).collect();
    let mut found: BTreeMap<&PathBuf, Option<BTreeSet<String>>> = BTreeMap::new();
    for page in pages {
        if let Some(path) = named.get(page.as_str()).copied() {
            found.insert(path, None);
            continue;
        }
        let mut archives =
            page.match_indices('!').filter_map(|(at, _)| named.get(&page[..at]).copied());
        if let Some(path) = archives.next_back()
            && let Some(members) = found.entry(path).or_insert_with(|| Some(BTreeSet::new()))
        {
            members.insert(page);
        }
    }
    found
}
