//! What is done with one log: records are taken, checks and hits become findings.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use jiff::Timestamp;
use lapwing_model::{Coverage, Finding, FindingKind, Problem, ProblemKind, Severity};
use xxhash_rust::xxh3::Xxh3;

use crate::activity::{self, Word, Words, actors::Actors};
use crate::condition::last_part;
use crate::context::{Context, Route};
use crate::finding::{cap_key, finding_of};
use crate::hit;
use crate::many::Counted;
use crate::matcher::{Hit, Scratch};
use crate::rarity::Profile;
use crate::record::{Record, shorten};
use crate::report::{Report, Sighted};
use crate::sigma;
use crate::source::{Reader, Source};
use crate::time::{Clock, Moment};
use crate::together::{self, Observed};

/// One log while it is read.
pub(crate) struct Scan<'c, 'h> {
    pub ctx: &'c Context<'h>,
    pub name: &'c str,
    pub report: &'c mut Report,
    scratch: Scratch,
    hits: Vec<Hit>,
    /// How many findings of a rule (or value) and outcome there were, by the hash of these.
    caps: HashMap<u128, usize>,
    words: Words,
    /// The name, as findings share it.
    shared_name: Word,
    titles: BTreeSet<String>,
    pub worker: sigma::Worker,
    pub correlated_full: bool,
    /// Whether the input is told as a file in a place of its own, so that it is no log besides.
    pub told_as_file: bool,
    /// How times without a zone or a year are read.
    pub clock: Clock,
    bad: u64,
    bad_first: Option<(String, String)>,
    profile: Profile,
}

impl<'c, 'h> Scan<'c, 'h> {
    pub(crate) fn new(ctx: &'c Context<'h>, name: &'c str, report: &'c mut Report) -> Self {
        Self {
            ctx,
            name,
            report,
            scratch: Scratch::default(),
            hits: Vec::new(),
            caps: HashMap::new(),
            words: Words::default(),
            shared_name: Word::from(name),
            titles: BTreeSet::new(),
            worker: ctx.workers.lock().ok().and_then(|mut list| list.pop()).unwrap_or_default(),
            correlated_full: false,
            told_as_file: false,
            clock: Clock {
                zone: ctx.options.time_zone.clone(),
                year: ctx.options.year,
                last_day: None,
            },
            bad: 0,
            bad_first: None,
            profile: Profile::default(),
        }
    }

    /// Adds to what was looked at.
    pub(crate) fn cover(&mut self, source: Option<&Source>, title: &str, records: u64, bytes: u64) {
        self.cover_within(source, title, records, records, bytes);
    }

    /// Adds to what was looked at: `inside` of the records lie in the period that was asked for.
    pub(crate) fn cover_within(
        &mut self,
        source: Option<&Source>,
        title: &str,
        records: u64,
        inside: u64,
        bytes: u64,
    ) {
        if self.told_as_file && source.is_none_or(|s| s.reader != Reader::File) {
            return;
        }
        let title = source.map_or(title, |s| s.title.as_str());
        if let Some(source) = source
            && !self.report.sources.contains(&source.id)
        {
            self.report.sources.insert(source.id.clone());
        }
        if !self.report.coverage.contains_key(title) {
            let empty = Coverage {
                source: title.to_owned(),
                files: 0,
                records: 0,
                in_period: self.asks_for_a_period().then_some(0),
                bytes: 0,
                from: None,
                until: None,
                assumed: None,
            };
            self.report.coverage.insert(title.to_owned(), empty);
        }
        let first = !self.titles.contains(title);
        if let Some(coverage) = self.report.coverage.get_mut(title) {
            coverage.files += u64::from(first);
            coverage.records += records;
            coverage.in_period = coverage.in_period.map(|count| count + inside);
            coverage.bytes += bytes;
        }
        if first {
            self.titles.insert(title.to_owned());
        }
    }

