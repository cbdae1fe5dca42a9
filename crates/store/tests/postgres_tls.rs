//! A database that is reached with TLS. `tools/with-postgres` starts one with certificates of its own
//! making, and names it in `LAPWING_TEST_POSTGRES_TLS` (`postgres://user:password@localhost:port/test`)
//! and the folder of the certificates in `LAPWING_TEST_POSTGRES_CERTIFICATES`; without them there is
//! nothing to try.
#![allow(clippy::unwrap_used, reason = "a test stops at what should not happen")]

use std::path::Path;

use lapwing_store::{Store, StoreError};

/// The address, and the two authorities: the one that made the server's certificate, another one.
fn server() -> Option<(String, String, String)> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let folder = given("LAPWING_TEST_POSTGRES_CERTIFICATES")?;
    let file = |name: &str| format!("{folder}/{name}").replace('/', "%2F");
    Some((given("LAPWING_TEST_POSTGRES_TLS")?, file("ca.pem"), file("other-ca.pem")))
}

fn open(address: &str, query: &str) -> Result<Store, StoreError> {
    Store::open(Path::new(&format!("{address}?schema=tls&{query}")))
}

/// What is told of a store that must not be opened; never the password.
fn refused(address: &str, query: &str) -> String {
    let told = open(address, query).err().unwrap_or_else(|| panic!("{query}: it was opened"));
    assert!(!format!("{told} {told:?}").contains("s3cret"), "{told:?}");
    told.to_string()
}

#[test]
fn a_certificate_of_an_authority_that_is_trusted_opens_the_store() {
    let Some((address, authority, _)) = server() else { return };
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let store = open(&address, &format!("sslmode={mode}&sslrootcert={authority}")).unwrap();
        // The server lets nobody in over the network without TLS.
        assert!(store.history().unwrap().is_empty(), "{mode}");
    }
}

#[test]
fn another_authority_name_or_none_is_refused_and_told() {
    let Some((address, authority, other)) = server() else { return };
    for mode in ["prefer", "require", "verify-full"] {
        for query in [format!("sslmode={mode}"), format!("sslmode={mode}&sslrootcert={other}")] {
            let told = refused(&address, &query);
            assert!(told.contains("certificate"), "{query}: {told}");
        }
    }
    // The certificate is for `localhost`: by its number the same server is another name.
    let number = address.replace("@localhost:", "@127.0.0.1:");
    let told = refused(&number, &format!("sslmode=verify-full&sslrootcert={authority}"));
    assert!(told.contains("certificate"), "{told}");
    let told = refused(&address, "sslmode=disable");
    assert!(told.contains("no encryption") || told.contains("SSL off"), "{told}");
    let wrong = address.replace("s3cret", "s3cret-not");
    let told = refused(&wrong, &format!("sslmode=require&sslrootcert={authority}"));
    assert!(told.contains("password"), "{told}");
}
