//! Log sources as data: how each is recognised by content, where it lies, what it shows.

use serde::Deserialize;

use crate::condition::{Artifacts, Condition, Written};
use crate::record::Record;

/// How the records of a source are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reader {
    /// Lines with a header: W3C, CSV.
    Table,
    /// Windows events, in any encoding.
    Events,
    /// Lines of text, each with the fields of its own form.
    Text,
    /// Records of other logs: JSON, journals, transcripts, Parquet.
    Record,
    /// The file itself: path, name, size, content, hashes.
    File,
}

/// One kind of log, or kind of file on disk.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub id: String,
    pub title: String,
    /// Where it lies on a server.
    pub lies: String,
    /// What it shows that no other does.
    pub shows: String,
    pub reader: Reader,
    pub order: u32,
    /// The source of which this is another form.
    pub variant_of: Option<String>,
    /// On a record made of the header: `software`, `log-type`, `columns` (comma-joined, each
    /// with commas around), `path`; for events `channel`, `provider`; for text and other records
    /// `form` (the kind of log, as Sigma's log sources name it) and `path`.
    recognise: Condition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SourceFile {
    id: String,
    title: String,
    lies: String,
    shows: String,
    reader: Reader,
    #[serde(default)]
    order: u32,
    variant_of: Option<String>,
    recognise: Written,
}

impl SourceFile {
    pub(crate) fn compile(self) -> Result<Source, String> {
        Ok(Source {
            id: self.id,
            title: self.title,
            lies: self.lies,
            shows: self.shows,
            reader: self.reader,
            order: self.order,
            variant_of: self.variant_of,
            recognise: self.recognise.compile()?,
        })
    }
}

impl Source {
    /// The first source, in their order, that recognises what is told about a log.
    pub(crate) fn of<'s>(
        sources: &'s [Source],
        reader: Reader,
        told: &[(&str, &str)],
    ) -> Option<&'s Source> {
        let record = Record {
            fields: told.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            raw: "".into(),
            time: None,
            place: None,
            offset: 0,
        };
        let nothing = Artifacts::new();
        sources.iter().filter(|s| s.reader == reader).find(|s| s.recognise.holds(&record, &nothing))
    }
}
