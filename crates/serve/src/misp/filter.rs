//! What a search asks for, in the words of MISP's clients.

use jiff::Timestamp;
use lapwing_engine::publish::export::ExportFormat;
use lapwing_engine::publish::misp;
use serde_json::{Map, Value};

use super::summary::Summary;
use crate::problem::Problem;

/// Results of one answer at most, and where the client does not say.
pub(super) const LARGEST: usize = 20_000;

/// Any of some words and none of others; `%` stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    any: Vec<String>,
    all: Vec<String>,
    none: Vec<String>,
}

impl Words {
    /// Reads a word, a list, `a&&b`, or `{"OR": …, "NOT": …, "AND": …}`; `!` refuses a word.
    fn of(value: Option<&Value>) -> Self {
        let mut words = Self::default();
        match value {
            Some(Value::Object(parts)) => {
                for (key, part) in parts {
                    let list = strings(part);
                    match key.to_ascii_uppercase().as_str() {
                        "AND" => words.all.extend(list),
                        "NOT" => words.none.extend(list),
                        _ => words.any.extend(list),
                    }
                }
            }
            Some(value) => {
                for word in strings(value) {
                    match word.strip_prefix('!') {
                        Some(refused) => words.none.push(refused.to_owned()),
                        None => words.any.push(word),
                    }
                }
            }
            None => {}
        }
        words
    }

    pub(super) fn is_empty(&self) -> bool {
        self.any.is_empty() && self.all.is_empty() && self.none.is_empty()
    }

    /// Whether one of several texts is among what is asked for, and none among what is refused.
    pub(super) fn take(&self, texts: &[&str]) -> bool {
        let has = |word: &String| texts.iter().any(|text| matches(word, text));
        (self.any.is_empty() || self.any.iter().any(has))
            && self.all.iter().all(has)
            && !self.none.iter().any(has)
    }

    /// Whether none of several texts is refused.
    fn refuses_none_of(&self, texts: &[&str]) -> bool {
        !self.none.iter().any(|word| texts.iter().any(|text| matches(word, text)))
    }

    /// Whether one of several texts must be among what is asked for.
    pub(super) fn asks(&self) -> bool {
        !self.any.is_empty()
    }

    /// Whether a text is one of those of which one must be there.
    pub(super) fn asks_for(&self, text: &str) -> bool {
        self.any.iter().any(|word| matches(word, text))
    }

    /// The words without a wildcard, when one of just these must hold.
    pub(super) fn plain(&self) -> Option<&[String]> {
        let is_plain = |word: &String| !word.contains('%');
        (!self.any.is_empty() && self.any.iter().all(is_plain)).then_some(&self.any)
    }
}

pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text
            .split("&&")
            .flat_map(|part| part.split('\n'))
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect(),
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(flag) => vec![u8::from(*flag).to_string()],
        _ => Vec::new(),
    }
}

/// Whether a text is a word, in any case; `%` stands for anything.
pub(super) fn matches(word: &str, text: &str) -> bool {
    let (word, text) = (word.to_lowercase(), text.to_lowercase());
    let mut parts = word.split('%');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// What a search asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    pub(super) value: Words,
    pub(super) kind: Words,
    pub(super) category: Words,
    pub(super) org: Words,
    /// Tags of the event or of the attribute.
    pub(super) tags: Words,
    /// Tags of the event alone.
    pub(super) event_tags: Words,
    /// What may stand anywhere: in the event's title and tags, in a value, a comment, a tag.
    pub(super) anywhere: Words,
    pub(super) event: Words,
    pub(super) uuid: Words,
    pub(super) info: Words,
    pub(super) to_ids: Option<bool>,
    pub(super) published: Option<bool>,
    /// Days of events, both included.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// When an event was changed, in seconds since 1970.
    pub(super) changed: Option<(i64, i64)>,
    /// When it was published.
    pub(super) published_in: Option<(i64, i64)>,
    /// When an attribute was changed.
    pub(super) attribute_changed: Option<(i64, i64)>,
    /// When it was seen first and last.
    pub(super) first_seen: Option<(i64, i64)>,
    pub(super) last_seen: Option<(i64, i64)>,
    /// The template of an object.
    pub(super) object: Words,
    pub(super) level: Words,
    pub(super) analysis: Words,
    pub(super) distribution: Words,
    /// Without what is known to be harmless.
    pub(super) no_harmless: bool,
    /// Without what is too old to raise an alarm.
    pub(super) no_expired: bool,
    /// What nothing here has was asked for: a sharing group, deleted attributes alone, proposals.
    pub(super) nothing: bool,
    /// With the tags of its event beside an attribute's own.
    pub(super) with_event_tags: bool,
    /// Without attributes.
    pub(super) metadata: bool,
    pub(super) format: Form,
    /// The columns of a table; none for those that MISP writes.
    pub(super) columns: Vec<String>,
    /// A table with what is told of the event.
    pub(super) with_context: bool,
    /// A table without the names of its columns.
    pub(super) headless: bool,
    pub(super) limit: usize,
    pub(super) page: usize,
}

