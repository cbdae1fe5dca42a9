use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::{Page, TextStyle};
use lapwing_engine::reference::{TACTICS, Tactic};
use lapwing_engine::store::{DocumentRecord, FactQuery};
use lapwing_engine::{ExplainedFact, ForecastOptions, Neighbourhood, ShowOptions};
use lapwing_model::{DocumentId, Entity, Kind, Object, Relation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::paging::{Paging, cursor};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::documents::{attach, document_id};
use crate::routes::entities::name_of;
use crate::routes::search::EntityName;
use crate::routes::{Answer, day, named};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
    /// `kind:value`, where a name means several things.
    of: String,
    /// The kind, where a name means several things.
    kind: Option<String>,
    /// Only what was known by the end of this day.
    #[param(format = Date)]
    as_of: Option<String>,
    /// The day on which decay is read.
    #[param(format = Date)]
    today: Option<String>,
}

impl Of {
    /// The name as the engine takes it.
    fn name(&self) -> Result<String, Problem> {
        let name = named(&self.of)?;
        match self.kind.as_deref().filter(|kind| !kind.is_empty()) {
            None => Ok(name.to_owned()),
            Some(kind) => {
                let kind: Kind =
                    kind.parse().map_err(|error| Problem::unreadable(format!("kind: {error}")))?;
                Ok(Entity::new(kind, name).key())
            }
        }
    }

    fn days(&self, app: &App) -> Result<ShowOptions, Problem> {
        Ok(ShowOptions {
            today: day("today", self.today.as_deref())?.unwrap_or_else(|| app.today()),
            as_of: day("as_of", self.as_of.as_deref())?,
        })
    }
}

async fn show(app: &App, asker: &Asker, of: &Of) -> Result<Page, Problem> {
    let (name, days) = (of.name()?, of.days(app)?);
    app.read(asker, move |sight| Ok(sight.show(&name, &days)?)).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Rows {
    /// Indicators at most; all where not given. `/indicators?of=` gives the others.
    rows: Option<usize>,
}

/// All that is known of a name or value, as typed sections: what `lapwing show --as json` prints.
#[utoipa::path(get, path = "/api/v1/page", tag = "one", params(Of, Rows), responses((status = 200, body = Object)))]
pub(crate) async fn page(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
    Asked(rows): Asked<Rows>,
) -> Answer<Page> {
    let mut page = show(&app, &asker, &of).await?;
    if let Some(rows) = rows.rows {
        page.indicators.truncate(rows);
    }
    Ok(Json(page))
}

fn file(kind: &'static str, name: &str, end: &str, body: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], body).into_response();
    attach(&mut response, &format!("{name}.{end}"));
    response
}

/// The same in Markdown, values defanged.
#[utoipa::path(get, path = "/api/v1/page.md", tag = "one", params(Of),
    responses((status = 200, content_type = "text/markdown", body = String)))]
pub(crate) async fn page_markdown(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
) -> Result<Response, Problem> {
    let page = show(&app, &asker, &of).await?;
    Ok(file("text/markdown; charset=utf-8", &page.name, "md", page.to_markdown()))
}

/// The same as one self-contained page of HTML, values defanged.
#[utoipa::path(get, path = "/api/v1/page.html", tag = "one", params(Of),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn page_html(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
) -> Result<Response, Problem> {
    let page = show(&app, &asker, &of).await?;
    Ok(file("text/html; charset=utf-8", &page.name, "html", page.to_html()))
}

/// The same for a terminal, values defanged.
#[utoipa::path(get, path = "/api/v1/page.txt", tag = "one", params(Of),
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(crate) async fn page_text(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
) -> Result<Response, Problem> {
    let page = show(&app, &asker, &of).await?;
    let text = page.to_text(&TextStyle::default());
    Ok(file("text/plain; charset=utf-8", &page.name, "txt", text))
}

/// Why it is believed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explained {
    subject: EntityName,
    /// A fact each, with its arithmetic and its claims.
    #[schema(value_type = Vec<Object>)]
    items: Vec<ExplainedFact>,
    /// Ask for the rest with this as `cursor`; null at the end.
    next: Option<String>,
    /// How many facts there are in all.
    total: u64,
}

