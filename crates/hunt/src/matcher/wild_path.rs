//! Paths in which a part stands for any: `C:\Users\<user>\x.dat`, `C:\Users\*\x.dat`, `%APPDATA%\x.dat`, `$HOME/x.sh`;
//! and the names of pipes, whose beginning every log writes in its own way.
//!
//! A part that stands for any is one folder, whatever its name; the name of a well-known place is any of the folders
//! that it stands for. Such a path is found by its last part, as all others, and then read backwards. One whose last
//! part says too little (`C:\Users\<user>\<random>.exe`) is looked for as it is written, and nothing else.

use lapwing_model::{Kind, registry};

use super::classes::is_token_byte;
use super::places;

/// Bytes of a folder's or file's name that a placeholder stands for, at most.
const LONGEST: usize = 128;
/// A name is looked for by so many bytes at least, the separator before it included.
const SHORTEST: usize = 5;

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'v> {
    /// This name, in any case of letters.
    Is(&'v str),
    /// Any name.
    Any,
    /// A name that has these pieces in this order, anything or nothing between; the first begins it, the last ends it.
    Like(Vec<&'v str>),
}

/// One way in which a path may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way<'v> {
    /// The folders, the outermost first.
    folders: Vec<Part<'v>>,
    /// Whether it goes on to the left, behind a separator.
    open: bool,
    /// Whether it is a pipe's name, and no file's.
    is_pipe: bool,
}

/// A path with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WildPath<'v> {
    ways: Vec<Way<'v>>,
    last: Part<'v>,
}

impl<'v> WildPath<'v> {
    /// The path of a value that has placeholders and is found by its last part; `None` for all others.
    pub(super) fn of(kind: Kind, value: &'v str) -> Option<Self> {
        let value = match kind {
            Kind::FilePath | Kind::FileName => value,
            Kind::WindowsRegistryKey => registry::below_root(value),
            Kind::NamedPipe => pipe(value),
            _ => return None,
        };
        let is_wild =
            value.bytes().any(|b| matches!(b, b'<' | b'*' | b'%' | b'$' | b'~' | b'[' | b'{'));
        if !is_wild && !value.starts_with("CSIDL_") && kind != Kind::NamedPipe {
            return None;
        }
        let inner = value.trim_matches(SEPARATORS);
        let mut parts: Vec<&str> = inner.split(SEPARATORS).filter(|p| !p.is_empty()).collect();
        let last = part(parts.pop()?);
        let is_pipe = kind == Kind::NamedPipe;
        let mut open = value.starts_with(SEPARATORS) || is_pipe;
        let place = parts.first().filter(|_| !open).and_then(|first| places::of(first));
        let is_deep = place.is_none() && parts.first().is_some_and(|p| part(p) == Part::Any);
        if is_deep {
            // Some folders, nobody knows how many: what stands below them must tell enough.
            if parts.len() < 2 {
                return None;
            }
            open = true;
            parts.remove(0);
        }
        let folders: Vec<Part<'v>> = parts.iter().map(|p| part(p)).collect();
        let is_plain = |part: &Part<'_>| matches!(part, Part::Is(_));
        if place.is_none() && !is_deep && !is_pipe && folders.iter().chain([&last]).all(is_plain) {
            return None;
        }
        let mut ways = Vec::new();
        for stands_for in place.into_iter().flatten() {
            let outer = stands_for.split('/').filter(|f| !f.is_empty()).map(part);
            let below = folders.iter().skip(1).cloned();
            ways.push(Way { folders: outer.chain(below).collect(), open: true, is_pipe });
        }
        let mut written = folders;
        if let Some(first) = written.first_mut().filter(|_| place.is_some()) {
            *first = Part::Is(parts[0]);
        }
        ways.push(Way { folders: written, open, is_pipe });
        let whole = Self { ways, last };
        (is_plain(&whole.last) || !whole.anchors().is_empty()).then_some(whole)
    }

