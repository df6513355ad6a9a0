//! The files of works.

use super::{Db, Row, StoreError, Value, id};
use ledger::receipts::Hash;
use ledger::{FileId, Timestamp, WorkId};

/// A file of a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// The work it belongs to.
    pub work: WorkId,
    /// Its place among the work's files.
    pub position: u32,
    /// The name that readers see.
    pub name: String,
    /// Under which the file store keeps its bytes.
    pub storage_key: String,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
    /// The CRC-32 of its bytes.
    pub crc32: u32,
    /// Under which the file store keeps its thumbnail, a JPEG.
    pub thumbnail_key: Option<String>,
    /// Under which the file store keeps a sample of it, and of what type that is.
    pub sample: Option<(String, String)>,
    /// When it was added.
    pub added_at: Timestamp,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, work_id, position, name, storage_key, size, sha256, crc32, thumbnail_key, sample_key, ",
            "sample_type, added_at from file where removed_at is null and ",
            $rest
        )
    };
}

fn read(row: &dyn Row) -> Result<File, StoreError> {
    Ok(File {
        id: row.id(0)?,
        work: row.id(1)?,
        position: row.small(2)?,
        name: row.text(3)?,
        storage_key: row.text(4)?,
        size: row.count(5)?,
        sha256: row.bytes(6)?,
        crc32: row.small(7)?,
        thumbnail_key: row.maybe_text(8)?,
        sample: row.maybe_text(9)?.zip(row.maybe_text(10)?),
        added_at: row.time(11)?,
    })
}

/// The files of a work, in their order.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_work(db: &dyn Db, work: WorkId) -> Result<Vec<File>, StoreError> {
    db.all(columns!("work_id = ?1 order by position, id"), &[id(work)], read)
}

/// A file.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(db: &dyn Db, file: FileId) -> Result<Option<File>, StoreError> {
    db.first(columns!("id = ?1"), &[id(file)], read)
}

/// Puts a file in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert(db: &dyn Db, file: &File) -> Result<(), StoreError> {
    let values = [
        id(file.id),
        id(file.work),
        Value::Int(file.position.into()),
        Value::Text(&file.name),
        Value::Text(&file.storage_key),
        Value::Int(file.size.cast_signed()),
        Value::from(&file.sha256),
        Value::Int(file.crc32.into()),
        file.thumbnail_key.as_deref().into(),
        file.sample.as_ref().map(|(key, _)| key.as_str()).into(),
        file.sample.as_ref().map(|(_, kind)| kind.as_str()).into(),
        file.added_at.into(),
    ];
    db.execute(
        "insert into file (id, work_id, position, name, storage_key, size, sha256, crc32, thumbnail_key, \
         sample_key, sample_type, added_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &values,
    )?;
    Ok(())
}

/// Takes a file away from its work; answers whether it was there.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, work: WorkId, file: FileId, now: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "update file set removed_at = ?3 where work_id = ?1 and id = ?2 and removed_at is null";
    Ok(db.execute(sql, &[id(work), id(file), now.into()])? == 1)
}
