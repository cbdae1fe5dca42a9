//! Folders from which a web server serves, wherever they lie: told by files that only such folders have, and by the
//! server's own settings. A script in them is a page, and is judged as one.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Files that stand in a folder that is served, or in one below it.
const MARKERS: &[&str] = &["web.config", "global.asax", ".htaccess", ".user.ini"];
/// Settings of servers that name the folders they serve.
const SETTINGS: &[&str] = &["applicationhost.config", "nginx.conf", "httpd.conf", "apache2.conf"];
/// Folders of such settings.
const SETTING_FOLDERS: &[&str] = &[
    "/sites-enabled/",
    "/sites-available/",
    "/conf.d/",
    "/vhosts.d/",
    "/nginx/",
    "/httpd/",
    "/apache2/",
];
/// Longest settings that are read, in bytes.
pub(crate) const LONGEST: u64 = 4 << 20;

/// Endings of files that a web server runs.
const SCRIPTS: &[&str] = &[
    "asa", "asax", "ascx", "ashx", "asmx", "asp", "aspx", "cer", "cfm", "cfml", "jsp", "jspx",
    "phar", "php", "php3", "php4", "php5", "php7", "pht", "phtml",
];

/// Folders that are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WebTrees {
    /// Where they lie, in lower case, with `/` at the end.
    folders: BTreeSet<String>,
    /// As settings name them, wherever the copy of the disk lies.
    named: BTreeSet<String>,
}

/// The members of archives that tell which folders are served, and those that may be pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// Names of scripts, as findings give them.
    pub scripts: Vec<String>,
    folders: BTreeSet<String>,
    named: BTreeSet<String>,
}

/// More scripts of archives than this are not kept.
const MOST_SCRIPTS: usize = 100_000;

impl Members {
    /// Takes a member by its name; `text` gives what stands in settings.
    pub(crate) fn note(&mut self, name: &str, text: impl FnOnce() -> Option<String>) {
        // The archive itself is a folder.
        let path = name.replace('!', "/");
        self.folders.extend(marked(&path));
        if is_script(name) && self.scripts.len() < MOST_SCRIPTS {
            self.scripts.push(name.to_owned());
        }
        if is_settings(&path)
            && let Some(text) = text()
        {
            self.named.extend(named(&text));
        }
    }

    pub(crate) fn add(&mut self, other: Members) {
        self.scripts.extend(other.scripts);
        self.folders.extend(other.folders);
        self.named.extend(other.named);
    }
}

fn normal(path: &str) -> String {
    path.replace(['\\', '!'], "/").to_lowercase()
}

/// A folder with `/` at its end; a whole disk is none.
fn of_its_own(folder: &str) -> Option<String> {
    let folder = folder.trim_end_matches('/');
    (!folder.is_empty() && !folder.ends_with(':')).then(|| format!("{folder}/"))
}

/// The folder that is served, when a file of this path tells so.
fn marked(path: &str) -> Option<String> {
    let path = normal(path);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if MARKERS.contains(&name) {
        return of_its_own(folder);
    }
    let descriptor = name == "web.xml" && folder.ends_with("/web-inf");
    of_its_own(folder.trim_end_matches("/web-inf")).filter(|_| descriptor)
}

/// Whether a file of this path is a server's own settings.
pub(crate) fn is_settings(path: &str) -> bool {
    let path = normal(path);
    let name = path.rsplit('/').next().unwrap_or(&path);
    SETTINGS.contains(&name)
        || name.strip_suffix(".conf").is_some() && SETTING_FOLDERS.iter().any(|f| path.contains(f))
}

/// Whether a file of this name is run when it is asked for.
pub(crate) fn is_script(path: &str) -> bool {
    let name = path.rsplit(['/', '\\', '!']).next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| SCRIPTS.contains(&ending.as_str()))
}

impl WebTrees {
    /// The folders that the markers and settings among `files` tell.
    pub(crate) fn of(files: &[PathBuf]) -> Self {
        let mut trees = Self::default();
        // Without a script nothing is judged by this.
        if !files.iter().any(|file| file.to_str().is_some_and(is_script)) {
            return trees;
        }
        for file in files {
            let path = file.to_string_lossy();
            trees.folders.extend(marked(&path));
            if is_settings(&path)
                && let Some(text) = read(file)
            {
                trees.named.extend(named(&text));
            }
        }
        trees
    }

    /// Adds what members of archives tell.
    pub(crate) fn add_members(&mut self, members: &Members) {
        self.folders.extend(members.folders.iter().cloned());
        self.named.extend(members.named.iter().cloned());
    }