    /// The last part, where it is a plain name.
    pub(super) fn name(&self) -> Option<&'v str> {
        match &self.last {
            Part::Is(name) => Some(name),
            Part::Any | Part::Like(_) => None,
        }
    }

    /// Texts in lower case of which one stands in every place of the path.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut all = Vec::new();
        match &self.last {
            Part::Any => {}
            Part::Is(name) if name.len() + 1 >= SHORTEST => {
                all.extend(["\\", "/"].map(|separator| format!("{separator}{name}")));
            }
            Part::Is(name) => {
                // A short name is found with the folder that it lies in.
                for way in &self.ways {
                    let Some(Part::Is(folder)) = way.folders.last() else { return Vec::new() };
                    if folder.len() + name.len() + 2 < SHORTEST {
                        return Vec::new();
                    }
                    for separator in ["\\", "\\\\", "/"] {
                        all.push(format!("{folder}{separator}{name}"));
                    }
                }
            }
            Part::Like(pieces) => {
                let tells = |piece: &&&str| piece.bytes().filter(u8::is_ascii_alphanumeric).count();
                let Some(best) = pieces.iter().max_by_key(tells) else { return all };
                let first = pieces.first().is_some_and(|first| first == best);
                if first && best.len() + 1 >= SHORTEST && tells(&best) + 1 >= SHORTEST {
                    all.extend(["\\", "/"].map(|separator| format!("{separator}{best}")));
                    if self.ways.iter().any(|way| way.folders.is_empty() && !way.open) {
                        all = vec![(*best).to_owned()];
                    }
                } else if tells(&best) >= SHORTEST && !is_ending(best) {
                    all.push((*best).to_owned());
                }
            }
        }
        all.retain(|text| text.len() >= SHORTEST);
        all.iter_mut().for_each(|text| text.make_ascii_lowercase());
        all.sort();
        all.dedup();
        all
    }

    /// Where the path stands in whose last part a place lies.
    pub(super) fn around(&self, text: &[u8], (from, to): (usize, usize)) -> Option<(usize, usize)> {
        match &self.last {
            Part::Any => None,
            Part::Is(name) => {
                let goes_on = match text.get(to..).unwrap_or(&[]) {
                    [b'.' | b'-' | b'@', next, ..] | [next, ..] => is_word(*next),
                    [] => false,
                };
                let start = to.checked_sub(name.len()).filter(|_| !goes_on)?;
                Some((self.start(text, start)?, to))
            }
            Part::Like(pieces) => {
                let start = if is_separator(text.get(from)) {
                    from + 1
                } else {
                    let before = text[..from].iter().rev().take(LONGEST);
                    from - before.take_while(|b| fills(**b)).count()
                };
                let behind = text[start..].iter().take(LONGEST);
                let name = &text[start..][..behind.take_while(|b| fills(**b)).count()];
                // A full stop behind it ends a sentence.
                let name = [name, without_dots(name)].into_iter().find(|n| like(pieces, n))?;
                Some((self.start(text, start)?, start + name.len()))
            }
        }
    }

    /// Where the path begins whose last part begins at a place.
    pub(super) fn start(&self, text: &[u8], name: usize) -> Option<usize> {
        self.ways.iter().find_map(|way| way.start(text, name))
    }
}

const SEPARATORS: [char; 2] = ['/', '\\'];

/// Whether a piece is the ending of a file's name.
fn is_ending(piece: &str) -> bool {
    piece.starts_with('.') && piece.len() <= 5
}

/// A pipe's name without what stands before it in some logs.
fn pipe(value: &str) -> &str {
    let plain = value.trim_start_matches(SEPARATORS);
    let plain = plain.strip_prefix('.').map_or(plain, |rest| rest.trim_start_matches(SEPARATORS));
    match plain.get(..5) {
        Some(head) if head.eq_ignore_ascii_case("pipe\\") || head.eq_ignore_ascii_case("pipe/") => {
            &plain[5..]
        }
        _ => plain,
    }
}

/// Whether what follows a text is the name of a pipe: behind `pipe`, or where a value begins.
fn begins_pipe(before: &[u8]) -> bool {
    let Some((last, rest)) = before.split_last() else { return true };
    if before.last_chunk::<4>().is_some_and(|word| word.eq_ignore_ascii_case(b"pipe")) {
        return true;
    }
    // Not so behind a drive.
    let is_named = rest.last_chunk::<2>().is_some_and(|two| two.iter().all(|b| is_word(*b)));
    if *last == b':' { is_named } else { !is_token_byte(*last) && last.is_ascii() && *last != b')' }
}

impl Way<'_> {
    fn start(&self, text: &[u8], name: usize) -> Option<usize> {
        let mut at = name;
        for folder in self.folders.iter().rev() {
            at = folder.start(text, separator_before(text, at)?)?;
        }
        if self.open {
            let at = separator_before(text, at)?;
            return (!self.is_pipe || begins_pipe(&text[..at])).then_some(at);
        }
        let left = at.checked_sub(1).map(|at| text[at]);
        let glued = left.is_some_and(|b| is_token_byte(b) && b != b'@');
        (!glued).then_some(at)
    }
}

