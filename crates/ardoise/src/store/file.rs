//! The files of works.

use super::together::{self, ids};
use super::{Db, Row, StoreError, Value, id};
use crate::works::media_type::Kind;
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
    /// What it is to a reader.
    pub media: Kind,
    /// The `Content-Type` to serve it with.
    pub content_type: String,
    /// Playing time in seconds, where it is known.
    pub seconds: Option<u64>,
    /// The [`Derived`] picture of it.
    pub thumbnail_key: Option<String>,
    /// The [`Derived`] piece of its sound.
    pub sample_key: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
}

macro_rules! columns {
    ($($rest:expr),+) => {
        concat!(
            "select id, work_id, position, name, storage_key, size, sha256, crc32, media_kind, ",
            "content_type, seconds, thumbnail_key, sample_key, added_at from file where ",
            $($rest),+
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
        media: media(&row.text(8)?)?,
        content_type: row.text(9)?,
        seconds: row.maybe_int(10)?.map(i64::unsigned_abs),
        thumbnail_key: row.maybe_text(11)?,
        sample_key: row.maybe_text(12)?,
        added_at: row.time(13)?,
    })
}

/// The files of a work, in their order.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_work(db: &dyn Db, work: WorkId) -> Result<Vec<File>, StoreError> {
    db.all(columns!("work_id = ?1 order by position, id"), &[id(work)], read)
}

/// The files of these works, each work's in their order.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_works(db: &dyn Db, works: &[WorkId]) -> Result<Vec<File>, StoreError> {
    let sql = columns!("work_id in ", ids!(), " order by position, id");
    together::all(db, sql, works.iter().copied().map(id), read)
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
        Value::Text(file.media.as_str()),
        Value::Text(&file.content_type),
        maybe(file.seconds),
        file.thumbnail_key.as_deref().into(),
        file.sample_key.as_deref().into(),
        file.added_at.into(),
    ];
    db.execute(
        "insert into file (id, work_id, position, name, storage_key, size, sha256, crc32, media_kind, \
         content_type, seconds, thumbnail_key, sample_key, added_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        &values,
    )?;
    Ok(())
}

/// Puts other bytes in the place of a file: its id and its place stay.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn replace(db: &dyn Db, file: &File) -> Result<(), StoreError> {
    let values = [
        id(file.id),
        Value::Text(&file.name),
        Value::Text(&file.storage_key),
        Value::Int(file.size.cast_signed()),
        Value::from(&file.sha256),
        Value::Int(file.crc32.into()),
        Value::Text(file.media.as_str()),
        Value::Text(&file.content_type),
        maybe(file.seconds),
        file.thumbnail_key.as_deref().into(),
        file.sample_key.as_deref().into(),
        file.added_at.into(),
    ];
    db.execute(
        "update file set name = ?2, storage_key = ?3, size = ?4, sha256 = ?5, crc32 = ?6, media_kind = ?7, \
         content_type = ?8, seconds = ?9, thumbnail_key = ?10, sample_key = ?11, added_at = ?12 where id = ?1",
        &values,
    )?;
    Ok(())
}

/// Takes a file away from its work; answers whether it was there.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, work: WorkId, file: FileId) -> Result<bool, StoreError> {
    let sql = "delete from file where work_id = ?1 and id = ?2";
    Ok(db.execute(sql, &[id(work), id(file)])? == 1)
}

fn media(word: &str) -> Result<Kind, StoreError> {
    Kind::from_word(word).ok_or_else(|| StoreError::Corrupt(format!("a file's kind is {word}")))
}

fn maybe<'a>(number: Option<u64>) -> Value<'a> {
    number.map_or(Value::Null, |number| Value::Int(number.cast_signed()))
}

/// What the shop made of an author's file, to be seen before buying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Under which the file store keeps its bytes.
    pub storage_key: String,
    /// The `Content-Type` to serve it with.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
    /// Width and height in pixels, of a picture.
    pub pixels: Option<(u32, u32)>,
    /// Playing time in seconds, of a piece of sound.
    pub seconds: Option<u64>,
}

/// Puts something derived in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert_derived(db: &dyn Db, derived: &Derived) -> Result<(), StoreError> {
    let values = [
        Value::Text(&derived.storage_key),
        Value::Text(&derived.content_type),
        Value::Int(derived.size.cast_signed()),
        Value::from(&derived.sha256),
        maybe(derived.pixels.map(|(width, _)| width.into())),
        maybe(derived.pixels.map(|(_, height)| height.into())),
        maybe(derived.seconds),
    ];
    db.execute(
        "insert into derived (storage_key, content_type, size, sha256, width, height, seconds) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &values,
    )?;
    Ok(())
}

/// Forgets something derived, which nothing refers to any more.
///
/// # Errors
/// [`StoreError::Constraint`] when something does, or whatever the engine says.
pub fn remove_derived(db: &dyn Db, storage_key: &str) -> Result<(), StoreError> {
    db.execute("delete from derived where storage_key = ?1", &[Value::Text(storage_key)])?;
    Ok(())
}

/// Something derived.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn derived(db: &dyn Db, storage_key: &str) -> Result<Option<Derived>, StoreError> {
    let sql = "select storage_key, content_type, size, sha256, width, height, seconds from derived \
        where storage_key = ?1";
    db.first(sql, &[Value::Text(storage_key)], |row| {
        let pixels = row.maybe_int(4)?.zip(row.maybe_int(5)?);
        let pixel = |number: i64| u32::try_from(number).unwrap_or(1);
        Ok(Derived {
            storage_key: row.text(0)?,
            content_type: row.text(1)?,
            size: row.count(2)?,
            sha256: row.bytes(3)?,
            pixels: pixels.map(|(width, height)| (pixel(width), pixel(height))),
            seconds: row.maybe_int(6)?.map(i64::unsigned_abs),
        })
    })
}

/// Bytes that the file store must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes {
    /// How many.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: Hash,
}

/// The keys of the newest files, `most` of them or fewer.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn newest_keys(db: &dyn Db, most: i64) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    let sql = "select storage_key from file order by id desc limit ?1";
    db.query(sql, &[most.into()], &mut |row| {
        keys.push(row.text(0)?);
        Ok(())
    })?;
    Ok(keys)
}

/// Everything whole that the file store must have, by its key: files of works, what was made of them, and uploads that no
/// work has taken yet.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn each_bytes(
    db: &dyn Db,
    each: &mut dyn FnMut(String, Bytes) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "select storage_key, size, sha256 from file union \
        select storage_key, size, sha256 from derived union \
        select storage_key, size, sha256 from upload where finished_at is not null and work_id is null order by 1";
    db.query(sql, &[], &mut |row| {
        each(row.text(0)?, Bytes { size: row.count(1)?, sha256: row.bytes(2)? })
    })
}
