//! What a hunt is given besides logs: what cannot be used of it is named, and nothing that is missing is passed
//! over in silence.

use crate::common::{Ran, User};

const LOG: &str = "2021-03-04T10:00:00Z 10.0.0.4 -> 203.0.113.9 allowed\n";
const SIGMA: &str = "title: T\nid: t\nlogsource:\n  product: windows\ndetection:\n  selection:\n    A: b\n  condition: selection\n";
const CAMPAIGN: &str = "[campaign]\nid = \"c\"\ntitle = \"C\"\nupdates = []\ncompromised = []\nattempted = []\nnothing = []\n";

/// A user with a clean log, and for each option one file that can be used, one that cannot, a folder without
/// any, and a path that is not there.
struct Armoury {
    user: User,
    log: String,
}

/// Option, what it loads, a name, a sound content, a broken one.
const ARMS: [(&str, &str, &str, &str, &str); 5] = [
    (
        "--rules",
        "Sigma rule",
        "r.yml",
        SIGMA,
        "title: T\nlogsource:\n  product: windows\ndetection: [\n",
    ),
    (
        "--yara",
        "YARA rule",
        "r.yar",
        "rule a { condition: false }\n",
        "\nrule b { condition: nothing }\n",
    ),
    ("--checks", "check", "c.toml", CAMPAIGN, "[campaign]\nid = [\n"),
    (
        "--baseline",
        "known-good file",
        "b.txt",
        "0123456789abcdef0123456789abcdef  a.aspx\n",
        "no hash\n",
    ),
    ("--indicators", "indicator", "i.txt", "198.51.100.23\nevil.example\n", "nothing here\n"),
];

impl Armoury {
    fn new() -> Self {
        // A store is there, so that a hunt has its indicators.
        let user = User::with_reports();
        let log = user.file("logs/proxy.txt", LOG);
        for (option, _, name, sound, broken) in ARMS {
            let folder = option.trim_start_matches('-');
            user.file(&format!("{folder}/sound/{name}"), sound);
            user.file(&format!("{folder}/broken/{name}"), broken);
            user.file(&format!("{folder}/both/a{name}"), sound);
            user.file(&format!("{folder}/both/b{name}"), broken);
            user.file(&format!("{folder}/none/other.bin"), "");
        }
        Self { user, log }
    }

    fn hunt(&self, option: &str, paths: &[String]) -> Ran {
        let mut arguments = vec!["hunt", "--no-file-times"];
        for path in paths {
            arguments.extend([option, path.as_str()]);
        }
        arguments.push(&self.log);
        self.user.run(&arguments)
    }

    fn path(&self, option: &str, name: &str) -> String {
        let path = self.user.home.path().join(option.trim_start_matches('-')).join(name);
        path.display().to_string()
    }
}

#[test]
fn what_loads_nothing_ends_the_command_with_each_path_named() {
    let armoury = Armoury::new();
    for (option, what, name, ..) in ARMS {
        for (given, reason) in [
            ("gone".to_owned(), "there is no such file or folder"),
            (format!("broken/{name}"), "broken"),
            ("none/other.bin".to_owned(), "other.bin: "),
        ] {
            let ran = armoury.hunt(option, &[armoury.path(option, &given)]);
            let shown = ran.shown();
            assert_eq!(ran.code, 2, "{option} {given}: {shown}");
            assert!(ran.stdout.is_empty(), "{shown}");
            let path = format!("HOME/{}/{given}", option.trim_start_matches('-'));
            assert!(ran.stderr.starts_with(&format!("lapwing: {path}")), "{shown}");
            assert!(ran.stderr.contains(reason), "{option} {given}: {shown}");
            assert!(
                ran.stderr.contains(&format!("no {what} could be loaded from {path}")),
                "{shown}"
            );
            assert!(ran.stderr.contains("  hint: "), "{shown}");
        }
    }
}

#[test]
fn what_loads_in_part_hunts_and_says_what_did_not() {
    let armoury = Armoury::new();
    for (option, _, name, ..) in ARMS {
        let sound = armoury.path(option, &format!("sound/{name}"));
        let ran = armoury.hunt(option, std::slice::from_ref(&sound));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{option}: {}", ran.shown());
        if option == "--checks" {
            // It is given once only.
            continue;
        }
        for (given, reason) in [
            ("gone".to_owned(), "gone: there is no such file or folder"),
            (format!("broken/{name}"), name),
        ] {
            let ran = armoury.hunt(option, &[sound.clone(), armoury.path(option, &given)]);
            assert_eq!(ran.code, 3, "{option} {given}: {}", ran.shown());
            assert!(ran.stdout.contains("NOTHING FOUND"), "{}", ran.shown());
            assert!(ran.stderr.contains(reason), "{}", ran.shown());
        }
    }
    for (option, what) in [("--rules", "(line "), ("--yara", "(line "), ("--checks", "(line ")] {
        let ran = armoury.hunt(option, &[armoury.path(option, "both")]);
        assert_eq!(ran.code, 3, "{option}: {}", ran.shown());
        assert!(ran.stderr.contains(what), "{}", ran.shown());
    }
}

#[test]
fn rules_that_are_all_left_out_are_no_rules() {
    let armoury = Armoury::new();
    let rules = armoury.path("--rules", "sound");
    let ran = armoury.user.run(&["hunt", "--rules", &rules, "--level", "high", &armoury.log]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("1 below the level asked for"), "{}", ran.shown());
    let ran = armoury.user.run(&["hunt", "--placeholders", &rules, &armoury.log]);
    assert_eq!(ran.code, 2, "placeholders without rules: {}", ran.shown());
}
