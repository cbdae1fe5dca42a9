use std::path::PathBuf;

use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, AddReport, Input, Silent};
use lapwing_model::Format;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Audited;
use crate::app::App;
use crate::asker::Asker;
use crate::input::{Body, Form};
use crate::problem::Problem;
use crate::routes::word;

/// A text, or the address of one; and what is known of it.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct NewDocument {
    /// The document itself.
    text: Option<String>,
    /// Where to fetch it; only where the server allows it.
    url: Option<String>,
    /// Its name, as `note.txt`.
    name: Option<String>,
    /// Who published it.
    source: Option<String>,
    /// When: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    published: Option<String>,
    /// Its marking, as `TLP:AMBER`.
    tlp: Option<String>,
    /// Read it as this format instead of deciding by content.
    format: Option<String>,
}

/// Files, and what is known of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form for the OpenAPI document")]
pub(crate) struct NewDocuments {
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<u8>,
    source: Option<String>,
    published: Option<String>,
    tlp: Option<String>,
    format: Option<String>,
}

/// What an addition changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedDocuments {
    /// The change; null when nothing was new.
    change: Option<i64>,
    new_documents: u64,
    known_documents: u64,
    claims: u64,
    gaps: u64,
    /// Facts that were derived anew.
    facts: u64,
    documents: Vec<AddedRow>,
    /// What could not be read, and why.
    problems: Vec<String>,
}

/// One document of an addition.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedRow {
    id: String,
    label: String,
    /// False when the same bytes were there already.
    new: bool,
    claims: usize,
    gaps: usize,
}

impl From<AddReport> for AddedDocuments {
    fn from(report: AddReport) -> Self {
        Self {
            change: report.change.map(|change| change.0),
            new_documents: report.new_documents,
            known_documents: report.known_documents,
            claims: report.claims,
            gaps: report.gaps,
            facts: report.facts,
            documents: report
                .documents
                .into_iter()
                .map(|added| AddedRow {
                    id: added.document.id.to_string(),
                    label: added.document.label().to_owned(),
                    new: added.new,
                    claims: added.claims,
                    gaps: added.gaps,
                })
                .collect(),
            problems: report.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Bytes that one addition holds in memory before they are read.
struct Brought {
    inputs: Vec<Input>,
    about: NewDocument,
}

/// Adds documents: files of a form, or a text, or an address.
#[utoipa::path(post, path = "/api/v1/documents", tag = "documents",
    request_body(content((NewDocument = "application/json"), (NewDocuments = "multipart/form-data"))),
    responses((status = 201, body = AddedDocuments)))]
pub(crate) async fn add(
    State(app): State<App>,
    asker: Asker,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let kind = crate::input::media_type(&request);
    let brought = if kind.starts_with("multipart/form-data") {
        from_form(&app, request).await?
    } else if kind.starts_with("application/json") {
        let Body(about) = Body::from_request(request, &app).await?;
        from_json(&app, about).await?
    } else {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send multipart/form-data with files, or application/json with text or url",
        ));
    };
    let options = options(&brought.about, &asker, &brought.inputs)?;
    let audited = options.command.clone();
    let added = app
        .write(move |engine, now| Ok(engine.add(&brought.inputs, &options, now, &Silent)?))
        .await?;
    let body = Json(AddedDocuments::from(added));
    Ok((StatusCode::CREATED, Extension(Audited(audited)), body))
}

async fn from_json(app: &App, mut about: NewDocument) -> Result<Brought, Problem> {
    let input = match (about.text.take(), about.url.take()) {
        (Some(text), None) => {
            if text.trim().is_empty() {
                return Err(Problem::unfit("text: holds nothing"));
            }
            let name = about.name.clone().unwrap_or_else(|| "text.txt".to_owned());
            Input::Bytes { name: harmless(&name)?, bytes: text.into_bytes() }
        }
        (None, Some(url)) => {
            let Some(fetch) = app.config.fetch.clone() else {
                return Err(Problem::forbidden("this server fetches nothing by itself")
                    .hint("start it with --allow-urls, or send the document"));
            };
            let address = url.clone();
            let bytes = App::aside(move || fetch(&address).map_err(Problem::unfit)).await?;
            Input::Bytes { name: url, bytes }
        }
        _ => return Err(Problem::unfit("give `text` or `url`, one of the two")),
    };
    Ok(Brought { inputs: vec![input], about })
}

