//! What is done with one log: records are taken, checks and hits become findings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use lapwing_model::{
    Coverage, Entity, Finding, FindingKind, Place, Problem, ProblemKind, Severity,
};

use crate::activity::{self, actors::Actors};
use crate::activity::{Cast, Lead, Related};
use crate::condition::{Artifacts, last_part};
use crate::finding::{cap_key, finding_of, fold_name};
use crate::hit;
use crate::input::Passed;
use crate::line_order::Extremes;
use crate::lines;
use crate::many::{self, Counted};
use crate::matcher::{Hit, Literals, Matcher, Scratch};
use crate::other_forms;
use crate::rarity::Profile;
use crate::raw::Raw;
use crate::record::{Record, shorten};
use crate::sigma;
use crate::source::{Reader, Source};
use crate::time::{Clock, Moment};
use crate::web_tree::WebTrees;
use crate::{Baseline, Check, Checks, ContentRules, Options, Progress};

/// What all workers share in one pass of a hunt.
#[derive(Clone)]
pub(crate) struct Context<'h> {
    pub matcher: &'h Matcher,
    pub checks: &'h Checks,
    pub options: &'h Options,
    pub progress: &'h dyn Progress,
    pub artifacts: &'h Artifacts,
    /// Whether this is the pass that looks for what the first one found.
    pub second: bool,
    /// Threads that may look through one log.
    pub jobs: usize,
    /// Is shown every record, as it is read.
    pub onlooker: Option<Onlooker<'h>>,
    /// Where the values of all records are counted, in the pass that looks around.
    pub profile: Option<&'h Mutex<Profile>>,
    /// Folders that a web server serves.
    pub webs: Arc<WebTrees>,
    /// The values of chains, when this pass looks for what else is known of them.
    pub leads: &'h [Lead],
    routes: BTreeMap<&'h str, Route<'h>>,
    /// What threads need to run Sigma rules, from one file to the next: it remembers which rules are
    /// for which records.
    workers: Arc<Mutex<Vec<sigma::Worker>>>,
    /// The literals of all checks, and by which each is needed.
    witnesses: Literals,
    /// Whether a literal has signs that some logs escape.
    escapes: bool,
    needed_by: Vec<Vec<u32>>,
    needed: Vec<Needed>,
}

/// A check that reads lines.
#[derive(Clone)]
struct Needed {
    /// The bit of its route.
    route: u64,
    /// What must stand in a line.
    raw: Raw,
}

/// Who is shown every record.
pub(crate) type Onlooker<'h> = &'h (dyn Fn(&sigma::Told<'_>, &Record<'_>) + Sync);

/// The checks of one source.
#[derive(Clone)]
pub(crate) struct Route<'h> {
    checks: Vec<&'h Check>,
    /// Which bit says that a literal belongs to it.
    bit: u64,
    /// Whether a check has no such literal, so that every record is needed.
    every_record: bool,
}

impl<'h> Context<'h> {
    pub(crate) fn new(
        matcher: &'h Matcher,
        checks: &'h Checks,
        options: &'h Options,
        progress: &'h dyn Progress,
        artifacts: &'h Artifacts,
        second: bool,
    ) -> Self {
        Self::counting(matcher, checks, options, progress, artifacts, second, None)
    }

