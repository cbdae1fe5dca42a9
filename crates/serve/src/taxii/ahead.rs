//! Pages that are made before they are asked for: while a client reads one, the next is made, and who asks for the
//! same again gets what is there.
//!
//! A page is good for the state of the store of which it was made, and for no other: what was taken back or marked
//! anew since is never told. What is kept is bounded, and given back once nobody asked for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lapwing_engine::Coming;
use lapwing_engine::store::SharedQuery;
use lapwing_model::ChangeId;

use crate::asker::Ceiling;
use crate::problem::Problem;
use crate::readers::Sight;

/// Bytes of objects that are kept.
const BYTES: usize = 8 << 20;
/// Pages that are kept.
const PAGES: usize = 256;
/// What an object takes beside its text.
const OBJECT: usize = 256;

/// Which page: whose, and all that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Which {
    ceiling: Ceiling,
    query: String,
}

impl Which {
    /// Everything that a query says has its part in what the page is.
    pub(super) fn of(ceiling: Ceiling, query: &SharedQuery) -> Self {
        Self { ceiling, query: format!("{query:?}") }
    }
}

/// The pages.
#[derive(Default)]
pub(crate) struct Ahead(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    pages: BTreeMap<Which, Kept>,
    bytes: usize,
    /// Grows with every question.
    clock: u64,
}

struct Kept {
    place: Place,
    bytes: usize,
    asked: u64,
    when: Instant,
}

/// Where a page is; who asks for it while it is made waits.
type Place = Arc<Mutex<Option<Ready>>>;

/// A page, and the state of the store of which it was made.
struct Ready {
    of: (Option<ChangeId>, u64),
    page: Arc<Coming>,
}

impl Ahead {
    /// A page as it is at the state that is seen; made, if it is not there.
    pub(super) fn get(
        &self,
        sight: &Sight<'_>,
        which: &Which,
        make: impl FnOnce() -> Result<Coming, Problem>,
    ) -> Result<Arc<Coming>, Problem> {
        let place = self.place(which);
        let mut place = lock(&place);
        let of = sight.state();
        if let Some(ready) = place.as_ref().filter(|ready| ready.of == of) {
            return Ok(Arc::clone(&ready.page));
        }
        let page = Arc::new(make()?);
        *place = Some(Ready { of, page: Arc::clone(&page) });
        drop(place);
        self.weigh(which, page.records.iter().map(|record| record.body.len() + OBJECT).sum());
        Ok(page)
    }

    fn place(&self, which: &Which) -> Place {
        let mut shelf = lock(&self.0);
        shelf.clock += 1;
        let asked = shelf.clock;
        let kept = shelf.pages.entry(which.clone()).or_insert_with(|| Kept {
            place: Place::default(),
            bytes: 0,
            asked,
            when: Instant::now(),
        });
        kept.asked = asked;
        kept.when = Instant::now();
        Arc::clone(&kept.place)
    }

    /// Notes what a page takes, and lets go of those that were asked for longest ago where there is too much.
    fn weigh(&self, which: &Which, bytes: usize) {
        let mut shelf = lock(&self.0);
        let Some(kept) = shelf.pages.get_mut(which) else { return };
        let before = std::mem::replace(&mut kept.bytes, bytes);
        shelf.bytes = shelf.bytes - before + bytes;
        while shelf.bytes > BYTES || shelf.pages.len() > PAGES {
            let oldest = shelf.pages.iter().min_by_key(|(_, kept)| kept.asked);
            let Some(oldest) = oldest.map(|(which, _)| which.clone()) else { break };
            shelf.drop_page(&oldest);
        }
    }

    /// Gives back what nobody asked for since so long.
    pub(crate) fn rest(&self, long: Duration) {
        let mut shelf = lock(&self.0);
        let old = |kept: &Kept| kept.when.elapsed() >= long;
        let old: Vec<Which> = shelf
            .pages
            .iter()
            .filter(|(_, kept)| old(kept))
            .map(|(which, _)| which.clone())
            .collect();
        for which in old {
            shelf.drop_page(&which);
        }
    }
}