impl Filter {
    /// Reads the body of a search for events or, with `attributes`, for attributes.
    pub(super) fn read(
        body: &Map<String, Value>,
        now: Timestamp,
        attributes: bool,
    ) -> Result<Self, Problem> {
        // Older clients wrap what they ask in `request`.
        let body = body.get("request").and_then(Value::as_object).unwrap_or(body);
        let given = |key: &str| body.get(key).filter(|value| !value.is_null());
        let words = |key: &str| Words::of(given(key));
        let flag = |key: &str| match given(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_i64() != Some(0)),
            Value::String(text) => Some(!matches!(text.as_str(), "" | "0" | "false")),
            _ => None,
        };
        let whole = |key: &str| -> Result<Option<usize>, Problem> {
            let Some(value) = given(key) else { return Ok(None) };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let number = text.trim().parse::<usize>();
            number.map(Some).map_err(|_| Problem::unreadable(format!("{key}={text}: a number")))
        };
        let day = |key: &str| -> Result<Option<String>, Problem> {
            given(key).map(|value| seconds(key, value, now).map(day_of)).transpose()
        };
        let times = |keys: &[&str]| -> Result<Option<(i64, i64)>, Problem> {
            let found = keys.iter().find_map(|key| Some((*key, given(key)?)));
            found.map(|(key, value)| range(key, value, now)).transpose()
        };
        let own = times(&["timestamp"])?;
        let (attribute_changed, event_changed) = if attributes { (own, None) } else { (None, own) };
        let format = given("returnFormat").and_then(Value::as_str).unwrap_or("json");
        let format = Form::of(&format.to_lowercase())?;
        let mut anywhere = Words::default();
        for key in ["searchall", "quickFilter"] {
            let part = |word: String| format!("%{}%", word.trim_matches('%'));
            let asked = words(key);
            anywhere.any.extend(asked.any.into_iter().map(part));
            anywhere.all.extend(asked.all.into_iter().map(part));
            anywhere.none.extend(asked.none.into_iter().map(part));
        }
        let groups = [words("sharinggroup"), words("hasproposal")];
        let only_deleted = given("deleted").is_some_and(|deleted| {
            deleted == "only" || deleted.as_array().is_some_and(|all| strings_are(all, "1"))
        });
        let nothing = only_deleted
            || !groups[0].is_empty()
            || groups[1].any.iter().any(|wanted| wanted != "0");
        // An event's own days: from and to, or both in one.
        let both = given("date").map(|value| range("date", value, now)).transpose()?;
        let (from, to) = both.map_or((None, None), |(from, to)| {
            (Some(day_of(from)), (to != i64::MAX).then(|| day_of(to)))
        });
        let limit = whole("limit")?.filter(|limit| *limit > 0).unwrap_or(LARGEST).min(LARGEST);
        Ok(Self {
            value: words("value"),
            kind: words("type"),
            category: words("category"),
            org: words("org"),
            tags: words("tags"),
            event_tags: words("event_tags"),
            anywhere,
            event: words("eventid"),
            uuid: words("uuid"),
            info: words("eventinfo"),
            to_ids: flag("to_ids"),
            published: flag("published"),
            from: day("from")?.or(from),
            to: day("to")?.or(to),
            changed: event_changed.or(times(&["event_timestamp"])?),
            published_in: times(&["publish_timestamp", "last"])?,
            attribute_changed,
            first_seen: times(&["first_seen"])?,
            last_seen: times(&["last_seen"])?,
            object: words("object_name"),
            level: words("threat_level_id"),
            analysis: words("analysis"),
            distribution: words("distribution"),
            no_harmless: flag("enforceWarninglist").unwrap_or(false),
            no_expired: flag("excludeDecayed").unwrap_or(false),
            nothing,
            with_event_tags: flag("includeEventTags").unwrap_or(false),
            metadata: flag("metadata").unwrap_or(false),
            format,
            columns: given("requested_attributes").map(strings).unwrap_or_default(),
            with_context: flag("includeContext").unwrap_or(false),
            headless: flag("headerless").unwrap_or(false),
            limit,
            page: whole("page")?.unwrap_or(1).max(1),
        })
    }

    /// How many results stand before the page.
    pub(super) fn skipped(&self) -> usize {
        (self.page - 1).saturating_mul(self.limit)
    }

    /// Whether an event is asked for, its attributes apart.
    pub(super) fn takes_event(&self, event: &Summary<'_>) -> bool {
        let date = &*event.date;
        let time = |text: &str| text.parse::<i64>().unwrap_or_default();
        let tags = event.tag_names();
        let creator = &event.creator;
        let mut orgs: Vec<&str> = vec![&creator.name, &creator.id, &creator.uuid];
        // All events are ours; whose report one tells is said by a tag.
        orgs.extend(tags.iter().filter_map(|tag| {
            tag.strip_prefix(misp::SOURCE_TAG)?.strip_prefix("=\"")?.strip_suffix('"')
        }));
        !self.nothing
            && self.event.take(&[&event.id, &event.uuid, &event.extends_uuid])
            && self.org.take(&orgs)
            && self.event_tags.take(&tags)
            && (self.info.is_empty() || self.info.take(&[&event.info]))
            && self.published.is_none_or(|wanted| event.published == wanted)
            && self.level.take(&[&event.threat_level_id])
            && self.analysis.take(&[&event.analysis])
            && self.distribution.take(&[&event.distribution])
            && self.from.as_deref().is_none_or(|from| date >= from)
            && self.to.as_deref().is_none_or(|to| date <= to)
            && self.changed.is_none_or(|(from, to)| (from..=to).contains(&time(&event.timestamp)))
            && self
                .published_in
                .is_none_or(|(from, to)| (from..=to).contains(&time(&event.publish_timestamp)))
    }

    /// Whether nothing is asked of events, their attributes apart.
    pub(super) fn takes_any_event(&self) -> bool {
        let words = [
            &self.event,
            &self.org,
            &self.event_tags,
            &self.info,
            &self.level,
            &self.analysis,
            &self.distribution,
        ];
        !self.nothing
            && words.iter().all(|words| words.is_empty())
            && self.published.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && self.changed.is_none()
            && self.published_in.is_none()
    }

    /// Whether anything is asked of attributes.
    pub(super) fn is_of_attributes(&self) -> bool {
        let words =
            [&self.value, &self.kind, &self.category, &self.object, &self.tags, &self.anywhere];
        words.iter().any(|words| !words.is_empty())
            || self.to_ids.is_some()
            || self.attribute_changed.is_some()
            || self.first_seen.is_some()
            || self.last_seen.is_some()
    }

    /// Whether an event is asked for by what stands in it: an attribute, or it itself where nothing
    /// is asked that only an attribute has.
    pub(super) fn takes_content(&self, event: &Value) -> bool {
        if !self.is_of_attributes() {
            return true;
        }
        let tags = tags_of(event);
        let info = event["info"].as_str().unwrap_or_default();
        // What is refused of tags is refused wherever it stands.
        let mut every = tags.clone();
        every.extend(attributes_of(event).flat_map(|(_, one)| tags_of(one)));
        if !self.tags.refuses_none_of(&every) {
            return false;
        }
        attributes_of(event).any(|(object, one)| self.takes(one, object, &tags, info))
            || (self.asks_only_words() && self.tags.take(&tags) && self.takes_anywhere(info, &tags))
    }

    /// Whether an event without a single attribute may be asked for.
    fn asks_only_words(&self) -> bool {
        let words = [&self.value, &self.kind, &self.category, &self.object];
        words.iter().all(|words| words.is_empty())
            && self.to_ids.is_none()
            && self.attribute_changed.is_none()
            && self.first_seen.is_none()
            && self.last_seen.is_none()
    }

    fn takes_anywhere(&self, info: &str, others: &[&str]) -> bool {
        let texts: Vec<&str> = std::iter::once(info).chain(others.iter().copied()).collect();
        self.anywhere.take(&texts)
    }

    /// Whether an attribute is asked for: of this object, in an event of these tags and this title.
    pub(super) fn takes(
        &self,
        attribute: &Value,
        object: Option<&Value>,
        event_tags: &[&str],
        info: &str,
    ) -> bool {
        let text = |key: &str| attribute[key].as_str().unwrap_or_default();
        let value = text("value");
        let mut values = vec![value];
        if text("type").contains('|') {
            values.extend(value.split('|'));
        }
        let mut tags = tags_of(attribute);
        tags.extend(event_tags);
        let name = object.and_then(|object| object["name"].as_str()).unwrap_or_default();
        let seen = |key: &str, wanted: Option<(i64, i64)>| {
            wanted.is_none_or(|(from, to)| {
                let time = text(key).parse::<Timestamp>().map(Timestamp::as_second);
                time.is_ok_and(|time| (from..=to).contains(&time))
            })
        };
        self.value.take(&values)
            && self.kind.take(&[text("type")])
            && self.category.take(&[text("category")])
            && (self.object.is_empty() || self.object.take(&[name]))
            && self.to_ids.is_none_or(|wanted| attribute["to_ids"] == wanted)
            && self.tags.take(&tags)
            && (self.anywhere.is_empty()
                || self
                    .takes_anywhere(info, &[&values[..], &tags[..], &[text("comment")]].concat()))
            && seen("first_seen", self.first_seen)
            && seen("last_seen", self.last_seen)
            && self.attribute_changed.is_none_or(|(from, to)| {
                (from..=to).contains(&text("timestamp").parse().unwrap_or_default())
            })
    }
}

