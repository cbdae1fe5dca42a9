//! Cells of a table that hold a record of their own: the audit log of Microsoft 365 puts it as JSON into one cell.

use std::borrow::Cow;

use serde_json::Value;

use crate::event;
use crate::record::Record;

/// Adds the fields of objects that stand as JSON in cells, behind the cells.
pub(crate) fn add(record: &mut Record<'_>) {
    let is_object = |value: &str| value.starts_with('{') && value.trim_end().ends_with('}');
    let objects = record.fields.iter().filter(|(_, value)| is_object(value));
    let added: Vec<(String, String)> = objects
        .filter_map(|(_, value)| serde_json::from_str::<Value>(value).ok())
        .flat_map(|value| event::flatten(&value))
        .collect();
    record.fields.extend(added.into_iter().map(|(k, v)| (Cow::Owned(k), Cow::Owned(v))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_in_a_cell_gives_its_fields() {
        let mut record = Record {
            fields: vec![
                ("Operation".into(), "New-InboxRule".into()),
                ("AuditData".into(), r#"{"ClientIP":"192.0.2.66","Item":{"Id":1}}"#.into()),
                ("Other".into(), "{not json}".into()),
            ],
            raw: "".into(),
            time: None,
            place: None,
            offset: 0,
        };
        add(&mut record);
        assert_eq!(record.get("ClientIP"), Some("192.0.2.66"));
        assert_eq!(record.get("Item.Id"), Some("1"));
        assert_eq!(record.fields.len(), 5);
        // The part says more than the cell that holds it.
        assert_eq!(record.field_of("192.0.2.66"), Some(("ClientIP", "192.0.2.66")));
    }
}
