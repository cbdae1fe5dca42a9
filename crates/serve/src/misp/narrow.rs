//! Which events may be asked for, by what is told of them: those that are not among these are never made.

use std::collections::BTreeSet;

use lapwing_model::DocumentId;

use super::filter::{Filter, Words};
use super::heads::{Head, Heads, number_of};
use crate::problem::Problem;
use crate::readers::Sight;

/// The places of the events that are asked for, their attributes apart, and in which an attribute may stand that is
/// asked for; in order.
pub(super) fn events(
    sight: &Sight<'_>,
    heads: &Heads,
    filter: &Filter,
) -> Result<Vec<usize>, Problem> {
    if filter.nothing {
        return Ok(Vec::new());
    }
    let stating = stating(sight, heads, filter)?;
    let names = Names::of(heads, filter);
    let numbers = numbers(filter);
    let takes_any = filter.takes_any_event();
    let mut found = Vec::new();
    for (at, head) in heads.list.iter().enumerate() {
        let may = stating.as_ref().is_none_or(|stating| stating.contains(&head.document))
            && is_in_time(head, filter)
            && has(&head.types, names.types.as_ref())
            && has(&head.categories, names.categories.as_ref());
        if !may {
            continue;
        }
        let summary = if takes_any && names.tags.is_none() && numbers.is_none() {
            None
        } else {
            Some(head.summary()?)
        };
        let taken = summary.as_ref().is_none_or(|summary| {
            let tagged = names.tags.is_none()
                || has(&head.tags, names.tags.as_ref())
                || summary.tags().any(|tag| filter.tags.asks_for(&tag.name));
            let numbered = numbers.as_ref().is_none_or(|numbers| {
                filter.uuid.asks_for(&summary.uuid)
                    || filter.uuid.asks_for(&summary.extends_uuid)
                    || numbers.iter().any(|number| head.holds(*number))
            });
            tagged && numbered && (takes_any || filter.takes_event(summary))
        });
        if taken {
            found.push(at);
        }
    }
    Ok(found)
}

/// Whether every attribute of an event that is asked for is.
pub(super) fn is_all(filter: &Filter) -> bool {
    filter.uuid.is_empty()
        && !filter.is_of_attributes()
        && !filter.no_harmless
        && !filter.no_expired
}

/// The events that speak of a value; none where any may.
fn stating(
    sight: &Sight<'_>,
    heads: &Heads,
    filter: &Filter,
) -> Result<Option<BTreeSet<DocumentId>>, Problem> {
    let Some(values) = filter.value.plain() else { return Ok(None) };
    // What is said for people is kept with the word for what it is.
    let said = values.iter().flat_map(|v| ["text", "comment", "other"].map(|k| format!("{k}={v}")));
    let wanted: Vec<String> = values.iter().cloned().chain(said).collect();
    let stating = sight.documents_that_state(&wanted)?;
    // An analyst's word, a sighting too, states values and is no event.
    Ok(Some(stating.into_iter().map(|id| heads.shelf.event_of(id)).collect()))
}

/// Whether an attribute of an event may have been changed when it is asked for.
fn is_in_time(head: &Head, filter: &Filter) -> bool {
    let Some((from, to)) = filter.attribute_changed else { return true };
    head.changed.is_some_and(|(first, last)| first <= to && last >= from)
}

/// Of which names an attribute must have one, by their places; none where it may have any.
struct Names {
    types: Option<BTreeSet<u32>>,
    categories: Option<BTreeSet<u32>>,
    tags: Option<BTreeSet<u32>>,
}

impl Names {
    fn of(heads: &Heads, filter: &Filter) -> Self {
        let places =
            |words: &Words| words.asks().then(|| heads.pool.places(|name| words.asks_for(name)));
        Self {
            types: places(&filter.kind),
            categories: places(&filter.category),
            tags: places(&filter.tags),
        }
    }
}

fn has(counts: &[(u32, u32)], wanted: Option<&BTreeSet<u32>>) -> bool {
    wanted.is_none_or(|wanted| counts.iter().any(|(at, _)| wanted.contains(at)))
}

/// The numbers of the identifiers of which one must be there; none where others are asked for too.
fn numbers(filter: &Filter) -> Option<Vec<u32>> {
    filter.uuid.plain()?.iter().map(|id| number_of(id)).collect()
}
