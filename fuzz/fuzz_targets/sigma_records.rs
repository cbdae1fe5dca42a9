#![no_main]

use std::sync::{Arc, LazyLock};

use lapwing_hunt::{Checks, Matcher, Options, Rules, Silent, hunt};
use libfuzzer_sys::fuzz_target;

const RULES: &str = r#"
title: every kind of test
id: one
logsource: {product: windows}
detection:
  a: {CommandLine|contains|windash: ' -x'}
  b: {CommandLine|re: 'a+b'}
  c: {Image|fieldref|endswith: ParentImage}
  d: {DestinationIp|cidr: '192.0.2.0/24'}
  e: {UtcTime|hour|gte: 3}
  f: ['*a?b*', 'c']
  g: {User: null}
  condition: 1 of a* or b or (c and not d) or e or f or g
---
title: together
correlation:
  type: event_count
  rules: [one]
  timespan: 1m
  condition: {gte: 2}
---
title: requests
logsource: {category: webserver}
detection: {s: {cs-uri-query|contains: '%'}, condition: s}
---
title: audit
logsource: {product: linux, service: auditd}
detection: {s: {type: EXECVE}, condition: s}
"#;

static HOW: LazyLock<Options> = LazyLock::new(|| Options {
    jobs: 1,
    file_times: false,
    rules: Rules::from_text("rules.yml", RULES).ok().map(Arc::new),
    ..Options::default()
});

// The same rules on any records: events as JSON, requests, audit lines.
fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    for (name, head) in [
        ("events.json", &b"{\"EventID\":1,\"Channel\":\"x\",\"CommandLine\":\""[..]),
        ("u_ex.log", b"#Fields: date time cs-method cs-uri-stem cs-uri-query\n"),
        ("audit.log", b"type=EXECVE msg=audit(1614733323.1:1): "),
    ] {
        let path = folder.path().join(name);
        if std::fs::write(&path, [head, bytes].concat()).is_ok() {
            let _ = hunt(&[path], &Matcher::default(), &Checks::none(), &HOW, &Silent);
        }
    }
});
