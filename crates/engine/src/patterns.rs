//! Patterns that ask for several observations, as a hunt looks for them.

use std::collections::BTreeSet;

use lapwing_hunt::{Asked, Indicator, Together};
use lapwing_model::{Entity, Kind};
use lapwing_read::{Observations, stix_observations};

/// The patterns among indicators that are more than a list of values, and of which all values are looked for.
pub(crate) fn whole(indicators: &[Indicator]) -> Vec<Together> {
    let is_pattern = |indicator: &&Indicator| indicator.entity.kind == Kind::Pattern;
    if !indicators.iter().any(|indicator| is_pattern(&indicator)) {
        return Vec::new();
    }
    let listed: BTreeSet<&Entity> = indicators.iter().map(|indicator| &indicator.entity).collect();
    let patterns = indicators.iter().filter(is_pattern);
    patterns
        .filter_map(|indicator| {
            let asked = asked(stix_observations(&indicator.entity.value)?);
            let all = asked.values().iter().all(|value| listed.contains(value));
            all.then(|| Together {
                pattern: indicator.entity.value.clone(),
                why: indicator.why.clone(),
                probability: indicator.probability,
                asked,
            })
        })
        .collect()
}

fn asked(observations: Observations) -> Asked {
    let each = |list: Vec<Observations>| list.into_iter().map(asked).collect();
    match observations {
        Observations::Record(values) => Asked::Record(values),
        Observations::Any(list) => Asked::Any(each(list)),
        Observations::All(list) => Asked::All(each(list)),
        Observations::Then(list) => Asked::Then(each(list)),
        Observations::Times(inner, times) => Asked::Times(Box::new(asked(*inner)), times),
        Observations::Within(inner, most) => Asked::Within(Box::new(asked(*inner)), most),
        Observations::Between(inner, start, stop) => {
            Asked::Between(Box::new(asked(*inner)), start, stop)
        }
    }
}

#[cfg(test)]
mod tests {
    use lapwing_hunt::{Checks, Matcher, Options, Silent, hunt};

    use crate::{Engine, IndicatorSource};

    const BUNDLE: &str = r#"{"type": "bundle", "id": "bundle--0c0e1d4e-6f4b-4f0e-8a55-0d0a2e4f7a10", "objects": [
        {"type": "indicator", "spec_version": "2.1", "id": "indicator--0c0e1d4e-6f4b-4f0e-8a55-0d0a2e4f7a11",
         "created": "2021-03-04T00:00:00.000Z", "modified": "2021-03-04T00:00:00.000Z", "valid_from": "2021-03-04T00:00:00Z",
         "pattern_type": "stix",
         "pattern": "([ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [domain-name:value = 'evil.example']) WITHIN 60 SECONDS"}]}"#;

    fn found(log: &str) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        let (list, file) = (home.path().join("list.json"), home.path().join("a.log"));
        std::fs::write(&list, BUNDLE).unwrap();
        std::fs::write(&file, log).unwrap();
        let engine = Engine::in_memory().unwrap();
        let today = jiff::civil::date(2021, 3, 5);
        let source = IndicatorSource::Files(vec![list]);
        let armed = engine.indicators(&source, today).unwrap();
        assert!(armed.problems.is_empty(), "{:?}", armed.problems);
        // Compiled and saved, the list carries the pattern too.
        let saved = home.path().join("list.matcher");
        engine.matcher(&source, today).unwrap().0.save(&saved).unwrap();
        let loaded = engine.indicators(&IndicatorSource::Files(vec![saved]), today).unwrap();
        let options = Options { jobs: 1, ..Options::default() };
        let hunted = |matcher: &Matcher| {
            let paths = std::slice::from_ref(&file);
            hunt(paths, matcher, &Checks::none(), &options, &Silent).findings
        };
        let findings = hunted(&armed.matcher);
        assert_eq!(findings, hunted(&loaded.matcher));
        findings.into_iter().map(|finding| finding.finding).collect()
    }

    #[test]
    fn a_pattern_is_told_when_all_of_it_was_seen_in_its_order_and_time() {
        let line = |time: &str, value: &str| format!("2021-03-03T{time}Z connection to {value}\n");
        let whole = "Listed pattern seen as a whole".to_owned();
        let first = line("10:00:00", "198.51.100.7");
        let seen = found(&format!("{first}{}", line("10:00:59", "evil.example")));
        assert!(seen.contains(&whole) && seen.len() == 3, "{seen:?}");
        for log in [
            format!("{first}{}", line("10:01:01", "evil.example")),
            format!("{}{first}", line("09:59:59", "evil.example")),
            first,
        ] {
            let seen = found(&log);
            assert!(!seen.contains(&whole) && !seen.is_empty(), "{seen:?}");
        }
    }
}
