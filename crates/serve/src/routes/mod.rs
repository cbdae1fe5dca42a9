//! The handlers, one file a subject.
#![allow(unused_qualifications, reason = "the macro of the OpenAPI document writes them")]

pub(crate) mod about;
pub(crate) mod activity;
pub(crate) mod add;
pub(crate) mod attack;
pub(crate) mod clusters;
pub(crate) mod compare;
pub(crate) mod documents;
pub(crate) mod entities;
pub(crate) mod exports;
pub(crate) mod feeds;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod hunts;
pub(crate) mod indicators;
pub(crate) mod judge;
pub(crate) mod keys;
pub(crate) mod lineage;
pub(crate) mod live;
pub(crate) mod lookup;
pub(crate) mod names;
pub(crate) mod news;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod sources;
pub(crate) mod topic;
pub(crate) mod users;
pub(crate) mod webhooks;

use axum::Json;
use jiff::civil::Date;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;

/// What most handlers give.
pub(crate) type Answer<T> = Result<Json<T>, Problem>;

/// All routes of the OpenAPI document.
pub(crate) fn documented() -> OpenApiRouter<App> {
    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Problem)))]
    struct Base;
    OpenApiRouter::with_openapi(<Base as utoipa::OpenApi>::openapi())
        .routes(routes!(session::now, session::begin, session::end))
        .routes(routes!(session::change_password))
        .routes(routes!(about::about))
        .routes(routes!(about::knowledge))
        .routes(routes!(search::search))
        .routes(routes!(search::complete))
        .routes(routes!(lookup::look_up))
        .routes(routes!(indicators::list))
        .routes(routes!(indicators::decay))
        .routes(routes!(entities::list))
        .routes(routes!(entities::kinds))
        .routes(routes!(entities::clusters))
        .routes(routes!(documents::list, add::add))
        .routes(routes!(documents::one))
        .routes(routes!(documents::claims))
        .routes(routes!(documents::raw))
        .routes(routes!(lineage::document_origin))
        .routes(routes!(sources::origins))
        .routes(routes!(sources::gaps))
        .routes(routes!(topic::page))
        .routes(routes!(compare::compare))
        .routes(routes!(topic::page_markdown))
        .routes(routes!(topic::page_html))
        .routes(routes!(topic::page_text))
        .routes(routes!(topic::explain))
        .routes(routes!(topic::forecast))
        .routes(routes!(topic::graph))
        .routes(routes!(topic::timeline))
        .routes(routes!(topic::techniques))
        .routes(routes!(attack::attack_grid))
        .routes(routes!(news::news))
        .routes(routes!(clusters::minted_clusters))
        .routes(routes!(clusters::minted_cluster))
        .routes(routes!(clusters::cluster_preview))
        .routes(routes!(clusters::cluster_decisions, clusters::decide_clusters))
        .routes(routes!(names::name_proposals, names::decide_name))
        .routes(routes!(names::name_preview))
        .routes(routes!(names::name_history))
        .routes(routes!(judge::claim))
        .routes(routes!(judge::false_positive))
        .routes(routes!(hunts::list, hunts::begin))
        .routes(routes!(hunts::one, hunts::remove))
        .routes(routes!(hunts::events))
        .routes(routes!(hunts::findings))
        .routes(routes!(hunts::groups))
        .routes(routes!(hunts::export))
        .routes(routes!(hunts::root))
        .routes(routes!(exports::formats))
        .routes(routes!(exports::export))
        .routes(routes!(activity::activity))
        .routes(routes!(feeds::list, feeds::add))
        .routes(routes!(feeds::one, feeds::remove))
        .routes(routes!(feeds::pull))
        .routes(routes!(feeds::pause))
        .routes(routes!(feeds::resume))
        .routes(routes!(history::list))
        .routes(routes!(history::one))
        .routes(routes!(history::undo))
        .routes(routes!(live::events))
        .routes(routes!(webhooks::list, webhooks::make))
        .routes(routes!(webhooks::remove))
        .routes(routes!(users::list, users::make))
        .routes(routes!(users::change, users::remove))
        .routes(routes!(users::audit))
        .routes(routes!(keys::list, keys::make))
        .routes(routes!(keys::revoke))
}

/// A day as it stands in a parameter.
pub(crate) fn day(name: &str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |_| Problem::unreadable(format!("{name}={text}: write YYYY-MM-DD"));
    text.parse().map(Some).map_err(wrong)
}

/// A word of a parameter, as what it stands for.
pub(crate) fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|error| Problem::unreadable(format!("{name}: {error}")))
}

/// Asked without a name.
pub(crate) fn named(of: &str) -> Result<&str, Problem> {
    let name = of.trim();
    if name.is_empty() {
        return Err(Problem::unreadable("of: name a campaign, actor, value …"));
    }
    if name.len() > 4096 {
        return Err(Problem::unreadable("of: no name is longer than 4096 bytes"));
    }
    Ok(name)
}
