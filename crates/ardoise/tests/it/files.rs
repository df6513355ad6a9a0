//! What the files port promises, kept by both its adapters: the folder and the bucket.

use crate::bucket;
use ardoise::works::storage::{FileStore, Location, StorageError, Stored};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use std::convert::Infallible;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use tempfile::TempDir;

const NO_LIMIT: u64 = u64::MAX;
const MIB: u64 = 1024 * 1024;

/// A store, and the folder on this machine that it has at least for files on their way in.
struct Kept {
    store: FileStore,
    folder: TempDir,
}

impl Kept {
    fn at(location: &Location) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = FileStore::open(folder.path().join("files"), location).expect("opens");
        Self { store, folder }
    }
}

/// Every promise is a story told about both adapters.
macro_rules! promises {
    ($($name:ident)+) => {
        mod folder {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Kept::at(&super::Location::Folder)).await;
            })+
        }
        mod in_a_bucket {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (endpoint, key) = (super::bucket::endpoint(), super::bucket::KEY);
                let location = super::bucket::location(&endpoint, super::bucket::BUCKET, key);
                super::$name(super::Kept::at(&location)).await;
            })+
        }
    };
}

promises! {
    what_ada_uploads_in_pieces_is_what_ben_reads
    nobody_reads_a_file_before_it_is_finished
    finishing_twice_gives_the_same_answer
    an_upload_that_continues_elsewhere_is_told_where_the_file_ends
    a_broken_upload_keeps_what_came_and_goes_on_from_there
    a_file_never_grows_beyond_its_limit
    two_requests_do_not_write_one_file_at_once
    an_upload_goes_on_after_its_request_was_dropped
    a_file_goes_on_to_its_place_when_nobody_waits_any_more
    a_key_cannot_leave_the_folder
    a_taken_key_is_not_begun_again
    a_removed_file_is_missing_and_removing_it_again_is_no_error
    a_range_is_inside_the_file_or_refused
    a_reader_jumps_as_in_a_file
    a_large_file_passes_through_without_filling_the_memory
}

fn whole(
    chunks: &[&'static [u8]],
) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
    let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk))).collect();
    stream::iter(chunks)
}

async fn read(store: &FileStore, key: &str, range: Range<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chunks = store.open_range(key, range).await.expect("there");
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.expect("read"));
    }
    bytes
}

async fn keep(store: &FileStore, key: &str, content: &'static [u8]) -> Stored {
    store.begin(key).await.expect("begun");
    store.append(key, 0, whole(&[content]), NO_LIMIT).await.expect("appended");
    store.finish(key).await.expect("finished")
}

async fn what_ada_uploads_in_pieces_is_what_ben_reads(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    let first = whole(&[b"once ", b"upon "]);
    assert_eq!(store.append("fil_1", 0, first, NO_LIMIT).await.expect("appended"), 10);
    assert_eq!(store.partial_len("fil_1").await.expect("there"), 10);
    store.append("fil_1", 10, whole(&[b"a time"]), NO_LIMIT).await.expect("appended");
    let stored = store.finish("fil_1").await.expect("finished");
    assert_eq!((stored.size, stored.crc32), (16, crc32fast::hash(b"once upon a time")));
    assert_eq!(read(&store, "fil_1", 0..16).await, b"once upon a time");
    assert_eq!(read(&store, "fil_1", 5..9).await, b"upon");
    assert_eq!(read(&store, "fil_1", 16..16).await, b"");
    assert_eq!(store.read_head("fil_1", 4).await.expect("there"), b"once");
    assert_eq!(store.read_head("fil_1", 99).await.expect("there").len(), 16);
    let nothing = keep(&store, "fil_0", b"").await;
    assert_eq!((nothing.size, read(&store, "fil_0", 0..0).await), (0, Vec::new()));
}

async fn nobody_reads_a_file_before_it_is_finished(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    store.append("fil_1", 0, whole(&[b"story"]), NO_LIMIT).await.expect("appended");
    assert!(matches!(store.open_range("fil_1", 0..5).await, Err(StorageError::Missing)));
    assert!(!store.has("fil_1").await.expect("known"));
    store.finish("fil_1").await.expect("finished");
    assert!(store.has("fil_1").await.expect("known"));
    assert!(matches!(store.partial_len("fil_1").await, Err(StorageError::Missing)));
}

async fn finishing_twice_gives_the_same_answer(Kept { store, .. }: Kept) {
    let stored = keep(&store, "fil_1", b"story").await;
    assert_eq!(store.finish("fil_1").await.expect("again"), stored);
    assert!(matches!(store.finish("fil_2").await, Err(StorageError::Missing)));
}

