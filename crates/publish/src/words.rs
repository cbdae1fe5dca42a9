//! How kinds, relations and counts are said in English.

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, GapKind, Kind, Object, Relation};

use crate::evidence::Evidence;
use crate::safe::clean_name;

/// Most names that a sentence lists.
const MOST_NAMES: usize = 6;

/// What a kind is called, one and many.
pub(crate) fn kind_words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Ipv4Addr => ("IPv4 address", "IPv4 addresses"),
        Kind::Ipv6Addr => ("IPv6 address", "IPv6 addresses"),
        Kind::DomainName => ("domain name", "domain names"),
        Kind::Url => ("URL", "URLs"),
        Kind::EmailAddr => ("mail address", "mail addresses"),
        Kind::Md5 => ("MD5 hash", "MD5 hashes"),
        Kind::Sha1 => ("SHA-1 hash", "SHA-1 hashes"),
        Kind::Sha256 => ("SHA-256 hash", "SHA-256 hashes"),
        Kind::Sha512 => ("SHA-512 hash", "SHA-512 hashes"),
        Kind::Ssdeep => ("ssdeep hash", "ssdeep hashes"),
        Kind::Imphash => ("import hash", "import hashes"),
        Kind::Tlsh => ("TLSH hash", "TLSH hashes"),
        Kind::Vhash => ("vhash", "vhashes"),
        Kind::Authentihash => ("authentihash", "authentihashes"),
        Kind::FileName => ("file name", "file names"),
        Kind::FilePath => ("file path", "file paths"),
        Kind::AutonomousSystem => ("autonomous system", "autonomous systems"),
        Kind::MacAddr => ("MAC address", "MAC addresses"),
        Kind::WindowsRegistryKey => ("registry key", "registry keys"),
        Kind::Mutex => ("mutex", "mutexes"),
        Kind::UserAgent => ("user agent", "user agents"),
        Kind::CryptocurrencyWallet => ("wallet address", "wallet addresses"),
        Kind::Process => ("process", "processes"),
        Kind::NamedPipe => ("named pipe", "named pipes"),
        Kind::Certificate => ("certificate", "certificates"),
        Kind::NetworkFingerprint => ("network fingerprint", "network fingerprints"),
        Kind::UserAccount => ("user account", "user accounts"),
        Kind::WindowsService => ("Windows service", "Windows services"),
        Kind::ScheduledTask => ("scheduled task", "scheduled tasks"),
        Kind::Vulnerability => ("vulnerability", "vulnerabilities"),
        Kind::Weakness => ("weakness", "weaknesses"),
        Kind::AttackPattern => ("technique", "techniques"),
        Kind::ThreatActor => ("threat actor", "threat actors"),
        Kind::Cluster => ("cluster", "clusters"),
        Kind::Malware => ("malware", "malware families"),
        Kind::Tool => ("tool", "tools"),
        Kind::Campaign => ("campaign", "campaigns"),
        Kind::Location => ("location", "locations"),
        Kind::Sector => ("sector", "sectors"),
        Kind::Identity => ("organisation", "organisations"),
        Kind::Software => ("product", "products"),
        Kind::Pattern => ("pattern", "patterns"),
        Kind::Other => ("other value", "other values"),
        Kind::Report => ("report", "reports"),
    }
}

/// `1 indicator`, `2 indicators`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// As [`count`], with the word that adds an `s`.
pub(crate) fn counted(n: usize, one: &str) -> String {
    count(n, one, &format!("{one}s"))
}

/// `is` and `this`, or `are` and `these`.
pub(crate) fn is_are(n: usize) -> (&'static str, &'static str) {
    if n == 1 { ("is", "this") } else { ("are", "these") }
}

/// How those behind a statement say it.
pub(crate) fn say(evidence: &Evidence) -> &'static str {
    match (evidence.said_by.len() > 1, evidence.hedged) {
        (false, false) => "says",
        (true, false) => "say",
        (false, true) => "says with reserve",
        (true, true) => "say with reserve",
    }
}

