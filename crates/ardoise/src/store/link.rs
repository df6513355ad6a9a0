//! Short links to works.

use super::together::{self, ids};
use super::{Db, Row, StoreError, Value, id};
use ledger::{AuthorId, LinkId, Timestamp, WorkId};

/// A short link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// The work it leads to.
    pub work: WorkId,
    /// What stands in its URL.
    pub slug: String,
    /// What the author calls it; may be empty.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &dyn Row) -> Result<Link, StoreError> {
    Ok(Link {
        id: row.id(0)?,
        work: row.id(1)?,
        slug: row.text(2)?,
        label: row.text(3)?,
        created_at: row.time(4)?,
    })
}

/// The link with this slug.
///
/// # Errors
/// Whatever the engine says.
pub fn by_slug(db: &dyn Db, slug: &str) -> Result<Option<Link>, StoreError> {
    let sql = "select id, work_id, slug, label, created_at from link where slug = ?1";
    db.first(sql, &[Value::Text(slug)], read)
}

/// A link.
///
/// # Errors
/// Whatever the engine says.
pub fn by_id(db: &dyn Db, link: LinkId) -> Result<Option<Link>, StoreError> {
    let sql = "select id, work_id, slug, label, created_at from link where id = ?1";
    db.first(sql, &[id(link)], read)
}

/// The links to a work, oldest first: the first is the one that the work was published with.
///
/// # Errors
/// Whatever the engine says.
pub fn by_work(db: &dyn Db, work: WorkId, limit: i64) -> Result<Vec<Link>, StoreError> {
    let sql = "select id, work_id, slug, label, created_at from link where work_id = ?1 order by id limit ?2";
    db.all(sql, &[id(work), Value::Int(limit)], read)
}

/// The link that each of these works was published with, in any order.
///
/// # Errors
/// Whatever the engine says.
pub fn firsts(db: &dyn Db, works: &[WorkId]) -> Result<Vec<Link>, StoreError> {
    let sql = concat!(
        "select id, work_id, slug, label, created_at from link \
         where id in (select min(id) from link where work_id in ",
        ids!(),
        " group by work_id)"
    );
    together::all(db, sql, works.iter().copied().map(id), read)
}

/// The links to all works of an author with ids below `before`, newest first.
///
/// # Errors
/// Whatever the engine says.
pub fn by_author(
    db: &dyn Db,
    author: AuthorId,
    before: LinkId,
    limit: i64,
) -> Result<Vec<Link>, StoreError> {
    let sql = "select id, work_id, slug, label, created_at from link \
        where work_id in (select id from work where author_id = ?1) and id < ?2 order by id desc limit ?3";
    db.all(sql, &[id(author), id(before), Value::Int(limit)], read)
}

/// Puts a new link in.
///
/// # Errors
/// [`StoreError::Constraint`] when the slug is taken; whatever the engine says.
pub fn insert(db: &dyn Db, link: &Link) -> Result<(), StoreError> {
    let values = [
        id(link.id),
        id(link.work),
        Value::Text(&link.slug),
        Value::Text(&link.label),
        link.created_at.into(),
    ];
    db.execute(
        "insert into link (id, work_id, slug, label, created_at) values (?1, ?2, ?3, ?4, ?5)",
        &values,
    )?;
    Ok(())
}
