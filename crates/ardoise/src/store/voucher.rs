//! Vouchers: what the operator printed, and what was paid with it.

use super::{Db, Row, StoreError, Value, id};
use ledger::{Currency, Money, SettlementId, Timestamp, VoucherId};

/// A voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// Its id, which is printed on it.
    pub id: VoucherId,
    /// What it was printed for.
    pub amount: Money,
    /// What it still pays.
    pub left: Money,
    /// When it was printed.
    pub printed_at: Timestamp,
    /// Until when it can be used.
    pub ends_at: Timestamp,
    /// When the operator took it back.
    pub void_at: Option<Timestamp>,
}

macro_rules! vouchers {
    ($rest:literal) => {
        concat!(
            "select id, amount_micros, left_micros, printed_at, ends_at, void_at from voucher ",
            $rest
        )
    };
}

fn read(row: &dyn Row, currency: Currency) -> Result<Voucher, StoreError> {
    Ok(Voucher {
        id: row.id(0)?,
        amount: row.money(1, currency)?,
        left: row.money(2, currency)?,
        printed_at: row.time(3)?,
        ends_at: row.time(4)?,
        void_at: row.maybe_time(5)?,
    })
}

/// What is kept of a code.
pub type CodeHash = [u8; 32];

/// Writes vouchers that are about to be printed, all of which a page asked for under one name.
///
/// # Errors
/// [`StoreError::Constraint`] for a code that there is; whatever the engine says.
pub fn insert(
    db: &dyn Db,
    print: VoucherId,
    vouchers: &[(Voucher, CodeHash)],
) -> Result<(), StoreError> {
    for (voucher, hash) in vouchers {
        let values = [
            id(voucher.id),
            id(print),
            Value::Blob(hash),
            voucher.amount.into(),
            voucher.printed_at.into(),
            voucher.ends_at.into(),
        ];
        let sql = "insert into voucher (id, print, code_hash, amount_micros, left_micros, printed_at, ends_at) \
            values (?1, ?2, ?3, ?4, ?4, ?5, ?6)";
        db.execute(sql, &values)?;
    }
    Ok(())
}

/// Whether something was printed under this name.
///
/// # Errors
/// Whatever the engine says.
pub fn was_printed(db: &dyn Db, print: VoucherId) -> Result<bool, StoreError> {
    Ok(db.number("select count(*) from voucher where print = ?1", &[id(print)])? > 0)
}

/// The voucher with this code.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_code(
    db: &dyn Db,
    hash: &CodeHash,
    currency: Currency,
) -> Result<Option<Voucher>, StoreError> {
    db.first(vouchers!("where code_hash = ?1"), &[Value::Blob(hash)], |row| read(row, currency))
}

/// Vouchers with ids below `before`, the newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn page(
    db: &dyn Db,
    before: VoucherId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Voucher>, StoreError> {
    let sql = vouchers!("where id < ?1 order by id desc limit ?2");
    db.all(sql, &[id(before), Value::Int(limit)], |row| read(row, currency))
}

/// What all vouchers still pay together, at an instant.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn outstanding(db: &dyn Db, now: Timestamp, currency: Currency) -> Result<Money, StoreError> {
    let sql = "select cast(coalesce(sum(left_micros), 0) as bigint) from voucher where void_at is null and ends_at > ?1";
    let sum = db.first(sql, &[now.into()], |row| row.money(0, currency))?;
    Ok(sum.unwrap_or(Money::zero(currency)))
}

/// The operator takes a voucher back; answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn void(db: &dyn Db, voucher: VoucherId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "update voucher set void_at = coalesce(void_at, ?2) where id = ?1";
    Ok(db.execute(sql, &[id(voucher), now.into()])? == 1)
}

/// What a voucher pays of a charge.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn used_for(
    db: &dyn Db,
    charge: SettlementId,
    currency: Currency,
) -> Result<Option<(VoucherId, Money)>, StoreError> {
    let sql = "select voucher_id, amount_micros from voucher_use where charge_id = ?1";
    db.first(sql, &[charge.into()], |row| Ok((row.id(0)?, row.money(1, currency)?)))
}

/// Takes `amount` off a voucher for a charge; answers whether it still held so much and could be used. To be asked in one transaction
/// with whatever decides it.
///
/// # Errors
/// [`StoreError::Constraint`] for a charge that a voucher has paid; whatever the engine says.
pub fn take(
    db: &dyn Db,
    voucher: VoucherId,
    charge: SettlementId,
    amount: Money,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update voucher set left_micros = left_micros - ?2 \
        where id = ?1 and left_micros >= ?2 and void_at is null and ends_at > ?3";
    if db.execute(sql, &[id(voucher), amount.into(), now.into()])? != 1 {
        return Ok(false);
    }
    let sql = "insert into voucher_use (charge_id, voucher_id, amount_micros, used_at) values (?1, ?2, ?3, ?4)";
    db.execute(sql, &[charge.into(), id(voucher), amount.into(), now.into()])?;
    Ok(true)
}

/// Vouchers that hold something else than their uses leave.
///
/// # Errors
/// Whatever the engine says.
pub fn miscounted(db: &dyn Db, limit: i64) -> Result<Vec<VoucherId>, StoreError> {
    let sql = "select v.id from voucher v where v.amount_micros - v.left_micros <> \
        (select coalesce(sum(u.amount_micros), 0) from voucher_use u where u.voucher_id = v.id) order by v.id limit ?1";
    db.all(sql, &[Value::Int(limit)], |row| row.id(0))
}

/// Settlements by the rail of this number that no voucher has paid, or not so much.
///
/// # Errors
/// Whatever the engine says.
pub fn unexplained(db: &dyn Db, rail: i64, limit: i64) -> Result<Vec<SettlementId>, StoreError> {
    let sql = "select s.id from settlement s left join voucher_use u on u.charge_id = s.id \
        where s.rail = ?1 and coalesce(u.amount_micros, 0) <> s.received_micros order by s.id limit ?2";
    db.all(sql, &[Value::Int(rail), Value::Int(limit)], |row| {
        Ok(SettlementId::from_bytes(row.bytes(0)?))
    })
}