/// `a`, `a and b`, `a, b and c`; after `most` of them, how many more.
pub(crate) fn join(words: &[String], most: usize) -> String {
    if words.len() > most + 1 {
        let shown = words.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
        return format!("{shown} and {} more", words.len() - most);
    }
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The name of an entity for a reader: country codes as names, techniques and weaknesses with theirs.
pub(crate) fn name(entity: &Entity, knowledge: &Knowledge) -> String {
    let value = entity.value.as_str();
    let known = match entity.kind {
        Kind::Location => knowledge.place(value).map(|p| p.name.clone()),
        Kind::AttackPattern => knowledge.technique(value).map(|t| format!("{} {}", t.id, t.name)),
        Kind::Sector => Some(sector_name(value)),
        Kind::Weakness => knowledge.weakness(value).map(|w| format!("{} {}", w.id, w.name)),
        _ => None,
    };
    clean_name(&known.unwrap_or_else(|| value.to_owned()))
}

/// STIX's sector words as English: `government-local` is local government.
fn sector_name(word: &str) -> String {
    match word.split_once('-') {
        Some(("government", level)) => format!("{} government", level.replace('-', " ")),
        Some(("infrastructure", part)) => format!("{} infrastructure", part.replace('-', " ")),
        Some(("hospitality", "leisure")) => "hospitality and leisure".to_owned(),
        Some(("non" | "e", _)) => word.to_owned(),
        _ => word.replace('-', " "),
    }
}

/// A text cut at a word's end, with an ellipsis, to at most `most` characters.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(2)).collect();
    let cut = head.rfind(' ').filter(|at| *at > head.len() / 2).unwrap_or(head.len());
    let kept = head.get(..cut).unwrap_or(&head).trim_end_matches([' ', ',', ';', ':', '…']);
    format!("{kept} …")
}

/// What a kind is called in a narrow column.
pub(crate) fn short_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Ipv4Addr => "IPv4",
        Kind::Ipv6Addr => "IPv6",
        Kind::DomainName => "domain",
        Kind::EmailAddr => "mail",
        Kind::Md5 => "MD5",
        Kind::Sha1 => "SHA-1",
        Kind::Sha256 => "SHA-256",
        Kind::Sha512 => "SHA-512",
        Kind::Ssdeep => "ssdeep",
        Kind::Imphash => "imphash",
        Kind::AutonomousSystem => "AS",
        Kind::CryptocurrencyWallet => "wallet",
        other => kind_words(other).0,
    }
}

/// Who acts: extraction lets a product stand for the activity against it.
pub(crate) fn doer(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Software => format!("the activity against {name}"),
        Kind::Campaign if !name.to_lowercase().contains("campaign") => {
            format!("the {name} campaign")
        }
        _ => name.to_owned(),
    }
}

/// Whether the subject of such a statement acts, so that a product cannot be meant itself.
fn acts(relation: Relation) -> bool {
    matches!(
        relation,
        Relation::Uses
            | Relation::Targets
            | Relation::Compromises
            | Relation::AttributedTo
            | Relation::Exploits
            | Relation::SponsoredBy
            | Relation::OriginatesFrom
            | Relation::TrackedBy
            | Relation::PartOf
            | Relation::FirstSeen
            | Relation::LastSeen
    )
}

/// As [`phrase`], for who or what a statement is of.
pub(crate) fn subject_phrase(entity: &Entity, relation: Relation, k: &Knowledge) -> String {
    match entity.kind {
        Kind::Software if acts(relation) => doer(entity.kind, &name(entity, k)),
        // What is weak in a product affects others, not the product.
        Kind::Software if relation == Relation::Affects => {
            format!("the weaknesses of {}", name(entity, k))
        }
        _ => phrase(entity, k),
    }
}

/// As [`name`], for use in a sentence: a campaign often bears the name of what it is aimed at.
fn phrase(entity: &Entity, knowledge: &Knowledge) -> String {
    let name = name(entity, knowledge);
    if entity.kind == Kind::Campaign { doer(entity.kind, &name) } else { name }
}

/// As [`phrase`], for what a claim says of its subject.
fn object_phrase(object: &Object, knowledge: &Knowledge) -> String {
    match object {
        Object::Entity(entity) => phrase(entity, knowledge),
        Object::Text(text) => clean_name(text),
    }
}

/// A sentence's head: names keep the spelling of the source.
pub(crate) fn capital(text: &str) -> String {
    for (small, large) in [("the ", "The "), ("an ", "An "), ("a ", "A ")] {
        if let Some(rest) = text.strip_prefix(small) {
            return format!("{large}{rest}");
        }
    }
    text.to_owned()
}

/// A statement as a sentence without its full stop.
pub(crate) fn statement(
    subject: &Entity,
    relation: Relation,
    object: &Object,
    k: &Knowledge,
) -> String {
    statements(&[subject], relation, &[object], k)
}

