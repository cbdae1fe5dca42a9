//! What kind of feed stands at an address, told by what comes from there.

use std::fmt;
use std::str::FromStr;

use lapwing_engine::read::detect;
use lapwing_model::Format;
use url::Url;

use crate::{FeedError, FetchError, Fetcher, Request, mastodon, taxii};

/// The kinds of feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedKind {
    /// RSS, Atom or JSON feed, with the articles that it links to.
    Rss,
    /// A folder of MISP events with a `manifest.json`.
    MispFeed,
    /// A MISP server, asked by its API.
    MispServer,
    /// A TAXII 2.1 server, API root or collection.
    Taxii,
    /// A table of values.
    Csv,
    /// A list of values, one a line.
    List,
    /// A folder of this machine.
    Folder,
    /// Posts as JSON Lines: time, channel, author, text, link.
    Posts,
    /// An account, hashtag or timeline of a Mastodon server.
    Mastodon,
    /// One page or report, taken anew when it changes.
    Page,
}

impl FeedKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Rss,
        Self::MispFeed,
        Self::MispServer,
        Self::Taxii,
        Self::Csv,
        Self::List,
        Self::Folder,
        Self::Posts,
        Self::Mastodon,
        Self::Page,
    ];

    /// The word on the command line and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::MispFeed => "misp-feed",
            Self::MispServer => "misp-server",
            Self::Taxii => "taxii",
            Self::Csv => "csv",
            Self::List => "list",
            Self::Folder => "folder",
            Self::Posts => "posts",
            Self::Mastodon => "mastodon",
            Self::Page => "page",
        }
    }

    pub(crate) fn words() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for FeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FeedKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| format!("one of: {}", Self::words()))
    }
}

/// Tells the kind of the feed at an address, and where it really stands: a page may name its feed.
///
/// # Errors
/// When nothing can be fetched, or the content tells nothing.
pub fn guess(
    address: &Url,
    authorization: Option<&str>,
    fetcher: &Fetcher,
) -> Result<(FeedKind, Url), FeedError> {
    if mastodon::api_address(address).is_some_and(|api| {
        let page = address.path().starts_with("/@") || address.path().starts_with("/tags/");
        // Other sites have such paths too: only the API itself tells.
        !page || fetcher.fetch(&Request::get(api)).is_ok_and(|f| f.media_type.contains("json"))
    }) {
        return Ok((FeedKind::Mastodon, address.clone()));
    }
    let request = Request::get(address.clone())
        .header("Accept", format!("{}, */*;q=0.5", taxii::MEDIA_TYPE))
        .authorization(authorization.map(str::to_owned));
    let has_manifest = || holds_manifest(address, authorization, fetcher);
    let fetched = match fetcher.fetch(&request) {
        // The folder of a MISP feed may not be shown; what is in it can be had all the same.
        Err(FetchError::Status { .. }) if has_manifest() => {
            return Ok((FeedKind::MispFeed, address.clone()));
        }
        fetched => fetched?,
    };
    let body = fetched.body.unwrap_or_default();
    if fetched.media_type.contains("application/taxii+json") {
        return Ok((FeedKind::Taxii, address.clone()));
    }
    let unknown =
        || FeedError::UnknownKind { address: address.to_string(), kinds: FeedKind::words() };
    if is_manifest(&body) {
        return Ok((FeedKind::MispFeed, address.clone()));
    }
    let kind = match detect(address.path(), &body) {
        Some(Format::Feed) => FeedKind::Rss,
        Some(Format::Post) if body.trim_ascii_start().starts_with(b"[") => FeedKind::Mastodon,
        Some(Format::Post) => FeedKind::Posts,
        Some(Format::Table) => FeedKind::Csv,
        Some(Format::List) => FeedKind::List,
        Some(Format::Html) => match named_feed(&String::from_utf8_lossy(&body), &fetched.address) {
            Some(feed) => return Ok((FeedKind::Rss, feed)),
            // What a server shows of the folder of a MISP feed is a page of links.
            None if has_manifest() => FeedKind::MispFeed,
            None => FeedKind::Page,
        },
        Some(Format::Data) | None => return Err(unknown()),
        Some(_) => FeedKind::Page,
    };
    Ok((kind, address.clone()))
}

/// Whether a folder is that of a MISP feed.
fn holds_manifest(address: &Url, authorization: Option<&str>, fetcher: &Fetcher) -> bool {
    let Ok(manifest) = address.join("manifest.json") else { return false };
    address.path().ends_with('/')
        && fetcher
            .fetch(&Request::get(manifest).authorization(authorization.map(str::to_owned)))
            .is_ok_and(|fetched| fetched.body.is_some_and(|body| is_manifest(&body)))
}

/// Whether the body is the index of a MISP feed: event ids with what they are about.
fn is_manifest(body: &[u8]) -> bool {
    let Ok(serde_json::Value::Object(entries)) = serde_json::from_slice(body) else { return false };
    entries.iter().next().is_some_and(|(key, entry)| {
        key.len() == 36 && entry.get("timestamp").is_some() && entry.get("Attribute").is_none()
    })
}

/// The feed that a page of HTML names in its head.
fn named_feed(page: &str, base: &Url) -> Option<Url> {
    let mut rest = page;
    while let Some(at) = rest.find("<link") {
        let tag = &rest[at..];
        let end = tag.find('>')?;
        let (tag, after) = tag.split_at(end);
        rest = after;
        let is_feed = tag.contains("application/rss+xml") || tag.contains("application/atom+xml");
        if is_feed && tag.contains("alternate") {
            let from = &tag[tag.find("href=")? + "href=".len()..];
            let quote = from.chars().next().filter(|c| matches!(c, '"' | '\''));
            let href = match quote {
                Some(quote) => from[1..].split(quote).next()?,
                None => from.split(char::is_whitespace).next()?,
            };
            return base.join(&href.replace("&amp;", "&")).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_feed() {
        let base = Url::parse("https://example.org/blog/").unwrap();
        let page = r#"<head><link rel="icon" href="i.png"><link rel="alternate" type="application/rss+xml" href="/feed?a=1&amp;b=2"></head>"#;
        assert_eq!(named_feed(page, &base).unwrap().as_str(), "https://example.org/feed?a=1&b=2");
        assert_eq!(named_feed("<link rel=alternate", &base), None);
    }

    #[test]
    fn words_round_trip() {
        for kind in FeedKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("gopher".parse::<FeedKind>().unwrap_err().contains("taxii"));
    }
}
