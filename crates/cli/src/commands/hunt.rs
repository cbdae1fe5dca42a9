use lapwing_engine::hunting::{Hunt as Hunted, Options, RulesOptions};
use lapwing_engine::{Engine, HuntOptions, IndicatorSource};
use lapwing_model::{Severity, VerdictKind};

use crate::args::{Hunt, Hunting};
use crate::commands::follow::Live;
use crate::commands::{learn, verdict};
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::progress::Bar;
use crate::session::Session;

pub fn run(args: &Hunt, session: &mut Session) -> Result<Outcome, Failure> {
    let (engine, indicators) = if args.indicators.is_empty() {
        if session.store_path()?.exists() {
            (session.look()?, IndicatorSource::Store)
        } else if session.given_store().is_some() {
            return Err(session.look().err().unwrap_or_else(|| Failure::usage("no such store")));
        } else {
            session.remark(
                "no store yet: hunting with the campaign checks alone (add reports with `lapwing add`)",
            )?;
            (Engine::in_memory()?, IndicatorSource::Store)
        }
    } else {
        (Engine::in_memory()?, IndicatorSource::Files(args.indicators.clone()))
    };
    hunt(&engine, &args.paths, indicators, &args.hunting, session)
}

/// Hunts, prints findings and verdict, and tells how the command ends.
pub fn hunt(
    engine: &Engine,
    paths: &[std::path::PathBuf],
    indicators: IndicatorSource,
    hunting: &Hunting,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    for path in paths.iter().chain(&hunting.rules) {
        if !path.exists() {
            return Err(Failure::usage(format!(
                "{}: there is no such file or folder",
                path.display()
            )));
        }
    }
    let defaults = Options::default();
    let options = HuntOptions {
        indicators,
        today: session.today,
        hunt: Options {
            since: hunting.since,
            until: hunting.until,
            jobs: hunting.jobs.unwrap_or(defaults.jobs),
            max_findings_per_rule: hunting.max_findings_per_rule,
            file_times: !hunting.no_file_times,
            time_zone: hunting.time_zone.clone(),
            year: hunting.year,
            around: !hunting.quick,
            always_around: hunting.rarity,
            learn: hunting.learn,
            ..defaults
        },
        checks: hunting.checks.clone(),
        rules: hunting.rules.clone(),
        rules_options: RulesOptions {
            level: hunting.level,
            placeholders: hunting.placeholders.clone(),
        },
    };
    let bar = Bar::new(session.quiet);
    let (hunt, mut problems) = if hunting.follow {
        let mut live = Live::new(&mut session.out, hunting.all, hunting.follow_for);
        let result = engine.follow(paths, &options, &bar, &mut live);
        bar.done();
        live.finish()?;
        let (hunt, problems) = result?;
        print(&hunt, hunting, session)?;
        (hunt, problems)
    } else {
        let result = engine.hunt(paths, &options, &bar);
        bar.done();
        let (hunt, problems) = result?;
        print(&hunt, hunting, session)?;
        (hunt, problems)
    };
    if hunting.learn {
        learn::keep(&hunt, session)?;
    }
    problems.extend(hunt.problems);
    let read = session.tell_problems(&problems)?;
    Ok(
        if hunt.verdict.verdict == VerdictKind::NothingFound
            && hunt.findings.iter().all(|f| f.severity == Severity::Informational)
        {
            read
        } else {
            Outcome::Found
        },
    )
}

fn print(hunt: &Hunted, hunting: &Hunting, session: &mut Session) -> Result<(), Failure> {
    if session.out.json {
        // While following, findings were printed as they came.
        for finding in hunt.findings.iter().filter(|_| !hunting.follow) {
            session.out.object(finding)?;
        }
        return session.out.object(&hunt.verdict);
    }
    let width = Output::width();
    let colour = Output::colour();
    session.out.text(&verdict::text(hunt, hunting.all, width, colour))
}
