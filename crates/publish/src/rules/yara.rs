//! YARA: hashes by the `hash` module, import hashes by `pe`, and rare strings inside programs.
//!
//! A value that stands in every report and every blocklist would alert on those files too: strings
//! are looked for in programs only, whole and in both widths, and only strings that are long enough
//! to be rare. File names are left to Sigma: a file does not hold its own name.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Entity, Kind};
use sha2::Digest as _;

use super::{
    Indicator, Rule, RuleSet, Sample, Tried, file, is_browser, left_out, ordinary, program_with,
};
use crate::export::{ExportedFile, Loss};
use crate::safe::clean;

/// Strings in one rule; more make a second one.
const MOST: usize = 200;
/// Shorter strings stand in innocent programs.
const SHORTEST: usize = 10;
/// Strings are looked for in files up to this size.
const LARGEST: &str = "20MB";

/// The rules of a set; what has no place in a file is told.
pub fn rules(set: &RuleSet, losses: &mut Vec<Loss>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for group in files_of(set) {
        rules.push(hashes(&group));
    }
    let mut strings: BTreeMap<String, Vec<&Indicator>> = BTreeMap::new();
    for indicator in &set.indicators {
        let entity = &indicator.entity;
        match entity.kind {
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 => {}
            Kind::Imphash if is_hex(&entity.value, 32) => rules.push(import_hash(indicator)),
            _ => match string(entity) {
                Ok(()) => strings.entry(family(indicator)).or_default().push(indicator),
                Err(why) => losses.push(left_out(entity, why)),
            },
        }
    }
    for (family, all) in &strings {
        for (part, chunk) in all.chunks(MOST).enumerate() {
            rules.push(string_rule(family, part + 1, chunk));
        }
    }
    rules
}

/// Whether a rule looks for several strings, of which one may spoil it for all.
#[must_use]
pub fn is_of_strings(rule: &Rule) -> bool {
    rule.indicators.len() > 1 && rule.stand_in.is_none()
}

/// A rule for each of some values by itself, to tell which of them spoils a rule of many.
#[must_use]
pub fn each_alone(set: &RuleSet, values: &BTreeSet<&Entity>) -> Vec<Rule> {
    let wanted = set.indicators.iter().filter(|indicator| values.contains(&indicator.entity));
    wanted.enumerate().map(|(at, one)| string_rule("alone", at + 1, &[one])).collect()
}

/// All rules in one file; rules that failed are not in it.
pub fn write(set: &RuleSet, tried: &[Tried]) -> Vec<ExportedFile> {
    let passed = || tried.iter().filter(|t| t.trial.passed());
    let mut text = set.comments("//", "YARA rules");
    for module in ["hash", "pe"] {
        if passed().any(|t| t.rule.text.contains(&format!("{module}."))) {
            text.push_str(&format!("import \"{module}\"\n"));
        }
    }
    for Tried { rule, trial } in passed() {
        text.push_str(&format!("\n// {}\n{}", trial.line(), rule.text));
    }
    vec![file("lapwing.yar", text)]
}

/// A rule as a file of its own, as it is tried.
#[must_use]
pub fn alone(text: &str) -> String {
    let imports = ["hash", "pe"].into_iter().filter(|m| text.contains(&format!("{m}.")));
    imports.map(|m| format!("import \"{m}\"\n")).collect::<Vec<_>>().concat() + text
}

/// Hashes that belong to one file, together.
fn files_of(set: &RuleSet) -> Vec<Vec<&Indicator>> {
    let hashes: BTreeMap<&Entity, &Indicator> = set
        .indicators
        .iter()
        .filter(|i| digits(i.entity.kind).is_some_and(|length| is_hex(&i.entity.value, length)))
        .map(|i| (&i.entity, i))
        .collect();
    // Both ways: either of two hashes may be the one that names the other.
    let mut beside: BTreeMap<&Entity, BTreeSet<&Entity>> = BTreeMap::new();
    for (entity, indicator) in &hashes {
        for other in indicator.same.iter().filter_map(|e| hashes.get_key_value(e)) {
            beside.entry(*entity).or_default().insert(*other.0);
            beside.entry(*other.0).or_default().insert(*entity);
        }
    }
    let mut seen: BTreeSet<&Entity> = BTreeSet::new();
    let mut groups = Vec::new();
    for entity in hashes.keys() {
        let mut open = vec![*entity];
        let mut group = Vec::new();
        while let Some(next) = open.pop() {
            let Some((own, indicator)) = hashes.get_key_value(next) else { continue };
            if !seen.insert(*own) {
                continue;
            }
            group.push(*indicator);
            open.extend(beside.get(own).into_iter().flatten().copied());
        }
        if !group.is_empty() {
            group.sort_by(|a, b| a.entity.cmp(&b.entity));
            groups.push(group);
        }
    }
    groups
}

fn digits(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Md5 => Some(32),
        Kind::Sha1 => Some(40),
        Kind::Sha256 => Some(64),
        _ => None,
    }
}

