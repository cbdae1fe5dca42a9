//! Services that anyone may use: told from what is put there.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use crate::phrases::rows;

static SERVICES: LazyLock<HashMap<&'static str, &'static str, FixedState>> = LazyLock::new(|| {
    rows(include_str!("../../data/services.tsv")).map(|[host, what]| (host, what)).collect()
});

/// What the service at exactly this host is, where people put things below a path.
pub(super) fn service(host: &str) -> Option<&'static str> {
    SERVICES.get(host.strip_prefix("www.").unwrap_or(host)).or_else(|| SERVICES.get(host)).copied()
}

/// Whether a URL names more than its host.
pub(super) fn has_page(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once(['/', '?', '#']).is_some_and(|(_, page)| !page.is_empty())
}
