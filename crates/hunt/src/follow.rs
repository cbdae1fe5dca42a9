//! Logs that are still written: what is appended is read as it comes, through rotation and truncation.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lapwing_model::{Finding, Place, Problem, ProblemKind};
use xxhash_rust::xxh3::xxh3_128;

use crate::condition::Artifacts;
use crate::context::Context;
use crate::finding::cap_key;
use crate::hunt::{conclude, hunt_one};
use crate::input;
use crate::kind::{self, Heading};
use crate::report::Report;
use crate::rewritten::{self, Rewrite};
use crate::rotation;
use crate::served;
use crate::web_tree::WebTrees;
use crate::{Checks, Hunt, Matcher, Options, Progress};

/// Who follows: waits for more, and is told of findings as they come.
pub trait Follower {
    /// Waits until logs may have grown; `false` ends the hunt.
    fn wait(&mut self) -> bool;
    /// Is told of a finding, once.
    fn finding(&mut self, finding: &Finding);
}

/// Hunts as [`crate::hunt()`] does, then goes on with what is appended to the files, and with new files in
/// the folders, until `follower` ends it; then judges all of it together.
///
/// Logs of lines are read on from where they ended; what else changes (event logs, archives) is read
/// again, and only what is new in it is told.
pub fn follow(
    paths: &[PathBuf],
    matcher: &Matcher,
    checks: &Checks,
    options: &Options,
    progress: &dyn Progress,
    follower: &mut dyn Follower,
) -> Hunt {
    let options = &options.with_patterns(matcher);
    let nothing_yet = Artifacts::new();
    let ctx = Context::new(matcher, checks, options, progress, &nothing_yet, false);
    let mut following = Following {
        ctx,
        files: BTreeMap::new(),
        known: BTreeSet::new(),
        told: Told { seen: HashSet::new(), counts: HashMap::new() },
        missing: BTreeMap::new(),
    };
    loop {
        following.look(paths, follower);
        if !follower.wait() {
            break;
        }
    }
    following.look(paths, follower);
    following.end(follower);
    let mut all = Report::default();
    let Following { ctx, files, mut told, missing, .. } = following;
    let webs = ctx.webs;
    let mut names = Vec::with_capacity(files.len());
    let mut files: Vec<(PathBuf, Followed)> = files.into_iter().collect();
    files.sort_by(|a, b| rotation::order(&a.0, &b.0));
    let mut logs = Vec::new();
    for (path, followed) in files {
        if served::has_requests(&followed.report) {
            logs.push(path.clone());
        }
        names.push(path);
        all.add(followed.report, options);
    }
    all.problems.extend(missing.into_values());
    served::look(&mut all, &names, &logs, &webs, checks, options);
    let hunt = conclude(all, names, matcher, checks, options);
    for finding in &hunt.findings {
        told.tell(finding, options.max_findings_per_rule, follower);
    }
    hunt
}

/// Which file it is, whatever its name.
type Identity = (u64, u64);

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn identity(meta: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Some((meta.dev(), meta.ino()))
}

/// Elsewhere a file is known by its length alone.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
}

struct Following<'h> {
    ctx: Context<'h>,
    files: BTreeMap<PathBuf, Followed>,
    known: BTreeSet<Identity>,
    told: Told,
    /// What could not be opened; it may still come.
    missing: BTreeMap<String, Problem>,
}

/// One file that is followed.
struct Followed {
    file: File,
    identity: Option<Identity>,
    growth: Growth,
    report: Report,
}

/// How a file grows.
enum Growth {
    /// By lines: so much of it was read.
    Lines { heading: Heading, head: Vec<u8>, read: u64, lines: u64, rewrite: Option<Rewrite> },
    /// In any way: it is read again when its size or time changes.
    Whole { size: u64, modified: Option<SystemTime> },
}

/// Findings that were told, by their hashes: a log may be followed for months.
struct Told {
    seen: HashSet<u128>,
    counts: HashMap<u128, usize>,
}

