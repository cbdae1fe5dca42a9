//! What goes out of the store: selection by name, filters and ceiling, then one function a format.

mod aside;
mod bundle;
mod coming;
mod detection;
mod event;
mod events;
mod lists;
mod losses;
mod pages;
mod pieces;
mod quoted;
mod readback;
mod selection;
mod shared;
mod sink;
mod table;
mod trial;
mod walk;

pub use coming::Coming;
pub use event::EventNow;
pub use losses::{LossKinds, Losses};
pub use sink::{Content, Made, Sink};

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::civil::Date;
use lapwing_model::{Entity, Kind, Marking, Pap, Status};
use lapwing_publish::export::{ExportFormat, Exported, Selection};
use lapwing_publish::{misp, stix};

use crate::{Engine, EngineError};

/// Facts of one portion, at least: it ends with a subject.
const PORTION: usize = 20_000;
/// As [`PORTION`], where each fact goes along with its claims and becomes several objects.
const PORTION_OF_OBJECTS: usize = 4_000;

/// What to export, and how.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// The form.
    pub format: ExportFormat,
    /// Campaigns, actors, clusters, values or documents (title or identifier); empty for
    /// everything.
    pub names: Vec<String>,
    /// Nothing above this marking goes out, nor anything that a document above it says.
    pub ceiling: Marking,
    /// As `ceiling`, of the Permissible Actions Protocol.
    pub pap: Pap,
    /// Leave out what was last known before this day.
    pub since: Option<Date>,
    /// Only subjects of these kinds; empty for all.
    pub kinds: Vec<Kind>,
    /// Only indicators of this status; empty for what the format takes: active, ageing and
    /// undated ones for machines that raise alarms, all for the others.
    pub statuses: Vec<Status>,
    /// Export what was known by the end of this day.
    pub as_of: Option<Date>,
    /// The day on which indicators are judged.
    pub today: Date,
    /// Take along values that are known as benign, labelled so. Formats that raise alarms never do.
    pub benign: bool,
    /// Least probability of a fact, 0 to 1.
    pub least_probability: f64,
    /// Of indicators only those whose value holds this, in any case.
    pub holds: Option<String>,
    /// Of values only these; `None` for all.
    pub only: Option<BTreeSet<Entity>>,
    /// Mark STIX objects with the TLP 1.0 definitions of the specification where there is one.
    pub tlp1: bool,
    /// The program that tries Suricata rules; without it our own check of their syntax does.
    pub suricata: Option<PathBuf>,
    /// A font for what the built-in ones of a PDF lack.
    pub font: Option<PathBuf>,
}

impl ExportOptions {
    /// Everything that may be seen by all, in a format, judged on a day.
    #[must_use]
    pub fn new(format: ExportFormat, today: Date) -> Self {
        Self {
            format,
            names: Vec::new(),
            ceiling: Marking::Clear,
            pap: Pap::Clear,
            since: None,
            kinds: Vec::new(),
            statuses: Vec::new(),
            as_of: None,
            today,
            benign: false,
            least_probability: 0.0,
            holds: None,
            only: None,
            tlp1: false,
            suricata: None,
            font: None,
        }
    }

    /// The day on which indicators are judged: a past day where one is asked for.
    #[must_use]
    pub fn day(&self) -> Date {
        self.as_of.unwrap_or(self.today)
    }

    /// Whether the export is written as it is made, by [`Engine::export_to`], and memory holds a part of it alone.
    #[must_use]
    pub fn flows(&self) -> bool {
        use ExportFormat::{Csv, List, Misp, MispFeed, Rpz, Stix, Stix20, Zeek};
        self.names.is_empty()
            && matches!(self.format, Csv | List | Zeek | Rpz | Stix | Stix20 | Misp | MispFeed)
    }

    /// Whether an indicator of this status goes out.
    #[must_use]
    pub fn takes(&self, status: Status) -> bool {
        if status == Status::Benign && (self.format.is_detection() || !self.benign) {
            return false;
        }
        if !self.statuses.is_empty() {
            return self.statuses.contains(&status);
        }
        !self.format.is_detection()
            || matches!(status, Status::Active | Status::Ageing | Status::Undated)
    }
}

