use std::io::{BufWriter, Write as _};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use jiff::civil::Date;
use lapwing_engine::publish::export::{ExportFormat, Exported};
use lapwing_engine::{Content, EngineError, ExportOptions, Sink};
use lapwing_model::{Kind, Marking, Pap, Status};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Audited;
use crate::app::App;
use crate::archive::{self, tar};
use crate::asker::{Asker, Ceiling};
use crate::input::Asked;
use crate::problem::Problem;
use crate::routes::documents::attach;
use crate::routes::{Answer, day, word};
use crate::spool::{Spool, spool};

/// A form in which the store goes out.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormatRow {
    /// What to give as `as`.
    name: String,
    /// The ending of its file.
    suffix: String,
    /// Whether machines raise alarms with it: then only what is alive goes out.
    detection: bool,
}

/// The forms.
#[derive(Serialize, ToSchema)]
pub(crate) struct Formats {
    formats: Vec<FormatRow>,
}

/// The forms in which the store goes out.
#[utoipa::path(get, path = "/api/v1/exports", tag = "export", responses((status = 200, body = Formats)))]
pub(crate) async fn formats() -> Answer<Formats> {
    let row = |format: &ExportFormat| FormatRow {
        name: format.as_str().to_owned(),
        suffix: format.suffix().to_owned(),
        detection: format.is_detection(),
    };
    Ok(Json(Formats { formats: ExportFormat::ALL.iter().map(row).collect() }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct What {
    /// The form: see `/api/v1/exports`.
    r#as: String,
    /// A campaign, actor, cluster, value or document; everything where not given.
    of: Option<String>,
    /// Nothing above this goes out; the asker's ceiling where not given, never above it.
    tlp: Option<String>,
    /// As `tlp`, of the Permissible Actions Protocol.
    pap: Option<String>,
    /// Leave out what was last known before this day.
    #[param(format = Date)]
    since: Option<String>,
    /// Only these kinds, separated by commas.
    kind: Option<String>,
    /// Only these statuses, separated by commas.
    status: Option<String>,
    /// Of indicators only those whose value holds this.
    q: Option<String>,
    /// At least this probable.
    #[param(minimum = 0, maximum = 1)]
    min_probability: Option<f64>,
    /// What was known by the end of this day.
    #[param(format = Date)]
    as_of: Option<String>,
    /// The day on which indicators are judged.
    #[param(format = Date)]
    today: Option<String>,
}

/// A part of the store as a file; a tape archive (tar) where the form has several.
#[utoipa::path(get, path = "/api/v1/export", tag = "export", params(What),
    responses((status = 200, content((Value = "application/json"), (Value = "application/stix+json"),
        (String = "text/csv"), (String = "text/plain"), (String = "text/markdown"), (String = "text/html"),
        (Vec<u8> = "application/pdf"), (Vec<u8> = "application/x-tar")))))]
pub(crate) async fn export(
    State(app): State<App>,
    asker: Asker,
    Asked(what): Asked<What>,
) -> Result<Response, Problem> {
    let format: ExportFormat = word("as", Some(&what.r#as))?
        .ok_or_else(|| Problem::unreadable("as: name a form; /api/v1/exports lists them"))?;
    let asked: Option<Marking> = word("tlp", what.tlp.as_deref())?;
    let ceiling = asked.unwrap_or(asker.ceiling.tlp).min(asker.ceiling.tlp);
    let today = day("today", what.today.as_deref())?.unwrap_or_else(|| app.today());
    let pap: Option<Pap> = word("pap", what.pap.as_deref())?;
    let below =
        Ceiling { tlp: ceiling, pap: pap.unwrap_or(asker.ceiling.pap).min(asker.ceiling.pap) };
    let options = options(&what, format, below, today)?;
    let (spool, mut spooled) = spool();
    let mut making = tokio::spawn(make(app.clone(), asker, below, options, spool));
    let patience = Duration::from_secs(app.config.limits.seconds) / 3;
    tokio::select! {
        biased;
        // What is long goes out while it is made, …
        () = spooled.is_long() => {}
        made = &mut making => {
            let made = made.map_err(|fell| Problem::fault(format!("an export fell: {fell}")))?;
            let losses = made?;
            let files = spooled.files().unwrap_or_default();
            let mut response = headed(format, files, spooled.whole());
            response.headers_mut().insert("x-lapwing-losses", HeaderValue::from(losses));
            return Ok(response);
        }
        // … and so does what takes long, or its time would be over before it begins.
        () = tokio::time::sleep(patience) => {}
    }
    if spooled.files().is_none() {
        making.await.map_err(|fell| Problem::fault(format!("an export fell: {fell}")))??;
    }
    Ok(headed(format, spooled.files().unwrap_or_default(), spooled.body()))
}

/// Makes an export; tells how much it could not carry.
async fn make(
    app: App,
    asker: Asker,
    below: Ceiling,
    options: ExportOptions,
    spool: Spool,
) -> Result<u64, Problem> {
    let end = spool.again();
    let at = app.now();
    let made = app
        .read_below(&asker, below, move |sight| {
            let mut files = Files { out: spool, at, expected: 0, left: 0 };
            let mut made = sight.export_to(&options, &mut files)?;
            let aside = |source| EngineError::File { path: "a temporary file".into(), source };
            Ok(made.losses.kinds(0).map_err(aside)?.losses)
        })
        .await;
    if let Err(problem) = &made {
        tracing::warn!(status = problem.status, detail = %problem.detail, "an export was not made");
    }
    end.end(made.is_ok());
    made
}

/// The files of an export as one answer: of several, a tape archive.
struct Files {
    out: Spool,
    at: Timestamp,
    expected: usize,
    /// How many are still to come.
    left: usize,
}

impl Sink for Files {
    fn expect(&mut self, files: usize) -> Result<(), EngineError> {
        (self.expected, self.left) = (files, files);
        self.out.expect(files);
        Ok(())
    }

    fn file(
        &mut self,
        name: &str,
        size: Option<u64>,
        content: &mut Content<'_>,
    ) -> Result<(), EngineError> {
        let failed = |source| EngineError::File { path: name.to_owned(), source };
        let mut out = BufWriter::with_capacity(1 << 16, &mut self.out);
        match size.filter(|_| self.expected > 1) {
            None => content(&mut out)?,
            Some(size) => {
                out.write_all(&archive::header(name, size, self.at)).map_err(failed)?;
                content(&mut out)?;
                out.write_all(archive::padding(size)).map_err(failed)?;
            }
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.expected > 1 {
            out.write_all(&archive::END).map_err(failed)?;
        }
        out.flush().map_err(failed)
    }
}

fn options(
    what: &What,
    format: ExportFormat,
    below: Ceiling,
    today: Date,
) -> Result<ExportOptions, Problem> {
    let list = |text: &Option<String>| -> Vec<String> {
        let words = text.as_deref().unwrap_or("").split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let kinds = list(&what.kind)
        .iter()
        .map(|kind| kind.parse::<Kind>().map_err(|e| Problem::unreadable(format!("kind: {e}"))))
        .collect::<Result<_, _>>()?;
    let statuses = list(&what.status)
        .iter()
        .map(|wanted| {
            use Status::{Active, Ageing, Benign, Expired, Revoked, Undated};
            [Active, Ageing, Expired, Revoked, Benign, Undated]
                .into_iter()
                .find(|status| status.as_str() == wanted)
                .ok_or_else(|| Problem::unreadable(format!("status: `{wanted}` is none")))
        })
        .collect::<Result<_, _>>()?;
    let least = what.min_probability.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&least) {
        return Err(Problem::unreadable("min_probability: 0 to 1"));
    }
    let names = what.of.as_deref().map(str::trim).filter(|of| !of.is_empty());
    Ok(ExportOptions {
        names: names.map(str::to_owned).into_iter().collect(),
        ceiling: below.tlp,
        pap: below.pap,
        since: day("since", what.since.as_deref())?,
        kinds,
        statuses,
        as_of: day("as_of", what.as_of.as_deref())?,
        holds: what.q.clone().filter(|q| !q.is_empty()),
        least_probability: least,
        ..ExportOptions::new(format, today)
    })
}

/// What was exported as an answer: a file, or an archive of several.
pub(crate) fn answer(format: ExportFormat, exported: Exported, app: &App) -> Response {
    let losses = exported.losses.len();
    let mut files = exported.files;
    let count = files.len();
    let bytes = if count == 1 {
        files.remove(0).bytes
    } else {
        tar(files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())), app.now())
    };
    let mut response = headed(format, count, bytes);
    response.headers_mut().insert("x-lapwing-losses", HeaderValue::from(losses));
    response
}

/// An answer with what is told of so many files.
fn headed(format: ExportFormat, files: usize, body: impl Into<Body>) -> Response {
    let audited = format!("{files} files as {format}");
    let (name, kind) = if files == 1 {
        (format!("lapwing.{}", format.suffix()), media_type(format))
    } else {
        (format!("lapwing-{format}.tar"), "application/x-tar")
    };
    let mut response = (Extension(Audited(audited)), body.into()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    attach(&mut response, &name);
    response
}

fn media_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Stix => "application/stix+json;version=2.1",
        ExportFormat::Stix20 => "application/stix+json;version=2.0",
        ExportFormat::Misp | ExportFormat::MispFeed | ExportFormat::Navigator => "application/json",
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Md => "text/markdown; charset=utf-8",
        ExportFormat::Html => "text/html; charset=utf-8",
        ExportFormat::Pdf => "application/pdf",
        _ => "text/plain; charset=utf-8",
    }
}
