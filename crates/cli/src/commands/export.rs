use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use lapwing_engine::publish::export::ExportFormat;
use lapwing_engine::{Content, Engine, EngineError, ExportOptions, LossKinds, Made, Sink};

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
    let mut files = Files { args, session, expected: 0, written: Vec::new(), failed: None };
    let made = engine.export_to(&options, &mut files);
    let Files { written, failed, .. } = files;
    let mut made = match (failed, made) {
        (Some(failure), _) => return Err(failure),
        (None, made) => made?,
    };
    if let Some(path) = &args.loss_report {
        make_folder(path)?;
        whole::write(path, |out| {
            made.losses.each(&mut |loss| {
                serde_json::to_writer(&mut *out, loss)?;
                out.write_all(b"\n")
            })
        })?;
    }
    // On standard output stands the export itself, unless it went to a file.
    if session.out.json && args.output.is_some() {
        for (name, bytes) in written {
            session.out.object(&json!({ "file": name, "bytes": bytes }))?;
        }
        for rule in &made.tried {
            session.out.object(rule)?;
        }
    }
    tell(args, &mut made, session)?;
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

/// Where the files go: each is written while it is made, whole or not at all.
struct Files<'a> {
    args: &'a Export,
    session: &'a mut Session,
    /// How many are to come.
    expected: usize,
    /// Names with sizes.
    written: Vec<(String, u64)>,
    /// What came in between, in the words of this program.
    failed: Option<Failure>,
}

impl Files<'_> {
    fn stop(&mut self, failure: Failure) -> EngineError {
        self.failed = Some(failure);
        EngineError::Export("it was stopped".to_owned())
    }

    /// Where a file of this name goes; nowhere: to standard output.
    fn place(&self, name: &str) -> Result<Option<PathBuf>, Failure> {
        match &self.args.output {
            None => Ok(None),
            Some(path) if self.expected == 1 && !is_folder(path) => Ok(Some(path.clone())),
            Some(folder) => {
                let name = Path::new(name);
                // The names are ours; a name that leaves the folder would be a fault of ours.
                if !name.components().all(|part| matches!(part, Component::Normal(_))) {
                    return Err(Failure::usage(format!("{}: no name of a file", name.display())));
                }
                Ok(Some(folder.join(name)))
            }
        }
    }
}

impl Sink for Files<'_> {
    fn expect(&mut self, files: usize) -> Result<(), EngineError> {
        self.expected = files;
        if files == 1 || self.args.output.is_some() {
            return Ok(());
        }
        let failure = Failure::usage(format!("{} makes {files} files", self.args.format))
            .hint("name a folder for them with -o FOLDER");
        Err(self.stop(failure))
    }

    fn file(
        &mut self,
        name: &str,
        _: Option<u64>,
        content: &mut Content<'_>,
    ) -> Result<(), EngineError> {
        let mut result = Ok(());
        let mut bytes = 0;
        let write = |out: &mut dyn Write| {
            let mut out = Counted { out, bytes: 0 };
            let made = content(&mut out);
            bytes = out.bytes;
            match made {
                Ok(()) => Ok(()),
                // What the system says of the file goes where failures of files are told.
                Err(EngineError::File { source, path }) if path == name => Err(source),
                Err(error) => {
                    result = Err(error);
                    Err(io::Error::other("the export failed"))
                }
            }
        };
        let place = self.place(name).and_then(|place| match place {
            Some(path) => make_folder(&path).map(|()| Some(path)),
            None => Ok(None),
        });
        let written = match place {
            Ok(None) => self.session.out.written(write),
            Ok(Some(path)) => whole::write(&path, write),
            Err(failure) => Err(failure),
        };
        result?;
        written.map_err(|failure| self.stop(failure))?;
        self.written.push((name.to_owned(), bytes));
        Ok(())
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

/// What went out, and what could not, on standard error.
fn tell(args: &Export, made: &mut Made, session: &mut Session) -> Result<(), Failure> {
    let counts: Vec<String> =
        made.counts.iter().map(|(what, number)| format!("{number} {what}")).collect();
    if !counts.is_empty() {
        session.remark(&format!("{}: {}", args.format, counts.join(", ")))?;
    }
    for trial in &made.trials {
        session.remark(&one_line(trial, 200))?;
    }
    let LossKinds { losses, kinds, most } = made.losses.kinds(TOLD)?;
    if losses == 0 {
        return Ok(());
    }
    session.remark(&format!("not carried: {}", counted(losses, "statement")))?;
    for (what, why, number) in &most {
        session.remark(&format!("  {number} × {what}: {}", one_line(why, 120)))?;
    }
    let further = kinds.saturating_sub(most.len() as u64);
    if further > 0 {
        session.remark(&format!("  and {further} further kinds"))?;
    }
    if args.loss_report.is_none() {
        session.remark("  --loss-report FILE lists them")?;
    }
    Ok(())
}
