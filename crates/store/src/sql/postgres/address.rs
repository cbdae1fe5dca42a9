//! The address of a database, and how it is shown: never with its password.

use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::config::{Config, SslMode};

use crate::error::StoreError;

/// How long to wait for a server to take a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Where Debian's PostgreSQL listens, when no host is named.
const SOCKETS: &str = "/var/run/postgresql";

/// A database, as `postgres://user:password@host:port/name?sslmode=…`.
#[derive(Clone)]
pub(crate) struct Address {
    /// What to connect with.
    pub(super) config: Config,
    /// The certificates that vouch for the server; those of Mozilla where none are named.
    pub(super) roots: Option<PathBuf>,
    /// The schema that the store is in, where it is not that of the server's `search_path`.
    pub(crate) schema: Option<String>,
    /// As it is told in messages.
    pub(crate) shown: PathBuf,
}

fn is_address(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// How a store's place is told: that of a database without its password.
pub(crate) fn shown(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if is_address(text) => without_password(text).into(),
        _ => path.to_owned(),
    }
}

fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return "(a database)".to_owned() };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let place = match place.rsplit_once('@') {
        Some((who, host)) => {
            let user = who.split_once(':').map_or(who, |(user, _)| user);
            format!("{user}@{host}")
        }
        // A password with a bare `?`: which part of it is secret is anyone's guess.
        None if query.is_some_and(|query| query.contains('@')) && place.contains(':') => {
            return format!("{scheme}://(an address that cannot be read)");
        }
        None => place.to_owned(),
    };
    let kept: Vec<&str> = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.to_ascii_lowercase().contains("password"))
        .collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    format!("{scheme}://{place}{query}")
}

impl Address {
    /// Reads an address; `None` where the path is that of a file.
    pub(crate) fn of(path: &Path) -> Option<Result<Self, StoreError>> {
        let text = path.to_str().filter(|text| is_address(text))?;
        let shown = PathBuf::from(without_password(text));
        Some(Self::read(text, &shown).map_err(|why| StoreError::BadAddress { path: shown, why }))
    }

    /// The same database with another schema, as it is told in messages.
    pub(crate) fn with_schema(&self, schema: &str) -> PathBuf {
        let shown = self.shown.to_string_lossy();
        let (place, query) = shown.split_once('?').unwrap_or((&shown, ""));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("schema="));
        let mut pairs: Vec<&str> = kept.collect();
        let own = format!("schema={schema}");
        pairs.push(&own);
        format!("{place}?{}", pairs.join("&")).into()
    }

    fn read(text: &str, shown: &Path) -> Result<Self, String> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let mut roots = None;
        let mut schema = None;
        let mut verified = false;
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("schema", name) => schema = Some(named(decoded(name)?)?),
                ("sslrootcert", file) => roots = Some(PathBuf::from(decoded(file)?)),
                // A certificate is always looked at here.
                ("sslmode", "verify-ca" | "verify-full") => verified = true,
                _ => kept.push(pair),
            }
        }
        let url =
            if kept.is_empty() { place.to_owned() } else { format!("{place}?{}", kept.join("&")) };
        let mut config: Config = url.parse().map_err(|error: postgres::Error| {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            why.unwrap_or_else(|| error.to_string())
        })?;
        if verified {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_hosts().is_empty() {
            config.host_path(SOCKETS);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("lapwing");
        }
        // A cable that is pulled is noticed in a minute, not in two hours.
        config.keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3);
        Ok(Self { config, roots, schema, shown: shown.to_owned() })
    }
}

/// The name of a schema, which needs no quotes.
fn named(name: String) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && name.chars().all(fits) && name.len() <= 60 {
        return Ok(name);
    }
    Err("a schema is named with small letters, digits and `_`, and begins with a letter".to_owned())
}

/// A value of a query: `%2F` is a slash.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map_err(|_| "a value that is no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            (
                "postgres://ann:s3cret@db.example.test:5433/cti",
                "postgres://ann@db.example.test:5433/cti",
            ),
            ("postgresql://ann@h/cti?sslmode=require", "postgresql://ann@h/cti?sslmode=require"),
            ("postgres://ann:s3/cr@et@h/cti", "postgres://ann@h/cti"),
            ("postgres://h/cti?user=ann&password=s3cret", "postgres://h/cti?user=ann"),
            ("postgres://ann:s3?cret@h/cti", "postgres://(an address that cannot be read)"),
            ("postgres:///cti?host=/run/sock", "postgres:///cti?host=/run/sock"),
        ];
        for (address, told) in cases {
            assert_eq!(shown(Path::new(address)), Path::new(told));
            if let Some(Err(error)) = Address::of(Path::new(address)) {
                assert!(!error.to_string().contains("s3"), "{error}");
            }
        }
        assert_eq!(shown(Path::new("a/store.db")), Path::new("a/store.db"));
        assert!(Address::of(Path::new("postgres.db")).is_none());
    }

    #[test]
    fn an_address_is_read_with_what_libpq_knows_too() {
        let read = |text: &str| Address::of(Path::new(text)).unwrap();
        let address =
            read("postgres://ann:x@h:5433/cti?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem")
                .unwrap();
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(address.roots.as_deref(), Some(Path::new("/etc/ca.pem")));
        let local = read("postgres:///cti?user=ann").unwrap();
        assert_eq!(local.config.get_hosts().len(), 1);
        let other = read("postgres://h/cti?schema=red_team").unwrap();
        assert_eq!(other.schema.as_deref(), Some("red_team"));
        let error = read("postgres://h/cti?schema=a;b").err().unwrap();
        assert!(error.to_string().contains("schema"), "{error}");
        let error = read("postgres://h/cti?sslmode=often").err().unwrap();
        assert!(error.to_string().contains("sslmode"), "{error}");
    }
}
