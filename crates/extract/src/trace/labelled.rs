//! Rows of a table whose own cell says what stands beside it: `| Mutex | Global\\Marsh | |`.

use lapwing_model::{Claim, Kind, Span};

use super::{Taken, trace};
use crate::layout::Layout;

/// What a cell may say of the next one, in lower case.
const LABELS: &[(&str, Kind)] = &[
    ("mutex", Kind::Mutex),
    ("mutexe", Kind::Mutex),
    ("mutex name", Kind::Mutex),
    ("mutant", Kind::Mutex),
    ("pipe", Kind::NamedPipe),
    ("pipe name", Kind::NamedPipe),
    ("named pipe", Kind::NamedPipe),
    ("service", Kind::WindowsService),
    ("service name", Kind::WindowsService),
    ("windows service", Kind::WindowsService),
    ("task", Kind::ScheduledTask),
    ("task name", Kind::ScheduledTask),
    ("scheduled task", Kind::ScheduledTask),
    ("user agent", Kind::UserAgent),
    ("user-agent", Kind::UserAgent),
    ("useragent", Kind::UserAgent),
    ("user agent string", Kind::UserAgent),
];

/// The values that the cell before them names.
pub(super) fn rows(text: &str, layout: &Layout<'_>, taken: &Taken) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (label, value) in layout.neighbours() {
        let Some(kind) = label.slice(text).and_then(kind_of) else { continue };
        let Some(cell) = value.slice(text) else { continue };
        let shown = cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '`' | '"' | '*'));
        let fits = (3..=400).contains(&shown.len())
            && !shown.contains(['|', '\n'])
            && (kind == Kind::UserAgent || shown.split_whitespace().count() <= 6)
            && shown.chars().any(char::is_alphanumeric)
            && kind_of(shown).is_none();
        let start = value.start as usize + cell.find(shown).unwrap_or(0);
        let span = Span::new(start, start + shown.len());
        if fits && (kind == Kind::NamedPipe || !taken.fill(span)) {
            claims.push(trace(kind, shown, span, "the cell before it says what it is", 88));
        }
    }
    claims
}

/// What a cell says of the next one, if it is a label and nothing else.
fn kind_of(cell: &str) -> Option<Kind> {
    let bare = cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '`' | '_'));
    if bare.len() > 20 {
        return None;
    }
    let bare = bare.to_ascii_lowercase();
    let bare = bare.strip_suffix("(s)").or(bare.strip_suffix('s')).unwrap_or(&bare);
    LABELS.iter().find(|(label, _)| *label == bare).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_whole_cell() {
        assert_eq!(kind_of(" **Mutex:** "), Some(Kind::Mutex));
        assert_eq!(kind_of("Scheduled Tasks"), Some(Kind::ScheduledTask));
        assert_eq!(kind_of("Service provider"), None);
        assert_eq!(kind_of("IP"), None);
    }
}