    /// Adds a folder; a whole disk is none.
    fn add(&mut self, folder: &str) {
        self.folders.extend(of_its_own(folder));
    }

    /// Whether a file lies in such a folder.
    pub(crate) fn hold(&self, path: &str) -> bool {
        if self.folders.is_empty() && self.named.is_empty() {
            return false;
        }
        let path = normal(path);
        let ends = path.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at + 1);
        ends.into_iter().any(|end| self.folders.contains(&path[..end]))
            || self.named.iter().any(|folder| path.contains(folder.as_str()))
    }

    /// Takes a script for one that is served, where `url` (the path of an answered request) is the end of its path;
    /// gives whether it is.
    pub(crate) fn served(&mut self, file: &str, url: &str) -> bool {
        let (file, url) = (normal(file), normal(url.split(['?', ';']).next().unwrap_or(url)));
        let parts: Vec<&str> = url.split('/').filter(|part| !part.is_empty()).collect();
        let own: Vec<&str> = file.split('/').collect();
        let same = parts.iter().rev().zip(own.iter().rev()).take_while(|(a, b)| a == b).count();
        // The name alone is enough for a page at the top; else its folder has to be the same too.
        if same == 0 || same < parts.len().min(2) || same >= own.len() {
            return false;
        }
        self.add(&own[..own.len() - same].join("/"));
        true
    }
}

