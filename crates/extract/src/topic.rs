//! What the document as a whole tells: its topic and its links.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Claim, Confidence, Entity, Kind, Reading, RegionKind, Relation, Role, Span};

use crate::gazetteer::{Gazetteer, tokenise};
use crate::layout::Layout;
use crate::mention::{self, Mention, numbers_of};
use crate::relation::Frame;

/// Topic and dates of the document, and the claims on what it is about.
pub(crate) fn frame(
    reading: &Reading,
    mentions: &[Mention],
    gazetteer: &Gazetteer,
) -> (Frame, Vec<Claim>) {
    let document = &reading.document;
    let (title, start) = title(reading);
    let report = Entity::new(Kind::Report, document.id.to_string());
    let declared: Vec<Entity> = reading
        .claims
        .iter()
        .filter(|c| c.relation == Relation::About)
        .filter_map(|c| c.object.entity().cloned())
        .collect();
    let mut at = start;
    let mut named: Vec<Mention> = match start {
        Some(start) => mentions
            .iter()
            .filter(|m| Span::new(start, start + title.len()).contains(m.span))
            .cloned()
            .collect(),
        None => Vec::new(),
    };
    if named.is_empty() {
        // The title stands apart from the text, or a reader told its place already.
        named = mention::mentions(title, &tokenise(title), gazetteer);
        at = None;
    }
    named.retain(|m| {
        matches!(
            m.entity.kind,
            Kind::Campaign
                | Kind::ThreatActor
                | Kind::Cluster
                | Kind::Malware
                | Kind::Software
                | Kind::Vulnerability
                | Kind::Tool
        )
    });
    let mut claims = Vec::new();
    for m in &named {
        if declared.contains(&m.entity)
            || claims.iter().any(|c: &Claim| c.object.entity() == Some(&m.entity))
        {
            continue;
        }
        let span = match (at, start) {
            (Some(_), _) => m.span,
            (None, Some(start)) => {
                Span::new(start + m.span.start as usize, start + m.span.end as usize)
            }
            (None, None) => Span::new(0, 0),
        };
        let mut claim = Claim::new(report.clone(), Relation::About, m.entity.clone(), span)
            .by("extract:title", Confidence::percent(85));
        claim.why = Some("its title names it".into());
        claims.push(claim);
    }
    let rank = |kind: Kind| match kind {
        Kind::Campaign => 0,
        Kind::ThreatActor | Kind::Cluster => 1,
        Kind::Malware => 2,
        Kind::Software => 3,
        _ => 4,
    };
    let stated = declared
        .into_iter()
        .filter(|e| rank(e.kind) < 4 || e.kind == Kind::Vulnerability)
        .min_by_key(|e| rank(e.kind))
        .or_else(|| {
            named
                .iter()
                .filter(|m| stands_for_activity(m, title, &document.text, mentions))
                .map(|m| m.entity.clone())
                .min_by_key(|e| rank(e.kind))
        });
    let told = stated.is_some();
    let frame = Frame {
        topic: stated.or_else(|| most_named(&document.text, mentions)),
        told,
        published: document.published,
        year_hint: YearHint::of(&document.text, mentions),
        publisher: document.source.clone(),
        accused: BTreeSet::new(),
    };
    (frame, claims)
}

/// Whether a name of the title can stand for what the report tells of. A product does where it is
/// attacked ("Attacks on Example Server", a report on its flaws), not where it is only the means
/// ("Attackers abuse Example Chat").
fn stands_for_activity(mention: &Mention, title: &str, text: &str, mentions: &[Mention]) -> bool {
    if !matches!(mention.entity.kind, Kind::Software | Kind::Tool) {
        return true;
    }
    let lower = title.to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let as_means = words().any(|w| {
        matches!(
            w,
            "abuse"
                | "abuses"
                | "abused"
                | "abusing"
                | "use"
                | "uses"
                | "used"
                | "using"
                | "via"
                | "through"
        )
    });
    let flawed = words().any(|w| {
        matches!(
            w,
            "attack"
                | "attacks"
                | "attacked"
                | "flaw"
                | "flaws"
                | "exploit"
                | "exploits"
                | "exploited"
                | "exploiting"
                | "exploitation"
                | "patch"
                | "patches"
                | "zero"
                | "bug"
                | "bugs"
                | "hack"
                | "breach"
        ) || w.starts_with("vulnerab")
    });
    !as_means && (flawed || tells_of_flaws(text, mentions))
}

/// Whether a text tells of a product's flaws: it names some, or speaks of them in its opening.
fn tells_of_flaws(text: &str, mentions: &[Mention]) -> bool {
    let opening = text.char_indices().nth(2_000).map_or(text, |(at, _)| &text[..at]);
    let opening = opening.to_ascii_lowercase();
    mentions.iter().any(|m| m.entity.kind == Kind::Vulnerability)
        || ["vulnerab", "zero-day", "flaws", "a flaw", "exploit", "under attack", "affected"]
            .iter()
            .any(|w| opening.contains(w))
}

/// An actor is what a report tells of when it is named so often, and no other nearly as often.
const OFTEN: usize = 3;

