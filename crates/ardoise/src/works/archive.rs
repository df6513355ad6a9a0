//! Several files as one ZIP archive that is never made, only read.
//!
//! Sizes and check sums are known since the upload, so where every byte of the archive stands is
//! known before the first is sent: the download has a length, can be resumed in the middle, and
//! keeps no more in memory than the names. Files are stored as they are, since what is sold is
//! mostly compressed already. A streaming ZIP writer would have to put the sums behind the files,
//! which several unpackers refuse for stored entries.
//!
//! Layout and field names: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (ZIP64).

use std::collections::HashSet;
use std::io;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::Either;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::file_name::safe_name;
use super::storage::{FileStore, StorageError};

/// Files that are asked for at the same time, before an archive is sent: each may be a trip to another server.
const ASKED_AT_ONCE: usize = 16;
/// A value that says "look in the ZIP64 field instead".
const IN_ZIP64: u32 = u32::MAX;
/// The same for the count of entries.
const COUNT_IN_ZIP64: u16 = u16::MAX;
/// Reading needs ZIP 2.0, or 4.5 where ZIP64 is used.
const VERSION_PLAIN: u16 = 20;
/// See [`VERSION_PLAIN`].
const VERSION_ZIP64: u16 = 45;
/// Made on Unix, so that the permissions below are understood.
const MADE_ON_UNIX: u16 = 3 << 8;
/// A regular file that its owner may write and everybody read.
const PERMISSIONS: u32 = 0o100_644 << 16;
/// Flag bit 11: names are UTF-8.
const NAMES_IN_UTF8: u16 = 1 << 11;
/// 1 January 1980, the first day that ZIP knows: equal files make equal archives.
const DATE: u16 = 0x0021;

/// A finished file that goes into an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// Where the file store has it.
    pub key: String,
    /// What the author called it; made safe and unique here.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its CRC-32, as [`super::storage::Stored`] has it.
    pub crc32: u32,
}

/// The plan of an archive: which bytes come from where.
#[derive(Debug, Clone)]
pub struct Archive {
    segments: Vec<Segment>,
    len: u64,
    sha256: [u8; 32],
}

#[derive(Debug, Clone)]
enum Segment {
    Made(Bytes),
    File { key: String, size: u64 },
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Self::Made(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }
}

impl Archive {
    /// The archive of `entries`, in their order.
    pub fn of(entries: &[ArchiveEntry]) -> Self {
        let names = unique_names(entries);
        let mut archive = Self { segments: Vec::new(), len: 0, sha256: [0; 32] };
        let mut directory = BytesMut::new();
        for (entry, name) in entries.iter().zip(&names) {
            put_directory_entry(&mut directory, entry, name, archive.len);
            archive.push(Segment::Made(local_header(entry, name)));
            archive.push(Segment::File { key: entry.key.clone(), size: entry.size });
        }
        let directory_len = directory.len() as u64;
        put_end(&mut directory, entries.len() as u64, archive.len, directory_len);
        archive.push(Segment::Made(directory.freeze()));
        archive.sha256 = archive.fingerprint();
        archive
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Differs whenever a file, a name or their order does. Made of the files' keys and check sums:
    /// it is no hash of the archive's bytes.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Makes sure that every file is there and as long as planned, because once bytes flow nobody
    /// can be told any more.
    ///
    /// # Errors
    /// `Missing`, `BadKey`, `Io`.
    pub async fn check(&self, store: &FileStore) -> Result<(), StorageError> {
        let files = self.segments.iter().filter_map(|segment| match segment {
            Segment::Made(_) => None,
            Segment::File { key, size } => Some((key, *size)),
        });
        let ask = |(key, size): (&String, u64)| {
            let (store, key) = (store.clone(), key.clone());
            async move { store.open_range(&key, size..size).await.map(drop) }
        };
        let asks: Vec<_> = files.map(ask).collect();
        let mut asked = stream::iter(asks).buffered(ASKED_AT_ONCE);
        while let Some(answer) = asked.next().await {
            answer?;
        }
        Ok(())
    }

    /// The bytes `range` of the archive, read from the store as they are asked for. What is beyond
    /// the end is left out.
    pub fn read_range(
        &self,
        store: &FileStore,
        range: Range<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let store = store.clone();
        stream::iter(self.cut(&range))
            .then(move |(segment, part)| {
                let store = store.clone();
                async move { read_segment(&store, segment, part).await }
            })
            .try_flatten()
    }

    fn push(&mut self, segment: Segment) {
        self.len += segment.len();
        if segment.len() > 0 {
            self.segments.push(segment);
        }
    }

    /// The segments that `range` touches, each with the part of it that is wanted.
    fn cut(&self, range: &Range<u64>) -> Vec<(Segment, Range<u64>)> {
        let mut start = 0;
        let mut parts = Vec::new();
        for segment in &self.segments {
            let end = start + segment.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                parts.push((segment.clone(), from - start..to - start));
            }
            start = end;
        }
        parts
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut sha256 = Sha256::new();
        for segment in &self.segments {
            match segment {
                Segment::Made(bytes) => sha256.update(bytes),
                Segment::File { key, .. } => sha256.update(key),
            }
        }
        sha256.finalize().into()
    }
}

