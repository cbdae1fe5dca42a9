#![no_main]

use libfuzzer_sys::fuzz_target;

// The words of a search are a query language to SQLite: whatever is typed is no error there.
fuzz_target!(|words: &str| lapwing_fuzz::search(words));
