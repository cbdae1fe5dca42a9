//! Where objects are that were told: who asks for one by its identifier asks for one that he saw, most of the time,
//! and identifiers lead nowhere by themselves.
//!
//! What stands here is no more than where to look first: an object that is not there is looked for everywhere.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lapwing_engine::store::SharedRecord;

/// Objects of one age: of two ages the older goes when the younger is full.
const MOST: usize = 1 << 17;

/// The numbers of objects by hashes of their identifiers.
#[derive(Default)]
pub(crate) struct Places(Mutex<Ages>);

#[derive(Default)]
struct Ages {
    young: HashMap<u64, i64>,
    old: HashMap<u64, i64>,
    asked: Option<Instant>,
}

impl Places {
    /// Notes where objects are.
    pub(super) fn note(&self, records: &[SharedRecord]) {
        let mut ages = self.lock();
        ages.asked = Some(Instant::now());
        for record in records {
            if ages.young.len() >= MOST {
                ages.old = std::mem::take(&mut ages.young);
            }
            ages.young.insert(key(&record.id), record.n);
        }
    }

    /// Where objects of identifiers were when they were told last.
    pub(super) fn of(&self, ids: &[String]) -> Vec<i64> {
        let ages = self.lock();
        let place = |id: &String| {
            let key = key(id);
            ages.young.get(&key).or_else(|| ages.old.get(&key)).copied()
        };
        ids.iter().filter_map(place).collect()
    }

    /// Gives all back when nothing was told since so long.
    pub(crate) fn rest(&self, long: Duration) {
        let mut ages = self.lock();
        if ages.asked.is_some_and(|asked| asked.elapsed() >= long) {
            *ages = Ages::default();
        }
    }

    /// What a thread that fell may have left behind is whole.
    fn lock(&self) -> MutexGuard<'_, Ages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: i64) -> SharedRecord {
        SharedRecord {
            n,
            id: format!("tool--{n}"),
            added: jiff::Timestamp::UNIX_EPOCH,
            version: jiff::Timestamp::UNIX_EPOCH,
            spec: "2.1".into(),
            body: Vec::new(),
        }
    }

    #[test]
    fn the_last_that_were_told_are_remembered() {
        let places = Places::default();
        places.note(&[record(3), record(9)]);
        let ids = ["tool--9".to_owned(), "tool--4".to_owned(), "tool--3".to_owned()];
        assert_eq!(places.of(&ids), [9, 3]);
        let moved = SharedRecord { n: 12, ..record(9) };
        places.note(&[moved]);
        assert_eq!(places.of(&ids[..1]), [12]);
        let many: Vec<SharedRecord> = (100..100 + MOST as i64).map(record).collect();
        places.note(&many);
        assert_eq!(places.of(&ids), [12, 3]);
        let more: Vec<SharedRecord> = (200_000..200_000 + MOST as i64).map(record).collect();
        places.note(&more);
        assert_eq!(places.of(&ids), Vec::<i64>::new());
        places.rest(Duration::from_mins(10));
        assert_eq!(places.of(&["tool--200005".to_owned()]), [200_005]);
        places.rest(Duration::ZERO);
        assert_eq!(places.of(&["tool--200005".to_owned()]), Vec::<i64>::new());
    }
}