impl Told {
    fn tell(&mut self, finding: &Finding, most: usize, follower: &mut dyn Follower) {
        let key = format!(
            "{:?}|{}|{}|{:?}|{}|{}|{}",
            finding.rule,
            finding.finding,
            finding.file,
            finding.place,
            finding.offset,
            finding.matched,
            // A log that was begun anew has other records at the same places.
            finding.evidence
        );
        if !self.seen.insert(xxh3_128(key.as_bytes())) {
            return;
        }
        let cap = format!("{:?}", cap_key(finding));
        let count = self.counts.entry(xxh3_128(cap.as_bytes())).or_default();
        *count += 1;
        if *count <= most {
            follower.finding(finding);
        }
    }
}

impl Following<'_> {
    /// Reads what is new in all files.
    fn look(&mut self, paths: &[PathBuf], follower: &mut dyn Follower) {
        let mut problems = Vec::new();
        let found = input::walk(paths, &mut input::Passed::default(), &mut problems);
        self.missing = problems.into_iter().map(|p| (p.path.clone(), p)).collect();
        let names: Vec<PathBuf> = self.files.keys().cloned().collect();
        for path in names {
            self.read_on(&path, follower);
        }
        if found.iter().any(|path| !self.files.contains_key(path)) {
            self.ctx = self.ctx.clone().with_webs(WebTrees::of(&found));
        }
        for path in found {
            self.open(&path, follower);
        }
    }

    /// Begins to follow a file, unless it is one that is followed under another name.
    fn open(&mut self, path: &Path, follower: &mut dyn Follower) {
        let opened = File::open(path).and_then(|file| file.metadata().map(|meta| (file, meta)));
        let (mut file, meta) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let name = path.display().to_string();
                let problem = Problem::fatal(&name, ProblemKind::Unreadable, error.to_string());
                self.missing.insert(name, problem);
                return;
            }
        };
        let identity = identity(&meta);
        let is_copy = self.is_rotated_copy(path);
        let report = match self.files.get_mut(path) {
            // The log was rotated away under its name, and this is the new one.
            Some(followed) if identity.is_some() && followed.identity != identity => {
                std::mem::take(&mut followed.report)
            }
            Some(_) => return,
            None if identity.is_some_and(|id| self.known.contains(&id)) => return,
            None if is_copy => return,
            None => Report::default(),
        };
        let mut head = vec![0; BEGINNING];
        let filled = input::fill(&mut file, &mut head).unwrap_or(0);
        head.truncate(filled);
        let growth = match kind::heading(&head).filter(|_| meta.is_file()) {
            Some(heading) => {
                let rewrite = rewritten::rewriting(&head);
                Growth::Lines { heading, head: Vec::new(), read: 0, lines: 0, rewrite }
            }
            None => Growth::Whole { size: u64::MAX, modified: None },
        };
        self.known.extend(identity);
        self.files.insert(path.to_owned(), Followed { file, identity, growth, report });
        self.read_on(path, follower);
    }

    /// Whether a new packed file is a part of a log that is followed.
    fn is_rotated_copy(&self, path: &Path) -> bool {
        rotation::packed_part_of(path)
            .is_some_and(|log| self.files.keys().any(|known| *known == log))
    }

    fn read_on(&mut self, path: &Path, follower: &mut dyn Follower) {
        let Some(followed) = self.files.get_mut(path) else { return };
        let Ok(meta) = followed.file.metadata() else { return };
        let name = path.display().to_string();
        let mut new = Report::default();
        match &mut followed.growth {
            Growth::Whole { size, modified } => {
                // The name may stand for another file by now.
                let now = path.metadata().unwrap_or(meta);
                if *size == now.len() && *modified == now.modified().ok() {
                    return;
                }
                (*size, *modified) = (now.len(), now.modified().ok());
                followed.report = hunt_one(&self.ctx, path);
                for finding in &followed.report.findings {
                    self.told.tell(finding, self.ctx.options.max_findings_per_rule, follower);
                }
                return;
            }
            Growth::Lines { heading, head, read, lines, rewrite } => {
                if meta.len() < *read {
                    // It was cut and begins anew.
                    (*read, *lines) = (0, 0);
                    head.clear();
                }
                if meta.len() == *read {
                    return;
                }
                let done = lines_of(
                    &self.ctx,
                    &mut followed.file,
                    &name,
                    meta.len(),
                    false,
                    &mut Tail { heading, head, read, lines, rewrite },
                    &mut new,
                );
                if let Err(error) = done {
                    input::failed(&name, &error, &mut new);
                }
            }
        }
        for finding in &new.findings {
            self.told.tell(finding, self.ctx.options.max_findings_per_rule, follower);
        }
        followed.report.add(new, self.ctx.options);
    }

    /// Reads the last lines, which have no end yet.
    fn end(&mut self, follower: &mut dyn Follower) {
        for (path, followed) in &mut self.files {
            let Growth::Lines { heading, head, read, lines, rewrite } = &mut followed.growth else {
                continue;
            };
            let Ok(meta) = followed.file.metadata() else { continue };
            let name = path.display().to_string();
            let mut new = Report::default();
            let mut tail = Tail { heading, head, read, lines, rewrite };
            if meta.len() > *tail.read
                && let Err(error) = lines_of(
                    &self.ctx,
                    &mut followed.file,
                    &name,
                    meta.len(),
                    true,
                    &mut tail,
                    &mut new,
                )
            {
                input::failed(&name, &error, &mut new);
            }
            for finding in &new.findings {
                self.told.tell(finding, self.ctx.options.max_findings_per_rule, follower);
            }
            followed.report.add(new, self.ctx.options);
        }
    }
}

