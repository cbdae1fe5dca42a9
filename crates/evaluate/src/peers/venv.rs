//! The virtual environment with the pinned peers, made on first use.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PeerError;

/// The peers and what they forget to name; exact versions, so that a table can be repeated.
const PACKAGES: &[&str] =
    &["iocsearcher==3.1.0", "ioc-finder==9.4.1", "iocextract==1.16.1", "requests==2.34.2"];

/// Written when all packages are in: an environment that was broken off is made again.
const COMPLETE: &str = "lapwing-peers.txt";

/// The Python of the environment at `folder`, which is made where it is not complete.
///
/// # Errors
/// When there is no `python3`, or the packages cannot be had.
pub(super) fn python(folder: &Path) -> Result<PathBuf, PeerError> {
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(folder.join(COMPLETE)).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let base = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(base).args(["-m", "venv"]).arg(folder), PeerError::NoPython)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(pip).args(PACKAGES), PeerError::NoPackages)?;
    std::fs::write(folder.join(COMPLETE), wanted)
        .map_err(|e| PeerError::NoPackages(e.to_string()))?;
    Ok(python)
}

fn run(command: &mut Command, error: fn(String) -> PeerError) -> Result<(), PeerError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| error(format!("{}: {e}", command.get_program().display())))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(error(last.unwrap_or("no message").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_environment_is_used_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(COMPLETE), PACKAGES.join("\n")).unwrap();
        assert!(python(folder.path()).unwrap().starts_with(folder.path()));
    }

    #[test]
    fn what_a_failed_step_said_last_is_the_reason() {
        let missing = run(&mut Command::new("no-such-program-at-all"), PeerError::NoPython);
        assert!(missing.unwrap_err().to_string().contains("no-such-program-at-all"));
    }
}