/// Statements that differ in their subjects or in their objects as one sentence.
pub(crate) fn statements(
    subjects: &[&Entity],
    relation: Relation,
    objects: &[&Object],
    k: &Knowledge,
) -> String {
    let phrases: Vec<String> = subjects.iter().map(|s| subject_phrase(s, relation, k)).collect();
    let subject = join(&phrases, MOST_NAMES);
    let words: Vec<String> = objects.iter().map(|o| object_phrase(o, k)).collect();
    let object = join(&words, MOST_NAMES);
    let Some(first) = subjects.first() else { return object };
    let many = subjects.len() > 1;
    let is = if many { "are" } else { "is" };
    let in_place =
        |o: &&Object| o.entity().is_some_and(|e| matches!(e.kind, Kind::Sector | Kind::Location));
    let place = objects.iter().all(in_place);
    let s = capital(&subject);
    match relation {
        Relation::AttributedTo if first.kind.is_actor_like() => {
            format!("{s} {is} attributed to {object}")
        }
        Relation::AttributedTo if first.kind == Kind::Vulnerability => {
            format!("Exploitation of {subject} is attributed to {object}")
        }
        // A source that ties an actor to a campaign seldom says that all of it is theirs.
        Relation::AttributedTo => match subject.strip_prefix("the activity ") {
            Some(rest) => format!("Some of the activity {rest} is attributed to {object}"),
            None => format!("Some of the activity in {subject} is attributed to {object}"),
        },
        Relation::Compromises if place => format!("{s} hit victims in {object}"),
        Relation::Targets if place => format!("{s} {is} aimed at victims in {object}"),
        Relation::Affects if first.kind == Kind::Software => format!("{s} affect {object}"),
        _ if many => format!("{s} {} {object}", plural_verb(verb(first, relation))),
        _ => format!("{s} {} {object}", verb(first, relation)),
    }
}

fn plural_verb(verb: &str) -> String {
    let (head, rest) = verb.split_once(' ').map_or((verb, ""), |(head, rest)| (head, rest));
    let head = match head {
        "is" => "are",
        "was" => "were",
        "has" => "have",
        other => other.strip_suffix('s').unwrap_or(other),
    };
    if rest.is_empty() { head.to_owned() } else { format!("{head} {rest}") }
}

/// A denied statement as a sentence without its full stop.
pub(crate) fn denial(
    subject: &Entity,
    relation: Relation,
    object: &Object,
    k: &Knowledge,
) -> String {
    let s = capital(&subject_phrase(subject, relation, k));
    let o = object_phrase(object, k);
    match relation {
        Relation::Affects if subject.kind == Kind::Software => {
            format!("{s} are not known to affect {o}")
        }
        Relation::Affects => format!("{s} is not known to affect {o}"),
        Relation::Targets | Relation::Compromises => format!("{s} is not known to have hit {o}"),
        Relation::AttributedTo => format!("{s} is said not to be the work of {o}"),
        Relation::AliasOf => format!("{s} is said not to be {o}"),
        Relation::Role => format!("{s} is said not to be {}", article(&o)),
        _ => format!("It is denied that {s} {} {o}", verb(subject, relation)),
    }
}

fn article(noun: &str) -> String {
    let an = noun.chars().next().is_some_and(|c| "aeiouAEIOU".contains(c));
    format!("{} {noun}", if an { "an" } else { "a" })
}

/// The verb of a relation in the third person.
pub(crate) fn verb(subject: &Entity, relation: Relation) -> &'static str {
    match relation {
        Relation::Role => "is named as",
        Relation::Indicates => "indicates",
        Relation::Uses => "uses",
        Relation::Targets => "targets",
        Relation::Compromises => "hit",
        Relation::AttributedTo => "is attributed to",
        Relation::Exploits => "exploits",
        Relation::CommunicatesWith => "talks to",
        Relation::Drops => "drops",
        Relation::Downloads => "downloads",
        Relation::Delivers => "delivers",
        Relation::VariantOf => "is a variant of",
        Relation::LocatedAt if subject.kind.is_actor_like() => "operates from",
        Relation::LocatedAt if subject.kind.is_observable() => "is hosted in",
        Relation::LocatedAt => "is tied to",
        Relation::OriginatesFrom => "comes from",
        Relation::SponsoredBy => "is sponsored by",
        Relation::ResolvesTo => "resolves to",
        Relation::BelongsTo => "belongs to",
        Relation::PartOf => "is part of",
        Relation::AliasOf => "is another name for",
        Relation::HasWeakness => "rests on",
        Relation::Affects => "affects",
        Relation::TrackedBy => "is tracked by",
        Relation::SameObject => "is the same object as",
        Relation::DerivedFrom => "was made from",
        Relation::References => "points to",
        Relation::FirstSeen => "was first seen on",
        Relation::LastSeen => "was last seen on",
        Relation::FixedOn => "was fixed on",
        Relation::Property => "has the property",
        Relation::About => "is about",
        Relation::RelatedTo => "is linked to",
    }
}