/// Where a log of lines was left.
struct Tail<'t> {
    heading: &'t Heading,
    head: &'t mut Vec<u8>,
    read: &'t mut u64,
    lines: &'t mut u64,
    rewrite: &'t mut Option<Rewrite>,
}

/// Reads the whole lines up to `size` (with `last`, also what stands behind them), with the log's heading
/// before them.
fn lines_of(
    ctx: &Context<'_>,
    file: &mut File,
    name: &str,
    size: u64,
    last: bool,
    tail: &mut Tail<'_>,
    report: &mut Report,
) -> io::Result<()> {
    // An entry of the journal ends with a blank line.
    let mark: &[u8] = if matches!(tail.heading, Heading::Entries) { b"\n\n" } else { b"\n" };
    let end = if last { size } else { end_of_lines(file, *tail.read, size, mark)? };
    if end <= *tail.read {
        return Ok(());
    }
    if tail.rewrite.is_none() && *tail.read < BEGINNING as u64 {
        // What the log is may have been too short to tell.
        let mut beginning = vec![0; BEGINNING];
        file.seek(SeekFrom::Start(0))?;
        let filled = input::fill(file, &mut beginning)?;
        *tail.rewrite = rewritten::rewriting(&beginning[..filled]);
    }
    file.seek(SeekFrom::Start(*tail.read))?;
    let (head_bytes, head_lines) = (tail.head.len() as u64, count(tail.head));
    let mut piece = Watched {
        inner: (&mut *file).take(end - *tail.read),
        heading: tail.heading,
        head: tail.head.clone(),
        line: Vec::new(),
        lines: 0,
        at_start: *tail.read == 0,
    };
    let head = tail.head.clone();
    let mut whole = io::Cursor::new(head).chain(&mut piece);
    let modified = written(Path::new(name));
    let rewrite = *tail.rewrite;
    let about = input::About { name, modified, depth: 0, file: None, rewrite };
    input::open(ctx, &mut whole, about, report);
    // A place in what was read now is further down in the file.
    let (more_lines, more_bytes) = (*tail.lines, *tail.read);
    for finding in &mut report.findings {
        if let Some(Place::Line(line)) = &mut finding.place {
            *line = line.saturating_sub(head_lines) + more_lines;
        }
        if finding.place.is_some() {
            finding.offset = finding.offset.saturating_sub(head_bytes) + more_bytes;
        }
    }
    report.cast.move_lines((head_lines, more_lines), (head_bytes, more_bytes));
    for problem in &mut report.problems {
        let line = problem.place.as_deref().and_then(|place| place.strip_prefix("line "));
        if let Some(line) = line.and_then(|line| line.parse::<u64>().ok()) {
            problem.place = Some(format!("line {}", line.saturating_sub(head_lines) + more_lines));
        }
    }
    let lines = piece.lines;
    *tail.head = piece.head;
    *tail.lines += lines;
    *tail.read = end;
    Ok(())
}

