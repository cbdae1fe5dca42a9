//! Logs that grow, and times without a zone, as the user of the binary sees them.

use std::io::Write as _;
use std::time::Duration;

use crate::common::User;

#[test]
fn findings_come_while_logs_grow_and_the_verdict_at_the_end() {
    let user = User::new();
    let list = user.file("list.txt", "192.0.2.66\n192.0.2.67\n");
    let log = user.file("logs/app.log", "2021-03-03T01:00:00Z from 192.0.2.66\n");
    let path = log.clone();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("the log");
        file.write_all(b"2021-03-03T01:00:01Z from 192.0.2.67\n").expect("a line");
    });
    let arguments =
        ["--json", "hunt", &log, "--indicators", &list, "--follow", "--follow-for", "6"];
    let ran = user.run(&arguments);
    writer.join().expect("the writer");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let lines = ran.objects();
    let matched: Vec<_> = lines.iter().filter_map(|line| line["matched"].as_str()).collect();
    assert_eq!(matched, ["192.0.2.66", "192.0.2.67"]);
    assert_eq!(lines[1]["line"], 2);
    assert_eq!(lines[2]["looked_at"][0]["records"], 2);
}

#[test]
#[cfg(unix)]
fn the_first_interrupt_ends_following_with_the_verdict() {
    let user = User::new();
    let log = user.file("app.log", "a line\n");
    let list = user.file("list.txt", "192.0.2.66\n");
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_lapwing"))
        .args(["hunt", &log, "--indicators", &list, "--follow", "--follow-for", "60"])
        .env("NO_COLOR", "1")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(Duration::from_secs(3));
    let number = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &number]).status();
    assert!(sent.expect("kill").success());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("VERDICT: NOTHING FOUND"), "{text}");
}

#[test]
fn a_zone_and_a_year_that_logs_do_not_state_can_be_given() {
    let user = User::new();
    let list = user.file("list.txt", "192.0.2.66\n");
    let line =
        "Mar  3 01:00:00 web1 sshd[7]: Failed password for root from 192.0.2.66 port 1 ssh2\n";
    let log = user.file("auth.log", line);
    let base = ["--json", "hunt", &log, "--indicators", &list];
    let with = |more: &[&str]| user.run(&[&base[..], more].concat());
    let ran = with(&["--time-zone", "+02:00", "--year", "2021"]);
    let lines = ran.objects();
    assert_eq!(lines[0]["time"], "2021-03-02T23:00:00Z");
    let assumed = lines[1]["looked_at"][0]["assumed"].as_str().expect("what was assumed");
    assert!(assumed.contains("+02") && assumed.contains("2021"), "{assumed}");
    let ran = with(&["--time-zone", "nowhere"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("write an offset"), "{}", ran.stderr);
}
