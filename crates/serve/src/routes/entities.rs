use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use lapwing_engine::store::EntityRecord;
use lapwing_model::Kind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::paging::{List, Paging, cursor};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::{Answer, word};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Of this kind, as `threat-actor`.
    kind: Option<String>,
    /// Whose value holds this.
    q: Option<String>,
    /// `value` (usual) or `documents`.
    sort: Option<String>,
}

/// A thing that the store speaks of.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntityRow {
    kind: String,
    value: String,
    /// Its name, where the value is an identifier.
    name: Option<String>,
    /// Documents that speak of it.
    documents: u64,
    /// Facts of which it is a part.
    facts: u64,
}

pub(crate) fn name_of(sight: &Sight<'_>, kind: Kind, value: &str) -> Option<String> {
    let knowledge = sight.knowledge();
    match kind {
        Kind::AttackPattern => knowledge.technique(value).map(|of| of.name.clone()),
        Kind::Weakness => knowledge.weakness(value).map(|of| of.name.clone()),
        Kind::Location => knowledge.place(value).map(|of| of.name.clone()),
        _ => None,
    }
}

/// All entities, from the cache of this state of the store.
pub(crate) fn all(app: &App, sight: &Sight<'_>) -> Result<Arc<Vec<EntityRecord>>, Problem> {
    app.entities.get(sight, |_| {
        // Values go by millions and have lists of their own; names are kept.
        let mut records = Vec::new();
        for kind in Kind::ALL.iter().filter(|kind| !kind.is_observable()) {
            records.extend(sight.store().entities(Some(*kind))?);
        }
        Ok(records)
    })
}

fn rows(
    app: &App,
    sight: &Sight<'_>,
    kind: Option<Kind>,
    q: Option<&str>,
    by_documents: bool,
    paging: &Paging,
) -> Result<List<EntityRow>, Problem> {
    let records = match kind {
        Some(kind) if kind.is_observable() && !by_documents => {
            return values(sight, kind, q, paging);
        }
        Some(kind) if kind.is_observable() => Arc::new(sight.store().entities(Some(kind))?),
        _ => all(app, sight)?,
    };
    let q = q.map(str::to_lowercase);
    let mut chosen: Vec<&EntityRecord> = records
        .iter()
        .filter(|record| kind.is_none_or(|kind| record.entity.kind == kind))
        .filter(|record| q.as_ref().is_none_or(|q| record.entity.value.to_lowercase().contains(q)))
        .collect();
    if by_documents {
        chosen.sort_by_key(|record| (std::cmp::Reverse(record.documents), record.entity.clone()));
    }
    List::slice(chosen.into_iter().map(|record| EntityRow::of(sight, record)), paging)
}

/// Values go by millions: one page is fetched.
fn values(
    sight: &Sight<'_>,
    kind: Kind,
    q: Option<&str>,
    paging: &Paging,
) -> Result<List<EntityRow>, Problem> {
    let (limit, after): (usize, Option<String>) = (paging.limit()?, paging.after()?);
    let q = q.filter(|q| !q.is_empty());
    let mut records = sight.store().entities_page(kind, q, after.as_deref(), limit + 1)?;
    let total = match q {
        None => sight.store().kinds()?.into_iter().find(|(of, _)| *of == kind).map(|(_, n)| n),
        Some(_) => None,
    };
    let more = records.len() > limit;
    records.truncate(limit);
    let next = records.last().filter(|_| more).map(|last| cursor(&last.entity.value));
    let items = records.iter().map(|record| EntityRow::of(sight, record)).collect();
    Ok(List { items, next, total })
}

impl EntityRow {
    fn of(sight: &Sight<'_>, record: &EntityRecord) -> Self {
        Self {
            kind: record.entity.kind.to_string(),
            value: record.entity.value.clone(),
            name: name_of(sight, record.entity.kind, &record.entity.value),
            documents: record.documents,
            facts: record.facts,
        }
    }
}

/// What the store speaks of: actors, malware, techniques …; without `kind`, all but values.
#[utoipa::path(get, path = "/api/v1/entities", tag = "lists", params(Which, Paging),
    responses((status = 200, body = List<EntityRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    asker: Asker,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<List<EntityRow>> {
    let kind = word("kind", which.kind.as_deref())?;
    let by_documents = match which.sort.as_deref() {
        None | Some("" | "value") => false,
        Some("documents") => true,
        Some(other) => {
            return Err(Problem::unreadable(format!("sort={other}: value or documents")));
        }
    };
    let shared = app.clone();
    let list = app
        .read(&asker, move |sight| {
            rows(&shared, sight, kind, which.q.as_deref(), by_documents, &paging)
        })
        .await?;
    Ok(Json(list))
}

/// How many there are of a kind.
#[derive(Serialize, ToSchema)]
pub(crate) struct KindCount {
    kind: String,
    count: u64,
}

/// How many of each kind.
#[derive(Serialize, ToSchema)]
pub(crate) struct KindCounts {
    items: Vec<KindCount>,
}

/// The kinds of which the store speaks, with their number.
#[utoipa::path(get, path = "/api/v1/entities/kinds", tag = "lists", responses((status = 200, body = KindCounts)))]
pub(crate) async fn kinds(State(app): State<App>, asker: Asker) -> Answer<KindCounts> {
    let kinds = app.read(&asker, |sight| Ok(sight.store().kinds()?)).await?;
    let count = |(kind, count): (Kind, u64)| KindCount { kind: kind.to_string(), count };
    Ok(Json(KindCounts { items: kinds.into_iter().map(count).collect() }))
}

/// Activity clusters (as UNC2639): what is held together by evidence and not yet attributed.
#[utoipa::path(get, path = "/api/v1/clusters", tag = "lists", params(Paging),
    responses((status = 200, body = List<EntityRow>)))]
pub(crate) async fn clusters(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<EntityRow>> {
    let shared = app.clone();
    let list = app
        .read(&asker, move |sight| rows(&shared, sight, Some(Kind::Cluster), None, false, &paging))
        .await?;
    Ok(Json(list))
}
