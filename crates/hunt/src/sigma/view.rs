//! A record as rules see it: values by field, as written and folded, in two reused buffers.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;

use super::pattern::fold;

/// Number of a field name that some rule or mapping knows.
pub(crate) type Field = u32;

/// A value of a field that no rule asks for; keywords still search it.
pub(crate) const NO_FIELD: Field = Field::MAX;

/// The names of fields, in any case, as numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    numbers: HashMap<String, Field, FixedState>,
    names: Vec<String>,
}

impl Fields {
    /// The number of a name, made when it is new.
    pub(crate) fn intern(&mut self, name: &str) -> Field {
        let folded = fold(name);
        if let Some(number) = self.numbers.get(&folded) {
            return *number;
        }
        let number = self.names.len() as Field;
        self.numbers.insert(folded, number);
        self.names.push(name.to_owned());
        number
    }

    /// The number of a name that is known.
    pub(crate) fn get(&self, name: &str) -> Option<Field> {
        // Most names are short: no allocation for them.
        let mut short = [0u8; 64];
        if name.len() <= short.len() && name.is_ascii() {
            let short = &mut short[..name.len()];
            short.copy_from_slice(name.as_bytes());
            short.make_ascii_lowercase();
            return std::str::from_utf8(short).ok().and_then(|key| self.numbers.get(key)).copied();
        }
        self.numbers.get(&fold(name)).copied()
    }

    /// The name of a number, as first written.
    pub(crate) fn name(&self, field: Field) -> &str {
        self.names.get(field as usize).map_or("", String::as_str)
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

/// One value of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub field: Field,
    raw: (u32, u32),
    folded: (u32, u32),
    next: u32,
}

const NONE: u32 = u32::MAX;

/// A record; its buffers are used again for the next one.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    slots: Vec<Slot>,
    raw: String,
    folded: String,
    first: Vec<u32>,
    touched: Vec<Field>,
}

impl View {
    /// Empties the view for a set of fields.
    pub(crate) fn clear(&mut self, fields: &Fields) {
        for field in self.touched.drain(..) {
            self.first[field as usize] = NONE;
        }
        self.first.resize(fields.len(), NONE);
        self.slots.clear();
        self.raw.clear();
        self.folded.clear();
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, field: Field, value: &str) {
        let (raw, folded) = (self.raw.len() as u32, self.folded.len() as u32);
        self.raw.push_str(value);
        if value.is_ascii() {
            self.folded.push_str(value);
            self.folded[folded as usize..].make_ascii_lowercase();
        } else {
            self.folded.extend(value.chars().flat_map(char::to_lowercase));
        }
        let slot = Slot {
            field,
            raw: (raw, self.raw.len() as u32),
            folded: (folded, self.folded.len() as u32),
            next: NONE,
        };
        // No literal may be found across two values.
        self.folded.push('\0');
        let number = self.slots.len() as u32;
        self.slots.push(slot);
        if let Some(first) = self.first.get_mut(field as usize) {
            if *first == NONE {
                *first = number;
                self.touched.push(field);
            } else {
                let mut at = *first as usize;
                while self.slots[at].next != NONE {
                    at = self.slots[at].next as usize;
                }
                self.slots[at].next = number;
            }
        }
    }

    /// Gives a field the values of another, unless it has some of its own.
    pub(crate) fn copy(&mut self, from: Field, to: Field) {
        if self.values(to).next().is_some() {
            return;
        }
        let list: Vec<String> = self.values(from).map(|slot| self.raw(slot).to_owned()).collect();
        for value in list {
            self.push(to, &value);
        }
    }

    /// The values of a field.
    pub(crate) fn values(&self, field: Field) -> impl Iterator<Item = &Slot> {
        let mut at = self.first.get(field as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let slot = self.slots.get(at as usize)?;
            at = slot.next;
            Some(slot)
        })
    }

    /// The first value of a field as written.
    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        self.values(field).next().map(|slot| self.raw(slot))
    }

    /// All values.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// A value as written.
    pub(crate) fn raw(&self, slot: &Slot) -> &str {
        &self.raw[slot.raw.0 as usize..slot.raw.1 as usize]
    }

    /// A value in lower case.
    pub(crate) fn folded(&self, slot: &Slot) -> &str {
        &self.folded[slot.folded.0 as usize..slot.folded.1 as usize]
    }

    /// Where a value stands in [`View::all_folded`].
    pub(crate) fn range(slot: &Slot) -> Range<usize> {
        slot.folded.0 as usize..slot.folded.1 as usize
    }

    /// All values in lower case, each followed by a NUL.
    pub(crate) fn all_folded(&self) -> &str {
        &self.folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_field_in_order() {
        let mut fields = Fields::default();
        let (a, b) = (fields.intern("A"), fields.intern("b"));
        assert_eq!(fields.get("a"), Some(a));
        let mut view = View::default();
        for _ in 0..2 {
            view.clear(&fields);
            view.push(a, "X1");
            view.push(NO_FIELD, "other");
            view.push(a, "ÄX");
            let list: Vec<_> = view.values(a).map(|s| (view.raw(s), view.folded(s))).collect();
            assert_eq!(list, [("X1", "x1"), ("ÄX", "äx")]);
            assert_eq!((view.get(b), view.slots().len()), (None, 3));
            assert_eq!(view.all_folded(), "x1\0other\0äx\0");
        }
    }
}
