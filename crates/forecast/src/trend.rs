use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// How techniques have fared in the last versions of ATT&CK: those that were given to groups lately, or
/// that are new there, are given to further ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trend {
    /// How many groups got a technique with the last version.
    given: BTreeMap<String, u32>,
    /// Techniques that no group had two versions ago.
    new: BTreeSet<String>,
}

/// Techniques by group.
type Groups = BTreeMap<String, BTreeSet<String>>;

impl Trend {
    /// Of groups now, one version ago and two versions ago; what is not known says nothing.
    pub fn of(now: &Groups, one_ago: Option<&Groups>, two_ago: Option<&Groups>) -> Self {
        let mut trend = Self::default();
        for (id, before) in one_ago.into_iter().flatten() {
            for technique in now.get(id).into_iter().flatten().filter(|t| !before.contains(*t)) {
                *trend.given.entry(technique.clone()).or_default() += 1;
            }
        }
        if let Some(two_ago) = two_ago {
            let had: BTreeSet<&String> = two_ago.values().flatten().collect();
            trend.new = now.values().flatten().filter(|t| !had.contains(t)).cloned().collect();
        }
        trend
    }

    /// That of the version that the binary's weights were fitted on.
    pub fn builtin() -> &'static Self {
        static TREND: LazyLock<Trend> =
            LazyLock::new(|| Trend::parse(include_str!("../data/trend.tsv")));
        &TREND
    }

    /// Features of a technique: how many groups got it lately, and whether it is new.
    pub(crate) fn features(&self, technique: &str) -> [f64; 2] {
        let given = self.given.get(technique).copied().unwrap_or(0);
        [f64::from(given).ln_1p(), f64::from(u8::from(self.new.contains(technique)))]
    }

    /// The lines that `builtin` reads it back from: technique, groups, `new` where it is.
    pub fn to_table(&self) -> String {
        let mut table = String::new();
        let all: BTreeSet<&String> = self.given.keys().chain(&self.new).collect();
        for technique in all {
            let given = self.given.get(technique).copied().unwrap_or(0);
            let new = if self.new.contains(technique) { "\tnew" } else { "" };
            let _ = writeln!(table, "{technique}\t{given}{new}");
        }
        table
    }

    fn parse(table: &str) -> Self {
        let mut trend = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(technique), Some(given)) = (cells.next(), cells.next()) else { continue };
            if let Ok(given) = given.parse()
                && given > 0
            {
                trend.given.insert(technique.to_owned(), given);
            }
            if cells.next() == Some("new") {
                trend.new.insert(technique.to_owned());
            }
        }
        trend
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rows: &[(&str, &[&str])]) -> Groups {
        let set = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        rows.iter().map(|(id, items)| ((*id).to_owned(), set(items))).collect()
    }

    #[test]
    fn what_known_groups_got_counts_and_new_groups_show_no_trend() {
        let two_ago = groups(&[("a", &["T1"]), ("b", &["T1"])]);
        let one_ago = groups(&[("a", &["T1"]), ("b", &["T1", "T2"])]);
        let now = groups(&[("a", &["T1", "T2", "T3"]), ("b", &["T1", "T2"]), ("c", &["T1", "T4"])]);
        let trend = Trend::of(&now, Some(&one_ago), Some(&two_ago));
        assert_eq!(trend.to_table(), "T2\t1\tnew\nT3\t1\tnew\nT4\t0\tnew\n");
        assert_eq!(Trend::parse(&trend.to_table()), trend);
        assert!(trend.features("T1").iter().all(|feature| *feature < 1e-12));
        assert_eq!(Trend::of(&now, None, None), Trend::default());
    }
}
