//! Posts of channels (social media, forums, chats, markets): one document a post.
//!
//! Read are JSON Lines or a list of objects with `time`, `channel`, `author`, `text`, `link`; what
//! Mastodon's API gives; and the chat export of Telegram.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lapwing_model::{
    Document, Format, PartialDate, Problem, ProblemKind, Reading, Region, RegionKind, Span,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use super::html::render;
use super::prose;
use crate::{Input, Item};

/// Names under which exports give the parts of a post; the first is our own.
const TIME: [&str; 5] = ["time", "created_at", "date", "timestamp", "published"];
const TEXT: [&str; 5] = ["text", "content", "message", "body", "post"];
const CHANNEL: [&str; 7] = ["channel", "group", "forum", "chat", "room", "subreddit", "market"];
const AUTHOR: [&str; 6] = ["author", "user", "from", "sender", "username", "nick"];
const LINK: [&str; 4] = ["link", "url", "permalink", "uri"];

/// Whether the head of a text is a list of posts. Logs in JSON have times and messages, too: so only
/// our own keys, Mastodon's and Telegram's tell.
pub(crate) fn looks_like(head: &str) -> bool {
    if !head.starts_with(['{', '[']) {
        return false;
    }
    let first = match head.strip_prefix('[') {
        Some(rest) => rest.trim_start(),
        None => head,
    };
    let has = |keys: &[&str]| keys.iter().all(|key| first.contains(&format!("\"{key}\"")));
    if has(&["created_at", "content", "account", "acct"]) {
        return head.starts_with('[') || has(&["reblog", "uri"]);
    }
    if has(&["messages", "date_unixtime", "type"]) {
        return true;
    }
    // The first object, which a list of posts begins with, is whole and flat.
    let object = first.find('}').map_or(first, |end| &first[..=end]);
    serde_json::from_str::<serde_json::Map<String, Value>>(object).is_ok_and(|map| {
        map.get("text").is_some_and(Value::is_string)
            && map.contains_key("time")
            && (map.contains_key("channel") || map.contains_key("author"))
    })
}

#[derive(Deserialize)]
struct Telegram<'a> {
    name: Option<String>,
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
}

pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    let text = input.text.trim_start();
    if text.starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(posts) => {
                for (at, raw) in posts.into_iter().enumerate() {
                    post(input, raw.get(), at + 1, None, out);
                }
            }
            Err(error) => out(Item::Problem(Problem::fatal(
                input.name,
                ProblemKind::Malformed,
                format!("is no list of posts: {error}"),
            ))),
        }
        return;
    }
    if let Ok(export) = serde_json::from_str::<Telegram<'_>>(text) {
        for (at, raw) in export.messages.into_iter().enumerate() {
            post(input, raw.get(), at + 1, export.name.as_deref(), out);
        }
        return;
    }
    for (at, line) in input.text.lines().enumerate() {
        if !line.trim().is_empty() {
            post(input, line.trim(), at + 1, None, out);
        }
    }
}

/// The parts of a post, whatever it was exported by.
struct Post {
    time: Timestamp,
    channel: Option<String>,
    author: Option<String>,
    text: String,
    is_html: bool,
    link: Option<String>,
    language: Option<String>,
    tags: Vec<String>,
    /// What is kept of it: counters of likes change and say nothing.
    raw: Option<String>,
}

fn post(
    input: &Input<'_>,
    raw: &str,
    number: usize,
    channel: Option<&str>,
    out: &mut dyn FnMut(Item),
) {
    let place = format!("post {number}");
    let mut fail = |what: String| {
        let problem = Problem::partial(input.name, ProblemKind::Malformed, what);
        let hint = "a post has `time`, `text` and `channel` or `author`";
        out(Item::Problem(problem.at(place.clone()).hint(hint)));
    };
    let value: Value = match serde_json::from_str(raw) {
        Ok(value) => value,
        Err(error) => return fail(format!("is no JSON: {error}")),
    };
    let told = match &value {
        Value::Object(map) if map.contains_key("account") && map.contains_key("content") => {
            mastodon(&value, input.name)
        }
        Value::Object(_) => plain(&value, channel),
        _ => Err("is no object".to_owned()),
    };
    match told {
        // Notices that somebody joined, pictures without words.
        Ok(post) if post.text.trim().is_empty() => {}
        Ok(post) => out(Item::Reading(Box::new(reading(input, raw, number, post)))),
        Err(what) => fail(what),
    }
}

