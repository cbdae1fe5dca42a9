//! What the reader sees, in all four renderings.
#![expect(clippy::unwrap_used, reason = "the sample is test code outside test functions")]

mod sample;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Basis, Kind, Object, Polarity, Relation};
use lapwing_publish::{Comparison, Page, Picture, Side, TechniqueBasis, TextStyle};
use sample::{Painter, campaign, entity};

/// Empty reference data, so that fresher tables do not change the snapshots.
fn page(picture: &Picture) -> Page {
    Page::build(picture, &Knowledge::default())
}

#[test]
fn a_campaign_in_all_four_renderings() {
    let page = page(&campaign());
    insta::assert_snapshot!("campaign.txt", page.to_text(&TextStyle { width: 110, colour: false }));
    insta::assert_snapshot!("campaign.md", page.to_markdown());
    insta::assert_snapshot!("campaign.html", page.to_html());
    insta::assert_snapshot!(
        "campaign.json",
        serde_json::to_string_pretty(&page.to_json()).unwrap()
    );
}

#[test]
fn what_the_seeds_must_give_is_on_the_page() {
    let text = page(&campaign()).to_text(&TextStyle { width: 400, colour: false });
    for said in [
        "ExampleDB declares 1 more indicator that it does not show",
        "8 SHA-256 hashes are redacted",
        "is not known to affect Exchange Online",
        "predicted by ExampleDB, not observed",
        "a rewrite of a Dark Reading piece about a Mandiant post",
        "role unspecified",
        "Tortilla and Hafnium are not shown to be the same",
        "shared hosting",
        "54.221.65[.]242",
        "dupa[.]tk",
        "tracked by Mandiant",
        "Microsoft (“highly confident”)",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("54.221.65.242") && !text.contains("dupa.tk"), "{text}");
}

#[test]
fn json_keeps_plain_values_and_says_what_is_only_predicted() {
    let json = page(&campaign()).to_json();
    let values: Vec<_> = json["indicators"].as_array().unwrap().iter().collect();
    assert!(values.iter().any(|i| i["indicator"]["value"] == "54.221.65.242"));
    let bases: Vec<_> =
        json["techniques"].as_array().unwrap().iter().map(|t| t["basis"].clone()).collect();
    assert_eq!(bases, ["observed", "predicted"]);
    assert_eq!(json["counts"]["origins"], 3);
    assert_eq!(json["counts"]["missing"], 9);
}

#[test]
fn the_order_of_the_facts_does_not_matter() {
    let picture = campaign();
    let mut turned = picture.clone();
    turned.facts.reverse();
    turned.statuses.reverse();
    turned.documents.reverse();
    turned.origins.reverse();
    turned.gaps.reverse();
    assert_eq!(page(&picture).to_html(), page(&turned).to_html());
}

#[test]
fn every_kind_of_subject_has_a_page() {
    for kind in Kind::ALL {
        let mut picture = campaign();
        picture.subject = entity(*kind, "x");
        let page = page(&picture);
        assert!(page.to_text(&TextStyle { width: 20, colour: true }).contains('x'));
        assert!(page.to_html().contains("</html>"));
    }
}

#[test]
fn a_subject_that_nothing_is_known_of_has_a_page() {
    let picture = Picture::new(entity(Kind::Malware, "Nil"), "nil", sample::date("2022-01-01"));
    let text = page(&picture).to_text(&TextStyle::default());
    assert!(text.contains("No document in the store tells of Nil."), "{text}");
    assert!(text.contains("no marking") && !text.contains("TLP"), "{text}");
}

#[test]
fn strings_of_others_do_no_harm() {
    let hostile = [
        "<img src=x onerror=alert(1)>".to_owned(),
        "\"><script>alert(1)</script>".to_owned(),
        "\u{1b}]0;owned\u{7}\u{1b}[31mred\u{9b}31m".to_owned(),
        "\u{202e}gpj.exe\u{2066}".to_owned(),
        "a\r\nb\u{85}c\u{2028}d\0e".to_owned(),
        "| **x** | `y` [z](javascript:alert(1)) <!-- -->".to_owned(),
        "x".repeat(1_000_000),
        "漢".repeat(50_000),
    ];
    let subject = entity(Kind::Campaign, &hostile.concat());
    let mut painter = Painter::new(subject.clone(), &hostile[0]);
    for text in &hostile {
        for kind in Kind::ALL {
            let it = entity(*kind, text);
            let said = [(1, text.as_str(), Some(text.as_str()), Some(text.as_str()))];
            for (relation, object) in [
                (Relation::Role, Object::Text("indicator".into())),
                (Relation::Role, Object::Text("reference".into())),
                (Relation::Property, Object::Text(text.clone())),
                (Relation::AttributedTo, Object::Entity(subject.clone())),
            ] {
                painter.fact(
                    &it,
                    relation,
                    object,
                    0.5,
                    Basis::Observed,
                    Polarity::Asserted,
                    &said,
                );
            }
        }
    }
    let mut picture = painter.picture;
    // A million characters in each of some thousand quotes is more than a test needs.
    picture.facts.truncate(400);
    let page = page(&picture);

    let text = page.to_text(&TextStyle { width: 80, colour: false });
    let bad = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for shown in [&text, &page.to_markdown(), &page.to_html()] {
        assert!(!shown.contains(bad), "{:?}", shown.find(bad));
        assert!(shown.len() < 20_000_000, "{}", shown.len());
    }
    let html = page.to_html();
    assert!(
        !html.contains("<img")
            && !html.contains("<script")
            && !html.contains("onerror=alert(1)>\"")
    );
    assert!(!html.contains("href=\"javascript"));
    assert!(!page.to_markdown().contains("<img"));
    let coloured = page.to_text(&TextStyle { width: 80, colour: true });
    assert!(!coloured.contains('\u{7}') && !coloured.contains('\u{9b}'));
    assert!(!coloured.contains("\u{1b}]"));
}

