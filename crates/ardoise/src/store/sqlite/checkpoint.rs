//! The log of commits: how what is in it comes into the store's file, and where it has its room.
//!
//! A checkpoint writes pages all over the file and flushes it, which takes tens of milliseconds. Another
//! connection does that while commits go on. The log can only begin anew when all of it was brought over
//! at a moment when nobody commits, so the last of it falls to the till's own connection. Once the log is long
//! ([`LONG`]), the other one therefore goes on until what comes meanwhile is little ([`LITTLE`]), and only then
//! lets the till do the rest: a few milliseconds, in which purchases wait.
//!
//! A commit at the end of a file that must grow is not one flush but several: the file system writes down the new
//! length, and with it whatever else it has to write down, the pages of a checkpoint first of all. So the log has room
//! ahead ([`ROOM`]): zeroes behind what was written last, which the engine takes for the end of the log, also after a
//! crash. A shop that sells little never gets it.

use super::{PAGE_BYTES, set_up};
use crate::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes of a page in the log: it stands behind a head of 24 (<https://www.sqlite.org/fileformat2.html#walformat>).
const FRAME_BYTES: i64 = PAGE_BYTES + 24;
/// Pages from which the till's connection brings over what is left, however much: 256 MiB. The last resort, for when
/// more is written than can be brought over.
pub const LOG_PAGES: i64 = 256 * 1024 * 1024 / FRAME_BYTES;
/// Pages of a log that should begin anew: 64 MiB.
const LONG: i64 = 64 * 1024 * 1024 / FRAME_BYTES;
/// Pages that the till itself may bring over: 1 MiB.
const LITTLE: i64 = 1024 * 1024 / FRAME_BYTES;
/// How often a long log is tried, one time after the other, before it is left to grow until the next time.
const TRIES: u32 = 8;
/// Commits between two checkpoints beside the till. What a checkpoint writes goes to the disk in one go, and a commit that comes
/// meanwhile waits behind it: at half of the shop's rate, one purchase in a hundred took 21 ms with 128 commits, 12 with 32 and
/// 10 with 8 (medians of three), while 64 readers together were served as fast with 32 as with 128.
const COMMITS: u32 = 32;
/// Pages of a log that gets room: 4 MiB.
const BUSY: i64 = 4 * 1024 * 1024 / FRAME_BYTES;
/// Bytes of a log with room: as long as it should become, and what comes until it begins anew.
const ROOM: u64 = 80 * 1024 * 1024;
/// Bytes that are added in one commit, which takes some milliseconds more for it.
const PIECE: usize = 1024 * 1024;

/// Asks for checkpoints, now and then. The thread that makes them ends with this, and has closed its files then.
pub struct Checkpoints {
    thread: Beside,
    commits: u32,
    told: Arc<Told>,
    room: Room,
}

/// The thread beside the till, and how it is asked; nothing of either once it is to end.
struct Beside {
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Asks for a checkpoint. One that is under way brings over what is new, too, or the next one does.
    fn ask(&self) {
        if let Some(ask) = &self.ask {
            let _ = ask.try_send(());
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // Nothing is lost with one that panicked: the log still says all that it said.
            let _ = thread.join();
        }
    }
}

/// What the thread beside the till has found.
#[derive(Default)]
struct Told {
    /// So little of the log is left that the till may bring it over.
    little_left: AtomicBool,
    /// Much is written, so that the log needs room.
    is_busy: AtomicBool,
}

impl Checkpoints {
    /// Starts the thread for the store at `path`.
    ///
    /// # Errors
    /// Whatever the engine says; [`StoreError::Engine`] when no thread can be had.
    pub fn start(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        set_up(&connection)?;
        let (ask, asked) = sync_channel(1);
        let told = Arc::new(Told::default());
        let tell = Arc::clone(&told);
        let thread = std::thread::Builder::new().name("checkpoints".into());
        let started = thread.spawn(move || {
            while asked.recv().is_ok() {
                warn(bring_over(&connection, &tell));
            }
        });
        let started = started.map_err(|error| StoreError::Engine(error.to_string()))?;
        let thread = Beside { ask: Some(ask), thread: Some(started) };
        // A life that was cut short leaves its log behind, and each start reads all of what is in there.
        thread.ask();
        Ok(Self { thread, commits: 0, told, room: Room::of(path) })
    }

    /// The till is about to commit, and nobody else can write.
    pub fn committing(&mut self) {
        if self.told.is_busy.load(Ordering::Relaxed) {
            self.room.add_piece();
        }
    }

    /// Something was committed through `connection`, the till's.
    pub fn committed(&mut self, connection: &Connection) {
        if self.told.little_left.swap(false, Ordering::Relaxed) {
            warn(checkpoint(connection).map(drop));
        }
        self.commits += 1;
        if self.commits >= COMMITS {
            self.commits = 0;
            self.thread.ask();
        }
    }
}

fn warn(made: rusqlite::Result<()>) {
    if let Err(error) = made {
        tracing::warn!(%error, "the log could not be brought into the store; it grows meanwhile");
    }
}

/// Pages of the log, all of which have been brought over unless somebody still reads what was before them.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("pragma wal_checkpoint(passive)", [], |row| row.get(1))
}

