//! The pages of the web interface, in the binary.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;

use crate::problem::Problem;

#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

/// Shown where no interface was built in: it says what there is instead.
const PLAIN: &str = include_str!("web/plain.html");
const PLAIN_STYLE: &str = include_str!("web/plain.css");
/// The page that shows the OpenAPI document, and its script.
const API: &str = include_str!("web/api.html");
const API_SCRIPT: &str = include_str!("web/api.js");

/// Any path that no route has.
pub(crate) async fn page(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    if path.starts_with("api/") {
        return Problem::unknown("there is no such route")
            .hint("GET /api/openapi.json lists them")
            .into_response();
    }
    if let Some(refused) = crate::misp::not_here(request.method(), request.uri().path()) {
        return refused;
    }
    if let Some(file) = Built::get(path) {
        let hash = crate::accounts::hex(&file.metadata.sha256_hash());
        return file_response(&request, path, &file.data, &hash);
    }
    match path {
        "index.html" => text("text/html; charset=utf-8", PLAIN),
        "plain.css" => text("text/css; charset=utf-8", PLAIN_STYLE),
        "api.js" => text("text/javascript; charset=utf-8", API_SCRIPT),
        _ => Problem::unknown("there is nothing here").into_response(),
    }
}

/// `GET /api`: the OpenAPI document for people.
pub(crate) async fn api() -> Response {
    text("text/html; charset=utf-8", API)
}

fn text(kind: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

fn file_response(request: &Request, path: &str, data: &[u8], hash: &str) -> Response {
    let tag = format!("\"{}\"", hash.get(..32).unwrap_or(hash));
    let known = request.headers().get(header::IF_NONE_MATCH);
    // Names under assets/ hold the hash of their content: they never change.
    let cached = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type(path))], data.to_vec()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
