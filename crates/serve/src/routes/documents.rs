use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lapwing_engine::store::StoredClaim;
use lapwing_engine::{ACTION, METHOD, OF_CLAIM, OF_DOCUMENT};
use lapwing_model::{
    Claim, ClaimId, Document, DocumentId, Entity, Gap, Object, Origin, OriginId, PartialDate,
    Region, Role, Span,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::input::{Asked, Named};
use crate::paging::{List, Paging, cursor};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::sources::OriginRow;
use crate::routes::{Answer, day};

/// A document without its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DocumentRow {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) label: String,
    /// Path or address as given.
    pub(crate) name: String,
    /// What it was read as.
    pub(crate) format: String,
    pub(crate) title: Option<String>,
    /// Who published it.
    pub(crate) source: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) published: Option<String>,
    /// Null when it states none.
    pub(crate) marking: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) added: String,
    /// The change that added it.
    pub(crate) change: i64,
    pub(crate) raw_bytes: u64,
    pub(crate) text_bytes: u64,
    pub(crate) claims: u64,
    pub(crate) gaps: u64,
    /// Documents of one origin go back to one observer.
    pub(crate) origin: Option<String>,
    pub(crate) origin_label: Option<String>,
    /// Admiralty grade, as `B2`.
    pub(crate) grade: Option<String>,
    #[serde(skip)]
    day: Option<PartialDate>,
}

/// All documents in sight, the newest first; made once for each state of the store.
pub(crate) fn rows(sight: &Sight<'_>) -> Result<Vec<DocumentRow>, Problem> {
    let mut places: BTreeMap<DocumentId, (OriginId, String, String)> = BTreeMap::new();
    for origin in sight.store().origins()? {
        for member in origin.members {
            places.insert(
                member.document,
                (origin.id, origin.label.clone(), member.grade.to_string()),
            );
        }
    }
    let mut records = sight.store().documents()?;
    records.sort_by(|a, b| (b.change, &a.document.name).cmp(&(a.change, &b.document.name)));
    let rows = records.into_iter().map(|record| {
        let document = record.document;
        let place = places.get(&document.id);
        DocumentRow {
            id: document.id.to_string(),
            label: document.label().to_owned(),
            name: document.name,
            format: document.format.as_str().to_owned(),
            title: document.title,
            source: document.source,
            url: document.url,
            published: document.published.map(|date| date.to_string()),
            marking: document.marking.map(|marking| marking.to_string()),
            added: record.added.to_string(),
            change: record.change.0,
            raw_bytes: record.raw_bytes,
            text_bytes: record.text_bytes,
            claims: record.claims,
            gaps: record.gaps,
            origin: place.map(|(id, ..)| id.to_string()),
            origin_label: place.map(|(_, label, _)| label.clone()),
            grade: place.map(|(.., grade)| grade.clone()),
            day: document.published,
        }
    });
    Ok(rows.collect())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Whose title, name, source or address holds this.
    q: Option<String>,
    /// Of this publisher.
    source: Option<String>,
    /// Read as this format.
    format: Option<String>,
    /// Published on or after this day.
    #[param(format = Date)]
    since: Option<String>,
    /// Published on or before this day.
    #[param(format = Date)]
    until: Option<String>,
    /// `added` (usual), `published` or `label`.
    sort: Option<String>,
}

/// The documents, the newest first.
#[utoipa::path(get, path = "/api/v1/documents", tag = "documents", params(Which, Paging),
    responses((status = 200, body = List<DocumentRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    asker: Asker,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<List<DocumentRow>> {
    let since = day("since", which.since.as_deref())?;
    let until = day("until", which.until.as_deref())?;
    let shared = app.clone();
    let all = app.read(&asker, move |sight| shared.documents.get(sight, |_| rows(sight))).await?;
    let q = which.q.filter(|q| !q.is_empty()).map(|q| q.to_lowercase());
    let holds = |row: &DocumentRow, q: &str| {
        [Some(&row.label), Some(&row.name), row.source.as_ref(), row.url.as_ref()]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(q))
    };
    let mut chosen: Vec<&DocumentRow> = all
        .iter()
        .filter(|row| q.as_ref().is_none_or(|q| holds(row, q)))
        .filter(|row| which.source.is_none() || row.source == which.source)
        .filter(|row| which.format.as_ref().is_none_or(|format| row.format == *format))
        .filter(|row| since.is_none_or(|since| row.day.is_some_and(|day| day.last_day() >= since)))
        .filter(|row| until.is_none_or(|until| row.day.is_some_and(|day| day.first_day() <= until)))
        .collect();
    match which.sort.as_deref() {
        None | Some("" | "added") => {}
        Some("published") => chosen.sort_by(|a, b| (b.day, &a.label).cmp(&(a.day, &b.label))),
        Some("label") => chosen.sort_by(|a, b| (&a.label, &a.id).cmp(&(&b.label, &b.id))),
        Some(other) => {
            return Err(Problem::unreadable(format!("sort={other}: added, published or label")));
        }
    }
    Ok(Json(List::slice(chosen.into_iter().cloned(), &paging)?))
}

/// How much of a document.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HowMuch {
    /// The first so many claims; all where not given. `/documents/{id}/claims` gives the others.
    claims: Option<usize>,
    /// Only these parts of the text, separated by commas, as `heading,code`; all where not given.
    regions: Option<String>,
}

