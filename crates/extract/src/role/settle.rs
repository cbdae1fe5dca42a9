//! A second look over the whole document: what one place says of a value holds for the others.

use std::collections::BTreeMap;

use lapwing_model::{Claim, Confidence, Entity, Kind, Object, Relation, Role};

use super::host_of;
use super::service::service;

/// Gives mentions that nothing was said of the role that the same value, or its page, has
/// elsewhere in the document.
pub(crate) fn settle(claims: &mut [Claim]) {
    if !claims.iter().any(is_open) {
        return;
    }
    let mut accused: BTreeMap<&Entity, &str> = BTreeMap::new();
    // Hosts of URLs, with the strongest thing that is said of one.
    let mut hosts: BTreeMap<&str, (Role, &str)> = BTreeMap::new();
    for claim in claims.iter() {
        let (Some(role), why) = (claim.role(), claim.why.as_deref().unwrap_or_default()) else {
            continue;
        };
        if role == Role::Indicator && claim.precision >= Confidence::percent(75) {
            accused.entry(&claim.subject).or_insert(why);
        }
        if claim.subject.kind == Kind::Url
            && matches!(role, Role::Indicator | Role::Reference)
            && let Some(host) = host_of(&claim.subject.value)
        {
            let held = hosts.entry(host).or_insert((role, why));
            if role == Role::Indicator {
                *held = (role, why);
            }
        }
    }
    let changes: Vec<(usize, Role, u8, String)> = claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| is_open(claim))
        .filter_map(|(at, claim)| {
            let value = claim.subject.value.as_str();
            if claim.subject.kind == Kind::Url
                && let Some(host) = host_of(value).filter(|host| service(host).is_none())
                && let Some(why) = [Kind::Ipv4Addr, Kind::DomainName]
                    .into_iter()
                    .find_map(|kind| accused.get(&Entity::new(kind, host)))
            {
                return Some((at, Role::Indicator, 70, format!("its host is accused: {why}")));
            }
            if let Some(why) = accused.get(&claim.subject) {
                return Some((at, Role::Indicator, 75, format!("elsewhere: {why}")));
            }
            let (role, why) =
                hosts.get(value).filter(|_| claim.subject.kind == Kind::DomainName)?;
            match role {
                Role::Indicator if service(value).is_none() => {
                    Some((at, *role, 65, format!("host of a page that is accused: {why}")))
                }
                Role::Reference => {
                    Some((at, *role, 65, "its pages are cited in this document".to_owned()))
                }
                _ => None,
            }
        })
        .collect();
    for (at, role, percent, why) in changes {
        let Some(claim) = claims.get_mut(at) else { continue };
        claim.object = Object::Text(role.as_str().to_owned());
        claim.precision = Confidence::percent(percent);
        claim.why = Some(why);
    }
}

/// Whether nothing was said of a value of a kind that may be accused.
fn is_open(claim: &Claim) -> bool {
    is_unexplained(claim)
        || (claim.subject.kind == Kind::Url
            && claim.role() == Some(Role::Reference)
            && claim.why.as_deref().is_some_and(|why| why.starts_with(IN_PASSING)))
}

/// With what the reason begins by which a link is a reference for want of a better one.
const IN_PASSING: &str = "a link in";

fn is_unexplained(claim: &Claim) -> bool {
    claim.relation == Relation::Role
        && claim.role() == Some(Role::Unclear)
        && claim.precision >= Confidence::percent(50)
        && (claim.subject.kind == Kind::DomainName
            || matches!(
                claim.subject.kind,
                Kind::Ipv4Addr
                    | Kind::Ipv6Addr
                    | Kind::Url
                    | Kind::EmailAddr
                    | Kind::FileName
                    | Kind::FilePath
            ))
}