/// Why it is believed: facts, origins, claims, places, arithmetic; by pages.
#[utoipa::path(get, path = "/api/v1/explain", tag = "one", params(Of, Paging), responses((status = 200, body = Explained)))]
pub(crate) async fn explain(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
    Asked(paging): Asked<Paging>,
) -> Answer<Explained> {
    let (name, days) = (of.name()?, of.days(&app)?);
    let (from, limit) = (paging.after::<usize>()?.unwrap_or(0), paging.limit()?);
    let explained = app
        .read(&asker, move |sight| {
            let past = days.as_of.map(|date| sight.as_of(date)).transpose()?;
            let engine = past.as_ref().unwrap_or(sight);
            let page = engine.explain_part(&name, from, limit)?;
            let end = from.saturating_add(page.facts.len());
            let next = (end < page.total && !page.facts.is_empty()).then(|| cursor(&end));
            let (subject, total) = (page.subject.into(), page.total as u64);
            Ok(Explained { subject, items: page.facts, next, total })
        })
        .await?;
    Ok(Json(explained))
}

/// What comes next.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastAnswer {
    subject: EntityName,
    today: String,
    /// How many documents it rests on.
    documents: usize,
    /// The statements, each with model, data, score and baseline.
    #[schema(value_type = Vec<Object>)]
    forecasts: Value,
}

