//! What hangs documents together beside their texts: addresses, titles, containers, stated sources.

use std::collections::BTreeSet;

use crate::sketch::hash;
use crate::trace::Trace;

/// One thing by which documents may hang together. Documents that share a link are looked at together
/// when one of them comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Tells it from others; see [`Link::needs_statement`].
    pub key: i64,
    /// Whether the document states it of another: its source, not itself.
    pub states: bool,
}

/// What a link is of: the lowest bits of its key.
#[derive(Clone, Copy)]
enum Of {
    Address,
    Title,
    Container,
    /// A publisher with a rare name.
    Named,
}

const OF_BITS: i64 = 3;

impl Link {
    fn new(of: Of, parts: [&str; 2], states: bool) -> Self {
        let joined = [parts[0].as_bytes(), b"\n", parts[1].as_bytes()].concat();
        let key = (hash(&joined) as i64 & !OF_BITS) | of as i64;
        Self { key, states }
    }

    /// Whether documents that share a link of this key hang together only when one of them states it: many
    /// reports of one publisher name one cluster, and none is made from another by that.
    #[must_use]
    pub fn needs_statement(key: i64) -> bool {
        key & OF_BITS == Of::Named as i64
    }
}

impl Trace {
    /// All links of this document, in order.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let mut links = BTreeSet::new();
        let source = self.source_key();
        if let Some(url) = &self.head.url {
            links.insert(Link::new(Of::Address, [url, ""], false));
        }
        if let Some(container) = &self.head.container {
            links.insert(Link::new(Of::Container, [container, &source], false));
        }
        if !source.is_empty() {
            if let Some(title) = self.title_key() {
                links.insert(Link::new(Of::Title, [&source, &title], false));
            }
            for name in &self.head.rare {
                links.insert(Link::new(Of::Named, [&source, name], false));
            }
        }
        for said in &self.head.lineage {
            if let Some(url) = &said.url {
                links.insert(Link::new(Of::Address, [url, ""], true));
            }
            let publisher = said.publisher_key();
            if !publisher.is_empty() {
                for name in &self.head.rare {
                    links.insert(Link::new(Of::Named, [&publisher, name], true));
                }
            }
        }
        links.into_iter().collect()
    }

    /// Its title as versions of a page share it; `None` for a title of one word, which tells nothing.
    pub(crate) fn title_key(&self) -> Option<String> {
        let title = self.head.title.as_deref()?.to_lowercase();
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        title.contains(' ').then_some(title)
    }
}
