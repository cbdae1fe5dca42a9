//! Fields that rules ask for and no log writes so: computed from those that it does.

use super::mapping::Derived;
use super::view::{Fields, View};
use crate::condition::percent_decode;

/// Words of an `EXECVE` record that are put together.
const WORDS: usize = 64;

/// The fields that others are computed from.
pub(crate) fn inputs() -> impl Iterator<Item = String> {
    let names = [
        "Hashes",
        "Hash",
        "cs-uri-stem",
        "cs-uri-query",
        "c-uri",
        "cs-uri",
        "cs-host",
        "cs-uri-scheme",
        "ObjectName",
        "ObjectValueName",
        "NewValue",
    ];
    names.into_iter().map(str::to_owned).chain((0..WORDS).map(|number| format!("a{number}")))
}

/// Adds the computed fields to a record. Names that no rule asks for are left out.
pub(crate) fn add(what: Derived, fields: &Fields, view: &mut View) {
    match what {
        Derived::Hashes => hashes(fields, view),
        Derived::Request => request(fields, view),
        Derived::Registry => registry(fields, view),
        Derived::Url => url(fields, view),
        Derived::Execve => execve(fields, view),
    }
}

fn text(fields: &Fields, view: &View, name: &str) -> Option<String> {
    let value = view.get(fields.get(name)?)?;
    (!value.is_empty() && value != "-").then(|| value.to_owned())
}

fn put(fields: &Fields, view: &mut View, name: &str, value: &str) {
    if let Some(field) = fields.get(name)
        && !view.values(field).any(|slot| view.raw(slot) == value)
    {
        view.push(field, value);
    }
}

/// `SHA1=…,MD5=…,SHA256=…,IMPHASH=…` as Sysmon writes it.
fn hashes(fields: &Fields, view: &mut View) {
    let Some(all) = text(fields, view, "Hashes").or_else(|| text(fields, view, "Hash")) else {
        return;
    };
    for (kind, value) in all.split(',').filter_map(|part| part.split_once('=')) {
        put(fields, view, kind.trim(), value.trim());
    }
}

/// Rules put the path of a request in `cs-uri-query` or `cs-uri-stem`, whole or in part; logs split
/// it at the `?`. Both fields get every form, as logged and percent-decoded.
fn request(fields: &Fields, view: &mut View) {
    let stem = text(fields, view, "cs-uri-stem").unwrap_or_default();
    // Blue Coat writes the query with its question mark.
    let query = text(fields, view, "cs-uri-query").unwrap_or_default();
    let query = query.strip_prefix('?').map_or(query.clone(), str::to_owned);
    if stem.is_empty() && query.is_empty() {
        return;
    }
    let whole = match (stem.is_empty(), query.is_empty()) {
        (false, false) => format!("{stem}?{query}"),
        (false, true) => stem.clone(),
        _ => query.clone(),
    };
    for form in [&stem, &query, &whole] {
        if form.is_empty() {
            continue;
        }
        let decoded = percent_decode(form);
        for name in ["cs-uri-query", "cs-uri"] {
            put(fields, view, name, form);
            put(fields, view, name, &decoded);
        }
    }
    let decoded = percent_decode(&stem);
    put(fields, view, "cs-uri-stem", &decoded);
    put(fields, view, "c-uri", &whole);
    put(fields, view, "c-uri", &percent_decode(&whole));
}

/// Hives as Sysmon abbreviates them, by the kernel's names.
const HIVES: &[(&str, &str)] = &[
    ("\\registry\\machine\\system\\controlset001\\", "HKLM\\System\\CurrentControlSet\\"),
    ("\\registry\\machine\\", "HKLM\\"),
    ("\\registry\\user\\", "HKU\\"),
];

