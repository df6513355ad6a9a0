//! Money given back, and refunds that a rail did not carry out.

use super::{Db, Row, StoreError, Value};
use crate::till::batch::StoredRefund;
use ledger::{
    Currency, Money, RailNumber, Refund, RefundId, SettlementId, Shortfall, TabId, Timestamp,
};

/// The refunds for which `$which` holds: what [`read`] reads.
macro_rules! refunds {
    ($which:literal) => {
        concat!(
            "select r.id, r.tab_id, r.settlement_id, r.rail, r.micros, f.refund_id is not null, r.elsewhere, ",
            "r.borne_micros ",
            "from refund r left join refund_failure f on f.refund_id = r.id where ",
            $which
        )
    };
}
pub(super) use refunds;

/// Reads the columns that [`refunds`] names.
pub(super) fn read(row: &dyn Row, currency: Currency) -> Result<StoredRefund, StoreError> {
    let refund = Refund {
        id: RefundId::from_bytes(row.bytes(0)?),
        settlement: SettlementId::from_bytes(row.bytes(2)?),
        rail: RailNumber(row.small(3)?),
        amount: row.money(4, currency)?,
    };
    let (has_failed, shortfall) = (row.int(5)? != 0, shortfall(row.int(6)?));
    let borne = row.money(7, currency)?;
    Ok(StoredRefund { tab: row.id(1)?, refund, shortfall, borne, has_failed })
}

/// What held for more than the credit, as it is stored: what was sent elsewhere is gone.
pub(super) const fn shortfall(elsewhere: i64) -> Shortfall {
    if elsewhere == 0 { Shortfall::Refused } else { Shortfall::Borne }
}

/// A refund that was made before.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    refund: RefundId,
    currency: Currency,
) -> Result<Option<StoredRefund>, StoreError> {
    db.first(refunds!("r.id = ?1"), &[refund.into()], |row| read(row, currency))
}

/// What was given back of a settlement.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn of_settlement(
    db: &dyn Db,
    settlement: SettlementId,
    currency: Currency,
) -> Result<Vec<StoredRefund>, StoreError> {
    db.all(refunds!("r.settlement_id = ?1"), &[settlement.into()], |row| read(row, currency))
}

/// Money that went back at a provider's own page, as the operator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// Of which tab.
    pub tab: TabId,
    /// What went back.
    pub refund: Refund,
    /// When it was noticed.
    pub at: Timestamp,
    /// What of it the operator bears.
    pub borne: Money,
}

/// What went back at providers' own pages since an instant, the newest first, at most `limit`; without what came back since.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn elsewhere(
    db: &dyn Db,
    since: Timestamp,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Elsewhere>, StoreError> {
    let sql = "select r.id, r.tab_id, r.settlement_id, r.rail, r.micros, r.refunded_at, r.borne_micros \
        from refund r left join refund_failure f on f.refund_id = r.id \
        where r.elsewhere = 1 and r.refunded_at >= ?1 and f.refund_id is null \
        order by r.refunded_at desc, r.id desc limit ?2";
    db.all(sql, &[since.into(), Value::Int(limit)], |row| {
        let refund = Refund {
            id: RefundId::from_bytes(row.bytes(0)?),
            settlement: SettlementId::from_bytes(row.bytes(2)?),
            rail: RailNumber(row.small(3)?),
            amount: row.money(4, currency)?,
        };
        Ok(Elsewhere { tab: row.id(1)?, refund, at: row.time(5)?, borne: row.money(6, currency)? })
    })
}