impl Engine {
    /// Writes a part of the store in a format.
    ///
    /// # Errors
    /// When a name means nothing, a format cannot be made, or the store cannot be read.
    pub fn export(&self, options: &ExportOptions) -> Result<Exported, EngineError> {
        if options.flows() {
            let mut files = sink::InMemory::default();
            let Made { losses, counts, trials, tried } = self.export_to(options, &mut files)?;
            let losses = losses.into_list().map_err(sink::aside)?;
            return Ok(Exported { files: files.0, losses, counts, trials, tried });
        }
        let part = self.within(options)?;
        part.as_ref().unwrap_or(self).whole(options)
    }

    /// As [`Engine::export`], into a sink. What [flows](ExportOptions::flows) is written as it is made, and memory
    /// does not hold it; all else is made whole before.
    ///
    /// # Errors
    /// As [`Engine::export`], and what the sink says; [`EngineError::File`] when a file cannot be written.
    pub fn export_to(
        &self,
        options: &ExportOptions,
        to: &mut dyn Sink,
    ) -> Result<Made, EngineError> {
        let part = self.within(options)?;
        let engine = part.as_ref().unwrap_or(self);
        if options.flows() {
            engine.flow(options, None, to)
        } else {
            sink::hand_over(engine.whole(options)?, to)
        }
    }

    /// What [flows](ExportOptions::flows), so many facts at a time where they come by portions.
    fn flow(
        &self,
        options: &ExportOptions,
        portion: Option<usize>,
        to: &mut dyn Sink,
    ) -> Result<Made, EngineError> {
        match options.format {
            ExportFormat::Stix | ExportFormat::Stix20 => {
                self.bundle(options, portion.unwrap_or(PORTION_OF_OBJECTS), to)
            }
            ExportFormat::Misp | ExportFormat::MispFeed => self.events(options, to),
            ExportFormat::List => self.lists(options, portion.unwrap_or(PORTION), to),
            _ => self.table(options, portion.unwrap_or(PORTION), to),
        }
    }

    /// An export made in memory.
    fn whole(&self, options: &ExportOptions) -> Result<Exported, EngineError> {
        let selection = self.selection(options)?;
        let mut exported = self.write(&selection, options)?;
        exported.losses.extend(selection.left_out);
        Ok(exported.settled())
    }

    /// What an export may draw from, where that is not the whole store.
    fn within(&self, options: &ExportOptions) -> Result<Option<Engine>, EngineError> {
        let allowed = self.visible_to(options.ceiling, options.pap)?;
        match options.as_of {
            None => Ok(allowed),
            Some(date) => Ok(Some(allowed.as_ref().unwrap_or(self).as_of(date)?)),
        }
    }

    /// One function a format; each has a file of its own in `lapwing-publish`.
    fn write(
        &self,
        selection: &Selection,
        options: &ExportOptions,
    ) -> Result<Exported, EngineError> {
        match options.format {
            ExportFormat::Stix | ExportFormat::Stix20 => {
                Ok(stix::bundle(selection, &self.knowledge, bundle::stix_options(options)))
            }
            ExportFormat::Misp => Ok(told(selection, misp::file(selection, &self.knowledge))),
            ExportFormat::MispFeed => Ok(told(selection, misp::feed(selection, &self.knowledge))),
            ExportFormat::Csv
            | ExportFormat::List
            | ExportFormat::Suricata
            | ExportFormat::Zeek
            | ExportFormat::Sigma
            | ExportFormat::Yara
            | ExportFormat::Rpz => detection::write(selection, options),
            ExportFormat::Navigator => self.export_layer(selection, options),
            ExportFormat::Md | ExportFormat::Html | ExportFormat::Pdf => {
                self.export_pages(selection, options)
            }
        }
    }
}

/// An export of MISP events with what they cannot carry.
fn told(selection: &Selection, mut exported: Exported) -> Exported {
    readback::misp_losses(selection, &exported.files, &mut exported.losses);
    exported
}

#[cfg(test)]
mod tests;
