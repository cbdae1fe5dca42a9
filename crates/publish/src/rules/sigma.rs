//! Sigma rules by log source: one rule for each source and kind of value, split where it grows.
//!
//! Every value carries its evidence as a comment, and a planted record that must fire. Values that
//! a hunt learnt (`lapwing hunt --learn`) are indicators of the store like any other, so rules come
//! from findings in the same way.

mod source;
mod value;

use lapwing_model::{Entity, PartialDate};
use uuid::Uuid;

use source::{SOURCES, Source};
pub use value::{escape, quoted};

use super::{Indicator, Rule, RuleSet, Sample, Tried, file, left_out};
use crate::export::{ExportedFile, Loss};
use crate::safe::clean;

/// Values in one rule; more make a second one.
const MOST: usize = 500;
/// Sources and documents named in a description.
const NAMED: usize = 5;

/// One value of a rule: under which field, how it is compared, and whose it is.
struct Item<'s> {
    field: &'static str,
    how: How,
    value: String,
    indicator: &'s Indicator,
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    Is,
    EndsWith,
    Contains,
    Cidr,
}

impl How {
    fn modifier(self) -> &'static str {
        match self {
            How::Is => "",
            How::EndsWith => "|endswith",
            How::Contains => "|contains",
            How::Cidr => "|cidr",
        }
    }
}

/// The rules of a set; a value that no log source of ours shows is told.
pub fn rules(set: &RuleSet, losses: &mut Vec<Loss>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut carried = std::collections::BTreeSet::new();
    for source in SOURCES {
        let mut items: Vec<Item<'_>> = Vec::new();
        for indicator in &set.indicators {
            for (field, how, value) in (source.values)(&indicator.entity) {
                carried.insert(&indicator.entity);
                items.push(Item { field, how, value, indicator });
            }
        }
        // All items of one indicator stay together.
        let mut chunk: Vec<Item<'_>> = Vec::new();
        let mut number = 0;
        for item in items {
            let another = chunk.last().is_some_and(|l| l.indicator.entity != item.indicator.entity);
            if chunk.len() >= MOST && another {
                number += 1;
                rules.push(rule(set, source, &chunk, number));
                chunk.clear();
            }
            chunk.push(item);
        }
        if !chunk.is_empty() {
            rules.push(rule(set, source, &chunk, number + 1));
        }
    }
    for indicator in set.indicators.iter().filter(|i| !carried.contains(&i.entity)) {
        losses.push(left_out(&indicator.entity, "no log source of Sigma's taxonomy shows it"));
    }
    rules
}

/// All rules as one file of YAML, each with its trial; rules that failed are not in it.
pub fn write(set: &RuleSet, tried: &[Tried]) -> Vec<ExportedFile> {
    let mut text = set.comments("#", "Sigma rules");
    for (at, Tried { rule, trial }) in tried.iter().filter(|t| t.trial.passed()).enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        text.push_str(&format!("# {}\n{}", trial.line(), rule.text));
    }
    vec![file("lapwing.yml", text)]
}

fn rule(set: &RuleSet, source: &Source, items: &[Item<'_>], number: usize) -> Rule {
    let about = set.about.as_deref().map(|a| clean(a, 80));
    let of = about.as_ref().map(|a| format!(" of {a}")).unwrap_or_default();
    let part = if number > 1 { format!(" ({number})") } else { String::new() };
    let title = format!("{}{of}{part}", source.title);
    // The identifier stays while the rule goes on: by source, subject and part.
    let key = format!("sigma {} {} {number}", source.slug, about.unwrap_or_default());
    let id = Uuid::new_v5(&namespace(), key.as_bytes()).to_string();
    let text = yaml(source, items, &title, &id);
    let planted = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let value = planted_value(item.how, &item.value);
            Sample::new(format!("{at}.json"), source.record(item.field, &value))
        })
        .collect();
    let mut indicators: Vec<Entity> = items.iter().map(|i| i.indicator.entity.clone()).collect();
    indicators.dedup();
    let benign = vec![Sample::new("benign.json", source.record("", ""))];
    Rule { id, title, text, stand_in: None, indicators, planted, benign }
}

/// The namespace of our own identifiers.
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"lapwing:rules")
}

fn planted_value(how: How, value: &str) -> String {
    match how {
        How::Is | How::Contains => value.to_owned(),
        How::EndsWith if value.starts_with('.') => format!("planted{value}"),
        How::EndsWith => format!("C:\\Planted{value}"),
        How::Cidr => value.split('/').next().unwrap_or(value).to_owned(),
    }
}

