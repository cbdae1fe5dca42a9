//! Sentences of our own in each pattern, with near misses.

use lapwing_knowledge::{Knowledge, Name};
use lapwing_model::{Document, Entity, Format, Kind, Polarity, Reading, Relation};

use crate::Extractor;

fn names() -> Vec<Name> {
    let table = [
        ("Marsh Heron", Kind::ThreatActor),
        ("Reed Warbler", Kind::ThreatActor),
        ("BogLoader", Kind::Malware),
        ("FenStealer", Kind::Malware),
        ("PeatBot", Kind::Malware),
        ("NetProbe", Kind::Tool),
        ("Acme Security", Kind::Identity),
        ("Lakeside Energy", Kind::Identity),
        ("Italy", Kind::Location),
        ("Peru", Kind::Location),
    ];
    table
        .iter()
        .map(|(surface, kind)| Name {
            surface: (*surface).into(),
            entity: Entity::new(
                *kind,
                match *surface {
                    "Italy" => "IT",
                    "Peru" => "PE",
                    other => other,
                },
            ),
            ambiguous: false,
        })
        .collect()
}

/// What verbs and kinship say in `text`, one relation a line; `?` hedged, `!` denied.
fn said(text: &str) -> Vec<String> {
    let mut document = Document::new(text.as_bytes(), "a.txt", Format::Text, text.to_owned());
    document.published = "2021-03-04".parse().ok();
    let knowledge = Knowledge::default();
    let claims =
        Extractor::with_names(&knowledge, &names()).extract(&Reading::new(document, Vec::new()));
    let mut all: Vec<String> = claims
        .iter()
        .filter(|c| {
            !matches!(
                c.relation,
                Relation::Role | Relation::About | Relation::SameObject | Relation::References
            )
        })
        .map(|c| {
            let mark = match c.polarity {
                Polarity::Asserted => "",
                Polarity::Hedged => "?",
                Polarity::Denied => "!",
            };
            let object = c.object.entity().map_or_else(|| c.object.key(), |e| e.value.clone());
            format!("{} {}{mark} {object}", c.subject.value, c.relation)
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn verbs_relate_what_stands_beside_them() {
    for (text, want) in [
        ("Marsh Heron uses NetProbe.", &["Marsh Heron uses NetProbe"] as &[&str]),
        (
            "Marsh Heron and Reed Warbler use BogLoader, FenStealer and NetProbe.",
            &[
                "Marsh Heron uses BogLoader",
                "Marsh Heron uses FenStealer",
                "Marsh Heron uses NetProbe",
                "Reed Warbler uses BogLoader",
                "Reed Warbler uses FenStealer",
                "Reed Warbler uses NetProbe",
            ],
        ),
        ("NetProbe was used by Marsh Heron.", &["Marsh Heron uses NetProbe"]),
        ("BogLoader drops FenStealer.", &["BogLoader drops FenStealer"]),
        ("FenStealer was dropped by BogLoader.", &["BogLoader drops FenStealer"]),
        ("BogLoader downloads PeatBot.", &["BogLoader downloads PeatBot"]),
        ("PeatBot, distributed by Reed Warbler, is new.", &["Reed Warbler delivers PeatBot"]),
        (
            "Marsh Heron exploited CVE-2021-26855 in servers.",
            &["Marsh Heron exploits CVE-2021-26855"],
        ),
        ("CVE-2021-26855 was exploited by Marsh Heron.", &["Marsh Heron exploits CVE-2021-26855"]),
        (
            "PeatBot communicates with c2[.]example[.]org.",
            &["PeatBot communicates-with c2.example.org"],
        ),
        ("Marsh Heron breached Lakeside Energy.", &["Marsh Heron compromises Lakeside Energy"]),
        (
            "Lakeside Energy was breached by Marsh Heron.",
            &["Marsh Heron compromises Lakeside Energy"],
        ),
        ("PeatBot is a variant of FenStealer.", &["PeatBot variant-of FenStealer"]),
        (
            "A new variant of FenStealer called PeatBot was seen.",
            &["PeatBot variant-of FenStealer"],
        ),
        ("Reed Warbler is a subgroup of Marsh Heron.", &["Reed Warbler part-of Marsh Heron"]),
        // Polarity.
        ("Marsh Heron likely uses NetProbe.", &["Marsh Heron uses? NetProbe"]),
        ("Marsh Heron does not use NetProbe.", &["Marsh Heron uses! NetProbe"]),
    ] {
        assert_eq!(said(text), want, "{text}");
    }
}

#[test]
fn pronouns_point_at_the_last_that_fits_in_the_paragraph() {
    let text = "Marsh Heron is new. The group used NetProbe.";
    assert_eq!(said(text), ["Marsh Heron uses NetProbe"]);
    let text = "BogLoader is new. The malware downloads PeatBot.";
    assert!(said(text).contains(&"BogLoader downloads PeatBot".to_owned()));
    // The next paragraph starts anew.
    let text = "Something about BogLoader and others is new here.\n\nThe malware drops FenStealer.";
    assert!(!said(text).iter().any(|s| s.contains("drops")), "{:?}", said(text));
}

#[test]
fn near_misses_say_nothing() {
    for text in [
        "Researchers used NetProbe after Marsh Heron left.",
        "Marsh Heron was seen where we deployed NetProbe.",
        "We recommend that users block NetProbe, which Marsh Heron likes.",
        "| Marsh Heron | uses | NetProbe |",
        "Marsh Heron, BogLoader, FenStealer",
    ] {
        let all = said(text);
        assert!(!all.iter().any(|s| s.contains("uses") || s.contains("drops")), "{text}: {all:?}");
    }
}

#[test]
fn relative_dates_are_tied_to_their_event() {
    let text = "Marsh Heron has been active since mid-January.";
    assert!(said(text).contains(&"Marsh Heron first-seen 2021-01".to_owned()), "{:?}", said(text));
    let text = "Marsh Heron was first seen last week.";
    assert!(
        said(text).contains(&"Marsh Heron first-seen 2021-02-22".to_owned()),
        "{:?}",
        said(text)
    );
    let text = "PeatBot was first observed in Q3 2020.";
    assert!(said(text).contains(&"PeatBot first-seen 2020-07".to_owned()), "{:?}", said(text));
}
