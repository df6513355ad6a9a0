//! Answers that were given to programs' requests, to be given again when a request is repeated.

use super::{Db, StoreError, Value, id};
use ledger::receipts::Hash;
use ledger::{AuthorId, Timestamp};

/// Answers that are cleared away in one step at most: it bounds how long the till waits.
const CLEARED_AT_ONCE: i64 = 10_000;

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What the request was: the same request has the same digest.
    pub digest: Hash,
    /// The status of the answer.
    pub status: u16,
    /// Its body, JSON.
    pub body: Vec<u8>,
}

/// The answer that was given to an author's request under this key.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn given(db: &dyn Db, author: AuthorId, key: &str) -> Result<Option<Given>, StoreError> {
    let sql = "select request_digest, status, body from idempotency \
        where author_id = ?1 and request_key = ?2";
    db.first(sql, &[id(author), Value::Text(key)], |row| {
        Ok(Given { digest: row.bytes(0)?, status: row.small(1)?, body: row.blob(2)? })
    })
}

/// Keeps an answer.
///
/// # Errors
/// [`StoreError::Constraint`] when another was kept under the same key meanwhile; whatever the engine says.
pub fn keep(
    db: &dyn Db,
    author: AuthorId,
    key: &str,
    given: &Given,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [
        id(author),
        Value::Text(key),
        Value::Blob(&given.digest),
        Value::Int(given.status.into()),
        Value::Blob(&given.body),
        now.into(),
    ];
    db.execute(
        "insert into idempotency (author_id, request_key, request_digest, status, body, answered_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        &values,
    )?;
    Ok(())
}

/// Whether there are answers that were given before some instant.
///
/// # Errors
/// Whatever the engine says.
pub fn any_before(db: &dyn Db, before: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "select count(*) from (select 1 from idempotency where answered_at < ?1 limit 1) as old";
    Ok(db.number(sql, &[before.into()])? > 0)
}

/// Clears answers away that were given before some instant; answers whether there may be more.
///
/// # Errors
/// Whatever the engine says.
pub fn clear(db: &dyn Db, before: Timestamp) -> Result<bool, StoreError> {
    let sql = "delete from idempotency where (author_id, request_key) in \
        (select author_id, request_key from idempotency where answered_at < ?1 limit ?2)";
    let cleared = db.execute(sql, &[before.into(), Value::Int(CLEARED_AT_ONCE)])?;
    Ok(cleared as i64 == CLEARED_AT_ONCE)
}
