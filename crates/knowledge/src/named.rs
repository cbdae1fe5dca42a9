//! Records with identifiers and names, found by either.

use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt as _};

use crate::{Actor, Campaign, Software};

/// The form in which names are compared: letters and digits in lower case, without a leading
/// `the` and a trailing `group`, `team` or `gang`.
///
/// ```
/// use lapwing_knowledge::name_key;
/// assert_eq!(name_key("The Lazarus Group"), name_key("lazarus"));
/// assert_eq!(name_key("APT 28"), name_key("apt-28"));
/// ```
pub fn name_key(name: &str) -> String {
    // One pass and one allocation: a start of Lapwing makes keys of some ten thousand names.
    let mut key = String::with_capacity(name.len());
    let (mut first_end, mut last_start, mut in_word) = (0, 0, false);
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric()) {
            if !in_word {
                if first_end == 0 {
                    first_end = key.len();
                }
                last_start = key.len();
                in_word = true;
            }
            if c.is_ascii() {
                key.push(c.to_ascii_lowercase());
            } else {
                key.extend(c.to_lowercase());
            }
        } else if !matches!(c, '\'' | '’') {
            in_word = false;
        }
    }
    let ends_in_group = matches!(key.get(last_start..), Some("group" | "team" | "gang"));
    let starts_with_the = key.get(..first_end) == Some("the");
    if ends_in_group && last_start > 0 && !(starts_with_the && last_start == first_end) {
        key.truncate(last_start);
    }
    if starts_with_the {
        key.drain(..first_end);
    }
    key
}

/// A record that [`Named`] can hold.
pub(crate) trait Record {
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    fn aliases(&self) -> &[String];
    /// Sets the identifier and gives the former one.
    fn set_id(&mut self, id: &str) -> String;
}

macro_rules! record {
    ($($type:ty),*) => { $(
        impl Record for $type {
            fn id(&self) -> &str { &self.id }
            fn name(&self) -> &str { &self.name }
            fn aliases(&self) -> &[String] { &self.aliases }
            fn set_id(&mut self, id: &str) -> String { std::mem::replace(&mut self.id, id.to_owned()) }
        }
    )* };
}
record!(Actor, Campaign, Software);

/// Records with indexes that are made when first asked for.
#[derive(Debug)]
pub(crate) struct Named<T> {
    pub(crate) records: Vec<T>,
    /// Other identifiers of a record (those of the galaxy, for one that ATT&CK has, too).
    pub(crate) other_ids: Vec<(String, usize)>,
    by_name: OnceLock<HashMap<String, Vec<usize>>>,
    by_id: OnceLock<HashMap<String, usize>>,
}

impl<T: Record> Named<T> {
    pub(crate) fn new(records: Vec<T>, other_ids: Vec<(String, usize)>) -> Self {
        Self { records, other_ids, by_name: OnceLock::new(), by_id: OnceLock::new() }
    }

    /// All records with this name or alias: those whose own name it is first.
    pub(crate) fn named(&self, name: &str) -> Vec<&T> {
        self.positions(&name_key(name)).iter().filter_map(|&at| self.records.get(at)).collect()
    }

    fn positions(&self, key: &str) -> &[usize] {
        let index = self.by_name.get_or_init(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::with_capacity(self.records.len());
            for (at, record) in self.records.iter().enumerate() {
                index.entry(name_key(record.name())).or_default().push(at);
            }
            for (at, record) in self.records.iter().enumerate() {
                for alias in record.aliases() {
                    let positions = index.entry(name_key(alias)).or_default();
                    if !positions.contains(&at) {
                        positions.push(at);
                    }
                }
            }
            index.remove("");
            index
        });
        index.get(key).map_or(&[], Vec::as_slice)
    }

    /// The record with this identifier, in any case of letters.
    pub(crate) fn by_id(&self, id: &str) -> Option<&T> {
        let index = self.by_id.get_or_init(|| {
            let own = self.records.iter().enumerate().map(|(at, r)| (r.id().to_lowercase(), at));
            let other = self.other_ids.iter().map(|(id, at)| (id.to_lowercase(), *at));
            other.chain(own).collect()
        });
        index.get(&id.to_lowercase()).and_then(|&at| self.records.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_out_what_does_not_tell_names_apart() {
        assert_eq!(name_key("Sandworm Team"), "sandworm");
        assert_eq!(name_key("LAPSUS$"), "lapsus");
        assert_eq!(name_key("UNC-2639"), name_key("unc 2639"));
        assert_eq!(name_key("Dragon's Lair"), "dragonslair");
        // A name must not become empty.
        assert_eq!(name_key("The Group"), "group");
        assert_eq!(name_key("Team"), "team");
        assert_eq!(name_key("…"), "");
    }
}
