#![no_main]

use libfuzzer_sys::fuzz_target;

// Nothing is said about the file: recognition, archives and encodings decide.
fuzz_target!(|bytes: &[u8]| lapwing_fuzz::hunt_behind(b"", "file", bytes));
