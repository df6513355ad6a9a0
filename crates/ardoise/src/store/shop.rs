//! The shop itself: what it can never change.

use super::{Db, StoreError};
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

/// Founds the shop: from now on its books are in `currency`.
///
/// # Errors
/// Whatever the engine says.
pub fn found(db: &dyn Db, currency: Currency, now: Timestamp) -> Result<(), StoreError> {
    let values = [currency.code().into(), now.into()];
    db.execute(
        "insert into shop (id, currency, founded_at) values (1, ?1, ?2) on conflict (id) do nothing",
        &values,
    )?;
    Ok(())
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
