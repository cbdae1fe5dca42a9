//! What stands around every request: its number, its line in the log, its limits; and the
//! headers that every answer has.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// Nothing is loaded from elsewhere, no page may frame ours, no script stands in a page.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'";

const FIXED: &[(HeaderName, &str)] = &[
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];
const ALSO: &[(&str, &str)] = &[
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Puts all layers around the routes.
pub(crate) fn around(router: Router, app: &App) -> Router {
    let tame = SizeAbove::new(860)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES)
        // An event must not wait in a compressor.
        .and(NotForContentType::SSE);
    router
        .layer(from_fn(crate::misp::in_its_words))
        .layer(DefaultBodyLimit::max(app.config.limits.json))
        .layer(CompressionLayer::new().compress_when(tame))
        .layer(from_fn_with_state(app.clone(), in_time))
        .layer(CatchPanicLayer::custom(fell))
        .layer(from_fn(problems))
        .layer(from_fn(crate::taxii::in_its_words))
        .layer(from_fn_with_state(app.clone(), outermost))
        .layer(from_fn(crate::unread::read_out))
}

/// A handler that takes too long is given up; uploads and streams tell so by their route.
async fn in_time(State(app): State<App>, request: Request, next: Next) -> Response {
    let upload = request.method() == "POST"
        && matches!(request.uri().path(), "/api/v1/documents" | "/api/v1/hunts");
    let factor = if upload { 30 } else { 1 };
    let limit = Duration::from_secs(app.config.limits.seconds * factor);
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let seconds = limit.as_secs();
        Problem::new(StatusCode::GATEWAY_TIMEOUT, format!("no answer within {seconds} s"))
            .hint("ask for less at a time")
            .into_response()
    })
}

#[expect(clippy::needless_pass_by_value, reason = "as `CatchPanicLayer::custom` calls it")]
fn fell(panic: Box<dyn std::any::Any + Send>) -> Response {
    let why = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    Problem::fault(format!("a handler fell: {why}")).into_response()
}

/// What axum itself refuses (a method, a body too large) is told as all other problems are.
async fn problems(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = next.run(request).await;
    let status = response.status();
    let told = response.headers().contains_key(header::CONTENT_TYPE);
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || (told && !plain) {
        return response;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => format!("{method} is not possible here"),
        StatusCode::NOT_FOUND => "there is nothing here".to_owned(),
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this server takes".to_owned(),
        other => other.canonical_reason().unwrap_or("the request failed").to_owned(),
    };
    let mut answer = Problem::new(status, detail).into_response();
    for name in [header::ALLOW, header::WWW_AUTHENTICATE, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

async fn outermost(State(app): State<App>, request: Request, next: Next) -> Response {
    let number = Uuid::new_v4().simple().to_string();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let begun = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(page)".to_owned(), |route| route.as_str().to_owned());
    let mut response = next.run(request).await;
    let took = begun.elapsed();
    let status = response.status().as_u16();
    app.metrics.answered(&method, &route, status, took);
    tracing::info!(
        target: "request",
        id = number,
        %method,
        path,
        status,
        ms = took.as_secs_f64() * 1e3,
    );
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    for (name, value) in ALSO {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if app.config.tls.is_some() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if path.starts_with("/api/") {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    if let Ok(number) = HeaderValue::from_str(&number) {
        headers.insert("x-request-id", number);
    }
    response.map(Body::new)
}
