//! Broken inputs: never a panic, never silence, spans always inside the text.

use lapwing_model::ProblemKind;
use proptest::prelude::*;

use super::super::all;
use super::golden::{inputs, read};
use crate::Item;

fn check(items: &[Item]) -> Result<(), TestCaseError> {
    prop_assert!(items.len() < 1000);
    for item in items {
        let Item::Reading(reading) = item else { continue };
        let text = &reading.document.text;
        for claim in &reading.claims {
            prop_assert!(claim.span.slice(text).is_some(), "{claim:?}");
        }
        for region in &reading.regions {
            prop_assert!(region.span.slice(text).is_some(), "{region:?}");
        }
        for gap in &reading.gaps {
            prop_assert!(gap.span.slice(text).is_some(), "{gap:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn mutated_inputs_never_panic(cut in 0.0f64..1.0, at in 0.0f64..1.0, put in "\\PC{0,6}|[\\[\\]{}<>|`\"'\\\\,:=#*\n ]{1,4}") {
        for (format, path) in inputs() {
            let text = std::fs::read_to_string(&path).unwrap();
            let place = |share: f64| text.floor_char_boundary((text.len() as f64 * share) as usize);
            let mut broken = text[..place(cut)].to_owned();
            check(&read(format, "cut", &broken))?;
            broken.clone_from(&text);
            broken.insert_str(place(at), &put);
            check(&read(format, "put", &broken))?;
            for (_, recognises, _) in all() {
                recognises("x", &broken);
            }
        }
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        for (format, recognises, _) in all() {
            recognises("x", &text);
            check(&read(format, "x", &text))?;
        }
    }
}

fn problems(format: lapwing_model::Format, text: &str) -> Vec<ProblemKind> {
    let problem = |item: Item| match item {
        Item::Problem(problem) => Some(problem.kind),
        Item::Reading(_) => None,
    };
    read(format, "x", text).into_iter().filter_map(problem).collect()
}

#[test]
fn bombs_and_deep_nesting_are_limits() {
    use lapwing_model::Format;
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><stix:STIX_Package xmlns:stix=\"http://stix.mitre.org/stix-1\">&b;</stix:STIX_Package>";
    assert_eq!(problems(Format::Stix1, bomb), [ProblemKind::Limit]);
    assert_eq!(problems(Format::OpenIoc, &"<ioc>".repeat(100_000)), [ProblemKind::Limit]);
    assert_eq!(problems(Format::Stix2, &"{\"a\":".repeat(100_000)), [ProblemKind::Limit]);
    assert_eq!(problems(Format::MispJson, &"[".repeat(100_000)), [ProblemKind::Limit]);
}

#[test]
fn truncated_inputs_keep_what_stands_before() {
    for (format, path) in inputs() {
        let text = std::fs::read_to_string(&path).unwrap();
        if !text.trim_start().starts_with(['{', '<']) || text.contains("\"broken\"") {
            continue;
        }
        let cut = &text[..text.floor_char_boundary(text.len() * 3 / 4)];
        let items = read(format, "x", cut);
        let named = items.iter().any(|item| matches!(item, Item::Problem(p) if !p.fatal));
        let kept = items
            .iter()
            .any(|item| matches!(item, Item::Reading(r) if !r.document.text.is_empty()));
        assert!(named && kept, "{}", path.display());
    }
}
