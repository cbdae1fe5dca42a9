//! The whole store as one file, a portion of the values at a time: what is in memory is one portion.

use std::collections::BTreeSet;
use std::io::{BufWriter, Seek, Write};
use std::mem::take;

use lapwing_model::{Entity, Fact, PartialDate, Relation};
use lapwing_publish::export::{ExportFormat, Exported, Loss, Selection};
use lapwing_publish::rules::{RuleSet, Totals, csv, rpz, zeek};
use lapwing_store::FactQuery;

use super::ExportOptions;
use super::detection::{Same, rule_set_of_portion};
use super::selection::{chosen, date, is_indicator, join, refusal};
use crate::{Engine, EngineError, Statuses};

/// Facts of one portion, at least: it ends with a value.
pub(super) const PORTION: usize = 20_000;

/// What portions have to know of each other.
#[derive(Default)]
struct Others {
    /// Values that the filters leave out.
    home: BTreeSet<Entity>,
    same: Same,
}

/// A value of which facts are told one after the other, and whether one of its parts stays.
type Part = Option<(Entity, bool)>;

/// Whether everything in this format is one file that can be written a portion at a time.
pub(super) fn flows(format: ExportFormat) -> bool {
    matches!(format, ExportFormat::Csv | ExportFormat::Zeek | ExportFormat::Rpz)
}

/// The name of the file of such a format.
pub(super) fn name(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Zeek => zeek::NAME,
        ExportFormat::Rpz => rpz::NAME,
        _ => csv::NAME,
    }
}

impl Engine {
    /// Everything in a format that [`flows`], into `out`; the export has no files.
    pub(super) fn portions(
        &self,
        options: &ExportOptions,
        portion: usize,
        out: &mut dyn Write,
    ) -> Result<Exported, EngineError> {
        let failed = |source| EngineError::File { path: name(options.format).to_owned(), source };
        let mut exported = Exported::default();
        let (mut written, mut back) = (0, 0);
        let mut totals = Totals::new(None, options.day(), options.ceiling);
        if options.format == ExportFormat::Csv {
            out.write_all(csv::head().as_bytes()).map_err(failed)?;
            self.each_portion(options, portion, &mut exported.losses, |set, losses| {
                let (rows, count) = rows(set, options.format, losses);
                back += read_back(&csv::head(), &rows, options.format, count)?;
                written += count;
                out.write_all(rows.as_bytes()).map_err(failed)
            })?;
        } else {
            // The head tells of all rows: they wait in a file without a name, which goes with the process.
            let aside = tempfile::tempfile().map_err(failed)?;
            let mut aside = BufWriter::with_capacity(1 << 16, aside);
            let head = |totals: &Totals| match options.format {
                ExportFormat::Zeek => zeek::head(totals),
                _ => rpz::head(totals),
            };
            self.each_portion(options, portion, &mut exported.losses, |set, losses| {
                let (rows, count) = rows(set, options.format, losses);
                totals.add(set);
                back += read_back(&head(&totals), &rows, options.format, count)?;
                written += count;
                aside.write_all(rows.as_bytes()).map_err(failed)
            })?;
            let mut aside = aside.into_inner().map_err(|error| failed(error.into_error()))?;
            aside.rewind().map_err(failed)?;
            out.write_all(head(&totals).as_bytes()).map_err(failed)?;
            std::io::copy(&mut aside, out).map_err(failed)?;
        }
        let what = if options.format == ExportFormat::Csv { "indicators" } else { "values" };
        exported.count(what, written);
        let what = if options.format == ExportFormat::Rpz { "policies" } else { "values" };
        exported.trials.push(format!("read back: {back} {what}"));
        Ok(exported.settled())
    }

