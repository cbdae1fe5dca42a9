//! Logs to a verdict: the examples' three servers.

use crate::common::User;

#[test]
fn one_command_does_the_whole_job() {
    let user = User::new();
    let ran = user.run(&["investigate", "reports", "--hunt", "servers/compromised"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!("investigate-compromised", ran.shown());
}

#[test]
fn a_probe_that_failed_is_told_from_a_hit() {
    let user = User::new();
    assert_eq!(user.run(&["add", "reports"]).code, 0);
    let ran = user.run(&["hunt", "servers/probed"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!("hunt-probed", ran.shown());
}

#[test]
fn a_clean_server_gives_nothing_and_says_what_was_not_looked_at() {
    let user = User::new();
    assert_eq!(user.run(&["add", "reports"]).code, 0);
    let ran = user.run(&["hunt", "servers/clean"]);
    insta::assert_snapshot!("hunt-clean", ran.shown());
    assert_eq!(ran.code, 0);
}

#[test]
fn findings_and_verdict_as_json_lines() {
    let user = User::new();
    assert_eq!(user.run(&["add", "reports"]).code, 0);
    let ran = user.run(&["--json", "hunt", "servers/compromised"]);
    let mut lines = ran.objects();
    let verdict = lines.pop().expect("a verdict");
    assert_eq!(verdict["verdict"], "compromised");
    for key in ["reasons", "next_steps", "looked_at", "not_looked_at"] {
        assert!(verdict[key].is_array(), "{key}");
    }
    for finding in &lines {
        for key in ["finding", "file", "offset", "matched", "kind", "severity", "confidence", "why"]
        {
            assert!(!finding[key].is_null(), "{key}: {finding}");
        }
        // Only a file as such (its name, its hash, its content) has no line or record.
        let placed = finding["line"].is_u64() || finding["record"].is_u64();
        assert!(placed || finding["offset"] == 0, "{finding}");
    }
}

#[test]
fn indicators_come_from_any_file() {
    let user = User::new();
    let list = user.file("list.txt", "# ours\n198.51.100[.]23\n");
    let log =
        user.file("logs/proxy.txt", "2021-03-04T10:00:00Z allow 10.0.0.4 -> 198.51.100.23:443\n");
    let ran = user.run(&["--json", "hunt", "--indicators", &list, &log]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert_eq!(ran.objects()[0]["matched"], "198.51.100.23");
    let near =
        user.file("near/proxy.txt", "2021-03-04T10:00:00Z allow 10.0.0.4 -> 198.51.100.231:443\n");
    assert_eq!(user.run(&["hunt", "--indicators", &list, &near]).code, 0);
}

#[test]
fn the_readme_shows_what_its_command_prints() {
    let root = crate::common::examples().join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let user = User::new();
    let ran = user.run(&["investigate", "reports", "--hunt", "servers/compromised"]);
    let printed: Vec<&str> = ran.stdout.lines().collect();
    let mut lines = 0;
    for line in shown.lines().filter(|line| !line.is_empty() && *line != "[…]") {
        assert!(printed.contains(&line), "the README shows a line that is not printed: {line}");
        lines += 1;
    }
    assert!(lines > 20, "a screenful");
}

#[test]
fn a_compiled_list_hunts_like_the_list() {
    let user = User::new();
    let list = user.file("list.txt", "198.51.100.23\nevil.example\n");
    let log = user.file("logs/proxy.txt", "2021-03-04T10:00:00Z 10.0.0.4 -> www.evil.example\n");
    let compiled = list.replace("list.txt", "list.matcher");
    let ran = user.run(&["compile", "--indicators", &list, "-o", &compiled]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let plain = user.run(&["--json", "hunt", "--indicators", &list, &log]);
    let fast = user.run(&["--json", "hunt", "--indicators", &compiled, &log]);
    assert_eq!((plain.code, fast.code), (1, 1), "{}", fast.shown());
    assert_eq!(plain.objects(), fast.objects());
    let mut bytes = std::fs::read(&compiled).expect("the compiled list");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&compiled, bytes).expect("a damaged list");
    let ran = user.run(&["hunt", "--indicators", &compiled, &log]);
    assert_eq!(ran.code, 2);
    assert!(ran.shown().contains("checksum"), "{}", ran.shown());
}
