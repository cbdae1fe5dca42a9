use lapwing_model::{Fact, Status};

use crate::fusion::{NOTE_BENIGN, NOTE_REVOKED, NOTE_SHARED};

/// What a value is whatever its age: on a list of what is legitimate, or taken back (or only
/// denied). `None` for what ages: how it does is read by `lapwing-forecast`.
#[must_use]
pub fn set_aside(fact: &Fact) -> Option<Status> {
    if noted(fact, NOTE_BENIGN) {
        return Some(Status::Benign);
    }
    let denied_only = fact.origins_for() == 0 && fact.origins_against() > 0;
    (denied_only || noted(fact, NOTE_REVOKED)).then_some(Status::Revoked)
}

/// Whether many tenants share the value (cloud, CDN, hosting, scanner).
#[must_use]
pub fn is_shared(fact: &Fact) -> bool {
    noted(fact, NOTE_SHARED)
}

fn noted(fact: &Fact, beginning: &str) -> bool {
    fact.notes.iter().any(|note| note.starts_with(beginning))
}
