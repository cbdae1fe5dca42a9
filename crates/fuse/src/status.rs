use lapwing_model::{Fact, Status};

use crate::fusion::{NOTE_BENIGN, NOTE_PACE, NOTE_REVOKED, NOTE_SHARED};

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

/// How many times a day without a sighting counts by what the lists of its sources have told, in percent.
#[must_use]
pub fn pace_of(fact: &Fact) -> u32 {
    let told = fact.notes.iter().find_map(|note| {
        let times = note.strip_prefix(NOTE_PACE)?.strip_suffix(" times")?;
        times.parse::<f64>().ok()
    });
    told.map_or(100, |times| (times * 100.0).round() as u32)
}

fn noted(fact: &Fact, beginning: &str) -> bool {
    fact.notes.iter().any(|note| note.starts_with(beginning))
}
