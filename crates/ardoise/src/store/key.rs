//! Keys that let authors' programs in.

use super::{Db, Row, StoreError, Value, id};
use crate::till::command::SecretHash;
use ledger::{AuthorId, KeyId, Timestamp};

/// A key that lets an author's programs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Whose programs.
    pub author: AuthorId,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// What its author calls it.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute or so.
    pub used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

fn read(row: &dyn Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.id(0)?,
        author: row.id(1)?,
        secret_hash: row.bytes(2)?,
        label: row.text(3)?,
        created_at: row.time(4)?,
        used_at: row.maybe_time(5)?,
        revoked_at: row.maybe_time(6)?,
    })
}

/// Puts a key in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert(db: &dyn Db, key: &ApiKey) -> Result<(), StoreError> {
    let values = [
        id(key.id),
        id(key.author),
        Value::from(&key.secret_hash),
        Value::Text(&key.label),
        key.created_at.into(),
    ];
    db.execute(
        "insert into api_key (id, author_id, secret_hash, label, created_at) values (?1, ?2, ?3, ?4, ?5)",
        &values,
    )?;
    Ok(())
}

/// A key, also one that was taken back.
///
/// # Errors
/// Whatever the engine says.
pub fn by_id(db: &dyn Db, key: KeyId) -> Result<Option<ApiKey>, StoreError> {
    let sql = "select id, author_id, secret_hash, label, created_at, used_at, revoked_at from api_key \
        where id = ?1";
    db.first(sql, &[id(key)], read)
}

/// The keys of an author that work, newest first.
///
/// # Errors
/// Whatever the engine says.
pub fn by_author(db: &dyn Db, author: AuthorId, limit: i64) -> Result<Vec<ApiKey>, StoreError> {
    let sql = "select id, author_id, secret_hash, label, created_at, used_at, revoked_at from api_key \
        where author_id = ?1 and revoked_at is null order by id desc limit ?2";
    db.all(sql, &[id(author), Value::Int(limit)], read)
}

/// Remembers that a key was used.
///
/// # Errors
/// Whatever the engine says.
pub fn used(db: &dyn Db, key: KeyId, at: Timestamp) -> Result<(), StoreError> {
    let sql = "update api_key set used_at = ?2 where id = ?1 and (used_at is null or used_at < ?2)";
    db.execute(sql, &[id(key), at.into()])?;
    Ok(())
}

/// Takes a key back; answers whether the author had it and it still worked.
///
/// # Errors
/// Whatever the engine says.
pub fn revoke(
    db: &dyn Db,
    author: AuthorId,
    key: KeyId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update api_key set revoked_at = ?3 where author_id = ?1 and id = ?2 and revoked_at is null";
    Ok(db.execute(sql, &[id(author), id(key), now.into()])? == 1)
}
