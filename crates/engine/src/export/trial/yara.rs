//! YARA rules, compiled and run by yara-x.

use std::collections::BTreeSet;

use lapwing_model::Entity;
use lapwing_publish::export::Loss;
use lapwing_publish::rules::{Rule, RuleSet, Tried, yara as written};

use crate::EngineError;

/// Tries the rules of a set. Where one of many strings fails, each string is tried by itself: what
/// fails alone is held back alone, and the others leave without it.
pub(in crate::export) fn yara(
    set: &RuleSet,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Tried>, EngineError> {
    let tried = run(written::rules(set, losses))?;
    let suspects: BTreeSet<&Entity> = tried
        .iter()
        .filter(|t| !t.trial.passed() && written::is_of_strings(&t.rule))
        .flat_map(|t| &t.rule.indicators)
        .collect();
    if suspects.is_empty() {
        return Ok(tried);
    }
    let mut guilty = run(written::each_alone(set, &suspects))?;
    guilty.retain(|t| !t.trial.passed());
    let held: BTreeSet<&Entity> = guilty.iter().flat_map(|t| &t.rule.indicators).collect();
    let mut rest = set.clone();
    rest.indicators.retain(|indicator| !held.contains(&indicator.entity));
    // What has no place in a file was told already.
    let mut again = run(written::rules(&rest, &mut Vec::new()))?;
    again.append(&mut guilty);
    Ok(again)
}

/// Compiles all rules together and runs them on every sample.
#[cfg(feature = "yara")]
#[expect(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "as without the engine"
)]
fn run(rules: Vec<Rule>) -> Result<Vec<Tried>, EngineError> {
    use std::collections::BTreeMap;

    use lapwing_hunt::{Content, ContentRules as _};
    use lapwing_publish::rules::yara::alone;
    use lapwing_publish::rules::{Sample, Trial};
    use lapwing_yara::{YaraLimits, YaraRules};

    // One text for the rules as they leave, and one with what stands in for hashes.
    let all = |text: &dyn Fn(&Rule) -> String| {
        let joined: String = rules.iter().map(text).collect();
        YaraRules::from_text("lapwing.yar", &alone(&joined), YaraLimits::default())
    };
    let own = all(&|rule| rule.text.clone());
    let standing = all(&|rule| rule.stand_in.clone().unwrap_or_else(|| rule.text.clone()));
    let refused: BTreeMap<String, String> =
        own.problems().iter().map(|p| (named(&p.message), p.message.clone())).collect();

    // Many rules share a sample: it is scanned once.
    let mut scanned: BTreeMap<(bool, Vec<u8>), Result<BTreeSet<String>, String>> = BTreeMap::new();
    let mut fired = |planted: bool, sample: &Sample, id: &str| -> Result<bool, String> {
        let rules = if planted { &standing } else { &own };
        scanned
            .entry((planted, sample.bytes.clone()))
            .or_insert_with(|| {
                let content = Content { path: &sample.name, bytes: &sample.bytes };
                let found = rules.scan(&content)?;
                Ok(found.into_iter().map(|m| m.rule).collect())
            })
            .as_ref()
            .map(|found| found.contains(id))
            .map_err(Clone::clone)
    };
    let mut tried = Vec::new();
    for rule in rules.clone() {
        let mut trial = Trial {
            by: "yara-x".to_owned(),
            compiled: !refused.contains_key(&rule.id),
            planted: rule.planted.len(),
            benign: rule.benign.len(),
            note: refused.get(&rule.id).cloned(),
            ..Trial::default()
        };
        if rule.stand_in.is_some() {
            trial.note.get_or_insert_with(|| {
                "with the hash of the planted sample in place of its own".to_owned()
            });
        }
        for sample in &rule.planted {
            match fired(true, sample, &rule.id) {
                Ok(hit) => trial.fired += usize::from(hit),
                Err(why) => trial.note = Some(why),
            }
        }
        for sample in &rule.benign {
            match fired(false, sample, &rule.id) {
                Ok(hit) => trial.false_alarms += usize::from(hit),
                Err(why) => {
                    trial.compiled = false;
                    trial.note = Some(why);
                }
            }
        }
        tried.push(Tried { rule, trial });
    }
    Ok(tried)
}

/// The rule that a message of the compiler names.
#[cfg(feature = "yara")]
fn named(message: &str) -> String {
    message.split('`').nth(1).unwrap_or_default().to_owned()
}

/// Without an engine no rule is tried, and none leaves.
#[cfg(not(feature = "yara"))]
fn run(_: Vec<Rule>) -> Result<Vec<Tried>, EngineError> {
    Err(EngineError::WithoutYara)
}
