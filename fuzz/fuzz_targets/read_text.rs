#![no_main]

use lapwing_model::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| lapwing_fuzz::read_as(Some(Format::Text), bytes));
