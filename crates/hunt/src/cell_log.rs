//! Tables of any kind whose cells hold line ends: read a row at a time, where other tables are read a line at a time.

use std::borrow::Cow;
use std::io::{self, Read};

use lapwing_model::Place;

use crate::cells::split;
use crate::lines;
use crate::record::Record;
use crate::rows::{self, Row};
use crate::scan::Scan;
use crate::sigma::Told;
use crate::source::{Reader, Source};
use crate::table_log::{inner, moment_of};

struct Table<'h> {
    delimiter: u8,
    columns: Vec<String>,
    source: Option<&'h Source>,
}

const TITLE: &str = "CSV table";

/// Reads a table whose first row names the columns.
pub(crate) fn read<'c, 'h: 'c>(
    scan: &mut Scan<'c, 'h>,
    reader: &mut dyn Read,
    delimiter: u8,
) -> io::Result<()> {
    let mut table = Table { delimiter, columns: Vec::new(), source: None };
    rows::read(scan, reader, delimiter, |scan, row| table.row(scan, &row))
}

impl<'h> Table<'h> {
    fn row<'c>(&mut self, scan: &mut Scan<'c, 'h>, row: &Row)
    where
        'h: 'c,
    {
        let text = lines::text(&row.bytes);
        let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return;
        }
        if self.columns.is_empty() {
            self.columns =
                split(text, self.delimiter, true).map(|name| name.trim().to_owned()).collect();
            let columns = format!(",{},", self.columns.join(","));
            let told = [("columns", columns.as_str()), ("path", scan.name)];
            self.source = scan.ctx.source(Reader::Table, &told);
            return;
        }
        let cells: Vec<Cow<'_, str>> = split(text, self.delimiter, true).collect();
        if cells.len() != self.columns.len() {
            let message =
                format!("{} fields where the header names {}", cells.len(), self.columns.len());
            scan.broken(format!("line {}", row.line), message);
        }
        let names = self.columns.iter().map(|name| Cow::Borrowed(name.as_str()));
        let names = names.chain(std::iter::repeat(Cow::Borrowed("")));
        let mut record = Record {
            fields: names.zip(cells).collect(),
            raw: Cow::Borrowed(text),
            time: None,
            place: Some(Place::Line(row.line)),
            offset: row.offset,
        };
        inner::add(&mut record);
        let moment = moment_of(&record);
        record.time = moment.and_then(|moment| scan.clock.settle(moment));
        let inside = u64::from(scan.in_period(record.time));
        scan.cover_within(self.source, TITLE, 1, inside, row.bytes.len() as u64);
        scan.cover_time(self.source, TITLE, record.time);
        if let Some(moment) = moment {
            scan.assume(self.source, TITLE, moment);
        }
        scan.check(&record, scan.ctx.route(self.source));
        if scan.has_rules() {
            scan.sigma(&Told { log: "table", line: &record.raw, ..Told::default() }, &record);
        }
        for hit in scan.find(text.as_bytes()) {
            let matched = String::from_utf8_lossy(&text.as_bytes()[hit.start..hit.end]);
            scan.hit(&record, hit.indicator, &matched);
        }
    }
}
