//! Folders: new and changed files, and none that is still being written.

use std::fs::{File, write};
use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use lapwing_engine::store::FeedSettings;
use lapwing_model::Kind;

use crate::store::{add, engine, now, pull_at, settings, values};

/// Sets when a file was changed, in seconds before the time of the tests.
fn age(path: &std::path::Path, seconds: u64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(now().as_second() as u64 - seconds);
    File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
}

#[test]
fn new_and_changed_files_are_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine();
    let feed = add(&engine, "drop", folder.path().to_str().unwrap(), None, settings());
    assert_eq!(feed.kind, "folder");
    let file = folder.path().join("note.txt");
    write(&file, "C2: 45.77.8[.]1 and more\n").unwrap();
    age(&file, 60);
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let deep = folder.path().join("sub/b.txt");
    write(&deep, "C2: 45.77.8[.]2 and more\n").unwrap();
    age(&deep, 60);
    write(folder.path().join("c.txt.part"), "C2: 45.77.8[.]3 and more\n").unwrap();
    write(folder.path().join(".hidden"), "C2: 45.77.8[.]4 and more\n").unwrap();
    let mut new = |n| {
        let now = now() + SignedDuration::from_mins(n);
        pull_at(&mut engine, "drop", now).outcome.unwrap().new_documents
    };
    assert_eq!(new(0), 2);
    assert_eq!(new(1), 0);
    // Touched, but not changed.
    age(&file, 30);
    assert_eq!(new(2), 0);
    write(&file, "C2: 45.77.8[.]5 and more\n").unwrap();
    age(&file, 20);
    assert_eq!(new(3), 1);
    assert_eq!(values(&engine, Kind::Ipv4Addr), ["45.77.8.1", "45.77.8.2", "45.77.8.5"]);
}

#[test]
fn a_file_that_is_still_written_is_left_until_it_rests() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine();
    add(&engine, "drop", folder.path().to_str().unwrap(), None, settings());
    let file = folder.path().join("big.txt");
    let mut new = |n| {
        let now = now() + SignedDuration::from_secs(n);
        pull_at(&mut engine, "drop", now).outcome.unwrap().new_documents
    };
    write(&file, "C2: 45.77.9[.]1").unwrap();
    age(&file, 0);
    assert_eq!(new(1), 0, "changed a second ago");
    write(&file, "C2: 45.77.9[.]1 and 45.77.9[.]2").unwrap();
    age(&file, 0);
    assert_eq!(new(2), 0, "changed again");
    assert_eq!(new(3), 1, "the same at two looks");
    // A clock that was set back: the file's time lies in the future, and it is taken all the same.
    write(&file, "C2: 45.77.9[.]3 now").unwrap();
    age(&file, 0);
    assert_eq!((new(-9000), new(-8000), new(-7000)), (0, 1, 0));
}

#[test]
fn a_quota_and_an_empty_file_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine();
    let few = FeedSettings { quota: Some(1), ..settings() };
    add(&engine, "drop", folder.path().to_str().unwrap(), None, few);
    for (n, text) in [(1, "C2: 45.77.10[.]1 x"), (2, "C2: 45.77.10[.]2 x"), (3, "")] {
        let file = folder.path().join(format!("{n}.txt"));
        write(&file, text).unwrap();
        age(&file, 60);
    }
    let first = pull_at(&mut engine, "drop", now()).outcome.unwrap();
    assert!(first.more && first.new_documents == 1);
    let second = pull_at(&mut engine, "drop", now()).outcome.unwrap();
    assert!(!second.more && second.new_documents == 1 && second.problems.is_empty());
    std::fs::remove_dir_all(folder.path()).unwrap();
    let gone = pull_at(&mut engine, "drop", now()).outcome.unwrap_err().to_string();
    assert!(gone.contains("check that the folder is there"), "{gone}");
}
