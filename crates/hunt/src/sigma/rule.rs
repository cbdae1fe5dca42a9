//! Documents of Sigma: rules, correlations, filters, and files of several with `action`.

use lapwing_model::Severity;

use super::condition::{Expr, Quantity};
use super::correlation::Correlation;
use super::item::{self, Placeholders, Refusal};
use super::test::Test;
use super::view::Fields;
use super::yaml::{self, Node, Value};
use crate::record::shorten;

/// Which records a rule is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogSource {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

/// What a rule, a correlation or a filter says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// The `id`; else the `name`; else the title.
    pub id: String,
    /// The `name`, by which correlations and filters refer to it.
    pub name: Option<String>,
    pub title: String,
    /// What it finds: the first sentence of its description.
    pub says: Option<String>,
    pub severity: Severity,
    pub status: String,
    /// ATT&CK techniques of its tags.
    pub techniques: Vec<String>,
    pub line: u64,
}

/// A detection rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub header: Header,
    pub source: LogSource,
    pub test: Test,
}

/// A filter: what is taken off the matches of other rules.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub header: Header,
    pub source: LogSource,
    /// Identifiers or names; `None` for any rule of the log source.
    pub rules: Option<Vec<String>>,
    pub test: Test,
}

/// One document.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Rule(Box<Rule>),
    Correlation(Box<Correlation>),
    Filter(Box<Filter>),
}

/// Compiles all documents of a file; each that cannot be is a refusal of its own.
pub(crate) fn documents(
    text: &str,
    fields: &mut Fields,
    placeholders: &Placeholders,
) -> Vec<Result<Document, Refusal>> {
    let nodes = match yaml::documents(text) {
        Ok(nodes) => nodes,
        Err(refusal) => return vec![Err(refusal)],
    };
    let mut out = Vec::new();
    let mut global: Option<Node> = None;
    let mut previous: Option<Node> = None;
    for node in nodes {
        let action = node.text("action").map(str::to_ascii_lowercase);
        let node = match (action.as_deref(), &global, &previous) {
            (Some("global"), _, _) => {
                let part = node.without("action");
                match &mut global {
                    Some(global) => global.merge(&part),
                    None => global = Some(part),
                }
                continue;
            }
            (Some("reset"), _, _) => {
                global = None;
                continue;
            }
            (Some("repeat"), _, Some(previous)) => {
                let mut whole = previous.clone();
                whole.merge(&node.without("action"));
                whole
            }
            (Some(other), _, _) => {
                out.push(Err((node.line, format!("`action: {other}` is not understood here"))));
                continue;
            }
            (None, Some(global), _) => {
                let mut whole = global.clone();
                whole.line = node.line;
                whole.merge(&node);
                whole
            }
            (None, None, _) => node,
        };
        out.push(document(&node, fields, placeholders));
        previous = Some(node);
    }
    out
}

fn document(
    node: &Node,
    fields: &mut Fields,
    placeholders: &Placeholders,
) -> Result<Document, Refusal> {
    let header = header(node)?;
    if let Some(part) = node.get("correlation") {
        let correlation = Correlation::new(header, node, part)?;
        return Ok(Document::Correlation(Box::new(correlation)));
    }
    let source = log_source(node)?;
    if let Some(part) = node.get("filter") {
        let rules = match part.get("rules") {
            None => return Err((part.line, "the filter names no rules".to_owned())),
            Some(_) => part.texts("rules"),
        };
        let any = rules.iter().any(|rule| rule.eq_ignore_ascii_case("any"));
        let rules = (!any).then(|| rules.iter().map(|rule| (*rule).to_owned()).collect());
        let test = detection(&part.clone().without("rules"), fields, placeholders)?;
        return Ok(Document::Filter(Box::new(Filter { header, source, rules, test })));
    }
    let Some(part) = node.get("detection") else {
        return Err((node.line, "the document has no `detection`".to_owned()));
    };
    let test = detection(part, fields, placeholders)?;
    Ok(Document::Rule(Box::new(Rule { header, source, test })))
}

