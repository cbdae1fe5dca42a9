//! One automaton over the witnesses of all rules: which rules may hold for a record?

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::pattern::Anchor;
use super::view::{Field, View};
use super::witness::Literal;

/// The witnesses of all rules.
#[derive(Clone, Debug)]
pub(crate) struct Prefilter {
    automaton: Option<AhoCorasick>,
    /// By literal: who needs it, and where it must stand.
    uses: Vec<Vec<Use>>,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    rule: u32,
    field: Option<Field>,
    anchor: Anchor,
}

impl Prefilter {
    /// Builds the automaton of `(rule, literal)`.
    pub(crate) fn new(literals: impl Iterator<Item = (u32, Literal)>) -> Result<Self, String> {
        let mut sorted: Vec<(String, Use)> = literals
            .map(|(rule, l)| (l.text, Use { rule, field: l.field, anchor: l.anchor }))
            .collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.rule.cmp(&b.1.rule)));
        let mut texts: Vec<String> = Vec::new();
        let mut uses: Vec<Vec<Use>> = Vec::new();
        for (text, one) in sorted {
            if texts.last() != Some(&text) {
                texts.push(text);
                uses.push(Vec::new());
            }
            if let Some(list) = uses.last_mut() {
                list.push(one);
            }
        }
        let automaton = if texts.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .prefilter(false)
                .build(&texts)
                .map_err(|error| error.to_string())?;
            Some(built)
        };
        Ok(Self { automaton, uses })
    }

    /// Tells, for a record, each rule of which a witness stands where it must.
    pub(crate) fn candidates(&self, view: &View, mut tell: impl FnMut(u32)) {
        let Some(automaton) = &self.automaton else { return };
        let slots = view.slots();
        let mut at = 0;
        for found in automaton.find_overlapping_iter(view.all_folded()) {
            // Ends come in order, and no literal holds the NUL between two values.
            while at < slots.len() && View::range(&slots[at]).end < found.end() {
                at += 1;
            }
            let Some(slot) = slots.get(at) else { return };
            let range = View::range(slot);
            for one in &self.uses[found.pattern().as_usize()] {
                let (start, end) = (found.start() == range.start, found.end() == range.end);
                let in_place = match one.anchor {
                    Anchor::Anywhere => true,
                    Anchor::Start => start,
                    Anchor::End => end,
                    Anchor::Whole => start && end,
                };
                if in_place && one.field.is_none_or(|field| field == slot.field) {
                    tell(one.rule);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::view::Fields;

    #[test]
    fn a_witness_counts_in_its_field_and_place() {
        let mut fields = Fields::default();
        let (a, b) = (fields.intern("a"), fields.intern("b"));
        let literal = |text: &str, field, anchor| Literal { text: text.to_owned(), field, anchor };
        let list = [
            (0, literal("abc", Some(a), Anchor::Anywhere)),
            (1, literal("abc", Some(b), Anchor::Anywhere)),
            (2, literal("abc", None, Anchor::End)),
            (3, literal("bcd", Some(a), Anchor::Whole)),
            (4, literal("xab", Some(a), Anchor::Start)),
        ];
        let filter = Prefilter::new(list.into_iter()).unwrap();
        let mut view = View::default();
        view.clear(&fields);
        view.push(a, "xABCd");
        view.push(b, "no");
        let mut told = Vec::new();
        filter.candidates(&view, |rule| told.push(rule));
        told.sort_unstable();
        assert_eq!(told, [0, 4]);
    }
}