async fn read_segment(
    store: &FileStore,
    segment: Segment,
    part: Range<u64>,
) -> io::Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
    match segment {
        Segment::Made(bytes) => {
            let within = |at| usize::try_from(at).expect("headers are in memory");
            let bytes = bytes.slice(within(part.start)..within(part.end));
            Ok(Either::Left(stream::iter([Ok(bytes)])))
        }
        Segment::File { key, .. } => {
            let opened = store.open_range(&key, part).await;
            Ok(Either::Right(opened.map_err(io::Error::other)?))
        }
    }
}

/// Safe names, told apart also where case does not count.
fn unique_names(entries: &[ArchiveEntry]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(entries.len());
    for entry in entries {
        let wanted = safe_name(&entry.name);
        let mut name = wanted.clone();
        let mut number = 1_u32;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = numbered(&wanted, number);
        }
        names.push(name);
    }
    names
}

fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem} ({number}).{ending}"),
        None => format!("{name} ({number})"),
    }
}

fn local_header(entry: &ArchiveEntry, name: &str) -> Bytes {
    let is_large = entry.size >= u64::from(IN_ZIP64);
    let mut zip64 = BytesMut::new();
    if is_large {
        // Both sizes are mandatory in the local field.
        put_zip64_field(&mut zip64, &[entry.size, entry.size]);
    }
    let mut header = BytesMut::new();
    header.put_u32_le(0x0403_4b50);
    put_common_fields(&mut header, entry, name, !zip64.is_empty());
    header.put_u16_le(field_len(zip64.len()));
    header.put_slice(name.as_bytes());
    header.put_slice(&zip64);
    header.freeze()
}

fn put_directory_entry(out: &mut BytesMut, entry: &ArchiveEntry, name: &str, offset: u64) {
    let mut large = Vec::new();
    if entry.size >= u64::from(IN_ZIP64) {
        large.extend([entry.size, entry.size]);
    }
    let offset_field = or_in_zip64(offset);
    if offset_field == IN_ZIP64 {
        large.push(offset);
    }
    let mut zip64 = BytesMut::new();
    if !large.is_empty() {
        put_zip64_field(&mut zip64, &large);
    }
    out.put_u32_le(0x0201_4b50);
    out.put_u16_le(MADE_ON_UNIX | VERSION_ZIP64);
    put_common_fields(out, entry, name, !zip64.is_empty());
    out.put_u16_le(field_len(zip64.len()));
    out.put_u16_le(0); // comment length
    out.put_u16_le(0); // disk
    out.put_u16_le(0); // internal attributes: not text
    out.put_u32_le(PERMISSIONS);
    out.put_u32_le(offset_field);
    out.put_slice(name.as_bytes());
    out.put_slice(&zip64);
}

/// The fields that stand alike in front of a file and in the directory.
fn put_common_fields(out: &mut BytesMut, entry: &ArchiveEntry, name: &str, is_zip64: bool) {
    out.put_u16_le(if is_zip64 { VERSION_ZIP64 } else { VERSION_PLAIN });
    out.put_u16_le(NAMES_IN_UTF8);
    out.put_u16_le(0); // stored
    out.put_u16_le(0); // midnight
    out.put_u16_le(DATE);
    out.put_u32_le(entry.crc32);
    out.put_u32_le(or_in_zip64(entry.size));
    out.put_u32_le(or_in_zip64(entry.size));
    out.put_u16_le(field_len(name.len()));
}

