//! What a MISP has around its events: organisations, users, roles, feeds; and what there is none of
//! here, which is told as an empty list, as by a MISP that has none.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use serde_json::{Value, json};

use super::sent::{id_of, unknown};
use super::{number, view};
use crate::app::App;
use crate::asker::{Asker, Permission, Role};
use crate::problem::Problem;
use crate::routes::feeds;

/// There are none of these here.
pub(super) async fn none(_: Asker) -> Json<Value> {
    Json(json!([]))
}

/// No sharing groups: MISP wraps these.
pub(super) async fn no_groups(_: Asker) -> Json<Value> {
    Json(json!({ "response": [] }))
}

pub(super) async fn organisations(_: Asker) -> Json<Value> {
    Json(json!([{ "Organisation": organisation() }]))
}

pub(super) async fn one_organisation(_: Asker, Path(id): Path<String>) -> Response {
    let own = organisation();
    let id = id_of(&id);
    let is_it = ["id", "uuid", "name"]
        .iter()
        .any(|key| own[*key].as_str().is_some_and(|text| text.eq_ignore_ascii_case(&id)));
    if is_it {
        Json(json!({ "Organisation": own })).into_response()
    } else {
        unknown("organisation")
    }
}

fn organisation() -> Value {
    let mut own = view::organisation();
    for (key, value) in [
        ("description", json!("All events here are of this server.")),
        ("type", json!("")),
        ("nationality", json!("")),
        ("sector", json!("")),
        ("contacts", json!("")),
        ("restricted_to_domain", json!([])),
    ] {
        own[key] = value;
    }
    own
}

pub(super) async fn roles(_: Asker) -> Json<Value> {
    Json(Role::ALL.iter().map(|role| json!({ "Role": role_of(*role) })).collect())
}

/// A role with its rights, in MISP's words.
pub(super) fn role_of(role: Role) -> Value {
    let may = |permission| role.may(permission);
    let (collects, analyses) = (may(Permission::Collect), may(Permission::Analyse));
    let administers = may(Permission::Administer);
    // What it may do with events: 0 nothing, 1 its own, 3 publish them too.
    let level = match (collects, analyses) {
        (_, true) => "3",
        (true, false) => "1",
        _ => "0",
    };
    let at = Role::ALL.iter().position(|one| *one == role).unwrap_or_default();
    json!({
        "id": (at + 1).to_string(),
        "name": role.as_str(),
        "permission": level,
        "perm_add": collects,
        "perm_modify": analyses,
        "perm_modify_org": administers,
        "perm_publish": analyses,
        "perm_delegate": false,
        "perm_sync": analyses,
        "perm_admin": administers,
        "perm_site_admin": administers,
        "perm_audit": administers,
        "perm_auth": true,
        "perm_regexp_access": false,
        "perm_tagger": analyses,
        "perm_tag_editor": false,
        "perm_template": false,
        "perm_sharing_group": false,
        "perm_sighting": analyses,
        "perm_object_template": false,
        "perm_galaxy_editor": false,
        "perm_decaying": false,
        "perm_warninglist": false,
        "perm_analyst_data": false,
        "default_role": role == Role::Reader,
        "restricted_to_site_admin": false,
    })
}

/// The users, for administrators.
pub(super) async fn users(State(app): State<App>, _: Asker) -> Result<Json<Value>, Problem> {
    let known = app.accounts.known()?;
    let list = known.accounts.values().map(|account| {
        let id = number(misp::uuid_of(&format!("user|{}", account.name)));
        let role = account.role.parse::<Role>().map_or_else(|_| json!({}), role_of);
        json!({
            "User": {
                "id": id,
                "org_id": "1",
                "email": account.name,
                "role_id": role["id"],
                "disabled": account.disabled,
                "autoalert": false,
                "termsaccepted": true,
            },
            "Role": role,
            "Organisation": view::organisation(),
        })
    });
    Ok(Json(list.collect()))
}

/// The feeds that are pulled, where the caller may know of them.
pub(super) async fn feed_list(
    State(app): State<App>,
    asker: Asker,
) -> Result<Json<Value>, Problem> {
    Ok(Json(feed_values(&app, &asker).await?.into_iter().collect()))
}

pub(super) async fn one_feed(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let mut all = feed_values(&app, &asker).await?.into_iter();
    let found = all.find(|one| one["Feed"]["id"] == id.as_str());
    Ok(found.map_or_else(|| unknown("feed"), |feed| Json(feed).into_response()))
}

async fn feed_values(app: &App, asker: &Asker) -> Result<Vec<Value>, Problem> {
    let told = |feed: lapwing_engine::store::Feed| {
        let format = match feed.kind.as_str() {
            "misp-feed" | "misp-server" => "misp",
            "csv" => "csv",
            _ => "freetext",
        };
        let name = feed.settings.source.as_deref().unwrap_or(&feed.name);
        json!({ "Feed": {
            "id": number(misp::uuid_of(&format!("feed|{}", feed.name))),
            "name": feed.name,
            "provider": name,
            "url": feed.address,
            "enabled": !feed.settings.paused,
            "source_format": format,
            "input_source": if feed.address.contains("://") { "network" } else { "local" },
            "caching_enabled": false,
            "distribution": "0",
            "sharing_group_id": "0",
            "tag_id": "0",
            "default": false,
            "publish": true,
            "rules": "",
            "settings": "",
        }})
    };
    Ok(feeds::seen(app, asker).await?.into_iter().map(told).collect())
}

/// That the server lives.
pub(super) async fn heartbeat(_: Asker) -> Json<Value> {
    Json(json!({ "message": "The server lives." }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_told_in_the_words_of_misp() {
        let of = |role| role_of(role);
        assert_eq!(of(Role::Reader)["perm_add"], false);
        assert_eq!(of(Role::Feed)["permission"], "1");
        assert_eq!(of(Role::Admin)["perm_site_admin"], true);
        assert_eq!(of(Role::Admin)["id"], "5");
    }
}
