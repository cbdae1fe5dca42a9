//! Servers with an interface of their own: TAXII 2.1 and MISP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lapwing_engine::store::FeedSettings;
use lapwing_feeds::FeedKind;
use lapwing_model::Kind;

use crate::server::{Answer, Asked, Server};
use crate::store::{add, engine, now, pull, pull_at, settings, values};

const TAXII: &str = "application/taxii+json;version=2.1";

fn object(n: usize) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--5a68e02f-0000-4000-8000-00000000000{n}","created":"2026-03-01T00:00:00.000Z","modified":"2026-03-01T00:00:00.000Z","pattern":"[ipv4-addr:value = '45.77.6.{n}']","pattern_type":"stix","valid_from":"2026-03-01T00:00:00Z"}}"#
    )
}

fn query<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let (_, query) = asked.path.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

/// A server with one collection that can be read: two objects a page, five in all.
fn taxii(broken: Arc<AtomicBool>) -> Server {
    Server::start(move |asked| {
        let path = asked.path.split('?').next().unwrap_or_default();
        if asked.header("authorization") != Some("Basic YW5uYTpzZWNyZXQ=") {
            return Answer::status("401 Unauthorized");
        }
        if asked.header("accept").is_none_or(|accept| !accept.contains(TAXII)) {
            return Answer::status("406 Not Acceptable");
        }
        match path {
            "/taxii2/" => Answer::typed(TAXII, r#"{"title":"t","api_roots":["/api/"]}"#),
            "/api/" => Answer::typed(
                TAXII,
                r#"{"title":"r","versions":["application/taxii+json;version=2.1"],"max_content_length":1}"#,
            ),
            "/api/collections/" => Answer::typed(
                TAXII,
                r#"{"collections":[{"id":"c1","title":"x","can_read":true,"can_write":false},{"id":"c2","title":"y","can_read":false,"can_write":false}]}"#,
            ),
            "/api/collections/c1/objects/" => {
                let after = query(asked, "added_after").map_or(0, |after| {
                    after.split('.').nth(1).map_or(0, |part| part[..1].parse::<usize>().unwrap())
                });
                let from = query(asked, "next").map_or(after, |next| next.parse().unwrap());
                if from == 2 && broken.load(Ordering::SeqCst) {
                    return Answer::status("500 Internal Server Error");
                }
                let to = (from + 2).min(5);
                let objects: Vec<String> = (from + 1..=to).map(object).collect();
                let next =
                    if to < 5 { format!(r#""more":true,"next":"{to}","#) } else { String::new() };
                let answer =
                    Answer::typed(TAXII, format!(r#"{{{next}"objects":[{}]}}"#, objects.join(",")));
                if objects.is_empty() {
                    return answer;
                }
                let last = format!("2026-03-01T00:00:00.{to}00000Z");
                answer.with("X-TAXII-Date-Added-Last", &last)
            }
            _ => Answer::status("404 Not Found"),
        }
    })
}

#[test]
fn a_taxii_server_is_read_from_its_discovery_to_the_last_page() {
    let server = taxii(Arc::default());
    let mut engine = engine();
    let keyed = FeedSettings { key_env: Some("BASIC".into()), ..settings() };
    let feed = add(&engine, "taxii", &server.url("/taxii2/"), None, keyed.clone());
    assert_eq!(feed.kind, "taxii", "told by the media type");
    let pulled = pull(&mut engine, "taxii");
    assert_eq!(pulled.items, 5);
    assert_eq!(values(&engine, Kind::Ipv4Addr).len(), 5);
    server.taken();
    let pulled = pull(&mut engine, "taxii");
    assert_eq!((pulled.items, pulled.new_documents), (0, 0));
    let last = server.paths().pop().unwrap();
    assert!(last.contains("added_after=2026-03-01T00%3A00%3A00.500000Z"), "{last}");
    // The root and the collection can be named themselves.
    for (name, path) in [("root", "/api/"), ("collection", "/api/collections/c1/")] {
        add(&engine, name, &server.url(path), Some(FeedKind::Taxii), keyed.clone());
        assert_eq!(pull(&mut engine, name).items, 5, "{path}");
    }
}

#[test]
fn a_taxii_server_that_fails_in_the_midst_is_asked_again() {
    let broken = Arc::new(AtomicBool::new(true));
    let server = taxii(Arc::clone(&broken));
    let mut engine = engine();
    let keyed = FeedSettings { key_env: Some("BASIC".into()), ..settings() };
    add(&engine, "taxii", &server.url("/api/"), Some(FeedKind::Taxii), keyed);
    assert!(pull_at(&mut engine, "taxii", now()).outcome.is_err());
    broken.store(false, Ordering::SeqCst);
    pull(&mut engine, "taxii");
    assert_eq!(values(&engine, Kind::Ipv4Addr).len(), 5, "nothing is lost");
    let open = add(&engine, "open", &server.url("/api/"), Some(FeedKind::Taxii), settings());
    assert!(open.settings.key_env.is_none());
    let error = pull_at(&mut engine, "open", now()).outcome.unwrap_err().to_string();
    assert!(error.contains("401") && error.contains("--key-env"), "{error}");
}

fn event(n: usize, timestamp: u64) -> String {
    format!(
        r#"{{"Event":{{"uuid":"5a68e02f-0000-4000-8000-0000000000{n:02}","info":"Event {n}","date":"2026-03-01","threat_level_id":"2","analysis":"2","timestamp":"{timestamp}","Attribute":[{{"uuid":"5a68e02f-1111-4000-8000-0000000000{n:02}","type":"ip-dst","category":"Network activity","to_ids":true,"value":"45.77.7.{n}","timestamp":"1700000000"}}]}}}}"#
    )
}

#[test]
fn a_misp_server_is_asked_page_by_page_for_what_changed() {
    let server = Server::start(|asked| {
        if asked.header("authorization") != Some("0123456789") {
            return Answer::status("403 Forbidden");
        }
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(asked.path, "/events/restSearch");
        let since: u64 = body["timestamp"].as_str().unwrap().parse().unwrap();
        let page = body["page"].as_u64().unwrap() as usize;
        let all: Vec<String> = (1..=60)
            .filter(|n| 1_700_000_000 + n >= since)
            .map(|n| event(n as usize, 1_700_000_000 + n))
            .collect();
        let events: Vec<String> = all.into_iter().skip((page - 1) * 50).take(50).collect();
        Answer::typed("application/json", format!(r#"{{"response":[{}]}}"#, events.join(",")))
    });
    let mut engine = engine();
    let keyed = FeedSettings { key_env: Some("TOKEN".into()), ..settings() };
    add(&engine, "misp", &server.address, Some(FeedKind::MispServer), keyed);
    let pulled = pull(&mut engine, "misp");
    assert_eq!((pulled.items, pulled.new_documents), (60, 60));
    assert_eq!(server.taken().len(), 2);
    let pulled = pull(&mut engine, "misp");
    assert_eq!((pulled.items, pulled.new_documents), (1, 0), "only the last second again");
    add(&engine, "open", &server.url("/"), Some(FeedKind::MispServer), settings());
    let error = pull_at(&mut engine, "open", now()).outcome.unwrap_err().to_string();
    assert!(error.contains("--key-env"), "{error}");
}
