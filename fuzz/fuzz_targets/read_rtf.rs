#![no_main]

use libfuzzer_sys::fuzz_target;

// Told by its first bytes alone.
fuzz_target!(|bytes: &[u8]| {
    let mut text = b"{\\rtf1 ".to_vec();
    text.extend_from_slice(bytes);
    lapwing_fuzz::read_as(None, &text);
});
