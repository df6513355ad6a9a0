//! The files that are for sale, in a folder of this machine.
//!
//! A file grows in `partial/` while it is uploaded and moves to `content/` once whole, so whatever
//! stands in `content/` is complete. Names on disk are keys minted by the shop, never names that
//! people typed. No call keeps more of a file in memory than one chunk.
//!
//! What is reported was flushed first: a length given to an uploader survives a power cut, and so
//! does the place of a finished file. Every step may run twice.

use std::error::Error;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncSeekExt, Take};
use tokio_util::io::ReaderStream;

/// Longest key, in bytes: far above what ids need, far below what file systems allow.
const MAX_KEY_BYTES: usize = 64;
/// How much of a file is read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;
/// How much of a file is hashed at once, in bytes.
const HASH_BYTES: usize = 256 * 1024;

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
    /// Anything else that the operating system refused.
    #[error("file could not be read or written")]
    Io(#[source] io::Error),
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
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
pub type ByteStream = ReaderStream<Take<tokio::fs::File>>;

/// Files in a folder.
#[derive(Debug, Clone)]
pub struct FileStore {
    root: PathBuf,
}

impl FileStore {
    /// The store in the folder `root`, which is made if it is not there yet.
    ///
    /// # Errors
    /// `Full` or `Io` when the folders cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StorageError> {
        let store = Self { root: root.into() };
        fs::create_dir_all(store.partial_dir())?;
        fs::create_dir_all(store.root.join("content"))?;
        sync_dir(&store.root)?;
        Ok(store)
    }

    /// Begins a file with nothing in it.
    ///
    /// # Errors
    /// `BadKey`; `Io` with `AlreadyExists` when the key is taken; `Full`.
    pub async fn begin(&self, key: &str) -> Result<(), StorageError> {
        let (partial, content) = (self.partial_path(key)?, self.path(key)?);
        let dir = self.partial_dir();
        blocking(move || {
            if content.exists() {
                return Err(StorageError::Io(ErrorKind::AlreadyExists.into()));
            }
            OpenOptions::new().write(true).create_new(true).open(partial)?;
            sync_dir(&dir)
        })
        .await
    }

    /// How much of an unfinished file has arrived, in bytes. All of it is flushed first: an
    /// uploader forgets what it believes we have.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Full`, `Io`.
    pub async fn partial_len(&self, key: &str) -> Result<u64, StorageError> {
        let path = self.partial_path(key)?;
        blocking(move || {
            let file = File::open(path)?;
            file.sync_data()?;
            Ok(file.metadata()?.len())
        })
        .await
    }

    /// Adds a stream to the end of an unfinished file, in order, as its chunks arrive, and gives
    /// the file's new length once it is flushed. A chunk that would carry the file beyond `limit`
    /// bytes is refused whole.
    ///
    /// Nothing that has arrived is thrown away: after `Broken`, `TooLarge` and `Full` the upload
    /// can go on from [`Self::partial_len`].
    ///
    /// # Errors
    /// Every reason of [`StorageError`].
    pub async fn append<S, E>(
        &self,
        key: &str,
        expected_offset: u64,
        mut chunks: S,
        limit: u64,
    ) -> Result<u64, StorageError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let path = self.partial_path(key)?;
        let mut growing = blocking(move || Growing::open(&path, expected_offset)).await?;
        let stopped = loop {
            match chunks.next().await {
                None => break None,
                Some(Err(error)) => break Some(error.into()),
                Some(Ok(chunk)) => {
                    growing = blocking(move || growing.write(&chunk, limit)).await?;
                }
            }
        };
        let kept = blocking(move || growing.flush()).await?;
        match stopped {
            None => Ok(kept),
            Some(source) => Err(StorageError::Broken { kept, source }),
        }
    }

    /// Declares a file whole: sums it up, flushes it and moves it where it can be read. Doing so
    /// again gives the same answer.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Busy`, `Full`, `Io`.
    pub async fn finish(&self, key: &str) -> Result<Stored, StorageError> {
        let (partial, content) = (self.partial_path(key)?, self.path(key)?);
        let partial_dir = self.partial_dir();
        blocking(move || {
            let mut file = match open_locked(&partial) {
                Err(StorageError::Missing) => return sum_up(&mut File::open(&content)?),
                opened => opened?,
            };
            let stored = sum_up(&mut file)?;
            file.sync_all()?;
            move_durably(&partial, &content)?;
            sync_dir(&partial_dir)?;
            Ok(stored)
        })
        .await
    }

    /// Reads the bytes `range` of a finished file.
    ///
    /// # Errors
    /// `BadKey`, `Missing`; `Io` with `InvalidInput` when the file does not have that range.
    pub async fn open_range(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<ByteStream, StorageError> {
        let mut file = tokio::fs::File::open(self.path(key)?).await?;
        let size = file.metadata().await?.len();
        if range.start > range.end || range.end > size {
            return Err(StorageError::Io(ErrorKind::InvalidInput.into()));
        }
        file.seek(SeekFrom::Start(range.start)).await?;
        Ok(ReaderStream::with_capacity(file.take(range.end - range.start), READ_BYTES))
    }

    /// The first bytes of a finished file, `most` of them or fewer: enough to judge what it is.
    ///
    /// # Errors
    /// `BadKey`, `Missing`, `Io`.
    pub async fn read_head(&self, key: &str, most: usize) -> Result<Vec<u8>, StorageError> {
        let file = tokio::fs::File::open(self.path(key)?).await?;
        let mut head = Vec::new();
        file.take(most as u64).read_to_end(&mut head).await?;
        Ok(head)
    }

    /// Where a finished file stands, for programs that want a path. It need not exist.
    ///
    /// # Errors
    /// `BadKey`.
    pub fn path(&self, key: &str) -> Result<PathBuf, StorageError> {
        check_key(key)?;
        Ok(self.root.join(place(key)))
    }

    /// Removes a finished file. A file that is not there is removed already.
    ///
    /// # Errors
    /// `BadKey`, `Io`.
    pub async fn remove(&self, key: &str) -> Result<(), StorageError> {
        remove_file(self.path(key)?).await
    }

    /// Removes an unfinished file. A file that is not there is removed already.
    ///
    /// # Errors
    /// `BadKey`, `Io`.
    pub async fn remove_partial(&self, key: &str) -> Result<(), StorageError> {
        remove_file(self.partial_path(key)?).await
    }

    fn partial_dir(&self) -> PathBuf {
        self.root.join("partial")
    }

    fn partial_path(&self, key: &str) -> Result<PathBuf, StorageError> {
        check_key(key)?;
        Ok(self.partial_dir().join(key))
    }
}

