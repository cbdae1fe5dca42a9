//! What people decide of names and clusters: looked at before, kept with who decided, taken back, and
//! unknown to those who may not see what it is about.

use axum::http::Method;
use lapwing_engine::Engine;
use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Input, Silent};
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{Server, now};

/// Addresses of no provider that the lists know.
const VALUES: [&str; 8] = [
    "91.192.103.43",
    "80.92.205.81",
    "5.2.69.14",
    "5.254.43.18",
    "211.56.98.146",
    "203.160.69.66",
    "185.250.151.72",
    "103.77.192.219",
];

fn report(engine: &mut Engine, name: &str, source: &str, text: &str, marking: Option<Marking>) {
    let options = AddOptions {
        read: Options { marking, source: Some(source.into()), ..Options::default() },
        command: format!("add {name} (by local)"),
    };
    let input = Input::Bytes { name: name.into(), bytes: text.into() };
    engine.add(&[input], &options, now(), &Silent).unwrap();
}

fn listing(lead: &str, values: &[&str]) -> String {
    let list: Vec<String> = values.iter().map(|value| format!("C2: {value}")).collect();
    format!(
        "# {lead}\n\n{lead} was looked into by our team.\n\n## Indicators of compromise\n\n{}\n",
        list.join("\n")
    )
}

