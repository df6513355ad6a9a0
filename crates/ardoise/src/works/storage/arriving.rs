//! Files on their way in: in `partial/`, on this machine, each written by one request at a time.

use super::{StorageError, Sums, Whole, blocking, remove_file, sync_dir};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::error::Error;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How much of a file is hashed at once, in bytes.
const HASH_BYTES: usize = 256 * 1024;

/// The folder of unfinished files.
#[derive(Debug, Clone)]
pub(super) struct Arriving {
    dir: PathBuf,
}

impl Arriving {
    pub(super) fn open(root: &Path) -> Result<Self, StorageError> {
        let dir = root.join("partial");
        fs::create_dir_all(&dir)?;
        sync_dir(root)?;
        Ok(Self { dir })
    }

    pub(super) fn path(&self, key: &str) -> PathBuf {
        self.dir.join(key)
    }

    pub(super) async fn begin(&self, key: &str) -> Result<(), StorageError> {
        let (path, dir) = (self.path(key), self.dir.clone());
        blocking(move || {
            OpenOptions::new().write(true).create_new(true).open(path)?;
            sync_dir(&dir)
        })
        .await
    }

    pub(super) async fn len(&self, key: &str) -> Result<u64, StorageError> {
        let path = self.path(key);
        blocking(move || {
            let file = File::open(path)?;
            file.sync_data()?;
            Ok(file.metadata()?.len())
        })
        .await
    }

    pub(super) async fn append<S, E>(
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
        let path = self.path(key);
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

    /// A file that is whole, flushed and summed up, and held until it has moved.
    pub(super) async fn whole(&self, key: &str) -> Result<Whole, StorageError> {
        let path = self.path(key);
        blocking(move || {
            let mut file = open_locked(&path)?;
            let stored = sum_up(&mut file)?.stored();
            file.sync_all()?;
            Ok(Whole { file, path, stored })
        })
        .await
    }

    /// Removes a file, if it is there still.
    pub(super) async fn remove(&self, key: &str) -> Result<(), StorageError> {
        remove_file(self.path(key)).await
    }

    /// Removes a file that stands elsewhere by now, durably.
    pub(super) async fn has_moved(&self, key: &str) -> Result<(), StorageError> {
        self.remove(key).await?;
        let dir = self.dir.clone();
        blocking(move || sync_dir(&dir)).await
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

/// Sums up what is left to read of a file.
pub(super) fn sum_up(file: &mut File) -> Result<Sums, StorageError> {
    let (mut sums, mut buffer) = (Sums::default(), vec![0; HASH_BYTES]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(sums),
            Ok(read) => sums.add(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LIMIT: u64 = u64::MAX;

    #[test]
    fn a_full_disk_and_an_exhausted_quota_say_so() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
            assert!(matches!(StorageError::from(std::io::Error::from(kind)), StorageError::Full));
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
}
