//! Files and their hashes.

use lapwing_model::{Entity, Kind, Role};

use super::files::{PROJECT_FILES, SYSTEM_FILES, is_system_folder};
use super::{Case, Cue, Judgement};
use crate::find::Shape;
use crate::layout::Topic;

/// Words with which a row calls its file harmless.
const CLEAN: &[&str] = &["legitimate", "clean", "benign", "harmless", "legit"];

/// Words before one of [`CLEAN`] after which it speaks of another file, or of looks only.
const OTHERS: &[&str] = &[
    "by",
    "via",
    "into",
    "from",
    "as",
    "using",
    "of",
    "to",
    "with",
    "in",
    "through",
    "not",
    "a",
    "the",
    "abuses",
    "abusing",
    "impersonating",
    "mimics",
    "resembling",
    "against",
    "replaces",
    "up",
];

/// Words of a row that accuse its file, whatever else it says.
const BAD: &[&str] = &[
    "malicious",
    "trojanized",
    "trojanised",
    "backdoor",
    "backdoored",
    "malware",
    "loader",
    "trojan",
    "ransomware",
    "dropper",
    "downloader",
    "implant",
    "patched",
    "modified",
    "stealer",
    "keylogger",
    "webshell",
    "infected",
    "compromised",
];

/// Words that say that a digest is a certificate's.
const CERTIFICATE: &[&str] =
    &["certif", "thumbprint", "zertifikat", "сертификат", "证书", "証明書"];

impl Case<'_> {
    pub(super) fn hash(&self) -> Judgement {
        if let Some(judged) = self.known_benign() {
            return judged;
        }
        if self.place.furniture || self.place.references {
            return self.say(Role::Reference, 80, "stands outside the report's own text");
        }
        if self.place.topic == Topic::Benign {
            return self.say(Role::Tool, 80, self.under_heading());
        }
        if self.place.topic == Topic::Certificates {
            return self.digest_of_key();
        }
        if self.found.kind == Kind::Sha1 && self.cues.has(Cue::Commit) {
            return self.say(Role::Reference, 80, "a commit, no file");
        }
        if let Some((_, cue)) = self.cues.get(Cue::Key) {
            if CERTIFICATE.iter().any(|word| cue.contains(word)) {
                let entity = Entity::new(Kind::Certificate, self.found.value.clone());
                return self.call(entity, Role::Indicator, 70, format!("called \"{cue}\""));
            }
            return self.say(Role::Unclear, 60, format!("called \"{cue}\", no file"));
        }
        if self.candidate.before.ends_with('/') && self.candidate.before.contains("://") {
            return self.say(Role::Unclear, 50, "part of a link, no file's hash by itself");
        }
        if let Some(word) = self.row_clears() {
            return self.say(Role::Tool, 75, format!("its row calls the file \"{word}\""));
        }
        let wrapped = self.found.shape == Shape::Wrapped;
        let joined = if wrapped { ", put together from several lines" } else { "" };
        let under = if self.place.topic == Topic::Indicators {
            format!(" under \"{}\"", self.place.decided_by)
        } else {
            String::new()
        };
        let why = format!("a file's hash{under}{joined}");
        self.say(Role::Indicator, if wrapped { 80 } else { 95 }, why)
    }

    /// A digest below "Certificates" is a thumbprint; below "AES key" it is a key.
    fn digest_of_key(&self) -> Judgement {
        let head = self.place.decided_by.to_lowercase();
        if CERTIFICATE.iter().any(|word| head.contains(word)) {
            let entity = Entity::new(Kind::Certificate, self.found.value.clone());
            return self.call(entity, Role::Indicator, 80, self.under_heading());
        }
        self.say(Role::Unclear, 60, format!("{}, no file", self.under_heading()))
    }

    /// The word with which the row or line calls its file harmless.
    fn row_clears(&self) -> Option<&'static str> {
        let line;
        let row = if let Some(row) = self.candidate.row {
            row
        } else {
            line = format!("{} {}", self.candidate.before, self.candidate.after);
            &line
        };
        // A scanner's name in the row ("Win32/Marsh.A") says that it is detected.
        if row.split(|c: char| c.is_whitespace() || c == '|' || c == '`').any(is_detection) {
            return None;
        }
        let row = row.to_lowercase();
        let mut last = "";
        let mut cleared = None;
        for word in row.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.'))) {
            let word = word.trim_matches(['.', '-']);
            // A name such as `loader.exe` says nothing of the file.
            if word.contains('.') {
                continue;
            }
            if BAD.contains(&word) {
                return None;
            }
            if let Some(clean) = CLEAN.iter().find(|clean| **clean == word)
                && !OTHERS.contains(&last)
            {
                cleared = cleared.or(Some(*clean));
            }
            if !word.is_empty() {
                last = word;
            }
        }
        cleared
    }

    pub(super) fn file(&self) -> Judgement {
        if let Some(judged) = self.cited() {
            return judged;
        }
        if self.is_image_of_page() {
            return self.say(Role::Reference, 85, "a picture of the report itself");
        }
        let lower = self.found.value.to_ascii_lowercase();
        let name = lower.rsplit(['\\', '/']).next().unwrap_or_default();
        let alone = !lower.contains(['\\', '/'])
            || lower.starts_with("c:\\windows\\system32\\")
            || lower.starts_with("%windir%");
        if alone && SYSTEM_FILES.contains(&name) {
            return self.say(Role::Tool, 85, "a file of the system or a well-known tool");
        }
        if is_system_folder(&lower) {
            return self.say(Role::Benign, 85, "a folder that every Windows has");
        }
        if PROJECT_FILES.contains(&lower.as_str()) {
            return self.say(Role::Benign, 80, "a file that every project has");
        }
        if let Some(judged) = self.known_benign() {
            return judged;
        }
        if let Some(judged) = self.of_publisher(name) {
            return judged;
        }
        if self.place.topic == Topic::Benign {
            return self.say(Role::Tool, 80, self.under_heading());
        }
        if let Some(word) = self.row_clears() {
            return self.say(Role::Tool, 75, format!("called \"{word}\""));
        }
        if self.place.topic == Topic::Indicators {
            return self.say(Role::Indicator, 85, format!("under \"{}\"", self.place.decided_by));
        }
        if let Some((_, cue)) = self.cues.get(Cue::File) {
            return self.say(Role::Indicator, 70, format!("after \"{cue}\""));
        }
        if let Some(judged) = self.in_rule() {
            return judged;
        }
        if self.is_listed() {
            return self.say(Role::Indicator, 75, "the document is a list of values");
        }
        self.say(Role::Unclear, 55, "a file that the text names")
    }
}

