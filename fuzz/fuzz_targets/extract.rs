#![no_main]

use libfuzzer_sys::fuzz_target;

// Prose as text and as Markdown: every claim has its place in the text.
fuzz_target!(|bytes: &[u8]| lapwing_fuzz::extract(bytes));
