#![no_main]

use libfuzzer_sys::fuzz_target;

// An event log as binary, JSON or XML: the name only breaks ties.
fuzz_target!(|bytes: &[u8]| {
    lapwing_fuzz::hunt_behind(b"ElfFile\0", "Security.evtx", bytes);
    lapwing_fuzz::hunt_behind(b"{\"Event\":", "events.jsonl", bytes);
    lapwing_fuzz::hunt_behind(b"<Events><Event", "events.xml", bytes);
});
