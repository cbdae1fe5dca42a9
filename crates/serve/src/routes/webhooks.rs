use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use lapwing_engine::store::{Store, Webhook};
use lapwing_model::Marking;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::{hex, random};
use crate::app::App;
use crate::asker::Asker;
use crate::input::{Body, Named};
use crate::paging::List;
use crate::problem::Problem;
use crate::routes::{Answer, word};
use crate::webhooks::all;

/// Who is told of changes.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookRow {
    id: String,
    url: String,
    events: Vec<String>,
    /// Nothing above this is told.
    ceiling: String,
    by: String,
    #[schema(format = DateTime)]
    created: String,
    /// The key of the signature: told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
}

impl From<Webhook> for WebhookRow {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events.split(',').map(str::to_owned).collect(),
            ceiling: webhook.ceiling.to_string(),
            by: webhook.account,
            created: webhook.created.to_string(),
            secret: None,
        }
    }
}

/// A new webhook.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewWebhook {
    /// http or https.
    url: String,
    /// Of `change`, `document`, `undo`, `hunt`.
    events: Vec<String>,
    /// Nothing above this is told; `TLP:CLEAR` where not given.
    ceiling: Option<String>,
}

/// The webhooks.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "administration", responses((status = 200, body = List<WebhookRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<List<WebhookRow>> {
    let webhooks = all(&app).await?;
    Ok(Json(List::whole(webhooks.into_iter().map(WebhookRow::from).collect())))
}

/// Events that can be told.
const EVENTS: [&str; 4] = ["change", "document", "undo", "hunt"];

/// Makes a webhook; the answer holds its secret, once.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "administration", request_body = NewWebhook,
    responses((status = 201, body = WebhookRow)))]
pub(crate) async fn make(
    State(app): State<App>,
    asker: Asker,
    Body(new): Body<NewWebhook>,
) -> Result<impl IntoResponse, Problem> {
    let host = new.url.strip_prefix("https://").or_else(|| new.url.strip_prefix("http://"));
    let fits = host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
    if !fits || new.url.len() > 2000 || new.url.chars().any(|c| c.is_control() || c == ' ') {
        return Err(Problem::unfit("url: an address that begins with https:// or http://"));
    }
    if new.events.is_empty() || new.events.iter().any(|name| !EVENTS.contains(&name.as_str())) {
        return Err(Problem::unfit(format!("events: some of {}", EVENTS.join(", "))));
    }
    let ceiling: Marking = word("ceiling", new.ceiling.as_deref())?.unwrap_or_default();
    let fault = |error: crate::ServeError| Problem::fault(error.to_string());
    let mut events = new.events;
    events.sort();
    events.dedup();
    let webhook = Webhook {
        id: hex(&random::<6>().map_err(fault)?),
        url: new.url,
        secret: hex(&random::<24>().map_err(fault)?),
        events: events.join(","),
        ceiling: ceiling.min(asker.ceiling.tlp),
        account: asker.who,
        created: app.now(),
    };
    let secret = Some(webhook.secret.clone());
    let row = WebhookRow { secret, ..WebhookRow::from(webhook.clone()) };
    let path = app.config.store.clone();
    App::aside(move || Ok(Store::open(&path)?.put_webhook(&webhook)?)).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Takes a webhook away.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let path = app.config.store.clone();
    let wanted = id.clone();
    let found = App::aside(move || Ok(Store::open(&path)?.remove_webhook(&wanted)?)).await?;
    if found {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::unknown(format!("there is no webhook `{id}`")))
    }
}
