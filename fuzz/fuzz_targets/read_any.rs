#![no_main]

use libfuzzer_sys::fuzz_target;

// No format is given: detection, archives and encodings decide.
fuzz_target!(|bytes: &[u8]| lapwing_fuzz::read_as(None, bytes));
