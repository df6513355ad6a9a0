//! Money sent to authors, payout by payout; [`super::gains::paid_out`] has their sum.

use super::payout_order::State;
use super::{Db, Row, StoreError, Value, id};
use crate::till::batch::{NewPayout, NewPayoutFee, NewPayoutReturn};
use ledger::{AuthorId, Currency, Money, PayOut, PayoutId, PayoutNow, RailNumber, Timestamp};

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
    /// How far the rail has come with it; nothing where the operator sent it by hand.
    pub state: Option<State>,
    /// Whether it came back: it can be paid out again.
    pub has_returned: bool,
    /// Why it came back: the code of a reason, or words for the operator; may be empty.
    pub reason: String,
}

/// The payouts for which `$which` holds: what [`read`] reads.
macro_rules! payouts {
    ($which:literal) => {
        concat!(
            "select p.id, p.author_id, p.rail, p.micros, coalesce(f.micros, 0), r.payout_id is not null ",
            "from payout p left join payout_fee f on f.payout_id = p.id ",
            "left join payout_return r on r.payout_id = p.id where ",
            $which
        )
    };
}
pub(super) use payouts;

/// Reads the columns that [`payouts`] names.
pub(super) fn read(row: &dyn Row, currency: Currency) -> Result<PayoutNow, StoreError> {
    let pay_out = PayOut {
        id: row.id(0)?,
        author: row.id(1)?,
        rail: RailNumber(row.small(2)?),
        amount: row.money(3, currency)?,
    };
    Ok(PayoutNow { pay_out, fee: row.money(4, currency)?, has_returned: row.int(5)? != 0 })
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
    let sql = "select p.id, p.rail, p.micros, coalesce(o.reference, p.reference), p.paid_at, o.state, \
        r.payout_id is not null, coalesce(o.reason, '') from payout p \
        left join payout_order o on o.id = p.id left join payout_return r on r.payout_id = p.id \
        where p.author_id = ?1 order by p.id desc limit ?2";
    db.all(sql, &[id(author), Value::Int(limit)], |row| {
        let state = row.maybe_text(5)?.map(|name| State::from_name(&name)).transpose()?;
        Ok(Payout {
            id: row.id(0)?,
            rail: RailNumber(row.small(1)?),
            amount: row.money(2, currency)?,
            reference: row.text(3)?,
            paid_at: row.time(4)?,
            state,
            has_returned: row.int(6)? != 0,
            reason: row.text(7)?,
        })
    })
}

/// A payout that was made before.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    payout: PayoutId,
    currency: Currency,
) -> Result<Option<PayoutNow>, StoreError> {
    db.first(payouts!("p.id = ?1"), &[id(payout)], |row| read(row, currency))
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

/// Puts in what a rail takes for a payout.
///
/// # Errors
/// Whatever the engine says.
pub fn insert_fee(db: &dyn Db, made: &NewPayoutFee, now: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into payout_fee (payout_id, micros, taken_at) values (?1, ?2, ?3)";
    db.execute(sql, &[id(made.payout), made.fee.into(), now.into()])?;
    Ok(())
}

/// Puts in that a payout came back.
///
/// # Errors
/// Whatever the engine says.
pub fn insert_return(
    db: &dyn Db,
    made: &NewPayoutReturn,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into payout_return (payout_id, fee_back_micros, reference, returned_at) \
        values (?1, ?2, ?3, ?4)";
    let values = [id(made.payout), made.fee_back.into(), Value::Text(&made.reference), now.into()];
    db.execute(sql, &values)?;
    Ok(())
}
