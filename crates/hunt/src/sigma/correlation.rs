//! Correlations: what the matches of other rules say together, in order of time across all files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lapwing_model::Place;

use super::condition::{Expr, Quantity};
use super::item::Refusal;
use super::rule::Header;
use super::test::{Compare, number};
use super::yaml::{Node, Value};

/// What is counted or computed over the events of a group within the time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
    ValueSum,
    ValueAverage,
    ValuePercentile,
    ValueMedian,
}

/// A correlation rule.
#[derive(Clone, Debug)]
pub(crate) struct Correlation {
    pub header: Header,
    kind: Kind,
    /// Identifiers or names of the rules whose matches are correlated.
    pub rules: Vec<String>,
    group_by: Vec<String>,
    /// By alias: the field that stands for it, by rule.
    aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Seconds.
    timespan: i64,
    limits: Vec<(Compare, f64)>,
    expr: Option<Expr>,
    value_fields: Vec<String>,
    percentile: f64,
    /// Whether the matches of the rules are findings of their own besides.
    pub generate: bool,
}

/// A match of a rule, or of a correlation, that a correlation asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    pub time: Timestamp,
    pub file: String,
    pub place: Option<Place>,
    pub offset: u64,
    /// Identifier of the rule.
    pub rule: String,
    /// Values by field name in lower case.
    pub values: BTreeMap<String, String>,
}

/// What a correlation found.
#[derive(Clone, Debug)]
pub(crate) struct Firing {
    /// Number of the correlation.
    pub correlation: usize,
    /// The events, in order of time; the last completed it.
    pub events: Vec<Event>,
    /// Group fields and their values.
    pub group: Vec<(String, String)>,
    /// What was counted or computed.
    pub value: f64,
}

impl Correlation {
    pub(crate) fn new(header: Header, node: &Node, part: &Node) -> Result<Self, Refusal> {
        let refused = |what: String| (part.line, what);
        let kind = match part.text("type").unwrap_or("") {
            "event_count" => Kind::EventCount,
            "value_count" => Kind::ValueCount,
            "temporal" => Kind::Temporal,
            "temporal_ordered" => Kind::TemporalOrdered,
            "value_sum" => Kind::ValueSum,
            "value_avg" => Kind::ValueAverage,
            "value_percentile" => Kind::ValuePercentile,
            "value_median" => Kind::ValueMedian,
            other => return Err(refused(format!("the correlation type `{other}` is not known"))),
        };
        let texts =
            |key: &str| -> Vec<String> { part.texts(key).into_iter().map(str::to_owned).collect() };
        let rules = texts("rules");
        if rules.is_empty() {
            return Err(refused("the correlation names no rules".to_owned()));
        }
        let timespan = part.text("timespan").or_else(|| part.text("timeframe")).unwrap_or("");
        let timespan = seconds(timespan)
            .ok_or_else(|| refused(format!("the time span `{timespan}` is not understood")))?;
        let generate = part.text("generate").or_else(|| node.text("generate")) == Some("true");
        let mut correlation = Self {
            header,
            kind,
            rules,
            group_by: texts("group-by"),
            aliases: aliases(part.get("aliases")),
            timespan,
            limits: Vec::new(),
            expr: None,
            value_fields: Vec::new(),
            percentile: 95.0,
            generate,
        };
        if let Some(condition) = part.get("condition") {
            correlation.condition(condition).map_err(|what| (condition.line, what))?;
        }
        let temporal = matches!(kind, Kind::Temporal | Kind::TemporalOrdered);
        if !temporal && correlation.limits.is_empty() {
            return Err(refused("the correlation has no condition".to_owned()));
        }
        if !temporal && kind != Kind::EventCount && correlation.value_fields.is_empty() {
            return Err(refused("the condition names no `field`".to_owned()));
        }
        Ok(correlation)
    }

    fn condition(&mut self, node: &Node) -> Result<(), String> {
        let Value::Map(map) = &node.value else {
            let text = node.as_text().ok_or("the condition is not understood")?;
            let expr = Expr::parse(text)?;
            names(&expr, &self.rules)?;
            self.expr = Some(expr);
            return Ok(());
        };
        for (key, value) in map {
            let compare = match key.as_str() {
                "gt" => Compare::Greater,
                "gte" => Compare::GreaterOrEqual,
                "lt" => Compare::Less,
                "lte" => Compare::LessOrEqual,
                "eq" => Compare::Equal,
                "neq" => Compare::NotEqual,
                "field" => {
                    self.value_fields =
                        node.texts("field").into_iter().map(str::to_owned).collect();
                    continue;
                }
                "percentile" => {
                    let part = value.as_text().and_then(number);
                    let within = part.filter(|p| (0.0..=100.0).contains(p));
                    self.percentile = within.ok_or("`percentile` is a number from 0 to 100")?;
                    continue;
                }
                other => return Err(format!("`{other}` is no part of a correlation's condition")),
            };
            let limit = value.as_text().and_then(number);
            self.limits.push((compare, limit.ok_or_else(|| format!("`{key}` needs a number"))?));
        }
        Ok(())
    }

