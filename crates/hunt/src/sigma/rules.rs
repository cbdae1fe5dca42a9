//! A folder of rules, loaded and compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lapwing_model::{Problem, ProblemKind, Severity};

use super::correlation::Correlation;
use super::gate::Gate;
use super::item::{Placeholders, Refusal};
use super::mapping::{self, Class};
use super::missing::{self, Missing, Waiting, Without};
use super::prefilter::Prefilter;
use super::rule::{self, Document, Filter, Header, LogSource, Rule};
use super::test::Test;
use super::view::{Field, Fields};
use super::witness::{Witness, witness};
use super::yaml::{self, Value};
use crate::{HuntError, given};

/// Which rules of a folder to run, and with which values.
#[derive(Clone, Debug)]
pub struct RulesOptions {
    /// Rules below this level are left out.
    pub level: Severity,
    /// A file of YAML with the values of placeholders: `name: [value, …]`.
    pub placeholders: Option<PathBuf>,
}

impl Default for RulesOptions {
    fn default() -> Self {
        Self { level: Severity::Informational, placeholders: None }
    }
}

/// Compiled Sigma rules, shared by all threads of a hunt.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) fields: Fields,
    pub(super) list: Vec<Compiled>,
    pub(super) correlations: Vec<Correlation>,
    pub(super) classes: Vec<Class>,
    /// All log sources that rules name, each once, and which of them each rule names.
    pub(super) sources: Vec<LogSource>,
    pub(super) source_of: Vec<u32>,
    pub(super) prefilter: Prefilter,
    gate: Gate,
    /// Fields that are known before a record is looked at.
    pub(super) routed: [Field; 3],
    problems: Vec<Problem>,
    waiting: Vec<Waiting>,
    retired: usize,
    below: usize,
}

/// A rule that is run.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub rule: Rule,
    /// Placeholders without values, where it runs all the same.
    pub missing: Option<Missing>,
    /// Whether no literal tells when the rule may hold.
    pub always: bool,
    /// Fields that correlations want of a match, in lower case; `None` when none asks.
    pub correlated: Option<Vec<String>>,
    /// Whether a match is no finding of its own.
    pub quiet: bool,
}

impl Rules {
    /// Loads all rules of folders and files (`*.yml`, `*.yaml`). A rule that cannot be compiled, and a
    /// path that is not there or holds no rule, is named in [`Rules::problems`]; the others are run.
    ///
    /// # Errors
    /// When the placeholders cannot be read or are not well formed.
    pub fn load(paths: &[PathBuf], options: &RulesOptions) -> Result<Self, HuntError> {
        let placeholders = match &options.placeholders {
            Some(file) => placeholders(file)?,
            None => Placeholders::new(),
        };
        let (mut texts, mut problems) = (Vec::new(), Vec::new());
        for path in paths {
            texts_of(path, &mut texts, &mut problems);
        }
        let mut rules = Self::compile(&texts, &placeholders, options.level)?;
        rules.problems.append(&mut problems);
        rules.problems.sort_by(|a, b| (&a.path, &a.place).cmp(&(&b.path, &b.place)));
        Ok(rules)
    }

    /// Compiles the rules of one text of YAML, as the file `name`.
    ///
    /// # Errors
    /// When the built-in data is broken; what is wrong with the text is in [`Rules::problems`].
    pub fn from_text(name: &str, text: &str) -> Result<Self, HuntError> {
        let texts = [(name.to_owned(), text.to_owned())];
        Self::compile(&texts, &Placeholders::new(), Severity::Informational)
    }

    pub(super) fn compile(
        texts: &[(String, String)],
        placeholders: &Placeholders,
        level: Severity,
    ) -> Result<Self, HuntError> {
        let broken = |message| HuntError::Check { path: "sigma".to_owned(), message };
        let mut fields = Fields::default();
        let routed = ["EventID", "Channel", "Provider_Name"].map(|name| fields.intern(name));
        let classes = mapping::classes(&mut fields).map_err(broken)?;
        let mut loaded = Loaded::default();
        for (name, text) in texts {
            loaded.file(name, text, &mut fields, placeholders);
        }
        let Loaded { mut rules, mut correlations, filters, mut problems, waiting, retired } =
            loaded;
        for (file, filter) in &filters {
            if !apply(filter, &mut rules) {
                problems.push(problem(file, filter.header.line, "the filter is for no rule here"));
            }
        }
        correlations.retain(|(file, correlation)| {
            let known = |name: &String| {
                rules.iter().any(|c| is_named(&c.rule.header, name))
                    || waiting.iter().any(|one| one.id == *name)
                    || texts_name(texts, name)
            };
            let missing = correlation.rules.iter().find(|name| !known(name));
            if let Some(missing) = missing {
                let message =
                    format!("the correlation is of `{missing}`, and there is no such rule");
                problems.push(problem(file, correlation.header.line, &message));
            }
            missing.is_none()
        });
        let correlations: Vec<Correlation> = correlations.into_iter().map(|(_, c)| c).collect();
        tie(&mut rules, &correlations, &mut fields);
        let all = rules.len();
        rules.retain(|c| c.rule.header.severity >= level && !c.quiet || c.correlated.is_some());
        let below = all - rules.len();
        for compiled in &mut rules {
            compiled.quiet |= compiled.rule.header.severity < level;
        }
        let witnesses: Vec<Option<Witness>> =
            rules.iter().map(|c| witness(&c.rule.test, &routed)).collect();
        for (compiled, witness) in rules.iter_mut().zip(&witnesses) {
            compiled.always = witness.is_none();
        }
        let gate = Gate::new(&rules, &witnesses, &classes);
        let literals = witnesses.into_iter().enumerate().flat_map(|(number, witness)| {
            let list = witness.map(|w| w.literals).unwrap_or_default();
            list.into_iter().map(move |literal| (number as u32, literal))
        });
        let prefilter = Prefilter::new(literals).map_err(broken)?;
        problems.sort_by(|a, b| (&a.path, &a.place).cmp(&(&b.path, &b.place)));
        let (sources, source_of) = log_sources(&rules);
        Ok(Self {
            fields,
            list: rules,
            correlations,
            classes,
            sources,
            source_of,
            prefilter,
            gate,
            routed,
            problems,
            waiting,
            retired,
            below,
        })
    }