/// A gap as a sentence: who lacks what, and how much of it.
pub(crate) fn gap(gap: &lapwing_model::Gap, who: &str, document: &str) -> String {
    let one = gap.entity_kind.map_or(gap.what.as_str(), |k| kind_words(k).0);
    let noun = clean_name(if gap.what.starts_with("file:") || gap.what.is_empty() {
        one
    } else {
        &gap.what
    });
    let many = gap
        .entity_kind
        .map(kind_words)
        .filter(|(one, _)| *one == noun)
        .map_or_else(|| plural(&noun), |(_, many)| many.to_owned());
    let shown = gap.shown.filter(|n| *n > 0).map_or(String::new(), |n| format!(" ({n} shown)"));
    let n = gap.count.unwrap_or(0) as usize;
    let document = format!("“{document}”");
    match (gap.kind, gap.count) {
        (GapKind::Hidden, Some(_)) => {
            let (are, it) = if n == 1 { (noun, "it does") } else { (many, "it does") };
            format!("{who} declares {n} more {are} that {it} not show{shown}: {document}.")
        }
        (GapKind::Hidden, None) => {
            format!(
                "{who} declares more {many} than it shows, without a number{shown}: {document}."
            )
        }
        (GapKind::Redacted, Some(_)) => {
            format!(
                "{} {} redacted in {document}{shown}.",
                count(n, &noun, &many),
                if n == 1 { "is" } else { "are" }
            )
        }
        (GapKind::Redacted, None) => format!("Some {many} are redacted in {document}{shown}."),
        (GapKind::Truncated, Some(_)) => {
            format!("{document} breaks off: {} missing{shown}.", count(n, &noun, &many))
        }
        (GapKind::Truncated, None) => {
            format!("{document} breaks off: {noun} is incomplete{shown}.")
        }
        (GapKind::Unread, Some(_)) => {
            format!("{} of {document} could not be kept{shown}.", count(n, &noun, &many))
        }
        (GapKind::Unread, None) => format!("Some {many} of {document} could not be kept{shown}."),
    }
}

fn plural(noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix('y').filter(|s| !s.ends_with(['a', 'e', 'o'])) {
        return format!("{stem}ies");
    }
    let hiss = noun.ends_with("sh") || noun.ends_with("ch") || noun.ends_with(['s', 'x']);
    format!("{noun}{}", if hiss { "es" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::{Gap, Span};

    #[test]
    fn gaps_are_said_in_plain_words() {
        let hidden = Gap {
            kind: GapKind::Hidden,
            what: "indicator".into(),
            entity_kind: None,
            count: Some(1),
            shown: Some(3),
            span: Span::new(0, 1),
        };
        assert_eq!(
            gap(&hidden, "ExampleDB", "Page"),
            "ExampleDB declares 1 more indicator that it does not show (3 shown): “Page”."
        );
        let redacted = Gap {
            kind: GapKind::Redacted,
            what: "file:sha256".into(),
            entity_kind: Some(Kind::Sha256),
            count: Some(8),
            shown: None,
            span: Span::new(0, 1),
        };
        assert_eq!(gap(&redacted, "CERT", "Alert"), "8 SHA-256 hashes are redacted in “Alert”.");
    }

    #[test]
    fn lists_read_as_english() {
        let words: Vec<String> = ["a", "b", "c", "d"].map(String::from).into();
        assert_eq!(join(&words[..1], 9), "a");
        assert_eq!(join(&words, 9), "a, b, c and d");
        assert_eq!(join(&words, 2), "a, b and 2 more");
        assert_eq!(join(&words, 3), "a, b, c and d");
        assert_eq!(plural("country"), "countries");
        assert_eq!(plural_verb("is part of"), "are part of");
        assert_eq!(plural_verb("hit"), "hit");
        assert_eq!(plural_verb("exploits"), "exploit");
        assert_eq!(sector_name("government-local"), "local government");
        assert_eq!(sector_name("non-profit"), "non-profit");
        assert_eq!(sector_name("financial-services"), "financial services");
        assert_eq!(shorten("one two three", 20), "one two three");
        assert_eq!(shorten("one two three four", 14), "one two …");
        assert_eq!(shorten(&"x".repeat(30), 10), "xxxxxxxx …");
    }

    #[test]
    fn a_product_stands_for_the_activity_against_it() {
        let k = Knowledge::default();
        let server = Entity::new(Kind::Software, "Example Server");
        let cloud = Object::Entity(Entity::new(Kind::Software, "Example Cloud"));
        let retail = Object::Entity(Entity::new(Kind::Sector, "retail"));
        let actor = Object::Entity(Entity::new(Kind::ThreatActor, "Alpha"));
        assert_eq!(
            statement(&server, Relation::Compromises, &retail, &k),
            "The activity against Example Server hit victims in retail"
        );
        assert_eq!(
            statement(&server, Relation::AttributedTo, &actor, &k),
            "Some of the activity against Example Server is attributed to Alpha"
        );
        assert_eq!(
            denial(&server, Relation::Affects, &cloud, &k),
            "The weaknesses of Example Server are not known to affect Example Cloud"
        );
    }
}
