use std::collections::BTreeMap;

use lapwing_model::LineageKind;

use crate::reliability::Descent;
use crate::sketch::Sketch;
use crate::trace::{Derived, Trace};

/// Likeness from which two pages of the same title and source are versions of one.
const SAME_PAGE: f64 = 0.2;

/// A thing that documents derive from and that is no document of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Virtual {
    /// Tells it from others, the same for the same set of documents.
    pub key: String,
    /// For people.
    pub label: String,
    /// Publisher or host, for its class; empty for a container.
    pub publisher: String,
    /// Whether it is a container, whose parts are in the store.
    pub container: bool,
}

/// One reason to believe that `child` was made from `parent`: indices of documents in order of
/// precedence, and behind them of [`Virtual`]s.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edge {
    pub child: usize,
    pub parent: usize,
    pub probability: f64,
    pub descent: Descent,
    pub why: String,
}

/// What may have been made from what.
pub(crate) struct Edges {
    /// Those that origins are told by: of what texts show, the best parent of each document.
    pub told: Vec<Edge>,
    /// The other parents that texts show: a compilation has several.
    pub others: Vec<Edge>,
    pub virtuals: Vec<Virtual>,
}

/// A copy that texts or values show: `child` of the earlier `parent`, by their places.
pub(crate) struct Shown {
    pub child: usize,
    pub parent: usize,
    pub probability: f64,
    pub why: String,
}

/// Finds all edges between `docs` (in order of precedence, distinct), of which `copies` are shown.
pub(crate) fn edges(docs: &[&Trace], copies: Vec<Shown>) -> Edges {
    let mut virtuals = Vec::new();
    let mut edges = versions(docs);
    let (shown, others) = shown(copies);
    let stated = stated(docs, &shown, &mut virtuals);
    edges.extend(shown);
    edges.extend(stated);
    edges.extend(containers(docs, &mut virtuals));
    Edges { told: edges, others, virtuals }
}

fn same(child: usize, parent: usize, why: &str) -> Edge {
    Edge { child, parent, probability: 1.0, descent: Descent::Same, why: why.to_owned() }
}

/// Pages that are the same page at another time: same address, or same publisher and title.
fn versions(docs: &[&Trace]) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut by_url: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_title: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, doc) in docs.iter().enumerate() {
        if let Some(url) = &doc.head.url {
            let first = *by_url.entry(url).or_insert(at);
            if first != at {
                edges.push(same(at, first, "another version of the page at the same address"));
                continue;
            }
        }
        let source = doc.source_key();
        if let Some(title) = doc.title_key().filter(|_| !source.is_empty()) {
            by_title.entry((source, title)).or_default().push(at);
        }
    }
    for group in by_title.values() {
        for (place, &at) in group.iter().enumerate().skip(1) {
            // Versions drift: the one before is closest, the first is the root.
            let earlier = [group[0], group[place - 1]];
            let like = |parent: &&usize| {
                let (a, b) = (docs[at], docs[**parent]);
                let other_page = a.head.url.is_some() && b.head.url.is_some();
                let alike = |a: &Sketch, b: &Sketch| {
                    let overlap = a.overlap(b);
                    overlap.containment().max(overlap.reverse()) >= SAME_PAGE
                };
                !other_page && (alike(&a.text, &b.text) || alike(&a.values, &b.values))
            };
            if let Some(parent) = earlier.iter().find(like) {
                let why = "another version of the page of the same title and publisher";
                edges.push(same(at, *parent, why));
            }
        }
    }
    edges
}

/// Parts of one container by one publisher.
fn containers(docs: &[&Trace], virtuals: &mut Vec<Virtual>) -> Vec<Edge> {
    let mut parts: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (at, doc) in docs.iter().enumerate() {
        if let Some(container) = &doc.head.container {
            parts.entry((container, doc.source_key())).or_default().push(at);
        }
    }
    let mut edges = Vec::new();
    for ((container, source), parts) in parts.into_iter().filter(|(_, p)| p.len() > 1) {
        let parent = docs.len() + virtuals.len();
        virtuals.push(Virtual {
            key: format!("container:{container}#{source}"),
            label: container.to_owned(),
            publisher: String::new(),
            container: true,
        });
        edges.extend(parts.into_iter().map(|at| same(at, parent, "a part of the same container")));
    }
    edges
}

