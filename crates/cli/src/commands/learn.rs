//! What a hunt taught, kept in the store and told.

use lapwing_engine::Learning;
use lapwing_engine::hunting::Hunt;

use crate::failure::Failure;
use crate::output::{one_line, unlinked};
use crate::session::Session;

/// Values of each kind that are named; `lapwing list indicators` has them all.
const NAMED: usize = 40;

/// Keeps what was learnt as one change of the store, and says what and why.
pub fn keep(hunt: &Hunt, session: &mut Session) -> Result<(), Failure> {
    let mut engine = session.open()?;
    let learning = Learning {
        name: format!("hunt of {}", session.now.strftime("%Y-%m-%dT%H:%M:%SZ")),
        command: std::env::args().skip(1).collect::<Vec<_>>().join(" "),
        now: session.now,
    };
    let report = engine.learn(hunt, &learning)?;
    for learnt in hunt.learnt.iter().take(NAMED) {
        let value = one_line(&unlinked(&learnt.entity.value), 120);
        let why = one_line(&unlinked(&learnt.why), 160);
        session.remark(&format!("learnt: {} {value}: {why}", learnt.entity.kind.as_str()))?;
    }
    for not in hunt.not_learnt.iter().take(NAMED) {
        let value = one_line(&unlinked(&not.value), 120);
        session.remark(&format!("not learnt: {value}: {}", not.why))?;
    }
    let change = report.and_then(|report| report.change);
    session.remark(&match change {
        Some(change) => format!(
            "{} values learnt and {} listed values seen, kept as change {change}; `lapwing undo {change}` takes it back",
            hunt.learnt.len(),
            hunt.sighted.len()
        ),
        None => "nothing was learnt that the store does not hold".to_owned(),
    })
}
