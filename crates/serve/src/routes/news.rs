use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::{Timestamp, ToSpan};
use lapwing_engine::News;
use lapwing_model::{DocumentId, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::search::EntityName;
use crate::routes::{Answer, entities};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SinceWhen {
    /// A time (RFC 3339); a week ago where not given.
    #[param(format = DateTime)]
    since: Option<String>,
}

/// What changed in what is known.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewsAnswer {
    #[schema(format = DateTime)]
    since: String,
    /// Documents that were added since.
    documents: usize,
    /// How many of them were looked at: the latest, and no long lists.
    looked_at: usize,
    /// Names that no earlier document speaks of.
    names: Vec<NewNameRow>,
    /// Statements of earlier documents that new observers confirm or deny.
    moved: Vec<MovedFactRow>,
    /// Indicators of earlier documents that new observers confirm.
    confirmed_indicators: usize,
}

/// A name that is new.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewNameRow {
    kind: String,
    value: String,
    /// New documents that speak of it.
    documents: usize,
    /// The first of them.
    document: String,
    label: String,
}

/// A statement that stands otherwise than before.
#[derive(Serialize, ToSchema)]
pub(crate) struct MovedFactRow {
    subject: EntityName,
    relation: String,
    /// Another thing, or plain text.
    #[schema(value_type = Object)]
    object: Value,
    probability: f64,
    /// Origins for it now.
    origins: usize,
    /// Origins against it now.
    against: usize,
    /// Whether the new observer denies it.
    denied: bool,
    /// The document that did it.
    document: String,
    label: String,
}

/// What changed in what is known since a moment: new names, and what further observers confirm or deny.
#[utoipa::path(get, path = "/api/v1/news", tag = "lists", params(SinceWhen),
    responses((status = 200, body = NewsAnswer)))]
pub(crate) async fn news(
    State(app): State<App>,
    asker: Asker,
    Asked(asked): Asked<SinceWhen>,
) -> Answer<NewsAnswer> {
    let since: Timestamp = match asked.since.as_deref() {
        Some(text) => text
            .parse()
            .map_err(|_| Problem::unreadable(format!("since={text}: write a time of RFC 3339")))?,
        None => app
            .now()
            .saturating_sub((7 * 24).hours())
            .map_err(|_| Problem::fault("a week ago is no time"))?,
    };
    let shared = app.clone();
    let answer = app
        .read(&asker, move |sight| {
            let all = entities::all(&shared, sight)?;
            let counts: BTreeMap<_, u64> =
                all.iter().map(|record| (&record.entity, record.documents)).collect();
            let found = sight.news_since(since, &|entity| counts.get(entity).copied())?;
            told(sight, since, found)
        })
        .await?;
    Ok(Json(answer))
}

fn told(sight: &Sight<'_>, since: Timestamp, news: News) -> Result<NewsAnswer, Problem> {
    let label = |id: DocumentId| -> Result<String, Problem> {
        let record = sight.store().document_record(id)?;
        Ok(record.map(|record| record.document.label().to_owned()).unwrap_or_default())
    };
    let mut names = Vec::new();
    for name in news.names {
        names.push(NewNameRow {
            label: label(name.document)?,
            document: name.document.to_string(),
            documents: name.documents,
            kind: name.entity.kind.to_string(),
            value: name.entity.value,
        });
    }
    let mut moved = Vec::new();
    for fact in news.moved {
        moved.push(MovedFactRow {
            label: label(fact.document)?,
            document: fact.document.to_string(),
            subject: fact.subject.into(),
            relation: fact.relation.to_string(),
            object: match fact.object {
                Object::Entity(entity) => {
                    serde_json::to_value(EntityName::from(entity)).unwrap_or_default()
                }
                Object::Text(text) => Value::String(text),
            },
            probability: (fact.probability * 1e4).round() / 1e4,
            origins: fact.origins,
            against: fact.against,
            denied: fact.denied,
        });
    }
    Ok(NewsAnswer {
        since: since.to_string(),
        documents: news.documents,
        looked_at: news.looked_at,
        names,
        moved,
        confirmed_indicators: news.confirmed_indicators,
    })
}
