//! Filters, pages and times of requests.

use axum::http::StatusCode;
use jiff::Timestamp;
use lapwing_engine::store::{SharedQuery, SpecMatch, VersionMatch};

use crate::problem::Problem;

/// Objects of a page, where the client does not say.
const PAGE: usize = 100;
/// Objects of a page at most.
const LARGEST: usize = 1000;
/// Values of one filter at most.
const MOST: usize = 500;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) query: SharedQuery,
    /// What is asked of, and by which filters: a cursor is good for the same alone.
    pub(super) scope: String,
}

/// Which filters a resource knows (TAXII 2.1, section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filters {
    /// Objects and manifest: all.
    All,
    /// One object: version and version of STIX.
    Object,
    /// Versions of one object: version of STIX.
    Versions,
}

/// Reads the parameters of a request.
pub(super) fn read(
    parameters: &[(String, String)],
    filters: Filters,
    collection: &str,
) -> Result<Asked, Problem> {
    let scope = scope(parameters, collection);
    let query = SharedQuery { limit: PAGE, ..SharedQuery::default() };
    let mut asked = Asked { query, scope };
    for (name, value) in parameters {
        let words = || -> Result<Vec<String>, Problem> {
            let words: Vec<String> = value
                .split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect();
            if words.len() > MOST {
                return Err(Problem::unreadable(format!("{name}: at most {MOST} values")));
            }
            Ok(words)
        };
        match (name.as_str(), filters) {
            ("added_after", _) => asked.query.added_after = Some(time(name, value)?),
            ("limit", _) => {
                let number = value.parse::<usize>().ok().filter(|number| *number > 0);
                let number = number.ok_or_else(|| {
                    Problem::unreadable(format!("limit={value}: a number from 1 on"))
                })?;
                asked.query.limit = number.min(LARGEST);
            }
            ("next", _) => {
                asked.query.after = open(value, &asked.scope).ok_or_else(|| {
                    Problem::unreadable("next: no cursor of this collection and these filters")
                        .hint("take `next` of the answer before, with the same filters")
                })?;
            }
            ("match[id]", Filters::All) => asked.query.ids.extend(words()?),
            ("match[type]", Filters::All) => asked.query.types.extend(words()?),
            ("match[spec_version]", _) => {
                let words = words()?;
                match &mut asked.query.specs {
                    SpecMatch::Of(specs) => specs.extend(words),
                    specs => *specs = SpecMatch::Of(words),
                }
            }
            ("match[version]", Filters::All | Filters::Object) => {
                for word in words()? {
                    asked.query.versions.push(match word.as_str() {
                        "last" => VersionMatch::Last,
                        "first" => VersionMatch::First,
                        "all" => VersionMatch::All,
                        other => VersionMatch::At(time(name, other)?),
                    });
                }
            }
            // What a server does not know it leaves aside.
            _ => {}
        }
    }
    if filters == Filters::Versions {
        asked.query.versions = vec![VersionMatch::All];
    }
    Ok(asked)
}

/// The collection and the filters, in an order of their own.
fn scope(parameters: &[(String, String)], collection: &str) -> String {
    let filters = parameters
        .iter()
        .filter(|(name, _)| name == "added_after" || name.starts_with("match["))
        .map(|(name, value)| format!("|{name}={value}"));
    let mut filters: Vec<String> = filters.collect();
    filters.sort_unstable();
    format!("{collection}{}", filters.concat())
}

fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    // A space stands where a plus sign was not encoded.
    let text = text.replace(' ', "+");
    text.parse().map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, format!("{name}: `{text}` is no time"))
            .hint("write 2021-03-02T00:00:00Z")
    })
}

/// The place after which the next page begins, for the client to give back.
pub(super) fn seal(n: i64, scope: &str) -> String {
    format!("{n:x}-{:08x}", check(n, scope))
}

fn open(cursor: &str, scope: &str) -> Option<i64> {
    let (n, sum) = cursor.split_once('-')?;
    let n = i64::from_str_radix(n, 16).ok().filter(|n| *n >= 0)?;
    (u32::from_str_radix(sum, 16).ok()? == check(n, scope)).then_some(n)
}

/// Tells a cursor of another collection, of other filters, or one that was made up (FNV-1a).
fn check(n: i64, scope: &str) -> u32 {
    scope
        .bytes()
        .chain(n.to_le_bytes())
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// When an object was added, as headers and manifests tell it.
pub(super) fn added(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// A version, as exact as it is.
pub(super) fn version(time: Timestamp) -> String {
    if time.as_microsecond() % 1000 == 0 {
        time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    } else {
        added(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(parameters: &[(&str, &str)]) -> Result<Asked, Problem> {
        let owned: Vec<(String, String)> =
            parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        read(&owned, Filters::All, "c")
    }

    #[test]
    fn filters_are_read_and_nonsense_is_refused() {
        let asked_for = asked(&[
            ("match[type]", "indicator,malware"),
            ("match[version]", "first,2021-03-02T00:00:00.000Z"),
            ("added_after", "2021-03-02T00:00:00Z"),
            ("limit", "20000"),
            ("match[color]", "red"),
        ])
        .unwrap();
        assert_eq!(asked_for.query.types, ["indicator", "malware"]);
        assert_eq!(asked_for.query.versions.len(), 2);
        assert_eq!(asked_for.query.limit, LARGEST);
        for wrong in [
            ("limit", "0"),
            ("limit", "-1"),
            ("limit", "x"),
            ("added_after", "yesterday"),
            ("match[version]", "newest"),
            ("next", "12"),
            ("next", "1-00000000"),
            ("next", &seal(5, "other")),
        ] {
            assert_eq!(asked(&[wrong]).unwrap_err().status, 400, "{wrong:?}");
        }
        let next = asked(&[("next", &seal(5, "c"))]).unwrap();
        assert_eq!(next.query.after, 5);
        // A cursor is of the filters with which it was given, in whatever order they stand.
        let filters = [("match[type]", "tool"), ("match[version]", "all")];
        let scope = asked(&filters).unwrap().scope;
        let next = seal(5, &scope);
        assert!(asked(&[("next", &next), filters[1], filters[0], ("limit", "3")]).is_ok());
        assert_eq!(asked(&[("next", &next), filters[0]]).unwrap_err().status, 400);
    }

    #[test]
    fn versions_are_as_exact_as_they_are() {
        assert_eq!(version("2021-03-02T00:00:00Z".parse().unwrap()), "2021-03-02T00:00:00.000Z");
        let exact = "2021-03-02T00:00:00.123456Z".parse().unwrap();
        assert_eq!(version(exact), "2021-03-02T00:00:00.123456Z");
    }
}
