//! Texts of our own making in which most things that look like an indicator are none: section
//! numbers, versions, file names like domains, citations. They ship with the repository
//! (`crates/extract/testdata`), so the claim can be tried by anyone.

use std::path::Path;

use lapwing_model::Kind;

use crate::corpus::{files, gold_rows, sibling};
use crate::indicators::{Case, Labelled, score, score_peers, typed};
use crate::{EvaluateError, Options, Scores};

/// Kinds that at least two of the peers give; file names are not asked about.
const KINDS: &[Kind] = &[
    Kind::Ipv4Addr,
    Kind::Ipv6Addr,
    Kind::DomainName,
    Kind::Url,
    Kind::EmailAddr,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::Vulnerability,
];

/// Every `NAME.gold.tsv` (type and value, as with the other golds) beside its `NAME.txt`; what is not
/// in the gold is no indicator.
pub(crate) fn run(
    folder: &Path,
    options: &Options,
    scores: &mut Scores,
) -> Result<(), EvaluateError> {
    let mut cases = Vec::new();
    for gold_path in files(folder, &[".gold.tsv"])? {
        let path = sibling(&gold_path, ".gold.tsv", ".txt");
        if path.exists() {
            cases.push(Case { path, gold: typed(&gold_rows(&gold_path, false)?) });
        }
    }
    let labelled = Labelled { name: "traps", kinds: KINDS, cases };
    score(&labelled, scores)?;
    score_peers(&labelled, options, scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_only_looks_like_an_indicator_is_taken_for_one() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../extract/testdata");
        let mut scores = Scores::default();
        run(&folder, &Options::default(), &mut scores).unwrap();
        let tally = scores.rows[0].tally.unwrap();
        assert!(tally.hits > 0);
        assert_eq!((tally.missed, tally.wrong), (0, 0), "{}", scores.worst_as_text(9));
    }
}
