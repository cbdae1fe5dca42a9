use lapwing_feeds::{FetchLimits, Fetcher, Proxy, Reach, Request};

use crate::failure::Failure;

/// Whether the user named an address to fetch.
pub fn is_address(name: &str) -> bool {
    let lower = name.get(..8).unwrap_or(name).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Fetches what the user named: its host may stand anywhere, what it leads to only at public
/// addresses.
pub fn fetch(address: &str) -> Result<Vec<u8>, Failure> {
    fetch_within(address, |url| Reach::public().and_host_of(url))
}

/// Fetches what somebody far away named: public addresses only.
pub fn fetch_public(address: &str) -> Result<Vec<u8>, Failure> {
    fetch_within(address, |_| Reach::public())
}

fn fetch_within(address: &str, reach: impl Fn(&url::Url) -> Reach) -> Result<Vec<u8>, Failure> {
    let fail =
        |what: String| Failure::usage(what).hint("save the page in a browser and add the file");
    let url = url::Url::parse(address).map_err(|error| fail(format!("{address}: {error}")))?;
    let reach = reach(&url);
    let fetcher = match proxy() {
        Some(proxy) => Fetcher::through(&proxy, reach, FetchLimits::default())
            .map_err(|error| fail(error.to_string()))?,
        None => Fetcher::new(reach, FetchLimits::default()),
    };
    let fetched = fetcher.fetch(&Request::get(url)).map_err(|error| fail(error.to_string()))?;
    Ok(fetched.body.unwrap_or_default())
}

/// The proxy that the environment names, as other tools read it.
pub fn proxy() -> Option<Proxy> {
    let set = |names: &[&str]| {
        names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()))
    };
    let address = set(&["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"])?;
    Some(Proxy::new(&address, &set(&["no_proxy", "NO_PROXY"]).unwrap_or_default()))
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
        let Err(Failure::Usage { message, hint }) = fetch(&serve(vec![gone.into()])) else {
            panic!()
        };
        assert!(message.contains("404") && hint.is_some(), "{message}");
        let ftp = "HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let Err(Failure::Usage { message, .. }) = fetch(&serve(vec![ftp.into()])) else { panic!() };
        assert!(message.contains("no web address"), "{message}");
    }

    #[test]
    fn knows_addresses() {
        assert!(is_address("HTTPS://example.org") && !is_address("httpx.txt"));
    }
}
