//! Rules, lists, pages and backups, as a user makes them.

use crate::common::User;

#[test]
fn rules_are_tried_and_the_trial_stands_beside_them() {
    let user = User::with_reports();
    let file = user.home.path().join("out.yml").display().to_string();
    let ran = user.run(&["export", "--as", "sigma", "-o", &file]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stderr.contains("tried by lapwing"), "{}", ran.shown());
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.contains("title: ") && text.contains("# tried by lapwing"), "{text}");
    assert!(text.contains("expires") || text.contains("Expires"), "{text}");
    let ran = user.run(&["--json", "export", "--as", "sigma", "-o", &file]);
    let rules: Vec<_> = ran.objects().into_iter().filter(|o| o.get("rule").is_some()).collect();
    assert!(!rules.is_empty(), "{}", ran.shown());
    for rule in rules {
        assert_eq!(rule["passed"], true, "{rule}");
        assert_eq!(rule["trial"]["fired"], rule["trial"]["planted"], "{rule}");
        assert_eq!(rule["trial"]["false_alarms"], 0, "{rule}");
    }
    let ran = user.run(&["export", "--as", "zeek"]);
    assert!(ran.stdout.contains("#fields\tindicator\tindicator_type"), "{}", ran.shown());
    let ran = user.run(&["export", "--as", "csv"]);
    assert!(ran.stdout.starts_with("kind,value,status,"), "{}", ran.shown());
}

#[test]
fn several_files_want_a_folder() {
    let user = User::with_reports();
    let ran = user.run(&["export", "--as", "suricata", "--no-suricata"]);
    assert!(ran.code == 2 && ran.stderr.contains("-o FOLDER"), "{}", ran.shown());
    let folder = user.home.path().join("rules");
    let ran = user.run(&[
        "export",
        "--as",
        "suricata",
        "--no-suricata",
        "-o",
        &folder.display().to_string(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let rules = std::fs::read_to_string(folder.join("lapwing.rules")).expect("rules");
    assert!(rules.contains("alert ip $HOME_NET any <> "), "{rules}");
}

#[test]
fn pages_are_about_a_name() {
    let user = User::with_reports();
    for format in ["md", "html", "pdf"] {
        let ran = user.run(&["export", "--as", format]);
        assert!(ran.code == 2 && ran.stderr.contains("say which"), "{}", ran.shown());
        let file = user.home.path().join(format!("page.{format}"));
        let ran =
            user.run(&["export", "--as", format, "HAFNIUM", "-o", &file.display().to_string()]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        assert!(std::fs::metadata(&file).expect("a page").len() > 1000, "{format}");
    }
}

#[test]
fn a_backup_is_made_refused_and_restored() {
    let user = User::with_reports();
    let copy = user.home.path().join("copy.db").display().to_string();
    let before = user.run(&["--json", "list", "documents"]).stdout;
    let ran = user.run(&["backup", &copy]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(user.run(&["backup", &copy]).code, 2);
    assert_eq!(user.run(&["undo", "1"]).code, 0);
    let ran = user.run(&["restore", &copy]);
    assert!(ran.code == 2 && ran.stderr.contains("--replace"), "{}", ran.shown());
    let ran = user.run(&["restore", &copy, "--replace"]);
    assert!(ran.code == 0 && ran.stdout.contains("before-restore"), "{}", ran.shown());
    assert_eq!(user.run(&["--json", "list", "documents"]).stdout, before);
    let ran = user.run(&["check"]);
    assert!(
        ran.code == 0 && ran.stdout.contains("each is what its claims give"),
        "{}",
        ran.shown()
    );

    let bytes = std::fs::read(&copy).expect("the copy");
    let cut = user.file("cut.db", &bytes[..bytes.len() / 2]);
    let ran = user.run(&["restore", &cut, "--replace"]);
    assert!(ran.code == 2 && ran.stderr.contains("cut off"), "{}", ran.shown());
    assert_eq!(user.run(&["--json", "list", "documents"]).stdout, before);
}

#[test]
fn a_damaged_store_is_told() {
    let user = User::with_reports();
    let store = user.home.path().join("store.db");
    let mut bytes = std::fs::read(&store).expect("the store");
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 4096].fill(0x55);
    std::fs::write(&store, bytes).expect("a damaged store");
    let ran = user.run(&["check", "--quick"]);
    assert!(ran.code == 2 && ran.stderr.contains("damage"), "{}", ran.shown());
}

/// A disk that is full, as a limit on the size of files: nothing is left where the copy should be.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_half_backup() {
    let user = User::with_reports();
    let copy = user.home.path().join("copy.db");
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' backup '{}'",
        env!("CARGO_BIN_EXE_lapwing"),
        copy.display()
    );
    let ran = std::process::Command::new("bash")
        .args(["-c", &script])
        .env("LAPWING_STORE", user.home.path().join("store.db"))
        .output()
        .expect("a shell");
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(!copy.exists());
    let left: Vec<_> = std::fs::read_dir(user.home.path())
        .expect("the folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("copy"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What a hunt learnt is an indicator like any other: rules come from findings too.
#[test]
fn findings_become_rules() {
    let user = User::with_reports();
    let ran = user.run(&["hunt", "--learn", "--quiet", "servers/compromised"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let sigma = ["export", "--as", "sigma", "--tlp", "amber", "--loss-report"];
    let losses = user.home.path().join("losses").display().to_string();
    let ran = user.run(&[&sigma[..], &[&losses]].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stdout.contains("category: webserver"), "{}", ran.shown());
    assert!(ran.stdout.contains("hunt of "), "{}", ran.shown());
    // What was seen on one's own machines is TLP:AMBER and stays at home.
    let ran = user.run(&["export", "--as", "sigma"]);
    assert!(!ran.stdout.contains("hunt of "), "{}", ran.shown());
}