fn header(node: &Node) -> Result<Header, Refusal> {
    if !matches!(node.value, Value::Map(_)) {
        return Err((node.line, "the document is no rule".to_owned()));
    }
    let Some(title) = node.text("title") else {
        return Err((node.line, "the document has no `title`".to_owned()));
    };
    let name = node.text("name").map(str::to_owned);
    let severity = match node.text("level").map(str::to_ascii_lowercase).as_deref() {
        None | Some("informational") => Severity::Informational,
        Some("low") => Severity::Low,
        Some("medium") => Severity::Medium,
        Some("high") => Severity::High,
        Some("critical") => Severity::Critical,
        Some(other) => {
            let line = node.get("level").map_or(node.line, |level| level.line);
            return Err((line, format!("the level `{other}` is not known")));
        }
    };
    let id = node.text("id").map(str::to_owned).or_else(|| name.clone());
    Ok(Header {
        id: id.unwrap_or_else(|| title.to_owned()),
        name,
        title: title.to_owned(),
        says: node.text("description").and_then(first_sentence),
        severity,
        status: node.text("status").unwrap_or("").to_ascii_lowercase(),
        techniques: node.texts("tags").into_iter().filter_map(technique).collect(),
        line: node.line,
    })
}

/// The first sentence of a text in one line, without its full stop.
fn first_sentence(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let end = line.find(". ").unwrap_or(line.len());
    let sentence = line[..end].trim_end_matches(['.', ':']);
    (!sentence.is_empty()).then(|| shorten(sentence, 240))
}

/// `T1505.003` of the tag `attack.t1505.003`.
fn technique(tag: &str) -> Option<String> {
    let tag = tag.to_ascii_uppercase();
    let number = tag.strip_prefix("ATTACK.T")?;
    let digits = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    (digits && number.len() >= 4).then(|| format!("T{number}"))
}

fn log_source(node: &Node) -> Result<LogSource, Refusal> {
    let Some(part) = node.get("logsource") else {
        return Err((node.line, "the document has no `logsource`".to_owned()));
    };
    let text =
        |key: &str| part.text(key).filter(|text| !text.is_empty()).map(str::to_ascii_lowercase);
    let source = LogSource {
        product: text("product"),
        category: text("category"),
        service: text("service"),
    };
    if source == LogSource::default() {
        return Err((part.line, "`logsource` names no product, category or service".to_owned()));
    }
    Ok(source)
}

/// Compiles selections and condition.
fn detection(
    part: &Node,
    fields: &mut Fields,
    placeholders: &Placeholders,
) -> Result<Test, Refusal> {
    let Value::Map(map) = &part.value else {
        return Err((part.line, "`detection` holds no selections".to_owned()));
    };
    let mut selections = Vec::new();
    for (name, node) in map {
        if name != "condition" && name != "timeframe" {
            selections.push((name.as_str(), selection(name, node, fields, placeholders)?));
        }
    }
    let Some(condition) = part.get("condition") else {
        return Err((part.line, "`detection` has no `condition`".to_owned()));
    };
    let texts = part.texts("condition");
    if texts.is_empty() {
        return Err((condition.line, "the condition is empty".to_owned()));
    }
    let mut tests = Vec::new();
    for text in texts {
        let refused = |what| (condition.line, what);
        let expr = Expr::parse(text).map_err(refused)?;
        tests.push(test_of(&expr, &selections).map_err(refused)?);
    }
    Ok(match tests.len() {
        1 => tests.remove(0),
        _ => Test::AtLeast(1, tests),
    })
}

fn selection(
    name: &str,
    node: &Node,
    fields: &mut Fields,
    placeholders: &Placeholders,
) -> Result<Test, Refusal> {
    match &node.value {
        Value::Map(map) if map.is_empty() => {
            Err((node.line, format!("the selection `{name}` is empty")))
        }
        Value::Map(map) => {
            let mut tests = Vec::with_capacity(map.len());
            for (key, value) in map {
                tests.push(item::compile(key, value, fields, placeholders)?);
            }
            Ok(match tests.len() {
                1 => tests.remove(0),
                _ => Test::All(tests),
            })
        }
        Value::List(list) if list.is_empty() => {
            Err((node.line, format!("the selection `{name}` is empty")))
        }
        Value::List(list) => {
            let mut tests = Vec::with_capacity(list.len());
            for part in list {
                tests.push(selection(name, part, fields, placeholders)?);
            }
            Ok(match tests.len() {
                1 => tests.remove(0),
                _ => Test::AtLeast(1, tests),
            })
        }
        Value::Null => Err((node.line, format!("the selection `{name}` is empty"))),
        _ => item::compile("", node, fields, placeholders),
    }
}