/// The attributes of an event, each with the object that it is of.
pub(super) fn attributes_of(event: &Value) -> impl Iterator<Item = (Option<&Value>, &Value)> {
    fn list<'v>(of: &'v Value, key: &str) -> &'v [Value] {
        of[key].as_array().map(Vec::as_slice).unwrap_or_default()
    }
    let alone = list(event, "Attribute").iter().map(|one| (None, one));
    alone.chain(
        list(event, "Object").iter().flat_map(|object| {
            list(object, "Attribute").iter().map(move |one| (Some(object), one))
        }),
    )
}

/// The names of the tags of an event or an attribute.
pub(super) fn tags_of(of: &Value) -> Vec<&str> {
    let tags = of["Tag"].as_array().into_iter().flatten();
    tags.filter_map(|tag| tag["name"].as_str()).collect()
}

fn strings_are(all: &[Value], wanted: &str) -> bool {
    !all.is_empty() && all.iter().flat_map(strings).all(|word| word == wanted)
}

/// The form in which results are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Json,
    /// One value a line.
    Text,
    Csv,
    /// MD5 of each value, with its event.
    Cache,
    /// The digests of files, one a line.
    Hashes,
    /// As `lapwing export` writes it: for events only.
    Export(ExportFormat),
}

impl Form {
    fn of(name: &str) -> Result<Self, Problem> {
        Ok(match name {
            "json" => Self::Json,
            "text" => Self::Text,
            "csv" => Self::Csv,
            "cache" => Self::Cache,
            "hashes" => Self::Hashes,
            "stix2" => Self::Export(ExportFormat::Stix),
            "suricata" => Self::Export(ExportFormat::Suricata),
            "bro" | "zeek" => Self::Export(ExportFormat::Zeek),
            "rpz" => Self::Export(ExportFormat::Rpz),
            "yara" => Self::Export(ExportFormat::Yara),
            "sigma" => Self::Export(ExportFormat::Sigma),
            _ => {
                return Err(Problem::unreadable(format!("returnFormat={name}: not possible here"))
                    .hint(
                        "ask for json, csv, text, cache, hashes, stix2, suricata, zeek, rpz, yara or \
                         sigma; GET /api/v1/export has the other formats",
                    ));
            }
        })
    }
}

