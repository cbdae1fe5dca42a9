//! What only a database on a server can do to a store. All but the first test need one to test with:
//! `LAPWING_TEST_POSTGRES=postgres://…`, as `./test` sets it; without it they have nothing to try.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Place, add, at, fuse, reading, resolve, server};
use lapwing_model::{Claim, Entity, Kind, Marking, Role, Span};
use lapwing_store::{
    FactQuery, IndicatorOrder, IndicatorQuery, SearchHit, SharedObject, SharedQuery, Store,
    StoreError,
};
use postgres::{Client, NoTls};

fn error(result: Result<Store, StoreError>) -> StoreError {
    result.err().expect("an error")
}

/// A connection past the store, to do what others do.
fn other() -> Client {
    Client::connect(&server().unwrap(), NoTls).unwrap()
}

fn schema_of(place: &Place) -> String {
    place.path.to_string_lossy().rsplit('=').next().unwrap().to_owned()
}

/// The place's address with what else it should say.
fn with(place: &Place, query: &str) -> PathBuf {
    format!("{}&{query}", place.path.display()).into()
}

/// Ends the connections of a name, as a server does that is shut down.
fn end(application: &str) {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    assert!(!other().query(sql, &[&application]).unwrap().is_empty());
    std::thread::sleep(Duration::from_millis(100));
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let address = "postgres://ann:s3cret@127.0.0.1:9/cti?connect_timeout=3";
    for opened in [Store::open(Path::new(address)), Store::open_read_only(Path::new(address))] {
        let told = error(opened);
        assert!(matches!(told, StoreError::Unreachable { .. }), "{told}");
        assert!(told.to_string().starts_with("postgres://ann@127.0.0.1:9/cti"), "{told}");
        assert!(!format!("{told} {told:?}").contains("s3cret"), "{told:?}");
    }
    let told = error(Store::open(Path::new("postgres://ann:s3cret@h/cti?sslmode=never")));
    assert!(matches!(told, StoreError::BadAddress { .. }), "{told}");
    assert!(!format!("{told} {told:?}").contains("s3cret"), "{told:?}");
    let told = error(Store::open(Path::new(
        "postgres://127.0.0.1:9/cti?sslmode=verify-full&sslrootcert=/none/ca.pem",
    )));
    assert!(told.to_string().contains("/none/ca.pem"), "{told}");
}

#[test]
fn a_wrong_user_password_or_database_is_told() {
    let Some(address) = server() else { return };
    let other_database = address.replace("/test", "/no_such_database");
    assert_ne!(other_database, address, "the database of the tests is called `test`");
    let told = error(Store::open(Path::new(&other_database)));
    assert!(matches!(told, StoreError::Refused { .. }), "{told}");
    assert!(told.to_string().contains("no_such_database"), "{told}");

    let role = "CREATE ROLE guarded LOGIN PASSWORD 'right'";
    // Left by a run before, perhaps.
    let _ = other().batch_execute(role);
    let user = |who: &str| address.replace("//lapwing@", &format!("//{who}@"));
    let told = error(Store::open(Path::new(&user("guarded:wr0ng"))));
    assert!(matches!(told, StoreError::Refused { .. }), "{told}");
    assert!(!format!("{told} {told:?}").contains("wr0ng"), "{told:?}");
    // With the right one it is let in; that it may make no schema is another matter.
    let told =
        error(Store::open(Path::new(&format!("{}?schema=none_of_it", user("guarded:right")))));
    assert!(matches!(told, StoreError::ReadOnly { .. }), "{told}");
}

#[test]
fn a_database_that_is_not_ours_is_left_as_it_is() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    let schema = schema_of(&place);
    other()
        .batch_execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.orders (n int)"))
        .unwrap();
    for opened in [Store::open(&place.path), Store::open_read_only(&place.path)] {
        let told = error(opened);
        assert!(matches!(told, StoreError::NotAStore { .. }), "{told}");
    }
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = $1";
    let count: i64 = other().query_one(tables, &[&schema]).unwrap().get(0);
    assert_eq!(count, 1);
    // An empty one is no store when it is only to be read.
    let place = Place::new();
    assert!(matches!(error(Store::open_read_only(&place.path)), StoreError::Missing { .. }));
}

#[test]
fn a_newer_schema_is_refused() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    drop(place.store());
    let schema = schema_of(&place);
    other().batch_execute(&format!("UPDATE {schema}.lapwing_store SET schema = 999")).unwrap();
    for opened in [Store::open(&place.path), Store::open_read_only(&place.path)] {
        let told = error(opened);
        assert!(matches!(told, StoreError::NewerSchema { found: 999, .. }), "{told}");
    }
}

