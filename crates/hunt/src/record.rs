use std::borrow::Cow;

use jiff::Timestamp;
use lapwing_model::Place;

/// One line or record of a log with its fields; made only when a check or a hit needs it.
#[derive(Clone, Debug)]
pub(crate) struct Record<'a> {
    /// Field names and values in the order of the log.
    pub fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The line, or the fields of an event as text.
    pub raw: Cow<'a, str>,
    /// When, UTC.
    pub time: Option<Timestamp>,
    /// Line or record number.
    pub place: Option<Place>,
    /// Byte offset in the unpacked file.
    pub offset: u64,
}

/// A record made of owned names and values.
pub(crate) fn record_of<'a>(
    fields: &'a [(String, String)],
    raw: &'a str,
    time: Option<Timestamp>,
    place: Option<Place>,
    offset: u64,
) -> Record<'a> {
    let fields = fields
        .iter()
        .map(|(k, v)| (Cow::Borrowed(k.as_str()), Cow::Borrowed(v.as_str())))
        .collect();
    Record { fields, raw: Cow::Borrowed(raw), time, place, offset }
}

impl Record<'_> {
    /// The first value of a field, by its name in any case; `None` when absent, empty or `-`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, value)| {
                field.eq_ignore_ascii_case(name) && !value.is_empty() && value != "-"
            })
            .map(|(_, value)| value.as_ref())
    }

    /// All values of a field; `*` means the whole record.
    pub(crate) fn values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        let all = (name == "*").then_some(self.raw.as_ref());
        all.into_iter().chain(
            self.fields
                .iter()
                .filter(move |(field, _)| name != "*" && field.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_ref()),
        )
    }

    /// The field in which `text` stands: the one that is it, else the first that holds it.
    pub(crate) fn field_of(&self, text: &str) -> Option<(&str, &str)> {
        let whole = self.fields.iter().find(|(_, value)| value.eq_ignore_ascii_case(text));
        let found = whole.or_else(|| {
            self.fields
                .iter()
                .find(|(_, value)| contains_ignore_case(value, &text.to_ascii_lowercase()))
        });
        found.map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

/// Whether `text` holds `needle`, which is in lower case.
pub(crate) fn contains_ignore_case(text: &str, needle: &str) -> bool {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let Some(&first) = needle.first() else { return true };
    let last = match text.len().checked_sub(needle.len()) {
        Some(room) => room + 1,
        None => return false,
    };
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), &text[..last])
        .any(|at| text[at..at + needle.len()].eq_ignore_ascii_case(needle))
}

/// `text`, cut to about `most` bytes at a character's end, without control characters.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let mut short = String::with_capacity(text.len().min(most) + 4);
    for c in text.chars() {
        if short.len() >= most {
            short.push('…');
            break;
        }
        short.push(if c.is_control() { ' ' } else { c });
    }
    short.trim().to_owned()
}