/// Of copies that texts or values show: the best parent of each document, and the others.
fn shown(copies: Vec<Shown>) -> (Vec<Edge>, Vec<Edge>) {
    let mut best: BTreeMap<usize, Vec<Edge>> = BTreeMap::new();
    for Shown { child, parent, probability, why } in copies {
        let edge = Edge { child, parent, probability, descent: Descent::Shown, why };
        best.entry(child).or_default().push(edge);
    }
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for mut edges in best.into_values() {
        edges.sort_by_key(|edge| edge.parent);
        // A copy of a copy resembles both; the earliest of about the best is the source.
        let top = edges.iter().map(|e| e.probability).fold(0.0, f64::max);
        let near = edges.iter().filter(|e| e.probability >= top - 0.1);
        let parent = near.map(|e| e.parent).min();
        for edge in edges {
            let into = if Some(edge.parent) == parent { &mut chosen } else { &mut others };
            into.push(edge);
        }
    }
    (chosen, others)
}

/// How sure a stated derivation is.
fn stated_probability(kind: LineageKind) -> f64 {
    match kind {
        LineageKind::Republishes => 0.98,
        LineageKind::Rewrites => 0.95,
        LineageKind::ReportsOn | LineageKind::Cites => 0.8,
    }
}

/// One lineage statement of one document.
struct Entry<'a> {
    doc: usize,
    said: &'a Derived,
    publisher: String,
}

/// Derivations that documents state, towards documents of the store or outside sources.
///
/// Two statements mean the same piece when they give the same address, or name the same
/// publisher in documents that share a rare name; the publisher alone is not enough.
fn stated(docs: &[&Trace], shown: &[Edge], virtuals: &mut Vec<Virtual>) -> Vec<Edge> {
    let entries: Vec<Entry<'_>> = docs
        .iter()
        .enumerate()
        .flat_map(|(doc, trace)| {
            trace.head.lineage.iter().map(move |said| Entry {
                doc,
                said,
                publisher: said.publisher_key(),
            })
        })
        .collect();
    let pieces = pieces(docs, &entries);
    let targets = targets(docs, &entries, &pieces, virtuals);

    let mut edges = Vec::new();
    let mut primary: BTreeMap<usize, usize> = BTreeMap::new();
    for group in
        (0..entries.len()).collect::<Vec<_>>().chunk_by(|a, b| entries[*a].doc == entries[*b].doc)
    {
        let usable = group.iter().filter(|e| targets[**e] != entries[**e].doc);
        let key = |e: &&usize| {
            let entry = &entries[**e];
            (entry.said.kind, targets[**e] >= docs.len(), entry.said.url.is_none(), **e)
        };
        let Some(&first) = usable.clone().min_by_key(key) else { continue };
        let entry = &entries[first];
        primary.insert(entry.doc, targets[first]);
        edges.push(Edge {
            child: entry.doc,
            parent: targets[first],
            probability: stated_probability(entry.said.kind),
            descent: Descent::Stated(entry.said.kind),
            why: why_stated(entry.said),
        });
        // A rewrite has nothing of its own: what it reports on is what its source reports on.
        let rewrite = matches!(entry.said.kind, LineageKind::Republishes | LineageKind::Rewrites);
        let beyond = usable.clone().filter(|e| targets[**e] != targets[first]).min_by_key(key);
        if let (true, true, Some(&beyond)) = (rewrite, targets[first] >= docs.len(), beyond) {
            edges.push(Edge {
                child: targets[first],
                parent: targets[beyond],
                probability: stated_probability(LineageKind::ReportsOn),
                descent: Descent::Stated(LineageKind::ReportsOn),
                why: why_stated(entries[beyond].said),
            });
        }
    }
    // A text that stands in a document which names its source has that source, too.
    for edge in shown {
        if let Some(&source) = primary.get(&edge.child)
            && source != edge.parent
            && !primary.contains_key(&edge.parent)
        {
            edges.push(Edge {
                child: edge.parent,
                parent: source,
                probability: 0.7 * edge.probability,
                descent: Descent::Stated(LineageKind::ReportsOn),
                why: "a later document with the same text names this source".to_owned(),
            });
        }
    }
    edges
}