#[test]
fn a_server_that_ends_in_the_midst_of_a_change_takes_it_back() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    let mut store = Store::open(&with(&place, "application_name=lost_writer")).unwrap();
    add(&mut store, &reading(1), 1).unwrap();
    let digest = store.digest().unwrap();
    let mut change = store.begin("add", at(2)).unwrap();
    change.add(&reading(2), b"", &resolve).unwrap();
    end("lost_writer");
    let told = change.fuse_touched(&mut fuse).unwrap_err();
    assert!(matches!(told, StoreError::Lost { .. }), "{told}");
    assert!(told.to_string().contains("try again"), "{told}");
    assert!(change.commit().is_err());
    // The store is good again, and holds what it did.
    assert_eq!(store.digest().unwrap(), digest);
    add(&mut store, &reading(2), 2).unwrap();
    assert_eq!(store.history().unwrap().len(), 2);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_question_that_was_cut_off_is_asked_again() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    add(&mut place.store(), &reading(1), 1).unwrap();
    let address = with(&place, "application_name=lost_reader");
    let store = Store::open_read_only(&address).unwrap();
    assert_eq!(store.documents().unwrap().len(), 1);
    end("lost_reader");
    assert_eq!(store.documents().unwrap().len(), 1);
    end("lost_reader");
    assert_eq!(store.still(|| store.facts(&FactQuery::default())).unwrap().len(), 4);
    // What stands alone and writes is tried again too: nothing of it was done.
    let address = with(&place, "application_name=lost_account");
    let mut store = Store::open(&address).unwrap();
    end("lost_account");
    let now = at(3);
    let account = lapwing_store::Account {
        name: "ann".into(),
        password: "$argon2id$".into(),
        role: "reader".into(),
        ceiling: Marking::Green,
        pap: "PAP:GREEN".into(),
        created: now,
        disabled: false,
    };
    store.put_account(&account).unwrap();
    assert_eq!(store.accounts().unwrap(), [account]);
}