fn read(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Folders that settings of IIS, Apache and nginx name: `/sites/shop/`, without the drive.
fn named(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        let lower = line.to_ascii_lowercase();
        let quoted = |at: usize| line.get(at..).and_then(|rest| rest.split('"').nth(1));
        let word = |name: &str| {
            lower
                .starts_with(name)
                .then(|| line[name.len()..].trim().trim_end_matches(';').trim_matches('"'))
        };
        found.extend(lower.find("physicalpath=").and_then(quoted));
        found.extend(word("documentroot ").or_else(|| word("root ")));
    }
    let folders = found.into_iter().filter_map(|folder| {
        let folder = normal(folder);
        let bare = folder.split_once(':').map_or(folder.as_str(), |(_, rest)| rest);
        let bare = bare.strip_prefix("%systemdrive%").unwrap_or(bare).trim_end_matches('/');
        // `/srv` alone would be half of a disk.
        let deep =
            bare.starts_with('/') && bare.matches('/').count() >= 2 && !bare.contains(['%', '$']);
        deep.then(|| format!("{bare}/"))
    });
    folders.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checks, Matcher, Options, Silent, hunt};

    #[test]
    fn settings_name_the_folders_that_are_served() {
        let iis = "<virtualDirectory path=\"/\" physicalPath=\"D:\\Sites\\Shop\" />\n<x physicalPath=\"%SystemDrive%\\inetpub\\custerr\" />";
        assert_eq!(named(iis), ["/sites/shop/", "/inetpub/custerr/"]);
        assert_eq!(named("  DocumentRoot \"/srv/shop\"\n# DocumentRoot /a/b\n"), ["/srv/shop/"]);
        assert_eq!(named("server {\n  root /data/web;\n  root $x;\n root /;\n}"), ["/data/web/"]);
    }

    #[test]
    fn a_request_tells_where_pages_lie() {
        let mut trees = WebTrees::default();
        assert!(!trees.served("/e/d/site/up/x.php", "/other/x.php"));
        assert!(!trees.hold("/e/d/site/up/x.php"));
        assert!(trees.served("/e/d/Site/up/x.php", "/up/x.php?a=b"));
        assert!(trees.hold("/e/d/site/lib/y.php") && !trees.hold("/e/d/y.php"));
    }

    /// A page of no server's own folder, which runs what it is sent; the words are broken up, so that it is none here.
    fn shell() -> String {
        format!("<?php @{}al(${}['x']); ?>", "ev", "_POST")
    }

    fn found(root: &Path) -> bool {
        let options = Options { jobs: 1, file_times: false, ..Options::default() };
        let paths = [root.to_owned()];
        let found = hunt(&paths, &Matcher::default(), Checks::builtin(), &options, &Silent);
        found.findings.iter().any(|f| f.rule.as_deref() == Some("web.shell-content"))
    }

    #[test]
    fn a_script_in_a_tree_that_is_served_is_judged_as_a_page() {
        let put = |root: &Path, name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let plain = tempfile::tempdir().unwrap();
        put(plain.path(), "tools/up/x.php", &shell());
        put(plain.path(), "tools/notes.txt", "nothing");
        assert!(!found(plain.path()));
        for (name, text) in [
            ("tools/web.config", "<configuration/>"),
            ("tools/.htaccess", "Options -Indexes\n"),
            ("etc/nginx/nginx.conf", "root /x/tools;\nroot /data/tools;\n"),
            (
                "logs/access.log",
                "198.51.100.9 - - [03/Mar/2021:01:02:03 +0000] \"POST /up/x.php HTTP/1.1\" 200 5 \"-\" \"x\"\n",
            ),
        ] {
            let home = tempfile::tempdir().unwrap();
            let root = home.path().join("data");
            put(&root, "tools/up/x.php", &shell());
            put(&root, name, text);
            assert!(found(&root), "{name}");
        }
        // Turned away, it is not served.
        put(
            plain.path(),
            "logs/access.log",
            "198.51.100.9 - - [03/Mar/2021:01:02:03 +0000] \"POST /up/x.php HTTP/1.1\" 404 5 \"-\" \"x\"\n",
        );
        assert!(!found(plain.path()));
    }

    fn zip(path: &Path, members: &[(&str, &str)]) {
        use std::io::Write as _;
        let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
        for (name, text) in members {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
    }

    const REQUEST: &str = "198.51.100.9 - - [03/Mar/2021:01:02:03 +0000] \"POST /up/x.php HTTP/1.1\" 200 5 \"-\" \"x\"\n";

    #[test]
    fn pages_inside_of_archives_are_told_in_the_same_ways() {
        let shell = shell();
        let page = ("site/up/x.php", shell.as_str());
        for (others, is_page) in [
            (vec![], false),
            (vec![("site/notes.txt", "nothing")], false),
            // Another folder is served.
            (vec![("other/web.config", "<configuration/>")], false),
            (vec![("site/web.config", "<configuration/>")], true),
            (vec![("etc/nginx/nginx.conf", "root /x/site;\nroot /case/site;\n")], true),
            (vec![("logs/access.log", REQUEST)], true),
        ] {
            let home = tempfile::tempdir().unwrap();
            let root = home.path().join("case");
            std::fs::create_dir_all(&root).unwrap();
            // What tells it may stand before the page or behind it.
            let mut members = others.clone();
            members.push(page);
            zip(&root.join("a.zip"), &members);
            members.reverse();
            let settings = others.iter().any(|(name, _)| name.contains("nginx"));
            let is_page = is_page && !settings;
            assert_eq!(found(&root), is_page, "{others:?}");
            zip(&root.join("a.zip"), &members);
            assert_eq!(found(&root), is_page, "{others:?}");
        }
        // Settings name the folders of the disk that was packed.
        let home = tempfile::tempdir().unwrap();
        let settings = ("etc/nginx/nginx.conf", "root /srv/site;\n");
        zip(&home.path().join("a.zip"), &[settings, ("srv/site/up/x.php", &shell)]);
        assert!(found(home.path()));
        // The log may lie beside the archive.
        let home = tempfile::tempdir().unwrap();
        zip(&home.path().join("a.zip"), &[page]);
        assert!(!found(home.path()));
        std::fs::write(home.path().join("access.log"), REQUEST).unwrap();
        assert!(found(home.path()));
    }

    #[test]
    fn what_is_served_in_an_archive_is_told_once() {
        let shell = shell();
        let home = tempfile::tempdir().unwrap();
        let members = [
            ("site/web.config", "<configuration/>"),
            ("site/up/x.php", shell.as_str()),
            ("site/up/notes.txt", "evil.example"),
        ];
        zip(&home.path().join("a.zip"), &members);
        let listed = crate::Indicator::new(
            lapwing_model::Entity::new(lapwing_model::Kind::DomainName, "evil.example"),
            0.9,
            "a list",
        );
        let options = Options { jobs: 1, file_times: false, ..Options::default() };
        let paths = [home.path().to_owned()];
        let result =
            hunt(&paths, &Matcher::compile([listed]), Checks::builtin(), &options, &Silent);
        let of = |rule: Option<&str>| {
            result.findings.iter().filter(|f| f.rule.as_deref() == rule).count()
        };
        assert_eq!((of(Some("web.shell-content")), of(None)), (1, 1), "{:#?}", result.findings);
        assert!(result.folded.is_empty() && result.problems.is_empty());
        assert!(result.sighted.values().all(|seen| seen.records == 1));
    }
}
