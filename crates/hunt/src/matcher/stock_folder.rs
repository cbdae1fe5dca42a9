//! Folders that every system or product has of its own: `C:\Windows\System32`, `\FrontEnd\HttpProxy`, `%TEMP%`.
//!
//! Reports name them to say where to look. Such a path is no sign of an intruder: it stands in half of the lines of a
//! healthy server. Files in them, and folders that somebody made there, are looked for.

use lapwing_model::Kind;

use super::places;

/// Names of folders that systems and products come with, in lower case; a path of nothing else is one of them.
const NAMES: &[&str] = &[
    // Windows.
    "windows",
    "winnt",
    "system",
    "system32",
    "syswow64",
    "sysnative",
    "temp",
    "tmp",
    "debug",
    "tasks",
    "drivers",
    "etc",
    "config",
    "systemprofile",
    "localservice",
    "networkservice",
    "serviceprofiles",
    "spool",
    "color",
    "wbem",
    "windowspowershell",
    "powershell",
    "v1.0",
    "modules",
    "winevt",
    "logs",
    "logfiles",
    "tracing",
    "fonts",
    "help",
    "ime",
    "media",
    "inf",
    "web",
    "assembly",
    "microsoft.net",
    "framework",
    "framework64",
    "v2.0.50727",
    "v4.0.30319",
    "temporary asp.net files",
    "servicing",
    "winsxs",
    "prefetch",
    "installer",
    "appcompat",
    "registration",
    "system volume information",
    "$recycle.bin",
    "recycler",
    "recycled",
    "perflogs",
    "programdata",
    "program files",
    "program files (x86)",
    "common files",
    "users",
    "documents and settings",
    "public",
    "default",
    "all users",
    "administrator",
    "appdata",
    "local",
    "locallow",
    "roaming",
    "application data",
    "local settings",
    "desktop",
    "documents",
    "my documents",
    "downloads",
    "music",
    "pictures",
    "videos",
    "libraries",
    "start menu",
    "programs",
    "startup",
    "microsoft",
    "internet explorer",
    "windows nt",
    "windows defender",
    "intel",
    "sysvol",
    "netlogon",
    "domain",
    "scripts",
    "policies",
    // IIS and Exchange.
    "inetpub",
    "wwwroot",
    "aspnet_client",
    "system_web",
    "w3svc1",
    "w3svc2",
    "history",
    "exchange server",
    "v14",
    "v15",
    "frontend",
    "clientaccess",
    "httpproxy",
    "owa",
    "ecp",
    "oab",
    "ews",
    "eas",
    "mapi",
    "rpc",
    "rpcproxy",
    "autodiscover",
    "auth",
    "current",
    "bin",
    "logging",
    "sync",
    "pushnotifications",
    "transportroles",
    "mailbox",
    "unifiedmessaging",
    "oabgeneratorlog",
    "themes",
    "resources",
    "server",
    "cmdletinfra",
    "microsoft shared",
    "web server extensions",
    "template",
    "layouts",
    // Unix.
    "bin",
    "sbin",
    "usr",
    "lib",
    "lib64",
    "share",
    "opt",
    "var",
    "log",
    "www",
    "html",
    "run",
    "shm",
    "dev",
    "proc",
    "boot",
    "home",
    "root",
    "mnt",
    "srv",
    "cron.d",
    "init.d",
    "systemd",
    "cgi-bin",
    "htdocs",
    "public_html",
    "apache2",
    "nginx",
    "httpd",
    "local",
    "private",
    "library",
    "launchagents",
    "launchdaemons",
    "applications",
];

/// Whether a listed path is such a folder and nothing more.
pub(super) fn is_one(kind: Kind, value: &str) -> bool {
    if kind != Kind::FilePath {
        return false;
    }
    let parts = value.split(['\\', '/']).map(str::trim).filter(|part| !part.is_empty());
    let mut any = false;
    for (at, part) in parts.enumerate() {
        let is_drive = at == 0 && part.len() == 2 && part.ends_with(':');
        let stands_for_a_folder = (at == 0 && places::of(part).is_some())
            || part == "*"
            || (part.starts_with('<') && part.ends_with('>'))
            || (part.starts_with('%') && part.ends_with('%'));
        if is_drive || stands_for_a_folder {
            any |= stands_for_a_folder;
            continue;
        }
        if !NAMES.contains(&part.to_lowercase().as_str()) {
            return false;
        }
        any = true;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_system_are_told_from_what_lies_in_them() {
        for path in [
            r"\FrontEnd\HttpProxy",
            r"C:\Windows\System32",
            r"C:\Windows\System32\",
            r"c:\inetpub\wwwroot\aspnet_client",
            r"C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\owa\auth",
            r"%PROGRAMFILES%\Microsoft\Exchange Server\V15\Logging\OABGeneratorLog",
            "%TEMP%",
            r"%WINDIR%\Temp",
            r"C:\Users\<user>\AppData\Roaming",
            r"C:\Users\*\Downloads",
            "/var/www/html",
            "/tmp",
        ] {
            assert!(is_one(Kind::FilePath, path), "{path}");
        }
        for path in [
            r"C:\Windows\System32\evil.exe",
            r"C:\inetpub\wwwroot\aspnet_client\supp0rt.aspx",
            r"C:\ProgramData\VMBlast",
            r"C:\PerfLogs\abc",
            r"\FrontEnd\HttpProxy\owa\auth\*.aspx",
            "/tmp/.x",
            "/etc/passwd",
            r"C:\Users\Public\hax",
            r"C:\",
            "",
        ] {
            assert!(!is_one(Kind::FilePath, path), "{path}");
        }
        assert!(!is_one(Kind::FileName, "temp"));
    }

    proptest::proptest! {
        #[test]
        fn no_path_panics(path in "(C:|%|<|>|\\*|/|\\\\|[a-zé]{0,6}| ){0,10}") {
            let _ = is_one(Kind::FilePath, &path);
        }
    }
}