fn why_stated(said: &Derived) -> String {
    let what = said.publisher.as_deref().or(said.url.as_deref()).unwrap_or("another");
    match said.kind {
        LineageKind::Republishes => format!("says that it republishes {what}"),
        LineageKind::Rewrites => format!("is a rewrite of {what}, which it names as its source"),
        LineageKind::ReportsOn | LineageKind::Cites => {
            format!("says that it reports on what {what} published")
        }
    }
}

/// For each entry the piece that it speaks of: the number of the first entry that means it.
fn pieces(docs: &[&Trace], entries: &[Entry<'_>]) -> Vec<usize> {
    let mut sets = Sets::new(entries.len());
    let mut by_url: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_name: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(url) = &entry.said.url {
            sets.join(*by_url.entry(url).or_insert(at), at);
        }
        if !entry.publisher.is_empty() {
            for name in &docs[entry.doc].head.rare {
                sets.join(*by_name.entry((&entry.publisher, name)).or_insert(at), at);
            }
        }
    }
    (0..entries.len()).map(|at| sets.find(at)).collect()
}

/// For each entry what it derives from: a document, or a virtual node made for its piece.
fn targets(
    docs: &[&Trace],
    entries: &[Entry<'_>],
    pieces: &[usize],
    virtuals: &mut Vec<Virtual>,
) -> Vec<usize> {
    let mut by_url: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_name: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (at, doc) in docs.iter().enumerate() {
        if let Some(url) = &doc.head.url {
            by_url.entry(url).or_insert(at);
        }
        for name in &doc.head.rare {
            by_name.entry((doc.source_key(), name)).or_insert(at);
        }
    }
    let mut members: BTreeMap<usize, Vec<&Entry<'_>>> = BTreeMap::new();
    for (entry, piece) in entries.iter().zip(pieces) {
        members.entry(*piece).or_default().push(entry);
    }
    let mut target_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (piece, members) in &members {
        let in_store = members.iter().filter_map(|entry| {
            let here = entry.said.url.as_deref().and_then(|url| by_url.get(url));
            let named = || {
                let names = docs[entry.doc].head.rare.iter();
                let found =
                    names.filter_map(|name| by_name.get(&(entry.publisher.clone(), name.as_str())));
                // Nobody reports on what is not yet published.
                let not_later = |at: &&usize| {
                    let day = |at: usize| {
                        docs[at].head.published.map(lapwing_model::PartialDate::first_day)
                    };
                    day(**at).zip(day(entry.doc)).is_none_or(|(target, own)| target <= own)
                };
                found.filter(not_later).min()
            };
            here.or_else(|| if entry.publisher.is_empty() { None } else { named() })
        });
        let target = in_store.min().copied().unwrap_or_else(|| {
            virtuals.push(outside(docs, members));
            docs.len() + virtuals.len() - 1
        });
        target_of.insert(*piece, target);
    }
    pieces.iter().map(|piece| target_of[piece]).collect()
}

/// The outside source that all `members` mean.
fn outside(docs: &[&Trace], members: &[&Entry<'_>]) -> Virtual {
    let url = members.iter().filter_map(|e| e.said.url.as_deref()).min();
    let named = members.iter().filter_map(|e| e.said.publisher.as_deref()).min();
    let publisher_key = members.iter().map(|e| e.publisher.as_str()).max().unwrap_or("");
    let topic = || {
        let names = members.iter().filter_map(|e| docs[e.doc].head.rare.first()).min();
        let ids = members.iter().map(|e| docs[e.doc].head.document).min();
        names.cloned().or_else(|| ids.map(|id| id.to_string())).unwrap_or_default()
    };
    let key = match url {
        Some(url) => format!("url:{url}"),
        None => format!("publisher:{publisher_key}#{}", topic()),
    };
    let label = match (named, url) {
        (Some(name), Some(url)) => format!("{name}, {url} (not in the store)"),
        (Some(name), None) => format!("{name} (not in the store)"),
        (None, url) => format!("{} (not in the store)", url.unwrap_or("unknown")),
    };
    let publisher = named.or(url).unwrap_or("").to_owned();
    Virtual { key, label, publisher, container: false }
}

/// Disjoint sets; the smallest member names a set.
pub(crate) struct Sets(Vec<usize>);

impl Sets {
    pub fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    pub fn find(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
