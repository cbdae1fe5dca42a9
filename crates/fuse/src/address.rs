/// Parameters that tell where a reader came from, not what is read.
fn is_tracking(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or("").to_ascii_lowercase();
    name.is_empty()
        || name.starts_with("utm_")
        || matches!(
            name.as_str(),
            "_mc" | "fbclid" | "gclid" | "msclkid" | "mc_cid" | "mc_eid" | "cmp" | "cmpid" | "ref"
        )
}

/// One spelling for all addresses of the same page: no scheme, no `www.`, no fragment, no
/// tracking parameters, no closing slash; defanged forms and archive copies undone.
///
/// ```
/// let a = lapwing_fuse::canonical_url("hxxps://www.Example[.]com/post/?utm_source=rss#top");
/// assert_eq!(a, "example.com/post");
/// ```
#[must_use]
pub fn canonical_url(url: &str) -> String {
    let mut rest = url.trim().replace("[.]", ".").replace("[:]", ":").replace("(.)", ".");
    // An archive's address ends in the address that it keeps.
    if let Some(at) = rest.find("web.archive.org/web/") {
        let tail = &rest[at + "web.archive.org/web/".len()..];
        if let Some((_, kept)) = tail.split_once('/') {
            rest = kept.to_owned();
        }
    }
    let rest = rest.split('#').next().unwrap_or("");
    let rest = match rest.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => rest,
        _ => rest,
    };
    let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = location.split_once('/').unwrap_or((location, ""));
    let host = host.to_ascii_lowercase();
    let host = host.trim_end_matches(":443").trim_end_matches(":80").trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    let mut canonical = host.to_owned();
    let path = path.trim_end_matches('/');
    if !path.is_empty() {
        canonical.push('/');
        canonical.push_str(path);
    }
    let kept: Vec<&str> = query.split('&').filter(|p| !is_tracking(p)).collect();
    if !kept.is_empty() {
        canonical.push('?');
        canonical.push_str(&kept.join("&"));
    }
    canonical
}

/// The canonical address, when it names a page and not only a site.
pub(crate) fn page_url(url: &str) -> Option<String> {
    let canonical = canonical_url(url);
    let host = canonical.split(['/', '?']).next().unwrap_or("");
    (canonical.len() > host.len() && host.contains('.')).then_some(canonical)
}

/// One spelling for a publisher's name: lower case, letters and digits only, without the legal
/// form and the ending of a host name (`CISA.gov` is `cisa`).
pub(crate) fn publisher_key(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let bare = canonical_url(&lower);
    let host = bare.split('/').next().unwrap_or("");
    let looks_like_host = !lower.contains(' ') && host.contains('.');
    let stem = if looks_like_host {
        // The label before the ending carries the name: `us-cert.cisa.gov`, `blog.example.com`.
        let mut labels = host.rsplit('.').skip(1).filter(|l| !matches!(*l, "co" | "com" | "gov"));
        labels.next().unwrap_or(host).to_owned()
    } else {
        lower
    };
    stem.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !matches!(*w, "" | "inc" | "ltd" | "llc" | "gmbh" | "corp" | "corporation"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_page_are_one() {
        let page = "example.com/news/d-id/17";
        for url in [
            "https://www.example.com/news/d-id/17?_mc=rss_x",
            "http://example.com:80/news/d-id/17/",
            "hxxp://example[.]com/news/d-id/17#comments",
            "https://web.archive.org/web/20210305/https://www.example.com/news/d-id/17",
        ] {
            assert_eq!(canonical_url(url), page, "{url}");
        }
        assert_eq!(canonical_url("https://example.com/?id=7&utm_source=x"), "example.com?id=7");
        assert_eq!(page_url("https://example.com/"), None);
        assert_eq!(page_url("no address"), None);
    }

    #[test]
    fn a_publisher_has_one_key() {
        assert_eq!(publisher_key("CISA.gov"), "cisa");
        assert_eq!(publisher_key("us-cert.cisa.gov"), "cisa");
        assert_eq!(publisher_key("Dark Reading"), publisher_key("DarkReading"));
        assert_eq!(publisher_key("Example Labs, Inc."), "examplelabs");
        assert_eq!(publisher_key(""), "");
    }
}
