use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use crate::failure::Failure;

/// A page larger than this is not fetched.
const LARGEST: u64 = 256 << 20;
/// A fetch may take so long in all.
const TIMEOUT: Duration = Duration::from_mins(1);
/// So many redirects are followed.
const REDIRECTS: u32 = 5;

/// Whether the user named an address to fetch.
pub fn is_address(name: &str) -> bool {
    let lower = name.get(..8).unwrap_or(name).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Fetches what somebody far away named: as [`fetch`], and nothing of one's own network.
pub fn fetch_public(address: &str) -> Result<Vec<u8>, Failure> {
    let target =
        url::Url::parse(address).map_err(|error| Failure::usage(format!("{address}: {error}")))?;
    if !is_address(address) || is_private(&target) {
        return Err(Failure::usage(format!("{address}: not a public web address")));
    }
    fetch(address)
}

/// Fetches what the user named: only http and https, within limits of size and time, and no
/// redirect from a public to a private address.
pub fn fetch(address: &str) -> Result<Vec<u8>, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("lapwing/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let fail = |what: String| {
        Failure::usage(format!("{address}: {what}"))
            .hint("save the page in a browser and add the file")
    };
    let mut target = url::Url::parse(address).map_err(|error| fail(error.to_string()))?;
    let named_is_private = is_private(&target);
    for _ in 0..=REDIRECTS {
        let response =
            agent.get(target.as_str()).call().map_err(|error| fail(error.to_string()))?;
        let status = response.status();
        if status.is_redirection() {
            let next = response
                .headers()
                .get("location")
                .and_then(|value| value.to_str().ok())
                .and_then(|value| target.join(value).ok())
                .ok_or_else(|| fail(format!("status {status} without a place to go to")))?;
            if !matches!(next.scheme(), "http" | "https") {
                return Err(fail(format!("is redirected to {next}, which is no web address")));
            }
            if !named_is_private && is_private(&next) {
                return Err(fail(format!("is redirected to the private address {next}")));
            }
            target = next;
            continue;
        }
        if !status.is_success() {
            return Err(fail(format!("the server answers {status}")));
        }
        let mut bytes = Vec::new();
        let mut body = response.into_body().into_reader().take(LARGEST + 1);
        body.read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(fail(format!("is larger than {} MiB", LARGEST >> 20)));
        }
        return Ok(bytes);
    }
    Err(fail(format!("is redirected more than {REDIRECTS} times")))
}

/// Whether the host of an address is, or resolves to, loopback, link-local or private space.
fn is_private(address: &url::Url) -> bool {
    let Some(host) = address.host_str() else { return true };
    let port = address.port_or_known_default().unwrap_or(80);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // What does not resolve is not private: the fetch itself will say that it is unknown.
    (host, port).to_socket_addrs().is_ok_and(|mut found| {
        found.any(|socket| match socket.ip() {
            IpAddr::V4(ip) => is_private_v4(ip),
            IpAddr::V6(ip) => {
                ip.to_ipv4_mapped().is_some_and(is_private_v4)
                    || ip.is_loopback()
                    || ip.is_unspecified()
                    || ip.is_unique_local()
                    || ip.is_unicast_link_local()
            }
        })
    })
}

fn is_private_v4(ip: std::net::Ipv4Addr) -> bool {
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers each connection with the next of `answers`, then ends.
    fn serve(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/report", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 2048];
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    #[test]
    fn follows_redirects_and_reads_the_body() {
        let moved = "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let found = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
        let address = serve(vec![moved.into(), found.into()]);
        assert_eq!(fetch(&address).unwrap(), b"hello");
    }

    #[test]
    fn says_what_the_server_answered() {
        let gone = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let Err(Failure::Usage { message, .. }) = fetch(&serve(vec![gone.into()])) else {
            panic!()
        };
        assert!(message.contains("404"), "{message}");
        let ftp = "HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let Err(Failure::Usage { message, .. }) = fetch(&serve(vec![ftp.into()])) else { panic!() };
        assert!(message.contains("no web address"), "{message}");
    }

    #[test]
    fn knows_private_space() {
        let private = |text: &str| is_private(&url::Url::parse(text).unwrap());
        assert!(private("http://127.0.0.1/") && private("http://169.254.169.254/"));
        assert!(private("http://[::ffff:10.0.0.1]/") && private("http://[fd00::1]/"));
        assert!(!private("http://192.0.2.1/"));
        assert!(is_address("HTTPS://example.org") && !is_address("httpx.txt"));
    }
}
