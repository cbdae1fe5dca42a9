//! Tests of the tables.

use proptest::prelude::*;

use super::*;
use crate::condition::{Artifacts, Written};
use crate::{Checks, Matcher, Options, Silent, hunt};

#[test]
fn the_first_lines_tell_the_form() {
    let line = "Mar  3 01:02:03 host sshd[1]: text\r\n";
    assert_eq!(form_of(line.repeat(3).as_bytes()), "syslog");
    assert_eq!(form_of(format!("a heading\n{line}{line}").as_bytes()), "syslog");
    assert_eq!(form_of(b"only prose\n"), "text");
    assert_eq!(form_of(b""), "text");
}

/// A condition on some columns of IIS.
fn condition() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["cs-method", "cs-uri-stem", "cs-uri-query", "cs-none"]);
    let test = prop::sample::select(vec!["equals", "contains", "starts", "ends", "like", "path"]);
    let one = (field, test, "/ab\\?cd|ab\\?c\\*|/abc|abcd?|\\*bcd|/a/b\\*d", any::<bool>());
    let one = one.prop_map(|(field, test, wanted, not)| {
        let plain = format!("{{ field = '{field}', {test} = '{wanted}' }}");
        if not { format!("{{ not = {plain} }}") } else { plain }
    });
    (proptest::collection::vec(one, 1..3), any::<bool>()).prop_map(|(list, all)| {
        let how = if all { "all" } else { "any" };
        // A literal of its own, so that not every record is asked for.
        format!(
            "all = [{{ field = 'cs-uri-stem', contains = 'bcd' }}, {{ {how} = [{}] }}]",
            list.join(", ")
        )
    })
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_check_holds_for_the_lines_that_it_holds_for(
        condition in condition(),
        rows in proptest::collection::vec(
            ("/ab|abcd|GET", "/a?b?c?d?|/ab.cd/|/a%62cd|/a/bcd|ABCD", "abcd?|/abcd|a%2562cd|-"), 1..12,
        ),
    ) {
        let home = tempfile::tempdir().unwrap();
        let check = format!(
            "[check]\nid = 'own'\ntitle = 'own'\nsources = ['iis']\nseverity = 'high'\nproof = 'attempt'\nconfidence = 80\nreference = 'none'\nproves = 'own'\ncondition = {{ {condition} }}\n"
        );
        std::fs::write(home.path().join("own.toml"), check).unwrap();
        let checks = Checks::load(home.path());
        prop_assert!(checks.problems().is_empty(), "{:?}", checks.problems());
        let mut log = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status\n".to_owned();
        let written: Written = toml::from_str(&condition).unwrap();
        let compiled = written.compile().unwrap();
        let mut wanted = Vec::new();
        for (number, (method, stem, query)) in rows.iter().enumerate() {
            let line = format!("2021-03-03 01:02:03 {method} {stem} {query} 200");
            let names = ["cs-method", "cs-uri-stem", "cs-uri-query"];
            let fields = names.iter().zip([method, stem, query]);
            let record = Record {
                fields: fields.map(|(k, v)| ((*k).into(), v.as_str().into())).collect(),
                raw: line.as_str().into(),
                time: None,
                place: None,
                offset: 0,
            };
            if compiled.holds(&record, &Artifacts::new()) {
                wanted.push(Some(Place::Line(number as u64 + 3)));
            }
            log += &line;
            log.push('\n');
        }
        let file = home.path().join("a.log");
        std::fs::write(&file, log).unwrap();
        let options = Options { jobs: 1, around: false, ..Options::default() };
        let found = hunt(&[file], &Matcher::default(), &checks, &options, &Silent);
        let own = found.findings.iter().filter(|f| f.rule.as_deref() == Some("own"));
        prop_assert_eq!(own.map(|f| f.place).collect::<Vec<_>>(), wanted);
    }
}

proptest::proptest! {
    #[test]
    fn telling_the_form_never_panics(text in ".{0,60}") {
        let _ = form_of(text.as_bytes());
    }
}
