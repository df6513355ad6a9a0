//! Money sent to authors, payout by payout; [`super::gains::paid_out`] has their sum.

use super::{Db, StoreError, Value, id};
use crate::till::batch::NewPayout;
use ledger::{AuthorId, Currency, Money, PayoutId, RailNumber, Timestamp};

/// Money that was sent to an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Its id.
    pub id: PayoutId,
    /// The rail by which it was sent.
    pub rail: RailNumber,
    /// How much.
    pub amount: Money,
    /// What whoever sent it wrote down: where it stands in their own papers.
    pub reference: String,
    /// When it was written down.
    pub paid_at: Timestamp,
}

/// What was sent to an author, newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_author(
    db: &dyn Db,
    author: AuthorId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Payout>, StoreError> {
    let sql = "select id, rail, micros, reference, paid_at from payout where author_id = ?1 \
               order by id desc limit ?2";
    db.all(sql, &[id(author), Value::Int(limit)], |row| {
        let rail = u16::try_from(row.int(1)?);
        Ok(Payout {
            id: row.id(0)?,
            rail: RailNumber(rail.map_err(|_| StoreError::Corrupt("a rail".into()))?),
            amount: row.money(2, currency)?,
            reference: row.text(3)?,
            paid_at: row.time(4)?,
        })
    })
}

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
