//! What is said of techniques in reports of our own.

use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Document, Format, Kind, Reading, Region, RegionKind, Span};

use super::model::Model;
use crate::Extractor;

const REPORT: &str = include_str!("../../testdata/technique/intrusion.txt");

fn reading(text: &str) -> Reading {
    let document = Document::new(text.as_bytes(), "a.txt", Format::Text, text.to_owned());
    Reading::new(document, Vec::new())
}

/// Claims on techniques.
fn techniques(reading: &Reading) -> Vec<Claim> {
    let claims = Extractor::new(Knowledge::builtin()).extract(reading);
    claims.into_iter().filter(|c| c.subject.kind == Kind::AttackPattern).collect()
}

fn has(claims: &[Claim], id: &str) -> bool {
    claims.iter().any(|c| c.subject.value == id)
}

#[test]
fn the_weights_of_the_binary_open_and_reach_far() {
    let model = Model::builtin().unwrap();
    assert!(model.len() > 300, "{}", model.len());
    assert!((0..model.len()).all(|at| Knowledge::builtin().technique(model.id(at)).is_some()));
}

#[test]
fn a_report_gives_techniques_with_their_sentences() {
    let claims = techniques(&reading(REPORT));
    for id in ["T1566.001", "T1003.001", "T1547.001", "T1140", "T1057"] {
        assert!(has(&claims, id), "{id}");
    }
    let sentence = claims.iter().find(|c| c.method == "extract:model").unwrap();
    assert!(sentence.span.slice(REPORT).unwrap().ends_with('.'));
    assert!(sentence.why.as_ref().unwrap().contains("words"));
}

#[test]
fn advice_and_denial_are_no_technique() {
    let claims = techniques(&reading(REPORT));
    // Only the advice speaks of scheduled tasks, only a denial of raised privileges.
    assert!(!has(&claims, "T1068"), "{claims:?}");
    let advice = REPORT.find("## Mitigations").unwrap();
    let model = claims.iter().filter(|c| c.method == "extract:model");
    assert!(model.clone().count() > 3);
    assert!(model.clone().all(|c| (c.span.start as usize) < advice));
}

#[test]
fn code_is_not_read() {
    let mut reading = reading(REPORT);
    reading.regions.push(Region { span: Span::new(0, REPORT.len()), kind: RegionKind::Code });
    assert!(techniques(&reading).iter().all(|c| c.method != "extract:model"));
}

#[test]
fn a_revoked_identifier_is_mapped() {
    let claims = techniques(&reading("The loader is started by DLL side-loading (T1073)."));
    assert!(has(&claims, "T1574.001"), "{claims:?}");
}

#[test]
fn probabilities_are_neither_sure_nor_void() {
    for claim in techniques(&reading(REPORT)).iter().filter(|c| c.method == "extract:model") {
        assert!((20..=99).contains(&claim.precision.as_percent()), "{claim:?}");
    }
}

#[test]
fn phrasings_name_what_is_valid_today() {
    for line in include_str!("../../data/techniques.txt").lines() {
        let id = line.split(' ').next().unwrap_or_default();
        if id.starts_with('T') {
            let current = Knowledge::builtin().current_technique(id);
            assert_eq!(current.map(|t| t.id.as_str()), Some(id), "{line}");
        }
    }
}

#[test]
fn the_name_of_a_whole_gives_way_to_its_part() {
    let claims = techniques(&reading("They use Hijack Execution Flow: DLL (T1574.001) for it."));
    assert!(has(&claims, "T1574.001") && !has(&claims, "T1574"), "{claims:?}");
}

#[test]
fn a_note_gives_what_is_likely_only() {
    let note = "The hidden panel was seen again on the old server. It is down since.";
    assert!(techniques(&reading(note)).iter().all(|c| c.method != "extract:model"));
}