    /// Hands on the indicators of the whole store, in order, and tells what does not go out.
    fn each_portion(
        &self,
        options: &ExportOptions,
        portion: usize,
        losses: &mut Vec<Loss>,
        mut each: impl FnMut(&RuleSet, &mut Vec<Loss>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let statuses = self.statuses(options.day())?;
        let others = self.others(options, &statuses)?;
        let wanted = self.store.documents()?.iter().map(|r| r.document.id).collect();
        let (documents, origins) = self.chosen_documents(&wanted, &[], options)?;
        let mut selection = Selection {
            asked: Vec::new(),
            subjects: Vec::new(),
            ceiling: options.ceiling,
            today: PartialDate::from(options.day()),
            documents,
            facts: Vec::new(),
            origins,
            left_out: Vec::new(),
        };
        let stated = self.stated(&selection, options)?;
        let mut write = |facts: Vec<Fact>| -> Result<(), EngineError> {
            let known = (&statuses, &others.home);
            selection.facts = chosen(facts, options, known, &mut selection.left_out);
            join(&mut selection, &stated);
            date(&mut selection, options, &statuses);
            let set = rule_set_of_portion(&selection, options.format, &others.same, losses);
            each(&set, losses)
        };
        let mut facts: Vec<Fact> = Vec::new();
        let mut failed = Ok(());
        let read = self.store.each_fact(&FactQuery::default(), &mut |fact| {
            let ended = facts.last().is_some_and(|last| last.subject != fact.subject);
            if facts.len() >= portion && ended && failed.is_ok() {
                failed = write(take(&mut facts));
            }
            if failed.is_ok() {
                facts.push(fact);
            }
            Ok(())
        });
        failed?;
        read?;
        write(facts)?;
        losses.append(&mut selection.left_out);
        Ok(())
    }

    /// Looks through all facts for what one portion has to know of the others.
    fn others(&self, options: &ExportOptions, statuses: &Statuses) -> Result<Others, EngineError> {
        let mut others = Others::default();
        let mut same: Vec<(Entity, Entity)> = Vec::new();
        let mut part: Part = None;
        self.store.each_fact(&FactQuery::default(), &mut |fact| {
            let stays = refusal(&fact, statuses.of(&fact), options).is_none();
            if is_indicator(&fact) {
                match &mut part {
                    Some((value, kept)) if *value == fact.subject => *kept |= stays,
                    _ => {
                        leave_out(&mut others, part.take());
                        part = Some((fact.subject.clone(), stays));
                    }
                }
            }
            if let (Relation::SameObject, true, Some(object)) =
                (fact.relation, stays, fact.object.entity())
            {
                same.push((fact.subject.clone(), object.clone()));
            }
            Ok(())
        })?;
        leave_out(&mut others, part);
        same.retain(|(a, b)| !others.home.contains(a) && !others.home.contains(b));
        for (a, b) in same {
            others.same.entry(a.clone()).or_default().insert(b.clone());
            others.same.entry(b).or_default().insert(a);
        }
        Ok(others)
    }
}

fn leave_out(others: &mut Others, part: Part) {
    if let Some((value, false)) = part {
        others.home.insert(value);
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
    Err(EngineError::Export(format!(
        "{back} values come back of {wanted} that were written: a value breaks the format; leave its kind out with \
         --kind and report it"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Input, Silent};
    use lapwing_model::{Kind, Status};

    fn engine() -> Engine {
        let mut engine = Engine::in_memory().unwrap();
        let now = "2021-06-01T00:00:00Z".parse().unwrap();
        let attribute = |kind: &str, value: &str| {
            format!(
                "{{\"type\":\"{kind}\",\"category\":\"Other\",\"to_ids\":true,\"value\":\"{value}\"}}"
            )
        };
        let files = [
            attribute("filename|md5", "reed.exe|0123456789abcdef0123456789abcdef"),
            attribute("filename|sha1", "reed.exe|0123456789abcdef0123456789abcdef01234567"),
            attribute("ip-dst", "45.77.1.2"),
            attribute("ip-dst", "91.10.3.4"),
            attribute("domain", "reed-mere.com"),
            attribute("domain", "google.com"),
        ];
        let event = format!(
            "{{\"Event\":{{\"uuid\":\"33333333-aaaa-4bbb-8ccc-000000000001\",\"info\":\"Night Heron\",\
             \"date\":\"2021-05-01\",\"Tag\":[{{\"name\":\"misp-galaxy:threat-actor=\\\"HAFNIUM\\\"\"}}],\
             \"Attribute\":[{}]}}}}",
            files.join(",")
        );
        let table = "type,value,comment\nipv4-addr,45.77.1.2,again\nipv4-addr,62.3.4.5,more\n";
        for (name, text) in [("event.json", event.as_str()), ("more.csv", table)] {
            let input = Input::Bytes { name: name.into(), bytes: text.into() };
            engine.add(&[input], &AddOptions::default(), now, &Silent).unwrap();
        }
        engine
    }

    #[test]
    fn a_table_in_portions_is_the_table_made_at_once() {
        let engine = engine();
        let today = jiff::civil::date(2021, 6, 2);
        let plain = ExportOptions::new(ExportFormat::Csv, today);
        let kinds = ExportOptions { kinds: vec![Kind::Ipv4Addr, Kind::Md5], ..plain.clone() };
        let status = ExportOptions { statuses: vec![Status::Undated], ..plain.clone() };
        for (mut options, format) in [plain, kinds, status].into_iter().flat_map(|options| {
            let formats = [ExportFormat::Csv, ExportFormat::Zeek, ExportFormat::Rpz];
            formats.map(|format| (options.clone(), format))
        }) {
            options.format = format;
            options.ceiling = lapwing_model::Marking::Red;
            let selection = engine.selection(&options).unwrap();
            let mut whole = engine.write(&selection, &options).unwrap();
            whole.losses.extend(selection.left_out);
            let whole = whole.settled();
            for portion in [1, 3, 1000] {
                let mut out = Vec::new();
                let flown = engine.portions(&options, portion, &mut out).unwrap();
                let wanted = String::from_utf8(whole.files[0].bytes.clone()).unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), wanted, "{format} {portion}");
                assert_eq!(flown.losses, whole.losses, "{format} {portion}");
                assert_eq!((&flown.counts, &flown.trials), (&whole.counts, &whole.trials));
                assert_eq!(name(format), whole.files[0].name);
            }
        }
        let all = engine.export(&ExportOptions::new(ExportFormat::Csv, today)).unwrap();
        assert!(String::from_utf8_lossy(&all.files[0].bytes).lines().count() > 4, "{all:?}");
    }

    #[test]
    fn a_disk_that_is_full_is_told_as_such() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let today = jiff::civil::date(2021, 6, 2);
        for format in [ExportFormat::Csv, ExportFormat::Zeek, ExportFormat::Rpz] {
            let error = engine().export_into(&ExportOptions::new(format, today), &mut Full);
            let Err(EngineError::File { source, path }) = error else { panic!("{error:?}") };
            assert_eq!(
                (source.kind(), path.as_str()),
                (std::io::ErrorKind::StorageFull, name(format))
            );
        }
    }
}
