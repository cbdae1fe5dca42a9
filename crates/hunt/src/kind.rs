//! What a file without packing is, told by how it begins.

use crate::cells::csv_delimiter;
use crate::content;
use crate::event_table;
use crate::event_text;
use crate::journal;
use crate::line::nps;
use crate::lines;
use crate::packing;
use crate::parquet_log;
use crate::rows;
use crate::transcript;

/// What a file without packing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Evtx,
    Journal,
    Parquet,
    Json,
    Xml,
    W3c,
    EventTable(u8),
    EventText,
    Csv(u8),
    /// The same, with cells that hold line ends.
    Cells(u8),
    Transcript,
    Text,
    /// Programs, pictures and the like, which are no logs.
    Program,
    /// Other bytes, which may hold logs: images of disks, parts of files.
    Binary,
}

impl Kind {
    /// Whether lines mean something in it.
    pub(crate) fn is_lines(self) -> bool {
        !matches!(
            self,
            Kind::Evtx | Kind::Journal | Kind::Parquet | Kind::Program | Kind::Binary | Kind::Xml
        )
    }
}

/// First bytes of files that hold no logs.
const PROGRAMS: &[&[u8]] = &[
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"%PDF",
    b"wOFF",
    b"wOF2",
    b"\0\0\x01\0",
    b"MSCF",
    b"Rar!",
    b"\0asm",
    b"BM",
];

pub(crate) fn kind_of(head: &[u8]) -> Kind {
    if head.starts_with(b"ElfFile\0") {
        return Kind::Evtx;
    }
    if journal::is_export(head) {
        return Kind::Journal;
    }
    if parquet_log::is_parquet(head) {
        return Kind::Parquet;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    // A server that stopped at once leaves blocks of NUL in its log.
    if memchr::memchr(0, head).is_some() && !is_directive(text) {
        if PROGRAMS.iter().any(|magic| head.starts_with(magic)) {
            return Kind::Program;
        }
        if !begins_with_a_line(text) {
            return Kind::Binary;
        }
    }
    if transcript::is_transcript(head) {
        return Kind::Transcript;
    }
    let line_at = |at: usize| memchr::memchr(b'\n', &text[at..]).map(|next| at + next + 1);
    if is_directive(text) {
        return Kind::W3c;
    }
    match text.first() {
        Some(b'{') => return Kind::Json,
        Some(b'[') if text[1..].trim_ascii_start().starts_with(b"{") => return Kind::Json,
        Some(b'<') if nps::is_nps(text) => return Kind::Text,
        Some(b'<') if memchr::memmem::find(text, b"<Event").is_some() => return Kind::Xml,
        _ => {}
    }
    // evtx_dump puts `Record 1` before each object.
    if text.starts_with(b"Record ") && line_at(0).is_some_and(|at| text[at..].starts_with(b"{")) {
        return Kind::Json;
    }
    let head = String::from_utf8_lossy(text);
    if let Some(delimiter) = event_table::delimiter(&head) {
        return Kind::EventTable(delimiter);
    }
    if event_text::is_events(&head) {
        return Kind::EventText;
    }
    // A cut or rotated W3C log may have its directives further down; Exchange logs may begin with
    // their header row.
    if text.split(|b| *b == b'\n').take(50).any(|line| line.starts_with(b"#Fields")) {
        return Kind::W3c;
    }
    match csv_delimiter(&head) {
        Some(delimiter) if rows::are_of_several_lines(text) => Kind::Cells(delimiter),
        Some(delimiter) => Kind::Csv(delimiter),
        None => Kind::Text,
    }
}

/// Whether a whole line of readable text stands before the first NUL: a log with damage further down.
fn begins_with_a_line(text: &[u8]) -> bool {
    const SHORTEST: usize = 16;
    let Some(end) = memchr::memchr2(0, b'\n', text) else { return false };
    let line = text[..end].trim_ascii_end();
    text[end] == b'\n'
        && line.len() >= SHORTEST
        && std::str::from_utf8(line)
            .is_ok_and(|line| line.chars().all(|c| !c.is_control() || c == '\t'))
}

/// Whether a text begins with a directive of the W3C's log format.
fn is_directive(text: &[u8]) -> bool {
    [
        &b"#Software"[..],
        b"#Version",
        b"#Date",
        b"#Fields",
        b"#Start-Date",
        b"#separator",
        b"#fields",
        b"#Log-type",
    ]
    .iter()
    .any(|directive| text.starts_with(directive))
}

/// What must stand before later lines of a log so that they can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    None,
    /// Nothing; but records end with a blank line.
    Entries,
    /// The names of the columns.
    FirstLine,
    /// Lines that begin with `#`, the latest of each name.
    Directives,
    /// A block between two rules.
    Block,
}

