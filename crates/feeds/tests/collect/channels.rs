//! Posts: exports as JSON Lines, and timelines of Mastodon servers.

use std::sync::{Arc, Mutex};

use lapwing_engine::ActivityOptions;
use lapwing_feeds::FeedKind;
use lapwing_model::Format;

use crate::server::{Answer, Asked, Server};
use crate::store::{add, engine, pull, settings};

fn status(id: usize) -> String {
    format!(
        r#"{{"id":"{id}","created_at":"2026-03-09T08:{:02}:00.000Z","uri":"https://social.example/s/{id}","url":"https://social.example/@eva/{id}","language":"en","reblog":null,"favourites_count":{id},"spoiler_text":"","content":"<p>PoC for CVE-2026-1111 released, number {id}</p>","account":{{"acct":"eva","url":"https://social.example/@eva"}},"tags":[]}}"#,
        id % 60
    )
}

fn query(asked: &Asked, name: &str) -> Option<String> {
    let (_, query) = asked.path.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
}

#[test]
fn a_timeline_is_followed_without_a_gap() {
    let newest = Arc::new(Mutex::new(1045_usize));
    let shown = Arc::clone(&newest);
    let server = Server::start(move |asked| {
        if !asked.path.starts_with("/api/v1/timelines/tag/infosec") {
            return Answer::status("404 Not Found");
        }
        let newest = *shown.lock().unwrap();
        let from = query(asked, "min_id").map_or(newest - 40, |id| id.parse().unwrap());
        let mut posts: Vec<String> = (from + 1..=newest).take(40).map(status).collect();
        posts.reverse();
        Answer::typed("application/json", format!("[{}]", posts.join(",")))
    });
    let mut engine = engine();
    add(&engine, "tag", &server.url("/tags/infosec"), Some(FeedKind::Mastodon), settings());
    assert_eq!(pull(&mut engine, "tag").new_documents, 40, "the newest page first");
    *newest.lock().unwrap() = 1099;
    assert_eq!(pull(&mut engine, "tag").new_documents, 54, "two pages, each post once");
    assert_eq!(pull(&mut engine, "tag").new_documents, 0);
    let record = &engine.store().documents().unwrap()[0].document;
    assert_eq!(record.format, Format::Post);
    assert_eq!(record.source.as_deref(), Some("#infosec on 127.0.0.1"));
}

#[test]
fn posts_of_a_file_are_each_a_document() {
    let body = concat!(
        r#"{"time":"2026-03-09T08:00:00Z","channel":"market","author":"x","text":"Selling VPN access to a hospital network, 300 hosts"}"#,
        "\n",
        r#"{"time":"2026-03-09T09:00:00Z","channel":"chat","author":"y","text":"PoC for CVE-2026-1111 is public on GitHub"}"#,
        "\n"
    );
    let server = Server::start(move |_| Answer::ok(body));
    let mut engine = engine();
    let feed = add(&engine, "posts", &server.url("/posts.jsonl"), None, settings());
    assert_eq!(feed.kind, "posts");
    assert_eq!(pull(&mut engine, "posts").new_documents, 2);
    assert_eq!(pull(&mut engine, "posts").new_documents, 0);
    let week = ActivityOptions::week_to("2026-03-10".parse().unwrap());
    let activity = engine.activity(&week).unwrap();
    let told: Vec<&str> = activity.intentions.iter().map(|i| i.intention.as_str()).collect();
    assert_eq!(told, ["exploit-published", "access-for-sale"]);
    assert_eq!(activity.first_sightings[0].value, "CVE-2026-1111");
    assert_eq!(activity.channels.len(), 2);
}
