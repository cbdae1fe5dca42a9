//! Copies of a store: while others write, when killed, when cut off.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{add, reading};
use lapwing_store::{Store, StoreError};

fn folder_with_store(count: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    (0..count).for_each(|number| drop(add(&mut store, &reading(number), 1)));
    (folder, path)
}

fn sound(path: &Path) -> Store {
    let store = Store::open_read_only(path).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    store
}

#[test]
fn a_backup_is_the_store_and_a_restore_brings_it_back() {
    let (folder, path) = folder_with_store(5);
    let copy = folder.path().join("copy.db");
    let mut store = Store::open(&path).unwrap();
    let digest = store.digest().unwrap();
    let made = Store::open_read_only(&path).unwrap().backup(&copy).unwrap();
    assert_eq!((made.documents, made.bytes), (5, std::fs::metadata(&copy).unwrap().len()));
    assert_eq!(sound(&copy).digest().unwrap(), digest);
    // A backup is never written over.
    assert!(matches!(store.backup(&copy), Err(StoreError::Io { .. })));
    add(&mut store, &reading(50), 1).unwrap();
    let later = store.digest().unwrap();
    // Somebody has the store open: it is left alone.
    store.set_patience(Duration::ZERO).unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(reader.documents().unwrap().len(), 6);
    drop((store, reader));
    let restored = Store::restore(&copy, &path).unwrap();
    assert_eq!(sound(&path).digest().unwrap(), digest);
    assert_eq!(sound(&restored.aside.unwrap()).digest().unwrap(), later);
    // Once more: what was put aside before is kept.
    let again = Store::restore(&copy, &path).unwrap();
    assert!(again.aside.unwrap().to_string_lossy().ends_with("before-restore-2"));
    // The copy can be worked with like any store, and finds what it should.
    let mut store = Store::open(&path).unwrap();
    add(&mut store, &reading(77), 2).unwrap();
    assert_eq!(store.search("web", 20).unwrap().len(), 6);
}

#[test]
fn an_open_store_is_not_replaced() {
    let (folder, path) = folder_with_store(3);
    let copy = folder.path().join("copy.db");
    let mut store = Store::open(&path).unwrap();
    store.backup(&copy).unwrap();
    let change = store.begin("held open", common::at(1)).unwrap();
    let (from, to) = (copy.clone(), path.clone());
    let refused = Store::restore(&from, &to);
    drop(change);
    assert!(matches!(refused, Err(StoreError::Locked { .. })), "{refused:?}");
    assert_eq!(store.documents().unwrap().len(), 3);
    assert!(!folder.path().join("store.db.part").exists());
}

#[test]
fn a_copy_that_is_cut_off_is_refused_and_nothing_is_touched() {
    let (folder, path) = folder_with_store(4);
    let copy = folder.path().join("copy.db");
    Store::open_read_only(&path).unwrap().backup(&copy).unwrap();
    let digest = sound(&path).digest().unwrap();
    let whole = std::fs::read(&copy).unwrap();
    for length in [0, 50, 100, 4096, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&copy, &whole[..length]).unwrap();
        let refused = Store::restore(&copy, &path).unwrap_err();
        assert!(matches!(refused, StoreError::NotAStore { .. }), "{length}: {refused}");
        assert!(refused.to_string().contains("copy.db"), "{refused}");
    }
    // A page that was overwritten is found too.
    let mut broken = whole.clone();
    let middle = whole.len() / 8192 * 4096;
    broken[middle..middle + 4096].fill(0x55);
    std::fs::write(&copy, &broken).unwrap();
    let refused = Store::restore(&copy, &path).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. } | StoreError::Sqlite { .. }), "{refused}");
    assert_eq!(sound(&path).digest().unwrap(), digest);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("part")), "{names:?}");
    assert!(matches!(
        Store::restore(&folder.path().join("none"), &path),
        Err(StoreError::Missing { .. })
    ));
}

#[test]
fn a_backup_beside_a_writer_holds_whole_changes() {
    let (folder, path) = folder_with_store(1);
    let writer = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut store = Store::open(&path).unwrap();
            (1..40).for_each(|number| {
                add(&mut store, &reading(number), 1).unwrap();
            });
        }
    });
    let reader = Store::open_read_only(&path).unwrap();
    let mut counts = Vec::new();
    for round in 0.. {
        let copy = folder.path().join(format!("copy-{round}.db"));
        let ended = writer.is_finished();
        let made = reader.backup(&copy).unwrap();
        let store = sound(&copy);
        assert_eq!(store.history().unwrap().len() as u64, made.documents);
        // Exactly the store of that moment: the same that these readings give by themselves.
        let mut wanted = Store::in_memory().unwrap();
        (0..made.documents as u32).for_each(|n| drop(add(&mut wanted, &reading(n), 1)));
        assert_eq!(store.digest().unwrap(), wanted.digest().unwrap());
        counts.push(made.documents);
        if ended || round > 30 {
            break;
        }
    }
    writer.join().unwrap();
    assert!(counts.is_sorted());
}

/// Tells the child process what to copy; absent in the parent.
const CHILD: &str = "LAPWING_STORE_BACKUP_TEST";

/// Runs only as a child: copies again and again until it is killed.
#[test]
fn child_copies_until_it_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = Path::new(&folder);
    let store = Store::open_read_only(&folder.join("store.db")).unwrap();
    for number in 0..10_000 {
        store.backup(&folder.join(format!("copy-{number}.db"))).unwrap();
        let _ = Store::restore(&folder.join(format!("copy-{number}.db")), &folder.join("other.db"));
    }
}

#[test]
fn a_kill_leaves_whole_copies_or_none() {
    let (folder, path) = folder_with_store(40);
    let digest = sound(&path).digest().unwrap();
    let mut whole = 0;
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_copies_until_it_is_killed"])
            .env(CHILD, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 13 % 120));
        child.kill().unwrap();
        child.wait().unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("copy-") && path.extension().is_some_and(|e| e == "db")
                || name == "other.db"
            {
                assert_eq!(sound(&path).digest().unwrap(), digest, "{name}");
                whole += 1;
            }
            if name != "store.db" && !name.starts_with("store.db-") {
                std::fs::remove_file(&path).unwrap();
            }
        }
    }
    assert!(whole > 0, "the child hardly got to work");
}
