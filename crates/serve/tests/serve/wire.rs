//! One real socket with TLS, told to end by closing it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};

use lapwing_engine::Engine;
use lapwing_serve::{Config, LogForm, ServeError, Tls, run};

use crate::common::{CLEAR, add};

#[test]
fn the_server_speaks_tls_on_a_real_socket() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db");
    add(&mut Engine::open(&store).unwrap(), "clear.md", CLEAR, None);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = Tls { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: Some(files),
        log: LogForm::None,
        ..Config::new(store)
    };
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || run(config, |place| tell.send(place).unwrap()));
    let place = told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut session = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
    let mut socket = TcpStream::connect(place).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    let ask = "GET /api/v1/about HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    assert!(answer.contains("\"documents\":1"), "{answer}");
}

#[test]
fn a_server_that_others_can_reach_needs_users() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        log: LogForm::None,
        ..Config::new(folder.path().join("s.db"))
    };
    let refused = run(config, |_| panic!("it listens")).unwrap_err();
    assert!(matches!(refused, ServeError::NoUsers(_)));
    assert!(refused.hint().unwrap().contains("lapwing users add"));
}

#[test]
fn a_wrong_certificate_or_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("c.pem");
    std::fs::write(&pem, "no certificate").unwrap();
    let config = Config {
        tls: Some(Tls { certificate: pem.clone(), key: pem }),
        log: LogForm::None,
        ..Config::new(folder.path().join("s.db"))
    };
    let refused = run(config.clone(), |_| {}).unwrap_err();
    assert!(refused.to_string().contains("c.pem"), "{refused}");
    let config = Config { tls: None, hunt_root: Some("/no/such/folder".into()), ..config };
    assert!(run(config, |_| {}).unwrap_err().to_string().contains("/no/such/folder"));
}