/// What the text speaks of most, for a document whose title names nothing: a headline such as
/// "Mail servers under attack". The first named wins a tie.
fn most_named(text: &str, mentions: &[Mention]) -> Option<Entity> {
    let mut counts: BTreeMap<&Entity, (usize, Reverse<usize>)> = BTreeMap::new();
    let flawed = tells_of_flaws(text, mentions);
    for (at, mention) in mentions.iter().enumerate() {
        let counted = match mention.entity.kind {
            Kind::Campaign | Kind::Malware => true,
            Kind::Software => flawed,
            kind => kind.is_actor_like(),
        };
        if counted {
            counts.entry(&mention.entity).or_insert((0, Reverse(at))).0 += 1;
        }
    }
    let actors = || counts.iter().filter(|(entity, _)| entity.kind.is_actor_like());
    let all: usize = actors().map(|(_, (n, _))| n).sum();
    if let Some((actor, (n, _))) = actors().max_by_key(|(_, rank)| **rank)
        && *n >= OFTEN
        && *n * 3 >= all * 2
    {
        return Some((*actor).clone());
    }
    counts
        .into_iter()
        .filter(|(entity, _)| !entity.kind.is_actor_like())
        .max_by_key(|(_, rank)| *rank)
        .map(|(entity, _)| entity.clone())
}

/// The title, and where it stands in the text.
fn title(reading: &Reading) -> (&str, Option<usize>) {
    let text = reading.document.text.as_str();
    let heading = reading
        .regions
        .iter()
        .find(|r| matches!(r.kind, RegionKind::Heading { level: 1 }))
        .and_then(|r| r.span.slice(text).map(|t| (t, r.span.start as usize)));
    match (&reading.document.title, heading) {
        (Some(title), _) => (title, text.find(title.as_str())),
        (None, Some((title, start))) => (title, Some(start)),
        // Without a title: the first line that says something.
        (None, None) => {
            let mut start = 0;
            for line in text.split_inclusive('\n').take(12) {
                let title = line.trim_end();
                let marked = line.starts_with("# ") || line.starts_with("= ");
                let words = title.split_whitespace().count();
                if marked
                    || (words >= 5 && title.len() < 160 && !title.ends_with(['.', ':', ';', ',']))
                {
                    return (line.trim_end(), Some(start));
                }
                start += line.len();
            }
            ("", None)
        }
    }
}

/// A year for dates without one: of a full date in the text, else that of the newest CVE number.
pub(crate) struct YearHint {
    /// The begin of the text in lower case, which is read when the year is first asked for.
    head: String,
    newest: Option<i16>,
    known: OnceCell<Option<i16>>,
}

impl YearHint {
    fn of(text: &str, mentions: &[Mention]) -> Self {
        Self {
            head: text.get(..text.len().min(20_000)).unwrap_or_default().to_ascii_lowercase(),
            newest: mentions
                .iter()
                .filter(|m| m.entity.kind == Kind::Vulnerability)
                .filter_map(|m| m.entity.value.get(4..8)?.parse::<i16>().ok())
                .max(),
            known: OnceCell::new(),
        }
    }

    pub(crate) fn year(&self) -> Option<i16> {
        *self.known.get_or_init(|| {
            let dates = crate::date::dates(&self.head);
            let stated = dates.into_iter().filter(|d| d.month.is_some()).find_map(|d| d.year);
            stated.or(self.newest)
        })
    }
}

/// What links point at, where the visible text is not itself the value.
pub(crate) fn links(reading: &Reading, layout: &Layout<'_>, values: &[Claim]) -> Vec<Claim> {
    let report = Entity::new(Kind::Report, reading.document.id.to_string());
    let text = reading.document.text.as_str();
    let mut claims = Vec::new();
    for region in &reading.regions {
        let RegionKind::Link { target } = &region.kind else { continue };
        let web = target.starts_with("http://") || target.starts_with("https://");
        let shown = region.span.slice(text).unwrap_or_default();
        if !web
            || layout.is_furniture(region.span)
            || layout.is_declared(region.span)
            || shown.contains(target.as_str())
        {
            continue;
        }
        let after = values.partition_point(|c| c.span.start < region.span.start);
        let accused = values
            .get(after..)
            .unwrap_or_default()
            .iter()
            .take_while(|c| c.span.start < region.span.end)
            .any(|c| c.role() == Some(Role::Indicator));
        if accused {
            continue;
        }
        let mut claim = Claim::new(
            report.clone(),
            Relation::References,
            Entity::new(Kind::Url, target.clone()),
            region.span,
        )
        .by("extract:link", Confidence::percent(95));
        claim.why = Some("the target of a link".into());
        claims.push(claim);
    }
    claims
}

/// CVE numbers behind nicknames, as public record.
pub(crate) fn nicknames(entities: &[Mention]) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for m in entities.iter().filter(|m| m.entity.kind == Kind::Vulnerability) {
        if claims.iter().any(|c| c.subject == m.entity) {
            continue;
        }
        for number in numbers_of(m) {
            let mut claim = Claim::new(m.entity.clone(), Relation::AliasOf, number, m.span)
                .by("extract:nickname", Confidence::percent(96));
            claim.why = Some("a nickname on public record".into());
            claims.push(claim);
        }
    }
    claims
}
