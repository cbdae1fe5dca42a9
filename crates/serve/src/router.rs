use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::middleware::{from_fn_with_state, map_request};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use crate::access::check;
use crate::app::App;
use crate::{layers, mcp, misp, routes, taxii, web};

/// The document, as bytes.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| openapi().to_pretty_json().unwrap_or_default());

/// All routes around one store, with everything that stands around them.
pub fn router(app: &App) -> Router {
    let (documented, _) = routes::documented().split_for_parts();
    let router = documented
        .route("/healthz", get(routes::health::alive))
        .route("/readyz", get(routes::health::ready))
        .route("/metrics", get(routes::health::metrics))
        .route("/feed.atom", get(routes::live::atom))
        .route("/feed.rss", get(routes::live::rss))
        .route("/api", get(web::api))
        .route("/api/openapi.json", get(document))
        .route("/mcp", any(mcp::http))
        .merge(taxii::routes())
        .merge(misp::routes())
        .fallback(web::page)
        .layer(from_fn_with_state(app.clone(), check))
        .with_state(app.clone());
    // What stands around a router's routes stands behind the choice of one: a path that is brought
    // into another form before needs a router around it.
    Router::new()
        .fallback_service(layers::around(router, app))
        .layer(map_request(misp::in_our_form))
}

async fn document() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")],
        DOCUMENT.as_str(),
    )
}

/// The OpenAPI 3.1 document of the REST interface.
pub fn openapi() -> OpenApi {
    let mut api = routes::documented().into_openapi();
    api.info = InfoBuilder::new()
        .title("Lapwing")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Cyber threat intelligence: what is known, by whom it is said, how sure one may be; \
             and the answer to \"were we hit?\". What is above the caller's marking does not exist for him.",
        ))
        .license(Some(
            utoipa::openapi::LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
        ))
        .build();
    let components = api.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new(crate::sessions::COOKIE));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            any_problem(operation);
        }
    }
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("patch", &mut item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The name of an operation, which generators of clients take for a function's: no two are alike,
/// as no two operations have method and path in common. `get_documents_by_id`.
fn operation_id(method: &str, path: &str) -> String {
    let mut name = method.to_owned();
    for part in path.trim_start_matches("/api/v1").split(['/', '.', '-']) {
        let (by, word) = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(variable) => ("by_", variable),
            None => ("", part),
        };
        if !word.is_empty() {
            name.push('_');
            name.push_str(by);
            name.push_str(word);
        }
    }
    name
}

/// Every route may fail, and tells so in one shape.
fn any_problem(operation: &mut Operation) {
    let shape = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = utoipa::openapi::ContentBuilder::new().schema(Some(shape)).build();
    let response = ResponseBuilder::new()
        .description("What went wrong, and what to do")
        .content("application/problem+json", content)
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let mut api = openapi();
        let mut names = std::collections::BTreeSet::new();
        for item in api.paths.paths.values_mut() {
            for (_, operation) in operations(item) {
                let name = operation.operation_id.clone().unwrap();
                assert!(names.insert(name.clone()), "{name} twice");
            }
        }
        assert!(names.contains("get_documents_by_id_raw") && names.contains("get_page_md"));
    }
}
