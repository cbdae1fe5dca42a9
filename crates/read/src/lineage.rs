//! What a piece of prose says it was made from: rewrites, reposts, reports on others' reports.

use std::sync::LazyLock;

use lapwing_model::{Document, Format, Lineage, LineageKind, Region, RegionKind, Span};
use regex::{Captures, Regex};

/// A name of an organisation: capitalised words, joined by blanks or hyphens.
const NAME: &str =
    r"(?P<who>[A-Z][A-Za-z0-9&]*(?:[ -](?:of |the |for )?[A-Z0-9][A-Za-z0-9&]*){0,3})";

/// Cues, each with what it says; the first group named `who` is the publisher.
static CUES: LazyLock<Vec<(LineageKind, Regex)>> = LazyLock::new(|| {
    use LineageKind::{ReportsOn, Republishes, Rewrites};
    let writing = r"(?i:blog post|blog|post|report|article|advisory|analysis|research|write-?up|story|findings|paper)";
    let firm = r"(?i:the |a )?(?i:cyber ?security |security |threat intelligence |infosec )?(?i:firm |company |vendor |researchers at |researchers from )?";
    let cues = [
        (
            Republishes,
            format!(
                r"(?i:this|the) (?i:article|story|post|report|content|piece|blog|blog post|analysis|research|press release)\b[^.\n]{{0,80}}?(?i:originally|first) (?i:appeared|published|posted|released)(?i: (?:on|in|by|at|with))? (?i:the )?{NAME}"
            ),
        ),
        (
            Republishes,
            format!(
                r"(?i:appeared|published) (?i:first|originally) (?i:on|in|by|at) (?i:the )?{NAME}"
            ),
        ),
        (
            Republishes,
            format!(
                r"(?i:republished|reprinted|reposted|syndicated|cross-posted) (?i:with (?:the )?permission )?(?i:from|of|by) (?i:the )?{NAME}"
            ),
        ),
        (
            Rewrites,
            format!(
                r"(?m)^\W*(?i:original source|original article|original story|source link|read (?:the )?original|via|source|credit)\s*[:：]\s*(?i:the )?{NAME}"
            ),
        ),
        (
            Rewrites,
            format!(
                r"{NAME}[’'‘]s? (?:[A-Z][a-z]+ ){{1,3}}(?i:provides?|offers?|gives?|brings?)[^.\n]{{0,60}}(?i:synopsis|overview|summary|summaries|digest)"
            ),
        ),
        (
            Rewrites,
            format!(
                r"(?i:summar(?:y|ies)|digest|rewrite|translation) (?i:of|from) (?i:an? |the )?(?i:article|story|piece|news item) (?i:by|from|in|on) (?i:the )?{NAME}"
            ),
        ),
        (
            ReportsOn,
            format!(
                r"(?i:read|see|view|check out|visit) (?i:the )?{NAME}(?:[’'‘]s)? (?i:full|complete|original|entire|detailed|whole) {writing}"
            ),
        ),
        (
            ReportsOn,
            format!(
                r"(?i:full|complete|original|entire|detailed) {writing} (?i:by|from|at|on|of|published by|released by) (?i:the )?{NAME}"
            ),
        ),
        (
            ReportsOn,
            format!(
                r"(?i:according to) (?i:an? |the )?(?i:new |recent |latest |joint )*(?i:{writing} |data |researchers? |analysts? |experts? |telemetry )?(?i:published |released |issued |shared )?(?i:by |from |at |with |of )?{firm}{NAME}"
            ),
        ),
        (
            ReportsOn,
            format!(r"(?i:researchers|analysts|experts|hunters) (?i:at|from|with|of) {firm}{NAME}"),
        ),
        (
            ReportsOn,
            format!(
                r"{NAME}(?:[’'‘]s)? (?i:security |threat |malware )?(?i:researchers|analysts) (?i:said|say|wrote|have|found|identified|who|observed|discovered|report|released|noted|warn|detected)"
            ),
        ),
        (
            ReportsOn,
            format!(
                r"{NAME} (?i:said|says|wrote|writes|reported|noted|explained|disclosed|revealed|detailed|warned) (?i:on \w+ )?(?i:in|via) (?i:an?|its|their|the) (?i:new |recent |joint |technical )?{writing}"
            ),
        ),
        (
            ReportsOn,
            format!(
                r"(?i:in|from|to) (?i:an?|the) (?i:new |recent |joint |technical )?{writing} (?i:by|from|published by|released by|shared by) {firm}{NAME}"
            ),
        ),
    ];
    cues.into_iter()
        .filter_map(|(kind, cue)| Regex::new(&cue).ok().map(|cue| (kind, cue)))
        .collect()
});