/// A post in our own keys, or in those that exports use for them.
fn plain(value: &Value, channel: Option<&str>) -> Result<Post, String> {
    let find = |names: &[&str]| names.iter().find_map(|name| value.get(name)).and_then(words);
    let time = TIME.iter().find_map(|name| value.get(name)).ok_or("has no time")?;
    let text = find(&TEXT).unwrap_or_default();
    let is_html = text.contains("</") || text.contains("<br");
    Ok(Post {
        time: timestamp(time).ok_or_else(|| format!("`{time}` is no time"))?,
        channel: find(&CHANNEL).or(channel.map(str::to_owned)),
        author: find(&AUTHOR),
        text,
        is_html,
        link: find(&LINK).filter(|link| link.contains("://")),
        language: find(&["language", "lang"]),
        tags: value
            .get("tags")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |tags| tags.iter().filter_map(words).collect()),
        raw: None,
    })
}

/// A status of Mastodon; one that passes on another's is that other's.
fn mastodon(value: &Value, name: &str) -> Result<Post, String> {
    let status = value.get("reblog").filter(|reblog| reblog.is_object()).unwrap_or(value);
    let text = |key: &str| status.get(key).and_then(Value::as_str).map(str::to_owned);
    let time = status.get("created_at").and_then(timestamp).ok_or("has no time")?;
    let link = text("url").or(text("uri"));
    let account = status.get("account");
    let part = |key: &str| account.and_then(|a| a.get(key)).and_then(Value::as_str);
    let host = |text: &str| Url::parse(text).ok()?.host_str().map(str::to_owned);
    let home = part("url").and_then(host).or(link.as_deref().and_then(host));
    let author = part("acct").map(|acct| match (acct.contains('@'), &home) {
        (false, Some(home)) => format!("{acct}@{home}"),
        _ => acct.to_owned(),
    });
    let spoiler = text("spoiler_text").filter(|spoiler| !spoiler.is_empty());
    let content = text("content").unwrap_or_default();
    let content = spoiler.map_or(content.clone(), |spoiler| format!("<p>{spoiler}</p>{content}"));
    let tags: Vec<String> =
        status.get("tags").and_then(Value::as_array).map_or_else(Vec::new, |tags| {
            tags.iter().filter_map(|tag| Some(tag.get("name")?.as_str()?.to_owned())).collect()
        });
    let channel = channel_of(name).or(home);
    let raw = json!({
        "time": time.to_string(), "channel": channel, "author": author, "text": content,
        "link": link, "language": text("language"), "tags": tags,
    });
    Ok(Post {
        time,
        channel,
        author,
        text: content,
        is_html: true,
        link,
        language: text("language"),
        tags,
        raw: Some(raw.to_string()),
    })
}

/// The channel that a timeline's address names: a hashtag, or its server.
fn channel_of(name: &str) -> Option<String> {
    let url = Url::parse(name).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.to_owned();
    let parts: Vec<&str> = url.path_segments()?.collect();
    Some(match parts[..] {
        ["api", "v1", "timelines", "tag", tag] => format!("#{tag} on {host}"),
        _ => host,
    })
}

/// A text, or the texts of a list of parts; numbers as they are written.
fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(parts) => parts.iter().filter_map(words).collect(),
        Value::Object(part) => {
            ["text", "name", "username"].iter().find_map(|key| part.get(*key)).and_then(words)?
        }
        _ => return None,
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

