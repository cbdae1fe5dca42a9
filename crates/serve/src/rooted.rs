use std::path::Path;

use lapwing_engine::hunting::Hunt;
use lapwing_model::{Finding, FindingKind, Problem, Verdict};

/// Names of files as those see them who hunt through a folder of the server: where that folder lies
/// is the administrator's business.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rooted(Option<String>);

impl Rooted {
    /// Below the hunt folder, whose links are resolved in the paths of a hunt.
    pub(crate) fn below_real(folder: &Path) -> Self {
        Self::below(&folder.canonicalize().unwrap_or_else(|_| folder.to_owned()))
    }

    /// Below a folder.
    pub(crate) fn below(folder: &Path) -> Self {
        let mut start = folder.display().to_string();
        if !start.ends_with(std::path::is_separator) {
            start.push(std::path::MAIN_SEPARATOR);
        }
        Self(Some(start))
    }

    /// The name of a file.
    pub(crate) fn file(&self, path: &str) -> String {
        let Some(start) = &self.0 else { return path.to_owned() };
        if path == start.trim_end_matches(std::path::is_separator) {
            return ".".to_owned();
        }
        path.strip_prefix(start.as_str()).unwrap_or(path).to_owned()
    }

    /// A sentence of ours in which files are named.
    fn sentence(&self, text: &mut String) {
        if let Some(start) = &self.0
            && start.len() > 1
            && text.contains(start.as_str())
        {
            *text = text.replace(start.as_str(), "");
        }
    }

    fn problem(&self, problem: &mut Problem) {
        problem.path = self.file(&problem.path);
        self.sentence(&mut problem.message);
        if let Some(hint) = &mut problem.hint {
            self.sentence(hint);
        }
    }

    fn finding(&self, finding: &mut Finding) {
        let shown = self.file(&finding.file);
        for text in [&mut finding.matched, &mut finding.evidence, &mut finding.why] {
            if finding.kind == FindingKind::Activity {
                // A chain is told by the hunt alone, each step with its file.
                self.sentence(text);
            } else if shown != finding.file && text.contains(finding.file.as_str()) {
                // A record is left as it is: only where it names this very file the hunt wrote it.
                *text = text.replace(finding.file.as_str(), &shown);
            }
        }
        finding.file = shown;
    }

    fn verdict(&self, verdict: &mut Verdict) {
        let steps = verdict.reasons.iter_mut().chain(&mut verdict.next_steps);
        steps.for_each(|text| self.sentence(text));
        for coverage in &mut verdict.looked_at {
            self.sentence(&mut coverage.source);
        }
        for missed in &mut verdict.not_looked_at {
            self.sentence(&mut missed.what);
            self.sentence(&mut missed.why);
        }
    }

    /// All that a hunt tells.
    pub(crate) fn hunt(&self, hunt: &mut Hunt, problems: &mut [Problem]) {
        if self.0.is_none() {
            return;
        }
        hunt.findings.iter_mut().for_each(|finding| self.finding(finding));
        self.verdict(&mut hunt.verdict);
        problems.iter_mut().for_each(|problem| self.problem(problem));
        for lesson in &mut hunt.learnt {
            self.sentence(&mut lesson.why);
        }
        for lesson in &mut hunt.not_learnt {
            self.sentence(&mut lesson.why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_at_the_folder_and_other_paths_stay() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let rooted = Rooted::below_real(folder.path());
        let inside = root.join("iis").join("a.log").display().to_string();
        assert_eq!(rooted.file(&format!("{inside}!b.txt")), "iis/a.log!b.txt");
        assert_eq!(rooted.file(&root.display().to_string()), ".");
        assert_eq!(rooted.file("/elsewhere/a.log"), "/elsewhere/a.log");
        let mut text = format!("Keep {inside} and {}", root.join("b").display());
        rooted.sentence(&mut text);
        assert_eq!(text, "Keep iis/a.log and b");
        assert_eq!(Rooted::default().file(&inside), inside);
    }
}
