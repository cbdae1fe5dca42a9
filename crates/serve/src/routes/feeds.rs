use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use lapwing_engine::Engine;
use lapwing_engine::store::{Feed, FeedSettings, Store};
use lapwing_feeds::{Collector, FeedError, FeedKind, NewFeed, schedule};
use lapwing_model::Marking;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::input::{Body, Named};
use crate::paging::List;
use crate::problem::Problem;
use crate::routes::{Answer, word};

/// A feed, and how it goes.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedRow {
    name: String,
    /// `rss`, `misp-feed`, `misp-server`, `taxii`, `csv`, `list`, `folder`, `posts`, `mastodon`, `page`.
    kind: String,
    address: String,
    /// Seconds between two pulls.
    every: u64,
    source: Option<String>,
    /// The marking of what comes from it.
    marking: Option<String>,
    /// New things in one pull at most.
    quota: Option<u32>,
    /// Whether the articles of its entries are fetched.
    articles: bool,
    paused: bool,
    /// `paused`, `new`, `fine` or `failing`.
    health: String,
    /// Whether it is pulled with the next look.
    due: bool,
    #[schema(format = DateTime)]
    last_run: Option<String>,
    #[schema(format = DateTime)]
    last_success: Option<String>,
    #[schema(format = DateTime)]
    next: Option<String>,
    /// Pulls that failed in a row.
    failures: u32,
    error: Option<String>,
    /// Things that the feed showed last.
    items: u64,
    /// Documents that the last pull added.
    new: u64,
    /// Documents that it added in all.
    new_in_all: u64,
    pulls: u64,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl FeedRow {
    fn of(feed: Feed, app: &App) -> Self {
        let due = schedule::is_due(&feed, app.now());
        let (settings, state) = (feed.settings, feed.state);
        let health = match (settings.paused, state.failures, state.last_run) {
            (true, ..) => "paused",
            (_, 0, None) => "new",
            (_, 0, Some(_)) => "fine",
            _ => "failing",
        };
        let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
        Self {
            name: feed.name,
            kind: feed.kind,
            address: feed.address,
            every: settings.every,
            source: settings.source,
            marking: settings.marking.map(|marking| marking.to_string()),
            quota: settings.quota,
            articles: settings.articles,
            paused: settings.paused,
            health: health.to_owned(),
            due,
            last_run: time(state.last_run),
            last_success: time(state.last_success),
            next: time(state.next),
            failures: state.failures,
            error: state.error,
            items: state.last_items,
            new: state.last_new,
            new_in_all: state.new,
            pulls: state.pulls,
            etag: state.etag,
            last_modified: state.last_modified,
        }
    }
}

/// A new feed. Folders, keys and private addresses are for who is at the server: `lapwing feeds add`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewFeedBody {
    /// http or https.
    address: String,
    /// Told by the content where not given.
    kind: Option<String>,
    /// Its host where not given.
    name: Option<String>,
    /// `30m`, `1h`, `1d` or seconds; an hour where not given.
    every: Option<String>,
    source: Option<String>,
    tlp: Option<String>,
    quota: Option<u32>,
    /// Whether to fetch the articles of its entries; yes where not given.
    articles: Option<bool>,
}

/// An order to pull a feed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ordered {
    name: String,
    /// It is pulled as soon as may be; `GET /api/v1/feeds/{name}` tells how it went.
    queued: bool,
}

fn problem(error: FeedError) -> Problem {
    match error {
        FeedError::Engine(error) => error.into(),
        FeedError::UnknownFeed { name, feeds } => {
            Problem { near: feeds.into(), ..Problem::unknown(format!("there is no feed `{name}`")) }
        }
        FeedError::NameTaken { .. } => Problem::new(StatusCode::CONFLICT, error.to_string()),
        error => Problem::unfit(error.to_string()),
    }
}

/// Whether who asks may know of a feed: what comes from it is marked so.
fn may_see(asker: &Asker, feed: &Feed) -> bool {
    feed.settings.marking.unwrap_or_default() <= asker.ceiling.tlp
}

/// The feed of a name, where who asks may know of it.
async fn found(app: &App, asker: &Asker, name: &str) -> Result<Feed, Problem> {
    let (path, wanted) = (app.config.store.clone(), name.to_owned());
    let feed = App::aside(move || Ok(Store::open_read_only(&path)?.feed(&wanted)?)).await?;
    feed.filter(|feed| may_see(asker, feed))
        .ok_or_else(|| Problem::unknown(format!("there is no feed `{name}`")))
}

/// The feeds that who asks may know of, by name.
pub(crate) async fn seen(app: &App, asker: &Asker) -> Result<Vec<Feed>, Problem> {
    let path = app.config.store.clone();
    let feeds = App::aside(move || Ok(Store::open_read_only(&path)?.feeds()?)).await?;
    Ok(feeds.into_iter().filter(|feed| may_see(asker, feed)).collect())
}

