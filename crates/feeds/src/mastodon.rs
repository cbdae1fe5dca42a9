//! Posts of a Mastodon server: an account, a hashtag or a timeline, by its public API.

use lapwing_engine::read::Options;
use lapwing_model::Format;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::FeedError;
use crate::pull::Pull;

/// Posts of one page, the most that the API gives.
const PAGE: usize = 40;

#[derive(Deserialize)]
struct Account {
    id: String,
}

#[derive(Deserialize)]
struct Status {
    id: String,
}

/// The address of the API behind a page: `/@name`, `/tags/name`, or the API's own.
pub(crate) fn api_address(address: &Url) -> Option<Url> {
    let parts: Vec<&str> = address.path_segments()?.filter(|part| !part.is_empty()).collect();
    let mut api = address.clone();
    match parts[..] {
        ["api", "v1", ..] => {}
        [account] if account.starts_with('@') && account.len() > 1 => {
            api.set_path("/api/v1/accounts/lookup");
            api.query_pairs_mut().clear().append_pair("acct", &account[1..]);
        }
        ["tags", tag] => {
            api.set_query(None);
            api.set_path(&format!("/api/v1/timelines/tag/{tag}"));
        }
        _ => return None,
    }
    Some(api)
}

pub(crate) fn pull(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let address = pull.address()?;
    let timeline = timeline(pull, &address)?;
    let mut newest = pull.state.cursor.clone();
    loop {
        let mut page = timeline.clone();
        page.query_pairs_mut().append_pair("limit", &PAGE.to_string());
        // `min_id` gives what comes right after it, so that no page is skipped. The first pull takes
        // the newest page: a feed begins on the day on which the user asked for it.
        if let Some(id) = &newest {
            page.query_pairs_mut().append_pair("min_id", id);
        }
        let fetched =
            pull.fetcher.fetch(&pull.get(page.clone()).header("Accept", "application/json"))?;
        let body = fetched.body.unwrap_or_default();
        let posts: Vec<&RawValue> = serde_json::from_slice(&body)
            .map_err(|error| pull.malformed(&page, format!("no list of posts came: {error}")))?;
        pull.pulled.items += posts.len() as u64;
        let latest = posts
            .iter()
            .filter_map(|post| serde_json::from_str::<Status>(post.get()).ok())
            .map(|status| status.id)
            .max_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        let Some(latest) = latest else { break };
        let count = posts.len();
        let options = Options { format: Some(Format::Post), ..pull.options() };
        let first = newest.is_none();
        // The same post always has the same identity, since each is cut out of the page.
        let stuck = newest.as_deref() == Some(latest.as_str());
        newest = Some(latest);
        pull.state.cursor.clone_from(&newest);
        pull.take(timeline.to_string(), body, options, None)?;
        pull.commit()?;
        if first || stuck || count < PAGE || !pull.has_room() {
            break;
        }
    }
    Ok(())
}

/// The API's address of the posts; that of an account has to be asked for.
fn timeline(pull: &Pull<'_>, address: &Url) -> Result<Url, FeedError> {
    let api = api_address(address).ok_or_else(|| {
        pull.malformed(address, "is neither an account (/@name), a hashtag (/tags/name) nor an address of the API (/api/v1/…)")
    })?;
    if !api.path().ends_with("/accounts/lookup") {
        return Ok(api);
    }
    let body = pull.fetcher.fetch(&pull.get(api.clone()))?.body.unwrap_or_default();
    let account: Account = serde_json::from_slice(&body)
        .map_err(|error| pull.malformed(&api, format!("no account came: {error}")))?;
    let mut timeline = api;
    timeline.set_query(None);
    if let Ok(mut parts) = timeline.path_segments_mut() {
        parts.clear().extend(["api", "v1", "accounts", account.id.as_str(), "statuses"]);
    }
    Ok(timeline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_their_api() {
        let api = |text| api_address(&Url::parse(text).unwrap()).map(|url| url.to_string());
        assert_eq!(
            api("https://social.example/tags/infosec"),
            Some("https://social.example/api/v1/timelines/tag/infosec".to_owned())
        );
        assert_eq!(
            api("https://social.example/@anna"),
            Some("https://social.example/api/v1/accounts/lookup?acct=anna".to_owned())
        );
        assert_eq!(api("https://social.example/blog/feed"), None);
    }
}
