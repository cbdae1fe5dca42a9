//! Copies of a store: made while others write, checked before they count, put back whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::OpenFlags;

use crate::error::{Fault, StoreError};
use crate::sql::postgres::Address;
use crate::store::Store;
use crate::{schema, transfer};

/// How long a restore waits for others to close the store.
const ASKING: Duration = Duration::from_secs(1);

/// What a backup or a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The file that is there now.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The number of documents in sight in it.
    pub documents: u64,
    /// Where the store that was there before lies now.
    pub aside: Option<PathBuf>,
}

impl Store {
    /// Writes a copy of the store as it is at this moment to a new file. Others may read and write
    /// meanwhile: the copy holds whole changes only. It is looked through and on the disk before it
    /// gets its name, so what bears the name is a whole backup.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<Copied, StoreError> {
        if to.exists() {
            let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(StoreError::Io { path: to.to_owned(), source });
        }
        let part = beside(to, "part");
        let guard = Unfinished::new(&part)?;
        let name = part.to_string_lossy().into_owned();
        let copied = if Self::is_in_database(&self.path) {
            self.still(|| transfer::to_file(&self.conn, &part))
        } else {
            self.with(|conn, _| {
                conn.execute("VACUUM INTO ?1", [&name])?;
                Ok(())
            })
        };
        copied.map_err(|error| placed(error, to))?;
        let documents = look_through(&part)?;
        sync(&part)?;
        let bytes = size(&part)?;
        fs::rename(&part, to).map_err(|source| StoreError::Io { path: to.to_owned(), source })?;
        guard.done();
        sync_folder(to);
        Ok(Copied { path: to.to_owned(), bytes, documents, aside: None })
    }

    /// Puts a backup in the place of a store. The backup is copied and looked through first; a
    /// store that is there goes aside under a name of its own. At every moment the place holds the
    /// old store or the new one, whole.
    ///
    /// # Errors
    /// When the backup is no sound store, when another process has the store open, or when the
    /// place cannot be written. The store that is there is left alone then.
    pub fn restore(from: &Path, to: &Path) -> Result<Copied, StoreError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { path, source }
        };
        if !from.is_file() {
            return Err(StoreError::Missing { path: from.to_owned() });
        }
        let same = fs::canonicalize(from).ok().zip(fs::canonicalize(to).ok());
        if same.is_some_and(|(from, to)| from == to) {
            let why = "the backup and the store are the same file".to_owned();
            return Err(StoreError::NotAStore { path: from.to_owned(), why });
        }
        whole(from)?;
        if let Some(address) = Address::of(to) {
            return into_database(from, &address?);
        }
        if let Some(folder) = to.parent().filter(|f| !f.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(io(folder))?;
        }
        let part = beside(to, "part");
        let guard = Unfinished::new(&part)?;
        fs::copy(from, &part).map_err(|source| match source.kind() {
            std::io::ErrorKind::StorageFull => StoreError::Full { path: to.to_owned() },
            _ => StoreError::Io { path: to.to_owned(), source },
        })?;
        let documents = look_through(&part).map_err(|error| named(error, from))?;
        sync(&part)?;
        let bytes = size(&part)?;
        let aside = if to.exists() { Some(put_aside(to)?) } else { None };
        fs::rename(&part, to).map_err(io(to))?;
        guard.done();
        sync_folder(to);
        Ok(Copied { path: to.to_owned(), bytes, documents, aside })
    }
}

/// Puts a backup into a database.
fn into_database(from: &Path, address: &Address) -> Result<Copied, StoreError> {
    let documents = look_through(from)?;
    let conn = schema::open_read_only(from)?;
    let newest = transfer::is_newest(&conn).map_err(|fault| fault.at(from))?;
    let part = beside(from, "part");
    let placed = if newest {
        transfer::into_database(&conn, address, ASKING)?
    } else {
        // Brought up to date in a copy: the backup stays what it is.
        drop(conn);
        let _guard = Unfinished::new(&part)?;
        fs::copy(from, &part).map_err(|source| StoreError::Io { path: part.clone(), source })?;
        transfer::into_database(&schema::open(&part)?, address, ASKING)?
    };
    let path = address.shown.clone();
    Ok(Copied { path, bytes: placed.bytes, documents, aside: placed.aside })
}

