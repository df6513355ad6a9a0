//! What payers are charged in a month, by rails whose law limits it. A payer is a keyed hash; who that is, nobody here knows.

use super::{Db, StoreError, Value};
use ledger::{Money, RailNumber, SettlementId};

/// A charge for which a payer is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// The charge.
    pub charge: SettlementId,
    /// By which rail.
    pub rail: RailNumber,
    /// Who pays: a keyed hash.
    pub payer: [u8; 32],
    /// In which month: the months since the year 0.
    pub month: i64,
    /// How much.
    pub amount: Money,
    /// How much they may be charged in a month.
    pub monthly: Money,
}

/// Whether the payer may be charged so much more in this month. Until the transaction ends nobody else is told for this payer, so
/// that two never share the same room.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn has_room(db: &dyn Db, wanted: &Reservation) -> Result<bool, StoreError> {
    let rail = Value::Int(wanted.rail.0.into());
    let (payer, month) = (Value::Blob(&wanted.payer), Value::Int(wanted.month));
    // Writing the row holds it: an engine that lets several write has them wait here for each other.
    let hold = "insert into payer_month (rail, payer, month) values (?1, ?2, ?3) \
        on conflict (rail, payer, month) do update set month = excluded.month";
    db.execute(hold, &[rail, payer, month])?;
    let sum = "select cast(coalesce(sum(c.amount_micros), 0) as bigint) from charge_payer p \
        join charge c on c.id = p.charge_id \
        where p.rail = ?1 and p.payer = ?2 and p.month = ?3 and p.charge_id <> ?4 \
        and c.state not in ('declined', 'abandoned')";
    let currency = wanted.amount.currency();
    let values = [rail, payer, month, wanted.charge.into()];
    let taken = db.first(sum, &values, |row| row.money(0, currency))?;
    let taken = taken.unwrap_or(Money::zero(currency));
    let total = taken.checked_add(wanted.amount);
    Ok(total.is_ok_and(|total| total <= wanted.monthly))
}

/// Counts a charge for its payer, in place of whom it was counted for before; forgets who paid in the months before the last.
///
/// # Errors
/// [`StoreError::Constraint`] for a charge that is not there; whatever the engine says.
pub fn reserve(db: &dyn Db, wanted: &Reservation) -> Result<(), StoreError> {
    let rail = Value::Int(wanted.rail.0.into());
    let (payer, month) = (Value::Blob(&wanted.payer), Value::Int(wanted.month));
    let sql = "insert into charge_payer (charge_id, rail, payer, month) values (?1, ?2, ?3, ?4) \
        on conflict (charge_id) do update set payer = excluded.payer, month = excluded.month";
    db.execute(sql, &[wanted.charge.into(), rail, payer, month])?;
    // A charge is open for a day: no month before the last is asked about again.
    let last = Value::Int(wanted.month.saturating_sub(1));
    db.execute("delete from charge_payer where month < ?1", &[last])?;
    db.execute("delete from payer_month where month < ?1", &[last])?;
    Ok(())
}
