//! Words that name a sector only among words of their sort: "the energy and engineering sectors", and not
//! "reverse engineering"; "critical infrastructure", and not "their infrastructure".

use lapwing_model::{Kind, Span};

use super::Mention;

/// In lower case, in order.
const GENERIC: &[&str] = &[
    "chemical",
    "commercial",
    "communication",
    "communications",
    "construction",
    "consulting",
    "engineering",
    "entertainment",
    "industrial",
    "infrastructure",
    "laboratories",
    "legal",
    "leisure",
    "logistics",
    "media",
    "mining",
    "ports",
    "press",
    "publishing",
    "rail",
    "research",
    "shipping",
    "space",
    "sports",
    "technology",
    "transport",
    "travel",
    "utilities",
    "utility",
    "water",
];

/// What stands behind the word where it names a sector.
const NOUNS: &[&str] = &[
    "sector",
    "sectors",
    "industry",
    "industries",
    "vertical",
    "verticals",
    "company",
    "companies",
    "corporation",
    "corporations",
    "firm",
    "firms",
    "organization",
    "organizations",
    "organisation",
    "organisations",
    "institution",
    "institutions",
    "institute",
    "institutes",
    "agency",
    "agencies",
    "provider",
    "providers",
    "operator",
    "operators",
    "entity",
    "entities",
    "business",
    "businesses",
    "enterprise",
    "enterprises",
    "facility",
    "facilities",
    "outlet",
    "outlets",
    "supplier",
    "suppliers",
    "vendor",
    "vendors",
    "manufacturer",
    "manufacturers",
    "centers",
    "centres",
    "conglomerate",
    "giant",
];

/// What stands between two items of a list of sectors.
const JOINTS: &[&str] =
    &[", ", " and ", ", and ", " or ", ", or ", " & ", "/", " as well as ", "; ", "、"];

/// Leaves out the words that stand alone. `found` is in order but for the names of other scripts, behind.
pub(super) fn only_meant(text: &str, found: &mut Vec<Mention>) {
    let is_sector = |m: &Mention| m.entity.kind == Kind::Sector;
    if !found.iter().any(|m| is_sector(m) && is_generic(text, m.span)) {
        return;
    }
    let mut places: Vec<(Span, bool)> = found
        .iter()
        .filter(|m| is_sector(m))
        .map(|m| (m.span, !is_generic(text, m.span) || is_said(text, m.span)))
        .collect();
    places.sort_unstable_by_key(|(span, _)| *span);
    // What stands in a list with a sector is one, from either side.
    let joined = |a: Span, b: Span| {
        text.get(a.end as usize..b.start as usize).is_some_and(|gap| JOINTS.contains(&gap))
    };
    for at in 1..places.len() {
        if places[at - 1].1 && joined(places[at - 1].0, places[at].0) {
            places[at].1 = true;
        }
    }
    for at in (1..places.len()).rev() {
        if places[at].1 && joined(places[at - 1].0, places[at].0) {
            places[at - 1].1 = true;
        }
    }
    found.retain(|m| {
        !is_sector(m)
            || places
                .binary_search_by_key(&m.span, |(span, _)| *span)
                .ok()
                .and_then(|at| places.get(at))
                .is_none_or(|(_, meant)| *meant)
    });
}

fn is_generic(text: &str, span: Span) -> bool {
    let shown = span.slice(text).unwrap_or_default();
    shown.is_ascii() && GENERIC.binary_search(&shown.to_ascii_lowercase().as_str()).is_ok()
}

/// Whether the words beside it make a sector of it.
fn is_said(text: &str, span: Span) -> bool {
    let after = text.get(span.end as usize..).unwrap_or_default();
    let next: String = after
        .strip_prefix([' ', '-'])
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .take(16)
        .collect();
    // A field of its own: `industries: Media`.
    let before = text.get(..span.start as usize).unwrap_or_default();
    let alone = (before.is_empty() || before.ends_with(['\n', '\t']) || before.ends_with(": "))
        && (after.is_empty() || after.starts_with(['\n', '\r', '\t']));
    alone || NOUNS.contains(&next.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gazetteer::{Gazetteer, tokenise};
    use lapwing_knowledge::Knowledge;

    #[test]
    fn a_general_word_needs_others_of_its_sort() {
        assert!(GENERIC.is_sorted());
        let gazetteer = Gazetteer::from_names(Knowledge::builtin().names());
        let sectors = |text: &str| {
            let tokens = tokenise(text);
            super::super::mentions(text, &tokens, &gazetteer)
                .iter()
                .filter(|m| m.entity.kind == Kind::Sector)
                .filter_map(|m| m.span.slice(text))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            sectors("They use social engineering, and their infrastructure is shared."),
            [""; 0]
        );
        assert_eq!(sectors("Windows utilities and our own research on C2 communication"), [""; 0]);
        assert_eq!(
            sectors("hit engineering firms and media outlets"),
            ["engineering firms", "media outlets"]
        );
        assert_eq!(
            sectors("targets are healthcare, technology, media and legal"),
            ["healthcare", "technology", "media", "legal"]
        );
    }
}
