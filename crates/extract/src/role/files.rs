//! Names of files that accuse nobody by themselves.

/// Tools and files of the system, which stand in reports as what was abused.
pub(super) const SYSTEM_FILES: &[&str] = &[
    "cmd.exe",
    "powershell.exe",
    "pwsh.exe",
    "rundll32.exe",
    "regsvr32.exe",
    "mshta.exe",
    "wscript.exe",
    "cscript.exe",
    "explorer.exe",
    "svchost.exe",
    "lsass.exe",
    "services.exe",
    "w3wp.exe",
    "umworkerprocess.exe",
    "certutil.exe",
    "bitsadmin.exe",
    "schtasks.exe",
    "net.exe",
    "net1.exe",
    "nltest.exe",
    "whoami.exe",
    "ipconfig.exe",
    "ping.exe",
    "taskkill.exe",
    "reg.exe",
    "wmic.exe",
    "wmiprvse.exe",
    "msiexec.exe",
    "msbuild.exe",
    "installutil.exe",
    "winword.exe",
    "excel.exe",
    "powerpnt.exe",
    "outlook.exe",
    "chrome.exe",
    "firefox.exe",
    "iexplore.exe",
    "msedge.exe",
    "notepad.exe",
    "calc.exe",
    "csrss.exe",
    "winlogon.exe",
    "conhost.exe",
    "dllhost.exe",
    "taskhostw.exe",
    "spoolsv.exe",
    "kernel32.dll",
    "ntdll.dll",
    "user32.dll",
    "advapi32.dll",
    "comsvcs.dll",
    "wininet.dll",
    "ws2_32.dll",
    "dbghelp.dll",
    "amsi.dll",
    "psexec.exe",
    "psexesvc.exe",
    "procdump.exe",
    "procdump64.exe",
    "vssadmin.exe",
    "wevtutil.exe",
    "bcdedit.exe",
    "ntdsutil.exe",
    "curl.exe",
    "tar.exe",
    "rar.exe",
    "7z.exe",
    "esentutl.exe",
    "forfiles.exe",
    "runas.exe",
    "sc.exe",
    "tasklist.exe",
    "netsh.exe",
    "java.exe",
    "javaw.exe",
    "python.exe",
    "wsl.exe",
    "appinit.dll",
    "lsm.exe",
    "smss.exe",
    "userinit.exe",
    "werfault.exe",
    "makecab.exe",
    "expand.exe",
    "adfind.exe",
    "ntds.dit",
];

/// Files that every project has.
pub(super) const PROJECT_FILES: &[&str] = &[
    "readme.md",
    "setup.py",
    "build.sh",
    "license.md",
    "license.txt",
    "package.json",
    "changelog.md",
    "requirements.txt",
    "cargo.toml",
    "makefile.am",
    "setup.cfg",
    "index.html",
    "robots.txt",
    "install.sh",
    "contributing.md",
];

/// Folders that every Windows has, in lower case and without the drive: alone they tell of nothing.
const SYSTEM_FOLDERS: &[&str] = &[
    "users",
    "users\\public",
    "users\\default",
    "users\\administrator",
    "documents and settings",
    "windows",
    "windows\\system32",
    "windows\\syswow64",
    "windows\\system32\\drivers",
    "windows\\system32\\tasks",
    "windows\\tasks",
    "windows\\temp",
    "program files",
    "program files (x86)",
    "program files\\common files",
    "programdata",
    "inetpub",
    "inetpub\\wwwroot",
    "perflogs",
    "temp",
];

/// Names for such folders.
const FOLDER_NAMES: &[&str] = &[
    "temp",
    "tmp",
    "appdata",
    "localappdata",
    "programdata",
    "allusersprofile",
    "userprofile",
    "public",
    "homepath",
    "windir",
    "systemroot",
    "systemdrive",
    "system",
    "programfiles",
    "programfiles(x86)",
    "commonprogramfiles",
];

/// Whether a path, in lower case, is a folder that every Windows has.
pub(super) fn is_system_folder(path: &str) -> bool {
    let path = path.trim_end_matches('\\');
    if let Some(name) = path.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        return FOLDER_NAMES.contains(&name);
    }
    match path.split_once(':') {
        Some((drive, rest)) if drive.len() == 1 => {
            let rest = rest.trim_start_matches('\\');
            rest.is_empty() || SYSTEM_FOLDERS.contains(&rest)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_every_machine_are_told_from_others() {
        for folder in ["c:\\users\\", "d:\\", "%temp%\\", "c:\\windows\\system32"] {
            assert!(is_system_folder(folder), "{folder}");
        }
        for other in ["c:\\users\\public\\reed", "%temp%\\reed", "\\\\users\\", "c:\\reed\\"] {
            assert!(!is_system_folder(other), "{other}");
        }
    }
}
