//! A file that is read here and there, by programs that wait: makers of previews, backups.

use super::bucket::Bucket;
use super::{StorageError, no_such_range};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use tokio::runtime::Handle;

/// How much is fetched at once, in bytes.
const BLOCK_BYTES: u64 = 4 * 1024 * 1024;

/// A file, open for reading.
#[derive(Debug)]
pub struct FileReader {
    size: u64,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    File(File),
    Bucket(Box<Blocks>),
}

/// An object that is fetched block by block; the last one is kept.
#[derive(Debug)]
struct Blocks {
    bucket: Bucket,
    key: String,
    runtime: Handle,
    size: u64,
    at: u64,
    /// Where the block begins, and the block.
    block: (u64, Bytes),
}

impl FileReader {
    pub(super) fn of_file(path: &Path) -> Result<Self, StorageError> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { size, kept: Kept::File(file) })
    }

    pub(super) fn of_bucket(bucket: Bucket, key: &str) -> Result<Self, StorageError> {
        let runtime = Handle::try_current()
            .map_err(|error| StorageError::Unavailable(format!("nobody to ask it: {error}")))?;
        let size = runtime.block_on(bucket.size(key))?;
        let blocks =
            Blocks { bucket, key: key.to_owned(), runtime, size, at: 0, block: (0, Bytes::new()) };
        Ok(Self { size, kept: Kept::Bucket(Box::new(blocks)) })
    }

    /// Its length in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.kept {
            Kept::File(file) => file.read(buffer),
            Kept::Bucket(blocks) => blocks.read(buffer),
        }
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.kept {
            Kept::File(file) => file.seek(to),
            Kept::Bucket(blocks) => blocks.seek(to),
        }
    }
}

impl Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let (start, block) = &self.block;
        if !(*start..*start + block.len() as u64).contains(&self.at) {
            let end = self.at.saturating_add(BLOCK_BYTES).min(self.size);
            let fetched = self.runtime.block_on(self.bucket.read(&self.key, self.at..end));
            self.block = (self.at, fetched.map_err(io::Error::other)?);
        }
        let (start, block) = &self.block;
        let rest = usize::try_from(self.at - start).map_or(&[][..], |skip| &block[skip..]);
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.at += read as u64;
        Ok(read)
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::other(no_such_range()))?;
        Ok(self.at)
    }
}
