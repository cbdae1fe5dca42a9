#![no_main]

use libfuzzer_sys::fuzz_target;

// The text of a pattern inside an indicator that is otherwise good.
fuzz_target!(|pattern: &str| lapwing_fuzz::stix_pattern(pattern));
