//! All values as plain lists, a file a kind: the lines wait aside, as the head of each file tells of all.

use lapwing_model::Kind;
use lapwing_publish::rules::{Totals, list};

use super::ExportOptions;
use super::aside::Piles;
use super::sink::{Made, Sink, aside};
use super::table::breaks;
use crate::{Engine, EngineError};

impl Engine {
    /// Everything as lists, into a sink.
    pub(super) fn lists(
        &self,
        options: &ExportOptions,
        portion: usize,
        to: &mut dyn Sink,
    ) -> Result<Made, EngineError> {
        let mut made = Made::default();
        let mut totals = Totals::new(None, options.day(), options.ceiling);
        let mut lines = Piles::default();
        let mut counts = vec![0_usize; Kind::ALL.len()];
        self.each_portion(options, portion, &mut made, &mut |set, losses| {
            totals.add(set);
            for (kind, values) in list::values(set, losses) {
                let Some(owner) = Kind::ALL.iter().position(|known| *known == kind) else {
                    continue;
                };
                let text = list::lines(&values);
                let back = list::read_back(&text).len();
                if back != values.len() {
                    return Err(breaks(back, values.len()));
                }
                if let Some(count) = counts.get_mut(owner) {
                    *count += back;
                }
                lines
                    .put(u32::try_from(owner).unwrap_or(u32::MAX), text.as_bytes())
                    .map_err(aside)?;
            }
            Ok(())
        })?;
        let mut kinds: Vec<(Kind, u32)> = Kind::ALL
            .iter()
            .zip(0_u32..)
            .map(|(kind, owner)| (*kind, owner))
            .filter(|(_, owner)| lines.len(*owner) > 0)
            .collect();
        kinds.sort_unstable();
        to.expect(kinds.len().max(1))?;
        let mut back = 0;
        for (kind, owner) in &kinds {
            let count = counts.get(*owner as usize).copied().unwrap_or_default();
            made.count(kind.as_str(), count);
            back += count;
            let (name, head) = (list::name(*kind), list::head(&totals, Some(*kind)));
            let size = head.len() as u64 + lines.len(*owner);
            to.file(&name, Some(size), &mut |out| {
                let failed = |source| EngineError::File { path: name.clone(), source };
                out.write_all(head.as_bytes())
                    .and_then(|()| lines.copy(*owner, out))
                    .map_err(failed)
            })?;
        }
        if kinds.is_empty() {
            let head = list::head(&totals, None);
            to.file(list::EMPTY, Some(head.len() as u64), &mut |out| {
                let failed = |source| EngineError::File { path: list::EMPTY.to_owned(), source };
                out.write_all(head.as_bytes()).map_err(failed)
            })?;
        }
        made.trials.push(format!("read back: {back} values"));
        Ok(made)
    }
}
