//! Notices that are still to be sent: written with the notice, taken up by the worker of `mail/`.

use super::{Db, StoreError, Value, id, notice};
use crate::notices::{Kind, Notice};
use ledger::{TabId, Timestamp};

/// A notice that is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// What the reader is told.
    pub notice: Notice,
    /// When it was to be sent first.
    pub made_at: Timestamp,
    /// How often that was tried before.
    pub attempts: u32,
    /// Where to.
    pub address: String,
    /// In which language.
    pub locale: String,
}

impl std::fmt::Debug for Letter {
    /// Leaves out to whom.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("notice", &self.notice).finish_non_exhaustive()
    }
}

/// Sends a notice to the reader of its tab, where they gave an address.
///
/// # Errors
/// Whatever the engine says.
pub fn add(db: &dyn Db, notice: &Notice, now: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into letter (tab_id, kind, subject, made_at, attempts, not_before) \
        select tab_id, ?2, ?3, ?4, 0, ?4 from mail_address where tab_id = ?1 and address is not null on conflict do nothing";
    let key = [id(notice.tab), notice.kind.name().into(), Value::Text(&notice.subject)];
    db.execute(sql, &[key[0], key[1], key[2], now.into()])?;
    Ok(())
}

/// Letters that are due, those that have waited longest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn due(db: &dyn Db, now: Timestamp, limit: i64) -> Result<Vec<Letter>, StoreError> {
    let sql = "select l.tab_id, l.kind, l.subject, n.facts, n.told_at, l.made_at, l.attempts, m.address, m.locale \
        from letter l join notice n on n.tab_id = l.tab_id and n.kind = l.kind and n.subject = l.subject \
        join mail_address m on m.tab_id = l.tab_id \
        where l.given_up_at is null and l.not_before <= ?1 and m.address is not null order by l.not_before, l.tab_id limit ?2";
    db.all(sql, &[now.into(), Value::Int(limit)], |row| {
        Ok(Letter {
            notice: Notice {
                tab: row.id(0)?,
                kind: notice::kind(&row.text(1)?)?,
                subject: row.text(2)?,
                facts: notice::facts(&row.text(3)?)?,
                told_at: row.time(4)?,
            },
            made_at: row.time(5)?,
            attempts: row.small(6)?,
            address: row.text(7)?,
            locale: row.text(8)?,
        })
    })
}

/// When the next letter is due, if there is one.
///
/// # Errors
/// Whatever the engine says.
pub fn next(db: &dyn Db) -> Result<Option<Timestamp>, StoreError> {
    let sql = "select min(not_before) from letter where given_up_at is null";
    Ok(db.first(sql, &[], |row| row.maybe_time(0))?.flatten())
}

/// Takes a letter up, until `until`; answers whether it was still there to take. Where another process is taking it at this very
/// moment it is left to that one. Whoever stops halfway leaves it to be sent again then.
///
/// # Errors
/// Whatever the engine says.
pub fn take(
    db: &dyn Db,
    notice: &Notice,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update letter set attempts = attempts + 1, not_before = ?5 where (tab_id, kind, subject) in ( \
        select tab_id, kind, subject from letter where tab_id = ?1 and kind = ?2 and subject = ?3 \
        and not_before <= ?4 and given_up_at is null /* for update skip locked */)";
    let key = [id(notice.tab), notice.kind.name().into(), Value::Text(&notice.subject)];
    Ok(db.execute(sql, &[key[0], key[1], key[2], now.into(), until.into()])? == 1)
}

/// Tries again, not before `then`.
///
/// # Errors
/// Whatever the engine says.
pub fn put_off(db: &dyn Db, notice: &Notice, then: Timestamp) -> Result<(), StoreError> {
    let sql = "update letter set not_before = ?4 where tab_id = ?1 and kind = ?2 and subject = ?3";
    let key = [id(notice.tab), notice.kind.name().into(), Value::Text(&notice.subject)];
    db.execute(sql, &[key[0], key[1], key[2], then.into()])?;
    Ok(())
}

/// A server has taken it.
///
/// # Errors
/// Whatever the engine says.
pub fn remove(db: &dyn Db, tab: TabId, (kind, subject): (Kind, &str)) -> Result<(), StoreError> {
    let sql = "delete from letter where tab_id = ?1 and kind = ?2 and subject = ?3";
    db.execute(sql, &[id(tab), kind.name().into(), Value::Text(subject)])?;
    Ok(())
}

/// The operator has seen that nobody takes it; answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn remove_lost(
    db: &dyn Db,
    tab: TabId,
    (kind, subject): (Kind, &str),
) -> Result<bool, StoreError> {
    let sql = "delete from letter where tab_id = ?1 and kind = ?2 and subject = ?3 and given_up_at is not null";
    Ok(db.execute(sql, &[id(tab), kind.name().into(), Value::Text(subject)])? == 1)
}

/// Nobody tries any more.
///
/// # Errors
/// Whatever the engine says.
pub fn give_up(
    db: &dyn Db,
    notice: &Notice,
    failure: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update letter set given_up_at = ?4, failure = ?5 \
        where tab_id = ?1 and kind = ?2 and subject = ?3 and given_up_at is null";
    let key = [id(notice.tab), notice.kind.name().into(), Value::Text(&notice.subject)];
    db.execute(sql, &[key[0], key[1], key[2], now.into(), Value::Text(failure)])?;
    Ok(())
}

/// A letter that nobody tries to send any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Of which tab.
    pub tab: TabId,
    /// What it tells of.
    pub kind: Kind,
    /// Which of its kind.
    pub subject: String,
    /// Since when.
    pub at: Timestamp,
    /// What went wrong.
    pub failure: String,
}

/// Letters that nobody tries to send any more, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn given_up(db: &dyn Db, limit: i64) -> Result<Vec<GivenUp>, StoreError> {
    let sql = "select tab_id, kind, subject, given_up_at, coalesce(failure, '') from letter \
        where given_up_at is not null order by given_up_at desc, tab_id limit ?1";
    db.all(sql, &[Value::Int(limit)], |row| {
        Ok(GivenUp {
            tab: row.id(0)?,
            kind: notice::kind(&row.text(1)?)?,
            subject: row.text(2)?,
            at: row.time(3)?,
            failure: row.text(4)?,
        })
    })
}
