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
        ("MirePass", Kind::Tool),
        ("Acme Security", Kind::Identity),
        ("Lakeside Energy", Kind::Identity),
        ("Italy", Kind::Location),
        ("Peru", Kind::Location),
        ("Poland", Kind::Location),
        ("Chatter", Kind::Software),
        ("banks", Kind::Sector),
        ("hospitals", Kind::Sector),
        ("financial sector", Kind::Sector),
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
                    "Poland" => "PL",
                    "banks" | "financial sector" => "financial",
                    "hospitals" => "healthcare",
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

/// Texts with what they state, as `testdata/relations/*.gold` writes them.
fn gold(text: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#') && *l != "-") {
        match (line.strip_prefix("> "), all.last_mut()) {
            (Some(text), _) => all.push((text.replace("\\n", "\n"), Vec::new())),
            (None, Some((_, told))) => told.push(line.to_owned()),
            (None, None) => panic!("{line:?} stands before the first sentence"),
        }
    }
    all
}

/// Hits, misses and false finds, in total and by relation.
#[derive(Default)]
struct Score {
    by_relation: std::collections::BTreeMap<String, [usize; 3]>,
    errors: Vec<String>,
}

impl Score {
    fn add(&mut self, text: &str, want: &[String]) {
        let dates = ["first-seen", "last-seen", "fixed-on", "property"];
        let got: Vec<String> =
            said(text).into_iter().filter(|s| !dates.contains(&relation_of(s).as_str())).collect();
        let mut count = |told: &String, at: usize| {
            self.by_relation.entry(relation_of(told)).or_default()[at] += 1;
        };
        for told in want {
            count(told, usize::from(!got.contains(told)));
        }
        for told in got.iter().filter(|told| !want.contains(told)) {
            count(told, 2);
        }
        let missed: Vec<_> = want.iter().filter(|told| !got.contains(told)).collect();
        let wrong: Vec<_> = got.iter().filter(|told| !want.contains(told)).collect();
        if !(missed.is_empty() && wrong.is_empty()) {
            self.errors.push(format!("{text}\n    missed {missed:?}\n    wrong  {wrong:?}"));
        }
    }

    fn rates(counts: [usize; 3]) -> (f64, f64) {
        let share = |a: usize, b: usize| if b == 0 { 1.0 } else { a as f64 / b as f64 };
        let [hit, missed, wrong] = counts;
        (share(hit, hit + wrong), share(hit, hit + missed))
    }

    fn total(&self) -> [usize; 3] {
        self.by_relation.values().fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]])
    }
}

#[test]
fn a_fix_is_of_a_weakness_and_an_edit_of_the_page_is_none() {
    let fixes = |text: &str| -> Vec<String> {
        said(text).into_iter().filter(|told| relation_of(told) == "fixed-on").collect()
    };
    assert_eq!(
        fixes("Acme Security released an update for CVE-2021-9991 on March 2."),
        ["CVE-2021-9991 fixed-on 2021-03-02"]
    );
    assert_eq!(
        fixes("CVE-2021-9991 was patched on 2 March 2021."),
        ["CVE-2021-9991 fixed-on 2021-03-02"]
    );
    for none in [
        "[UPDATE] March 3, 2021: operations with CVE-2021-9991 were seen.",
        "[Update] On March 1, 2021, the police took down PeatBot. PeatBot is gone.",
        "PeatBot was fixed by its authors on March 1, 2021.",
    ] {
        assert!(fixes(none).is_empty(), "{none}: {:?}", fixes(none));
    }
}

/// `exploits` of "X exploits? Y".
fn relation_of(told: &str) -> String {
    told.split(' ')
        .map(|w| w.trim_end_matches(['?', '!']))
        .find(|w| w.parse::<Relation>().is_ok())
        .unwrap_or_default()
        .to_owned()
}

/// A claim counts with subject, relation, object and polarity; `cargo test -- --nocapture` prints the table.
#[test]
fn golden_sentences_are_read_as_a_reader_does() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/relations");
    for (file, least_precision, least_recall) in [
        ("sentences", 0.97, 0.97),
        ("second", 0.95, 0.90),
        ("third", 0.95, 0.90),
        ("fourth", 0.95, 0.90),
        ("fifth", 0.95, 0.90),
        ("sixth", 0.94, 0.92),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.gold"))).unwrap();
        let mut score = Score::default();
        for (text, want) in gold(&text) {
            score.add(&text, &want);
        }
        println!("{file}: relation, stated, hit, wrong, precision, recall");
        for (relation, counts) in &score.by_relation {
            let (p, r) = Score::rates(*counts);
            let [hit, missed, wrong] = counts;
            println!("  {relation:18} {:4} {hit:4} {wrong:4}  {p:.3}  {r:.3}", hit + missed);
        }
        let (p, r) = Score::rates(score.total());
        let all = score.total();
        println!("  {:18} {:4} {:4} {:4}  {p:.3}  {r:.3}", "all", all[0] + all[1], all[0], all[2]);
        let errors = score.errors.join("\n");
        println!("{errors}");
        assert!(p >= least_precision && r >= least_recall, "{file}: P {p:.3}, R {r:.3}\n{errors}");
    }
}

#[test]
fn the_means_of_an_attack_is_not_who_attacks() {
    let text = "Attackers abuse Chatter to take data out\n\nThe attackers made a scheduled task to stay. Banks in Peru were hit.";
    let all = said(text);
    assert!(!all.iter().any(|s| s.starts_with("Chatter")), "{all:?}");
    let text = "Attacks on Chatter servers spread\n\nA flaw in Chatter was used. Victims are banks in Peru.";
    assert!(said(text).iter().any(|s| s == "Chatter compromises PE"), "{:?}", said(text));
}

#[test]
fn techniques_of_a_table_are_those_of_whom_the_report_is_about() {
    let text = "Marsh Heron goes for mail servers\n\nIts traces are listed below.\n\n| Tactic | Technique |\n| --- | --- |\n| Persistence | T1505.003 |\n";
    let told = |s: &String| s.starts_with("Marsh Heron uses") && s.ends_with("T1505.003");
    assert!(said(text).iter().any(told), "{:?}", said(text));
    // Nothing says whose they are.
    let text = text.replace("Marsh Heron goes", "Somebody goes");
    assert!(!said(&text).iter().any(|s| s.contains("uses")), "{:?}", said(&text));
}

#[test]
fn a_heading_names_the_group_of_its_section() {
    let text = "# Marsh Heron\n\nNot much is known so far.\n\nThe group used NetProbe.\n\n# Reed Warbler\n\nThe group used MirePass.\n";
    let all = said(text);
    assert!(all.contains(&"Marsh Heron uses NetProbe".to_owned()), "{all:?}");
    assert!(all.contains(&"Reed Warbler uses MirePass".to_owned()), "{all:?}");
    assert_eq!(all.iter().filter(|s| s.contains("uses")).count(), 2, "{all:?}");
}