/// Endings of files that hold detection rules and lists of indicators.
const RULES: &[&str] = &[".yar", ".yara", ".rules", ".ioc", ".suricata", ".snort"];
/// First words of the names of such lists, and their endings.
const LISTS: &[&str] = &["ioc", "iocs", "indicators", "stix", "misp", "openioc", "yara", "sigma"];
const LIST_ENDINGS: &[&str] = &["csv", "txt", "json", "xml", "stix", "tsv", "xlsx", "yml", "md"];

impl Case<'_> {
    /// Rules and lists of indicators are the publisher's, whatever heading they stand under.
    fn of_publisher(&self, name: &str) -> Option<Judgement> {
        let list = name.rsplit_once('.').is_some_and(|(stem, ending)| {
            let first = stem.split(['-', '_', '.', ' ']).next().unwrap_or_default();
            LIST_ENDINGS.contains(&ending) && LISTS.contains(&first)
        });
        let rules = RULES.iter().any(|ending| name.ends_with(ending));
        (list || rules).then(|| self.say(Role::Reference, 75, "a file of rules or indicators"))
    }

    /// Whether the path is what the markup of the text shows as a picture: `![lure](/img/lure.png)`, `src="…"`.
    fn is_image_of_page(&self) -> bool {
        let path = self.found.value.as_str();
        let of_image = path.rsplit_once('.').is_some_and(|(_, ending)| {
            IMAGES.iter().any(|image| ending.eq_ignore_ascii_case(image))
        });
        of_image
            && !path.contains(['\\', ':'])
            && MARKUP.iter().any(|mark| self.candidate.before.ends_with(mark))
    }
}

/// Endings of pictures.
const IMAGES: &[&str] = &["png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp"];

/// What stands right before the path of a picture in Markdown, HTML and AsciiDoc.
const MARKUP: &[&str] =
    &["](", "](<", "src=\"", "src='", "src=", "srcset=\"", "data-src=\"", "image::", "image:"];

/// `Win64/Marsh.A`: platform, family and variant, as scanners name what they detect.
pub(super) fn is_detection(word: &str) -> bool {
    let capital = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
    word.split_once('/').is_some_and(|(platform, name)| {
        let plain = |part: &str| {
            part.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'!'))
        };
        capital(platform)
            && platform.len() <= 12
            && plain(platform)
            && plain(name)
            && name
                .split_once('.')
                .is_some_and(|(family, variant)| capital(family) && capital(variant))
    })
}
