//! Rules in a scan: records in, findings out.

use lapwing_model::ProblemKind;

use super::Told;
use crate::record::Record;
use crate::scan::Scan;

/// Matches kept for correlations, for each file; beyond, they are counted and named.
const MOST_CORRELATED: usize = 200_000;

impl Scan<'_, '_> {
    /// Whether every record is needed: rules are run in this pass, or somebody looks on.
    pub(crate) fn has_rules(&self) -> bool {
        self.ctx.rules().is_some() || self.ctx.onlooker.is_some()
    }

    /// Runs the rules on a record.
    pub(crate) fn sigma(&mut self, told: &Told<'_>, record: &Record<'_>) {
        if let Some(onlooker) = self.ctx.onlooker {
            onlooker(told, record);
        }
        let Some(rules) = self.ctx.rules() else { return };
        if !self.in_period(record.time) {
            return;
        }
        let mut worker = std::mem::take(&mut self.worker);
        let fields = record.fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        rules.run(told, fields, &mut worker);
        for number in &worker.matches {
            let compiled = &rules.list[*number as usize];
            if let Some(event) = rules.event(compiled, &worker.view, record, self.name) {
                if self.report.correlated.len() < MOST_CORRELATED {
                    self.report.correlated.push(event);
                } else if self.report.correlated.len() == MOST_CORRELATED && !self.correlated_full {
                    self.correlated_full = true;
                    let message = format!(
                        "more than {MOST_CORRELATED} matches for correlations; the rest was not correlated"
                    );
                    self.problem(ProblemKind::Limit, message, None);
                }
            }
            if !compiled.quiet {
                let finding = rules.finding(compiled, &worker.view, record, self.name);
                if self.add(finding) {
                    self.know(record);
                }
            }
        }
        self.worker = worker;
    }
}
