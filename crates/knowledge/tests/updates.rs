//! Fresher files of our own making, laid over the built-in tables.

use lapwing_knowledge::{Knowledge, KnowledgeError, Update, load_update};
use lapwing_model::{Entity, Kind};

const ATTACK: &str = r#"{
  "type": "bundle", "id": "bundle--1", "objects": [
    {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "name": "Enterprise ATT&CK", "x_mitre_version": "99.0"},
    {"type": "attack-pattern", "id": "attack-pattern--1", "name": "Web Shell of Tomorrow",
     "external_references": [{"source_name": "other", "external_id": "X1"}, {"source_name": "mitre-attack", "external_id": "T1505.003"}],
     "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": "persistence"}]},
    {"type": "attack-pattern", "id": "attack-pattern--2", "name": "Old", "revoked": true,
     "external_references": [{"source_name": "mitre-attack", "external_id": "T9000"}]},
    {"type": "intrusion-set", "id": "intrusion-set--1", "name": "HAFNIUM", "aliases": ["HAFNIUM", "Marsh Typhoon"],
     "external_references": [{"source_name": "mitre-attack", "external_id": "G0125"}]},
    {"type": "intrusion-set", "id": "intrusion-set--2", "name": "Grebe", "aliases": ["Grebe", "UNC99999"],
     "external_references": [{"source_name": "mitre-attack", "external_id": "G9001"}]},
    {"type": "malware", "id": "malware--1", "name": "ReedBed", "x_mitre_aliases": ["ReedBed"],
     "external_references": [{"source_name": "mitre-attack", "external_id": "S9001"}]},
    {"type": "relationship", "id": "relationship--1", "relationship_type": "revoked-by",
     "source_ref": "attack-pattern--2", "target_ref": "attack-pattern--1"},
    {"type": "relationship", "id": "relationship--2", "relationship_type": "uses",
     "source_ref": "intrusion-set--2", "target_ref": "malware--1"}
  ]}"#;

const GALAXY: &str = r#"{
  "name": "Threat Actor", "type": "threat-actor", "uuid": "1", "version": 400, "values": [
    {"value": "Grebe", "uuid": "00000000-0000-4000-8000-000000000001",
     "meta": {"country": "XX", "synonyms": ["Podiceps", "Shared Name"]}},
    {"value": "Marsh Hen", "uuid": "00000000-0000-4000-8000-000000000002", "meta": {"synonyms": "Shared Name"}},
    {"value": "HAFNIUM", "uuid": "4f05d6c1-3fc1-4567-91cd-dd4637cc38b5", "meta": {"synonyms": ["Reed Hafnium"]}}
  ]}"#;

const WARNINGLIST: &str = r#"{
  "name": "Addresses of our own test cloud", "description": "Cloud of tests", "version": 20300101,
  "type": "cidr", "list": ["198.51.100.0/24", "2001:db8:5::/48", "203.0.113.9"]}"#;

const HOSTS: &str = r#"{
  "name": "Our partners", "version": 3, "type": "hostname",
  "list": [".partner.test", "d41d8cd98f00b204e9800998ecf8427f"]}"#;