async fn an_upload_that_continues_elsewhere_is_told_where_the_file_ends(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    store.append("fil_1", 0, whole(&[b"12345"]), NO_LIMIT).await.expect("appended");
    for offset in [0, 4, 6] {
        let refused = store.append("fil_1", offset, whole(&[b"x"]), NO_LIMIT).await;
        assert!(matches!(refused, Err(StorageError::OffsetMismatch { actual: 5 })));
    }
}

async fn a_broken_upload_keeps_what_came_and_goes_on_from_there(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err("gone")]);
    let outcome = store.append("fil_1", 0, broken, NO_LIMIT).await;
    assert!(matches!(outcome, Err(StorageError::Broken { kept: 4, .. })));
    store.append("fil_1", 4, whole(&[b" done"]), NO_LIMIT).await.expect("appended");
    store.finish("fil_1").await.expect("finished");
    assert_eq!(read(&store, "fil_1", 0..9).await, b"half done");
}

async fn a_file_never_grows_beyond_its_limit(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    let outcome = store.append("fil_1", 0, whole(&[b"12345", b"678901"]), 10).await;
    assert!(matches!(outcome, Err(StorageError::TooLarge)));
    assert_eq!(store.partial_len("fil_1").await.expect("there"), 5);
    assert_eq!(store.append("fil_1", 5, whole(&[b"67890"]), 10).await.expect("fits"), 10);
}

async fn two_requests_do_not_write_one_file_at_once(Kept { store, folder }: Kept) {
    store.begin("fil_1").await.expect("begun");
    let path = folder.path().join("files/partial/fil_1");
    let growing = fs::OpenOptions::new().write(true).open(path).expect("there");
    growing.try_lock().expect("nobody else writes");
    let second = store.append("fil_1", 0, whole(&[b"x"]), NO_LIMIT).await;
    assert!(matches!(second, Err(StorageError::Busy)));
    assert!(matches!(store.finish("fil_1").await, Err(StorageError::Busy)));
    drop(growing);
    store.append("fil_1", 0, whole(&[b"x"]), NO_LIMIT).await.expect("appended");
}

async fn an_upload_goes_on_after_its_request_was_dropped(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let chunks = stream::poll_fn(move |context| receiver.poll_recv(context));
    let first = tokio::spawn({
        let store = store.clone();
        async move { store.append("fil_1", 0, chunks, NO_LIMIT).await }
    });
    sender.send(Ok::<_, Infallible>(Bytes::from_static(b"half"))).await.expect("taken");
    // There is room again once the chunk was taken out to be written.
    let room = sender.reserve().await.expect("taken");
    first.abort();
    assert!(first.await.expect_err("aborted").is_cancelled());
    drop(room);
    let len = loop {
        match store.append("fil_1", 4, whole(&[b" done"]), NO_LIMIT).await {
            Err(StorageError::Busy | StorageError::OffsetMismatch { actual: 0 }) => {}
            outcome => break outcome.expect("appended"),
        }
    };
    assert_eq!(len, 9);
    store.finish("fil_1").await.expect("finished");
    assert_eq!(read(&store, "fil_1", 0..9).await, b"half done");
}

async fn a_file_goes_on_to_its_place_when_nobody_waits_any_more(Kept { store, .. }: Kept) {
    store.begin("fil_1").await.expect("begun");
    store.append("fil_1", 0, whole(&[b"story"]), NO_LIMIT).await.expect("appended");
    // Asked once and dropped: the move is under way, and nobody listens.
    let finishing = store.finish("fil_1");
    assert!(futures_util::FutureExt::now_or_never(finishing).is_none());
    let stored = loop {
        match store.finish("fil_1").await {
            Err(StorageError::Busy) => tokio::task::yield_now().await,
            outcome => break outcome.expect("finished"),
        }
    };
    assert_eq!((stored.size, stored.crc32), (5, crc32fast::hash(b"story")));
    assert_eq!(read(&store, "fil_1", 0..5).await, b"story");
}

async fn a_key_cannot_leave_the_folder(Kept { store, .. }: Kept) {
    let long = "a".repeat(65);
    for key in ["", "..", "../x", "a/b", "a\\b", "A", "é", "a.b", "a\0", long.as_str()] {
        assert!(matches!(store.begin(key).await, Err(StorageError::BadKey)), "{key:?}");
        assert!(matches!(store.finish(key).await, Err(StorageError::BadKey)), "{key:?}");
        assert!(matches!(store.open_range(key, 0..1).await, Err(StorageError::BadKey)), "{key:?}");
        assert!(matches!(store.remove(key).await, Err(StorageError::BadKey)), "{key:?}");
        assert!(matches!(store.reader(key), Err(StorageError::BadKey)), "{key:?}");
    }
    for key in ["a", "fil_01", &long[..64]] {
        store.begin(key).await.expect("begun");
        store.finish(key).await.expect("finished");
    }
}

