//! The whole store as one table, a portion of the values at a time: what is in memory is one portion.

use std::io::Write;

use lapwing_publish::export::{ExportFormat, Loss};
use lapwing_publish::rules::{RuleSet, Totals, csv, rpz, zeek};

use super::ExportOptions;
use super::aside::Aside;
use super::detection::rule_set_of_portion;
use super::sink::{Made, Sink, aside};
use super::walk::Walk;
use crate::{Engine, EngineError};

/// Takes the indicators of a portion, and tells what of them does not go out.
pub(super) type Each<'e> = dyn FnMut(&RuleSet, &mut Vec<Loss>) -> Result<(), EngineError> + 'e;

/// The name of the file of such a format.
fn name(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Zeek => zeek::NAME,
        ExportFormat::Rpz => rpz::NAME,
        _ => csv::NAME,
    }
}

impl Engine {
    /// Everything as a table, into a sink.
    pub(super) fn table(
        &self,
        options: &ExportOptions,
        portion: usize,
        to: &mut dyn Sink,
    ) -> Result<Made, EngineError> {
        let format = options.format;
        let failed = |source| EngineError::File { path: name(format).to_owned(), source };
        let mut made = Made::default();
        let (mut written, mut back) = (0, 0);
        let mut totals = Totals::new(None, options.day(), options.ceiling);
        to.expect(1)?;
        if format == ExportFormat::Csv {
            to.file(name(format), None, &mut |out| {
                out.write_all(csv::head().as_bytes()).map_err(failed)?;
                self.each_portion(options, portion, &mut made, &mut |set, losses| {
                    let (rows, count) = rows(set, format, losses);
                    back += read_back(&csv::head(), &rows, format, count)?;
                    written += count;
                    out.write_all(rows.as_bytes()).map_err(failed)
                })
            })?;
        } else {
            // The head tells of all rows: they wait aside.
            let mut waiting = Aside::new().map_err(aside)?;
            let head = |totals: &Totals| match format {
                ExportFormat::Zeek => zeek::head(totals),
                _ => rpz::head(totals),
            };
            self.each_portion(options, portion, &mut made, &mut |set, losses| {
                let (rows, count) = rows(set, format, losses);
                totals.add(set);
                back += read_back(&head(&totals), &rows, format, count)?;
                written += count;
                waiting.write_all(rows.as_bytes()).map_err(aside)
            })?;
            let head = head(&totals);
            let size = head.len() as u64 + waiting.len();
            let mut waiting = waiting.written().map_err(aside)?;
            to.file(name(format), Some(size), &mut |out| {
                out.write_all(head.as_bytes()).and_then(|()| waiting.copy(out)).map_err(failed)
            })?;
        }
        let what = if format == ExportFormat::Csv { "indicators" } else { "values" };
        made.count(what, written);
        let what = if format == ExportFormat::Rpz { "policies" } else { "values" };
        made.trials.push(format!("read back: {back} {what}"));
        Ok(made)
    }

    /// Hands on the indicators of the whole store, in order, and tells what does not go out.
    pub(super) fn each_portion(
        &self,
        options: &ExportOptions,
        portion: usize,
        made: &mut Made,
        each: &mut Each<'_>,
    ) -> Result<(), EngineError> {
        let mut walk = Walk::new(self, options)?;
        let stated = self.stated(&walk.selection, options)?;
        let same = std::mem::take(&mut walk.others.same);
        walk.each(portion, &|claim| stated.place(claim), &mut |selection| {
            let mut losses = std::mem::take(&mut selection.left_out);
            let set = rule_set_of_portion(selection, options.format, &same, &mut losses);
            each(&set, &mut losses)?;
            made.lose(&mut losses)
        })
    }
}

/// The rows of a portion, and of how many values they are.
fn rows(set: &RuleSet, format: ExportFormat, losses: &mut Vec<Loss>) -> (String, usize) {
    match format {
        ExportFormat::Zeek => zeek::rows(set, losses),
        ExportFormat::Rpz => rpz::policies(set, losses),
        _ => (csv::rows(set), set.indicators.len()),
    }
}

/// Reads the rows of a portion back: as many values as went out must come in. A zone has several policies for a
/// value; it is read for its form.
fn read_back(
    head: &str,
    rows: &str,
    format: ExportFormat,
    wanted: usize,
) -> Result<usize, EngineError> {
    let text = format!("{head}{rows}");
    let back = match format {
        ExportFormat::Zeek => zeek::read_back(&text).map(|rows| rows.len()),
        ExportFormat::Rpz => rpz::read_back(&text).map(|owners| owners.len()),
        _ => csv::read_back(text.as_bytes()).map(|rows| rows.len()),
    };
    let back = back.map_err(|why| {
        EngineError::Export(format!("{} does not read back: {why}", name(format)))
    })?;
    if back == wanted || format == ExportFormat::Rpz {
        return Ok(back);
    }
    Err(breaks(back, wanted))
}

/// What is said when another number of values comes back than was written.
pub(super) fn breaks(back: usize, wanted: usize) -> EngineError {
    EngineError::Export(format!(
        "{back} values come back of {wanted} that were written: a value breaks the format; leave its kind out with \
         --kind and report it"
    ))
}
