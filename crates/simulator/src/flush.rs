//! The machine's own ceiling: how often and how fast this disk makes 4 KiB durable, in the folder
//! the shop writes to.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::histogram::Histogram;

/// Bytes written before each flush: one page of the database.
const BLOCK_BYTES: usize = 4096;
/// Blocks in the file, written round and round. They are filled with zeroes beforehand, because a
/// growing file (or one whose space was only promised) makes each flush wait for the file system's
/// journal too.
const BLOCKS: u64 = 1024;

/// What the disk can do.
#[derive(Debug, Clone)]
pub struct Flushes {
    /// `write 4 KiB + fdatasync`, one after the other, per second.
    pub per_second: f64,
    /// How long each took.
    pub latency: Histogram,
}

/// Writes and flushes in `folder` for about `length`; the file is gone afterwards.
///
/// # Errors
/// [`Fault::Io`] when the folder cannot be written.
pub fn measure(folder: &Path, length: Duration) -> Result<Flushes, Fault> {
    let file = zero_filled(folder).map_err(Fault::io("preparing the file to flush"))?;
    let block = [0xa5; BLOCK_BYTES];
    let mut latency = Histogram::default();
    let start = Instant::now();
    for number in 0.. {
        let before = Instant::now();
        if before - start >= length && latency.recorded() > 0 {
            break;
        }
        let offset = (number % BLOCKS) * BLOCK_BYTES as u64;
        let written = file.write_all_at(&block, offset).and_then(|()| file.sync_data());
        written.map_err(Fault::io("flushing"))?;
        latency.record(before.elapsed());
    }
    let per_second = latency.recorded() as f64 / start.elapsed().as_secs_f64();
    Ok(Flushes { per_second, latency })
}

fn zero_filled(folder: &Path) -> std::io::Result<File> {
    let mut file = tempfile::tempfile_in(folder)?;
    for _ in 0..BLOCKS {
        file.write_all(&[0; BLOCK_BYTES])?;
    }
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_the_shortest_measurement_flushes_once() {
        let folder = tempfile::tempdir().unwrap();
        let flushes = measure(folder.path(), Duration::ZERO).unwrap();
        assert_eq!(flushes.latency.recorded(), 1);
        assert!(flushes.per_second > 0.0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
