use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use lapwing_engine::{LookedUp, Part};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Audited;
use crate::app::App;
use crate::asker::Asker;
use crate::input::{Asked, Body};
use crate::problem::Problem;
use crate::routes::day;

/// Values, or a text with values in it: one of the two.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LookUp {
    /// Values or names, defanged or not; 10,000 at most.
    values: Option<Vec<String>>,
    /// A log line, a mail, a report: all values that stand in it are looked up.
    text: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct On {
    /// The day on which decay is read; today where not given.
    #[param(format = Date)]
    today: Option<String>,
}

/// What is known of each.
#[derive(Serialize, ToSchema)]
pub(crate) struct LookedUpAll {
    /// In the order of asking, or of the text.
    items: Vec<Known>,
    /// How many are known.
    known: usize,
    /// How many are not.
    unknown: usize,
}

/// One value and what is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Known {
    /// As it was written.
    asked: String,
    /// First byte in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    start: Option<u32>,
    /// One past the last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    end: Option<u32>,
    /// Whether the store says something of it.
    known: bool,
    /// Which part of it is known and what all that follows is about, where that is not the whole:
    /// `address` (a URL without its query), `host`, `domain-above`, `ipv4` (inside an IPv6 address).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    part: Option<&'static str>,
    /// Null where it cannot be told.
    kind: Option<String>,
    /// Refanged and normalised.
    value: Option<String>,
    /// `indicator`, `reference`, `victim`, `benign` …
    role: Option<String>,
    probability: Option<f64>,
    /// The ICD-203 word.
    likelihood: Option<String>,
    /// `low`, `moderate`, `high`.
    confidence: Option<String>,
    /// `active`, `ageing`, `expired`, `revoked`, `benign`, `undated`.
    status: Option<String>,
    origins: Option<u64>,
    first: Option<String>,
    last: Option<String>,
    marking: Option<String>,
    /// What it indicates.
    labels: Vec<String>,
    /// The list of legitimate values that has it.
    benign: Option<String>,
    note: Option<String>,
}

fn said<T: Serialize>(value: Option<T>) -> Option<String> {
    let value = serde_json::to_value(value?).ok()?;
    value.as_str().map(str::to_owned)
}

impl From<LookedUp> for Known {
    fn from(of: LookedUp) -> Self {
        Self {
            asked: of.asked,
            start: of.start,
            end: of.end,
            known: of.known,
            part: of.part.map(Part::as_str),
            kind: said(of.kind),
            value: of.value,
            role: said(of.role),
            probability: of.probability,
            likelihood: said(of.likelihood),
            confidence: said(of.confidence),
            status: said(of.status),
            origins: of.origins,
            first: said(of.first),
            last: said(of.last),
            marking: said(of.marking),
            labels: of.labels,
            benign: of.benign,
            note: of.note,
        }
    }
}

/// What is known of many values at once, or of everything in a text.
#[utoipa::path(post, path = "/api/v1/lookup", tag = "search", params(On), request_body = LookUp,
    responses((status = 200, body = LookedUpAll)))]
pub(crate) async fn look_up(
    State(app): State<App>,
    asker: Asker,
    Asked(on): Asked<On>,
    Body(asked): Body<LookUp>,
) -> Result<impl IntoResponse, Problem> {
    let today = day("today", on.today.as_deref())?.unwrap_or_else(|| app.today());
    let most = app.config.limits.lookup;
    let (audited, items) = match (asked.values, asked.text) {
        (Some(values), None) if values.len() > most => {
            let count = values.len();
            return Err(Problem::too_large(format!(
                "{count} values; {most} are the most of one call"
            )));
        }
        (Some(values), None) => {
            let audited = format!("{} values", values.len());
            let items = app
                .read(&asker, move |sight| {
                    values
                        .iter()
                        .map(|value| Ok(Known::from(sight.look_up_by_parts(value, today)?)))
                        .collect::<Result<Vec<_>, Problem>>()
                })
                .await?;
            (audited, items)
        }
        (None, Some(text)) => {
            let audited = format!("a text of {} bytes", text.len());
            let items = app
                .read(&asker, move |sight| {
                    let found = sight.look_up_text(&text, today)?;
                    Ok(found.into_iter().map(Known::from).collect::<Vec<_>>())
                })
                .await?;
            (audited, items)
        }
        _ => return Err(Problem::unfit("give `values` or `text`, one of the two")),
    };
    let known = items.iter().filter(|item| item.known).count();
    let unknown = items.len() - known;
    Ok((Extension(Audited(audited)), Json(LookedUpAll { items, known, unknown })))
}