/// An unfinished file that this request alone writes to.
///
/// The lock goes with the open file. When a request is dropped in the middle of a write, the write
/// still ends on its own thread, and only then lets the next request in.
struct Growing {
    file: File,
    len: u64,
}

impl Growing {
    fn open(path: &Path, expected_offset: u64) -> Result<Self, StorageError> {
        let mut file = open_locked(path)?;
        let len = file.seek(SeekFrom::End(0))?;
        if len != expected_offset {
            return Err(StorageError::OffsetMismatch { actual: len });
        }
        Ok(Self { file, len })
    }

    fn write(mut self, chunk: &[u8], limit: u64) -> Result<Self, StorageError> {
        let len = self.len.saturating_add(chunk.len() as u64);
        if len > limit {
            self.flush()?;
            return Err(StorageError::TooLarge);
        }
        self.file.write_all(chunk)?;
        self.len = len;
        Ok(self)
    }

    fn flush(self) -> Result<u64, StorageError> {
        self.file.sync_data()?;
        Ok(self.len)
    }
}

/// Where the finished file with this key stands below the store's folder.
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

fn open_locked(path: &Path) -> Result<File, StorageError> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StorageError::Busy),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    // The holder of the lock we waited for may have moved the file away meanwhile.
    if !path.exists() {
        return Err(StorageError::Missing);
    }
    Ok(file)
}

fn sum_up(file: &mut File) -> Result<Stored, StorageError> {
    let (mut size, mut sha256, mut crc32) = (0, Sha256::new(), crc32fast::Hasher::new());
    let mut buffer = vec![0; HASH_BYTES];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        size += read as u64;
        sha256.update(&buffer[..read]);
        crc32.update(&buffer[..read]);
    }
    Ok(Stored { size, sha256: sha256.finalize().into(), crc32: crc32.finalize() })
}

