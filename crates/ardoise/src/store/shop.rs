//! The shop itself: what it can never change, and where it was last open.

use super::{Db, StoreError, Value};
use crate::till::TillNumber;
use ledger::{Currency, Timestamp};

/// The currency of the shop's books, if the shop was founded.
///
/// # Errors
/// [`StoreError::Corrupt`] for a currency that is not known; whatever the engine says.
pub fn currency(db: &dyn Db) -> Result<Option<Currency>, StoreError> {
    let code = db.first("select currency from shop where id = 1", &[], |row| row.text(0))?;
    let read =
        |code: String| code.parse().map_err(|_| StoreError::Corrupt(format!("currency {code}")));
    code.map(read).transpose()
}

/// Founds the shop where it is not yet: from now on its books are in `currency`, and its lines are named with `line_key`; a
/// shop that has none, because an earlier version founded it, is given that.
///
/// # Errors
/// Whatever the engine says.
pub fn found(
    db: &dyn Db,
    currency: Currency,
    line_key: &[u8; 32],
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [currency.code().into(), now.into(), Value::Blob(line_key)];
    db.execute(
        "insert into shop (id, currency, founded_at, line_key) values (1, ?1, ?2, ?3) on conflict (id) do update set \
         line_key = coalesce(shop.line_key, excluded.line_key)",
        &values,
    )?;
    Ok(())
}

/// What the lines of the shop are named with.
///
/// # Errors
/// [`StoreError::Corrupt`] before the shop was founded; whatever the engine says.
pub fn line_key(db: &dyn Db) -> Result<[u8; 32], StoreError> {
    let found = db.first("select line_key from shop where id = 1", &[], |row| row.bytes(0))?;
    found.ok_or_else(|| StoreError::Corrupt("no shop".into()))
}

/// Where a shop was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The address readers see.
    pub url: String,
    /// The address and port it listens on.
    pub listen: String,
}

/// Remembers where the shop is open from now on.
///
/// # Errors
/// Whatever the engine says.
pub fn open_at(db: &dyn Db, at: &Served, now: Timestamp) -> Result<(), StoreError> {
    db.execute(
        "insert into served (id, url, listen, opened_at) values (1, ?1, ?2, ?3) on conflict (id) do update set \
         url = excluded.url, listen = excluded.listen, opened_at = excluded.opened_at",
        &[at.url.as_str().into(), at.listen.as_str().into(), now.into()],
    )?;
    Ok(())
}

/// Where the shop was last opened; nothing before it ever was.
///
/// # Errors
/// Whatever the engine says.
pub fn last_open(db: &dyn Db) -> Result<Option<Served>, StoreError> {
    let sql = "select url, listen from served where id = 1";
    db.first(sql, &[], |row| Ok(Served { url: row.text(0)?, listen: row.text(1)? }))
}

/// What a till numbers without gaps, in the order of its commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbered {
    /// Rows of the journal.
    Transfer,
    /// Rows of the outbox.
    Outbox,
}

/// The number of the next row of a till. Outbox rows go away once read, so their number is also remembered in the cursors.
///
/// # Errors
/// Whatever the engine says.
pub fn next_number(db: &dyn Db, till: TillNumber, numbered: Numbered) -> Result<i64, StoreError> {
    let last = match numbered {
        Numbered::Transfer => "select max(id) from transfer where till = ?1",
        Numbered::Outbox => {
            "select max(number) from (select max(id) as number from outbox where till = ?1 union all \
             select max(read_through) from cursor where till = ?1 and follower in ('gains', 'webhooks')) as numbers"
        }
    };
    let last = db.first(last, &[till.into()], |row| row.maybe_int(0))?.flatten();
    Ok(last.unwrap_or(0) + 1)
}
