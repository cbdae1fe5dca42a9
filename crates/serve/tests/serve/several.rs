//! Two servers on one store, as processes would be: each with its own sockets, readers and writer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use lapwing_engine::Engine;
use lapwing_engine::store::Store;
use lapwing_model::{Marking, Pap};
use lapwing_serve::{Config, LogForm, Role, new_account, new_key, run};
use serde_json::{Value, json};

use crate::common::{AMBER, CLEAR, add, now, place_in};

/// Longer than a server needs to look for what others wrote.
const PATIENCE: Duration = Duration::from_secs(20);

fn start(store: &Path) -> SocketAddr {
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        log: LogForm::None,
        ..Config::new(store.to_owned())
    };
    let (tell, told) = channel();
    std::thread::spawn(move || run(config, |place| tell.send(place).unwrap()));
    told.recv_timeout(PATIENCE).unwrap()
}

/// One request; gives status, head and body.
fn ask(at: SocketAddr, line: &str, headers: &str, body: &Value) -> (u16, String, String) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// The lines of a server's events, as they come.
fn listen(at: SocketAddr, headers: &str) -> Receiver<String> {
    let mut stream = TcpStream::connect(at).unwrap();
    write!(stream, "GET /api/v1/events HTTP/1.1\r\nhost: {at}\r\n{headers}\r\n").unwrap();
    let (tell, told): (Sender<String>, _) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

fn wait_for(lines: &Receiver<String>, part: &str) -> String {
    // Lines of no meaning come all the while.
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Ok(line) = lines.recv_timeout(PATIENCE)
            && line.contains(part)
        {
            return line;
        }
    }
    panic!("nobody was told of {part}")
}

/// Takes calls of webhooks and hands on their bodies.
fn receiver() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).unwrap();
            if tell.send(String::from_utf8(body).unwrap()).is_err() {
                return;
            }
        }
    });
    (at, told)
}

/// An administrator and a reader below amber, by the header with which each asks.
fn users(place: &Path) -> (String, String) {
    let mut store = Store::open(place).unwrap();
    let mut made = Vec::new();
    for (name, role, tlp) in
        [("root", Role::Admin, Marking::Red), ("green", Role::Reader, Marking::Green)]
    {
        let marks = (tlp, Pap::Red);
        store
            .put_account(&new_account(name, "correct horse", role, marks, now()).unwrap())
            .unwrap();
        let (key, secret) = new_key(name, "test", role, marks, None, now()).unwrap();
        store.put_api_key(&key).unwrap();
        made.push(format!("authorization: Bearer {secret}\r\n"));
    }
    let green = made.pop().unwrap();
    (made.pop().unwrap(), green)
}