/// Names of news sites as they spell them; their copies lose blanks and capitals.
const OUTLETS: &[&str] = &[
    "Ars Technica",
    "Associated Press",
    "BleepingComputer",
    "Bloomberg",
    "CSO Online",
    "Computer Weekly",
    "ComputerWeekly",
    "CyberScoop",
    "Cybernews",
    "Dark Reading",
    "Decipher",
    "FCW",
    "Forbes",
    "Help Net Security",
    "Infosecurity Magazine",
    "Krebs on Security",
    "KrebsOnSecurity",
    "Motherboard",
    "Nextgov",
    "Politico",
    "Reuters",
    "SC Magazine",
    "SC Media",
    "Security Affairs",
    "SecurityWeek",
    "Security Boulevard",
    "TechCrunch",
    "TechTarget",
    "The Hacker News",
    "The Record",
    "The Register",
    "Threatpost",
    "VentureBeat",
    "Wired",
    "ZDNet",
];

/// Capitalised words that begin a sentence and name no one.
const NO_NAMES: &[&str] = &[
    "a",
    "an",
    "and",
    "as",
    "at",
    "attackers",
    "but",
    "cve",
    "experts",
    "for",
    "he",
    "her",
    "his",
    "however",
    "i",
    "if",
    "in",
    "it",
    "its",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "more",
    "most",
    "new",
    "no",
    "on",
    "one",
    "our",
    "researchers",
    "security",
    "she",
    "some",
    "that",
    "the",
    "their",
    "there",
    "these",
    "they",
    "this",
    "those",
    "threat",
    "to",
    "we",
    "what",
    "when",
    "while",
    "who",
    "you",
    "your",
    "several",
    "many",
    "other",
    "both",
    "all",
    "article",
    "news",
    "internet",
    "windows",
];

/// Sites whose links only share a page.
const SHARING: &[&str] = &[
    "facebook.",
    "twitter.",
    "x.com",
    "linkedin.",
    "reddit.",
    "pinterest.",
    "whatsapp.",
    "t.me",
    "telegram.",
    "mailto:",
    "ycombinator.",
    "getpocket.",
    "tumblr.",
    "instapaper.",
];

/// Finds what the document says it was made from, in the order rewrites, reports, by place.
pub(crate) fn find(document: &Document, regions: &[Region]) -> Vec<Lineage> {
    let text = document.text.as_str();
    let own = document.source.as_deref().map(squash).unwrap_or_default();
    let mut found = by_cues(text, &own);
    by_links(document, regions, &mut found);
    settle(found)
}

fn by_cues(text: &str, own: &str) -> Vec<Lineage> {
    let mut found: Vec<Lineage> = Vec::new();
    for (kind, cue) in CUES.iter() {
        for captures in cue.captures_iter(text).take(20) {
            let Some((who, span)) = named(&captures) else { continue };
            // `Source:` alone stands in event logs and tables too: only a news site counts there.
            let said = text
                .get(span.range())
                .unwrap_or("")
                .trim_start_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase();
            let bare = ["source:", "source :", "via:", "via :", "credit:", "credit :"]
                .iter()
                .any(|b| said.starts_with(b));
            if bare && !OUTLETS.contains(&who.as_str()) {
                continue;
            }
            if squash(&who) == own && !own.is_empty() {
                continue;
            }
            found.push(Lineage { kind: *kind, publisher: Some(who), url: None, span });
        }
    }
    found
}