    /// Widens the period that was looked at.
    pub(crate) fn cover_time(
        &mut self,
        source: Option<&Source>,
        title: &str,
        time: Option<Timestamp>,
    ) {
        let title = source.map_or(title, |s| s.title.as_str());
        if self.report.coverage.contains_key(title) {
            self.report.last_record = self.report.last_record.max(time);
        }
        let time = time.filter(|time| self.in_period(Some(*time)));
        if let (Some(time), Some(coverage)) = (time, self.report.coverage.get_mut(title)) {
            coverage.from = Some(coverage.from.map_or(time, |t| t.min(time)));
            coverage.until = Some(coverage.until.map_or(time, |t| t.max(time)));
        }
    }

    /// Tells what had to be assumed about a time, if anything.
    pub(crate) fn assume(&mut self, source: Option<&Source>, title: &str, moment: Moment) {
        let title = source.map_or(title, |s| s.title.as_str());
        let coverage = self.report.coverage.get_mut(title).filter(|c| c.assumed.is_none());
        if let Some(coverage) = coverage {
            coverage.assumed = self.clock.assumption(moment);
        }
    }

    /// Counts a broken line or record; the first is named when the log is done.
    pub(crate) fn broken(&mut self, place: String, message: String) {
        self.bad += 1;
        if self.bad_first.is_none() {
            self.bad_first = Some((place, message));
        }
    }

    /// Names what was broken, once.
    pub(crate) fn finish(&mut self) {
        if let Ok(mut list) = self.ctx.workers.lock() {
            list.push(std::mem::take(&mut self.worker));
        }
        if let Some(Ok(mut all)) = self.ctx.profile.map(Mutex::lock) {
            all.merge(std::mem::take(&mut self.profile));
        }
        let Some((place, message)) = self.bad_first.take() else { return };
        let message = match self.bad {
            1 => message,
            more => format!("{message} (and {} more such places)", more - 1),
        };
        self.problem(ProblemKind::Malformed, message, Some(place));
    }

    pub(crate) fn problem(&mut self, kind: ProblemKind, message: String, place: Option<String>) {
        if self.ctx.second {
            return;
        }
        let mut problem = Problem::partial(self.name, kind, message);
        problem.place = place;
        self.report.problems.push(problem);
    }

    /// Places of indicators in a text, as (start, end, indicator).
    pub(crate) fn find(&mut self, text: &[u8]) -> Vec<Hit> {
        self.ctx.matcher.scan(text, &mut self.scratch, &mut self.hits);
        self.hits.clone()
    }

    /// Whether records outside of some period are left out.
    pub(crate) fn asks_for_a_period(&self) -> bool {
        self.ctx.options.since.is_some() || self.ctx.options.until.is_some()
    }

    pub(crate) fn in_period(&self, time: Option<Timestamp>) -> bool {
        let options = self.ctx.options;
        time.is_none_or(|t| {
            options.since.is_none_or(|since| t >= since)
                && options.until.is_none_or(|until| t <= until)
        })
    }

    /// Runs the checks of a route over a record.
    pub(crate) fn check(&mut self, record: &Record<'_>, route: Option<&Route<'_>>) {
        self.check_some(record, route, None);
    }

