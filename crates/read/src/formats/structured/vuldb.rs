//! VulDB's pages of campaigns and actors, in the layouts of 2021 (AsciiDoc) to 2026 (Markdown).
//!
//! The page itself is the text. Only the table of indicators names indicators; techniques and
//! attack fragments are the output of the vendor's model and are kept as predicted.

mod cells;
mod section;

use lapwing_model::{
    Claim, Confidence, Document, Entity, Format, Gap, GapKind, Kind, Lineage, LineageKind,
    PartialDate, Problem, ProblemKind, Reading, Region, RegionKind, Relation, Role, Span,
};

use super::sheet::DECLARED;
use super::value;
use crate::{Input, Item};
use cells::Cell;
use section::Section;

const TITLE_END: &str = " - Cyber Threat Intelligence";

/// Whether the text is a page of VulDB's.
pub(crate) fn recognises(_name: &str, head: &str) -> bool {
    let first = head.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let title = first.strip_prefix("# ").or_else(|| first.strip_prefix("= "));
    title.is_some_and(|t| t.trim_end().ends_with(TITLE_END)) && head.contains("vuldb.com")
}

/// Reads one page.
pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    match Page::new(input.text) {
        Some(mut page) => {
            page.read();
            out(Item::Reading(Box::new(page.finish(input))));
        }
        None => out(Item::Problem(Problem::fatal(
            input.name,
            ProblemKind::Malformed,
            "this page has no title of the form `# NAME - Cyber Threat Intelligence`",
        ))),
    }
}

/// The page while it is read.
struct Page<'a> {
    text: &'a str,
    /// The campaign or actor that the page is about.
    topic: Entity,
    topic_span: Span,
    title: &'a str,
    regions: Vec<Region>,
    claims: Vec<Claim>,
    gaps: Vec<Gap>,
    lineage: Vec<Lineage>,
    url: Option<String>,
    year: Option<PartialDate>,
    /// Rows or items shown in the current section.
    shown: u64,
    /// Whether a row of dots or a count of hidden rows was seen in the current section.
    dots: Option<Span>,
    counted: bool,
}

impl<'a> Page<'a> {
    fn new(text: &'a str) -> Option<Self> {
        let start = text.find(|c: char| !c.is_whitespace())?;
        let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let title = Cell::of(text, start + 1, line_end);
        let name = title.words.strip_suffix(TITLE_END)?.trim();
        let topic_span = Span::new(title.start, title.start + name.len());
        let topic =
            if is_campaign(text) { Entity::new(Kind::Campaign, name) } else { value::actor(name) };
        Some(Self {
            text,
            topic,
            topic_span,
            title: title.words,
            regions: Vec::new(),
            claims: Vec::new(),
            gaps: Vec::new(),
            lineage: Vec::new(),
            url: None,
            year: None,
            shown: 0,
            dots: None,
            counted: false,
        })
    }

