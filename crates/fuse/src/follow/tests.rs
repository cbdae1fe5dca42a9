use std::convert::Infallible;

use lapwing_model::{Format, LineageKind};
use proptest::prelude::*;

use super::*;
use crate::testing::{Made, prose};
use crate::{copies, origins};

/// A shelf in memory.
#[derive(Default)]
struct Board {
    traces: BTreeMap<DocumentId, Trace>,
    markers: BTreeSet<(i64, Precedence)>,
    links: BTreeSet<(i64, DocumentId, bool)>,
    copies: BTreeMap<(DocumentId, DocumentId), Copied>,
}

impl Shelf for Board {
    type Error = Infallible;

    fn trace(&mut self, document: DocumentId) -> Result<Option<Trace>, Infallible> {
        Ok(self.traces.get(&document).cloned())
    }

    fn trace_at(&mut self, place: Precedence) -> Result<Option<Trace>, Infallible> {
        let at = |trace: &&Trace| Precedence::of(trace) == place;
        Ok(self.traces.values().find(at).cloned())
    }

    fn first(&mut self, marker: i64, most: usize) -> Result<Vec<Precedence>, Infallible> {
        let least = Precedence { order: i64::MIN, tie: i64::MIN };
        let of = self.markers.range((marker, least)..(marker + 1, least));
        Ok(of.map(|(_, place)| *place).take(most).collect())
    }

    fn behind(&mut self, marker: i64, place: Precedence) -> Result<Vec<Precedence>, Infallible> {
        let least = Precedence { order: i64::MIN, tie: i64::MIN };
        let of = self.markers.range((marker, place)..(marker + 1, least));
        Ok(of.map(|(_, at)| *at).filter(|at| *at > place).collect())
    }

    fn linked(&mut self, key: i64) -> Result<Vec<(DocumentId, bool)>, Infallible> {
        let of = self.links.iter().filter(|(k, ..)| *k == key);
        Ok(of.map(|(_, document, states)| (*document, *states)).collect())
    }

    fn copies(&mut self, document: DocumentId) -> Result<Vec<Copied>, Infallible> {
        let of = self.copies.values().filter(|c| c.child == document || c.parent == document);
        Ok(of.cloned().collect())
    }
}

impl Filing for Board {
    fn put(&mut self, trace: &Trace) -> Result<(), Infallible> {
        let (id, place) = (trace.document(), Precedence::of(trace));
        self.traces.insert(id, trace.clone());
        self.markers.extend(trace.markers().into_iter().map(|marker| (marker, place)));
        self.links.extend(trace.links().into_iter().map(|link| (link.key, id, link.states)));
        Ok(())
    }

    fn take(&mut self, trace: &Trace) -> Result<(), Infallible> {
        let (id, place) = (trace.document(), Precedence::of(trace));
        self.traces.remove(&id);
        for marker in trace.markers() {
            self.markers.remove(&(marker, place));
        }
        self.links.retain(|(_, document, _)| *document != id);
        Ok(())
    }

    fn put_copy(&mut self, copy: &Copied) -> Result<(), Infallible> {
        self.copies.insert((copy.child, copy.parent), copy.clone());
        Ok(())
    }

    fn take_copy(&mut self, child: DocumentId, parent: DocumentId) -> Result<(), Infallible> {
        self.copies.remove(&(child, parent));
        Ok(())
    }
}

/// What a store would hold after some steps.
#[derive(Default)]
struct Kept {
    board: Board,
    origins: BTreeMap<DocumentId, Origin>,
    standings: BTreeMap<DocumentId, Standing>,
}

impl Kept {
    fn step(&mut self, gone: &[Trace], come: &[Trace]) {
        let Ok(followed) = follow(&mut self.board, gone, come);
        for trace in gone {
            self.origins.remove(&trace.document());
            self.standings.remove(&trace.document());
        }
        for origin in &followed.origins {
            for member in &origin.members {
                self.origins.insert(member.document, origin.clone());
            }
        }
        self.standings.extend(followed.standings.into_iter().map(|s| (s.document(), s)));
    }

