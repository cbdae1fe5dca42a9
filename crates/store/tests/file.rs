//! The file: who else may use it, and what it is when it is no sound store.

#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Place, add, at, fuse, reading, resolve};
use lapwing_store::{Came, Store, StoreError, TurnQuery};
use rusqlite::Connection;

fn folder_with_store(numbers: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub/store.db");
    let mut store = Store::open(&path).unwrap();
    for number in 0..numbers {
        add(&mut store, &reading(number), 1).unwrap();
    }
    (folder, path)
}

/// As [`folder_with_store`], in a database where there is one to test with.
fn place_with_store(numbers: u32) -> (Place, PathBuf) {
    let place = Place::new();
    let mut store = place.store();
    for number in 0..numbers {
        add(&mut store, &reading(number), 1).unwrap();
    }
    let path = place.path.clone();
    (place, path)
}

fn error(result: Result<Store, StoreError>) -> StoreError {
    result.err().expect("an error")
}

#[test]
fn a_store_is_the_same_when_it_is_opened_again() {
    let (_place, path) = place_with_store(5);
    let store = Store::open(&path).unwrap();
    let digest = store.digest().unwrap();
    assert_eq!(Store::open_read_only(&path).unwrap().digest().unwrap(), digest);
    let mut other = Store::in_memory().unwrap();
    (0..5).for_each(|number| drop(add(&mut other, &reading(number), 7)));
    assert_eq!(other.digest().unwrap(), digest);
}

#[test]
fn a_reader_sees_the_last_commit_while_another_writes() {
    let (_place, path) = place_with_store(2);
    let mut writer = Store::open(&path).unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    let mut change = writer.begin("add", at(2)).unwrap();
    change.add(&reading(7), b"", &resolve).unwrap();
    change.fuse_touched(&mut fuse).unwrap();
    assert_eq!(reader.documents().unwrap().len(), 2);
    change.commit().unwrap();
    assert_eq!(reader.documents().unwrap().len(), 3);
    assert_eq!(reader.find_entities("c7.example.test").unwrap().len(), 1);
}

#[test]
fn a_second_writer_waits_and_then_says_so() {
    let (_place, path) = place_with_store(1);
    let mut first = Store::open(&path).unwrap();
    let mut second = Store::open(&path).unwrap();
    second.set_patience(Duration::from_millis(50)).unwrap();
    let change = first.begin("add", at(2)).unwrap();
    let Err(locked) = second.begin("add", at(2)) else { panic!("two writers") };
    assert!(matches!(locked, StoreError::Locked { .. }), "{locked}");
    assert!(locked.to_string().contains(": another process is writing"), "{locked}");
    drop(change);
    add(&mut second, &reading(9), 2).unwrap();
    add(&mut first, &reading(10), 2).unwrap();
    assert_eq!(first.check().unwrap(), Vec::<String>::new());
    assert_eq!(second.documents().unwrap().len(), 3);
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "just some notes, longer than the head of a database. ".repeat(40))
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(error(Store::open(&path)), StoreError::NotAStore { .. }));
    assert!(matches!(error(Store::open_read_only(&path)), StoreError::NotAStore { .. }));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let before = std::fs::read(&foreign).unwrap();
    let refused = error(Store::open(&foreign));
    assert!(refused.to_string().contains("foreign.db: this is no Lapwing store"), "{refused}");
    assert_eq!(std::fs::read(&foreign).unwrap(), before);

    let missing = folder.path().join("none.db");
    assert!(matches!(error(Store::open_read_only(&missing)), StoreError::Missing { .. }));
    assert!(!missing.exists());
    std::fs::write(&missing, b"").unwrap();
    assert!(matches!(error(Store::open_read_only(&missing)), StoreError::NotAStore { .. }));
    Store::open(&missing).unwrap(); // an empty file may become one
    assert!(error(Store::open(folder.path())).to_string().contains("folder") || cfg!(unix));
    assert!(Store::open(folder.path()).is_err());
}

#[test]
fn a_newer_schema_is_refused() {
    let (_folder, path) = folder_with_store(1);
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let newer = error(Store::open(&path));
    assert!(matches!(newer, StoreError::NewerSchema { found: 999, .. }), "{newer}");
    assert!(newer.to_string().contains("use the newer program"));
    assert!(matches!(error(Store::open_read_only(&path)), StoreError::NewerSchema { .. }));
}

#[test]
fn what_schema_8_kept_of_many_claims_is_made_anew() {
    let (_folder, path) = folder_with_store(1);
    let file = Connection::open(&path).unwrap();
    let kept = |n: i64| {
        let insert =
            "INSERT INTO weighed (subject, relation, object, body) VALUES (?1, 1, 1, x'00')";
        file.execute(insert, [n]).unwrap();
    };
    let count =
        || -> i64 { file.query_row("SELECT count(*) FROM weighed", [], |row| row.get(0)).unwrap() };
    kept(1);
    Store::open(&path).unwrap();
    assert_eq!(count(), 1, "of this schema");
    file.execute_batch(WITHOUT_SCHEMA_11).unwrap();
    file.execute_batch(WITHOUT_SCHEMA_10).unwrap();
    file.execute_batch("PRAGMA user_version = 8").unwrap();
    kept(2);
    Store::open(&path).unwrap();
    assert_eq!(count(), 0);
    let version: i64 = file.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 11);
}