    /// What tells which lines of text need not be parsed; `None` when all need.
    pub(crate) fn gate(&self) -> Option<&Gate> {
        Some(&self.gate).filter(|gate| !gate.is_open())
    }

    /// Rules that cannot be run: file, line and reason.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Number of rules and correlations that are run.
    pub fn len(&self) -> usize {
        self.list.len() + self.correlations.len()
    }

    /// Whether nothing is run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rules that are sound, and not run because a placeholder of theirs has no values.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Number of rules not run because their status is `deprecated` or `unsupported`.
    pub fn retired(&self) -> usize {
        self.retired
    }

    /// Number of rules not run because their level is below the one asked for.
    pub fn below(&self) -> usize {
        self.below
    }

    /// ATT&CK techniques of a rule by its identifier, as its tags name them.
    pub fn techniques(&self, id: &str) -> &[String] {
        let mut headers = self
            .list
            .iter()
            .map(|c| &c.rule.header)
            .chain(self.correlations.iter().map(|c| &c.header));
        headers.find(|header| header.id == id).map_or(&[], |header| &header.techniques)
    }

    /// Identifier, level and title of each rule that is run, in order.
    pub fn list(&self) -> impl Iterator<Item = (&str, Severity, &str)> {
        let rules = self.list.iter().map(|c| &c.rule.header);
        rules
            .chain(self.correlations.iter().map(|c| &c.header))
            .map(|header| (header.id.as_str(), header.severity, header.title.as_str()))
    }
}

/// What the files of a folder say, before it is put together.
#[derive(Default)]
struct Loaded {
    rules: Vec<Compiled>,
    correlations: Vec<(String, Correlation)>,
    filters: Vec<(String, Filter)>,
    problems: Vec<Problem>,
    waiting: Vec<Waiting>,
    retired: usize,
}

impl Loaded {
    fn file(&mut self, name: &str, text: &str, fields: &mut Fields, placeholders: &Placeholders) {
        if !is_sigma(text) {
            return;
        }
        for document in rule::documents(text, fields, placeholders) {
            match document {
                Err((line, message)) => self.problems.push(problem(name, line, &message)),
                Ok(Document::Rule(rule))
                    if matches!(rule.header.status.as_str(), "deprecated" | "unsupported") =>
                {
                    self.retired += 1;
                }
                Ok(Document::Rule(rule)) => {
                    let missing = match missing::without(&rule.test) {
                        Without::Whole => None,
                        Without::Runs(missing) => Some(missing),
                        Without::Waits(why) => {
                            let Header { id, title, line, .. } = rule.header;
                            let file = name.to_owned();
                            self.waiting.push(Waiting { id, title, file, line, why });
                            continue;
                        }
                    };
                    self.rules.push(Compiled {
                        rule: *rule,
                        missing,
                        always: false,
                        correlated: None,
                        quiet: false,
                    });
                }
                Ok(Document::Correlation(correlation)) => {
                    self.correlations.push((name.to_owned(), *correlation));
                }
                Ok(Document::Filter(filter)) => self.filters.push((name.to_owned(), *filter)),
            }
        }
    }
}

/// Reads the texts of Sigma of a folder or file; what cannot be read, and a path without any, is named.
fn texts_of(path: &Path, texts: &mut Vec<(String, String)>, problems: &mut Vec<Problem>) {
    let before = (texts.len(), problems.len());
    let walk = walkdir::WalkDir::new(path).sort_by_file_name().into_iter();
    // `.git` and `.github` hold YAML that is no rule.
    let shown = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in walk.filter_entry(shown) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let at = error.path().unwrap_or(path).to_owned();
                problems.push(given::unreadable(&at, &error.into()));
                continue;
            }
        };
        let yaml = entry.path().extension().is_some_and(|e| e == "yml" || e == "yaml");
        if entry.file_type().is_file() && (yaml || entry.depth() == 0) {
            match fs::read(entry.path()) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    if is_sigma(&text) {
                        texts.push((entry.path().display().to_string(), text));
                    }
                }
                Err(error) => problems.push(given::unreadable(entry.path(), &error)),
            }
        }
    }
    if before == (texts.len(), problems.len()) {
        problems.push(given::empty(path, "Sigma rule", "*.yml, *.yaml"));
    }
}

