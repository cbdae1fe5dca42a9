use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use lapwing_model::{Finding, LookedFor, Place};
use rayon::prelude::*;

use crate::around::{self, Trail};
use crate::condition::Artifacts;
use crate::context::Context;
use crate::finding::{cap_key, fold_name};
use crate::rarity::Profile;
use crate::report::Report;
use crate::web_tree::WebTrees;
use crate::{
    Activity, Checks, Hunt, Matcher, Options, Progress, input, many, served, sigma, together,
    verdict,
};

/// Looks for `matcher`'s indicators and `checks` in `paths` (files, folders, archives).
///
/// The result does not depend on the number of threads. What cannot be read is named in
/// [`Hunt::problems`]; the rest goes on.
pub fn hunt(
    paths: &[PathBuf],
    matcher: &Matcher,
    checks: &Checks,
    options: &Options,
    progress: &dyn Progress,
) -> Hunt {
    let options = &options.with_patterns(matcher);
    let mut all = Report::default();
    let files = input::walk(paths, &mut all.passed, &mut all.problems);
    let nothing_yet = Artifacts::new();
    let webs = WebTrees::of(&files);
    let ctx = Context::new(matcher, checks, options, progress, &nothing_yet, false);
    let ctx = ctx.with_webs(webs.clone());
    let mut logs = Vec::new();
    for (report, file) in over_files(&ctx, &files).into_iter().zip(&files) {
        // A pipe can be read once only.
        if served::has_requests(&report) && file.is_file() {
            logs.push(file.clone());
        }
        all.add(report);
    }
    served::look(&mut all, &files, &logs, &webs, checks, options);
    conclude(all, files, matcher, checks, options)
}

/// Looks again for what the first pass found, puts all findings together and judges them.
pub(crate) fn conclude(
    mut all: Report,
    files: Vec<PathBuf>,
    matcher: &Matcher,
    checks: &Checks,
    options: &Options,
) -> Hunt {
    all.findings.extend(many::bursts(checks.list(), std::mem::take(&mut all.counted)));
    // A pipe can be read once only.
    let files: Vec<PathBuf> = files.into_iter().filter(|file| file.is_file()).collect();
    let mut profile = Profile::default();
    let around = around::is_wanted(&all, options);
    if !all.artifacts.is_empty() || around {
        profile = around::look(&mut all, &files, checks, options, around);
    }
    all.findings.extend(together::judge(&options.together, std::mem::take(&mut all.observed)));
    if let Some(rules) = &options.rules {
        all.findings.extend(sigma::correlate(rules, std::mem::take(&mut all.correlated)));
    }
    drop_times_of_copies(&mut all);
    sort(&mut all.findings);
    let mut trail = Trail::default();
    let joined = trail.follow(&all, &profile.crowd(), &files, options, around);
    all.findings.extend(profile.rare(&around::suspects(&joined.activities)));
    all.findings.extend(joined.activities.iter().map(Activity::finding));
    sort(&mut all.findings);
    cap(&mut all, options.max_findings_per_rule);
    let mut verdict = verdict::judge(&all, &joined, checks);
    verdict.reasons.extend(period_asked_for(options));
    verdict.looked_for = LookedFor {
        indicators: matcher.len() as u64,
        checks: checks.list().len() as u64,
        rules: options.rules.as_ref().map_or(0, |rules| rules.len() as u64),
        content_rules: options.content.as_ref().map_or(0, |rules| rules.count() as u64),
    };
    let (learnt, not_learnt) = trail.finish();
    Hunt {
        verdict,
        bytes: all.coverage.values().map(|c| c.bytes).sum(),
        records: all.coverage.values().map(|c| c.records).sum(),
        findings: all.findings,
        activities: joined.activities,
        learnt,
        not_learnt,
        sighted: all.sighted,
        problems: all.problems,
        folded: all.folded,
    }
}

/// What was left out because the user asked for it is no part of the answer.
fn period_asked_for(options: &Options) -> Option<String> {
    let words = match (options.since, options.until) {
        (None, None) => return None,
        (Some(since), None) => format!("before {since}"),
        (None, Some(until)) => format!("after {until}"),
        (Some(since), Some(until)) => format!("before {since} and after {until}"),
    };
    Some(format!(
        "Records {words} were read but not judged, as was asked (--since, --until); what was looked at counts them apart."
    ))
}

/// Hunts in one file with all threads.
pub(crate) fn hunt_one(ctx: &Context<'_>, path: &Path) -> Report {
    let mut report = Report::default();
    input::hunt_file(ctx, path, &mut report);
    report
}

