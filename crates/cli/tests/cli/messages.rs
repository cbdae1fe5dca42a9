//! Errors: named, with a hint, and with the exit code of the contract.

use crate::common::User;

#[test]
fn without_a_store_the_user_is_told_how_to_make_one() {
    insta::assert_snapshot!(User::new().run(&["list", "campaigns"]).shown());
}

#[test]
fn a_missing_file_is_named_and_nothing_is_done() {
    let user = User::new();
    insta::assert_snapshot!(user.run(&["add", "no-such-report.pdf"]).shown());
    insta::assert_snapshot!(user.run(&["hunt", "no-such-folder"]).shown());
}

#[test]
fn an_unknown_name_offers_what_comes_near() {
    let user = User::new();
    user.file("note.txt", "Indicators of compromise\n\nThe malware Emotet uses 198.51.100[.]7\n");
    let note = user.home.path().join("note.txt");
    assert_eq!(user.run(&["add", &note.display().to_string()]).code, 0);
    let ran = user.run(&["show", "nobody-knows-this"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("nothing is known of `nobody-knows-this`"), "{}", ran.stderr);
}

#[test]
fn a_kind_that_cannot_be_listed_is_refused_with_the_ones_that_can() {
    let ran = User::new().run(&["list", "unicorns"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("campaigns, actors, clusters"), "{}", ran.stderr);
}

#[test]
fn broken_parts_are_named_and_the_rest_is_done() {
    let user = User::new();
    user.file("in/good.txt", "Indicators of compromise\n\nhxxp://bad.example[.]net/a\n");
    user.file("in/broken.json", "{\"Event\": {\"info\": \"cut off\", \"Attribute\": [");
    user.file("in/empty.txt", "");
    let folder = user.home.path().join("in").display().to_string();
    let ran = user.run(&["add", &folder]);
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("broken.json") && ran.stderr.contains("empty.txt"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("good.txt") || ran.stdout.contains("Indicators"), "{}", ran.stdout);
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let user = User::new();
    let file = user.file("mine.txt", "my notes, no store");
    let ran = user.run(&["--store", &file, "add", "reports"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "my notes, no store");
}

#[test]
fn nothing_in_a_report_steers_the_terminal() {
    let user = User::new();
    let text =
        "Indicators of compromise\n\nEvil\u{1b}]0;owned\u{7}\u{202e} 203.0.113.99 \u{1b}[2J\n";
    let ran = user.run_with(&["extract", "-"], text.as_bytes());
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'), "{:?}", ran.stdout);
}