    /// Runs those checks of a route over a record that may hold, by their numbers; all where that is not known.
    pub(crate) fn check_some(
        &mut self,
        record: &Record<'_>,
        route: Option<&Route<'_>>,
        may: Option<&[u32]>,
    ) {
        let Some(route) = route else { return };
        // The time of a file on disk is often that of its copy: it is shown, but hides nothing.
        if record.place.is_some() && !self.in_period(record.time) {
            return;
        }
        if self.ctx.profile.is_some() {
            self.profile.take(record, self.name);
        }
        let artifacts = self.ctx.artifacts;
        let numbered = route.checks.iter().zip(&route.numbers);
        let wanted = numbered.filter(|(_, number)| may.is_none_or(|may| may.contains(number)));
        for outcome in wanted.filter_map(|(check, _)| check.judge(record, artifacts)) {
            let time = outcome.check.own_time(record).or(record.time);
            // What an installer wrote, all clients ask for.
            let telling = outcome.severity >= Severity::Medium;
            if let Some(from) = outcome.check.artifact.as_ref().filter(|_| telling) {
                for name in from.field.iter().filter_map(|f| record.get(f)).map(last_part) {
                    // Names too short or common would be found everywhere.
                    if name.len() >= 4 && !activity::is_common(&name) {
                        self.report.artifacts.entry(from.kind.clone()).or_default().insert(name);
                    }
                }
            }
            let finding = finding_of(&outcome, record, self.name, time);
            if let Some(many) = &outcome.check.many {
                self.report.counted.push(Counted::new(many, record, finding));
                self.know(record);
                self.report.thin();
                continue;
            }
            if self.add(finding) {
                self.know(record);
            }
        }
    }

    /// Remembers who stands in the record of a finding.
    pub(crate) fn know(&mut self, record: &Record<'_>) {
        let cast = &mut self.report.cast;
        if !cast.is_last(&self.shared_name, record.place, record.offset) {
            let mut who = Actors::of(record, self.name);
            self.words.share_all(&mut who);
            cast.note(&self.shared_name, record.place, record.offset, who);
        }
    }

    /// Grades an indicator's hit in a record.
    pub(crate) fn hit(&mut self, record: &Record<'_>, number: u32, matched: &str) {
        if !self.in_period(record.time) {
            return;
        }
        let indicator = self.ctx.matcher.indicator(number);
        if self.ctx.is_pivot() {
            let lead = indicator.why.parse().ok().and_then(|n: usize| self.ctx.leads.get(n));
            if let Some(lead) = lead {
                self.report.related.note(lead, record, self.name);
            }
            return;
        }
        if self.ctx.is_together(&indicator.entity) && self.report.observed.len() < together::MOST {
            self.report.observed.push(Observed {
                time: record.time,
                file: self.name.to_owned(),
                place: record.place,
                offset: record.offset,
                value: indicator.entity.clone(),
            });
        }
        let graded = hit::grade(&indicator, record.field_of(matched), record);
        self.report.outbound = self.report.outbound.max(record.time.filter(|_| graded.outbound));
        if graded.severity >= Severity::Low {
            let seen = Sighted { records: 1, first: record.time, last: record.time };
            let most = self.ctx.options.max_findings;
            self.report.sight(indicator.entity.clone(), seen, most);
        }
        let kept = self.add(Finding {
            finding: graded.title,
            rule: None,
            file: self.name.to_owned(),
            place: record.place,
            offset: record.offset,
            time: record.time,
            matched: shorten(matched, 300),
            kind: FindingKind::Indicator,
            technique: indicator.technique.clone(),
            severity: graded.severity,
            confidence: graded.confidence,
            proof: graded.proof,
            why: graded.why,
            evidence: shorten(&record.raw, 600),
        });
        if kept {
            self.know(record);
        }
    }

    /// Keeps a finding, or counts it when there are too many of its kind; whether it was kept.
    pub(crate) fn add(&mut self, mut finding: Finding) -> bool {
        let options = self.ctx.options;
        let (name, proof, severity) = cap_key(&finding);
        let mut hash = Xxh3::new();
        hash.update(name.as_bytes());
        hash.update(&[proof as u8, severity as u8]);
        let seen = self.caps.entry(hash.digest128()).or_default();
        *seen += 1;
        if *seen > options.max_findings_per_rule {
            self.report.count_folded(name, severity, 1, options.max_findings);
            return false;
        }
        // There may be tens of thousands.
        for text in [&mut finding.finding, &mut finding.why, &mut finding.evidence] {
            text.shrink_to_fit();
        }
        if finding.severity > Severity::Informational {
            self.ctx.progress.finding();
        }
        self.report.findings.push(finding);
        self.report.fold_when_crowded(options);
        true
    }
}