async fn a_taken_key_is_not_begun_again(Kept { store, .. }: Kept) {
    keep(&store, "fil_1", b"story").await;
    let refused = store.begin("fil_1").await.expect_err("taken");
    let StorageError::Io(error) = refused else { panic!("{refused}") };
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(read(&store, "fil_1", 0..5).await, b"story");
}

async fn a_removed_file_is_missing_and_removing_it_again_is_no_error(Kept { store, .. }: Kept) {
    keep(&store, "fil_1", b"story").await;
    store.remove("fil_1").await.expect("removed");
    store.remove("fil_1").await.expect("removed already");
    assert!(matches!(store.open_range("fil_1", 0..5).await, Err(StorageError::Missing)));
    assert!(matches!(store.open_range("fil_1", 0..0).await, Err(StorageError::Missing)));
    assert!(matches!(store.read_head("fil_1", 5).await, Err(StorageError::Missing)));
    store.begin("fil_2").await.expect("begun");
    store.remove_partial("fil_2").await.expect("removed");
    store.remove_partial("fil_2").await.expect("removed already");
    assert!(matches!(store.partial_len("fil_2").await, Err(StorageError::Missing)));
}

async fn a_range_is_inside_the_file_or_refused(Kept { store, .. }: Kept) {
    keep(&store, "fil_1", b"story").await;
    for range in [2..6, 5..6, 6..6, 9..12, 0..u64::MAX] {
        let refused = store.open_range("fil_1", range.clone()).await;
        assert!(matches!(refused, Err(StorageError::Io(_))), "{range:?}");
    }
}

async fn a_reader_jumps_as_in_a_file(Kept { store, .. }: Kept) {
    keep(&store, "fil_1", b"once upon a time").await;
    let jumped = tokio::task::spawn_blocking(move || {
        let mut reader = store.reader("fil_1").expect("there");
        assert_eq!(reader.size(), 16);
        let mut text = String::new();
        reader.seek(SeekFrom::Start(10)).expect("there");
        reader.read_to_string(&mut text).expect("read");
        assert_eq!(reader.seek(SeekFrom::End(-4)).expect("there"), 12);
        reader.read_to_string(&mut text).expect("read");
        reader.rewind().expect("there");
        let mut four = [0; 4];
        reader.read_exact(&mut four).expect("read");
        assert!(reader.seek(SeekFrom::Current(-9)).is_err());
        assert_eq!(reader.seek(SeekFrom::Start(99)).expect("beyond"), 99);
        assert_eq!(reader.read(&mut four).expect("nothing"), 0);
        assert!(matches!(store.reader("fil_2"), Err(StorageError::Missing)));
        (text, four)
    });
    let (text, four) = jumped.await.expect("read");
    assert_eq!((text.as_str(), &four), ("a timetime", b"once"));
}

/// Resident memory of this process in bytes, its highest mark.
fn memory_peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a mark");
    let kib = line.split_whitespace().nth(1).expect("a number");
    kib.parse::<u64>().expect("a number") * 1024
}

async fn a_large_file_passes_through_without_filling_the_memory(Kept { store, .. }: Kept) {
    const SIZE: u64 = 200 * MIB + 5;
    store.begin("fil_1").await.expect("begun");
    let before = memory_peak_bytes();
    let chunk = Bytes::from(vec![7; 1024 * 1024]);
    let chunks = stream::iter((0..200).map(|_| Ok::<_, Infallible>(chunk.clone())));
    store.append("fil_1", 0, chunks, NO_LIMIT).await.expect("appended");
    store.append("fil_1", 200 * MIB, whole(&[b"after"]), NO_LIMIT).await.expect("appended");
    let stored = store.finish("fil_1").await.expect("finished");
    assert_eq!((stored.size, store.finish("fil_1").await.expect("again")), (SIZE, stored));
    let mut seen = 0;
    let mut chunks = store.open_range("fil_1", 0..SIZE).await.expect("there");
    while let Some(chunk) = chunks.next().await {
        seen += chunk.expect("read").len() as u64;
    }
    assert_eq!(seen, SIZE);
    assert_eq!(read(&store, "fil_1", 200 * MIB - 1..SIZE).await, b"\x07after");
    // Other tests run in this process too; a buffered file would be far above.
    assert!(memory_peak_bytes() - before < 120 * MIB);
}
