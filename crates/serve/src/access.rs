//! Who may call which route: one table, and the one place that looks at it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lapwing_engine::store::AuditEntry;

use crate::accounts::Identity;
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;
use crate::sessions::COOKIE;

use Permission::{Administer, Analyse, Collect, Open, Publish, Read};

/// Every route with a handler. What is not here is refused, and a test compares the table with
/// the router.
pub(crate) const TABLE: &[(&str, &str, Permission)] = &[
    ("GET", "/", Open),
    ("GET", "/{*path}", Open),
    ("GET", "/healthz", Open),
    ("GET", "/readyz", Open),
    ("GET", "/metrics", Administer),
    ("GET", "/api/openapi.json", Open),
    ("GET", "/api", Open),
    ("GET", "/feed.atom", Read),
    ("GET", "/feed.rss", Read),
    ("*", "/mcp", Read),
    ("GET", "/api/v1/session", Open),
    ("POST", "/api/v1/session", Open),
    ("DELETE", "/api/v1/session", Open),
    ("POST", "/api/v1/session/password", Read),
    ("GET", "/api/v1/about", Read),
    ("GET", "/api/v1/knowledge", Read),
    ("GET", "/api/v1/search", Read),
    ("GET", "/api/v1/complete", Read),
    ("POST", "/api/v1/lookup", Read),
    ("GET", "/api/v1/indicators", Read),
    ("GET", "/api/v1/entities", Read),
    ("GET", "/api/v1/entities/kinds", Read),
    ("GET", "/api/v1/documents", Read),
    ("POST", "/api/v1/documents", Collect),
    ("GET", "/api/v1/documents/{id}", Read),
    ("GET", "/api/v1/documents/{id}/claims", Read),
    ("GET", "/api/v1/documents/{id}/raw", Read),
    ("GET", "/api/v1/documents/{id}/origin", Read),
    ("GET", "/api/v1/origins", Read),
    ("GET", "/api/v1/gaps", Read),
    ("GET", "/api/v1/clusters", Read),
    ("GET", "/api/v1/timeline", Read),
    ("GET", "/api/v1/techniques", Read),
    ("GET", "/api/v1/page", Read),
    ("GET", "/api/v1/compare", Read),
    ("GET", "/api/v1/page.md", Read),
    ("GET", "/api/v1/page.html", Read),
    ("GET", "/api/v1/page.txt", Read),
    ("GET", "/api/v1/explain", Read),
    ("GET", "/api/v1/forecast", Read),
    ("GET", "/api/v1/graph", Read),
    ("GET", "/api/v1/decay", Read),
    ("GET", "/api/v1/attack", Read),
    ("GET", "/api/v1/news", Read),
    ("GET", "/api/v1/minted-clusters", Read),
    ("GET", "/api/v1/minted-clusters/{name}", Read),
    ("POST", "/api/v1/minted-clusters/preview", Analyse),
    ("GET", "/api/v1/minted-clusters/decisions", Read),
    ("POST", "/api/v1/minted-clusters/decisions", Analyse),
    ("GET", "/api/v1/names", Read),
    ("POST", "/api/v1/names", Analyse),
    ("POST", "/api/v1/names/preview", Analyse),
    ("GET", "/api/v1/names/history", Read),
    ("POST", "/api/v1/claims", Analyse),
    ("POST", "/api/v1/false-positives", Analyse),
    ("GET", "/api/v1/hunts", Analyse),
    ("POST", "/api/v1/hunts", Analyse),
    ("GET", "/api/v1/hunts/{id}", Analyse),
    ("DELETE", "/api/v1/hunts/{id}", Analyse),
    ("GET", "/api/v1/hunts/{id}/events", Analyse),
    ("GET", "/api/v1/hunts/{id}/findings", Analyse),
    ("GET", "/api/v1/hunts/{id}/groups", Analyse),
    ("GET", "/api/v1/hunts/{id}/export", Analyse),
    ("GET", "/api/v1/hunt-root", Analyse),
    ("GET", "/api/v1/exports", Read),
    ("GET", "/api/v1/export", Publish),
    ("GET", "/api/v1/activity", Read),
    ("GET", "/api/v1/feeds", Analyse),
    ("POST", "/api/v1/feeds", Administer),
    ("GET", "/api/v1/feeds/{name}", Analyse),
    ("DELETE", "/api/v1/feeds/{name}", Administer),
    ("POST", "/api/v1/feeds/{name}/pull", Analyse),
    ("POST", "/api/v1/feeds/{name}/pause", Administer),
    ("POST", "/api/v1/feeds/{name}/resume", Administer),
    ("GET", "/api/v1/history", Read),
    ("GET", "/api/v1/history/{change}", Read),
    ("POST", "/api/v1/history/{change}/undo", Analyse),
    ("GET", "/api/v1/events", Read),
    ("GET", "/api/v1/webhooks", Administer),
    ("POST", "/api/v1/webhooks", Administer),
    ("DELETE", "/api/v1/webhooks/{id}", Administer),
    ("GET", "/api/v1/users", Administer),
    ("POST", "/api/v1/users", Administer),
    ("PATCH", "/api/v1/users/{name}", Administer),
    ("DELETE", "/api/v1/users/{name}", Administer),
    ("GET", "/api/v1/keys", Read),
    ("POST", "/api/v1/keys", Read),
    ("DELETE", "/api/v1/keys/{id}", Read),
    ("GET", "/api/v1/audit", Administer),
];

