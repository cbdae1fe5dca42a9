//! Media types and errors as TAXII 2.1 wants them (sections 1.6.8 and 3.6).

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::json;

use crate::problem::Problem;

/// The media type of all answers.
pub(super) const MEDIA: &str = "application/taxii+json;version=2.1";
/// Bytes of an error of ours at most.
const ERROR: usize = 1 << 16;

/// An answer in TAXII's media type.
pub(super) fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes_of(status, bytes),
        Err(error) => Problem::fault(format!("an answer: {error}")).into_response(),
    }
}

/// JSON that was written already.
pub(super) fn bytes_of(status: StatusCode, bytes: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA))], bytes).into_response()
}

/// Refuses who does not take TAXII 2.1 (406). Who says nothing takes all.
pub(super) fn accepts(headers: &HeaderMap) -> Result<(), Problem> {
    let mut said = false;
    for value in headers.get_all(header::ACCEPT) {
        let text = value.to_str().unwrap_or_default();
        for range in text.split(',').filter(|range| !range.trim().is_empty()) {
            said = true;
            if is_ours(range, true) {
                return Ok(());
            }
        }
    }
    if !said {
        return Ok(());
    }
    let detail = "this server answers in TAXII 2.1 only";
    Err(Problem::new(StatusCode::NOT_ACCEPTABLE, detail).hint(format!("send Accept: {MEDIA}")))
}

/// Refuses a body that is not of TAXII 2.1 (415).
pub(super) fn brings(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| is_ours(kind, false)) {
        return Ok(());
    }
    let detail = "this server takes TAXII 2.1 only";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
        .hint(format!("send Content-Type: {MEDIA}")))
}

/// Whether a media range takes in TAXII 2.1; `*` counts where a client says what it takes.
fn is_ours(range: &str, wild: bool) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let named = kind == "application/taxii+json";
    let any = wild && matches!(kind.as_str(), "*/*" | "application/*");
    if !(named || any) {
        return false;
    }
    parts.filter(|part| !part.is_empty()).all(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "version" => value == "2.1",
            // A weight of nothing refuses the type.
            "q" => value.parse::<f32>().is_ok_and(|weight| weight > 0.0),
            _ => true,
        }
    })
}

/// Tells errors below `/taxii2/` as TAXII wants them, whatever part of the server they come from.
pub(crate) async fn in_its_words(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let ours = path.starts_with("/taxii2");
    // All resources of TAXII end with a slash; not all clients' do (308 keeps method and body).
    if ours && !path.ends_with('/') {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return Redirect::permanent(&format!("{path}/{query}")).into_response();
    }
    let response = next.run(request).await;
    let status = response.status();
    if !ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    if !is_problem {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let told = to_bytes(body, ERROR).await.unwrap_or_default();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap_or_default();
    let word = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
    let mut description = word("detail");
    if !word("hint").is_empty() {
        description = format!("{description}; {}", word("hint"));
    }
    let error = json!({
        "title": word("title"),
        "description": description,
        "http_status": status.as_u16().to_string(),
    });
    let bytes = error.to_string().into_bytes();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    if status == StatusCode::UNAUTHORIZED {
        let ways = HeaderValue::from_static("Basic realm=\"lapwing\", Bearer realm=\"lapwing\"");
        parts.headers.insert(header::WWW_AUTHENTICATE, ways);
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_taxii_2_1_is_spoken() {
        let accepted = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(value));
            accepts(&headers).is_ok()
        };
        for good in [
            "application/taxii+json;version=2.1",
            "application/taxii+json; version=2.1",
            "application/taxii+json",
            "text/html, application/taxii+json;version=\"2.1\";q=0.5",
            "*/*",
            "application/*",
        ] {
            assert!(accepted(good), "{good}");
        }
        for bad in [
            "application/json",
            "application/taxii+json;version=2.0",
            "application/vnd.oasis.taxii+json; version=2.0",
            "text/html",
            "*/*;q=0",
        ] {
            assert!(!accepted(bad), "{bad}");
        }
        assert!(accepts(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_body_must_say_what_it_is() {
        let mut headers = HeaderMap::new();
        assert!(brings(&headers).is_err());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert!(brings(&headers).is_err());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
        assert!(brings(&headers).is_ok());
    }
}