#[test]
fn many_writers_at_once_lose_nothing() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    drop(place.store());
    let version = place.store().data_version().unwrap();
    let writers: Vec<_> = (0..4_u32)
        .map(|writer| {
            let path = place.path.clone();
            std::thread::spawn(move || {
                let mut store = Store::open(&path).unwrap();
                for number in 0..6 {
                    add(&mut store, &reading(writer * 100 + number), 1).unwrap();
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let store = place.store();
    assert_eq!(store.documents().unwrap().len(), 24);
    let numbers: Vec<i64> = store.history().unwrap().iter().map(|change| change.id.0).collect();
    assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    assert!(store.data_version().unwrap() >= version + 24);
    let mut alone = Store::in_memory().unwrap();
    for writer in 0..4 {
        (0..6).for_each(|n| drop(add(&mut alone, &reading(writer * 100 + n), 1)));
    }
    assert_eq!(store.digest().unwrap(), alone.digest().unwrap());
}

#[test]
fn a_cursor_neither_loses_nor_repeats_while_several_write() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    drop(place.store());
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let path = place.path.clone();
            std::thread::spawn(move || {
                let mut store = Store::open(&path).unwrap();
                for batch in 0..20 {
                    let objects: Vec<SharedObject> = (0..10)
                        .map(|n| SharedObject {
                            id: format!("tool--{writer}-{batch}-{n}"),
                            modified: "2021-03-02T00:00:00Z".parse().ok(),
                            spec: "2.1".into(),
                            marking: 0,
                            body: format!("{{\"n\":{n}}}").into_bytes(),
                        })
                        .collect();
                    store.add_shared("c", &objects, at(1)).unwrap();
                }
            })
        })
        .collect();
    let store = Store::open_read_only(&place.path).unwrap();
    let (mut after, mut added) = (0, None);
    let mut seen = Vec::new();
    loop {
        let ended = writers.iter().all(std::thread::JoinHandle::is_finished);
        let query = SharedQuery { after, limit: 7, ceiling: 4, ..SharedQuery::default() };
        let page = store.shared("c", &query).unwrap();
        if page.is_empty() && ended {
            break;
        }
        for record in page {
            assert!(record.n > after && added.is_none_or(|before| before < record.added));
            (after, added) = (record.n, Some(record.added));
            seen.push(record.id);
        }
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let mut each = seen.clone();
    each.sort();
    each.dedup();
    assert_eq!((seen.len(), each.len()), (600, 600));
}

/// The same readings in a file and in a database.
fn both(count: u32) -> (Store, Store, Place) {
    let place = Place::new();
    let (mut file, mut database) = (Store::in_memory().unwrap(), place.store());
    for number in 0..count {
        for store in [&mut file, &mut database] {
            add(store, &reading(number), 1 + (number % 20) as u8).unwrap();
        }
    }
    (file, database, place)
}

#[test]
fn answers_are_those_of_a_file_and_in_its_order() {
    if server().is_none() {
        return;
    }
    let (file, database, _place) = both(25);
    assert_eq!(file.digest().unwrap(), database.digest().unwrap());
    let facts = |store: &Store| store.facts(&FactQuery::default()).unwrap();
    assert_eq!(facts(&file), facts(&database));
    assert_eq!(file.entities(None).unwrap(), database.entities(None).unwrap());
    assert_eq!(file.kinds().unwrap(), database.kinds().unwrap());
    assert_eq!(file.totals().unwrap(), database.totals().unwrap());
    assert_eq!(file.gaps().unwrap(), database.gaps().unwrap());
    for order in [IndicatorOrder::Value, IndicatorOrder::Probability, IndicatorOrder::Last] {
        let pages = |store: &Store| {
            let mut after = None;
            let mut all = Vec::new();
            loop {
                let query = IndicatorQuery { order, after, limit: 4, ..IndicatorQuery::default() };
                let page = store.indicators(&query).unwrap();
                after = page.last().map(|listed| listed.place.clone());
                all.extend(page.into_iter().map(|listed| listed.fact));
                if after.is_none() {
                    return all;
                }
            }
        };
        assert_eq!(pages(&file), pages(&database), "{order:?}");
    }
    let hosts: Vec<Entity> =
        (0..40).map(|n| Entity::new(Kind::DomainName, format!("c{n}.example.test"))).collect();
    assert_eq!(file.roles(&hosts).unwrap(), database.roles(&hosts).unwrap());
    for text in ["hafnium", "HAFN", "example", "192.0.2.", "T1505.003", "%", "nothing"] {
        assert_eq!(
            file.find_entities(text).unwrap(),
            database.find_entities(text).unwrap(),
            "{text}"
        );
        assert_eq!(
            file.find_documents(text).unwrap().len(),
            database.find_documents(text).unwrap().len(),
            "{text}"
        );
    }
}

#[test]
fn words_are_found_as_in_a_file() {
    if server().is_none() {
        return;
    }
    let (mut file, mut database, _place) = both(8);
    let texts = [
        (
            "Exchange under attack",
            "Attackers attacked Exchange servers; the servers' web shells ran.",
        ),
        ("Über die Lücke", "Die Lücke in Exchange wurde ausgenutzt. Shells überall, web, shell."),
        ("", "naïve café résumé don't stop O'Neil's \"quoted\" words_with_underscores 10.0.0.1"),
        (
            "Shells",
            "A long text in which shell comes once, after many other words that tell little.",
        ),
    ];
    for (number, (title, text)) in texts.iter().enumerate() {
        for store in [&mut file, &mut database] {
            let mut other = reading(1000 + number as u32);
            other.document.title = Some((*title).to_owned());
            other.document.text = (*text).to_owned();
            other.claims.clear();
            add(store, &other, 2).unwrap();
        }
    }
    let queries = [
        "web",
        "web shell",
        "\"web shells\"",
        "shell",
        "attack exchange",
        "servers",
        "lück",
        "uber",
        "cafe",
        "don't",
        "O'Neil",
        "words_with",
        "10.0",
        "\"10.0.0.1\"",
        "nothing shell",
        "zzz",
        "\\ ' & | ! ( ) : * <->",
        "a",
        "the servers run",
    ];
    for query in queries {
        let found = |store: &Store| -> Vec<(String, String, usize)> {
            let hits = store.search(query, 30).unwrap();
            hits.into_iter()
                .filter_map(|hit| match hit {
                    SearchHit::Document { id, snippet, rank, .. } => {
                        let rank = format!("{rank:.5}");
                        Some((format!("{id} {rank}"), snippet.text, snippet.marks.len()))
                    }
                    SearchHit::Entity(_) => None,
                })
                .collect()
        };
        assert_eq!(found(&file), found(&database), "{query}");
    }
}

#[test]
fn long_and_odd_values_are_kept() {
    if server().is_none() {
        return;
    }
    let place = Place::new();
    let mut store = place.store();
    let mut odd = reading(1);
    let long: String = (0..20_000).map(|n| char::from(b'a' + (n * 7 % 26) as u8)).collect();
    for value in [format!("https://example.test/{long}"), "a\0b".to_owned(), long.clone()] {
        let mut claim =
            Claim::mention(Entity::new(Kind::Url, value.clone()), Role::Indicator, Span::new(0, 1));
        claim.context = Some(value);
        odd.claims.push(claim);
    }
    odd.document.title = Some("nul \0 in it".to_owned());
    add(&mut store, &odd, 1).unwrap();
    assert_eq!(store.document(odd.document.id).unwrap().unwrap(), odd.document);
    let value = format!("https://example.test/{long}");
    assert_eq!(store.find_entities(&value).unwrap()[0].value, value);
    let mut found: Vec<Claim> =
        store.claims_of(odd.document.id).unwrap().into_iter().map(|c| c.claim).collect();
    found.sort();
    odd.claims.sort();
    assert_eq!(found, odd.claims);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_backup_is_a_file_and_goes_back_into_either() {
    if server().is_none() {
        return;
    }
    let (_, mut store, place) = both(9);
    common::undo(&mut store, 9).unwrap();
    let objects = [SharedObject {
        id: "tool--1".into(),
        modified: None,
        spec: "2.1".into(),
        marking: 0,
        body: b"{}".to_vec(),
    }];
    store.add_shared("c", &objects, at(1)).unwrap();
    let all = SharedQuery { limit: 9, ceiling: 4, ..SharedQuery::default() };
    assert_eq!(store.remove_shared("c", &all).unwrap(), 1);
    let digest = store.digest().unwrap();
    let file = place.folder.path().join("backup.db");
    let made = Store::open_read_only(&place.path).unwrap().backup(&file).unwrap();
    assert_eq!((made.documents, made.path.as_path()), (8, file.as_path()));
    let copy = Store::open_read_only(&file).unwrap();
    assert_eq!(copy.digest().unwrap(), digest);
    assert_eq!(copy.history().unwrap(), store.history().unwrap());
    assert_eq!(copy.check().unwrap(), Vec::<String>::new());
    assert_eq!(copy.search("web", 20).unwrap(), store.search("web", 20).unwrap());
    drop(copy);

    // Into a database where there is none yet …
    let second = Place::new();
    let restored = Store::restore(&file, &second.path).unwrap();
    assert_eq!((restored.documents, restored.aside), (8, None));
    let mut moved = second.store();
    assert_eq!(moved.digest().unwrap(), digest);
    assert_eq!(moved.check().unwrap(), Vec::<String>::new());
    // A number that was given once is not given again.
    moved.add_shared("c", &objects, at(2)).unwrap();
    assert_eq!(moved.shared("c", &all).unwrap()[0].n, 2);
    add(&mut moved, &reading(50), 3).unwrap();
    let later = moved.digest().unwrap();

    // … not where somebody has the store open …
    let told = Store::restore(&file, &second.path).unwrap_err();
    assert!(matches!(told, StoreError::Locked { .. }), "{told}");
    assert_eq!(moved.digest().unwrap(), later);
    drop(moved);
    // A connection that is closed is gone a moment later.
    std::thread::sleep(Duration::from_millis(200));

    // … and in place of one, which goes aside and can be opened there.
    let restored = Store::restore(&file, &second.path).unwrap();
    assert_eq!(second.store().digest().unwrap(), digest);
    let aside = restored.aside.unwrap();
    assert!(aside.to_string_lossy().ends_with("_before_restore"), "{}", aside.display());
    assert_eq!(Store::open(&aside).unwrap().digest().unwrap(), later);
    assert_eq!(Store::open(&aside).unwrap().search("web", 5).unwrap().len(), 5);
    // And into a file again.
    let path = place.folder.path().join("file.db");
    Store::restore(&file, &path).unwrap();
    assert_eq!(Store::open(&path).unwrap().digest().unwrap(), digest);
}

#[test]
fn a_backup_of_an_older_schema_is_brought_up_to_date() {
    if server().is_none() {
        return;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/compat/v1.db");
    let place = Place::new();
    let file = place.folder.path().join("v1.db");
    std::fs::copy(source, &file).unwrap();
    let before = std::fs::read(&file).unwrap();
    Store::restore(&file, &place.path).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let store = place.store();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let mut wanted = Store::in_memory().unwrap();
    (0..6).for_each(|number| drop(add(&mut wanted, &reading(number), 1)));
    assert_eq!(store.digest().unwrap(), wanted.digest().unwrap());
}
