//! Money sent to authors, payout by payout; [`super::gains::paid_out`] has their sum.

use super::{Db, StoreError, Value, id};
use crate::till::batch::NewPayout;
use ledger::{AuthorId, Currency, Money, PayoutId, Timestamp};

/// The author and the amount of a payout that was made before.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    payout: PayoutId,
    currency: Currency,
) -> Result<Option<(AuthorId, Money)>, StoreError> {
    let sql = "select author_id, micros from payout where id = ?1";
    db.first(sql, &[id(payout)], |row| Ok((row.id(0)?, row.money(1, currency)?)))
}

/// Puts a payout in.
///
/// # Errors
/// [`StoreError::Constraint`] for an author who is not there; whatever the engine says.
pub fn insert(db: &dyn Db, made: &NewPayout, now: Timestamp) -> Result<(), StoreError> {
    let pay_out = &made.pay_out;
    let values = [
        id(pay_out.id),
        id(pay_out.author),
        Value::Int(pay_out.rail.0.into()),
        pay_out.amount.into(),
        Value::Text(&made.reference),
        now.into(),
    ];
    db.execute(
        "insert into payout (id, author_id, rail, micros, reference, paid_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
        &values,
    )?;
    Ok(())
}
