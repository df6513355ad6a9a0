//! The second engine: PostgreSQL 15 or later, and what speaks its protocol.
//!
//! What is asked runs through the same [`Db`] as on the embedded engine: a question waits for its answer in the thread that
//! asks, unless it is the only one ([`Readers::answer`]). The bytes themselves travel in a small runtime of the engine's own,
//! so that a thread that waits never keeps them from arriving.

pub mod batch;
mod connection;
mod dialect;
mod load;
mod moment;
pub mod moving;
mod news;
mod persist;
mod waiting;

pub use connection::Connection;
use connection::{CONNECTING, Pace};

use super::question::Question;
use super::{Db, StoreError, Value, migrations};
use ledger::{AuthorId, Timestamp};
use moment::Moment;
use news::Teller;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit, broadcast};
use tokio_postgres::{Config, Row};
use waiting::{Since, wait};

/// Connections for reading: as many questions are asked at the same time, and others wait for their turn. A server lets a
/// hundred connections in, unless it is told otherwise, and there may be several shops.
const READERS: usize = 16;
/// How long a question may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nobody but one tries after the server said nothing: the others are told at once, and do not sit and wait for
/// a server that hangs.
const REST: Duration = Duration::from_secs(3);
/// A connection that fails in less time was refused, by somebody who is there to say so.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
/// How long the server's machine may acknowledge nothing before the connection is lost.
const SILENCE: Duration = Duration::from_secs(10);
/// Names the lock under which migrations run: "ardoise" in ASCII.
const MIGRATION_LOCK: i64 = 0x61_72_64_6f_69_73_65;

/// The oldest version of PostgreSQL that this program is tried on.
pub const OLDEST: i64 = 15;

/// The version of the server, as its makers count: 15, 16.
///
/// # Errors
/// Whatever the engine says.
pub fn version(db: &dyn Db) -> Result<i64, StoreError> {
    db.number("select cast(current_setting('server_version_num') as int) / 10000", &[])
}

/// What an address says, as libpq understands it. TLS always checks the server's certificate and its name here, so what libpq
/// calls `verify-full` and `verify-ca` is `require`.
///
/// # Errors
/// Where it cannot be read.
pub fn read_address(url: &str) -> Result<Config, tokio_postgres::Error> {
    let Some((place, words)) = url.split_once('?') else { return url.parse() };
    let strictly = |word| match word {
        "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
        other => other,
    };
    let words: Vec<&str> = words.split('&').map(strictly).collect();
    format!("{place}?{}", words.join("&")).parse()
}

/// Where the store is, and the runtime that its connections live in.
#[derive(Clone)]
pub struct Server {
    config: Arc<Config>,
    runtime: Arc<Background>,
    /// Who this process is to the others: its tills tell in its name.
    teller: Teller,
}