    /// The fields, in lower case, whose values an event of `rule` must bring along.
    pub(crate) fn fields_of(&self, rule: &str, name: Option<&str>) -> Vec<String> {
        self.group_by
            .iter()
            .chain(&self.value_fields)
            .map(|field| self.field(field, rule, name).to_lowercase())
            .collect()
    }

    fn field<'c>(&'c self, field: &'c str, rule: &str, name: Option<&str>) -> &'c str {
        let alias = self.aliases.get(field);
        let own = alias.and_then(|map| map.get(rule).or_else(|| map.get(name?)));
        own.map_or(field, String::as_str)
    }

    /// Whether more events can only make the condition hold: then it is told at once, else at
    /// the end of the time span.
    fn only_grows(&self) -> bool {
        let grows = |c: Compare| matches!(c, Compare::Greater | Compare::GreaterOrEqual);
        !matches!(self.kind, Kind::ValueAverage | Kind::ValuePercentile | Kind::ValueMedian)
            && self.limits.iter().all(|(compare, _)| grows(*compare))
    }
}

/// Refuses an expression with a name that is no rule of the correlation.
fn names(expr: &Expr, rules: &[String]) -> Result<(), String> {
    match expr {
        Expr::And(list) | Expr::Or(list) => list.iter().try_for_each(|part| names(part, rules)),
        Expr::Not(inner) => names(inner, rules),
        Expr::Name(name) if rules.contains(name) => Ok(()),
        Expr::Name(name) => Err(format!("`{name}` is none of the correlation's rules")),
        Expr::Of(..) => Ok(()),
    }
}

fn aliases(node: Option<&Node>) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    let Some(Node { value: Value::Map(map), .. }) = node else { return all };
    for (alias, rules) in map {
        let Value::Map(rules) = &rules.value else { continue };
        let fields = rules
            .iter()
            .filter_map(|(rule, field)| Some((rule.clone(), field.as_text()?.to_owned())));
        all.insert(alias.clone(), fields.collect());
    }
    all
}

/// `90m` in seconds.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].trim().parse().ok()?;
    let length = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'M' => 30 * 86_400,
        _ => return None,
    };
    number.checked_mul(length).filter(|seconds| *seconds > 0)
}

/// Gives the identifier and the name of a rule for either of them.
pub(crate) type Resolve<'r> = dyn Fn(&str) -> Option<(String, Option<String>)> + 'r;

/// Runs all correlations over the matches of all files. `resolve` gives the identifier of a rule
/// or correlation for the name or identifier by which a correlation refers to it, and its name.
pub(crate) fn run(
    correlations: &[Correlation],
    mut events: Vec<Event>,
    resolve: &Resolve<'_>,
) -> Vec<Firing> {
    let mut firings = Vec::new();
    for number in in_order(correlations, resolve) {
        let correlation = &correlations[number];
        events.sort();
        let found = correlation.fire(number, &events, resolve);
        for firing in &found {
            if let Some(last) = firing.events.last() {
                let mut values = last.values.clone();
                for (name, value) in &firing.group {
                    values.entry(name.to_lowercase()).or_insert_with(|| value.clone());
                }
                events.push(Event { rule: correlation.header.id.clone(), values, ..last.clone() });
            }
        }
        firings.extend(found);
    }
    firings
}

/// Correlations after those that they refer to; one that refers to itself over others is last.
fn in_order(correlations: &[Correlation], resolve: &Resolve<'_>) -> Vec<usize> {
    let waits_for: Vec<BTreeSet<usize>> = correlations
        .iter()
        .map(|correlation| {
            let ids = correlation.rules.iter().filter_map(|rule| resolve(rule)).map(|(id, _)| id);
            ids.filter_map(|id| correlations.iter().position(|c| c.header.id == id)).collect()
        })
        .collect();
    let mut order: Vec<usize> = Vec::new();
    while order.len() < correlations.len() {
        let open = (0..correlations.len()).filter(|n| !order.contains(n)).collect::<Vec<_>>();
        let ready = open.iter().find(|n| waits_for[**n].iter().all(|other| order.contains(other)));
        order.extend(ready.or(open.first()).copied());
    }
    order
}

