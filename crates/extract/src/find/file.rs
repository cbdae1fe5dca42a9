//! File names and paths, registry keys.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use lapwing_model::{Kind, registry};

use super::{Finder, Shape};

/// Extensions of files that reports name.
const EXTENSIONS: &[&str] = &[
    "exe",
    "dll",
    "sys",
    "bat",
    "cmd",
    "ps1",
    "psm1",
    "vbs",
    "vbe",
    "js",
    "jse",
    "wsf",
    "hta",
    "lnk",
    "doc",
    "docx",
    "docm",
    "dotm",
    "xls",
    "xlsx",
    "xlsm",
    "xlsb",
    "xll",
    "ppt",
    "pptx",
    "pptm",
    "pdf",
    "rtf",
    "zip",
    "rar",
    "7z",
    "jar",
    "war",
    "apk",
    "ipa",
    "elf",
    "so",
    "dylib",
    "sh",
    "py",
    "pyc",
    "pl",
    "rb",
    "php",
    "asp",
    "aspx",
    "ashx",
    "asmx",
    "ascx",
    "jsp",
    "jspx",
    "cfm",
    "iso",
    "img",
    "vhd",
    "vhdx",
    "msi",
    "msix",
    "scr",
    "cpl",
    "ocx",
    "drv",
    "tmp",
    "dat",
    "bin",
    "db",
    "log",
    "txt",
    "cfg",
    "conf",
    "ini",
    "xml",
    "json",
    "yml",
    "yaml",
    "html",
    "htm",
    "css",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "bmp",
    "ico",
    "svg",
    "gz",
    "tgz",
    "tar",
    "bz2",
    "xz",
    "cab",
    "dmg",
    "pkg",
    "deb",
    "rpm",
    "plist",
    "pem",
    "key",
    "cer",
    "crt",
    "pfx",
    "ost",
    "pst",
    "eml",
    "msg",
    "ova",
    "one",
    "chm",
    "url",
    "reg",
    "inf",
    "job",
    "dmp",
    "evtx",
    "sql",
    "csv",
    "md",
    "rs",
    "go",
    "java",
    "class",
    "cpp",
    "cs",
    "vb",
    "pdb",
    "lib",
    "obj",
    "a",
    "o",
    "ko",
    "swf",
    "mp3",
    "mp4",
    "wav",
    "mov",
    "bak",
    "old",
    "config",
    "axd",
    "woff",
    "ttf",
    "onepkg",
    "yar",
    "yara",
    "dex",
    "odex",
    "sct",
    "mht",
    "vbproj",
    "csproj",
    "theme",
    "library-ms",
    "settingcontent-ms",
];

/// Whether a name ends in an extension of the list.
pub(super) fn is_file_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, ext)| {
        !stem.is_empty() && ext.len() <= 18 && is_extension(ext) && (ext.len() > 1)
    })
}

/// Whether `ext` is in the list, in any case.
fn is_extension(ext: &str) -> bool {
    static SET: LazyLock<HashSet<&str, FixedState>> =
        LazyLock::new(|| EXTENSIONS.iter().copied().collect());
    if ext.bytes().any(|b| b.is_ascii_uppercase()) {
        SET.contains(ext.to_ascii_lowercase().as_str())
    } else {
        SET.contains(ext)
    }
}

/// Folders at the root of Unix systems.
const UNIX_ROOTS: &[&str] = &[
    "etc",
    "tmp",
    "var",
    "usr",
    "home",
    "opt",
    "bin",
    "sbin",
    "root",
    "dev",
    "lib",
    "lib64",
    "mnt",
    "data",
    "sdcard",
    "proc",
    "run",
    "srv",
    "sys",
    "boot",
    "media",
    "Library",
    "Users",
    "Applications",
    "System",
    "private",
    "Volumes",
];

/// Folders with blanks in their names that Windows and Exchange have; longer names before their begins.
const FOLDERS_WITH_BLANKS: &[&str] = &[
    "Program Files (x86)",
    "Program Files",
    "Documents and Settings",
    "Common Files",
    "Start Menu",
    "Application Data",
    "Local Settings",
    "Temporary Internet Files",
    "All Users",
    "Default User",
    "My Documents",
    "Internet Explorer",
    "Windows Defender",
    "Windows NT",
    "Microsoft Shared",
    "Web Server Extensions",
    "Exchange Server",
    "System Volume Information",
    "User Data",
];

/// Longest path or key that is read, in bytes.
const LONGEST_PATH: usize = 520;

