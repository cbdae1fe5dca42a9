use std::collections::BTreeMap;

use lapwing_model::{Admiralty, DocumentId, Origin, OriginId, OriginMember};
use serde::Serialize;

use crate::copied::Copied;
use crate::derivation::{Edge, Edges, Sets, Shown, Virtual, edges};
use crate::markers::Heads;
use crate::precedence::Precedence;
use crate::reliability::{Descent, SourceClass, derived_grade, graded_by, root_grade};
use crate::trace::Trace;

/// Groups documents by the observer that they go back to.
///
/// Each document derives from at most one other, so that a compilation does not glue its
/// sources together; the roots of these trees are the origins. Pure, and independent of the
/// order of `traces`; close to linear in their number. [`follow`](crate::follow) comes to the same, one
/// document after the other.
#[must_use]
pub fn origins(traces: &[Trace]) -> Vec<Origin> {
    let docs = in_precedence(traces);
    let copies = copies_among(&docs);
    origins_of(&docs, &copies)
}

/// All copies among documents that texts or values show.
#[must_use]
pub fn copies(traces: &[Trace]) -> Vec<Copied> {
    copies_among(&in_precedence(traces))
}

/// The origins of documents of which `copies` are copies.
#[must_use]
pub fn origins_with(traces: &[Trace], copies: &[Copied]) -> Vec<Origin> {
    origins_of(&in_precedence(traces), copies)
}

/// The copies among `docs` (in order of precedence, distinct).
fn copies_among(docs: &[&Trace]) -> Vec<Copied> {
    let heads = Heads::of(docs);
    let of = |(at, child): (usize, &&Trace)| {
        let parents = heads.candidates(at, &child.markers());
        let found: Vec<Copied> =
            parents.into_iter().filter_map(|parent| Copied::shown(child, docs[parent])).collect();
        found
    };
    docs.iter().enumerate().flat_map(of).collect()
}

/// The same by places in `docs`; copies of documents that are not among them are left out.
fn placed(docs: &[&Trace], copies: &[Copied]) -> Vec<Shown> {
    let place: foldhash::HashMap<DocumentId, usize> =
        docs.iter().enumerate().map(|(at, doc)| (doc.head.document, at)).collect();
    let of = |copy: &Copied| {
        let (child, parent) = (*place.get(&copy.child)?, *place.get(&copy.parent)?);
        Some(Shown { child, parent, probability: copy.probability, why: copy.why.clone() })
    };
    copies.iter().filter_map(of).collect()
}

/// The origins of `docs` (in order of precedence, distinct).
pub(crate) fn origins_of(docs: &[&Trace], copies: &[Copied]) -> Vec<Origin> {
    let Edges { told, virtuals, .. } = edges(docs, placed(docs, copies));
    let parents = forest(docs.len(), virtuals.len(), told);
    let grades = grades(docs, &virtuals, &parents);

    let mut trees: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..docs.len() {
        trees.entry(root_of(&parents, at)).or_default().push(at);
    }
    let mut origins: Vec<Origin> = trees
        .into_iter()
        .map(|(root, members)| {
            let (id, label, root_seen) = name_of_root(docs, &virtuals, root);
            let mut members: Vec<usize> = members;
            members.sort_by_key(|at| (parents[*at].is_some(), *at));
            let member = |at: usize| member(docs, &virtuals, &parents, &grades, at);
            Origin { id, label, root_seen, members: members.into_iter().map(member).collect() }
        })
        .collect();
    origins.sort_by_key(|origin| origin.id);
    origins
}

/// A reason to believe that a document was made from another, of all that there are: what
/// [`origins`] chose, and what else was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Derivation {
    /// The document that was made; `None` for an outside source that names its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<DocumentId>,
    /// Its name, for people.
    pub child_label: String,
    /// What it was made from; `None` for what is not in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<DocumentId>,
    /// Its name, for people.
    pub parent_label: String,
    /// How sure, 0 to 1.
    pub probability: f64,
    /// Why, in words.
    pub why: String,
    /// Whether it is the derivation that the origin goes by: each document has one at most.
    pub counts: bool,
}

/// All derivations that hang together with a document, in order of precedence; empty for one that
/// derives from nothing and from which nothing derives. `traces` and `copies` must hold all that hangs
/// together with it.
#[must_use]
pub fn derivations(traces: &[Trace], copies: &[Copied], document: DocumentId) -> Vec<Derivation> {
    let docs = in_precedence(traces);
    let Edges { told: mut edges, others, virtuals } = edges(&docs, placed(&docs, copies));
    let parents = forest(docs.len(), virtuals.len(), edges.clone());
    edges.extend(others);
    let mut together = Sets::new(docs.len() + virtuals.len());
    edges.iter().for_each(|edge| together.join(edge.child, edge.parent));
    let Some(asked) = docs.iter().position(|doc| doc.head.document == document) else {
        return Vec::new();
    };
    let id = |at: usize| docs.get(at).map(|doc| doc.head.document);
    let label = |at: usize| match docs.get(at) {
        Some(doc) => doc.head.label.clone(),
        None => virtuals[at - docs.len()].label.clone(),
    };
    let mut found: Vec<&Edge> =
        edges.iter().filter(|edge| together.find(edge.child) == together.find(asked)).collect();
    found.sort_by(|a, b| {
        (a.child, a.parent).cmp(&(b.child, b.parent)).then(b.probability.total_cmp(&a.probability))
    });
    found
        .into_iter()
        .map(|edge| Derivation {
            child: id(edge.child),
            child_label: label(edge.child),
            parent: id(edge.parent),
            parent_label: label(edge.parent),
            probability: edge.probability,
            why: edge.why.clone(),
            counts: parents[edge.child].as_ref() == Some(edge),
        })
        .collect()
}

