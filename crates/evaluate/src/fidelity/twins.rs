//! One content in two formats: the same values, relations and markings must come out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lapwing_engine::read::{Item as ReadItem, Options, read_path};
use lapwing_model::{Kind, Object, Relation};

use super::{by_stem, observables};
use crate::board::{Board, Rows};
use crate::corpus::{files, read};
use crate::normal::{Item, normal};
use crate::{EvaluateError, Scores};

/// What one side of a pair of twins says.
#[derive(Default)]
struct Side {
    values: BTreeSet<Item>,
    relations: BTreeSet<Item>,
    markings: BTreeSet<Item>,
    with_problems: bool,
}

impl Side {
    /// Reads files that together hold the content.
    fn of(paths: &[&Path]) -> Result<Self, EvaluateError> {
        let mut side = Self::default();
        for path in paths {
            let file = read(path)?;
            side.with_problems |= file.problems > 0;
            side.values.extend(observables(&file.values));
            // Relations that the format states, not what is found in its prose.
            read_path(path, &Options::default(), &mut |item| {
                let ReadItem::Reading(reading) = item else { return };
                side.relations.extend(reading.claims.iter().filter_map(|claim| {
                    let Object::Entity(object) = &claim.object else { return None };
                    let named = [&claim.subject.value, &object.value]
                        .iter()
                        .all(|value| !value.starts_with("stix-ref="));
                    (named && states(claim.relation, claim.subject.kind, object.kind)).then(|| {
                        let (a, b) = (
                            normal(claim.subject.kind, &claim.subject.value).value,
                            normal(object.kind, &object.value).value,
                        );
                        Item::new("relation", format!("{a} {} {b}", claim.relation.as_str()))
                    })
                }));
                side.markings.extend(
                    reading.document.marking.map(|m| Item::new("marking", m.as_str().to_owned())),
                );
            });
        }
        Ok(side)
    }
}

/// Relations between things that both formats can name. What ties the values of one object, and
/// what points to a report, is written by each format in its own way. An end that is not in the
/// bundle, and so only an identifier, names nothing either.
fn states(relation: Relation, subject: Kind, object: Kind) -> bool {
    !matches!(
        relation,
        Relation::Role
            | Relation::SameObject
            | Relation::About
            | Relation::References
            | Relation::DerivedFrom
    ) && ![subject, object].iter().any(|kind| matches!(kind, Kind::Report | Kind::Pattern))
}

/// The three questions that a pair of twins answers.
struct Boards([Board; 3]);

impl Boards {
    fn new(corpus: &str, pair: &str) -> Self {
        Self(
            ["", ": relations", ": markings"]
                .map(|of| Board::new(corpus, &format!("{pair}{of}"), "lapwing")),
        )
    }

    fn score(&mut self, document: &Path, gold: &Side, found: &Side) {
        let [values, relations, markings] = &mut self.0;
        values.with_problems += u64::from(gold.with_problems || found.with_problems);
        values.score(document, &gold.values, &found.values);
        relations.score(document, &gold.relations, &found.relations);
        markings.score(document, &gold.markings, &found.markings);
    }

    fn finish(self, scores: &mut Scores) {
        for board in self.0 {
            board.finish(Rows::Total, scores);
        }
    }
}

/// STIX 1.x against the same package elevated to 2.0 and 2.1; the elevated one is the gold.
pub(super) fn elevator(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let xml = by_stem(&files(&folder.join("idioms-xml"), &[".xml"])?);
    for version in ["2.0", "2.1"] {
        let twins = by_stem(&files(&folder.join(format!("idioms-json-{version}")), &[".json"])?);
        let mut boards = Boards::new("stix1-elevator", &format!("1.x against {version}"));
        for (stem, path) in &xml {
            let Some(twin) = twins.get(stem) else { continue };
            boards.score(path, &Side::of(&[twin])?, &Side::of(&[path])?);
        }
        boards.finish(scores);
    }
    Ok(())
}

/// The encodings of one MISP event, each against STIX 2.1. The native encoding of a collection is
/// two files, `_1` and `_2`.
pub(super) fn misp_stix(folder: &Path, scores: &mut Scores) -> Result<(), EvaluateError> {
    let paths = by_stem(&files(folder, &[".json", ".xml"])?);
    let mut contents: BTreeMap<&str, BTreeMap<&str, Vec<&PathBuf>>> = BTreeMap::new();
    for (stem, path) in &paths {
        if let Some((content, encoding)) = stem.rsplit_once('_') {
            let encoding = if encoding.starts_with("stix") { encoding } else { "misp" };
            contents.entry(content).or_default().entry(encoding).or_default().push(path);
        }
    }
    for encoding in ["misp", "stix11", "stix12", "stix20"] {
        let mut boards = Boards::new("misp-stix", &format!("{encoding} against stix21"));
        for encodings in contents.values() {
            let (Some(own), Some(gold)) = (encodings.get(encoding), encodings.get("stix21")) else {
                continue;
            };
            let side = |paths: &[&PathBuf]| {
                Side::of(&paths.iter().map(|path| path.as_path()).collect::<Vec<_>>())
            };
            boards.score(own[0], &side(gold)?, &side(own)?);
        }
        boards.finish(scores);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--11111111-1111-4111-8111-111111111111","objects":[
        {"type":"indicator","spec_version":"2.1","id":"indicator--11111111-1111-4111-8111-111111111112","created":"2021-03-02T00:00:00Z","modified":"2021-03-02T00:00:00Z","valid_from":"2021-03-02T00:00:00Z","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.7']","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]},
        {"type":"malware","spec_version":"2.1","id":"malware--11111111-1111-4111-8111-111111111113","created":"2021-03-02T00:00:00Z","modified":"2021-03-02T00:00:00Z","name":"Examplebot","is_family":true},
        {"type":"relationship","spec_version":"2.1","id":"relationship--11111111-1111-4111-8111-111111111114","created":"2021-03-02T00:00:00Z","modified":"2021-03-02T00:00:00Z","relationship_type":"indicates","source_ref":"indicator--11111111-1111-4111-8111-111111111112","target_ref":"malware--11111111-1111-4111-8111-111111111113"}]}"#;

    #[test]
    fn a_side_has_values_relations_and_markings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, BUNDLE).unwrap();
        let side = Side::of(&[&path]).unwrap();
        assert!(side.values.contains(&Item::new("ipv4-addr", "198.51.100.7")));
        assert!(
            side.relations.contains(&Item::new("relation", "198.51.100.7 indicates examplebot"))
        );
        assert!(side.markings.contains(&Item::new("marking", "TLP:GREEN")));
    }
}
