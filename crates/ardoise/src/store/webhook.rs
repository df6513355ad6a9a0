//! Addresses that authors want to be told at.

use super::{Db, Row, StoreError, Value, id};
use ledger::{AuthorId, Timestamp, WebhookId};

/// An address that an author wants to be told at.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose.
    pub author: AuthorId,
    /// Where.
    pub url: String,
    /// Signs what is sent.
    pub secret: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last answered that it had heard.
    pub delivered_at: Option<Timestamp>,
    /// What went wrong since: a short word.
    pub failure: Option<String>,
    /// When it answered that it is gone for good.
    pub gone_at: Option<Timestamp>,
}

impl std::fmt::Debug for Webhook {
    /// Leaves out the address, which may hold a secret, and the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).finish_non_exhaustive()
    }
}

fn read(row: &dyn Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        id: row.id(0)?,
        author: row.id(1)?,
        url: row.text(2)?,
        secret: row.bytes(3)?,
        created_at: row.time(4)?,
        delivered_at: row.maybe_time(5)?,
        failure: row.maybe_text(6)?,
        gone_at: row.maybe_time(7)?,
    })
}

/// Puts a new webhook in.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert(db: &dyn Db, webhook: &Webhook) -> Result<(), StoreError> {
    let values = [
        id(webhook.id),
        id(webhook.author),
        Value::Text(&webhook.url),
        Value::Blob(&webhook.secret),
        webhook.created_at.into(),
    ];
    db.execute(
        "insert into webhook (id, author_id, url, secret, created_at) values (?1, ?2, ?3, ?4, ?5)",
        &values,
    )?;
    Ok(())
}

/// The webhooks of an author, newest first; removed ones are left out.
///
/// # Errors
/// Whatever the engine says.
pub fn by_author(
    db: &dyn Db,
    author: AuthorId,
    before: WebhookId,
    limit: i64,
) -> Result<Vec<Webhook>, StoreError> {
    let sql = "select id, author_id, url, secret, created_at, delivered_at, failure, gone_at from webhook \
        where author_id = ?1 and id < ?2 and removed_at is null order by id desc limit ?3";
    db.all(sql, &[id(author), id(before), Value::Int(limit)], read)
}

/// A webhook of an author; a removed one is not found.
///
/// # Errors
/// Whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    author: AuthorId,
    webhook: WebhookId,
) -> Result<Option<Webhook>, StoreError> {
    let sql = "select id, author_id, url, secret, created_at, delivered_at, failure, gone_at from webhook \
        where author_id = ?1 and id = ?2 and removed_at is null";
    db.first(sql, &[id(author), id(webhook)], read)
}

/// How many webhooks an author has.
///
/// # Errors
/// Whatever the engine says.
pub fn count(db: &dyn Db, author: AuthorId) -> Result<i64, StoreError> {
    let sql = "select count(*) from webhook where author_id = ?1 and removed_at is null";
    db.number(sql, &[id(author)])
}

/// Removes a webhook, with what it was still to be told; answers whether the author had it.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(
    db: &dyn Db,
    author: AuthorId,
    webhook: WebhookId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update webhook set removed_at = ?3 where author_id = ?1 and id = ?2 and removed_at is null";
    let had = db.execute(sql, &[id(author), id(webhook), now.into()])? == 1;
    if had {
        forget(db, webhook)?;
    }
    Ok(had)
}

/// Remembers that a webhook has heard.
///
/// # Errors
/// Whatever the engine says.
pub fn heard(db: &dyn Db, webhook: WebhookId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update webhook set delivered_at = ?2, failure = null where id = ?1";
    db.execute(sql, &[id(webhook), now.into()])?;
    Ok(())
}

/// Remembers what went wrong with a webhook.
///
/// # Errors
/// Whatever the engine says.
pub fn failed(db: &dyn Db, webhook: WebhookId, failure: &str) -> Result<(), StoreError> {
    let sql = "update webhook set failure = ?2 where id = ?1";
    db.execute(sql, &[id(webhook), Value::Text(failure)])?;
    Ok(())
}

/// A webhook is gone for good: it is told nothing more.
///
/// # Errors
/// Whatever the engine says.
pub fn gone(db: &dyn Db, webhook: WebhookId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update webhook set gone_at = ?2, failure = '410' where id = ?1";
    db.execute(sql, &[id(webhook), now.into()])?;
    forget(db, webhook)
}

fn forget(db: &dyn Db, webhook: WebhookId) -> Result<(), StoreError> {
    db.execute("delete from delivery where webhook_id = ?1", &[id(webhook)])?;
    Ok(())
}