    /// The same, counting the values of all records where a profile is given.
    pub(crate) fn counting(
        matcher: &'h Matcher,
        checks: &'h Checks,
        options: &'h Options,
        progress: &'h dyn Progress,
        artifacts: &'h Artifacts,
        second: bool,
        profile: Option<&'h Mutex<Profile>>,
    ) -> Self {
        let mut routes = BTreeMap::new();
        let mut literals: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
        let mut needed = Vec::new();
        for source in checks.sources() {
            let wanted = |check: &&Check| {
                check.sources.contains(&source.id)
                    && check.condition.needs_artifact().is_some() == second
            };
            let list: Vec<&Check> = checks.list().iter().filter(wanted).collect();
            if list.is_empty() && profile.is_none() {
                continue;
            }
            let witness = |check: &Check| match check.condition.needs_artifact() {
                Some(kind) => artifacts.get(kind).map(|names| names.iter().cloned().collect()),
                None => check.condition.witness(),
            };
            let witnesses: Vec<Option<Vec<String>>> = list.iter().map(|c| witness(c)).collect();
            let every_record = profile.is_some() || witnesses.iter().any(Option::is_none);
            // A bit that two routes share costs a look at a line, no finding.
            let bit = 1u64 << (routes.len() % 64);
            // Events and files are records already.
            let by_line = matches!(source.reader, Reader::Table | Reader::Text);
            for (check, witnesses) in list.iter().zip(witnesses).filter(|_| by_line) {
                for literal in witnesses.into_iter().flatten() {
                    literals.entry(literal.into_bytes()).or_default().push(needed.len() as u32);
                }
                // The fields of other lines may be decoded, or joined from several.
                let is_table = source.reader == Reader::Table;
                let raw = if is_table { Raw::of(&check.condition) } else { Raw::Anything };
                needed.push(Needed { route: bit, raw });
            }
            routes.insert(source.id.as_str(), Route { checks: list, bit, every_record });
        }
        let (literals, needed_by): (Vec<_>, Vec<_>) = literals.into_iter().unzip();
        let escapes = literals.iter().flatten().any(|b| matches!(b, b'\\' | b'"' | b'|' | b'='));
        let witnesses = Literals::new(literals);
        Self {
            matcher,
            checks,
            options,
            progress,
            artifacts,
            second,
            jobs: 1,
            onlooker: None,
            profile,
            webs: Arc::default(),
            leads: &[],
            routes,
            workers: Arc::default(),
            witnesses,
            escapes,
            needed_by,
            needed,
        }
    }

    /// The same with other threads for one log.
    pub(crate) fn with_jobs(&self, jobs: usize) -> Self {
        Self { jobs, ..self.clone() }
    }

    /// The same, with folders that a web server serves.
    pub(crate) fn with_webs(self, webs: WebTrees) -> Self {
        Self { webs: Arc::new(webs), ..self }
    }

    /// The same, looking for the leads that the matcher was compiled from.
    pub(crate) fn with_leads(self, leads: &'h [Lead]) -> Self {
        Self { leads, ..self }
    }

    /// Whether this pass only looks for what else is known of the values of chains.
    pub(crate) fn is_pivot(&self) -> bool {
        !self.leads.is_empty()
    }

    /// Looks for indicators and the literals of checks; depends on nothing but the text.
    pub(crate) fn look(&self, text: &[u8], seen: &mut Seen) {
        self.matcher.scan(text, &mut seen.scratch, &mut seen.hits);
        seen.places.clear();
        self.witnesses.places(text, |at, number| seen.places.push((at, number)));
        seen.places.sort_unstable();
        self.judge_lines(text, seen);
        self.judge_other_forms(text, seen);
        seen.asked.clear();
        if let Some(gate) = self.gate() {
            gate.places(text, &mut seen.line, &mut seen.asked);
        }
        seen.extremes.clear();
        if !self.second {
            let extremes = &mut seen.extremes;
            each_line(text, seen.scratch.newlines(), 0, text.len(), |start, end| {
                extremes.add(&text[start..end], start);
            });
        }
    }

    /// Keeps one place of each line that may meet a check by what stands in it.
    fn judge_lines(&self, text: &[u8], seen: &mut Seen) {
        let Seen { places, witnesses, line, judged, .. } = seen;
        witnesses.clear();
        let mut rest = &places[..];
        while let Some(&(at, _)) = rest.first() {
            let (start, end) = lines::around(text, at);
            line.clear();
            line.extend_from_slice(&text[start..end]);
            line.make_ascii_lowercase();
            // What is escaped reads otherwise in its field.
            let escaped = memchr::memchr(b'%', line).is_some();
            // A literal that ends its line counts itself.
            let count = rest.iter().take_while(|(at, _)| *at < end).count().max(1);
            let (here, behind) = rest.split_at(count);
            rest = behind;
            judged.clear();
            let mut routes = 0;
            for needed in here.iter().flat_map(|(_, number)| &self.needed_by[*number]) {
                let Needed { route, raw } = &self.needed[*needed as usize];
                if routes & route == 0 && !judged.contains(needed) {
                    judged.push(*needed);
                    routes |= if escaped || raw.may_hold(line) { *route } else { 0 };
                }
            }
            if routes != 0 {
                witnesses.push((at, routes));
            }
        }
    }