fn load(name: &str, text: &str) -> Update {
    load_update(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_attack_release_goes_before_the_built_in_one() {
    let update = load("enterprise-attack.json", ATTACK);
    assert_eq!(update.source.name, "MITRE Enterprise ATT&CK");
    assert_eq!(update.source.version, "99.0");
    assert_eq!(update.source.from, "update enterprise-attack.json");

    let known = Knowledge::builtin().with_updates(&[update]);
    assert_eq!(known.technique("T1505.003").unwrap().name, "Web Shell of Tomorrow");
    assert_eq!(known.current_technique("T9000").unwrap().id, "T1505.003");
    assert!(known.techniques().is_sorted_by_key(|t| &t.id));
    let hafnium = known.actors_named("Marsh Typhoon");
    assert_eq!(
        (hafnium[0].id.as_str(), hafnium[0].countries.as_slice()),
        ("G0125", &["CN".to_owned()][..])
    );
    assert_eq!(known.actors_named("Silk Typhoon"), hafnium);
    assert_eq!(known.uses("G9001"), ["S9001"]);
    assert_eq!(known.used_by("S9001"), ["G9001"]);
    assert!(known.names().iter().any(|n| n.surface == "ReedBed" && !n.ambiguous));
    // The rest is still there, and the built-in tables are as they were.
    assert_eq!(known.technique("T1068").unwrap().id, "T1068");
    assert_eq!(Knowledge::builtin().technique("T1505.003").unwrap().name, "Web Shell");
}

#[test]
fn a_galaxy_joins_by_identifier_or_own_name_and_never_by_alias() {
    let updates = [load("a.json", ATTACK), load("threat-actor.json", GALAXY)];
    let known = Knowledge::builtin().with_updates(&updates);
    let grebe = known.actors_named("Podiceps");
    assert_eq!(
        (grebe[0].id.as_str(), grebe[0].countries.as_slice()),
        ("G9001", &["XX".to_owned()][..])
    );
    assert_eq!(known.actors_named("Shared Name").len(), 2);
    assert_eq!(known.actors_named("Reed Hafnium")[0].id, "G0125");
    // The other order of the files gives the same actors.
    let turned = Knowledge::builtin().with_updates(&[updates[1].clone(), updates[0].clone()]);
    assert_eq!(turned.actors_named("Podiceps")[0].id, "G9001");
    assert_eq!(turned.actors_named("Podiceps")[0].aliases, grebe[0].aliases);
}

#[test]
fn warninglists_are_looked_up() {
    let updates = [load("list.json", WARNINGLIST), load("hosts.json", HOSTS)];
    let known = Knowledge::builtin().with_updates(&updates);
    let found =
        |kind, value: &str| known.benign(&Entity::new(kind, value)).map(|b| (b.list, b.shared));
    let cloud = Some(("Addresses of our own test cloud".to_owned(), true));
    assert_eq!(found(Kind::Ipv4Addr, "198.51.100.77"), cloud);
    assert_eq!(found(Kind::Ipv6Addr, "2001:db8:5::1"), cloud);
    assert_eq!(found(Kind::Url, "http://203.0.113.9:8080/x"), cloud);
    let partner = Some(("Our partners".to_owned(), false));
    assert_eq!(found(Kind::DomainName, "mail.partner.test"), partner);
    assert_eq!(found(Kind::Md5, "D41D8CD98F00B204E9800998ECF8427F"), partner);
    assert_eq!(
        found(Kind::DomainName, "notpartner.test").map(|b| b.0).as_deref(),
        Some("documentation")
    );
}

#[test]
fn updates_survive_being_stored() {
    for text in [ATTACK, GALAXY, WARNINGLIST, HOSTS] {
        let update = load("x.json", text);
        let kept = serde_json::to_vec(&update).unwrap();
        assert_eq!(serde_json::from_slice::<Update>(&kept).unwrap(), update);
        // The same file gives the same bytes.
        assert_eq!(serde_json::to_vec(&load("x.json", text)).unwrap(), kept);
    }
}

#[test]
fn sources_name_the_updates() {
    let known = Knowledge::builtin().with_updates(&[load("hosts.json", HOSTS)]);
    let last = known.sources().last().unwrap();
    assert_eq!(
        (last.name.as_str(), last.version.as_str(), last.entries),
        ("MISP warninglist: Our partners", "3", 2)
    );
    assert_eq!(known.sources().len(), Knowledge::builtin().sources().len() + 1);
}

#[test]
fn errors_name_the_file_and_the_place() {
    let error = |text: &str| load_update("bad.json", text.as_bytes()).unwrap_err();
    let broken = error("{\n  \"objects\": [}\n");
    assert!(matches!(broken, KnowledgeError::Malformed { line: 2, .. }), "{broken}");
    assert!(broken.to_string().starts_with("bad.json: line 2, column "), "{broken}");
    assert!(matches!(error("{}"), KnowledgeError::Unrecognised { .. }));
    assert!(matches!(error("[1, 2]"), KnowledgeError::Malformed { .. }));
    assert!(matches!(error(""), KnowledgeError::Malformed { .. }));
    assert!(matches!(error("{\"objects\": []}"), KnowledgeError::Empty { .. }));
    assert!(matches!(error("{\"list\": []}"), KnowledgeError::Empty { .. }));
    let other = error("{\"type\": \"sector\", \"values\": []}");
    assert!(other.to_string().contains("`sector`"), "{other}");
}
