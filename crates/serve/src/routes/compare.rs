use axum::Json;
use axum::extract::State;
use lapwing_engine::ShowOptions;
use lapwing_engine::publish::{Comparison, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::asker::Asker;
use crate::input::Asked;
use crate::problem::Problem;
use crate::routes::{Answer, named};

/// Of each share so many things are named where nothing else is asked for.
const ROWS: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Two {
    /// The first: a name, an alias or a value, defanged or not; or `kind:value`.
    a: String,
    /// The second, likewise.
    b: String,
    /// Things named of each share, 0 to 1000; 100 where not given. All are counted.
    #[param(minimum = 0, maximum = 1000)]
    rows: Option<usize>,
}

/// Two names or values beside each other: what both have, what only one has, and whose each technique is.
#[utoipa::path(get, path = "/api/v1/compare", tag = "one", params(Two), responses((status = 200, body = Object)))]
pub(crate) async fn compare(
    State(app): State<App>,
    asker: Asker,
    Asked(two): Asked<Two>,
) -> Answer<Comparison> {
    let rows = match two.rows {
        None => ROWS,
        Some(rows @ 0..=1000) => rows,
        Some(other) => return Err(Problem::unreadable(format!("rows={other}: 0 to 1000"))),
    };
    let (a, b) = (named(&two.a)?.to_owned(), named(&two.b)?.to_owned());
    // Side by side, as each takes a good part of what a large name's page takes.
    let (a, b) = tokio::join!(page(&app, &asker, a), page(&app, &asker, b));
    Ok(Json(Comparison::of(&a?, &b?, rows)))
}

async fn page(app: &App, asker: &Asker, name: String) -> Result<Page, Problem> {
    let days = ShowOptions { today: app.today(), as_of: None };
    app.read(asker, move |sight| Ok(sight.show(&name, &days)?)).await
}
