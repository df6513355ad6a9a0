//! Bringing what was committed from the log into the store's file, beside the till rather than in it.
//!
//! A checkpoint writes pages all over the file and flushes it, which takes tens of milliseconds. Another
//! connection does that while commits go on. The log can only begin anew when all of it was brought over
//! at a moment when nobody commits, so the till's own connection does the little that is left once the log
//! is long ([`LOG_PAGES`]).

use super::set_up;
use crate::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Pages of the log from which the till's own connection brings over what is left: 64 MiB.
pub const LOG_PAGES: i64 = 64 * 1024 * 1024 / super::PAGE_BYTES;
/// Commits between two checkpoints beside the till.
const COMMITS: u32 = 128;

/// Asks for checkpoints, now and then. The thread that makes them ends with this.
pub struct Checkpoints {
    ask: SyncSender<()>,
    commits: u32,
}

impl Checkpoints {
    /// Starts the thread for the store at `path`.
    ///
    /// # Errors
    /// Whatever the engine says; [`StoreError::Engine`] when no thread can be had.
    pub fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        set_up(&connection)?;
        let (ask, asked) = sync_channel(1);
        let thread = std::thread::Builder::new().name("checkpoints".into());
        let started = thread.spawn(move || run(&connection, &asked));
        started.map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self { ask, commits: 0 })
    }

    /// Something was committed.
    pub fn count(&mut self) {
        self.commits += 1;
        if self.commits >= COMMITS {
            self.commits = 0;
            // One that is under way brings this over, too, or the next one does.
            let _ = self.ask.try_send(());
        }
    }
}

fn run(connection: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        let made = connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
        if let Err(error) = made {
            tracing::warn!(%error, "the log could not be brought into the store; it grows meanwhile");
        }
    }
}
