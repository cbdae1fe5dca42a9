//! All rules on one record: routed by what the record is, then by the literals that stand in it.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::derive;
use super::mapping::{Derived, Told};
use super::rules::Rules;
use super::view::{Field, NO_FIELD, View};

/// Kinds of records whose routes a worker remembers; beyond, it begins anew.
const MOST_KINDS: usize = 4096;

/// What one thread needs to run rules; used again from record to record.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    pub(super) view: View,
    kinds: HashMap<String, Kind, FixedState>,
    key: String,
    /// By rule: the number of the record for which it was looked at last.
    seen: Vec<u32>,
    record: u32,
    /// Rules that hold for the record, in their order.
    pub(super) matches: Vec<u32>,
}

/// Records that tell the same of themselves.
#[derive(Debug, Default)]
struct Kind {
    /// Classes for sure.
    classes: Vec<usize>,
    /// Classes that depend on the record's fields.
    asking: Vec<usize>,
    /// By which of the asking classes fit.
    routes: HashMap<u64, Arc<Route>, FixedState>,
}

/// The rules for one kind of record.
#[derive(Debug, Default)]
struct Route {
    /// One bit a rule.
    served: Vec<u64>,
    /// Rules that no literal announces.
    always: Vec<u32>,
    aliases: Vec<(Field, Field)>,
    derive: Vec<Derived>,
    any: bool,
}

impl Route {
    fn serves(&self, rule: u32) -> bool {
        (self.served[rule as usize / 64] >> (rule % 64)) & 1 == 1
    }
}

impl Rules {
    /// Finds the rules that hold for a record of these fields; they are in `worker.matches`.
    pub(super) fn run<'f>(
        &self,
        told: &Told<'_>,
        fields: impl Iterator<Item = (&'f str, &'f str)>,
        worker: &mut Worker,
    ) {
        worker.matches.clear();
        let view = &mut worker.view;
        view.clear(&self.fields);
        // In tables a dash stands for nothing; in events it is a value.
        let table = !told.line.is_empty();
        for (name, value) in fields.filter(|(_, value)| !table || *value != "-") {
            view.push(self.fields.get(name).unwrap_or(NO_FIELD), value);
        }
        if !told.line.is_empty() {
            view.push(NO_FIELD, told.line);
        }
        let Some(route) = self.route(told, &mut worker.kinds, &mut worker.key, view) else {
            return;
        };
        for (log, rule) in &route.aliases {
            view.copy(*log, *rule);
        }
        for what in &route.derive {
            derive::add(*what, &self.fields, view);
        }
        worker.seen.resize(self.list.len(), 0);
        worker.record = worker.record.wrapping_add(1);
        if worker.record == 0 {
            worker.seen.fill(0);
            worker.record = 1;
        }
        worker.matches.extend_from_slice(&route.always);
        let (seen, record, matches) = (&mut worker.seen, worker.record, &mut worker.matches);
        self.prefilter.candidates(view, |rule| {
            let last = &mut seen[rule as usize];
            if *last != record {
                *last = record;
                if route.serves(rule) {
                    matches.push(rule);
                }
            }
        });
        matches.retain(|rule| self.list[*rule as usize].rule.test.holds(view));
        matches.sort_unstable();
    }

    fn route(
        &self,
        told: &Told<'_>,
        kinds: &mut HashMap<String, Kind, FixedState>,
        key: &mut String,
        view: &View,
    ) -> Option<Arc<Route>> {
        use std::fmt::Write as _;
        key.clear();
        let id = told.id.map_or(-1, i64::from);
        let _ = write!(key, "{}\0{}\0{}\0{id}", told.log, told.channel, told.provider);
        if !kinds.contains_key(key.as_str()) {
            if kinds.len() >= MOST_KINDS {
                kinds.clear();
            }
            let fitting = || (0..self.classes.len()).filter(|n| self.classes[*n].fits(told));
            let kind = Kind {
                classes: fitting().filter(|n| !self.classes[*n].asks_record()).collect(),
                asking: fitting().filter(|n| self.classes[*n].asks_record()).take(64).collect(),
                routes: HashMap::default(),
            };
            kinds.insert(key.clone(), kind);
        }
        let kind = kinds.get_mut(key.as_str())?;
        let mut mask = 0u64;
        for (bit, class) in kind.asking.iter().enumerate() {
            mask |= u64::from(self.classes[*class].fits_record(view)) << bit;
        }
        if !kind.routes.contains_key(&mask) {
            let asking = kind.asking.iter().enumerate().filter(|(bit, _)| (mask >> bit) & 1 == 1);
            let classes: Vec<usize> =
                kind.classes.iter().copied().chain(asking.map(|(_, number)| *number)).collect();
            kind.routes.insert(mask, Arc::new(self.new_route(told, &classes)));
        }
        kind.routes.get(&mask).filter(|route| route.any).cloned()
    }

    fn new_route(&self, told: &Told<'_>, classes: &[usize]) -> Route {
        let mut route = Route { served: vec![0; self.list.len().div_ceil(64)], ..Route::default() };
        // Event number, channel and provider decide many rules before any record is looked at.
        let mut known = View::default();
        known.clear(&self.fields);
        let mut fields: Vec<Field> = Vec::new();
        if let Some(id) = told.id {
            known.push(self.routed[0], &id.to_string());
            known.push(self.routed[1], told.channel);
            known.push(self.routed[2], told.provider);
            fields.extend(self.routed);
        }
        let serves = |source| classes.iter().any(|n| self.classes[*n].serves(source));
        let served: Vec<bool> = self.sources.iter().map(serves).collect();
        for ((number, compiled), source) in self.list.iter().enumerate().zip(&self.source_of) {
            if !served[*source as usize]
                || compiled.rule.test.outcome(&known, &fields) == Some(false)
            {
                continue;
            }
            route.any = true;
            route.served[number / 64] |= 1 << (number % 64);
            if compiled.always {
                route.always.push(number as u32);
            }
        }
        for class in classes.iter().map(|n| &self.classes[*n]) {
            for alias in &class.aliases {
                if !route.aliases.contains(alias) {
                    route.aliases.push(*alias);
                }
            }
            route.derive.extend(&class.derive);
        }
        route.derive.sort_unstable();
        route.derive.dedup();
        route
    }
}