#[test]
fn long_lists_are_capped_on_the_terminal_only() {
    let topic = entity(Kind::Campaign, "Topic");
    let mut painter = Painter::new(topic, "Topic");
    for n in 0..300 {
        let address = entity(Kind::Ipv4Addr, &format!("198.51.{}.{}", n / 250, n % 250));
        let role = Object::Text("indicator".into());
        painter.fact(&address, Relation::Role, role, 0.7, Basis::Observed, Polarity::Asserted, &[]);
    }
    let page = page(&painter.picture);
    let text = page.to_text(&TextStyle::default());
    assert!(text.contains("… 280 more: lapwing list indicators"), "{text}");
    assert!(text.lines().count() < 60);
    assert_eq!(page.to_markdown().matches("198.51.").count(), 300);
    assert_eq!(page.to_html().matches("<code>198.51.").count(), 300);
}

/// Writes the sample page to the build's scratch folder, to look at it.
#[test]
#[ignore = "for people: open the files that it writes"]
fn write_the_sample_page() {
    let page = page(&campaign());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("campaign.html"), page.to_html()).unwrap();
    std::fs::write(folder.join("campaign.md"), page.to_markdown()).unwrap();
    let text = page.to_text(&TextStyle { width: 110, colour: true });
    std::fs::write(folder.join("campaign.txt"), text).unwrap();
}

#[test]
fn an_indicator_has_its_own_page() {
    let mut picture = campaign();
    picture.subject = entity(Kind::Ipv4Addr, "168.119.93.163");
    let text = page(&picture).to_text(&TextStyle { width: 110, colour: false });
    insta::assert_snapshot!("indicator.txt", text);
}

#[test]
fn references_are_links_unless_their_host_is_accused() {
    let mut picture = campaign();
    let mut painter = Painter::new(picture.subject.clone(), "x");
    for url in [
        "https://example.org/\"><script>alert(1)</script>",
        "https://www.dupa.tk/report",
        "javascript:alert(1)",
        "https://example.org/a`|b",
    ] {
        let url = entity(Kind::Url, url);
        let role = Object::Text("reference".into());
        painter.fact(&url, Relation::Role, role, 0.9, Basis::Observed, Polarity::Asserted, &[]);
    }
    picture.facts.extend(painter.picture.facts);
    let html = page(&picture).to_html();
    assert!(html.contains("<a href=\"https://example.org/babuk\""));
    assert!(!html.contains("<script"));
    assert!(!html.contains("href=\"javascript") && !html.contains("href=\"https://www.dupa"));
    assert!(html.contains("hxxps://www.dupa[.]tk/report"));
    assert!(!page(&picture).to_markdown().contains("<script"));
}

/// Every line of a page fits the terminal.
#[test]
fn no_line_is_wider_than_the_terminal() {
    let page = page(&campaign());
    for width in [80, 100, 140] {
        let text = page.to_text(&TextStyle { width, colour: false });
        for line in text.lines() {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            assert!(columns <= width, "{columns} > {width}: {line}");
        }
    }
}

