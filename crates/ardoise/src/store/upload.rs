//! Files on their way in.

use super::{Db, Row, StoreError, Value, id};
use crate::works::storage::Stored;
use ledger::receipts::Hash;
use ledger::{AuthorId, Timestamp, UploadId, WorkId};

/// A file on its way in. How much of it is here is asked of the file store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Who sends it.
    pub author: AuthorId,
    /// The name it has with them.
    pub name: String,
    /// What whoever sends it said about it, as the header `Upload-Metadata` of tus has it; may be empty.
    pub metadata: String,
    /// Bytes in all.
    pub size: u64,
    /// Under which the file store keeps its bytes.
    pub storage_key: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it is forgotten unless a work takes it.
    pub expires_at: Timestamp,
    /// The SHA-256 and CRC-32 of its bytes, once all are here.
    pub stored: Option<(Hash, u32)>,
    /// The work that has taken it.
    pub work: Option<WorkId>,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, author_id, name, metadata, size, storage_key, started_at, expires_at, sha256, crc32, ",
            "finished_at, work_id from upload where ",
            $rest
        )
    };
}

fn read(row: &dyn Row) -> Result<Upload, StoreError> {
    let finished = row.maybe_time(10)?.is_some();
    Ok(Upload {
        id: row.id(0)?,
        author: row.id(1)?,
        name: row.text(2)?,
        metadata: row.text(3)?,
        size: row.count(4)?,
        storage_key: row.text(5)?,
        started_at: row.time(6)?,
        expires_at: row.time(7)?,
        stored: if finished { Some((row.bytes(8)?, row.small(9)?)) } else { None },
        work: row.maybe_int(11)?.map(ledger::ShopId::from_raw),
    })
}

/// An upload.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(db: &dyn Db, upload: UploadId) -> Result<Option<Upload>, StoreError> {
    db.first(columns!("id = ?1"), &[id(upload)], read)
}

/// How many uploads of an author no work has taken yet.
///
/// # Errors
/// Whatever the engine says.
pub fn waiting(db: &dyn Db, author: AuthorId) -> Result<i64, StoreError> {
    let sql = "select count(*) from upload where author_id = ?1 and work_id is null";
    db.number(sql, &[id(author)])
}

/// Uploads that have expired, those that a work has taken among them.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn expired(db: &dyn Db, now: Timestamp, limit: i64) -> Result<Vec<Upload>, StoreError> {
    let sql = columns!("expires_at <= ?1 order by expires_at, id limit ?2");
    db.all(sql, &[now.into(), Value::Int(limit)], read)
}

/// Puts an upload in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert(db: &dyn Db, upload: &Upload) -> Result<(), StoreError> {
    let values = [
        id(upload.id),
        id(upload.author),
        Value::Text(&upload.name),
        Value::Text(&upload.metadata),
        Value::Int(upload.size.cast_signed()),
        Value::Text(&upload.storage_key),
        upload.started_at.into(),
        upload.expires_at.into(),
    ];
    db.execute(
        "insert into upload (id, author_id, name, metadata, size, storage_key, started_at, expires_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &values,
    )?;
    Ok(())
}

/// An upload may take until `expires_at`.
///
/// # Errors
/// Whatever the engine says.
pub fn extend(db: &dyn Db, upload: UploadId, expires_at: Timestamp) -> Result<(), StoreError> {
    let sql = "update upload set expires_at = ?2 where id = ?1 and work_id is null";
    db.execute(sql, &[id(upload), expires_at.into()])?;
    Ok(())
}

/// All bytes of an upload are here and safe; answers whether the upload still was.
///
/// # Errors
/// Whatever the engine says.
pub fn finish(
    db: &dyn Db,
    upload: UploadId,
    stored: &Stored,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql =
        "update upload set size = ?2, sha256 = ?3, crc32 = ?4, finished_at = ?5 where id = ?1";
    let values = [
        id(upload),
        Value::Int(stored.size.cast_signed()),
        Value::from(&stored.sha256),
        Value::Int(stored.crc32.into()),
        now.into(),
    ];
    Ok(db.execute(sql, &values)? == 1)
}

/// A work takes an upload, once; answers whether it was there to take.
///
/// # Errors
/// Whatever the engine says.
pub fn take(
    db: &dyn Db,
    author: AuthorId,
    upload: UploadId,
    work: WorkId,
) -> Result<bool, StoreError> {
    let sql = "update upload set work_id = ?3 where author_id = ?1 and id = ?2 and work_id is null \
        and finished_at is not null";
    Ok(db.execute(sql, &[id(author), id(upload), id(work)])? == 1)
}

/// Forgets an upload.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, upload: UploadId) -> Result<(), StoreError> {
    db.execute("delete from upload where id = ?1", &[id(upload)])?;
    Ok(())
}

/// The keys of files that have not arrived whole yet.
///
/// # Errors
/// Whatever the engine says.
pub fn on_their_way(db: &dyn Db) -> Result<Vec<String>, StoreError> {
    db.all("select storage_key from upload where finished_at is null", &[], |row| row.text(0))
}