/// Two observers of one activity, two of another, and a marked note.
fn with_clusters() -> Server {
    Server::with(
        |engine| {
            report(engine, "a.md", "CISA", &listing("Heron alert", &VALUES[..4]), None);
            report(
                engine,
                "b.md",
                "Volexity",
                &listing("Own look at servers", &VALUES[1..4]),
                None,
            );
            report(engine, "c.md", "ESET", &listing("Other shores", &VALUES[4..8]), None);
            report(
                engine,
                "d.md",
                "Sygnia",
                &listing("A fourth team elsewhere", &VALUES[5..8]),
                None,
            );
            let note = "# Note\n\nHAFNIUM used the malware China Chopper. APT28 exploited CVE-2021-26855.\n";
            report(engine, "n.md", "Example", note, Some(Marking::Amber));
        },
        |config| config.limits.per_minute = 100_000,
    )
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn clusters_are_merged_and_split_after_a_look_and_taken_back() {
    let server = with_clusters();
    let root = server.user("root", Role::Admin, Marking::Red);
    let anna = server.user("anna", Role::Analyst, Marking::Green);
    let reader = server.user("rita", Role::Reader, Marking::Green);
    let list = "/api/v1/minted-clusters";
    let before = server.get_as(&anna, list).await.ok(200);
    let found = names(&before);
    assert_eq!(found.len(), 2, "{before}");
    let page = server.get_as(&anna, &format!("{list}/{}", found[0].to_lowercase())).await.ok(200);
    assert_eq!(page["origins"].as_array().unwrap().len(), 2);
    assert!(page["bonds"][0]["weight"].as_f64().unwrap() > 6.0, "{page}");
    assert!(page["none_of_these"].as_f64().unwrap() > 0.5 && page["suspects"].is_array());
    assert!(page["history"][0]["what"].as_str().unwrap().contains("is minted"));
    assert!(page["evidence"].as_array().unwrap().len() >= 4);

    let merge = json!({ "action": "merge", "clusters": found, "because": "the same panel" });
    let (preview, decisions) = (format!("{list}/preview"), format!("{list}/decisions"));
    let post = |key: &str, path: &str, body: &Value| {
        let (key, path, body) = (key.to_owned(), path.to_owned(), body.clone());
        let server = &server;
        async move { server.call_as(&key, Method::POST, &path, Some(body)).await }
    };
    post(&reader, &preview, &merge).await.problem(403);
    post(&reader, &decisions, &merge).await.problem(403);
    let looked = post(&anna, &preview, &merge).await.ok(200);
    assert_eq!(looked["before"].as_array().unwrap().len(), 2);
    assert_eq!(looked["after"].as_array().unwrap().len(), 1);
    assert_eq!(looked["after"][0]["origins"].as_array().unwrap().len(), 4);
    assert!(looked["says"].as_str().unwrap().contains("(4 origins)"), "{looked}");
    assert_eq!(names(&server.get_as(&anna, list).await.ok(200)).len(), 2, "a look changes nothing");

    let kept = post(&anna, &decisions, &merge).await.ok(201);
    let one = server.get_as(&reader, list).await.ok(200);
    assert_eq!(names(&one).len(), 1, "{one}");
    let name = names(&one)[0].clone();
    let page = server.get_as(&anna, &format!("{list}/{name}")).await.ok(200);
    assert!(page.to_string().contains("decided by a person: the same panel"));

    // One origin leaves; alone it is no cluster.
    let leaver = page["origins"][3]["id"].clone();
    let split = json!({ "action": "split", "cluster": name, "origins": [leaver] });
    let looked = post(&anna, &preview, &split).await.ok(200);
    assert_eq!(looked["alone"].as_array().unwrap().len(), 1, "{looked}");
    assert_eq!(looked["overruled"].as_array().unwrap().len(), 1, "{looked}");
    let parted = post(&anna, &decisions, &split).await.ok(201);
    let page = server.get_as(&anna, &format!("{list}/{name}")).await.ok(200);
    assert_eq!(page["origins"].as_array().unwrap().len(), 3);

    let told = server.get_as(&reader, &decisions).await.ok(200);
    assert_eq!(told["items"][0]["action"], "split");
    assert_eq!(told["items"][1]["because"], "the same panel");
    assert_eq!(told["items"][1]["groups"][0].as_array().unwrap().len(), 2);
    for change in [&parted["change"], &kept["change"]] {
        let undo = format!("/api/v1/history/{change}/undo");
        post(&reader, &undo, &json!({})).await.problem(403);
        post(&anna, &undo, &json!({})).await.ok(200);
    }
    assert_eq!(server.get_as(&anna, list).await.ok(200), before);
    let told = server.get_as(&root, &decisions).await.ok(200);
    assert!(told["items"][0]["undone_by"].is_number() && told["items"][1]["undone_by"].is_number());

    for (wrong, status) in [
        (json!({ "action": "merge", "clusters": [found[0]] }), 422),
        (json!({ "action": "merge", "clusters": [found[0], found[0]] }), 422),
        (json!({ "action": "merge", "clusters": [found[0], "LW-000000"] }), 404),
        (json!({ "action": "split", "cluster": found[0] }), 422),
        (json!({ "action": "split", "cluster": found[0], "origins": ["x"] }), 422),
        (json!({ "action": "split" }), 422),
        (json!({ "action": "burn" }), 422),
    ] {
        post(&anna, &decisions, &wrong).await.problem(status);
        post(&anna, &preview, &wrong).await.problem(status);
    }
    server.get_as(&anna, &format!("{list}/LW-000000")).await.problem(404);
}

#[tokio::test]
async fn names_are_decided_after_a_look_and_those_below_do_not_hear_of_it() {
    let server = with_clusters();
    let root = server.user("root", Role::Admin, Marking::Red);
    let green = server.user("gus", Role::Analyst, Marking::Green);
    let merge = json!({ "action": "merge", "name": "APT28", "means": "HAFNIUM", "because": "one and the same operator" });
    // Neither name stands in a document that he may see.
    let below =
        server.call_as(&green, Method::POST, "/api/v1/names/preview", Some(merge.clone())).await;
    below.problem(404);
    let looked = server
        .call_as(&root, Method::POST, "/api/v1/names/preview", Some(merge.clone()))
        .await
        .ok(200);
    assert_eq!(
        (&looked["now"]["value"], &looked["then"]["value"]),
        (&json!("APT28"), &json!("HAFNIUM"))
    );
    assert!(
        looked["claims"].as_u64().unwrap() >= 1 && looked["moved"].as_u64().unwrap() >= 1,
        "{looked}"
    );
    assert_eq!((&looked["documents"], &looked["marking"]), (&json!(1), &json!("TLP:AMBER")));
    let kept =
        server.call_as(&root, Method::POST, "/api/v1/names", Some(merge.clone())).await.ok(201);
    assert_eq!(kept["marking"], "TLP:AMBER");
    let page = server.get_as(&root, "/api/v1/page?of=APT28").await.ok(200);
    assert_eq!(page["subject"]["value"], "HAFNIUM");
    let told = server.get_as(&root, "/api/v1/names/history").await.ok(200);
    assert_eq!(told["items"][0]["because"], "one and the same operator");
    let list = server.get_as(&root, "/api/v1/names").await.ok(200);
    let merged = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .any(|row| row["state"] == "merged" && row["name"]["value"] == "APT28");
    assert!(merged, "{list}");
    // The decision, its words and the change that keeps it are not there for who may see less.
    for path in ["/api/v1/names", "/api/v1/names/history", "/api/v1/history"] {
        let below = server.get_as(&green, path).await;
        below.ok(200);
        assert!(
            !below.text().contains("APT28") && !below.text().contains("operator"),
            "{}",
            below.text()
        );
    }
    let change = &kept["change"];
    server.get_as(&green, &format!("/api/v1/history/{change}")).await.problem(404);
    let undo = format!("/api/v1/history/{change}/undo");
    server.call_as(&green, Method::POST, &undo, Some(json!({}))).await.problem(404);
    server.call_as(&root, Method::POST, &undo, Some(json!({}))).await.ok(200);
    let page = server.get_as(&root, "/api/v1/page?of=APT28").await.ok(200);
    assert_eq!(page["subject"]["value"], "APT28");
    // Merged again, then split: the name stands alone.
    server.call_as(&root, Method::POST, "/api/v1/names", Some(merge)).await.ok(201);
    let split = json!({ "action": "split", "name": "APT28" });
    server.call_as(&root, Method::POST, "/api/v1/names", Some(split)).await.ok(201);
    let page = server.get_as(&root, "/api/v1/page?of=APT28").await.ok(200);
    assert_eq!(page["subject"]["value"], "APT28");
    for wrong in [
        json!({ "action": "merge", "name": "APT28" }),
        json!({ "action": "burn", "name": "APT28" }),
    ] {
        server.call_as(&root, Method::POST, "/api/v1/names", Some(wrong)).await.problem(422);
    }
}

#[tokio::test]
async fn a_copy_is_shown_beside_what_it_copied() {
    let text = format!(
        "{}\nThe intruders came through the mail server, left a web shell behind and returned by night to take the address books.\n",
        listing("Reed beds at dusk", &VALUES[..6])
    );
    let copy = format!("# Seen elsewhere\n\n{text}\nRead more on our site.\n");
    let server = Server::with(
        |engine| {
            report(engine, "a.md", "CISA", &text, None);
            report(engine, "b.md", "Example Daily", &copy, None);
        },
        |_| {},
    );
    let list = server.get("/api/v1/documents").await.ok(200);
    for row in list["items"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let origin = server.get(&format!("/api/v1/documents/{id}/origin")).await.ok(200);
        assert_eq!(origin["documents"].as_array().unwrap().len(), 2, "{origin}");
        let derivation = &origin["derivations"][0];
        assert!(derivation["counts"].as_bool().unwrap() && derivation["shared_values"] == 6);
        let passage = &derivation["passages"][0];
        assert!(passage["child_text"].as_str().unwrap().len() > 20, "{derivation}");
        assert!(passage["parent"]["end"].as_u64() > passage["parent"]["start"].as_u64());
        assert!(derivation["share_of_text"].as_f64().unwrap() > 0.5);
    }
    server.get("/api/v1/documents/00000000000000000000000000000000/origin").await.problem(404);
}

#[tokio::test]
async fn a_page_asked_by_kind_is_the_page_asked_by_name() {
    let server = Server::with(
        |engine| {
            let page = "# Microsoft Exchange\n\nCampaign: Microsoft Exchange\n\nHAFNIUM exploited CVE-2021-26855 in Microsoft Exchange Server.\n";
            report(engine, "a.md", "CISA", page, None);
            let other = "# News\n\nMicrosoft Exchange Server was attacked. Microsoft Exchange Server needs updates.\n";
            report(engine, "b.md", "Example", other, None);
        },
        |_| {},
    );
    let named = server.get("/api/v1/page?of=Microsoft+Exchange").await.ok(200);
    let kind = named["subject"]["kind"].as_str().unwrap().to_owned();
    let both = server.get(&format!("/api/v1/page?of=Microsoft+Exchange&kind={kind}")).await.ok(200);
    assert_eq!(named["counts"], both["counts"]);
}
