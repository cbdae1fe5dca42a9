//! Who registered: the text of WHOIS records and of the subjects of certificates, in a form that can be
//! compared. What a privacy service writes in the place of its customers is nobody's.

use lapwing_model::{Entity, Kind};

/// What registrars and privacy services put in the place of a registrant, in small letters.
const NOBODY: &[&str] = &[
    "privacy",
    "whoisguard",
    "whois guard",
    "whoisproxy",
    "whois agent",
    "whoisprotect",
    "whois protect",
    "domains by proxy",
    "domainsbyproxy",
    "proxy service",
    "proxy protection",
    "registration private",
    "private registration",
    "private person",
    "redacted",
    "data protected",
    "data redacted",
    "identity protect",
    "protected",
    "not disclosed",
    "non-public",
    "statutory masking",
    "gdpr",
    "anonymize",
    "anonymous",
    "withheld",
    "domain admin",
    "domain manager",
    "hostmaster",
    "not applicable",
    "not available",
    "no name",
    "unknown",
];
/// Telephones of such services, digits alone.
const TELEPHONES_OF_NOBODY: &[&str] = &[
    "5078365503",  // WhoisGuard
    "14806242599", // Domains By Proxy
    "14806242598",
    "14165385457", // Contact Privacy
    "13478717726", // PrivacyGuardian
    "3544212434",  // Withheld for Privacy
];
/// Fields of a distinguished name.
const SUBJECT_FIELDS: &[&str] =
    &["c", "st", "s", "l", "o", "ou", "cn", "e", "emailaddress", "serialnumber"];

/// Whether a text stands for nobody in particular.
pub(crate) fn is_nobody(text: &str) -> bool {
    let text = text.to_lowercase();
    NOBODY.iter().any(|phrase| text.contains(phrase))
}

/// Whether evidence of the kind [`Kind::Other`] says who registered something.
#[must_use]
pub fn is_registrant(evidence: &Entity) -> bool {
    evidence.kind == Kind::Other && !features(&evidence.value).is_empty()
}

/// What `label=text` says of a registrant, with how much each kind tells; empty for other labels.
pub(crate) fn features(value: &str) -> Vec<(String, f64)> {
    let Some((label, text)) = value.split_once('=') else { return Vec::new() };
    let label: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    let label = label.to_ascii_lowercase();
    if is_subject(text) {
        return crate::related::of_subject(text);
    }
    if !label.contains("registrant") || is_nobody(text) {
        return Vec::new();
    }
    let named = |what: &[&str]| what.iter().any(|part| label.contains(part));
    let one = |feature: Option<(String, f64)>| feature.into_iter().collect();
    if named(&["phone", "fax"]) {
        return one(telephone(text));
    }
    if named(&["email", "mail"]) {
        let mail = text.trim().to_lowercase();
        let is_mail = mail.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.contains(char::is_whitespace)
        });
        return one(is_mail.then(|| (Entity::new(Kind::EmailAddr, mail).key(), 0.9)));
    }
    if named(&["org", "company"]) {
        return one(words(text).map(|words| (format!("registrant organisation {words}"), 0.6)));
    }
    if named(&["address", "street"]) {
        return one(words(text).map(|words| (format!("registrant address {words}"), 0.6)));
    }
    if named(&["name"]) || label.ends_with("registrant") {
        return one(words(text).map(|words| (format!("registrant {words}"), 0.7)));
    }
    Vec::new()
}

/// The digits of a telephone, with the country's; too few say nothing, and one digit repeated is made up.
fn telephone(text: &str) -> Option<(String, f64)> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let distinct: std::collections::BTreeSet<u8> = digits.bytes().collect();
    let told = (8..=15).contains(&digits.len()) && distinct.len() >= 3;
    (told && !TELEPHONES_OF_NOBODY.contains(&digits))
        .then(|| (format!("registrant telephone {digits}"), 0.9))
}

/// Small letters and single blanks, without what stands between: `Doe,  John` is `doe john`.
fn words(text: &str) -> Option<String> {
    let letters = text.to_lowercase();
    let words: Vec<&str> =
        letters.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    (words.chars().count() >= 5).then_some(words)
}

/// Whether a text is the distinguished name of a certificate.
fn is_subject(text: &str) -> bool {
    let fields = text.split([',', '/', ';', '+']).filter_map(|field| field.split_once('='));
    let known = fields.filter(|(name, _)| {
        SUBJECT_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name.trim()))
    });
    known.count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(value: &str) -> Vec<String> {
        features(value).into_iter().map(|(feature, _)| feature).collect()
    }

    #[test]
    fn a_registrant_is_one_however_written() {
        let phone = of("whois-registrant-phone=+86.13800001234");
        assert_eq!(phone, of("WhoisObj:Registrant_Phone_Number=0086 138 0000 1234"));
        assert_eq!(of("whois-registrant-name=Reed,  Avery"), ["registrant reed avery"]);
        assert_eq!(
            of("whois-registrant-email=Avery.Reed@mail.test.invalid"),
            [Entity::new(Kind::EmailAddr, "avery.reed@mail.test.invalid").key()]
        );
        let subject = of("text=C=US, O=Reed Labs, CN=updates-reed.test.invalid");
        assert!(subject.iter().any(|s| s.contains("cn=updates-reed")), "{subject:?}");
        assert!(is_registrant(&Entity::new(Kind::Other, "whois-registrant-org=Reed Trading")));
    }

    #[test]
    fn privacy_services_and_other_labels_tell_nothing() {
        for value in [
            "whois-registrant-name=REDACTED FOR PRIVACY",
            "whois-registrant-name=WhoisGuard Protected",
            "whois-registrant-org=Domains By Proxy, LLC",
            "whois-registrant-phone=+1.4806242599",
            "whois-registrant-phone=+1.1111111111",
            "whois-registrant-email=4f2a@contactprivacy.com",
            "whois-registrant-name=x",
            "whois-registrar=Reed Domains Ltd",
            "whois-creation-date=2021-03-02",
            "text=a=b",
            "size-in-bytes=1234567890",
            "",
        ] {
            assert!(of(value).is_empty(), "{value}: {:?}", of(value));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(label in ".{0,30}", text in ".{0,60}") {
            for label in [label.as_str(), "whois-registrant-name", "whois-registrant-phone"] {
                for (feature, tells) in features(&format!("{label}={text}")) {
                    prop_assert!(!feature.is_empty() && (0.0..=1.0).contains(&tells));
                }
            }
        }
    }
}
