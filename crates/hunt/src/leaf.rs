//! A file that is no archive: judged as a file, then read as the log that it is.

use std::io::{self, Cursor, Read};

use lapwing_model::ProblemKind;

use crate::baseline;
use crate::carve;
use crate::cell_log;
use crate::content;
use crate::context::Context;
use crate::event_log;
use crate::event_table;
use crate::event_text;
use crate::file;
use crate::input::{About, failed};
use crate::journal;
use crate::kind::{Kind, is_log, kind_of};
use crate::lines::{self, Returns, Utf16};
use crate::parquet_log;
use crate::report::Report;
use crate::rewritten::{self, Rewritten};
use crate::rotation;
use crate::scan::Scan;
use crate::table_log::{self, Shape};
use crate::transcript;
use crate::web_tree;

/// Reads a file that is no archive.
pub(crate) fn leaf(
    ctx: &Context<'_>,
    head: &[u8],
    reader: &mut dyn Read,
    about: About<'_>,
    report: &mut Report,
) {
    if !ctx.wants(about.name) {
        return;
    }
    let mut settings;
    let reader: &mut dyn Read = if about.name.contains('!') && !ctx.second && ctx.only.is_none() {
        settings = member(about.name, reader, report);
        &mut settings
    } else {
        reader
    };
    let encoding = lines::utf16(head);
    let decoded;
    let told_by = match encoding {
        Some(encoding) => {
            let even = head.len() / 2 * 2;
            decoded = encoding.decode(&head[..even]).0.into_owned().into_bytes();
            &decoded[..]
        }
        None => head,
    };
    let returns = lines::has_returns_only(told_by);
    let fed;
    let told_by = if returns {
        let mut text = told_by.to_vec();
        lines::returns_to_feeds(&mut text, None);
        fed = text;
        &fed[..]
    } else {
        told_by
    };
    let kind = kind_of(told_by);
    let told_here = || rewritten::rewriting(told_by);
    let rewrite = (kind == Kind::Text).then(|| about.rewrite.or_else(told_here)).flatten();
    let told;
    let told_by = match rewrite {
        Some(rewrite) => {
            let mut text = told_by.to_vec();
            rewrite(&mut text);
            told = text;
            &told[..]
        }
        None => told_by,
    };
    let returns = returns && kind.is_lines();
    let mut scan = Scan::new(ctx, about.name, report);
    let written = || about.modified.filter(|_| ctx.options.file_times);
    scan.clock.last_day = rotation::day_of(about.name)
        .or_else(|| Some(written()?.to_zoned(jiff::tz::TimeZone::UTC).date()));
    let modified = about.modified.filter(|_| ctx.options.file_times);
    // Files in web roots, and programs when there are hashes to compare, are read whole.
    let on_disk = !ctx.second
        && !matches!(
            kind,
            Kind::Evtx | Kind::W3c | Kind::Journal | Kind::EventTable(_) | Kind::EventText
        );
    let named = if on_disk { file::named(&mut scan, about.name) } else { Vec::new() };
    let may_be_program = matches!(kind, Kind::Binary | Kind::Program | Kind::Text);
    let wanted = on_disk && (!named.is_empty() || file::is_wanted(ctx, about.name, may_be_program));
    let has_rules = ctx.content_rules().is_some();
    let mut kept = Cursor::new(Vec::new());
    let mut short;
    let reader: &mut dyn Read = if wanted || has_rules || on_disk && ctx.baseline().is_some() {
        let most = ctx.options.limits.whole_file;
        if let Err(error) = reader.take(most + 1).read_to_end(kept.get_mut()) {
            failed(about.name, &error, scan.report);
        }
        if kept.get_ref().len() as u64 > most {
            let how = if has_rules { "by hash, content or YARA" } else { "by hash or content" };
            let message = format!("larger than {most} bytes, so not compared {how}");
            scan.problem(ProblemKind::Limit, message, None);
            file::name(&mut scan, about.name, &named, modified);
        } else {
            if wanted {
                file::content(&mut scan, about.name, &named, kept.get_ref(), modified);
            }
            if on_disk {
                baseline::compare(&mut scan, kept.get_ref(), modified);
            }
            content::scan(&mut scan, kept.get_ref(), is_log(kind, head), modified);
        }
        short = kept.chain(reader);
        &mut short
    } else {
        reader
    };
    if kind == Kind::Program {
        scan.report.binaries += 1;
        return;
    }
    let mut utf8;
    let reader: &mut dyn Read = match encoding {
        Some(encoding) => {
            utf8 = Utf16::new(reader, encoding);
            &mut utf8
        }
        None => reader,
    };
    let file = about.file.filter(|_| encoding.is_none() && !returns && rewrite.is_none());
    let mut feeds;
    let reader: &mut dyn Read = if returns {
        feeds = Returns::new(reader);
        &mut feeds
    } else {
        reader
    };
    let mut as_others;
    let reader: &mut dyn Read = match rewrite {
        Some(rewrite) => {
            as_others = Rewritten::new(reader, rewrite);
            &mut as_others
        }
        None => reader,
    };
    let result = match kind {
        Kind::Evtx => carve::read_evtx(&mut scan, reader),
        Kind::Journal => journal::read(&mut scan, reader),
        Kind::Parquet => parquet_log::read_member(&mut scan, reader),
        Kind::EventTable(delimiter) => event_table::read(&mut scan, reader, delimiter),
        Kind::EventText => event_text::read(&mut scan, reader),
        Kind::Transcript => transcript::read(&mut scan, reader),
        Kind::Binary => carve::read_raw(&mut scan, reader).map(|chunks| {
            scan.report.binaries += u64::from(chunks == 0);
        }),
        Kind::Json => event_log::read_json(&mut scan, reader),
        Kind::Xml => event_log::read_xml(&mut scan, reader),
        Kind::W3c => table_log::read(&mut scan, reader, Shape::W3c, told_by, file),
        Kind::Csv(delimiter) => {
            table_log::read(&mut scan, reader, Shape::Csv { delimiter }, told_by, file)
        }
        Kind::Cells(delimiter) => cell_log::read(&mut scan, reader, delimiter),
        Kind::Text | Kind::Program => {
            table_log::read(&mut scan, reader, Shape::Text, told_by, file)
        }
    };
    scan.finish();
    if let Err(error) = result {
        failed(about.name, &error, report);
    }
}

/// Notes what a member of an archive tells of folders that are served; gives the member as it was.
fn member<'r>(
    name: &str,
    reader: &'r mut dyn Read,
    report: &mut Report,
) -> io::Chain<Cursor<Vec<u8>>, &'r mut dyn Read> {
    let mut text = Vec::new();
    if web_tree::is_settings(name)
        && let Err(error) = reader.take(web_tree::LONGEST).read_to_end(&mut text)
    {
        failed(name, &error, report);
    }
    report.members.note(name, || Some(String::from_utf8_lossy(&text).into_owned()));
    Cursor::new(text).chain(reader)
}
