//! Verbs and nouns of what adversaries do, and what each says of a subject and an object.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use lapwing_model::{Kind, Relation};

/// What a verb says of subject and object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Use,
    Exploit,
    Hit,
    Aim,
    Launch,
    Talk,
    Send,
    Drop,
    Download,
    Deliver,
    /// From one to another: "switched from X to Y".
    Switch,
}

/// The form in which a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `use`: an infinitive, a plural, or a noun.
    Base,
    /// `uses`: a third person, or the plural of a noun.
    Third,
    /// `used`: the past, or a participle.
    Past,
    /// `using`.
    Ing,
    /// `exploitation`: never a verb.
    Noun,
}

/// How an object hangs on its verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Direct,
    Against,
    In,
    With,
    To,
    From,
    /// After a word that ties it to something else ("for", "before", "like").
    Apart,
}

impl Link {
    /// What a preposition makes of the names behind it; `None` for any other word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "against" | "on" | "at" | "onto" | "into" | "across" | "throughout" | "within"
            | "inside" => Self::Against,
            "in" | "of" => Self::In,
            "with" | "via" | "through" | "using" => Self::With,
            "to" => Self::To,
            "from" => Self::From,
            "for" | "before" | "after" | "like" | "unlike" | "since" | "until" | "during"
            | "between" | "than" | "about" | "because" | "when" | "where" | "despite" | "under"
            | "behind" | "besides" | "except" => Self::Apart,
            _ => return None,
        })
    }
}

/// Verbs in their base form, with a past that is no "-ed" of it.
const VERBS: &[(Act, &[&str])] = &[
    (
        Act::Use,
        &[
            "use",
            "employ",
            "utilize",
            "utilise",
            "leverage",
            "wield",
            "operate",
            "adopt",
            "rely",
            "execute",
            "run",
            "invoke",
            "maintain",
            "develop",
            "incorporate",
            "combine",
        ],
    ),
    (Act::Exploit, &["exploit", "weaponize", "weaponise", "abuse", "chain", "misuse"]),
    (
        Act::Hit,
        &[
            "attack",
            "compromise",
            "breach",
            "hit",
            "infiltrate",
            "hack",
            "penetrate",
            "infect",
            "strike",
            "victimize",
            "victimise",
        ],
    ),
    (Act::Aim, &["target", "focus", "aim", "pursue", "spy"]),
    (
        Act::Launch,
        &[
            "launch",
            "conduct",
            "mount",
            "orchestrate",
            "stage",
            "perform",
            "carry",
            "wage",
            "gain",
            "obtain",
            "achieve",
        ],
    ),
    (Act::Talk, &["contact", "beacon", "communicate", "connect", "talk"]),
    (Act::Send, &["send", "exfiltrate", "upload", "post", "transmit"]),
    (
        Act::Drop,
        &["drop", "install", "deploy", "load", "unpack", "inject", "plant", "implant", "place"],
    ),
    (Act::Download, &["download", "fetch", "retrieve", "pull"]),
    (Act::Deliver, &["deliver", "distribute", "spread", "disseminate", "push", "propagate"]),
    (Act::Switch, &["switch", "shift", "transition", "replace"]),
];

const IRREGULAR: &[(&str, Act, Form)] = &[
    ("ran", Act::Use, Form::Past),
    ("hit", Act::Hit, Form::Past),
    ("struck", Act::Hit, Form::Past),
    ("sent", Act::Send, Form::Past),
    ("spread", Act::Deliver, Form::Past),
    ("went", Act::Aim, Form::Past),
    ("exploitation", Act::Exploit, Form::Noun),
    ("deployment", Act::Drop, Form::Noun),
    ("installation", Act::Drop, Form::Noun),
    ("delivery", Act::Deliver, Form::Noun),
    ("distribution", Act::Deliver, Form::Noun),
    ("usage", Act::Use, Form::Noun),
    ("intrusion", Act::Hit, Form::Noun),
    ("intrusions", Act::Hit, Form::Noun),
    ("campaign", Act::Aim, Form::Noun),
    ("campaigns", Act::Aim, Form::Noun),
    ("operations", Act::Aim, Form::Noun),
    ("activity", Act::Aim, Form::Noun),
];

