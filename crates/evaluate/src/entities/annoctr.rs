//! The reports of AnnoCTR with their spans, laid over the plain text.
//!
//! `ner_bio/PART.bio` has a word a line with its labels (the last column: all eleven types), an empty
//! line between sentences and `<DOCSTART>` between reports, which it does not name; `text/PART`
//! has the reports. Both are the same characters but for white space, by which they are matched.

use std::path::Path;

use lapwing_extract::tagger::Tag;
use lapwing_model::Span;

use crate::EvaluateError;
use crate::corpus::files;

/// A report with the spans that people marked in it.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// Name of its file, without the ending.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The spans in order; none overlap.
    pub gold: Vec<(Span, Tag)>,
}

/// Words of one report with their labels.
type Labelled = Vec<(String, String)>;

/// Reads a part (`train`, `dev`) of the corpus in `folder`, in order of file name; nothing when the
/// folder has no such part.
///
/// # Errors
/// When a file cannot be read, or words and texts do not fit.
pub fn read(folder: &Path, part: &str) -> Result<Vec<Annotated>, EvaluateError> {
    let path = folder.join("ner_bio").join(format!("{part}.bio"));
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let open = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|source| EvaluateError::File { path: path.display().to_string(), source })
    };
    let mut labelled = labelled(&open(&path)?);
    let mut reports = Vec::new();
    for file in files(&folder.join("text").join(part), &[".txt"])? {
        let text = open(&file)?;
        let dense: String = text.split_whitespace().collect();
        // The one with the most characters that the text begins with: a report may be marked in part.
        let fits = |words: &Labelled| {
            let mut rest = dense.as_str();
            words.iter().all(|(word, _)| {
                let word: String = word.split_whitespace().collect();
                rest.find(&word).filter(|at| *at < 2000).is_some_and(|at| {
                    rest = &rest[at + word.len()..];
                    true
                })
            })
        };
        let whole = |words: &Labelled| {
            let len: usize =
                words.iter().flat_map(|(w, _)| w.split_whitespace()).map(str::len).sum();
            len == dense.len()
        };
        let Some(at) = labelled
            .iter()
            .position(|words| whole(words) && fits(words))
            .or_else(|| labelled.iter().position(fits))
        else {
            return Err(EvaluateError::Gold {
                path: file.display().to_string(),
                line: 0,
                what: format!("no report of {} has these words", path.display()),
            });
        };
        let words = labelled.remove(at);
        let name = file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let gold = spans(&text, &words);
        reports.push(Annotated { name, text, gold });
    }
    Ok(reports)
}

fn labelled(bio: &str) -> Vec<Labelled> {
    let mut reports: Vec<Labelled> = Vec::new();
    for line in bio.split('\n') {
        if line.starts_with("<DOCSTART>") {
            reports.push(Vec::new());
            continue;
        }
        let mut columns = line.split('\t');
        if let (Some(word), Some(label)) = (columns.next(), columns.next_back())
            && let Some(report) = reports.last_mut()
            && !word.trim().is_empty()
        {
            report.push((word.to_owned(), label.to_owned()));
        }
    }
    reports
}

/// The labelled runs as spans of the text.
fn spans(text: &str, words: &Labelled) -> Vec<(Span, Tag)> {
    let mut found: Vec<(Span, Tag)> = Vec::new();
    let mut at = 0;
    let mut open = false;
    for (word, label) in words {
        // White space inside a word of the corpus is passed over in the text too.
        let mut start = None;
        for c in word.chars().filter(|c| !c.is_whitespace()) {
            let Some(next) = text.get(at..).and_then(|rest| rest.find(c)) else { return found };
            if start.is_none() {
                // A report of `dev` lost the first letter of most words on the way to `ner_bio`: the
                // letters that were passed over belong to the word.
                let passed = text.get(at..at + next).unwrap_or_default();
                let lost = passed.len()
                    - passed.rfind(char::is_whitespace).map_or(0, |i| {
                        i + passed.get(i..).and_then(|p| p.chars().next()).map_or(1, char::len_utf8)
                    });
                start = Some(at + next - lost);
            }
            at += next + c.len_utf8();
        }
        let (Some(start), Some((place, tag))) = (start, label.split_once('-')) else {
            open = false;
            continue;
        };
        let Some(tag) = Tag::named(tag) else { continue };
        match found.last_mut() {
            Some((span, last)) if open && place == "I" && *last == tag => span.end = at as u32,
            _ => found.push((Span::new(start, at), tag)),
        }
        open = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_first_letter_comes_back() {
        let words = [("he", "O"), ("eron", "B-GROUP"), ("it", "O"), ("eru", "B-LOC")];
        let words = words.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
        let text = "The Heron hit Peru";
        let gold = spans(text, &words);
        let shown: Vec<_> = gold.iter().map(|(s, _)| s.slice(text).unwrap()).collect();
        assert_eq!(shown, ["Heron", "Peru"]);
    }

    #[test]
    fn labels_become_spans_of_the_text() {
        let bio = "<DOCSTART>\tO\tO\n\nMarsh\tO\tB-GROUP\nHeron\tO\tI-GROUP\nhit\tO\tO\nPeru\tO\tB-LOC\n\n.\tO\tO\n";
        let reports = labelled(bio);
        assert_eq!(reports.len(), 1);
        let text = "Marsh\n Heron hit Peru.";
        let gold = spans(text, &reports[0]);
        let shown: Vec<_> = gold.iter().map(|(s, t)| (s.slice(text).unwrap(), *t)).collect();
        assert_eq!(shown, [("Marsh\n Heron", Tag::Group), ("Peru", Tag::Location)]);
    }
}
