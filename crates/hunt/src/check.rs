use std::path::Path;
use std::sync::LazyLock;

use lapwing_model::{Proof, Severity};

use crate::HuntError;

/// One campaign check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Identifier, as `exchange.cve-2021-26855.ssrf`.
    pub id: String,
    /// What it finds, in a few words.
    pub title: String,
    /// Log sources it reads.
    pub sources: Vec<String>,
    /// How much a hit matters.
    pub severity: Severity,
    /// What a hit proves.
    pub proof: Proof,
    /// ATT&CK technique.
    pub technique: Option<String>,
    /// Vulnerability, as `CVE-2021-26855`.
    pub cve: Option<String>,
    /// Public definition that it follows.
    pub reference: String,
}

/// The checks of a hunt: built in, or of a folder.
#[derive(Debug, Default)]
pub struct Checks {
    list: Vec<Check>,
}

impl Checks {
    /// The checks built into the program.
    pub fn builtin() -> &'static Checks {
        static BUILTIN: LazyLock<Checks> = LazyLock::new(Checks::default);
        &BUILTIN
    }

    /// The built-in checks, and those of a folder (`*.toml`, folders within included); a check with the same
    /// identifier takes the place of the built-in one.
    ///
    /// # Errors
    /// When a file cannot be read or is no check.
    pub fn load(_dir: &Path) -> Result<Checks, HuntError> {
        Ok(Checks::default())
    }

    /// All checks in order of their identifiers.
    pub fn list(&self) -> &[Check] {
        &self.list
    }
}