#[test]
fn two_servers_on_one_store_are_one_to_their_clients() {
    let folder = tempfile::tempdir().unwrap();
    let place = place_in(folder.path());
    add(&mut Engine::open(&place).unwrap(), "clear.md", CLEAR, None);
    let (bearer, green) = users(&place);
    let (one, two) = (start(&place), start(&place));
    let (hook, called) = receiver();
    let asked = json!({ "url": format!("http://{hook}/"), "events": ["document"],
        "ceiling": "TLP:RED" });
    assert_eq!(ask(one, "POST /api/v1/webhooks", &bearer, &asked).0, 201);

    // A log-in at one is a log-in at the other, and so is its end.
    let name = json!({ "name": "root", "password": "correct horse" });
    let (status, head, body) = ask(one, "POST /api/v1/session", "", &name);
    assert_eq!(status, 200, "{body}");
    let cookie = head.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    let cookie = format!("cookie: {cookie}\r\n");
    let csrf: Value = serde_json::from_str(&body).unwrap();
    let token = format!("{cookie}x-csrf-token: {}\r\n", csrf["csrf"].as_str().unwrap());
    let (status, _, body) = ask(two, "GET /api/v1/history", &cookie, &Value::Null);
    assert_eq!(status, 200, "{body}");

    // Both add, in turns and at once; both see all, and are told what the other did.
    let (heard, heard_green) = (listen(two, &bearer), listen(two, &green));
    wait_for(&heard, "200 OK");
    wait_for(&heard_green, "200 OK");
    let sent = |n: usize| {
        json!({ "text": format!("# Note {n}\n\nHAFNIUM used 45.77.1[.]{n} as C2.\n"),
        "name": format!("note-{n}.md") })
    };
    let writers: Vec<_> = (0..6)
        .map(|n| {
            let (at, bearer, body) = (if n % 2 == 0 { one } else { two }, bearer.clone(), sent(n));
            std::thread::spawn(move || ask(at, "POST /api/v1/documents", &bearer, &body))
        })
        .collect();
    for writer in writers {
        let (status, _, body) = writer.join().unwrap();
        assert_eq!(status, 201, "{body}");
    }
    let amber = json!({ "text": AMBER, "name": "amber.md", "tlp": "TLP:AMBER" });
    assert_eq!(ask(one, "POST /api/v1/documents", &bearer, &amber).0, 201);
    let last = json!({ "text": "# The last\n\nHAFNIUM used 45.77.1[.]99 as C2.\n",
        "name": "last.md" });
    assert_eq!(ask(one, "POST /api/v1/documents", &token, &last).0, 201);
    for at in [one, two] {
        let values: Vec<String> = (0..6).map(|n| format!("45.77.1.{n}")).collect();
        let asked = json!({ "values": values });
        let (_, _, body) = ask(at, "POST /api/v1/lookup", &bearer, &asked);
        assert_eq!(body.matches("\"known\":true").count(), 6, "{body}");
        let asked = json!({ "values": ["45.77.0.50", "45.77.1.99"] });
        let (_, _, body) = ask(at, "POST /api/v1/lookup", &green, &asked);
        assert_eq!(body.matches("\"known\":true").count(), 1, "{body}");
    }
    wait_for(&heard, "Partner note");
    wait_for(&heard, "The last");
    loop {
        let line = heard_green.recv_timeout(PATIENCE).unwrap();
        assert!(!line.contains("artner") && !line.contains("AMBER"), "{line}");
        if line.contains("The last") {
            break;
        }
    }

    // Each document is told once to the webhook, whoever added it. (On a file each server calls: one
    // at a time is to work on it.)
    let mut calls = Vec::new();
    while calls.iter().filter(|body: &&String| body.contains("The last")).count() == 0 {
        calls.push(called.recv_timeout(PATIENCE).unwrap());
    }
    while let Ok(body) = called.recv_timeout(Duration::from_secs(3)) {
        calls.push(body);
    }
    let times = if place.starts_with("postgres:") { 1 } else { 2 };
    assert_eq!(calls.len(), 8 * times, "{calls:#?}");
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), 8);

    // An undo at one is seen at the other.
    let (_, _, history) = ask(two, "GET /api/v1/history?limit=1", &bearer, &Value::Null);
    let history: Value = serde_json::from_str(&history).unwrap();
    let undo = format!("POST /api/v1/history/{}/undo", history["items"][0]["change"]);
    assert_eq!(ask(two, &undo, &bearer, &json!({})).0, 200);
    let asked = json!({ "values": ["45.77.1.99"] });
    let (_, _, body) = ask(one, "POST /api/v1/lookup", &bearer, &asked);
    assert!(body.contains("\"known\":false"), "{body}");
    assert_eq!(ask(two, "DELETE /api/v1/session", &token, &Value::Null).0, 204);
    // Its end is known elsewhere within five seconds.
    let until = Instant::now() + PATIENCE;
    while ask(one, "GET /api/v1/history", &cookie, &Value::Null).0 == 200 {
        assert!(Instant::now() < until, "a session that was ended elsewhere is still alive");
        std::thread::sleep(Duration::from_millis(200));
    }
}
