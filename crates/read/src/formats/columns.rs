use lapwing_model::Kind;

use super::kind_words::{TypeWord, squash};

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Indicators, of this kind where the head says.
    Value(Option<Kind>),
    /// The type of the row's value.
    Type,
    /// Running text about the row.
    Comment,
    /// How sure the source is.
    Confidence,
    /// When it was first seen.
    First,
    /// When it was last seen.
    Last,
    /// When it was seen.
    Seen,
    /// Malware that the value indicates.
    Malware,
    /// Actor that the value indicates.
    Actor,
    /// Campaign that the value indicates.
    Campaign,
    /// The row's marking.
    Marking,
    /// A link to a report.
    Reference,
    /// Who says it.
    Source,
    /// Whether the value is meant for detection (MISP `to_ids`).
    Detect,
    /// Country of an address.
    Country,
    /// Numbers, identifiers, flags: nothing for the picture.
    Plain,
    /// Not recognised by its head.
    Unknown,
}

impl Column {
    /// Recognises a column by its head.
    pub fn of_head(head: &str) -> Self {
        let word = squash(head);
        match word.as_str() {
            "" => Self::Unknown,
            "indicator"
            | "indicators"
            | "ioc"
            | "iocs"
            | "iocvalue"
            | "value"
            | "observable"
            | "observables"
            | "artifact"
            | "artefact"
            | "indicatorvalue"
            | "indicatorofcompromise"
            | "hash"
            | "hashes"
            | "filehash"
            | "observablevalue"
            | "data"
            | "attributevalue"
            | "sample"
            | "c2"
            | "cc"
            | "iocvalues"
            | "entity" => Self::Value(None),
            "type" | "indicatortype" | "ioctype" | "kind" | "valuetype" | "entitytype"
            | "observabletype" | "attributetype" | "datatype" | "typeofindicator" | "iockind" => {
                Self::Type
            }
            "comment"
            | "comments"
            | "note"
            | "notes"
            | "description"
            | "desc"
            | "context"
            | "details"
            | "detail"
            | "info"
            | "remark"
            | "remarks"
            | "summary"
            | "additionalinfo"
            | "additionalinformation"
            | "attributecomment"
            | "usage"
            | "purpose"
            | "function" => Self::Comment,
            "confidence" | "confidencelevel" | "confidencescore" | "certainty" | "conf" => {
                Self::Confidence
            }
            "firstseen" | "firstseenutc" | "firstseendate" | "firstobserved"
            | "firstsubmission" | "firstseenon" | "validfrom" | "firstsighting" => Self::First,
            "lastseen" | "lastseenutc" | "lastonline" | "lastobserved" | "lastseendate"
            | "lastseenon" | "lastsighting" => Self::Last,
            "date" | "seen" | "observed" | "dateobserved" | "seendate" | "datetime"
            | "detected" | "detectiondate" => Self::Seen,
            "malware" | "malwarefamily" | "family" | "malwareprintable" | "malwarename"
            | "signature" | "threatname" | "malwarefamilies" => Self::Malware,
            "actor" | "threatactor" | "group" | "threatgroup" | "aptgroup" | "apt"
            | "adversary" | "intrusionset" | "attribution" | "actors" | "threatactors" => {
                Self::Actor
            }
            "campaign" | "campaignname" | "operation" | "campaigns" => Self::Campaign,
            "tlp" | "marking" | "tlpmarking" | "sharing" => Self::Marking,
            "reference" | "references" | "ref" | "refs" | "report" | "reportlink" | "link"
            | "links" | "urlhauslink" | "reporturl" | "sourceurl" | "referenceurl" => {
                Self::Reference
            }
            "source" | "provider" | "vendor" | "reportedby" | "feed" => Self::Source,
            "toids" | "attributetoids" => Self::Detect,
            "country" | "countrycode" | "geo" | "cc2" | "geocountry" | "countryiso" => {
                Self::Country
            }
            "id" | "uuid" | "eventid" | "eventuuid" | "objectid" | "objectuuid" | "iocid"
            | "port" | "dstport" | "srcport" | "size" | "filesize" | "reporter" | "anonymous"
            | "urlstatus" | "threattype" | "fkmalware" | "malwarealias" | "dateadded" | "added"
            | "timestamp" | "created" | "modified" | "tags" | "tag" | "labels" | "category"
            | "status" | "protocol" | "objectrelation" | "objectname" | "objectmetacategory"
            | "attributetag" | "eventinfo" | "eventdate" | "eventthreatlevelid" | "eventtag"
            | "number" | "no" | "attributetimestamp" | "eventanalysis" | "eventdistribution"
            | "eventsourceorg" | "eventmemberorg" | "threat" | "severity" | "mimetype"
            | "filetype" | "filetypeguess" | "score" | "count" => Self::Plain,
            _ => by_words(head),
        }
    }

    /// Whether the column tells that this is a table of indicators.
    pub fn tells(self) -> bool {
        matches!(self, Self::Value(_))
    }
}

/// `Source IP`, `C2 Domain`, `SHA-256 hash`: the whole, the last or the first word tells.
fn by_words(head: &str) -> Column {
    if let Some(word) = TypeWord::read(head) {
        return Column::Value(word.kind());
    }
    let words: Vec<&str> =
        head.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|w| !w.is_empty()).collect();
    let ends = [words.last(), words.first()];
    match ends.into_iter().flatten().find_map(|w| TypeWord::read(w)) {
        Some(word) if words.len() > 1 && words.len() < 5 => Column::Value(word.kind()),
        _ => Column::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_common_tables_are_known() {
        for (head, column) in [
            ("Indicator", Column::Value(None)),
            ("ioc_value", Column::Value(None)),
            ("SHA-256", Column::Value(Some(Kind::Sha256))),
            ("Source IP", Column::Value(Some(Kind::Ipv4Addr))),
            ("first_seen_utc", Column::First),
            ("entity_type", Column::Type),
            ("Notes", Column::Comment),
            ("malware_printable", Column::Malware),
            ("to_ids", Column::Detect),
            ("dst_port", Column::Plain),
            ("Favourite colour", Column::Unknown),
        ] {
            assert_eq!(Column::of_head(head), column, "{head}");
        }
    }
}
