//! Backups: the whole shop in one archive, made while it sells, checked to the last bit before it is called one.
//!
//! An archive is a plain `.tar` that any `tar` opens. It holds the store, every file that the store names, the key that
//! signs receipts and the settings; `SHA256SUMS` at its end holds the SHA-256 of each, as `sha256sum -c` reads it.
//!
//! # Why a line never comes back without its file
//! The store is copied first, at one moment, and then the files that this copy names ([`save`]). Files never change once
//! they are whole, and their bytes go only after nothing names them any more. Should one be gone all the same, the store
//! is copied once more: what the newer copy does not name is not needed, and what it still names was lost before.

pub mod restore;
pub mod save;
pub mod tar;

use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// Names the layout of an archive; another layout is another format.
pub const FORMAT: &str = "ardoise/backup/1";
/// What an archive says about itself.
const ABOUT: &str = "backup.json";

/// Why a backup could not be made or brought back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is something already where the archive or the shop should go.
    #[error("{path} {what}")]
    Occupied {
        /// Where.
        path: PathBuf,
        /// What is there, and what to do.
        what: &'static str,
    },
    /// The archive is not whole, or was changed.
    #[error("the archive is refused: {0}")]
    Refused(String),
}

/// Says which file an error is about.
fn about(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    |error| BackupError::File { path, error }
}

/// What an archive says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// [`FORMAT`].
    pub format: String,
    /// When the store in it was copied.
    pub made_at: String,
    /// The program that made it, and its version.
    pub software: String,
    /// Files that the store names and that were missing or damaged already when the archive was made.
    pub lost: Vec<String>,
}

/// A part of the work that takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The store is copied, counted in its pages.
    Store,
    /// Files are copied, counted in bytes.
    Files,
    /// The archive is read, counted in bytes.
    Reading,
    /// The books are checked, counted in rows.
    Books,
}

/// Told now and then: in which stage the work is, how far it has come, and of how much.
pub type Progress<'a> = &'a mut dyn FnMut(Stage, u64, u64);

/// Flushes a folder's list of names.
fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    let sync = || std::fs::File::open(folder)?.sync_all();
    sync().map_err(about(folder))
}