/// Verbs that say what is done only with the word behind them: "reached out to", "broke into".
const WITH_PARTICLE: &[(&[&str], &[&str], Act)] = &[
    (&["reach", "reaches", "reached", "reaching"], &["out", "back"], Act::Talk),
    (&["call", "calls", "called", "calling"], &["home", "back"], Act::Talk),
    (&["phone", "phones", "phoned", "phoning"], &["home"], Act::Talk),
    (&["go", "goes", "gone", "going"], &["after"], Act::Aim),
    (&["break", "breaks", "broke", "broken", "breaking"], &["into"], Act::Hit),
    (&["take", "takes", "took", "taken", "taking"], &["advantage"], Act::Exploit),
];

/// Every form of every word. Built once, from constants.
static FORMS: LazyLock<HashMap<String, (Act, Form), FixedState>> = LazyLock::new(|| {
    let mut forms = HashMap::default();
    for (act, verbs) in VERBS {
        for base in *verbs {
            let (stem, y) = match base.strip_suffix('e') {
                Some(stem) => (stem, false),
                None => (
                    base.strip_suffix('y').unwrap_or(base),
                    base.ends_with("ry") || base.ends_with("ly") || base.ends_with("py"),
                ),
            };
            let doubled = matches!(*base, "run" | "hit" | "drop" | "chat");
            let last = if doubled { &base[base.len() - 1..] } else { "" };
            let stem = if base.ends_with('y') && !y { base } else { stem };
            let third = match base {
                _ if y => format!("{stem}ies"),
                _ if base.ends_with(['s', 'x']) || base.ends_with("ch") || base.ends_with("sh") => {
                    format!("{base}es")
                }
                _ => format!("{base}s"),
            };
            let past = if y { format!("{stem}ied") } else { format!("{stem}{last}ed") };
            let ing = if y { format!("{base}ing") } else { format!("{stem}{last}ing") };
            forms.insert((*base).to_owned(), (*act, Form::Base));
            forms.insert(third, (*act, Form::Third));
            forms.insert(past, (*act, Form::Past));
            forms.insert(ing, (*act, Form::Ing));
        }
    }
    for (word, act, form) in IRREGULAR {
        forms.insert((*word).to_owned(), (*act, *form));
    }
    forms
});

impl Act {
    /// The act that a lower-case word names.
    pub(super) fn of(word: &str) -> Option<(Act, Form)> {
        FORMS.get(word).copied()
    }

    /// The act of a verb that needs the word behind it, in lower case both.
    pub(super) fn with_particle(word: &str, next: &str) -> Option<(Act, Form)> {
        let (forms, _, act) = WITH_PARTICLE
            .iter()
            .find(|(forms, particles, _)| forms.contains(&word) && particles.contains(&next))?;
        let form = match forms.iter().position(|form| *form == word)? {
            0 => Form::Base,
            1 => Form::Third,
            _ if word.ends_with("ing") => Form::Ing,
            _ => Form::Past,
        };
        Some((*act, form))
    }

    /// What a noun of this act is about, by the preposition behind it.
    pub(super) fn of_noun(self, link: Link, word: &str) -> bool {
        match self {
            Act::Use | Act::Exploit | Act::Drop | Act::Deliver | Act::Download => word == "of",
            Act::Hit | Act::Launch => matches!(link, Link::Against) || word == "of",
            Act::Aim => matches!(word, "against" | "on" | "at"),
            Act::Talk | Act::Send | Act::Switch => false,
        }
    }