fn put_zip64_field(out: &mut BytesMut, values: &[u64]) {
    out.put_u16_le(0x0001);
    out.put_u16_le(field_len(values.len() * 8));
    for value in values {
        out.put_u64_le(*value);
    }
}

/// The end of the directory, in the old form always and in the ZIP64 form where that is too small.
fn put_end(out: &mut BytesMut, entries: u64, offset: u64, len: u64) {
    let count = u16::try_from(entries).unwrap_or(COUNT_IN_ZIP64);
    let (offset_field, len_field) = (or_in_zip64(offset), or_in_zip64(len));
    if count == COUNT_IN_ZIP64 || offset_field == IN_ZIP64 || len_field == IN_ZIP64 {
        out.put_u32_le(0x0606_4b50);
        out.put_u64_le(44); // length of the rest of this record
        out.put_u16_le(MADE_ON_UNIX | VERSION_ZIP64);
        out.put_u16_le(VERSION_ZIP64);
        out.put_u32_le(0); // this disk
        out.put_u32_le(0); // disk of the directory
        out.put_u64_le(entries);
        out.put_u64_le(entries);
        out.put_u64_le(len);
        out.put_u64_le(offset);
        out.put_u32_le(0x0706_4b50);
        out.put_u32_le(0); // disk of the record above
        out.put_u64_le(offset.saturating_add(len));
        out.put_u32_le(1); // disks in all
    }
    out.put_u32_le(0x0605_4b50);
    out.put_u16_le(0); // this disk
    out.put_u16_le(0); // disk of the directory
    out.put_u16_le(count);
    out.put_u16_le(count);
    out.put_u32_le(len_field);
    out.put_u32_le(offset_field);
    out.put_u16_le(0); // comment length
}

fn or_in_zip64(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(IN_ZIP64)
}

