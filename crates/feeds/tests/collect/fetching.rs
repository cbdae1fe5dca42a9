//! What one fetch may do, and what it may not.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lapwing_feeds::{FetchError, FetchLimits, Fetched, Fetcher, Reach, Request};
use url::Url;

use crate::server::{Answer, Server};

fn limits() -> FetchLimits {
    FetchLimits { bytes: 1 << 20, time: Duration::from_millis(600), ..FetchLimits::default() }
}

fn fetch_within(reach: Reach, address: &str) -> Result<Fetched, FetchError> {
    Fetcher::new(reach, limits()).fetch(&Request::get(Url::parse(address).unwrap()))
}

fn fetch(address: &str) -> Result<Fetched, FetchError> {
    fetch_within(Reach::any(), address)
}

#[test]
fn a_body_comes_with_its_tags() {
    let server = Server::start(|_| {
        Answer::ok("hello")
            .with("ETag", "\"1\"")
            .with("Last-Modified", "Sun, 01 Mar 2026 00:00:00 GMT")
    });
    let fetched = fetch(&server.url("/a")).unwrap();
    assert_eq!(fetched.body.unwrap(), b"hello");
    assert_eq!(fetched.etag.as_deref(), Some("\"1\""));
    let agent = server.taken()[0].header("user-agent").unwrap().to_owned();
    assert!(agent.starts_with("lapwing/"), "{agent}");
}

#[test]
fn nothing_new_is_told_without_a_body() {
    let server = Server::start(|asked| match asked.header("if-none-match") {
        Some("\"1\"") => Answer::status("304 Not Modified"),
        _ => Answer::ok("x"),
    });
    let request =
        Request::get(Url::parse(&server.url("/")).unwrap()).newer_than(Some("\"1\""), None);
    assert!(Fetcher::new(Reach::any(), limits()).fetch(&request).unwrap().body.is_none());
}

#[test]
fn a_server_that_hangs_is_left() {
    let server = Server::start(|_| Answer::Hang);
    let began = Instant::now();
    let error = fetch(&server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::Slow { .. }) && error.is_temporary(), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_body_that_drips_is_left() {
    let server = Server::start(|_| Answer::Drip);
    let began = Instant::now();
    let error = fetch(&server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::Slow { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_body_without_end_is_cut_off() {
    let server = Server::start(|_| Answer::Endless);
    let long = FetchLimits { time: Duration::from_secs(20), ..limits() };
    let request = Request::get(Url::parse(&server.url("/")).unwrap());
    let error = Fetcher::new(Reach::any(), long).fetch(&request).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    let ten_gigabytes = Server::start(|_| {
        Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nx".to_vec())
    });
    let error = fetch(&ten_gigabytes.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
}

#[test]
fn a_gzip_bomb_does_not_go_off() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..40 {
        packer.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let packed = packer.finish().unwrap();
    assert!(packed.len() < 100 << 10);
    let server =
        Server::start(move |_| Answer::ok(packed.clone()).with("Content-Encoding", "gzip"));
    // What it unpacks to counts, not what is sent.
    let long = FetchLimits { time: Duration::from_secs(20), ..limits() };
    let request = Request::get(Url::parse(&server.url("/")).unwrap());
    let error = Fetcher::new(Reach::any(), long).fetch(&request).map(|_| ()).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
}

#[test]
fn honest_compression_is_unpacked() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"192.0.2.1\n").unwrap();
    let packed = packer.finish().unwrap();
    let server =
        Server::start(move |_| Answer::ok(packed.clone()).with("Content-Encoding", "gzip"));
    assert_eq!(fetch(&server.url("/")).unwrap().body.unwrap(), b"192.0.2.1\n");
}

#[test]
fn a_truncated_body_is_no_body() {
    let server = Server::start(|_| {
        Answer::Raw(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nonly this"
                .to_vec(),
        )
    });
    let error = fetch(&server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::Broken { .. }) && error.is_temporary(), "{error}");
    let chunked = Server::start(|_| {
        Answer::Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec())
    });
    let error = fetch(&chunked.url("/")).unwrap_err();
    assert!(error.is_temporary(), "{error}");
    let noise = Server::start(|_| Answer::Raw(b"\x00\x01SSH-2.0-x\r\n".to_vec()));
    assert!(fetch(&noise.url("/")).is_err());
}

#[test]
fn a_redirect_to_the_inside_is_refused() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
    ] {
        let server = Server::start(move |_| Answer::redirect(to));
        let url = server.url("/");
        let named = Reach::public().and_host_of(&Url::parse(&url).unwrap());
        let error = fetch_within(named, &url).unwrap_err();
        assert!(matches!(error, FetchError::Private { .. }), "{to}: {error}");
        assert!(error.to_string().contains("--allow-private"), "{error}");
    }
}

#[test]
fn a_name_that_leads_to_the_inside_is_refused() {
    // `localhost` is resolved as any name is; the address that it has is what counts.
    let server = Server::start(|_| Answer::ok("inside"));
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let error = fetch_within(Reach::public(), &format!("http://localhost:{port}/")).unwrap_err();
    assert!(matches!(error, FetchError::Private { .. }), "{error}");
    assert!(server.taken().is_empty(), "nothing may be sent to it");
    let error = fetch_within(Reach::public(), &server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::Private { .. }), "{error}");
    assert!(server.taken().is_empty());
}

#[test]
fn redirects_end_and_stay_on_the_web() {
    let server = Server::start(|_| Answer::redirect("/again"));
    let error = fetch(&server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::Redirects { most: 5, .. }), "{error}");
    assert_eq!(server.taken().len(), 6);
    for to in ["file:///etc/passwd", "ftp://example.org/", ""] {
        let server = Server::start(move |_| Answer::redirect(to));
        let error = fetch(&server.url("/")).unwrap_err();
        assert!(matches!(error, FetchError::Redirected { .. }), "{to}: {error}");
    }
}

#[test]
fn a_key_stays_with_the_host_that_it_was_meant_for() {
    let other = Server::start(|_| Answer::ok("x"));
    let to = other.url("/there");
    let server = Server::start(move |_| Answer::redirect(&to));
    let request = Request::get(Url::parse(&server.url("/")).unwrap())
        .authorization(Some("Bearer secret".to_owned()));
    Fetcher::new(Reach::any(), limits()).fetch(&request).unwrap();
    assert_eq!(server.taken()[0].header("authorization"), Some("Bearer secret"));
    assert_eq!(other.taken()[0].header("authorization"), None);
}

#[test]
fn a_busy_server_says_when_to_come_again() {
    let server =
        Server::start(|_| Answer::status("429 Too Many Requests").with("Retry-After", "120"));
    let error = fetch(&server.url("/")).unwrap_err();
    assert_eq!(error.retry_after(), Some("120"));
    assert!(error.is_temporary());
    let gone = Server::start(|_| Answer::status("404 Not Found"));
    let error = fetch(&gone.url("/")).unwrap_err();
    assert!(!error.is_temporary() && error.to_string().contains("check the address"), "{error}");
}

#[test]
fn tls_that_cannot_be_trusted_is_refused() {
    // No TLS at all.
    let server = Server::start(|_| Answer::ok("plain"));
    let error = fetch(&server.url("/").replace("http:", "https:")).unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. } | FetchError::Broken { .. }), "{error}");
    // A certificate that nobody vouches for.
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while connection.is_handshaking() {
            if connection.complete_io(&mut stream).is_err() {
                break;
            }
        }
    });
    let error = fetch(&format!("https://localhost:{port}/")).unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{error:?}");
    assert!(!error.is_temporary());
}
