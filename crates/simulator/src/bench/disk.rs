//! The disk's own ceilings, in the folder the shop writes to: how often and how fast it makes something durable.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::rows::{Latency, Measured};
use crate::fault::Fault;
use crate::histogram::Histogram;

/// Bytes written before each flush: one page of the database.
const BLOCK_BYTES: usize = 4096;
/// Blocks in the file, written round and round. They are filled with zeroes beforehand, because a
/// growing file (or one whose space was only promised) makes each flush wait for the file system's
/// journal too.
const BLOCKS: usize = 4096;
/// Bytes of a record of the log, with its sum: what a purchase of five entries needs.
const RECORD_BYTES: usize = 120;
/// Records that share a flush: about as many purchases as share a commit of the shop's.
const RECORDS: usize = 24;
/// How often somebody meets the flush that is under way.
const MET_EVERY: Duration = Duration::from_micros(100);

/// Writes 4 KiB and flushes in `folder` for about `length`; the file is gone afterwards.
///
/// # Errors
/// [`Fault::Io`] when the folder cannot be written.
pub fn flush(folder: &Path, length: Duration) -> Result<Measured, Fault> {
    let block = [0xa5; BLOCK_BYTES];
    repeat(folder, length, |_, batch| batch.extend_from_slice(&block), Histogram::record)
}

/// The same, and for how long a flush keeps whoever comes at any moment. A disk that stops for a twentieth of a second now and
/// then does that in one flush of thousands, but keeps everybody who comes meanwhile: no shop on it can keep fewer.
///
/// # Errors
/// [`Fault::Io`] when the folder cannot be written.
pub fn meet(folder: &Path, length: Duration) -> Result<Measured, Fault> {
    let block = [0xa5; BLOCK_BYTES];
    let fill = |_, batch: &mut Vec<u8>| batch.extend_from_slice(&block);
    repeat(folder, length, fill, |latency, took| {
        let mut left = took;
        while !left.is_zero() {
            latency.record(left);
            left = left.saturating_sub(MET_EVERY);
        }
    })
}

/// Appends to a log: records with a CRC-32 each, [`RECORDS`] of them for each flush. The rate is that of records.
///
/// # Errors
/// [`Fault::Io`] when the folder cannot be written.
pub fn append(folder: &Path, length: Duration) -> Result<Measured, Fault> {
    let fill = |number: usize, batch: &mut Vec<u8>| {
        for place in 0..RECORDS {
            let mut record = [0xa5; RECORD_BYTES];
            record[..8].copy_from_slice(&(number * RECORDS + place).to_be_bytes());
            let (content, sum) = record.split_at_mut(RECORD_BYTES - 4);
            sum.copy_from_slice(&crc32fast::hash(content).to_be_bytes());
            batch.extend_from_slice(&record);
        }
    };
    let flushes = repeat(folder, length, fill, Histogram::record)?;
    Ok(Measured { per_second: flushes.per_second * RECORDS as f64, ..flushes })
}

/// Writes what `fill` puts into each batch, one after the other, each with its flush; `note` is told how long it took.
fn repeat(
    folder: &Path,
    length: Duration,
    fill: impl Fn(usize, &mut Vec<u8>),
    note: impl Fn(&mut Histogram, Duration),
) -> Result<Measured, Fault> {
    let file = zero_filled(folder).map_err(Fault::io("preparing the file to flush"))?;
    let mut batch = Vec::with_capacity(BLOCK_BYTES);
    let mut latency = Histogram::default();
    let (mut offset, mut flushes) = (0, 0);
    let start = Instant::now();
    loop {
        let before = Instant::now();
        if before - start >= length && flushes > 0 {
            break;
        }
        batch.clear();
        fill(flushes, &mut batch);
        if offset + batch.len() > BLOCKS * BLOCK_BYTES {
            offset = 0;
        }
        let written = file.write_all_at(&batch, offset as u64).and_then(|()| file.sync_data());
        written.map_err(Fault::io("flushing"))?;
        offset += batch.len();
        flushes += 1;
        note(&mut latency, before.elapsed());
    }
    let per_second = flushes as f64 / start.elapsed().as_secs_f64();
    Ok(Measured { per_second, latency: Some(Latency::of(&latency)), ..Measured::default() })
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
        let flushes = flush(folder.path(), Duration::ZERO).unwrap();
        let records = append(folder.path(), Duration::ZERO).unwrap();
        let met = meet(folder.path(), Duration::ZERO).unwrap();
        assert!(flushes.per_second > 0.0 && records.per_second > 0.0 && met.per_second > 0.0);
        assert!(records.latency.unwrap().p50 <= records.latency.unwrap().longest);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
