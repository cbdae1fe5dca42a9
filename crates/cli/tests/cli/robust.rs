//! A hunt among killed processes, full disks, endless devices and garbage: named, and the rest is done.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::User;

/// A line with a listed value, and the list.
const LINE: &str = "2021-03-04T10:00:00Z allow 10.0.0.4 -> 198.51.100.23:443\n";

fn listed(user: &User) -> String {
    user.file("list.txt", "198.51.100.23\n")
}

fn start(user: &User, arguments: &[&str], stdout: Stdio) -> Child {
    Command::new(env!("CARGO_BIN_EXE_lapwing"))
        .args(arguments)
        .current_dir(user.home.path())
        .env("LAPWING_STORE", user.home.path().join("store.db"))
        .env("LAPWING_TODAY", "2021-04-01")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

fn ended(mut child: Child) -> (i32, String) {
    let begun = Instant::now();
    loop {
        if child.try_wait().expect("a child").is_some() {
            let output = child.wait_with_output().expect("its output");
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            return (output.status.code().unwrap_or(-1), stderr);
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "it hangs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo");
    assert!(made.success());
}

#[test]
fn a_kill_leaves_the_report_of_before() {
    let user = User::new();
    let list = listed(&user);
    let report = user.file("report.csv", "the report of yesterday");
    let endless = user.home.path().join("endless");
    pipe(&endless);
    let mut child = start(
        &user,
        &["hunt", "--indicators", &list, "endless", "-o", "report.csv"],
        Stdio::null(),
    );
    // The hunt waits for more of the log.
    let mut log = fs::OpenOptions::new().write(true).open(&endless).expect("the pipe opens");
    log.write_all(LINE.as_bytes()).expect("the hunt reads");
    child.kill().expect("a kill");
    child.wait().expect("an end");
    assert_eq!(fs::read_to_string(report).unwrap(), "the report of yesterday");
}

#[test]
fn a_full_disk_is_named_and_ends_with_2() {
    let user = User::new();
    let list = listed(&user);
    let log = user.file("log.txt", LINE);
    if !Path::new("/dev/full").exists() {
        return;
    }
    for arguments in [["--as", "html"], ["--as", "json"], ["--as", "stix"]] {
        let mut all = vec!["hunt", "--indicators", &list, &log, "-o", "/dev/full"];
        all.extend(arguments);
        let (code, stderr) = ended(start(&user, &all, Stdio::null()));
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("/dev/full: cannot be written"), "{stderr}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the device");
    let (code, stderr) = ended(start(&user, &["hunt", "--indicators", &list, &log], full.into()));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("standard output: "), "{stderr}");
}

#[test]
fn a_reader_that_has_enough_still_gets_the_exit_code_of_the_verdict() {
    let user = User::new();
    let list = listed(&user);
    let log = user.file("log.txt", LINE.repeat(3000));
    let arguments =
        ["--json", "hunt", "--indicators", &list, "--max-findings-per-rule", "100000", &log];
    let mut child = start(&user, &arguments, Stdio::piped());
    let mut first = String::new();
    let stdout = child.stdout.take().expect("standard output");
    BufReader::new(stdout).read_line(&mut first).expect("a line");
    assert!(first.starts_with('{'), "{first}");
    let (code, stderr) = ended(child);
    assert_eq!((code, stderr.as_str()), (1, ""));
}

#[test]
fn pipes_links_and_devices_in_a_tree_stop_nothing() {
    let user = User::new();
    let list = listed(&user);
    user.file("tree/a/log.txt", LINE);
    let tree = user.home.path().join("tree");
    pipe(&tree.join("a/pipe"));
    std::os::unix::fs::symlink(&tree, tree.join("a/loop")).expect("a link");
    std::os::unix::fs::symlink("nowhere", tree.join("a/broken")).expect("a link");
    let arguments = ["hunt", "--indicators", &list, "--max-file-size", "1", "tree", "/dev/zero"];
    let (code, stderr) = ended(start(&user, &arguments, Stdio::null()));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.starts_with("lapwing: /dev/zero: ") && stderr.lines().count() == 1, "{stderr}");
    let shown = user.run(&["--json", "hunt", "--indicators", &list, &tree.display().to_string()]);
    let verdict = shown.objects().pop().expect("a verdict");
    let missing = verdict["not_looked_at"].to_string();
    assert!(missing.contains("2 symbolic links") && missing.contains("1 pipe"), "{missing}");
}

#[test]
fn a_million_lines_of_garbage_are_read_to_the_end() {
    let user = User::new();
    let list = listed(&user);
    // Bytes of no encoding; no line ends and no NUL among them.
    let mut state = 7u64;
    let mut block = Vec::new();
    for _ in 0..1000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bytes = state.to_le_bytes().map(|byte| if byte < 11 { 0xff } else { byte });
        block.extend_from_slice(&bytes[..=(state >> 61) as usize]);
        block.push(b'\n');
    }
    let mut garbage = block.repeat(1000);
    garbage.extend_from_slice(LINE.as_bytes());
    let log = user.file("garbage.log", &garbage);
    let ran = user.run(&["--json", "hunt", "--indicators", &list, &log]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.objects()[0]["line"], 1_000_001);
}

#[test]
fn a_log_that_grows_while_it_is_read_is_read_to_some_end() {
    let user = User::new();
    let list = listed(&user);
    let log = user.file("grows.log", LINE.repeat(50_000));
    let child = start(&user, &["--json", "hunt", "--indicators", &list, &log], Stdio::null());
    let mut more = fs::OpenOptions::new().append(true).open(&log).expect("the log");
    for _ in 0..200 {
        more.write_all(LINE.as_bytes()).expect("more");
    }
    let (code, stderr) = ended(child);
    assert_eq!((code, stderr.as_str()), (1, ""));
}

#[test]
fn a_folder_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();
    let list = listed(&user);
    user.file("tree/log.txt", LINE);
    user.file("tree/closed/log.txt", LINE);
    let closed = user.home.path().join("tree/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("permissions");
    // To the system's administrator nothing is closed.
    let is_closed = fs::read_dir(&closed).is_err();
    let (code, stderr) =
        ended(start(&user, &["hunt", "--indicators", &list, "tree"], Stdio::null()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("permissions");
    assert_eq!(code, 1);
    assert_eq!(stderr.contains("closed"), is_closed, "{stderr}");
}
