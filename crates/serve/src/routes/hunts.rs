use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use jiff::tz::{Offset, TimeZone};
use lapwing_engine::hunting::Options;
use lapwing_engine::publish::{FindingGroup, HuntForm, HuntReport};
use lapwing_model::{Finding, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::asker::Asker;
use crate::hunts::{Hunted, Job, Order, State as HuntState, upload_folder, upload_place};
use crate::input::{Asked, Body, Form, Named};
use crate::paging::{List, Paging};
use crate::problem::Problem;
use crate::rooted::Rooted;
use crate::routes::add::{file_name, under};
use crate::routes::documents::attach;
use crate::routes::{Answer, word};

/// A hunt through files of the server.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct NewHunt {
    /// Paths under the hunt folder of the server.
    #[serde(default)]
    paths: Vec<String>,
    /// Leave out what happened before this time (RFC 3339).
    since: Option<String>,
    /// Leave out what happened after this time.
    until: Option<String>,
    /// The offset of times in logs that state none, as `+01:00`; UTC where not given.
    time_zone: Option<String>,
    /// The year of times in logs that state none.
    #[schema(minimum = 1970, maximum = 2200)]
    year: Option<i16>,
    /// Keep in the store what was learnt.
    #[serde(default)]
    learn: bool,
}

/// Files to hunt through.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form for the OpenAPI document")]
pub(crate) struct HuntUploads {
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<u8>,
    since: Option<String>,
    until: Option<String>,
    time_zone: Option<String>,
    year: Option<i16>,
    learn: Option<bool>,
}

/// A hunt.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntRow {
    id: String,
    /// `queued`, `running`, `done`, `failed`.
    state: String,
    #[schema(format = DateTime)]
    created: String,
    /// Who began it.
    by: String,
    /// What is hunted through.
    what: Vec<String>,
    /// `compromised`, `attempted`, `nothing-found`; null before the end.
    verdict: Option<String>,
    findings: u64,
}

fn row(job: &Job) -> HuntRow {
    let state = job.state();
    let (verdict, findings) = match &state {
        HuntState::Done(hunted) => (
            Some(hunted.hunt.verdict.verdict.as_str().to_owned()),
            hunted.hunt.findings.len() as u64,
        ),
        _ => (None, job.progress.findings.load(Ordering::Relaxed)),
    };
    HuntRow {
        id: job.id.clone(),
        state: state.word().to_owned(),
        created: job.created.to_string(),
        by: job.order.by.clone(),
        what: job.order.what.clone(),
        verdict,
        findings,
    }
}

/// The hunts of this server, the newest first.
#[utoipa::path(get, path = "/api/v1/hunts", tag = "hunt", params(Paging), responses((status = 200, body = List<HuntRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<HuntRow>> {
    let jobs = app.hunts.all(asker.ceiling);
    Ok(Json(List::slice(jobs.iter().map(|job| row(job)), &paging)?))
}

/// Begins a hunt through uploaded files, or through files of the server.
#[utoipa::path(post, path = "/api/v1/hunts", tag = "hunt",
    request_body(content((NewHunt = "application/json"), (HuntUploads = "multipart/form-data"))),
    responses((status = 202, body = HuntRow)))]
pub(crate) async fn begin(
    State(app): State<App>,
    asker: Asker,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let kind = crate::input::media_type(&request);
    let order = if kind.starts_with("multipart/form-data") {
        from_form(&app, &asker, request).await?
    } else if kind.starts_with("application/json") {
        let Body(asked) = Body::<NewHunt>::from_request(request, &app).await?;
        from_paths(&app, &asker, &asked)?
    } else {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send multipart/form-data with files, or application/json with paths",
        ));
    };
    let job = app.hunts.begin(&app, order)?;
    Ok((StatusCode::ACCEPTED, Json(row(&job))))
}

