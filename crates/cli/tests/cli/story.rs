//! Reports to pages: the examples' reports as a new user meets them.

use crate::common::User;

#[test]
fn add_says_what_was_read_and_how_to_take_it_back() {
    insta::assert_snapshot!(User::new().run(&["add", "reports"]).shown());
}

#[test]
fn adding_again_changes_nothing() {
    let user = User::with_reports();
    let ran = user.run(&["--json", "add", "reports"]);
    let last = ran.objects().pop().expect("a summary");
    assert_eq!(last["new_documents"], 0);
    assert!(last["change"].is_null());
    assert_eq!(user.run(&["--json", "history"]).objects().len(), 1);
}

#[test]
fn the_page_of_the_campaign() {
    let user = User::with_reports();
    insta::assert_snapshot!("show-campaign", user.run(&["show", "Microsoft", "Exchange"]).shown());
    let html = user.run(&["show", "Microsoft Exchange", "--as", "html"]);
    assert_eq!(html.code, 0);
    let start = html.stdout.get(..15).unwrap_or_default().to_lowercase();
    assert_eq!(start, "<!doctype html>");
    assert!(!html.stdout.contains("<script"));
    let md = user.run(&["show", "Microsoft Exchange", "--as", "md"]);
    assert!(md.stdout.starts_with("# "), "{}", md.stdout);
    assert_eq!(user.run(&["--json", "show", "Microsoft Exchange"]).objects().len(), 1);
}

#[test]
fn lists() {
    let user = User::with_reports();
    for kind in
        ["campaigns", "actors", "clusters", "vulnerabilities", "techniques", "gaps", "origins"]
    {
        insta::assert_snapshot!(format!("list-{kind}"), user.run(&["list", kind]).shown());
    }
}

#[test]
fn a_value_is_found_defanged_and_explained_down_to_the_span() {
    let user = User::with_reports();
    let ran = user.run(&["explain", "103.77.192[.]219"]);
    insta::assert_snapshot!("explain-address", ran.shown());
    let facts = user.run(&["--json", "explain", "103.77.192.219"]).objects();
    let claim = &facts[0]["claims"][0];
    assert!(claim["span"]["end"].as_u64() > claim["span"]["start"].as_u64(), "{claim}");
}

#[test]
fn search_finds_documents_and_names() {
    let user = User::with_reports();
    let hits = user.run(&["--json", "search", "Exchange"]).objects();
    assert!(hits.iter().any(|hit| hit.get("document").is_some()), "{hits:?}");
    assert_eq!(user.run(&["search", "\"unbalanced AND ("]).code, 0);
}

