use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use lapwing_engine::store::{Account, AuditEntry, AuditQuery, Store};
use lapwing_model::{Marking, Pap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{hash_password, new_account};
use crate::app::App;
use crate::asker::{Asker, Role};
use crate::input::{Asked, Body, Named};
use crate::paging::{List, Paging, cursor};
use crate::problem::Problem;
use crate::routes::{Answer, word};

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserRow {
    name: String,
    role: String,
    /// Nothing above is shown to the user (TLP).
    ceiling: String,
    /// As `ceiling` (PAP).
    pap: String,
    #[schema(format = DateTime)]
    created: String,
    /// May not log in.
    disabled: bool,
}

impl From<&Account> for UserRow {
    fn from(account: &Account) -> Self {
        Self {
            name: account.name.clone(),
            role: account.role.clone(),
            ceiling: account.ceiling.to_string(),
            pap: account.pap.clone(),
            created: account.created.to_string(),
            disabled: account.disabled,
        }
    }
}

/// A new user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUser {
    /// 1 to 64 letters, digits and `. - _ @ +`.
    name: String,
    /// 12 characters at least.
    #[schema(format = Password)]
    password: String,
    role: Role,
    /// `TLP:GREEN` where not given.
    ceiling: Option<String>,
    /// `PAP:RED` where not given.
    pap: Option<String>,
}

/// What is to be another of a user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UserChange {
    role: Option<Role>,
    ceiling: Option<String>,
    pap: Option<String>,
    #[schema(format = Password)]
    password: Option<String>,
    disabled: Option<bool>,
}

/// The users.
#[utoipa::path(get, path = "/api/v1/users", tag = "administration", responses((status = 200, body = List<UserRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<List<UserRow>> {
    let known = app.accounts.known()?;
    Ok(Json(List::whole(known.accounts.values().map(UserRow::from).collect())))
}

/// Makes a user. The first one has to be an administrator: from then on everybody logs in.
#[utoipa::path(post, path = "/api/v1/users", tag = "administration", request_body = NewUser,
    responses((status = 201, body = UserRow)))]
pub(crate) async fn make(
    State(app): State<App>,
    Body(new): Body<NewUser>,
) -> Result<impl IntoResponse, Problem> {
    let known = app.accounts.known()?;
    if known.accounts.is_empty() && new.role != Role::Admin {
        return Err(Problem::unfit(
            "the first user has to be an admin: nobody else could let others in",
        ));
    }
    if known.accounts.contains_key(&new.name) {
        return Err(Problem::new(StatusCode::CONFLICT, format!("there is a user `{}`", new.name)));
    }
    let ceiling: Marking = word("ceiling", new.ceiling.as_deref())?.unwrap_or(Marking::Green);
    let pap: Pap = word("pap", new.pap.as_deref())?.unwrap_or(Pap::Red);
    let (path, now) = (app.config.store.clone(), app.now());
    let row = App::aside(move || {
        let account = new_account(&new.name, &new.password, new.role, (ceiling, pap), now)
            .map_err(|error| Problem::unfit(error.to_string()))?;
        Store::open(&path)?.put_account(&account)?;
        Ok(UserRow::from(&account))
    })
    .await?;
    Ok((StatusCode::CREATED, Json(row)))
}

fn admins(accounts: &std::collections::BTreeMap<String, Account>, but: &str) -> usize {
    accounts
        .values()
        .filter(|account| account.name != but && !account.disabled && account.role == "admin")
        .count()
}

/// Changes a user. His sessions end when his password or his right to log in changes.
#[utoipa::path(patch, path = "/api/v1/users/{name}", tag = "administration", params(("name" = String, Path)),
    request_body = UserChange, responses((status = 200, body = UserRow)))]
