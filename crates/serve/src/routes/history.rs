use axum::Json;
use axum::extract::State;
use lapwing_engine::store::ChangeRecord;
use lapwing_model::ChangeId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::{Asker, Ceiling, Permission};
use crate::input::{Asked, Named};
use crate::paging::{List, Paging};
use crate::problem::Problem;
use crate::readers::Sight;
use crate::routes::Answer;

/// A change of the store.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChangeRow {
    change: i64,
    #[schema(format = DateTime)]
    at: String,
    /// What was asked for.
    command: String,
    documents: u64,
    claims: u64,
    gaps: u64,
    /// The change in whose place this one put its documents.
    replaces: Option<i64>,
    /// The change that this one took back.
    undoes: Option<i64>,
    /// The change that took this one back, or took its place.
    undone_by: Option<i64>,
}

impl From<ChangeRecord> for ChangeRow {
    fn from(record: ChangeRecord) -> Self {
        Self {
            change: record.id.0,
            at: record.at.to_string(),
            command: without_store(&record.command),
            documents: record.documents,
            claims: record.claims,
            gaps: record.gaps,
            replaces: record.replaces.map(|id| id.0),
            undoes: record.undoes.map(|id| id.0),
            undone_by: record.undone_by.map(|id| id.0),
        }
    }
}

/// A command line without the place of the store, which is the administrator's business.
fn without_store(command: &str) -> String {
    let Some((before, after)) = command.split_once("--store") else { return command.to_owned() };
    let Some(place) = after.strip_prefix([' ', '=']) else { return command.to_owned() };
    let rest = match place.strip_prefix(['\'', '"']) {
        Some(quoted) => quoted.split_once(['\'', '"']).map_or("", |(_, rest)| rest),
        None => place.split_once(' ').map_or("", |(_, rest)| rest),
    };
    format!("{before}{}", rest.trim_start()).trim().to_owned()
}

/// Every change, the newest first.
#[utoipa::path(get, path = "/api/v1/history", tag = "history", params(Paging),
    responses((status = 200, body = List<ChangeRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    asker: Asker,
    Asked(paging): Asked<Paging>,
) -> Answer<List<ChangeRow>> {
    let changes = app.read(&asker, |sight| Ok(sight.store().history()?)).await?;
    Ok(Json(List::slice(changes.into_iter().rev().map(ChangeRow::from), &paging)?))
}

/// A change with what it added.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeDetail {
    #[serde(flatten)]
    row: ChangeRow,
    /// The documents that it added and that are in sight.
    added: Vec<AddedLabel>,
}

/// A document by its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedLabel {
    id: String,
    label: String,
}

fn change(sight: &Sight<'_>, id: ChangeId) -> Result<ChangeRecord, Problem> {
    let found = sight.store().history()?.into_iter().find(|change| change.id == id);
    found.ok_or_else(|| Problem::unknown(format!("there is no change {id}")))
}

/// One change.
#[utoipa::path(get, path = "/api/v1/history/{change}", tag = "history",
    params(("change" = i64, Path, description = "Its number")),
    responses((status = 200, body = ChangeDetail)))]
pub(crate) async fn one(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<i64>,
) -> Answer<ChangeDetail> {
    let id = ChangeId(id);
    let detail = app
        .read(&asker, move |sight| {
            let row = change(sight, id)?.into();
            let added = sight.store().documents_of_change(id)?;
            let label = |record: lapwing_engine::store::DocumentRecord| AddedLabel {
                id: record.document.id.to_string(),
                label: record.document.label().to_owned(),
            };
            Ok(ChangeDetail { row, added: added.into_iter().map(label).collect() })
        })
        .await?;
    Ok(Json(detail))
}

/// What an undo did.
#[derive(Serialize, ToSchema)]
pub(crate) struct Undone {
    /// The change that was taken back.
    undone: i64,
    /// The undo itself: undo it to bring all back.
    change: i64,
    /// Documents that went out of sight.
    hidden: Vec<String>,
    /// Documents that came back into sight.
    shown: Vec<String>,
}

/// Takes a change back; undo the undo to bring it back. Only an administrator takes back what
/// another user did, and nobody what he may not see all of.
#[utoipa::path(post, path = "/api/v1/history/{change}/undo", tag = "history",
    params(("change" = i64, Path, description = "Its number")),
    responses((status = 200, body = Undone)))]
pub(crate) async fn undo(
    State(app): State<App>,
    asker: Asker,
    Named(id): Named<i64>,
) -> Answer<Undone> {
    let id = ChangeId(id);
    let seen = app.read(&asker, move |sight| change(sight, id)).await?;
    let whole = app.readers.ask(Ceiling::NONE, move |sight| change(sight, id)).await?;
    if seen.documents != whole.documents || seen.command != whole.command {
        return Err(Problem::forbidden("a part of this change is above your marking"));
    }
    if !is_own(&whole.command, &asker.who) && !asker.may(Permission::Administer) {
        return Err(Problem::forbidden("only an administrator takes back what another one did"));
    }
    let command = format!("undo {id} (by {})", asker.who);
    let undone = app.write(move |engine, now| Ok(engine.undo_as(id, &command, now)?)).await?;
    let ids = |ids: Vec<lapwing_model::DocumentId>| ids.iter().map(ToString::to_string).collect();
    Ok(Json(Undone {
        undone: id.0,
        change: undone.change.0,
        hidden: ids(undone.hidden),
        shown: ids(undone.shown),
    }))
}

/// Whether a change is a user's own, by the end of its command.
pub(crate) fn is_own(command: &str, who: &str) -> bool {
    command.ends_with(&format!("by {who}")) || command.ends_with(&format!("(by {who})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_store_is_not_told() {
        for (command, told) in [
            ("--store /srv/s.db --quiet add a.md", "--quiet add a.md"),
            ("--quiet --store=/srv/s.db add a.md", "--quiet add a.md"),
            ("--store '/srv/my store.db' add a.md", "add a.md"),
            ("add a.md (by anna)", "add a.md (by anna)"),
            ("add --stored", "add --stored"),
        ] {
            assert_eq!(without_store(command), told);
        }
    }
}
