//! Known-good files: a manifest of a clean server or a public list of hashes, and what differs from it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lapwing_model::{Confidence, Finding, FindingKind, Problem, ProblemKind, Proof, Severity};
use md5::Md5;
use rayon::prelude::*;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::file::hex;
use crate::given;
use crate::input;
use crate::record::shorten;
use crate::scan::Scan;

const HEADER: &str = "# lapwing baseline 1";
const NEWEST: &str = "# newest file: ";
/// Longest line of a list in bytes; what is longer is no line of hashes.
const LONGEST: u64 = 64 << 10;

/// What files a clean server has.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// First halves of MD5, SHA-1 and SHA-256 values, sorted: enough to tell, and small for long lists.
    known: Vec<[u8; 16]>,
    /// Names below the folder of the manifest, in lower case.
    paths: BTreeSet<String>,
    /// Which hashes the lists give.
    has: Has,
    /// The time of the newest file of the manifest.
    newest: Option<Timestamp>,
    /// What could not be used of the lists.
    problems: Vec<Problem>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Has {
    md5: bool,
    sha1: bool,
    sha256: bool,
}

impl Baseline {
    /// Writes the manifest of a folder of a clean server: what `sha256sum` writes, with a head.
    ///
    /// Gives the number of files, and what could not be read.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(root: &Path, out: &mut dyn Write) -> io::Result<(u64, Vec<Problem>)> {
        let mut problems = Vec::new();
        let files = input::walk(&[root.to_owned()], &mut input::Passed::default(), &mut problems);
        let is_file = |path: &&PathBuf| std::fs::symlink_metadata(path).is_ok_and(|m| m.is_file());
        let files: Vec<&PathBuf> = files.iter().filter(is_file).collect();
        let hashed: Vec<io::Result<(String, Option<Timestamp>)>> =
            files.par_iter().map(|path| hash_of(path)).collect();
        let mut lines = Vec::new();
        let mut newest = None;
        for (path, result) in files.into_iter().zip(hashed) {
            match result {
                Ok((hash, modified)) => {
                    newest = newest.max(modified);
                    let below = path.strip_prefix(root).ok().filter(|p| !p.as_os_str().is_empty());
                    let name =
                        below.map_or_else(|| path.file_name().unwrap_or_default(), Path::as_os_str);
                    lines.push((name.to_string_lossy().replace('\\', "/"), hash));
                }
                Err(error) => {
                    let name = path.display().to_string();
                    problems.push(Problem::fatal(name, ProblemKind::Unreadable, error.to_string()));
                }
            }
        }
        lines.sort();
        writeln!(out, "{HEADER}")?;
        if let Some(newest) = newest {
            writeln!(out, "{NEWEST}{newest}")?;
        }
        for (name, hash) in &lines {
            // A line break in a name would make two lines of one.
            writeln!(out, "{hash}  {}", name.replace(['\n', '\r'], "\u{fffd}"))?;
        }
        Ok((lines.len() as u64, problems))
    }

    /// Loads manifests and lists of hashes: what [`Baseline::write`] and `sha256sum` write, and any text or CSV with
    /// MD5, SHA-1 or SHA-256 values (NSRL, hashdeep, one a line). A file that cannot be read or holds no hash is named
    /// in [`Baseline::problems`].
    pub fn load(files: &[PathBuf]) -> Self {
        let mut all = Self::default();
        for path in files {
            let before = all.known.len();
            let problem = match all.read(path) {
                _ if path.is_dir() => Problem::fatal(
                    path.display().to_string(),
                    ProblemKind::UnknownFormat,
                    "it is a folder",
                )
                .hint("`lapwing baseline FOLDER -o FILE` makes a list of a clean server's files"),
                Err(error) => given::unreadable(path, &error),
                Ok(()) if all.known.len() == before => {
                    let what = "MD5, SHA-1 or SHA-256 value";
                    given::empty(path, what, "")
                        .hint("`lapwing baseline FOLDER -o FILE` makes a list")
                }
                Ok(()) => continue,
            };
            all.problems.push(problem);
        }
        all.known.sort_unstable();
        all.known.dedup();
        all
    }

    fn read(&mut self, path: &Path) -> io::Result<()> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            self.add(&String::from_utf8_lossy(&line));
        }
    }

    /// Whether no known-good file is listed.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Lists that are not used, or not to their end.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn add(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(comment) = line.strip_prefix('#') {
            let time = line.strip_prefix(NEWEST).unwrap_or(comment).trim().parse().ok();
            self.newest = self.newest.max(time);
            return;
        }
        for word in line.split(|c: char| !c.is_ascii_alphanumeric()) {
            let Some(half) = half_of(word) else { continue };
            match word.len() {
                32 => self.has.md5 = true,
                40 => self.has.sha1 = true,
                _ => self.has.sha256 = true,
            }
            self.known.push(half);
        }
        if let Some((hash, name)) = line.split_once([' ', '\t'])
            && half_of(hash).is_some()
        {
            let name = name.trim_start_matches([' ', '*', '\t']).replace('\\', "/");
            let name = name.trim_start_matches("./").to_lowercase();
            if !name.is_empty() && half_of(&name).is_none() {
                self.paths.insert(name);
            }
        }
    }

    fn knows(&self, bytes: &[u8]) -> bool {
        let is = |hash: &[u8]| {
            <[u8; 16]>::try_from(&hash[..16])
                .is_ok_and(|half| self.known.binary_search(&half).is_ok())
        };
        self.has.sha256 && is(&Sha256::digest(bytes))
            || self.has.sha1 && is(&Sha1::digest(bytes))
            || self.has.md5 && is(&Md5::digest(bytes))
    }

    /// Whether the manifest has a file of this path, whatever folder stands above.
    fn has_path(&self, path: &str) -> bool {
        let path = path.to_lowercase();
        let starts =
            path.char_indices().filter(|(_, c)| matches!(c, '/' | '!')).map(|(at, _)| at + 1);
        std::iter::once(0).chain(starts).any(|start| self.paths.contains(&path[start..]))
    }
}