#[test]
#[ignore = "a figure for people: run it with --release and --nocapture"]
fn time_of_a_large_page() {
    let topic = entity(Kind::Campaign, "Topic");
    let mut painter = Painter::new(topic.clone(), "Topic");
    for n in 0..20_000 {
        let address =
            entity(Kind::Ipv4Addr, &format!("10.{}.{}.{}", n / 65536, n / 256 % 256, n % 256));
        let said = [(1, "an address", None, Some("High")), (2, "the same", None, None)];
        let role = Object::Text("indicator".into());
        painter.fact(
            &address,
            Relation::Role,
            role,
            0.7,
            Basis::Observed,
            Polarity::Asserted,
            &said,
        );
        let to = topic.clone();
        painter.fact(
            &address,
            Relation::Indicates,
            to,
            0.7,
            Basis::Observed,
            Polarity::Asserted,
            &said,
        );
    }
    let begin = std::time::Instant::now();
    let page = page(&painter.picture);
    let built = begin.elapsed();
    let text = page.to_text(&TextStyle::default()).len();
    let shown = begin.elapsed();
    let html = page.to_html().len();
    println!("build {built:?}, text {shown:?} ({text} B), html {:?} ({html} B)", begin.elapsed());
}

/// A picture of an actor with techniques, malware and countries of our own making.
fn actor(name: &str, techniques: &[(&str, f64, Basis)], countries: &[&str]) -> Page {
    let subject = entity(Kind::ThreatActor, name);
    let mut painter = Painter::new(subject.clone(), name);
    for (id, probability, basis) in techniques {
        let technique = entity(Kind::AttackPattern, id);
        let said = [(1, *id, None, None)];
        painter.fact(
            &subject,
            Relation::Uses,
            technique,
            *probability,
            *basis,
            Polarity::Asserted,
            &said,
        );
    }
    for country in countries {
        let place = entity(Kind::Location, country);
        // In two roles: the country counts once.
        for relation in [Relation::Targets, Relation::LocatedAt] {
            let said = [(2, *country, None, None)];
            painter.fact(
                &subject,
                relation,
                place.clone(),
                0.8,
                Basis::Observed,
                Polarity::Asserted,
                &said,
            );
        }
    }
    page(&painter.picture)
}

#[test]
fn two_pages_share_what_both_have_once_each() {
    let a = actor(
        "Alpha",
        &[("T1190", 0.9, Basis::Observed), ("T1059", 0.5, Basis::Predicted)],
        &["France", "Japan"],
    );
    let b = actor(
        "Beta",
        &[("T1059", 0.7, Basis::Observed), ("T1003", 0.6, Basis::Observed)],
        &["Japan", "Peru", "Chad"],
    );
    let compared = Comparison::of(&a, &b, 1);
    let part = |name| compared.parts.iter().find(|part| part.part == name).unwrap();
    let totals = |name| {
        let part = part(name);
        (part.only_a.total, part.both.total, part.only_b.total)
    };
    assert_eq!(totals("techniques"), (1, 1, 1));
    assert_eq!(totals("countries"), (1, 1, 2));
    assert_eq!(totals("indicators"), (0, 0, 0));
    assert_eq!(part("countries").both.items[0].value, "Japan");
    assert_eq!(part("countries").only_b.items.len(), 1, "one is named, two are counted");

    let both = compared.techniques.iter().find(|row| row.technique.value == "T1059").unwrap();
    assert_eq!((both.side, both.basis), (Side::Both, TechniqueBasis::Observed));
    assert!((both.probability - 0.7).abs() < 1e-9);
    let sides: Vec<_> = compared.techniques.iter().map(|row| row.side).collect();
    assert_eq!(sides, [Side::B, Side::Both, Side::A], "by identifier");

    let back = Comparison::of(&b, &a, 1);
    assert_eq!(back.shared_origins, compared.shared_origins);
    assert_eq!(back.parts[0].only_a, compared.parts[0].only_b);
    let same = Comparison::of(&a, &a, 9);
    assert!(same.parts.iter().all(|part| part.only_a.total + part.only_b.total == 0));
}

/// What the page of one campaign states may be stated by a document about another: it is named as
/// well, and its origin counts as one of the two behind the statement.
#[test]
fn documents_that_are_not_about_it_are_named_where_they_state_the_same() {
    let mut picture = campaign();
    let of_a_document = |n: usize, picture: &Picture| {
        let id = picture.documents[n].id;
        picture.quotes.values().filter(|quote| quote.document == id).count()
    };
    let last = picture.documents.len() - 1;
    assert!(of_a_document(last, &picture) > 0);
    let moved = picture.documents.remove(last);
    let (id, label) = (moved.id, moved.label.clone());
    let before = page(&picture);
    assert!(before.further.is_empty());
    picture.further.push(moved);
    let page = page(&picture);
    assert_eq!(page.origins, before.origins);
    assert_eq!(page.further[0].members[0].document, id);
    let quoted = page.judgements.iter().flat_map(|row| &row.evidence.quotes);
    let quoted: Vec<_> = quoted.filter(|quote| quote.document == id).collect();
    assert!(!quoted.is_empty() && quoted.iter().all(|quote| quote.label == label));
    let markdown = page.to_markdown();
    assert!(markdown.contains("Not about it, but stating something of this page as well"));
}