fn from_paths(app: &App, asker: &Asker, asked: &NewHunt) -> Result<Order, Problem> {
    let Some(root) = &app.config.hunt_root else {
        return Err(Problem::forbidden("this server hunts through uploads only")
            .hint("start it with --hunt-root FOLDER, or send the files"));
    };
    if asked.paths.is_empty() || asked.paths.len() > 1000 {
        return Err(Problem::unfit("paths: name 1 to 1000"));
    }
    let paths = asked.paths.iter().map(|path| under(root, path)).collect::<Result<_, _>>()?;
    Ok(Order {
        by: asker.who.clone(),
        ceiling: asker.ceiling,
        what: asked.paths.clone(),
        paths,
        uploads: None,
        rooted: Rooted::below_real(root),
        options: options(asked)?,
        learn: asked.learn,
        today: app.today(),
    })
}

async fn from_form(app: &App, asker: &Asker, mut request: Request) -> Result<Order, Problem> {
    axum::extract::DefaultBodyLimit::disable().apply(&mut request);
    let Form(mut form) = Form::from_request(request, app).await?;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), error.body_text())
    };
    let unkept = |error: std::io::Error| Problem::fault(format!("an upload: {error}"));
    let folder = upload_folder()?;
    let (mut paths, mut what) = (Vec::new(), Vec::new());
    let mut asked = NewHunt::default();
    let mut left = app.config.limits.body;
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or("").to_owned();
        let file = field.file_name().map(str::to_owned);
        let upload = matches!(name.as_str(), "file" | "files");
        let mut text = Vec::new();
        let mut into = None;
        if upload {
            let shown = file_name(&name, file)?;
            let place = upload_place(folder.path(), paths.len(), &shown)?;
            into = Some(tokio::fs::File::create(&place).await.map_err(unkept)?);
            paths.push(place);
            what.push(shown);
        }
        while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
            left = left.checked_sub(chunk.len()).ok_or_else(|| {
                let most = app.config.limits.body >> 20;
                Problem::too_large(format!("the files are larger than {most} MiB together"))
                    .hint("put them under the hunt folder of the server, or use `lapwing hunt`")
            })?;
            match &mut into {
                Some(file) => file.write_all(&chunk).await.map_err(unkept)?,
                None if text.len() + chunk.len() <= 1000 => text.extend_from_slice(&chunk),
                None => return Err(Problem::unreadable(format!("{name}: too long"))),
            }
        }
        if let Some(file) = &mut into {
            file.flush().await.map_err(unkept)?;
            continue;
        }
        let text = String::from_utf8(text)
            .map_err(|_| Problem::unreadable(format!("{name}: no UTF-8 text")))?;
        match name.as_str() {
            "since" => asked.since = Some(text),
            "until" => asked.until = Some(text),
            "time_zone" => asked.time_zone = Some(text),
            "year" => asked.year = word("year", Some(&text))?,
            "learn" => asked.learn = matches!(text.as_str(), "true" | "1" | "on"),
            _ => {}
        }
    }
    if paths.is_empty() {
        return Err(Problem::unfit("no part is named `files`"));
    }
    Ok(Order {
        by: asker.who.clone(),
        ceiling: asker.ceiling,
        what,
        paths,
        rooted: Rooted::below(folder.path()),
        uploads: Some(folder),
        // An upload has no times of its own.
        options: Options { file_times: false, ..options(&asked)? },
        learn: asked.learn,
        today: app.today(),
    })
}

fn options(asked: &NewHunt) -> Result<Options, Problem> {
    let zone = match asked.time_zone.as_deref().filter(|text| !text.is_empty()) {
        None | Some("UTC" | "Z") => None,
        Some(text) => Some(offset(text)?),
    };
    if asked.year.is_some_and(|year| !(1970..=2200).contains(&year)) {
        return Err(Problem::unreadable("year: 1970 to 2200"));
    }
    let (since, until) =
        (word("since", asked.since.as_deref())?, word("until", asked.until.as_deref())?);
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err(Problem::unfit(format!("since {since} is after until {until}")));
    }
    Ok(Options {
        since,
        until,
        time_zone: zone,
        year: asked.year,
        learn: asked.learn,
        ..Options::default()
    })
}

