use axum::Json;
use axum::extract::State;
use lapwing_engine::reference::{Matrix, TACTICS};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::asker::Asker;
use crate::routes::Answer;
use crate::routes::topic::TacticName;

/// ATT&CK as it is, whatever the store speaks of.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttackGrid {
    /// As `v18.1`; null where the reference data does not say.
    version: Option<String>,
    /// The columns, in their order.
    tactics: Vec<TacticName>,
    /// The techniques in force, by identifier.
    techniques: Vec<AttackTechnique>,
}

/// A technique or sub-technique.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttackTechnique {
    /// As `T1505.003`.
    id: String,
    name: String,
    /// As `persistence`.
    tactics: Vec<String>,
}

/// The whole matrix of ATT&CK Enterprise, as the reference data has it: a ground to lay on what
/// `GET /api/v1/techniques` knows.
#[utoipa::path(get, path = "/api/v1/attack", tag = "about", responses((status = 200, body = AttackGrid)))]
pub(crate) async fn attack_grid(State(app): State<App>, asker: Asker) -> Answer<AttackGrid> {
    let grid = app
        .read(&asker, |sight| {
            let known = sight.knowledge();
            let version = known
                .sources()
                .iter()
                .find(|source| source.name.contains("ATT&CK Enterprise"))
                .map(|source| source.version.clone());
            let in_force = known.techniques().iter().filter(|technique| {
                technique.matrix == Matrix::Enterprise
                    && technique.revoked_by.is_none()
                    && !technique.deprecated
            });
            let techniques = in_force
                .map(|technique| AttackTechnique {
                    id: technique.id.clone(),
                    name: technique.name.clone(),
                    tactics: technique.tactics.clone(),
                })
                .collect();
            let tactics = TACTICS.iter().map(TacticName::of).collect();
            Ok(AttackGrid { version, tactics, techniques })
        })
        .await?;
    Ok(Json(grid))
}