async fn from_form(app: &App, request: Request) -> Result<Brought, Problem> {
    let mut request = request;
    // Uploads may be larger than other bodies.
    axum::extract::DefaultBodyLimit::disable().apply(&mut request);
    let Form(mut form) = Form::from_request(request, app).await?;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), error.body_text())
    };
    let mut brought = Brought { inputs: Vec::new(), about: NewDocument::default() };
    let mut left = app.config.limits.body;
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or("").to_owned();
        let file = field.file_name().map(str::to_owned);
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
            left = left.checked_sub(chunk.len()).ok_or_else(|| {
                let most = app.config.limits.body >> 20;
                Problem::too_large(format!("the files are larger than {most} MiB together"))
                    .hint("add them in parts, or on the server with `lapwing add`")
            })?;
            bytes.extend_from_slice(&chunk);
        }
        if name == "file" || name == "files" {
            let name = file_name(&name, file)?;
            brought.inputs.push(Input::Bytes { name, bytes });
            continue;
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| Problem::unreadable(format!("{name}: no UTF-8 text")))?;
        match name.as_str() {
            "source" => brought.about.source = Some(text),
            "published" => brought.about.published = Some(text),
            "tlp" => brought.about.tlp = Some(text),
            "format" => brought.about.format = Some(text),
            _ => {}
        }
    }
    if brought.inputs.is_empty() {
        return Err(Problem::unfit("no part is named `file`"));
    }
    Ok(brought)
}

/// The name of an uploaded file; a part of a form without one is no file.
pub(crate) fn file_name(part: &str, file: Option<String>) -> Result<String, Problem> {
    let file = file.ok_or_else(|| {
        Problem::unfit(format!("{part}: the part is no file"))
            .hint("give it a filename, as `curl -F file=@report.pdf` does")
    })?;
    harmless(&file)
}

/// The last part of a name that a client gave: shown, and told apart by, never opened.
fn harmless(name: &str) -> Result<String, Problem> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
    if name.is_empty() || name == "." || name == ".." {
        return Err(Problem::unfit("name: no name of a file"));
    }
    Ok(name)
}

fn options(about: &NewDocument, asker: &Asker, inputs: &[Input]) -> Result<AddOptions, Problem> {
    let format = match about.format.as_deref().filter(|word| !word.is_empty()) {
        None => None,
        Some(word) => {
            let found = Format::ALL.iter().find(|format| format.as_str() == word);
            Some(*found.ok_or_else(|| Problem::unreadable(format!("format: `{word}` is none")))?)
        }
    };
    let names: Vec<&str> = inputs
        .iter()
        .map(|input| match input {
            Input::Path(path) => path.to_str().unwrap_or(""),
            Input::Bytes { name, .. } | Input::Fetched { name, .. } => name.as_str(),
        })
        .collect();
    let read = Options {
        format,
        source: about.source.clone().filter(|source| !source.trim().is_empty()),
        published: word("published", about.published.as_deref())?,
        marking: word("tlp", about.tlp.as_deref())?,
        ..Options::default()
    };
    let shown: String = names.join(" ").chars().take(500).collect();
    Ok(AddOptions { read, command: format!("add {shown} (by {})", asker.who) })
}

/// Where hunts may read: a path under the folder that was allowed, links resolved.
pub(crate) fn under(root: &std::path::Path, asked: &str) -> Result<PathBuf, Problem> {
    let unknown = || Problem::unknown(format!("`{asked}` is not in the hunt folder"));
    let root = root.canonicalize().map_err(|_| unknown())?;
    let path = root.join(asked.trim_start_matches(['/', '\\'])).canonicalize();
    path.ok().filter(|path| path.starts_with(&root)).ok_or_else(unknown)
}
