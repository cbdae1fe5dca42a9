//! The forms of a hunt's answer, YARA rules and known-good files, as their user meets them.

use crate::common::User;

const PAGE: &str = "<%@ Page Language=\"C#\" %>\n[body removed: marsh-reed]\n";

/// A list of values that none of the logs holds: these hunts need no store.
fn list(user: &User) -> String {
    user.file("list.txt", "203.0.113.250\n")
}

fn rules(user: &User) -> String {
    user.file(
        "rules/own.yar",
        "rule webshell_marsh : T1505_003 {\n  meta:\n    description = \"a page of the marsh\"\n    score = 80\n  strings:\n    \
         $a = \"marsh-reed\"\n  condition: $a\n}\nrule broken { condition: no_such_thing }\n",
    );
    user.home.path().join("rules").display().to_string()
}

#[test]
fn yara_rules_find_a_page_and_the_broken_one_is_named() {
    let user = User::new();
    let rules = rules(&user);
    user.file("disk/inetpub/wwwroot/aspnet_client/x.aspx", PAGE);
    let disk = user.home.path().join("disk").display().to_string();
    let ran = user.run(&[
        "--json",
        "hunt",
        "--indicators",
        &list(&user),
        "--yara",
        &rules,
        "--no-file-times",
        &disk,
    ]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("own.yar (line 9): rule `broken` is not used"), "{}", ran.stderr);
    let objects = ran.objects();
    let found = objects.iter().find(|f| f["kind"] == "yara").expect("a finding");
    assert_eq!(found["rule"], "webshell_marsh");
    assert_eq!(found["technique"], "T1505.003");
    assert_eq!(found["severity"], "high");
    assert_eq!(found["matched"], "marsh-reed");
    assert_eq!(found["offset"].as_u64(), PAGE.find("marsh-reed").map(|at| at as u64));
    assert!(found["why"].as_str().unwrap().contains("a page of the marsh [$a at "), "{found}");
    assert_eq!(objects.last().unwrap()["verdict"], "compromised");
    let none = user.file("none.yar", "rule broken { condition: no_such_thing }\n");
    let ran = user.run(&["hunt", "--indicators", &list(&user), "--yara", &none, &disk]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("none.yar") && ran.stderr.contains("no YARA rule"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_server_is_compared_with_a_clean_one() {
    let user = User::new();
    user.file("clean/web.config", "<configuration/>");
    user.file("hit/inetpub/wwwroot/web.config", "<configuration/>");
    user.file("hit/inetpub/wwwroot/aspnet_client/new.aspx", "[body removed]");
    let path = |name: &str| user.home.path().join(name).display().to_string();
    let ran = user.run(&["baseline", &path("clean"), "-o", &path("clean.txt")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "1 file in HOME/clean.txt\n"),
        "{}",
        ran.stderr
    );
    let list = list(&user);
    let arguments =
        ["--json", "hunt", "--indicators", &list, "--baseline", &path("clean.txt"), &path("hit")];
    let ran = user.run(&arguments);
    let rules: Vec<String> =
        ran.objects().iter().filter_map(|f| Some(f["rule"].as_str()?.to_owned())).collect();
    assert!(rules.contains(&"baseline-unknown-file".to_owned()), "{}", ran.shown());
    assert!(!ran.stdout.contains("web.config"), "{}", ran.stdout);
}

#[test]
fn one_hunt_writes_all_its_reports() {
    let user = User::new();
    let path = |name: &str| user.home.path().join(name).display().to_string();
    let names = ["r.html", "r.md", "r.csv", "r.jsonl", "r.stix.json", "r.ecs.json", "r.txt"];
    let files: Vec<String> = names.iter().map(|name| path(name)).collect();
    assert_eq!(user.run(&["add", "reports"]).code, 0);
    let mut arguments = vec!["hunt", "servers/compromised"];
    for file in &files {
        arguments.extend(["-o", file.as_str()]);
    }
    let ran = user.run(&arguments);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert_eq!(ran.stdout, "VERDICT: COMPROMISED\n");
    let read = |at: usize| std::fs::read_to_string(&files[at]).expect("a report");
    assert!(read(0).starts_with("<!doctype html>") && !read(0).contains("<script"));
    assert!(read(1).starts_with("# Were we hit? Compromised"));
    assert!(read(2).starts_with("datetime,timestamp,timestamp_desc,message"));
    let findings = read(3).lines().count() - 1;
    assert!(findings > 10);
    assert_eq!(read(2).lines().count() - 1, findings);
    let bundle: serde_json::Value = serde_json::from_str(&read(4)).expect("a bundle");
    assert_eq!(bundle["type"], "bundle");
    assert_eq!(read(5).lines().count() - 1, findings);
    assert!(read(6).starts_with("VERDICT: COMPROMISED"));
    let again = user.run(&["hunt", "servers/compromised", "--as", "stix"]);
    assert_eq!(again.stdout, read(4), "the same bundle on standard output");
}

#[test]
fn forms_that_cannot_be_are_refused_before_the_hunt() {
    let user = User::new();
    for (arguments, told) in [
        (vec!["-o", "report.xyz"], "the name tells no form"),
        (vec!["-o", "no-such-folder/report.html"], "there is no folder"),
        (vec!["--as", "csv", "--json"], "both want standard output"),
        (vec!["--as", "csv", "-o", "a.csv", "-o", "b.csv"], "--as goes with one -o"),
        (vec!["--baseline", "no-such-file"], "no such file"),
    ] {
        let list = list(&user);
        let mut all = vec!["hunt", "--indicators", &list, "servers/clean"];
        all.extend(&arguments);
        let ran = user.run(&all);
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn what_was_folded_is_counted() {
    let user = User::new();
    let list = user.file("list.txt", "198.51.100.23\n");
    let line = "2021-03-04T10:00:00Z allow 10.0.0.4 -> 198.51.100.23:443\n";
    let log = user.file("log.txt", line.repeat(10));
    let arguments = ["hunt", "--indicators", &list, "--max-findings-per-rule", "3", &log];
    for form in ["text", "md", "html"] {
        let mut all = arguments.to_vec();
        all.extend(["--as", form]);
        let ran = user.run(&all);
        assert!(ran.stdout.contains("7 more"), "{form}: {}", ran.stdout);
    }
}
