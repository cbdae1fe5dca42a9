//! A store in a database of PostgreSQL, as its user sees it. Where there is none to test with
//! (`LAPWING_TEST_POSTGRES`), only its not being there can be tried.

use super::common::User;

fn place(user: &User) -> Option<String> {
    let address = std::env::var("LAPWING_TEST_POSTGRES").ok().filter(|text| !text.is_empty())?;
    let name = user.home.path().file_name().expect("a name").to_string_lossy().into_owned();
    // What a temporary folder is called: letters and digits, and what a schema's name must not hold.
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase();
    Some(format!("{address}?schema=cli_{name}_{}", std::process::id()))
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let user = User::new();
    let address = "postgres://ann:s3cret@127.0.0.1:9/cti?connect_timeout=3";
    for arguments in [
        &["list", "campaigns"][..],
        &["check"],
        &["hunt", "reports"],
        &["add", "reports"],
        &["backup", "copy.db"],
        &["users", "list"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let ran = user.run(&[&["--store", address], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.shown());
        assert!(ran.stderr.contains("postgres://ann@127.0.0.1:9/cti"), "{}", ran.shown());
        assert!(ran.stderr.contains("cannot be reached"), "{}", ran.shown());
        assert!(!ran.shown().contains("s3cret"), "{}", ran.shown());
    }
}

#[test]
fn the_whole_way_is_the_same_as_with_a_file() {
    let user = User::new();
    let Some(place) = place(&user) else { return };
    let run = |arguments: &[&str]| user.run(&[&["--store", place.as_str()], arguments].concat());
    let done = |arguments: &[&str]| {
        let (there, here) = (run(arguments), user.run(arguments));
        assert_eq!(there.code, 0, "{arguments:?}: {}", there.shown());
        assert_eq!(there.stdout, here.stdout, "{arguments:?}");
        there.stdout
    };
    assert!(run(&["list", "campaigns"]).stderr.contains("there is no store here"));
    let added = run(&["add", "reports"]);
    assert_eq!(added.code, 0, "{}", added.shown());
    assert_eq!(user.run(&["add", "reports"]).code, 0);
    for kind in ["campaigns", "actors", "indicators", "techniques", "documents", "gaps"] {
        assert!(!done(&["list", kind, "--json"]).is_empty(), "{kind}");
    }
    done(&["show", "HAFNIUM"]);
    done(&["explain", "HAFNIUM"]);
    // Ranks are summed in another order there: they agree to nine places.
    let search = ["search", "web shell", "--json"];
    let (there, here) = (run(&search).objects(), user.run(&search).objects());
    assert!(!there.is_empty() && there.len() == here.len());
    for (there, here) in there.iter().zip(&here) {
        let rank = |hit: &serde_json::Value| hit["rank"].as_f64().unwrap();
        assert!((rank(there) - rank(here)).abs() < 1e-9);
        for key in ["document", "label", "name", "snippet", "marks"] {
            assert_eq!(there[key], here[key], "{key}");
        }
    }
    // Bundles tell when what nobody dates was added; tables do not.
    done(&["export", "--as", "csv"]);
    assert_eq!(run(&["export", "--as", "stix"]).code, 0);
    done(&["check"]);

    // Over into a file, and back.
    let copy = user.home.path().join("copy.db").display().to_string();
    let backup = run(&["backup", &copy]);
    assert_eq!(backup.code, 0, "{}", backup.shown());
    let refused = run(&["restore", &copy]);
    assert_eq!(refused.code, 2, "{}", refused.shown());
    assert!(refused.stderr.contains("there is a store already"), "{}", refused.shown());
    let undone = run(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{}", undone.shown());
    let restored = run(&["restore", &copy, "--replace"]);
    assert_eq!(restored.code, 0, "{}", restored.shown());
    assert!(restored.stdout.contains("_before_restore"), "{}", restored.shown());
    done(&["list", "indicators", "--json"]);
    let restored = user.run(&["restore", &copy, "--replace"]);
    assert_eq!(restored.code, 0, "{}", restored.shown());
    done(&["list", "indicators", "--json"]);
}