/// What comes next, with the back-test of each statement.
#[utoipa::path(get, path = "/api/v1/forecast", tag = "one", params(Of), responses((status = 200, body = ForecastAnswer)))]
pub(crate) async fn forecast(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
) -> Answer<ForecastAnswer> {
    let (name, days) = (of.name()?, of.days(&app)?);
    let outlook = app
        .read(&asker, move |sight| {
            let options = ForecastOptions { today: days.today, as_of: days.as_of };
            Ok(sight.forecast(&name, &options)?)
        })
        .await?;
    Ok(Json(ForecastAnswer {
        subject: outlook.subject.into(),
        today: outlook.today.to_string(),
        documents: outlook.documents,
        forecasts: serde_json::to_value(outlook.forecasts).unwrap_or_default(),
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Size {
    /// Nodes at most, 1 to 1000; 200 where not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// What stands around a name or value.
#[derive(Serialize, ToSchema)]
pub(crate) struct Graph {
    /// The node in the middle.
    centre: String,
    /// The centre first, then the most telling.
    nodes: Vec<GraphNode>,
    edges: Vec<GraphEdge>,
    /// Whether there is more.
    cut: bool,
}

/// One entity of a graph.
#[derive(Serialize, ToSchema)]
pub(crate) struct GraphNode {
    /// `kind:value`: ask for the graph `of` it to grow it.
    id: String,
    kind: String,
    value: String,
    name: Option<String>,
    /// How telling it is beside the others, 0 to 1.
    weight: f64,
}

/// A fact between two entities.
#[derive(Serialize, ToSchema)]
pub(crate) struct GraphEdge {
    from: String,
    to: String,
    relation: String,
    probability: f64,
    origins: u64,
    marking: String,
}

/// The name of a node: of a report its title.
fn named_node(sight: &Sight<'_>, entity: &Entity) -> Result<Option<String>, Problem> {
    let document =
        (entity.kind == Kind::Report).then(|| entity.value.parse::<DocumentId>().ok()).flatten();
    let record = match document {
        Some(id) => sight.store().document_record(id)?,
        None => None,
    };
    Ok(record
        .map(|record| record.document.label().to_owned())
        .or_else(|| name_of(sight, entity.kind, &entity.value)))
}

fn graph_of(sight: &Sight<'_>, of: Neighbourhood) -> Result<Graph, Problem> {
    let mut names = Vec::with_capacity(of.nodes.len());
    for node in &of.nodes {
        names.push(named_node(sight, &node.entity)?);
    }
    Ok(Graph {
        centre: of.centre,
        nodes: of
            .nodes
            .into_iter()
            .zip(names)
            .map(|(node, name)| GraphNode {
                name,
                id: node.id,
                kind: node.entity.kind.to_string(),
                value: node.entity.value,
                weight: (node.weight * 1e4).round() / 1e4,
            })
            .collect(),
        edges: of
            .edges
            .into_iter()
            .map(|edge| GraphEdge {
                from: edge.from,
                to: edge.to,
                relation: edge.relation.to_string(),
                probability: edge.probability,
                origins: edge.origins,
                marking: edge.marking.to_string(),
            })
            .collect(),
        cut: of.cut,
    })
}

/// The most telling things next to a name or value, and all facts between them.
#[utoipa::path(get, path = "/api/v1/graph", tag = "one", params(Of, Size), responses((status = 200, body = Graph)))]
pub(crate) async fn graph(
    State(app): State<App>,
    asker: Asker,
    Asked(of): Asked<Of>,
    Asked(size): Asked<Size>,
) -> Answer<Graph> {
    let (name, days) = (of.name()?, of.days(&app)?);
    let limit = match size.limit {
        None => 200,
        Some(limit @ 1..=1000) => limit,
        Some(other) => return Err(Problem::unreadable(format!("limit={other}: 1 to 1000"))),
    };
    let graph = app
        .read(&asker, move |sight| {
            let past = days.as_of.map(|date| sight.as_of(date)).transpose()?;
            let engine = past.as_ref().unwrap_or(sight);
            graph_of(sight, engine.neighbourhood(&name, limit)?)
        })
        .await?;
    Ok(Json(graph))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfOrDocument {
    /// Of this name or value; of the whole store where nothing is given.
    of: Option<String>,
    /// Of this document.
    document: Option<String>,
    /// Moments at most, 1 to 5000; 500 where not given: the latest.
    #[param(minimum = 1, maximum = 5000)]
    limit: Option<usize>,
}

/// Something with a date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct TimelineMoment {
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    date: String,
    /// `published`, `first-seen`, `last-seen`, `fixed-on`.
    kind: String,
    /// In words.
    what: String,
    /// Of what, where it is one thing.
    subject: Option<String>,
    /// The document that was published.
    document: Option<String>,
}

/// Dated events, the oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Timeline {
    items: Vec<TimelineMoment>,
    /// Whether there is more than was asked for.
    cut: bool,
}

/// What happened when: of a name, of a document, or of the whole store.
#[utoipa::path(get, path = "/api/v1/timeline", tag = "lists", params(OfOrDocument), responses((status = 200, body = Timeline)))]
pub(crate) async fn timeline(
    State(app): State<App>,
    asker: Asker,
    Asked(asked): Asked<OfOrDocument>,
) -> Answer<Timeline> {
    let limit = match asked.limit {
        None => 500,
        Some(limit @ 1..=5000) => limit,
        Some(other) => return Err(Problem::unreadable(format!("limit={other}: 1 to 5000"))),
    };
    let document = asked.document.as_deref().map(document_id).transpose()?;
    let timeline = app
        .read(&asker, move |sight| {
            moments(sight, asked.of.as_deref().filter(|of| !of.is_empty()), document, limit)
        })
        .await?;
    Ok(Json(timeline))
}

/// Facts that say when something was.
const DATING: [Relation; 3] = [Relation::FirstSeen, Relation::LastSeen, Relation::FixedOn];

fn moments(
    sight: &Sight<'_>,
    of: Option<&str>,
    document: Option<DocumentId>,
    limit: usize,
) -> Result<Timeline, Problem> {
    let mut items: Vec<TimelineMoment> = Vec::new();
    let (subject, documents): (_, Vec<DocumentId>) = match (of, document) {
        (Some(of), _) => {
            let topic = sight.topic(named(of)?)?;
            (Some(topic.subject), topic.documents.into_iter().map(|(id, _)| id).collect())
        }
        (None, Some(id)) => (None, vec![id]),
        (None, None) => (None, Vec::new()),
    };
    let records: Vec<DocumentRecord> = if subject.is_none() && document.is_none() {
        sight.store().documents()?
    } else {
        let found = documents.iter().map(|id| sight.store().document_record(*id));
        found.filter_map(Result::transpose).collect::<Result<_, _>>()?
    };
    for record in records {
        let id = record.document.id;
        let Some(date) = record.document.published else { continue };
        items.push(TimelineMoment {
            date: date.to_string(),
            kind: "published".to_owned(),
            what: record.document.label().to_owned(),
            subject: None,
            document: Some(id.to_string()),
        });
    }
    for relation in DATING {
        let query = match &subject {
            Some(subject) => FactQuery {
                either: Some(subject.clone()),
                relation: Some(relation),
                ..FactQuery::default()
            },
            None if document.is_some() => FactQuery {
                documents: Some(documents.clone()),
                relation: Some(relation),
                ..FactQuery::default()
            },
            None => {
                FactQuery { relation: Some(relation), limit: Some(20_000), ..FactQuery::default() }
            }
        };
        for fact in sight.store().facts(&query)? {
            let Object::Text(date) = &fact.object else { continue };
            items.push(TimelineMoment {
                date: date.clone(),
                kind: relation.to_string(),
                what: format!("{} {relation}", fact.subject.value),
                subject: Some(fact.subject.key()),
                document: None,
            });
        }
    }
    items.sort();
    items.dedup();
    let cut = items.len() > limit;
    let from = items.len().saturating_sub(limit);
    Ok(Timeline { items: items.split_off(from), cut })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfAny {
    /// Of this campaign, actor, malware; of the whole store where not given.
    of: Option<String>,
}

/// The techniques of ATT&CK that the store speaks of, for a matrix.
#[derive(Serialize, ToSchema)]
pub(crate) struct Techniques {
    items: Vec<Technique>,
    /// The columns of the matrix, in their order.
    tactics: Vec<TacticName>,
}

/// A tactic of ATT&CK.
#[derive(Serialize, ToSchema)]
pub(crate) struct TacticName {
    /// As `initial-access`.
    id: String,
    /// As `Initial Access`.
    name: String,
}

impl TacticName {
    pub(crate) fn of(tactic: &Tactic) -> Self {
        Self { id: tactic.short_name.to_owned(), name: tactic.name.to_owned() }
    }
}

/// A technique with what is said of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Technique {
    /// As `T1190`.
    id: String,
    name: Option<String>,
    /// As `initial-access`.
    tactics: Vec<String>,
    /// Facts that name it.
    facts: usize,
    /// The probability of the likeliest.
    probability: f64,
    /// Who uses it.
    used_by: Vec<EntityName>,
}

/// The techniques that the store, or the documents of a topic, speak of.
#[utoipa::path(get, path = "/api/v1/techniques", tag = "lists", params(OfAny), responses((status = 200, body = Techniques)))]
pub(crate) async fn techniques(
    State(app): State<App>,
    asker: Asker,
    Asked(asked): Asked<OfAny>,
) -> Answer<Techniques> {
    let items = app
        .read(&asker, move |sight| used(sight, asked.of.as_deref().filter(|of| !of.is_empty())))
        .await?;
    let tactics = TACTICS.iter().map(TacticName::of).collect();
    Ok(Json(Techniques { items, tactics }))
}

fn used(sight: &Sight<'_>, of: Option<&str>) -> Result<Vec<Technique>, Problem> {
    let mut techniques: std::collections::BTreeMap<String, Technique> =
        std::collections::BTreeMap::new();
    let mut add = |id: &str, probability: f64, by: Option<&Entity>| {
        let entry = techniques.entry(id.to_owned()).or_insert_with(|| {
            let known = sight.knowledge().technique(id);
            Technique {
                id: id.to_owned(),
                name: known.map(|technique| technique.name.clone()),
                tactics: known.map(|technique| technique.tactics.clone()).unwrap_or_default(),
                facts: 0,
                probability: 0.0,
                used_by: Vec::new(),
            }
        });
        entry.facts += 1;
        entry.probability = entry.probability.max((probability * 1e4).round() / 1e4);
        if let Some(by) = by {
            let by = EntityName::from(by.clone());
            if !entry.used_by.contains(&by) {
                entry.used_by.push(by);
            }
        }
    };
    let mut queries = Vec::new();
    match of {
        None => {
            queries
                .push(FactQuery { object_kind: Some(Kind::AttackPattern), ..FactQuery::default() });
            queries.push(FactQuery {
                subject_kind: Some(Kind::AttackPattern),
                ..FactQuery::default()
            });
        }
        Some(of) => {
            let topic = sight.topic(named(of)?)?;
            if matches!(topic.subject.kind, Kind::Campaign | Kind::Software) {
                let documents: Vec<_> = topic.documents.iter().map(|(id, _)| *id).collect();
                queries.push(FactQuery { documents: Some(documents), ..FactQuery::default() });
            } else {
                queries.push(FactQuery { subject: Some(topic.subject), ..FactQuery::default() });
            }
        }
    }
    for query in queries {
        for fact in sight.store().facts(&query)? {
            if fact.subject.kind == Kind::AttackPattern {
                add(&fact.subject.value, fact.probability, None);
            }
            if let Object::Entity(object) = &fact.object
                && object.kind == Kind::AttackPattern
            {
                add(&object.value, fact.probability, Some(&fact.subject));
            }
        }
    }
    Ok(techniques.into_values().collect())
}