fn is_hex(value: &str, length: usize) -> bool {
    value.len() == length && value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn hashes(group: &[&Indicator]) -> Rule {
    let sample = ordinary();
    let named: BTreeSet<&str> = group
        .iter()
        .flat_map(|i| &i.same)
        .filter(|e| e.kind == Kind::FileName)
        .map(|e| e.value.as_str())
        .collect();
    let condition = |planted: bool| {
        let tests = group.iter().map(|indicator| {
            let (function, own) = match indicator.entity.kind {
                Kind::Md5 => ("md5", hex(&md5::Md5::digest(&sample.bytes))),
                Kind::Sha1 => ("sha1", hex(&sha1::Sha1::digest(&sample.bytes))),
                _ => ("sha256", hex(&sha2::Sha256::digest(&sample.bytes))),
            };
            let value = if planted { own } else { indicator.entity.value.to_ascii_lowercase() };
            format!("hash.{function}(0, filesize) == \"{value}\"")
        });
        tests.collect::<Vec<_>>().join(" or\n    ")
    };
    // The strongest is the last in the order of kinds.
    let name = group.last().map_or_else(String::new, |strongest| {
        let value = strongest.entity.value.to_ascii_lowercase();
        let kind = strongest.entity.kind.as_str().trim_start_matches("file:");
        format!("lapwing_{kind}_{}", value.get(..32).unwrap_or(&value))
    });
    let known = named.into_iter().take(3).collect::<Vec<_>>().join(", ");
    let title = if known.is_empty() {
        "File with a known hostile hash".to_owned()
    } else {
        format!("File with a known hostile hash, seen as {}", clean(&known, 120))
    };
    let text = |planted: bool| rule_text(&name, "file", &title, group, "", &condition(planted));
    let benign = Sample::new("benign.txt", b"An ordinary text.".to_vec());
    Rule {
        id: name.clone(),
        text: text(false),
        stand_in: Some(text(true)),
        indicators: group.iter().map(|i| i.entity.clone()).collect(),
        planted: vec![sample.clone()],
        benign: vec![benign],
        title: title.clone(),
    }
}

fn import_hash(indicator: &Indicator) -> Rule {
    let value = indicator.entity.value.to_ascii_lowercase();
    let name = format!("lapwing_imphash_{}", value.get(..32).unwrap_or(&value));
    let title = "Program with the import table of a known hostile one".to_owned();
    let condition = format!("pe.imphash() == \"{value}\"");
    Rule {
        text: rule_text(&name, "imphash", &title, &[indicator], "", &condition),
        id: name,
        title,
        stand_in: None,
        indicators: vec![indicator.entity.clone()],
        // A program with imports of our making would be needed; that it is silent is tried.
        planted: Vec::new(),
        benign: vec![ordinary()],
    }
}

/// Whether a value is a string that programs carry, rare enough to look for.
fn string(entity: &Entity) -> Result<(), &'static str> {
    let value = entity.value.as_str();
    let carried = match entity.kind {
        Kind::Url => value.split_once("://").is_some_and(|(_, rest)| rest.len() >= SHORTEST),
        Kind::DomainName
        | Kind::EmailAddr
        | Kind::Mutex
        | Kind::NamedPipe
        | Kind::CryptocurrencyWallet => true,
        Kind::UserAgent => !is_browser(value),
        // A path of the build machine stays in the program.
        Kind::FilePath => value.to_ascii_lowercase().ends_with(".pdb"),
        _ => return Err("a file does not carry it, or it says nothing there"),
    };
    if !carried {
        return Err("a file does not carry it, or it says nothing there");
    }
    if value.len() < SHORTEST || value.len() > 1000 {
        return Err("too short to be rare in a file, or too long");
    }
    if !value.is_ascii() || value.bytes().any(|b| b.is_ascii_control()) {
        return Err("programs hold it in an encoding that is not known");
    }
    let kinds: BTreeSet<u8> = value.bytes().map(|b| b.to_ascii_lowercase()).collect();
    if kinds.len() < 5 {
        return Err("too uniform to be rare in a file");
    }
    Ok(())
}

/// What a string rule is named after: the first thing that the value points to.
fn family(indicator: &Indicator) -> String {
    let name = indicator.points_to.first().map_or("unattributed", |e| e.value.as_str());
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_matches('_');
    let slug: String = slug.chars().take(60).collect();
    if slug.is_empty() { "unattributed".to_owned() } else { slug }
}

