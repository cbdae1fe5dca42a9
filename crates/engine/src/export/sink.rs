//! Where the files of an export go.

use std::io::Write;

use lapwing_publish::export::{Exported, ExportedFile, Loss, TriedRule};

use super::losses::Losses;
use crate::EngineError;

/// What writes the content of a file into what is open for it.
pub type Content<'c> = dyn FnMut(&mut dyn Write) -> Result<(), EngineError> + 'c;

/// Takes the files of an export one after the other, while they are made.
pub trait Sink {
    /// Tells how many files are to come, before the first.
    ///
    /// # Errors
    /// When there is no place for so many: then none is made.
    fn expect(&mut self, files: usize) -> Result<(), EngineError>;

    /// Takes a file. Of several the size is known before; `content` is called once at most.
    ///
    /// # Errors
    /// What `content` says, and when the file cannot be written.
    fn file(
        &mut self,
        name: &str,
        size: Option<u64>,
        content: &mut Content<'_>,
    ) -> Result<(), EngineError>;
}

/// What an export made, beside its files.
#[derive(Debug, Default)]
pub struct Made {
    /// What the format could not carry, and what the filters left out.
    pub losses: Losses,
    /// What went out, counted, in an order of the format's own.
    pub counts: Vec<(String, u64)>,
    /// What trying the rules gave, a line a rule or engine; empty where nothing is tried.
    pub trials: Vec<String>,
    /// Each rule with its trial, for machines.
    pub tried: Vec<TriedRule>,
}

impl Made {
    /// Adds to what went out.
    pub(super) fn count(&mut self, what: &str, number: usize) {
        self.counts.push((what.to_owned(), number as u64));
    }

    /// Takes losses of a portion.
    pub(super) fn lose(&mut self, losses: &mut Vec<Loss>) -> Result<(), EngineError> {
        self.losses.take(losses).map_err(aside)
    }
}

/// A failure of a file for what waits outside of memory.
pub(super) fn aside(source: std::io::Error) -> EngineError {
    EngineError::File { path: "a temporary file".to_owned(), source }
}

/// Hands the files of an export that was made whole to a sink.
pub(super) fn hand_over(exported: Exported, to: &mut dyn Sink) -> Result<Made, EngineError> {
    let Exported { files, losses, counts, trials, tried } = exported;
    to.expect(files.len())?;
    for ExportedFile { name, bytes } in files {
        to.file(&name, Some(bytes.len() as u64), &mut |out| {
            let failed = |source| EngineError::File { path: name.clone(), source };
            out.write_all(&bytes).map_err(failed)
        })?;
    }
    Ok(Made { losses: losses.into(), counts, trials, tried })
}

/// Keeps the files in memory.
#[derive(Default)]
pub(super) struct InMemory(pub(super) Vec<ExportedFile>);

impl Sink for InMemory {
    fn expect(&mut self, _: usize) -> Result<(), EngineError> {
        Ok(())
    }

    fn file(
        &mut self,
        name: &str,
        _: Option<u64>,
        content: &mut Content<'_>,
    ) -> Result<(), EngineError> {
        let mut bytes = Vec::new();
        content(&mut bytes)?;
        self.0.push(ExportedFile { name: name.to_owned(), bytes });
        Ok(())
    }
}