fn yaml(source: &Source, items: &[Item<'_>], title: &str, id: &str) -> String {
    let all: Vec<&Indicator> = items.iter().map(|item| item.indicator).collect();
    let expires = all.iter().filter_map(|i| i.expires).max();
    let mut out = format!("title: {}\nid: {id}\nstatus: experimental\n", quoted(title));
    out.push_str("description: |\n");
    for line in description(source, &all, expires) {
        out.push_str(&format!("    {line}\n"));
    }
    let mut links: Vec<&str> = all.iter().flat_map(|i| i.links()).collect();
    links.sort_unstable();
    links.dedup();
    if !links.is_empty() {
        out.push_str("references:\n");
        for link in links.iter().take(10) {
            out.push_str(&format!("    - {link}\n"));
        }
    }
    out.push_str("author: Lapwing\n");
    let day = |date: PartialDate| date.last_day().strftime("%Y-%m-%d").to_string();
    if let Some(first) = all.iter().filter_map(|i| i.first).min_by_key(|d| d.last_day()) {
        out.push_str(&format!("date: {}\n", day(first)));
    }
    if let Some(last) = all.iter().filter_map(|i| i.last).max_by_key(|d| d.last_day()) {
        out.push_str(&format!("modified: {}\n", day(last)));
    }
    out.push_str("tags:\n");
    for tag in tags(source, &all) {
        out.push_str(&format!("    - {tag}\n"));
    }
    out.push_str("logsource:\n");
    for (key, value) in
        [("product", source.product), ("category", source.category), ("service", source.service)]
    {
        if !value.is_empty() {
            out.push_str(&format!("    {key}: {value}\n"));
        }
    }
    out.push_str("detection:\n");
    let names = selections(source, items, &mut out);
    let condition = if names.len() == 1 { names.concat() } else { "1 of selection_*".to_owned() };
    out.push_str(&format!("    condition: {condition}\n"));
    out.push_str("falsepositives:\n");
    out.push_str(&format!("    - {}\n", quoted(source.false_positives)));
    out.push_str(&format!("level: {}\n", level(source, &all)));
    out
}

fn description(
    source: &Source,
    all: &[&Indicator],
    expires: Option<jiff::civil::Date>,
) -> Vec<String> {
    let mut lines = vec![source.description.to_owned()];
    let mut titles: Vec<String> =
        all.iter().flat_map(|i| &i.sources).map(|s| clean(&s.title, 80)).collect();
    titles.sort_unstable();
    titles.dedup();
    let rest = titles.len().saturating_sub(NAMED);
    titles.truncate(NAMED);
    if !titles.is_empty() {
        let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
        lines.push(format!("Sources: {}{more}.", titles.join("; ")));
    }
    lines.push(expires.map_or_else(
        || "No value in it is dated: make it anew often.".to_owned(),
        |day| format!("Expires {day}; each value has its own expiry and evidence behind it."),
    ));
    lines.push("`lapwing explain VALUE` shows every claim under a value.".to_owned());
    // A block of YAML keeps everything but what ends it.
    lines.into_iter().map(|line| line.replace(['\n', '\r', '\t'], " ")).collect()
}

fn tags(source: &Source, all: &[&Indicator]) -> Vec<String> {
    let mut tags: Vec<String> = source.tags.iter().map(|t| (*t).to_owned()).collect();
    let mut techniques: Vec<String> = all
        .iter()
        .flat_map(|i| &i.techniques)
        .map(|t| format!("attack.{}", t.to_ascii_lowercase()))
        .collect();
    techniques.sort_unstable();
    techniques.dedup();
    tags.extend(techniques.into_iter().take(10).filter(|t| !source.tags.contains(&t.as_str())));
    let marking = all.iter().map(|i| i.marking).max().unwrap_or_default();
    let word = marking.as_str().trim_start_matches("TLP:").to_ascii_lowercase();
    tags.push(format!("tlp.{}", word.replace('+', "-")));
    tags
}

/// Writes the selections, one for each field and way of comparing; gives their names.
fn selections(source: &Source, items: &[Item<'_>], out: &mut String) -> Vec<String> {
    let mut heads: Vec<(&str, How)> = items.iter().map(|i| (i.field, i.how)).collect();
    heads.sort_unstable();
    heads.dedup();
    let mut names = Vec::new();
    for (field, how) in heads {
        let word: String = field
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        let way = how.modifier().trim_start_matches('|');
        let name = format!("selection_{word}{}{way}", if way.is_empty() { "" } else { "_" });
        out.push_str(&format!("    {name}:\n"));
        for (key, value) in source.asks {
            out.push_str(&format!("        {key}: {value}\n"));
        }
        out.push_str(&format!("        {field}{}:\n", how.modifier()));
        for item in items.iter().filter(|i| i.field == field && i.how == how) {
            let value = if how == How::Cidr { item.value.clone() } else { escape(&item.value) };
            out.push_str(&format!(
                "            - {} # {}\n",
                quoted(&value),
                item.indicator.evidence()
            ));
        }
        names.push(name);
    }
    names
}

/// Worth of an alert: by the source, one step down when nothing in it is probable.
fn level(source: &Source, all: &[&Indicator]) -> &'static str {
    let best = all.iter().map(|i| i.probability).fold(0.0, f64::max);
    match (source.level, best) {
        ("high", p) if p < 0.6 => "medium",
        ("medium", p) if p < 0.6 => "low",
        (level, _) => level,
    }
}