#[test]
fn undo_takes_a_report_back_and_undo_again_brings_it_back() {
    let user = User::with_reports();
    let note =
        user.file("late.txt", "Indicators of compromise\n\nThe actor APT99 used 203.0.113.77\n");
    let before = user.run(&["--json", "list", "indicators"]).stdout;
    assert_eq!(user.run(&["add", &note]).code, 0);
    assert_eq!(user.run(&["undo", "2"]).code, 0);
    assert_eq!(user.run(&["--json", "list", "indicators"]).stdout, before);
    assert_eq!(user.run(&["undo", "3"]).code, 0);
    assert_ne!(user.run(&["--json", "list", "documents"]).objects().len(), 0);
    let ran = user.run(&["undo", "99"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}

#[test]
fn as_of_shows_what_was_known_on_a_day() {
    let user = User::with_reports();
    let early = user.run(&["--json", "list", "documents", "--as-of", "2021-03-03"]).objects().len();
    let late = user.run(&["--json", "list", "documents"]).objects().len();
    assert!(early > 0 && early < late, "{early} of {late}");
}

#[test]
fn extract_prints_the_contract() {
    let user = User::new();
    let text =
        "Indicators of compromise\n\nhxxps://evil.example[.]net/gate.php and CVE-2021-26855\n";
    let values = user.run_with(&["--json", "extract", "-"], text.as_bytes()).objects();
    let url = values.iter().find(|v| v["kind"] == "url").expect("the address");
    assert_eq!(url["value"], "https://evil.example.net/gate.php");
    let (start, end) = (url["start"].as_u64().unwrap(), url["end"].as_u64().unwrap());
    let raw = &text[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
    assert_eq!(url["raw"], raw);
    let starts: Vec<_> = values.iter().map(|v| v["start"].as_u64()).collect();
    assert!(starts.is_sorted());
}

#[test]
fn extract_shows_what_counts_first_and_why_the_rest_does_not() {
    let user = User::new();
    let text = "# Marsh loader\n\nSee https://blog.marsh-research.org/lapwing for more. The implant \
                connects to api.telegram.org as version 4.10.0.3 of the tool does.\n\n\
                ## Indicators of compromise\n\n- hxxps://reed.example[.]net/gate.php\n\
                - reed.example[.]org\n- reed.example[.]org\n";
    let ran = user.run_with(&["extract", "-"], text.as_bytes());
    insta::assert_snapshot!("extract", ran.stdout);
}

#[test]
fn extract_tells_whose_the_values_of_a_report_are() {
    let user = User::new();
    let text = "# HAFNIUM targets logistics firms with a new web shell and a service\n\n\
                *Published 14 June 2024 by Marsh Research*\n\n\
                The shell beacons to cdn[.]reed-top[.]net. HAFNIUM exploited CVE-2021-26855.\n\n\
                ## Indicators of compromise\n\n| Type | Value |\n| --- | --- |\n\
                | Mutex | Global\\Marsh_77 |\n| Service | MarshSvc |\n| Domain | reed-top[.]net |\n\n\
                Kind regards,\nAda <ada@marsh-research.org>\n";
    let ran = user.run_with(&["--json", "extract", "--claims", "-"], text.as_bytes());
    let values = ran.objects();
    let is = |value: &str, kind: &str, role: &str| {
        values.iter().any(|v| v["value"] == value && v["kind"] == kind && v["role"] == role)
    };
    assert!(is("Global\\Marsh_77", "mutex", "indicator"), "{}", ran.stdout);
    assert!(is("MarshSvc", "windows-service", "indicator"), "{}", ran.stdout);
    assert!(is("cdn.reed-top.net", "domain-name", "indicator"), "{}", ran.stdout);
    assert!(is("ada@marsh-research.org", "email-addr", "reference"), "{}", ran.stdout);
    let points = values.iter().any(|v| {
        v["claim"]["subject"]["value"] == "reed-top.net"
            && v["claim"]["relation"] == "indicates"
            && v["claim"]["object"]["value"] == "HAFNIUM"
    });
    assert!(points, "{}", ran.stdout);
    // What sentences state is shown without being asked for.
    let told = user.run_with(&["extract", "-"], text.as_bytes()).stdout;
    assert!(told.contains("Statements: ") && told.contains("exploits"), "{told}");
}

#[test]
fn clusters_are_merged_split_and_the_decision_is_taken_back() {
    let user = User::new();
    let note = |name: &str, values: [&str; 2]| {
        let rows = values.map(|value| format!("ipv4-addr,{value},seen by {name}\n"));
        user.file(&format!("{name}.csv"), format!("type,value,comment\n{}", rows.concat()))
    };
    let pairs = [["45.77.1.2", "91.10.3.4"], ["62.1.1.1", "103.8.2.2"]];
    for (at, name) in ["reed", "rush", "sedge", "sallow"].iter().enumerate() {
        let note = note(name, pairs[at / 2]);
        assert_eq!(user.run(&["add", &note, "--source", name]).code, 0);
    }
    let names = || -> Vec<String> {
        let rows = user.run(&["--json", "clusters"]).objects();
        rows.iter().map(|row| row["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let before = names();
    assert_eq!(before.len(), 2, "{}", user.run(&["clusters", "list"]).shown());
    let preview = user.run(&["clusters", "merge", &before[0], &before[1], "--preview"]);
    assert_eq!(preview.code, 0, "{}", preview.shown());
    assert!(preview.stdout.contains("would become"), "{}", preview.shown());
    assert_eq!(names(), before);
    let merged = user.run(&["clusters", "merge", &before[0], &before[1], "--because", "one panel"]);
    assert!(merged.stdout.contains("lapwing undo"), "{}", merged.shown());
    assert_eq!(names().len(), 1);
    let page = user.run(&["--json", "clusters", "show", &before[0]]).objects();
    let members = page[0]["members"].as_array().cloned().unwrap_or_default();
    assert_eq!(members.len(), 4, "{page:?}");
    let leaves = &members[3].as_str().unwrap_or_default()[..8];
    let split = user.run(&["clusters", "split", &names()[0], leaves]);
    assert_eq!(split.code, 0, "{}", split.shown());
    let history = user.run(&["--json", "clusters", "history"]).objects();
    assert_eq!(history.len(), 2, "{history:?}");
    assert_eq!(history[0]["because"], "one panel");
    for entry in history.iter().rev() {
        let change = entry["change"].to_string();
        assert_eq!(user.run(&["undo", &change]).code, 0);
    }
    assert_eq!(names(), before);
    let wrong = user.run(&["clusters", "split", &before[0], "ffffffff"]);
    assert_eq!(wrong.code, 2, "{}", wrong.shown());
    assert!(wrong.stderr.contains("clusters show"), "{}", wrong.shown());
}
