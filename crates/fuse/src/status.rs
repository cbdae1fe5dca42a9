use lapwing_model::{Fact, Kind, PartialDate, Status};

use crate::fusion::{NOTE_BENIGN, NOTE_REVOKED};

/// For how long after it was last known a value of a kind is worth an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Days until it ages.
    pub active: i32,
    /// Days until it expires.
    pub expires: i32,
}

/// Simple lifetimes by kind, until they are fitted: addresses change hands within weeks,
/// domains within a year, the hash of a file means the same for ever but is seen no more.
/// `None` for what does not age (actors, techniques, weaknesses …).
#[must_use]
pub fn lifetime(kind: Kind) -> Option<Lifetime> {
    let (active, expires) = match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => (30, 180),
        Kind::Url => (60, 270),
        Kind::DomainName | Kind::EmailAddr | Kind::Certificate => (120, 540),
        Kind::AutonomousSystem | Kind::UserAgent | Kind::NamedPipe | Kind::Mutex => (365, 1460),
        Kind::Md5
        | Kind::Sha1
        | Kind::Sha256
        | Kind::Sha512
        | Kind::Ssdeep
        | Kind::Imphash
        | Kind::Tlsh
        | Kind::Vhash
        | Kind::Authentihash => (1095, 3650),
        kind if kind.is_observable() => (365, 1460),
        _ => return None,
    };
    Some(Lifetime { active, expires })
}

/// Whether the subject of a fact may still be used to detect on the day `today`.
///
/// Benign and revoked come first; then age, from the last day that it was seen or, failing
/// that, reported. What does not age is active once it is dated.
#[must_use]
pub fn status(fact: &Fact, today: PartialDate) -> Status {
    if fact.notes.iter().any(|note| note.starts_with(NOTE_BENIGN)) {
        return Status::Benign;
    }
    let denied_only = fact.origins_for() == 0 && fact.origins_against() > 0;
    if denied_only || fact.notes.iter().any(|note| note.starts_with(NOTE_REVOKED)) {
        return Status::Revoked;
    }
    let Some(last) = fact.last_known() else { return Status::Undated };
    let Some(lifetime) = lifetime(fact.subject.kind) else { return Status::Active };
    let age = today.last_day().since(last.last_day()).map_or(i32::MAX, |span| span.get_days());
    match age {
        age if age <= lifetime.active => Status::Active,
        age if age <= lifetime.expires => Status::Ageing,
        _ => Status::Expired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::{AnalyticConfidence, Basis, Entity, Marking, Object, Period, Relation};

    fn fact(kind: Kind, last: &str) -> Fact {
        let last = last.parse().ok();
        Fact {
            subject: Entity::new(kind, "x"),
            relation: Relation::Role,
            object: Object::Text("indicator".into()),
            probability: 0.8,
            confidence: AnalyticConfidence::Low,
            basis: Basis::Observed,
            period: Period { first: last, last },
            reported: Period::default(),
            marking: Marking::Clear,
            contributions: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn values_age_by_kind() {
        let today = "2021-06-01".parse().unwrap();
        let of = |kind, last| status(&fact(kind, last), today);
        assert_eq!(of(Kind::Ipv4Addr, "2021-05-20"), Status::Active);
        assert_eq!(of(Kind::Ipv4Addr, "2021-03-02"), Status::Ageing);
        assert_eq!(of(Kind::Ipv4Addr, "2019"), Status::Expired);
        assert_eq!(of(Kind::DomainName, "2021-03-02"), Status::Active);
        assert_eq!(of(Kind::Sha256, "2019"), Status::Active);
        assert_eq!(of(Kind::ThreatActor, "2001"), Status::Active);
        assert_eq!(of(Kind::Ipv4Addr, ""), Status::Undated);
        // Reported in the future of `today`: as-of queries.
        assert_eq!(of(Kind::Ipv4Addr, "2022"), Status::Active);
        let mut benign = fact(Kind::Ipv4Addr, "2021-05-20");
        benign.notes.push(format!("{NOTE_BENIGN} resolvers: public"));
        assert_eq!(status(&benign, today), Status::Benign);
    }
}
