//! One content against all rules.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lapwing_hunt::{Content, ContentMatch, ContentRules, ContentString};
use lapwing_model::{Confidence, Severity};
use yara_x::{Rule, ScanError, Scanner};

use crate::YaraRules;
use crate::says::Says;

impl ContentRules for YaraRules {
    fn scan(&self, content: &Content<'_>) -> Result<Vec<ContentMatch>, String> {
        // The scanner runs compiled code of rules from anywhere over bytes from anywhere.
        catch_unwind(AssertUnwindSafe(|| self.scan_one(content)))
            .unwrap_or_else(|_| Err("the YARA scanner failed on it".to_owned()))
    }

    fn count(&self) -> usize {
        self.rules.iter().count()
    }
}

impl YaraRules {
    fn scan_one(&self, content: &Content<'_>) -> Result<Vec<ContentMatch>, String> {
        let mut scanner = Scanner::new(&self.rules);
        scanner.set_timeout(self.limits.time).max_matches_per_pattern(self.limits.matches);
        let path = content.path.replace('\\', "/");
        let name = path.rsplit(['/', '!']).next().unwrap_or(&path);
        let extension = name.rfind('.').map_or("", |at| &name[at..]).to_ascii_lowercase();
        for (variable, value) in
            [("filename", name), ("filepath", path.as_str()), ("extension", extension.as_str())]
        {
            // All of them were defined as text when the rules were compiled.
            let _ = scanner.set_global(variable, value);
        }
        let results = scanner.scan(content.bytes).map_err(|error| match error {
            ScanError::Timeout => {
                format!("the YARA rules took longer than {} s over it", self.limits.time.as_secs())
            }
            other => format!("YARA: {other}"),
        })?;
        let mut found: Vec<ContentMatch> =
            results.matching_rules().map(|rule| found(&rule)).collect();
        found.sort_by(|a, b| (&a.rule, &a.source).cmp(&(&b.rule, &b.source)));
        Ok(found)
    }
}

fn found(rule: &Rule<'_, '_>) -> ContentMatch {
    let says = Says::of(rule);
    let mut strings: Vec<ContentString> = Vec::new();
    for pattern in rule.patterns() {
        strings.extend(pattern.matches().map(|it| ContentString {
            name: pattern.identifier().to_owned(),
            at: it.range().start as u64,
            length: it.range().len() as u64,
        }));
    }
    strings.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    let severity = says.severity.unwrap_or(Severity::Medium);
    ContentMatch {
        rule: rule.identifier().to_owned(),
        source: rule.namespace().to_owned(),
        description: says.description,
        author: says.author,
        reference: says.reference,
        technique: says.technique,
        severity,
        // What nobody states is what public rule sets take for a plain good rule.
        confidence: says.confidence.unwrap_or(Confidence::percent(if says.severity.is_some() {
            75
        } else {
            50
        })),
        is_foothold: says.is_web_shell || severity >= Severity::High,
        strings,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::YaraLimits;

    fn scan(rules: &str, path: &str, bytes: &[u8]) -> Vec<ContentMatch> {
        let rules = YaraRules::from_text(
            "set/own.yar",
            rules,
            YaraLimits { time: Duration::from_secs(30), matches: 3 },
        );
        assert!(rules.problems().is_empty(), "{:?}", rules.problems());
        rules.scan(&Content { path, bytes }).unwrap()
    }

    #[test]
    fn strings_come_with_their_places_and_no_more_than_the_limit() {
        let rules = r#"
            rule webshell_marsh : T1505_003 {
                meta:
                    description = "a page that reads a request"
                    author = "us"
                    score = 80
                strings:
                    $head = "<%@ Page"
                    $wide = "reed" wide
                    $many = "zz"
                condition: $head at 0 and any of them
            }
            private rule hidden { condition: true }
            rule other { condition: filesize > 1MB }"#;
        let bytes = b"<%@ Page %> r\0e\0e\0d\0 zz zz zz zz zz";
        let found = scan(rules, "C:\\www\\x.aspx", bytes);
        let [one] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (one.rule.as_str(), one.severity, one.is_foothold),
            ("webshell_marsh", Severity::High, true)
        );
        assert_eq!(one.source, "set/own.yar");
        assert_eq!(one.technique.as_deref(), Some("T1505.003"));
        let shown: Vec<(&str, u64)> = one.strings.iter().map(|s| (s.name.as_str(), s.at)).collect();
        assert_eq!(shown[..2], [("$head", 0), ("$wide", 12)]);
        assert_eq!(shown.len(), 5);
    }

    #[test]
    fn rules_see_the_name_of_the_file() {
        let rules = r#"rule a { condition: extension == ".aspx" and filename == "x.ASPX" and filepath contains "/owa/" }"#;
        assert_eq!(scan(rules, "a.zip!owa/y/x.ASPX", b"").len(), 0);
        assert_eq!(scan(rules, "d/owa/x.ASPX", b"").len(), 1);
    }

    #[test]
    fn the_order_does_not_depend_on_the_run() {
        let rules = "rule b { condition: true } rule a { condition: true }";
        let names: Vec<String> = scan(rules, "x", b"x").into_iter().map(|m| m.rule).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
