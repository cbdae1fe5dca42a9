use std::str::FromStr;

use jiff::civil::Date;
use lapwing_model::{Kind, PartialDate, Relation, Role, Status};
use lapwing_store::FactQuery;
use serde::Serialize;

use crate::{Engine, EngineError};

/// What `lapwing list` can list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Documents that were read.
    Documents,
    /// What documents declare and do not show.
    Gaps,
    /// Values with the role of an indicator.
    Indicators,
    /// Groups of documents that go back to one observer.
    Origins,
    /// Entities of one kind.
    Entities(Kind),
}

impl ListKind {
    /// The words that [`FromStr`] reads, for help and error texts.
    pub const WORDS: &'static [&'static str] = &[
        "campaigns",
        "actors",
        "clusters",
        "malware",
        "tools",
        "indicators",
        "techniques",
        "weaknesses",
        "vulnerabilities",
        "countries",
        "sectors",
        "organisations",
        "software",
        "documents",
        "origins",
        "gaps",
    ];
}

impl FromStr for ListKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.to_ascii_lowercase();
        Ok(match word.as_str() {
            "documents" | "reports" => Self::Documents,
            "gaps" => Self::Gaps,
            "indicators" => Self::Indicators,
            "origins" => Self::Origins,
            "campaigns" => Self::Entities(Kind::Campaign),
            "actors" => Self::Entities(Kind::ThreatActor),
            "clusters" => Self::Entities(Kind::Cluster),
            "malware" => Self::Entities(Kind::Malware),
            "tools" => Self::Entities(Kind::Tool),
            "techniques" => Self::Entities(Kind::AttackPattern),
            "weaknesses" => Self::Entities(Kind::Weakness),
            "vulnerabilities" | "cves" => Self::Entities(Kind::Vulnerability),
            "countries" | "locations" => Self::Entities(Kind::Location),
            "sectors" => Self::Entities(Kind::Sector),
            "organisations" | "organizations" | "identities" => Self::Entities(Kind::Identity),
            "software" => Self::Entities(Kind::Software),
            other => match other.parse::<Kind>() {
                Ok(kind) => Self::Entities(kind),
                Err(_) => return Err(format!("one of: {}", Self::WORDS.join(", "))),
            },
        })
    }
}

/// One line of a list; the keys that do not apply are left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// Kind of the entity, format of the document, kind of the gap.
    pub kind: String,
    /// Value, name or title.
    pub value: String,
    /// Name behind an identifier (technique, weakness, country).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How probable, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Status of an indicator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// How likely an indicator is still in use, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<f64>,
    /// Days until it expires if nobody sees it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<u32>,
    /// Number of independent origins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origins: Option<u64>,
    /// Number of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<u64>,
    /// First seen or published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<PartialDate>,
    /// Last seen or published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<PartialDate>,
    /// Identifier of the document or origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who published it, where it stands, what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Engine {
    /// Hands over the rows of a list, in a stable order.
    ///
    /// # Errors
    /// When the store cannot be read, or `out` gives up.
    pub fn list(
        &self,
        kind: ListKind,
        today: Date,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        match kind {
            ListKind::Documents => self.list_documents(out),
            ListKind::Gaps => self.list_gaps(out),
            ListKind::Indicators => self.list_indicators(today, out),
            ListKind::Origins => self.list_origins(out),
            ListKind::Entities(kind) => {
                self.list_entities(kind, out)?;
                if kind == Kind::Cluster { self.list_minted(out) } else { Ok(()) }
            }
        }
    }

    fn list_documents(
        &self,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for record in self.store.documents()? {
            let document = record.document;
            out(Row {
                kind: document.format.as_str().to_owned(),
                value: document.label().to_owned(),
                first: document.published,
                id: Some(document.id.short()),
                note: document.source.clone().or_else(|| Some(document.name.clone())),
                ..Row::default()
            })?;
        }
        Ok(())
    }

    fn list_gaps(
        &self,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for (id, gap) in self.store.gaps()? {
            let label = self.store.document(id)?.map(|d| d.label().to_owned());
            let kind = serde_json::to_value(gap.kind)
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default();
            let count =
                gap.count.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
            let shown = gap.shown.map(|n| format!(", {n} shown")).unwrap_or_default();
            out(Row {
                kind,
                value: format!("{count} {}{shown}", gap.what),
                id: Some(id.short()),
                note: label,
                ..Row::default()
            })?;
        }
        Ok(())
    }

    fn list_indicators(
        &self,
        today: Date,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let query = FactQuery {
            relation: Some(Relation::Role),
            role: Some(Role::Indicator),
            ..FactQuery::default()
        };
        let statuses = self.statuses(today)?;
        let mut failed = None;
        self.store.each_fact(&query, &mut |fact| {
            let aged = statuses.read(&fact);
            let row = Row {
                kind: fact.subject.kind.to_string(),
                value: fact.subject.value.clone(),
                probability: Some((fact.probability * 1e4).round() / 1e4),
                status: Some(aged.status),
                in_use: aged.life.map(|life| (life.probability * 1e4).round() / 1e4),
                days_left: aged.life.map(|life| life.days_left),
                origins: Some(fact.origins_for() as u64),
                first: fact.period.first.or(fact.reported.first),
                last: fact.last_known(),
                note: (!fact.notes.is_empty()).then(|| fact.notes.join("; ")),
                ..Row::default()
            };
            if failed.is_none() {
                failed = out(row).err();
            }
            Ok(())
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn list_origins(
        &self,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for origin in self.store.origins()? {
            out(Row {
                kind: if origin.root_seen { "seen" } else { "not seen" }.to_owned(),
                value: origin.label,
                documents: Some(origin.members.len() as u64),
                id: Some(origin.id.short()),
                ..Row::default()
            })?;
        }
        Ok(())
    }

    /// Clusters that the evidence of the store holds together and that nobody named.
    fn list_minted(
        &self,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let found = self.clusters()?;
        for cluster in found.largest_first() {
            let held = self.held_by(&found, cluster, 1)?.pop();
            out(Row {
                kind: Kind::Cluster.to_string(),
                origins: Some(cluster.members.len() as u64),
                first: cluster.first,
                last: cluster.last,
                note: held.map(|held| format!("minted here; held together by {held}")),
                value: cluster.name.clone(),
                ..Row::default()
            })?;
        }
        Ok(())
    }

    fn list_entities(
        &self,
        kind: Kind,
        out: &mut dyn FnMut(Row) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for record in self.store.entities(Some(kind))? {
            let value = record.entity.value;
            let name = match kind {
                Kind::AttackPattern => self.knowledge.technique(&value).map(|t| t.name.clone()),
                Kind::Weakness => self.knowledge.weakness(&value).map(|w| w.name.clone()),
                Kind::Location => self.knowledge.place(&value).map(|p| p.name.clone()),
                _ => None,
            };
            out(Row {
                kind: kind.to_string(),
                value,
                name,
                documents: Some(record.documents),
                ..Row::default()
            })?;
        }
        Ok(())
    }
}
