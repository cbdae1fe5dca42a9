#![no_main]

use libfuzzer_sys::fuzz_target;

// ATT&CK bundles, galaxies and warning lists.
fuzz_target!(|bytes: &[u8]| {
    let _ = lapwing_knowledge::load_update("update.json", bytes);
});
