use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use lapwing_engine::IndicatorEntry;
use lapwing_engine::forecasting::{Clocks, DecayModel};
use lapwing_engine::store::{FactQuery, IndicatorOrder, IndicatorPlace, IndicatorQuery};
use lapwing_model::{Entity, Fact, Kind, Object, PartialDate, Relation, Role, Status};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::paging::{List, Paging, cursor};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::{Answer, day, named, word};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Of this kind, as `ipv4-addr`.
    kind: Option<String>,
    /// With one of these, separated by commas: active, ageing, expired, revoked, benign, undated.
    status: Option<String>,
    /// At least this probable.
    #[param(minimum = 0, maximum = 1)]
    min_probability: Option<f64>,
    /// Whose value holds this.
    q: Option<String>,
    /// Known on or after this day.
    #[param(format = Date)]
    since: Option<String>,
    /// Of this campaign, actor, malware …
    of: Option<String>,
    /// `value` (usual), `probability` or `last`.
    sort: Option<String>,
    /// The day on which decay is read.
    #[param(format = Date)]
    today: Option<String>,
}

/// A value with the role of an indicator.
#[derive(Serialize, ToSchema)]
pub(crate) struct IndicatorRow {
    kind: String,
    value: String,
    probability: f64,
    /// The ICD-203 word.
    likelihood: String,
    /// `low`, `moderate`, `high`.
    confidence: String,
    status: String,
    /// How many origins say so.
    origins: u64,
    /// First seen or reported.
    first: Option<String>,
    /// Last seen or reported.
    last: Option<String>,
    marking: String,
    /// Points of doubt.
    note: Option<String>,
}