    /// Keeps each line that says what a check needs in another form; what else the check asks for is left to the
    /// parsed record.
    fn judge_other_forms(&self, text: &[u8], seen: &mut Seen) {
        if self.needed.is_empty() {
            return;
        }
        let Seen { witnesses, line, .. } = seen;
        other_forms::each(text, self.escapes, line, |start, form| {
            let mut routes = 0;
            self.witnesses.places(form, |_, number| {
                for needed in &self.needed_by[number] {
                    routes |= self.needed[*needed as usize].route;
                }
            });
            if routes != 0 {
                witnesses.push((start, routes));
            }
        });
    }

    pub(crate) fn route(&self, source: Option<&Source>) -> Option<&Route<'h>> {
        source.and_then(|s| self.routes.get(s.id.as_str()))
    }

    /// The Sigma rules of this pass; what the first pass found is no matter of theirs.
    pub(crate) fn rules(&self) -> Option<&'h sigma::Rules> {
        self.options.rules.as_deref().filter(|_| !self.second)
    }

    /// What tells which lines of text the Sigma rules ask for; `None` when every line is wanted.
    pub(crate) fn gate(&self) -> Option<&sigma::Gate> {
        self.rules().filter(|_| self.onlooker.is_none()).and_then(sigma::Rules::gate)
    }

    /// The rules over content of this pass.
    pub(crate) fn content_rules(&self) -> Option<&'h dyn ContentRules> {
        self.options.content.as_deref().filter(|_| !self.second)
    }

    /// The known-good files of this pass.
    pub(crate) fn baseline(&self) -> Option<&'h Baseline> {
        self.options.baseline.as_deref().filter(|_| !self.second)
    }

    pub(crate) fn source(&self, reader: Reader, told: &[(&str, &str)]) -> Option<&'h Source> {
        Source::of(self.checks.sources(), reader, told)
    }
}

/// Gives beginning and end of the lines between two places, by the bits of the line feeds.
pub(crate) fn each_line(
    text: &[u8],
    newlines: &[u64],
    from: usize,
    to: usize,
    mut tell: impl FnMut(usize, usize),
) {
    let mut start = from;
    for (at, word) in newlines.iter().enumerate().take(to.div_ceil(64)).skip(from / 64) {
        let mut word = *word;
        if at == from / 64 {
            word &= u64::MAX << (from % 64);
        }
        while word != 0 {
            let end = at * 64 + word.trailing_zeros() as usize;
            word &= word - 1;
            if end >= to {
                break;
            }
            tell(start, end);
            start = end + 1;
        }
    }
    if start < to.min(text.len()) {
        tell(start, to.min(text.len()));
    }
}

/// What stands in a chunk of a log, whatever its columns mean.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub scratch: Scratch,
    pub hits: Vec<Hit>,
    /// A place in each line that Sigma rules ask for, in no order.
    pub asked: Vec<usize>,
    /// The first and last lines by their time.
    pub extremes: Extremes,
    /// Where a literal of a check stands, and which.
    places: Vec<(usize, usize)>,
    /// A place in each line that may meet a check, with the bits of the checks' routes.
    witnesses: Vec<(usize, u64)>,
    /// A line in lower case, and the checks that were asked for it.
    line: Vec<u8>,
    judged: Vec<u32>,
}

impl Seen {
    /// Places of the literals of a route; `None` when every record is needed.
    pub(crate) fn witnesses(
        &self,
        route: Option<&Route<'_>>,
    ) -> Option<impl Iterator<Item = usize>> {
        let bit = match route {
            Some(route) if route.every_record => return None,
            Some(route) => route.bit,
            None => 0,
        };
        let here = move |(at, routes): &(usize, u64)| (routes & bit != 0).then_some(*at);
        Some(self.witnesses.iter().filter_map(here))
    }
}

