//! Money that is sent to authors, and what their rails say of it.

use super::{Column, Rows};
use crate::till::batch::{NewPayout, NewPayoutFee, NewPayoutReturn, WriteSet};
use ledger::{ShopId as _, Timestamp};

/// Payouts, what rails take for them, and those that came back.
pub(super) fn rows(writes: &WriteSet, now: Timestamp) -> [Rows<'_>; 3] {
    [
        payouts(&writes.payouts, now),
        fees(&writes.payout_fees, now),
        returns(&writes.payout_returns, now),
    ]
}

fn payouts(payouts: &[NewPayout], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into payout (id, author_id, rail, micros, reference, paid_at) select * from unnest(cast(?1 as int8[]), \
         cast(?2 as int8[]), cast(?3 as int8[]), cast(?4 as int8[]), cast(?5 as text[]), cast(?6 as int8[]))",
        payouts,
        |made| [
            made.pay_out.id.raw(),
            made.pay_out.author.raw(),
            i64::from(made.pay_out.rail.0),
            made.pay_out.amount.micros(),
            made.reference.as_str(),
            now.micros(),
        ]
    )
}

fn fees(fees: &[NewPayoutFee], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into payout_fee (payout_id, micros, taken_at) select * from unnest(cast(?1 as int8[]), \
         cast(?2 as int8[]), cast(?3 as int8[]))",
        fees,
        |made| [made.payout.raw(), made.fee.micros(), now.micros()]
    )
}

fn returns(returns: &[NewPayoutReturn], now: Timestamp) -> Rows<'_> {
    rows!(
        "insert into payout_return (payout_id, fee_back_micros, reference, returned_at) \
         select * from unnest(cast(?1 as int8[]), cast(?2 as int8[]), cast(?3 as text[]), cast(?4 as int8[]))",
        returns,
        |made| [made.payout.raw(), made.fee_back.micros(), made.reference.as_str(), now.micros(),]
    )
}