/// The table, and those of the protocols that have one of their own.
fn every_route() -> impl Iterator<Item = &'static (&'static str, &'static str, Permission)> {
    TABLE.iter().chain(crate::taxii::TABLE).chain(crate::misp::TABLE)
}

/// The permission of a route; `None` for one that nobody thought of.
pub(crate) fn permission(method: &Method, path: &str) -> Option<Permission> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    every_route()
        .find(|(of, route, _)| *route == path && (*of == method || *of == "*"))
        .map(|(.., permission)| *permission)
}

/// What a handler wants the audit log to say of a request, beside its route.
#[derive(Clone, Debug)]
pub struct Audited(pub String);

/// More of what was asked is not kept in the audit log.
const MOST_TOLD: usize = 500;

/// Finds out who asks, whether he may, and writes down that he did.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = address(&request);
    let now = app.now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "/{*path}".to_owned(), |path| path.as_str().to_owned());
    let Some(permission) = permission(&method, &route) else {
        // Axum answers other methods of a known path by itself; nothing else may come here.
        let known = every_route().any(|(_, path, _)| *path == route);
        if known {
            return next.run(request).await;
        }
        return Problem::fault(format!("{method} {route} is in no table")).into_response();
    };
    let what = what(&request);
    let asker = match who(&app, request.headers(), &method, permission, address, now).await {
        Ok(asker) => asker,
        Err(problem) => {
            let entry = entry(&Asker::nobody(address), &method, &route, what, now);
            app.audit.keep(denied(entry, problem.status), true).await;
            return problem.into_response();
        }
    };
    if let Err(problem) = app.rate.check(&rate_key(&asker)) {
        return problem.into_response();
    }
    let told = entry(&asker, &method, &route, what, now);
    if !asker.may(permission) {
        let problem = if asker.is_known() {
            let role = asker.role;
            Problem::forbidden(format!("`{}` is {role}, who may not do this", asker.who))
        } else {
            Problem::new(StatusCode::UNAUTHORIZED, "log in first").hint(
                "POST /api/v1/session with name and password, or send Authorization: Bearer KEY",
            )
        };
        app.audit.keep(denied(told, problem.status), true).await;
        return problem.into_response();
    }
    request.extensions_mut().insert(asker);
    let mut response = next.run(request).await;
    let more = response.extensions_mut().remove::<Audited>();
    if permission != Open || more.is_some() {
        let status = response.status().as_u16();
        let mut told = AuditEntry { status, ..told };
        if let Some(Audited(more)) = more {
            told.what = clipped(&format!("{} {more}", told.what));
        }
        if matches!(status, 401 | 403) {
            told = denied(told, status);
        }
        // What is taken out or changed is on disk before the answer is.
        let surely = permission == Publish || !matches!(method, Method::GET | Method::HEAD);
        app.audit.keep(told, surely).await;
    }
    response
}

/// Who asks: by key, by password, by cookie, or as the one who sits at the machine.
async fn who(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
    permission: Permission,
    address: IpAddr,
    now: Timestamp,
) -> Result<Asker, Problem> {
    if app.accounts.known()?.accounts.is_empty() {
        return open_mode(app, headers, method, address);
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().map_err(|_| wrong())?.to_owned();
        let found = by_authorization(app, &value, address, now).await?;
        return found.map(|found| asker(found, address, false)).ok_or_else(wrong);
    }
    let Some(token) = cookie(headers, COOKIE) else { return Ok(Asker::nobody(address)) };
    let Some(session) = app.sessions.find(token, now) else { return Ok(Asker::nobody(address)) };
    let Some(found) = app.accounts.by_name(&session.who)? else {
        return Ok(Asker::nobody(address));
    };
    let writes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    // Logging in is open and has no token yet; a foreign page gains nothing by it.
    if writes && permission != Open {
        let token = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
        if !token.is_some_and(|token| session.is_csrf(token)) {
            return Err(Problem::forbidden("the CSRF token is missing or wrong")
                .hint("send X-CSRF-Token with `csrf` of GET /api/v1/session"));
        }
    }
    Ok(asker(found, address, true))
}

