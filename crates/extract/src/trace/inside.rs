//! What stands inside a user agent is a part of it: the page of a crawler is no path on a host.

use lapwing_model::{Claim, Confidence, Kind, Object, Relation, Role, Span};

/// Percent for a part of a user agent, and for one that a line break cut off.
const INSIDE: u8 = 85;
const CUT_OFF: u8 = 70;

/// Takes the accusation from parts of user agents. `claims` are values and traces.
pub(crate) fn parts_of_agents(text: &str, claims: &mut [Claim]) {
    let mut agents: Vec<Span> =
        claims.iter().filter(|c| c.subject.kind == Kind::UserAgent).map(|c| c.span).collect();
    agents.sort();
    let mut links: Vec<Span> = claims
        .iter()
        .filter(|c| c.subject.kind == Kind::Url && c.role() != Some(Role::Indicator))
        .map(|c| c.span)
        .filter(|span| text.get(..span.start as usize).is_some_and(|head| head.ends_with('+')))
        .collect();
    links.sort();
    if agents.is_empty() && links.is_empty() {
        return;
    }
    for claim in claims.iter_mut().filter(|c| may_be_part(c)) {
        let after = agents.partition_point(|span| span.start <= claim.span.start);
        let inside = after.checked_sub(1).and_then(|at| agents.get(at));
        let (percent, why) = if inside.is_some_and(|span| span.contains(claim.span)) {
            (INSIDE, "a part of a user agent")
        } else if goes_on(text, &links, claim) {
            (CUT_OFF, "the rest of the link of a user agent, behind the end of a line")
        } else {
            continue;
        };
        claim.object = Object::Text(Role::Reference.as_str().to_owned());
        claim.precision = Confidence::percent(percent);
        claim.why = Some(why.to_owned());
    }
}

fn may_be_part(claim: &Claim) -> bool {
    claim.relation == Relation::Role
        && matches!(claim.role(), Some(Role::Indicator | Role::Unclear))
        && matches!(
            claim.subject.kind,
            Kind::FilePath | Kind::FileName | Kind::DomainName | Kind::Url
        )
}

/// Whether a path follows such a link, with nothing but the end of a line in between.
fn goes_on(text: &str, links: &[Span], claim: &Claim) -> bool {
    let before = links.partition_point(|span| span.end <= claim.span.start);
    let Some(link) = before.checked_sub(1).and_then(|at| links.get(at)) else { return false };
    let gap = text.get(link.end as usize..claim.span.start as usize).unwrap_or("-");
    claim.subject.kind == Kind::FilePath
        && claim.subject.value.starts_with('/')
        && gap.len() <= 4
        && gap.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use lapwing_knowledge::Knowledge;
    use lapwing_model::{Document, Format, Reading, Role};

    use crate::Extractor;

    fn roles(text: &str, value: &str) -> Vec<Role> {
        let document = Document::new(text.as_bytes(), "a.txt", Format::Text, text.to_owned());
        let values =
            Extractor::new(Knowledge::builtin()).values(&Reading::new(document, Vec::new()));
        let named = values.iter().filter(|c| c.subject.value == value);
        named.filter_map(lapwing_model::Claim::role).collect()
    }

    #[test]
    fn the_page_of_a_crawler_is_no_path() {
        let text = "User agents:\n- Mozilla/5.0+(compatible;+Crawler/2.0;++http://www.example.com\n/bot.html)\n\
            Paths:\n- /ecp/main.aspx\n";
        assert!(roles(text, "/bot.html").iter().all(|role| *role == Role::Reference));
        let text = "agents+(+http://www.example.com\n/extern.php)\nPaths:\n- /ecp/main.aspx\n";
        assert!(roles(text, "/extern.php").iter().all(|role| *role == Role::Reference));
        assert!(!roles(text, "/ecp/main.aspx").contains(&Role::Reference));
    }
}
