use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, Input, Silent};
use lapwing_model::Marking;
use lapwing_serve::Role;

use crate::common::Server;

fn add(engine: &mut Engine, at: &str, name: &str, source: &str, text: &str, tlp: Option<Marking>) {
    let options = AddOptions {
        read: Options { marking: tlp, source: Some(source.into()), ..Options::default() },
        command: format!("add {name} (by local)"),
    };
    let input = Input::Bytes { name: name.into(), bytes: text.into() };
    engine.add(&[input], &options, at.parse().unwrap(), &Silent).unwrap();
}

#[tokio::test]
async fn what_changed_is_new_names_and_what_others_confirm() {
    let first = "# Alert\n\nHAFNIUM exploited CVE-2021-26855.\n\n## Indicators of compromise\n\n- 45.77.0[.]1\n";
    let second = "# Own investigation of the intrusions at two clients\n\nWe saw that HAFNIUM exploited CVE-2021-26855. \
        Later UNC2639 used the malware China Chopper.\n\n## Indicators of compromise\n\n- 45.77.0[.]1\n- 45.77.0[.]2\n";
    let secret = "# Partner note\n\nUNC7777 exploited CVE-2021-27065.\n";
    let server = Server::with(
        |engine| {
            add(engine, "2021-03-03T00:00:00Z", "a.md", "CISA", first, None);
            add(engine, "2021-03-08T00:00:00Z", "b.md", "Volexity", second, None);
            add(engine, "2021-03-08T01:00:00Z", "c.md", "Partner", secret, Some(Marking::Amber));
        },
        |_| {},
    );
    server.user("root", Role::Admin, Marking::Red);
    let green = server.user("gus", Role::Reader, Marking::Green);
    let red = server.user("rita", Role::Reader, Marking::Red);
    let path = "/api/v1/news?since=2021-03-05T00:00:00Z";
    let news = server.get_as(&red, path).await.ok(200);
    assert_eq!((&news["documents"], &news["looked_at"]), (&2.into(), &2.into()));
    let names: Vec<&str> =
        news["names"].as_array().unwrap().iter().map(|n| n["value"].as_str().unwrap()).collect();
    assert!(names.contains(&"UNC2639") && names.contains(&"UNC7777"), "{names:?}");
    assert!(!names.contains(&"HAFNIUM") && !names.contains(&"CVE-2021-26855"), "{names:?}");
    let moved = news["moved"].as_array().unwrap();
    let exploits = moved.iter().find(|m| m["object"]["value"] == "CVE-2021-26855");
    let exploits = exploits.unwrap_or_else(|| panic!("{news}"));
    assert_eq!(
        (&exploits["subject"]["value"], &exploits["origins"]),
        (&"HAFNIUM".into(), &2.into())
    );
    assert_eq!((&exploits["denied"], &news["confirmed_indicators"]), (&false.into(), &1.into()));
    // What is above the ceiling is no news, and nothing is new after the last report.
    let below = server.get_as(&green, path).await;
    assert_eq!(below.ok(200)["documents"], 1);
    assert!(!below.text().contains("UNC7777"), "{}", below.text());
    let none = server.get_as(&red, "/api/v1/news?since=2021-03-09T00:00:00Z").await.ok(200);
    assert_eq!((&none["documents"], none["names"].as_array().unwrap().len()), (&0.into(), 0));
    server.get_as(&red, "/api/v1/news?since=yesterday").await.problem(400);
    assert_eq!(server.get_as(&red, "/api/v1/news").await.ok(200)["since"], "2021-03-02T12:00:00Z");
}
