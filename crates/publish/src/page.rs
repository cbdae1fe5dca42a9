use std::collections::BTreeSet;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Entity, Kind, Marking, PartialDate};
use serde::Serialize;
use serde_json::Value;

use crate::evidence::{Index, Named};
use crate::layout::{Layout, Section};
use crate::safe::{Safe, clean, defang};
use crate::sections::{
    ActorRow, CountryRow, Counts, Denial, GapLine, IndicatorRow, Judgement, Moment, OriginRow,
    ReferenceRow, SoftwareRow, StatementRow, TechniqueRow, VictimRow, VulnerabilityRow,
};
use crate::{Distinct, Picture, html, markdown, sections, text, words};

/// How a page is laid out as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStyle {
    /// Columns of the terminal; less than 40 counts as 40.
    pub width: usize,
    /// Whether to write ANSI colours.
    pub colour: bool,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { width: 100, colour: false }
    }
}

/// A name that may mean several things, and what it may mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The ambiguous entity.
    pub entity: Entity,
    /// What it may mean.
    pub may_mean: Vec<String>,
}

/// A page: sections as typed data with plain values, ready to be written in four ways.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// Which variant it is: the subject's kind, or `indicator` for any observable.
    pub page: String,
    /// What the page is about.
    pub subject: Entity,
    /// The subject's name for people.
    pub name: String,
    /// What the reader asked for.
    pub asked: String,
    /// The day on which the page was made.
    pub today: PartialDate,
    /// The past day whose picture this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<PartialDate>,
    /// Strictest marking of all documents and facts on the page; `None` when nothing is marked.
    pub marking: Option<Marking>,
    /// How many of everything.
    pub counts: Counts,
    /// What the page says, a sentence or two on each matter.
    pub summary: Vec<String>,
    /// What a defender should do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// Key judgements.
    pub judgements: Vec<Judgement>,
    /// Actors and clusters.
    pub actors: Vec<ActorRow>,
    /// Entities that are not shown to be the same.
    pub distinct: Vec<Distinct>,
    /// Ambiguous names, left open.
    pub candidates: Vec<Candidate>,
    /// Dated events, oldest first.
    pub timeline: Vec<Moment>,
    /// Countries by role.
    pub countries: Vec<CountryRow>,
    /// Victims and targeted sectors, products and organisations.
    pub victims: Vec<VictimRow>,
    /// Vulnerabilities.
    pub vulnerabilities: Vec<VulnerabilityRow>,
    /// Indicators.
    pub indicators: Vec<IndicatorRow>,
    /// Malware and tools.
    pub software: Vec<SoftwareRow>,
    /// Techniques with weaknesses.
    pub techniques: Vec<TechniqueRow>,
    /// What sources deny.
    pub denials: Vec<Denial>,
    /// What is declared and not shown.
    pub gaps: Vec<GapLine>,
    /// Sources by origin.
    pub origins: Vec<OriginRow>,
    /// Documents that are not about the subject and state something of this page, by origin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<OriginRow>,
    /// What the sources cite.
    pub references: Vec<ReferenceRow>,
    /// All other statements.
    pub statements: Vec<StatementRow>,
}

impl Page {
    /// Makes the page of a picture.
    pub fn build(picture: &Picture, knowledge: &Knowledge) -> Self {
        let index = Index::new(picture, knowledge);
        let mut page = Self {
            page: variant(picture.subject.kind).to_owned(),
            subject: picture.subject.clone(),
            name: words::name(&picture.subject, knowledge),
            asked: picture.asked.clone(),
            today: picture.today,
            as_of: picture.as_of,
            marking: marking(picture),
            counts: Counts::default(),
            summary: Vec::new(),
            advice: Vec::new(),
            judgements: sections::judgements::gather(&index),
            actors: sections::actors::gather(&index),
            distinct: picture.distinct.clone(),
            candidates: picture
                .candidates
                .iter()
                .map(|(e, m)| Candidate { entity: e.clone(), may_mean: m.clone() })
                .collect(),
            timeline: sections::timeline::gather(&index),
            countries: sections::countries::gather(&index),
            victims: sections::victims::gather(&index),
            vulnerabilities: sections::vulnerabilities::gather(&index),
            indicators: sections::indicators::gather(&index),
            software: sections::software::gather(&index),
            techniques: sections::techniques::gather(&index),
            denials: sections::denials::gather(&index),
            gaps: sections::gaps::gather(&index),
            origins: sections::origins::gather(&index),
            further: sections::origins::gather_further(&index),
            references: sections::references::gather(&index),
            statements: sections::statements::gather(&index),
        };
        page.counts = sections::summary::count(&page);
        page.summary = sections::summary::write(&page);
        page.advice = sections::summary::advise(&page);
        page
    }

    /// The page for a terminal: long lists capped, values defanged, no control characters.
    pub fn to_text(&self, style: &TextStyle) -> String {
        text::render(&self.layout(), *style)
    }

    /// The page as Markdown (CommonMark with tables), values defanged.
    pub fn to_markdown(&self) -> String {
        markdown::render(&self.layout())
    }

    /// The page as one self-contained HTML file without script or outside load, values defanged.
    pub fn to_html(&self) -> String {
        html::render(&self.layout())
    }

    /// The page as PDF: searchable text, values defanged, nothing loaded. Characters that the
    /// built-in fonts lack are drawn with `further` where it is given, else as a box, whose text
    /// is still found by a search.
    ///
    /// # Errors
    /// When the PDF cannot be put together.
    pub fn to_pdf(&self, further: Option<&crate::PdfFont>) -> Result<Vec<u8>, crate::PublishError> {
        crate::pdf::render(&self.layout(), further)
    }

