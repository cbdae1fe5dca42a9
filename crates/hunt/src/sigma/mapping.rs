//! Which rules are for which records: log sources as data files, one a log source.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::derive;
use super::rule::LogSource;
use super::view::{Field, Fields, View};

/// A computed field that no log writes so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Derived {
    /// `md5`, `sha1`, `sha256`, `Imphash` out of `Hashes`.
    Hashes,
    /// The path of a request in all its forms: stem, query, both joined; as logged and decoded.
    Request,
    /// `TargetObject` and `Details` out of an audited change of the registry.
    Registry,
    /// Host, path and query out of a whole URL.
    Url,
    /// The words of an `EXECVE` record as one command line.
    Execve,
}

/// One kind of record, as a data file tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ClassFile {
    /// What the log is, in words; a rule sees the record when all that it names fits.
    #[serde(default)]
    product: Vec<String>,
    #[serde(default)]
    category: Vec<String>,
    #[serde(default)]
    service: Vec<String>,
    /// The kind of log as its reader knows it: `windows`, `iis`, `access-log`, `text`, `auditd` …
    #[serde(default)]
    log: Vec<String>,
    #[serde(default)]
    channel: Vec<String>,
    #[serde(default)]
    provider: Vec<String>,
    #[serde(default)]
    id: Vec<u32>,
    /// Fields that must be there.
    #[serde(default)]
    has: Vec<String>,
    /// Fields that must have one of these values (`*` at an end stands for any text).
    #[serde(default)]
    value: BTreeMap<String, Vec<String>>,
    /// Names that rules use, with the names that the log uses for them.
    #[serde(default)]
    fields: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    derive: Vec<Derived>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    class: Vec<ClassFile>,
}

/// One kind of record.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    file: ClassFile,
    has: Vec<Field>,
    value: Vec<(Field, Vec<String>)>,
    /// (name of the log, name that rules use).
    pub aliases: Vec<(Field, Field)>,
    pub derive: Vec<Derived>,
}

/// What is known of a record before its fields are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told<'t> {
    pub log: &'t str,
    pub channel: &'t str,
    pub provider: &'t str,
    pub id: Option<u32>,
    /// The whole line of a log of lines, for keywords; empty for events.
    pub line: &'t str,
}

const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sigma.rs"));

/// The built-in log sources.
pub(crate) fn classes(fields: &mut Fields) -> Result<Vec<Class>, String> {
    let mut classes = Vec::new();
    for name in derive::inputs() {
        fields.intern(&name);
    }
    for (name, text) in FILES {
        let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        for file in file.class {
            let aliases = file
                .fields
                .iter()
                .flat_map(|(rule, logs)| logs.iter().map(move |log| (log, rule)))
                .map(|(log, rule)| (fields.intern(log), fields.intern(rule)))
                .collect();
            classes.push(Class {
                has: file.has.iter().map(|name| fields.intern(name)).collect(),
                value: file
                    .value
                    .iter()
                    .map(|(name, list)| {
                        (fields.intern(name), list.iter().map(|v| v.to_lowercase()).collect())
                    })
                    .collect(),
                aliases,
                derive: file.derive.clone(),
                file,
            });
        }
    }
    Ok(classes)
}

impl Class {
    /// Whether records that are told so may be of this class.
    pub(crate) fn fits(&self, told: &Told<'_>) -> bool {
        let one_of = |list: &[String], text: &str| {
            list.is_empty() || list.iter().any(|pattern| like(pattern, text))
        };
        let file = &self.file;
        one_of(&file.log, told.log)
            && one_of(&file.channel, told.channel)
            && one_of(&file.provider, told.provider)
            && (file.id.is_empty() || told.id.is_some_and(|id| file.id.contains(&id)))
    }

    /// Whether the class asks for fields of the record itself.
    pub(crate) fn asks_record(&self) -> bool {
        !self.has.is_empty() || !self.value.is_empty()
    }

    /// Whether the fields of a record are those of the class.
    pub(crate) fn fits_record(&self, view: &View) -> bool {
        self.has.iter().all(|field| view.values(*field).next().is_some())
            && self.value.iter().all(|(field, list)| {
                view.values(*field)
                    .any(|slot| list.iter().any(|pattern| like(pattern, view.folded(slot))))
            })
    }

    /// Whether a rule for `source` is for records of this class.
    pub(crate) fn serves(&self, source: &LogSource) -> bool {
        let fits = |wanted: &Option<String>, list: &[String]| {
            wanted.as_ref().is_none_or(|wanted| list.contains(wanted))
        };
        fits(&source.product, &self.file.product)
            && fits(&source.category, &self.file.category)
            && fits(&source.service, &self.file.service)
    }
}

/// Equality in any case; `*` at the beginning or end of the pattern stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => {
            text.len() >= end.len()
                && text.get(text.len() - end.len()..).is_some_and(|tail| same(tail, end))
        }
        (None, Some(start)) => text.get(..start.len()).is_some_and(|head| same(head, start)),
        (None, None) => same(pattern, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_file_is_well_formed() {
        let mut fields = Fields::default();
        assert!(classes(&mut fields).unwrap().len() > 50);
    }

    #[test]
    fn a_rule_sees_the_records_of_its_log_source() {
        let mut fields = Fields::default();
        let classes = classes(&mut fields).unwrap();
        let sees = |product: &str, category: &str, service: &str, told: Told<'_>| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let source = LogSource {
                product: some(product),
                category: some(category),
                service: some(service),
            };
            classes.iter().any(|c| c.fits(&told) && c.serves(&source))
        };
        let event = |channel, id| Told { log: "windows", channel, id: Some(id), ..Told::default() };
        let sysmon = "Microsoft-Windows-Sysmon/Operational";
        assert!(sees("windows", "process_creation", "", event(sysmon, 1)));
        assert!(!sees("windows", "process_creation", "", event(sysmon, 2)));
        assert!(sees("windows", "process_creation", "", event("Security", 4688)));
        assert!(sees("windows", "", "security", event("security", 4624)));
        assert!(!sees("windows", "", "security", event("System", 4624)));
        assert!(sees("windows", "", "", event("Anything", 1)));
        assert!(!sees("linux", "", "", event("Anything", 1)));
        assert!(sees("", "webserver", "", Told { log: "iis", ..Told::default() }));
    }
}
