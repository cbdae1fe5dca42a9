//! The one place where something is fetched: http and https only, within limits of size, time and
//! redirects, and never from a private address that the user did not mean.

use std::io::Read;
use std::time::{Duration, Instant};

use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

use crate::guard::{Guard, Reach, Refused};

/// What one fetch may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Bytes of a body, unpacked. Default 256 MiB.
    pub bytes: u64,
    /// Time for all of it, redirects included. Default one minute.
    pub time: Duration,
    /// Redirects that are followed. Default 5.
    pub redirects: u32,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self { bytes: 256 << 20, time: Duration::from_mins(1), redirects: 5 }
    }
}

/// What to fetch.
#[derive(Clone, Debug)]
pub struct Request {
    address: Url,
    headers: Vec<(String, String)>,
    /// Sent to the first host only, never along with a redirect to another.
    secret: Option<String>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Asks for what stands at an address.
    #[must_use]
    pub fn get(address: Url) -> Self {
        Self { address, headers: Vec::new(), secret: None, body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Asks only for what is newer than what these tell.
    #[must_use]
    pub fn newer_than(mut self, etag: Option<&str>, last_modified: Option<&str>) -> Self {
        for (name, value) in [("If-None-Match", etag), ("If-Modified-Since", last_modified)] {
            self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        }
        self
    }

    /// Sends this as `Authorization`, to the host of the address only.
    #[must_use]
    pub fn authorization(mut self, value: Option<String>) -> Self {
        self.secret = value;
        self
    }

    /// Sends a body of JSON.
    #[must_use]
    pub fn post(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where it was found in the end.
    pub address: Url,
    /// The body; `None` when nothing is new since (status 304).
    pub body: Option<Vec<u8>>,
    /// The server's tag of it.
    pub etag: Option<String>,
    /// The server's date of it.
    pub last_modified: Option<String>,
    /// Its media type.
    pub media_type: String,
    headers: Vec<(String, String)>,
}

impl Fetched {
    /// A header of the answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Why nothing was fetched. Each names the address and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// What was named is no address that can be fetched.
    #[error("{address}: {why}; name an address that begins with http:// or https://")]
    Address {
        /// As given.
        address: String,
        /// What is wrong.
        why: String,
    },
    /// The host stands at a private address, and the user did not name it.
    #[error(
        "{address}: `{host}` stands at the private address {ip}, which the user did not name; \
         if that is meant, allow private addresses (--allow-private)"
    )]
    Private {
        /// What was asked for.
        address: String,
        /// The host.
        host: String,
        /// Where it stands.
        ip: std::net::IpAddr,
    },
    /// It is redirected to something that is not fetched.
    #[error("{address}: is redirected to {to}, which is no web address")]
    Redirected {
        /// What was asked for.
        address: String,
        /// Where it leads.
        to: String,
    },
    /// It is redirected again and again.
    #[error("{address}: is redirected more than {most} times; fetch it by hand to see why")]
    Redirects {
        /// What was asked for.
        address: String,
        /// Redirects that are followed.
        most: u32,
    },
    /// The server refuses.
    #[error("{address}: the server answers {status}{}", status_hint(*.status))]
    Status {
        /// What was asked for.
        address: String,
        /// The answer.
        status: u16,
        /// When to try again, in the server's own spelling.
        retry_after: Option<String>,
    },
    /// It is larger than it may be.
    #[error("{address}: is larger than {} MiB; fetch it by hand and add the file", .most >> 20)]
    TooLarge {
        /// What was asked for.
        address: String,
        /// Bytes that it may have.
        most: u64,
    },
    /// It takes too long.
    #[error("{address}: did not come within {} seconds; try again later", .time.as_secs_f32())]
    Slow {
        /// What was asked for.
        address: String,
        /// What it may take.
        time: Duration,
    },
    /// The host has no address.
    #[error("{address}: the name of the host is not known; check the spelling and the network")]
    UnknownHost {
        /// What was asked for.
        address: String,
    },
    /// The connection is not to be trusted.
    #[error("{address}: no trusted TLS connection: {why}")]
    Tls {
        /// What was asked for.
        address: String,
        /// What is wrong.
        why: String,
    },
    /// The connection broke, or what came is no HTTP.
    #[error("{address}: {why}; try again later")]
    Broken {
        /// What was asked for.
        address: String,
        /// What is wrong.
        why: String,
    },
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; check the key (--key-env names the variable that holds it)",
        404 | 410 => "; check the address",
        408 | 425 | 429 | 500..=599 => "; try again later",
        _ => "",
    }
}

impl FetchError {
    /// Whether another try may go better.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Slow { .. } | Self::UnknownHost { .. } | Self::Broken { .. } => true,
            _ => false,
        }
    }

    /// When the server wants to be asked again, in its own spelling.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        match self {
            Self::Status { retry_after, .. } => retry_after.as_deref(),
            _ => None,
        }
    }
}

