#![no_main]

use libfuzzer_sys::fuzz_target;

// What is refanged once is not changed by refanging it again.
fuzz_target!(|text: &str| lapwing_fuzz::refang(text));
