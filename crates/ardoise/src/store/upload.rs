//! Files on their way in.

use super::{Db, Row, StoreError, Value, id};
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
            "select id, author_id, name, size, storage_key, started_at, expires_at, sha256, crc32, finished_at, ",
            "work_id from upload where ",
            $rest
        )
    };
}

fn read(row: &dyn Row) -> Result<Upload, StoreError> {
    let finished = row.maybe_time(9)?.is_some();
    Ok(Upload {
        id: row.id(0)?,
        author: row.id(1)?,
        name: row.text(2)?,
        size: row.count(3)?,
        storage_key: row.text(4)?,
        started_at: row.time(5)?,
        expires_at: row.time(6)?,
        stored: if finished { Some((row.bytes(7)?, row.small(8)?)) } else { None },
        work: row.maybe_int(10)?.map(ledger::ShopId::from_raw),
    })
}

/// An upload.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(db: &dyn Db, upload: UploadId) -> Result<Option<Upload>, StoreError> {
    db.first(columns!("id = ?1"), &[id(upload)], read)
}

/// Uploads that were never taken and have expired.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn expired(db: &dyn Db, now: Timestamp, limit: i64) -> Result<Vec<Upload>, StoreError> {
    let sql = columns!("work_id is null and expires_at < ?1 order by id limit ?2");
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
        Value::Int(upload.size.cast_signed()),
        Value::Text(&upload.storage_key),
        upload.started_at.into(),
        upload.expires_at.into(),
    ];
    db.execute(
        "insert into upload (id, author_id, name, size, storage_key, started_at, expires_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &values,
    )?;
    Ok(())
}

/// All bytes of an upload are here and safe.
///
/// # Errors
/// Whatever the engine says.
pub fn finish(
    db: &dyn Db,
    upload: UploadId,
    sha256: &Hash,
    crc32: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update upload set sha256 = ?2, crc32 = ?3, finished_at = ?4 where id = ?1 and finished_at is null";
    db.execute(sql, &[id(upload), sha256.into(), Value::Int(crc32.into()), now.into()])?;
    Ok(())
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

/// Forgets an upload that no work has taken.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, upload: UploadId) -> Result<(), StoreError> {
    db.execute("delete from upload where id = ?1 and work_id is null", &[id(upload)])?;
    Ok(())
}