/// The publisher and the place of the cue; `None` when the name is none.
fn named(captures: &Captures<'_>) -> Option<(String, Span)> {
    let (whole, who) = (captures.get(0)?, captures.name("who")?);
    // `Mandiant Complete` is a name and an adjective with a capital.
    let mut words: Vec<&str> = who.as_str().split(' ').collect();
    while words.last().is_some_and(|w| {
        let w = w.to_ascii_lowercase();
        (NO_NAMES.contains(&w.as_str())
            && !["news", "security", "threat", "internet", "one"].contains(&w.as_str()))
            || ["complete", "full", "original", "quick", "hits", "blog"].contains(&w.as_str())
    }) {
        words.pop();
    }
    while words
        .first()
        .is_some_and(|w| *w != "The" && NO_NAMES.contains(&w.to_ascii_lowercase().as_str()))
    {
        words.remove(0);
    }
    if words.is_empty() || words == ["The"] {
        return None;
    }
    let name = words.join(" ");
    let squashed = squash(&name);
    let outlet =
        OUTLETS.iter().find(|o| squash(o) == squashed || squash(o) == format!("the{squashed}"));
    let name = outlet.map_or(name, |o| (*o).to_owned());
    (name.len() > 1 && name.contains(char::is_alphabetic))
        .then(|| (name, Span::new(whole.start(), whole.end())))
}

