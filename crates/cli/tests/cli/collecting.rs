//! Feeds and activity as the user of the binary sees them.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::common::User;

/// Events of a MISP feed; the server never answers for the one of number `hangs`.
fn misp_feed(events: usize, hangs: usize) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (asked, paths) = channel();
    std::thread::spawn(move || {
        let mut waiting = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let uuid = |n: usize| format!("5a68e02f-0000-4000-8000-{n:012}");
            let body = if path == "/manifest.json" {
                let entry = |n| {
                    format!(
                        r#""{}":{{"info":"Event {n}","timestamp":"{}"}}"#,
                        uuid(n),
                        1_700_000_000 + n
                    )
                };
                format!("{{{}}}", (1..=events).map(entry).collect::<Vec<_>>().join(","))
            } else {
                let n: usize = path[25..37].parse().unwrap();
                if n == hangs {
                    let _ = asked.send(path);
                    waiting.push(stream);
                    continue;
                }
                format!(
                    r#"{{"Event":{{"uuid":"{}","info":"Event {n}","date":"2026-03-01","threat_level_id":"2","analysis":"2","timestamp":"1700000000","Attribute":[{{"type":"ip-dst","category":"Network activity","to_ids":true,"value":"45.77.0.{n}"}}]}}}}"#,
                    uuid(n)
                )
            };
            let _ = asked.send(path);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (address, paths)
}

#[test]
fn a_pull_that_is_killed_neither_loses_nor_repeats() {
    let user = User::new();
    let (address, paths) = misp_feed(30, 28);
    let ran = user.run(&["feeds", "add", &address, "--kind", "misp-feed", "--name", "lab"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let mut child = Command::new(env!("CARGO_BIN_EXE_lapwing"))
        .args(["feeds", "pull", "lab"])
        .env("LAPWING_STORE", user.home.path().join("store.db"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !paths.recv().unwrap().contains("000000000028") {}
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = user.run(&["--json", "list", "documents"]).objects().len();
    assert_eq!(kept, 25, "a batch is kept whole");
    // The same feed, now at an address that answers.
    let (address, paths) = misp_feed(30, 0);
    let removed = user.run(&["feeds", "add", &address, "--kind", "misp-feed", "--name", "lab"]);
    assert_eq!(removed.code, 2, "{}", removed.shown());
    assert!(removed.stderr.contains("--name"), "{}", removed.stderr);
    let moved = lapwing_engine::Engine::open(&user.home.path().join("store.db")).unwrap();
    let mut feed = moved.store().feed("lab").unwrap().unwrap();
    feed.address = address;
    moved.store().put_feed(&feed).unwrap();
    drop(moved);
    let ran = user.run(&["--json", "feeds", "pull", "lab"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(ran.objects()[0]["new_documents"], 5);
    let asked: Vec<String> = paths.try_iter().collect();
    assert_eq!(asked.len(), 6, "what was kept is not fetched again: {asked:?}");
    assert_eq!(user.run(&["--json", "list", "documents"]).objects().len(), 30);
}

/// Ten weeks of a quiet channel, and a last day on which one vulnerability is on everybody's lips.
fn posts() -> String {
    let mut text = String::new();
    let mut post = |day: i32, hour: i32, channel: &str, author: &str, words: &str| {
        let date = jiff::civil::date(2021, 1, 1).saturating_add(jiff::Span::new().days(day));
        let _ = writeln!(
            text,
            r#"{{"time":"{date}T{hour:02}:00:00Z","channel":"{channel}","author":"{author}","text":"{words}"}}"#
        );
    };
    for day in 0..90 {
        if day % 3 == 0 {
            post(day, 8, "vuln-chat", "anna", &format!("Reading on CVE-2020-0688, part {day}"));
        }
        if day % 4 == 1 {
            post(day, 9, "vuln-chat", "ben", &format!("Emotet mail of today, number {day}"));
        }
        post(day, 10, "lounge", &format!("guest{}", day % 5), &format!("Good morning, day {day}"));
    }
    for (at, words) in [
        "Honeypots see a spike in scans for CVE-2021-26855",
        "CVE-2021-26855 is being actively exploited, patch now",
        "PoC for CVE-2021-26855 just dropped on GitHub",
        "We see web shells after CVE-2021-26855 at two clients, exploited in the wild",
        "CVE-2021-26855 again, what a day",
    ]
    .into_iter()
    .enumerate()
    {
        post(89, 12 + at as i32, "vuln-chat", ["cleo", "dan", "eva", "finn", "gus"][at], words);
    }
    post(
        88,
        20,
        "market",
        "seller",
        "Selling VPN access to a hospital network, 300 hosts, bulk via UNC9911",
    );
    text
}

#[test]
fn what_rises_is_told_with_its_posts() {
    let user = User::new();
    let file = user.file("posts.jsonl", posts());
    let ran = user.run(&["add", &file]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    insta::assert_snapshot!(user.run(&["activity", "--until", "2021-03-31"]).shown());
    let objects = user.run(&["--json", "activity", "--until", "2021-03-31"]).objects();
    let rising: Vec<&str> = objects
        .iter()
        .filter(|object| object["what"] == "rising")
        .map(|object| object["value"].as_str().unwrap())
        .collect();
    assert_eq!(rising, ["CVE-2021-26855"]);
    let quiet = user.run(&["--json", "activity", "--until", "2021-03-20"]).objects();
    assert!(!quiet.iter().any(|object| object["what"] == "rising"));
    let ran = user.run(&["activity", "--since", "2021-03-02", "--until", "2021-03-01"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}

#[test]
fn feeds_are_listed_with_their_health() {
    let user = User::new();
    let none = user.run(&["feeds", "add", "gopher://example.org/"]);
    assert!(none.code == 2 && none.stderr.contains("http"), "{}", none.shown());
    let folder = user.home.path().join("drop");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.display().to_string();
    let ran = user.run(&["feeds", "add", &path, "--every", "30m", "--tlp", "green"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    // Nobody listens there.
    let bad =
        user.run(&["feeds", "add", "http://127.0.0.1:9/list", "--kind", "list", "--name", "gone"]);
    assert_eq!(bad.code, 0, "{}", bad.shown());
    let ran = user.run(&["feeds", "pull"]);
    assert_eq!(ran.code, 3, "one bad feed does not stop the other: {}", ran.shown());
    assert!(
        ran.stdout.contains("drop: 0 items") && ran.stdout.contains("gone: failed 1×"),
        "{}",
        ran.shown()
    );
    let listed = user.run(&["feeds"]);
    assert!(
        listed.stdout.contains("fine") && listed.stdout.contains("failed 1×"),
        "{}",
        listed.shown()
    );
    let objects = user.run(&["--json", "feeds", "list"]).objects();
    assert_eq!(objects[0]["every"], 1800);
    assert_eq!(objects[1]["failures"], 1);
    assert_eq!(user.run(&["feeds", "pause", "gone"]).code, 0);
    assert!(user.run(&["feeds"]).stdout.contains("paused"));
    let ran = user.run(&["feeds", "pull", "--due"]);
    assert!(ran.code == 0 && ran.stderr.contains("no feed is due"), "{}", ran.shown());
    assert_eq!(user.run(&["feeds", "remove", "gone"]).code, 0);
    let ran = user.run(&["feeds", "remove", "gone"]);
    assert!(ran.code == 2 && ran.stderr.contains("there are: drop"), "{}", ran.shown());
}

#[test]
fn the_lists_of_a_source_tell_how_fast_its_values_go() {
    let user = User::new();
    let none = user.run(&["knowledge", "lifetimes", "--dry-run"]);
    assert!(none.code == 2 && none.stderr.contains("there is no store yet"), "{}", none.shown());
    let report = user.file("note.txt", "C2: 45.77.0[.]1");
    assert_eq!(user.run(&["add", &report]).code, 0);
    let none = user.run(&["knowledge", "lifetimes"]);
    assert!(none.code == 0 && none.stdout.contains("No source has lists here"), "{}", none.shown());
    for day in 1..=20_u8 {
        // Each day four addresses more, of which each stays for three days.
        let mut list = String::from("type,value\n");
        for of in day.saturating_sub(2).max(1)..=day {
            for host in 1..5 {
                writeln!(list, "ipv4-addr,45.77.{of}.{host}").unwrap();
            }
        }
        let file = user.file(&format!("{day}.csv"), list);
        let date = format!("2021-02-{day:02}");
        let ran = user.run(&["add", &file, "--source", "Quick List", "--published", &date]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
    }
    let told = user.run(&["knowledge", "lifetimes", "--dry-run"]).stdout;
    let learnt = user.run(&["knowledge", "lifetimes"]);
    assert_eq!(learnt.stdout, told, "{}", learnt.shown());
    insta::assert_snapshot!(learnt.shown());
    let objects = user.run(&["--json", "knowledge", "lifetimes"]).objects();
    assert_eq!((&objects[0]["ages"], &objects[0]["lists"]), (&"address".into(), &20.into()));
    assert!(user.run(&["knowledge"]).stdout.contains("Lifetimes by source"));
    // The page of a value says it, and so does the arithmetic behind it.
    let page = user.run(&["show", "45.77.20.1"]).stdout;
    assert!(page.contains("by its sources' own lists a day without a sighting counts"), "{page}");
    let undone = user.run(&["undo", "22"]);
    assert_eq!(undone.code, 0, "{}", undone.shown());
    assert!(!user.run(&["show", "45.77.20.1"]).stdout.contains("own lists"));
}
