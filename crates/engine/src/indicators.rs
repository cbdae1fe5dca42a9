//! The indicators of a hunt, compiled: from the store, from files, or as compiled before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use lapwing_hunt::{Compiler, Indicator, Matcher, given};
use lapwing_model::{Entity, Kind, Problem, ProblemKind, Role};

use crate::{
    Engine, EngineError, Extracted, Extraction, IndicatorSource, Input, arms, extract, patterns,
};

const HINT: &str =
    "a plain list has one value a line; `lapwing extract FILE` shows what is read of a report";
/// What the reader of lists gives a value that has a line of its own.
const OF_A_LIST: f64 = 0.95;
/// Lines that decide whether a file is a plain list.
const SAMPLE: usize = 500;
/// A longer line is no value of a plain list.
const LONGEST: usize = 4096;

impl Engine {
    /// Compiles the indicators of a source for [`Engine::hunt`], or to save them.
    ///
    /// # Errors
    /// When a file cannot be read, holds no indicator, or is a damaged compiled matcher.
    pub fn matcher(
        &self,
        source: &IndicatorSource,
        today: Date,
    ) -> Result<(Matcher, Vec<Problem>), EngineError> {
        let Armed { matcher, problems } = self.indicators(source, today)?;
        Ok((matcher, problems))
    }

    /// The indicators of a source, with the patterns that ask for several at once, and what is to be said of them.
    pub(crate) fn indicators(
        &self,
        source: &IndicatorSource,
        today: Date,
    ) -> Result<Armed, EngineError> {
        match source {
            IndicatorSource::Store => {
                let indicators = self.store_indicators(today)?;
                let mut compiler = Compiler::default();
                patterns::whole(&indicators).into_iter().for_each(|it| compiler.add_pattern(it));
                indicators.iter().for_each(|indicator| compiler.add_indicator(indicator));
                Ok(Armed { matcher: compiler.finish(), problems: Vec::new() })
            }
            IndicatorSource::Files(files) => self.indicators_of_files(files),
        }
    }

    fn indicators_of_files(&self, files: &[PathBuf]) -> Result<Armed, EngineError> {
        if let [file] = files
            && Matcher::is_compiled(file)
        {
            let matcher = Matcher::load(file)?;
            return Ok(Armed { matcher, problems: Vec::new() });
        }
        if let Some(compiled) = files.iter().find(|file| Matcher::is_compiled(file)) {
            let why = "a compiled matcher is used alone; compile the lists together";
            let name = compiled.display().to_string();
            let problem = Problem::fatal(name, ProblemKind::Unsupported, why);
            return Err(arms::nothing("indicator", files, vec![problem], HINT));
        }
        let mut compiler = Compiler::default();
        let mut problems = Vec::new();
        for file in files {
            match self.add_file(file, &mut compiler) {
                Ok(found) => problems.extend(found),
                Err(EngineError::File { source, .. }) => {
                    problems.push(given::unreadable(file, &source));
                }
                Err(other) => return Err(other),
            }
        }
        let matcher = compiler.finish();
        if matcher.is_empty() {
            return Err(arms::nothing("indicator", files, problems, HINT));
        }
        Ok(Armed { matcher, problems })
    }

    fn add_file(&self, file: &Path, compiler: &mut Compiler) -> Result<Vec<Problem>, EngineError> {
        // A folder that cannot be opened is named as a file is.
        std::fs::metadata(file)
            .map_err(|source| EngineError::File { path: file.display().to_string(), source })?;
        if add_plain_list(file, compiler)? {
            Ok(Vec::new())
        } else {
            self.add_report(file, compiler)
        }
    }

