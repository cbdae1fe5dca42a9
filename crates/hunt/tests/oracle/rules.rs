//! The rules of our own, the events for them, and where the two engines differ on purpose.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Detections with their condition; each becomes a rule of its own.
pub(crate) const DETECTIONS: &[&str] = &[
    "s: {Image: 'C:\\Windows\\System32\\cmd.exe'}\n  condition: s",
    "s: {Image: '*\\cmd.exe'}\n  condition: s",
    "s: {Image: 'C:\\\\*\\cmd.exe'}\n  condition: s",
    "s: {Image: '?:\\Windows\\\\*'}\n  condition: s",
    "s: {Image|endswith: '\\cmd.exe'}\n  condition: s",
    "s: {Image|endswith: ['\\cmd.exe', '\\powershell.exe']}\n  condition: s",
    "s: {Image|startswith: 'c:\\windows\\'}\n  condition: s",
    "s: {CommandLine|contains: '-enc'}\n  condition: s",
    "s: {CommandLine|contains|all: ['-enc', 'hidden']}\n  condition: s",
    "s: {CommandLine|contains|cased: 'Hidden'}\n  condition: s",
    "s: {CommandLine|cased: 'cmd'}\n  condition: s",
    "s: {CommandLine|contains: 'a\\*b'}\n  condition: s",
    "s: {CommandLine|contains: 'a?b'}\n  condition: s",
    "s: {CommandLine|contains: 'a\\?b'}\n  condition: s",
    "s: {CommandLine: 'c:\\\\*'}\n  condition: s",
    "s: {CommandLine: '*\\\\\\\\server\\\\*'}\n  condition: s",
    "s: {CommandLine|re: '^cmd .*/c'}\n  condition: s",
    "s: {CommandLine|re|i: 'hidden.{1,9}enc'}\n  condition: s",
    "s: {CommandLine|re: '[0-9]{3}$'}\n  condition: s",
    "s: {CommandLine|windash|contains: ' -enc '}\n  condition: s",
    "s: {CommandLine|windash|contains|all: [' -enc ', ' -w ']}\n  condition: s",
    "s: {CommandLine|base64|contains: 'foobar'}\n  condition: s",
    "s: {SourceIp|cidr: '10.0.0.0/8'}\n  condition: s",
    "s: {SourceIp|cidr: ['192.168.0.0/16', '2001:db8::/32']}\n  condition: s",
    "s: {ProcessId|lt: 100}\n  condition: s",
    "s: {ProcessId|lte: 100}\n  condition: s",
    "s: {ProcessId|gt: 100}\n  condition: s",
    "s: {ProcessId|gte: 100}\n  condition: s",
    "s: {ProcessId: 100}\n  condition: s",
    "s: {ProcessId: [4, 100]}\n  condition: s",
    "s: {User|exists: true}\n  condition: s",
    "s: {User|exists: false}\n  condition: s",
    "s: {Image|fieldref: ParentImage}\n  condition: s",
    "s: {Image|endswith: '\\cmd.exe', CommandLine|contains: '/c'}\n  condition: s",
    "s:\n    - Image|endswith: '\\cmd.exe'\n    - CommandLine|contains: hidden\n  condition: s",
    "s: ['hidden', 'mimikatz']\n  condition: s",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: a and b",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: a or b",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: a and not b",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  condition: not (a or b)",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: a and b or c",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: a or b and not c",
    "sel_a: {Image|endswith: '\\cmd.exe'}\n  sel_b: {User: alice}\n  other: {ProcessId: 100}\n  condition: 1 of sel_*",
    "sel_a: {Image|endswith: '\\cmd.exe'}\n  sel_b: {User: alice}\n  other: {ProcessId: 100}\n  condition: all of sel_* and not other",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: all of them",
    "a: {Image|endswith: '\\cmd.exe'}\n  b: {User: alice}\n  c: {ProcessId: 100}\n  condition: 2 of them",
    "a: {Image|endswith: '\\cmd.exe'}\n  filter_b: {User: alice}\n  filter_c: {ProcessId: 100}\n  condition: a and not 1 of filter_*",
];

