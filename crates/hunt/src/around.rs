//! The logs read again, once something was found: who asked for what was written, who shares an
//! address, what is rare, and what else those did who were found.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;

use lapwing_model::{Entity, Finding, FindingKind};

use crate::activity::{self, Joined, Lead, Related};
use crate::condition::Artifacts;
use crate::context::Context;
use crate::hunt::over_files;
use crate::learn::{self, Lessons};
use crate::rarity::{Crowd, Profile};
use crate::report::Report;
use crate::{Activity, Checks, Indicator, Learnt, Matcher, NotLearnt, Options, Silent};

/// Indicators that were seen are told as they are; a check or a rule that found something is the
/// beginning of a story.
pub(crate) fn is_wanted(all: &Report, options: &Options) -> bool {
    let begins =
        |finding: &Finding| finding.kind != FindingKind::Indicator && activity::has_weight(finding);
    options.always_around || options.learn || options.around && all.findings.iter().any(begins)
}

/// The second pass: what was written is known now; who asked for it may stand in any log, also in one
/// that was read before. On the way the values of all records are counted.
pub(crate) fn look(
    all: &mut Report,
    files: &[PathBuf],
    checks: &Checks,
    options: &Options,
    around: bool,
) -> Profile {
    let no_indicators = Matcher::default();
    let profile = Mutex::new(Profile::default());
    let counted = around.then_some(&profile);
    let artifacts = all.artifacts.clone();
    // The bytes were told in the first pass.
    let ctx =
        Context::counting(&no_indicators, checks, options, &Silent, &artifacts, true, counted);
    if !ctx.has_routes() {
        return Profile::default();
    }
    over_files(&ctx, files, |report, _| {
        let Report { findings, folded, beyond, cast, .. } = report;
        all.add(Report { findings, folded, beyond, cast, ..Report::default() }, options);
    });
    profile.into_inner().unwrap_or_default()
}

/// What is followed through the logs, round by round.
#[derive(Default)]
pub(crate) struct Trail {
    lessons: Lessons,
    done: BTreeSet<Lead>,
    related: Related,
}

impl Trail {
    /// Joins the findings into chains; then looks for what else is known of those who made them, once,
    /// or until nothing new appears.
    pub(crate) fn follow(
        &mut self,
        all: &Report,
        crowd: &Crowd,
        files: &[PathBuf],
        options: &Options,
        around: bool,
    ) -> Joined {
        let join = |related: &Related| {
            activity::join(&all.findings, &all.cast, crowd, &all.artifacts, related)
        };
        let mut joined = join(&self.related);
        if !around {
            return joined;
        }
        let rounds = if options.learn { learn::ROUNDS } else { 1 };
        for round in 1..=rounds {
            let mut leads = leads_of(&joined);
            if options.learn {
                self.lessons.learn_findings(&all.findings, &all.cast, &joined, crowd);
                leads.extend(self.lessons.new_leads(&self.done));
            }
            let leads: Vec<Lead> = leads.difference(&self.done).cloned().collect();
            if leads.is_empty() {
                break;
            }
            pivot(&leads, files, options, &mut self.related);
            self.done.extend(leads);
            if options.learn {
                self.lessons.learn_related(&self.related, crowd, round);
            }
            joined = join(&self.related);
        }
        joined
    }

    /// What was learnt, and what was not.
    pub(crate) fn finish(self) -> (Vec<Learnt>, Vec<NotLearnt>) {
        self.lessons.finish()
    }
}

/// The addresses and files of chains.
fn leads_of(joined: &Joined) -> BTreeSet<Lead> {
    let of = |activity: &Activity| {
        let addresses = activity.addresses.iter().map(|address| Lead::Client(*address));
        let files = activity.files.iter().map(|name| Lead::File(name.clone()));
        addresses.chain(files).collect::<Vec<_>>()
    };
    joined.activities.iter().flat_map(of).collect()
}

/// Looks for values of chains in all logs.
pub(crate) fn pivot(leads: &[Lead], files: &[PathBuf], options: &Options, related: &mut Related) {
    // The number of the lead goes where an indicator says who lists it.
    let indicators = leads.iter().enumerate().flat_map(|(number, lead)| {
        let entity = lead.entity();
        // IIS writes `+` for a space.
        let joined = Entity::new(entity.kind, entity.value.replace(' ', "+"));
        let other = (joined.value != entity.value).then_some(joined);
        [Some(entity), other]
            .into_iter()
            .flatten()
            .map(move |entity| Indicator::new(entity, 1.0, number.to_string()))
    });
    let matcher = Matcher::compile(indicators);
    let checks = Checks::none();
    let nothing = Artifacts::new();
    let ctx = Context::new(&matcher, &checks, options, &Silent, &nothing, true);
    over_files(&ctx.with_leads(leads), files, |report, _| related.merge(report.related));
}

/// Addresses of chains: what they did that is rare deserves the first look.
pub(crate) fn suspects(activities: &[Activity]) -> BTreeSet<String> {
    activities.iter().flat_map(|a| a.addresses.iter().map(ToString::to_string)).collect()
}
