//! What clients send, and how MISP answers what cannot be done.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::problem::Problem;

/// Attributes or values of one request at most.
pub(super) const MOST: usize = 10_000;

/// The JSON of a body; an empty object where there is none.
pub(super) fn json_of(body: &[u8]) -> Result<Value, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::unreadable(format!("the body is no JSON: {error}")))
}

/// What is sent, without the name of its kind around it.
pub(super) fn within(sent: Value, kind: &str) -> Value {
    match sent {
        Value::Object(mut fields)
            if fields.get(kind).is_some_and(|v| v.is_object() || v.is_array()) =>
        {
            fields.remove(kind).unwrap_or_default()
        }
        other => other,
    }
}

/// A text field.
pub(super) fn text<'v>(json: &'v Value, key: &str) -> &'v str {
    json[key].as_str().unwrap_or_default()
}

/// A field that clients write as a text or as a number.
pub(super) fn word(json: &Value, key: &str) -> String {
    match &json[key] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        _ => String::new(),
    }
}

/// A flag that clients write as true, 1, or "1".
pub(super) fn flag(json: &Value, key: &str) -> Option<bool> {
    match &json[key] {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_i64() != Some(0)),
        Value::String(text) => Some(!matches!(text.trim(), "" | "0" | "false")),
        _ => None,
    }
}

/// The items of a list.
pub(super) fn list<'v>(json: &'v Value, key: &str) -> std::slice::Iter<'v, Value> {
    json[key].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// An identifier of a path: in small letters, without the ending that clients may write.
pub(super) fn id_of(path: &str) -> String {
    path.trim_end_matches(".json").to_ascii_lowercase()
}

/// A refusal in the shape of MISP's own.
pub(super) fn refused(what: &str, why: &str, field: &str) -> Response {
    let told = format!("Could not {what}");
    let body = json!({
        "saved": false,
        "name": told,
        "message": told,
        "errors": { field: [why] },
    });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}

/// There is no such thing.
pub(super) fn unknown(what: &str) -> Response {
    let told = format!("Invalid {what}");
    (StatusCode::NOT_FOUND, Json(json!({ "name": told, "message": told }))).into_response()
}

/// It is done.
pub(super) fn done(told: &str, id: &str) -> Response {
    let body = json!({
        "saved": true, "success": true, "name": told, "message": told, "url": "/", "id": id,
    });
    Json(body).into_response()
}

/// A problem is no larger.
const ERROR: usize = 64 << 10;

/// Tells problems on MISP's paths with the words that its clients look for, beside our own.
pub(crate) async fn in_its_words(request: Request, next: Next) -> Response {
    let ours = super::paths::is_path(request.uri().path());
    let response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    if !ours || !is_problem {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let told = to_bytes(body, ERROR).await.unwrap_or_default();
    let mut told: Value = serde_json::from_slice(&told).unwrap_or_default();
    let detail = text(&told, "detail").to_owned();
    for key in ["name", "message", "errors"] {
        told[key] = json!(detail);
    }
    let bytes = told.to_string().into_bytes();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_however_clients_write_them() {
        let sent = json!({ "a": "1", "b": 1, "c": true, "d": "0", "e": "false", "x": null });
        assert_eq!(["a", "b", "c"].map(|key| word(&sent, key)), ["1", "1", "1"]);
        assert_eq!(["a", "b", "c"].map(|key| flag(&sent, key)), [Some(true); 3]);
        assert_eq!(["d", "e"].map(|key| flag(&sent, key)), [Some(false); 2]);
        assert_eq!((flag(&sent, "x"), flag(&sent, "y")), (None, None));
        assert_eq!(json_of(b" ").unwrap(), json!({}));
        assert!(json_of(b"{").is_err());
        assert_eq!(within(json!({ "Event": { "info": "x" } }), "Event"), json!({ "info": "x" }));
        assert_eq!(within(json!({ "info": "x" }), "Event"), json!({ "info": "x" }));
    }
}