    /// The relation between subject and object; `true` where the object is the subject of it.
    pub(super) fn relation(
        self,
        link: Link,
        subject: Kind,
        object: Kind,
    ) -> Option<(Relation, bool)> {
        use Link::{Against, Apart, Direct, From, In, To, With};
        let actor = subject.is_actor_like() || subject == Kind::Campaign;
        let software = matches!(subject, Kind::Malware | Kind::Tool);
        let file = subject.is_file_hash() || matches!(subject, Kind::FileName | Kind::FilePath);
        if link == Apart || !(actor || software || file) {
            return None;
        }
        let does = actor || software;
        let told = |relation| Some((relation, false));
        let stated = |holds: bool, relation| holds.then_some((relation, false));
        if is_software(object) {
            return match (self, link) {
                (_, With) if self != Act::Talk => stated(does, Relation::Uses),
                (Act::Switch, _) => stated(actor, Relation::Uses),
                (Act::Use, Direct) => stated(does, Relation::Uses),
                (Act::Exploit, Direct) => stated(does && object == Kind::Tool, Relation::Uses),
                (Act::Deliver, Direct) => stated(does, Relation::Delivers),
                // Actors use what they bring; that they bring it is the malware's part.
                (Act::Drop | Act::Download | Act::Launch | Act::Send, Direct) if actor => {
                    told(Relation::Uses)
                }
                (Act::Drop, Direct) => told(Relation::Drops),
                (Act::Download, Direct) => told(Relation::Downloads),
                _ => None,
            };
        }
        if is_on_disk(object) {
            return match (self, link) {
                (Act::Drop, Direct) if !actor => told(Relation::Drops),
                (Act::Download, Direct) if !actor => told(Relation::Downloads),
                (Act::Use | Act::Drop | Act::Deliver | Act::Download, Direct) if actor => {
                    Some((Relation::Indicates, true))
                }
                _ => None,
            };
        }
        if is_host(object) {
            return match (self, link) {
                (Act::Download, Direct) if object == Kind::Url && !actor => {
                    told(Relation::Downloads)
                }
                (Act::Talk, With) if actor => told(Relation::CommunicatesWith),
                (Act::Talk, Direct | With | To | Against | In)
                | (Act::Send, To | Against)
                | (Act::Download, From)
                | (Act::Use, Direct)
                    if !actor =>
                {
                    told(Relation::CommunicatesWith)
                }
                (Act::Use, Direct) => Some((Relation::Indicates, true)),
                _ => None,
            };
        }
        match object {
            Kind::Vulnerability => stated(
                does && match self {
                    Act::Use | Act::Exploit | Act::Aim | Act::Hit => link != To && link != From,
                    _ => link == With,
                },
                Relation::Exploits,
            ),
            Kind::AttackPattern => stated(
                does && match self {
                    Act::Use | Act::Exploit | Act::Launch | Act::Drop | Act::Deliver => {
                        matches!(link, Direct | With)
                    }
                    Act::Talk => false,
                    _ => link == With,
                },
                Relation::Uses,
            ),
            Kind::Sector | Kind::Location | Kind::Identity => match (self, link) {
                (Act::Switch, _) => stated(actor && object != Kind::Identity, Relation::Targets),
                (Act::Hit, Direct | In | Against) => stated(does, Relation::Compromises),
                (Act::Aim, Direct | In | Against)
                | (Act::Use | Act::Drop | Act::Deliver | Act::Launch | Act::Exploit, Against)
                | (Act::Deliver | Act::Launch, In)
                | (Act::Deliver | Act::Send, To) => stated(does, Relation::Targets),
                _ => None,
            },
            Kind::Software => match (self, link) {
                (Act::Aim | Act::Hit, Direct | In | Against)
                | (Act::Exploit, In)
                | (Act::Drop | Act::Deliver | Act::Launch, Against) => {
                    stated(does, Relation::Targets)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

pub(super) fn is_software(kind: Kind) -> bool {
    matches!(kind, Kind::Malware | Kind::Tool)
}

pub(super) fn is_host(kind: Kind) -> bool {
    matches!(kind, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url)
}

pub(super) fn is_on_disk(kind: Kind) -> bool {
    kind.is_file_hash() || matches!(kind, Kind::FileName | Kind::FilePath)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_all_their_forms() {
        for (word, act, form) in [
            ("used", Act::Use, Form::Past),
            ("relies", Act::Use, Form::Third),
            ("employs", Act::Use, Form::Third),
            ("deployed", Act::Drop, Form::Past),
            ("dropping", Act::Drop, Form::Ing),
            ("reaches", Act::Use, Form::Base),
            ("launches", Act::Launch, Form::Third),
            ("compromising", Act::Hit, Form::Ing),
            ("exploitation", Act::Exploit, Form::Noun),
        ] {
            let want = (word != "reaches").then_some((act, form));
            assert_eq!(Act::of(word), want, "{word}");
        }
    }
}
