//! Indicators of a selection as detections, tried before they leave.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lapwing_model::{Entity, Kind, Object, Relation};
use lapwing_publish::export::{ExportFormat, Exported, Loss, SelectedFact, Selection, TriedRule};
use lapwing_publish::rules::{
    Indicator, Rule, RuleSet, Source, Tried, csv, list, rpz, sigma, suricata, yara, zeek,
};

use super::{ExportOptions, trial};
use crate::EngineError;

/// Values below this probability of being hostile alert nobody: a benign list or a denial
/// outweighs what speaks for them.
const LEAST: f64 = 0.05;
/// Refused rules of which the reason is told one by one.
const TOLD: usize = 20;

/// Values that are said to be of the same object, both ways.
pub(super) type Same = BTreeMap<Entity, BTreeSet<Entity>>;

/// The indicators of a selection with all that stands behind them.
pub(super) fn rule_set(
    selection: &Selection,
    format: ExportFormat,
    losses: &mut Vec<Loss>,
) -> RuleSet {
    rule_set_of_portion(selection, format, &Same::new(), losses)
}

/// As [`rule_set`], of a portion of a selection; `elsewhere`: what other portions say of its values.
pub(super) fn rule_set_of_portion(
    selection: &Selection,
    format: ExportFormat,
    elsewhere: &Same,
    losses: &mut Vec<Loss>,
) -> RuleSet {
    let gathered = Gathered::of(selection, elsewhere);
    let mut indicators = Vec::new();
    for selected in selection.indicators() {
        let entity = &selected.fact.subject;
        let name = || format!("{}: {}", entity.kind, entity.value);
        if !entity.kind.is_observable() {
            losses.push(Loss::new(
                "indicator",
                name(),
                "no value that can be seen in logs or files",
            ));
        } else if selected.fact.marking > selection.ceiling {
            // The store was cut to the ceiling before: this is a second lock on the same door.
            losses.push(Loss::new("indicator", name(), "its marking is above the ceiling"));
        } else if format.is_detection() && selected.fact.probability < LEAST {
            losses.push(Loss::new(
                "indicator",
                name(),
                "hardly probable: it would alert on innocents",
            ));
        } else {
            indicators.push(gathered.indicator(selected));
        }
    }
    let about = (!selection.asked.is_empty()).then(|| selection.asked.join(", "));
    RuleSet::new(about, selection.today.last_day(), selection.ceiling, indicators)
}

/// What the facts say of values, by value.
struct Gathered<'s> {
    selection: &'s Selection,
    tied: BTreeMap<&'s Entity, BTreeSet<&'s Entity>>,
    techniques: BTreeMap<&'s Entity, BTreeSet<&'s str>>,
    same: BTreeMap<&'s Entity, BTreeSet<&'s Entity>>,
    origins: BTreeMap<lapwing_model::OriginId, &'s str>,
    sources: BTreeMap<lapwing_model::DocumentId, Source>,
}

impl<'s> Gathered<'s> {
    fn of(selection: &'s Selection, elsewhere: &'s Same) -> Self {
        let mut techniques: BTreeMap<&Entity, BTreeSet<&str>> = BTreeMap::new();
        let mut same: BTreeMap<&Entity, BTreeSet<&Entity>> = BTreeMap::new();
        for SelectedFact { fact, .. } in &selection.facts {
            let Object::Entity(object) = &fact.object else { continue };
            if object.kind == Kind::AttackPattern && fact.subject.kind.is_observable() {
                techniques.entry(&fact.subject).or_default().insert(&object.value);
            }
            if fact.relation == Relation::SameObject {
                same.entry(&fact.subject).or_default().insert(object);
                same.entry(object).or_default().insert(&fact.subject);
            }
        }
        for SelectedFact { fact, .. } in selection.indicators().filter(|_| !elsewhere.is_empty()) {
            if let Some(others) = elsewhere.get(&fact.subject) {
                same.entry(&fact.subject).or_default().extend(others);
            }
        }
        let sources = selection.documents.iter().map(|chosen| {
            let document = &chosen.document;
            let source = Source { title: document.label().to_owned(), url: document.url.clone() };
            (document.id, source)
        });
        Self {
            selection,
            tied: selection.tied_names(),
            techniques,
            same,
            origins: selection.origins.iter().map(|o| (o.id, o.label.as_str())).collect(),
            sources: sources.collect(),
        }
    }

    fn indicator(&self, selected: &SelectedFact) -> Indicator {
        let fact = &selected.fact;
        let entity = &fact.subject;
        let origins = fact.contributions.iter().filter(|c| c.supports);
        let origins = origins.filter_map(|c| self.origins.get(&c.origin)).map(|o| (*o).to_owned());
        let ties = self.tied.get(entity).into_iter().flatten();
        let mut points_to: Vec<Entity> =
            ties.filter(|e| e.kind != Kind::Vulnerability).map(|e| (*e).clone()).collect();
        // Who comes before what he uses.
        points_to.sort_by_key(|e| (rank(e.kind), e.clone()));
        debug_assert!(
            fact.marking <= self.selection.ceiling,
            "the selection was cut to its ceiling"
        );
        Indicator {
            entity: entity.clone(),
            probability: fact.probability,
            confidence: fact.confidence,
            status: selected.status,
            first: fact.period.first.or(fact.reported.first),
            last: fact.last_known(),
            expires: selected.expires.map(lapwing_model::PartialDate::last_day),
            marking: fact.marking,
            points_to,
            techniques: owned(self.techniques.get(entity)),
            origins: origins.collect(),
            sources: selected
                .documents
                .iter()
                .filter_map(|id| self.sources.get(id))
                .cloned()
                .collect(),
            same: self.same.get(entity).into_iter().flatten().map(|e| (*e).clone()).collect(),
        }
    }
}

