use axum::Json;
use axum::extract::State;
use lapwing_engine::store::SearchHit;
use lapwing_model::Entity;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::problem::Problem;
use crate::routes::Answer;

/// A thing by its kind and value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EntityName {
    /// As `threat-actor`, `ipv4-addr`: the STIX object type where there is one.
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl From<Entity> for EntityName {
    fn from(entity: Entity) -> Self {
        Self { kind: entity.kind.to_string(), value: entity.value }
    }
}

impl TryFrom<EntityName> for Entity {
    type Error = Problem;

    fn try_from(name: EntityName) -> Result<Self, Problem> {
        let kind = name.kind.parse().map_err(|error| Problem::unfit(format!("kind: {error}")))?;
        let value = name.value.trim();
        if value.is_empty() || value.len() > 4096 {
            return Err(Problem::unfit("value: 1 to 4096 bytes"));
        }
        Ok(Self::new(kind, value))
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchFor {
    /// Words, or a value, defanged or not.
    q: String,
    /// Hits at most.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// What a search found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    query: String,
    entities: Vec<EntityName>,
    documents: Vec<FoundDocument>,
}

/// A document with the words.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundDocument {
    id: String,
    /// Its name for people.
    label: String,
    /// Path or address as given.
    name: String,
    /// The best place, as plain text.
    snippet: String,
    /// Byte ranges of `snippet` that matched.
    marks: Vec<[usize; 2]>,
    /// The higher, the better.
    rank: f64,
}

fn limit(asked: Option<usize>, usual: usize) -> Result<usize, Problem> {
    match asked {
        None => Ok(usual),
        Some(limit @ 1..=500) => Ok(limit),
        Some(other) => Err(Problem::unreadable(format!("limit={other}: 1 to 500"))),
    }
}

/// Names, values and texts that hold the words.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchFor), responses((status = 200, body = Found)))]
pub(crate) async fn search(
    State(app): State<App>,
    asker: Asker,
    Asked(asked): Asked<SearchFor>,
) -> Answer<Found> {
    let limit = limit(asked.limit, 20)?;
    let query = asked.q;
    let words = query.chars().take(1000).collect::<String>();
    let hits = app
        .read(&asker, move |sight| {
            let plain = lapwing_engine::refang(words.trim()).into_owned();
            let mut hits = sight.store().search(&words, limit)?;
            if plain != words.trim() {
                let more = sight.store().search(&plain, limit)?;
                hits.splice(
                    0..0,
                    more.into_iter().filter(|hit| matches!(hit, SearchHit::Entity(_))),
                );
            }
            Ok(hits)
        })
        .await?;
    let mut found = Found { query, entities: Vec::new(), documents: Vec::new() };
    for hit in hits {
        match hit {
            SearchHit::Entity(entity) => {
                let name = EntityName::from(entity);
                if !found.entities.contains(&name) {
                    found.entities.push(name);
                }
            }
            SearchHit::Document { id, label, name, snippet, rank } => {
                found.documents.push(FoundDocument {
                    id: id.to_string(),
                    label,
                    name,
                    marks: snippet.marks.iter().map(|mark| [mark.start, mark.end]).collect(),
                    snippet: snippet.text,
                    rank,
                });
            }
        }
    }
    Ok(Json(found))
}

/// Names that may be meant.
#[derive(Serialize, ToSchema)]
pub(crate) struct Names {
    items: Vec<EntityName>,
}

/// Names and values that hold what was typed so far, those that begin with it first.
#[utoipa::path(get, path = "/api/v1/complete", tag = "search", params(SearchFor), responses((status = 200, body = Names)))]
pub(crate) async fn complete(
    State(app): State<App>,
    asker: Asker,
    Asked(asked): Asked<SearchFor>,
) -> Answer<Names> {
    let limit = limit(asked.limit, 10)?;
    let typed = asked.q.chars().take(200).collect::<String>();
    let found = app
        .read(&asker, move |sight| {
            let plain = lapwing_engine::refang(typed.trim());
            Ok(sight.store().find_entities(&plain)?)
        })
        .await?;
    Ok(Json(Names { items: found.into_iter().take(limit).map(EntityName::from).collect() }))
}
