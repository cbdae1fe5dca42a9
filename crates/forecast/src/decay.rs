//! How likely an indicator is still in use, computed when it is read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use lapwing_model::{Kind, Status};

use crate::lifetimes::MispDecay;

/// First day of each band of age at the last sighting, in the table of the binary.
pub const AGES: [usize; 5] = [0, 7, 30, 90, 180];
/// Days after the last sighting for which the table holds a probability.
pub const HORIZONS: [usize; 4] = [7, 30, 90, 180];
/// From this probability on an indicator is active; below [`EXPIRED`] it is expired.
pub const ACTIVE: f64 = 0.4;
/// Below this probability an indicator is too old to alert on alone.
pub const EXPIRED: f64 = 0.1;

/// Which law of decay to read by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum DecayModel {
    /// Fitted where there are histories (addresses of command-and-control servers), a rule elsewhere.
    #[default]
    Fitted,
    /// MISP's polynomial formula, whatever the kind.
    Misp(MispDecay),
}

/// What is known of an indicator on the day on which it is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clocks<'a> {
    /// What it is.
    pub kind: Kind,
    /// The malware or tool that it serves, where known.
    pub family: Option<&'a str>,
    /// Days from the first to the last sighting (a sighting of the defender's own counts).
    pub age: u32,
    /// Days since the last sighting.
    pub unseen: u32,
}

/// How likely it is still in use, and by what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Life {
    /// Probability to be in use, 0 to 1.
    pub probability: f64,
    /// [`Status::Active`], [`Status::Ageing`] or [`Status::Expired`].
    pub status: Status,
    /// Days until it expires if nobody sees it again, 0 when it has.
    pub days_left: u32,
    /// Whether the law was tested on histories; a rule of thumb was not.
    pub scored: bool,
}

/// Looks at most so many days ahead for the end of an indicator.
const FAR: u32 = 10_000;

impl DecayModel {
    /// How likely an indicator is still in use.
    ///
    /// ```
    /// use lapwing_forecast::{Clocks, DecayModel};
    /// use lapwing_model::{Kind, Status};
    ///
    /// let clocks = Clocks { kind: Kind::Ipv4Addr, family: None, age: 3, unseen: 2 };
    /// let life = DecayModel::Fitted.read(&clocks);
    /// assert_eq!(life.status, Status::Active);
    /// let later = DecayModel::Fitted.read(&Clocks { unseen: 400, ..clocks });
    /// assert_eq!(later.status, Status::Expired);
    /// ```
    pub fn read(self, clocks: &Clocks<'_>) -> Life {
        let (probability, scored) = self.probability(clocks);
        let status = match probability {
            p if p >= ACTIVE => Status::Active,
            p if p >= EXPIRED => Status::Ageing,
            _ => Status::Expired,
        };
        Life { probability, status, days_left: self.days_left(clocks), scored }
    }

    fn probability(self, clocks: &Clocks<'_>) -> (f64, bool) {
        match self {
            Self::Misp(law) => (law.score(f64::from(clocks.unseen)), false),
            Self::Fitted => match clocks.kind {
                Kind::Ipv4Addr | Kind::Ipv6Addr => {
                    (survival(clocks.family, clocks.age, f64::from(clocks.unseen)), true)
                }
                kind => (0.5_f64.powf(f64::from(clocks.unseen) / half_life(kind)), false),
            },
        }
    }

    /// Days until the probability falls below [`EXPIRED`]; it never rises while nobody sees the value.
    fn days_left(self, clocks: &Clocks<'_>) -> u32 {
        let gone = |days: u32| {
            let later = Clocks { unseen: clocks.unseen.saturating_add(days), ..*clocks };
            self.probability(&later).0 < EXPIRED
        };
        if !gone(FAR) {
            return FAR;
        }
        let (mut low, mut high) = (0, FAR);
        while low < high {
            let middle = low.midpoint(high);
            if gone(middle) { high = middle } else { low = middle + 1 }
        }
        low
    }
}

/// Days after which half are out of use: a rule of thumb, for kinds without public histories.
fn half_life(kind: Kind) -> f64 {
    match kind {
        Kind::Url => 60.0,
        Kind::DomainName | Kind::EmailAddr | Kind::Certificate => 120.0,
        // A hash does not become another file's: it goes stale by use, not by truth.
        kind if kind.is_file_hash() => 1095.0,
        Kind::Ssdeep | Kind::Imphash | Kind::Tlsh | Kind::Vhash | Kind::Authentihash => 1095.0,
        _ => 365.0,
    }
}

