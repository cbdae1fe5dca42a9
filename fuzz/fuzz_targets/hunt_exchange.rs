#![no_main]

use libfuzzer_sys::fuzz_target;

// The records of an Exchange HttpProxy log behind a good head.
fuzz_target!(|bytes: &[u8]| lapwing_fuzz::hunt_behind(
    b"DateTime,RequestId,AuthenticatedUser,UrlStem,UrlQuery,ClientIpAddress,UserAgent,AnchorMailbox,HttpStatus\n#Software: Microsoft Exchange Server\n#Log-type: HttpProxy Logs\n",
    "HttpProxy/Ecp/HttpProxy_2021030200-1.LOG",
    bytes,
));
