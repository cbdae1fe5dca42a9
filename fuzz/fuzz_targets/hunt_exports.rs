#![no_main]

use libfuzzer_sys::fuzz_target;

// Exports: events as CSV, the journal, transcripts, records that carry the line of another log.
fuzz_target!(|bytes: &[u8]| {
    lapwing_fuzz::hunt_behind(b"\"Message\",\"Id\",\"LogName\",\"ProviderName\"\n\"", "events.csv", bytes);
    lapwing_fuzz::hunt_behind(b"__CURSOR=x\nMESSAGE\n", "journal.export", bytes);
    lapwing_fuzz::hunt_behind(
        b"**********************\nWindows PowerShell transcript start\n",
        "transcript.txt",
        bytes,
    );
    lapwing_fuzz::hunt_behind(b"{\"message\":\"", "shipped.jsonl", bytes);
});
