//! The built-in tables hold what the rest of Lapwing relies on.

use std::collections::BTreeSet;

use lapwing_knowledge::{Knowledge, Matrix, TACTICS, name_key};
use lapwing_model::Kind;

fn known() -> &'static Knowledge {
    Knowledge::builtin()
}

#[test]
fn all_tables_load() {
    assert!(known().techniques().len() > 1000);
    assert!(known().actors().len() > 800);
    assert!(known().campaigns().len() > 40);
    assert!(known().software().len() > 4000);
    assert!(known().places().len() > 270);
    assert!(known().sectors().len() > 30);
    assert!(known().names().len() > 10_000);
    assert!(known().sources().len() > 8);
    assert!(known().sources().iter().all(|s| s.entries > 0 && !s.licence.is_empty()));
}

#[test]
fn actors_are_known_by_what_chinese_reports_call_them() {
    for (name, actor) in [("海莲花", "APT32"), ("毒云藤", "GreenSpot"), ("蔓灵花", "BITTER")]
    {
        let found: Vec<&str> = known().actors_named(name).iter().map(|a| a.name.as_str()).collect();
        assert_eq!(found, [actor]);
        assert!(known().names().iter().any(|n| n.surface == name && !n.ambiguous));
    }
}

#[test]
fn web_shell_has_name_tactic_and_parent() {
    let found = known().technique("t1505.003").unwrap();
    assert_eq!((found.name.as_str(), found.parent()), ("Web Shell", Some("T1505")));
    assert_eq!(found.tactics, ["persistence"]);
    assert!(!found.deprecated && found.revoked_by.is_none());
    assert_eq!(known().technique_named("web shell").unwrap().id, "T1505.003");
    // Mobile has one of this name with a lower number.
    assert_eq!(known().technique_named("Encrypted Channel").unwrap().id, "T1573");
    assert_eq!(known().technique("T1521").unwrap().matrix, Matrix::Mobile);
    assert_eq!(known().technique("T0800").unwrap().matrix, Matrix::Ics);
    assert!(known().technique("T9999").is_none());
    assert!(known().technique("").is_none());
}

#[test]
fn revoked_techniques_lead_to_what_is_valid_today() {
    // PowerShell had its own identifier before there were sub-techniques; so had Web Shell.
    assert_eq!(known().technique("T1086").unwrap().revoked_by.as_deref(), Some("T1059.001"));
    assert_eq!(known().current_technique("T1086").unwrap().id, "T1059.001");
    assert_eq!(known().current_technique("T1100").unwrap().id, "T1505.003");
    assert_eq!(known().current_technique("T1068").unwrap().id, "T1068");
    for technique in known().techniques() {
        let today = known().current_technique(&technique.id).unwrap();
        assert!(today.revoked_by.is_none(), "{} ends at {}", technique.id, today.id);
    }
    assert!(known().techniques().is_sorted_by_key(|t| &t.id));
}

#[test]
fn enterprise_tactics_are_those_of_the_matrix() {
    let short: BTreeSet<&str> = TACTICS.iter().map(|t| t.short_name).collect();
    let valid = known().techniques().iter().filter(|t| t.revoked_by.is_none() && !t.deprecated);
    let unknown: BTreeSet<&String> =
        valid.flat_map(|t| &t.tactics).filter(|t| !short.contains(t.as_str())).collect();
    // Mobile and ICS have some of their own.
    assert!(unknown.len() <= 6, "{unknown:?}");
}

#[test]
fn hafnium_is_one_actor_with_country_and_other_names() {
    let found = known().actors_named("Hafnium");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].name.as_str()), ("G0125", "HAFNIUM"));
    assert_eq!(found[0].countries, ["CN"]);
    assert_eq!(known().actors_named("silk typhoon"), found);
    assert_eq!(known().actor("g0125"), Some(found[0]));
    assert!(known().uses("G0125").contains(&"T1505.003".to_owned()));
    assert!(known().used_by("T1505.003").contains(&"G0125".to_owned()));
}

