use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use lapwing_model::{LookedFor, NotLookedAt, Severity};
use rayon::prelude::*;

use crate::around::{self, Trail};
use crate::condition::Artifacts;
use crate::context::Context;
use crate::fold;
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
    over_files(&ctx, &files, |report, file| {
        // A pipe can be read once only.
        if served::has_requests(&report) && file.is_file() {
            logs.push(file.to_owned());
        }
        all.add(report, options);
    });
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
    all.findings.extend(many::bursts(std::mem::take(&mut all.counted)));
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
    all.fold(options);
    all.cast.settle();
    let mut trail = Trail::default();
    let joined = trail.follow(&all, &profile.crowd(), &files, options, around);
    all.findings.extend(profile.rare(&around::suspects(&joined.activities)));
    all.findings.extend(joined.activities.iter().map(Activity::finding));
    fold::sort(&mut all.findings);
    all.cap(options);
    let mut verdict = verdict::judge(&all, &joined, checks);
    verdict.reasons.extend(all.not_kept(options));
    let waiting = options.rules.iter().flat_map(|rules| rules.waiting());
    verdict.not_looked_at.extend(waiting.map(|rule| NotLookedAt {
        what: format!("Sigma rule {}", rule.title),
        why: format!("{} (line {}): {}", rule.file, rule.line, rule.why),
    }));
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

/// Small files that are read side by side before what was found in them is put together, and their bytes: so that not
/// everything that was found waits for the last file.
const TOGETHER: (usize, u64) = (512, 64 << 20);

/// Gives out one report a file, in the order of the files.
pub(crate) fn over_files(
    ctx: &Context<'_>,
    files: &[PathBuf],
    mut take: impl FnMut(Report, &Path),
) {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len());
    let sizes: Vec<u64> = files.iter().map(size).collect();
    let hunt_in = |ctx: &Context<'_>, path: &PathBuf| {
        let mut report = Report::default();
        input::hunt_file(ctx, path, &mut report);
        report
    };
    let small = |(path, size): (&PathBuf, &u64)| (*size < LARGE).then(|| hunt_in(ctx, path));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(ctx.options.jobs).build().ok();
    let wide = ctx.with_jobs(pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads));
    let mut from = 0;
    while from < files.len() {
        let to = end_of_batch(&sizes, from);
        let (batch, sizes) = (&files[from..to], &sizes[from..to]);
        let reports: Vec<Option<Report>> = match &pool {
            Some(pool) => {
                pool.install(|| batch.par_iter().zip(sizes).with_max_len(1).map(small).collect())
            }
            // No threads to be had: do it on this one.
            None => batch.iter().zip(sizes).map(small).collect(),
        };
        for (report, path) in reports.into_iter().zip(batch) {
            take(report.unwrap_or_else(|| hunt_in(&wide, path)), path);
        }
        from = to;
    }
}

/// Where the files end that are read side by side, from one on; large ones are no burden, for they are read alone.
fn end_of_batch(sizes: &[u64], from: usize) -> usize {
    let (most, mut room) = TOGETHER;
    let small = sizes[from..].iter().take(most).take_while(|size| {
        let counted = if **size < LARGE { **size } else { 0 };
        let fits = counted <= room;
        room = room.saturating_sub(counted);
        fits
    });
    from + small.count().max(1)
}

impl Report {
    pub(crate) fn add(&mut self, other: Report, options: &Options) {
        append(&mut self.findings, other.findings);
        self.problems.extend(other.problems);
        self.sources.extend(other.sources);
        for (name, count) in other.folded {
            self.count_folded(&name, Severity::Informational, count, options.max_findings);
        }
        for (severity, count) in other.beyond {
            *self.beyond.entry(severity).or_default() += count;
        }
        self.outbound = self.outbound.max(other.outbound);
        append(&mut self.correlated, other.correlated);
        self.cast.add(other.cast);
        append(&mut self.counted, other.counted);
        self.uncounted += other.uncounted;
        self.thin();
        self.sightings_left_out += other.sightings_left_out;
        for (entity, seen) in other.sighted {
            self.sight(entity, seen, options.max_findings);
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
        self.fold_when_crowded(options);
    }
}

/// Adds a list to another, which it becomes when that is empty.
fn append<T>(all: &mut Vec<T>, more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.extend(more);
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
