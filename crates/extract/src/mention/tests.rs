use lapwing_knowledge::Knowledge;

use super::*;
use crate::gazetteer::tokenise;

/// Names of the tables in `text`, as `kind name`.
fn named(text: &str) -> Vec<String> {
    let gazetteer = Knowledge::builtin().kept(|known| Gazetteer::from_names(known.names()));
    let tokens = tokenise(text);
    let all = mentions(text, &tokens, &gazetteer);
    all.iter().map(|m| format!("{} {}", m.entity.kind, m.entity.value)).collect()
}

#[test]
fn what_the_world_calls_otherwise_is_no_malware() {
    for text in [
        "A PHP web shell payload, a Python backdoor and a Russian malware family.",
        "The Telegram bot sent a sample.",
    ] {
        assert!(!named(text).iter().any(|n| n.starts_with("malware")), "{text}: {:?}", named(text));
    }
    assert!(named("a ransomware called Python").contains(&"malware Python".to_owned()));
}

#[test]
fn words_that_only_look_like_names_are_none() {
    assert_eq!(named("a criminal group first seen in May"), [""; 0]);
    assert_eq!(named("They moved on to DC-EU-01 by night."), [""; 0]);
    assert_eq!(named("Discovery [TA0007]"), [""; 0]);
}

#[test]
fn a_noun_behind_a_name_may_be_glued_to_it() {
    assert_eq!(named("dropped NetWireRAT later"), ["malware NETWIRE"]);
    assert_eq!(named("dropped WombleRAT later"), [""; 0]);
}

#[test]
fn what_no_dictionary_has_is_a_name_at_the_start_of_a_line() {
    assert_eq!(named("Adwind:"), ["malware Adwind"]);
    assert_eq!(named("Play:"), [""; 0]);
}

#[test]
fn the_words_beside_it_tell_an_actor_from_its_malware() {
    assert_eq!(named("Kimsuky 해킹조직의 메일"), ["threat-actor Kimsuky"]);
    assert_eq!(named("Kimsuky sent mails."), ["threat-actor Kimsuky"]);
    assert_eq!(named("the Kimsuky backdoor"), ["malware Kimsuky"]);
    assert_eq!(named("攻撃グループLazarusが使用"), ["threat-actor Lazarus"]);
}