    fn equals_all_at_once(&self) -> Result<(), TestCaseError> {
        let traces: Vec<Trace> = self.board.traces.values().cloned().collect();
        let all = origins(&traces);
        let mut found: BTreeMap<(DocumentId, DocumentId), Copied> = BTreeMap::new();
        found.extend(copies(&traces).into_iter().map(|c| ((c.child, c.parent), c)));
        prop_assert_eq!(&self.board.copies, &found);
        for trace in &traces {
            let of =
                |origin: &&Origin| origin.members.iter().any(|m| m.document == trace.document());
            prop_assert_eq!(self.origins.get(&trace.document()), all.iter().find(of));
        }
        let standing: Vec<Standing> = self.standings.values().cloned().collect();
        prop_assert_eq!(standing, standings(&traces, &all));
        Ok(())
    }
}

/// A few texts in many versions, so that whatever can hang together does.
fn document(n: usize, (seed, kind, day, of): (u64, u8, u8, u8)) -> Trace {
    let words = 40 + 30 * usize::from(day);
    // The same words before many texts: more documents have them than are compared.
    let text = format!("{} {}", prose(99, 8), prose(seed, words));
    let mut made = Made::new(&format!("n{n}"), &text);
    if day > 0 {
        made = made.published(&format!("2021-03-0{day}"));
    }
    made = match kind {
        0 => made.url(&format!("https://example.com/{of}")),
        1 => made.lineage(LineageKind::ReportsOn, "Mandiant", &format!("https://example.com/{of}")),
        2 => made.lineage(LineageKind::Rewrites, "Example Labs", "").cluster(&format!("UNC{of}")),
        3 => made.source("Example Labs").cluster(&format!("UNC{of}")),
        4 => made.source("Example Labs").title(&format!("Weekly notes {}", of % 2)),
        5 => made.container(&format!("feed-{}.xml", of % 2)),
        6 => made.lineage(LineageKind::Republishes, "Zebra", &format!("https://example.com/{of}")),
        _ => made.format(Format::List),
    };
    if kind % 2 == 1 {
        for value in 0..6 + u64::from(of) {
            made = made.indicator(&format!("192.0.2.{}", value + seed * 3));
        }
    }
    made.trace()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_of_coming_and_going_ends_where_all_at_once_does(
        picks in prop::collection::vec((0u64..4, 0u8..8, 0u8..5, 0u8..4), 1..40),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 1usize..4), 1..24),
    ) {
        let all: Vec<Trace> = picks.into_iter().enumerate().map(|(n, p)| document(n, p)).collect();
        let mut kept = Kept::default();
        // Most of them at first, then one, two or three more, or fewer, at a time.
        let half: Vec<Trace> = all.iter().step_by(2).cloned().collect();
        kept.step(&[], &half);
        for (pick, count) in steps {
            let at = pick.index(all.len());
            let (mut gone, mut come) = (Vec::new(), Vec::new());
            for trace in all.iter().cycle().skip(at).take(count.min(all.len())) {
                let there = kept.board.traces.contains_key(&trace.document());
                if there { gone.push(trace.clone()) } else { come.push(trace.clone()) }
            }
            kept.step(&gone, &come);
        }
        kept.equals_all_at_once()?;
    }
}

#[test]
fn a_text_that_everybody_copies_leads_back_to_the_first_whenever_it_comes() {
    let text = prose(5, 300);
    let copy = |n: usize| {
        let made = Made::new(&format!("c{n}"), &format!("{text} {}", prose(n as u64 + 50, 20)));
        made.published(&format!("2021-04-{:02}", 1 + n % 28)).trace()
    };
    let first = Made::new("first", &text).published("2021-03-01").trace();
    let mut kept = Kept::default();
    for n in 0..3 * HEADS {
        kept.step(&[], &[copy(n)]);
    }
    kept.step(&[], std::slice::from_ref(&first));
    kept.equals_all_at_once().unwrap();
    let origins: BTreeSet<_> = kept.origins.values().map(|origin| origin.id).collect();
    assert_eq!(origins.len(), 1);
    assert_eq!(kept.origins.values().next().unwrap().members[0].document, first.document());
    // Without it, and without those that were compared before: all is as if they had never been.
    let gone: Vec<Trace> = (0..HEADS).map(copy).chain([first]).collect();
    kept.step(&gone, &[]);
    kept.equals_all_at_once().unwrap();
}