impl Correlation {
    fn fire(&self, number: usize, events: &[Event], resolve: &Resolve<'_>) -> Vec<Firing> {
        // Position in `rules` by identifier.
        let mut members: BTreeMap<String, (usize, Option<String>)> = BTreeMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            if let Some((id, name)) = resolve(rule) {
                members.insert(id, (at, name));
            }
        }
        let mut groups: BTreeMap<Vec<String>, Vec<(usize, &Event)>> = BTreeMap::new();
        for event in events {
            let Some((at, name)) = members.get(&event.rule) else { continue };
            let value = |field: &String| {
                let field = self.field(field, &event.rule, name.as_deref()).to_lowercase();
                event.values.get(&field).map(|value| value.to_lowercase())
            };
            // An event without a field of the group belongs to none.
            let key: Option<Vec<String>> = self.group_by.iter().map(value).collect();
            if let Some(key) = key {
                groups.entry(key).or_default().push((*at, event));
            }
        }
        let mut firings = Vec::new();
        for (key, list) in groups {
            for window in self.windows(&list) {
                firings.push(Firing {
                    correlation: number,
                    events: window.iter().map(|(_, event)| (*event).clone()).collect(),
                    group: self.group_by.iter().cloned().zip(key.iter().cloned()).collect(),
                    value: self.value(window).unwrap_or(0.0),
                });
            }
        }
        firings.sort_by(|a, b| (a.events.last(), &a.group).cmp(&(b.events.last(), &b.group)));
        firings
    }

    /// The runs of events that fulfil the condition; no event is in two of them.
    fn windows<'w, 'e>(&self, list: &'w [(usize, &'e Event)]) -> Vec<&'w [(usize, &'e Event)]> {
        let mut found = Vec::new();
        let mut from = 0;
        let late = |from: usize, at: usize| {
            list[at].1.time.as_second() - list[from].1.time.as_second() > self.timespan
        };
        let at_once = self.only_grows();
        for at in 0..list.len() {
            if at_once {
                while late(from, at) {
                    from += 1;
                }
                if self.holds(&list[from..=at]) {
                    found.push(&list[from..=at]);
                    from = at + 1;
                }
            } else if at + 1 == list.len() || late(from, at + 1) {
                if self.holds(&list[from..=at]) {
                    found.push(&list[from..=at]);
                }
                from = at + 1;
            }
        }
        found
    }

    fn holds(&self, window: &[(usize, &Event)]) -> bool {
        let temporal = matches!(self.kind, Kind::Temporal | Kind::TemporalOrdered);
        if temporal && self.limits.is_empty() {
            let there: BTreeSet<usize> = window.iter().map(|(at, _)| *at).collect();
            let fulfilled = match &self.expr {
                Some(expr) => self.expr_holds(expr, &there),
                None => there.len() == self.rules.len(),
            };
            return fulfilled && (self.kind == Kind::Temporal || in_sequence(window, &there));
        }
        let fits = |value: f64| self.limits.iter().all(|(c, limit)| c.holds(value, *limit));
        let there: BTreeSet<usize> = window.iter().map(|(at, _)| *at).collect();
        self.value(window).is_some_and(fits)
            && (self.kind != Kind::TemporalOrdered || in_sequence(window, &there))
    }

    fn expr_holds(&self, expr: &Expr, there: &BTreeSet<usize>) -> bool {
        match expr {
            Expr::And(list) => list.iter().all(|part| self.expr_holds(part, there)),
            Expr::Or(list) => list.iter().any(|part| self.expr_holds(part, there)),
            Expr::Not(inner) => !self.expr_holds(inner, there),
            Expr::Name(name) => self
                .rules
                .iter()
                .position(|rule| rule == name)
                .is_some_and(|at| there.contains(&at)),
            Expr::Of(quantity, group) => {
                let mut meant = (0..self.rules.len())
                    .filter(|at| Expr::covers(group.as_deref(), &self.rules[*at]));
                match quantity {
                    Quantity::All => meant.all(|at| there.contains(&at)),
                    Quantity::AtLeast(most) => {
                        meant.filter(|at| there.contains(at)).count() >= *most as usize
                    }
                }
            }
        }
    }

    /// What the kind of correlation counts or computes over a window.
    fn value(&self, window: &[(usize, &Event)]) -> Option<f64> {
        let values = || {
            window.iter().filter_map(|(at, event)| {
                let list: Option<Vec<&str>> = self
                    .value_fields
                    .iter()
                    .map(|field| {
                        let name = Some(self.rules[*at].as_str());
                        let field = self.field(field, &event.rule, name).to_lowercase();
                        event.values.get(&field).map(String::as_str)
                    })
                    .collect();
                list
            })
        };
        let mut numbers: Vec<f64> =
            values().filter_map(|list| number(list.first()?)).filter(|n| n.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        let middle = |percent: f64| {
            let at = percent / 100.0 * numbers.len().saturating_sub(1) as f64;
            let (low, high) = (numbers.get(at.floor() as usize)?, numbers.get(at.ceil() as usize)?);
            Some(low + (high - low) * at.fract())
        };
        match self.kind {
            Kind::EventCount => Some(window.len() as f64),
            Kind::ValueCount => {
                let distinct: BTreeSet<Vec<String>> =
                    values().map(|l| l.iter().map(|v| v.to_lowercase()).collect()).collect();
                Some(distinct.len() as f64)
            }
            Kind::Temporal | Kind::TemporalOrdered => {
                Some(window.iter().map(|(at, _)| at).collect::<BTreeSet<_>>().len() as f64)
            }
            Kind::ValueSum => (!numbers.is_empty()).then(|| numbers.iter().sum()),
            Kind::ValueAverage => {
                let sum: f64 = numbers.iter().sum();
                (!numbers.is_empty()).then(|| sum / numbers.len() as f64)
            }
            Kind::ValuePercentile => middle(self.percentile),
            Kind::ValueMedian => middle(50.0),
        }
    }

    /// What the correlation found, as a sentence.
    pub(crate) fn told(&self, firing: &Firing) -> String {
        let value = firing.value;
        let span = self.timespan;
        let fields = self.value_fields.join(", ");
        let count = firing.events.len();
        let what = match self.kind {
            Kind::EventCount => format!("{value} events within {span} s"),
            Kind::ValueCount => format!("{value} different values of {fields} within {span} s"),
            Kind::Temporal => format!("{value} rules matched within {span} s"),
            Kind::TemporalOrdered => {
                format!("{value} rules matched one after the other within {span} s")
            }
            Kind::ValueSum => format!("the sum of {fields} in {count} events is {value}"),
            Kind::ValueAverage => format!("the mean of {fields} in {count} events is {value}"),
            Kind::ValuePercentile => {
                format!("percentile {} of {fields} in {count} events is {value}", self.percentile)
            }
            Kind::ValueMedian => format!("the median of {fields} in {count} events is {value}"),
        };
        let group: Vec<String> =
            firing.group.iter().map(|(name, value)| format!("{name} {value}")).collect();
        if group.is_empty() { what } else { format!("{what} for {}", group.join(", ")) }
    }
}

