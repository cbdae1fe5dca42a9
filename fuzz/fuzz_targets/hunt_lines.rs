#![no_main]

use libfuzzer_sys::fuzz_target;

// Syslog, CSV and plain text.
fuzz_target!(|bytes: &[u8]| {
    lapwing_fuzz::hunt_behind(b"<34>Mar  2 10:00:00 host app: ", "syslog", bytes);
    lapwing_fuzz::hunt_behind(b"time,ip,url\n", "table.csv", bytes);
});
