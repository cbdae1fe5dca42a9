//! Which lines were looked at, and of which period they are.

use jiff::Timestamp;

use super::{Shape, Table, last_line, line_at};
use crate::context::Seen;
use crate::line_order::Extremes;
use crate::lines::each_line;
use crate::pipeline::Chunk;
use crate::scan::Scan;
use crate::time::Moment;

/// So many lines before the end are asked for a time.
const LAST_LINES: usize = 8;

impl Table<'_> {
    /// Tells that the lines between two places were looked at, and their period.
    pub(super) fn cover(
        &self,
        scan: &mut Scan<'_, '_>,
        chunk: &Chunk<Seen>,
        (from, to): (usize, usize),
        count: u64,
    ) {
        let text = chunk.text();
        let newlines = chunk.seen.scratch.newlines();
        // Directives and headings divide few chunks.
        let part;
        let extremes = if from == 0 && to == text.len() {
            &chunk.seen.extremes
        } else {
            let mut found = Extremes::default();
            each_line(text, newlines, from, to, |start, end| found.add(&text[start..end], start));
            part = found;
            &part
        };
        let clock = self.clock(scan).into_owned();
        let mut ends: Vec<usize> = extremes.starts().chain([from]).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut moments: Vec<(Option<Timestamp>, Moment)> = Vec::new();
        let mut take = |start: usize| {
            let (record, moment, _) = self.record(line_at(&text[..to], start), 0, 0, &clock);
            moments.extend(moment.map(|moment| (record.time, moment)));
            record.time.is_some()
        };
        for start in ends {
            take(start);
        }
        // The last line of a log that is being written may be cut: the one before it tells then.
        let mut at = last_line(&text[..to]).max(from);
        for _ in 0..LAST_LINES {
            if take(at) || at <= from {
                break;
            }
            at = last_line(&text[..at]).max(from);
        }
        let inside = if scan.asks_for_a_period() {
            let all_timed = extremes.timed == count;
            let told =
                |inside: bool| moments.iter().all(|(time, _)| scan.in_period(*time) == inside);
            if all_timed && told(true) {
                count
            } else if all_timed && told(false) && one_side(scan, &moments) {
                0
            } else {
                let (mut inside, mut last) = (0, self.before.and_then(|it| clock.settle(it)));
                each_line(text, newlines, from, to, |start, _| {
                    let line = line_at(&text[..to], start);
                    let (record, moment, form) = self.record(line, 0, 0, &clock);
                    // A line of text without a time belongs to the record above.
                    let goes_on = form == "text" && !line.is_empty() && moment.is_none();
                    last = if goes_on { last } else { record.time };
                    inside += u64::from(scan.in_period(last));
                    moments.extend(moment.map(|moment| (record.time, moment)));
                });
                inside
            }
        } else {
            count
        };
        scan.cover_within(self.source, self.title, count, inside, (to - from) as u64);
        for (time, moment) in moments {
            scan.cover_time(self.source, self.title, time);
            if !matches!(self.shape, Shape::W3c) || self.local {
                scan.assume(self.source, self.title, moment);
            }
        }
    }
}

/// Whether times outside of the period are all before it, or all after it.
fn one_side(scan: &Scan<'_, '_>, moments: &[(Option<Timestamp>, Moment)]) -> bool {
    let options = scan.ctx.options;
    let all =
        |side: &dyn Fn(Timestamp) -> bool| moments.iter().all(|(time, _)| time.is_some_and(side));
    all(&|time| options.since.is_some_and(|since| time < since))
        || all(&|time| options.until.is_some_and(|until| time > until))
}