#[test]
fn names_of_actors_are_compared_loosely() {
    for name in ["lazarus", "The Lazarus Group", "LAZARUS-GROUP", "lazarus_group"] {
        assert_eq!(known().actors_named(name)[0].id, "G0032", "{name}");
    }
    assert_eq!(known().actors_named("APT 28")[0].id, known().actors_named("Fancy Bear")[0].id);
    assert!(known().actors_named("Unknown").is_empty());
    assert!(known().actors_named("").is_empty());
    assert!(known().actors_named("Nobody Ever Heard Of This").is_empty());
}

#[test]
fn an_alias_of_two_actors_stays_ambiguous() {
    // APT38 is an actor of its own and, for others, a name of Lazarus.
    let found = known().actors_named("APT38");
    assert!(found.len() > 1);
    assert_eq!(found[0].name, "APT38");
    let ids: BTreeSet<&str> = found.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids.len(), found.len());
    let shared = known().actors().iter().flat_map(|a| &a.aliases);
    let shared: BTreeSet<String> =
        shared.filter(|n| known().actors_named(n).len() > 1).map(|n| name_key(n)).collect();
    assert!(shared.len() > 20, "{}", shared.len());
    // The gazetteer gives the shared form itself, to be resolved by look-up.
    let form = known().names().iter().find(|n| n.surface == "APT38").unwrap();
    assert_eq!(form.entity.value, "APT38");
}

#[test]
fn software_by_name() {
    let found = known().software_named("china chopper");
    assert_eq!((found[0].id.as_str(), found[0].kind), ("S0020", Kind::Malware));
    assert_eq!(known().software_named("Mimikatz")[0].kind, Kind::Tool);
    assert_eq!(known().software_named("Babuk ransomware"), known().software_named("babuk"));
    assert!(!known().software_named("Babuk").is_empty());
    assert_eq!(known().software_by_id("s0020"), Some(found[0]));
}

#[test]
fn weaknesses_have_parents() {
    let found = known().weakness("cwe-269").unwrap();
    assert_eq!(found.name, "Improper Privilege Management");
    assert_eq!(found.parents, ["CWE-284"]);
    let above: Vec<&str> =
        known().weakness_ancestors("CWE-918").iter().map(|w| w.id.as_str()).collect();
    assert_eq!(above.first(), Some(&"CWE-441"));
    assert!(known().weakness_ancestors("CWE-0").is_empty());
}

#[test]
fn places_by_code_name_and_adjective() {
    let code = |text| known().place(text).map(|p| p.code.as_str());
    assert_eq!(code("China"), Some("CN"));
    assert_eq!(code("Chinese"), Some("CN"));
    assert_eq!(code("the Netherlands"), Some("NL"));
    assert_eq!(code("U.S."), Some("US"));
    assert_eq!(code("IT"), Some("IT"));
    // A word in lower case is no code.
    assert_eq!(code("it"), None);
    assert_eq!(code("Southeast Asia"), Some("south-eastern-asia"));
    assert_eq!(code("South-East Asia"), Some("south-eastern-asia"));
    assert_eq!(code("Central Asia"), Some("central-asia"));
    assert!(known().place("Central Asia").unwrap().is_region);
    assert_eq!(code("Atlantis"), None);
}

#[test]
fn sectors_by_synonym() {
    let name = |text| known().sector(text).map(|s| s.name.as_str());
    assert_eq!(name("telecommunications"), Some("telecommunications"));
    assert_eq!(name("telecom providers"), Some("telecommunications"));
    assert_eq!(name("retail sector"), Some("retail"));
    assert_eq!(name("local government"), Some("government-local"));
    assert_eq!(name("local government entities"), Some("government-local"));
    assert_eq!(name("university"), Some("education"));
    assert_eq!(name("engineering firms"), Some("engineering"));
    assert_eq!(name("government"), Some("government"));
    assert_eq!(name("sector"), None);
}