/// The test of a condition over named selections.
pub(crate) fn test_of(expr: &Expr, selections: &[(&str, Test)]) -> Result<Test, String> {
    let all = |list: &[Expr]| {
        list.iter().map(|part| test_of(part, selections)).collect::<Result<Vec<_>, _>>()
    };
    match expr {
        Expr::And(list) => Ok(Test::All(all(list)?)),
        Expr::Or(list) => Ok(Test::AtLeast(1, all(list)?)),
        Expr::Not(inner) => Ok(Test::Not(Box::new(test_of(inner, selections)?))),
        Expr::Name(name) => {
            selections.iter().find(|(own, _)| own == name).map(|(_, test)| test.clone()).ok_or_else(
                || format!("the condition names `{name}`, and there is no such selection"),
            )
        }
        Expr::Of(quantity, group) => {
            let list: Vec<Test> = selections
                .iter()
                .filter(|(name, _)| Expr::covers(group.as_deref(), name))
                .map(|(_, test)| test.clone())
                .collect();
            if list.is_empty() {
                return Err(format!("no selection is meant by `{expr}`"));
            }
            Ok(match quantity {
                Quantity::All => Test::All(list),
                Quantity::AtLeast(number) => Test::AtLeast(*number as usize, list),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Document, Refusal>> {
        documents(text, &mut Fields::default(), &Placeholders::new())
    }

    #[test]
    fn global_repeat_and_reset() {
        let text = "action: global\ntitle: Base\nlogsource: {product: p}\n\
                    ---\nid: one\ndetection: {s: {a: 1}, condition: s}\n\
                    ---\naction: repeat\nid: two\ndetection: {s: {a: 2}}\n\
                    ---\naction: reset\n---\nid: three\ndetection: {s: {a: 1}, condition: s}\n";
        let list = read(text);
        let told: Vec<String> = list
            .iter()
            .map(|result| match result {
                Ok(Document::Rule(rule)) => format!("{} {}", rule.header.title, rule.header.id),
                Ok(_) => "other".to_owned(),
                Err((line, what)) => format!("{line}: {what}"),
            })
            .collect();
        assert_eq!(told, ["Base one", "Base two", "14: the document has no `title`"]);
    }

    #[test]
    fn a_refusal_names_line_and_reason() {
        let rule = |detection: &str| format!("title: t\nlogsource:\n  product: p\n{detection}");
        for (text, line, part) in [
            (rule(""), 1, "no `detection`"),
            (rule("detection:\n  s:\n    a: 1\n"), 5, "no `condition`"),
            (rule("detection:\n  s:\n    a|b: 1\n  condition: s\n"), 6, "modifier `b`"),
            (rule("detection:\n  s: {a: 1}\n  condition: t\n"), 6, "names `t`"),
            (rule("detection:\n  s: {a: 1}\n  condition: 1 of x*\n"), 6, "no selection"),
            (rule("detection:\n  s: {a: 1}\n  condition: s | count() > 5\n"), 6, "correlation"),
            (rule("detection:\n  s:\n  condition: s\n"), 5, "is empty"),
            ("title: t\ndetection: {}\n".to_owned(), 1, "no `logsource`"),
            (rule("level: huge\n"), 4, "`huge`"),
            ("just text".to_owned(), 1, "no rule"),
        ] {
            let list = read(&text);
            let Err((at, what)) = &list[0] else { panic!("{text}") };
            assert!(what.contains(part), "{text}: {what}");
            assert_eq!(*at, line, "{text}: {what}");
        }
    }

    #[test]
    fn tags_give_the_technique() {
        assert_eq!(technique("attack.t1505.003").as_deref(), Some("T1505.003"));
        assert_eq!(technique("attack.persistence"), None);
        assert_eq!(technique("cve.2021-26855"), None);
    }
}