fn offset(text: &str) -> Result<TimeZone, Problem> {
    let wrong = || Problem::unreadable(format!("time_zone={text}: write an offset, as +01:00"));
    let (sign, rest) = match text.chars().next() {
        Some('+') => (1, &text[1..]),
        Some('-') => (-1, &text[1..]),
        _ => return Err(wrong()),
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes): (i32, i32) =
        (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    if !(0..=15).contains(&hours) || !(0..60).contains(&minutes) {
        return Err(wrong());
    }
    let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| wrong())?;
    Ok(TimeZone::fixed(offset))
}

/// A hunt with its verdict.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntDetail {
    id: String,
    state: String,
    #[schema(format = DateTime)]
    created: String,
    by: String,
    what: Vec<String>,
    /// Bytes read so far.
    bytes: u64,
    /// Lines and records read; 0 before the end.
    records: u64,
    findings: u64,
    seconds: Option<f64>,
    /// What could not be read.
    problems: Vec<String>,
    /// The verdict with reasons, next steps, what was and was not looked at; null before the end.
    #[schema(value_type = Option<Object>)]
    verdict: Option<Value>,
    /// Why it failed.
    failed: Option<String>,
    /// The change that keeps what was learnt.
    learnt: Option<i64>,
}

/// One hunt: how far it is, or what it means.
#[utoipa::path(get, path = "/api/v1/hunts/{id}", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntDetail)))]
pub(crate) async fn one(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
) -> Answer<HuntDetail> {
    let job = app.hunts.find(&id, asker.ceiling)?;
    let HuntRow { id, state, created, by, what, findings, .. } = row(&job);
    let mut detail = HuntDetail {
        id,
        state,
        created,
        by,
        what,
        bytes: job.progress.bytes.load(Ordering::Relaxed),
        records: 0,
        findings,
        seconds: None,
        problems: Vec::new(),
        verdict: None,
        failed: None,
        learnt: None,
    };
    match job.state() {
        HuntState::Done(hunted) => {
            detail.bytes = hunted.hunt.bytes;
            detail.records = hunted.hunt.records;
            detail.seconds = Some(hunted.seconds);
            detail.problems = hunted.problems.iter().map(ToString::to_string).collect();
            detail.verdict = serde_json::to_value(&hunted.hunt.verdict).ok();
            detail.learnt = hunted.learnt;
        }
        HuntState::Failed(why) => detail.failed = Some(why),
        HuntState::Queued | HuntState::Running => {}
    }
    Ok(Json(detail))
}

/// Forgets a hunt, its uploads and its result.
#[utoipa::path(delete, path = "/api/v1/hunts/{id}", tag = "hunt", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let job = app.hunts.find(&id, asker.ceiling)?;
    app.hunts.remove(&job)?;
    Ok(StatusCode::NO_CONTENT)
}

/// How often the progress of a hunt is told.
const TELL: Duration = Duration::from_millis(300);

/// The progress of a hunt, and its end, as server-sent events.
#[utoipa::path(get, path = "/api/v1/hunts/{id}/events", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn events(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let job = app.hunts.find(&id, asker.ceiling)?;
    let (send, told) = tokio::sync::mpsc::channel::<Result<Event, std::convert::Infallible>>(4);
    tokio::spawn(async move {
        loop {
            let (name, data) = progress(&job);
            let ended = name != "progress";
            let event = Event::default().event(name).data(data.to_string());
            if send.send(Ok(event)).await.is_err() || ended {
                return;
            }
            tokio::time::sleep(TELL).await;
        }
    });
    Ok(Sse::new(ReceiverStream::new(told)).into_response())
}

