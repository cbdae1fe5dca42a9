//! What is written like a domain and is none: program code, abbreviations, products, packages.

use lapwing_model::{Entity, Kind, Role};

use super::file::is_detection;
use super::{Case, Cue, Judgement};
use crate::find::Shape;
use crate::layout::{Sort, Topic};

/// First words of a chain of properties, in scripts and in the fields of logs.
const OBJECTS: &[&str] = &[
    "this",
    "self",
    "window",
    "document",
    "console",
    "process",
    "file",
    "os",
    "sys",
    "user",
    "host",
    "event",
    "agent",
    "rule",
    "winlog",
    "registry",
    "dns",
    "http",
    "network",
    "source",
    "destination",
    "threat",
    "object",
    "obj",
    "args",
    "request",
    "req",
    "response",
    "res",
    "ctx",
    "module",
    "exports",
    "math",
    "json",
    "string",
    "array",
    "navigator",
    "location",
    "element",
    "item",
    "process_parent",
    "parent",
    "target",
    "package",
    "class",
    "node",
    "app",
    "settings",
    "config",
    "session",
    "socket",
    "system",
    "java",
    "javax",
    "powershell",
    "fs",
    "path",
];

/// Last words of such a chain that are also top-level domains.
const PROPERTIES: &[&str] = &[
    "name", "id", "info", "host", "call", "map", "link", "style", "space", "tools", "run", "date",
    "cat", "services", "security", "network", "domains", "email", "show", "works", "zip", "py",
    "sh", "parent", "media", "audio", "video", "search", "open", "click", "download", "data",
    "text", "software", "systems", "storage", "hash", "ip", "mail", "my", "next", "pub", "domain",
    "codes", "events", "target", "total", "plus", "now", "new", "final", "select", "delivery",
    "exchange", "channel", "active", "page", "play", "drive", "box", "group", "cab", "app", "dev",
    "in", "is", "at", "to", "as", "by", "do", "me", "so",
];

/// Components that scripts ask for by names that are written like hosts (`CreateObject("WScript.Shell")`).
const COMPONENTS: &[&str] = &[
    "wscript.shell",
    "wscript.network",
    "shell.application",
    "scripting.filesystemobject",
    "adodb.stream",
    "msxml2.xmlhttp",
    "microsoft.xmlhttp",
    "winhttp.winhttprequest",
    "schedule.service",
    "outlook.application",
    "excel.application",
    "word.application",
    "internetexplorer.application",
    "mmc20.application",
];

/// First labels of package names, which are domains written backwards.
const PACKAGE_ROOTS: &[&str] =
    &["com", "org", "net", "io", "edu", "gov", "android", "androidx", "java", "javax", "kotlin"];

/// Last labels with which a name that begins like a package is a host all the same.
const HOST_ENDS: &[&str] =
    &["com", "net", "org", "info", "biz", "xyz", "top", "site", "online", "club", "onion"];

/// Words of the names that virus scanners give.
const DETECTIONS: &[&str] = &[
    "Trojan",
    "Win32",
    "Win64",
    "W32",
    "W64",
    "Backdoor",
    "HEUR",
    "MSIL",
    "Worm",
    "Ransom",
    "Exploit",
    "Downloader",
    "Trojan-Downloader",
    "Trojan-Dropper",
    "Trojan-Spy",
    "PUA",
    "Riskware",
    "RiskWare",
    "HackTool",
    "Hacktool",
    "Virus",
    "Adware",
    "Spyware",
    "AndroidOS",
    "Gen",
    "Malware",
    "VBA",
    "Script",
];

/// Words that are cut off with a full stop.
const ABBREVIATIONS: &[&str] = &[
    "etc", "vs", "inc", "ltd", "corp", "dr", "mr", "mrs", "ms", "prof", "fig", "sec", "no", "vol",
    "pp", "approx", "dept", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "oct", "nov",
    "dec", "ca", "cf", "al", "st", "jr", "sr",
];

/// Everyday words that are also country codes.
const WORDS: &[&str] = &[
    "it", "in", "is", "to", "at", "so", "my", "me", "no", "be", "as", "do", "by", "us", "am", "la",
    "de", "se", "es", "et",
];

/// Script libraries, named as their file is.
const LIBRARIES: &[&str] = &[
    "node.js",
    "next.js",
    "nuxt.js",
    "vue.js",
    "react.js",
    "angular.js",
    "express.js",
    "three.js",
    "d3.js",
    "ember.js",
    "backbone.js",
    "moment.js",
    "chart.js",
    "discord.js",
    "meteor.js",
    "alpine.js",
    "p5.js",
    "knockout.js",
    "electron.js",
    "socket.js",
    "asp.net",
    "deno.js",
];