/// The families whose addresses have lifetimes of their own, in order of name.
pub fn families() -> impl Iterator<Item = &'static str> {
    static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let rows = include_str!("../data/lifetimes.tsv").lines().filter(|l| !l.starts_with('#'));
        let mut names: Vec<&str> = rows.filter_map(|l| l.split('\t').next()).collect();
        names.retain(|name| *name != "*");
        names.sort_unstable();
        names.dedup();
        names
    });
    NAMES.iter().copied()
}

/// Probabilities at [`HORIZONS`] by family and band of [`AGES`].
type Table = BTreeMap<(String, usize), [f64; HORIZONS.len()]>;

/// The probability that an address is in use `unseen` days after its last sighting.
fn survival(family: Option<&str>, age: u32, unseen: f64) -> f64 {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| read_table(include_str!("../data/lifetimes.tsv")));
    let band = AGES.iter().rposition(|first| age as usize >= *first).unwrap_or(0);
    let key = |family: &str| (family.to_lowercase(), band);
    let row = family.and_then(|family| TABLE.get(&key(family))).or_else(|| TABLE.get(&key("*")));
    let Some(row) = row else { return 0.5_f64.powf(unseen / 30.0) };
    // Between horizons, and after the last, the hazard is constant.
    let (mut day, mut alive) = (0.0, 1.0_f64);
    let mut hazard = 0.0;
    for (horizon, at_horizon) in HORIZONS.iter().zip(row) {
        let horizon = *horizon as f64;
        hazard = (alive / at_horizon).ln() / (horizon - day);
        if unseen <= horizon {
            return alive * (-hazard * (unseen - day)).exp();
        }
        (day, alive) = (horizon, *at_horizon);
    }
    alive * (-hazard.max(1e-4) * (unseen - day)).exp()
}

fn read_table(table: &str) -> Table {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let (family, band) = (cells.first()?.to_lowercase(), cells.get(1)?.parse().ok()?);
        let mut row = [0.0; HORIZONS.len()];
        let mut least = 1.0_f64;
        for (into, cell) in row.iter_mut().zip(cells.get(2..)?) {
            // Never rising, never quite 0.
            least = cell.parse::<f64>().ok()?.clamp(1e-4, least);
            *into = least;
        }
        Some(((family, band), row))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clocks(kind: Kind, age: u32, unseen: u32) -> Clocks<'static> {
        Clocks { kind, family: None, age, unseen }
    }

    #[test]
    fn a_sighting_lifts_and_the_model_can_be_misps() {
        let old = DecayModel::Fitted.read(&clocks(Kind::Ipv4Addr, 10, 60));
        let seen = DecayModel::Fitted.read(&clocks(Kind::Ipv4Addr, 70, 0));
        assert!(seen.probability > old.probability && seen.status == Status::Active);
        let misp = DecayModel::Misp(MispDecay::NIDS).read(&clocks(Kind::Ipv4Addr, 10, 30));
        assert!((misp.probability - 0.5).abs() < 1e-12 && !misp.scored);
        let hash = DecayModel::Fitted.read(&clocks(Kind::Sha256, 0, 900));
        assert_eq!(hash.status, Status::Active);
    }

    proptest! {
        #[test]
        fn survival_is_a_probability_and_never_rises(
            age in 0_u32..2000, unseen in 0_u32..3000, more in 0_u32..500,
            family in prop::option::of(prop::sample::select(vec!["Cobalt Strike", "Sliver", "nobody"])),
        ) {
            for kind in [Kind::Ipv4Addr, Kind::DomainName, Kind::Url, Kind::Md5] {
                let now = Clocks { kind, family, age, unseen };
                let then = Clocks { unseen: unseen + more, ..now };
                let (p, q) = (DecayModel::Fitted.read(&now), DecayModel::Fitted.read(&then));
                prop_assert!((0.0..=1.0).contains(&p.probability));
                prop_assert!(q.probability <= p.probability + 1e-12);
                prop_assert!(q.days_left <= p.days_left);
                prop_assert_eq!(p.days_left == 0, p.status == Status::Expired);
            }
        }
    }
}