/// A store without users, at the machine itself: no log-in. What a foreign web page could make
/// the browser do here is refused: by name (DNS rebinding) and by origin.
fn open_mode(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
    address: IpAddr,
) -> Result<Asker, Problem> {
    if !(address.to_canonical().is_loopback() && app.config.listen.ip().is_loopback()) {
        return Ok(Asker::nobody(address));
    }
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or("localhost");
    if !is_loopback_host(host) {
        return Err(Problem::forbidden(format!("without users, `{host}` is not answered to"))
            .hint("use http://127.0.0.1 or http://localhost"));
    }
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let foreign = |origin: &str| {
        origin.split_once("://").is_none_or(|(_, of)| !of.eq_ignore_ascii_case(host))
    };
    if !safe && text(header::ORIGIN).is_some_and(foreign) {
        return Err(Problem::forbidden("a page of another origin may not write"));
    }
    if text(header::HeaderName::from_static("sec-fetch-site")) == Some("cross-site") && !safe {
        return Err(Problem::forbidden("a page of another site may not write"));
    }
    Ok(Asker::local(address))
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn by_authorization(
    app: &App,
    value: &str,
    address: IpAddr,
    now: Timestamp,
) -> Result<Option<Identity>, Problem> {
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    if scheme.eq_ignore_ascii_case("basic") {
        let Some((name, password)) = basic(rest.trim()) else { return Ok(None) };
        if name == "key" {
            return by_key(app, &password, address, now);
        }
        return by_password(app, name, password, address, now).await;
    }
    by_key(app, rest.trim(), address, now)
}

/// Keys cannot be guessed; but who tries many is slowed down like who guesses passwords.
fn by_key(
    app: &App,
    key: &str,
    address: IpAddr,
    now: Timestamp,
) -> Result<Option<Identity>, Problem> {
    let guesser = [format!("key from {address}")];
    app.guesses.check(&guesser, now)?;
    let found = app.accounts.by_key(key, now)?;
    if found.is_none() {
        app.guesses.failed(&guesser, now);
    }
    Ok(found)
}

/// Whether name and password fit, with the price of guessing.
pub(crate) async fn by_password(
    app: &App,
    name: String,
    password: String,
    address: IpAddr,
    now: Timestamp,
) -> Result<Option<Identity>, Problem> {
    let guesser = [format!("name {name}"), format!("address {address}")];
    app.guesses.check(&guesser, now)?;
    let hashed = app.clone();
    let found = App::aside(move || Ok(hashed.accounts.by_password(&name, &password, now)?)).await?;
    if found.is_some() {
        app.guesses.succeeded(&guesser);
    } else {
        app.guesses.failed(&guesser, now);
    }
    Ok(found)
}

fn wrong() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "name, password or key is wrong")
}

pub(crate) fn asker(found: Identity, address: IpAddr, by_cookie: bool) -> Asker {
    let Identity { who, key, role, ceiling } = found;
    Asker { who, key, role, ceiling, address, by_cookie }
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(base64(encoded)?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for character in text.trim_end_matches('=').bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

fn address(request: &Request) -> IpAddr {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(from)| from.ip().to_canonical())
}

fn rate_key(asker: &Asker) -> String {
    match &asker.key {
        Some(key) => format!("key {key}"),
        None if asker.is_known() => format!("user {}", asker.who),
        None => format!("address {}", asker.address),
    }
}

/// What a request is about: the variable part of its path, and its parameters.
fn what(request: &Request) -> String {
    let uri = request.uri();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let path = if route == uri.path() { "" } else { uri.path() };
    clipped(&match uri.query() {
        Some(query) if path.is_empty() => query.to_owned(),
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

fn clipped(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(MOST_TOLD).collect()
}

fn entry(asker: &Asker, method: &Method, route: &str, what: String, at: Timestamp) -> AuditEntry {
    AuditEntry {
        n: 0,
        at,
        who: asker.who.clone(),
        key: asker.key.clone(),
        address: asker.address.to_string(),
        method: method.to_string(),
        route: route.to_owned(),
        what,
        status: 0,
        outcome: "allowed".to_owned(),
        ceiling: asker.ceiling.tlp,
    }
}

fn denied(entry: AuditEntry, status: u16) -> AuditEntry {
    AuditEntry { status, outcome: "denied".to_owned(), ..entry }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_read() {
        assert_eq!(
            basic("YW5uYTpjb3JyZWN0IGhvcnNl"),
            Some(("anna".into(), "correct horse".into()))
        );
        assert_eq!(basic("YTpi"), Some(("a".into(), "b".into())));
        assert_eq!(basic("a:b"), None);
        assert_eq!(basic(""), None);
    }

    #[test]
    fn only_loopback_names_are_loopback() {
        for host in
            ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "[::1]", "127.9.9.9"]
        {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", ""]
        {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn a_route_is_in_the_table_once() {
        let table: Vec<_> = every_route().collect();
        for (at, (method, path, _)) in table.iter().enumerate() {
            assert!(
                !table[..at].iter().any(|(m, p, _)| m == method && p == path),
                "{method} {path}"
            );
        }
        assert_eq!(permission(&Method::HEAD, "/api/v1/page"), Some(Read));
        assert_eq!(permission(&Method::PUT, "/api/v1/page"), None);
    }
}
