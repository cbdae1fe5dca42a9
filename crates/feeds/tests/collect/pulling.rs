//! Feeds at one address: RSS with its articles, MISP feeds, lists.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, ToSpan};
use lapwing_engine::Silent;
use lapwing_engine::store::FeedSettings;
use lapwing_feeds::{FeedError, FeedKind, NewFeed};
use lapwing_model::Kind;

use crate::server::{Answer, Server};
use crate::store::{
    add, collector, engine, engine_at, names, now, pull, pull_at, settings, values,
};

fn rss(entries: &[(&str, &str)]) -> String {
    let items: Vec<String> = entries
        .iter()
        .map(|(title, link)| {
            format!("<item><title>{title}</title><link>{link}</link><description>On {title}, see 45.77.0[.]9</description><pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item>\n")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Lab notes</title>{}</channel></rss>",
        items.concat()
    )
}

fn article(title: &str, address: &str) -> String {
    format!(
        "<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>The implant of the campaign beacons to {address} once an hour, as was seen in two networks.</p></article></body></html>"
    )
}

#[test]
fn a_feed_brings_its_articles_once() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/feed" if asked.header("if-none-match") == Some("\"a\"") => {
            Answer::status("304 Not Modified")
        }
        "/feed" => Answer::typed("application/rss+xml", rss(&[("One", "/one"), ("Two", "/two")]))
            .with("ETag", "\"a\""),
        "/one" => Answer::typed("text/html", article("One", "45.77.0[.]1")),
        "/two" => Answer::typed("text/html", article("Two", "45.77.0[.]2")),
        _ => Answer::status("404 Not Found"),
    });
    let mut engine = engine();
    let feed = add(&engine, "lab", &server.url("/feed"), None, settings());
    assert_eq!(feed.kind, "rss", "told by the content");
    let pulled = pull(&mut engine, "lab");
    assert_eq!((pulled.items, pulled.new_documents), (2, 2));
    assert!(pulled.problems.is_empty(), "{:?}", pulled.problems);
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.0.1", "45.77.0.2"]);
    let record = &engine.store().documents().unwrap()[0].document;
    assert_eq!(record.source.as_deref(), Some("Lab notes"));
    assert_eq!(record.published, "2026-03-02".parse().ok());
    server.taken();
    assert!(pull(&mut engine, "lab").unchanged);
    assert_eq!(server.paths(), ["/feed"]);
    let state = engine.store().feed("lab").unwrap().unwrap().state;
    assert_eq!((state.new, state.pulls, state.etag.as_deref()), (2, 2, Some("\"a\"")));
    assert!(state.next.unwrap() > now() && state.error.is_none());
}

#[test]
fn entries_alone_are_taken_where_articles_are_not_wanted_or_gone() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/feed" => Answer::ok(rss(&[("One", "/one"), ("Two", "/gone")])),
        "/one" => Answer::typed("text/html", article("One", "45.77.0[.]1")),
        _ => Answer::status("404 Not Found"),
    });
    let mut engine = engine();
    add(&engine, "with", &server.url("/feed"), None, settings());
    let pulled = pull(&mut engine, "with");
    assert_eq!(pulled.new_documents, 2);
    assert_eq!(pulled.problems.len(), 1);
    assert!(pulled.problems[0].to_string().contains("/gone"), "{}", pulled.problems[0]);
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.0.1", "45.77.0.9"]);
    server.taken();
    let without = FeedSettings { articles: false, ..settings() };
    add(&engine, "without", &server.url("/feed?x"), Some(FeedKind::Rss), without);
    let server = Server::start(|_| Answer::ok(rss(&[("Three", "/three")])));
    let without = FeedSettings { articles: false, ..settings() };
    add(&engine, "alone", &server.url("/feed"), None, without);
    server.taken();
    assert_eq!(pull(&mut engine, "alone").new_documents, 1);
    assert_eq!(server.paths(), ["/feed"], "no article is asked for");
}