/// A time as RFC 3339, a date, a date and time without a zone (UTC), or seconds since 1970.
fn timestamp(value: &Value) -> Option<Timestamp> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let at = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| {
            let seconds = text.split('.').next()?.parse::<i64>().ok()?;
            let millis = seconds.unsigned_abs() > 100_000_000_000;
            Timestamp::from_second(if millis { seconds / 1000 } else { seconds }).ok()
        })
        .or_else(|| {
            let when: jiff::civil::DateTime = text.parse().ok()?;
            Some(when.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
        .or_else(|| {
            let day: jiff::civil::Date = text.parse().ok()?;
            Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })?;
    let year = at.to_zoned(TimeZone::UTC).year();
    (1985..=2100).contains(&year).then_some(at)
}

fn reading(input: &Input<'_>, raw: &str, number: usize, post: Post) -> Reading {
    let (text, mut regions) = if post.is_html {
        let rendered = render(&format!("<div>{}</div>", post.text), true);
        (rendered.text, rendered.regions)
    } else {
        (post.text.trim().to_owned(), Vec::new())
    };
    if regions.is_empty() {
        regions.push(Region { span: Span::new(0, text.len()), kind: RegionKind::Prose });
    }
    let raw = post.raw.unwrap_or_else(|| raw.to_owned()).into_bytes();
    let name = format!("{}#{number}", input.name);
    let opening = opening(&text).to_owned();
    let mut document = Document::new(&raw, name, Format::Post, text);
    let published: PartialDate = post.time.to_zoned(TimeZone::UTC).date().into();
    document.published = Some(published);
    document.url = post.link;
    document.language = post.language.as_deref().and_then(|l| l.get(..2)).map(str::to_lowercase);
    let mut property = |name: &str, value: String| {
        document.properties.push((name.to_owned(), value));
    };
    property("time", post.time.to_string());
    if let Some(channel) = &post.channel {
        property("channel", channel.clone());
    }
    if let Some(author) = &post.author {
        property("author", author.clone());
    }
    for tag in post.tags {
        property("tag", tag);
    }
    if !opening.is_empty() {
        property(Document::OPENING, opening);
    }
    // What one channel says is one origin, as far as nothing else tells its posts apart.
    let channel = post.channel.or(post.author);
    document.container = channel.as_ref().map(|channel| format!("channel {channel}"));
    document.source = channel;
    let mut reading = Reading::new(document, raw);
    reading.regions = regions;
    prose::complete(&mut reading);
    // A date in the words of a post is not that of the post.
    reading.document.published = Some(published);
    reading.document.modified = None;
    reading
}

/// The first line that says something, cut between words.
fn opening(text: &str) -> &str {
    const LONGEST: usize = 80;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let Some((longest, _)) = line.char_indices().nth(LONGEST) else { return line };
    let words = line[..longest].rfind(char::is_whitespace);
    line[..words.filter(|&end| end > longest / 2).unwrap_or(longest)].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_no_posts() {
        assert!(looks_like(r#"{"time":"2026-01-01T00:00:00Z","channel":"c","text":"hello"}"#));
        assert!(looks_like(r#"[ {"text":"x","time":1700000000,"author":"a"} ]"#));
        assert!(!looks_like(r#"{"timestamp":"2026-01-01","message":"GET /","user":"root"}"#));
        assert!(!looks_like(r#"{"time":"2026-01-01","level":"info","text":"started"}"#));
    }

    #[test]
    fn a_post_is_called_by_its_first_words() {
        assert_eq!(opening("\n  Selling access \nto a bank"), "Selling access");
        assert_eq!(opening(&"word ".repeat(40)), "word ".repeat(16).trim_end());
        assert_eq!(opening(&"あ".repeat(100)).chars().count(), 80);
        assert_eq!(opening(" \n"), "");
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        let second = |value: Value| timestamp(&value).map(Timestamp::as_second);
        for value in [
            json!("2026-03-01T00:00:00Z"),
            json!("2026-03-01T01:00:00+01:00"),
            json!("2026-03-01T00:00:00"),
            json!("2026-03-01"),
            json!(1_772_323_200),
            json!("1772323200"),
            json!(1_772_323_200_000_i64),
        ] {
            assert_eq!(second(value.clone()), Some(1_772_323_200), "{value}");
        }
        assert_eq!(second(json!("yesterday")), None);
        assert_eq!(second(json!(5)), None);
    }
}