    /// Any other file: what its reader and the extractor call an indicator.
    fn add_report(
        &self,
        file: &Path,
        compiler: &mut Compiler,
    ) -> Result<Vec<Problem>, EngineError> {
        let mut indicators: BTreeMap<Entity, Indicator> = BTreeMap::new();
        let mut documents = Vec::new();
        let options = lapwing_read::Options::default();
        let input = Input::Path(file.to_owned());
        let found = extract(&input, &options, &self.knowledge, &mut |document| {
            documents.push((document.name.clone(), listed_patterns(&document)));
            for value in document.values.into_iter().filter(|v| v.role == Role::Indicator) {
                let entity = Entity::new(value.kind, value.value);
                indicators.entry(entity.clone()).or_insert_with(|| {
                    Indicator::new(
                        entity,
                        value.confidence,
                        format!("indicator of {}", document.name),
                    )
                });
            }
            Ok(())
        })?;
        let mut found = found;
        let all: Vec<Indicator> = indicators.values().cloned().collect();
        let whole = patterns::whole(&all);
        indicators.retain(|entity, _| entity.kind != Kind::Pattern);
        for (name, listed) in documents {
            let is_whole = |pattern: &Listed| whole.iter().any(|one| one.pattern == pattern.0);
            let others: Vec<_> = listed.into_iter().filter(|one| !is_whole(one)).collect();
            found.extend(not_carried(&name, &others));
        }
        whole.into_iter().for_each(|pattern| compiler.add_pattern(pattern));
        if indicators.is_empty() && found.is_empty() {
            found.push(given::empty(file, "indicator", "lists and reports"));
        }
        for indicator in indicators.into_values() {
            compiler.add_indicator(&indicator);
        }
        Ok(found)
    }
}

/// What a hunt looks for.
pub(crate) struct Armed {
    pub(crate) matcher: Matcher,
    pub(crate) problems: Vec<Problem>,
}

/// A pattern, and why a list of values does not carry it as it is.
type Listed = (String, String);

fn listed_patterns(document: &Extraction) -> Vec<Listed> {
    let is_listed = |v: &&Extracted| v.kind == Kind::Pattern && v.role == Role::Indicator;
    let patterns = document.values.iter().filter(is_listed);
    patterns.filter_map(|v| Some((v.value.clone(), v.why.clone()?))).collect()
}

/// Names patterns of a document, the first with its reason.
fn not_carried(document: &str, patterns: &[Listed]) -> Option<Problem> {
    let ((whole, why), others) = patterns.split_first()?;
    let pattern: String = whole.chars().take(120).collect();
    let cut = if pattern.len() < whole.len() { "…" } else { "" };
    let more = match others.len() {
        0 => String::new(),
        more => format!(" (and {more} more patterns)"),
    };
    let message =
        format!("the pattern `{pattern}{cut}` is not looked for as it stands: {why}{more}");
    Some(Problem::partial(document, ProblemKind::Unsupported, message))
}

/// Adds a file that holds one plain value a line and comments, nothing else, without making a
/// document and claims of it; `false`, and nothing added, for any other file.
fn add_plain_list(file: &Path, compiler: &mut Compiler) -> Result<bool, EngineError> {
    let failed = |source| EngineError::File { path: file.display().to_string(), source };
    if file.is_dir() || !all_plain(file, SAMPLE).map_err(failed)? {
        return Ok(false);
    }
    if !all_plain(file, usize::MAX).map_err(failed)? {
        return Ok(false);
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let source = compiler.source(OF_A_LIST, &format!("indicator of {name}"));
    each_line(file, usize::MAX, &mut |line| {
        if let Some(Line::Value(kind, value)) = plain_line(line) {
            compiler.add(kind, &value, source);
        }
        true
    })
    .map_err(failed)?;
    Ok(true)
}

/// Whether the first `lines` lines are values and comments, with at least two values.
fn all_plain(file: &Path, lines: usize) -> std::io::Result<bool> {
    let (mut values, mut others) = (0, 0);
    each_line(file, lines, &mut |line| {
        match plain_line(line) {
            Some(Line::Value(..)) => values += 1,
            Some(Line::Comment) => {}
            None => others += 1,
        }
        others == 0
    })?;
    Ok(others == 0 && values >= 2)
}

fn each_line(
    file: &Path,
    lines: usize,
    tell: &mut dyn FnMut(&[u8]) -> bool,
) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(256 << 10, File::open(file)?);
    let mut line = Vec::new();
    for _ in 0..lines {
        line.clear();
        let count = reader.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut line)?;
        if count == 0 || !tell(line.trim_ascii()) {
            break;
        }
    }
    Ok(())
}

