//! Paying out: money that leaves the shop for an author, and what becomes of it at its rail.

use crate::accounts::{Account, RailNumber, Reason, Subject, Transfer};
use crate::ids::{AuthorId, PayoutId};
use crate::money::Money;
use crate::refusal::LedgerRefusal;
use crate::time::Timestamp;

/// Money that the operator sends to an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayOut {
    /// The payout.
    pub id: PayoutId,
    /// To whom.
    pub author: AuthorId,
    /// By which rail.
    pub rail: RailNumber,
    /// How much.
    pub amount: Money,
}

impl PayOut {
    /// The transfer that says so.
    pub const fn transfer(&self, at: Timestamp) -> Transfer {
        let debit = Account::Available(self.author);
        let credit = Account::Rail(self.rail);
        let (reason, subject) = (Reason::PaidOut, Subject::Payout(self.id));
        Transfer { at, reason, subject, debit, credit, amount: self.amount }
    }
}

/// How a payout stands in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutNow {
    /// The payout.
    pub pay_out: PayOut,
    /// What its rail has taken for it; nothing where that is not known, or nothing.
    pub fee: Money,
    /// Whether it came back.
    pub has_returned: bool,
}

impl PayoutNow {
    /// One of which nothing is known but that it was made.
    pub const fn new(pay_out: PayOut) -> Self {
        let nothing = Money::zero(pay_out.amount.currency());
        Self { pay_out, fee: nothing, has_returned: false }
    }

    /// The transfer of what the rail takes: the operator bears it.
    pub const fn fee_transfer(&self, fee: Money, at: Timestamp) -> Transfer {
        let (debit, credit) = (Account::OperatorFees, Account::Rail(self.pay_out.rail));
        let (reason, subject) = (Reason::RailFee, Subject::Payout(self.pay_out.id));
        Transfer { at, reason, subject, debit, credit, amount: fee }
    }

    /// The transfers of its coming back, and of what the rail gives back of its fee.
    pub fn return_transfers(&self, fee_back: Money, at: Timestamp) -> Vec<Transfer> {
        let back = self.pay_out.transfer(at).reversed(at, Reason::PayoutReturned);
        let fee = self.fee_transfer(fee_back, at).reversed(at, Reason::PayoutReturned);
        std::iter::once(back).chain((!fee_back.is_zero()).then_some(fee)).collect()
    }
}

/// What a rail says of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutEnd {
    /// The author has it.
    Sent,
    /// It was never sent, or came back.
    Returned,
}

/// Decides what a rail says of a payout. It takes so much for it in all; what it said of that first is booked, and less
/// of it only when the payout comes back. Answers what is moved: nothing when it was told before, or after it came back.
///
/// # Errors
/// [`LedgerRefusal::Amount`]. The payout is as it was.
pub fn end_payout(
    payout: &mut PayoutNow,
    end: PayoutEnd,
    fee: Money,
    now: Timestamp,
) -> Result<Vec<Transfer>, LedgerRefusal> {
    let mut transfers = Vec::new();
    if payout.has_returned {
        return Ok(transfers);
    }
    let mut after = *payout;
    if after.fee.is_zero() && !fee.is_zero() {
        after.fee = fee;
        transfers.push(after.fee_transfer(fee, now));
    }
    if end == PayoutEnd::Returned {
        let fee_back = after.fee.saturating_sub(fee)?;
        transfers.extend(after.return_transfers(fee_back, now));
        after.has_returned = true;
    }
    *payout = after;
    Ok(transfers)
}

/// Decides a payout and lowers what is `available`: the exact balance of the author's account, which may be below zero
/// when lines were undone after they had been paid out.
///
/// # Errors
/// [`LedgerRefusal::MoreThanAvailable`]; also for nothing, which cannot be sent. What is available is as it was.
pub fn pay_out(
    ask: &PayOut,
    available: &mut i128,
    now: Timestamp,
) -> Result<Transfer, LedgerRefusal> {
    let amount = i128::from(ask.amount.micros());
    if amount == 0 || amount > *available {
        let left = i64::try_from((*available).max(0)).unwrap_or(i64::MAX);
        let available = Money::from_micros(left, ask.amount.currency())?;
        return Err(LedgerRefusal::MoreThanAvailable { available });
    }
    *available -= amount;
    Ok(ask.transfer(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ShopId;
    use crate::money::Currency;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_micros(7);

    fn ask(micros: i64) -> PayOut {
        PayOut {
            id: PayoutId::from_raw(1),
            author: AuthorId::from_raw(2),
            rail: RailNumber(1),
            amount: Money::from_micros(micros, Currency::Eur).expect("not negative"),
        }
    }

    #[test]
    fn what_is_owed_to_the_shop_cannot_be_paid_out() {
        let mut available = -5;
        let refused = pay_out(&ask(1), &mut available, NOW);
        let nothing = Money::zero(Currency::Eur);
        assert_eq!(refused, Err(LedgerRefusal::MoreThanAvailable { available: nothing }));
        assert_eq!(available, -5);
    }

    #[test]
    fn nothing_is_not_a_payout() {
        assert!(pay_out(&ask(0), &mut 10, NOW).is_err());
    }

    fn cents(cents: i64) -> Money {
        Money::from_cents(cents, Currency::Eur).expect("not negative")
    }

    #[test]
    fn a_fee_is_taken_once_and_a_payout_comes_back_once() {
        let mut payout = PayoutNow::new(ask(5_000_000));
        let sent = end_payout(&mut payout, PayoutEnd::Sent, cents(10), NOW).expect("booked");
        assert_eq!(sent, [payout.fee_transfer(cents(10), NOW)]);
        assert_eq!(end_payout(&mut payout, PayoutEnd::Sent, cents(10), NOW), Ok(vec![]));
        let back = end_payout(&mut payout, PayoutEnd::Returned, cents(4), NOW).expect("booked");
        assert_eq!(back, payout.return_transfers(cents(6), NOW));
        assert_eq!(back.len(), 2);
        for end in [PayoutEnd::Returned, PayoutEnd::Sent] {
            assert_eq!(end_payout(&mut payout, end, cents(10), NOW), Ok(vec![]), "it is over");
        }
    }

    #[test]
    fn what_comes_back_without_having_been_sent_may_still_have_cost_something() {
        let mut payout = PayoutNow::new(ask(5_000_000));
        let back = end_payout(&mut payout, PayoutEnd::Returned, cents(10), NOW).expect("booked");
        assert_eq!(back.len(), 2, "the fee, and the payout");
        assert_eq!(back[0], payout.fee_transfer(cents(10), NOW));
        assert_eq!(back[1], payout.pay_out.transfer(NOW).reversed(NOW, Reason::PayoutReturned));
    }

    proptest! {
        #[test]
        fn payouts_never_pass_what_is_available(
            had in 0i64..1_000,
            asked in prop::collection::vec(0i64..400, 0..20),
        ) {
            let mut available = i128::from(had);
            let mut sent = 0;
            for micros in asked {
                if let Ok(transfer) = pay_out(&ask(micros), &mut available, NOW) {
                    prop_assert_eq!(transfer.amount.micros(), micros);
                    sent += micros;
                }
            }
            prop_assert!(sent <= had);
            prop_assert_eq!(available, i128::from(had - sent));
        }
    }
}
