//! Finished files in a folder of this machine.

use super::arriving::sum_up;
use super::{
    ByteStream, StorageError, Stored, Whole, blocking, no_such_range, place, remove_file, sync_dir,
};
use std::fs::{self, File};
use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

/// How much of a file is read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// A folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Self, StorageError> {
        fs::create_dir_all(root.join("content"))?;
        sync_dir(root)?;
        Ok(Self { root: root.to_owned() })
    }

    pub(super) fn path(&self, key: &str) -> PathBuf {
        self.root.join(place(key))
    }

    pub(super) async fn put(&self, key: &str, whole: &Whole) -> Result<(), StorageError> {
        let (from, to) = (whole.path.clone(), self.path(key));
        blocking(move || move_durably(&from, &to)).await
    }

    pub(super) async fn stored(&self, key: &str) -> Result<Stored, StorageError> {
        let path = self.path(key);
        blocking(move || Ok(sum_up(&mut File::open(path)?)?.stored())).await
    }

    pub(super) async fn open_range(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<ByteStream, StorageError> {
        let mut file = tokio::fs::File::open(self.path(key)).await?;
        let size = file.metadata().await?.len();
        if range.end > size {
            return Err(no_such_range());
        }
        file.seek(SeekFrom::Start(range.start)).await?;
        let part = file.take(range.end - range.start);
        Ok(Box::pin(ReaderStream::with_capacity(part, READ_BYTES)))
    }

    pub(super) async fn read_head(&self, key: &str, most: usize) -> Result<Vec<u8>, StorageError> {
        let file = tokio::fs::File::open(self.path(key)).await?;
        let mut head = Vec::new();
        file.take(most as u64).read_to_end(&mut head).await?;
        Ok(head)
    }

    pub(super) async fn remove(&self, key: &str) -> Result<(), StorageError> {
        remove_file(self.path(key)).await
    }
}

fn move_durably(from: &Path, to: &Path) -> Result<(), StorageError> {
    let shelf = to.parent().expect("a content path has a shelf");
    let content = shelf.parent().expect("a shelf stands in the content folder");
    fs::create_dir_all(shelf)?;
    sync_dir(content)?;
    fs::rename(from, to)?;
    sync_dir(shelf)
}
