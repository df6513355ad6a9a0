//! Money given back, and refunds that a rail did not carry out.

use super::{Db, Row, StoreError};
use crate::till::batch::StoredRefund;
use ledger::{Currency, RailNumber, Refund, RefundId, SettlementId};

/// The refunds for which `$which` holds: what [`read`] reads.
macro_rules! refunds {
    ($which:literal) => {
        concat!(
            "select r.id, r.tab_id, r.settlement_id, r.rail, r.micros, f.refund_id is not null ",
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
    Ok(StoredRefund { tab: row.id(1)?, refund, has_failed: row.int(5)? != 0 })
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
