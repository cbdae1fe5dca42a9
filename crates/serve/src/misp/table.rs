//! Results as files: tables, lists, digests.

use std::collections::BTreeSet;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lapwing_engine::publish::export::{ExportFormat, Exported};
use lapwing_engine::publish::misp;
use serde_json::{Value, json};

use super::filter::{Filter, tags_of};
use super::search::Hit;
use super::sent::text;

/// The columns of MISP's own table.
const COLUMNS: [&str; 13] = [
    "uuid",
    "event_id",
    "category",
    "type",
    "value",
    "comment",
    "to_ids",
    "date",
    "object_relation",
    "attribute_tag",
    "object_uuid",
    "object_name",
    "object_meta_category",
];
/// What is told of the event beside.
const CONTEXT: [&str; 8] = [
    "event_info",
    "event_member_org",
    "event_source_org",
    "event_distribution",
    "event_threat_level_id",
    "event_analysis",
    "event_date",
    "event_tag",
];
/// Types whose last part is the digest of a file.
const DIGESTS: [&str; 9] =
    ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ssdeep", "imphash", "tlsh"];

/// Which columns a table has.
pub(super) struct Columns {
    names: Vec<String>,
    head: bool,
}

impl Columns {
    /// Those that a search asks for.
    pub(super) fn of(filter: &Filter) -> Self {
        let mut names: Vec<String> = if filter.columns.is_empty() {
            COLUMNS.map(str::to_owned).to_vec()
        } else {
            // MISP calls it `date` in the table.
            let name = |column: &String| if column == "timestamp" { "date" } else { column }.into();
            filter.columns.iter().map(name).collect()
        };
        if filter.with_context {
            names.extend(CONTEXT.map(str::to_owned));
        }
        Self { names, head: !filter.headless }
    }
}

/// One value a line.
fn lines<'v>(values: impl Iterator<Item = &'v str>) -> Response {
    // A line is a value: what stands on more than one cannot be told so.
    let lines: BTreeSet<&str> = values.filter(|value| !value.contains('\n')).collect();
    let body: String = lines.into_iter().flat_map(|line| [line, "\n"]).collect();
    plain(body)
}

fn plain(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// The values, each once.
pub(super) fn values(hits: &[Hit]) -> Response {
    lines(hits.iter().map(|hit| text(&hit.attribute, "value")))
}

/// The digests of files, each once.
pub(super) fn hashes(hits: &[Hit]) -> Response {
    lines(hits.iter().filter_map(|hit| {
        let kind = text(&hit.attribute, "type").rsplit('|').next()?;
        let value = text(&hit.attribute, "value").rsplit('|').next()?;
        DIGESTS.contains(&kind).then_some(value)
    }))
}

/// MD5 of each value and its event, as MISP keeps what it knows of other servers.
pub(super) fn cache(hits: &[Hit]) -> Response {
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for Hit { attribute, event, .. } in hits {
        let value = text(attribute, "value");
        let parts: Vec<&str> = if text(attribute, "type").contains('|') {
            value.split('|').collect()
        } else {
            vec![value]
        };
        for part in parts {
            let hash = misp::value_hash(part);
            lines.insert(format!("{hash},{}\n", text(event, "uuid")));
        }
    }
    plain(lines.into_iter().collect())
}

/// A table.
pub(super) fn csv(hits: &[Hit], columns: &Columns) -> Response {
    let mut body = String::new();
    if columns.head {
        body.push_str(&columns.names.join(","));
        body.push('\n');
    }
    for hit in hits {
        let cells: Vec<String> = columns.names.iter().map(|name| cell(hit, name)).collect();
        body.push_str(&cells.join(","));
        body.push('\n');
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], body).into_response()
}