fn owned(words: Option<&BTreeSet<&str>>) -> Vec<String> {
    words.into_iter().flatten().map(|word| (*word).to_owned()).collect()
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::ThreatActor | Kind::Cluster => 0,
        Kind::Campaign => 1,
        Kind::Malware => 2,
        _ => 3,
    }
}

/// Writes a selection as rules, a list, a zone or a table.
pub(super) fn write(
    selection: &Selection,
    options: &ExportOptions,
) -> Result<Exported, EngineError> {
    let mut losses = Vec::new();
    let set = rule_set(selection, options.format, &mut losses);
    let mut exported = match options.format {
        ExportFormat::Csv => {
            read_back(csv::write(&set), &set, |bytes| csv::read_back(bytes).map(|rows| rows.len()))?
        }
        ExportFormat::List => read_back(list::write(&set), &set, |bytes| {
            Ok(list::read_back(&String::from_utf8_lossy(bytes)).len())
        })?,
        ExportFormat::Zeek => read_back(zeek::write(&set), &set, |bytes| {
            zeek::read_back(&String::from_utf8_lossy(bytes)).map(|rows| rows.len())
        })?,
        ExportFormat::Rpz => {
            let exported = rpz::write(&set);
            let owners = read(&exported, |bytes| {
                rpz::read_back(&String::from_utf8_lossy(bytes)).map(|owners| owners.len())
            })?;
            Exported { trials: vec![format!("read back: {owners} policies")], ..exported }
        }
        ExportFormat::Suricata => {
            let rules = suricata::rules(&set, &mut losses);
            let tried = trial::suricata(&set, rules, options.suricata.as_deref())?;
            let mut files = suricata::write(&set, &tried);
            files.extend(suricata::datasets(&set));
            ruled(files, &tried, &mut losses)
        }
        ExportFormat::Sigma => {
            let tried = trial::sigma(sigma::rules(&set, &mut losses))?;
            ruled(sigma::write(&set, &tried), &tried, &mut losses)
        }
        _ => {
            let tried = trial::yara(&set, &mut losses)?;
            ruled(yara::write(&set, &tried), &tried, &mut losses)
        }
    };
    exported.losses.extend(losses);
    Ok(exported)
}

/// Reads what was written back: as many values as went out must come in.
fn read_back(
    exported: Exported,
    set: &RuleSet,
    count: impl Fn(&[u8]) -> Result<usize, String>,
) -> Result<Exported, EngineError> {
    let back = read(&exported, count)?;
    let wanted = set.indicators.len().saturating_sub(exported.losses.len());
    if back != wanted {
        return Err(EngineError::Export(format!(
            "{back} values come back of {wanted} that were written: a value breaks the format; \
             leave its kind out with --kind and report it"
        )));
    }
    Ok(Exported { trials: vec![format!("read back: {back} values")], ..exported })
}

fn read(
    exported: &Exported,
    count: impl Fn(&[u8]) -> Result<usize, String>,
) -> Result<usize, EngineError> {
    let mut back = 0;
    for file in &exported.files {
        back += count(&file.bytes).map_err(|why| {
            EngineError::Export(format!("{} does not read back: {why}", file.name))
        })?;
    }
    Ok(back)
}

/// Rules with their trials: what failed does not leave, and is told.
fn ruled(
    files: Vec<lapwing_publish::export::ExportedFile>,
    tried: &[Tried],
    losses: &mut Vec<Loss>,
) -> Exported {
    let mut exported = Exported { files, ..Exported::default() };
    let passed = tried.iter().filter(|t| t.trial.passed()).count();
    for Tried { rule, trial } in tried.iter().filter(|t| !t.trial.passed()) {
        let Rule { id, title, .. } = rule;
        losses.push(Loss::new("rule", format!("{id} {title}"), trial.line()));
        losses.extend(rule.indicators.iter().map(|entity| {
            let value = format!("{}: {}", entity.kind, entity.value);
            Loss::new("indicator", value, "its rule failed the trial")
        }));
    }
    exported.count("rules", passed);
    let values: BTreeSet<&Entity> =
        tried.iter().filter(|t| t.trial.passed()).flat_map(|t| &t.rule.indicators).collect();
    exported.count("values", values.len());
    exported.trials = summary(tried);
    let told = tried.iter().map(|Tried { rule, trial }| TriedRule {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        indicators: rule.indicators.iter().map(Entity::key).collect(),
        passed: trial.passed(),
        trial: trial.clone(),
    });
    exported.tried = told.collect();
    exported
}

/// A line an engine, and one for each of the first rules that failed.
fn summary(tried: &[Tried]) -> Vec<String> {
    let mut engines: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for Tried { trial, .. } in tried {
        let sums = engines.entry(&trial.by).or_default();
        sums[0] += 1;
        sums[1] += usize::from(trial.passed());
        sums[2] += trial.planted;
        sums[3] += trial.benign;
    }
    let mut lines: Vec<String> = engines
        .into_iter()
        .map(|(by, [all, passed, planted, benign])| {
            format!("tried by {by}: {passed} of {all} rules pass ({planted} planted and {benign} benign samples)")
        })
        .collect();
    let failed = tried.iter().filter(|t| !t.trial.passed());
    lines.extend(failed.take(TOLD).map(|t| format!("{}: {}", t.rule.title, t.trial.line())));
    lines
}

/// The day of a selection.
pub(super) fn day(selection: &Selection) -> Date {
    selection.today.last_day()
}
