//! What webhooks are to be told: written by a follower of the outbox, taken up by the outbox's worker.

use super::sale::{self, Sale, sale_columns};
use super::statement::fates;
use super::{Db, StoreError, Value, id};
use crate::till::TillNumber;
use ledger::{Currency, Timestamp, WebhookId};

/// Rows of the outbox that one step of following reads at most: it bounds how long the till waits.
pub const FOLLOWED_AT_ONCE: i64 = 10_000;

/// Something that a webhook is to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Who is to be told.
    pub webhook: WebhookId,
    /// Names the message to whoever receives it, however often it is sent.
    pub message: String,
    /// The JSON.
    pub body: String,
    /// How often it was sent before.
    pub attempts: u32,
    /// Where to.
    pub url: String,
    /// Signs it.
    pub secret: [u8; 32],
}

impl std::fmt::Debug for Delivery {
    /// Leaves out the address, which may hold a secret, the secret and the body.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("message", &self.message)
            .field("webhook", &self.webhook)
            .finish_non_exhaustive()
    }
}

/// Something that happened, and a webhook that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The row of the outbox.
    pub number: i64,
    /// Who is to be told.
    pub webhook: WebhookId,
    /// What happened: `bought`, `undone` or `paid`.
    pub kind: String,
    /// When.
    pub happened_at: Timestamp,
    /// To which line.
    pub sale: Sale,
}

const TOLD: &str = concat!(
    "select ",
    sale_columns!(),
    ", o.id, o.kind, o.happened_at, w.id from outbox o ",
    "join webhook w on w.author_id = o.author_id join line l on l.id = o.subject ",
    fates!(),
    "where o.till = ?1 and o.id > ?2 and o.id <= ?3 and w.removed_at is null and w.gone_at is null order by o.id, w.id"
);

/// What rows of a till's outbox after `read`, up to `through`, say to webhooks that listen.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn to_tell(
    db: &dyn Db,
    till: TillNumber,
    (read, through): (i64, i64),
    currency: Currency,
) -> Result<Vec<Told>, StoreError> {
    let listens = "select count(*) from (select 1 from webhook \
        where removed_at is null and gone_at is null limit 1) as listening";
    if db.number(listens, &[])? == 0 {
        return Ok(Vec::new());
    }
    db.all(TOLD, &[till.into(), Value::Int(read), Value::Int(through)], |row| {
        Ok(Told {
            sale: sale::read(row, currency)?,
            number: row.int(12)?,
            kind: row.text(13)?,
            happened_at: row.time(14)?,
            webhook: row.id(15)?,
        })
    })
}

/// What a webhook is told, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names it, however often it is sent.
    pub id: String,
    /// The JSON.
    pub body: String,
}

/// Puts a new delivery in, due at once. What is due at the same moment is told in the order of its number: the row of the
/// outbox that it tells of, or below zero when it tells of none.
///
/// # Errors
/// [`StoreError::Constraint`], or whatever the engine says.
pub fn insert(
    db: &dyn Db,
    number: i64,
    webhook: WebhookId,
    message: &Message,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [
        Value::Int(number),
        id(webhook),
        Value::Text(&message.id),
        Value::Text(&message.body),
        now.into(),
    ];
    db.execute(
        "insert into delivery (number, webhook_id, message, body, made_at, attempts, not_before) \
         values (?1, ?2, ?3, ?4, ?5, 0, ?5)",
        &values,
    )?;
    Ok(())
}

/// How much is taken up at once.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Deliveries in all.
    pub most: i64,
    /// Deliveries to one webhook, so that a slow one does not keep the others waiting.
    pub most_to_one: i64,
}

/// Deliveries that are due, those that have waited longest first. However many are due to one webhook, only so many of
/// its rows are read.
///
/// # Errors
/// Whatever the engine says.
pub fn due(db: &dyn Db, now: Timestamp, load: Load) -> Result<Vec<Delivery>, StoreError> {
    // By webhook, and of each its oldest: with a long list, what is due to all of them together is far more.
    let sql = "select d.webhook_id, d.message, d.body, d.attempts, w.url, w.secret \
        from webhook w cross join delivery d where d.webhook_id = w.id and d.message in ( \
          select n.message from delivery n where n.webhook_id = w.id and n.not_before <= ?1 \
          order by n.not_before, n.number limit ?3) \
        and w.removed_at is null and w.gone_at is null order by d.not_before, d.number limit ?2";
    let values = [now.into(), Value::Int(load.most), Value::Int(load.most_to_one)];
    db.all(sql, &values, |row| {
        Ok(Delivery {
            webhook: row.id(0)?,
            message: row.text(1)?,
            body: row.text(2)?,
            attempts: row.small(3)?,
            url: row.text(4)?,
            secret: row.bytes(5)?,
        })
    })
}

/// When the next delivery is due, if there is one.
///
/// # Errors
/// Whatever the engine says.
pub fn next(db: &dyn Db) -> Result<Option<Timestamp>, StoreError> {
    let found = db.first("select min(not_before) from delivery", &[], |row| row.maybe_time(0))?;
    Ok(found.flatten())
}

/// Takes a delivery up, until `until`; answers whether it was still there to take. Where another process is taking it at this
/// very moment it is left to that one, without waiting. Whoever stops halfway leaves it to be
/// sent again then.
///
/// # Errors
/// Whatever the engine says.
pub fn take(
    db: &dyn Db,
    delivery: &Delivery,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update delivery set attempts = attempts + 1, not_before = ?4 where (webhook_id, message) in ( \
        select webhook_id, message from delivery where webhook_id = ?1 and message = ?2 and not_before <= ?3 \
        /* for update skip locked */)";
    let values = [id(delivery.webhook), Value::Text(&delivery.message), now.into(), until.into()];
    Ok(db.execute(sql, &values)? == 1)
}

/// Tries again, not before `then`.
///
/// # Errors
/// Whatever the engine says.
pub fn put_off(db: &dyn Db, delivery: &Delivery, then: Timestamp) -> Result<(), StoreError> {
    let sql = "update delivery set not_before = ?3 where webhook_id = ?1 and message = ?2";
    db.execute(sql, &[id(delivery.webhook), Value::Text(&delivery.message), then.into()])?;
    Ok(())
}

/// Nobody tries any more: it was heard, or it never will be.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, delivery: &Delivery) -> Result<(), StoreError> {
    let sql = "delete from delivery where webhook_id = ?1 and message = ?2";
    db.execute(sql, &[id(delivery.webhook), Value::Text(&delivery.message)])?;
    Ok(())
}