fn progress(job: &Arc<Job>) -> (&'static str, Value) {
    match job.state() {
        HuntState::Done(hunted) => (
            "done",
            json!({
                "verdict": hunted.hunt.verdict.verdict,
                "findings": hunted.hunt.findings.len(),
                "bytes": hunted.hunt.bytes,
                "records": hunted.hunt.records,
            }),
        ),
        HuntState::Failed(why) => ("failed", json!({ "detail": why })),
        state => (
            "progress",
            json!({
                "state": state.word(),
                "bytes": job.progress.bytes.load(Ordering::Relaxed),
                "findings": job.progress.findings.load(Ordering::Relaxed),
                "file": job.shown(&job.progress.file()),
            }),
        ),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Made by: indicator, sigma, yara, check, activity.
    kind: Option<String>,
    /// At least so severe: informational, low, medium, high, critical.
    severity: Option<String>,
    /// Of this rule or check.
    rule: Option<String>,
    /// With this title.
    finding: Option<String>,
}

fn done(app: &App, asker: &Asker, id: &str) -> Result<(Arc<Job>, Arc<Hunted>), Problem> {
    let job = app.hunts.find(id, asker.ceiling)?;
    match job.state() {
        HuntState::Done(hunted) => Ok((job, hunted)),
        state => Err(Problem::new(
            StatusCode::CONFLICT,
            format!("the hunt is {}; there is no result yet", state.word()),
        )),
    }
}

fn severity(text: Option<&str>) -> Result<Option<Severity>, Problem> {
    use Severity::{Critical, High, Informational, Low, Medium};
    let Some(word) = text.filter(|word| !word.is_empty()) else { return Ok(None) };
    let found =
        [Informational, Low, Medium, High, Critical].into_iter().find(|s| s.to_string() == word);
    found.map(Some).ok_or_else(|| Problem::unreadable(format!("severity: `{word}` is none")))
}

/// The findings of a hunt, in order of time.
#[utoipa::path(get, path = "/api/v1/hunts/{id}/findings", tag = "hunt",
    params(("id" = String, Path), Which, Paging), responses((status = 200, body = List<Value>)))]
pub(crate) async fn findings(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<List<Value>> {
    let (_, hunted) = done(&app, &asker, &id)?;
    let least = severity(which.severity.as_deref())?;
    let of_kind = |finding: &Finding| {
        which
            .kind
            .as_deref()
            .is_none_or(|kind| serde_json::to_value(finding.kind).is_ok_and(|k| k == kind))
    };
    let chosen: Vec<(usize, &Finding)> = hunted
        .hunt
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| of_kind(finding))
        .filter(|(_, finding)| least.is_none_or(|least| finding.severity >= least))
        .filter(|(_, finding)| which.rule.is_none() || finding.rule == which.rule)
        .filter(|(_, finding)| which.finding.as_ref().is_none_or(|title| finding.finding == *title))
        .collect();
    let shown = |(n, finding): (usize, &Finding)| {
        let mut value = serde_json::to_value(finding).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.insert("n".to_owned(), json!(n));
            let at =
                finding.evidence.find(&finding.matched).filter(|_| !finding.matched.is_empty());
            let span = at.map(|at| [at, at + finding.matched.len()]);
            fields.insert("matched_span".to_owned(), json!(span));
        }
        value
    };
    Ok(Json(List::slice(chosen.into_iter().map(shown), &paging)?))
}

/// Findings of one title.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupRow {
    finding: String,
    rule: Option<String>,
    kind: String,
    severity: String,
    proof: String,
    technique: Option<String>,
    /// The highest, in percent.
    confidence: u8,
    count: usize,
    first: Option<String>,
    last: Option<String>,
    /// The files, at most 20.
    files: Vec<String>,
}

/// The findings of a hunt by what they are.
#[derive(Serialize, ToSchema)]
pub(crate) struct Groups {
    items: Vec<GroupRow>,
}

/// The findings of a hunt, those of one title together, the most telling first.
#[utoipa::path(get, path = "/api/v1/hunts/{id}/groups", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = Groups)))]
pub(crate) async fn groups(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
) -> Answer<Groups> {
    let (_, hunted) = done(&app, &asker, &id)?;
    let groups = FindingGroup::of(hunted.hunt.findings.iter());
    Ok(Json(Groups { items: groups.iter().map(group).collect() }))
}