pub(crate) async fn change(
    State(app): State<App>,
    Named(name): Named<String>,
    Body(change): Body<UserChange>,
) -> Answer<UserRow> {
    let known = app.accounts.known()?;
    if !known.accounts.contains_key(&name) {
        return Err(Problem::unknown(format!("there is no user `{name}`")));
    }
    let loses =
        change.disabled == Some(true) || change.role.is_some_and(|role| role != Role::Admin);
    if loses && admins(&known.accounts, &name) == 0 {
        return Err(Problem::new(StatusCode::CONFLICT, "the last admin stays one"));
    }
    let ceiling: Option<Marking> = word("ceiling", change.ceiling.as_deref())?;
    let pap: Option<Pap> = word("pap", change.pap.as_deref())?;
    let ends = change.password.is_some() || change.disabled == Some(true);
    let hash = match change.password {
        None => None,
        Some(password) => Some(
            App::aside(move || {
                hash_password(&password).map_err(|error| Problem::unfit(error.to_string()))
            })
            .await?,
        ),
    };
    let row = app
        .change_account(&name, move |account| {
            if let Some(role) = change.role {
                account.role = role.to_string();
            }
            account.ceiling = ceiling.unwrap_or(account.ceiling);
            if let Some(pap) = pap {
                account.pap = pap.to_string();
            }
            if let Some(hash) = hash {
                account.password = hash;
            }
            account.disabled = change.disabled.unwrap_or(account.disabled);
        })
        .await?;
    if ends {
        app.sessions.end_all(&name, app.now());
    }
    Ok(Json(UserRow::from(&row)))
}

/// Takes a user away, with his keys and webhooks. The audit log keeps what he did.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "administration", params(("name" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn remove(
    State(app): State<App>,
    asker: Asker,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    let known = app.accounts.known()?;
    if !known.accounts.contains_key(&name) {
        return Err(Problem::unknown(format!("there is no user `{name}`")));
    }
    if name == asker.who {
        return Err(Problem::new(StatusCode::CONFLICT, "nobody takes himself away"));
    }
    let path = app.config.store.clone();
    let gone = name.clone();
    App::aside(move || Ok(Store::open(&path)?.remove_account(&gone)?)).await?;
    app.sessions.end_all(&name, app.now());
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// By this user.
    who: Option<String>,
    /// Whose route or subject holds this.
    what: Option<String>,
    /// `allowed` or `denied`.
    outcome: Option<String>,
    /// From this time on (RFC 3339).
    since: Option<String>,
}

/// A line of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRow {
    n: i64,
    #[schema(format = DateTime)]
    at: String,
    /// Empty when nobody said who he is.
    who: String,
    /// The prefix of the key that was used.
    key: Option<String>,
    /// From which address.
    from: String,
    method: String,
    route: String,
    /// What it was about.
    what: String,
    status: u16,
    /// `allowed` or `denied`.
    outcome: String,
}

impl From<AuditEntry> for AuditRow {
    fn from(entry: AuditEntry) -> Self {
        Self {
            n: entry.n,
            at: entry.at.to_string(),
            who: entry.who,
            key: entry.key,
            from: entry.address,
            method: entry.method,
            route: entry.route,
            what: entry.what,
            status: entry.status,
            outcome: entry.outcome,
        }
    }
}

/// Who did, saw and exported what, the newest first; denials too.
#[utoipa::path(get, path = "/api/v1/audit", tag = "administration", params(Which, Paging),
    responses((status = 200, body = List<AuditRow>)))]
pub(crate) async fn audit(
    State(app): State<App>,
    asker: Asker,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<List<AuditRow>> {
    let limit = paging.limit()?;
    let query = AuditQuery {
        who: which.who,
        what: which.what.filter(|what| !what.is_empty()),
        ceiling: asker.ceiling.tlp,
        outcome: which.outcome.filter(|outcome| !outcome.is_empty()),
        since: word("since", which.since.as_deref())?,
        before: paging.after()?,
        limit: limit + 1,
    };
    let path = app.config.store.clone();
    let mut entries = App::aside(move || Ok(Store::open_read_only(&path)?.audit(&query)?)).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|last| cursor(&last.n));
    // What somebody asked who may see more tells of what only he may see.
    for entry in entries.iter_mut().filter(|entry| entry.ceiling > asker.ceiling.tlp) {
        "(above your marking)".clone_into(&mut entry.what);
    }
    let items = entries.into_iter().map(AuditRow::from).collect();
    Ok(Json(List { items, next, total: None }))
}
