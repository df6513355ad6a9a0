//! Disputes of settlements, and how they have ended.

use super::{Db, Row, StoreError};
use crate::till::batch::StoredDispute;
use ledger::{Currency, Dispute, RailNumber, SettlementId, Verdict};

/// The disputes for which `$which` holds: what [`read`] reads.
macro_rules! disputes {
    ($which:literal) => {
        concat!(
            "select d.settlement_id, d.name, d.tab_id, d.rail, d.micros, d.fee_micros, e.won ",
            "from dispute d left join dispute_end e on e.settlement_id = d.settlement_id and e.name = d.name where ",
            $which
        )
    };
}
pub(super) use disputes;

/// Reads the columns that [`disputes`] names: what the rail calls it, and the dispute.
pub(super) fn read(
    row: &dyn Row,
    currency: Currency,
) -> Result<(String, StoredDispute), StoreError> {
    let dispute = Dispute {
        settlement: SettlementId::from_bytes(row.bytes(0)?),
        rail: RailNumber(row.small(3)?),
        amount: row.money(4, currency)?,
        fee: row.money(5, currency)?,
    };
    let ended = row.maybe_int(6)?.map(verdict);
    Ok((row.text(1)?, StoredDispute { tab: row.id(2)?, dispute, ended }))
}

/// How a dispute has ended, as it is stored.
pub(super) const fn verdict(won: i64) -> Verdict {
    if won == 0 { Verdict::Lost } else { Verdict::Won }
}

/// The disputes of a settlement, each with what the rail calls it.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn of_settlement(
    db: &dyn Db,
    settlement: SettlementId,
    currency: Currency,
) -> Result<Vec<(String, StoredDispute)>, StoreError> {
    db.all(disputes!("d.settlement_id = ?1"), &[settlement.into()], |row| read(row, currency))
}
