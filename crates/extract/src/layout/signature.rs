//! Who wrote a letter: what stands below its closing words.

use lapwing_model::Span;

/// Lines that close a letter, in lower case and without the mark at their end.
const CLOSINGS: &[&str] = &[
    "regards",
    "best regards",
    "kind regards",
    "warm regards",
    "with kind regards",
    "best",
    "best wishes",
    "sincerely",
    "yours sincerely",
    "yours truly",
    "yours faithfully",
    "cheers",
    "thanks",
    "many thanks",
    "thank you",
    "thanks and regards",
    "respectfully",
    "cordialement",
    "bien cordialement",
    "mit freundlichen grüßen",
    "mit freundlichen gruessen",
    "freundliche grüße",
    "viele grüße",
    "beste grüße",
    "saludos",
    "un saludo",
    "atentamente",
    "atenciosamente",
    "cordiali saluti",
    "distinti saluti",
    "met vriendelijke groet",
    "med venlig hilsen",
    "с уважением",
];
/// A signature is short: so many lines and bytes at most.
const LINES: usize = 9;
const BYTES: usize = 600;

/// The stretches below closing words, in order.
pub(super) fn signatures(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if closes(line) {
            let below = &text[end..];
            found.push(Span::new(end, end + length(below)));
        }
        at = end;
    }
    found
}

/// Whether a line is nothing but words that close a letter.
fn closes(line: &str) -> bool {
    let shown = line.trim();
    if shown.len() > 40 || shown.is_empty() {
        return false;
    }
    let marked = shown.ends_with([',', '!', '.', ';']);
    let bare = shown.trim_end_matches([',', '!', '.', ';']).to_lowercase();
    // "Best" and "Thanks" alone on a line head many things; with a comma they close.
    let sure = marked || bare.contains(' ') || bare.ends_with("ards") || bare.ends_with("ement");
    sure && CLOSINGS.contains(&bare.as_str())
}

/// How far a signature reaches: to the first heading or list, or two blank lines.
fn length(below: &str) -> usize {
    let (mut reached, mut blank) = (0, 0);
    for line in below.split_inclusive('\n').take(LINES) {
        let shown = line.trim();
        blank = if shown.is_empty() { blank + 1 } else { 0 };
        let other = shown.starts_with(['#', '=', '*', '|', '>']) || shown.starts_with("- ");
        let heads = shown.ends_with(':');
        if blank > 1 || other || heads || reached + line.len() > BYTES {
            break;
        }
        reached += line.len();
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_the_closing_words_is_the_writers() {
        let text =
            "Block heron.example.\n\nKind regards,\nAda <ada@marsh.example>\n+1 555\n\n\nIOCs:\nx";
        let [span] = signatures(text)[..] else { panic!("one signature") };
        let shown = span.slice(text).unwrap();
        assert!(shown.contains("ada@marsh.example") && !shown.contains("IOCs"), "{shown}");
        for text in ["Best\nx", "Thanks\nx", "We send regards to all.\nx", "Regards"] {
            assert!(signatures(text).iter().all(|span| span.is_empty()), "{text}");
        }
    }
}
