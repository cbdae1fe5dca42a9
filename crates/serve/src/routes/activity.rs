use axum::Json;
use axum::extract::State;
use lapwing_engine::ActivityOptions;
use lapwing_model::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::problem::Problem;
use crate::routes::{Answer, day};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Days {
    /// The first day; six days before the last where not given.
    #[param(format = Date)]
    since: Option<String>,
    /// The last day; today where not given.
    #[param(format = Date)]
    until: Option<String>,
    /// Kinds of names, separated by commas.
    kind: Option<String>,
    /// Only channels whose name holds this.
    channel: Option<String>,
    /// The share of rising names that may be chance; 0.1 where not given.
    #[param(minimum = 0, maximum = 1)]
    rate: Option<f64>,
}

/// What goes on in the channels. The items are those of `lapwing activity --json`.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActivityAnswer {
    #[schema(format = Date)]
    since: String,
    #[schema(format = Date)]
    until: String,
    /// Posts of these days.
    posts: usize,
    /// Names that were judged.
    judged: usize,
    /// Days of past that they were judged by.
    past_days: usize,
    rate: f64,
    /// The model, and what it was tested on.
    model: Value,
    /// Names that rise, the least expected first.
    #[schema(value_type = Vec<Object>)]
    rising: Value,
    /// Names that no document spoke of before.
    #[schema(value_type = Vec<Object>)]
    first_sightings: Value,
    /// What posts announce.
    #[schema(value_type = Vec<Object>)]
    intentions: Value,
    /// The channels.
    #[schema(value_type = Vec<Object>)]
    channels: Value,
}

/// What is rising, new and announced in the posts of channels.
#[utoipa::path(get, path = "/api/v1/activity", tag = "activity", params(Days),
    responses((status = 200, body = ActivityAnswer)))]
pub(crate) async fn activity(
    State(app): State<App>,
    asker: Asker,
    Asked(days): Asked<Days>,
) -> Answer<ActivityAnswer> {
    let until = day("until", days.until.as_deref())?.unwrap_or_else(|| app.today());
    let since = day("since", days.since.as_deref())?;
    if since.is_some_and(|since| since > until) {
        return Err(Problem::unreadable("since: is after until"));
    }
    let kind = |word: &str| {
        word.parse::<Kind>().map_err(|error| Problem::unreadable(format!("kind: {error}")))
    };
    let words = days.kind.as_deref().unwrap_or_default().split(',').map(str::trim);
    let kinds = words.filter(|word| !word.is_empty()).map(kind).collect::<Result<Vec<_>, _>>()?;
    let rate = days.rate.unwrap_or(0.1);
    if !(0.0..=1.0).contains(&rate) {
        return Err(Problem::unreadable("rate: a share is from 0 to 1"));
    }
    let channel = days.channel.filter(|channel| !channel.is_empty());
    let options = ActivityOptions { since, until, kinds, channel, rate };
    let found = app.read(&asker, move |sight| Ok(sight.activity(&options)?)).await?;
    Ok(Json(ActivityAnswer {
        since: found.since.to_string(),
        until: found.until.to_string(),
        posts: found.posts,
        judged: found.judged,
        past_days: found.past_days,
        rate: found.rate,
        model: serde_json::to_value(found.model).unwrap_or_default(),
        rising: serde_json::to_value(found.rising).unwrap_or_default(),
        first_sightings: serde_json::to_value(found.first_sightings).unwrap_or_default(),
        intentions: serde_json::to_value(found.intentions).unwrap_or_default(),
        channels: serde_json::to_value(found.channels).unwrap_or_default(),
    }))
}
