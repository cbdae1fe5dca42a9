//! RSS, Atom and JSON feeds, and the articles that their entries link to.

use std::collections::{BTreeMap, BTreeSet};

use feed_rs::model::{Entry, Feed as Parsed};
use lapwing_engine::read::{self, Options};
use lapwing_model::{Format, PartialDate};
use url::Url;

use crate::FeedError;
use crate::pull::Pull;

/// So often an article is tried before the entry alone is taken.
const TRIES: u32 = 3;

/// An entry as this feed gives it.
struct Item {
    key: String,
    version: String,
    /// The article; none where other entries link to the same page, which then is that of none.
    link: Option<Url>,
    published: Option<PartialDate>,
    /// How much text the entry itself has.
    text: usize,
    /// The entry alone, in a feed of its own.
    alone: Option<Vec<u8>>,
}

pub(crate) fn pull(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let address = pull.address()?;
    let (etag, last_modified) = (pull.state.etag.clone(), pull.state.last_modified.clone());
    let request = pull
        .get(address.clone())
        .header(
            "Accept",
            "application/atom+xml, application/rss+xml, application/feed+json, */*;q=0.5",
        )
        .newer_than(etag.as_deref(), last_modified.as_deref());
    let fetched = pull.fetcher.fetch(&request)?;
    let Some(body) = fetched.body else {
        pull.pulled.unchanged = true;
        return Ok(());
    };
    let text = read::text(&body);
    let feed = read::parse_feed(&text).map_err(|what| pull.malformed(&address, what))?;
    let source = pull.feed.settings.source.clone().or_else(|| {
        feed.title.as_ref().map(|title| title.content.trim().to_owned()).filter(|t| !t.is_empty())
    });
    let items = items(feed, &text, &fetched.address);
    pull.pulled.items = items.len() as u64;
    let (mut waiting, mut whole_taken) = (false, false);
    // Feeds tell the newest first; what was published first is taken first.
    for item in items.into_iter().rev() {
        let before = pull.known.get(&item.key).cloned();
        if before.as_deref() == Some(item.version.as_str()) {
            continue;
        }
        if !pull.has_room() {
            waiting = true;
            break;
        }
        let options = Options { source: source.clone(), ..pull.options() };
        let article = item.link.as_ref().filter(|_| pull.feed.settings.articles);
        if let Some(link) = article {
            match article_of(pull, link) {
                Ok(bytes) => {
                    let options = Options { published: item.published, ..options.clone() };
                    match stands_for(&bytes, link, &options, item.text) {
                        Ok(true) => {
                            let key = Some((item.key, item.version));
                            pull.take(link.to_string(), bytes, options, key)?;
                            continue;
                        }
                        // The entry says more.
                        Ok(false) => {}
                        Err(why) => pull.problem(link.to_string(), why),
                    }
                }
                Err(error) => {
                    let tries = tries(before.as_deref(), &item.version) + 1;
                    let again = tries < TRIES && is_temporary(&error);
                    if tries == 1 || !again {
                        pull.problem(link.to_string(), unlinked(&error));
                    }
                    if again {
                        waiting = true;
                        pull.mark(item.key, format!("try {tries} of {}", item.version));
                        continue;
                    }
                }
            }
        }
        let options = Options { format: Some(Format::Feed), ..options };
        let key = (item.key, item.version);
        match item.alone {
            Some(bytes) => pull.take(address.to_string(), bytes, options, Some(key))?,
            // Its entries cannot be told apart: all of it is taken, once.
            None if whole_taken => pull.mark(key.0, key.1),
            None => {
                whole_taken = true;
                pull.take(address.to_string(), body.clone(), options, Some(key))?;
            }
        }
    }
    // The tag stands for what was taken whole: while something waits, the feed is asked again.
    pull.state.etag = fetched.etag.filter(|_| !waiting);
    pull.state.last_modified = fetched.last_modified.filter(|_| !waiting);
    Ok(())
}

/// The article that an entry links to. It is fetched because the user asked for the articles of this
/// feed; it gets no key, and private addresses are refused as in every fetch.
fn article_of(pull: &Pull<'_>, link: &Url) -> Result<Vec<u8>, FeedError> {
    let fetched = pull.fetcher.fetch(&crate::Request::get(link.clone()))?;
    fetched.body.filter(|body| !body.trim_ascii().is_empty()).ok_or_else(|| FeedError::Malformed {
        address: link.to_string(),
        kind: "rss",
        what: "the article is empty".to_owned(),
    })
}

fn is_temporary(error: &FeedError) -> bool {
    matches!(error, FeedError::Fetch(error) if error.is_temporary())
}

/// The message without the address, which the problem names already.
fn unlinked(error: &FeedError) -> String {
    let text = error.to_string();
    let rest = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
    format!("the article could not be fetched: {rest}")
}

/// How often this version of an entry was tried before.
fn tries(before: Option<&str>, version: &str) -> u32 {
    before
        .and_then(|text| text.strip_prefix("try "))
        .and_then(|text| text.split_once(" of "))
        .filter(|(_, of)| *of == version)
        .and_then(|(tries, _)| tries.parse().ok())
        .unwrap_or(0)
}

