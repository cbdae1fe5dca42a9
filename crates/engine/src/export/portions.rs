//! The whole store as a table, a portion of the values at a time: what is in memory is one portion, and the table.

use std::collections::BTreeSet;
use std::mem::take;

use lapwing_model::{Entity, Fact, PartialDate, Relation};
use lapwing_publish::export::{Exported, Selection};
use lapwing_publish::rules::csv;
use lapwing_store::FactQuery;

use super::ExportOptions;
use super::detection::{Same, rule_set_of_portion};
use super::selection::{chosen, date, is_indicator, join, refusal};
use crate::{Engine, EngineError, Statuses};

/// Facts of one portion, at least: it ends with a value.
pub(super) const PORTION: usize = 50_000;

/// What portions have to know of each other.
#[derive(Default)]
struct Others {
    /// Values that the filters leave out.
    home: BTreeSet<Entity>,
    same: Same,
}

/// A value of which facts are told one after the other, and whether one of its parts stays.
type Part = Option<(Entity, bool)>;

impl Engine {
    /// Everything as a table.
    pub(super) fn table(
        &self,
        options: &ExportOptions,
        portion: usize,
    ) -> Result<Exported, EngineError> {
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
        let mut exported = Exported::default();
        let (mut text, mut indicators) = (csv::head(), 0);
        let mut write = |facts: Vec<Fact>| -> Result<(), EngineError> {
            let known = (&statuses, &others.home);
            selection.facts = chosen(facts, options, known, &mut selection.left_out);
            join(&mut selection, &stated);
            date(&mut selection, options, &statuses);
            let losses = &mut exported.losses;
            let set = rule_set_of_portion(&selection, options.format, &others.same, losses);
            let rows = csv::rows(&set);
            read_back(&rows, set.indicators.len())?;
            text.push_str(&rows);
            indicators += set.indicators.len();
            Ok(())
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
        exported.files.push(csv::file_of(text));
        exported.count("indicators", indicators);
        exported.trials.push(format!("read back: {indicators} values"));
        exported.losses.append(&mut selection.left_out);
        Ok(exported.settled())
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

/// Reads the rows of a portion back: as many values as went out must come in.
fn read_back(rows: &str, wanted: usize) -> Result<(), EngineError> {
    let back = csv::read_back((csv::head() + rows).as_bytes())
        .map_err(|why| EngineError::Export(format!("lapwing.csv does not read back: {why}")))?;
    if back.len() == wanted {
        return Ok(());
    }
    Err(EngineError::Export(format!(
        "{} values come back of {wanted} that were written: a value breaks the format; leave its kind out with \
         --kind and report it",
        back.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddOptions, Input, Silent};
    use lapwing_model::{Kind, Status};
    use lapwing_publish::export::ExportFormat;

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
        for mut options in [plain, kinds, status] {
            options.ceiling = lapwing_model::Marking::Red;
            let selection = engine.selection(&options).unwrap();
            let mut whole = engine.write(&selection, &options).unwrap();
            whole.losses.extend(selection.left_out);
            let whole = whole.settled();
            for portion in [1, 3, 1000] {
                let table = engine.table(&options, portion).unwrap();
                let text = |exported: &Exported| {
                    String::from_utf8(exported.files[0].bytes.clone()).unwrap()
                };
                assert_eq!(text(&table), text(&whole), "{portion}");
                assert_eq!(table.losses, whole.losses, "{portion}");
                assert_eq!((&table.counts, &table.trials), (&whole.counts, &whole.trials));
                assert_eq!(table.files[0].name, whole.files[0].name);
            }
        }
        let all = engine.table(&ExportOptions::new(ExportFormat::Csv, today), 1).unwrap();
        assert!(String::from_utf8_lossy(&all.files[0].bytes).lines().count() > 4, "{all:?}");
    }
}