fn squash(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A link, or what is left of one, whose path repeats the title: the page that was copied.
fn by_links(document: &Document, regions: &[Region], found: &mut Vec<Lineage>) {
    let text = document.text.as_str();
    let own_host = document.url.as_deref().and_then(host);
    let foreign = |target: &str| {
        !SHARING.iter().any(|s| target.contains(s))
            && (own_host.is_none() || host(target) != own_host)
    };
    for region in regions {
        let RegionKind::Link { target } = &region.kind else { continue };
        if !target.contains("://") || !foreign(target) {
            continue;
        }
        let words = region.span.slice(text).unwrap_or("").to_lowercase();
        let said = [
            "original article",
            "original source",
            "original post",
            "original story",
            "source link",
            "read the original",
            "read original",
            "view original",
        ];
        if said.iter().any(|s| words.contains(s))
            || repeats_title(target, document.title.as_deref())
        {
            // At the top it is what the page goes with; further down, what it was made from.
            let top = (region.span.start as usize) < text.len() / 2;
            let kind = if top { LineageKind::ReportsOn } else { LineageKind::Rewrites };
            let url = Some(target.clone());
            found.push(Lineage { kind, publisher: None, url, span: region.span });
        }
    }
    // A page saved as PDF carries its own address.
    if document.format == Format::Pdf {
        return;
    }
    // Plain text: the copy's last lines often keep the link, or its tail.
    let mut from = text.len().saturating_sub((text.len() * 3 / 10).clamp(600, 8 << 10));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    for token in text[from..]
        .split_whitespace()
        .filter(|t| t.len() <= 2048 && t.contains('/') && t.contains('-'))
    {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let span = Span::new(start, start + token.len());
        if foreign(token) && repeats_title(token, document.title.as_deref()) {
            let url = token
                .find("http")
                .map(|at| token[at..].trim_end_matches([')', '.', ',', '>']).to_owned());
            found.push(Lineage { kind: LineageKind::Rewrites, publisher: None, url, span });
        }
    }
}

/// Whether a part of the path says the title over again, in four words or more.
fn repeats_title(target: &str, title: Option<&str>) -> bool {
    let Some(title) = title else { return false };
    let words: Vec<String> =
        title.split_whitespace().map(squash).filter(|w| w.len() >= 3).collect();
    if words.len() < 4 {
        return false;
    }
    target.to_lowercase().split(['/', '?']).filter(|part| part.matches('-').count() >= 3).any(
        |part| {
            let slug: Vec<&str> = part.split(['-', '_', '.']).collect();
            let same = words.iter().filter(|w| slug.contains(&w.as_str())).count();
            // A rewrite swaps words of the title: three in five are enough.
            same >= 4 && same * 5 >= words.len() * 3
        },
    )
}

fn host(target: &str) -> Option<String> {
    let rest = target.split_once("://")?.1;
    Some(rest.split(['/', '?', '#']).next()?.trim_start_matches("www.").to_lowercase())
}

/// One entry a source: a name and a link of one rewrite belong together; weak cues need weight.
fn settle(found: Vec<Lineage>) -> Vec<Lineage> {
    let mut copied: Vec<Lineage> = Vec::new();
    let mut reported: Vec<(Lineage, usize)> = Vec::new();
    for lineage in found {
        if matches!(lineage.kind, LineageKind::Republishes | LineageKind::Rewrites) {
            let twin = copied.iter_mut().find(|c| {
                (c.publisher.is_none()
                    || lineage.publisher.is_none()
                    || c.publisher == lineage.publisher)
                    && (c.url.is_none() || lineage.url.is_none() || c.url == lineage.url)
            });
            match twin {
                Some(twin) => {
                    twin.publisher = twin.publisher.take().or(lineage.publisher);
                    twin.url = twin.url.take().or(lineage.url);
                }
                None => copied.push(lineage),
            }
        } else if let Some((_, count)) = reported
            .iter_mut()
            .find(|(l, _)| l.publisher == lineage.publisher && l.url == lineage.url)
        {
            *count += 1;
        } else {
            reported.push((lineage, 1));
        }
    }
    copied.truncate(3);
    // Once, far down the page, is a mention; early or often is what the piece is about.
    reported.retain(|(l, count)| *count > 1 || l.span.start < 2500 || !copied.is_empty());
    reported.retain(|(l, _)| copied.iter().all(|c| c.publisher != l.publisher));
    reported.sort_by_key(|(l, count)| (std::cmp::Reverse(*count), l.span));
    reported.truncate(5);
    copied.into_iter().chain(reported.into_iter().map(|(l, _)| l)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(title: &str, text: &str) -> Vec<String> {
        let mut document = Document::new(b"", "x", Format::Text, text.to_owned());
        document.title = Some(title.to_owned());
        document.source = Some("Marsh News".to_owned());
        find(&document, &[])
            .into_iter()
            .map(|l| {
                format!(
                    "{:?} {} {}",
                    l.kind,
                    l.publisher.unwrap_or_default(),
                    l.url.unwrap_or_default()
                )
            })
            .collect()
    }

    #[test]
    fn a_spun_copy_names_what_it_was_made_from() {
        let text = "Storm over the mail servers of the north\n\nSeveral ministries were hit, according to Reedbed Labs researchers.\n\n\
            Read Reedbed Labs Complete blog post for more.\n\nHelpNetSecurity’s News Bites offer a short summary of breaking news.\n\n\
            More https://news.example.org/2021/storm-over-mail-servers-of-north?x=rss\n";
        assert_eq!(
            lines("Storm over the mail servers of the north", text),
            [
                "Rewrites Help Net Security https://news.example.org/2021/storm-over-mail-servers-of-north?x=rss",
                "ReportsOn Reedbed Labs "
            ]
        );
    }

    #[test]
    fn reposts_and_source_lines() {
        assert_eq!(
            lines("T", "Body.\nThis article originally appeared on ZDNet."),
            ["Republishes ZDNet "]
        );
        assert_eq!(lines("T", "Body.\nSource: The Record\n"), ["Rewrites The Record "]);
        assert_eq!(
            lines("T", "Acme Watch said in a blog post that it saw this."),
            ["ReportsOn Acme Watch "]
        );
        assert_eq!(lines("T", "The post Body appeared first on Marsh News."), Vec::<String>::new());
        assert_eq!(
            lines("T", "The actor used a web shell. It was in January."),
            Vec::<String>::new()
        );
    }
}