#[test]
fn an_entry_that_says_more_than_what_it_links_to_is_taken_itself() {
    let long = "The implant beacons to 45.77.0[.]9 once an hour. ".repeat(5);
    let entry = |title: &str, link: &str, text: &str| {
        format!(
            "<item><title>{title}</title><link>{link}</link><description>{text}</description><pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item>"
        )
    };
    let feed = [
        entry("Filled by scripts", "/app", &long),
        entry("Recording", "/episode.mp3", "An episode about 45.77.0[.]8, a C2 server"),
        entry("First victim", "/portal", "Names published, C2 server 45.77.0[.]7"),
        entry("Second victim", "/portal", "Names published, C2 server 45.77.0[.]6"),
        entry("Teaser", "/one", "Read more"),
    ]
    .concat();
    let feed = format!("<rss version=\"2.0\"><channel><title>Lab</title>{feed}</channel></rss>");
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/feed" => Answer::ok(feed.clone()),
        "/app" => Answer::typed(
            "text/html",
            "<html><title>App</title><body><div id=root></div><noscript>Enable scripts.</noscript></body></html>",
        ),
        "/episode.mp3" => Answer::typed(
            "audio/mpeg",
            [b"ID3\x03\0\0".as_slice(), &[0, 1, 255, 2].repeat(500)].concat(),
        ),
        "/one" => Answer::typed("text/html", article("One", "45.77.0[.]1")),
        _ => Answer::typed("text/html", article("Portal", "45.77.0[.]99")),
    });
    let mut engine = engine();
    add(&engine, "lab", &server.url("/feed"), Some(FeedKind::Rss), settings());
    let pulled = pull(&mut engine, "lab");
    assert_eq!(pulled.new_documents, 5);
    assert_eq!(
        values(&engine, Kind::Ipv4Addr),
        ["45.77.0.1", "45.77.0.6", "45.77.0.7", "45.77.0.8", "45.77.0.9"]
    );
    let told: Vec<String> = pulled.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("episode.mp3") && told[0].contains("in its place"), "{told:?}");
    assert!(!server.paths().contains(&"/portal".to_owned()), "a page of several is that of none");
    assert_eq!(pull(&mut engine, "lab").new_documents, 0);
    assert_eq!(server.paths(), ["/feed"], "nothing is asked for again");
}

#[test]
fn a_feed_in_another_encoding_keeps_its_words() {
    let text = |declared: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{declared}\"?>\n<rss version=\"2.0\"><channel><title>Réseau</title><item><title>Déjà vu</title><description>Serveur de contrôle 45.77.0[.]5</description></item></channel></rss>"
        )
    };
    let latin: Vec<u8> = text("iso-8859-1").chars().map(|c| c as u8).collect();
    let wide: Vec<u8> =
        text("utf-16").replace("]5<", "]4<").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/latin" => Answer::ok(latin.clone()),
        _ => Answer::ok(wide.clone()),
    });
    let mut engine = engine();
    for path in ["/latin", "/wide"] {
        add(&engine, path, &server.url(path), None, settings());
        let pulled = pull(&mut engine, path);
        assert_eq!((pulled.new_documents, pulled.problems.len()), (1, 0), "{path}");
    }
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.0.4", "45.77.0.5"]);
    for record in engine.store().documents().unwrap() {
        assert_eq!(record.document.title.as_deref(), Some("Déjà vu"));
        assert_eq!(record.document.source.as_deref(), Some("Réseau"));
    }
}

#[test]
fn an_article_that_leads_inside_is_not_fetched() {
    let inside = Server::start(|_| Answer::ok("secret"));
    // The feed's own host was named by the user, another name for the same machine was not.
    let port = inside.address.rsplit(':').next().unwrap().to_owned();
    let link = format!("http://localhost:{port}/admin");
    let server = Server::start(move |_| Answer::ok(rss(&[("Trap", &link)])));
    let mut engine = engine();
    add(&engine, "trap", &server.url("/feed"), Some(FeedKind::Rss), settings());
    let pulled = pull(&mut engine, "trap");
    assert!(pulled.problems[0].to_string().contains("private address"), "{}", pulled.problems[0]);
    assert!(inside.taken().is_empty());
    let allowed = FeedSettings { allow_private: true, ..settings() };
    add(&engine, "meant", &server.url("/feed?meant"), Some(FeedKind::Rss), allowed);
    pull(&mut engine, "meant");
    assert_eq!(inside.paths(), ["/admin"]);
}

