//! What the names of well-known places stand for: `%APPDATA%`, `$HOME`, `CSIDL_SYSTEM`, `%User Temp%`.

/// Names in capitals, without blanks, underscores and brackets, and the folders that they stand for, `*` for any one.
const PLACES: &[(&[&str], &[&str])] = &[
    (
        &["APPDATA", "APPLICATIONDATA", "ROAMINGAPPDATA", "APPDATAROAMING"],
        &[
            "Users/*/AppData/Roaming",
            "Documents and Settings/*/Application Data",
            "Windows/System32/config/systemprofile/AppData/Roaming",
        ],
    ),
    (
        &["LOCALAPPDATA", "APPDATALOCAL"],
        &[
            "Users/*/AppData/Local",
            "Documents and Settings/*/Local Settings/Application Data",
            "Windows/System32/config/systemprofile/AppData/Local",
        ],
    ),
    (
        &["TEMP", "TMP", "USERTEMP", "TEMPFOLDER"],
        &[
            "Users/*/AppData/Local/Temp",
            "Windows/Temp",
            "Windows/System32/config/systemprofile/AppData/Local/Temp",
            "Documents and Settings/*/Local Settings/Temp",
        ],
    ),
    (&["USERPROFILE", "HOMEPATH", "PROFILE"], &["Users/*", "Documents and Settings/*"]),
    (&["HOME", "~"], &["home/*", "root", "Users/*"]),
    (&["TMPDIR"], &["tmp", "var/tmp"]),
    (&["PUBLIC"], &["Users/Public"]),
    (&["DESKTOP", "DESKTOPDIRECTORY"], &["Users/*/Desktop"]),
    (
        &["PROGRAMDATA", "ALLUSERSPROFILE", "COMMONAPPDATA", "ALLUSERSAPPDATA"],
        &[
            "ProgramData",
            "Documents and Settings/All Users/Application Data",
            "Documents and Settings/All Users",
        ],
    ),
    (&["WINDIR", "SYSTEMROOT", "WINDOWS"], &["Windows", "WINNT"]),
    (&["SYSTEM", "SYSTEM32", "SYSDIR"], &["Windows/System32", "Windows/SysWOW64"]),
    (&["SYSTEMX86", "SYSWOW64"], &["Windows/SysWOW64"]),
    (
        &["PROGRAMFILES", "PROGRAMFILESX86", "PROGRAMW6432", "PROGRAMFILES64"],
        &["Program Files", "Program Files (x86)"],
    ),
    (
        &[
            "COMMONPROGRAMFILES",
            "COMMONPROGRAMFILESX86",
            "COMMONPROGRAMW6432",
            "PROGRAMFILESCOMMON",
        ],
        &["Program Files/Common Files", "Program Files (x86)/Common Files"],
    ),
    (
        &["STARTUP", "USERSTARTUP"],
        &["Users/*/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup"],
    ),
    (
        &["COMMONSTARTUP", "ALLUSERSSTARTUP"],
        &["ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp"],
    ),
    (
        &["EXCHANGEINSTALLPATH"],
        &[
            "Program Files/Microsoft/Exchange Server/V15",
            "Program Files/Microsoft/Exchange Server/V14",
        ],
    ),
    (&["SYSTEMDRIVE", "HOMEDRIVE"], &[""]),
];

/// The folders that a first part of a path stands for, each without a drive; `None` when it is no known name.
pub(crate) fn of(first: &str) -> Option<&'static [&'static str]> {
    let name = name_of(first)?;
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '(' | ')'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    PLACES.iter().find(|(names, _)| names.contains(&plain.as_str())).map(|(_, folders)| *folders)
}

/// `%NAME%`, `$NAME`, `${NAME}`, `$env:NAME`, `${env:NAME}`, `CSIDL_NAME`, `~`; in angle or square brackets too.
fn name_of(first: &str) -> Option<&str> {
    let inside = |open, close| first.strip_prefix(open).and_then(|t| t.strip_suffix(close));
    let first = inside('<', '>').or_else(|| inside('[', ']')).unwrap_or(first);
    // The drive belongs to the path behind it.
    let first = match first.get(..11) {
        Some(drive) if drive.eq_ignore_ascii_case("%HOMEDRIVE%") && first.len() > 11 => {
            &first[11..]
        }
        _ => first,
    };
    if first == "~" {
        return Some(first);
    }
    if let Some(name) = first.strip_prefix('%').and_then(|t| t.strip_suffix('%')) {
        return Some(name);
    }
    if let Some(name) = first.strip_prefix('$') {
        let name = name.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(name);
        let env = name.get(..4).filter(|head| head.eq_ignore_ascii_case("env:"));
        return Some(env.map_or(name, |_| &name[4..]));
    }
    first.get(..6).filter(|head| head.eq_ignore_ascii_case("CSIDL_")).map(|_| &first[6..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_every_spelling() {
        for name in [
            "%APPDATA%",
            "%appdata%",
            "$env:APPDATA",
            "${env:AppData}",
            "CSIDL_APPDATA",
            "%Application Data%",
            "<%APPDATA%>",
            "[%APPDATA%]",
        ] {
            assert_eq!(of(name).unwrap()[0], "Users/*/AppData/Roaming", "{name}");
        }
        assert_eq!(of("~").unwrap()[0], "home/*");
        assert_eq!(of("%ProgramFiles(x86)%").unwrap().len(), 2);
        assert_eq!(of("%HOMEDRIVE%%HOMEPATH%").unwrap()[0], "Users/*");
        assert_eq!(of("CSIDL_LOCAL_APPDATA").unwrap()[0], "Users/*/AppData/Local");
        for name in ["", "%", "$", "C:", "Users", "%NOSUCHPLACE%", "$Recycle.Bin", "€€€€€€"]
        {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