impl Part<'_> {
    /// Where the part begins that ends at a place.
    fn start(&self, text: &[u8], end: usize) -> Option<usize> {
        if let Part::Is(name) = self {
            let start = end.checked_sub(name.len())?;
            return text[start..end].eq_ignore_ascii_case(name.as_bytes()).then_some(start);
        }
        let length = text[..end].iter().rev().take(LONGEST).take_while(|b| may_name(**b)).count();
        let start = end - length;
        let holds = match self {
            Part::Like(pieces) => like(pieces, &text[start..end]),
            _ => length > 0,
        };
        holds.then_some(start)
    }
}

/// The part that a name stands for.
fn part(name: &str) -> Part<'_> {
    if is_whole(name) {
        return Part::Any;
    }
    let mut pieces = Vec::new();
    let (mut rest, mut from) = (name, 0);
    while let Some((at, length)) = placeholder(&rest[from..]) {
        pieces.push(&rest[..from + at]);
        rest = &rest[from + at + length..];
        from = 0;
    }
    if pieces.is_empty() {
        return Part::Is(name);
    }
    pieces.push(rest);
    if pieces.iter().all(|piece| piece.is_empty()) { Part::Any } else { Part::Like(pieces) }
}

/// Whether a whole name is a placeholder: `<user>`, `*`, `%USERNAME%`, `[user name]`, `{user}`, `$USER`.
fn is_whole(name: &str) -> bool {
    let word = |text: &str| {
        text.len() >= 3 && text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'_'))
    };
    let inside = |open, close| name.strip_prefix(open).and_then(|t| t.strip_suffix(close));
    let is_user = |text: &str| {
        let text = text.trim_start_matches('{').trim_end_matches('}');
        ["user", "username", "logname", "env:username"].contains(&&*text.to_ascii_lowercase())
    };
    inside('[', ']').is_some_and(word)
        || inside('{', '}').is_some_and(word)
        || name.strip_prefix('$').is_some_and(is_user)
}