#[test]
fn a_quota_leaves_the_rest_for_the_next_pull() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/feed" if asked.header("if-none-match").is_some() => Answer::status("304 Not Modified"),
        "/feed" => Answer::ok(rss(&[("3", "/3"), ("2", "/2"), ("1", "/1")])).with("ETag", "\"a\""),
        path => Answer::typed("text/html", article(path, &format!("45.77.1[.]{}", &path[1..]))),
    });
    let mut engine = engine();
    let few = FeedSettings { quota: Some(2), ..settings() };
    add(&engine, "few", &server.url("/feed"), None, few);
    let pulled = pull(&mut engine, "few");
    assert!(pulled.more && pulled.new_documents == 2);
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.1.1", "45.77.1.2"], "the oldest first");
    let pulled = pull(&mut engine, "few");
    assert!(!pulled.more && pulled.new_documents == 1);
    assert!(pull(&mut engine, "few").unchanged);
}

fn event(n: usize) -> String {
    format!(
        r#"{{"Event":{{"uuid":"{}","info":"Event {n}","date":"2026-03-01","threat_level_id":"2","analysis":"2","timestamp":"{}","Orgc":{{"name":"Lab","uuid":"5a68e02f-0000-4000-8000-0000000000ff"}},"Attribute":[{{"uuid":"5a68e02f-1111-4000-8000-00000000000{n}","type":"ip-dst","category":"Network activity","to_ids":true,"value":"45.77.2.{n}","timestamp":"1700000000"}}]}}}}"#,
        uuid(n),
        1_700_000_000 + n
    )
}

fn uuid(n: usize) -> String {
    format!("5a68e02f-0000-4000-8000-00000000000{n}")
}

fn manifest(count: usize) -> String {
    let entries: Vec<String> = (1..=count)
        .map(|n| {
            format!(
                r#""{}":{{"info":"Event {n}","timestamp":"{}","Orgc":{{"name":"Lab"}}}}"#,
                uuid(n),
                1_700_000_000 + n
            )
        })
        .collect();
    format!("{{{}}}", entries.join(","))
}

#[test]
fn the_folder_of_a_misp_feed_is_told_by_its_manifest() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/shown/" | "/blog/" => {
            Answer::typed("text/html", "<html><body><a href=\"a\">a</a></body></html>")
        }
        "/shown/manifest.json" | "/hidden/manifest.json" => Answer::ok(manifest(2)),
        _ => Answer::status("403 Forbidden"),
    });
    let engine = engine();
    for (path, kind) in [("/shown/", "misp-feed"), ("/hidden/", "misp-feed"), ("/blog/", "page")] {
        assert_eq!(add(&engine, path, &server.url(path), None, settings()).kind, kind, "{path}");
    }
    let new =
        NewFeed { address: server.url("/closed/"), kind: None, name: None, settings: settings() };
    let error = collector().add(&engine, new).unwrap_err().to_string();
    assert!(error.contains("403"), "{error}");
}

#[test]
fn a_misp_feed_goes_on_where_it_broke_off() {
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = Arc::clone(&broken);
    let server = Server::start(move |asked| {
        let path = asked.path.as_str();
        if path == "/f/manifest.json" {
            return Answer::ok(manifest(4));
        }
        let n: usize =
            path.trim_end_matches(".json").chars().last().unwrap().to_digit(10).unwrap() as usize;
        if n == 3 && is_broken.load(Ordering::SeqCst) {
            return Answer::Raw(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"Event\"".to_vec(),
            );
        }
        Answer::typed("application/json", event(n))
    });
    let mut engine = engine();
    let feed = add(&engine, "misp", &server.url("/f/manifest.json"), None, settings());
    assert_eq!(feed.kind, "misp-feed");
    server.taken();
    let report = pull_at(&mut engine, "misp", now());
    assert!(report.outcome.unwrap_err().to_string().contains("try again later"));
    assert_eq!(report.feed.state.failures, 1);
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.2.1", "45.77.2.2"], "what came is kept");
    server.taken();
    broken.store(false, Ordering::SeqCst);
    assert_eq!(pull(&mut engine, "misp").new_documents, 2);
    let asked = server.paths();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(values(&engine, Kind::Ipv4Addr).len(), 4);
    assert_eq!(engine.store().feed("misp").unwrap().unwrap().state.failures, 0);
    server.taken();
    assert_eq!(pull(&mut engine, "misp").new_documents, 0);
    assert_eq!(server.paths(), ["/f/manifest.json"], "known events are not fetched again");
}