/// What was found in one input.
#[derive(Default)]
pub(crate) struct Report {
    pub findings: Vec<Finding>,
    pub folded: BTreeMap<String, u64>,
    pub problems: Vec<Problem>,
    pub coverage: BTreeMap<String, Coverage>,
    /// The last time of any record, whatever period was asked for.
    pub last_record: Option<Timestamp>,
    /// Identifiers of the sources that were there.
    pub sources: BTreeSet<String>,
    pub artifacts: Artifacts,
    /// Clock differences in seconds (rounded to minutes), with the number of events.
    pub skews: BTreeMap<i64, u64>,
    /// When this machine itself asked for a listed value.
    pub outbound: Vec<Timestamp>,
    /// Files that are neither logs nor text.
    pub binaries: u64,
    /// What stands in the given folders and is no file.
    pub passed: Passed,
    /// Matches of Sigma rules that correlations ask for.
    pub correlated: Vec<sigma::Correlated>,
    /// Who stands in the records of the findings.
    pub cast: Cast,
    /// What else is known of the values of chains.
    pub related: Related,
    /// Records of checks that need many.
    pub counted: Vec<Counted>,
    /// Listed values that were seen, with what of them counts as a sighting.
    pub sighted: BTreeMap<Entity, Sighted>,
}

/// How often a listed value was seen in hostile use, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sighted {
    /// Records in which it stands.
    pub records: u64,
    /// First time, UTC.
    pub first: Option<Timestamp>,
    /// Last time, UTC.
    pub last: Option<Timestamp>,
}

impl Sighted {
    pub(crate) fn add(&mut self, other: Sighted) {
        self.records += other.records;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
    }
}

/// One log while it is read.
pub(crate) struct Scan<'c, 'h> {
    pub ctx: &'c Context<'h>,
    pub name: &'c str,
    pub report: &'c mut Report,
    scratch: Scratch,
    hits: Vec<Hit>,
    caps: BTreeMap<String, usize>,
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
            caps: BTreeMap::new(),
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
        let Some(route) = route else { return };
        // The time of a file on disk is often that of its copy: it is shown, but hides nothing.
        if record.place.is_some() && !self.in_period(record.time) {
            return;
        }
        if self.ctx.profile.is_some() {
            self.profile.take(record, self.name);
        }
        let artifacts = self.ctx.artifacts;
        for outcome in route.checks.iter().filter_map(|c| c.judge(record, artifacts)) {
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
                if self.report.counted.len() < many::MOST {
                    self.report.counted.push(Counted::new(many, record, finding));
                    self.know(record);
                }
                continue;
            }
            if self.add(finding) {
                self.know(record);
            }
        }
    }

    /// Remembers who stands in the record of a finding.
    pub(crate) fn know(&mut self, record: &Record<'_>) {
        let spot = (self.name.to_owned(), record.place, record.offset);
        let name = self.name;
        self.report.cast.entry(spot).or_insert_with(|| Actors::of(record, name));
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
        let graded = hit::grade(&indicator, record.field_of(matched), record);
        self.report.outbound.extend(record.time.filter(|_| graded.outbound));
        if graded.severity >= Severity::Low {
            let seen = Sighted { records: 1, first: record.time, last: record.time };
            self.report.sighted.entry(indicator.entity.clone()).or_default().add(seen);
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
    pub(crate) fn add(&mut self, finding: Finding) -> bool {
        let key = cap_key(&finding);
        let seen = self.caps.entry(key).or_default();
        *seen += 1;
        if *seen > self.ctx.options.max_findings_per_rule {
            *self.report.folded.entry(fold_name(&finding)).or_default() += 1;
            return false;
        }
        if finding.severity > Severity::Informational {
            self.ctx.progress.finding();
        }
        self.report.findings.push(finding);
        true
    }
}

/// A record made of owned names and values.
pub(crate) fn record_of<'a>(
    fields: &'a [(String, String)],
    raw: &'a str,
    time: Option<Timestamp>,
    place: Option<Place>,
    offset: u64,
) -> Record<'a> {
    let fields = fields
        .iter()
        .map(|(k, v)| (Cow::Borrowed(k.as_str()), Cow::Borrowed(v.as_str())))
        .collect();
    Record { fields, raw: Cow::Borrowed(raw), time, place, offset }
}