    fn read(&mut self) {
        self.about();
        let text = self.text;
        let mut section = Section::Intro;
        let mut columns: Vec<Column> = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.trim_end().len();
            let words = line.trim();
            if let Some((level, heading)) = heading(text, start, end) {
                self.close(section);
                if level > 1 {
                    section = Section::of(heading.words);
                    columns.clear();
                }
                self.region(heading.span(), RegionKind::Heading { level });
                self.region(heading.span(), RegionKind::Furniture);
            } else if words.is_empty() {
            } else if section == Section::Furniture {
                self.region(Span::new(start, end), RegionKind::Furniture);
                self.copyright(words);
            } else if let Some(more) = More::of(words) {
                self.more(section, more, Span::new(start, end));
            } else if is_ruler(words) {
                self.region(Span::new(start, end), RegionKind::Furniture);
            } else if let Some(item) = list_item(text, start, end) {
                self.item(section, item);
            } else if words.contains('|') {
                let row = cells::split(text, start, end);
                if let Some(head) = Column::header(&row) {
                    columns = head;
                    self.region(Span::new(start, end), RegionKind::Furniture);
                } else {
                    self.row(section, &columns, &row, Span::new(start, end));
                }
            } else {
                if section == Section::Intro {
                    self.own_address(words);
                }
                let kind = if section == Section::Unknown {
                    RegionKind::Prose
                } else {
                    RegionKind::Furniture
                };
                self.region(Span::new(start, end), kind);
            }
            start += line.len();
        }
        self.close(section);
    }

    fn about(&mut self) {
        let report = Entity::new(Kind::Report, self.title);
        let (topic, span) = (self.topic.clone(), self.topic_span);
        self.tell(Claim::new(report, Relation::About, topic.clone(), span), "vuldb:title");
        let mut mention = Claim::mention(topic, Role::Subject, span);
        if self.topic.kind == Kind::Cluster && self.topic.value.ends_with(" Unknown") {
            mention.why = Some("VulDB's collective page for activity of no known actor".into());
        }
        self.tell(mention, "vuldb:title");
    }

    /// The page's address, from "… are available at https://vuldb.com/?actor.name".
    fn own_address(&mut self, words: &str) {
        if let Some(at) = words.rfind("https://vuldb.com/?actor.") {
            let rest = &words[at..];
            let end = rest.find([')', ']', '[', ' ']).unwrap_or(rest.len());
            self.url = Some(rest[..end].to_owned());
        }
    }

    /// The year to which the copyright line runs is the year of this version of the page.
    fn copyright(&mut self, words: &str) {
        if let Some(rest) = words.split_once("1997-").map(|(_, rest)| rest) {
            self.year = rest.get(..4).and_then(|year| year.parse().ok()).or(self.year);
        }
    }

    fn item(&mut self, section: Section, item: Cell<'a>) {
        if item.is_ellipsis() {
            self.dots = Some(item.span());
            self.region(item.span(), RegionKind::Declared);
            return;
        }
        let shown = item.shown();
        match section {
            Section::Countries => self.country(shown),
            Section::Campaigns => self.part_of(shown, true, None),
            Section::Actors => self.part_of(shown, false, None),
            Section::References => self.reference(item),
            Section::Unknown => {
                self.region(item.span(), RegionKind::ListItem);
                return;
            }
            _ => {}
        }
        self.shown += 1;
        let kind = if section == Section::References {
            RegionKind::References
        } else {
            RegionKind::Declared
        };
        self.region(item.span(), kind);
    }

    fn row(&mut self, section: Section, columns: &[Column], row: &[Cell<'a>], span: Span) {
        self.region(span, RegionKind::Declared);
        let row = fit(self.text, row, columns.len());
        if row.iter().skip(1).any(Cell::is_ellipsis) {
            self.dots = Some(span);
            return;
        }
        let cell = |wanted: Column| {
            let at = columns.iter().position(|column| *column == wanted)?;
            row.get(at).filter(|cell| !cell.is_void())
        };
        self.shown += 1;
        let stated = cell(Column::Confidence).map(|c| c.shown().words);
        let before = self.claims.len();
        if let Some(address) = cell(Column::Address) {
            let parties = [Column::Campaign, Column::Actor]
                .map(|column| (column, cell(column).map_or_else(Vec::new, Cell::items)));
            self.indicator(address.shown(), cell(Column::Hostname), &parties, stated);
        } else if let Some(host) = cell(Column::Hostname) {
            self.lone(host.shown(), Kind::DomainName, stated);
        } else if let Some(technique) = cell(Column::Technique) {
            self.technique(
                technique.shown(),
                cell(Column::Weakness),
                cell(Column::Description),
                stated,
            );
        } else if let Some(fragment) = cell(Column::Fragment) {
            let class = cell(Column::Class).map_or("", |c| c.shown().words);
            if section == Section::Indicators {
                self.lone(fragment.shown(), kind_of_class(class), stated);
            } else {
                self.fragment(class, fragment.shown(), stated);
            }
        } else if let Some(actor) = cell(Column::Actor) {
            self.part_of(actor.shown(), false, stated);
        } else if let Some(campaign) = cell(Column::Campaign) {
            self.part_of(campaign.shown(), true, stated);
        } else if let Some(country) = cell(Column::Country) {
            self.country(country.shown());
        } else if let Some(cve) = cell(Column::Vulnerability) {
            let (topic, cve) = (self.topic.clone(), cve.shown());
            let flaw = value::entity(Kind::Vulnerability, "vulnerability", cve.words);
            self.tell(
                Claim::mention(flaw.clone(), Role::Subject, cve.span()),
                "vuldb:vulnerability",
            );
            self.tell(
                Claim::new(topic, Relation::Exploits, flaw, cve.span()),
                "vuldb:vulnerability",
            );
        }
        if self.claims.len() == before
            && row.iter().any(|cell| !cell.is_void())
            && cell(Column::Actor).is_none()
        {
            // A row of a table that this reader does not know: kept in words.
            let entity = value::other("vuldb-row", self.text.get(span.range()).unwrap_or(""));
            self.tell(Claim::mention(entity, Role::Unclear, span), "vuldb:row");
        }
    }

    fn indicator(
        &mut self,
        address: Cell<'a>,
        host: Option<&Cell<'a>>,
        parties: &[(Column, Vec<Cell<'a>>)],
        stated: Option<&str>,
    ) {
        let ip = value::entity(Kind::Ipv4Addr, "ip", address.words);
        let topic = self.topic.clone();
        // A mangled address can be kept, but nothing can be found by it.
        let role = if ip.kind == Kind::Other { Role::Unclear } else { Role::Indicator };
        let shared = stated.is_some_and(|word| word.eq_ignore_ascii_case("medium")).then(|| {
            "VulDB gives `Medium` to addresses in shared hosting; it says little of the certainty".to_owned()
        });
        let state = |mut claim: Claim| {
            claim.stated = stated.and_then(Confidence::from_word);
            claim.stated_word = stated.map(str::to_owned);
            claim.why.clone_from(&shared);
            claim
        };
        self.tell(state(Claim::mention(ip.clone(), role, address.span())), "vuldb:ioc");
        self.tell(
            state(Claim::new(ip.clone(), Relation::Indicates, topic, address.span())),
            "vuldb:ioc",
        );
        if let Some(host) =
            host.map(Cell::shown).filter(|host| !host.is_void() && host.words != ".")
        {
            let name = value::entity(Kind::DomainName, "hostname", host.words);
            self.tell(
                state(Claim::mention(name.clone(), Role::Indicator, host.span())),
                "vuldb:ioc",
            );
            self.tell(
                state(Claim::new(ip.clone(), Relation::ResolvesTo, name, host.span())),
                "vuldb:ioc",
            );
        }
        for (column, names) in parties {
            for name in names.iter().filter(|name| !is_unknown(name.words)) {
                let party = match column {
                    Column::Campaign => Entity::new(Kind::Campaign, name.words),
                    _ => value::actor(name.words),
                };
                if party != self.topic {
                    let claim = Claim::new(ip.clone(), Relation::Indicates, party, name.span());
                    self.tell(state(claim), "vuldb:ioc");
                }
            }
        }
    }

    /// An indicator that is no address.
    fn lone(&mut self, cell: Cell<'a>, kind: Kind, stated: Option<&str>) {
        let found = value::entity(kind, "indicator", cell.words);
        let topic = self.topic.clone();
        let mention = Claim::mention(found.clone(), Role::Indicator, cell.span());
        let indicates = Claim::new(found, Relation::Indicates, topic, cell.span());
        for mut claim in [mention, indicates] {
            claim.stated = stated.and_then(Confidence::from_word);
            claim.stated_word = stated.map(str::to_owned);
            self.tell(claim, "vuldb:ioc");
        }
    }

    fn technique(
        &mut self,
        cell: Cell<'a>,
        weaknesses: Option<&Cell<'a>>,
        description: Option<&Cell<'a>>,
        stated: Option<&str>,
    ) {
        let technique = Entity::new(Kind::AttackPattern, cell.words);
        let predict = |mut claim: Claim| {
            claim.basis = lapwing_model::Basis::Predicted;
            claim.stated = stated.and_then(Confidence::from_word);
            claim.stated_word = stated.map(str::to_owned);
            claim.context = description.map(|d| d.shown().words.to_owned());
            claim.why = Some("output of VulDB's predictive model, not an observation".into());
            claim
        };
        let topic = self.topic.clone();
        self.tell(
            predict(Claim::mention(technique.clone(), Role::Subject, cell.span())),
            "vuldb:ttp",
        );
        self.tell(
            predict(Claim::new(topic, Relation::Uses, technique.clone(), cell.span())),
            "vuldb:ttp",
        );
        for weakness in weaknesses.map_or_else(Vec::new, Cell::items) {
            let cwe = value::entity(Kind::Weakness, "weakness", weakness.words);
            let claim = Claim::new(technique.clone(), Relation::HasWeakness, cwe, weakness.span());
            self.tell(predict(claim), "vuldb:ttp");
        }
    }

    fn fragment(&mut self, class: &str, cell: Cell<'a>, stated: Option<&str>) {
        let entity = match class.to_ascii_lowercase().as_str() {
            "file" | "library" | "" => value::entity(Kind::FileName, "file", cell.words),
            class => value::other(&class.replace(' ', "-"), cell.words),
        };
        let mut claim = Claim::mention(entity, Role::Unclear, cell.span());
        claim.basis = lapwing_model::Basis::Predicted;
        claim.stated = stated.and_then(Confidence::from_word);
        claim.stated_word = stated.map(str::to_owned);
        claim.context = Some(format!("IOA: {class}"));
        claim.why = Some("fragment of an attack that VulDB's model expects; not seen, and common in benign traffic".into());
        self.tell(claim, "vuldb:ioa");
    }

    /// `cell` names the whole (a campaign) when `is_whole`, else a part of the page's topic.
    fn part_of(&mut self, cell: Cell<'a>, is_whole: bool, stated: Option<&str>) {
        if is_unknown(cell.words) || cell.is_void() {
            return;
        }
        let topic = self.topic.clone();
        let (method, entity) = if is_whole {
            ("vuldb:campaign", Entity::new(Kind::Campaign, cell.words))
        } else {
            ("vuldb:actor", value::actor(cell.words))
        };
        let (part, whole) =
            if is_whole { (topic, entity.clone()) } else { (entity.clone(), topic) };
        for mut claim in [
            Claim::mention(entity, Role::Subject, cell.span()),
            Claim::new(part, Relation::PartOf, whole, cell.span()),
        ] {
            claim.stated = stated.and_then(Confidence::from_word);
            claim.stated_word = stated.map(str::to_owned);
            self.tell(claim, method);
        }
    }

    fn country(&mut self, cell: Cell<'a>) {
        let place = value::entity(Kind::Location, "country", cell.words);
        let topic = self.topic.clone();
        self.tell(Claim::mention(place.clone(), Role::Subject, cell.span()), "vuldb:country");
        let mut claim = Claim::new(topic, Relation::LocatedAt, place, cell.span());
        claim.context = Some("Countries".into());
        claim.why =
            Some("role unspecified: the page says \"directly or indirectly associated\"".into());
        self.tell(claim, "vuldb:country");
    }

    fn reference(&mut self, item: Cell<'a>) {
        let Some(target) = item.target() else { return };
        let start = item.start + item.words.find(target).unwrap_or(0);
        let span = Span::new(start, start + target.len());
        let url = value::entity(Kind::Url, "reference", target);
        let topic = self.topic.clone();
        self.lineage.push(Lineage {
            kind: LineageKind::Cites,
            publisher: None,
            url: Some(url.value.clone()),
            span,
        });
        self.tell(Claim::mention(url.clone(), Role::Reference, span), "vuldb:reference");
        self.tell(Claim::new(topic, Relation::References, url, span), "vuldb:reference");
    }

    fn more(&mut self, section: Section, more: More, span: Span) {
        self.region(span, RegionKind::Declared);
        self.counted = true;
        let (what, entity_kind) = more.section.unwrap_or(section).noun();
        self.gaps.push(Gap {
            kind: GapKind::Hidden,
            what: what.to_owned(),
            entity_kind,
            count: Some(more.count),
            shown: Some(self.shown),
            span,
        });
    }

    /// Ends a section: dots without a count are a gap of unknown size.
    fn close(&mut self, section: Section) {
        if let (Some(span), false) = (self.dots, self.counted) {
            let (what, entity_kind) = section.noun();
            let shown = Some(self.shown);
            self.gaps.push(Gap {
                kind: GapKind::Hidden,
                what: what.to_owned(),
                entity_kind,
                count: None,
                shown,
                span,
            });
        }
        (self.shown, self.dots, self.counted) = (0, None, false);
    }

    fn tell(&mut self, claim: Claim, method: &str) {
        self.claims.push(claim.by(method, Confidence::percent(DECLARED)));
    }

    fn region(&mut self, span: Span, kind: RegionKind) {
        if !span.is_empty() {
            self.regions.push(Region { span, kind });
        }
    }

    fn finish(mut self, input: &Input<'_>) -> Reading {
        let mut document =
            Document::new(input.raw, input.name, Format::Vuldb, self.text.to_owned());
        document.title = Some(self.title.to_owned());
        document.source = Some("VulDB".into());
        document.language = Some("en".into());
        document.url = self.url;
        document.modified = self.year;
        document.properties.push(("page".into(), self.topic.kind.as_str().into()));
        document.lineage = self.lineage;
        self.regions.sort_by_key(|region| (region.span.start, region.span.end));
        Reading {
            document,
            raw: input.raw.to_vec(),
            regions: self.regions,
            claims: self.claims,
            gaps: self.gaps,
        }
    }
}

/// What a column of a table holds, by its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Address,
    Hostname,
    Campaign,
    Actor,
    Technique,
    Weakness,
    Description,
    Class,
    Fragment,
    Country,
    Vulnerability,
    Confidence,
    Other,
}

impl Column {
    /// The columns, when the row is a table's head: it names at least two that are known.
    fn header(row: &[Cell<'_>]) -> Option<Vec<Self>> {
        let first = row.first()?.shown().words;
        let columns: Vec<Self> = row.iter().map(|cell| Self::of(cell.shown().words)).collect();
        let known = columns.iter().filter(|column| **column != Self::Other).count();
        let is_head =
            first.eq_ignore_ascii_case("id") || first == "#" || known >= 2 && known == row.len();
        (is_head && known > 0).then_some(columns)
    }

    fn of(head: &str) -> Self {
        match head.to_ascii_lowercase().as_str() {
            "ip address" | "ip range" | "ip" | "address" => Self::Address,
            "hostname" | "host" | "domain" => Self::Hostname,
            "campaign" | "campaigns" => Self::Campaign,
            "actor" | "actors" => Self::Actor,
            "technique" | "ttp" => Self::Technique,
            "weakness" | "weaknesses" | "cwe" => Self::Weakness,
            "description" | "access vector" | "vulnerabilities" | "name" => Self::Description,
            "type" | "class" => Self::Class,
            "indicator" | "ioa" | "fragment" => Self::Fragment,
            "country" => Self::Country,
            "cve" | "vulnerability" => Self::Vulnerability,
            "confidence" => Self::Confidence,
            _ => Self::Other,
        }
    }
}

/// "There are N more … items available."
struct More {
    count: u64,
    section: Option<Section>,
}

impl More {
    fn of(words: &str) -> Option<Self> {
        let rest = words.strip_prefix("There are ").or_else(|| words.strip_prefix("There is "))?;
        let (count, rest) = rest.split_once(" more ")?;
        let count = count.replace([',', '\'', '.'], "").trim().parse().ok()?;
        let noun = rest.split(" item").next().unwrap_or("");
        Some(Self { count, section: Section::of_noun(noun) })
    }
}

fn is_campaign(text: &str) -> bool {
    let intro = text
        .get(..text.len().min(4096))
        .or_else(|| text.get(..text.floor_char_boundary(4096)))
        .unwrap_or("");
    let campaign = intro.find(" of the campaign known as ").unwrap_or(usize::MAX);
    let actor = intro.find(" of the actor known as ").unwrap_or(usize::MAX);
    if campaign == actor {
        return text.contains("\n## Actors") || text.contains("which discuss the campaign");
    }
    campaign < actor
}

fn is_unknown(name: &str) -> bool {
    name.eq_ignore_ascii_case("unknown") || matches!(name, "-" | "n/a" | "?")
}

fn heading(text: &str, start: usize, end: usize) -> Option<(u8, Cell<'_>)> {
    let line = text.get(start..end)?;
    let mark = line.bytes().next().filter(|b| matches!(b, b'#' | b'='))?;
    let level = line.bytes().take_while(|b| *b == mark).count();
    (level <= 6 && line.as_bytes().get(level) == Some(&b' '))
        .then(|| (level as u8, Cell::of(text, start + level, end)))
}

fn list_item(text: &str, start: usize, end: usize) -> Option<Cell<'_>> {
    let line = text.get(start..end)?;
    let indent = line.len() - line.trim_start().len();
    let marked = ["* ", "- ", ". ", "+ "].iter().any(|mark| line[indent..].starts_with(mark));
    marked.then(|| Cell::of(text, start + indent + 2, end))
}

/// Lines that only draw a table.
fn is_ruler(words: &str) -> bool {
    words == "[options=\"header\"]"
        || words.len() > 2 && words.bytes().all(|b| matches!(b, b'|' | b'=' | b'-' | b' ' | b':'))
}

/// Brings a row to `width` cells: bars inside the last but one cell belong to its text.
fn fit<'a>(text: &'a str, row: &[Cell<'a>], width: usize) -> Vec<Cell<'a>> {
    if row.len() <= width || width < 2 {
        return row.to_vec();
    }
    let mut fitted = row[..width - 2].to_vec();
    let (first, last) = (row[width - 2], row[row.len() - 2]);
    fitted.push(Cell::of(text, first.start, last.start + last.words.len()));
    fitted.push(row[row.len() - 1]);
    fitted
}

/// The kind that the class word of an indicator row tells.
fn kind_of_class(class: &str) -> Kind {
    match class.to_ascii_lowercase().as_str() {
        "ip" | "ip address" => Kind::Ipv4Addr,
        "domain" | "hostname" => Kind::DomainName,
        "url" => Kind::Url,
        "md5" => Kind::Md5,
        "sha1" => Kind::Sha1,
        "sha256" => Kind::Sha256,
        "file" => Kind::FileName,
        _ => Kind::Other,
    }
}