/// A document with all that it says.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentDetail {
    /// With its text; `id`, `name`, `format`, `text` always.
    #[schema(value_type = Object)]
    document: Document,
    #[schema(format = DateTime)]
    added: String,
    change: i64,
    raw_bytes: u64,
    /// What the parts of the text are: `{"span":{"start","end"},"is":"heading",…}`.
    #[schema(value_type = Vec<Object>)]
    regions: Vec<Region>,
    /// What it says, in order of place.
    #[schema(value_type = Vec<Object>)]
    claims: Vec<ClaimRow>,
    /// How many claims it has in all.
    claims_total: u64,
    /// Where `/documents/{id}/claims` goes on, when these are not all.
    claims_next: Option<String>,
    /// What it declares and does not show.
    #[schema(value_type = Vec<Object>)]
    gaps: Vec<Gap>,
    origin: Option<OriginRow>,
}

/// A claim as its document makes it, with what is known of it.
#[derive(Serialize)]
pub(crate) struct ClaimRow {
    #[serde(flatten)]
    claim: Claim,
    id: ClaimId,
    resolved_subject: Entity,
    resolved_object: Object,
    /// The part that the subject plays, where the claim says one.
    role: Option<Role>,
    /// The list of known-benign values that has the subject.
    benign: Option<String>,
    /// What analysts said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrections: Option<Vec<Value>>,
}

impl ClaimRow {
    fn of(
        sight: &Sight<'_>,
        stored: StoredClaim,
        corrections: &mut BTreeMap<String, Vec<Value>>,
    ) -> Self {
        let subject = &stored.claim.subject;
        let benign = subject.kind.is_observable().then(|| sight.knowledge().benign(subject));
        Self {
            role: stored.claim.role(),
            benign: benign.flatten().map(|benign| benign.list),
            corrections: if corrections.is_empty() {
                None
            } else {
                corrections.remove(&stored.id.to_string())
            },
            id: stored.id,
            resolved_subject: stored.subject,
            resolved_object: stored.object,
            claim: stored.claim,
        }
    }
}

/// Longer texts are for downloads, not for a reader of reports.
const LONGEST_TEXT: u64 = 8 << 20;

pub(crate) fn document_id(text: &str) -> Result<DocumentId, Problem> {
    text.parse().map_err(|_| Problem::unknown(format!("there is no document `{text}`")))
}

/// A document: text, structure, claims with their places, gaps.
#[utoipa::path(get, path = "/api/v1/documents/{id}", tag = "documents",
    params(("id" = String, Path, description = "32 hexadecimal digits"), HowMuch),
    responses((status = 200, body = DocumentDetail)))]
pub(crate) async fn one(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
    Asked(much): Asked<HowMuch>,
) -> Answer<DocumentDetail> {
    let id = document_id(&id)?;
    Ok(Json(app.read(&asker, move |sight| detail(sight, id, &much)).await?))
}

fn detail(sight: &Sight<'_>, id: DocumentId, much: &HowMuch) -> Result<DocumentDetail, Problem> {
    let store = sight.store();
    let unknown = || Problem::unknown(format!("there is no document `{id}`"));
    let record = store.document_record(id)?.ok_or_else(unknown)?;
    if record.text_bytes > LONGEST_TEXT {
        return Err(Problem::too_large(format!("its text has {} bytes", record.text_bytes))
            .hint(format!("GET /api/v1/documents/{id}/raw gives the file")));
    }
    let document = store.document(id)?.ok_or_else(unknown)?;
    let (claims, claims_next) = claim_rows(sight, id, None, much.claims.unwrap_or(usize::MAX))?;
    let mut regions = store.regions(id)?;
    if let Some(wanted) = &much.regions {
        regions.retain(|region| wanted.split(',').any(|word| word == region.kind.as_str()));
    }
    let origin = match store.origin_of(id)? {
        Some(origin) => Some(origin_row(sight, origin)?),
        None => None,
    };
    Ok(DocumentDetail {
        document,
        added: record.added.to_string(),
        change: record.change.0,
        raw_bytes: record.raw_bytes,
        regions,
        claims,
        claims_total: record.claims,
        claims_next,
        gaps: store.gaps_of(id)?,
        origin,
    })
}