/// Whether what came may stand in the place of an entry: a page that scripts would fill, a wall before
/// the text, a recording say less than the entry does.
///
/// # Errors
/// A sentence that says why it cannot be read.
fn stands_for(bytes: &[u8], link: &Url, options: &Options, entry: usize) -> Result<bool, String> {
    let mut text = None;
    let mut why = None;
    read::read_bytes(link.as_str(), bytes, options, &mut |item| match item {
        read::Item::Reading(reading) => {
            *text.get_or_insert(0) += letters(&reading.document.text);
        }
        read::Item::Problem(problem) => why = why.take().or(Some(problem.message)),
    });
    match (text, why) {
        (Some(text), _) => Ok(text * 2 >= entry),
        (None, Some(why)) => Err(format!("{why}; the entry was taken in its place")),
        (None, None) => Ok(false),
    }
}

/// The letters and digits of a text.
fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// The letters and digits of an entry's own text, its markup left out.
fn letters_of(entry: &Entry) -> usize {
    let content = entry.content.as_ref().and_then(|content| content.body.as_deref());
    let text = content.or(entry.summary.as_ref().map(|text| text.content.as_str()));
    let mut within = false;
    let outside = text.unwrap_or_default().chars().filter(|c| match c {
        '<' => {
            within = true;
            false
        }
        '>' => {
            within = false;
            false
        }
        c => !within && c.is_alphanumeric(),
    });
    outside.count()
}

fn items(feed: Parsed, text: &str, base: &Url) -> Vec<Item> {
    let alone = alone(text).filter(|slices| slices.len() == feed.entries.len());
    let shared = shared(&feed, base);
    feed.entries
        .into_iter()
        .enumerate()
        .map(|(at, entry)| {
            let date = entry.published.or(entry.updated);
            let link = link(&entry, base).filter(|link| !shared.contains(link));
            let identity = link.as_ref().map_or(entry.id.as_str(), Url::as_str);
            let title = title(&entry);
            let version = match entry.updated.or(entry.published) {
                Some(date) => date.to_rfc3339(),
                None => title.trim().to_owned(),
            };
            Item {
                key: identity.to_owned(),
                version,
                text: letters_of(&entry),
                link,
                published: date.and_then(|date| date.to_rfc3339().get(..10)?.parse().ok()),
                alone: alone.as_ref().and_then(|slices| slices.get(at)).cloned(),
            }
        })
        .collect()
}

fn title(entry: &Entry) -> &str {
    entry.title.as_ref().map_or("", |title| title.content.as_str())
}

/// The pages that entries of different names link to: the front page of the publisher, the one page
/// of a portal. None of them is the article of an entry.
fn shared(feed: &Parsed, base: &Url) -> BTreeSet<Url> {
    let mut titles: BTreeMap<Url, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for entry in &feed.entries {
        if let Some(link) = link(entry, base) {
            titles.entry(link).or_default().insert((entry.id.as_str(), title(entry)));
        }
    }
    titles.into_iter().filter(|(_, titles)| titles.len() > 1).map(|(link, _)| link).collect()
}

fn link(entry: &Entry, base: &Url) -> Option<Url> {
    let link = entry
        .links
        .iter()
        .find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"))
        .or(entry.links.first())?;
    let link = base.join(link.href.trim()).ok()?;
    matches!(link.scheme(), "http" | "https").then_some(link)
}

/// Each entry with the head and the foot of the feed, so that one can be taken without the others.
fn alone(text: &str) -> Option<Vec<Vec<u8>>> {
    let spans = read::feed_entries(text)?;
    let (first, last) = (spans.first()?.start, spans.last()?.end);
    let whole = |span: &std::ops::Range<usize>| {
        [&text[..first], &text[span.clone()], &text[last..]].concat().into_bytes()
    };
    Some(spans.iter().map(whole).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Certs</title>
<item><title>Two</title><link>/two</link><pubDate>Tue, 03 Mar 2026 10:00:00 GMT</pubDate></item>
<item><title>One</title><link>https://example.org/one</link></item>
</channel></rss>"#;

    #[test]
    fn entries_stand_alone() {
        let feed = read::parse_feed(FEED).unwrap();
        let items = items(feed, FEED, &Url::parse("https://example.org/feed").unwrap());
        assert_eq!(items[0].key, "https://example.org/two");
        assert_eq!(items[0].published, "2026-03-03".parse().ok());
        assert_eq!(items[1].version, "One");
        let one = String::from_utf8(items[1].alone.clone().unwrap()).unwrap();
        assert!(
            one.contains("<title>Certs</title>") && one.contains("One") && !one.contains("Two")
        );
        assert!(read::parse_feed(&one).is_ok());
    }

    #[test]
    fn tries_are_counted_by_version() {
        assert_eq!(tries(Some("try 2 of v1"), "v1"), 2);
        assert_eq!(tries(Some("try 2 of v1"), "v2"), 0);
        assert_eq!(tries(Some("v1"), "v1"), 0);
    }
}