/// A proxy, and the hosts that are reached without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    address: String,
    except: Vec<String>,
}

impl Proxy {
    /// A proxy by its address (`http://host:port`), and what `no_proxy` commonly holds: names of hosts
    /// and domains, separated by commas; `*` for all.
    #[must_use]
    pub fn new(address: &str, except: &str) -> Self {
        let names =
            except.split(',').map(|name| name.trim().trim_start_matches('.').to_lowercase());
        Self { address: address.to_owned(), except: names.filter(|n| !n.is_empty()).collect() }
    }

    /// Whether a host is reached through it; this machine itself never is.
    fn serves(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).to_lowercase();
        let own = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let named = |name: &String| {
            name == "*" || host.strip_suffix(name).is_some_and(|h| h.is_empty() || h.ends_with('.'))
        };
        !own && !self.except.iter().any(named)
    }
}

/// Fetches what the user named, and what leads on from it, within one [`Reach`].
pub struct Fetcher {
    agent: ureq::Agent,
    limits: FetchLimits,
    reach: Reach,
    proxy: Option<(Proxy, ureq::Agent)>,
}

impl Fetcher {
    /// Makes a fetcher that goes straight to the hosts.
    #[must_use]
    pub fn new(reach: Reach, limits: FetchLimits) -> Self {
        Self { agent: agent(&reach, None), limits, reach, proxy: None }
    }

    /// Makes a fetcher that goes through a proxy. The proxy resolves names: what it can reach and this
    /// machine cannot resolve is not looked at.
    ///
    /// # Errors
    /// When the proxy's address cannot be read.
    pub fn through(proxy: &Proxy, reach: Reach, limits: FetchLimits) -> Result<Self, FetchError> {
        let parsed = ureq::Proxy::new(&proxy.address).map_err(|error| FetchError::Address {
            address: proxy.address.clone(),
            why: format!("is no proxy: {error}"),
        })?;
        let proxied = agent(&reach, Some(parsed));
        Ok(Self { proxy: Some((proxy.clone(), proxied)), ..Self::new(reach, limits) })
    }

    /// The proxy's agent, where it serves the host.
    fn proxied(&self, target: &Url) -> Option<&ureq::Agent> {
        let (proxy, agent) = self.proxy.as_ref()?;
        proxy.serves(target.host_str().unwrap_or_default()).then_some(agent)
    }

    /// The limits of each fetch.
    #[must_use]
    pub fn limits(&self) -> FetchLimits {
        self.limits
    }