fn cell(hit: &Hit, column: &str) -> String {
    let Hit { attribute, object, event } = hit;
    let nothing = Value::Null;
    let object = object.as_ref().unwrap_or(&nothing);
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let of = |json: &Value, key: &str| match &json[key] {
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        _ => quoted(""),
    };
    match column {
        "to_ids" => u8::from(attribute["to_ids"] == true).to_string(),
        "event_id" => text(event, "id").to_owned(),
        "event_uuid" => quoted(text(event, "uuid")),
        "date" => day(text(attribute, "timestamp")),
        "attribute_tag" => quoted(&tags_of(attribute).join(",")),
        "object_uuid" => of(object, "uuid"),
        "object_name" => of(object, "name"),
        "object_meta_category" => of(object, "meta-category"),
        "event_member_org" => of(&event["Org"], "name"),
        "event_source_org" => of(&event["Orgc"], "name"),
        "event_tag" => quoted(&tags_of(event).join(",")),
        other => match other.strip_prefix("event_") {
            Some(key) => of(event, key),
            None => of(attribute, other),
        },
    }
}

/// Seconds since 1970 as `20210305`.
fn day(seconds: &str) -> String {
    let time = seconds.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    time.map(|time| time.strftime("%Y%m%d").to_string()).unwrap_or_default()
}

/// Leaves the one file of an export that a client of MISP's takes: it asks for a text, and gets one.
/// What cannot be without the files beside it goes too, and says so.
pub(super) fn one_file(exported: &mut Exported, format: ExportFormat) {
    if exported.files.len() < 2 {
        return;
    }
    let name = format!("lapwing.{}", format.suffix());
    let at = exported.files.iter().position(|file| file.name == name).unwrap_or(0);
    let mut file = exported.files.swap_remove(at);
    let beside: Vec<String> = exported.files.drain(..).map(|file| file.name).collect();
    if let Ok(text) = std::str::from_utf8(&file.bytes) {
        let needs = |line: &str| beside.iter().any(|name| line.contains(name.as_str()));
        let mut left = 0;
        let mut kept = String::with_capacity(text.len());
        for line in text.lines() {
            if !line.starts_with('#') && needs(line) {
                left += 1;
            } else {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        if left > 0 {
            kept.push_str(&format!(
                "# {left} rules read lists of digests, which are files of their own: \
                 GET /api/v1/export?as={format} gives all of them\n"
            ));
        }
        file.bytes = kept.into_bytes();
    }
    exported.files.push(file);
}

/// The answer where nothing is found.
pub(super) fn no_rows(format: ExportFormat) -> Response {
    match format {
        ExportFormat::Stix | ExportFormat::Stix20 => Json(json!({
            "type": "bundle",
            "id": format!("bundle--{}", misp::uuid_of("nothing")),
            "objects": [],
        }))
        .into_response(),
        _ => plain(String::from("# nothing was found\n")),
    }
}

#[cfg(test)]
mod tests {
    use lapwing_engine::publish::export::ExportedFile;

    use super::*;

    #[test]
    fn a_client_gets_one_text_that_needs_no_other() {
        let file = |name: &str, text: &str| ExportedFile { name: name.into(), bytes: text.into() };
        let mut exported = Exported {
            files: vec![
                file("lapwing-sha256.lst", "00"),
                file("lapwing.rules", "# a.lst\nalert x\nalert lapwing-sha256.lst\n"),
            ],
            ..Exported::default()
        };
        one_file(&mut exported, ExportFormat::Suricata);
        assert_eq!(exported.files.len(), 1);
        let text = String::from_utf8(exported.files[0].bytes.clone()).unwrap();
        assert!(text.starts_with("# a.lst\nalert x\n# 1 rules read lists"), "{text}");
    }

    #[test]
    fn a_table_has_the_columns_that_are_asked_for() {
        let hit = Hit {
            attribute: json!({ "value": "a\"b", "type": "text", "to_ids": true,
                "timestamp": "1614902400", "Tag": [{ "name": "x" }, { "name": "y" }] }),
            object: Some(json!({ "name": "file" })),
            event: json!({ "id": "7", "info": "i", "Tag": [{ "name": "z" }] }),
        };
        let row = |names: &[&str]| names.iter().map(|name| cell(&hit, name)).collect::<Vec<_>>();
        assert_eq!(row(&["value", "to_ids", "date"]), ["\"a\"\"b\"", "1", "20210305"]);
        assert_eq!(row(&["event_id", "event_info", "event_tag"]), ["7", "\"i\"", "\"z\""]);
        assert_eq!(row(&["attribute_tag", "object_name", "nope"]), ["\"x,y\"", "\"file\"", "\"\""]);
    }
}