/// The feeds, by name.
#[utoipa::path(get, path = "/api/v1/feeds", tag = "feeds", responses((status = 200, body = List<FeedRow>)))]
pub(crate) async fn list(State(app): State<App>, asker: Asker) -> Answer<List<FeedRow>> {
    let seen = seen(&app, &asker).await?.into_iter();
    Ok(Json(List::whole(seen.map(|feed| FeedRow::of(feed, &app)).collect())))
}

/// One feed.
#[utoipa::path(get, path = "/api/v1/feeds/{name}", tag = "feeds", params(("name" = String, Path)),
    responses((status = 200, body = FeedRow)))]
pub(crate) async fn one(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Answer<FeedRow> {
    let feed = found(&app, &asker, &name).await?;
    Ok(Json(FeedRow::of(feed, &app)))
}

/// Adds a feed, and pulls it as soon as may be.
#[utoipa::path(post, path = "/api/v1/feeds", tag = "feeds", request_body = NewFeedBody,
    responses((status = 201, body = FeedRow)))]
pub(crate) async fn add(
    State(app): State<App>,
    Body(new): Body<NewFeedBody>,
) -> Result<impl IntoResponse, Problem> {
    let Some(collection) = app.config.collection.clone() else { return Err(not_collecting()) };
    let kind: Option<FeedKind> = word("kind", new.kind.as_deref())?;
    let marking: Option<Marking> = word("tlp", new.tlp.as_deref())?;
    let every = match new.every.as_deref() {
        None => 3600,
        Some(text) => schedule::parse_interval(text)
            .map_err(|why| Problem::unreadable(format!("every={text}: {why}")))?,
    };
    let name_fits = |name: &str| {
        !name.trim().is_empty() && name.len() <= 100 && !name.contains(['/', '\n', '\r'])
    };
    if new.name.as_deref().is_some_and(|name| !name_fits(name)) {
        return Err(Problem::unfit("name: up to 100 characters, without a slash"));
    }
    let wanted = NewFeed {
        address: new.address,
        kind,
        name: new.name,
        settings: FeedSettings {
            every,
            source: new.source,
            marking,
            quota: new.quota.filter(|quota| *quota > 0),
            key_env: None,
            allow_private: false,
            named_private: false,
            articles: new.articles.unwrap_or(true),
            paused: false,
        },
    };
    let path = app.config.store.clone();
    let feed = App::aside(move || {
        let engine = Engine::open(&path)?;
        collection.with(|collector| collector.from_afar().add(&engine, wanted)).map_err(problem)
    })
    .await?;
    app.orders.want(feed.name.clone());
    Ok((StatusCode::CREATED, Json(FeedRow::of(feed, &app))))
}

fn not_collecting() -> Problem {
    Problem::forbidden("this server does not collect")
        .hint("start it without --no-feeds, or use `lapwing feeds` where the store is")
}

/// Pulls a feed as soon as may be.
#[utoipa::path(post, path = "/api/v1/feeds/{name}/pull", tag = "feeds", params(("name" = String, Path)),
    responses((status = 202, body = Ordered)))]
pub(crate) async fn pull(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Result<impl IntoResponse, Problem> {
    if app.config.collection.is_none() {
        return Err(not_collecting());
    }
    let feed = found(&app, &asker, &name).await?;
    app.orders.want(feed.name.clone());
    Ok((StatusCode::ACCEPTED, Json(Ordered { name: feed.name, queued: true })))
}

/// Leaves a feed alone until it is resumed.
#[utoipa::path(post, path = "/api/v1/feeds/{name}/pause", tag = "feeds", params(("name" = String, Path)),
    responses((status = 200, body = FeedRow)))]
pub(crate) async fn pause(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Answer<FeedRow> {
    set_paused(app, asker, name, true).await
}

/// Takes a paused feed up again.
#[utoipa::path(post, path = "/api/v1/feeds/{name}/resume", tag = "feeds", params(("name" = String, Path)),
    responses((status = 200, body = FeedRow)))]
pub(crate) async fn resume(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Answer<FeedRow> {
    set_paused(app, asker, name, false).await
}

async fn set_paused(app: App, asker: Asker, name: String, paused: bool) -> Answer<FeedRow> {
    let feed = found(&app, &asker, &name).await?;
    let path = app.config.store.clone();
    let feed = App::aside(move || {
        let engine = Engine::open(&path)?;
        Collector::new(&|_| None).pause(&engine, &feed.name, paused).map_err(problem)
    })
    .await?;
    Ok(Json(FeedRow::of(feed, &app)))
}

/// Forgets a feed; its documents stay.
#[utoipa::path(delete, path = "/api/v1/feeds/{name}", tag = "feeds", params(("name" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    let feed = found(&app, &asker, &name).await?;
    let path = app.config.store.clone();
    App::aside(move || Ok(Store::open(&path)?.remove_feed(&feed.name)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
