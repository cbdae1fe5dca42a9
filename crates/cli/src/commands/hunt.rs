use std::io::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use lapwing_engine::hunting::{Hunt as Hunted, Limits, Options, RulesOptions};
use lapwing_engine::publish::{HuntForm, HuntReport};
use lapwing_engine::store::Store;
use lapwing_engine::{Engine, HuntOptions, IndicatorSource};
use lapwing_model::{Problem, Severity, VerdictKind};

use crate::args::{Hunt, HuntAs, Hunting};
use crate::commands::follow::Live;
use crate::commands::{learn, verdict};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, counted};
use crate::progress::Bar;
use crate::session::Session;
use crate::whole;

pub fn run(args: &Hunt, session: &mut Session) -> Result<Outcome, Failure> {
    let (engine, indicators) = if args.indicators.is_empty() {
        if Store::may_be_at(&session.store_path()?) {
            (session.look()?, IndicatorSource::Store)
        } else if session.given_store().is_some() && !args.hunting.learn {
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

/// Hunts, writes findings and verdict, and tells how the command ends.
pub fn hunt(
    engine: &Engine,
    paths: &[PathBuf],
    indicators: IndicatorSource,
    hunting: &Hunting,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    for path in paths {
        if !path.exists() {
            return Err(Failure::usage(format!(
                "{}: there is no such file or folder",
                path.display()
            )));
        }
    }
    if let (Some(since), Some(until)) = (hunting.since, hunting.until)
        && since > until
    {
        return Err(Failure::usage(format!("--since {since} is after --until {until}"))
            .hint("a day is meant from its first second for --since, to its last for --until"));
    }
    let outputs = outputs(hunting, session.out.json)?;
    let options = options(indicators, hunting, session);
    let bar = Bar::new(session.quiet);
    let result = if hunting.follow {
        let mut live = Live::new(&mut session.out, hunting.all, hunting.follow_for);
        let result = engine.follow(paths, &options, &bar, &mut live);
        bar.done();
        match live.finish() {
            Err(Failure::BrokenPipe) => session.out.abandon(),
            other => other?,
        }
        result
    } else {
        let result = engine.hunt(paths, &options, &bar);
        bar.done();
        result
    };
    let (mut hunt, mut problems) = result?;
    problems.append(&mut hunt.problems);
    if hunting.learn {
        learn::keep(&hunt, session)?;
    }

    for (path, form) in &outputs.files {
        let hunted = hunted(session);
        whole::write(path, |out| write(&hunt, &problems, *form, hunting.all, hunted, out))?;
    }
    match print(&hunt, &problems, &outputs, hunting, session) {
        // Whoever read our output has enough: the verdict still is what the exit code tells.
        Err(Failure::BrokenPipe) => session.out.abandon(),
        other => other?,
    }
    let mut read = session.tell_problems(&problems)?;
    if hunt.verdict.looked_at.is_empty() && !hunting.follow {
        session
            .remark("nothing in it could be read as a log or a file to check: this is no answer")?;
        read = Outcome::Partial;
    }
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

fn options(indicators: IndicatorSource, hunting: &Hunting, session: &Session) -> HuntOptions {
    let defaults = Options::default();
    let largest = hunting.max_file_size.map(|megabytes| megabytes << 20);
    HuntOptions {
        indicators,
        today: session.today,
        hunt: Options {
            since: hunting.since,
            until: hunting.until,
            jobs: hunting.jobs.unwrap_or(defaults.jobs),
            limits: Limits {
                whole_file: largest.unwrap_or(defaults.limits.whole_file),
                ..defaults.limits
            },
            max_findings_per_rule: hunting.max_findings_per_rule,
            max_findings: hunting.max_findings,
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
        yara: hunting.yara.clone(),
        baseline: hunting.baseline.clone(),
    }
}

/// Where the hunt is written to, and how.
struct Outputs {
    files: Vec<(PathBuf, HuntAs)>,
    /// The form on standard output; `None` when only a line is said there.
    stdout: Option<HuntAs>,
}

/// Decides before the hunt, so that hours of work do not end in a message about a name.
fn outputs(hunting: &Hunting, json: bool) -> Result<Outputs, Failure> {
    let mut files = Vec::new();
    for path in &hunting.output {
        whole::check(path)?;
        let form = match (hunting.form, hunting.output.len()) {
            (Some(form), 1) => form,
            (Some(_), _) => {
                return Err(Failure::usage("--as goes with one -o")
                    .hint("leave --as out: the names tell the forms (report.html, timeline.csv, case.stix.json)"));
            }
            (None, _) => HuntAs::of_name(path).ok_or_else(|| {
                Failure::usage(format!("{}: the name tells no form", path.display()))
                    .hint("end it in .html, .md, .csv, .jsonl, .stix.json, .ecs.json or .txt, or say --as FORM")
            })?,
        };
        files.push((path.clone(), form));
    }
    let stdout = match (hunting.form, json) {
        _ if !files.is_empty() => json.then_some(HuntAs::Json),
        (None, true) => Some(HuntAs::Json),
        (Some(form), true) if form != HuntAs::Json => {
            return Err(Failure::usage("--json and --as another form both want standard output")
                .hint("write one of them to a file with -o"));
        }
        (form, _) => Some(form.unwrap_or(HuntAs::Text)),
    };
    Ok(Outputs { files, stdout })
}

fn print(
    hunt: &Hunted,
    problems: &[Problem],
    outputs: &Outputs,
    hunting: &Hunting,
    session: &mut Session,
) -> Result<(), Failure> {
    match outputs.stdout {
        None => session.out.text(&verdict::headline(hunt, Output::colour()))?,
        Some(HuntAs::Text) => {
            let text = verdict::text(hunt, hunting.all, Output::width(), Output::colour());
            session.out.text(&text)?;
        }
        // While following, findings were printed as they came.
        Some(HuntAs::Json) if hunting.follow => session.out.object(&hunt.verdict)?,
        Some(form) => {
            let hunted = hunted(session);
            let all = hunting.all;
            session.out.written(|out| write(hunt, problems, form, all, hunted, out))?;
        }
    }
    session.out.flush()?;
    for (path, _) in &outputs.files {
        let count = counted(hunt.findings.len() as u64, "finding");
        session.remark(&format!("{count} in {}", path.display()))?;
    }
    Ok(())
}

/// The time of what has no other: the beginning of the day of the hunt.
fn hunted(session: &Session) -> Timestamp {
    let today = session.today.to_zoned(jiff::tz::TimeZone::UTC);
    today.map_or(session.now, |day| day.timestamp())
}

/// Writes the hunt in a form.
fn write(
    hunt: &Hunted,
    problems: &[Problem],
    form: HuntAs,
    all: bool,
    hunted: Timestamp,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let form = match form {
        HuntAs::Text => {
            return out.write_all(verdict::text(hunt, all, FILE_WIDTH, false).as_bytes());
        }
        HuntAs::Json => HuntForm::Json,
        HuntAs::Csv => HuntForm::Csv,
        HuntAs::Md => HuntForm::Markdown,
        HuntAs::Html => HuntForm::Html,
        HuntAs::Stix => HuntForm::Stix,
        HuntAs::Ecs => HuntForm::Ecs,
    };
    let report = HuntReport {
        findings: &hunt.findings,
        verdict: &hunt.verdict,
        problems,
        folded: &hunt.folded,
        hunted,
    };
    report.write(form, out)
}

/// Columns of the text form in a file.
const FILE_WIDTH: usize = 100;
