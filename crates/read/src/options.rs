use lapwing_model::{Document, Format, Marking, PartialDate};

/// How to read: everything has a default, and what is set wins over what a document says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Read as this format, whatever the content looks like.
    pub format: Option<Format>,
    /// Names of a table's columns, from the left; `-` leaves a column out.
    pub columns: Option<Vec<String>>,
    /// Who published the documents.
    pub source: Option<String>,
    /// When they were published.
    pub published: Option<PartialDate>,
    /// Who may see them.
    pub marking: Option<Marking>,
    /// What may be spent on one input.
    pub limits: Limits,
}

impl Options {
    /// Writes what the user said about a document over what the document says of itself.
    pub(crate) fn apply(&self, document: &mut Document) {
        if self.source.is_some() {
            document.source.clone_from(&self.source);
        }
        document.published = self.published.or(document.published);
        document.modified = document.modified.filter(|_| self.published.is_none());
        document.marking = self.marking.or(document.marking);
    }
}

/// What may be spent on one input; each limit is a named problem when it is reached.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one document that is not read in parts. Default 256 MiB.
    pub document_bytes: u64,
    /// Bytes that all members of one archive or compressed file may unpack to. Default 16 GiB.
    pub unpacked_bytes: u64,
    /// Unpacked bytes for each packed byte, looked at after the first 16 MiB. Default 200.
    pub ratio: u64,
    /// Archives inside archives. Default 4.
    pub depth: u32,
    /// Members of one archive, nested ones included. Default 100,000.
    pub members: u64,
    /// Lists and tables larger than this are read as numbered parts. Default 4 MiB.
    pub part_bytes: usize,
    /// Seconds for one PDF. Default 60.
    pub pdf_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 256 << 20,
            unpacked_bytes: 16 << 30,
            ratio: 200,
            depth: 4,
            members: 100_000,
            part_bytes: 1 << 20,
            pdf_seconds: 60,
        }
    }
}
