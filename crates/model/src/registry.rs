//! Keys of the Windows registry: short and long names of their roots.

/// Roots as they are written, each with its long name (STIX 2.1, section 6.17, asks for the long ones).
pub const ROOTS: &[(&str, &str)] = &[
    ("HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE"),
    ("HKEY_CURRENT_USER", "HKEY_CURRENT_USER"),
    ("HKEY_CLASSES_ROOT", "HKEY_CLASSES_ROOT"),
    ("HKEY_USERS", "HKEY_USERS"),
    ("HKEY_CURRENT_CONFIG", "HKEY_CURRENT_CONFIG"),
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
    ("HKU", "HKEY_USERS"),
];

/// A key with the long name of its root; `None` where a text does not begin with a root and a key below it.
#[must_use]
pub fn key(text: &str) -> Option<String> {
    let (root, below) = text.split_once('\\')?;
    let root = root.trim_end_matches(':');
    let (_, long) = ROOTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(root))?;
    Some(format!("{long}\\{below}"))
}

/// What of a key stands the same in every log: Sysmon writes `HKLM\…` and, of a user's own keys, `HKU\S-1-…\…`, the
/// security log `\REGISTRY\MACHINE\…`. The whole key where what is below its root is a single name.
#[must_use]
pub fn below_root(key: &str) -> &str {
    let Some((root, below)) = key.split_once('\\') else { return key };
    let root = root.trim_end_matches(':');
    let is_root = ROOTS.iter().any(|(name, _)| name.eq_ignore_ascii_case(root));
    if is_root && below.trim_end_matches('\\').contains('\\') { below } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_form() {
        assert_eq!(key(r"hklm:\Software\X").as_deref(), Some(r"HKEY_LOCAL_MACHINE\Software\X"));
        assert_eq!(key(r"HKEY_USERS\S-1-5-18").as_deref(), Some(r"HKEY_USERS\S-1-5-18"));
        assert_eq!((key("HKLM"), key(r"C:\Software"), key("")), (None, None, None));
    }

    #[test]
    fn a_single_name_is_not_looked_for_alone() {
        assert_eq!(below_root(r"HKEY_CURRENT_USER\Software\Run"), r"Software\Run");
        assert_eq!(below_root(r"HKCU\Software\"), r"HKCU\Software\");
        assert_eq!(below_root(r"Software\Run"), r"Software\Run");
    }
}
