//! Bytes in the file store that nothing names any more.
//!
//! The transaction that takes the last name away writes them down here, so that they are cleared away whatever happens to
//! the process in between.

use super::{Db, StoreError, Value};
use ledger::Timestamp;

/// Writes down bytes to be cleared away from `not_before` on.
///
/// # Errors
/// Whatever the engine says.
pub fn insert(db: &dyn Db, storage_key: &str, not_before: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into discarded (storage_key, not_before) values (?1, ?2) on conflict (storage_key) do nothing";
    db.execute(sql, &[Value::Text(storage_key), not_before.into()])?;
    Ok(())
}

/// The keys of bytes that can be cleared away at `now`, at most `limit`.
///
/// # Errors
/// Whatever the engine says.
pub fn due(db: &dyn Db, now: Timestamp, limit: i64) -> Result<Vec<String>, StoreError> {
    let sql =
        "select storage_key from discarded where not_before <= ?1 order by not_before limit ?2";
    db.all(sql, &[now.into(), Value::Int(limit)], |row| row.text(0))
}

/// These bytes are gone.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, storage_key: &str) -> Result<(), StoreError> {
    db.execute("delete from discarded where storage_key = ?1", &[Value::Text(storage_key)])?;
    Ok(())
}