/// The first placeholder of a name: where it begins, and its length.
fn placeholder(name: &str) -> Option<(usize, usize)> {
    for (at, sign) in name.char_indices() {
        let rest = &name[at..];
        let closed = |close: char, fits: &dyn Fn(&str) -> bool| {
            let end = rest[1..].find(close).filter(|end| fits(&rest[1..=*end]))?;
            Some((at, end + 2))
        };
        let found = match sign {
            '*' => Some((at, 1)),
            '<' => closed('>', &|inside| !inside.is_empty() && inside.len() <= 40),
            // `%2F` is no placeholder.
            '%' => closed('%', &|inside| {
                inside.len() >= 3
                    && inside.bytes().all(|b| b.is_ascii_alphabetic() || b"_() ".contains(&b))
            }),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Where the separator begins that ends at a place: `/`, `\`, or `\\` as JSON writes it.
fn separator_before(text: &[u8], end: usize) -> Option<usize> {
    let at = end.checked_sub(1)?;
    match text[at] {
        b'\\' if at > 0 && text[at - 1] == b'\\' => Some(at - 1),
        b'/' | b'\\' => Some(at),
        _ => None,
    }
}

/// A name without the full stops at its end.
fn without_dots(name: &[u8]) -> &[u8] {
    let length = name.iter().rposition(|b| *b != b'.').map_or(0, |at| at + 1);
    &name[..length]
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_separator(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'/' | b'\\'))
}

/// Whether a byte may stand in the name of a folder.
fn may_name(byte: u8) -> bool {
    byte >= b' ' && !matches!(byte, b'/' | b'\\' | b'"' | b':' | b'|')
}

/// Whether a byte may stand in a name's part that is not known, at the end of a path: a blank ends it.
fn fills(byte: u8) -> bool {
    byte >= 0x80 || is_token_byte(byte) || b"~{}()+$#&".contains(&byte)
}

/// Whether a name has all pieces in their order.
fn like(pieces: &[&str], name: &[u8]) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let (first, last) = (first.as_bytes(), last.as_bytes());
    if name.len() < first.len() + last.len()
        || !name[..first.len()].eq_ignore_ascii_case(first)
        || !name[name.len() - last.len()..].eq_ignore_ascii_case(last)
    {
        return false;
    }
    let mut rest = &name[first.len()..name.len() - last.len()];
    middle.iter().filter(|piece| !piece.is_empty()).all(|piece| {
        let piece = piece.as_bytes();
        let at = rest.windows(piece.len()).position(|here| here.eq_ignore_ascii_case(piece));
        rest = at.map_or(&[], |at| &rest[at + piece.len()..]);
        at.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::tests::{found, matcher};
    use proptest::prelude::*;

    fn finds(kind: Kind, value: &str, text: &str) -> Vec<String> {
        found(&matcher(&[(kind, value)]), text)
    }

    #[test]
    fn a_placeholder_is_any_one_folder() {
        for value in [
            r"C:\Users\<user>\odd\x.dat",
            r"C:\Users\<USER NAME>\odd\x.dat",
            r"C:\Users\*\odd\x.dat",
            r"C:\Users\%USERNAME%\odd\x.dat",
            r"C:\Users\[user name]\odd\x.dat",
            r"C:\Users\{username}\odd\x.dat",
            r"C:\Users\$USER\odd\x.dat",
        ] {
            for text in [
                r"c:\users\Bob Miller\ODD\x.dat",
                r"C:\\Users\\bob\\odd\\x.dat",
                "C:/Users/bob.CONTOSO/odd/x.dat,200",
                value,
            ] {
                assert_eq!(finds(Kind::FilePath, value, text).len(), 1, "{value} in {text}");
            }
            for text in [
                r"C:\Users\bob\more\odd\x.dat",
                r"C:\Users\odd\x.dat",
                r"D:\Users\bob\odd\x.dat",
                r"C:\Users\bob\odd\x.data",
                r"C:\Users\bob\odd\xx.dat",
                r"x.dat",
            ] {
                assert_eq!(finds(Kind::FilePath, value, text), [""; 0], "{value} in {text}");
            }
        }
    }

    #[test]
    fn well_known_places_are_the_folders_that_they_stand_for() {
        for (value, text) in [
            (r"%APPDATA%\x.dll", r"C:\Users\bob\AppData\Roaming\x.dll"),
            (r"%APPDATA%\odd", r"C:\Users\bob\AppData\Roaming\odd"),
            (r"%APPDATA%\odd", r"C:\Users\bob\AppData\Roaming\odd\y.txt"),
            (r"%APPDATA%\x", r"C:\Users\bob\AppData\Roaming\x"),
            (r"%appdata%\x.dll", r"copy a %APPDATA%\x.dll"),
            (r"$env:APPDATA\a\x.ps1", r"c:\users\bob\appdata\roaming\a\x.ps1"),
            (r"%Temp%\x.tmp", r"C:\Windows\Temp\x.tmp"),
            (r"CSIDL_SYSTEM\odd.dll", r"\Device\HarddiskVolume2\Windows\System32\odd.dll"),
            (r"%SystemDrive%\odd\a.exe", r"E:\odd\a.exe"),
            ("$HOME/.odd/run.sh", "cat /home/bob/.odd/run.sh"),
            ("$HOME/.odd/run.sh", concat!("/root", "/.odd/run.sh")),
            ("~/.odd/oddkey", "/home/bob/.odd/oddkey"),
            (r"%ODDPLACE%\a\b.exe", r"C:\x\a\b.exe"),
            (r"<install folder>\bin\odd.exe", r"C:\x\y\bin\odd.exe"),
        ] {
            assert_eq!(finds(Kind::FilePath, value, text).len(), 1, "{value} in {text}");
        }
        for (value, text) in [
            (r"%APPDATA%\x.dll", r"C:\Users\bob\AppData\Local\x.dll"),
            (r"%APPDATA%\x.dll", r"C:\Users\bob\AppData\Roaming\a\x.dll"),
            (r"%APPDATA%\odd", r"C:\Users\bob\AppData\Roaming\odd.txt"),
            (r"%APPDATA%\odd", r"C:\Users\bob\AppData\Roaming\oddity"),
            ("$HOME/.odd/run.sh", "/home/.odd/run.sh"),
            (r"%ODDPLACE%\setup.exe", r"C:\x\setup.exe"),
            (r"C:\Users\<user>\<random>.exe", r"C:\Users\bob\a.exe"),
            (r"C:\Windows\Temp\*", r"C:\Windows\Temp\a.exe"),
        ] {
            assert_eq!(finds(Kind::FilePath, value, text), [""; 0], "{value} in {text}");
        }
    }

    #[test]
    fn a_part_of_a_name_may_be_any() {
        for (kind, value, text) in [
            (Kind::FilePath, r"C:\Odd\updater_<digits>.exe", r"C:\odd\Updater_33.exe -x"),
            (Kind::FilePath, r"C:\odd\*_oddity.dll", r"C:\odd\1_oddity.dll."),
            (Kind::FilePath, r"C:\odd*\x.dll", r"C:\oddfolder\x.dll"),
            (Kind::FileName, "supp0rt*.aspx", "POST /x/supp0rt22.aspx 200"),
            (Kind::NamedPipe, r"\\.\pipe\oddity_*_pipe", r"PipeName: \oddity_17_pipe"),
            (
                Kind::WindowsRegistryKey,
                r"HKEY_USERS\<SID>\Software\Odd Maker\OddKey",
                r"HKU\S-1-5-21-1\Software\Odd Maker\OddKey",
            ),
        ] {
            assert_eq!(finds(kind, value, text).len(), 1, "{value} in {text}");
        }
        for (kind, value, text) in [
            (Kind::FilePath, r"C:\Odd\updater_<digits>.exe", r"C:\odd\updater_1\2.exe"),
            (Kind::FilePath, r"C:\Odd\updater_<digits>.exe", r"C:\odd\updater_1.exe.txt"),
            (Kind::FilePath, r"C:\Odd\updater_<digits>.exe", r"C:\odd\xupdater_1.exe"),
            (Kind::FileName, "supp0rt*.aspx", "xsupp0rt22.aspx"),
            (Kind::FileName, "*.aspx", "odd.aspx"),
        ] {
            assert_eq!(finds(kind, value, text), [""; 0], "{value} in {text}");
        }
    }

    #[test]
    fn a_pipe_is_found_as_each_log_writes_it_and_is_no_file() {
        for value in [r"\\.\pipe\oddpipe", r"\oddpipe"] {
            for text in [
                r"PipeName: \oddpipe Image",
                r#""PipeName": "\\oddpipe""#,
                r"\\.\pipe\oddpipe",
                r"\Device\NamedPipe\ODDPIPE",
                r"PipeName:\oddpipe",
            ] {
                assert_eq!(finds(Kind::NamedPipe, value, text).len(), 1, "{value} in {text}");
            }
            for text in [r"C:\oddpipe", r"C:\x\oddpipe", "/x/oddpipe", r"\oddpipes", "oddpipe"] {
                assert_eq!(finds(Kind::NamedPipe, value, text), [""; 0], "{value} in {text}");
            }
        }
    }

    #[test]
    fn what_is_no_placeholder_stays_what_it_is() {
        for value in [
            r"C:\$Recycle.Bin\x.exe",
            "/a%20b%20c/x.aspx",
            r"C:\Users\{0AB1-22}\x.exe",
            r"C:\Windows\x~1.dll",
            "/owa/auth/x.aspx",
            "",
            "%",
            "<>",
            "%APPDATA%",
        ] {
            assert_eq!(WildPath::of(Kind::FilePath, value), None, "{value}");
        }
    }

    /// The same by a regular expression.
    fn by_regex(value: &[&str], text: &str) -> bool {
        let folder = |part: &&str| match *part {
            "<any>" => r#"[^/\\":|]{1,128}"#.to_owned(),
            name => regex::escape(name),
        };
        let parts: Vec<String> = value.iter().map(folder).collect();
        let whole = format!(
            r"(?i)(?:^|[^A-Za-z0-9._-]){}(?:$|[^A-Za-z0-9._@-])",
            parts.join(r"(?:/|\\\\?)")
        );
        regex::Regex::new(&whole).unwrap().is_match(text)
    }

    proptest! {
        #[test]
        fn as_a_regular_expression_says(
            folders in proptest::collection::vec(prop::sample::select(vec!["<any>", "ab", "b c", "c"]), 1..4),
            seen in proptest::collection::vec(prop::sample::select(vec!["ab", "b c", "c", "d"]), 1..5),
            separator in prop::sample::select(vec!["/", "\\", "\\\\"]),
            name in prop::sample::select(vec!["odd.dat", "oddity"]),
            other in prop::sample::select(vec!["odd.dat", "oddity", "oddity2"]),
        ) {
            prop_assume!(folders.contains(&"<any>"));
            let value: Vec<&str> = ["q:"].into_iter().chain(folders).chain([name]).collect();
            let text: Vec<&str> = ["q:"].into_iter().chain(seen).chain([other]).collect();
            let text = format!("x {} y", text.join(separator));
            let found = finds(Kind::FilePath, &value.join("\\"), &text);
            prop_assert_eq!(!found.is_empty(), by_regex(&value, &text), "{} in {}", value.join("\\"), text);
        }

        #[test]
        fn nothing_panics(value in "[<>*%$~{}\\[\\]/\\\\a-cé. ]{0,20}", text in "[<>*%$~/\\\\a-cé. ]{0,40}") {
            for kind in [Kind::FilePath, Kind::FileName, Kind::NamedPipe, Kind::WindowsRegistryKey] {
                let _ = finds(kind, &value, &text);
            }
        }
    }
}