impl Shelf {
    fn drop_page(&mut self, which: &Which) {
        if let Some(kept) = self.pages.remove(which) {
            self.bytes -= kept.bytes;
        }
    }
}

/// What a thread that fell may have left behind is whole: a page is put there when it is done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use lapwing_engine::Engine;
    use lapwing_engine::store::SharedRecord;

    use super::*;

    fn which(after: i64) -> Which {
        Which::of(Ceiling::NONE, &SharedQuery { after, ..SharedQuery::default() })
    }

    fn page(bytes: usize) -> Coming {
        let record = SharedRecord {
            n: 1,
            id: "tool--1".into(),
            added: jiff::Timestamp::UNIX_EPOCH,
            version: jiff::Timestamp::UNIX_EPOCH,
            spec: "2.1".into(),
            body: vec![b' '; bytes],
        };
        Coming { records: vec![record], next: None }
    }

    fn refuse() -> Result<Coming, Problem> {
        Err(Problem::fault("it was to be there"))
    }

    #[test]
    fn a_page_is_made_once_for_each_state_and_question() {
        let engine = Engine::in_memory().unwrap();
        let ahead = Ahead::default();
        let at = |state| Sight::for_test(&engine, Some(ChangeId(state)));
        assert_eq!(ahead.get(&at(1), &which(0), || Ok(page(3))).unwrap().records[0].body.len(), 3);
        assert_eq!(ahead.get(&at(1), &which(0), refuse).unwrap().records[0].body.len(), 3);
        assert!(ahead.get(&at(1), &which(4), refuse).is_err());
        // Of another state it is another page, also where that is an older one.
        assert!(ahead.get(&at(2), &which(0), refuse).is_err());
        assert_eq!(ahead.get(&at(2), &which(0), || Ok(page(5))).unwrap().records[0].body.len(), 5);
        assert!(ahead.get(&at(1), &which(0), refuse).is_err());
    }

    #[test]
    fn another_ceiling_or_filter_is_another_page() {
        let engine = Engine::in_memory().unwrap();
        let ahead = Ahead::default();
        let sight = Sight::for_test(&engine, None);
        ahead.get(&sight, &which(0), || Ok(page(3))).unwrap();
        let query = SharedQuery::default();
        let low = Ceiling { tlp: lapwing_model::Marking::Clear, pap: lapwing_model::Pap::Clear };
        let types = SharedQuery { types: vec!["tool".into()], ..query.clone() };
        let limit = SharedQuery { limit: 7, ..query.clone() };
        for other in [
            Which::of(low, &query),
            Which::of(Ceiling::NONE, &types),
            Which::of(Ceiling::NONE, &limit),
        ] {
            assert!(ahead.get(&sight, &other, refuse).is_err(), "{other:?}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_given_back() {
        let engine = Engine::in_memory().unwrap();
        let ahead = Ahead::default();
        let sight = Sight::for_test(&engine, None);
        for after in 0..20 {
            ahead.get(&sight, &which(after), || Ok(page(BYTES / 8))).unwrap();
            assert!(lock(&ahead.0).bytes <= BYTES);
        }
        assert!(ahead.get(&sight, &which(0), refuse).is_err());
        ahead.get(&sight, &which(19), refuse).unwrap();
        for after in 100..100 + 2 * PAGES as i64 {
            ahead.get(&sight, &which(after), || Ok(page(1))).unwrap();
        }
        assert!(lock(&ahead.0).pages.len() <= PAGES);
        ahead.rest(Duration::from_mins(10));
        assert!(!lock(&ahead.0).pages.is_empty());
        ahead.rest(Duration::ZERO);
        let shelf = lock(&ahead.0);
        assert_eq!((shelf.pages.len(), shelf.bytes), (0, 0));
    }
}