#[test]
fn one_bad_feed_does_not_stop_the_others_and_waits_longer_each_time() {
    let bad =
        Server::start(|_| Answer::status("503 Service Unavailable").with("Retry-After", "7200"));
    let good = Server::start(|_| Answer::ok("45.77.3.1\n45.77.3.2\n"));
    let mut engine = engine();
    add(&engine, "a-bad", &bad.url("/"), Some(FeedKind::List), settings());
    add(&engine, "b-good", &good.url("/list.txt"), None, settings());
    let collector = collector();
    let due = collector.due(engine.store(), now()).unwrap();
    assert_eq!(due, ["a-bad", "b-good"]);
    for name in &due {
        collector.pull(&mut engine, name, now(), &Silent).unwrap();
    }
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.3.1", "45.77.3.2"]);
    let state = engine.store().feed("a-bad").unwrap().unwrap().state;
    assert!(state.error.unwrap().contains("503"));
    assert!(state.next.unwrap() >= now() + SignedDuration::from_secs(7200));
    assert!(collector.due(engine.store(), now()).unwrap().is_empty());
    // A clock that was set back makes nobody wait for a month.
    let before = now().checked_sub((24 * 30).hours()).unwrap();
    assert_eq!(collector.due(engine.store(), before).unwrap(), ["a-bad", "b-good"]);
}

#[test]
fn a_list_is_taken_whole_once_a_day_and_its_news_between() {
    let body = Arc::new(Mutex::new("# list\n45.77.4.1\n".to_owned()));
    let shown = Arc::clone(&body);
    let server = Server::start(move |_| Answer::ok(shown.lock().unwrap().clone()));
    let mut engine = engine();
    add(&engine, "list", &server.url("/bad.txt"), None, settings());
    let hours = |n: i64| now() + SignedDuration::from_hours(n);
    let new_at = |engine: &mut lapwing_engine::Engine, n| {
        pull_at(engine, "list", hours(n)).outcome.unwrap().new_documents
    };
    assert_eq!(new_at(&mut engine, 0), 1);
    assert_eq!(new_at(&mut engine, 1), 0, "nothing new");
    *body.lock().unwrap() = "# list of later\n45.77.4.1\n45.77.4.2\n".to_owned();
    assert_eq!(new_at(&mut engine, 2), 1);
    let raws: Vec<Vec<u8>> = engine
        .store()
        .documents()
        .unwrap()
        .iter()
        .map(|record| engine.store().raw(record.document.id).unwrap().unwrap())
        .collect();
    assert!(raws.contains(&b"# list of later\n45.77.4.2\n".to_vec()), "only the new line");
    assert_eq!(new_at(&mut engine, 3), 0);
    assert_eq!(new_at(&mut engine, 30), 1, "whole again after a day");
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|asked| match asked.path.as_str() {
        "/f/manifest.json" => Answer::ok(manifest(3)),
        path => {
            let n = path.trim_end_matches(".json").chars().last().unwrap().to_digit(10).unwrap();
            // More than the free room of a new store.
            let long: String =
                (0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string() + " ").collect();
            Answer::ok(event(n as usize).replace("\"info\":\"", &format!("\"info\":\"{long}")))
        }
    });
    let path = folder.path().join("store.db");
    let mut engine = engine_at(&path);
    add(&engine, "misp", &server.url("/f/"), Some(FeedKind::MispFeed), settings());
    engine.set_most_pages(1).unwrap();
    let report = pull_at(&mut engine, "misp", now());
    let error = report.outcome.unwrap_err();
    assert!(matches!(error, FeedError::Engine(_)), "{error}");
    assert!(error.to_string().contains("no room"), "{error}");
    drop(engine);
    let mut engine = engine_at(&path);
    assert!(names(&engine).is_empty());
    assert_eq!(pull(&mut engine, "misp").new_documents, 3);
    assert!(engine.store().check().unwrap().is_empty());
}