fn group(group: &FindingGroup<'_>) -> GroupRow {
    let text = |value: Result<Value, serde_json::Error>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let worst = group.worst;
    let period = group.period();
    let mut files: Vec<String> = group.found.iter().map(|finding| finding.file.clone()).collect();
    files.sort();
    files.dedup();
    files.truncate(20);
    let confidence = group.found.iter().map(|finding| finding.confidence.as_percent()).max();
    GroupRow {
        finding: worst.finding.clone(),
        rule: worst.rule.clone(),
        kind: text(serde_json::to_value(worst.kind)),
        severity: worst.severity.to_string(),
        proof: text(serde_json::to_value(worst.proof)),
        technique: group.found.iter().find_map(|finding| finding.technique.clone()),
        confidence: confidence.unwrap_or_default(),
        count: group.found.len(),
        first: period.map(|(first, _)| first.to_string()),
        last: period.map(|(_, last)| last.to_string()),
        files,
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct As {
    /// `md`, `html`, `csv`, `json`, `stix`, `ecs`.
    r#as: String,
}

/// The report of a hunt as a file.
#[utoipa::path(get, path = "/api/v1/hunts/{id}/export", tag = "hunt", params(("id" = String, Path), As),
    responses((status = 200, content((String = "text/markdown"), (String = "text/html"), (String = "text/csv"),
        (String = "application/x-ndjson"), (Value = "application/stix+json")))))]
pub(crate) async fn export(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
    Asked(asked): Asked<As>,
) -> Result<Response, Problem> {
    let (job, hunted) = done(&app, &asker, &id)?;
    let (form, kind, end) = match asked.r#as.as_str() {
        "md" => (HuntForm::Markdown, "text/markdown; charset=utf-8", "md"),
        "html" => (HuntForm::Html, "text/html; charset=utf-8", "html"),
        "csv" => (HuntForm::Csv, "text/csv; charset=utf-8", "csv"),
        "json" => (HuntForm::Json, "application/x-ndjson", "jsonl"),
        "stix" => (HuntForm::Stix, "application/stix+json;version=2.1", "stix.json"),
        "ecs" => (HuntForm::Ecs, "application/x-ndjson", "ecs.jsonl"),
        other => {
            return Err(Problem::unreadable(format!("as={other}: md, html, csv, json, stix, ecs")));
        }
    };
    let report = HuntReport {
        findings: &hunted.hunt.findings,
        verdict: &hunted.hunt.verdict,
        problems: &hunted.problems,
        folded: &hunted.hunt.folded,
        hunted: job.created,
    };
    let mut bytes = Vec::new();
    report
        .write(form, &mut bytes)
        .map_err(|error| Problem::fault(format!("the report of a hunt: {error}")))?;
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    attach(&mut response, &format!("hunt-{}.{end}", job.created.strftime("%Y-%m-%d")));
    Ok(response)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Folder {
    /// A folder under the hunt folder.
    path: Option<String>,
}

/// What lies in a folder.
#[derive(Serialize, ToSchema)]
pub(crate) struct FolderList {
    items: Vec<FolderEntry>,
}

/// A file or folder.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
pub(crate) struct FolderEntry {
    /// `folder` or `file`.
    kind: String,
    name: String,
    bytes: u64,
}

/// Entries of one folder at most.
const MOST_ENTRIES: usize = 5000;

/// What lies under the hunt folder of the server.
#[utoipa::path(get, path = "/api/v1/hunt-root", tag = "hunt", params(Folder), responses((status = 200, body = FolderList)))]
pub(crate) async fn root(
    State(app): State<App>,
    Asked(folder): Asked<Folder>,
) -> Answer<FolderList> {
    let Some(root) = app.config.hunt_root.clone() else {
        return Err(Problem::unknown("this server has no hunt folder")
            .hint("start it with --hunt-root FOLDER"));
    };
    let path = folder.path.unwrap_or_default();
    let items = App::aside(move || {
        let place = under(&root, &path)?;
        let unread = |_| Problem::unfit(format!("`{path}` is no folder that can be read"));
        let mut items = Vec::new();
        for entry in std::fs::read_dir(&place).map_err(unread)?.take(MOST_ENTRIES) {
            let Ok(entry) = entry else { continue };
            let Ok(of) = entry.metadata() else { continue };
            items.push(FolderEntry {
                kind: if of.is_dir() { "folder" } else { "file" }.to_owned(),
                name: entry.file_name().to_string_lossy().into_owned(),
                bytes: if of.is_dir() { 0 } else { of.len() },
            });
        }
        items.sort_by(|a, b| (&b.kind, &a.name).cmp(&(&a.kind, &b.name)));
        Ok(items)
    })
    .await?;
    Ok(Json(FolderList { items }))
}