/// Takes away what schema 11 changed.
const WITHOUT_SCHEMA_11: &str = "DROP INDEX fact_of_object;
    CREATE INDEX fact_object ON fact (object_entity) WHERE object_entity IS NOT NULL;
    CREATE INDEX fact_relation ON fact (relation, object);";

/// Takes away what schema 10 added.
const WITHOUT_SCHEMA_10: &str = "DROP INDEX fact_added; DROP INDEX standing_added;
    DROP INDEX document_added; DROP INDEX document_tlp; DROP INDEX document_pap;
    DROP INDEX document_publisher; DROP TABLE turn;
    ALTER TABLE fact DROP COLUMN added; ALTER TABLE standing DROP COLUMN added;
    ALTER TABLE standing DROP COLUMN print; ALTER TABLE document DROP COLUMN added;
    ALTER TABLE document DROP COLUMN tlp; ALTER TABLE document DROP COLUMN pap;
    ALTER TABLE document DROP COLUMN publisher;
    CREATE TABLE taxii_state (collection TEXT PRIMARY KEY, change INTEGER NOT NULL) STRICT, WITHOUT ROWID";

#[test]
fn what_schema_9_holds_gets_numbers_and_markings_as_columns() {
    use lapwing_model::{Marking, Pap};
    let (_folder, path) = folder_with_store(5);
    let mut marked = reading(7);
    marked.document.marking = Some(Marking::Amber);
    marked.document.properties.push(("tag".into(), "PAP:RED".into()));
    add(&mut Store::open(&path).unwrap(), &marked, 2).unwrap();
    let digest = Store::open(&path).unwrap().digest().unwrap();
    let file = Connection::open(&path).unwrap();
    file.execute_batch(WITHOUT_SCHEMA_11).unwrap();
    file.execute_batch(WITHOUT_SCHEMA_10).unwrap();
    file.execute_batch("PRAGMA user_version = 9").unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(reader.strictest().unwrap(), (Marking::Amber, Pap::Red), "of the headers");
    drop(reader);
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.strictest().unwrap(), (Marking::Amber, Pap::Red));
    assert_eq!(store.digest().unwrap(), digest);
    let query =
        TurnQuery { before: i64::MAX, documents: true, limit: 10_000, ..TurnQuery::default() };
    let all = store.turns(&query).unwrap();
    assert!(all.windows(2).all(|two| two[0].n < two[1].n) && all[0].n > 0);
    let facts = all.iter().filter(|turn| matches!(turn.what, Came::Fact(..))).count();
    assert_eq!(facts, store.facts(&lapwing_store::FactQuery::default()).unwrap().len());
    // What comes next comes behind.
    add(&mut store, &reading(30), 1).unwrap();
    let fresh = store.turns(&TurnQuery { from: all.last().unwrap().n + 1, ..query }).unwrap();
    assert!(fresh.iter().any(|turn| matches!(turn.what, Came::Document(_))));
}

#[test]
fn what_schema_10_holds_is_found_by_its_object_in_one_index() {
    let (_folder, path) = folder_with_store(5);
    let store = Store::open(&path).unwrap();
    let (digest, all) = (store.digest().unwrap(), store.entities(None).unwrap());
    drop(store);
    assert!(!all.is_empty());
    let file = Connection::open(&path).unwrap();
    file.execute_batch(WITHOUT_SCHEMA_11).unwrap();
    file.execute_batch("PRAGMA user_version = 10").unwrap();
    // Who may only read sees the same, whatever the file lacks.
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!((reader.digest().unwrap(), reader.entities(None).unwrap()), (digest.clone(), all));
    drop(reader);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.digest().unwrap(), digest);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    // A connection that has not seen the indexes before.
    let file = Connection::open(&path).unwrap();
    let along = |condition: &str| -> String {
        let sql = format!("EXPLAIN QUERY PLAN SELECT subject FROM fact WHERE {condition}");
        file.query_row(&sql, [], |row| row.get(3)).unwrap()
    };
    for (condition, index) in [
        ("object = 1", "INDEX fact_of_object (object=?)"),
        ("relation = 1 AND object = 2", "INDEX fact_of_object (object=? AND relation=?)"),
        ("relation = 1", "INDEX fact_added (relation=?)"),
        ("subject = 1", "PRIMARY KEY (subject=?)"),
    ] {
        let plan = along(condition);
        assert!(plan.contains(index), "{condition}: {plan}");
    }
}

