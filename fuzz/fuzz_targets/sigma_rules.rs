#![no_main]

use lapwing_hunt::Rules;
use libfuzzer_sys::fuzz_target;

// A file of rules: as it comes, and as the selection of a rule that is sound otherwise.
fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = Rules::from_text("rule.yml", &text);
    let inner: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let rule = format!("title: t\nlogsource: {{product: windows}}\ndetection:\n{inner}");
    let _ = Rules::from_text("rule.yml", &rule);
});