/// A file that goes away again unless it is finished.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn new(path: &Path) -> Result<Self, StoreError> {
        // What a killed run left behind.
        match fs::remove_file(path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path: path.to_owned(), source });
            }
            _ => {}
        }
        Ok(Self(Some(path.to_owned())))
    }

    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            for name in
                [path.clone(), with(path, "-wal"), with(path, "-shm"), with(path, "-journal")]
            {
                let _ = fs::remove_file(name);
            }
        }
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn beside(path: &Path, end: &str) -> PathBuf {
    with(path, &format!(".{end}"))
}

fn size(path: &Path) -> Result<u64, StoreError> {
    let found = fs::metadata(path).map(|meta| meta.len());
    found.map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Whether a file has all the pages that its head tells of.
fn whole(path: &Path) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let mut head = [0_u8; 100];
    let read =
        File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    let not = |why: String| StoreError::NotAStore { path: path.to_owned(), why };
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(not("it ends before it begins".to_owned()));
        }
        other => other.map_err(io)?,
    }
    if !head.starts_with(b"SQLite format 3\0") {
        return Err(not("it does not begin as one".to_owned()));
    }
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65536,
        other => u64::from(other),
    };
    let pages = u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]));
    let there = size(path)?;
    if there < pages * page {
        return Err(not(format!("it is cut off: {there} bytes of {}", pages * page)));
    }
    Ok(())
}

/// Reads a copy as SQLite checks it; gives the number of documents in sight.
fn look_through(path: &Path) -> Result<u64, StoreError> {
    whole(path)?;
    let store = Store::open_read_only(path)?;
    let found: Result<(String, u64), Fault> = (|| {
        let sound = store.conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let count = "SELECT count(*) FROM document WHERE visible = 1";
        let documents: i64 = store.conn.query_row(count, [], |row| row.get(0))?;
        Ok((sound, documents as u64))
    })();
    let (sound, documents) = found.map_err(|fault| fault.at(path))?;
    if sound != "ok" {
        return Err(StoreError::Damaged { path: path.to_owned(), why: sound });
    }
    Ok(documents)
}

/// Sees to it that nobody has the store open and that it is one file, then gives it another name
/// as well; the old name is free to be replaced.
fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let closed = || -> Result<(), Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = rusqlite::Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(ASKING)?;
        // A connection of another process, even an idle one, holds this off.
        conn.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA journal_mode = DELETE;
             BEGIN EXCLUSIVE; COMMIT;",
        )?;
        Ok(())
    };
    match closed().map_err(|fault| fault.at(path)) {
        // What is no store, or is damaged, has no log that counts.
        Ok(()) | Err(StoreError::NotAStore { .. } | StoreError::Damaged { .. }) => {}
        Err(other) => return Err(other),
    }
    let aside = (1..10_000)
        .map(|n| {
            beside(
                path,
                &if n == 1 { "before-restore".to_owned() } else { format!("before-restore-{n}") },
            )
        })
        .find(|name| !name.exists())
        .unwrap_or_else(|| beside(path, "before-restore"));
    let linked = fs::hard_link(path, &aside).or_else(|_| fs::copy(path, &aside).map(drop));
    linked.map_err(|source| StoreError::Io { path: aside.clone(), source })?;
    for log in ["-wal", "-shm"] {
        // Left by a damaged store: the new one must not take it for its own.
        let _ = fs::remove_file(with(path, log));
    }
    Ok(aside)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    let synced = fs::OpenOptions::new().write(true).open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Makes the new name itself last, where folders can be synced.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// An error of writing a copy, told of the copy and not of the store.
fn placed(error: StoreError, to: &Path) -> StoreError {
    match error {
        StoreError::Full { .. } => StoreError::Full { path: to.to_owned() },
        StoreError::ReadOnly { why, .. } => StoreError::ReadOnly { path: to.to_owned(), why },
        other => other,
    }
}

/// An error of a copy, told of what it was copied from.
fn named(error: StoreError, from: &Path) -> StoreError {
    let path = from.to_owned();
    match error {
        StoreError::NotAStore { why, .. } => StoreError::NotAStore { path, why },
        StoreError::Damaged { why, .. } => StoreError::Damaged { path, why },
        StoreError::NewerSchema { found, known, .. } => {
            StoreError::NewerSchema { path, found, known }
        }
        other => other,
    }
}
