use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use lapwing_engine::store::{ApiKey, Store};
use lapwing_model::{Marking, Pap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::new_key;
use crate::app::App;
use crate::asker::{Asker, Permission, Role};
use crate::input::{Body, Named};
use crate::paging::List;
use crate::problem::Problem;
use crate::routes::{Answer, word};

/// An API key, without the key.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyRow {
    /// The part of the key that is no secret.
    id: String,
    user: String,
    /// What it is for.
    name: String,
    role: String,
    ceiling: String,
    pap: String,
    #[schema(format = DateTime)]
    created: String,
    expires: Option<String>,
    revoked: bool,
    /// The key itself: told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<String>,
}

impl From<&ApiKey> for KeyRow {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.prefix.clone(),
            user: key.account.clone(),
            name: key.name.clone(),
            role: key.role.clone(),
            ceiling: key.ceiling.to_string(),
            pap: key.pap.clone(),
            created: key.created.to_string(),
            expires: key.expires.map(|time| time.to_string()),
            revoked: key.revoked,
            key: None,
        }
    }
}

/// A new key.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewKey {
    /// What it is for.
    name: String,
    /// `reader` where not given; never more than its user is.
    role: Option<Role>,
    /// The user's ceiling where not given; never above it.
    ceiling: Option<String>,
    /// As `ceiling`.
    pap: Option<String>,
    /// From when on it is worth nothing (RFC 3339).
    expires: Option<String>,
    /// Whose it is; an administrator may name another user than himself.
    user: Option<String>,
}

/// One's own keys; an administrator sees all.
#[utoipa::path(get, path = "/api/v1/keys", tag = "administration", responses((status = 200, body = List<KeyRow>)))]
pub(crate) async fn list(State(app): State<App>, asker: Asker) -> Answer<List<KeyRow>> {
    let known = app.accounts.known()?;
    let all = asker.may(Permission::Administer);
    let mut keys: Vec<&ApiKey> =
        known.keys.values().filter(|key| all || key.account == asker.who).collect();
    keys.sort_by_key(|key| (&key.account, key.created, &key.prefix));
    Ok(Json(List::whole(keys.into_iter().map(KeyRow::from).collect())))
}

/// Makes a key; the answer holds it, once.
#[utoipa::path(post, path = "/api/v1/keys", tag = "administration", request_body = NewKey,
    responses((status = 201, body = KeyRow)))]
pub(crate) async fn make(
    State(app): State<App>,
    asker: Asker,
    Body(new): Body<NewKey>,
) -> Result<impl IntoResponse, Problem> {
    if asker.key.is_some() {
        return Err(Problem::forbidden("a key makes no keys"));
    }
    let owner = new.user.clone().unwrap_or_else(|| asker.who.clone());
    if owner != asker.who && !asker.may(Permission::Administer) {
        return Err(Problem::forbidden("only an administrator makes keys for others"));
    }
    let known = app.accounts.known()?;
    let account = known.accounts.get(&owner).ok_or_else(|| {
        Problem::unfit(format!("there is no user `{owner}`; keys belong to users"))
    })?;
    let of: Role = account.role.parse().map_err(Problem::fault)?;
    let role = new.role.unwrap_or(if of == Role::Feed { Role::Feed } else { Role::Reader });
    if !of.includes(role) {
        return Err(Problem::unfit(format!("role: `{owner}` is {of}, his keys cannot be {role}")));
    }
    let ceiling: Option<Marking> = word("ceiling", new.ceiling.as_deref())?;
    let pap: Option<Pap> = word("pap", new.pap.as_deref())?;
    let marks = (
        ceiling.unwrap_or(account.ceiling).min(account.ceiling),
        pap.unwrap_or(Pap::Red).min(account.pap.parse().unwrap_or_default()),
    );
    let expires: Option<Timestamp> = word("expires", new.expires.as_deref())?;
    let now = app.now();
    let (key, secret) = new_key(&owner, new.name.trim(), role, marks, expires, now)
        .map_err(|error| Problem::unfit(error.to_string()))?;
    let row = KeyRow { key: Some(secret), ..KeyRow::from(&key) };
    let path = app.config.store.clone();
    App::aside(move || Ok(Store::open(&path)?.put_api_key(&key)?)).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Takes a key back for good.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let known = app.accounts.known()?;
    let unknown = || Problem::unknown(format!("there is no key `{id}`"));
    let key = known.keys.get(&id).ok_or_else(unknown)?;
    if key.account != asker.who && !asker.may(Permission::Administer) {
        return Err(unknown());
    }
    let path = app.config.store.clone();
    let prefix = id.clone();
    let found = App::aside(move || Ok(Store::open(&path)?.revoke_api_key(&prefix)?)).await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