impl Finder<'_> {
    /// A path with backslashes, a UNC path or a registry key.
    pub(super) fn windows_path(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        if self.is_escaped(start, end) {
            return false;
        }
        if let Some((at, root, long)) = registry::ROOTS
            .iter()
            .find_map(|(short, long)| find_root(run, short).map(|at| (at, *short, *long)))
        {
            let from = start + at;
            let stop = self.path_end(from, end);
            let text = self.text[from..stop].trim_end_matches(['.', ',', ':', '\\', '-']);
            // `[HKEY_…\Marsh]`, as exports of the registry write keys.
            let text = match text.strip_suffix(']') {
                Some(bare) if !bare.contains('[') => bare,
                _ => text,
            };
            let tail = text[root.len()..].trim_start_matches(':');
            self.push(
                Kind::WindowsRegistryKey,
                format!("{long}{tail}"),
                from,
                from + text.len(),
                Shape::Plain,
            );
            return true;
        }
        let drive = run.find(":\\").filter(|i| {
            *i > 0
                && run.as_bytes()[i - 1].is_ascii_alphabetic()
                && (*i == 1 || !run.as_bytes()[i - 2].is_ascii_alphanumeric())
        });
        let from = if let Some(colon) = drive {
            start + colon - 1
        } else if run.starts_with("\\\\")
            || (run.starts_with('%') && run[1..].contains("%\\"))
            || run.starts_with("~\\")
            || run.starts_with('$')
            || (run.starts_with('\\') && run[1..].contains('\\'))
        {
            start
        } else if let Some(percent) = run.find('%').filter(|i| run[i + 1..].contains("%\\")) {
            start + percent
        } else {
            return self.tail_of_path(start, end);
        };
        let stop = self.path_end(from, end);
        let text = self.text[from..stop].trim_end_matches(['.', ',', ':', '-', ' ']);
        if text.len() < 4 || !text.bytes().any(|b| b.is_ascii_alphanumeric()) {
            return false;
        }
        let stop = from + text.len();
        let shown = unescaped(text);
        let text = shown.as_ref();
        if text.starts_with("\\\\.\\pipe\\") || text.to_ascii_lowercase().starts_with("\\pipe\\") {
            self.push(Kind::NamedPipe, text, from, stop, Shape::Plain);
        } else {
            self.push(Kind::FilePath, text, from, stop, Shape::Plain);
        }
        true
    }

    /// Whether each backslash of a run begins an escape of a pattern or a string, and none a folder: `Host\x3a\x20`,
    /// `\d+\.php`, `\r\n`.
    fn is_escaped(&self, start: usize, end: usize) -> bool {
        let mut all = self.bytes[start..end].iter().enumerate().filter(|(_, b)| **b == b'\\');
        let hex = |at: usize| self.byte(at).is_ascii_hexdigit();
        let escape = |at: usize| match self.byte(at) {
            // Folders of programs for two sorts of processor are called `x64` and `x86`.
            b'x' => {
                hex(at + 1)
                    && hex(at + 2)
                    && !matches!(
                        (self.byte(at + 1), self.byte(at + 2)),
                        (b'6', b'4') | (b'8', b'6')
                    )
            }
            b'd' | b'D' | b'w' | b'W' | b's' | b'S' | b'b' | b'n' | b'r' | b't' => {
                !(self.byte(at + 1).is_ascii_alphanumeric()
                    || matches!(self.byte(at + 1), b'-' | b'_' | b'.' | b':' | b' '))
            }
            b'/' | b'[' | b']' | b'(' | b')' | b'{' | b'}' | b'+' | b'*' | b'?' | b'^' | b'|'
            | b'-' => true,
            _ => false,
        };
        let dots = |at: usize| self.byte(at) == b'.';
        let mut certain = 0;
        for (i, _) in all.by_ref() {
            match start + i + 1 {
                at if escape(at) => certain += 1,
                // In the middle `\.` alone may be how a report defangs.
                at if dots(at) => certain += usize::from(i == 0),
                _ => return false,
            }
        }
        certain > 0
    }

    /// `folder\file.exe` without a root; `DOMAIN\user` is nothing.
    fn tail_of_path(&mut self, start: usize, end: usize) -> bool {
        let text = self.text[start..end].trim_end_matches(['.', ',', ':', '-', '\\']);
        if text.contains('/') || text.contains(':') || text.contains('@') || text.starts_with('\\')
        {
            return false;
        }
        // The namespace of kernel objects that all sessions see: no folder is called so.
        if let Some(name) = text.strip_prefix("Global\\").map(|name| name.trim_start_matches('\\'))
            && name.len() > 2
            && !name.contains('\\')
        {
            self.push(
                Kind::Mutex,
                format!("Global\\{name}"),
                start,
                start + text.len(),
                Shape::Plain,
            );
            return true;
        }
        let depth = text.bytes().filter(|b| *b == b'\\').count();
        let last = text.rsplit('\\').next().unwrap_or_default();
        if depth == 0 || !(is_file_name(last) || depth >= 2) || text.len() > LONGEST_PATH {
            return false;
        }
        self.push(Kind::FilePath, text, start, start + text.len(), Shape::Plain);
        true
    }

    /// Where the path from `from` ends: blanks belong to it when a backslash or a file extension
    /// follows soon.
    fn path_end(&self, from: usize, run_end: usize) -> usize {
        let mut end = run_end;
        loop {
            // Bytes that no run holds, but paths do.
            while matches!(
                self.byte(end),
                b'{' | b'}' | b'*' | b'!' | b'=' | b'&' | b'#' | b'[' | b']'
            ) || self.byte(end).is_ascii_alphanumeric()
                || matches!(
                    self.byte(end),
                    b'\\' | b'.' | b'-' | b'_' | b'%' | b'$' | b'~' | b'+' | b'@' | b'/'
                )
                || (matches!(self.byte(end), b'(' | b')')
                    && self.byte(end + 1).is_ascii_alphanumeric() | (self.byte(end + 1) == b'\\'))
            {
                end += 1;
            }
            if let Some(len) =
                self.placeholder(end).filter(|_| end > from && end - from < LONGEST_PATH)
            {
                end += len;
                continue;
            }
            if self.byte(end) != b' ' || end - from > LONGEST_PATH || end >= self.bytes.len() {
                break;
            }
            // "… Run\\Heron. Global\\Mutex": a sentence ends there.
            if matches!(self.before(end), b'.' | b',' | b';' | b':') {
                break;
            }
            let Some(len) = self
                .blank_belongs(end)
                .map(|len| 1 + len)
                .or_else(|| self.known_folder(end))
                .or_else(|| self.titled_file(end))
            else {
                break;
            };
            end += len;
        }
        self.quoted_end(from, end).unwrap_or(end)
    }

    /// How much further the path goes where its last folder so far is the begin of one with blanks that every
    /// Windows has, and no backslash follows.
    fn known_folder(&self, end: usize) -> Option<usize> {
        let from = self.text[..end].rfind('\\')? + 1;
        FOLDERS_WITH_BLANKS.iter().find_map(|name| {
            let found = self.text.get(from..from + name.len())?;
            let whole = !self.byte(from + name.len()).is_ascii_alphanumeric();
            (from + name.len() > end && whole && found.eq_ignore_ascii_case(name))
                .then(|| from + name.len() - end)
        })
    }

    /// How far it is to the end of a file's name of two or three words that begin with capitals (`Foo Bar.exe`), the
    /// first of which the path has reached.
    fn titled_file(&self, end: usize) -> Option<usize> {
        let from = self.text[..end].rfind('\\')? + 1;
        let titled = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
        if !titled(&self.text[from..end]) || self.is_file_end(end) {
            return None;
        }
        let line = self.text[end + 1..].split(['\n', '\r', '\t', '\\']).next()?;
        let mut len = 0;
        for word in line.split(' ').take(2) {
            let bare =
                word.trim_end_matches(['.', ',', ';', ':', ')', '"', '\'', '`', '”', '’', '»']);
            if !titled(bare) {
                return None;
            }
            len += 1 + bare.len();
            if is_file_name(bare) {
                return Some(len);
            }
            if bare != word {
                return None;
            }
        }
        None
    }

    /// Where a path within quotation marks ends, if that is further: at the closing mark, unless a program with its
    /// arguments stands there.
    fn quoted_end(&self, from: usize, end: usize) -> Option<usize> {
        let close = match self.text[..from].chars().next_back()? {
            mark @ ('"' | '\'' | '`') => mark,
            '“' => '”',
            '„' => '“',
            '‘' => '’',
            '«' => '»',
            _ => return None,
        };
        if self.byte(end) != b' ' || self.is_file_end(end) {
            return None;
        }
        let rest = self.text[end..].split(['\n', close]).next()?;
        let closed = self.text[end + rest.len()..].starts_with(close);
        let others = ['<', '>', '|', '*', '?', '"', ':', ',', ';'];
        if !closed
            || rest.len() > 120
            || rest.contains(others)
            || rest.contains(" /")
            || rest.contains(" -")
        {
            return None;
        }
        let last = rest.trim_end_matches('\\').rsplit('\\').next()?;
        let mut words = last.split(' ').filter(|word| !word.is_empty());
        let named = words.clone().next_back().is_some_and(is_file_name);
        let titled = words.clone().count() <= 3
            && words.all(|word| word.starts_with(|c: char| !c.is_lowercase()));
        (named || titled).then_some(end + rest.len())
    }

    /// The length of `<user>` or the like, in the place of a folder: a backslash stands on both sides.
    fn placeholder(&self, at: usize) -> Option<usize> {
        if self.byte(at) != b'<' || at == 0 || self.byte(at - 1) != b'\\' {
            return None;
        }
        let window = &self.bytes[at + 1..self.bytes.len().min(at + 40)];
        let len = window.iter().position(|b| {
            !(b.is_ascii_alphanumeric() || matches!(b, b' ' | b'.' | b'-' | b'_' | b'%'))
        })?;
        (len > 0 && window[len..].starts_with(b">\\")).then_some(len + 2)
    }

    /// How far it is to the next backslash, where the blank at `at` stands inside a path: it comes
    /// within three words.
    fn blank_belongs(&self, at: usize) -> Option<usize> {
        let window = &self.bytes[at + 1..self.bytes.len().min(at + 48)];
        let len = window.iter().position(|b| {
            !(b.is_ascii_alphanumeric()
                || *b >= 0x80
                || matches!(b, b' ' | b'.' | b'-' | b'_' | b'(' | b')' | b'&'))
        })?;
        if window[len] != b'\\' || len == 0 || window[0] == b' ' {
            return None;
        }
        let words: Vec<&[u8]> = window[..len].split(|b| *b == b' ').collect();
        let stops: [&[u8]; 9] =
            [b"and", b"or", b"to", b"in", b"from", b"under", b"into", b"at", b"as"];
        let belongs = words.len() <= 3
            && !words.iter().any(|w| w.is_empty() || stops.contains(w) || w.starts_with(b"HK"))
            && !self.is_file_end(at);
        belongs.then_some(len)
    }

    /// Whether the name that ends at `at` has a file extension: the path ends there.
    fn is_file_end(&self, at: usize) -> bool {
        let from = at.saturating_sub(24);
        let tail = self.bytes.get(from..at).unwrap_or_default();
        let name = tail.rsplit(|b| matches!(b, b'\\' | b' ')).next().unwrap_or_default();
        std::str::from_utf8(name).is_ok_and(is_file_name)
    }

    /// `/etc/passwd`, `/owa/auth/x.aspx`.
    pub(super) fn unix_path(&mut self, start: usize, end: usize) -> bool {
        if self.before(start) == b'<'
            || self.before(start).is_ascii_alphanumeric()
            || self.before(start) >= 0x80
        {
            return false;
        }
        let text = self.text[start..end].trim_end_matches(['.', ',', ':', '-', '/']);
        if text.len() < 4 || text.len() > LONGEST_PATH || text.starts_with("//") {
            return false;
        }
        let mut parts = text[1..].split('/');
        let root = parts.next().unwrap_or_default();
        let last = text.rsplit('/').next().unwrap_or_default();
        let depth = text.bytes().filter(|b| *b == b'/').count();
        if !(UNIX_ROOTS.contains(&root) && depth >= 2 || is_file_name(last)) {
            return false;
        }
        self.push(Kind::FilePath, text, start, start + text.len(), Shape::Plain);
        true
    }

    /// `folder/file.exe`: the file name counts, the folder is context.
    pub(super) fn relative_path(&mut self, start: usize, end: usize) -> bool {
        let text = self.text[start..end].trim_end_matches(['.', ',', '-', '/']);
        let Some((_, last)) = text.rsplit_once('/') else { return false };
        if !is_file_name(last)
            || text.contains("//")
            || text.contains('%')
            || self.byte(end) == b'('
        {
            return false;
        }
        // Names listed with slashes (`a.exe/b.exe`) are several.
        if text.split('/').filter(|part| is_file_name(part)).count() > 1 {
            return false;
        }
        self.push(Kind::FilePath, text, start, start + text.len(), Shape::Plain);
        true
    }
}

/// A path of a program's source (`C:\\\\Temp\\\\a.exe`), in which each backslash is written twice, as it is meant.
pub(super) fn unescaped(path: &str) -> Cow<'_, str> {
    let mut runs = path.split(|c| c != '\\').filter(|run| !run.is_empty());
    let twice = runs.clone().any(|run| run.len() == 2) && runs.all(|run| run.len() % 2 == 0);
    // `\\\\host` begins with two of its own.
    let inner = path.trim_start_matches('\\').contains("\\\\");
    if twice && inner { Cow::Owned(path.replace("\\\\", "\\")) } else { Cow::Borrowed(path) }
}

/// Where a registry root followed by a backslash starts in `run`.
fn find_root(run: &str, root: &str) -> Option<usize> {
    let at = run.find(root)?;
    let after = run[at + root.len()..].trim_start_matches(':');
    (after.starts_with('\\') && !run[..at].ends_with(|c: char| c.is_ascii_alphanumeric()))
        .then_some(at)
}