fn bring_over(connection: &Connection, tell: &Told) -> rusqlite::Result<()> {
    let mut before = 0;
    for _ in 0..TRIES {
        let pages = checkpoint(connection)?;
        if pages > BUSY {
            tell.is_busy.store(true, Ordering::Relaxed);
        }
        if pages < LONG {
            break;
        }
        if pages - before <= LITTLE {
            tell.little_left.store(true, Ordering::Relaxed);
            break;
        }
        before = pages;
    }
    Ok(())
}

/// The log's room ahead.
struct Room {
    log: PathBuf,
    /// Nothing when there is enough, or none to be had.
    missing: Option<Vec<u8>>,
}

impl Room {
    fn of(store: &Path) -> Self {
        let mut log = OsString::from(store);
        log.push("-wal");
        Self { log: log.into(), missing: Some(vec![0; PIECE]) }
    }

    /// Adds zeroes at the end of the log, where there is not room enough. To be asked by whoever has the right to write.
    fn add_piece(&mut self) {
        let Some(zeroes) = &self.missing else { return };
        match add(zeroes, &self.log) {
            Ok(true) => {}
            Ok(false) => self.missing = None,
            Err(error) => {
                tracing::warn!(%error, "no room could be made in the log; commits take longer for it");
                self.missing = None;
            }
        }
    }
}

