//! Clusters of the newest state of a store, made of those of another state and of what changed in between.
//!
//! Only what the documents that came, went or changed their origin have in common with others is looked at again,
//! and what is evidence now and was not, or the reverse. The result is that of finding all of them anew.

use std::collections::BTreeSet;

use foldhash::{HashSet, HashSetExt as _};
use lapwing_fuse::marks;
use lapwing_model::{Entity, OriginId};
use lapwing_store::PlacedDocument;

use crate::binding::{Clusters, Told, marks_of_stored};
use crate::{Engine, EngineError};

/// Of more documents, or entities, it is as quick to look at all evidence.
const MANY: usize = 200;

impl Engine {
    /// As [`Engine::clusters`], made of the clusters of another state of the same store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn clusters_after(&self, before: &Clusters) -> Result<Clusters, EngineError> {
        let told = self.told()?;
        let Some(features) = self.moved_features(&before.told, &told)? else {
            return self.clusters_told(told);
        };
        // Names are evidence by their place among all names.
        let number = |name: &Entity| told.names.binary_search_by(|(known, _)| known.cmp(name)).ok();
        let numbers: Vec<Option<usize>> =
            before.told.names.iter().map(|(name, _)| number(name)).collect();
        let example = |example: i64| match usize::try_from(-1 - example) {
            Ok(name) => numbers.get(name).copied().flatten().map_or(example, |n| -1 - n as i64),
            Err(_) => example,
        };
        let activities = told.activities();
        let mut each = self.all_evidence(&activities, &told);
        let bonds = before.bonds.after(activities.clone(), &features, &example, &mut each)?;
        drop(each);
        self.clusters_by(bonds, told)
    }

    /// The features that others may have now than before; `None` where they are many, or cannot be told.
    fn moved_features(
        &self,
        before: &Told,
        now: &Told,
    ) -> Result<Option<HashSet<u64>>, EngineError> {
        let mut features: HashSet<u64> = HashSet::new();
        let moved = moved_documents(&before.documents, &now.documents);
        let aside: Vec<i64> = before.aside.symmetric_difference(&now.aside).copied().collect();
        if moved.len() > MANY || aside.len() > MANY {
            return Ok(None);
        }
        let rows: Vec<i64> = moved.iter().map(|document| document.row).collect();
        let mut unmarked = self.store.marks_of(&rows, &mut |mark| {
            features.insert(mark.feature);
        })?;
        for entity in aside {
            let rows = self.store.documents_on(entity)?;
            unmarked.extend(self.store.marks_of(&rows, &mut |mark| {
                if mark.entity == entity {
                    features.insert(mark.feature);
                }
            })?);
        }
        for row in unmarked {
            // What is out of sight has no claims to look at.
            let of_row = |documents: &[PlacedDocument]| {
                let found = documents.binary_search_by_key(&row, |document| document.row).ok();
                found.map(|at| documents[at].id)
            };
            let Some(id) = of_row(&now.documents) else { return Ok(None) };
            for (_, records) in marks_of_stored(&self.store, id, &self.knowledge)? {
                features.extend(records.into_iter().map(|(feature, _)| feature));
            }
        }
        for name in moved_names(&before.names, &now.names) {
            features.extend(marks(name, &self.knowledge).into_iter().map(|mark| mark.feature));
        }
        Ok(Some(features))
    }
}

/// The documents, of before and of now, of origins that have others now, in the order of rows.
fn moved_documents<'d>(
    before: &'d [PlacedDocument],
    now: &'d [PlacedDocument],
) -> Vec<&'d PlacedDocument> {
    let is_in = |documents: &[PlacedDocument], one: &PlacedDocument| {
        let found = documents.binary_search_by_key(&one.row, |document| document.row);
        found.is_ok_and(|at| documents[at] == *one)
    };
    let went = before.iter().filter(|one| !is_in(now, one));
    let came = now.iter().filter(|one| !is_in(before, one));
    let origins: HashSet<OriginId> = went.chain(came).map(|document| document.origin).collect();
    let of = |document: &&PlacedDocument| origins.contains(&document.origin);
    let mut moved: Vec<&PlacedDocument> =
        before.iter().filter(of).chain(now.iter().filter(of)).collect();
    moved.sort_by_key(|document| document.row);
    moved.dedup_by_key(|document| document.row);
    moved
}

