#![no_main]

use libfuzzer_sys::fuzz_target;

// Parquet, and event logs carved from raw bytes.
fuzz_target!(|bytes: &[u8]| {
    lapwing_fuzz::hunt_behind(b"PAR1", "table.parquet", &[bytes, &b"PAR1"[..]].concat());
    lapwing_fuzz::hunt_behind(b"\0\0raw", "disk.img", &[&b"ElfChnk\0"[..], bytes].concat());
});