/// From this size on a file gets all threads for itself; smaller ones are read side by side.
const LARGE: u64 = 8 << 20;

/// One report a file, in the order of the files.
pub(crate) fn over_files(ctx: &Context<'_>, files: &[PathBuf]) -> Vec<Report> {
    let is_large = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.len() >= LARGE);
    let hunt_in = |ctx: &Context<'_>, path: &PathBuf| {
        let mut report = Report::default();
        input::hunt_file(ctx, path, &mut report);
        report
    };
    let large: Vec<bool> = files.iter().map(is_large).collect();
    let small = |(path, large): (&PathBuf, &bool)| (!large).then(|| hunt_in(ctx, path));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(ctx.options.jobs).build();
    let (threads, reports): (usize, Vec<Option<Report>>) = match pool {
        Ok(pool) => {
            let work = || files.par_iter().zip(&large).with_max_len(1).map(small).collect();
            (pool.current_num_threads(), pool.install(work))
        }
        // No threads to be had: do it on this one.
        Err(_) => (1, files.iter().zip(&large).map(small).collect()),
    };
    let wide = ctx.with_jobs(threads);
    let each = reports.into_iter().zip(files);
    each.map(|(report, path)| report.unwrap_or_else(|| hunt_in(&wide, path))).collect()
}

impl Report {
    pub(crate) fn add(&mut self, other: Report) {
        self.findings.extend(other.findings);
        self.problems.extend(other.problems);
        self.sources.extend(other.sources);
        add_counts(&mut self.folded, other.folded);
        self.outbound.extend(other.outbound);
        self.correlated.extend(other.correlated);
        self.cast.extend(other.cast);
        self.counted.extend(other.counted);
        for (entity, seen) in other.sighted {
            self.sighted.entry(entity).or_default().add(seen);
        }
        self.members.add(other.members);
        self.observed.extend(other.observed);
        self.binaries += other.binaries;
        self.last_record = self.last_record.max(other.last_record);
        for (kind, names) in other.artifacts {
            self.artifacts.entry(kind).or_default().extend(names);
        }
        for (skew, count) in other.skews {
            *self.skews.entry(skew).or_default() += count;
        }
        for (title, more) in other.coverage {
            if let Some(mine) = self.coverage.get_mut(&title) {
                mine.files += more.files;
                mine.records += more.records;
                mine.in_period = mine.in_period.zip(more.in_period).map(|(a, b)| a + b);
                mine.bytes += more.bytes;
                mine.from = mine.from.into_iter().chain(more.from).min();
                mine.until = mine.until.into_iter().chain(more.until).max();
                mine.assumed = mine.assumed.take().or(more.assumed);
            } else {
                self.coverage.insert(title, more);
            }
        }
    }
}

/// A file that was changed long after the last record of all logs was most likely copied then: that
/// time says nothing of what happened, and differs from copy to copy.
fn drop_times_of_copies(all: &mut Report) {
    let Some(last) = all.last_record else { return };
    let Ok(end) = last.checked_add(SignedDuration::from_hours(24)) else { return };
    for finding in &mut all.findings {
        if finding.place.is_none() && finding.time.is_some_and(|time| time > end) {
            finding.time = None;
            finding.why.push_str(NO_TIME);
        }
    }
}

const NO_TIME: &str = "; the file's time is later than all logs and is not used";

pub(crate) fn add_counts(all: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (rule, count) in more {
        *all.entry(rule).or_default() += count;
    }
}

fn sort(findings: &mut Vec<Finding>) {
    let place = |finding: &Finding| match finding.place {
        None => 0,
        Some(Place::Line(n) | Place::Record(n)) => n,
    };
    findings.sort_by(|a, b| {
        (a.time.is_none(), a.time, &a.file, place(a), a.offset, &a.rule, &a.finding, &a.matched)
            .cmp(&(
                b.time.is_none(),
                b.time,
                &b.file,
                place(b),
                b.offset,
                &b.rule,
                &b.finding,
                &b.matched,
            ))
    });
    findings.dedup();
}

fn cap(all: &mut Report, most: usize) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let folded = &mut all.folded;
    all.findings.retain(|finding| {
        let count = seen.entry(cap_key(finding)).or_default();
        *count += 1;
        if *count > most {
            *folded.entry(fold_name(finding)).or_default() += 1;
        }
        *count <= most
    });
}