enum Line<'l> {
    Comment,
    Value(Kind, std::borrow::Cow<'l, str>),
}

/// A line that has no other meaning than one value, written as it is normalised; `None` for all that
/// the reader of lists must look at.
fn plain_line(line: &[u8]) -> Option<Line<'_>> {
    if line.is_empty() || line.starts_with(b"#") {
        return Some(Line::Comment);
    }
    let text = std::str::from_utf8(line).ok().filter(|t| t.is_ascii() && t.len() < LONGEST)?;
    let bytes = text.as_bytes();
    if bytes.iter().all(u8::is_ascii_hexdigit) {
        let kind = match bytes.len() {
            32 => Kind::Md5,
            40 => Kind::Sha1,
            64 => Kind::Sha256,
            128 => Kind::Sha512,
            _ => return None,
        };
        return Some(Line::Value(kind, text.to_ascii_lowercase().into()));
    }
    if bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        let address: std::net::Ipv4Addr = text.parse().ok()?;
        // `192.0.2.010` and other spellings of a number are for the reader to judge.
        return (address.to_string() == text).then_some(Line::Value(Kind::Ipv4Addr, text.into()));
    }
    let entity = lapwing_read::single_value(text)?;
    // Written in another way, or more than a value: the reader knows.
    let same = entity.value.eq_ignore_ascii_case(text) && entity.kind.is_observable();
    same.then_some(Line::Value(entity.kind, entity.value.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(line: &str) -> Option<Kind> {
        match plain_line(line.as_bytes())? {
            Line::Value(kind, _) => Some(kind),
            Line::Comment => None,
        }
    }

    #[test]
    fn only_what_is_beyond_doubt_is_plain() {
        assert_eq!(kind_of("192.0.2.7"), Some(Kind::Ipv4Addr));
        assert_eq!(kind_of("evil.example"), Some(Kind::DomainName));
        assert_eq!(kind_of("http://evil.example/a.php?x=1"), Some(Kind::Url));
        assert_eq!(kind_of("me@evil.example"), Some(Kind::EmailAddr));
        assert_eq!(kind_of("0123456789ABCDEF0123456789abcdef"), Some(Kind::Md5));
        for line in ["192.0.2[.]7", "1.2.3", "some words", "evil.example # c2", "CVE-2021-26855"] {
            assert_eq!(kind_of(line), None, "{line}");
        }
    }

    #[test]
    fn a_plain_list_gives_what_the_reader_of_lists_gives() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list.txt");
        let hash = "0123456789abcdef0123456789abcdef";
        let lines = format!(
            "# a list\n192.0.2.7\nEvil.example\nhttp://evil.example/a\n{hash}\n\nme@evil.example\n"
        );
        std::fs::write(&list, &lines).unwrap();
        let engine = Engine::in_memory().unwrap();
        let mut fast = Compiler::default();
        assert!(add_plain_list(&list, &mut fast).unwrap());
        let mut slow = Compiler::default();
        engine.add_report(&list, &mut slow).unwrap();
        let text = "192.0.2.7 x.evil.example http://evil.example/a 0123456789abcdef0123456789abcdef me@evil.example";
        let (fast, slow) = (fast.finish(), slow.finish());
        assert_eq!(fast.len(), slow.len());
        assert_eq!(fast.find(text.as_bytes()), slow.find(text.as_bytes()));
        assert!(fast.find(text.as_bytes()).len() >= 5);
        std::fs::write(&list, format!("{lines}and then some words of a report\n")).unwrap();
        assert!(!add_plain_list(&list, &mut Compiler::default()).unwrap());
    }
}
