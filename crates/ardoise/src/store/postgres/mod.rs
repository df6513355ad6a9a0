//! The second engine: PostgreSQL 15 or later, and what speaks its protocol.
//!
//! What is asked runs through the same [`Db`] as on the embedded engine: a question waits for its answer in the thread that
//! asks. The bytes themselves travel in a small runtime of the engine's own, so that a thread that waits never keeps them
//! from arriving.

pub mod batch;
mod connection;
mod dialect;
mod load;
mod persist;

pub use connection::Connection;

use super::{Db, StoreError, Value, migrations};
use ledger::Timestamp;
use std::sync::{Arc, Mutex};
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio_postgres::Config;

/// Connections kept for reading between requests.
const IDLE_READERS: usize = 8;
/// Names the lock under which migrations run: "ardoise" in ASCII.
const MIGRATION_LOCK: i64 = 0x61_72_64_6f_69_73_65;

/// Where the store is, and the runtime that its connections live in.
#[derive(Clone)]
pub struct Server {
    config: Arc<Config>,
    runtime: Arc<Background>,
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
        let mut config: Config = url.parse().map_err(unreadable)?;
        if config.get_application_name().is_none() {
            config.application_name("ardoise");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self { config: Arc::new(config), runtime: Arc::new(Background(Some(runtime))) })
    }

    /// A new connection.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when nobody answers; whatever the engine says.
    pub fn connect(&self) -> Result<Connection, StoreError> {
        let Some(runtime) = &self.runtime.0 else { return Err(StoreError::Closed) };
        Connection::open(&self.config, runtime.handle())
    }

    /// Brings the schema up to date; whoever else wants to do so at the same time waits.
    ///
    /// # Errors
    /// [`StoreError::TooNew`], or whatever the engine says: then nothing was changed.
    pub fn migrate(&self, now: Timestamp) -> Result<(), StoreError> {
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
            for step in migrations::ALL.iter().filter(|step| step.version > found) {
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
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of the store on `server`, which must be there.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn open(server: Server) -> Result<Self, StoreError> {
        let readers = Self { server, idle: Mutex::default() };
        readers.read(|db| migrations::version(db).map(drop))?;
        Ok(readers)
    }

    /// Runs `work` on one moment of the store.
    ///
    /// # Errors
    /// Whatever `work` or the engine says.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        waiting(|| {
            let connection = self.idle_or_new()?;
            let result = connection.moment(work);
            if connection.is_open()
                && let Ok(mut idle) = self.idle.lock()
                && idle.len() < IDLE_READERS
            {
                idle.push(connection);
            }
            result
        })
    }

    /// A connection that was closed while it was idle, by a restart of the server say, is left behind.
    fn idle_or_new(&self) -> Result<Connection, StoreError> {
        if let Ok(mut idle) = self.idle.lock() {
            while let Some(connection) = idle.pop() {
                if connection.is_open() {
                    return Ok(connection);
                }
            }
        }
        self.server.connect()
    }
}

/// Runs what waits for the server, letting other tasks of this thread move to another one.
fn waiting<T>(work: impl FnOnce() -> T) -> T {
    let in_a_pool = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if in_a_pool { tokio::task::block_in_place(work) } else { work() }
}