impl Case<'_> {
    /// A name that no resolver is asked for.
    pub(super) fn no_name(&self) -> Option<Judgement> {
        if self.candidate.defanged {
            return None;
        }
        if self.found.shape == Shape::CodeLike {
            return Some(self.say(
                Role::Unclear,
                20,
                "reads like program code or two glued sentences",
            ));
        }
        let word = self.candidate.before.rsplit([' ', '|', '`', '\t']).next().unwrap_or_default();
        if word.ends_with('/') && is_detection(&format!("{word}{}", self.candidate.shown)) {
            return Some(self.say(Role::Unclear, 25, "part of the name that a scanner gives"));
        }
        if self.candidate.before.ends_with('?') {
            return Some(self.say(Role::Unclear, 20, "the query of a link, no host"));
        }
        let shown = self.candidate.shown;
        if COMPONENTS.iter().any(|name| shown.eq_ignore_ascii_case(name)) {
            return Some(self.say(
                Role::Unclear,
                20,
                "a component of Windows, by its name in scripts",
            ));
        }
        let labels: Vec<&str> = shown.split('.').collect();
        let (first, last) = (*labels.first()?, *labels.last()?);
        // `Json.NET`; `EVIL.NET` is a shouted host.
        if last == "NET" && shown.bytes().any(|b| b.is_ascii_lowercase()) {
            return Some(self.call(
                Entity::new(Kind::Software, shown),
                Role::Subject,
                85,
                "a product that is written like a domain",
            ));
        }
        if labels.iter().any(|label| DETECTIONS.contains(label)) && !self.is_accused() {
            return Some(self.say(Role::Unclear, 25, "reads like the name that a scanner gives"));
        }
        if self.is_package(&labels) {
            let entity = Entity::new(Kind::Other, format!("package={shown}"));
            return Some(if self.place.topic == Topic::Indicators {
                let why = format!("a package name, under \"{}\"", self.place.decided_by);
                self.call(entity, Role::Indicator, 80, why)
            } else {
                self.call(entity, Role::Unclear, 50, "a package name: a domain written backwards")
            });
        }
        if self.is_accused() {
            return None;
        }
        let lower = |label: &str| label.to_ascii_lowercase();
        let (first, last) = (lower(first), lower(last));
        if OBJECTS.contains(&first.as_str()) && PROPERTIES.contains(&last.as_str()) {
            return Some(self.say(Role::Unclear, 25, "reads like a property in code or in a log"));
        }
        let initials = labels.len() > 2 && labels.iter().take(2).all(|label| label.len() == 1);
        let cut = labels.len() == 2 && ABBREVIATIONS.contains(&first.as_str());
        if initials || cut {
            return Some(self.say(Role::Unclear, 20, "reads like an abbreviation"));
        }
        let word = first.bytes().all(|b| b.is_ascii_lowercase());
        if labels.len() == 2 && word && WORDS.contains(&last.as_str()) && self.is_prose() {
            let goes_on = self
                .candidate
                .after
                .strip_prefix(' ')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_lowercase()));
            if goes_on && !self.cues.has(Cue::Host) {
                return Some(self.say(Role::Unclear, 30, "may be two sentences without a blank"));
            }
        }
        None
    }

    /// Whether something says that the value is a host.
    fn is_accused(&self) -> bool {
        self.manner.list
            || self.cues.has(Cue::Hostile)
            || self.place.sort == Sort::Network
            || (self.place.topic == Topic::Indicators && !self.is_prose())
    }

    fn is_package(&self, labels: &[&str]) -> bool {
        let [first, .., last] = labels else { return false };
        labels.len() >= 3
            && PACKAGE_ROOTS.contains(first)
            && last.len() > 2
            && !HOST_ENDS.contains(last)
            && !labels.iter().any(|label| label.contains('-'))
            && self.place.sort != Sort::Network
    }

    /// A name that may be either and is a file here.
    pub(super) fn file_after_all(&self) -> Option<Judgement> {
        // A column of file names holds no hosts, whatever their endings are.
        if self.place.column_sort == Sort::File && !self.candidate.defanged {
            let judged = self.file();
            let entity = Entity::new(Kind::FileName, self.candidate.shown);
            return Some(Judgement { entity, ..judged });
        }
        if self.found.shape != Shape::DomainOrFile || self.is_domain() {
            return None;
        }
        let entity = Entity::new(Kind::FileName, self.found.value.clone());
        let judged = self.product_after_all().unwrap_or_else(|| self.file());
        if judged.entity.kind == Kind::Software {
            return Some(judged);
        }
        let why = format!(
            "{}; its ending is that of a file, and nothing says that it is a host",
            judged.why
        );
        Some(Judgement { entity, why, ..judged })
    }

    /// Whether a name that may be either is a host here.
    fn is_domain(&self) -> bool {
        if self.candidate.defanged {
            return true;
        }
        // `invoice.pdf.zip`
        let mut labels = self.found.value.rsplit('.').skip(1);
        if labels.any(|label| {
            ["pdf", "doc", "docx", "xls", "xlsx", "txt", "jpg", "png", "exe", "js", "tar", "dll"]
                .contains(&label.to_ascii_lowercase().as_str())
        }) {
            return false;
        }
        if self.cues.nearer(Cue::Host, Cue::File).is_some() || self.cues.has(Cue::HostAfter) {
            return true;
        }
        self.place.sort == Sort::Network && !self.cues.has(Cue::File)
    }

    /// A script library named as its file is, outside of lists of files.
    pub(super) fn product_after_all(&self) -> Option<Judgement> {
        let lower = self.found.value.to_ascii_lowercase();
        let known = LIBRARIES.contains(&lower.as_str())
            && self.found.value.starts_with(|c: char| c.is_ascii_uppercase())
            && self.place.topic != Topic::Indicators;
        known.then(|| {
            self.call(
                Entity::new(Kind::Software, self.found.value.clone()),
                Role::Subject,
                85,
                "a product that is written like a file",
            )
        })
    }
}