/// The first half of a hash that is long enough to be one.
fn half_of(word: &str) -> Option<[u8; 16]> {
    if !matches!(word.len(), 32 | 40 | 64) || !word.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut half = [0; 16];
    for (at, byte) in half.iter_mut().enumerate() {
        *byte = u8::from_str_radix(word.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(half)
}

fn hash_of(path: &Path) -> io::Result<(String, Option<Timestamp>)> {
    let mut file = File::open(path)?;
    let modified = file.metadata()?.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hex(&hash.finalize()), modified)),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a file of this kind can do on a web server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Risk {
    /// The server runs it when it is asked for.
    Script,
    /// It is loaded, or steers the server.
    Code,
    /// What attackers put there to fetch it.
    Loot,
    Other,
}

const SCRIPTS: [&str; 27] = [
    "asa", "ascx", "ashx", "asmx", "asp", "aspx", "cdx", "cer", "cfm", "cgi", "cshtml", "jsp",
    "jspf", "jspx", "master", "phar", "php", "php3", "php4", "php5", "php7", "phtml", "pl",
    "shtml", "soap", "svc", "vbhtml",
];
const CODE: [&str; 14] = [
    "bat", "cmd", "config", "dll", "exe", "hta", "htaccess", "ini", "jar", "ps1", "py", "sh",
    "vbs", "war",
];
const LOOT: [&str; 10] = ["7z", "cab", "dmp", "gz", "mdmp", "ost", "pst", "rar", "tar", "zip"];
const ROOTS: [&str; 11] = [
    "inetpub/wwwroot/",
    "/wwwroot/",
    "frontend/httpproxy/",
    "/clientaccess/",
    "aspnet_client/",
    "owa/auth/",
    "ecp/auth/",
    "/var/www/",
    "/htdocs/",
    "/public_html/",
    "/webapps/",
];
/// Folders in which attackers leave pages, because everybody may read them or a server may write there.
const DROPS: [&str; 9] = [
    "aspnet_client/",
    "owa/auth/",
    "ecp/auth/",
    "/upload",
    "/images/",
    "/temp/",
    "/tmp/",
    "/cache/",
    "/app_themes/",
];

fn risk(path: &str) -> Risk {
    let name = path.rsplit(['/', '!']).next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_in = |list: &[&str]| list.contains(&extension);
    match () {
        () if is_in(&SCRIPTS) => Risk::Script,
        () if is_in(&CODE) => Risk::Code,
        () if is_in(&LOOT) => Risk::Loot,
        () => Risk::Other,
    }
}

/// Compares a file that was read whole with the known-good files.
pub(crate) fn compare(scan: &mut Scan<'_, '_>, bytes: &[u8], modified: Option<Timestamp>) {
    let Some(baseline) = scan.ctx.baseline() else { return };
    let lower = scan.name.replace('\\', "/").to_lowercase();
    let risk = risk(&lower);
    let root = ROOTS.iter().filter_map(|root| lower.find(root)).min();
    let in_root = root.is_some();
    let is_known_path = baseline.has_path(&lower);
    if !(in_root || is_known_path || risk == Risk::Script)
        || !scan.in_period(modified)
        || baseline.knows(bytes)
    {
        return;
    }
    let below = root.map_or("", |at| &lower[at..]);
    let is_drop = DROPS.iter().any(|drop| below.contains(drop));
    let is_newer = modified > baseline.newest && baseline.newest.is_some();
    let severity = match risk {
        Risk::Script if in_root || is_known_path => Severity::High,
        Risk::Code | Risk::Loot if is_drop && is_newer => Severity::High,
        Risk::Script | Risk::Code | Risk::Loot => Severity::Medium,
        Risk::Other => Severity::Low,
    };
    let (rule, title, what) = if is_known_path {
        (
            "baseline-changed-file",
            "File differs from the baseline",
            "the baseline has a file of this path with another content",
        )
    } else {
        (
            "baseline-unknown-file",
            "File is not in the baseline",
            "neither its path nor its content is in the baseline",
        )
    };
    let kind = match risk {
        Risk::Script => "; the web server runs files of this kind when they are asked for",
        Risk::Code => "; files of this kind are loaded or steer the server",
        Risk::Loot => "; attackers put files of this kind there to fetch them",
        Risk::Other => "",
    };
    let place = if is_drop { "; it lies where attackers leave pages" } else { "" };
    let when = match (modified, baseline.newest) {
        (Some(_), Some(newest)) if is_newer => {
            format!("; changed after the newest file of the baseline ({newest})")
        }
        (Some(_), Some(_)) => {
            "; its time is within the baseline's, and times can be forged".to_owned()
        }
        _ => String::new(),
    };
    let sha256 = hex(&Sha256::digest(bytes));
    scan.add(Finding {
        finding: title.to_owned(),
        rule: Some(rule.to_owned()),
        file: scan.name.to_owned(),
        place: None,
        offset: 0,
        time: modified,
        matched: shorten(lower.rsplit(['/', '!']).next().unwrap_or(&lower), 300),
        kind: FindingKind::Check,
        technique: (risk == Risk::Script).then(|| "T1505.003".to_owned()),
        severity,
        confidence: Confidence::percent(if risk == Risk::Script { 60 } else { 40 }),
        proof: Proof::Contact,
        why: format!("{what}{kind}{place}{when}"),
        evidence: format!(
            "file {}, {} bytes, sha256 {sha256}",
            shorten(scan.name, 300),
            bytes.len()
        ),
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Checks, Matcher, Options, Silent, hunt};

    fn put(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn manifest(root: &Path) -> String {
        let mut out = Vec::new();
        let (count, problems) = Baseline::write(root, &mut out).unwrap();
        assert!(problems.is_empty() && count > 0, "{problems:?}");
        String::from_utf8(out).unwrap()
    }

    fn found(baseline: &str, tree: &Path) -> Vec<(String, String, Severity)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), baseline).unwrap();
        let baseline = Baseline::load(&[file.path().to_owned()]);
        let options = Options { baseline: Some(Arc::new(baseline)), ..Options::default() };
        let result =
            hunt(&[tree.to_owned()], &Matcher::default(), Checks::builtin(), &options, &Silent);
        let of_baseline =
            |f: &Finding| f.rule.as_deref().is_some_and(|r| r.starts_with("baseline-"));
        let mut found: Vec<_> = result
            .findings
            .into_iter()
            .filter(of_baseline)
            .map(|f| (f.rule.unwrap_or_default(), f.matched, f.severity))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn a_tree_is_compared_with_a_clean_one_wherever_it_lies() {
        let clean = tempfile::tempdir().unwrap();
        let hit = tempfile::tempdir().unwrap();
        for root in [clean.path().to_owned(), hit.path().join("evidence/C/inetpub/wwwroot")] {
            put(&root, "aspnet_client/Known.aspx", "[page]");
            put(&root, "web.config", "<configuration/>");
            put(&root, "style.css", "body {}");
        }
        let root = hit.path().join("evidence/C/inetpub/wwwroot");
        put(&root, "aspnet_client/new.aspx", "[body removed]");
        put(&root, "web.config", "<configuration changed='1'/>");
        put(&root, "logo.png", "[image]");
        put(hit.path(), "elsewhere/notes.txt", "not in a web root");
        let baseline = manifest(clean.path());
        assert!(baseline.starts_with(HEADER), "{baseline}");
        assert_eq!(manifest(clean.path()), baseline);
        let expected = [
            ("baseline-changed-file", "web.config", Severity::Medium),
            ("baseline-unknown-file", "logo.png", Severity::Low),
            ("baseline-unknown-file", "new.aspx", Severity::High),
        ];
        let found = found(&baseline, hit.path());
        let found: Vec<_> = found.iter().map(|(r, m, s)| (r.as_str(), m.as_str(), *s)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lists_of_hashes_of_any_layout_are_known_good() {
        let tree = tempfile::tempdir().unwrap();
        put(tree.path(), "wwwroot/x.aspx", "[page]");
        let (md5, sha1) = (hex(&Md5::digest(b"[page]")), hex(&Sha1::digest(b"[page]")));
        let other = "0".repeat(40);
        for list in [
            format!(
                "\"SHA-1\",\"MD5\",\"FileName\"\n\"{}\",\"{md5}\",\"x.aspx\"\n",
                other.to_uppercase()
            ),
            format!(
                "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n6,{md5},{},/x\n",
                "1".repeat(64)
            ),
            format!("SHA1 (x.aspx) = {sha1}\n"),
            sha1.to_uppercase(),
        ] {
            assert_eq!(found(&list, tree.path()), [], "{list}");
        }
        assert_eq!(found(&other, tree.path()).len(), 1);
        let empty = tree.path().join("empty.txt");
        std::fs::write(&empty, "no hashes here\n").unwrap();
        let none = Baseline::load(&[empty, tree.path().to_owned(), tree.path().join("gone")]);
        assert!(none.is_empty());
        assert_eq!(none.problems().len(), 3, "{:?}", none.problems());
    }
}
