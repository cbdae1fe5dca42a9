//! Runs the real binary and shows what its user sees.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The examples that the README uses.
pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange-2021")
}

/// A user with a store of their own, in a folder that vanishes.
pub struct User {
    pub home: tempfile::TempDir,
}

/// What a command printed and how it ended.
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl User {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Runs `lapwing` in the examples' folder, on this user's store and a fixed day.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    /// As [`Self::run`], with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_lapwing"))
            .args(arguments)
            .current_dir(examples())
            .env("LAPWING_STORE", self.home.path().join("store.db"))
            .env("LAPWING_TODAY", "2021-04-01")
            .env("NO_COLOR", "1")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a standard input");
        // The command may end without reading: then nobody wants the input.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().expect("the command ends");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("output is UTF-8");
            text.replace(&self.home.path().display().to_string(), "HOME")
        };
        Ran {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: output.status.code().expect("no signal"),
        }
    }

    /// A user whose store holds the examples' reports.
    pub fn with_reports() -> Self {
        let user = Self::new();
        let ran = user.run(&["add", "reports"]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        user
    }

    /// A file of this user's.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path.display().to_string()
    }
}

impl Ran {
    /// Everything in one text, for snapshots.
    pub fn shown(&self) -> String {
        format!("exit code: {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    /// Standard output as JSON Lines.
    pub fn objects(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }
}