/// Distinct documents, those that are likelier to be originals first.
pub(crate) fn in_precedence<'t>(traces: impl IntoIterator<Item = &'t Trace>) -> Vec<&'t Trace> {
    let mut docs: Vec<&Trace> = traces.into_iter().collect();
    docs.sort_by_cached_key(|trace| (Precedence::of(trace), trace.head.document));
    let mut seen = std::collections::BTreeSet::new();
    docs.retain(|trace| seen.insert(trace.head.document));
    docs
}

/// Gives each node its surest parent, leaving out what would close a circle.
fn forest(docs: usize, virtuals: usize, mut edges: Vec<Edge>) -> Vec<Option<Edge>> {
    // Versions of a page first; a common container only where nothing else is known.
    let rank = |edge: &Edge| match edge.descent {
        Descent::Same if edge.parent < docs => 0,
        Descent::Same => 2,
        _ => 1,
    };
    edges.sort_by(|a, b| {
        let surest = b.probability.total_cmp(&a.probability);
        rank(a)
            .cmp(&rank(b))
            .then(surest)
            .then((a.child, a.parent).cmp(&(b.child, b.parent)))
            .then_with(|| a.why.cmp(&b.why))
    });
    let mut parents: Vec<Option<Edge>> = vec![None; docs + virtuals];
    let mut trees = Sets::new(docs + virtuals);
    for edge in edges {
        if parents[edge.child].is_none() && trees.find(edge.child) != trees.find(edge.parent) {
            trees.join(edge.child, edge.parent);
            let child = edge.child;
            parents[child] = Some(edge);
        }
    }
    parents
}

fn root_of(parents: &[Option<Edge>], mut at: usize) -> usize {
    while let Some(edge) = &parents[at] {
        at = edge.parent;
    }
    at
}

/// Grades every node after its parent.
fn grades(docs: &[&Trace], virtuals: &[Virtual], parents: &[Option<Edge>]) -> Vec<Admiralty> {
    let mut grades: Vec<Option<Admiralty>> = vec![None; parents.len()];
    for start in 0..parents.len() {
        // Up to the first graded node, then back down.
        let mut path = Vec::new();
        let mut at = start;
        while grades[at].is_none() {
            path.push(at);
            match &parents[at] {
                Some(edge) => at = edge.parent,
                None => break,
            }
        }
        for at in path.into_iter().rev() {
            let own = match at.checked_sub(docs.len()) {
                None => {
                    let class = root_grade(SourceClass::of(docs[at]));
                    docs[at].head.graded.map_or(class, |letter| graded_by(letter, class))
                }
                Some(at) => root_grade(SourceClass::of_name(&virtuals[at].publisher)),
            };
            grades[at] = Some(match &parents[at] {
                Some(edge) => match grades[edge.parent] {
                    Some(parent) => derived_grade(own, parent, edge.descent),
                    None => own,
                },
                None => own,
            });
        }
    }
    let unknown = root_grade(SourceClass::Unnamed);
    grades.into_iter().map(|grade| grade.unwrap_or(unknown)).collect()
}

fn name_of_root(docs: &[&Trace], virtuals: &[Virtual], root: usize) -> (OriginId, String, bool) {
    let Some(at) = root.checked_sub(docs.len()) else {
        let head = &docs[root].head;
        let label = match &head.source {
            Some(source) => format!("{source}: {}", head.label),
            None => head.label.clone(),
        };
        return (origin_of(head.document), label, true);
    };
    let outside = &virtuals[at];
    let id = OriginId::of_parts(&[b"outside", outside.key.as_bytes()]);
    (id, outside.label.clone(), outside.container)
}

/// The origin of a document that derives from nothing.
pub(crate) fn origin_of(document: DocumentId) -> OriginId {
    OriginId::of_parts(&[b"document", &document.0])
}

fn member(
    docs: &[&Trace],
    virtuals: &[Virtual],
    parents: &[Option<Edge>],
    grades: &[Admiralty],
    at: usize,
) -> OriginMember {
    let edge = parents[at].as_ref();
    let parent = edge.map(|edge| match edge.parent.checked_sub(docs.len()) {
        None => docs[edge.parent].head.document.to_string(),
        Some(outside) => virtuals[outside].label.clone(),
    });
    OriginMember {
        document: docs[at].head.document,
        derived_from: parent,
        probability: edge.map_or(1.0, |edge| edge.probability),
        why: edge.map(|edge| edge.why.clone()),
        grade: grades[at],
    }
}

#[cfg(test)]
mod tests;