fn field_len(len: usize) -> u16 {
    u16::try_from(len).expect("safe names and ZIP64 fields are short")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::{Cursor, Read, Seek, SeekFrom};

    use zip::ZipArchive;

    use super::*;

    fn entry(key: &str, name: &str, content: &[u8]) -> ArchiveEntry {
        ArchiveEntry {
            key: key.to_owned(),
            name: name.to_owned(),
            size: content.len() as u64,
            crc32: crc32fast::hash(content),
        }
    }

    async fn keep(store: &FileStore, key: &str, content: &'static [u8]) {
        store.begin(key).await.unwrap();
        let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from_static(content))]);
        store.append(key, 0, chunks, u64::MAX).await.unwrap();
        store.finish(key).await.unwrap();
    }

    async fn read(archive: &Archive, store: &FileStore, range: Range<u64>) -> Vec<u8> {
        let chunks: Vec<Bytes> = archive.read_range(store, range).try_collect().await.unwrap();
        chunks.concat()
    }

    #[tokio::test]
    async fn ben_unpacks_what_ada_packed() {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::open(dir.path(), &crate::works::storage::Location::Folder).unwrap();
        keep(&store, "fil_1", b"first").await;
        keep(&store, "fil_2", b"").await;
        keep(&store, "fil_3", b"third").await;
        let archive = Archive::of(&[
            entry("fil_1", "été/ardoise.txt", b"first"),
            entry("fil_2", "empty", b""),
            entry("fil_3", "../../ARDOISE.txt", b"third"),
        ]);
        archive.check(&store).await.unwrap();
        let bytes = read(&archive, &store, 0..archive.size()).await;
        assert_eq!(bytes.len() as u64, archive.size());
        let mut opened = ZipArchive::new(Cursor::new(bytes.clone())).unwrap();
        let expected = [("ardoise.txt", "first"), ("empty", ""), ("ARDOISE (2).txt", "third")];
        assert_eq!(opened.len(), expected.len());
        for (index, (name, content)) in expected.into_iter().enumerate() {
            let mut file = opened.by_index(index).unwrap();
            let mut unpacked = String::new();
            file.read_to_string(&mut unpacked).unwrap();
            assert_eq!((file.name().unwrap().as_ref(), unpacked.as_str()), (name, content));
        }
        for start in 0..=archive.size() {
            let rest = read(&archive, &store, start..archive.size()).await;
            assert_eq!(rest, bytes[usize::try_from(start).unwrap()..]);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_gone_or_changed_is_noticed_before_the_first_byte() {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::open(dir.path(), &crate::works::storage::Location::Folder).unwrap();
        keep(&store, "fil_1", b"short").await;
        let gone = Archive::of(&[entry("fil_9", "x", b"x")]);
        assert!(matches!(gone.check(&store).await, Err(StorageError::Missing)));
        let longer = Archive::of(&[entry("fil_1", "x", b"longer than it is")]);
        assert!(matches!(longer.check(&store).await, Err(StorageError::Io(_))));
    }

    #[test]
    fn another_file_or_name_makes_another_fingerprint() {
        let archive = Archive::of(&[entry("fil_1", "a", b"x")]);
        assert_eq!(archive.sha256(), Archive::of(&[entry("fil_1", "a", b"x")]).sha256());
        assert_ne!(archive.sha256(), Archive::of(&[entry("fil_1", "b", b"x")]).sha256());
        assert_ne!(archive.sha256(), Archive::of(&[entry("fil_2", "a", b"x")]).sha256());
    }

    /// An archive whose files read as zeros, however large they claim to be.
    struct Zeros {
        archive: Archive,
        at: u64,
    }

    impl Read for Zeros {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let wanted = self.at..self.at.saturating_add(buffer.len() as u64);
            let Some((segment, part)) = self.archive.cut(&wanted).into_iter().next() else {
                return Ok(0);
            };
            let len = usize::try_from(part.end - part.start).unwrap();
            match segment {
                Segment::Made(bytes) => {
                    let start = usize::try_from(part.start).unwrap();
                    buffer[..len].copy_from_slice(&bytes[start..start + len]);
                }
                Segment::File { .. } => buffer[..len].fill(0),
            }
            self.at += len as u64;
            Ok(len)
        }
    }

    impl Seek for Zeros {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let target = match to {
                SeekFrom::Start(at) => Some(at),
                SeekFrom::End(by) => self.archive.len.checked_add_signed(by),
                SeekFrom::Current(by) => self.at.checked_add_signed(by),
            };
            self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
            Ok(self.at)
        }
    }

    #[test]
    fn files_beyond_four_gibibytes_are_found_again() {
        let large = |key: &str, size| ArchiveEntry { size, ..entry(key, key, b"") };
        const FIVE_GIB: u64 = 5 << 30;
        let sizes = [FIVE_GIB, 3, u64::from(u32::MAX), u64::from(u32::MAX) - 1];
        let entries: Vec<_> =
            sizes.iter().enumerate().map(|(n, size)| large(&format!("f{n}"), *size)).collect();
        let archive = Archive::of(&entries);
        let mut opened = ZipArchive::new(Zeros { archive, at: 0 }).unwrap();
        for (index, size) in sizes.into_iter().enumerate() {
            let mut file = opened.by_index(index).unwrap();
            assert_eq!((file.size(), file.compressed_size()), (size, size));
            // Reaching the content means that the header in front of it was found and understood.
            assert_eq!(file.read(&mut [9; 2]).unwrap(), 2);
        }
    }

    #[test]
    fn more_files_than_the_old_format_counts_are_found_again() {
        let entries = vec![entry("fil_1", "x", b""); 70_000];
        let unique: Vec<_> = entries
            .into_iter()
            .enumerate()
            .map(|(n, entry)| ArchiveEntry { name: n.to_string(), ..entry })
            .collect();
        let archive = Archive::of(&unique);
        let mut bytes = Vec::new();
        for (segment, _) in archive.cut(&(0..archive.size())) {
            let Segment::Made(header) = segment else { panic!("empty files have no content") };
            bytes.extend_from_slice(&header);
        }
        assert_eq!(ZipArchive::new(Cursor::new(bytes)).unwrap().len(), 70_000);
    }
}
