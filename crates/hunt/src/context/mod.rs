//! What is the same for all logs of one pass: what is looked for, and which checks read which log.

mod look;
mod sought;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use lapwing_model::Entity;

use crate::activity::Lead;
use crate::condition::Artifacts;
use crate::matcher::{Literals, Matcher};
use crate::other_forms;
use crate::rarity::Profile;
use crate::raw::Raw;
use crate::record::Record;
use crate::sigma;
use crate::source::{Reader, Source};
use crate::web_tree::WebTrees;
use crate::{Baseline, Check, Checks, ContentRules, Options, Progress};
pub(crate) use look::Seen;
use look::{Around, Needed};
use sought::Sought;

/// So many literals of a matcher are looked for together with those of checks; more are compiled but once.
const MOST_SHARED: usize = 4096;

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
    /// The members of archives that are looked at, when not all are.
    pub only: Option<Arc<BTreeSet<String>>>,
    /// The values of chains, when this pass looks for what else is known of them.
    pub leads: &'h [Lead],
    /// What must stand in the bytes of a record of theirs.
    pub sought: Option<Sought>,
    /// Values of patterns that ask for several.
    together: BTreeSet<&'h Entity>,
    routes: BTreeMap<&'h str, Route<'h>>,
    /// What threads need to run Sigma rules, from one file to the next: it remembers which rules are
    /// for which records.
    pub workers: Arc<Mutex<Vec<sigma::Worker>>>,
    /// The literals of all checks, and by which each is needed.
    witnesses: Literals,
    /// From which number on they are the matcher's; `None` when it looks for its own.
    shared_from: Option<usize>,
    /// What stands around each of them.
    around: Vec<Around>,
    /// Whether a literal has signs that some logs escape.
    escapes: bool,
    /// Bytes of the longest literal.
    longest: usize,
    needed_by: Vec<Vec<u32>>,
    needed: Vec<Needed>,
}

/// Who is shown every record.
pub(crate) type Onlooker<'h> = &'h (dyn Fn(&sigma::Told<'_>, &Record<'_>) + Sync);

/// The checks of one source.
#[derive(Clone)]
pub(crate) struct Route<'h> {
    pub checks: Vec<&'h Check>,
    /// Number of each among those that read lines.
    pub numbers: Vec<u32>,
    /// The fields that the condition of each reads; `None` for whole records.
    pub fields: Vec<Option<Vec<&'h str>>>,
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
            let numbers: Vec<u32> = (needed.len() as u32..).take(list.len()).collect();
            for (check, witnesses) in list.iter().zip(witnesses).filter(|_| by_line) {
                for literal in witnesses.into_iter().flatten() {
                    literals.entry(literal.into_bytes()).or_default().push(needed.len() as u32);
                }
                // The fields of other lines may be decoded, or joined from several.
                let is_table = source.reader == Reader::Table;
                let raw = if is_table { Raw::of(&check.condition) } else { Raw::Anything };
                needed.push(Needed { route: bit, raw });
            }
            let fields = list.iter().map(|check| {
                let mut fields = Vec::new();
                check.condition.fields(&mut fields).then_some(fields)
            });
            let fields = fields.collect();
            let route = Route { checks: list, numbers, fields, bit, every_record };
            routes.insert(source.id.as_str(), route);
        }
        let lines_are_read = !needed.is_empty();
        let (literals, needed_by): (Vec<_>, Vec<_>) = literals.into_iter().unzip();
        for one in &mut needed {
            let place = |part: &[u8]| literals.binary_search_by(|it: &Vec<u8>| it[..].cmp(part));
            one.raw.know(&|part| place(part).ok().map(|at| at as u32));
        }
        let escapes = literals.iter().flatten().any(|b| matches!(b, b'\\' | b'"' | b'|' | b'='));
        let longest = literals.iter().map(Vec::len).max().unwrap_or(0);
        let around: Vec<Around> = literals.into_iter().map(Around::of).collect();
        let mut plain: Vec<Vec<u8>> = around.iter().map(|one| one.plain().to_vec()).collect();
        // No check needs it, but its lines are read in another way.
        plain.extend(lines_are_read.then(|| other_forms::AUDIT.to_vec()));
        // One pass over a text finds both.
        let shared = matcher.literals().len() <= MOST_SHARED;
        let own = plain.len();
        if shared {
            plain.extend_from_slice(matcher.literals());
        }
        let witnesses = Literals::new(plain);
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
            only: None,
            leads: &[],
            sought: None,
            together: options.together.iter().flat_map(|one| one.asked.values()).collect(),
            routes,
            workers: Arc::default(),
            witnesses,
            shared_from: shared.then_some(own),
            around,
            escapes,
            longest,
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

    /// The same, looking at some members of archives only.
    pub(crate) fn with_only(&self, members: Option<BTreeSet<String>>) -> Self {
        Self { only: members.map(Arc::new), ..self.clone() }
    }

    /// Whether a pattern that asks for several has this value.
    pub(crate) fn is_together(&self, value: &Entity) -> bool {
        !self.second && self.together.contains(value)
    }

    /// Whether a file or member is looked at.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(name))
    }

    /// The same, looking for the leads that the matcher was compiled from.
    pub(crate) fn with_leads(self, leads: &'h [Lead]) -> Self {
        Self { leads, sought: Sought::of(leads), ..self }
    }

    /// Whether this pass only looks for what else is known of the values of chains.
    pub(crate) fn is_pivot(&self) -> bool {
        !self.leads.is_empty()
    }

    /// Whether any check reads any log in this pass, or records are counted.
    pub(crate) fn has_routes(&self) -> bool {
        !self.routes.is_empty()
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