    /// The page as JSON with stable keys and plain (not defanged) values.
    pub fn to_json(&self) -> Value {
        // Only a map with keys that are no strings can fail, and the page has none.
        serde_json::to_value(self).unwrap_or_default()
    }

    fn layout(&self) -> Layout {
        let safe = Safe::new(self.hostile().iter());
        let mut order: Vec<Section> = Vec::new();
        for name in sections_of(self.subject.kind) {
            order.extend(match *name {
                "summary" => sections::summary::section(self, &safe),
                "judgements" => sections::judgements::section(self, &safe),
                "actors" => sections::actors::section(self, &safe),
                "timeline" => sections::timeline::section(&self.timeline, &safe),
                "countries" => sections::countries::section(&self.countries, &self.subject, &safe),
                "victims" => sections::victims::section(&self.victims, &safe),
                "vulnerabilities" => {
                    sections::vulnerabilities::section(&self.vulnerabilities, &safe)
                }
                "indicators" => {
                    sections::indicators::section(&self.indicators, &self.subject, &safe)
                }
                "software" => sections::software::section(&self.software, &safe),
                "techniques" => sections::techniques::section(&self.techniques, &safe),
                "denials" => sections::denials::section(&self.denials, &safe),
                "gaps" => sections::gaps::section(&self.gaps, &safe),
                "origins" => sections::origins::section(&self.origins, &self.further, &safe),
                "references" => sections::references::section(&self.references, &safe),
                _ => sections::statements::section(&self.statements, &safe),
            });
        }
        let kind = self.subject.kind;
        let title = if kind.is_observable() {
            defang(kind, &clean(&self.name, 200))
        } else {
            safe.prose(&clean(&self.name, 200))
        };
        Layout {
            title,
            kind: words::kind_words(kind).0,
            marking: self.marking.map_or_else(|| "no marking".to_owned(), |m| m.to_string()),
            dated: self.as_of.map_or_else(
                || format!("as known on {}", self.today),
                |day| format!("as known on {day}, written on {}", self.today),
            ),
            figures: sections::summary::figures(self),
            sections: order,
            footer:
                "Likelihood says how probable a statement is, confidence how good the evidence \
                     for it is (ICD-203). Grades are Admiralty grades. Values are defanged. \
                     `lapwing explain NAME` shows every claim with its place."
                    .to_owned(),
        }
    }

    /// Everything on the page that must not be live when shown.
    fn hostile(&self) -> BTreeSet<Entity> {
        let subject = Some(&self.subject).filter(|e| e.kind.is_observable()).cloned();
        let related = self.indicators.iter().flat_map(|row| {
            row.related.iter().map(|r| &r.to).chain([&row.indicator]).map(Named::entity)
        });
        let urls = |e: &Entity| {
            (e.kind == Kind::Url)
                .then(|| Entity::new(Kind::DomainName, crate::safe::host_of(&e.value)))
        };
        let all: BTreeSet<Entity> = related.chain(subject).collect();
        let hosts: Vec<Entity> = all.iter().filter_map(urls).collect();
        all.into_iter().chain(hosts).collect()
    }
}

fn variant(kind: Kind) -> &'static str {
    if kind.is_observable() || matches!(kind, Kind::Pattern | Kind::Other) {
        "indicator"
    } else {
        kind.as_str()
    }
}

/// The sections of a page in the order of what matters for its kind of subject.
fn sections_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::ThreatActor | Kind::Cluster | Kind::Identity => &[
            "summary",
            "judgements",
            "actors",
            "countries",
            "victims",
            "timeline",
            "vulnerabilities",
            "software",
            "techniques",
            "indicators",
            "denials",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
        Kind::Malware | Kind::Tool => &[
            "summary",
            "judgements",
            "indicators",
            "techniques",
            "software",
            "actors",
            "vulnerabilities",
            "victims",
            "countries",
            "timeline",
            "denials",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
        Kind::Vulnerability | Kind::Weakness => &[
            "summary",
            "vulnerabilities",
            "timeline",
            "judgements",
            "actors",
            "denials",
            "techniques",
            "victims",
            "indicators",
            "software",
            "countries",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
        Kind::AttackPattern => &[
            "summary",
            "techniques",
            "judgements",
            "actors",
            "software",
            "vulnerabilities",
            "indicators",
            "victims",
            "countries",
            "timeline",
            "denials",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
        Kind::Location | Kind::Sector => &[
            "summary",
            "victims",
            "countries",
            "judgements",
            "actors",
            "timeline",
            "vulnerabilities",
            "techniques",
            "software",
            "indicators",
            "denials",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
        kind if variant(kind) == "indicator" => &[
            "summary",
            "indicators",
            "judgements",
            "timeline",
            "actors",
            "software",
            "techniques",
            "countries",
            "victims",
            "vulnerabilities",
            "denials",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
        _ => &[
            "summary",
            "judgements",
            "actors",
            "timeline",
            "countries",
            "victims",
            "vulnerabilities",
            "indicators",
            "software",
            "techniques",
            "denials",
            "gaps",
            "statements",
            "origins",
            "references",
        ],
    }
}

/// A fact of unmarked documents has the least strict marking; that alone is no permission.
fn marking(picture: &Picture) -> Option<Marking> {
    let documents = picture.documents.iter().chain(&picture.further);
    let stated = documents.filter_map(|d| d.marking).max();
    let facts = picture.facts.iter().map(|f| f.marking).filter(|m| *m > Marking::Clear).max();
    stated.max(facts)
}
