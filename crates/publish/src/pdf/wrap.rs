//! Text into lines of a width.

use super::font::{Faces, Style};

/// A word of so many bytes fits no line.
const LONG: usize = 4096;

/// Breaks a text into lines: between words, inside a word only where it is wider than the line.
pub(super) fn lines(faces: &Faces, text: &str, style: Style, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0.0;
    let blank = faces.width(" ", style, size);
    for word in text.split_whitespace() {
        let mut word = word;
        let mut wide =
            if word.len() > LONG { f32::INFINITY } else { faces.width(word, style, size) };
        loop {
            let lead = if line.is_empty() { 0.0 } else { blank };
            if used + lead + wide <= width {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
                used += lead + wide;
                break;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
                continue;
            }
            let (head, rest) = split(faces, word, style, size, width);
            lines.push(head.to_owned());
            word = rest;
            // What is far too wide is not measured anew line by line: that would be quadratic.
            wide = if word.len() > LONG { f32::INFINITY } else { faces.width(word, style, size) };
            if word.is_empty() {
                break;
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// As much of a word as fits, at least a letter; rather behind `/`, `.` and the like than between letters.
fn split<'w>(
    faces: &Faces,
    word: &'w str,
    style: Style,
    size: f32,
    width: f32,
) -> (&'w str, &'w str) {
    let mut used = 0.0;
    let (mut end, mut soft) = (0, 0);
    for (at, c) in word.char_indices() {
        used += faces.width(c.encode_utf8(&mut [0; 4]), style, size);
        if used > width && at > 0 {
            break;
        }
        end = at + c.len_utf8();
        if matches!(c, '/' | '.' | '\\' | '-' | '_' | '?' | '&' | '=' | ',') {
            soft = end;
        }
    }
    let at = if end < word.len() && soft > end / 2 { soft } else { end };
    word.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_nothing_is_too_wide() {
        let faces = Faces::builtin(None).unwrap();
        for text in [
            "",
            "a",
            "one two three four five six",
            &"x".repeat(300),
            "http://a.example/a/b/c/d/e/f?x=1&y=2",
            "中文 中文",
        ] {
            let lines = lines(&faces, text, Style::Plain, 10.0, 60.0);
            let joined: String = lines.concat().split_whitespace().collect();
            assert_eq!(joined, text.split_whitespace().collect::<String>());
            for line in &lines {
                assert!(faces.width(line, Style::Plain, 10.0) <= 60.0, "{line}");
            }
        }
    }
}