/// Where the two differ on purpose: why, the detection, an event, what we say, what they say.
pub(crate) const DIFFERENCES: &[(&str, &str, &str, bool, bool)] = &[
    (
        "another offset: the other engine asks for the last character too, whose bits belong to what follows (pySigma does not)",
        "s: {CommandLine|base64offset|contains: 'http://'}\n  condition: s",
        r#"{"CommandLine": "h0dHA6Ly/c"}"#,
        true,
        false,
    ),
    (
        "as above",
        "s: {CommandLine|wide|base64offset|contains: 'cmd'}\n  condition: s",
        r#"{"CommandLine": "xMAbQBkAxx"}"#,
        true,
        false,
    ),
    (
        "an empty field is null to us: logs write what is not there as nothing",
        "s: {User: null}\n  condition: s",
        r#"{"User": ""}"#,
        true,
        false,
    ),
    ("as above", "s: {User: [alice, null]}\n  condition: s", r#"{"User": ""}"#, true, false),
    (
        "`neq` is the negation of a match (as in pySigma), so a missing field is not equal",
        "s: {User|neq: alice, ProcessId: 100}\n  condition: s",
        r#"{"ProcessId": 100}"#,
        true,
        false,
    ),
    (
        "both words stand in one value",
        "s: {'|all': ['hidden', 'enc']}\n  condition: s",
        r#"{"ParentImage": "hiddencmd"}"#,
        true,
        false,
    ),
    (
        "a number with zeros before it is a text, as its log writes it",
        "s: {ProcessId: 1}\n  condition: s",
        r#"{"ProcessId": "01"}"#,
        false,
        true,
    ),
    (
        "the other engine looks for an ending with wildcards at the beginning",
        "s: {CommandLine|endswith: '1??'}\n  condition: s",
        r#"{"CommandLine": "x 1ab"}"#,
        true,
        false,
    ),
    (
        "as above",
        "s: {CommandLine|endswith: '1??'}\n  condition: s",
        r#"{"CommandLine": "1abc z"}"#,
        false,
        true,
    ),
    (
        "and a beginning with wildcards at the end",
        "s: {CommandLine|startswith: '1??'}\n  condition: s",
        r#"{"CommandLine": "1ab x"}"#,
        true,
        false,
    ),
    (
        "names of fields count in any case, as logs write them",
        "s: {Filename|contains: cmd}\n  condition: s",
        r#"{"FileName": "a cmd"}"#,
        true,
        false,
    ),
];

/// Parts of values: what the rules ask for, what comes near it, and what is special.
const PARTS: &[&str] = &[
    "C:\\Windows\\System32\\cmd.exe",
    "c:\\windows\\",
    "\\cmd.exe",
    "\\CMD.EXE",
    "\\powershell.exe",
    "cmd",
    "cmd ",
    "/c",
    " -enc ",
    " /enc ",
    "-ENC",
    " \u{2013}enc ",
    " -w ",
    " /w ",
    "hidden",
    "Hidden",
    "mimikatz",
    "a*b",
    "a?b",
    "axb",
    "ab",
    "c:\\*",
    "\\\\server\\",
    "aHR0cDovL",
    "h0dHA6Ly",
    "odHRwOi8v",
    "Zm9vYmFy",
    "YwBtAGQA",
    "MAbQBkA",
    "jAG0AZA",
    "123",
    "x",
    " ",
    "é",
    "\u{130}",
    "alice",
    "Alice",
];

fn value() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PARTS), 0..4).prop_map(|parts| parts.concat())
}

pub(crate) fn event() -> impl Strategy<Value = Value> {
    let text = || prop::option::weighted(0.8, value());
    let ip = prop::sample::select(vec![
        "10.1.2.3",
        "11.0.0.1",
        "192.168.255.255",
        "192.169.0.0",
        "2001:db8::1",
        "2001:db9::1",
        "no address",
        "10.1.2",
    ]);
    let user = prop::sample::select(vec!["alice", "ALICE", "bob", "", "alice "]);
    let number = prop::sample::select(vec![4, 99, 100, 101, 100_000]);
    (text(), text(), text(), prop::option::of(ip), prop::option::of(user), prop::option::of(number))
        .prop_map(|(image, parent, line, ip, user, number)| {
            let mut event = Map::new();
            let mut put = |name: &str, value: Option<Value>| {
                event.extend(value.map(|value| (name.to_owned(), value)));
            };
            put("Image", image.map(Value::from));
            put("ParentImage", parent.map(Value::from));
            put("CommandLine", line.map(Value::from));
            put("SourceIp", ip.map(Value::from));
            put("User", user.map(Value::from));
            put("ProcessId", number.map(Value::from));
            Value::Object(event)
        })
}

pub(crate) fn rule(number: usize, detection: &str) -> String {
    format!(
        "title: rule {number}\nid: rule-{number}\nlogsource: {{category: process_creation, product: windows}}\ndetection:\n  {detection}\n"
    )
}