/// How a log that begins so is read on; `None` when it does not grow by lines.
pub(crate) fn heading(head: &[u8]) -> Option<Heading> {
    if packing::packed(head).is_some() || lines::utf16(head).is_some() {
        return None;
    }
    match kind_of(head) {
        Kind::Evtx
        | Kind::Parquet
        | Kind::Program
        | Kind::Binary
        | Kind::Xml
        | Kind::EventText
        | Kind::Cells(_) => None,
        // An array of objects is no list of lines.
        Kind::Json if !head.trim_ascii_start().starts_with(b"{") => None,
        Kind::Journal => Some(Heading::Entries),
        Kind::Json | Kind::Text => Some(Heading::None),
        Kind::W3c => Some(Heading::Directives),
        Kind::EventTable(_) | Kind::Csv(_) => Some(Heading::FirstLine),
        Kind::Transcript => Some(Heading::Block),
    }
}

/// Whether the lines of a file are records, not parts of one thing.
pub(crate) fn is_log(kind: Kind, head: &[u8]) -> bool {
    match kind {
        Kind::Evtx
        | Kind::Journal
        | Kind::Parquet
        | Kind::W3c
        | Kind::EventTable(_)
        | Kind::EventText
        | Kind::Csv(_)
        | Kind::Cells(_)
        | Kind::Transcript => true,
        Kind::Json => head.trim_ascii_start().starts_with(b"{") && head.contains(&b'\n'),
        Kind::Xml => memchr::memmem::find(head, b"<Event").is_some(),
        Kind::Program | Kind::Binary => false,
        Kind::Text => content::begins_like_a_log(head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_kind() {
        for (head, kind) in [
            (&b"#Software: Microsoft Internet Information Services 10.0\r\n"[..], Kind::W3c),
            (b"\xef\xbb\xbf#Fields: date time c-ip\n", Kind::W3c),
            (b"#Version: 1.0\n#Fields: date time c-ip\n\0\0\0\0", Kind::W3c),
            (b"DateTime,RequestId,MajorVersion\n#Software: Microsoft Exchange Server\n#Fields: DateTime,RequestId\n", Kind::W3c),
            (b"ElfFile\0\0\0", Kind::Evtx),
            (b"{\"EventID\": 1}\n", Kind::Json),
            (b"[ {\"EventID\": 1}]", Kind::Json),
            (b"<?xml version='1.0'?><Events><Event xmlns='x'>", Kind::Xml),
            (b"a,b,c\n1,2,3\n", Kind::Csv(b',')),
            (b"a,b,c\n1,\"2\n3\",4\n", Kind::Cells(b',')),
            (b"Mar  3 01:02:03 host sshd[1]: text\n", Kind::Text),
            (b"<Event><Timestamp data_type=\"4\">03/03/2021 01:02:03.123</Timestamp></Event>\n", Kind::Text),
            (b"MZ\x90\0\x03", Kind::Program),
            (b"\xeb\x52\x90NTFS\0", Kind::Binary),
            (b"Mar  3 01:02:03 host sshd[1]: text\n\0\0\0\0\nMar  3", Kind::Text),
            (b"SQLite format 3\0\x10", Kind::Binary),
            (b"short\n\0\0", Kind::Binary),
            (b"__CURSOR=s=1\n", Kind::Journal),
            (b"PAR1\x15\0", Kind::Parquet),
            (b"\"Message\",\"Id\",\"LogName\"\n", Kind::EventTable(b',')),
            (b"\xef\xbb\xbf**********************\nWindows PowerShell transcript start\n", Kind::Transcript),
        ] {
            assert_eq!(kind_of(head), kind, "{}", String::from_utf8_lossy(head));
        }
    }
}