fn string_rule(family: &str, part: usize, all: &[&Indicator]) -> Rule {
    let name = format!("lapwing_strings_{family}_{part}");
    let points = all.first().map(|i| i.points()).filter(|p| !p.is_empty());
    let title = points.map_or("Program that holds known hostile values".to_owned(), |points| {
        format!("Program that holds values of {points}")
    });
    let mut strings = String::from("  strings:\n");
    for (at, indicator) in all.iter().enumerate() {
        let whole = if matches!(indicator.entity.kind, Kind::DomainName | Kind::Mutex) {
            " fullword"
        } else {
            ""
        };
        strings.push_str(&format!(
            "    // {}\n    $s{at} = \"{}\" ascii wide nocase{whole}\n",
            indicator.evidence(),
            escaped(&indicator.entity.value)
        ));
    }
    let condition = format!(
        "filesize < {LARGEST} and\n    (uint16(0) == 0x5a4d or uint32(0) == 0x464c457f or uint32(0) == 0xfeedface or uint32(0) == 0xfeedfacf or uint32(0) == 0xbebafeca) and\n    any of them"
    );
    let planted = all.iter().map(|i| program_with(&[i.entity.value.as_str()])).collect();
    // The same strings in a text, as a report has them, are no program.
    let report = all.iter().map(|i| format!("{}\n", i.entity.value)).collect::<Vec<_>>().concat();
    Rule {
        text: rule_text(&name, "values", &title, all, &strings, &condition),
        id: name,
        title,
        stand_in: None,
        indicators: all.iter().map(|i| i.entity.clone()).collect(),
        planted,
        benign: vec![ordinary(), Sample::new("report.txt", report)],
    }
}

fn rule_text(
    name: &str,
    tag: &str,
    title: &str,
    group: &[&Indicator],
    strings: &str,
    condition: &str,
) -> String {
    let mut meta = vec![("description", title.to_owned()), ("author", "Lapwing".to_owned())];
    if let Some(first) = group.iter().filter_map(|i| i.first).min_by_key(|d| d.last_day()) {
        meta.push(("date", first.to_string()));
    }
    if let Some(last) = group.iter().filter_map(|i| i.last).max_by_key(|d| d.last_day()) {
        meta.push(("last_known", last.to_string()));
    }
    if let Some(expires) = group.iter().filter_map(|i| i.expires).max() {
        meta.push(("expires", expires.to_string()));
    }
    let links: BTreeSet<&str> = group.iter().flat_map(|i| i.links()).collect();
    if let Some(link) = links.first() {
        meta.push(("reference", (*link).to_owned()));
    }
    let techniques: BTreeSet<&str> =
        group.iter().flat_map(|i| &i.techniques).map(String::as_str).collect();
    if let Some(technique) = techniques.first() {
        meta.push(("technique", (*technique).to_owned()));
    }
    let marking = group.iter().map(|i| i.marking).max().unwrap_or_default();
    meta.push(("tlp", marking.as_str().to_owned()));
    if let [one] = group {
        meta.push(("evidence", one.evidence()));
    }
    let percent = group.iter().map(|i| i.percent()).max().unwrap_or(0);
    let mut out = format!("rule {name} : {tag}\n{{\n  meta:\n");
    for (key, value) in meta {
        out.push_str(&format!("    {key} = \"{}\"\n", escaped(&value)));
    }
    out.push_str(&format!("    confidence = {percent}\n"));
    if group.len() > 1 && strings.is_empty() {
        for (at, indicator) in group.iter().enumerate() {
            let text = format!("{}: {}", indicator.entity.value, indicator.evidence());
            out.push_str(&format!("    evidence_{} = \"{}\"\n", at + 1, escaped(&text)));
        }
    }
    out.push_str(strings);
    out.push_str(&format!("  condition:\n    {condition}\n}}\n"));
    out
}

/// Text inside the quotes of YARA.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\t' | '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_one_file_make_one_rule() {
        let hash = |kind, digit: &str, length| Entity::new(kind, digit.repeat(length));
        let (md5, sha256) = (hash(Kind::Md5, "a", 32), hash(Kind::Sha256, "b", 64));
        let mut one = Indicator::new(md5.clone());
        one.same = vec![sha256.clone(), Entity::new(Kind::FileName, "a\".exe")];
        let set = RuleSet::new(
            None,
            jiff::civil::date(2021, 4, 1),
            lapwing_model::Marking::Clear,
            vec![one, Indicator::new(sha256), Indicator::new(hash(Kind::Sha1, "c", 40))],
        );
        let rules = rules(&set, &mut Vec::new());
        let names: Vec<_> = rules.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(
            names,
            [
                format!("lapwing_sha256_{}", "b".repeat(32)),
                format!("lapwing_sha1_{}", "c".repeat(32))
            ]
        );
        assert!(rules[0].text.contains("a\\\".exe"), "{}", rules[0].text);
    }

    #[test]
    fn only_rare_strings_are_looked_for() {
        let ok = |kind, value: &str| string(&Entity::new(kind, value)).is_ok();
        assert!(ok(Kind::Mutex, "Global\\x81fk2") && ok(Kind::FilePath, "d:\\b\\evil.pdb"));
        assert!(!ok(Kind::FileName, "evilname.exe") && !ok(Kind::Mutex, "aaaaaaaaaaaa"));
        assert!(!ok(Kind::UserAgent, "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/86.0"));
        assert!(!ok(Kind::DomainName, "t.co") && !ok(Kind::FilePath, "C:\\Temp\\evil.exe"));
    }
}