fn move_durably(from: &Path, to: &Path) -> Result<(), StorageError> {
    let shelf = to.parent().expect("a content path has a shelf");
    let content = shelf.parent().expect("a shelf stands in the content folder");
    fs::create_dir_all(shelf)?;
    sync_dir(content)?;
    fs::rename(from, to)?;
    sync_dir(shelf)
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use tempfile::TempDir;

    use super::*;

    const NO_LIMIT: u64 = u64::MAX;

    fn store() -> (TempDir, FileStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::open(dir.path().join("files")).unwrap();
        (dir, store)
    }

    fn whole(
        chunks: &[&'static [u8]],
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk))).collect();
        stream::iter(chunks)
    }

    async fn read(store: &FileStore, key: &str, range: Range<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut chunks = store.open_range(key, range).await.unwrap();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        bytes
    }

    async fn keep(store: &FileStore, key: &str, content: &'static [u8]) -> Stored {
        store.begin(key).await.unwrap();
        store.append(key, 0, whole(&[content]), NO_LIMIT).await.unwrap();
        store.finish(key).await.unwrap()
    }

    #[tokio::test]
    async fn what_ada_uploads_in_pieces_is_what_ben_reads() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        let len = store.append("fil_1", 0, whole(&[b"once ", b"upon "]), NO_LIMIT).await.unwrap();
        assert_eq!(len, 10);
        assert_eq!(store.partial_len("fil_1").await.unwrap(), 10);
        store.append("fil_1", 10, whole(&[b"a time"]), NO_LIMIT).await.unwrap();
        let stored = store.finish("fil_1").await.unwrap();
        assert_eq!(stored.size, 16);
        assert_eq!(stored.sha256, <[u8; 32]>::from(Sha256::digest(b"once upon a time")));
        assert_eq!(stored.crc32, crc32fast::hash(b"once upon a time"));
        assert_eq!(read(&store, "fil_1", 0..16).await, b"once upon a time");
        assert_eq!(read(&store, "fil_1", 5..9).await, b"upon");
        assert_eq!(read(&store, "fil_1", 16..16).await, b"");
        assert_eq!(store.read_head("fil_1", 4).await.unwrap(), b"once");
        assert_eq!(store.read_head("fil_1", 99).await.unwrap(), b"once upon a time");
    }

    #[tokio::test]
    async fn nobody_reads_a_file_before_it_is_finished() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        assert!(matches!(store.open_range("fil_1", 0..0).await, Err(StorageError::Missing)));
    }

    #[tokio::test]
    async fn finishing_twice_gives_the_same_answer() {
        let (_dir, store) = store();
        let first = keep(&store, "fil_1", b"story").await;
        assert_eq!(store.finish("fil_1").await.unwrap(), first);
        assert!(matches!(store.partial_len("fil_1").await, Err(StorageError::Missing)));
    }

    #[tokio::test]
    async fn an_upload_that_continues_elsewhere_is_told_where_the_file_ends() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        store.append("fil_1", 0, whole(&[b"abc"]), NO_LIMIT).await.unwrap();
        let refused = store.append("fil_1", 2, whole(&[b"x"]), NO_LIMIT).await;
        assert!(matches!(refused, Err(StorageError::OffsetMismatch { actual: 3 })));
        assert_eq!(store.partial_len("fil_1").await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_broken_upload_keeps_what_came_and_goes_on_from_there() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        let broken = stream::iter([
            Ok(Bytes::from_static(b"half")),
            Err(io::Error::from(ErrorKind::ConnectionReset)),
            Ok(Bytes::from_static(b"never")),
        ]);
        let outcome = store.append("fil_1", 0, broken, NO_LIMIT).await;
        assert!(matches!(outcome, Err(StorageError::Broken { kept: 4, .. })));
        let len = store.append("fil_1", 4, whole(&[b" done"]), NO_LIMIT).await.unwrap();
        assert_eq!(len, 9);
        store.finish("fil_1").await.unwrap();
        assert_eq!(read(&store, "fil_1", 0..9).await, b"half done");
    }

    #[tokio::test]
    async fn a_file_never_grows_beyond_its_limit() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        let outcome = store.append("fil_1", 0, whole(&[b"12345", b"678901"]), 10).await;
        assert!(matches!(outcome, Err(StorageError::TooLarge)));
        assert_eq!(store.partial_len("fil_1").await.unwrap(), 5);
        assert_eq!(store.append("fil_1", 5, whole(&[b"67890"]), 10).await.unwrap(), 10);
    }

    #[tokio::test]
    async fn two_requests_do_not_write_one_file_at_once() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        let path = store.partial_path("fil_1").unwrap();
        let growing = Growing::open(&path, 0).unwrap();
        let second = store.append("fil_1", 0, whole(&[b"x"]), NO_LIMIT).await;
        assert!(matches!(second, Err(StorageError::Busy)));
        assert!(matches!(store.finish("fil_1").await, Err(StorageError::Busy)));
        drop(growing);
        store.append("fil_1", 0, whole(&[b"x"]), NO_LIMIT).await.unwrap();
    }

    #[tokio::test]
    async fn an_upload_goes_on_after_its_request_was_dropped() {
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let chunks = stream::poll_fn(move |context| receiver.poll_recv(context));
        let first = tokio::spawn({
            let store = store.clone();
            async move { store.append("fil_1", 0, chunks, NO_LIMIT).await }
        });
        sender.send(Ok::<_, Infallible>(Bytes::from_static(b"half"))).await.unwrap();
        // There is room again once the chunk was taken out to be written.
        let room = sender.reserve().await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        drop(room);
        let len = loop {
            match store.append("fil_1", 4, whole(&[b" done"]), NO_LIMIT).await {
                Err(StorageError::Busy | StorageError::OffsetMismatch { actual: 0 }) => {}
                outcome => break outcome.unwrap(),
            }
        };
        assert_eq!(len, 9);
        store.finish("fil_1").await.unwrap();
        assert_eq!(read(&store, "fil_1", 0..9).await, b"half done");
    }

    #[tokio::test]
    async fn a_key_cannot_leave_the_folder() {
        let (_dir, store) = store();
        let long = "a".repeat(65);
        for key in ["", "..", "../x", "a/b", "a\\b", "A", "é", "a.b", "a\0", long.as_str()] {
            assert!(matches!(store.begin(key).await, Err(StorageError::BadKey)), "{key:?}");
            assert!(matches!(store.path(key), Err(StorageError::BadKey)), "{key:?}");
        }
        for key in ["a", "fil_01", &long[..64]] {
            store.begin(key).await.unwrap();
            store.finish(key).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_taken_key_is_not_begun_again() {
        let (_dir, store) = store();
        keep(&store, "fil_1", b"story").await;
        assert!(matches!(store.begin("fil_1").await, Err(StorageError::Io(_))));
        assert_eq!(read(&store, "fil_1", 0..5).await, b"story");
    }

    #[tokio::test]
    async fn a_removed_file_is_missing_and_removing_it_again_is_no_error() {
        let (_dir, store) = store();
        keep(&store, "fil_1", b"story").await;
        store.remove("fil_1").await.unwrap();
        store.remove("fil_1").await.unwrap();
        assert!(matches!(store.open_range("fil_1", 0..5).await, Err(StorageError::Missing)));
        store.begin("fil_2").await.unwrap();
        store.remove_partial("fil_2").await.unwrap();
        store.remove_partial("fil_2").await.unwrap();
        assert!(matches!(store.partial_len("fil_2").await, Err(StorageError::Missing)));
    }

    #[tokio::test]
    async fn a_range_beyond_the_end_is_refused() {
        let (_dir, store) = store();
        keep(&store, "fil_1", b"story").await;
        assert!(matches!(store.open_range("fil_1", 2..6).await, Err(StorageError::Io(_))));
    }

    #[test]
    fn a_full_disk_and_an_exhausted_quota_say_so() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(matches!(StorageError::from(io::Error::from(kind)), StorageError::Full));
        }
    }

    /// `/dev/full` refuses every write as a full disk does.
    #[cfg(target_os = "linux")]
    #[test]
    fn writing_to_a_full_disk_is_reported_as_full() {
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let outcome = Growing { file, len: 0 }.write(b"x", NO_LIMIT);
        assert!(matches!(outcome, Err(StorageError::Full)));
    }

    /// Resident memory of this process in bytes, its highest mark.
    #[cfg(target_os = "linux")]
    fn memory_peak_bytes() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_large_file_passes_through_without_filling_the_memory() {
        const MIB: u64 = 1024 * 1024;
        const SIZE: u64 = 300 * MIB;
        let (_dir, store) = store();
        store.begin("fil_1").await.unwrap();
        let before = memory_peak_bytes();
        let chunk = Bytes::from(vec![7; MIB as usize]);
        let chunks = stream::iter((0..SIZE / MIB).map(|_| Ok::<_, Infallible>(chunk.clone())));
        store.append("fil_1", 0, chunks, NO_LIMIT).await.unwrap();
        assert_eq!(store.finish("fil_1").await.unwrap().size, SIZE);
        let mut seen = 0;
        let mut chunks = store.open_range("fil_1", 0..SIZE).await.unwrap();
        while let Some(chunk) = chunks.next().await {
            seen += chunk.unwrap().len() as u64;
        }
        assert_eq!(seen, SIZE);
        // Other tests run in this process too; a buffered file would be far above.
        assert!(memory_peak_bytes() - before < 150 * MIB);
    }
}
