//! What comes next, as its user reads it.

use crate::common::User;

#[test]
fn each_statement_has_its_credentials_or_says_that_there_is_none() {
    let user = User::with_reports();
    let lines = user.run(&["--json", "forecast", "Microsoft", "Exchange"]).objects();
    let questions = ["techniques-to-look-for", "reports", "indicators", "weaknesses", "targets"];
    for question in questions {
        assert!(lines.iter().any(|line| line["question"] == question), "{question}");
    }
    for line in &lines {
        assert!(line["model"].is_string() && line["data"].is_string(), "{line}");
        assert!(line["none"].is_string() || line["value"].is_string(), "{line}");
        if let Some(probability) = line["probability"].as_f64() {
            assert!((0.0..=1.0).contains(&probability), "{line}");
        }
    }
}

#[test]
fn what_was_known_later_does_not_change_the_forecast_of_a_day() {
    let user = User::with_reports();
    let as_of = ["--json", "forecast", "HAFNIUM", "--as-of", "2021-03-31"];
    let first = user.run(&as_of);
    assert_eq!(first.code, 0, "{}", first.shown());
    assert_eq!(user.run(&as_of).stdout, first.stdout);
    let misp = user.run(&["forecast", "Microsoft Exchange", "--decay", "misp"]);
    assert_eq!(misp.code, 0, "{}", misp.shown());
    assert!(misp.stdout.contains("Indicators"), "{}", misp.stdout);
}

#[test]
fn a_name_that_nobody_knows_is_refused() {
    let ran = User::with_reports().run(&["forecast", "Nobody Ever"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("nothing is known"), "{}", ran.stderr);
}
