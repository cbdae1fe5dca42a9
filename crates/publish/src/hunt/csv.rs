//! The timeline as CSV. The first four columns are those that Timesketch asks for.

use std::io::{self, Write};

use lapwing_model::{Finding, Place};

use super::HuntReport;

const COLUMNS: [&str; 20] = [
    "datetime",
    "timestamp",
    "timestamp_desc",
    "message",
    "finding",
    "rule",
    "kind",
    "severity",
    "confidence",
    "proof",
    "technique",
    "file",
    "line",
    "record",
    "offset",
    "matched",
    "why",
    "evidence",
    "verdict",
    "tag",
];

pub(super) fn write(report: &HuntReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    row(out, COLUMNS.iter().map(|name| (*name).to_owned()))?;
    for finding in report.findings {
        row(out, cells(report, finding).into_iter())?;
    }
    Ok(())
}

fn cells(report: &HuntReport<'_>, finding: &Finding) -> [String; 20] {
    let kind = serde_json::to_value(finding.kind).ok();
    let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    let (line, record) = match finding.place {
        Some(Place::Line(line)) => (line.to_string(), String::new()),
        Some(Place::Record(record)) => (String::new(), record.to_string()),
        None => (String::new(), String::new()),
    };
    // Timesketch puts the zone behind the time and counts microseconds.
    let time = finding.time.map(|t| t.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string());
    let desc = match (finding.time, finding.place) {
        (None, _) => "no time",
        (Some(_), None) => "file modified",
        (Some(_), Some(_)) => "event logged",
    };
    let technique = finding.technique.clone().unwrap_or_default();
    let tag = [finding.severity.to_string(), kind.clone(), technique.clone()];
    let message = format!("[{}] {}: {}", finding.severity, finding.finding, finding.matched);
    [
        time.unwrap_or_default(),
        finding.time.map(|t| t.as_microsecond().to_string()).unwrap_or_default(),
        desc.to_owned(),
        message,
        finding.finding.clone(),
        finding.rule.clone().unwrap_or_default(),
        kind,
        finding.severity.to_string(),
        finding.confidence.as_percent().to_string(),
        finding.proof.to_string(),
        technique,
        finding.file.clone(),
        line,
        record,
        finding.offset.to_string(),
        finding.matched.clone(),
        finding.why.clone(),
        finding.evidence.clone(),
        report.verdict.verdict.as_str().to_owned(),
        tag.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(","),
    ]
}

fn row(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        out.write_all(quoted(&cell).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// A cell as RFC 4180 has it. A log may hold what a spreadsheet takes for a formula: it gets a `'` before it.
fn quoted(cell: &str) -> String {
    let cell: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let steers = cell.starts_with(['=', '+', '-', '@']);
    let lead = if steers { "'" } else { "" };
    if steers || cell.contains(['"', ',', '\'']) || cell.starts_with(' ') {
        format!("\"{lead}{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_and_steer_nothing() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\"\nc"), "\"a,\"\"b\"\" c\"");
        assert_eq!(quoted("=cmd|x"), "\"'=cmd|x\"");
        assert_eq!(quoted("@SUM(1)"), "\"'@SUM(1)\"");
    }
}
