//! What goes out of the store: selection by name, filters and ceiling, then one function a format.

mod coming;
mod detection;
mod event;
mod pages;
mod pieces;
mod portions;
mod readback;
mod selection;
mod shared;
mod trial;

pub use coming::Coming;
pub use event::EventNow;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use jiff::civil::Date;
use lapwing_model::{Entity, Kind, Marking, Pap, Status};
use lapwing_publish::export::{ExportFormat, Exported, ExportedFile, Selection};
use lapwing_publish::misp;
use lapwing_publish::stix::{self, StixOptions, StixVersion};

use crate::{Engine, EngineError};

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

    /// Whether the export is one file that can be written as it is made: see [`Engine::export_into`].
    #[must_use]
    pub fn flows(&self) -> bool {
        self.names.is_empty() && portions::flows(self.format)
    }

    /// The name of the file of an export that [flows](Self::flows).
    #[must_use]
    pub fn file_name(&self) -> Option<&'static str> {
        self.flows().then(|| portions::name(self.format))
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
            let mut bytes = Vec::new();
            let exported = self.export_into(options, &mut bytes)?;
            let name = portions::name(options.format).to_owned();
            return Ok(Exported { files: vec![ExportedFile { name, bytes }], ..exported });
        }
        let part = self.within(options)?;
        let engine = part.as_ref().unwrap_or(self);
        let selection = engine.selection(options)?;
        let mut exported = engine.write(&selection, options)?;
        exported.losses.extend(selection.left_out.iter().cloned());
        Ok(exported.settled())
    }

    /// As [`Engine::export`], for options that [flow](ExportOptions::flows): the one file goes into `out` as it is
    /// made, and memory does not hold it. Others are made whole, and must be of one file.
    ///
    /// # Errors
    /// As [`Engine::export`]; [`EngineError::File`] when `out` cannot be written.
    pub fn export_into(
        &self,
        options: &ExportOptions,
        out: &mut dyn Write,
    ) -> Result<Exported, EngineError> {
        if !options.flows() {
            let exported = self.export(options)?;
            let [file] = &exported.files[..] else {
                let made = exported.files.len();
                let why = format!("`{}` makes {made} files, not one", options.format);
                return Err(EngineError::Export(why));
            };
            out.write_all(&file.bytes)
                .map_err(|source| EngineError::File { path: file.name.clone(), source })?;
            return Ok(Exported { files: Vec::new(), ..exported });
        }
        let part = self.within(options)?;
        part.as_ref().unwrap_or(self).portions(options, portions::PORTION, out)
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
            ExportFormat::Stix => Ok(self.stix(selection, options, StixVersion::V21)),
            ExportFormat::Stix20 => Ok(self.stix(selection, options, StixVersion::V20)),
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

    fn stix(
        &self,
        selection: &Selection,
        options: &ExportOptions,
        version: StixVersion,
    ) -> Exported {
        // STIX 2.0 knows the markings of TLP 1.0 only.
        let tlp1 = options.tlp1 || version == StixVersion::V20;
        stix::bundle(selection, &self.knowledge, StixOptions { version, tlp1 })
    }
}

/// An export of MISP events with what they cannot carry.
fn told(selection: &Selection, mut exported: Exported) -> Exported {
    readback::misp_losses(selection, &mut exported);
    exported
}
