//! A folder of this machine: new and changed files, without those that are still being written.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use lapwing_model::DocumentId;

use crate::FeedError;
use crate::pull::Pull;

/// A file that was changed less than so many seconds ago may still be written to: it is taken when
/// it looks the same at a later pull.
const SETTLED: i64 = 5;
/// Larger files are named and left alone.
const LARGEST: u64 = 1 << 30;
/// Folders below folders.
const DEPTH: usize = 32;

/// Size and time of a file.
fn look(path: &Path) -> std::io::Result<(u64, i64)> {
    let meta = std::fs::metadata(path)?;
    let changed = meta.modified().ok().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i64,
        Err(before) => -(before.duration().as_nanos() as i64),
    });
    Ok((meta.len(), changed))
}

pub(crate) fn pull(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let folder = PathBuf::from(&pull.feed.address);
    let mut files = Vec::new();
    list(&folder, 0, &mut files, pull)
        .map_err(|source| FeedError::Folder { path: folder.display().to_string(), source })?;
    files.sort();
    pull.pulled.items = files.len() as u64;
    for path in files {
        let key = path.strip_prefix(&folder).unwrap_or(&path).to_string_lossy().into_owned();
        // It may be gone again.
        let Ok((size, changed)) = look(&path) else { continue };
        let looks = format!("{size} {changed}");
        let before = pull.known.get(&key).cloned().unwrap_or_default();
        if before.strip_prefix("taken ").and_then(|b| b.rsplit_once(' ')).map(|(b, _)| b)
            == Some(&looks)
        {
            continue;
        }
        let age = pull.now.as_second() - changed.div_euclid(1_000_000_000);
        // A time in the future says nothing: then only a second look tells.
        if !(SETTLED..i64::MAX).contains(&age) && before != format!("seen {looks}") {
            pull.mark(key, format!("seen {looks}"));
            pull.pulled.more = true;
            continue;
        }
        if size == 0 {
            pull.mark(key, format!("taken {looks} -"));
            continue;
        }
        if !pull.has_room() {
            break;
        }
        if size > LARGEST {
            pull.problem(
                path.display().to_string(),
                format!("is larger than {} GiB; add it by hand: `lapwing add`", LARGEST >> 30),
            );
            pull.mark(key, format!("taken {looks} -"));
            continue;
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                pull.problem(path.display().to_string(), format!("cannot be read: {error}"));
                continue;
            }
        };
        // Written to while it was read: it is looked at again with the next pull.
        if look(&path).ok() != Some((size, changed)) || bytes.len() as u64 != size {
            pull.pulled.more = true;
            continue;
        }
        let hash = DocumentId::of(&bytes).to_string();
        let version = format!("taken {looks} {hash}");
        if before.ends_with(&format!(" {hash}")) {
            pull.mark(key, version);
            continue;
        }
        let options = pull.options();
        pull.take(path.display().to_string(), bytes, options, Some((key, version)))?;
    }
    Ok(())
}

/// Lists regular files; what begins with a dot, or is named as downloads in progress are, is left
/// alone, and links are not followed.
fn list(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    pull: &mut Pull<'_>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let unfinished =
            [".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".swp", "~"];
        if name.starts_with('.') || unfinished.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH {
            if let Err(error) = list(&path, depth + 1, files, pull) {
                pull.problem(path.display().to_string(), format!("cannot be read: {error}"));
            }
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