/// A runtime that may be dropped anywhere, also inside another one.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Server {
    /// The server at `url` (`postgres://…`; several hosts may be named, as libpq understands it).
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the address cannot be read or no thread can be had. The address may hold a password: no
    /// message shows it.
    pub fn at(url: &str) -> Result<Self, StoreError> {
        let unreadable = |_| StoreError::Engine("the address of the store cannot be read".into());
        let mut config = read_address(url).map_err(unreadable)?;
        if config.get_application_name().is_none() {
            config.application_name("ardoise");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        config.tcp_user_timeout(SILENCE);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self {
            config: Arc::new(config),
            runtime: Arc::new(Background(Some(runtime))),
            teller: Teller::new(),
        })
    }

    /// A new connection.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when nobody answers; whatever the engine says.
    pub fn connect(&self) -> Result<Connection, StoreError> {
        let Some(runtime) = &self.runtime.0 else { return Err(StoreError::Closed) };
        Connection::open(&self.config, runtime.handle())
    }

    /// Passes on what the tills of other processes tell, to `news`, in a task that ends when nobody listens any more.
    pub fn listen(&self, news: broadcast::WeakSender<AuthorId>) {
        if let Some(runtime) = &self.runtime.0 {
            runtime.spawn(news::listen(self.config.clone(), self.teller, news));
        }
    }

    /// Whether a store was made there before.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when nobody answers; whatever the engine says.
    pub fn has_store(&self) -> Result<bool, StoreError> {
        let connection: &dyn Db = &self.connect()?;
        Ok(connection.number("select to_regclass('migration') is not null", &[])? == 1)
    }

    /// Brings the schema up to date; whoever else wants to do so at the same time waits.
    ///
    /// # Errors
    /// [`StoreError::TooNew`], or whatever the engine says: then nothing was changed.
    pub fn migrate(&self, now: Timestamp) -> Result<(), StoreError> {
        self.migrate_through(migrations::newest(), now)
    }

    /// Like [`Server::migrate`], up to a step: the schema as an earlier version of the program left it, for tests.
    ///
    /// # Errors
    /// [`StoreError::TooNew`], or whatever the engine says: then nothing was changed.
    pub fn migrate_through(&self, version: i64, now: Timestamp) -> Result<(), StoreError> {
        let connection = self.connect()?;
        connection.transaction(|db| {
            db.first("select pg_advisory_xact_lock(?1)", &[Value::Int(MIGRATION_LOCK)], |_| Ok(()))?;
            connection.run_script(
                "create table if not exists migration (version bigint primary key, applied_at bigint not null)",
            )?;
            let found = migrations::version(db)?;
            if found > migrations::newest() {
                return Err(StoreError::TooNew { found, known: migrations::newest() });
            }
            let missing = found + 1..=version;
            for step in migrations::ALL.iter().filter(|step| missing.contains(&step.version)) {
                connection.run_script(&dialect::schema(step.common))?;
                connection.run_script(step.postgres)?;
                let applied = [Value::Int(step.version), Value::from(now)];
                db.execute("insert into migration (version, applied_at) values (?1, ?2)", &applied)?;
            }
            Ok(())
        })
    }
}

/// Connections that only read.
pub struct Readers {
    server: Server,
    /// One for each connection. Whoever has one may take what is idle, or open another.
    turns: Semaphore,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    /// Since when the server says nothing, or was last tried after it had; none while it answers.
    silent: Option<Since>,
}

impl Pool {
    /// The server said nothing for too long: what is idle waits for the same one.
    fn fall_silent(&mut self) {
        self.silent = Some(Since::now());
        self.idle.clear();
    }

    /// Whether it is of use to ask now. After a silence one may try at a time.
    fn may_ask(&mut self) -> bool {
        let Some(since) = self.silent else { return true };
        let rested = since.left_of(REST).is_zero();
        if rested {
            self.silent = Some(Since::now());
        }
        rested
    }
}