#[test]
fn the_gazetteer_flags_everyday_words() {
    let forms = |surface: &str, kind: Kind| {
        let found = known().names().iter();
        found
            .filter(|n| n.surface.eq_ignore_ascii_case(surface) && n.entity.kind == kind)
            .map(|n| n.ambiguous)
            .next()
    };
    for (surface, kind) in [
        ("Tick", Kind::ThreatActor),
        ("Play", Kind::ThreatActor),
        ("Hive", Kind::Malware),
        ("Cuba", Kind::Malware),
        ("Proxy", Kind::AttackPattern),
        ("Exchange", Kind::Software),
        ("FIRST", Kind::Identity),
        ("Georgia", Kind::Location),
    ] {
        assert_eq!(forms(surface, kind), Some(true), "{surface}");
    }
    for (surface, kind) in [
        ("Turla", Kind::ThreatActor),
        ("HAFNIUM", Kind::ThreatActor),
        ("Sandworm", Kind::ThreatActor),
        ("Emotet", Kind::Malware),
        ("Mimikatz", Kind::Tool),
        ("Web Shell", Kind::AttackPattern),
        ("Microsoft Exchange Server", Kind::Software),
        ("Mandiant", Kind::Identity),
        ("Italy", Kind::Location),
        ("telecommunications", Kind::Sector),
    ] {
        assert_eq!(forms(surface, kind), Some(false), "{surface}");
    }
    for junk in ["Unknown", "Group", "Malware"] {
        for kind in [Kind::ThreatActor, Kind::Malware, Kind::Tool] {
            assert_eq!(forms(junk, kind), None, "{junk}");
        }
    }
    assert!(known().names().iter().all(|n| n.surface.chars().any(char::is_alphabetic)));
    assert!(known().names().is_sorted_by_key(|n| (&n.surface, n.entity.kind.as_str())));
}

#[test]
fn domains_by_public_suffix() {
    assert!(known().has_known_suffix("mail.example.co.uk"));
    assert!(!known().has_known_suffix("w3wp.exe"));
    assert_eq!(known().registrable_domain("a.b.example.co.uk"), Some("example.co.uk"));
}

/// Prints what each table costs at first use: `cargo test -p lapwing-knowledge --test builtin -- --ignored --nocapture`.
#[test]
#[ignore = "prints times, asserts nothing"]
fn first_look_up_of_each_table() {
    use lapwing_model::Entity;
    let fresh = Knowledge::default();
    let mut last = std::time::Instant::now();
    let mut step = |what: &str| {
        println!("{what:12} {:>8.2} ms", last.elapsed().as_secs_f64() * 1e3);
        last = std::time::Instant::now();
    };
    fresh.technique("T1505.003");
    step("technique");
    fresh.actors_named("HAFNIUM");
    step("actor");
    fresh.software_named("China Chopper");
    step("software");
    fresh.uses("G0125");
    step("uses");
    fresh.used_by("T1505.003");
    step("used by");
    fresh.weakness("CWE-269");
    step("weakness");
    fresh.place("Italy");
    step("place");
    fresh.sector("telecom");
    step("sector");
    fresh.benign(&Entity::new(Kind::DomainName, "www.example.com"));
    step("domain");
    fresh.benign(&Entity::new(Kind::Ipv4Addr, "192.0.2.1"));
    step("address");
    fresh.benign(&Entity::new(Kind::Sha256, "00".repeat(32)));
    step("hash");
    fresh.names();
    step("names");
    fresh.sources();
    step("sources");
}

#[test]
fn the_lists_of_what_is_harmless_are_told_once_each() {
    let lists = Knowledge::builtin().benign_lists();
    assert!(lists.windows(2).all(|pair| pair[0].list < pair[1].list));
    assert!(lists.iter().any(|list| list.list == "resolvers" && !list.shared));
}