impl IndicatorRow {
    fn of(fact: &Fact, status: Status) -> Self {
        let date = |date: Option<PartialDate>| date.map(|date| date.to_string());
        Self {
            kind: fact.subject.kind.to_string(),
            value: fact.subject.value.clone(),
            probability: (fact.probability * 1e4).round() / 1e4,
            likelihood: text(&fact.likelihood()),
            confidence: text(&fact.confidence),
            status: status.as_str().to_owned(),
            origins: fact.origins_for() as u64,
            first: date(fact.period.first.or(fact.reported.first)),
            last: date(fact.last_known()),
            marking: fact.marking.to_string(),
            note: (!fact.notes.is_empty()).then(|| fact.notes.join("; ")),
        }
    }
}

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The indicators, by pages.
#[utoipa::path(get, path = "/api/v1/indicators", tag = "lists", params(Which, Paging),
    responses((status = 200, body = List<IndicatorRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    asker: Asker,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<List<IndicatorRow>> {
    let today = day("today", which.today.as_deref())?.unwrap_or_else(|| app.today());
    let statuses = statuses(which.status.as_deref())?;
    let after: Option<(i64, f64)> = paging.after()?;
    let mut query = IndicatorQuery {
        kind: word("kind", which.kind.as_deref())?,
        holds: which.q.filter(|text| !text.is_empty()),
        least_probability: which.min_probability,
        since: day("since", which.since.as_deref())?.map(PartialDate::from),
        order: match which.sort.as_deref() {
            None | Some("" | "value") => IndicatorOrder::Value,
            Some("probability") => IndicatorOrder::Probability,
            Some("last") => IndicatorOrder::Last,
            Some(other) => {
                return Err(Problem::unreadable(format!(
                    "sort={other}: value, probability or last"
                )));
            }
        },
        after: after.map(|(n, key)| IndicatorPlace { n, key }),
        limit: paging.limit()?,
        ..IndicatorQuery::default()
    };
    if which.min_probability.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
        return Err(Problem::unreadable("min_probability: 0 to 1"));
    }
    let of = which.of;
    let page = app
        .read(&asker, move |sight| {
            if let Some(of) = of.as_deref().filter(|of| !of.is_empty()) {
                of_topic(sight, named(of)?, &mut query)?;
            }
            page(sight, &query, &statuses, today)
        })
        .await?;
    Ok(Json(page))
}

fn statuses(asked: Option<&str>) -> Result<Vec<Status>, Problem> {
    use Status::{Active, Ageing, Benign, Expired, Revoked, Undated};
    asked
        .unwrap_or("")
        .split(',')
        .filter(|word| !word.is_empty())
        .map(|word| {
            [Active, Ageing, Expired, Revoked, Benign, Undated]
                .into_iter()
                .find(|status| status.as_str() == word)
                .ok_or_else(|| {
                    Problem::unreadable(format!(
                        "status: `{word}`; use active, ageing, expired, revoked, benign, undated"
                    ))
                })
        })
        .collect()
}

/// Of a campaign or product, what its documents list; of anything else, what indicates it.
fn of_topic(sight: &Sight<'_>, of: &str, query: &mut IndicatorQuery) -> Result<(), Problem> {
    let topic = sight.topic(of)?;
    if matches!(topic.subject.kind, Kind::Campaign | Kind::Software) {
        query.documents = topic.documents.into_iter().map(|(id, _)| id).collect();
    }
    query.of = Some(topic.subject);
    Ok(())
}

fn page(
    sight: &Sight<'_>,
    query: &IndicatorQuery,
    statuses: &[Status],
    today: Date,
) -> Result<List<IndicatorRow>, Problem> {
    let page = sight.indicator_page(query, statuses, today)?;
    let row = |entry: &IndicatorEntry| IndicatorRow::of(&entry.fact, entry.status);
    Ok(List {
        items: page.entries.iter().map(row).collect(),
        next: page.next.map(|place| cursor(&(place.n, place.key))),
        total: None,
    })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Value {
    /// The kind of the value.
    kind: String,
    value: String,
    /// The day on which it is looked at.
    #[param(format = Date)]
    today: Option<String>,
}

/// How an indicator loses its worth.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decay {
    /// By what law.
    law: String,
    /// Days after it was last known.
    days: Vec<u32>,
    /// The probability that it is still in use, on each of these days.
    score: Vec<f64>,
    /// The day of today among them: days since it was last known; null when no date tells.
    today: Option<u32>,
    /// Below this it is expired.
    expired_below: f64,
    /// When it was last known.
    last: Option<String>,
    /// Today's status.
    status: Option<String>,
}

/// Points of the curve.
const POINTS: u32 = 121;

/// The decay curve of an indicator.
#[utoipa::path(get, path = "/api/v1/decay", tag = "one", params(Value), responses((status = 200, body = Decay)))]
pub(crate) async fn decay(
    State(app): State<App>,
    asker: Asker,
    Asked(asked): Asked<Value>,
) -> Answer<Decay> {
    let today = day("today", asked.today.as_deref())?.unwrap_or_else(|| app.today());
    let kind: Kind = word("kind", Some(&asked.kind))?
        .ok_or_else(|| Problem::unreadable("kind: name one, as ipv4-addr"))?;
    let entity = Entity::new(kind, lapwing_engine::refang(named(&asked.value)?));
    let (fact, status) = app
        .read(&asker, move |sight| {
            let facts = sight.store().facts(&FactQuery {
                subject: Some(entity.clone()),
                role: Some(Role::Indicator),
                relation: Some(Relation::Role),
                ..FactQuery::default()
            })?;
            let unknown = || Problem::unknown(format!("`{}` is no known indicator", entity.value));
            let fact = facts
                .into_iter()
                .find(|fact| matches!(fact.object, Object::Text(_)))
                .ok_or_else(unknown)?;
            let status = sight.status_of(&fact, today)?.status;
            Ok((fact, status))
        })
        .await?;
    Ok(Json(curve(&fact, status, today)))
}

fn curve(fact: &Fact, status: Status, today: Date) -> Decay {
    let last = fact.last_known();
    let first = fact.period.first.or(fact.reported.first).or(last);
    let between =
        |from: Date, to: Date| to.since(from).map_or(0, |span| span.get_days()).max(0) as u32;
    let age =
        first.zip(last).map_or(0, |(first, last)| between(first.first_day(), last.last_day()));
    let unseen = last.map(|last| between(last.last_day(), today));
    let read = |unseen| {
        let clocks = Clocks { kind: fact.subject.kind, family: None, age, unseen };
        DecayModel::Fitted.read(&clocks)
    };
    let now = read(0);
    let span = now.days_left.clamp(30, 3650).max(unseen.unwrap_or(0).min(3650));
    let days: Vec<u32> = (0..POINTS).map(|at| span * at / (POINTS - 1)).collect();
    let score = days.iter().map(|day| (read(*day).probability * 1e4).round() / 1e4).collect();
    Decay {
        law: if now.scored { "fitted on histories of addresses" } else { "rule of thumb by kind" }
            .to_owned(),
        days,
        score,
        today: unseen,
        expired_below: lapwing_engine::forecasting::EXPIRED,
        last: last.map(|date| date.to_string()),
        status: Some(status.as_str().to_owned()),
    }
}
