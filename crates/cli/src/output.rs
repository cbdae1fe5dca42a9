use std::io::{BufWriter, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Standard output and standard error, as text or JSON Lines.
pub struct Output {
    pub json: bool,
    /// Whether nobody reads standard output any more.
    abandoned: bool,
    stdout: BufWriter<anstream::AutoStream<std::io::Stdout>>,
}

/// Width of text where the terminal does not tell, in columns.
const WIDTH: usize = 100;

impl Output {
    pub fn new(json: bool) -> Self {
        Self {
            json,
            abandoned: false,
            stdout: BufWriter::with_capacity(1 << 16, anstream::stdout()),
        }
    }

    /// Prints one JSON object on a line.
    pub fn object(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Prints bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.abandoned {
            return Ok(());
        }
        self.stdout.write_all(bytes).map_err(|error| of_stdout(&error))
    }

    /// Prints what `write` writes, as it comes.
    pub fn written(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        if self.abandoned {
            return Ok(());
        }
        write(&mut self.stdout).map_err(|error| of_stdout(&error))
    }

    /// Prints nothing from now on: whoever read went away, and the work goes on for its other results.
    pub fn abandon(&mut self) {
        self.abandoned = true;
    }

    /// Prints text as it is: the caller has made it harmless.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    /// Prints a line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.text("\n")
    }

    /// Says something on standard error, after what was printed so far.
    pub fn message(&mut self, text: &str) -> Result<(), Failure> {
        self.flush()?;
        Ok(writeln!(anstream::stderr().lock(), "{}", harmless(text))?)
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        if self.abandoned {
            return Ok(());
        }
        self.stdout.flush().map_err(|error| of_stdout(&error))
    }

    /// Columns to wrap text at.
    pub fn width() -> usize {
        terminal_size::terminal_size()
            .map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(40, 160))
    }

    /// Whether colours are wanted.
    pub fn colour() -> bool {
        std::io::stdout().is_terminal()
            && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
    }
}

fn of_stdout(error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => Failure::usage(format!("standard output: {error}")),
    }
}

/// The text with control and direction-changing characters shown, so that a document cannot
/// steer the terminal. Line breaks and tabs are kept.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.push('\u{fffd}');
            }
            c if c.is_control() => shown.push('\u{fffd}'),
            c => shown.push(c),
        }
    }
    shown
}

/// Free text with web addresses made unclickable; values of known kind are defanged by `publish`.
pub fn unlinked(text: &str) -> String {
    text.replace("http://", "hxxp://").replace("https://", "hxxps://")
}

/// As [`harmless`], on one line and at most `width` characters.
pub fn one_line(text: &str, width: usize) -> String {
    let joined = harmless(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.chars().count() <= width {
        return joined;
    }
    let mut cut: String = joined.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// `1 file`, `2 files`.
pub fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Rows of text in aligned columns, the last one unpadded; widths in terminal columns.
pub fn table(rows: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if at + 1 < row.len() {
                line.push_str(&" ".repeat(widths[at] - cell.width() + 2));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{202e}c\n"), "a\u{fffd}[31mb\u{fffd}c\n");
        assert_eq!(one_line("a\n b  c", 9), "a b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
    }

    #[test]
    fn columns_align_by_what_the_eye_sees() {
        let rows = vec![vec!["ä".into(), "x".into()], vec!["日本".into(), "y".into()]];
        assert_eq!(table(&rows), "ä     x\n日本  y\n");
    }
}
