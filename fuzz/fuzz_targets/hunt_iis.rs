#![no_main]

use libfuzzer_sys::fuzz_target;

// The records of an IIS log behind a good head.
fuzz_target!(|bytes: &[u8]| lapwing_fuzz::hunt_behind(
    b"#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\n",
    "W3SVC1/u_ex210302.log",
    bytes,
));
