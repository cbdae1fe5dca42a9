//! Parquet: records by the names of their columns, row group by row group.

use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use lapwing_model::{Place, ProblemKind};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::event::Event;
use crate::event_log;
use crate::own_record::{self, Own};
use crate::scan::Scan;

/// Whether a file begins as Parquet does.
pub(crate) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// Reads a file of the file system.
pub(crate) fn read_file(scan: &mut Scan<'_, '_>, file: File) {
    read(scan, file);
}

/// Reads a member of an archive, which must fit into memory.
pub(crate) fn read_member(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    let most = scan.ctx.options.limits.whole_file;
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!(
            "Parquet is read from its end, and inside an archive only up to {most} bytes; unpack it first"
        );
        scan.problem(ProblemKind::Limit, message, None);
        return Ok(());
    }
    read(scan, bytes::Bytes::from(bytes));
    Ok(())
}

fn read<R: ChunkReader + 'static>(scan: &mut Scan<'_, '_>, input: R) {
    scan.cover(None, "Parquet table", 0, 0);
    // What a file holds is told at its end.
    let length = input.len();
    let end = length.checked_sub(4).and_then(|at| input.get_bytes(at, 4).ok());
    if !end.is_some_and(|end| end.starts_with(b"PAR1") || end.starts_with(b"PARE")) {
        let message = "the file is cut: its end, which tells where its columns lie, is missing, so that nothing of it could be read; copy it again from where it lies";
        return scan.problem(ProblemKind::Truncated, message.to_owned(), None);
    }
    // The parser is not ours: a panic in it costs a row group and is named.
    let opened = catch_unwind(AssertUnwindSafe(|| SerializedFileReader::new(input)));
    let file = match opened {
        Ok(Ok(file)) => file,
        Ok(Err(error)) => {
            let message = format!("{error}; nothing of it could be read; {AGAIN}");
            return scan.problem(ProblemKind::Malformed, message, None);
        }
        Err(_) => {
            let message = format!("the parser gave up; {AGAIN}");
            return scan.problem(ProblemKind::Malformed, message, None);
        }
    };
    let mut number = 0u64;
    for group in 0..file.num_row_groups() {
        let place = Some(format!("row group {group}"));
        let meta = file.metadata().row_group(group);
        let rows = u64::try_from(meta.num_rows()).unwrap_or(0).max(1);
        let bytes = u64::try_from(meta.total_byte_size()).unwrap_or(0) / rows;
        let done = catch_unwind(AssertUnwindSafe(|| -> Result<(), String> {
            let group = file.get_row_group(group).map_err(|e| e.to_string())?;
            for row in group.get_row_iter(None).map_err(|e| e.to_string())? {
                number += 1;
                take(scan, &row.map_err(|e| e.to_string())?, number, bytes);
            }
            Ok(())
        }));
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let message = format!("{error}; the other row groups were read; {AGAIN}");
                scan.problem(ProblemKind::Malformed, message, place);
            }
            Err(_) => {
                let message =
                    format!("the parser gave up; the other row groups were read; {AGAIN}");
                scan.problem(ProblemKind::Malformed, message, place);
            }
        }
    }
}

const AGAIN: &str = "copy it again from where it lies, or export the table as CSV or JSON";

fn take(scan: &mut Scan<'_, '_>, row: &Row, number: u64, bytes: u64) {
    let mut fields = Vec::with_capacity(row.len());
    for (name, field) in row.get_column_iter() {
        flatten(name, field, 0, &mut fields);
    }
    if let Some(event) = Event::from_fields(&fields) {
        event_log::take(scan, &event, Some(Place::Record(number)), 0, bytes);
        return;
    }
    let known = own_record::know(&mut fields);
    let own = Own {
        log: &known.log,
        title: "Parquet table",
        fields,
        line: &known.line,
        when: known.when,
        place: Place::Record(number),
        offset: 0,
        bytes,
    };
    own_record::take(scan, own);
}

/// Parts deeper than this are shown as they are.
const DEEPEST: usize = 16;

fn flatten(name: &str, field: &Field, depth: usize, out: &mut Vec<(String, String)>) {
    let time =
        |time: Result<Timestamp, jiff::Error>| time.map(|t| t.to_string()).unwrap_or_default();
    let text = match field {
        Field::Null => return,
        Field::Group(row) if depth < DEEPEST => {
            for (inner, field) in row.get_column_iter() {
                flatten(&format!("{name}.{inner}"), field, depth + 1, out);
            }
            return;
        }
        Field::ListInternal(list) if depth < DEEPEST => {
            for field in list.elements() {
                flatten(name, field, depth + 1, out);
            }
            return;
        }
        Field::MapInternal(map) if depth < DEEPEST => {
            for (key, field) in map.entries() {
                let key = match key {
                    Field::Str(key) => key.clone(),
                    key => key.to_string(),
                };
                flatten(&format!("{name}.{key}"), field, depth + 1, out);
            }
            return;
        }
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::TimestampMillis(value) => time(Timestamp::from_millisecond(*value)),
        Field::TimestampMicros(value) => time(Timestamp::from_microsecond(*value)),
        other => other.to_string(),
    };
    out.push((name.to_owned(), text));
}