/// `5d`, `12h`, `30m`, seconds since 1970, or a day or time.
fn seconds(key: &str, value: &Value, now: Timestamp) -> Result<i64, Problem> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let wrong = || Problem::unreadable(format!("{key}={text}: write 5d, 12h, a day or seconds"));
    let text = text.trim();
    if let Some((number, unit)) = text.len().checked_sub(1).and_then(|at| text.split_at_checked(at))
        && let Ok(number) = number.parse::<i64>()
        && let Some(unit) = match unit {
            "d" => Some(86_400),
            "h" => Some(3_600),
            "m" => Some(60),
            "s" => Some(1),
            _ => None,
        }
    {
        return Ok(now.as_second().saturating_sub(number.saturating_mul(unit)));
    }
    if let Ok(number) = text.parse::<f64>() {
        return Ok(number as i64);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    day.to_zoned(jiff::tz::TimeZone::UTC).map(|z| z.timestamp().as_second()).map_err(|_| wrong())
}

pub(super) fn range(key: &str, value: &Value, now: Timestamp) -> Result<(i64, i64), Problem> {
    match value.as_array().map(Vec::as_slice) {
        Some([from, to]) => {
            let (from, to) = (seconds(key, from, now)?, seconds(key, to, now)?);
            Ok((from.min(to), from.max(to)))
        }
        _ => Ok((seconds(key, value, now)?, i64::MAX)),
    }
}

