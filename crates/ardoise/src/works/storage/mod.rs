//! The files that are for sale: where they come in, and where they stand once they are whole.
//!
//! A file grows in `partial/`, in a folder of this machine, while it is uploaded ([`arriving`]). Once whole it moves to the
//! depot, a port that two adapters fill: the folder `content/` beside it ([`folder`]), or a bucket of a server that speaks S3
//! ([`bucket`]). Whatever stands in the depot is complete. Names are keys minted by the shop, never names that people typed.
//! No call keeps more of a file in memory than one piece of fixed size.
//!
//! What is reported was flushed first: a length given to an uploader survives a power cut, and so
//! does the place of a finished file. Every step may run twice.

mod arriving;
pub mod bucket;
mod folder;
pub mod location;
mod reader;
mod signing;

use arriving::Arriving;
use bucket::Bucket;
use bytes::Bytes;
use folder::Folder;
use futures_util::{Stream, StreamExt as _};
pub use location::Location;
pub use reader::FileReader;
use std::error::Error;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use thiserror::Error;

/// Longest key, in bytes: far above what ids need, far below what file systems allow.
const MAX_KEY_BYTES: usize = 64;

/// Why a file could not be kept or given, in the order in which the reasons are looked for.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The key is not 1 to 64 characters of `a-z`, `0-9` and `_`.
    #[error("file key is malformed")]
    BadKey,
    /// There is no such file.
    #[error("file is missing")]
    Missing,
    /// Somebody else is writing this file at this moment; try again shortly.
    #[error("file is being written by another request")]
    Busy,
    /// The uploader continues from another place than the file's end.
    #[error("the file's end is at {actual}")]
    OffsetMismatch {
        /// The file's length in bytes, where the upload has to go on.
        actual: u64,
    },
    /// More arrived than the limit allows. What came before the offending chunk is kept.
    #[error("file is larger than allowed")]
    TooLarge,
    /// The disk or the quota is full. What was written before is kept.
    #[error("no room left on the disk")]
    Full,
    /// The incoming stream broke off. What came before is kept and flushed.
    #[error("upload broke off after {kept} bytes")]
    Broken {
        /// The file's length in bytes, where the upload can go on.
        kept: u64,
        /// What the stream said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server that keeps files does not answer, or not as it should: try again in a moment. Whether there is such a file
    /// is not known.
    #[error("the server of the files: {0}")]
    Unavailable(String),
    /// Anything else that the operating system refused.
    #[error("file could not be read or written")]
    Io(#[source] io::Error),
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Full
            }
            _ => Self::Io(error),
        }
    }
}

/// What is known of a finished file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the content; ETags and receipts are made of it.
    pub sha256: [u8; 32],
    /// CRC-32 (IEEE) of the content; ZIP archives need it before the content.
    pub crc32: u32,
}

/// The bytes of a file, read as they are asked for.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Where finished files stand: the port, and the adapters that fill it.
#[derive(Debug, Clone)]
enum Depot {
    Folder(Folder),
    Bucket(Bucket),
}

impl Depot {
    /// Whether there is a file.
    async fn has(&self, key: &str) -> Result<bool, StorageError> {
        match self {
            Self::Folder(folder) => Ok(folder.path(key).exists()),
            Self::Bucket(bucket) => bucket.has(key).await,
        }
    }

    /// Takes a file in. It is whole and durable once this is done, and never seen before.
    async fn put(&self, key: &str, whole: &Whole) -> Result<(), StorageError> {
        match self {
            Self::Folder(folder) => folder.put(key, whole).await,
            Self::Bucket(bucket) => bucket.put(key, whole).await,
        }
    }

    /// What is known of a file.
    async fn stored(&self, key: &str) -> Result<Stored, StorageError> {
        match self {
            Self::Folder(folder) => folder.stored(key).await,
            Self::Bucket(bucket) => bucket.stored(key).await,
        }
    }

    async fn open_range(&self, key: &str, range: Range<u64>) -> Result<ByteStream, StorageError> {
        match self {
            Self::Folder(folder) => folder.open_range(key, range).await,
            Self::Bucket(bucket) => bucket.open_range(key, range).await,
        }
    }

    async fn read_head(&self, key: &str, most: usize) -> Result<Vec<u8>, StorageError> {
        match self {
            Self::Folder(folder) => folder.read_head(key, most).await,
            Self::Bucket(bucket) => bucket.read_head(key, most).await,
        }
    }