#[test]
fn a_damaged_file_is_told_and_never_a_panic() {
    let (_folder, path) = folder_with_store(30);
    // All of it into the one file.
    Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let sound = std::fs::read(&path).unwrap();
    for (round, place) in (4096..sound.len()).step_by(sound.len() / 40).enumerate() {
        let mut broken = sound.clone();
        let end = (place + 700).min(broken.len());
        broken[place..end].fill(round as u8 ^ 0xA5);
        std::fs::write(&path, &broken).unwrap();
        ask_everything(&path);
    }
    for length in [0, 1, 100, 5000, sound.len() / 2, sound.len() - 1] {
        std::fs::write(&path, &sound[..length]).unwrap();
        ask_everything(&path);
    }
}

/// Whatever it answers, it must come back.
fn ask_everything(path: &Path) {
    let Ok(store) = Store::open_read_only(path) else { return };
    let _ = store.digest();
    let _ = store.check();
    let _ = store.search("web shell", 5);
    let _ = store.find_entities("hafnium");
    let _ = store.entities(None);
    let _ = store.history();
    let _ = store.as_of("2021-03-05".parse().unwrap());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"x").unwrap();
    let refused = error(Store::open(&file.join("store.db")));
    assert!(refused.to_string().contains("file"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_may_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder_with_store(3);
    let set = |mode: u32| {
        let rights = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path.parent().unwrap(), rights).unwrap();
    };
    set(0o555);
    // The system's own administrator may write anywhere: then there is nothing to try.
    let bound = std::fs::write(path.with_extension("probe"), b"").is_err();
    let store = Store::open_read_only(&path);
    let read = store.and_then(|store| store.documents());
    let written = Store::open(&path).and_then(|mut store| add(&mut store, &reading(9), 1));
    set(0o755);
    assert_eq!(read.unwrap().len(), 3);
    if bound {
        assert!(matches!(written, Err(StoreError::ReadOnly { .. })));
    }
}

#[test]
fn a_reader_cannot_write() {
    let (_place, path) = place_with_store(1);
    let mut reader = Store::open_read_only(&path).unwrap();
    let refused = add(&mut reader, &reading(3), 1).unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
}

#[test]
fn a_full_disk_takes_back_the_change_and_no_more() {
    let (_folder, path) = folder_with_store(3);
    let mut store = Store::open(&path).unwrap();
    let digest = store.digest().unwrap();
    store.set_most_pages(90).unwrap();
    let mut full = None;
    for number in 100..2000 {
        let mut large = reading(number);
        // Bytes that do not compress.
        let mut state = u64::from(number) + 1;
        large.raw = (0..20_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) as u8
            })
            .collect();
        large.document.id = lapwing_model::DocumentId::of(&large.raw);
        if let Err(error) = add(&mut store, &large, 1) {
            full = Some(error);
            break;
        }
    }
    let full = full.expect("the file is full");
    assert!(matches!(full, StoreError::Full { .. }), "{full}");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    store.set_most_pages(1_000_000).unwrap();
    add(&mut store, &reading(50), 1).unwrap();
    for change in store.history().unwrap().iter().skip(3) {
        common::undo(&mut store, change.id.0).unwrap();
    }
    assert_eq!(store.digest().unwrap(), digest);
}

/// Every schema that was ever written is opened: `testdata/compat/vN.db`.
#[test]
fn stores_of_every_schema_are_opened() {
    let mut found = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/compat");
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = entry.unwrap().path();
        if source.extension().is_none_or(|extension| extension != "db") {
            continue;
        }
        found += 1;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        std::fs::copy(&source, &path).unwrap();
        let read = Store::open_read_only(&path).unwrap().digest().unwrap();
        let mut store = Store::open(&path).unwrap();
        assert_eq!(store.check().unwrap(), Vec::<String>::new(), "{}", source.display());
        assert_eq!(store.digest().unwrap(), read);
        let mut wanted = Store::in_memory().unwrap();
        (0..6).for_each(|number| drop(add(&mut wanted, &reading(number), 1)));
        assert_eq!(read, wanted.digest().unwrap(), "{}", source.display());
        add(&mut store, &reading(77), 2).unwrap();
        assert_eq!(store.search("web", 20).unwrap().len(), 7);
    }
    assert!(found > 0);
}

/// Makes the fixture of the newest schema: run by hand, once for each schema.
#[test]
#[ignore = "writes testdata/compat; run by hand when the schema changes"]
fn write_the_fixture() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/compat/v1.db");
    assert!(!path.exists(), "a fixture is written once");
    let mut store = Store::open(&path).unwrap();
    (0..6).for_each(|number| drop(add(&mut store, &reading(number), 1)));
    add(&mut store, &reading(20), 2).unwrap();
    common::undo(&mut store, 7).unwrap();
    drop(store);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM;")
        .unwrap();
}
