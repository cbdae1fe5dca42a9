//! Whether one document is a copy of another, by its words, names and values.

use lapwing_model::DocumentId;

use crate::likeness::{COPIED, COPIED_OF_ONE_SOURCE, Likeness};
use crate::trace::Trace;

/// Fewest shared runs of a structured report, so that chance in a small sample is no copy.
const FEWEST_RUNS: usize = 5;
/// Fewest values for a list whose order tells.
const FEWEST_VALUES: usize = 5;
/// Share of a list's values that must stand in the other.
const COPIED_VALUES: f64 = 0.8;
/// Share of a list's neighbours that must be neighbours in the other.
const COPIED_ORDER: f64 = 0.6;

/// A document that shows itself to be a copy of one that stands before it. A document may have several:
/// which of them it goes back to, [`origins`](crate::origins) decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// The copy.
    pub child: DocumentId,
    /// What it was made from.
    pub parent: DocumentId,
    /// How sure, 0 to 1.
    pub probability: f64,
    /// Why, in words.
    pub why: String,
}

impl Copied {
    /// `None` when the texts do not show it.
    pub(crate) fn shown(child: &Trace, parent: &Trace) -> Option<Self> {
        let (probability, why) = copied(child, parent)?;
        Some(Self { child: child.document(), parent: parent.document(), probability, why })
    }
}

/// Whether both come from one publisher, by name or by the site they stand on.
fn one_publisher(a: &Trace, b: &Trace) -> bool {
    let site = |trace: &Trace| {
        let url = trace.head.url.as_deref().unwrap_or("");
        url.split(['/', '?']).next().unwrap_or("").to_owned()
    };
    let same = |a: String, b: String| !a.is_empty() && a == b;
    same(a.source_key(), b.source_key()) || same(site(a), site(b))
}

/// How sure, and why, `child` is a copy of the earlier `parent`.
fn copied(child: &Trace, parent: &Trace) -> Option<(f64, String)> {
    if let Some(found) = copied_list(child, parent) {
        return Some(found);
    }
    let likeness = Likeness::of(child, parent);
    if child.is_list() || parent.is_list() || !(child.is_prose() && parent.is_prose()) {
        // The words of a structured report are its form; only the same words around the same
        // values make a copy.
        let text = child.text.overlap(&parent.text);
        let values = child.values.overlap(&parent.values);
        let other_values = child.values.seen + parent.values.seen > 0
            && values.containment().min(values.reverse()) < COPIED_VALUES;
        let other_words = text.containment().min(text.reverse()) < COPIED_VALUES;
        if text.shared < FEWEST_RUNS || other_words || other_values {
            return None;
        }
        return Some((likeness.sureness(COPIED)?, likeness.why()));
    }
    let one = one_publisher(child, parent);
    let threshold = if one { COPIED_OF_ONE_SOURCE } else { COPIED };
    Some((likeness.sureness(threshold)?, likeness.why()))
}

/// A list copied whole: its values in the same order, or a large list of exactly the same.
fn copied_list(child: &Trace, parent: &Trace) -> Option<(f64, String)> {
    if !child.is_list() || (child.values.seen as usize) < FEWEST_VALUES {
        return None;
    }
    let values = child.values.overlap(&parent.values);
    if values.containment() < COPIED_VALUES {
        return None;
    }
    let order = child.pairs.overlap(&parent.pairs).containment();
    if order >= COPIED_ORDER {
        let why = format!("its list stands there in the same order, {order:.2} of the neighbours");
        return Some((0.9, why));
    }
    let all = values.containment().min(values.reverse());
    let whole = parent.is_list() && child.values.seen as usize >= 2 * FEWEST_VALUES && all >= 0.95;
    whole.then(|| (0.75, format!("the same list in another order, {all:.2} of the values")))
}
