use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use lapwing_engine::publish::export::{ExportFormat, Exported, Loss};
use lapwing_engine::{Engine, EngineError, ExportOptions};

use serde_json::json;

use crate::args::Export;
use crate::failure::{Failure, Outcome};
use crate::output::{counted, one_line};
use crate::session::Session;
use crate::whole;

/// Kinds of losses that are told in the summary.
const TOLD: usize = 8;

pub fn run(args: &Export, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let options = ExportOptions {
        names: args.names.clone(),
        ceiling: args.tlp,
        pap: args.pap,
        since: args.since,
        kinds: args.kind.clone(),
        statuses: args.status.clone(),
        as_of: args.as_of,
        benign: args.benign,
        least_probability: args.least,
        tlp1: args.tlp1,
        suricata: suricata(args),
        font: args.font.clone(),
        ..ExportOptions::new(args.format, session.today)
    };
    let above = above(&engine, args)?;
    let (exported, made) = if options.flows() {
        flow(args, &engine, &options, session)?
    } else {
        let exported = engine.export(&options)?;
        write(args, &exported, session)?;
        let made = exported.files.iter().map(|f| (f.name.clone(), f.bytes.len() as u64)).collect();
        (exported, made)
    };
    if let Some(path) = &args.loss_report {
        let mut lines = Vec::new();
        for loss in &exported.losses {
            serde_json::to_writer(&mut lines, loss)?;
            lines.push(b'\n');
        }
        save(path, &lines)?;
    }
    // On standard output stands the export itself, unless it went to a file.
    if session.out.json && args.output.is_some() {
        for (name, bytes) in made {
            session.out.object(&json!({ "file": name, "bytes": bytes }))?;
        }
        for rule in &exported.tried {
            session.out.object(rule)?;
        }
    }
    tell(args, &exported, session)?;
    if above > 0 {
        session.remark(&format!(
            "above {} and {}: {}, and what only they say (--tlp, --pap)",
            args.tlp,
            args.pap,
            counted(above, "document")
        ))?;
    }
    Ok(Outcome::Done)
}

/// How many documents stay at home because of their marking.
fn above(engine: &Engine, args: &Export) -> Result<u64, Failure> {
    let (tlp, pap) = engine.store().strictest()?;
    if tlp <= args.tlp && pap <= args.pap {
        return Ok(0);
    }
    let documents = engine.store().documents()?;
    let above = documents.iter().map(|record| &record.document).filter(|document| {
        document.marking.unwrap_or_default() > args.tlp || document.pap() > args.pap
    });
    Ok(above.count() as u64)
}

/// The program that tries Suricata rules: as named, else where the system finds programs.
fn suricata(args: &Export) -> Option<PathBuf> {
    if args.no_suricata || args.format != ExportFormat::Suricata {
        return None;
    }
    args.suricata.clone().or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("suricata")).find(|p| p.is_file())
    })
}

/// Names of files with their sizes.
type Made = Vec<(String, u64)>;

/// Counts what is written.
struct Counted<'w> {
    out: &'w mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes an export while it is made: a store of millions of values is not held in memory.
fn flow(
    args: &Export,
    engine: &Engine,
    options: &ExportOptions,
    session: &mut Session,
) -> Result<(Exported, Made), Failure> {
    let name = options.file_name().unwrap_or_default();
    let mut result = None;
    let mut bytes = 0;
    let content = |out: &mut dyn Write| {
        let mut out = Counted { out, bytes: 0 };
        let made = engine.export_into(options, &mut out);
        bytes = out.bytes;
        match made {
            // What the system says of the file goes where failures of files are told.
            Err(EngineError::File { source, .. }) => Err(source),
            Err(error) => {
                result = Some(Err(error));
                Err(io::Error::other("the export failed"))
            }
            Ok(exported) => {
                result = Some(Ok(exported));
                Ok(())
            }
        }
    };
    let written = match &args.output {
        None => session.out.written(content),
        Some(path) if !is_folder(path) => {
            make_folder(path)?;
            whole::write(path, content)
        }
        Some(folder) => {
            let path = folder.join(name);
            make_folder(&path)?;
            whole::write(&path, content)
        }
    };
    match (result, written) {
        (Some(Err(error)), _) => Err(error.into()),
        (_, Err(failure)) => Err(failure),
        (Some(Ok(exported)), Ok(())) => Ok((exported, vec![(name.to_owned(), bytes)])),
        // Nobody reads: nothing was made.
        (None, Ok(())) => Ok((Exported::default(), Vec::new())),
    }
}

fn write(args: &Export, exported: &Exported, session: &mut Session) -> Result<(), Failure> {
    match (&args.output, &exported.files[..]) {
        (None, [one]) => session.out.bytes(&one.bytes),
        (None, files) => {
            Err(Failure::usage(format!("{} makes {} files", args.format, files.len()))
                .hint("name a folder for them with -o FOLDER"))
        }
        (Some(path), [one]) if !is_folder(path) => save(path, &one.bytes),
        (Some(folder), files) => {
            for file in files {
                let name = Path::new(&file.name);
                // The names are ours; a name that leaves the folder would be a fault of ours.
                if !name.components().all(|part| matches!(part, Component::Normal(_))) {
                    return Err(Failure::usage(format!("{}: no name of a file", file.name)));
                }
                save(&folder.join(name), &file.bytes)?;
            }
            Ok(())
        }
    }
}

/// A folder that is there, or a name that ends as one of a folder does.
fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(std::path::is_separator)
}

/// Makes the folder in which a file is to be.
fn make_folder(path: &Path) -> Result<(), Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::usage(format!("{}: cannot be made: {error}", folder.display()))
        })?;
    }
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    make_folder(path)?;
    whole::write(path, |out| out.write_all(bytes))
}

/// What went out, and what could not, on standard error.
fn tell(args: &Export, exported: &Exported, session: &mut Session) -> Result<(), Failure> {
    let counts: Vec<String> =
        exported.counts.iter().map(|(what, number)| format!("{number} {what}")).collect();
    if !counts.is_empty() {
        session.remark(&format!("{}: {}", args.format, counts.join(", ")))?;
    }
    for trial in &exported.trials {
        session.remark(&one_line(trial, 200))?;
    }
    if exported.losses.is_empty() {
        return Ok(());
    }
    let mut kinds: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for Loss { what, why, .. } in &exported.losses {
        *kinds.entry((what, why)).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(key, number)| (std::cmp::Reverse(*number), *key));
    let total = exported.losses.len() as u64;
    session.remark(&format!("not carried: {}", counted(total, "statement")))?;
    for ((what, why), number) in kinds.iter().take(TOLD) {
        session.remark(&format!("  {number} × {what}: {}", one_line(why, 120)))?;
    }
    if kinds.len() > TOLD {
        session.remark(&format!("  and {} further kinds", kinds.len() - TOLD))?;
    }
    if args.loss_report.is_none() {
        session.remark("  --loss-report FILE lists them")?;
    }
    Ok(())
}