/// The names that others give now than before.
fn moved_names<'n>(
    before: &'n [(Entity, BTreeSet<OriginId>)],
    now: &'n [(Entity, BTreeSet<OriginId>)],
) -> Vec<&'n Entity> {
    let same = |names: &[(Entity, BTreeSet<OriginId>)], one: &(Entity, BTreeSet<OriginId>)| {
        let found = names.binary_search_by(|(name, _)| name.cmp(&one.0));
        found.is_ok_and(|at| names[at].1 == one.1)
    };
    let went = before.iter().filter(|one| !same(now, one));
    let came = now.iter().filter(|one| !same(before, one));
    went.chain(came).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use lapwing_model::{ChangeId, Kind, Marking};
    use proptest::prelude::*;

    use super::*;
    use crate::{AddOptions, Input, Judgement, Silent};

    const MALWARE: [&str; 3] = ["Reedwarbler", "Sedgewren", "Rushbunting"];

    fn now() -> jiff::Timestamp {
        "2021-06-01T00:00:00Z".parse().unwrap()
    }

    /// Two addresses, a host and perhaps a name, of few that there are; on any of twenty days, or on none.
    fn table(n: usize, picks: [u8; 5]) -> Input {
        let [a, b, site, malware, day] = picks.map(usize::from);
        let mut rows = vec![
            format!("ipv4-addr,45.77.{}.2,seen", a % 6),
            format!("ipv4-addr,91.10.3.{},seen", b % 5),
            format!("domain-name,h{n}.reed-mere{}.com,seen", site % 3),
            format!("domain-name,own{n}.com,seen"),
        ];
        if let Some(name) = MALWARE.get(malware % 5) {
            rows.push(format!("malware,{name},used"));
        }
        let text = format!("type,value,comment\n{}\n", rows.join("\n"));
        let published = (day % 21 > 0).then(|| format!("2021-05-{:02}", day % 21).parse().unwrap());
        Input::Fetched {
            name: format!("{n}.csv"),
            bytes: text.into_bytes(),
            options: Box::new(lapwing_read::Options {
                source: Some(format!("Team {}", n % 4)),
                published,
                ..Default::default()
            }),
        }
    }

    /// All that is known of the clusters: what binds them, to the last bit, and their pages.
    fn told(engine: &Engine, found: &Clusters) -> String {
        let pages = found.all().iter().map(|cluster| {
            let page = engine.cluster_of(found, &cluster.name).unwrap();
            serde_json::to_string(&page).unwrap()
        });
        let pages: Vec<String> = pages.collect();
        format!("{:?}\n{:?}\n{}", found.bonds, found.all(), pages.join("\n"))
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add([u8; 5]),
        /// So many at once.
        AddMany(u8),
        /// Of those that are in force.
        TakeBack(u8),
        FalsePositive(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => any::<[u8; 5]>().prop_map(Step::Add),
            1 => (2_u8..6).prop_map(Step::AddMany),
            3 => any::<u8>().prop_map(Step::TakeBack),
            2 => any::<u8>().prop_map(Step::FalsePositive),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn of_what_changed_the_same_comes_as_anew(
            steps in prop::collection::vec((step(), any::<bool>()), 1..12),
        ) {
            let mut engine = Engine::in_memory().unwrap();
            let mut found = engine.clusters().unwrap();
            let mut in_force: Vec<ChangeId> = Vec::new();
            for (n, (step, is_asked)) in steps.into_iter().enumerate() {
                let add = |engine: &mut Engine, inputs: &[Input]| {
                    engine.add(inputs, &AddOptions::default(), now(), &Silent).unwrap().change
                };
                match step {
                    Step::Add(picks) => in_force.extend(add(&mut engine, &[table(n, picks)])),
                    Step::AddMany(count) => {
                        let all = (0..count).map(|at| {
                            table(100 + n * 10 + usize::from(at), [at, at / 2, at, at, at * 3])
                        });
                        in_force.extend(add(&mut engine, &all.collect::<Vec<_>>()));
                    }
                    Step::TakeBack(which) if !in_force.is_empty() => {
                        let at = usize::from(which) % in_force.len();
                        in_force[at] = engine.undo(in_force[at], now()).unwrap().change;
                    }
                    Step::TakeBack(_) => {}
                    Step::FalsePositive(which) => {
                        let value = Entity::new(Kind::Ipv4Addr, format!("45.77.{}.2", which % 6));
                        let word = Judgement::false_positive("ann", &value, Marking::Clear);
                        let judged = engine.judge(&word, now()).unwrap().change;
                        // Said before, and taken back and brought back since: that undo is in the list.
                        let records = engine.store().history().unwrap();
                        let is_known = records.iter().any(|record| {
                            record.undoes == Some(judged) || in_force.contains(&judged)
                        });
                        in_force.extend((!is_known).then_some(judged));
                    }
                }
                // Several changes may lie between.
                if is_asked {
                    found = engine.clusters_after(&found).unwrap();
                    let anew = engine.clusters().unwrap();
                    prop_assert_eq!(told(&engine, &found), told(&engine, &anew));
                }
            }
        }
    }

    #[test]
    fn one_report_more_concerns_what_it_shares_alone() {
        let mut engine = Engine::in_memory().unwrap();
        // Every two have both addresses in common.
        let two = |n: usize| table(n, [(n / 2) as u8, (n / 2) as u8, 0, 4, 3]);
        let inputs: Vec<Input> = (0..10).map(two).collect();
        engine.add(&inputs, &AddOptions::default(), now(), &Silent).unwrap();
        let before = engine.clusters().unwrap();
        assert_eq!(before.all().len(), 5);
        let more = [table(77, [1, 2, 1, 1, 1])];
        engine.add(&more, &AddOptions::default(), now(), &Silent).unwrap();
        let after = engine.clusters_after(&before).unwrap();
        assert_eq!(told(&engine, &after), told(&engine, &engine.clusters().unwrap()));
        let moved = engine.moved_features(&before.told, &engine.told().unwrap());
        let features = moved.unwrap().unwrap();
        // Two addresses with their networks, two hosts with a site, and a name.
        assert!((5..12).contains(&features.len()), "{}", features.len());
        let now = engine.told().unwrap();
        assert!(engine.moved_features(&now, &now).unwrap().unwrap().is_empty());
    }
}
