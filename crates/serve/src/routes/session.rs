use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{by_password, cookie};
use crate::accounts::hash_password;
use crate::app::App;
use crate::asker::{Asker, Permission, Role};
use crate::input::Body;
use crate::problem::Problem;
use crate::sessions::COOKIE;
use crate::{Audited, access};

/// Who is logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionInfo {
    /// `open`: nobody has to log in; `users`: everybody has to.
    #[schema(value_type = String)]
    mode: &'static str,
    /// Who asks; null when nobody is logged in.
    user: Option<SessionUser>,
    /// To be sent as `X-CSRF-Token` with every write; null where none is needed.
    csrf: Option<String>,
    /// What he may do.
    may: Vec<Permission>,
    /// Version of the program.
    version: &'static str,
}

/// The one who is logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionUser {
    name: String,
    role: Role,
    /// Nothing above is shown to him (TLP).
    ceiling: String,
    /// As `ceiling` (PAP).
    pap: String,
}

fn info(app: &App, asker: &Asker, csrf: Option<String>) -> Result<SessionInfo, Problem> {
    let open = app.accounts.known()?.accounts.is_empty();
    Ok(SessionInfo {
        mode: if open { "open" } else { "users" },
        user: asker.is_known().then(|| SessionUser {
            name: asker.who.clone(),
            role: asker.role,
            ceiling: asker.ceiling.tlp.to_string(),
            pap: asker.ceiling.pap.to_string(),
        }),
        csrf,
        may: asker.permissions(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Who is logged in, and what he may do.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, body = SessionInfo)))]
pub(crate) async fn now(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
) -> Result<Json<SessionInfo>, Problem> {
    let session = cookie(&headers, COOKIE).and_then(|token| app.sessions.find(token, app.now()));
    let csrf = session.filter(|_| asker.by_cookie).map(|session| session.csrf);
    Ok(Json(info(&app, &asker, csrf)?))
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    name: String,
    #[schema(format = Password)]
    password: String,
}

/// Logs in: sets the cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Credentials,
    responses((status = 200, body = SessionInfo)))]
pub(crate) async fn begin(
    State(app): State<App>,
    asker: Asker,
    Body(credentials): Body<Credentials>,
) -> Result<impl IntoResponse, Problem> {
    let now = app.now();
    let told = credentials.name.chars().take(64).collect::<String>();
    let found =
        by_password(&app, credentials.name, credentials.password, asker.address, now).await?;
    let Some(found) = found else {
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "name or password is wrong");
        return Ok((axum::Extension(Audited(format!("log-in as {told}"))), problem).into_response());
    };
    let (token, session) =
        app.sessions.begin(&found.who, now).map_err(|error| Problem::fault(error.to_string()))?;
    let asker = access::asker(found, asker.address, true);
    let body = Json(info(&app, &asker, Some(session.csrf))?);
    let secure = if app.config.tls.is_some() { "; Secure" } else { "" };
    let value = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let audited = axum::Extension(Audited(format!("log-in as {told}")));
    Ok((audited, AppendHeaders([(header::SET_COOKIE, value)]), body).into_response())
}

/// Logs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn end(State(app): State<App>, headers: HeaderMap) -> impl IntoResponse {
    if let Some(token) = cookie(&headers, COOKIE) {
        app.sessions.end(token, app.now());
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    let value = HeaderValue::from_str(&gone).unwrap_or(HeaderValue::from_static(""));
    (StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, value)]))
}

/// The old password and a new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPassword {
    #[schema(format = Password)]
    old: String,
    /// 12 characters at least.
    #[schema(format = Password)]
    new: String,
}

/// Changes one's own password; ends all other sessions.
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session", request_body = NewPassword,
    responses((status = 204)))]
pub(crate) async fn change_password(
    State(app): State<App>,
    asker: Asker,
    Body(asked): Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    if asker.key.is_some() {
        return Err(Problem::forbidden("a key may not change its user's password"));
    }
    let now = app.now();
    let right = by_password(&app, asker.who.clone(), asked.old, asker.address, now).await?;
    if right.is_none() {
        return Err(Problem::forbidden("the old password is wrong"));
    }
    let hash = App::aside(move || {
        hash_password(&asked.new).map_err(|error| Problem::unfit(error.to_string()))
    })
    .await?;
    let who = asker.who.clone();
    app.change_account(&asker.who, move |account| account.password = hash).await?;
    app.sessions.end_all(&who, now);
    Ok(StatusCode::NO_CONTENT)
}
