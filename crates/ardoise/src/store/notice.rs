//! What readers are told about their tabs.

use super::{Db, Row, StoreError, Value, id};
use crate::notices::{Facts, Kind, Notice};
use ledger::{TabId, Timestamp};

macro_rules! notices {
    ($rest:literal) => {
        concat!("select kind, subject, facts, told_at from notice ", $rest)
    };
}

fn read(row: &dyn Row, tab: TabId) -> Result<Notice, StoreError> {
    Ok(Notice {
        tab,
        kind: kind(&row.text(0)?)?,
        subject: row.text(1)?,
        facts: facts(&row.text(2)?)?,
        told_at: row.time(3)?,
    })
}

/// A kind as it is stored.
pub(super) fn kind(name: &str) -> Result<Kind, StoreError> {
    Kind::from_name(name).ok_or_else(|| StoreError::Corrupt(format!("a notice that is {name}")))
}

/// Facts as they are stored.
pub(super) fn facts(text: &str) -> Result<Facts, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Tells the reader of a tab something, once; with a letter, where they gave an address. What was announced and has come to
/// something else is put away for them. Answers whether it was new.
///
/// # Errors
/// [`StoreError::Constraint`] for a tab that is not there; whatever the engine says.
pub fn tell(db: &dyn Db, notice: &Notice) -> Result<bool, StoreError> {
    let facts = notice.facts.to_json();
    let values = [
        id(notice.tab),
        notice.kind.name().into(),
        Value::Text(&notice.subject),
        Value::Text(&facts),
        notice.told_at.into(),
    ];
    let sql = "insert into notice (tab_id, kind, subject, facts, told_at) values (?1, ?2, ?3, ?4, ?5) on conflict do nothing";
    if db.execute(sql, &values)? == 0 {
        return Ok(false);
    }
    if notice.kind.ends_announcements() {
        let sql = "update notice set dismissed_at = ?2 where tab_id = ?1 and kind = 'announced' and told_at <= ?2 \
            and dismissed_at is null";
        db.execute(sql, &[id(notice.tab), notice.told_at.into()])?;
    }
    super::letter::add(db, notice, notice.told_at)?;
    Ok(true)
}

/// What the reader of a tab was told and has not put away, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn shown(db: &dyn Db, tab: TabId, limit: i64) -> Result<Vec<Notice>, StoreError> {
    let sql = notices!(
        "where tab_id = ?1 and dismissed_at is null order by told_at desc, kind, subject limit ?2"
    );
    db.all(sql, &[id(tab), Value::Int(limit)], |row| read(row, tab))
}

/// The notice of a kind about a subject.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn one(
    db: &dyn Db,
    tab: TabId,
    kind: Kind,
    subject: &str,
) -> Result<Option<Notice>, StoreError> {
    let sql = notices!("where tab_id = ?1 and kind = ?2 and subject = ?3");
    db.first(sql, &[id(tab), kind.name().into(), Value::Text(subject)], |row| read(row, tab))
}

/// How often the reader of a tab was told of a charge to come since `since`, and when last.
///
/// # Errors
/// Whatever the engine says.
pub fn announced(
    db: &dyn Db,
    tab: TabId,
    since: Timestamp,
) -> Result<(i64, Option<Timestamp>), StoreError> {
    let sql = "select count(*), max(told_at) from notice where tab_id = ?1 and kind = 'announced' and told_at >= ?2";
    let found =
        db.first(sql, &[id(tab), since.into()], |row| Ok((row.int(0)?, row.maybe_time(1)?)))?;
    Ok(found.unwrap_or((0, None)))
}

/// Whether the reader of a tab was told since `since` that something is to be paid.
///
/// # Errors
/// Whatever the engine says.
pub fn is_warned(db: &dyn Db, tab: TabId, since: Timestamp) -> Result<bool, StoreError> {
    let sql = "select count(*) from notice where tab_id = ?1 and told_at >= ?2 \
        and kind in ('reminder', 'announced', 'declined', 'proof', 'objected')";
    Ok(db.number(sql, &[id(tab), since.into()])? > 0)
}

/// The reader puts a notice away; answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn dismiss(
    db: &dyn Db,
    tab: TabId,
    (kind, subject): (Kind, &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update notice set dismissed_at = coalesce(dismissed_at, ?4) \
        where tab_id = ?1 and kind = ?2 and subject = ?3";
    let values = [id(tab), kind.name().into(), Value::Text(subject), now.into()];
    Ok(db.execute(sql, &values)? == 1)
}

/// What a tab's reader was told of its being closed is over.
///
/// # Errors
/// Whatever the engine says.
pub fn opened_again(db: &dyn Db, tab: TabId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update notice set dismissed_at = ?2 where tab_id = ?1 and kind = 'closed' and dismissed_at is null";
    db.execute(sql, &[id(tab), now.into()])?;
    Ok(())
}