    async fn remove(&self, key: &str) -> Result<(), StorageError> {
        match self {
            Self::Folder(folder) => folder.remove(key).await,
            Self::Bucket(bucket) => bucket.remove(key).await,
        }
    }
}

/// A file whose last byte has arrived. Nobody else writes to it while this is held.
#[derive(Debug)]
struct Whole {
    file: File,
    path: PathBuf,
    stored: Stored,
}

/// Files, on their way in and finished.
#[derive(Debug, Clone)]
pub struct FileStore {
    arriving: Arriving,
    depot: Depot,
}

impl FileStore {
    /// The store whose files come in, and stand unless `location` says otherwise, in the folder `root`, which is made if it
    /// is not there yet. Nobody else is asked anything yet.
    ///
    /// # Errors
    /// `Full` or `Io` when the folders cannot be made; `Unavailable` when no connections can be made at all.
    pub fn open(root: impl Into<PathBuf>, location: &Location) -> Result<Self, StorageError> {
        let root = root.into();
        let arriving = Arriving::open(&root)?;
        let depot = match location {
            Location::Folder => Depot::Folder(Folder::open(&root)?),
            Location::Bucket(place) => Depot::Bucket(Bucket::open(place)?),
        };
        Ok(Self { arriving, depot })
    }

    /// Begins a file with nothing in it.
    ///
    /// # Errors
    /// `BadKey`; `Io` with `AlreadyExists` when the key is taken; `Full`; `Unavailable`.
    pub async fn begin(&self, key: &str) -> Result<(), StorageError> {
        check_key(key)?;
        if self.depot.has(key).await? {
            return Err(StorageError::Io(ErrorKind::AlreadyExists.into()));
        }
        self.arriving.begin(key).await
    }

    /// How much of an unfinished file has arrived, in bytes. All of it is flushed first: an
    /// uploader forgets what it believes we have.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Full`, `Io`.
    pub async fn partial_len(&self, key: &str) -> Result<u64, StorageError> {
        check_key(key)?;
        self.arriving.len(key).await
    }