/// So much of a file's beginning tells what it is.
const BEGINNING: usize = 8192;

/// When a file was written last.
fn written(path: &Path) -> Option<jiff::Timestamp> {
    jiff::Timestamp::try_from(path.metadata().ok()?.modified().ok()?).ok()
}

/// Where the last mark between two places ends.
fn end_of_lines(file: &mut File, from: u64, to: u64, mark: &[u8]) -> io::Result<u64> {
    let mut end = to;
    let mut piece = vec![0; 64 << 10];
    while end > from {
        let start = end.saturating_sub(piece.len() as u64).max(from);
        file.seek(SeekFrom::Start(start))?;
        let filled = input::fill(file, &mut piece[..(end - start) as usize])?;
        if let Some(at) = memchr::memmem::rfind(&piece[..filled], mark) {
            return Ok(start + (at + mark.len()) as u64);
        }
        // A mark may be cut by the piece's beginning.
        end = if start > from { start + mark.len() as u64 - 1 } else { from };
    }
    Ok(from)
}

fn count(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Counts lines while they are read, and keeps those that tell how later ones are to be read.
struct Watched<'w, R> {
    inner: R,
    heading: &'w Heading,
    head: Vec<u8>,
    line: Vec<u8>,
    lines: u64,
    /// Whether the next line is the first of the file.
    at_start: bool,
}

/// Heads are kept up to this length.
const HEAD: usize = 64 << 10;

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(to)?;
        for line in to[..read].split_inclusive(|b| *b == b'\n') {
            if self.line.len() < HEAD {
                self.line.extend_from_slice(line);
            }
            if line.ends_with(b"\n") {
                self.lines += 1;
                self.keep();
                self.line.clear();
                self.at_start = false;
            }
        }
        Ok(read)
    }
}

impl<R> Watched<'_, R> {
    fn keep(&mut self) {
        let directive = |line: &[u8]| {
            let end = line.iter().position(|b| matches!(b, b':' | b' ' | b'\t'));
            line[..end.unwrap_or(line.len())].to_ascii_lowercase()
        };
        let keep = match self.heading {
            Heading::None | Heading::Entries => false,
            Heading::FirstLine => self.at_start,
            // Up to the second rule of asterisks.
            Heading::Block => {
                let rules = self.head.split(|b| *b == b'\n').filter(|l| l.starts_with(b"*****"));
                rules.count() < 2
            }
            Heading::Directives => self.at_start || self.line.starts_with(b"#"),
        };
        if !keep || self.head.len() + self.line.len() > HEAD {
            return;
        }
        if matches!(self.heading, Heading::Directives) && self.line.starts_with(b"#") {
            // The latest of each name counts.
            let name = directive(&self.line);
            let kept: Vec<u8> = self
                .head
                .split_inclusive(|b| *b == b'\n')
                .filter(|line| !line.starts_with(b"#") || directive(line) != name)
                .flatten()
                .copied()
                .collect();
            self.head = kept;
        }
        self.head.extend_from_slice(&self.line);
    }
}