/// Whether a file of YAML is Sigma at all: a checkout holds other YAML besides.
fn is_sigma(text: &str) -> bool {
    ["detection:", "correlation:", "filter:", "logsource:"]
        .iter()
        .any(|key| text.lines().any(|line| line.starts_with(key)))
}

fn problem(file: &str, line: u64, message: &str) -> Problem {
    let mut problem =
        Problem::partial(file, ProblemKind::Malformed, format!("no Sigma rule: {message}"));
    problem.place = (line > 0).then(|| format!("line {line}"));
    problem
}

fn is_named(header: &Header, name: &str) -> bool {
    header.id == name || header.name.as_deref() == Some(name)
}

/// Whether some file defines a rule or correlation of that name: one that was refused, or that is
/// a correlation itself, is no reason to refuse what refers to it.
fn texts_name(texts: &[(String, String)], name: &str) -> bool {
    texts.iter().any(|(_, text)| {
        text.lines().any(|line| {
            line.strip_prefix("id:").or_else(|| line.strip_prefix("name:")).is_some_and(|value| {
                let value = value.split('#').next().unwrap_or("");
                value.trim().trim_matches(['"', '\'']) == name
            })
        })
    })
}

/// Narrows the rules that a filter is for; `false` when there is none.
fn apply(filter: &Filter, rules: &mut [Compiled]) -> bool {
    let mut applied = false;
    for compiled in rules {
        let named = filter
            .rules
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| is_named(&compiled.rule.header, name)));
        let source = &compiled.rule.source;
        let same =
            |filter: &Option<String>, rule: &Option<String>| filter.is_none() || filter == rule;
        let fits = same(&filter.source.product, &source.product)
            && same(&filter.source.category, &source.category)
            && same(&filter.source.service, &source.service);
        if named && fits {
            let own = std::mem::replace(&mut compiled.rule.test, Test::All(Vec::new()));
            compiled.rule.test = Test::All(vec![own, filter.test.clone()]);
            applied = true;
        }
    }
    applied
}

/// Tells each rule what correlations want of its matches.
fn tie(rules: &mut [Compiled], correlations: &[Correlation], fields: &mut Fields) {
    // A correlation of correlations wants the fields of the rules at the bottom.
    let all: BTreeSet<String> = correlations
        .iter()
        .flat_map(|c| {
            let own = c.rules.iter().flat_map(|rule| c.fields_of(rule, None));
            own.collect::<Vec<_>>()
        })
        .collect();
    for field in &all {
        fields.intern(field);
    }
    for compiled in rules {
        let header = &compiled.rule.header;
        let mut wanted: Option<BTreeSet<String>> = None;
        let mut generate = false;
        for correlation in correlations {
            if correlation.rules.iter().any(|name| is_named(header, name)) {
                let list = correlation.fields_of(&header.id, header.name.as_deref());
                wanted.get_or_insert_with(BTreeSet::new).extend(list);
                generate |= correlation.generate;
            }
        }
        if let Some(mut wanted) = wanted {
            wanted.extend(all.iter().cloned());
            compiled.correlated = Some(wanted.into_iter().collect());
            compiled.quiet = !generate;
        }
    }
}

/// The distinct log sources of rules, and the number of each rule's.
fn log_sources(rules: &[Compiled]) -> (Vec<LogSource>, Vec<u32>) {
    let mut numbers: BTreeMap<[&Option<String>; 3], u32> = BTreeMap::new();
    let (mut sources, mut source_of) = (Vec::new(), Vec::with_capacity(rules.len()));
    for source in rules.iter().map(|compiled| &compiled.rule.source) {
        let number = *numbers
            .entry([&source.product, &source.category, &source.service])
            .or_insert_with(|| {
                sources.push(source.clone());
                sources.len() as u32 - 1
            });
        source_of.push(number);
    }
    (sources, source_of)
}

fn placeholders(file: &Path) -> Result<Placeholders, HuntError> {
    let text = fs::read_to_string(file)
        .map_err(|source| HuntError::Io { path: file.to_owned(), source })?;
    let refused = |(line, message): Refusal| HuntError::Check {
        path: file.display().to_string(),
        message: format!("line {line}: {message}"),
    };
    let mut all = BTreeMap::new();
    for node in yaml::documents(&text).map_err(refused)? {
        let Value::Map(map) = &node.value else {
            let what = "placeholders are written `name: [value, …]`".to_owned();
            return Err(refused((node.line, what)));
        };
        for (name, _) in map {
            let values = node.texts(name).into_iter().map(str::to_owned).collect();
            all.insert(name.trim_matches('%').to_owned(), values);
        }
    }
    Ok(all)
}
