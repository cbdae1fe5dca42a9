//! Samples of our own making, on which rules are tried: inert, and made from nothing but text.

/// Bytes under a name, as an engine is given them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its name, as of a file.
    pub name: String,
    /// Its content: a file for YARA, one record of JSON for Sigma.
    pub bytes: Vec<u8>,
}

impl Sample {
    /// Makes a sample.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

/// Words that stand in every sample; nothing in them is an indicator.
const WORDS: &str = "This program cannot be run in DOS mode. The quick brown fox jumps over the lazy dog. \
     https://www.example.org/index.html Mozilla/5.0 (Windows NT 10.0; Win64; x64) kernel32.dll \
     C:\\Windows\\System32\\svchost.exe Software\\Microsoft\\Windows\\CurrentVersion ";

/// What looks like a program by its first bytes, and is none: no section, no code.
pub fn ordinary() -> Sample {
    Sample::new("ordinary.exe", program(&[]))
}

/// As [`ordinary`], with strings planted in it.
pub fn program_with(strings: &[&str]) -> Sample {
    Sample::new("planted.exe", program(strings))
}

fn program(strings: &[&str]) -> Vec<u8> {
    let mut bytes = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec();
    bytes.extend(WORDS.as_bytes());
    for string in strings {
        bytes.push(0);
        bytes.extend(string.as_bytes());
        bytes.push(0);
    }
    bytes.extend(WORDS.as_bytes());
    bytes
}