/// Whether the rules that are there occur in their order.
fn in_sequence(window: &[(usize, &Event)], there: &BTreeSet<usize>) -> bool {
    let mut wanted = there.iter().peekable();
    for (at, _) in window {
        if wanted.peek() == Some(&at) {
            wanted.next();
        }
    }
    wanted.peek().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::yaml;

    fn correlation(text: &str) -> Correlation {
        let node = yaml::documents(text).unwrap().remove(0);
        let header = Header {
            id: node.text("id").unwrap_or("c").to_owned(),
            name: None,
            says: None,
            title: "t".to_owned(),
            severity: lapwing_model::Severity::High,
            status: String::new(),
            techniques: Vec::new(),
            line: 1,
        };
        Correlation::new(header, &node, node.get("correlation").unwrap()).unwrap()
    }

    fn event(rule: &str, second: i64, values: &[(&str, &str)]) -> Event {
        Event {
            time: Timestamp::from_second(second).unwrap(),
            file: "f".to_owned(),
            place: None,
            offset: 0,
            rule: rule.to_owned(),
            values: values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    /// The times of the events that completed a correlation.
    fn fired(text: &str, events: Vec<Event>) -> Vec<i64> {
        let list = [correlation(text)];
        run(&list, events, &|rule| Some((rule.to_owned(), None)))
            .iter()
            .map(|firing| firing.events.last().unwrap().time.as_second())
            .collect()
    }

    #[test]
    fn counts_within_the_span_and_the_group() {
        let text = "correlation:\n  type: event_count\n  rules: [a]\n  group-by: [user]\n  timespan: 10s\n  condition: {gte: 3}\n";
        let user = |who: &'static str, at: i64| event("a", at, &[("user", who)]);
        let events = vec![
            user("x", 0),
            user("y", 1),
            user("x", 5),
            user("X", 10),
            user("x", 11),
            user("y", 50),
            user("y", 61),
            user("y", 62),
            user("y", 70),
        ];
        assert_eq!(fired(text, events), [10, 70]);
        let fewer = "correlation:\n  type: event_count\n  rules: [a]\n  timespan: 10s\n  condition: {lt: 2}\n";
        let events = vec![event("a", 0, &[]), event("a", 5, &[]), event("a", 100, &[])];
        assert_eq!(fired(fewer, events), [100]);
    }

    #[test]
    fn different_values_and_numbers() {
        let kind = |kind: &str, condition: &str| {
            format!(
                "correlation:\n  type: {kind}\n  rules: [a]\n  timespan: 1m\n  condition: {{field: n, {condition}}}\n"
            )
        };
        let list = |values: &[&str]| -> Vec<Event> {
            let at = |(at, value): (usize, &&str)| event("a", at as i64, &[("n", value)]);
            values.iter().enumerate().map(at).collect()
        };
        for (text, values, expected) in [
            (kind("value_count", "gte: 3"), &["a", "A", "b", "c"][..], true),
            (kind("value_count", "gte: 4"), &["a", "A", "b", "c"], false),
            (kind("value_sum", "gt: 9"), &["4", "5", "1"], true),
            (kind("value_sum", "gt: 10"), &["4", "5", "1"], false),
            (kind("value_avg", "gte: 3, lte: 4"), &["1", "9", "0"], true),
            (kind("value_median", "eq: 1"), &["1", "9", "0"], true),
            (kind("value_percentile", "gte: 9, percentile: 100"), &["1", "9", "0"], true),
            (kind("value_percentile", "gte: 9, percentile: 50"), &["1", "9", "0"], false),
        ] {
            assert_eq!(!fired(&text, list(values)).is_empty(), expected, "{text}");
        }
    }

    #[test]
    fn temporal_in_any_order_or_in_order() {
        let kind = |kind: &str, more: &str| {
            format!("correlation:\n  type: {kind}\n  rules: [a, b]\n  timespan: 1m\n{more}")
        };
        let wrong = || vec![event("b", 0, &[]), event("a", 5, &[])];
        let right = || vec![event("a", 0, &[]), event("b", 5, &[])];
        assert_eq!(fired(&kind("temporal", ""), wrong()), [5]);
        assert_eq!(fired(&kind("temporal_ordered", ""), wrong()), [0; 0]);
        assert_eq!(fired(&kind("temporal_ordered", ""), right()), [5]);
        let either = kind("temporal", "  condition: a or b\n");
        assert_eq!(fired(&either, wrong()), [0, 5]);
        let late = vec![event("a", 0, &[]), event("b", 61, &[])];
        assert_eq!(fired(&kind("temporal", ""), late), [0; 0]);
    }

    #[test]
    fn aliases_name_the_field_of_each_rule() {
        let text = "correlation:\n  type: temporal\n  rules: [a, b]\n  group-by: [ip]\n  timespan: 1m\n  aliases:\n    ip: {a: Src, b: dst}\n";
        let events =
            |b: &'static str| vec![event("a", 0, &[("src", "1")]), event("b", 5, &[("dst", b)])];
        assert_eq!(fired(text, events("1")), [5]);
        assert_eq!(fired(text, events("2")), [0; 0]);
    }

    #[test]
    fn correlations_of_correlations() {
        let many = "id: many\ncorrelation:\n  type: event_count\n  rules: [failed]\n  group-by: [host]\n  timespan: 1m\n  condition: {gte: 2}\n";
        let then = "id: then\ncorrelation:\n  type: temporal_ordered\n  rules: [many, good]\n  group-by: [user]\n  timespan: 1m\n";
        let list = [correlation(then), correlation(many)];
        let values = [("user", "u"), ("host", "h")];
        let events = vec![
            event("failed", 0, &values),
            event("failed", 1, &values),
            event("good", 2, &values),
        ];
        let found = run(&list, events, &|rule| Some((rule.to_owned(), None)));
        let told: Vec<usize> = found.iter().map(|firing| firing.correlation).collect();
        assert_eq!(told, [1, 0]);
        assert_eq!(list[1].told(&found[0]), "2 events within 60 s for host h");
    }

    #[test]
    fn spans_of_time() {
        assert_eq!(seconds("90m"), Some(5400));
        assert_eq!((seconds("1d"), seconds("10"), seconds("-1s")), (Some(86_400), None, None));
        assert_eq!(seconds("9999999999999999d"), None);
    }
}
