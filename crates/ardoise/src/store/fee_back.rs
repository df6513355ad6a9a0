//! Fees that rails gave back, and who bore them.

use super::{Db, Row, StoreError, id};
use crate::till::batch::Bearers;
use ledger::{AuthorId, Currency, FeeBack, Given, SettlementId, ShopId as _, TabId};

/// The fees given back for which `$which` holds: what [`read`] reads, the parts of one together.
macro_rules! fees_back {
    ($which:literal) => {
        concat!(
            "select subject, name, author_id, micros from fee_back where ",
            $which,
            " order by subject, name, author_id = 0, author_id"
        )
    };
}

/// Reads what [`fees_back`] names of `fee_back`: one part.
fn read(row: &dyn Row, currency: Currency) -> Result<Given, StoreError> {
    let author = Some(row.int(2)?).filter(|raw| *raw != 0).map(AuthorId::from_raw);
    Ok(Given { author, amount: row.money(3, currency)? })
}

/// What was given back of a fee, with who has which part; nothing where that was nothing.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn parts(
    db: &dyn Db,
    fee_back: &FeeBack,
    currency: Currency,
) -> Result<Vec<Given>, StoreError> {
    let subject = fee_back.subject().bytes();
    let values = [super::Value::Id(subject), super::Value::Text(fee_back.name())];
    db.all(fees_back!("subject = ?1 and name = ?2"), &values, |row| read(row, currency))
}

/// What was given back of what disputes of a settlement cost, each with what the rail calls it.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn of_disputes(
    db: &dyn Db,
    settlement: SettlementId,
    currency: Currency,
) -> Result<Vec<(String, Given)>, StoreError> {
    let sql = fees_back!("subject = ?1 and name <> ''");
    db.all(sql, &[settlement.into()], |row| Ok((row.text(1)?, read(row, currency)?)))
}

/// What each author bears of the fee of a settlement of `tab`: their parts of it, less what was given back of those.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn bearers(
    db: &dyn Db,
    (tab, settlement): (TabId, SettlementId),
    currency: Currency,
) -> Result<Bearers, StoreError> {
    let sql = "select author_id, cast(sum(micros) as bigint) from ( \
        select l.author_id, p.rail_fee_micros as micros \
          from (select line_id from access where tab_id = ?1 union select line_id from undo where tab_id = ?1) as mine \
          join payment p on p.line_id = mine.line_id and p.tab_id = ?1 \
          join line l on l.id = p.line_id and l.tab_id = ?1 where p.settlement_id = ?2 \
        union all select b.author_id, -b.micros from fee_back b left join refund_failure f on f.refund_id = b.subject \
          where b.tab_id = ?1 and b.settlement_id = ?2 and b.author_id <> 0 and f.refund_id is null \
      ) as bore group by author_id having sum(micros) > 0 order by author_id";
    let read = |row: &dyn Row| Ok((row.id(0)?, row.money(1, currency)?));
    Ok(db.all(sql, &[id(tab), settlement.into()], read)?.into_iter().collect())
}
