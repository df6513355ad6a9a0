//! The embedded engine: SQLite in one file, WAL, `synchronous=FULL`.
//!
//! One connection writes, in the till's thread. A few others only read; what they ask is short and
//! indexed, so it runs where it is asked rather than crossing to another thread.

pub mod backup;
pub mod batch;
#[cfg(test)]
mod batch_tests;
pub mod checkpoint;
pub mod moving;
mod persist;
#[cfg(test)]
pub mod testing;

use super::insertion::Insertion;
use super::{Db, EachRow, Row, StoreError, Value, books, migrations};
use crate::till::TillNumber;
use ledger::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, ffi};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// The name of the store's file in the data folder.
pub const FILE_NAME: &str = "ardoise.db";

/// How long a writer waits for another process to let go of the store.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a page. A purchase touches two pages that no other of its batch does, its reader's, and writes them whole
/// to the log: half of SQLite's own size makes a batch an eighth faster, a quarter no more than that.
const PAGE_BYTES: i64 = 2_048;
/// Connections kept for reading between requests.
const IDLE_READERS: usize = 8;
/// Prepared statements kept per connection: more than there are texts.
const STATEMENTS: usize = 256;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(text),
            Some(ErrorCode::DiskFull) => Self::Full(text),
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(text),
            // What could not be flushed may be there all the same when the file is opened the next time.
            Some(ErrorCode::SystemIoFailure) if is_flush(&error) => Self::Unknown(text),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Gone(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(text),
            _ => Self::Engine(text),
        }
    }
}

fn is_flush(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
            Value::Id(value) => ValueRef::Blob(value),
            Value::Null => ValueRef::Null,
        }))
    }
}

impl Row for rusqlite::Row<'_> {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        Ok(self.get(column)?)
    }
    fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.get(column)?)
    }
    fn text(&self, column: usize) -> Result<String, StoreError> {
        Ok(self.get(column)?)
    }
    fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        Ok(self.get(column)?)
    }
    fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        Ok(self.get(column)?)
    }
    fn maybe_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get(column)?)
    }
}

impl Db for Connection {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError> {
        let mut statement = self.prepare_cached(sql)?;
        Ok(statement.execute(rusqlite::params_from_iter(values))?)
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        let mut statement = self.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        drop(rows);
        #[cfg(test)]
        testing::assert_planned_once(sql, &statement);
        Ok(())
    }

    fn insert(&self, into: &Insertion, values: &[Value]) -> Result<(), StoreError> {
        let mut left = values;
        for (rows, sql) in into.many() {
            let size = rows * into.columns();
            while let Some((now, later)) = left.split_at_checked(size) {
                self.prepare_cached(sql)?.execute(rusqlite::params_from_iter(now))?;
                left = later;
            }
        }
        into.one_by_one(self, left)
    }
}

/// Opens the store in `folder` for writing, makes it if it is not there, and brings it up to date.
///
/// # Errors
/// [`StoreError::TooNew`], or whatever the engine says.
pub fn open_writer(folder: &Path, now: Timestamp) -> Result<Connection, StoreError> {
    prepared(Connection::open(folder.join(FILE_NAME))?, now)
}

/// What holds for every connection.
fn set_up(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan follows from the schema alone. Without this guarantee the engine plans a join anew for
    // each value that it is asked with, which took more than half of the till's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn prepared(mut connection: Connection, now: Timestamp) -> Result<Connection, StoreError> {
    set_up(&connection)?;
    // Only a new store takes its page size from here. The cache is small because the engine goes through all of it
    // after every commit in which siblings of a tree were put in order; what it lacks, the operating system has.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma temp_store = memory;
         pragma cache_size = -2048;",
    )?;
    connection.pragma_update(None, "wal_autocheckpoint", checkpoint::LOG_PAGES)?;
    migrate(&mut connection, now)?;
    books::open_till(&connection, TillNumber::ONLY)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    // Already up to date is the usual case: it takes no lock.
    let table = "select count(*) from sqlite_master where name = 'migration'";
    let known: i64 = connection.query_row(table, [], |row| row.get(0))?;
    if known == 1 && migrations::version(connection)? == migrations::newest() {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "create table if not exists migration (version integer primary key, applied_at integer not null) strict",
    )?;
    let found = migrations::version(&*transaction)?;
    if found > migrations::newest() {
        return Err(StoreError::TooNew { found, known: migrations::newest() });
    }
    for step in migrations::ALL.iter().filter(|step| step.version > found) {
        transaction.execute_batch(step.common)?;
        transaction.execute_batch(step.sqlite)?;
        let applied = [Value::Int(step.version), Value::from(now)];
        Db::execute(
            &*transaction,
            "insert into migration (version, applied_at) values (?1, ?2)",
            &applied,
        )?;
    }
    Ok(transaction.commit()?)
}

/// Connections that only read.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of the store in `folder`, which must be there.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let readers = Self { path: folder.join(FILE_NAME), idle: Mutex::default() };
        readers.read(|db| migrations::version(db).map(drop))?;
        Ok(readers)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        set_up(&connection)?;
        connection.execute_batch(
            "pragma query_only = on; pragma temp_store = memory; pragma cache_size = -2048",
        )?;
        Ok(connection)
    }

    /// Runs `work` on one moment of the store.
    ///
    /// # Errors
    /// Whatever `work` or the engine says.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            let moment = connection.unchecked_transaction()?;
            let result = work(&*moment);
            moment.finish()?;
            result
        })
    }

    /// Asks what is a moment of the store by itself.
    ///
    /// # Errors
    /// Whatever `question` or the engine says.
    pub fn ask<T>(
        &self,
        question: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|connection| question(connection))
    }

    /// Lends a connection.
    fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        let result = work(&connection);
        // What the operating system did not read for one, it may not read for the next one either; and a moment that could
        // not be ended would go on.
        let is_sound = connection.is_autocommit() && !matches!(result, Err(StoreError::Gone(_)));
        if is_sound
            && let Ok(mut idle) = self.idle.lock()
            && idle.len() < IDLE_READERS
        {
            idle.push(connection);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refuses_is_told_from_what_it_may_have_done() {
        let told = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            StoreError::from(error)
        };
        for code in [ffi::SQLITE_CANTOPEN, ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_WRITE] {
            assert!(matches!(told(code), StoreError::Gone(_)), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC] {
            assert!(matches!(told(code), StoreError::Unknown(_)), "{code}");
        }
        assert!(matches!(told(ffi::SQLITE_FULL), StoreError::Full(_)));
        assert!(matches!(told(ffi::SQLITE_CORRUPT), StoreError::Corrupt(_)));
    }
}