    /// Fetches.
    ///
    /// # Errors
    /// Any reason for which nothing whole could be fetched.
    pub fn fetch(&self, request: &Request) -> Result<Fetched, FetchError> {
        let until = Instant::now() + self.limits.time;
        let mut target = request.address.clone();
        for _ in 0..=self.limits.redirects {
            self.look_at(&target)?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.slow(&target));
            }
            let response =
                self.send(request, &target, left).map_err(|error| self.of(&target, error))?;
            let status = response.status();
            let header = |name: &str| {
                response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
            };
            if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                let to = header("location").unwrap_or_default();
                let next = target.join(&to).ok().filter(|_| !to.is_empty());
                target = next
                    .filter(|next| matches!(next.scheme(), "http" | "https"))
                    .ok_or_else(|| FetchError::Redirected { address: target.to_string(), to })?;
                continue;
            }
            let mut fetched = Fetched {
                address: target.clone(),
                body: None,
                etag: header("etag"),
                last_modified: header("last-modified"),
                media_type: header("content-type").unwrap_or_default(),
                headers: Vec::new(),
            };
            if status.as_u16() == 304 {
                return Ok(fetched);
            }
            if !status.is_success() {
                return Err(FetchError::Status {
                    address: target.to_string(),
                    status: status.as_u16(),
                    retry_after: header("retry-after"),
                });
            }
            fetched.headers = response
                .headers()
                .iter()
                .filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned())))
                .collect();
            fetched.body = Some(self.body(&target, response)?);
            return Ok(fetched);
        }
        Err(FetchError::Redirects {
            address: request.address.to_string(),
            most: self.limits.redirects,
        })
    }

    /// What must be so before anything is sent.
    fn look_at(&self, target: &Url) -> Result<(), FetchError> {
        let bad = |why: &str| FetchError::Address { address: target.to_string(), why: why.into() };
        if !matches!(target.scheme(), "http" | "https") {
            return Err(bad("is no web address"));
        }
        let host = target.host_str().ok_or_else(|| bad("names no host"))?;
        let refuse =
            |ip| FetchError::Private { address: target.to_string(), host: host.to_owned(), ip };
        // A proxy resolves names itself: what is known of them here is looked at beforehand.
        let known: Vec<std::net::IpAddr> = match target.host() {
            Some(url::Host::Ipv4(ip)) => vec![ip.into()],
            Some(url::Host::Ipv6(ip)) => vec![ip.into()],
            _ if self.proxied(target).is_some() => {
                let port = target.port_or_known_default().unwrap_or(80);
                std::net::ToSocketAddrs::to_socket_addrs(&(host, port))
                    .map(|found| found.map(|socket| socket.ip()).collect())
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        };
        match known.into_iter().find(|ip| !self.reach.allows(host, *ip)) {
            Some(ip) => Err(refuse(ip)),
            None => Ok(()),
        }
    }

    fn send(
        &self,
        request: &Request,
        target: &Url,
        left: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let home = request.address.origin() == target.origin();
        let secret = request.secret.as_deref().filter(|_| home);
        let headers = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let headers = headers.chain(secret.map(|value| ("Authorization", value)));
        let agent = self.proxied(target).unwrap_or(&self.agent);
        match &request.body {
            // A body goes to the host that it was meant for, too.
            Some(body) if home => {
                let mut call = agent.post(target.as_str());
                for (name, value) in headers {
                    call = call.header(name, value);
                }
                call.config().timeout_global(Some(left)).build().send(&body[..])
            }
            _ => {
                let mut call = agent.get(target.as_str());
                for (name, value) in headers {
                    call = call.header(name, value);
                }
                call.config().timeout_global(Some(left)).build().call()
            }
        }
    }

    fn body(
        &self,
        target: &Url,
        response: ureq::http::Response<ureq::Body>,
    ) -> Result<Vec<u8>, FetchError> {
        let most = self.limits.bytes;
        let too_large = || FetchError::TooLarge { address: target.to_string(), most };
        // `None` where it is packed: what counts is what it unpacks to.
        let length = response.body().content_length();
        if length.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let mut reader = response.into_body().into_reader();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let n = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.of(target, error.into())),
            };
            bytes.extend_from_slice(&buffer[..n]);
            if bytes.len() as u64 > most {
                return Err(too_large());
            }
        }
        if length.is_some_and(|length| length > bytes.len() as u64) {
            return Err(FetchError::Broken {
                address: target.to_string(),
                why: format!("ends after {} bytes of those announced", bytes.len()),
            });
        }
        Ok(bytes)
    }

    fn slow(&self, target: &Url) -> FetchError {
        FetchError::Slow { address: target.to_string(), time: self.limits.time }
    }

    /// The error of the HTTP library, told by what a user can do about it.
    fn of(&self, target: &Url, error: ureq::Error) -> FetchError {
        let address = target.to_string();
        match error {
            ureq::Error::Timeout(_) => self.slow(target),
            ureq::Error::HostNotFound => FetchError::UnknownHost { address },
            ureq::Error::Tls(why) => FetchError::Tls { address, why: why.to_owned() },
            ureq::Error::Rustls(why) => FetchError::Tls { address, why: why.to_string() },
            ureq::Error::Io(io) => self.of_io(target, &io),
            other => FetchError::Broken { address, why: other.to_string() },
        }
    }

    fn of_io(&self, target: &Url, io: &std::io::Error) -> FetchError {
        let address = target.to_string();
        let inner = io.get_ref();
        if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<Refused>()) {
            return FetchError::Private {
                address,
                host: refused.host.clone(),
                ip: refused.address,
            };
        }
        let why = io.to_string();
        match io.kind() {
            std::io::ErrorKind::TimedOut => self.slow(target),
            _ if why.contains("lookup address") => FetchError::UnknownHost { address },
            std::io::ErrorKind::InvalidData if target.scheme() == "https" => {
                FetchError::Tls { address, why }
            }
            _ => FetchError::Broken { address, why },
        }
    }
}

/// An agent that connects only where `reach` allows, and follows no redirect by itself.
fn agent(reach: &Reach, proxy: Option<ureq::Proxy>) -> ureq::Agent {
    let guard = Guard {
        reach: reach.clone(),
        proxy: proxy.as_ref().map(|proxy| proxy.host().to_owned()),
        inner: DefaultResolver::default(),
    };
    let config = ureq::Agent::config_builder()
        .proxy(proxy)
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("lapwing/", env!("CARGO_PKG_VERSION")))
        .build();
    ureq::Agent::with_parts(config, DefaultConnector::default(), guard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_serves_all_but_what_is_excepted_and_this_machine() {
        let proxy = Proxy::new("http://proxy.example:3128", "corp.example, .lab.example,192.0.2.7");
        assert!(proxy.serves("example.org") && proxy.serves("notcorp.example"));
        for host in [
            "corp.example",
            "misp.CORP.example",
            "x.lab.example",
            "192.0.2.7",
            "localhost",
            "[::1]",
            "127.0.0.1",
        ] {
            assert!(!proxy.serves(host), "{host}");
        }
        assert!(!Proxy::new("http://proxy.example:3128", "*").serves("example.org"));
        let reach = Reach::public();
        assert!(Fetcher::through(&Proxy::new("::", ""), reach, FetchLimits::default()).is_err());
    }
}