/// Answers false when there is room enough.
fn add(zeroes: &[u8], log: &Path) -> std::io::Result<bool> {
    let file = File::options().write(true).open(log)?;
    let bytes = file.metadata()?.len();
    if bytes < ROOM {
        file.write_all_at(zeroes, bytes)?;
    }
    Ok(bytes < ROOM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::{Duration, Instant};

    /// A store that commits as the till's does, with checkpoints beside it that are only made when asked for.
    struct Busy {
        folder: tempfile::TempDir,
        writer: Connection,
        beside: Connection,
        checkpoints: Checkpoints,
    }

    const NAME: &str = "store.db";

    /// A new store, of which nothing is brought over by itself.
    fn store_at(path: &Path) -> Connection {
        let writer = Connection::open(path).expect("opened");
        writer.pragma_update(None, "page_size", PAGE_BYTES).expect("set");
        let sql = "pragma journal_mode = wal; pragma synchronous = off; \
            pragma wal_autocheckpoint = 0; create table kept (bytes blob)";
        writer.execute_batch(sql).expect("made");
        writer
    }

    /// The files of a store as they lie, in a folder of their own.
    fn after_a_crash(folder: &Path) -> tempfile::TempDir {
        let after = tempfile::tempdir().expect("a folder");
        for file in [NAME.to_owned(), format!("{NAME}-wal")] {
            fs::copy(folder.join(&file), after.path().join(&file)).expect("copied");
        }
        after
    }

    impl Busy {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join(NAME);
            let writer = store_at(&path);
            let nobody = Beside { ask: None, thread: None };
            let (told, room) = (Arc::default(), Room::of(&path));
            let checkpoints = Checkpoints { thread: nobody, commits: 0, told, room };
            let beside = Connection::open(&path).expect("opened");
            Self { folder, writer, beside, checkpoints }
        }

        fn commit(&mut self, bytes: i64) {
            let transaction = self.writer.transaction().expect("begun");
            transaction.execute("insert into kept values (zeroblob(?1))", [bytes]).expect("kept");
            self.checkpoints.committing();
            transaction.commit().expect("committed");
            self.checkpoints.committed(&self.writer);
        }

        fn bring_over(&self) {
            bring_over(&self.beside, &self.checkpoints.told).expect("brought over");
        }

        fn log_bytes(&self) -> u64 {
            let log = self.folder.path().join(format!("{NAME}-wal"));
            fs::metadata(log).expect("the log").len()
        }
    }

    #[test]
    fn a_long_log_begins_anew() {
        let mut store = Busy::new();
        store.commit(LONG * FRAME_BYTES);
        let long = checkpoint(&store.beside).expect("brought over");
        assert!(long > LONG, "{long} pages");
        store.bring_over();
        store.commit(1);
        store.commit(1);
        let pages = checkpoint(&store.beside).expect("brought over");
        assert!(pages < 10, "{pages} pages");
    }

    #[test]
    fn a_log_that_is_busy_gets_room_and_a_quiet_one_does_not() {
        let mut store = Busy::new();
        store.commit(BUSY * FRAME_BYTES / 2);
        store.bring_over();
        (0..100).for_each(|_| store.commit(1));
        assert!(store.log_bytes() < ROOM / 2);
        store.commit(BUSY * FRAME_BYTES);
        store.bring_over();
        (0..100).for_each(|_| store.commit(1));
        assert!((ROOM..ROOM + PIECE as u64).contains(&store.log_bytes()), "{}", store.log_bytes());
    }

    #[test]
    fn a_log_that_a_crash_left_is_brought_over_at_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store_at(&folder.path().join(NAME));
        store.execute("insert into kept values (zeroblob(1000000))", []).expect("kept");
        let after = after_a_crash(folder.path());
        let file = after.path().join(NAME);
        let before = fs::metadata(&file).expect("the store").len();
        assert!(before < 1_000_000, "{before} bytes");
        let opened = Connection::open(&file).expect("opened");
        let checkpoints = Checkpoints::start(&file).expect("started");
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::metadata(&file).expect("the store").len() < 1_000_000 {
            assert!(Instant::now() < deadline, "nothing was brought over");
            std::thread::yield_now();
        }
        drop(opened);
        drop(checkpoints);
        assert!(
            !after.path().join(format!("{NAME}-wal")).exists(),
            "the log goes with the last who has it open"
        );
    }

    #[test]
    fn room_is_the_end_of_the_log_for_whoever_opens_it_after_a_crash() {
        let mut store = Busy::new();
        store.checkpoints.told.is_busy.store(true, Ordering::Relaxed);
        (0..5).for_each(|_| store.commit(10_000));
        let after = after_a_crash(store.folder.path());
        let found = Connection::open(after.path().join(NAME)).expect("opened");
        let kept = found.query_row("select count(*) from kept", [], |row| row.get::<_, i64>(0));
        assert_eq!(kept, Ok(5));
        let sound = found.query_row("pragma integrity_check", [], |row| row.get::<_, String>(0));
        assert_eq!(sound.as_deref(), Ok("ok"));
    }
}