impl Readers {
    /// Readers of the store on `server`, which must be there.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn open(server: Server) -> Result<Self, StoreError> {
        let readers = Self { server, turns: Semaphore::new(READERS), pool: Mutex::default() };
        readers.read(|db| migrations::version(db).map(drop))?;
        Ok(readers)
    }

    /// The server that is asked.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Runs `work` on one moment of the store, for somebody who waits.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when every connection is in use for too long, or the server takes too long over an answer;
    /// [`StoreError::Gone`] when it says nothing; whatever `work` or the engine says.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.at_a_moment(Pace::Short, work)
    }

    /// The answer to what is a moment of the store by itself, for somebody who waits, but without a thread that does.
    ///
    /// # Errors
    /// Those of [`Readers::read`].
    pub(super) async fn answer(&self, question: &Question) -> Result<Vec<Row>, StoreError> {
        for _ in 0..READERS {
            let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await;
            let lent = self.lend(turn.ok())?;
            let answered = lent.connection()?.answer(question).await;
            if let Some(answered) = lent.last_word(answered, false) {
                return answered;
            }
        }
        Err(lost_while_idle())
    }

    /// Runs `work` on one moment of the store, for as long as it takes.
    ///
    /// # Errors
    /// Those of [`Readers::read`].
    pub fn study<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.at_a_moment(Pace::Long, work)
    }

    fn at_a_moment<T>(
        &self,
        pace: Pace,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        waiting_here(|| {
            let moment = Moment::new(self, pace);
            let result = work(&moment);
            moment.end();
            result
        })
    }

    /// The server answers.
    fn heard(&self) {
        if let Ok(mut pool) = self.pool.lock() {
            pool.silent = None;
        }
    }

    /// Lends a connection to somebody who waits in this thread for a turn.
    fn lend_here(&self) -> Result<Lent<'_>, StoreError> {
        self.lend(wait(self.turns.acquire(), Some(PATIENCE)))
    }

    /// An idle connection, for whoever had a turn in time; a new one where there is none.
    fn lend<'a>(
        &'a self,
        turn: Option<Result<SemaphorePermit<'a>, AcquireError>>,
    ) -> Result<Lent<'a>, StoreError> {
        let late = || StoreError::Busy(format!("{READERS} connections are reading"));
        let turn = turn.ok_or_else(late)?.map_err(|_| StoreError::Closed)?;
        let mut pool = self.pool.lock().map_err(|_| StoreError::Closed)?;
        // One that was closed while it was idle, by a restart of the server say, is left behind.
        pool.idle.retain(Connection::is_open);
        if !pool.may_ask() {
            return Err(StoreError::Gone("it said nothing a moment ago".into()));
        }
        let idle = pool.idle.pop();
        drop(pool);
        let connection = idle.map_or_else(|| waiting_here(|| self.connect()), Ok)?;
        Ok(Lent { readers: self, connection: Some(connection), _turn: turn })
    }

    /// A new connection.
    fn connect(&self) -> Result<Connection, StoreError> {
        let since = Since::now();
        let connected = self.server.connect().and_then(Connection::hurried);
        let is_silence = matches!(connected, Err(StoreError::Gone(_)))
            && since.left_of(REFUSED_WITHIN).is_zero();
        if is_silence {
            self.pool.lock().map_err(|_| StoreError::Closed)?.fall_silent();
        }
        connected
    }
}

/// A connection that goes back when it is dropped, unless it is lost, and then the turn.
struct Lent<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
    _turn: SemaphorePermit<'a>,
}

impl Lent<'_> {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or(StoreError::Closed)
    }

    /// What the first question to this connection came to: nothing where it was lost while it was idle, which is only found out
    /// by asking, and another one is to be asked.
    fn last_word<T>(
        &self,
        answered: Result<T, StoreError>,
        has_rows: bool,
    ) -> Option<Result<T, StoreError>> {
        let connection = self.connection.as_ref();
        let is_lost = matches!(answered, Err(StoreError::Gone(_)));
        if is_lost && !has_rows && !connection.is_some_and(Connection::is_given_up) {
            return None;
        }
        if connection.is_some_and(Connection::is_open) {
            self.readers.heard();
        }
        Some(answered)
    }
}

fn lost_while_idle() -> StoreError {
    StoreError::Gone("each connection was lost while it was idle".into())
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // Whoever panicked while it was lent has left a transaction open.
        let sound = |connection: &Connection| connection.is_open() && !std::thread::panicking();
        let lost_in_silence = self.connection.as_ref().is_some_and(Connection::is_given_up);
        let connection = self.connection.take().filter(sound);
        if let Ok(mut pool) = self.readers.pool.lock() {
            if lost_in_silence {
                pool.fall_silent();
            }
            pool.idle.extend(connection);
        }
    }
}

/// Runs what waits for the server, letting other tasks of this thread move to another one.
fn waiting_here<T>(work: impl FnOnce() -> T) -> T {
    let in_a_pool = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if in_a_pool { tokio::task::block_in_place(work) } else { work() }
}
