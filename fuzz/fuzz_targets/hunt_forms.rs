#![no_main]

use libfuzzer_sys::fuzz_target;

// Lines of every form, each as the bytes say, and behind a beginning that sets the form.
fuzz_target!(|bytes: &[u8]| {
    for head in [
        &b"type=EXECVE msg=audit(1614733323.1:1): a0="[..],
        b"Mar  3 01:02:03 gw kernel: IN=",
        b"Mar  3 01:02:03 gw filterlog: ",
        b"date=2021-03-03 time=01:02:03 devname=",
        b"CEF:0|a|b|c|d|e|1|",
        b"LEEF:2.0|a|b|c|d|",
        b"03/14/2021-01:02:03.5  [**] [1:2:3] ",
        b"1614733323.123 5 10.0.0.5 TCP_MISS/200 ",
        b"[Wed Mar 03 01:02:03.5 2021] ",
        b"1,2021/03/03 01:02:03,001,TRAFFIC,",
        b"<165>1 2021-03-03T01:02:03Z h a 1 m [x ",
    ] {
        lapwing_fuzz::hunt_behind(head, "device.log", bytes);
    }
});