    /// Adds a stream to the end of an unfinished file, in order, as its chunks arrive, and gives
    /// the file's new length once it is flushed. A chunk that would carry the file beyond `limit`
    /// bytes is refused whole.
    ///
    /// Nothing that has arrived is thrown away: after `Broken`, `TooLarge` and `Full` the upload
    /// can go on from [`Self::partial_len`].
    ///
    /// # Errors
    /// Every reason of [`StorageError`] but `Unavailable`.
    pub async fn append<S, E>(
        &self,
        key: &str,
        expected_offset: u64,
        chunks: S,
        limit: u64,
    ) -> Result<u64, StorageError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        check_key(key)?;
        self.arriving.append(key, expected_offset, chunks, limit).await
    }

    /// Declares a file whole: sums it up, flushes it and moves it where it can be read. Doing so
    /// again gives the same answer. Whoever waits may give up: the file goes on to its place all the same, and is `Busy`
    /// for others meanwhile.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Busy`, `Full`, `Unavailable`, `Io`.
    pub async fn finish(&self, key: &str) -> Result<Stored, StorageError> {
        check_key(key)?;
        let (store, key) = (self.clone(), key.to_owned());
        let moved = tokio::spawn(async move { store.move_whole(&key).await }).await;
        moved.unwrap_or_else(|stopped| Err(StorageError::Io(io::Error::other(stopped))))
    }

    async fn move_whole(&self, key: &str) -> Result<Stored, StorageError> {
        let whole = match self.arriving.whole(key).await {
            Err(StorageError::Missing) => return self.depot.stored(key).await,
            whole => whole?,
        };
        self.depot.put(key, &whole).await?;
        self.arriving.has_moved(key).await?;
        Ok(whole.stored)
    }

    /// Reads the bytes `range` of a finished file.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Unavailable`; `Io` with `InvalidInput` when the file does not have that range.
    pub async fn open_range(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<ByteStream, StorageError> {
        check_key(key)?;
        if range.start > range.end {
            return Err(no_such_range());
        }
        self.depot.open_range(key, range).await
    }

    /// The first bytes of a finished file, `most` of them or fewer: enough to judge what it is.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Unavailable`, `Io`.
    pub async fn read_head(&self, key: &str, most: usize) -> Result<Vec<u8>, StorageError> {
        check_key(key)?;
        self.depot.read_head(key, most).await
    }

    /// Whether there is a finished file.
    ///
    /// # Errors
    /// `BadKey`, `Unavailable`.
    pub async fn has(&self, key: &str) -> Result<bool, StorageError> {
        check_key(key)?;
        self.depot.has(key).await
    }

    /// Whether any of these finished files is there, or none is asked for. Where none of the newest is, the store is not
    /// that of the books: a shop that went on would take every file for lost, and undo the lines of its buyers.
    ///
    /// # Errors
    /// `BadKey`, `Unavailable`.
    pub async fn has_any(&self, keys: &[String]) -> Result<bool, StorageError> {
        for key in keys {
            if self.has(key).await? {
                return Ok(true);
            }
        }
        Ok(keys.is_empty())
    }

    /// Tries whether finished files can be kept, read and removed, with one that nobody needs.
    ///
    /// # Errors
    /// `Unavailable`, `Full`, `Io`.
    pub async fn try_out(&self) -> Result<(), StorageError> {
        match &self.depot {
            Depot::Folder(_) => Ok(()),
            Depot::Bucket(bucket) => bucket.try_out().await,
        }
    }

    /// A finished file, for programs that read here and there. Blocks the thread, as does reading; a thread of a runtime, or
    /// one that has entered it.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Unavailable`, `Io`.
    pub fn reader(&self, key: &str) -> Result<FileReader, StorageError> {
        check_key(key)?;
        match &self.depot {
            Depot::Folder(folder) => FileReader::of_file(&folder.path(key)),
            Depot::Bucket(bucket) => FileReader::of_bucket(bucket.clone(), key),
        }
    }

    /// A file as far as it has arrived, for programs that copy it.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Io`.
    pub fn partial_reader(&self, key: &str) -> Result<FileReader, StorageError> {
        check_key(key)?;
        FileReader::of_file(&self.arriving.path(key))
    }

    /// Removes a finished file. A file that is not there is removed already.
    ///
    /// # Errors
    /// `BadKey`, `Unavailable`, `Io`.
    pub async fn remove(&self, key: &str) -> Result<(), StorageError> {
        check_key(key)?;
        self.depot.remove(key).await
    }

    /// Removes an unfinished file. A file that is not there is removed already.
    ///
    /// # Errors
    /// `BadKey`, `Io`.
    pub async fn remove_partial(&self, key: &str) -> Result<(), StorageError> {
        check_key(key)?;
        self.arriving.remove(key).await
    }
}

/// Where the finished file with this key stands below the store's folder, or below the bucket's prefix.
pub fn place(key: &str) -> String {
    // Keys begin with their kind and time; only their end spreads over many folders.
    format!("content/{}/{key}", &key[key.len().saturating_sub(2)..])
}

/// Whether a file may be kept under `key`.
pub fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(allowed)
}

fn check_key(key: &str) -> Result<(), StorageError> {
    if is_key(key) { Ok(()) } else { Err(StorageError::BadKey) }
}

fn no_such_range() -> StorageError {
    StorageError::Io(ErrorKind::InvalidInput.into())
}

/// Runs file work on a thread that may wait for the disk.
async fn blocking<T, F>(work: F) -> Result<T, StorageError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, StorageError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => Err(StorageError::Io(io::Error::other(stopped))),
    }
}

/// Flushes a folder's list of names: without it a power cut may forget a new or moved file.
fn sync_dir(dir: &Path) -> Result<(), StorageError> {
    Ok(File::open(dir)?.sync_all()?)
}

async fn remove_file(path: PathBuf) -> Result<(), StorageError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// What is summed up of a content, piece by piece.
#[derive(Default)]
struct Sums {
    size: u64,
    sha256: sha2::Sha256,
    crc32: crc32fast::Hasher,
}

impl Sums {
    fn add(&mut self, piece: &[u8]) {
        use sha2::Digest as _;
        self.size += piece.len() as u64;
        self.sha256.update(piece);
        self.crc32.update(piece);
    }

    fn stored(self) -> Stored {
        use sha2::Digest as _;
        let (sha256, crc32) = (self.sha256.finalize().into(), self.crc32.finalize());
        Stored { size: self.size, sha256, crc32 }
    }

    async fn of(mut content: ByteStream) -> Result<Stored, StorageError> {
        let mut sums = Self::default();
        while let Some(piece) = content.next().await {
            sums.add(&piece?);
        }
        Ok(sums.stored())
    }
}