/// The claims of a document after a place, at most so many, and where the next ones go on.
fn claim_rows(
    sight: &Sight<'_>,
    id: DocumentId,
    after: Option<(Span, ClaimId)>,
    limit: usize,
) -> Result<(Vec<ClaimRow>, Option<String>), Problem> {
    let store = sight.store();
    // One more tells whether there is a next page.
    let mut stored = if limit == usize::MAX {
        store.claims_of(id)?
    } else {
        store.claims_page(id, after, limit.saturating_add(1))?
    };
    let more = stored.len() > limit;
    stored.truncate(limit);
    let last = stored.last().map(|stored| (stored.claim.span, stored.id)).or(after);
    let start = (Span::default(), ClaimId([0; 16]));
    let next = more.then(|| cursor(&last.unwrap_or(start)));
    let mut corrections = corrections(sight, id)?;
    let row = |stored| ClaimRow::of(sight, stored, &mut corrections);
    Ok((stored.into_iter().map(row).collect(), next))
}

/// Claims of a page at most.
const MOST_CLAIMS: usize = 10_000;

/// Which claims of a document.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ClaimPaging {
    /// Claims of the page, 1 to 10000; 1000 where not given.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<usize>,
    /// `next` of the page before, or `claims_next` of the document.
    cursor: Option<String>,
}

/// A page of claims.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClaimPage {
    /// What the document says, in order of place.
    #[schema(value_type = Vec<Object>)]
    items: Vec<ClaimRow>,
    /// Ask for the rest with this as `cursor`; null at the end.
    next: Option<String>,
    /// How many claims the document has in all.
    total: u64,
}

/// The claims of a document, in order of place.
#[utoipa::path(get, path = "/api/v1/documents/{id}/claims", tag = "documents",
    params(("id" = String, Path, description = "32 hexadecimal digits"), ClaimPaging),
    responses((status = 200, body = ClaimPage)))]
pub(crate) async fn claims(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
    Asked(asked): Asked<ClaimPaging>,
) -> Answer<ClaimPage> {
    let id = document_id(&id)?;
    let limit = match asked.limit {
        None => 1000,
        Some(limit @ 1..=MOST_CLAIMS) => limit,
        Some(other) => {
            return Err(Problem::unreadable(format!(
                "limit={other}: a page has 1 to {MOST_CLAIMS} claims"
            )));
        }
    };
    let after: Option<(Span, ClaimId)> = Paging { limit: None, cursor: asked.cursor }.after()?;
    let page = app
        .read(&asker, move |sight| {
            let unknown = || Problem::unknown(format!("there is no document `{id}`"));
            let record = sight.store().document_record(id)?.ok_or_else(unknown)?;
            let (items, next) = claim_rows(sight, id, after, limit)?;
            Ok(ClaimPage { items, next, total: record.claims })
        })
        .await?;
    Ok(Json(page))
}

/// What analysts said of the claims of a document, by claim.
fn corrections(sight: &Sight<'_>, id: DocumentId) -> Result<BTreeMap<String, Vec<Value>>, Problem> {
    let mut corrections: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let wanted = id.to_string();
    // Documents of judgements are few beside reports; the name tells them without their header.
    for record in sight.store().documents_named("judgement of ")? {
        let property = |name: &str| {
            let found = record.document.properties.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        if property(OF_DOCUMENT).as_ref() != Some(&wanted) {
            continue;
        }
        let Some(claim) = property(OF_CLAIM) else { continue };
        let claims = sight.store().claims_of(record.document.id)?;
        let by =
            claims.iter().find(|c| c.claim.method == METHOD).and_then(|c| c.claim.said_by.clone());
        corrections.entry(claim).or_default().push(json!({
            "action": property(ACTION),
            "by": by,
            "change": record.change.0,
            "document": record.document.id,
        }));
    }
    Ok(corrections)
}

/// The labels of an origin's members with it.
pub(crate) fn origin_row(sight: &Sight<'_>, origin: Origin) -> Result<OriginRow, Problem> {
    let mut labels = BTreeMap::new();
    for member in &origin.members {
        if let Some(record) = sight.store().document_record(member.document)? {
            labels.insert(member.document, record.document.label().to_owned());
        }
    }
    Ok(OriginRow::of(origin, &labels))
}

/// The bytes of a document as they were read, to be kept and not shown.
#[utoipa::path(get, path = "/api/v1/documents/{id}/raw", tag = "documents",
    params(("id" = String, Path, description = "32 hexadecimal digits")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 304)))]
pub(crate) async fn raw(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = document_id(&id)?;
    let tag = format!("\"{id}\"");
    let (bytes, name) = app
        .read(&asker, move |sight| {
            let unknown = || Problem::unknown(format!("there is no document `{id}`"));
            let record = sight.store().document_record(id)?.ok_or_else(unknown)?;
            let bytes = sight.store().raw(id)?.ok_or_else(unknown)?;
            Ok((bytes, record.document.name))
        })
        .await?;
    let known = headers.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let mut response =
        ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response();
    attach(&mut response, name.rsplit(['/', '\\', '!', '#']).next().unwrap_or("document"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Says that the browser is to keep the answer as a file, under a name that cannot do harm.
pub(crate) fn attach(response: &mut Response, name: &str) {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .take(100)
        .collect();
    let value = format!("attachment; filename=\"{plain}\"");
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
}