/// The audit of the registry (4656, 4657, 4663) in Sysmon's words.
fn registry(fields: &Fields, view: &mut View) {
    let Some(key) = text(fields, view, "ObjectName") else { return };
    let folded = key.to_ascii_lowercase();
    let Some((kernel, hive)) = HIVES.iter().find(|(kernel, _)| folded.starts_with(kernel)) else {
        return;
    };
    let mut path = format!("{hive}{}", &key[kernel.len()..]);
    if let Some(name) = text(fields, view, "ObjectValueName") {
        path.push('\\');
        path.push_str(&name);
    }
    put(fields, view, "TargetObject", &path);
    if let Some(value) = text(fields, view, "NewValue") {
        put(fields, view, "Details", &value);
    }
}

/// Host, path and query out of a whole URL.
fn url(fields: &Fields, view: &mut View) {
    let Some(all) = text(fields, view, "c-uri").or_else(|| text(fields, view, "cs-uri")) else {
        return;
    };
    put(fields, view, "c-uri", &percent_decode(&all));
    // Proxies that split what was asked for: rules ask for the whole address.
    if all.starts_with('/')
        && let Some(host) = text(fields, view, "cs-host")
    {
        let scheme = text(fields, view, "cs-uri-scheme").unwrap_or_else(|| "http".to_owned());
        put(fields, view, "c-uri", &format!("{scheme}://{host}{all}"));
    }
    let rest = all.split_once("://").map_or(all.as_str(), |(_, rest)| rest);
    let (host, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if all.contains("://") || !path.is_empty() {
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
        for name in ["cs-host", "r-dns"] {
            put(fields, view, name, host);
        }
    }
    let (stem, query) = path.split_once('?').unwrap_or((path, ""));
    put(fields, view, "c-uri-stem", stem);
    put(fields, view, "c-uri-query", query);
    if let Some((_, extension)) = stem.rsplit('/').next().and_then(|name| name.rsplit_once('.')) {
        put(fields, view, "c-uri-extension", extension);
    }
}

/// `a0`, `a1` … of an `EXECVE` record as one command line.
fn execve(fields: &Fields, view: &mut View) {
    let mut line = String::new();
    for number in 0..WORDS {
        let Some(word) = text(fields, view, &format!("a{number}")) else { break };
        if number > 0 {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        put(fields, view, "CommandLine", &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(what: Derived, record: &[(&str, &str)], ask: &str) -> Vec<String> {
        let mut fields = Fields::default();
        for (name, _) in record {
            fields.intern(name);
        }
        let asked = fields.intern(ask);
        let mut view = View::default();
        view.clear(&fields);
        for (name, value) in record {
            view.push(fields.get(name).unwrap(), value);
        }
        add(what, &fields, &mut view);
        view.values(asked).map(|slot| view.raw(slot).to_owned()).collect()
    }

    #[test]
    fn what_logs_do_not_write() {
        let request = [("cs-uri-stem", "/a%2fb.aspx"), ("cs-uri-query", "x=%27")];
        assert_eq!(
            derived(Derived::Request, &request, "cs-uri-query"),
            ["x=%27", "/a%2fb.aspx", "/a/b.aspx", "x='", "/a%2fb.aspx?x=%27", "/a/b.aspx?x='"]
        );
        let hashes = [("Hashes", "MD5=AA,IMPHASH=BB")];
        assert_eq!(derived(Derived::Hashes, &hashes, "Imphash"), ["BB"]);
        let key = [("ObjectName", "\\REGISTRY\\MACHINE\\SOFTWARE\\x"), ("ObjectValueName", "v")];
        assert_eq!(derived(Derived::Registry, &key, "TargetObject"), ["HKLM\\SOFTWARE\\x\\v"]);
        let url = [("c-uri", "https://u@Host.example:8443/a/b.php?c=d")];
        assert_eq!(derived(Derived::Url, &url, "cs-host"), ["Host.example"]);
        assert_eq!(derived(Derived::Url, &url, "c-uri-extension"), ["php"]);
        assert_eq!(
            derived(Derived::Execve, &[("a0", "cat"), ("a1", "x")], "CommandLine"),
            ["cat x"]
        );
        assert_eq!(percent_decode("%%41%4"), "%A%4");
    }
}