#[test]
fn what_is_no_list_and_no_post_is_a_failure_and_not_kept() {
    let page = "<!DOCTYPE html><html><title>Log in</title><body>45.77.0.1</body></html>";
    let body = Arc::new(Mutex::new("45.77.4.1\n45.77.4.2\n".to_owned()));
    let (now_served, posts) = (
        Arc::clone(&body),
        "{\"time\":\"2026-03-09\",\"channel\":\"a\",\"text\":\"hello\"}\nbroken\n",
    );
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/list" => Answer::ok(now_served.lock().unwrap().clone()).with("ETag", "\"x\""),
        "/posts" => Answer::ok(posts),
        "/none" => Answer::ok("\n"),
        "/error" => Answer::ok("{\"error\":\"too many requests\"}").with("ETag", "\"y\""),
        _ => Answer::ok(page),
    });
    let mut engine = engine();
    for (name, path, kind) in [
        ("list", "/list", FeedKind::List),
        ("page as list", "/page", FeedKind::List),
        ("page as table", "/page?1", FeedKind::Csv),
        ("page as posts", "/page?2", FeedKind::Posts),
        ("error as list", "/error", FeedKind::List),
        ("error as table", "/error", FeedKind::Csv),
        ("error as posts", "/error", FeedKind::Posts),
        ("posts", "/posts", FeedKind::Posts),
        ("no posts", "/none", FeedKind::Posts),
    ] {
        add(&engine, name, &server.url(path), Some(kind), settings());
    }
    assert_eq!(pull(&mut engine, "list").new_documents, 1);
    let known = names(&engine);
    *body.lock().unwrap() = "Your quota is used up.\n".to_owned();
    let failing = [
        ("list", "no value"),
        ("page as list", "web page"),
        ("page as table", "web page"),
        ("page as posts", "web page"),
        ("error as list", "no value"),
        ("error as table", "no value"),
        ("error as posts", "none of 1 lines"),
    ];
    for (name, why) in failing {
        let report = pull_at(&mut engine, name, now());
        let error = report.outcome.unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
        assert_eq!(report.feed.state.failures, 1, "{name}");
        assert!(report.feed.state.error.is_some(), "{name}");
        let tag = (name == "list").then_some("\"x\"");
        assert_eq!(
            report.feed.state.etag.as_deref(),
            tag,
            "{name}: what was refused is not tagged"
        );
    }
    assert_eq!(names(&engine), known, "nothing of it is kept");
    // Some broken lines are told; the posts beside them are taken, also when they are known.
    for new in [1, 0] {
        let pulled = pull(&mut engine, "posts");
        assert_eq!((pulled.new_documents, pulled.problems.len()), (new, 1));
    }
    assert_eq!(pull(&mut engine, "no posts").new_documents, 0);
}

#[test]
fn names_and_addresses_are_checked() {
    let server = Server::start(|_| Answer::ok("45.77.5.1\n45.77.5.2\n"));
    let mut engine = engine();
    let new = |address: &str, name: Option<&str>| NewFeed {
        address: address.to_owned(),
        kind: None,
        name: name.map(str::to_owned),
        settings: settings(),
    };
    let feed = collector().add(&engine, new(&server.url("/a.txt"), None)).unwrap();
    assert_eq!((feed.name.as_str(), feed.kind.as_str()), ("127.0.0.1", "list"));
    let second = collector().add(&engine, new(&server.url("/b.txt"), None)).unwrap();
    assert_eq!(second.name, "127.0.0.1-2");
    let error =
        collector().add(&engine, new(&server.url("/c.txt"), Some("127.0.0.1"))).unwrap_err();
    assert!(matches!(error, FeedError::NameTaken { .. }), "{error}");
    let error = collector().pull(&mut engine, "nobody", now(), &Silent).unwrap_err();
    assert!(error.to_string().contains("127.0.0.1-2"), "{error}");
    let keyed = FeedSettings { key_env: Some("UNSET".into()), ..settings() };
    add(&engine, "keyed", &server.url("/k.txt"), Some(FeedKind::List), keyed);
    let error = pull_at(&mut engine, "keyed", now()).outcome.unwrap_err();
    assert!(error.to_string().contains("UNSET"), "{error}");
    let feed = collector().pause(&engine, "keyed", true).unwrap();
    assert!(feed.settings.paused);
    assert!(!collector().due(engine.store(), now()).unwrap().contains(&"keyed".to_owned()));
    collector().remove(&engine, "keyed").unwrap();
    assert!(engine.store().feed("keyed").unwrap().is_none());
}

#[test]
fn an_article_that_is_late_is_tried_three_times() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let server = Server::start(move |asked| {
        if asked.path.as_str() == "/feed" {
            Answer::ok(rss(&[("Late", "/late")]))
        } else {
            counted.fetch_add(1, Ordering::SeqCst);
            Answer::status("503 Service Unavailable")
        }
    });
    let mut engine = engine();
    add(&engine, "late", &server.url("/feed"), Some(FeedKind::Rss), settings());
    for new in [0, 0, 1, 0] {
        assert_eq!(pull(&mut engine, "late").new_documents, new);
    }
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}