fn day_of(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filter(body: &Value) -> Result<Filter, Problem> {
        let now = "2021-03-10T00:00:00Z".parse().unwrap();
        Filter::read(body.as_object().unwrap(), now, false)
    }

    #[test]
    fn words_are_read_in_all_their_forms() {
        let words = Words::of(Some(&json!({ "OR": ["a%"], "NOT": "abc" })));
        assert!(words.take(&["ABD"]) && !words.take(&["abc"]) && !words.take(&["x"]));
        assert!(Words::of(Some(&json!("%shell%"))).take(&["a web Shell here"]));
        assert!(!Words::of(Some(&json!("shell"))).take(&["shells"]));
        assert!(Words::of(Some(&json!(["!a", "b"]))).take(&["b"]));
        assert!(matches("a%b%c", "axxbyyc") && !matches("a%b%c", "acb"));
        assert!(Words::of(Some(&json!("x"))).plain().is_some());
        assert!(Words::of(Some(&json!("x%"))).plain().is_none());
    }

    #[test]
    fn times_and_pages_are_read() {
        let last = filter(&json!({ "last": "5d" })).unwrap().published_in.unwrap();
        assert_eq!(last.0, "2021-03-05T00:00:00Z".parse::<Timestamp>().unwrap().as_second());
        let days = filter(&json!({ "from": "2021-03-02", "to": 1_614_816_000 })).unwrap();
        assert_eq!(
            (days.from.as_deref(), days.to.as_deref()),
            (Some("2021-03-02"), Some("2021-03-04"))
        );
        let paged = filter(&json!({ "limit": "10", "page": 3 })).unwrap();
        assert_eq!((paged.limit, paged.skipped()), (10, 20));
        for wrong in [
            json!({ "limit": "many" }),
            json!({ "last": "soon" }),
            json!({ "returnFormat": "xml" }),
        ] {
            assert_eq!(filter(&wrong).unwrap_err().status, 400);
        }
    }

    #[test]
    fn times_are_those_of_what_is_asked_for() {
        let now = "2021-03-10T00:00:00Z".parse().unwrap();
        let body = json!({ "timestamp": ["1614556800", 1_614_643_200], "published": 0 });
        let of = |attributes| Filter::read(body.as_object().unwrap(), now, attributes).unwrap();
        let event = |time: &str, published: bool| {
            json!({ "id": "1", "uuid": "", "extends_uuid": "", "info": "", "date": "", "analysis": "",
                "timestamp": time, "published": published, "publish_timestamp": "0",
                "sighting_timestamp": "0", "threat_level_id": "", "distribution": "",
                "Orgc": { "id": "1", "name": "", "uuid": "" }, "EventTag": [] })
            .to_string()
        };
        let takes = |attributes, time: &str, published| {
            of(attributes).takes_event(&Summary::of(&event(time, published)).unwrap())
        };
        assert!(takes(false, "1614556800", false));
        assert!(!takes(false, "1614556800", true));
        assert!(!takes(false, "1614643201", false));
        let attribute = |time: &str| json!({ "type": "md5", "timestamp": time });
        assert!(takes(true, "1", false));
        assert!(of(true).takes(&attribute("1614556800"), None, &[], ""));
        assert!(!of(true).takes(&attribute("1"), None, &[], ""));
    }

    #[test]
    fn attributes_are_taken_by_all_that_is_asked() {
        let asked = filter(&json!({ "type": ["ip-dst"], "to_ids": 1, "tags": "tlp:%" })).unwrap();
        let attribute = json!({ "type": "ip-dst", "value": "192.0.2.1", "to_ids": true });
        assert!(asked.takes(&attribute, None, &["tlp:clear"], ""));
        assert!(!asked.takes(&attribute, None, &[], ""));
        assert!(asked.is_of_attributes());
    }
}
