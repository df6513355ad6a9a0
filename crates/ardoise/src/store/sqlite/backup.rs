//! Copying the store while it is written to, and asking the engine whether a store is sound.

use super::{BUSY_TIMEOUT, FILE_NAME};
use crate::store::StoreError;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Pages copied between two words about progress: 8 MB.
const PAGES_AT_ONCE: i32 = 2_048;
/// Faults of the engine's own that are told at most.
const FAULTS: usize = 100;

/// Copies the store in `folder` as it is at one moment to a new file, in which nothing is left to be recovered.
///
/// The source is held at that moment by an open read, so that the copy never starts again however much is sold meanwhile;
/// nobody waits for it.
///
/// # Errors
/// Whatever the engine says.
pub fn copy(
    folder: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(folder.join(FILE_NAME), flags)?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    source.execute_batch("begin; select count(*) from sqlite_master;")?;
    let _ = std::fs::remove_file(to);
    let mut target = Connection::open(to)?;
    {
        let backup = Backup::new(&source, &mut target)?;
        while backup.step(PAGES_AT_ONCE)? == StepResult::More {
            let at = backup.progress();
            let pages = |count: i32| u64::try_from(count).unwrap_or(0);
            progress(pages(at.pagecount - at.remaining), pages(at.pagecount));
        }
        let left = backup.progress().remaining;
        if left != 0 {
            return Err(StoreError::Busy(format!("{left} pages could not be copied")));
        }
    }
    // One file, without a log beside it.
    target.execute_batch("pragma journal_mode = delete; pragma synchronous = full;")?;
    target.close().map_err(|(_, error)| error)?;
    let synced = std::fs::File::open(to).and_then(|file| file.sync_all());
    synced.map_err(|error| StoreError::Engine(error.to_string()))
}

/// What the engine itself finds wrong with a store: pages, indexes, references. Nothing in a sound one.
///
/// # Errors
/// Whatever the engine says.
pub fn unsound(store: &Path) -> Result<Vec<String>, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut faults = Vec::new();
    let mut checked = connection.prepare("pragma integrity_check")?;
    for fault in checked.query_map([], |row| row.get::<_, String>(0))? {
        faults.push(fault?);
    }
    faults.retain(|fault| fault != "ok");
    let mut references = connection.prepare("pragma foreign_key_check")?;
    for fault in references.query_map([], |row| row.get::<_, String>(0))? {
        faults.push(format!("a row of {} names another that is not there", fault?));
    }
    faults.truncate(FAULTS);
    Ok(faults)
}
