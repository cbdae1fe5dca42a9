//! Texts that many records share, kept once: a hunt with tens of thousands of findings holds who stands in each of them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::actors::Actors;

/// A text that many records have: it is kept once.
pub(crate) type Word = Arc<str>;

/// The names of a few files, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(Box<[Word]>);

impl Names {
    pub(super) fn of(mut names: Vec<Word>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self(names.into_boxed_slice())
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Word> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|one| **one == *name)
    }

    /// Those that are among others.
    pub(crate) fn among<'n>(
        &'n self,
        others: &'n BTreeSet<String>,
    ) -> impl Iterator<Item = &'n Word> {
        self.0.iter().filter(|name| others.contains(&***name))
    }
}

#[cfg(test)]
impl From<&str> for Names {
    fn from(name: &str) -> Self {
        Self::of(vec![name.into()])
    }
}

/// Texts of actors that are kept once for all records of a log.
#[derive(Debug, Default)]
pub(crate) struct Words {
    known: HashSet<Word>,
    /// From this number on it is looked which of them nobody has any more.
    tidy_at: usize,
}

/// Words that are known before it is looked whether they are still wanted.
const TIDY_FROM: usize = 4096;

impl Words {
    fn share(&mut self, word: &mut Word) {
        if let Some(known) = self.known.get(word) {
            *word = Arc::clone(known);
            return;
        }
        self.known.insert(Arc::clone(word));
        if self.known.len() > self.tidy_at.max(TIDY_FROM) {
            self.known.retain(|word| Arc::strong_count(word) > 1);
            self.tidy_at = self.known.len() * 2;
        }
    }

    /// Puts in place of an actor's texts those that are known already.
    pub(crate) fn share_all(&mut self, actors: &mut Actors) {
        self.share(&mut actors.source);
        let Actors {
            host, account, logon, session, process, parent, written, agent, request, ..
        } = actors;
        let single = [host, account, logon, session, process, parent, written, agent, request];
        for word in single.into_iter().flatten() {
            self.share(word);
        }
        for word in actors.files.0.iter_mut().chain(&mut actors.hashes) {
            self.share(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_let_go_when_nobody_has_it() {
        let mut words = Words::default();
        let agent = |text: &str| Actors { agent: Some(text.into()), ..Actors::default() };
        let (mut one, mut other) = (agent("Mozilla"), agent("Mozilla"));
        words.share_all(&mut one);
        words.share_all(&mut other);
        assert!(Arc::ptr_eq(one.agent.as_ref().unwrap(), other.agent.as_ref().unwrap()));
        for number in 0..3 * TIDY_FROM {
            words.share_all(&mut agent(&number.to_string()));
        }
        assert!(words.known.len() <= TIDY_FROM + 1, "{}", words.known.len());
        assert!(words.known.contains("Mozilla"));
    }

    #[test]
    fn names_are_each_once() {
        let names = Names::of(vec!["b.php".into(), "a.aspx".into(), "b.php".into()]);
        assert_eq!(names.iter().map(|n| &**n).collect::<Vec<_>>(), ["a.aspx", "b.php"]);
        let left = BTreeSet::from(["b.php".to_owned()]);
        assert_eq!(names.among(&left).count(), 1);
        assert!(names.contains("a.aspx") && !names.is_empty());
    }
}
